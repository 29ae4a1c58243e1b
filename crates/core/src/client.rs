//! The page's end of one session, without I/O and without a clock: time is an argument, a [`Duration`] since any
//! fixed moment.
//!
//! Methods are of four kinds, as in [`crate::server`]. The endpoint outlives connections: calls made while there is
//! none wait for the next one.

mod event;
mod inbox;
mod keepalive;
mod requests;
mod streams;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use bytes::Bytes;

pub use self::event::ClientEvent;
use self::{inbox::Inbox, keepalive::Keepalive, streams::Stream};

use crate::{
    call::{Call, CallError, Wait},
    endpoint::Endpoint,
    error::DecodeError,
    frame::{self, Kind, prefix, to_bytes, whole},
    id::{CallId, ProgramId, StreamId},
    limits::{self, Limit},
    message::{ClientMessage, Continue, Hello, Notice, Refusal, Secret, ServerMessage, Snapshot, Welcome},
    message_limits,
    rules::ProtocolRule,
    trace::Event,
};

/// A good size for one WebSocket message of a page, in bytes: with its own head it is just not longer than a segment of
/// 64 KiB, the largest that TCP sends at once. Messages that come to a page are smaller: they may be a keypress's echo
/// behind those of a bulk.
pub const BATCH: usize = limits::MESSAGE - 128;

/// How long a room's node may be away before its rooms are taken to have ended with it. A node that was only late for two of a door's
/// questions is back by then.
pub const NODE_AWAY: Duration = Duration::from_secs(4);

/// Where the session stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// No connection; one will be tried when [`Client::poll_timeout`] says.
    #[default]
    Waiting,
    /// A connection, not welcomed yet.
    Greeting,
    /// All works.
    Live,
    /// The server refused; nothing more happens by itself.
    Over,
}

/// Where in a program a call is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The line of its text, from 1.
    pub line: Option<u32>,
    /// The name of the thread, where it has several: at most [`limits::NAME`] characters.
    pub thread: Option<String>,
}

/// The page's end of one session.
#[derive(Debug)]
pub struct Client {
    key: Secret,
    name: String,
    token: Option<Secret>,
    /// The state that belongs to `token` is here: resume rather than re-attach.
    has_state: bool,
    state: State,
    endpoint: Endpoint,
    events: VecDeque<ClientEvent>,
    inbox: Inbox,
    next_call: u32,
    streams: BTreeMap<StreamId, Stream>,
    next_stream: u32,
    /// The next `seq` of the trace, while subscribed.
    trace: Option<u64>,
    keepalive: Keepalive,
    /// Since when the room's node does not answer.
    away_since: Option<Duration>,
}

