//! A native client: the protocol's own endpoint over a real WebSocket. It reads only while a test waits for something,
//! so that a test can stop reading.

mod calls;
mod streams;

use std::{
    collections::HashMap,
    future::poll_fn,
    pin::Pin,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{Sink, SinkExt as _, StreamExt as _};
use proto::{
    call::Outcome,
    client::{BATCH, Client as Endpoint, ClientEvent},
    id::{CallId, HostId, ProgramId, StreamId},
    message::{Notice, Refusal, Secret, Snapshot},
    trace::Event,
};
use tokio_tungstenite::tungstenite::{Error, Message};

pub(crate) use self::calls::Pair;
use self::streams::Incoming;
use super::{
    in_time,
    raw::{self, Socket},
    room::Link,
    trace,
};

/// A person in a room, by program.
pub(crate) struct Client {
    endpoint: Endpoint,
    link: Link,
    socket: Option<Socket>,
    born: Instant,
    snapshot: Option<Snapshot>,
    refusal: Option<Refusal>,
    results: HashMap<CallId, (Outcome, Bytes)>,
    programs: HashMap<CallId, ProgramId>,
    streams: HashMap<StreamId, Incoming>,
    /// Told since the beginning, in order.
    pub(crate) notices: Vec<Notice>,
    /// Trace events, from [`Client::subscribe`] on.
    pub(crate) events: Vec<Event>,
    /// Events that were left out.
    pub(crate) skipped: u64,
    /// How often the session was resumed.
    pub(crate) resumed: usize,
    /// How often another node answered in the place of the room's.
    pub(crate) node_away: usize,
    /// How the last connection was closed.
    pub(crate) close: Option<(u16, String)>,
}

impl Client {
    /// Comes in with a new session.
    ///
    /// # Panics
    /// With the refusal.
    pub(crate) async fn join(link: &Link, name: &str) -> Self {
        Self::enter(link, name, None).await.expect("a session")
    }

    /// Comes in with a new session, or not.
    pub(crate) async fn try_join(link: &Link, name: &str) -> Result<Self, Refusal> {
        Self::enter(link, name, None).await
    }

    /// Comes back without its state, as after a reload.
    pub(crate) async fn reattach(link: &Link, token: Secret) -> Result<Self, Refusal> {
        Self::enter(link, "back", Some(token)).await
    }

    async fn enter(link: &Link, name: &str, token: Option<Secret>) -> Result<Self, Refusal> {
        let mut client = Self {
            endpoint: Endpoint::new(link.key, name, token),
            link: link.clone(),
            socket: None,
            born: Instant::now(),
            snapshot: None,
            refusal: None,
            results: HashMap::new(),
            programs: HashMap::new(),
            streams: HashMap::new(),
            notices: Vec::new(),
            events: Vec::new(),
            skipped: 0,
            resumed: 0,
            node_away: 0,
            close: None,
        };
        let answered = |client: &mut Self| match (client.refusal.take(), &client.snapshot) {
            (Some(refusal), _) => Some(Err(refusal)),
            (None, Some(_)) => Some(Ok(())),
            (None, None) => None,
        };
        client.until("a welcome", answered).await.map(|()| client)
    }

    /// The room as it was at the welcome.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        self.snapshot.as_ref().expect("welcomed")
    }

    /// The machine with this name, at the welcome.
    pub(crate) fn host(&self, name: &str) -> HostId {
        let found = self.snapshot().hosts.iter().find(|host| host.name == name);
        found.unwrap_or_else(|| panic!("no machine {name} in {:?}", self.snapshot().hosts)).id
    }

    /// The machine this person came with.
    pub(crate) fn own_host(&self) -> HostId {
        let snapshot = self.snapshot();
        let me = snapshot.members.iter().find(|member| member.id == snapshot.member);
        me.and_then(|me| me.host).expect("a machine of one's own")
    }

    /// The endpoint itself, for what has no name here.
    pub(crate) fn endpoint(&mut self) -> &mut Endpoint {
        &mut self.endpoint
    }

    // Connection

    fn now(&self) -> Duration {
        self.born.elapsed()
    }

    /// Cuts the connection off, with a reset where bytes are on their way. The next wait resumes the session.
    pub(crate) fn cut(&mut self) {
        if let Some(socket) = self.socket.take() {
            let _unset = socket.get_ref().set_zero_linger();
        }
        let now = self.now();
        self.endpoint.disconnected(now, 0.0);
        self.endpoint.retry_now(now);
    }

    /// Goes away without a word to the session; its token brings it back.
    pub(crate) fn vanish(mut self) -> Secret {
        let token = self.snapshot().token;
        self.cut();
        token
    }

    /// Leaves as a page does that is closed.
    pub(crate) async fn leave(mut self) {
        self.endpoint.bye();
        self.flush().await;
        if let Some(mut socket) = self.socket.take() {
            let _gone = in_time("a goodbye to be sent", socket.close(None)).await;
        }
    }

    /// Sends what there is to send.
    pub(crate) async fn flush(&mut self) {
        let Some(socket) = &mut self.socket else { return };
        in_time("bytes to be sent", transmit(socket, &mut self.endpoint)).await.expect("sent");
    }

    /// Waits until `find` finds something, reading and writing meanwhile.
    ///
    /// # Panics
    /// When it does not come.
    pub(crate) async fn until<T>(&mut self, what: &str, mut find: impl FnMut(&mut Self) -> Option<T>) -> T {
        let search = async {
            loop {
                while let Some(event) = self.endpoint.poll_event() {
                    self.take(event).await;
                }
                if let Some(found) = find(self) {
                    return found;
                }
                self.turn().await;
            }
        };
        in_time(what, search).await
    }

    /// Takes in what has come, and waits for the next message or a moment of the endpoint's clock.
    pub(crate) async fn hear(&mut self) {
        self.turn().await;
        while let Some(event) = self.endpoint.poll_event() {
            self.take(event).await;
        }
    }

    /// The end of a call, if it has been heard.
    pub(crate) fn ended(&mut self, id: CallId) -> Option<(Outcome, Bytes)> {
        self.results.remove(&id)
    }

    /// The program that was asked for, once it has begun.
    pub(crate) fn began(&mut self, id: CallId) -> Option<ProgramId> {
        self.programs.remove(&id)
    }

    /// One message in, everything out that can go, or the endpoint's clock.
    async fn turn(&mut self) {
        let due = self.endpoint.poll_timeout();
        let due = tokio::time::Instant::from_std(self.born + due.unwrap_or(Duration::from_secs(3600)));
        let Some(socket) = &mut self.socket else {
            tokio::time::sleep_until(due).await;
            return self.endpoint.handle_timeout(self.born.elapsed());
        };
        let message = {
            let (mut sink, mut stream) = socket.split();
            // Reading goes on while writing waits: neither end may wait for the other.
            let writing = async {
                match transmit(&mut sink, &mut self.endpoint).await {
                    Ok(()) => std::future::pending().await,
                    Err(error) => Some(Some(Err(error))),
                }
            };
            tokio::select! {
                message = stream.next() => Some(message),
                broken = writing => broken,
                () = tokio::time::sleep_until(due) => None,
            }
        };
        match message {
            None => self.endpoint.handle_timeout(self.born.elapsed()),
            Some(message) => self.receive(message),
        }
    }

    fn receive(&mut self, message: Option<Result<Message, Error>>) {
        let now = self.now();
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                self.endpoint.handle_message(bytes, now).expect("the server keeps to the format");
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(close))) => {
                self.close = Some(close.map_or((1005, String::new()), |close| {
                    (close.code.into(), close.reason.as_str().to_owned())
                }));
            }
            Some(Ok(other)) => panic!("not binary: {other:?}"),
            Some(Err(_)) | None => {
                self.socket = None;
                let code = self.close.as_ref().map_or(1006, |(code, _)| *code);
                self.endpoint.closed(code, now, 0.0);
            }
        }
    }

    async fn take(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Connect => self.connect().await,
            ClientEvent::Disconnect => self.cut(),
            ClientEvent::Begun(snapshot) => self.snapshot = Some(*snapshot),
            ClientEvent::Resumed => self.resumed += 1,
            ClientEvent::NodeAway => self.node_away += 1,
            ClientEvent::Refused(refusal) => self.refusal = Some(refusal),
            ClientEvent::Result { id, outcome, payload } => {
                let before = self.results.insert(id, (outcome, payload));
                assert!(before.is_none(), "call {id} ended twice");
            }
            ClientEvent::Program { id, program } => drop(self.programs.insert(id, program)),
            ClientEvent::StreamData { stream, data } => self.stream(stream).chunks.push_back(data),
            ClientEvent::StreamFinished { stream } => self.stream(stream).finished = true,
            ClientEvent::StreamEnded { stream, error } => self.stream(stream).ended = Some(error),
            ClientEvent::StreamRoom { .. } => {}
            ClientEvent::Trace(bytes) => self.events.extend(trace::decode(&bytes)),
            ClientEvent::Skipped(count) => self.skipped += count,
            ClientEvent::Notice(notice) => self.notices.push(notice),
        }
    }

    async fn connect(&mut self) {
        self.close = None;
        self.endpoint.connecting(self.born.elapsed());
        let request = raw::request(self.link.server, &self.link.room, &[]);
        match raw::open(request, self.link.dial, self.link.from).await {
            Ok(socket) => {
                self.socket = Some(socket);
                self.endpoint.connected(self.born.elapsed());
            }
            Err(error) => {
                assert!(self.snapshot.is_some(), "no WebSocket: {error}");
                self.endpoint.disconnected(self.born.elapsed(), 0.0);
            }
        }
    }

    /// Lets the kernel keep only little of what this person does not read.
    pub(crate) fn hears_little(&self) {
        let socket = self.socket.as_ref().expect("a connection").get_ref();
        rustix::net::sockopt::set_socket_recv_buffer_size(socket, 4096).expect("an option");
    }

    /// Asks for the trace from its beginning.
    pub(crate) fn subscribe(&mut self) {
        self.endpoint.subscribe(0);
    }

    /// Waits until the trace satisfies `until`.
    pub(crate) async fn trace_until(&mut self, until: impl Fn(&[Event]) -> bool) {
        let search = async {
            while !until(&self.events) {
                while let Some(event) = self.endpoint.poll_event() {
                    self.take(event).await;
                }
                if until(&self.events) {
                    return;
                }
                self.turn().await;
            }
        };
        if tokio::time::timeout(super::PATIENCE, search).await.is_err() {
            panic!("the trace never came to it:\n{}", trace::lines(&self.events));
        }
    }
}

/// Writes all there is to write. Can be dropped anywhere: no message is lost.
async fn transmit(
    mut sink: impl Sink<Message, Error = Error> + Unpin,
    endpoint: &mut Endpoint,
) -> Result<(), Error> {
    loop {
        poll_fn(|cx| Pin::new(&mut sink).poll_ready(cx)).await?;
        let Some(message) = endpoint.poll_transmit(BATCH) else { break };
        Pin::new(&mut sink).start_send(Message::Binary(message))?;
        sink.flush().await?;
    }
    sink.flush().await
}
