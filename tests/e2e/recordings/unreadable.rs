//! What is on the shelf and cannot be read: newer, cut or damaged. It is said what it is, wherever somebody asks, and nobody is
//! told to try again.

use std::fs;

use serde_json::json;

use super::{
    Data, delete, keep, opened, with_a_run,
    written::{labelled, stored},
};
use crate::harness::{
    http::{self, Answer},
    server::TestServer,
};

async fn again(server: &TestServer, id: &str) -> Answer {
    http::post(server.page, &format!("/s/{id}/again")).await
}

/// Refused with this sentence, as nothing that trying again would change.
#[track_caller]
fn assert_says(answer: &Answer, sentence: &str) {
    let said = answer.json();
    assert_eq!((answer.status, said["rule"].as_str()), (422, Some("recording")), "{answer:?}");
    assert!(said["message"].as_str().is_some_and(|said| said.contains(sentence)), "{sentence}: {said}");
    assert!(
        answer.header("retry-after").is_none() && !answer.body.contains("again in a moment"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn what_is_newer_or_cut_or_damaged_is_called_that_everywhere() {
    let data = Data::new("unreadable");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, _owner) = with_a_run(&server).await;
    let made = keep(&room.owner(), &json!({})).await.json();
    let whole = made["id"].as_str().expect("an id");
    let text = http::get(server.page, &format!("/s/{whole}/events")).await.body;
    let file = |id: &str| data.path().join(format!("shares/{id}.share"));
    let put = |letter: &str, bytes: &[u8]| {
        let id = letter.repeat(26);
        fs::write(file(&id), bytes).expect("it can be written");
        id
    };
    let same = put("a", &stored(&text));
    assert_eq!(opened(&server, &same).await, opened(&server, whole).await, "written by hand, it is one");

    let newer = put("b", &stored(&text.replacen("wireside-share/1", "wireside-share/2", 1)));
    let cut = put("c", &stored(&text[..text.len() - 100]));
    let shortened = fs::read(file(whole)).expect("it is there");
    let short = put("d", &shortened[..shortened.len() - 10]);
    let rubbish = put("e", &labelled(text.len(), &[0xff; 300]));
    let get = async |path: String| http::get(server.page, &path).await;
    let pictures = get(format!("/s/{whole}/picture.png")).await.status == 200;
    assert!(pictures || std::env::var_os("WIRESIDE_NO_SKIPPING").is_none(), "built without pictures");

    for (id, sentence) in [
        (&newer, "newer Wireside than this one (wireside-share/2)"),
        (&cut, "cut off"),
        (&short, "damaged"),
        (&rubbish, "damaged"),
    ] {
        assert_says(&again(&server, id).await, sentence);
        if pictures {
            assert_says(&get(format!("/s/{id}/picture.png")).await, sentence);
        }
    }
    // The page reads the file itself and says what is wrong with it; where there is no whole file, the server does.
    for id in [&newer, &cut] {
        for path in [format!("/s/{id}"), format!("/s/{id}/events"), format!("/embed/s/{id}")] {
            assert_eq!(get(path.clone()).await.status, 200, "{path}");
        }
    }
    for path in [format!("/s/{short}"), format!("/s/{short}/events")] {
        assert_says(&get(path).await, "damaged");
    }
    let oembed = format!("/oembed?url={}/s/{short}", server.origin());
    assert_says(&get(oembed).await, "damaged");
    let frame = get(format!("/embed/s/{short}")).await;
    assert_eq!(frame.status, 422);
    assert!(frame.body.contains("<!doctype html>"), "a document that says it: {}", frame.body);
}

/// Whatever became of its bytes, whoever has the key deletes it, and nobody else does.
#[tokio::test]
async fn what_is_damaged_is_deleted_by_its_key() {
    let data = Data::new("damaged");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, _owner) = with_a_run(&server).await;
    let file = |id: &str| data.path().join(format!("shares/{id}.share"));
    let damages: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes.truncate(bytes.len() - 10),
        |bytes| bytes.truncate(bytes.iter().position(|byte| *byte == b'\n').expect("a line") + 1),
        |bytes| bytes.extend_from_slice(b"more"),
    ];
    for damage in damages {
        let made = keep(&room.owner(), &json!({})).await.json();
        let (id, key) = (made["id"].as_str().expect("an id"), made["delete_key"].as_str().expect("a key"));
        let mut bytes = fs::read(file(id)).expect("it is there");
        damage(&mut bytes);
        fs::write(file(id), bytes).expect("it can be written");
        assert_says(&http::get(server.page, &format!("/s/{id}/events")).await, "damaged");
        assert_eq!(delete(&server, id, "AAAAAAAAAAAAAAAAAAAAAA").await.status, 403);
        assert_eq!(delete(&server, id, key).await.status, 204);
        assert!(!file(id).exists());
        assert_eq!(http::get(server.page, &format!("/s/{id}/events")).await.status, 404);
        assert_eq!(delete(&server, id, key).await.status, 404);
    }
}
