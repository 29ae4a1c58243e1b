//! What other sites are told of a recording or a lesson whose address somebody has put into a text: oEmbed (oembed.com), and
//! the lines in the head of a recording's page (Open Graph, ogp.me). With a picture of the drawing, where this program was built to paint
//! one (the feature `picture`).

use std::{num::NonZeroU32, sync::Arc};

use axum::{
    Extension, Json,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use share::Header;

use super::{error::Refused, gate::Site, headers::NO_INDEX, rule::HttpRule, stored::about, words::escaped};
use crate::{secret::is_spelt, shared::Shared};

/// As wide and as high as a frame is where nobody asks for less, in pixels. What is asked is never passed, however little it is:
/// a frame that is too small can be scrolled, a page whose frame is too large is broken.
const SIZE: (u32, u32) = (720, 420);

/// As large as a picture of a recording is, where one can be painted.
#[cfg(feature = "picture")]
const PICTURE: Option<(u32, u32)> = Some(picture::SIZE);
#[cfg(not(feature = "picture"))]
const PICTURE: Option<(u32, u32)> = None;

/// What a consumer asks.
#[derive(Debug, Deserialize)]
pub(crate) struct Parameters {
    url: String,
    maxwidth: Option<NonZeroU32>,
    maxheight: Option<NonZeroU32>,
    format: Option<String>,
}

/// What can be embedded.
#[derive(Debug, PartialEq, Eq)]
enum What {
    /// A recording by its id, from this event on.
    Recording(String, Option<u64>),
    /// A lesson by its id.
    Lesson(String),
}

/// `GET /oembed?url=&maxwidth=&maxheight=&format=`: 200 with a frame; 404 for an address that is none of ours, 501 for
/// another format than JSON.
pub(crate) async fn oembed(
    State(shared): State<Arc<Shared>>,
    Extension(Site(site)): Extension<Site>,
    asked: Result<Query<Parameters>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Refused> {
    let Query(asked) = asked.map_err(|_| {
        Refused::protocol(
            HttpRule::Query,
            "what is asked for has to be ?url=, and may have maxwidth, maxheight and format",
        )
    })?;
    if asked.format.as_deref().is_some_and(|format| format != "json") {
        let refused = Refused::protocol(HttpRule::Format, "only JSON is spoken here: format=json");
        return Err(refused.with_status(StatusCode::NOT_IMPLEMENTED));
    }
    let what = what(&asked.url, &site).ok_or_else(Refused::not_found)?;
    let (title, path) = match &what {
        What::Recording(id, event) => {
            let event = event.map(|event| format!("&event={event}")).unwrap_or_default();
            (title(&about(&shared, id).await?.unwrap_or_default()), format!("/embed/s/{id}?view=wire{event}"))
        }
        What::Lesson(id) => {
            // What is not here has no frame.
            let lesson = shared.config.lessons.iter().find(|lesson| lesson.id == *id);
            let lesson = lesson.ok_or_else(Refused::not_found)?;
            (format!("A lesson of Wireside: {}", shown(&lesson.title)), format!("/embed/lesson/{id}"))
        }
    };
    let most =
        (asked.maxwidth.map_or(u32::MAX, NonZeroU32::get), asked.maxheight.map_or(u32::MAX, NonZeroU32::get));
    let (width, height) = (SIZE.0.min(most.0), SIZE.1.min(most.1));
    let source = escaped(&format!("{site}{path}"));
    let html = format!(
        "<iframe src=\"{source}\" title=\"{}\" width=\"{width}\" height=\"{height}\" frameborder=\"0\" \
         loading=\"lazy\"></iframe>",
        escaped(&title)
    );
    let mut body = json!({
        "version": "1.0", "type": "rich", "provider_name": "Wireside", "provider_url": format!("{site}/"),
        "title": title, "html": html, "width": width, "height": height,
    });
    if let What::Recording(id, _) = &what
        && let Some((picture, width, height)) = picture(&site, id)
        // There is one size of it.
        && width <= most.0
        && height <= most.1
    {
        body["thumbnail_url"] = picture.into();
        body["thumbnail_width"] = width.into();
        body["thumbnail_height"] = height.into();
    }
    Ok(([NO_INDEX], [(header::CACHE_CONTROL, "no-cache")], Json(body)).into_response())
}

/// What an address of this server leads to; none for any other. An id or a name is letters, digits and hyphens.
fn what(url: &str, site: &str) -> Option<What> {
    // A proxy may end TLS in front of us without saying so: only the host has to be ours.
    let host = |text: &str| text.split_once("://").map(|(_, rest)| rest.split('/').next().map(str::to_owned));
    if host(url)? != host(site)? || !(url.starts_with("http://") || url.starts_with("https://")) {
        return None;
    }
    let (_, rest) = url.split_once("://")?;
    let path = rest.split_once('/')?.1;
    let (path, fragment) = path.split_once('#').unwrap_or((path, ""));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = path.strip_prefix("embed/").unwrap_or(path);
    let value = |text: &str, name: &str| {
        text.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    };
    let word = |text: &str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if let Some(id) = path.strip_prefix("s/") {
        let event = value(fragment, "e").or_else(|| value(query, "event"));
        let event = event.and_then(|event| event.parse().ok());
        return is_spelt(id).then(|| What::Recording(id.to_owned(), event));
    }
    let lesson = path.strip_prefix("lesson/").map(str::to_owned);
    let lesson = lesson.or_else(|| path.is_empty().then(|| value(query, "lesson")).flatten())?;
    word(&lesson).then_some(What::Lesson(lesson))
}

/// A recording's page, with what it is of in its head.
pub(crate) async fn with_head(
    shared: &Shared,
    site: &str,
    id: &str,
    document: &str,
) -> Result<String, Refused> {
    let Some(about) = about(shared, id).await? else { return Ok(document.to_owned()) };
    Ok(document.replacen("<title>Wireside</title>", &head(&about, site, id), 1))
}

fn head(about: &Header, site: &str, id: &str) -> String {
    let title = escaped(&title(about));
    let machines: Vec<&str> =
        about.hosts.iter().filter(|host| !host.ready_made).map(|host| host.name.as_str()).collect();
    let description = escaped(&shown(&described(about, &machines)));
    let address = format!("{site}/s/{id}");
    let (card, picture) = match picture(site, id) {
        Some((picture, width, height)) => (
            "summary_large_image",
            format!(
                "<meta property=\"og:image\" content=\"{picture}\">\n    \
             <meta property=\"og:image:width\" content=\"{width}\">\n    \
             <meta property=\"og:image:height\" content=\"{height}\">\n    \
             <meta property=\"og:image:alt\" content=\"The wire between {}, drawn as it happened\">\n    ",
                escaped(&shown(&machines.join(" and ")))
            ),
        ),
        None => ("summary", String::new()),
    };
    format!(
        "<title>{title} - Wireside</title>\n    \
         <meta property=\"og:type\" content=\"website\">\n    \
         <meta property=\"og:site_name\" content=\"Wireside\">\n    \
         <meta property=\"og:title\" content=\"{title}\">\n    \
         <meta property=\"og:description\" content=\"{description}\">\n    \
         <meta property=\"og:url\" content=\"{address}\">\n    \
         {picture}<meta name=\"twitter:card\" content=\"{card}\">\n    \
         <link rel=\"alternate\" type=\"application/json+oembed\" href=\"{site}/oembed?url={}\" title=\"{title}\">",
        address.replace(':', "%3A").replace('/', "%2F")
    )
}

/// What is in a recording, in a sentence, and what of its room is not.
fn described(about: &Header, machines: &[&str]) -> String {
    let counted = |count: u64| if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
    let on = if machines.is_empty() { String::new() } else { format!(" on {}", machines.join(", ")) };
    let all = match about.events {
        0 if about.evicted == 0 => format!("Nothing happened{on}."),
        0 => format!("No event{on}."),
        events => format!("{}{on}: calls, packets and states.", counted(events)),
    };
    match about.evicted {
        0 => all,
        1 => format!("{all} 1 event was let go before it was kept."),
        evicted => format!("{all} {evicted} events were let go before it was kept."),
    }
}

/// Where a recording's picture is, how wide and how high; none where none can be painted.
fn picture(site: &str, id: &str) -> Option<(String, u32, u32)> {
    let (width, height) = PICTURE?;
    Some((format!("{site}/s/{id}/picture.png"), width, height))
}

/// What somebody called it, or what it is.
fn title(about: &Header) -> String {
    let title = shown(&about.title);
    if title.is_empty() { "A recording of Wireside".to_owned() } else { title }
}

/// Without characters that hide or turn others.
fn shown(text: &str) -> String {
    text.replace(proto::room::is_hidden, "").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "https://lab.example:8443";
    const ID: &str = "abcdefghijkmnpqrstuvwxyz23";

    #[test]
    fn what_is_ours_is_found() {
        let of = |path: &str| what(&format!("{SITE}{path}"), SITE);
        let recording = |event| Some(What::Recording(ID.to_owned(), event));
        assert_eq!(of(&format!("/s/{ID}")), recording(None));
        assert_eq!(of(&format!("/s/{ID}#e=42")), recording(Some(42)));
        assert_eq!(of(&format!("/embed/s/{ID}?view=both&event=7")), recording(Some(7)));
        assert_eq!(of("/?lesson=two-scripts"), Some(What::Lesson("two-scripts".to_owned())));
        assert_eq!(of("/embed/lesson/two-scripts"), Some(What::Lesson("two-scripts".to_owned())));
        for path in ["", "/", "/s/", "/s/short", "/r/a-room#key", "/?lesson=\"><script>", "/embed/lesson/a/b"]
        {
            assert_eq!(of(path), None, "{path}");
        }
        for other in
            ["https://other.example", "ftp://lab.example:8443", "https://lab.example", "lab.example:8443"]
        {
            assert_eq!(what(&format!("{other}/s/{ID}"), SITE), None, "{other}");
        }
    }

    #[test]
    fn what_is_not_in_it_is_said() {
        let about =
            |events, evicted| described(&Header { events, evicted, ..Header::default() }, &["client"]);
        assert_eq!(about(42, 0), "42 events on client: calls, packets and states.");
        assert_eq!(
            about(1, 7),
            "1 event on client: calls, packets and states. 7 events were let go before it was kept."
        );
        assert_eq!(about(0, 0), "Nothing happened on client.");
        assert_eq!(
            described(&Header { evicted: 1, ..Header::default() }, &[]),
            "No event. 1 event was let go before it was kept."
        );
    }

    #[test]
    fn what_somebody_typed_is_text() {
        let title = "\u{202e}\u{61c}\"><script>\u{0}&".to_owned();
        let head = head(&Header { title, ..Header::default() }, SITE, ID);
        assert!(head.contains("<title>&quot;&gt;&lt;script&gt;&amp; - Wireside</title>"), "{head}");
        assert!(!head.contains("<script>") && !head.contains(['\u{202e}', '\u{61c}', '\0']));
        assert_eq!(super::title(&Header::default()), "A recording of Wireside");
    }
}