impl Client {
    /// A session to be begun with a room's `key`, or re-attached to with the token of its last [`Snapshot`].
    /// `name` is cut to [`limits::NAME`] characters. The first event is [`ClientEvent::Connect`].
    pub fn new(key: Secret, name: &str, reattach: Option<Secret>) -> Self {
        Self {
            key,
            name: name.chars().take(limits::NAME).collect(),
            token: reattach,
            has_state: false,
            state: State::Waiting,
            endpoint: Endpoint::default(),
            events: VecDeque::from([ClientEvent::Connect]),
            inbox: Inbox::default(),
            next_call: 0,
            streams: BTreeMap::new(),
            next_stream: 0,
            trace: None,
            keepalive: Keepalive::default(),
            away_since: None,
        }
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Calls and requests that have not ended.
    pub fn outstanding(&self) -> impl Iterator<Item = CallId> {
        self.inbox.outstanding()
    }

    /// How long the server keeps the session after the connection was lost; none while it is there.
    pub fn resume_left(&self, now: Duration) -> Option<Duration> {
        self.keepalive.resume_left(now)
    }

    /// A WebSocket is being opened, as asked for by [`ClientEvent::Connect`]. If it takes too long, the next event
    /// will be [`ClientEvent::Disconnect`].
    pub fn connecting(&mut self, now: Duration) {
        self.keepalive.connecting(now);
    }

    /// A WebSocket is open: transmit what [`Client::poll_transmit`] gives.
    pub fn connected(&mut self, now: Duration) {
        let session = self
            .token
            .map(|token| Continue { token, received: self.has_state.then(|| self.endpoint.link.received()) });
        let hello = Hello { key: self.key, name: self.name.clone(), session };
        self.endpoint.disconnected();
        self.endpoint.link.open(frame::encode_hello(&hello));
        self.endpoint.link.block();
        self.state = State::Greeting;
        self.keepalive.connecting(now);
    }

    /// The server closed the WebSocket with this code (RFC 6455 section 7.4), or the browser says so with another;
    /// otherwise as [`Client::disconnected`].
    pub fn closed(&mut self, code: u16, now: Duration, random: f64) {
        let notice = match code {
            crate::CLOSE_TAKEN_OVER => Notice::TakenOver,
            crate::CLOSE_ROOM_ENDED => Notice::RoomEnded,
            crate::CLOSE_REMOVED => Notice::Removed,
            _ => return self.disconnected(now, random),
        };
        if self.state != State::Over {
            self.notice(notice);
        }
    }

    /// The WebSocket is gone, or could not be opened. `random` is evenly spread over 0.0 to 1.0; it spreads the
    /// next tries of many pages.
    pub fn disconnected(&mut self, now: Duration, random: f64) {
        self.endpoint.disconnected();
        if self.state != State::Over {
            self.state = State::Waiting;
            self.keepalive.disconnected(now, random);
        }
    }

    /// Tries the next connection at once: the network is back, or a person asked.
    pub fn retry_now(&mut self, now: Duration) {
        if self.state == State::Waiting {
            self.keepalive.retry_now(now);
        }
    }

    /// Ends for good, without another event. Nothing is said to the server; see [`Client::bye`].
    pub fn close(&mut self) {
        self.end();
        self.events.clear();
    }

    fn end(&mut self) {
        self.endpoint.disconnected();
        self.state = State::Over;
        self.keepalive = Keepalive::default();
    }

    /// Forgets the session that is over and begins a new one. Calls that had not ended never will.
    pub fn restart(&mut self) {
        *self = Self::new(self.key, &self.name, None);
    }

    /// One WebSocket binary message came.
    ///
    /// # Errors
    /// The server broke the wire format: close the connection.
    pub fn handle_message(&mut self, message: Bytes, now: Duration) -> Result<(), DecodeError> {
        self.keepalive.on_receive(now);
        self.endpoint.link.push(message)?;
        while let Some(frame) = self.endpoint.link.next_frame()? {
            self.handle_frame(frame.kind, &frame.body, now)?;
        }
        Ok(())
    }

    fn handle_frame(&mut self, kind: Kind, body: &Bytes, now: Duration) -> Result<(), DecodeError> {
        match (self.state, kind) {
            (State::Greeting, Kind::Welcome) => self.handle_welcome(whole(body, "Welcome")?, now),
            (State::Live, Kind::Control) => {
                let (message, payload) = prefix(body, "ServerMessage")?;
                self.handle_control(message, payload)
            }
            (State::Live, Kind::Data) => {
                let (id, bytes) = prefix::<CallId>(body, "Data")?;
                self.events.extend(self.inbox.data(id, &bytes)?);
                Ok(())
            }
            (State::Live, Kind::Stream) => {
                let (stream, data) = prefix(body, "Stream")?;
                self.handle_stream(stream, data)
            }
            (State::Live, Kind::Ack) => self.endpoint.link.handle_ack(body).map(drop),
            (State::Live, Kind::Trace) => self.handle_trace(body),
            (State::Live, Kind::Skipped) => {
                self.events.push_back(ClientEvent::Skipped(whole(body, "Skipped")?));
                Ok(())
            }
            (State::Live, Kind::Pong) if body.is_empty() => Ok(()),
            // The rest of a connection that is being given up.
            (State::Over, _) => Ok(()),
            (State::Greeting, _) => Err(DecodeError::Unexpected { kind, state: "before welcome" }),
            _ => Err(DecodeError::Unexpected { kind, state: "from the server in a session" }),
        }
    }

    fn handle_welcome(&mut self, welcome: Welcome, now: Duration) -> Result<(), DecodeError> {
        match welcome {
            Welcome::Begun(_) if self.has_state => {
                return Err(DecodeError::Unexpected {
                    kind: Kind::Welcome,
                    state: "that begins what was to resume",
                });
            }
            Welcome::Begun(snapshot) => self.begin(snapshot),
            Welcome::Resumed { received } => {
                if !self.has_state || self.endpoint.link.resume(received).is_err() {
                    self.refuse(Refusal::Gap);
                    return Ok(());
                }
                self.events.push_back(ClientEvent::Resumed);
                if let Some(from) = self.trace {
                    self.control(&ClientMessage::Subscribe { from });
                }
            }
            Welcome::Refused(Refusal::NodeAway) => {
                self.node_away(now);
                return Ok(());
            }
            Welcome::Refused(refusal) => {
                self.refuse(refusal);
                return Ok(());
            }
        }
        self.away_since = None;
        self.endpoint.link.unblock();
        self.state = State::Live;
        self.keepalive.welcomed(now);
        Ok(())
    }

    fn begin(&mut self, snapshot: Box<Snapshot>) {
        self.token = Some(snapshot.token);
        self.has_state = true;
        self.next_call = snapshot.next_call;
        self.next_stream = snapshot.next_stream;
        for (id, _, _) in &snapshot.waiting {
            self.inbox.expect(*id);
        }
        self.events.push_back(ClientEvent::Begun(snapshot));
    }

    /// Another node answers in the place of the room's. Whoever has waited long enough for that one has no room any more.
    fn node_away(&mut self, now: Duration) {
        let since = *self.away_since.get_or_insert(now);
        if now.saturating_sub(since) >= NODE_AWAY {
            return self.refuse(Refusal::NoRoom);
        }
        self.keepalive.node_away();
        self.events.extend([ClientEvent::NodeAway, ClientEvent::Disconnect]);
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.end();
        self.events.push_back(ClientEvent::Refused(refusal));
    }

    fn handle_control(&mut self, message: ServerMessage, payload: Bytes) -> Result<(), DecodeError> {
        if let ServerMessage::Result { id, outcome } = message {
            self.events.extend(self.inbox.result(id, outcome, payload)?);
            return Ok(());
        }
        if !payload.is_empty() {
            return Err(DecodeError::Trailing { field: "ServerMessage", bytes: payload.len() });
        }
        match message {
            ServerMessage::Program { id, program } => {
                if self.inbox.forget(id) {
                    self.events.push_back(ClientEvent::Program { id, program });
                }
            }
            ServerMessage::StreamCredit { stream, total } => {
                if let Some(entry) = self.streams.get_mut(&stream) {
                    entry.outgoing.raise(total);
                }
                self.wake_streams();
            }
            ServerMessage::StreamFinished { stream } => {
                if let Some(entry) = self.streams.get_mut(&stream) {
                    entry.incoming.finished = true;
                    self.events.push_back(ClientEvent::StreamFinished { stream });
                }
            }
            ServerMessage::StreamEnded { stream, error } => {
                if self.streams.remove(&stream).is_some() {
                    self.events.push_back(ClientEvent::StreamEnded { stream, error });
                }
            }
            ServerMessage::Notice(notice) => self.notice(notice),
            ServerMessage::Result { .. } => {}
        }
        Ok(())
    }

    fn notice(&mut self, notice: Notice) {
        // Connecting again would take the session back from the other page, or find no room or no session.
        if matches!(notice, Notice::TakenOver | Notice::RoomEnded | Notice::Removed) {
            self.end();
        }
        self.events.push_back(ClientEvent::Notice(notice));
    }

    /// Passes events on from the first that is new: after a resume the first ones may be known.
    fn handle_trace(&mut self, body: &Bytes) -> Result<(), DecodeError> {
        let Some(next) = self.trace.as_mut() else { return Ok(()) };
        let mut rest = body.clone();
        let mut new = Bytes::new();
        while !rest.is_empty() {
            let (event, after) = prefix::<Event>(&rest, "Event")?;
            if new.is_empty() && event.seq >= *next {
                new = rest;
            }
            *next = (*next).max(event.seq.saturating_add(1));
            rest = after;
        }
        if !new.is_empty() {
            self.events.push_back(ClientEvent::Trace(new));
        }
        Ok(())
    }

    /// What came in or must be done, in order.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// When [`Client::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.keepalive.poll_timeout()
    }

