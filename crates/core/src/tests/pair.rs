//! A page and a server joined by two byte queues, and a scripted bridge behind the server.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;

use crate::{
    call::{Call, Value},
    client::{Client, ClientEvent},
    endpoint::BATCH,
    error::DecodeError,
    frame,
    id::{CallId, MemberId, ProgramId, StreamId},
    message::{ClientMessage, Features, Links, Refusal, ServerMessage, Snapshot, Welcome},
    room::{Role, WireSettings},
    server::{Server, ServerEvent},
};

/// The program of most tests.
pub(super) const PROGRAM: ProgramId = ProgramId(7);
const TOKEN: [u8; 16] = [9; 16];

/// A snapshot of an empty room.
pub(super) fn snapshot(server: &Server) -> Snapshot {
    Snapshot {
        room: "room".to_owned(),
        token: TOKEN,
        member: MemberId(1),
        role: Role::Owner,
        links: Links::default(),
        members: vec![],
        hosts: vec![],
        programs: vec![],
        descriptors: vec![],
        waiting: vec![],
        next_call: server.next_call(),
        next_stream: server.next_stream(),
        wire: WireSettings::default(),
        now: 0,
        oldest: 1,
        features: Features::default(),
    }
}

/// What the scripted bridge saw: everything that must happen exactly once.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
pub(super) struct Seen {
    pub(super) calls: Vec<(CallId, Vec<u8>)>,
    pub(super) stream: HashMap<StreamId, Vec<u8>>,
    pub(super) finished: Vec<StreamId>,
}

pub(super) struct Pair {
    pub(super) client: Client,
    pub(super) server: Server,
    pub(super) events: Vec<ClientEvent>,
    pub(super) seen: Seen,
    pub(super) now: Duration,
    /// Messages of the bridge that are not calls, streams or their ends.
    pub(super) messages: Vec<ClientMessage>,
    /// Bytes left before the connection is cut, both ways together.
    pub(super) budget: Option<usize>,
    decoder: frame::Decoder,
    joined: bool,
    began: bool,
    /// Answer calls as they come.
    pub(super) answering: bool,
    /// Bytes waiting to go down each stream.
    pub(super) downloads: HashMap<StreamId, Bytes>,
}

impl Pair {
    pub(super) fn new() -> Self {
        Self {
            client: Client::new([1; 16], "Ada", None),
            server: Server::new(),
            events: vec![],
            seen: Seen::default(),
            now: Duration::ZERO,
            messages: vec![],
            budget: None,
            decoder: frame::Decoder::new(),
            joined: false,
            began: false,
            answering: true,
            downloads: HashMap::new(),
        }
    }

    /// A connected pair.
    pub(super) fn live() -> Self {
        let mut pair = Self::new();
        pair.drive();
        assert!(matches!(pair.events[0], ClientEvent::Begun(_)));
        pair.events.clear();
        pair
    }

    /// Cuts the connection and lets both ends know.
    pub(super) fn cut(&mut self) {
        self.client.disconnected(self.now, 0.0);
        self.server.disconnected();
        self.decoder = frame::Decoder::new();
        self.joined = false;
    }

    /// Runs until nothing moves, reconnecting as the page would.
    pub(super) fn drive(&mut self) {
        loop {
            if let Some(at) = self.client.poll_timeout()
                && self.client.state() == crate::client::State::Waiting
            {
                self.now = self.now.max(at);
                self.client.handle_timeout(self.now);
            }
            if !self.step().expect("no protocol error") {
                return;
            }
        }
    }

    /// One exchange. False if nothing moved.
    pub(super) fn step(&mut self) -> Result<bool, DecodeError> {
        let mut moved = self.take_client_events();
        self.act();
        while let Some(message) = self.client.poll_transmit(BATCH) {
            moved = true;
            let Some(message) = self.carry(message) else { return Ok(true) };
            self.serve(message)?;
            self.act();
        }
        while let Some(message) = self.server.poll_transmit(BATCH) {
            moved = true;
            let Some(message) = self.carry(message) else { return Ok(true) };
            self.client.handle_message(message, self.now)?;
            self.act();
        }
        Ok(moved)
    }

    /// Cuts the connection inside the message when the budget ends there.
    fn carry(&mut self, message: Bytes) -> Option<Bytes> {
        let Some(budget) = self.budget else { return Some(message) };
        if message.len() <= budget {
            self.budget = Some(budget - message.len());
            return Some(message);
        }
        self.budget = None;
        self.cut();
        None
    }

