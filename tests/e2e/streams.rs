//! Stream mode: bulk both ways, half-close, and memory that stays bounded when somebody stops reading.

use bytes::Bytes;
use proto::{
    call::{Call, CallError, Flags, Wait},
    id::{Fd, StreamId},
    limits,
};

use crate::harness::{
    client::{Client, Pair},
    room::NewRoom,
    server::TestServer,
};

const BULK: usize = 4 * 1024 * 1024;

/// Bytes that tell where in a stream they belong.
pub(crate) fn pattern(from: usize, length: usize) -> Bytes {
    (from..from + length).map(|at| (at % 251) as u8).collect()
}

/// One direction of a stream on its way: what has been sent and received.
pub(crate) struct Flow {
    pub(crate) from: StreamId,
    pub(crate) to: StreamId,
    pub(crate) total: usize,
    pub(crate) sent: usize,
    pub(crate) received: usize,
    finished: bool,
}

impl Flow {
    pub(crate) fn new(from: StreamId, to: StreamId, total: usize) -> Self {
        Self { from, to, total, sent: 0, received: 0, finished: false }
    }

    /// Sends and takes what is possible now; true when everything has arrived.
    pub(crate) fn step(&mut self, client: &mut Client) -> bool {
        self.send(client);
        while let Some(bytes) = client.stream_take(self.to) {
            assert!(bytes == pattern(self.received, bytes.len()), "wrong bytes at {}", self.received);
            self.received += bytes.len();
        }
        self.received == self.total && client.stream(self.to).finished
    }

    fn send(&mut self, client: &mut Client) {
        while self.sent < self.total {
            let room = client.endpoint().stream_room(self.from).min(self.total - self.sent);
            if room == 0 {
                return;
            }
            let bytes = pattern(self.sent, room);
            client.endpoint().stream_send(self.from, bytes).expect("within the credit");
            self.sent += room;
        }
        if !std::mem::replace(&mut self.finished, true) {
            client.endpoint().stream_finish(self.from);
        }
    }
}

pub(crate) async fn streams(client: &mut Client) -> (Pair, StreamId, StreamId) {
    let pair = client.pair(12345).await;
    let ours = client.stream_mode(pair.server, pair.ours);
    let theirs = client.stream_mode(pair.client, pair.theirs);
    (pair, ours, theirs)
}

#[tokio::test]
async fn bulk_both_ways_at_once_arrives_whole_and_ends_one_way_at_a_time() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let (_, ours, theirs) = streams(&mut client).await;
    let mut there = Flow::new(ours, theirs, BULK);
    let mut back = Flow::new(theirs, ours, BULK / 2);
    client
        .until("both directions", |client| {
            let done = [there.step(client), back.step(client)];
            (done == [true, true]).then_some(())
        })
        .await;
    client.endpoint().stream_close(ours);
    let ended = client.until("the stream's end", |client| client.stream(ours).ended.clone()).await;
    assert_eq!(ended, None, "closed as asked");
}

#[tokio::test]
async fn after_a_half_close_the_other_half_lives() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let (_, ours, theirs) = streams(&mut client).await;
    client.endpoint().stream_finish(theirs);
    client.until("the end of one half", |client| client.stream(ours).finished.then_some(())).await;
    let mut there = Flow::new(ours, theirs, 100_000);
    client.until("the other half", |client| there.step(client).then_some(())).await;
}

#[tokio::test]
async fn a_descriptor_leaves_stream_mode_and_is_an_ordinary_one_again() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let (pair, ours, _) = streams(&mut client).await;
    client.endpoint().stream_close(ours);
    client.until("the stream's end", |client| client.stream(ours).ended.clone()).await;
    let name = client.call(pair.server, Call::GetSockName { fd: pair.ours }).await;
    assert!(name.is_ok(), "{name:?}");
    let recv = Call::Recv { fd: pair.ours, flags: Flags::default(), max: 1 };
    let id = client.begin(pair.server, recv, Wait::Millis(10));
    assert_eq!(client.result(id).await.0, Err(CallError::TimedOut { taken: 0 }));
}

/// What nobody takes stays in the kernels, whose windows close; beyond the credit nothing comes to the page.
#[tokio::test]
async fn a_stream_that_nobody_takes_is_bounded_and_disturbs_nobody() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let (pair, ours, theirs) = streams(&mut client).await;
    let window = usize::try_from(limits::STREAM_WINDOW).expect("it fits");
    let mut there = Flow::new(ours, theirs, usize::MAX);
    client
        .until("the whole window", |client| {
            there.send(client);
            (client.stream_unused(theirs) >= window).then_some(())
        })
        .await;
    // Another connection of the same session goes on meanwhile.
    let echo = client.connected(pair.client, "tutorial", 7).await;
    for _ in 0..20 {
        client.send(pair.client, echo, b"still there").await.expect("sent");
        there.send(&mut client);
        assert_eq!(client.recv(pair.client, echo, 100).await.expect("an echo"), &b"still there"[..]);
    }
    assert_eq!(client.stream_unused(theirs), window, "not a byte beyond the credit");
    assert!(there.sent < 8 * window, "the sender was stopped: {} bytes", there.sent);
    // Once somebody takes them, they come.
    there.total = there.sent;
    client.until("the rest", |client| there.step(client).then_some(())).await;
}

#[tokio::test]
async fn a_stream_on_what_is_no_connection_ends_at_once() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let program = client.program("client").await;
    let stream = client.stream_mode(program, Fd(77));
    let ended = client.until("the stream's end", |client| client.stream(stream).ended.clone()).await;
    assert!(ended.is_some(), "with its reason");
    // A peer that breaks the connection off ends its stream with the reason.
    let (pair, ours, _) = streams(&mut client).await;
    let linger = proto::call::OptionValue::Linger(Some(0));
    let name = proto::call::OptionName::Linger;
    client.call(pair.client, Call::SetSockOpt { fd: pair.theirs, name, value: linger }).await.expect("set");
    client.close_fd(pair.client, pair.theirs).await.expect("closed");
    let ended = client.until("the stream's end", |client| client.stream(ours).ended.clone()).await;
    assert!(matches!(ended, Some(CallError::Errno { .. })), "{ended:?}");
}