    /// Time has passed. Events and something to transmit may follow.
    pub fn handle_timeout(&mut self, now: Duration) {
        match self.keepalive.handle_timeout(now) {
            Some(keepalive::KeepaliveAction::Connect) => self.events.push_back(ClientEvent::Connect),
            Some(keepalive::KeepaliveAction::Ping) => self.endpoint.probe(Kind::Ping),
            Some(keepalive::KeepaliveAction::Disconnect) => self.events.push_back(ClientEvent::Disconnect),
            None => {}
        }
    }

    /// The next WebSocket message, of at most `max` bytes ([`BATCH`] is a good value) or one frame. Ask only when
    /// the WebSocket's own queue is short: what waits here can still be overtaken.
    pub fn poll_transmit(&mut self, max: usize) -> Option<Bytes> {
        let message = self.endpoint.poll_transmit(max)?;
        self.wake_streams();
        Some(message)
    }

    /// Makes a call. Its result comes as [`ClientEvent::Result`] with the number returned.
    ///
    /// # Errors
    /// A limit that the server would refuse it for, or a payload that is not as long as the call says.
    pub fn call(
        &mut self,
        program: ProgramId,
        call: Call,
        wait: Wait,
        payload: Bytes,
    ) -> Result<CallId, CallError> {
        self.call_from(program, call, wait, Origin::default(), payload)
    }

