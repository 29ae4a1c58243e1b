//! Who shows a link to a recording shows a picture of its drawing, where the program was built to paint one.

use serde_json::json;

use super::{Data, delete, keep, with_a_run};
use crate::harness::{http, server::TestServer, skip};

/// What a line of a page's head says, if it has it.
fn property<'page>(page: &'page str, name: &str) -> Option<&'page str> {
    let (_, rest) = page.split_once(&format!("<meta property=\"{name}\" content=\""))?;
    rest.split('"').next()
}

#[tokio::test]
async fn a_link_is_shown_with_a_picture_for_as_long_as_there_is_a_recording() {
    let data = Data::new("picture");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, _owner) = with_a_run(&server).await;
    let made = keep(&room.owner(), &json!({ "title": "Hello <b>" })).await.json();
    let (id, key) = (made["id"].as_str().expect("an id"), made["delete_key"].as_str().expect("a key"));
    let page = http::get(server.page, &format!("/s/{id}")).await.body;
    let oembed = http::get(server.page, &format!("/oembed?url={}/s/{id}", server.origin())).await.json();
    let Some(address) = property(&page, "og:image") else {
        assert!(page.contains("content=\"summary\"") && oembed["thumbnail_url"].is_null(), "{page} {oembed}");
        return skip("this program was built without pictures");
    };
    assert_eq!(address, format!("{}/s/{id}/picture.png", server.origin()));
    assert_eq!((oembed["thumbnail_url"].as_str(), &oembed["thumbnail_width"]), (Some(address), &json!(1200)));
    assert!(page.contains("content=\"summary_large_image\""), "{page}");
    assert_eq!(property(&page, "og:image:width"), Some("1200"));

    let path = format!("/s/{id}/picture.png");
    let answer = http::get(server.page, &path).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/png")), "{}", answer.head);
    let png = http::download(server.page, &path, "").await;
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() > 10_000, "{} bytes", png.len());
    assert_eq!(&png[16..24], [1200_u32.to_be_bytes(), 630_u32.to_be_bytes()].concat());
    // Sites show it, whatever their origin; nobody is led to it by searching.
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"), "{}", answer.head);
    assert_eq!(answer.header("x-robots-tag"), Some("noindex, nofollow"), "{}", answer.head);
    let tag = answer.header("etag").expect("a tag");
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nIf-None-Match: {tag}\r\n", server.page);
    assert_eq!(http::request(server.page, &asked).await.status, 304);

    assert_eq!(http::get(server.page, "/s/abcdefghijkmnpqrstuvwxyz23/picture.png").await.status, 404);
    assert_eq!(delete(&server, id, key).await.status, 204);
    assert_eq!(http::get(server.page, &path).await.status, 404, "deleted everywhere");
}

/// As oembed.com has it: never larger than asked, the picture neither.
#[tokio::test]
async fn a_frame_is_never_larger_than_what_a_site_has_room_for() {
    let data = Data::new("oembed");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, _owner) = with_a_run(&server).await;
    let made = keep(&room.owner(), &json!({})).await.json();
    let id = made["id"].as_str().expect("an id");
    let of = async |asked: &str| {
        http::get(server.page, &format!("/oembed?url={}/s/{id}{asked}", server.origin())).await
    };
    let pictures = !of("").await.json()["thumbnail_url"].is_null();
    for (asked, width, height, picture) in [
        ("", 720, 420, true),
        ("&maxwidth=1200&maxheight=630", 720, 420, true),
        ("&maxwidth=1199", 720, 420, false),
        ("&maxheight=629", 720, 420, false),
        ("&maxwidth=100", 100, 420, false),
        ("&maxwidth=1&maxheight=1", 1, 1, false),
    ] {
        let said = of(asked).await.json();
        assert_eq!((&said["width"], &said["height"]), (&json!(width), &json!(height)), "{asked}");
        let frame = format!("width=\"{width}\" height=\"{height}\"");
        assert!(said["html"].as_str().is_some_and(|html| html.contains(&frame)), "{asked}: {said}");
        let shown =
            ["thumbnail_url", "thumbnail_width", "thumbnail_height"].map(|name| !said[name].is_null());
        assert_eq!(shown, [picture && pictures; 3], "{asked}");
    }
    for asked in ["&maxwidth=0", "&maxwidth=-1", "&maxheight=wide"] {
        assert_eq!(of(asked).await.status, 400, "{asked}");
    }
}
