//! Frames, messages and handshakes that break the format.

use proto::{
    call::CallError,
    frame,
    id::{CallId, Fd, HostId, ProgramId, StreamId},
    limits,
    message::{ClientMessage, Hello},
};
use tokio_tungstenite::tungstenite::Message;

use super::{CONTROL, bystander, encoded, goes_on};
use crate::harness::{
    http,
    raw::{self, Raw, binary},
    room::NewRoom,
    server::TestServer,
};

/// RFC 6455 section 7.4.1: the other end broke the protocol.
const PROTOCOL: u16 = 1002;
/// RFC 6455 section 7.4.1: a message is too big.
const TOO_BIG: u16 = 1009;

const DATA: u8 = 4;
const STREAM: u8 = 5;
const ACK: u8 = 6;

#[tokio::test]
async fn broken_frames_close_the_connection_and_name_the_rule() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut bystander = bystander(&room).await;
    let late_cancel = encoded(&ClientMessage::Cancel { id: CallId(9) });
    let with_more = [late_cancel.as_slice(), b"more"].concat();
    let cases: [(&str, u8, &[u8]); 9] = [
        ("a kind that does not exist", 77, b""),
        ("a frame for the other direction", 2, b""),
        ("a second hello", 1, b""),
        ("a message that does not exist", CONTROL, &[200, 1, 2, 3]),
        ("a message cut short", CONTROL, &late_cancel[..1]),
        ("a message that goes on", CONTROL, &with_more),
        ("bytes for a call that was never made", DATA, &[9, 1, 2, 3]),
        ("bytes for a stream that was never opened", STREAM, &[9, 1, 2, 3]),
        ("more acknowledged than was sent", ACK, &[255, 255, 3]),
    ];
    for (what, kind, body) in cases {
        let mut raw = Raw::enter(&room.watch()).await;
        raw.send_frame(kind, body).await;
        let (code, reason) = raw.closed().await;
        assert_eq!(code, PROTOCOL, "{what}: {reason}");
        assert!(!reason.is_empty(), "{what}");
    }
    goes_on(&mut bystander).await;
}

#[tokio::test]
async fn an_oversized_frame_or_message_closes_the_connection() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut bystander = bystander(&room).await;
    // A head that announces 16 MiB.
    let mut raw = Raw::enter(&room.watch()).await;
    raw.send(binary(&[CONTROL, 255, 255, 255])).await;
    let (code, reason) = raw.closed().await;
    assert_eq!(code, PROTOCOL, "{reason}");
    // More than a WebSocket message may be.
    let mut raw = Raw::enter(&room.watch()).await;
    raw.send(Message::Binary(vec![0; limits::MESSAGE + 1].into())).await;
    let ended = raw.ended().await;
    assert!(ended.is_none_or(|(code, _)| code == TOO_BIG || code == PROTOCOL));
    goes_on(&mut bystander).await;
}

#[tokio::test]
async fn text_is_refused_before_and_after_the_hello() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    for mut raw in [Raw::open(&room.watch()).await, Raw::enter(&room.watch()).await] {
        raw.send(Message::text("hello?")).await;
        let (code, reason) = raw.closed().await;
        assert_eq!(code, PROTOCOL, "{reason}");
        assert!(reason.contains("binary"), "{reason}");
    }
}

#[tokio::test]
async fn the_first_frame_is_a_hello_and_alone() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut raw = Raw::open(&room.watch()).await;
    raw.send_frame(CONTROL, &encoded(&ClientMessage::KeepOpen)).await;
    assert_eq!(raw.closed().await.0, PROTOCOL);
    let mut raw = Raw::open(&room.watch()).await;
    raw.send(binary(&[1, 0, 0, 3, 1, 2, 3])).await;
    assert_eq!(raw.closed().await.0, PROTOCOL);
}