    /// The same, made from a place in the program.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn call_from(
        &mut self,
        program: ProgramId,
        call: Call,
        wait: Wait,
        origin: Origin,
        payload: Bytes,
    ) -> Result<CallId, CallError> {
        let Origin { line, thread } = origin;
        message_limits::check_call(&call)?;
        message_limits::check_thread(thread.as_deref())?;
        if call.payload_length() as usize != payload.len() {
            return Err(ProtocolRule::PayloadLength.broken());
        }
        let id = self.number()?;
        let message = ClientMessage::Call { id, program, call, wait, line, thread };
        self.endpoint.schedule.call(id, &to_bytes(&message), payload);
        Ok(id)
    }

    /// Ends a waiting call with its real result or EINTR; a call that has ended stays ended.
    pub fn cancel(&mut self, id: CallId) {
        if self.inbox.expects(id) {
            self.control(&ClientMessage::Cancel { id });
        }
    }

    /// Asks for the trace from `from` on (0: from the oldest kept event), then live; again after every resume.
    pub fn subscribe(&mut self, from: u64) {
        self.trace = Some(from);
        self.control(&ClientMessage::Subscribe { from });
    }

    fn request(&mut self, message: impl FnOnce(CallId) -> ClientMessage) -> Result<CallId, CallError> {
        let message = message(CallId(self.next_call));
        message_limits::check_request(&message)?;
        let id = self.number()?;
        self.control(&message);
        Ok(id)
    }

    fn number(&mut self) -> Result<CallId, CallError> {
        if self.inbox.len() >= limits::OUTSTANDING_CALLS {
            return Err(Limit::OutstandingCalls.reached());
        }
        let id = CallId(self.next_call);
        self.next_call += 1;
        self.inbox.expect(id);
        Ok(id)
    }

    fn control(&mut self, message: &ClientMessage) {
        self.endpoint.schedule.control(to_bytes(message));
    }
}
