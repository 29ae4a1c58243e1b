//! The log's other end: a full disk, a pipe whose reader has ended or does not read. Nobody who uses the server notices.

use futures_util::future::join_all;
use proto::call::{Call, CallError};

use crate::harness::{client::Client, http, room::NewRoom, server::TestServer};

/// Rooms that are made and used, each with look-ups that are refused, and so logged.
async fn is_of_use(server: &TestServer, rooms: usize) {
    for _ in 0..rooms / 10 {
        join_all((0..10).map(|_| a_room_with_refusals(server))).await;
    }
    assert_eq!(http::get(server.page, "/").await.status, 200);
    assert_eq!(http::get(server.page, "/health").await.status, 200);
}

async fn a_room_with_refusals(server: &TestServer) {
    let room = NewRoom::create(server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let program = client.program("client").await;
    refused_look_ups(&mut client, 50).await;
    let echo = client.connected(program, "tutorial", 7).await;
    client.send(program, echo, b"still here").await.expect("sent");
    assert_eq!(client.recv(program, echo, 100).await.expect("an echo"), &b"still here"[..]);
    client.leave().await;
}

async fn refused_look_ups(client: &mut Client, count: usize) {
    let program = client.program("client").await;
    for _ in 0..count {
        let call = Call::Resolve { name: "nowhere.example.org".to_owned(), family: None, port: 80 };
        let refused = client.call(program, call).await;
        assert!(matches!(refused, Err(CallError::Policy { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_log_on_a_full_disk_stops_nobody() {
    let server = TestServer::start_within("exec \"$@\" 2>/dev/full", &[]);
    is_of_use(&server, 10).await;
}

#[tokio::test]
async fn a_log_whose_reader_has_ended_stops_nobody() {
    let server = TestServer::start_within("exec \"$@\" 2> >(exec true)", &[]);
    is_of_use(&server, 10).await;
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_nobody() {
    let server = TestServer::start_unheard(&["--room-idle", "1"]);
    // More lines than a pipe takes.
    is_of_use(&server, 40).await;
}

/// Each refusal is a line, but not if a room asks for thousands.
#[tokio::test]
async fn what_one_room_has_logged_is_bounded_and_counted() {
    let server = TestServer::start(&["--room-idle", "1"]);
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    refused_look_ups(&mut client, 3000).await;
    client.leave().await;
    // Counted with the next that is written, and at the room's end.
    let all = |log: &str| recorded(log) + left_out(log) == 3000;
    server.logs("every refusal, written or counted", all).await;
    let lines = recorded(&server.log());
    assert!((1..300).contains(&lines), "{lines} lines");
}

fn recorded(log: &str) -> usize {
    log.lines().filter(|line| line.contains("nowhere.example.org")).count()
}

fn left_out(log: &str) -> usize {
    let counts = log.lines().filter_map(|line| line.split_once("left_out=").map(|(_, rest)| rest));
    counts.filter_map(|rest| rest.split(' ').next()?.parse::<usize>().ok()).sum()
}