#[tokio::test]
async fn a_hello_in_single_bytes_is_a_hello() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut raw = Raw::open(&room.watch()).await;
    let hello = Hello { key: room.watch().key, name: "slow".to_owned(), session: None };
    for byte in frame::encode_hello(&hello) {
        raw.send(binary(&[byte])).await;
    }
    let welcome = raw.frame().await.expect("a welcome");
    assert_eq!(welcome.kind, frame::Kind::Welcome);
}

#[tokio::test]
async fn the_wrong_subprotocol_is_refused() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    for offered in ["wireside.0", "wireside.2", "mqtt", ""] {
        let request = raw::request(server.page, &room.id, &[("sec-websocket-protocol", offered)]);
        let (status, body) = raw::refused(request, server.page).await;
        assert_eq!(status, 400, "{offered:?}: {body}");
        assert!(body.contains("subprotocol"), "{body}");
    }
}

#[tokio::test]
async fn foreign_origins_and_hosts_are_refused() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let own = format!("http://{}", server.page);
    let near = format!("{own}.example");
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", near.as_str(), ""] {
        let request = raw::request(server.page, &room.id, &[("origin", origin)]);
        let (status, body) = raw::refused(request, server.page).await;
        assert_eq!(status, 403, "{origin:?}: {body}");
        assert!(body.contains("origin"), "{body}");
    }
    for host in ["evil.example", "169.254.169.254"] {
        let request = raw::request(server.page, &room.id, &[("host", host)]);
        let (status, body) = raw::refused(request, server.page).await;
        assert_eq!(status, 403, "{host:?}: {body}");
        let page = http::request(server.page, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n")).await;
        assert_eq!(page.status, 403, "{host:?}");
    }
    // Another port of this machine is how a tunnel or a container's port looks: the page comes, its socket does not.
    let tunnel = http::request(server.page, "GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n").await;
    assert_eq!(tunnel.status, 200);
    let (status, _) =
        raw::refused(raw::request(server.page, &room.id, &[("host", "127.0.0.1:1")]), server.page).await;
    assert_eq!(status, 403, "its origin is not that host");
    let foreign =
        format!("POST /rooms HTTP/1.1\r\nHost: {}\r\nOrigin: https://evil.example\r\n", server.page);
    assert_eq!(http::request(server.page, &foreign).await.status, 403);
}

#[tokio::test]
async fn a_call_number_used_twice_is_that_calls_error() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut raw = Raw::enter(&room.owner()).await;
    let open = ClientMessage::OpenProgram {
        id: CallId(5),
        host: HostId(2),
        name: "x".to_owned(),
        lifetime: proto::room::Lifetime::Page,
    };
    for _ in 0..2 {
        raw.send_frame(CONTROL, &encoded(&open)).await;
    }
    let (mut began, mut refused) = (0, 0);
    while began + refused < 2 {
        let frame = raw.frame().await.expect("the session goes on");
        if frame.kind != frame::Kind::Control {
            continue;
        }
        match postcard::from_bytes(&frame.body).expect("a message") {
            proto::message::ServerMessage::Program { id: CallId(5), .. } => began += 1,
            proto::message::ServerMessage::Result {
                id: CallId(5),
                outcome: Err(CallError::Protocol { rule }),
            } => {
                assert_eq!(rule, "call-id");
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((began, refused), (1, 1));
}

#[tokio::test]
async fn stream_bytes_beyond_the_credit_close_the_connection() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut raw = Raw::enter(&room.owner()).await;
    let open =
        ClientMessage::OpenStream { stream: StreamId(0), program: ProgramId(1), fd: Fd(3), credit: 10 };
    raw.send_frame(CONTROL, &encoded(&open)).await;
    let mut chunk = vec![0_u8; 1 + 16 * 1024];
    chunk[0] = 0;
    for _ in 0..6 {
        raw.send_frame(STREAM, &chunk).await;
    }
    // Either the stream had ended before (there is no such program), and its bytes go nowhere, or the credit is over.
    raw.send_frame(STREAM, &[7, 1]).await;
    let (code, reason) = raw.closed().await;
    assert_eq!(code, PROTOCOL, "{reason}");
}