    fn serve(&mut self, message: Bytes) -> Result<(), DecodeError> {
        if self.joined {
            return self.server.handle_message(message);
        }
        self.decoder.push(message)?;
        let Some(hello) = frame::hello(&mut self.decoder)? else { return Ok(()) };
        let resume = hello.session.and_then(|session| session.received);
        // A page whose welcome was lost on the way knows no token and begins anew.
        if resume.is_none() && self.began {
            self.server = Server::new();
        }
        self.began = true;
        let welcome = match self.server.connected(resume) {
            Ok(_) if resume.is_none() => Welcome::Begun(Box::new(snapshot(&self.server))),
            Ok(received) => Welcome::Resumed { received },
            Err(_) => Welcome::Refused(Refusal::Gap),
        };
        self.server.welcome(&welcome);
        self.joined = true;
        Ok(())
    }

    fn take_client_events(&mut self) -> bool {
        let mut moved = false;
        while let Some(event) = self.client.poll_event() {
            moved = true;
            match event {
                ClientEvent::Connect => self.client.connected(self.now),
                ClientEvent::StreamData { stream, ref data } => {
                    self.client.stream_consumed(stream, data.len());
                    self.events.push(event);
                }
                event => self.events.push(event),
            }
        }
        moved
    }

    /// The bridge: answers calls, takes stream bytes, fills streams.
    fn act(&mut self) {
        while let Some(event) = self.server.poll_event() {
            match event {
                ServerEvent::Call { id, call, payload, .. } => {
                    self.seen.calls.push((id, payload.to_vec()));
                    if self.answering {
                        self.answer(id, &call, &payload);
                    }
                }
                ServerEvent::StreamData { stream, data } => {
                    let bytes = self.seen.stream.entry(stream).or_default();
                    bytes.extend_from_slice(&data);
                    let total = bytes.len() as u64 + crate::limits::STREAM_FIRST;
                    self.server.grant(stream, total);
                }
                ServerEvent::StreamRoom { .. } => {}
                ServerEvent::Message(ClientMessage::StreamFinish { stream }) => {
                    self.seen.finished.push(stream)
                }
                ServerEvent::Message(message) => self.messages.push(message),
            }
        }
        let mut streams: Vec<StreamId> = self.downloads.keys().copied().collect();
        streams.sort();
        for stream in streams {
            self.fill(stream);
        }
    }

    fn fill(&mut self, stream: StreamId) {
        let Some(rest) = self.downloads.get_mut(&stream) else { return };
        loop {
            let room = self.server.stream_room(stream).min(rest.len());
            if room == 0 {
                break;
            }
            self.server.stream_send(stream, rest.split_to(room)).expect("within the room");
        }
        if rest.is_empty() {
            self.downloads.remove(&stream);
            self.server.send(ServerMessage::StreamFinished { stream }, Bytes::new());
        }
    }

    /// Answers as an echo: a receive gets its own number repeated.
    fn answer(&mut self, id: CallId, call: &Call, payload: &Bytes) {
        let (value, bytes) = match *call {
            Call::Recv { max, .. } => {
                (Value::Received { length: max }, Bytes::from(pattern(id.0, max as usize)))
            }
            Call::Send { .. } => (Value::Sent(u32::try_from(payload.len()).unwrap()), Bytes::new()),
            _ => (Value::Done, Bytes::new()),
        };
        self.server.send(ServerMessage::Result { id, outcome: Ok(value) }, bytes);
    }

    /// Results so far, in order.
    pub(super) fn results(&self) -> Vec<(CallId, Bytes)> {
        let of = |event: &ClientEvent| match event {
            ClientEvent::Result { id, payload, .. } => Some((*id, payload.clone())),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    /// All bytes that came down a stream.
    pub(super) fn received(&self, wanted: StreamId) -> Vec<u8> {
        let of = |event: &ClientEvent| match event {
            ClientEvent::StreamData { stream, data } if *stream == wanted => Some(data.to_vec()),
            _ => None,
        };
        self.events.iter().filter_map(of).flatten().collect()
    }
}

/// Bytes that differ at every place and for every seed.
pub(super) fn pattern(seed: u32, length: usize) -> Vec<u8> {
    (0..length).map(|place| ((place * 31 + place / 251) as u32 ^ (seed * 17)) as u8).collect()
}
