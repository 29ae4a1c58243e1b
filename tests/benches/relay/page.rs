//! Our peer's client: one page on one WebSocket, all of it in the caller's task, so that nothing is measured but the
//! server and what any page has to do.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use proto::{
    call::{Call, Family, Kind, Outcome, Value, Wait},
    client::{BATCH, Client, ClientEvent},
    id::{CallId, Fd, HostId, ProgramId, StreamId},
    limits,
    room::Lifetime,
};
use tokio_tungstenite::tungstenite::Message;

use super::harness::{
    raw::{self, Socket},
    room::Link,
};

/// What is uploaded, again and again: as much at once as the plain relay's client sends.
const CHUNK: usize = 64 * 1024;

/// A connected socket in stream mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) fd: Fd,
    pub(crate) stream: StreamId,
}

/// A page.
pub(crate) struct Page {
    endpoint: Client,
    socket: Socket,
    born: Instant,
    program: ProgramId,
    targets: Vec<SocketAddr>,
    /// Which of them is connected to next; only set-up goes on.
    target: usize,
    /// Bytes that have come of each stream.
    received: HashMap<StreamId, u64>,
    /// Streams whose bytes are left lying.
    unread: BTreeSet<StreamId>,
    /// Streams that are sent on as fast as they take it, and how much they took.
    uploads: BTreeMap<StreamId, u64>,
    /// Calls and requests that have ended, oldest first.
    pub(crate) results: VecDeque<(CallId, Outcome)>,
    programs: HashMap<CallId, ProgramId>,
    chunk: Bytes,
}

impl Page {
    /// Comes in and starts a program.
    pub(crate) async fn enter(link: &Link, targets: &[SocketAddr]) -> Self {
        let mut page = Self::join(link, targets).await;
        let asked =
            page.endpoint.open_program(HostId(2), "bench", Lifetime::Page).expect("within the limits");
        page.program = loop {
            if let Some(program) = page.programs.remove(&asked) {
                break program;
            }
            page.turn().await;
        };
        page
    }

    /// Comes in and is welcomed.
    pub(crate) async fn join(link: &Link, targets: &[SocketAddr]) -> Self {
        let request = raw::request(link.server, &link.room, &[]);
        let socket = raw::open(request, link.server, link.from).await.expect("a WebSocket");
        let mut page = Self {
            endpoint: Client::new(link.key, "bench", None),
            socket,
            born: Instant::now(),
            program: ProgramId(0),
            targets: targets.to_owned(),
            target: 0,
            received: HashMap::new(),
            unread: BTreeSet::new(),
            uploads: BTreeMap::new(),
            results: VecDeque::new(),
            programs: HashMap::new(),
            chunk: Bytes::from(vec![7; CHUNK]),
        };
        page.endpoint.connected(Duration::ZERO);
        while page.endpoint.state() != proto::client::State::Live {
            page.turn().await;
        }
        page
    }

    /// Sends what there is to send, waits for one message, and takes what it says.
    pub(crate) async fn turn(&mut self) {
        self.transmit().await;
        match self.socket.next().await {
            Some(Ok(Message::Binary(bytes))) => {
                self.endpoint
                    .handle_message(bytes, self.born.elapsed())
                    .expect("the server keeps to the format");
                self.take_events();
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("the WebSocket ended: {other:?}"),
        }
    }

    /// Takes turns until `end`. Nothing is lost when it comes in the middle of one.
    pub(crate) async fn run_until(&mut self, end: Instant) {
        let running = async {
            loop {
                self.turn().await;
            }
        };
        let _over = tokio::time::timeout_at(end.into(), running).await;
    }

    async fn transmit(&mut self) {
        self.fill();
        while let Some(message) = self.endpoint.poll_transmit(BATCH) {
            self.socket.send(Message::Binary(message)).await.expect("sent");
            self.fill();
        }
    }

    fn fill(&mut self) {
        for (stream, sent) in &mut self.uploads {
            let room = self.endpoint.stream_room(*stream).min(CHUNK);
            if room > 0 && self.endpoint.stream_send(*stream, self.chunk.slice(..room)).is_ok() {
                *sent += room as u64;
            }
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                ClientEvent::StreamData { stream, data } => {
                    *self.received.entry(stream).or_default() += data.len() as u64;
                    if !self.unread.contains(&stream) {
                        self.endpoint.stream_consumed(stream, data.len());
                    }
                }
                ClientEvent::Result { id, outcome, .. } => self.results.push_back((id, outcome)),
                ClientEvent::Program { id, program } => drop(self.programs.insert(id, program)),
                ClientEvent::StreamEnded { stream, error } => {
                    assert_eq!(error, None, "stream {stream} broke");
                }
                ClientEvent::Notice(notice) => panic!("{notice:?}"),
                _ => {}
            }
        }
    }

