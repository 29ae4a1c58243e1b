//! The server's end of one session, without I/O.
//!
//! Methods are of four kinds: getters; `handle_*` for what came in; verbs for what the server wants; `poll_*` for
//! what must happen next. After every `handle_message` take all events, after every verb transmit until none is
//! left. The endpoint outlives connections; one session has one.

mod arrivals;
mod event;

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;

use self::arrivals::{Arrivals, Arriving};
pub use self::event::ServerEvent;
pub use crate::endpoint::BATCH;

use crate::{
    call::CallError,
    endpoint::Endpoint,
    errno::Errno,
    error::{DecodeError, Gap},
    frame::{self, Kind, prefix, to_bytes},
    id::{CallId, StreamId},
    limits::{self, Limit},
    message::{ClientMessage, ServerMessage, Welcome},
    message_limits,
    rules::ProtocolRule,
    stream::{Incoming, Outgoing},
};

/// Credit raised by less than this is a frame of which nothing came.
const SMALL_RAISE: u64 = 4 * 1024;

#[derive(Debug)]
struct Stream {
    outgoing: Outgoing,
    incoming: Incoming,
}

/// The server's end of one session.
#[derive(Debug, Default)]
pub struct Server {
    endpoint: Endpoint,
    events: VecDeque<ServerEvent>,
    arrivals: Arrivals,
    /// Calls complete, but not begun because the page does not take the results it has.
    withheld: VecDeque<ServerEvent>,
    /// Calls and requests begun and not answered, with the payload bytes they keep.
    outstanding: HashMap<CallId, usize>,
    outstanding_payload: usize,
    /// What `outstanding_payload` may be at most, where there is less room than a session may use, and the limit that
    /// leaves no more, with its value.
    payload_bound: Option<(usize, Limit, u64)>,
    /// Frames of which nothing came, since somebody asked.
    idle_frames: u32,
    next_call: u32,
    streams: BTreeMap<StreamId, Stream>,
    next_stream: u32,
}

impl Server {
    /// A session that has no connection yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A WebSocket is there. `resume` is [`crate::message::Continue::received`]; without it the numbering begins
    /// anew, what was on its way is dropped and all streams are gone (the bridge closes them). Returns how many
    /// reliable frames this end has received, for [`Welcome::Resumed`]. Follow it with [`Server::welcome`].
    ///
    /// # Errors
    /// [`Gap`]: the session cannot be resumed. The endpoint is as before.
    pub fn connected(&mut self, resume: Option<u64>) -> Result<u64, Gap> {
        match resume {
            Some(received) => self.endpoint.link.resume(received)?,
            None => self.begin_anew(),
        }
        self.endpoint.disconnected();
        Ok(self.endpoint.link.received())
    }

    fn begin_anew(&mut self) {
        self.endpoint = Endpoint::default();
        self.streams.clear();
        let lost = self
            .arrivals
            .clear()
            .into_iter()
            .chain(self.withheld.drain(..).filter_map(|event| event.call_id()));
        for id in lost.collect::<Vec<_>>() {
            self.forget(id);
        }
    }

    /// The answer to the page's hello: the first thing the connection carries.
    pub fn welcome(&mut self, welcome: &Welcome) {
        self.endpoint.link.open(frame::encode_welcome(welcome));
    }

    /// The WebSocket is gone. Everything goes on but transmission; the trace must be subscribed to again.
    pub fn disconnected(&mut self) {
        self.endpoint.disconnected();
    }

    /// Call numbers below this one are used up, for [`crate::message::Snapshot::next_call`].
    pub fn next_call(&self) -> u32 {
        self.next_call
    }

    /// Stream numbers below this one are used up, for [`crate::message::Snapshot::next_stream`].
    pub fn next_stream(&self) -> u32 {
        self.next_stream
    }

    /// Calls and requests not answered yet.
    pub fn outstanding(&self) -> usize {
        self.outstanding.len()
    }

    /// Payload bytes that the calls begun and not answered keep.
    pub fn outstanding_payload(&self) -> usize {
        self.outstanding_payload
    }

    /// Frames that came since this was last asked and had no effect but their own cost, or one that nothing else bounds.
    pub fn take_idle_frames(&mut self) -> u32 {
        std::mem::take(&mut self.idle_frames)
    }

    fn idle(&mut self) {
        self.idle_frames = self.idle_frames.saturating_add(1);
    }

    /// There is room for so many more bytes of them: calls beyond are refused by this limit, which has this value.
    pub fn bound_payload(&mut self, more: usize, limit: Limit, value: u64) {
        self.payload_bound = Some((self.outstanding_payload.saturating_add(more), limit, value));
    }

