//! What happened in a room that has ended is there for a while, for whoever has one of its keys.

use rustix::process::Signal;
use serde_json::json;

use super::{Data, delete, keep, with_a_run};
use crate::harness::{
    http::{self, Answer},
    room::Link,
    server::TestServer,
};

pub(crate) async fn last(server: &TestServer, link: &Link) -> Answer {
    let (page, room, key) = (server.page, &link.room, link.key_text());
    let head = format!("GET /r/{room}/last HTTP/1.1\r\nHost: {page}\r\nAuthorization: Bearer {key}\r\n");
    http::request(page, &head).await
}

pub(crate) async fn offer(link: &Link, method: &str, body: &str) -> Answer {
    let (server, room, key) = (link.server, &link.room, link.key_text());
    let head = format!(
        "{method} /r/{room}/offer HTTP/1.1\r\nHost: {server}\r\nOrigin: http://{server}\r\nAuthorization: Bearer {key}\r\n"
    );
    http::request_with(server, &head, body).await
}

#[tokio::test]
async fn what_happened_is_offered_after_the_end_unless_the_owner_does_not_want_it() {
    let data = Data::new("last");
    let server = TestServer::start(&["--data", data.flag(), "--room-idle", "2"]);
    let (room, owner) = with_a_run(&server).await;
    assert_eq!(last(&server, &room.watch()).await.status, 204, "it lives");
    let (silent, other) = with_a_run(&server).await;
    for (link, status) in [(room.watch(), 403), (room.join(), 403), (silent.owner(), 200)] {
        assert_eq!(offer(&link, "GET", "").await.status, status);
    }
    assert_eq!(offer(&silent.owner(), "PUT", "yes").await.status, 400);
    assert_eq!(offer(&silent.owner(), "PUT", "{\"offered\":false}").await.status, 204);
    assert_eq!(offer(&silent.owner(), "GET", "").await.json()["offered"], false);
    assert_eq!(offer(&room.owner(), "GET", "").await.json()["offered"], true);
    owner.leave().await;
    other.leave().await;
    server.logs("both ends", |log| log.matches("a room ended").count() == 2).await;
    for link in [room.owner(), room.join(), room.watch()] {
        let answer = last(&server, &link).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let found = share::read(answer.body.as_bytes()).expect("a recording");
        assert!(found.events.len() > 5 && found.header.evicted == 0, "{:?}", found.header);
    }
    // Another room's key, one of nobody's, and the room that was not to be offered.
    let strange = Link { key: silent.owner().key, ..room.owner() };
    for link in [strange, room.link([7; 16]), silent.owner()] {
        assert_eq!(last(&server, &link).await.status, 204);
    }
    let path = format!("/s/{}/events", room.id);
    assert_eq!(http::get(server.page, &path).await.status, 404, "its id alone opens nothing");
}

#[tokio::test]
async fn it_is_there_after_the_server_has_gone_and_come() {
    let data = Data::new("drained");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, owner) = with_a_run(&server).await;
    drop(owner);
    server.signal(Signal::INT);
    server.wait();
    let server = TestServer::start(&["--data", data.flag()]);
    let answer = last(&server, &room.join()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(share::read(answer.body.as_bytes()).is_ok());
}

/// What could not be written is written as soon as that can be, also where nothing happens any more.
#[tokio::test]
async fn what_the_shelf_had_no_room_for_is_written_later() {
    let data = Data::new("later");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, owner) = with_a_run(&server).await;
    let made = keep(&room.owner(), &json!({})).await.json();
    let (id, key) = (made["id"].as_str().expect("an id"), made["delete_key"].as_str().expect("a key"));
    drop((owner, server));
    // That one fills the shelf.
    let file = data.path().join(format!("shares/{id}.share"));
    let bytes = std::fs::read(&file).expect("it is there");
    let end = bytes.iter().position(|byte| *byte == b'\n').expect("a label");
    let mut label: serde_json::Value = serde_json::from_slice(&bytes[..end]).expect("a label");
    let packed = (1 << 20) - 300;
    label["packed"] = packed.into();
    let filler = [format!("{label}\n").as_bytes(), &vec![0; packed]].concat();
    std::fs::write(&file, filler).expect("it can be written");

    let flags = ["--data", data.flag(), "--shares-size", "1", "--written", "1"];
    let server = TestServer::start(&flags);
    let (room, _owner) = with_a_run(&server).await;
    let not_written = |log: &str| log.contains("could not be written") && log.contains("the shelf is full");
    server.logs("that there is no room", not_written).await;
    assert!(!data.has_last(&room.id));
    assert_eq!(delete(&server, id, key).await.status, 204);
    data.until_last(&room.id).await;
}
