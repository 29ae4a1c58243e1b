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
    /// Its bytes, not compressed.
    pub bytes: Cow<'static, [u8]>,
    /// The same bytes compressed with brotli, if that was worth it.
    pub brotli: Option<&'static [u8]>,
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
        let brotli = asset.brotli.filter(|_| accepts_brotli(request));
        let tag = asset.hash.map(|hash| tag(hash, brotli.is_some()));
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching(path, query, &asset)));
        if asset.brotli.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if let Some(tag) = &tag {
            headers.insert(header::ETAG, HeaderValue::from_str(tag).ok()?);
        }
        if tag.is_some_and(|tag| knows(request, &tag)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Some(response);
        }
        if brotli.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        let bytes = match (brotli, asset.bytes) {
            (Some(brotli), _) => Bytes::from_static(brotli),
            (None, Cow::Borrowed(bytes)) => Bytes::from_static(bytes),
            (None, Cow::Owned(bytes)) => Bytes::from(bytes),
        };
        *response.body_mut() = Body::from(bytes);
        Some(response)
    }
}

impl Assets {
    /// A file's text, to be served with something put into it.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        String::from_utf8((self.find)(path)?.bytes.into_owned()).ok()
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

/// The two encodings of one file are two representations and need two tags.
fn tag(hash: &str, brotli: bool) -> String {
    if brotli { format!("\"{hash}-br\"") } else { format!("\"{hash}\"") }
}

fn knows(request: &HeaderMap, tag: &str) -> bool {
    let values = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}

/// Whether a request takes brotli.
pub(crate) fn accepts_brotli(request: &HeaderMap) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let refused = |quality: &str| {
            quality.strip_prefix("q=").and_then(|number| number.parse::<f32>().ok()).is_some_and(|q| q <= 0.0)
        };
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("br")) && !parts.any(refused)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &str) -> Option<Asset> {
        (path == "/app.js").then_some(Asset {
            bytes: Cow::Borrowed(b"plain"),
            brotli: Some(b"packed"),
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
    fn brotli_goes_only_to_those_who_take_it() {
        for (accepted, encoding) in [
            ("gzip, deflate, br, zstd", true),
            ("BR;q=0.5", true),
            ("gzip", false),
            ("br;q=0", false),
            ("br;q=0.000", false),
            ("brotli", false),
        ] {
            let response = answer(None, &[(header::ACCEPT_ENCODING, accepted)]);
            assert_eq!(response.headers().contains_key(header::CONTENT_ENCODING), encoding, "{accepted}");
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
        }
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
