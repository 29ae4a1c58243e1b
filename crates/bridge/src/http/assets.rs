//! The page's files as HTTP answers: content types, compression, caching.
//!
//! Where the files come from is the program's affair: it gives a function from path to file.

use std::{borrow::Cow, fmt, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;

/// One file.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its bytes, not compressed; none for what is so large that it is kept compressed alone.
    pub bytes: Option<Cow<'static, [u8]>>,
    /// The same bytes compressed with brotli, if that was worth it. Browsers take it over HTTPS and from loopback alone.
    pub brotli: Option<&'static [u8]>,
    /// The same with gzip.
    pub gzip: Option<&'static [u8]>,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// Some hexadecimal digits that change with the content; none for a file that was read just now.
    pub hash: Option<&'static str>,
}

/// From path to file.
type Find = dyn Fn(&str) -> Option<Asset> + Send + Sync;

/// Finds the page's files. Default: there are none.
#[derive(Clone)]
pub struct Assets {
    find: Arc<Find>,
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assets").finish_non_exhaustive()
    }
}

impl Default for Assets {
    fn default() -> Self {
        Self::new(|_| None)
    }
}

impl Assets {
    /// Files that `find` finds by their absolute path: `/index.html`. It is asked for whatever strangers ask for, and
    /// has to match exactly, never to resolve.
    #[must_use]
    pub fn new(find: impl Fn(&str) -> Option<Asset> + Send + Sync + 'static) -> Self {
        Self { find: Arc::new(find) }
    }

    /// The answer for a file; none if there is no such file.
    pub(crate) fn answer(&self, path: &str, query: Option<&str>, request: &HeaderMap) -> Option<Response> {
        let asset = (self.find)(path)?;
        let varies = asset.brotli.is_some() || asset.gzip.is_some();
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching(path, query, &asset)));
        if varies {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        let hash = asset.hash;
        let Some((coding, bytes)) = chosen(asset, request) else {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            *response.status_mut() = StatusCode::NOT_ACCEPTABLE;
            *response.body_mut() = Body::from("This file is served compressed (br, gzip) alone.\n");
            return Some(response);
        };
        if let Some(hash) = hash {
            let tag = tag(hash, coding);
            headers.insert(header::ETAG, HeaderValue::from_str(&tag).ok()?);
            if knows(request, &tag) {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                return Some(response);
            }
        }
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        *response.body_mut() = Body::from(bytes);
        Some(response)
    }
}

/// The best form of a file that who asks takes, and its content coding (RFC 9110 section 8.4.1); none where there is none.
fn chosen(asset: Asset, request: &HeaderMap) -> Option<(Option<&'static str>, Bytes)> {
    for (coding, bytes) in [(BROTLI, asset.brotli), (GZIP, asset.gzip)] {
        if let Some(bytes) = bytes.filter(|_| accepts(request, coding)) {
            return Some((Some(coding), Bytes::from_static(bytes)));
        }
    }
    let bytes = match asset.bytes? {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Some((None, bytes))
}

impl Assets {
    /// A file's text, to be served with something put into it.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        String::from_utf8((self.find)(path)?.bytes?.into_owned()).ok()
    }
}

/// An address that names the content (`?v=<hash>`, or the hash in its path) never changes its meaning. Everything else
/// is asked for anew, and mostly answered with 304.
fn caching(path: &str, query: Option<&str>, asset: &Asset) -> &'static str {
    let named = asset.hash.filter(|hash| hash.len() >= 8).is_some_and(|hash| {
        path.contains(hash) || query.and_then(|query| query.strip_prefix("v=")) == Some(hash)
    });
    if named { "public, max-age=31536000, immutable" } else { "no-cache" }
}

/// Codings of one file are representations of their own and need tags of their own.
fn tag(hash: &str, coding: Option<&str>) -> String {
    coding.map_or_else(|| format!("\"{hash}\""), |coding| format!("\"{hash}-{coding}\""))
}

fn knows(request: &HeaderMap, tag: &str) -> bool {
    let values = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}

/// Names of content codings: RFC 7932, RFC 1952.
pub(crate) const BROTLI: &str = "br";
const GZIP: &str = "gzip";

/// Whether a request takes a content coding by its name.
pub(crate) fn accepts(request: &HeaderMap, coding: &str) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|accepted| {
        let mut parts = accepted.split(';').map(str::trim);
        let refused = |quality: &str| {
            quality.strip_prefix("q=").and_then(|number| number.parse::<f32>().ok()).is_some_and(|q| q <= 0.0)
        };
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding)) && !parts.any(refused)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &str) -> Option<Asset> {
        (path == "/app.js").then_some(Asset {
            bytes: Some(Cow::Borrowed(b"plain")),
            brotli: Some(b"packed"),
            gzip: Some(b"zipped"),
            content_type: "text/javascript; charset=utf-8",
            hash: Some("0123456789abcdef"),
        })
    }

    fn answer(query: Option<&str>, headers: &[(header::HeaderName, &'static str)]) -> Response {
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        Assets::new(find).answer("/app.js", query, &headers).unwrap()
    }

    #[test]
    fn a_coding_goes_only_to_those_who_take_it() {
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("BR;q=0.5", Some("br")),
            ("gzip, deflate", Some("gzip")),
            ("br;q=0, gzip", Some("gzip")),
            ("br;q=0.000", None),
            ("brotli", None),
            ("", None),
        ] {
            let response = answer(None, &[(header::ACCEPT_ENCODING, accepted)]);
            let named = response.headers().get(header::CONTENT_ENCODING).map(|name| name.to_str().unwrap());
            assert_eq!(named, coding, "{accepted}");
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
        }
    }

    #[test]
    fn what_is_kept_compressed_alone_is_refused_to_those_who_take_none() {
        let find = |path: &str| find(path).map(|asset| Asset { bytes: None, ..asset });
        let ask = |accepted: &'static str| {
            let headers =
                [(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))].into_iter().collect();
            Assets::new(find).answer("/app.js", Some("v=0123456789abcdef"), &headers).unwrap()
        };
        assert_eq!(ask("gzip").status(), StatusCode::OK);
        let refused = ask("identity");
        assert_eq!(refused.status(), StatusCode::NOT_ACCEPTABLE);
        assert_eq!(refused.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        let tag = "\"0123456789abcdef\"";
        assert_eq!(answer(None, &[]).headers()[header::ETAG], tag);
        for known in [tag, "W/\"0123456789abcdef\"", "\"other\", \"0123456789abcdef\"", "*"] {
            assert_eq!(
                answer(None, &[(header::IF_NONE_MATCH, known)]).status(),
                StatusCode::NOT_MODIFIED,
                "{known}"
            );
        }
        assert_eq!(
            answer(None, &[(header::IF_NONE_MATCH, "\"0123456789abcdef-br\"")]).status(),
            StatusCode::OK
        );
    }

    #[test]
    fn only_addresses_that_name_the_content_are_kept_for_ever() {
        let caching =
            |query| answer(query, &[]).headers()[header::CACHE_CONTROL].to_str().unwrap().to_owned();
        assert!(caching(Some("v=0123456789abcdef")).contains("immutable"));
        assert_eq!(caching(Some("v=other")), "no-cache");
        assert_eq!(caching(None), "no-cache");
    }
}
