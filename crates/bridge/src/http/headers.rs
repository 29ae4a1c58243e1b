//! The headers that every answer has, errors included.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// What a page of ours may do: our own scripts, styles, images, workers and connections, and nothing else.
///
/// `'wasm-unsafe-eval'` compiles WebAssembly and nothing more. `connect-src 'self'` covers the WebSocket of the same
/// host and port. `trusted-types wireside`: script addresses for workers pass the one policy of that name, which the
/// page defines; no other can be made.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types wireside";

/// Nothing that asks for the visitor's devices or whereabouts; the clipboard is for the share links.
const PERMISSIONS_POLICY: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), \
     gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), \
     xr-spatial-tracking=(), clipboard-read=(), clipboard-write=(self), cross-origin-isolated=(self), \
     fullscreen=(self)";

/// Names in lower case, as HTTP/1.1 writes them here.
pub(crate) const ALWAYS: [(&str, &str); 8] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    // Both together isolate the page from other origins, which SharedArrayBuffer needs.
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // A room's address is not for other sites to see.
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", PERMISSIONS_POLICY),
];

/// By HTTPS only, for a day: long enough against whoever reads along, short enough to be undone.
pub(crate) const STRICT: HeaderValue = HeaderValue::from_static("max-age=86400");

/// Puts them on an answer.
pub(crate) fn put(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// The same as lines of a head, for answers that are written without a [`HeaderMap`].
pub(crate) fn lines() -> String {
    ALWAYS.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}