    /// One WebSocket binary message came.
    ///
    /// # Errors
    /// The page broke the wire format: close the connection, naming [`DecodeError::rule`]. What came before the
    /// broken frame stands.
    pub fn handle_message(&mut self, message: Bytes) -> Result<(), DecodeError> {
        self.endpoint.link.push(message)?;
        while let Some(frame) = self.endpoint.link.next_frame()? {
            self.handle_frame(frame.kind, &frame.body)?;
        }
        // Answers to what was refused are bounded by nothing else.
        if self.endpoint.schedule.control_cost() > limits::ANSWERS {
            return Err(DecodeError::Unread { limit: limits::ANSWERS });
        }
        Ok(())
    }

    fn handle_frame(&mut self, kind: Kind, body: &Bytes) -> Result<(), DecodeError> {
        match kind {
            Kind::Control => {
                let (message, payload) = prefix(body, "ClientMessage")?;
                self.handle_control(message, payload)
            }
            Kind::Data => {
                let (CallId(id), bytes) = prefix(body, "Data")?;
                if bytes.is_empty() {
                    self.idle();
                }
                self.arrivals.data(CallId(id), &bytes)?;
                self.deliver_arrivals();
                Ok(())
            }
            Kind::Stream => {
                let (stream, data) = prefix(body, "Stream")?;
                self.handle_stream(stream, data)
            }
            Kind::Ack => {
                if !self.endpoint.link.handle_ack(body)? {
                    self.idle();
                }
                self.wake_streams();
                Ok(())
            }
            Kind::Ping if body.is_empty() => {
                self.idle();
                self.endpoint.probe(Kind::Pong);
                Ok(())
            }
            Kind::Ping => Err(DecodeError::Trailing { field: "Ping", bytes: body.len() }),
            Kind::Hello | Kind::Welcome | Kind::Trace | Kind::Skipped | Kind::Pong => {
                Err(DecodeError::Unexpected { kind, state: "from the page in a session" })
            }
        }
    }

    fn handle_control(&mut self, message: ClientMessage, payload: Bytes) -> Result<(), DecodeError> {
        if let ClientMessage::Call { id, program, call, wait, line, thread } = message {
            return self.handle_call(Arriving { id, program, call, wait, line, thread, payload });
        }
        if !payload.is_empty() {
            return Err(DecodeError::Trailing { field: "ClientMessage", bytes: payload.len() });
        }
        message_limits::check_lengths(&message)?;
        if let Some(id) = message_limits::request_id(&message) {
            if let Err(error) = self.admit(id, 0).and_then(|()| message_limits::check_request(&message)) {
                self.refuse(id, error);
                return Ok(());
            }
            self.begin(id, 0);
        } else if !is_bounded(&message) {
            self.idle();
        }
        match message {
            ClientMessage::StreamCredit { stream, total } => self.handle_credit(stream, total),
            ClientMessage::Cancel { id } => self.handle_cancel(id),
            ClientMessage::OpenStream { stream, program, credit, .. } => {
                if self.open_stream(stream, credit) {
                    self.arrivals.message(program, message);
                    self.deliver_arrivals();
                }
                Ok(())
            }
            ClientMessage::CloseProgram { program, .. } => {
                self.arrivals.message(program, message);
                self.deliver_arrivals();
                Ok(())
            }
            ClientMessage::StreamFinish { stream } | ClientMessage::StreamClose { stream } => {
                self.check_stream_number(stream)?;
                if let Some(entry) = self.streams.get_mut(&stream) {
                    entry.incoming.finished = true;
                    self.events.push_back(ServerEvent::Message(message));
                }
                Ok(())
            }
            message => {
                self.events.push_back(ServerEvent::Message(message));
                Ok(())
            }
        }
    }

    fn handle_call(&mut self, arriving: Arriving) -> Result<(), DecodeError> {
        let Arriving { id, ref call, ref thread, ref payload, .. } = arriving;
        if self.arrivals.expects(id) {
            return Err(DecodeError::CallTwice { id: id.0 });
        }
        let length = call.payload_length() as usize;
        if payload.len() > length {
            return Err(DecodeError::Trailing { field: "Call", bytes: payload.len() - length });
        }
        if let Err(error) = self
            .admit(id, length)
            .and_then(|()| message_limits::check_call(call))
            .and_then(|()| message_limits::check_thread(thread.as_deref()))
        {
            self.arrivals.discard(id, length - payload.len());
            self.refuse(id, error);
            return Ok(());
        }
        self.begin(id, length);
        self.arrivals.call(arriving);
        self.deliver_arrivals();
        Ok(())
    }

