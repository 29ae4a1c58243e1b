//! What is not kept, and what is not found: one answer each, and rooms go on.

use serde_json::json;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{Data, keep, keep_with, opened, with_a_run};
use crate::harness::{client::Client, http, in_time, room::NewRoom, server::TestServer};

#[tokio::test]
async fn only_the_owner_keeps_and_only_what_is_asked_rightly() {
    let data = Data::new("refused");
    let server = TestServer::start(&["--data", data.flag()]);
    let room = NewRoom::create(&server).await;
    for link in [room.join(), room.watch(), room.link([7; 16])] {
        let answer = keep(&link, &json!({})).await;
        assert_eq!((answer.status, &answer.json()["rule"]), (403, &json!("key")), "{answer:?}");
    }
    let owner = room.owner();
    for body in ["7", "[]", "{", "\"\"", "{\"title\":7}", "{\"hide_names\":\"no\"}"] {
        let answer = keep_with(&owner, &owner.key_text(), body).await;
        assert_eq!((answer.status, &answer.json()["rule"]), (400, &json!("body")), "{body}: {answer:?}");
    }
    let answer = keep(&owner, &json!({ "title": "x".repeat(81) })).await;
    assert_eq!((answer.status, &answer.json()["limit"]), (400, &json!("share-title")));
    assert!(data.names().is_empty());
    // Nothing at all is needed; what is not known is passed over.
    assert_eq!(keep_with(&owner, &owner.key_text(), "").await.status, 201);
    let made = keep(&owner, &json!({ "colour": "red" })).await.json();
    opened(&server, made["id"].as_str().expect("an id")).await;
    for _ in 2..32 {
        assert_eq!(keep(&owner, &json!({})).await.status, 201);
    }
    let answer = keep(&owner, &json!({})).await;
    assert_eq!((answer.status, &answer.json()["limit"]), (409, &json!("room-kept")), "{answer:?}");
    assert_eq!(data.names().len(), 32);
}

#[tokio::test]
async fn whatever_is_no_id_has_the_same_answer() {
    let data = Data::new("ids");
    let server = TestServer::start(&["--data", data.flag()]);
    let guessed = "abcdefghijkmnpqrstuvwxyz23";
    let mut answers = Vec::new();
    for id in [
        guessed,
        "a",
        "ABCDEFGHIJKMNPQRSTUVWXYZ23",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "abcdefghijkmnpqrstuvwxyz2%00",
        ".begun-abcdefghijkmnpqrstu",
        &"a".repeat(4000),
    ] {
        for path in [format!("/s/{id}"), format!("/s/{id}/events")] {
            let answer = http::get(server.page, &path).await;
            answers.push((answer.status, answer.body));
        }
        answers.push({
            let answer = super::delete(&server, id, "AAAAAAAAAAAAAAAAAAAAAA").await;
            (answer.status, answer.body)
        });
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].0, 404);
}

#[tokio::test]
async fn without_a_folder_rooms_go_on_and_it_is_said_why() {
    let data = Data::new("unusable");
    std::fs::write(data.0.join("shares"), "a file where the folder would be").expect("a file");
    let server = TestServer::start(&["--data", data.flag()]);
    server
        .logs("the reason", |log| log.contains("no recordings are kept") && log.contains("cannot be used"))
        .await;
    let (room, _owner) = with_a_run(&server).await;
    let answer = keep(&room.owner(), &json!({})).await;
    assert_eq!((answer.status, &answer.json()["rule"]), (503, &json!("shares")), "{answer:?}");
    assert!(!answer.body.contains("wireside-kept"), "no path of the server's: {}", answer.body);

    let server = TestServer::start(&["--shares", "off"]);
    let room = NewRoom::create(&server).await;
    let answer = keep(&room.owner(), &json!({})).await;
    assert!(answer.status == 503 && answer.body.contains("keeps no recordings"), "{answer:?}");
}

#[tokio::test]
async fn a_full_shelf_and_a_folder_that_went_keep_nothing_half() {
    let data = Data::new("full");
    let server = TestServer::start(&["--data", data.flag(), "--shares-size", "1"]);
    let (room, mut owner) = with_a_run(&server).await;
    // Somebody else's file, which counts.
    let first = keep(&room.owner(), &json!({})).await;
    assert_eq!(first.status, 201);
    drop(server);
    let filler = data.0.join("shares/filler.share");
    std::fs::File::create(&filler).and_then(|file| file.set_len(1 << 20)).expect("a large file");
    let server = TestServer::start(&["--data", data.flag(), "--shares-size", "1"]);
    let room = NewRoom::create(&server).await;
    let answer = keep(&room.owner(), &json!({})).await;
    assert_eq!((answer.status, &answer.json()["limit"]), (507, &json!("server-shelf")), "{answer:?}");
    assert_eq!(data.names().len(), 2);
    std::fs::remove_dir_all(data.0.join("shares")).expect("it can be removed");
    let answer = keep(&room.owner(), &json!({})).await;
    assert_eq!(
        (answer.status, &answer.json()["limit"]),
        (507, &json!("server-shelf")),
        "counted still: {answer:?}"
    );
    drop(owner);
    // A room lives on beside all this.
    owner = Client::join(&room.owner(), "Ada").await;
    let program = owner.program("client").await;
    owner.connected(program, "tutorial", 7).await;

    let server = TestServer::start(&["--data", data.flag()]);
    let room = NewRoom::create(&server).await;
    std::fs::remove_dir_all(data.0.join("shares")).expect("it can be removed");
    let answer = keep(&room.owner(), &json!({})).await;
    assert_eq!((answer.status, &answer.json()["rule"]), (507, &json!("shelf")), "{answer:?}");
    assert!(answer.body.contains("nothing of it is kept"), "{answer:?}");
    server.logs("the disk's word", |log| log.contains("could not be kept")).await;
}

/// Whoever goes while it is written has kept one all the same: of one room there are never more than may be.
#[tokio::test]
async fn what_is_kept_is_counted_also_where_nobody_waits_for_the_answer() {
    let data = Data::new("left");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, _owner) = with_a_run(&server).await;
    let link = room.owner();
    let (page, key) = (server.page, link.key_text());
    let asked = format!(
        "POST /r/{}/shares HTTP/1.1\r\nHost: {page}\r\nOrigin: http://{page}\r\nAuthorization: Bearer {key}\r\n\
         Content-Length: 2\r\n\r\n{{}}",
        link.room
    );
    for _ in 0..40 {
        let before = data.names();
        let mut leaves = TcpStream::connect(page).await.expect("a connection");
        leaves.write_all(asked.as_bytes()).await.expect("it is sent");
        if before.len() < 32 {
            in_time("a file that is begun", async {
                while data.names() == before {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        }
    }
    // One after the other: those before are done when this one is.
    while keep(&link, &json!({})).await.status == 201 {}
    assert_eq!(data.names().len(), 32, "{:?}", data.names());
}
