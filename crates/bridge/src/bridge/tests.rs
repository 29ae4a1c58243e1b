use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

use super::*;
use crate::{
    config::{Deadlines, Limits},
    quota::Resource,
};

struct Running {
    bridge: Bridge,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<io::Result<()>>,
}

async fn run(drain: Duration) -> Running {
    run_with(drain, Limits::default()).await
}

async fn run_with(drain: Duration, limits: Limits) -> Running {
    let deadlines = Deadlines { drain, ..Deadlines::default() };
    // No rooms here: what is tested does not need them.
    let keeper = Some("/bin/false".into());
    let bridge = Bridge::start(Config { deadlines, limits, keeper, ..Config::default() }).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = bridge.clone();
    let ended = tokio::spawn(async move {
        serving
            .serve(listener, async {
                let _ = stopped.await;
            })
            .await
    });
    Running { bridge, address, stop, ended }
}

async fn ask(address: SocketAddr, method: &str, path: &str, more: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n{more}connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

const UPGRADE: &str = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
     sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: wireside.1\r\n";

#[tokio::test]
async fn a_server_with_all_rooms_taken_is_not_ready() {
    let limits = Limits { rooms: 1, ..Limits::default() };
    let running = run_with(Duration::from_secs(1), limits).await;
    let quota = &running.bridge.shared.quota;
    let taken = quota.take(Resource::Room, running.address.ip()).unwrap();
    let full = ask(running.address, "GET", "/ready", "").await;
    assert!(full.starts_with("HTTP/1.1 503") && full.contains("server-rooms"), "{full}");
    drop(taken);
    let free = ask(running.address, "GET", "/ready", "").await;
    assert!(!free.contains("server-rooms"), "{free}");
}

#[tokio::test]
async fn while_draining_nobody_new_is_let_in_and_the_rest_may_finish() {
    let running = run(Duration::from_secs(3600)).await;
    let session = running.bridge.shared.drain.hold();
    assert!(ask(running.address, "GET", "/health", "").await.starts_with("HTTP/1.1 200"));
    running.stop.send(()).unwrap();
    running.bridge.shared.drain.begun().await;
    for (method, path, more) in
        [("GET", "/health", ""), ("POST", "/rooms", ""), ("GET", "/r/a-room/socket", UPGRADE)]
    {
        let answer = ask(running.address, method, path, more).await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{path}: {answer}");
        assert!(answer.contains("draining"), "{path}: {answer}");
    }
    assert!(ask(running.address, "GET", "/limits", "").await.starts_with("HTTP/1.1 200"));
    drop(session);
    running.ended.await.unwrap().unwrap();
    TcpStream::connect(running.address).await.unwrap_err();
}

#[tokio::test]
async fn a_drain_does_not_wait_for_ever() {
    let running = run(Duration::from_millis(50)).await;
    let _session = running.bridge.shared.drain.hold();
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    running.stop.send(()).unwrap();
    running.ended.await.unwrap().unwrap();
    // The connection that was in the middle of a request is gone as well.
    assert_eq!(idle.read(&mut [0; 64]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn settings_that_make_no_sense_are_named() {
    let start = |config| async { Bridge::start(config).await.unwrap_err() };
    let node = Config { node: "A/..".into(), ..Config::default() };
    assert_eq!(start(node).await, StartError::Node("A/..".into()));
    let name = Config { origins: vec!["*".into()], ..Config::default() };
    assert_eq!(start(name).await, StartError::Name("*".into()));
}