    /// Whether one more call or request may begin.
    fn admit(&self, id: CallId, payload: usize) -> Result<(), CallError> {
        if id.0 < self.next_call {
            return Err(ProtocolRule::CallId.broken());
        }
        if self.outstanding.len() >= limits::OUTSTANDING_CALLS {
            return Err(Limit::OutstandingCalls.reached());
        }
        if payload <= limits::CALL_PAYLOAD as usize
            && self.outstanding_payload + payload > limits::OUTSTANDING_PAYLOAD
        {
            return Err(Limit::OutstandingPayload.reached());
        }
        if let Some((bound, limit, value)) = self.payload_bound
            && payload > 0
            && self.outstanding_payload + payload > bound
        {
            return Err(limit.reached_at(value));
        }
        Ok(())
    }

    fn begin(&mut self, id: CallId, payload: usize) {
        self.next_call = id.0.saturating_add(1);
        self.outstanding.insert(id, payload);
        self.outstanding_payload += payload;
    }

    /// Answers by itself, a call or request that did not begin.
    fn refuse(&mut self, id: CallId, error: CallError) {
        self.idle();
        self.next_call = self.next_call.max(id.0.saturating_add(1));
        self.endpoint.schedule.control(to_bytes(&ServerMessage::Result { id, outcome: Err(error) }));
    }

    fn forget(&mut self, id: CallId) -> bool {
        let payload = self.outstanding.remove(&id);
        self.outstanding_payload -= payload.unwrap_or(0);
        payload.is_some()
    }

    fn handle_cancel(&mut self, id: CallId) -> Result<(), DecodeError> {
        let withheld = self.withheld.iter().position(|event| event.call_id() == Some(id));
        let begun = withheld.is_none() && !self.arrivals.cancel(id);
        if let Some(position) = withheld {
            self.withheld.remove(position);
        }
        if !begun && self.forget(id) {
            self.refuse(id, CallError::errno(Errno::EINTR));
            self.deliver_arrivals();
        } else if self.outstanding.contains_key(&id) {
            self.events.push_back(ServerEvent::Message(ClientMessage::Cancel { id }));
        }
        // A call that has ended already: its result and the cancel crossed.
        Ok(())
    }

    fn deliver_arrivals(&mut self) {
        while let Some(event) = self.arrivals.poll() {
            match event {
                ServerEvent::Call { .. } => self.withheld.push_back(event),
                event => self.events.push_back(event),
            }
        }
        self.begin_withheld();
    }

    /// Begins calls as long as the page takes their results.
    fn begin_withheld(&mut self) {
        while self.endpoint.schedule.payload_bytes() < limits::RESULTS
            && self.endpoint.schedule.control_cost() < limits::ANSWERS / 4
            && let Some(event) = self.withheld.pop_front()
        {
            self.events.push_back(event);
        }
    }

    fn open_stream(&mut self, stream: StreamId, credit: u64) -> bool {
        let error = if stream.0 < self.next_stream {
            ProtocolRule::StreamId.broken()
        } else if self.streams.len() >= limits::STREAMS {
            Limit::Streams.reached()
        } else {
            self.next_stream = stream.0.saturating_add(1);
            let incoming = Incoming::new(limits::STREAM_FIRST);
            self.streams.insert(stream, Stream { outgoing: Outgoing::new(credit), incoming });
            return true;
        };
        self.next_stream = self.next_stream.max(stream.0.saturating_add(1));
        self.endpoint.schedule.control(to_bytes(&ServerMessage::StreamEnded { stream, error: Some(error) }));
        false
    }

    fn check_stream_number(&self, stream: StreamId) -> Result<(), DecodeError> {
        if stream.0 < self.next_stream { Ok(()) } else { Err(DecodeError::UnknownStream { stream }) }
    }

    fn handle_stream(&mut self, stream: StreamId, data: Bytes) -> Result<(), DecodeError> {
        self.check_stream_number(stream)?;
        // Bytes for a stream that has ended were on their way: they go nowhere.
        if let Some(entry) = self.streams.get_mut(&stream)
            && !data.is_empty()
        {
            entry.incoming.receive(stream, data.len())?;
            self.events.push_back(ServerEvent::StreamData { stream, data });
        } else {
            self.idle();
        }
        Ok(())
    }

    fn handle_credit(&mut self, stream: StreamId, total: u64) -> Result<(), DecodeError> {
        self.check_stream_number(stream)?;
        let raised = self.streams.get_mut(&stream).map_or(0, |entry| entry.outgoing.raise(total));
        if raised < SMALL_RAISE {
            self.idle();
        }
        self.wake_streams();
        Ok(())
    }

