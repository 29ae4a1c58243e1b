//! The headers that every answer has, errors included.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

/// What a page of ours may do: our own scripts, styles, images, workers, frames and connections, and nothing else.
///
/// `'wasm-unsafe-eval'` compiles WebAssembly and nothing more. `connect-src 'self'` covers the WebSocket of the same
/// host and port. `trusted-types wireside`: script addresses for workers pass the one policy of that name, which the
/// page defines; no other can be made.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self'; manifest-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types wireside";

/// What the document around a page of the room's browser may do: nothing but hold styles and pictures that are written
/// into it. A stranger's page is put into a frame in it that has no leave to run anything, and such a frame inherits this:
/// no byte is fetched for it. Only a page of ours may frame it.
const PAGE_FRAME_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

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

/// Put on the one answer that a page of ours may frame (an extension of it).
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageFrame;

/// Puts them on an answer.
pub(crate) fn put(response: &mut Response) {
    let framed = response.extensions_mut().remove::<PageFrame>().is_some();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if framed {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_FRAME_POLICY));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
}

/// The same as lines of a head, for answers that are written without a [`HeaderMap`].
pub(crate) fn lines() -> String {
    ALWAYS.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}
