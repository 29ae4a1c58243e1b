//! A server that is told to go away while people are in its rooms: as an operator, a supervisor and a load balancer see it.

use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;

use proto::message::Notice;
use rustix::process::Signal;
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use crate::harness::{client::Client, http, in_time, room::NewRoom, server::TestServer};

/// Where it answers load balancers, by its log.
async fn agent(server: &TestServer) -> SocketAddr {
    server.logs("the agent's address", |log| log.contains("answers load balancers")).await;
    let log = server.log();
    let line = log.lines().find(|line| line.contains("answers load balancers")).expect("just seen");
    line.rsplit_once("address=").and_then(|(_, address)| address.trim().parse().ok()).expect("an address")
}

/// What a load balancer is told.
async fn told(agent: SocketAddr) -> String {
    let mut line = String::new();
    let asking = async {
        let mut stream = TcpStream::connect(agent).await.expect("it answers");
        stream.read_to_string(&mut line).await.expect("a line and the end");
    };
    in_time("the agent's line", asking).await;
    line
}

#[tokio::test]
async fn rooms_outlive_the_first_sigterm_and_nobody_makes_new_ones() {
    let server = TestServer::start(&["--room-idle", "1", "--agent", "127.0.0.1:0"]);
    let agent = agent(&server).await;
    let room = NewRoom::create(&server).await;
    assert_eq!(http::get(server.page, "/ready").await.status, 200);
    assert_eq!(told(agent).await, "ready 99%\n");
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let pair = owner.pair(12345).await;

    server.signal(Signal::TERM);
    server.logs("that it goes away", |log| log.contains("no new rooms")).await;
    let ready = http::get(server.page, "/ready").await;
    assert_eq!((ready.status, ready.json()["rule"].as_str()), (503, Some("draining")), "{}", ready.body);
    let health = http::get(server.page, "/health").await;
    assert_eq!((health.status, health.json()["status"].as_str()), (200, Some("retiring")), "{}", health.body);
    let refused = http::post(server.page, "/rooms").await;
    assert_eq!((refused.status, refused.json()["rule"].as_str()), (503, Some("draining")));
    assert_eq!(told(agent).await, "drain\n");

    // Everything in the room goes on, and who has its link still comes in.
    let mut guest = Client::join(&room.join(), "Grace").await;
    owner.send(pair.client, pair.theirs, b"still here").await.expect("sent");
    assert_eq!(owner.recv(pair.server, pair.ours, 64).await.expect("received"), &b"still here"[..]);
    let program = guest.program_on(guest.own_host()).await.expect("a program");
    guest.connected(program, "tutorial", 7).await;
    assert!(!server.has_ended());
    owner.leave().await;
    guest.leave().await;
    assert_eq!(server.wait().0.code(), Some(0), "with its last room: {}", server.log());
}

/// Whoever wants a room is told that this takes long, and where else there are some, where the operator has said it.
#[tokio::test]
async fn who_is_refused_hears_where_to_go() {
    let server = TestServer::start(&["--next", "https://lab2.example/"]);
    let room = NewRoom::create(&server).await;
    let owner = Client::join(&room.owner(), "Ada").await;
    server.signal(Signal::TERM);
    server.logs("that it goes away", |log| log.contains("no new rooms")).await;
    let refused = http::post(server.page, "/rooms").await;
    let said = refused.json();
    assert_eq!((refused.status, said["next"].as_str()), (503, Some("https://lab2.example/")), "{said}");
    let message = said["message"].as_str().expect("a message");
    assert!(message.contains("until it has ended") && message.contains("https://lab2.example/"), "{message}");
    assert!(!message.contains("moment") && refused.header("retry-after").is_none(), "{refused:?}");
    // A person sees the way as a link; no other refusal has one.
    let head = format!("GET /ready HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\n", server.page);
    let page = http::request(server.page, &head).await;
    assert!(page.body.contains("<a href=\"https://lab2.example/\">"), "{}", page.body);
    assert!(http::get(server.page, "/nowhere").await.json().get("next").is_none());
    owner.leave().await;
}

#[tokio::test]
async fn a_second_sigterm_closes_what_is_open() {
    let server = TestServer::start(&[]);
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    server.signal(Signal::TERM);
    server.logs("that it goes away", |log| log.contains("no new rooms")).await;
    server.signal(Signal::TERM);
    let (code, reason) = owner.until("the close frame", |client| client.close.clone()).await;
    assert_eq!(code, 1012, "service restart (RFC 6455 and IANA): {reason}");
    assert_eq!(server.wait().0.code(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn rooms_hear_when_the_limit_ends_them() {
    let server = TestServer::start(&["--drain-limit", "2"]);
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    server.signal(Signal::TERM);
    let left = owner
        .until("notice of the end", |client| {
            client.notices.iter().find_map(|notice| match notice {
                Notice::Draining { left_ms } => Some(*left_ms),
                _ => None,
            })
        })
        .await;
    assert!(left <= 2000, "{left} ms");
    let (code, _) = owner.until("the close frame", |client| client.close.clone()).await;
    assert_eq!(code, 1012);
    assert_eq!(server.wait().0.code(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn a_supervisor_is_told() {
    let path = std::env::temp_dir().join(format!("wireside-supervisor-{}", std::process::id()));
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(crate::harness::PATIENCE)).expect("a number");
    let script = format!("NOTIFY_SOCKET={} exec \"$@\"", path.display());
    let server = TestServer::start_within(&script, &["--room-idle", "1"]);
    let told = || {
        let mut message = [0; 256];
        let length = socket.recv(&mut message).expect("a message in time");
        String::from_utf8_lossy(&message[..length]).into_owned()
    };
    assert!(told().starts_with("READY=1\n"));
    let room = NewRoom::create(&server).await;
    let owner = Client::join(&room.owner(), "Ada").await;
    server.signal(Signal::TERM);
    let retiring = told();
    assert!(retiring.starts_with("STOPPING=1\n") && retiring.contains("no new rooms"), "{retiring}");
    owner.leave().await;
    assert_eq!(server.wait().0.code(), Some(0), "{}", server.log());
    std::fs::remove_file(&path).expect("made above");
}