    /// What came in or became possible, in order.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    /// Sends a message. `payload` is what [`crate::call::Value::payload_length`] of a result says, else empty.
    /// A result or program whose number is not outstanding is not sent: every call ends exactly once.
    #[expect(clippy::needless_pass_by_value, reason = "sending gives it away")]
    pub fn send(&mut self, message: ServerMessage, payload: Bytes) {
        match message {
            ServerMessage::Result { id, .. } | ServerMessage::Program { id, .. } => {
                if self.forget(id) {
                    self.answer(id, &message, payload);
                }
            }
            ServerMessage::StreamCredit { stream, total } => self.grant(stream, total),
            ServerMessage::StreamFinished { stream } => {
                if let Some(entry) = self.streams.get_mut(&stream)
                    && entry.outgoing.finish()
                {
                    self.endpoint.schedule.after_stream(stream, to_bytes(&message));
                }
            }
            ServerMessage::StreamEnded { stream, .. } => {
                if self.streams.remove(&stream).is_some() {
                    self.endpoint.schedule.after_stream(stream, to_bytes(&message));
                }
            }
            ServerMessage::Notice(_) => self.endpoint.schedule.control(to_bytes(&message)),
        }
    }

    fn answer(&mut self, id: CallId, message: &ServerMessage, payload: Bytes) {
        let announced = match message {
            ServerMessage::Result { outcome: Ok(value), .. } => value.payload_length() as usize,
            _ => 0,
        };
        debug_assert_eq!(announced, payload.len(), "payload of the result of call {id}");
        if announced == payload.len() {
            self.endpoint.schedule.result(id, to_bytes(message), payload);
        } else {
            self.refuse(id, ProtocolRule::PayloadLength.broken());
        }
    }

    /// Sends bytes on a stream. [`Server::stream_room`] says how many are welcome.
    ///
    /// # Errors
    /// Gives the bytes back, none of them sent, when they go beyond the page's credit or the stream is not open
    /// in this direction.
    pub fn stream_send(&mut self, stream: StreamId, bytes: Bytes) -> Result<(), Bytes> {
        match self.streams.get_mut(&stream) {
            Some(entry) => entry.outgoing.send(stream, bytes, &mut self.endpoint.schedule),
            None => Err(bytes),
        }
    }

    /// Bytes to read from a stream's socket now: within the page's credit and the queues. Where it is 0, do not
    /// read; [`ServerEvent::StreamRoom`] will tell.
    pub fn stream_room(&mut self, stream: StreamId) -> usize {
        let schedule = &self.endpoint.schedule;
        self.streams.get_mut(&stream).map_or(0, |entry| entry.outgoing.room(stream, schedule))
    }

    /// Grants the page `total` stream bytes in all, at least [`limits::STREAM_FIRST`]; a lower or equal value
    /// changes nothing. Grant as the kernel socket takes bytes, so that memory stays bounded by the window.
    pub fn grant(&mut self, stream: StreamId, total: u64) {
        if self.streams.get_mut(&stream).is_some_and(|entry| entry.incoming.grant(total)) {
            self.endpoint.schedule.credit(stream, to_bytes(&ServerMessage::StreamCredit { stream, total }));
        }
    }

    /// Appends whole trace events in postcard, together at most [`limits::FRAME_BODY`] bytes. Ask
    /// [`Server::trace_room`] first: nothing is refused here but what no frame can carry.
    pub fn trace(&mut self, events: Bytes) {
        if events.len() <= limits::FRAME_BODY {
            self.endpoint.schedule.trace(events);
        } else {
            self.skipped(1);
        }
    }

    /// Bytes of trace events that are welcome now.
    pub fn trace_room(&self) -> usize {
        limits::TRACE_QUEUE.saturating_sub(self.endpoint.schedule.trace_bytes())
    }

    /// Tells the page that so many events are missing before the next ones.
    pub fn skipped(&mut self, events: u64) {
        self.endpoint.schedule.skipped(events);
    }

    /// Drops trace events that wait: the page unsubscribed, or subscribed anew.
    pub fn clear_trace(&mut self) {
        self.endpoint.schedule.clear_trace();
    }

    /// The next WebSocket message, of at most `max` bytes ([`BATCH`] is a good value) or one frame. Ask only when
    /// the WebSocket can take it: what waits here can still be overtaken. Events may follow.
    pub fn poll_transmit(&mut self, max: usize) -> Option<Bytes> {
        let message = self.endpoint.poll_transmit(max)?;
        self.begin_withheld();
        self.wake_streams();
        Some(message)
    }

    fn wake_streams(&mut self) {
        for (stream, entry) in &mut self.streams {
            if entry.outgoing.is_unblocked(*stream, &self.endpoint.schedule) {
                self.events.push_back(ServerEvent::StreamRoom { stream: *stream });
            }
        }
    }
}

/// Whether so many of these as anybody likes cost no more than what they come with: calls and requests have their own
/// bound, credit is looked at where it is raised.
fn is_bounded(message: &ClientMessage) -> bool {
    matches!(message, ClientMessage::StreamCredit { .. })
}

impl ServerEvent {
    fn call_id(&self) -> Option<CallId> {
        if let Self::Call { id, .. } = self { Some(*id) } else { None }
    }
}