    /// Begins `socket()`.
    pub(crate) fn begin_socket(&mut self) -> CallId {
        self.begin(Call::Socket { family: Family::Inet, kind: Kind::Stream })
    }

    fn begin(&mut self, call: Call) -> CallId {
        self.endpoint.call(self.program, call, Wait::Forever, Bytes::new()).expect("within the limits")
    }

    /// Begins to connect, and to send `first`, without waiting for anything.
    pub(crate) fn begin_stream(&mut self, fd: Fd, first: &[u8]) -> Open {
        let address = self.targets[self.target % self.targets.len()];
        self.begin(Call::Connect { fd, address: address.into() });
        let stream =
            self.endpoint.open_stream(self.program, fd, limits::STREAM_WINDOW).expect("within the limits");
        self.send(stream, first);
        Open { fd, stream }
    }

    /// The next connection goes to another of the target's ports.
    pub(crate) fn next_target(&mut self) {
        self.target += 1;
    }

    /// Ends a connection, without waiting for it.
    pub(crate) fn begin_close(&mut self, open: Open) {
        self.endpoint.stream_close(open.stream);
        self.begin(Call::Close { fd: open.fd });
        self.received.remove(&open.stream);
        self.uploads.remove(&open.stream);
        self.unread.remove(&open.stream);
    }

    /// The next of `results`, in the order in which they came; each must be a success.
    pub(crate) fn next_result(&mut self) -> Option<(CallId, Value)> {
        let (id, outcome) = self.results.pop_front()?;
        Some((id, outcome.unwrap_or_else(|error| panic!("call {id}: {error:?}"))))
    }

    /// Waits for the results of everything begun.
    pub(crate) async fn settle(&mut self) {
        while self.endpoint.outstanding().next().is_some() {
            self.turn().await;
        }
        while self.next_result().is_some() {}
    }

    /// A connected socket in stream mode whose first byte was `mode`.
    pub(crate) async fn open(&mut self, mode: u8) -> Open {
        let asked = self.begin_socket();
        let fd = loop {
            match self.next_result() {
                Some((id, Value::Descriptor(fd))) if id == asked => break fd,
                Some(_) => {}
                None => self.turn().await,
            }
        };
        let open = self.begin_stream(fd, &[mode]);
        self.settle().await;
        open
    }

    /// Several of them.
    pub(crate) async fn open_many(&mut self, mode: u8, count: usize) -> Vec<Open> {
        let mut open = Vec::new();
        for _ in 0..count {
            open.push(self.open(mode).await);
        }
        open
    }

    /// Ends connections and waits for that.
    pub(crate) async fn close(&mut self, all: impl IntoIterator<Item = Open>) {
        all.into_iter().for_each(|open| self.begin_close(open));
        self.settle().await;
    }

    /// Sends bytes, which must be few.
    pub(crate) fn send(&mut self, stream: StreamId, bytes: &[u8]) {
        let sent = self.endpoint.stream_send(stream, Bytes::copy_from_slice(bytes));
        sent.expect("within the credit");
    }

    /// Sends as fast as the stream takes it, from now on.
    pub(crate) fn upload(&mut self, stream: StreamId) {
        self.uploads.insert(stream, 0);
    }

    /// Bytes that were sent so on all streams.
    pub(crate) fn uploaded(&self) -> u64 {
        self.uploads.values().sum()
    }

    /// Says goodbye: its programs end.
    pub(crate) async fn bye(&mut self) {
        self.uploads.clear();
        self.endpoint.bye();
        self.transmit().await;
    }

    /// Leaves what comes of a stream lying.
    pub(crate) fn stop_reading(&mut self, stream: StreamId) {
        self.unread.insert(stream);
    }

    /// Bytes that have come of a stream.
    pub(crate) fn received(&self, stream: StreamId) -> u64 {
        self.received.get(&stream).copied().unwrap_or(0)
    }

    /// Sends 64 bytes and waits for them to come back; everything else goes on meanwhile.
    pub(crate) async fn echo(&mut self, stream: StreamId) -> Duration {
        let whole = self.received(stream) + super::rows::SMALL.len() as u64;
        let began = Instant::now();
        self.send(stream, &super::rows::SMALL);
        while self.received(stream) < whole {
            self.turn().await;
        }
        began.elapsed()
    }
}
