//! A recording's calls are made anew on real machines, and what happens is laid beside what happened.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::json;

use super::{Data, keep};
use crate::harness::{
    client::Client,
    http,
    room::NewRoom,
    server::{TestServer, program},
};

fn replay(file: &Path) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        Command::new(program()).arg("replay").arg(file).output().expect("it ran");
    let said = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (status.code(), said.concat())
}

#[tokio::test]
async fn what_was_recorded_happens_again_and_what_did_not_is_said() {
    let data = Data::new("again");
    let server = TestServer::start(&["--data", data.flag()]);
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let pair = owner.pair(12345).await;
    owner.send(pair.client, pair.theirs, b"hello").await.expect("sent");
    owner.recv(pair.server, pair.ours, 100).await.expect("received");
    owner.send(pair.server, pair.ours, &[b'x'; 3000]).await.expect("sent");
    owner.recv(pair.client, pair.theirs, 3000).await.expect("received");
    for (program, fd) in [(pair.client, pair.theirs), (pair.server, pair.ours)] {
        owner.close_fd(program, fd).await.expect("it is open");
    }
    let echo = owner.connected(pair.client, "tutorial", 7).await;
    owner.send(pair.client, echo, b"and back").await.expect("sent");
    owner.recv(pair.client, echo, 100).await.expect("received");
    let made = keep(&room.owner(), &json!({})).await.json();
    let id = made["id"].as_str().expect("an id");

    // By the page's own way: what is equal is said, and nothing of the room is left.
    let page = server.page;
    let ask = async |id: &str, origin: &str| {
        let head = format!(
            "POST /s/{id}/again HTTP/1.1\r\nHost: {page}\r\nOrigin: {origin}\r\nContent-Length: 0\r\n"
        );
        http::request(page, &head).await
    };
    let answer = ask(id, &server.origin()).await;
    let compared = answer.json();
    assert!(answer.status == 200 && compared["per_mille"].as_u64() >= Some(950), "{answer:?}");
    assert!(compared["equal"].as_u64() >= Some(30), "{compared}");
    assert_eq!(ask("abcdefghijkmnpqrstuvwxyz23", &server.origin()).await.status, 404);
    assert_eq!(ask(id, "https://stranger.example").await.status, 403);

    // And as a command.
    let text = http::get(server.page, &format!("/s/{id}/events")).await.body;
    let file = data.path().join("file.wireside-share");
    std::fs::write(&file, &text).expect("it can be written");
    let (code, said) = replay(&file);
    let per_cent = said.split(['%', ':']).next().unwrap_or_default();
    assert!(code == Some(0) || said.contains("not equal: 9"), "{code:?} {said} {per_cent}");
    // Somebody says that three bytes were sent where it is five.
    let changed = text.replacen("\"bytes\":5", "\"bytes\":3", 2);
    assert_ne!(changed, text);
    std::fs::write(&file, changed).expect("it can be written");
    let (code, said) = replay(&file);
    assert!(code == Some(1) && said.contains("send(3 bytes)") | said.contains("3 bytes"), "{code:?} {said}");
    std::fs::write(&file, "no recording").expect("it can be written");
    let (code, said) = replay(&file);
    assert!(code == Some(2) && said.contains("no recording of Wireside"), "{code:?} {said}");
    assert_eq!(replay(&data.path().join("none")).0, Some(2));
}
