//! A recording's calls are made anew on real machines, and what happens is laid beside what happened.

use std::{
    path::Path,
    process::{Command, Output},
};

use proto::call::{Call, Family, Kind, Value};
use serde_json::json;

use super::{Data, keep, written::stored};
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

async fn text_of(page: std::net::SocketAddr, id: &str) -> String {
    http::get(page, &format!("/s/{id}/events")).await.body
}

/// The part that is the same, as the command's first line says it.
fn per_cent(said: &str) -> f64 {
    let part = said.strip_prefix("not equal: ").and_then(|rest| rest.split_once(" %"));
    part.and_then(|(part, _)| part.parse().ok()).unwrap_or_else(|| panic!("no part is told: {said}"))
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
    assert_eq!(compared["whole"], true);
    let calls =
        text_of(server.page, id).await.lines().filter(|line| line.contains("\"kind\":\"call\"")).count()
            as u64;
    assert_eq!(compared["calls"]["made"].as_u64(), Some(calls), "{compared}");
    assert_eq!(compared["calls"]["left_out"], json!([]));
    assert_eq!(compared["calls"]["filled"], 1, "three thousand bytes were sent at once");
    assert!(compared["equal"].as_u64() >= Some(30), "{compared}");
    assert_eq!(ask("abcdefghijkmnpqrstuvwxyz23", &server.origin()).await.status, 404);
    assert_eq!(ask(id, "https://stranger.example").await.status, 403);

    // And as a command.
    let text = http::get(server.page, &format!("/s/{id}/events")).await.body;
    let file = data.path().join("file.wireside-share");
    std::fs::write(&file, &text).expect("it can be written");
    // How a stream is cut into segments is the kernel's affair: not all of it need be the same.
    let (code, said) = replay(&file);
    assert!(code == Some(0) || per_cent(&said) >= 95.0, "{code:?} {said}");
    for line in [
        &*format!("calls made: {calls}\n"),
        "with dots for bytes that the recording does not have: 1\n",
        "calls left out: none\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    // As if one of them had been a guest's.
    let others = text.lines().map(|line| match line.contains("\"call\":\"listen\"") {
        true => format!(
            "{}\n",
            line.replace("\"machine\":1", "\"machine\":7").replace("\"program\":", "\"program\":9")
        ),
        false => format!("{line}\n"),
    });
    std::fs::write(&file, others.collect::<String>()).expect("it can be written");
    let (_, said) = replay(&file);
    assert!(said.contains("calls left out: 1 on machines of guests, who are not here\n"), "{said}");
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

/// It ends before a proxy in between gives it up, also where the recording waits for long: what was not done is said. Who comes
/// second meanwhile does not wait for all of it.
#[tokio::test]
async fn what_takes_long_is_cut_short_and_those_after_it_are_told() {
    let data = Data::new("long");
    let server = TestServer::start(&["--data", data.flag()]);
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    for port in [12345, 12346] {
        owner.pair(port).await;
    }
    let made = keep(&room.owner(), &json!({})).await.json();
    let id = made["id"].as_str().expect("an id");
    let text = http::get(server.page, &format!("/s/{id}/events")).await.body;
    // As if each accept had waited for long, and nobody connects this time.
    let mut accepts = Vec::new();
    let lines = text.lines().map(|line| {
        let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if line["call"] == "accept" {
            accepts.push(line["id"].clone());
        } else if line["call"] == "connect" {
            line["address"] = "10.0.0.1:9".into();
        } else if line["kind"] == "return" && accepts.contains(&line["id"]) {
            line["elapsed"] = 30_000_000_000_u64.into();
        }
        format!("{line}\n")
    });
    let long = stored(&lines.collect::<String>());
    assert_eq!(accepts.len(), 2);
    let id = "abcdefghijkmnpqrstuvwxyz23";
    std::fs::write(data.path().join(format!("shares/{id}.share")), long).expect("it can be written");

    let path = format!("/s/{id}/again");
    let began = std::time::Instant::now();
    let both = tokio::join!(http::post(server.page, &path), http::post(server.page, &path));
    // The proxy that deploy/ has in front gives up after 60 s.
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    let (done, refused) = if both.0.status == 200 { (both.0, both.1) } else { (both.1, both.0) };
    assert_eq!((done.status, done.json()["whole"].as_bool()), (200, Some(false)), "{done:?}");
    assert_eq!((refused.status, refused.json()["rule"].as_str()), (503, Some("again-turn")), "{refused:?}");
    assert_eq!(refused.header("retry-after"), Some("10"));
}

/// One call after the other, each of which has ended before the next begins: there is one way for this to happen.
#[tokio::test]
async fn what_can_happen_in_one_way_is_equal_and_other_bytes_are_not() {
    let data = Data::new("again-alone");
    let server = TestServer::start(&["--data", data.flag()]);
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let (there, here) = (owner.program("server").await, owner.program("client").await);
    let address = "10.0.0.1:7000".parse().expect("an address");
    let socket = Call::Socket { family: Family::Inet, kind: Kind::Datagram };
    let made = (owner.call(there, socket.clone()).await, owner.call(here, socket).await);
    let (Ok(Value::Descriptor(listens)), Ok(Value::Descriptor(asks))) = made else {
        panic!("no sockets: {made:?}")
    };
    owner.call(there, Call::Bind { fd: listens, address }).await.expect("bound");
    owner.connect_to(here, asks, address).await.expect("connected");
    owner.send(here, asks, b"hello").await.expect("sent");
    assert_eq!(owner.recv(there, listens, 100).await.expect("received"), b"hello"[..]);
    let made = keep(&room.owner(), &json!({})).await.json();
    let id = made["id"].as_str().expect("an id");
    let text = http::get(server.page, &format!("/s/{id}/events")).await.body;
    let file = data.path().join("file.wireside-share");
    std::fs::write(&file, &text).expect("it can be written");
    let (code, said) = replay(&file);
    assert!(code == Some(0) && said.starts_with("equal: the same"), "{code:?} {said}");
    // Somebody says that other five bytes were received than were sent: "hello" and "jello", in base64.
    let (hello, jello) = ("\"bytes\":\"aGVsbG8=\"", "\"bytes\":\"amVsbG8=\"");
    let received = text.lines().find(|line| line.contains("\"kind\":\"return\"") && line.contains(hello));
    let received = received.expect("what was received");
    std::fs::write(&file, text.replace(received, &received.replace(hello, jello)))
        .expect("it can be written");
    let (code, said) = replay(&file);
    assert!(
        code == Some(1) && said.contains("5 bytes \"jello\"") && said.contains("\"hello\""),
        "{code:?} {said}"
    );
}
