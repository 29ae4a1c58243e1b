//! The headers that every answer has, errors included; and the others of the few answers that pages of other sites may
//! frame or read.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

/// Nobody but who has the link is to find it.
pub(super) const NO_INDEX: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));

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

/// What a document is that pages of other sites may frame (an extension of it): its policy, by [`embedded_policy`].
#[derive(Clone, Debug)]
pub(crate) struct Embedded(pub(crate) HeaderValue);

/// The policy of documents that pages of these sites may frame: an origin each, or `'none'`; empty: everybody's, which a
/// star would not be (a file on somebody's own disk has no site).
///
/// # Errors
/// A site that cannot stand in a header.
pub(crate) fn embedded_policy(sites: &str) -> Result<HeaderValue, header::InvalidHeaderValue> {
    let ancestors = if sites.is_empty() { String::new() } else { format!("frame-ancestors {sites}; ") };
    HeaderValue::from_str(&CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'; ", &ancestors))
}

/// Put on what anybody may read who has its address: the page's files and recordings (an extension of the answer).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Public {
    /// Whether pages of every origin may run or read it; else those of none (`Origin: null`: a frame that its page has
    /// taken the origin from, where our own documents stand as well).
    pub(crate) everywhere: bool,
}

/// The origin of a document that has none of its own.
pub(crate) const OPAQUE: &str = "null";

/// Puts them on an answer. `opaque`: who asked is a document without an origin.
pub(crate) fn put(response: &mut Response, opaque: bool) {
    let framed = response.extensions_mut().remove::<PageFrame>().is_some();
    let embedded = response.extensions_mut().remove::<Embedded>();
    let public = response.extensions_mut().remove::<Public>();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if framed {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_FRAME_POLICY));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    if let Some(Embedded(policy)) = embedded {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.remove(header::X_FRAME_OPTIONS);
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, CROSS_ORIGIN);
        // Isolates the frame whatever the page around it is, where the browser knows it: programs run at full speed.
        let isolate = HeaderValue::from_static("isolate-and-require-corp");
        headers.insert(HeaderName::from_static("document-isolation-policy"), isolate);
    }
    if let Some(Public { everywhere }) = public {
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if everywhere || opaque {
            let who = if everywhere { "*" } else { OPAQUE };
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static(who));
            headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, CROSS_ORIGIN);
        }
    }
}

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN: HeaderValue = HeaderValue::from_static("cross-origin");

/// The same as lines of a head, for answers that are written without a [`HeaderMap`].
pub(crate) fn lines() -> String {
    ALWAYS.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}
