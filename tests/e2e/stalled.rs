//! Connections that take nothing, say nothing or end without manners: they are found and cut, each is closed in words,
//! and nobody who comes back has to wait for them.

use proto::{
    frame,
    message::{Continue, Hello, Secret},
};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::harness::{
    PATIENCE,
    client::Client,
    http,
    raw::Raw,
    room::{Link, NewRoom},
    server::TestServer,
};

/// RFC 6455 section 7.4.1: the other end broke the protocol.
const PROTOCOL: u16 = 1002;

/// Somebody who subscribes to the trace of a busy room and does not read: more has come for them than the kernels keep.
async fn full(room: &NewRoom, link: &Link) -> Client {
    let mut deaf = Client::join(link, "deaf").await;
    deaf.hears_little();
    deaf.subscribe();
    deaf.flush().await;
    let mut busy = Client::join(&room.owner(), "busy").await;
    let program = busy.program("server").await;
    let text = "x".repeat(proto::limits::OUTPUT);
    for _ in 0..100 {
        busy.endpoint().output(program, false, &text);
        busy.flush().await;
    }
    // Its answer comes after all of that.
    busy.socket(program).await;
    busy.leave().await;
    deaf
}

#[tokio::test]
async fn who_takes_nothing_is_cut_and_the_room_goes_idle() {
    let server = TestServer::start(&["--silence", "3", "--room-idle", "1"]);
    let room = NewRoom::create(&server).await;
    let _deaf = full(&room, &room.watch()).await;
    server.logs("the end of the room", |log| log.contains("a room ended")).await;
}

#[tokio::test]
async fn who_says_nothing_is_cut_and_the_room_goes_idle() {
    let server = TestServer::start(&["--silence", "3", "--room-idle", "1"]);
    let room = NewRoom::create(&server).await;
    let _silent = Raw::enter(&room.owner()).await;
    server.logs("the end of the room", |log| log.contains("a room ended")).await;
}

/// Nobody is cut here for an hour: the second connection does not wait for the end of the first.
#[tokio::test]
async fn a_session_is_taken_over_beside_a_connection_that_takes_nothing() {
    let server = TestServer::start(&["--silence", "3600"]);
    let room = NewRoom::create(&server).await;
    let mut deaf = full(&room, &room.owner()).await;
    let token = deaf.snapshot().token;
    let mut back = Client::reattach(&room.owner(), token).await.expect("the session");
    let program = back.program("client").await;
    back.connected(program, "tutorial", 7).await;
    // And resumed, by a page that kept its state.
    let mut deaf_again = full(&room, &room.owner()).await;
    deaf_again.cut();
    let program = deaf_again.program("client").await;
    deaf_again.connected(program, "tutorial", 7).await;
    assert_eq!(deaf_again.resumed, 1);
    deaf.flush().await;
}

async fn come_back_and_vanish(link: &Link, token: Secret) {
    let mut raw = Raw::open(link).await;
    let session = Some(Continue { token, received: Some(0) });
    let hello = Hello { key: link.key, name: "deaf".to_owned(), session };
    raw.send(Message::Binary(frame::encode_hello(&hello))).await;
}

#[tokio::test]
async fn who_comes_back_and_vanishes_leaves_no_connection() {
    let server = TestServer::start(&["--silence", "3600"]);
    let room = NewRoom::create(&server).await;
    let deaf = full(&room, &room.owner()).await;
    let token = deaf.snapshot().token;
    for _ in 0..30 {
        come_back_and_vanish(&room.owner(), token).await;
    }
    drop(deaf);
    let nobody = async {
        loop {
            let health = http::get(server.page, "/health").await.json();
            let metrics = http::get(server.page, "/metrics").await.body;
            // The one that asks is a connection too.
            if health["sessions"].as_u64() == Some(0) && metrics.contains("\nwireside_connections 1\n") {
                return;
            }
        }
    };
    if tokio::time::timeout(PATIENCE, nobody).await.is_err() {
        panic!("left: {}", http::get(server.page, "/metrics").await.body);
    }
}

#[tokio::test]
async fn a_close_frame_is_answered() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    for mut raw in [Raw::open(&room.watch()).await, Raw::enter(&room.watch()).await] {
        let close = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
        raw.send(Message::Close(Some(close))).await;
        assert_eq!(raw.closed().await.0, 1000);
    }
}

/// What no WebSocket may send, as bytes on the wire: masked, from a client, of no length.
#[tokio::test]
async fn broken_websocket_frames_are_answered_with_a_close_frame() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let cases: [(&str, &[u8]); 6] = [
        ("an opcode that is reserved", &[0x83, 0x80, 0, 0, 0, 0]),
        ("a control opcode that is reserved", &[0x8b, 0x80, 0, 0, 0, 0]),
        ("a reserved bit", &[0xc2, 0x80, 0, 0, 0, 0]),
        ("a frame without a mask", &[0x82, 0x00]),
        ("a fragmented ping", &[0x09, 0x80, 0, 0, 0, 0]),
        ("a continuation of nothing", &[0x80, 0x80, 0, 0, 0, 0]),
    ];
    for (what, bytes) in cases {
        for mut raw in [Raw::open(&room.watch()).await, Raw::enter(&room.watch()).await] {
            raw.send_bytes(bytes).await;
            let (code, reason) = raw.closed().await;
            assert_eq!(code, PROTOCOL, "{what}: {reason}");
            assert!(!reason.is_empty(), "{what}");
        }
    }
}
