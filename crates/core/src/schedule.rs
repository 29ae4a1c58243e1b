//! Who goes next: control before data, streams and payloads by turns in small chunks, the trace last.
//!
//! A flow that was silent is served before those that have been sending (as in fq_codel, RFC 8290 section 4.2),
//! so that a keypress does not wait for a round of bulk streams. Refuses to know what the bytes are.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::{
    frame::{HEAD, Kind, put_head, put_varint, varint_length},
    id::{CallId, StreamId},
    limits,
    link::Link,
};

/// Payloads up to this many bytes travel with their message, as control.
const INLINE: usize = 1024;
/// A chunk is not cut smaller than this to fill up a message.
const SMALLEST_CUT: usize = 4 * 1024;
/// What keeping one message costs beside its bytes.
const MESSAGE_COST: usize = 64;
/// After so many messages of data, a waiting trace has a turn.
const TRACE_EVERY: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum FlowId {
    Stream(StreamId),
    Call(CallId),
}

impl FlowId {
    fn kind_and_number(self) -> (Kind, u64) {
        match self {
            Self::Stream(StreamId(number)) => (Kind::Stream, u64::from(number)),
            Self::Call(CallId(number)) => (Kind::Data, u64::from(number)),
        }
    }
}

#[derive(Debug)]
enum Item {
    Bytes(Bytes),
    /// A message, which must not overtake the flow's bytes before it.
    Message(Bytes),
}

#[derive(Debug, Default)]
struct Flow {
    items: VecDeque<Item>,
    bytes: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Schedule {
    /// Messages with their payloads, each the body of one frame.
    control: VecDeque<Bytes>,
    control_bytes: usize,
    /// The newest credit message of each stream.
    credits: BTreeMap<StreamId, Bytes>,
    flows: HashMap<FlowId, Flow>,
    /// Flows that were silent until now.
    fresh: VecDeque<FlowId>,
    /// Flows in the order of their turns. One without bytes keeps its place once, so that it cannot jump the queue.
    turns: VecDeque<FlowId>,
    /// Bytes waiting in `flows`.
    bytes: usize,
    /// Bytes of calls' payloads waiting in `flows`.
    payload_bytes: usize,
    trace: VecDeque<Bytes>,
    trace_bytes: usize,
    skipped: u64,
    messages_since_trace: u32,
}

impl Schedule {
    pub(crate) fn control(&mut self, message: Bytes) {
        self.control_bytes += message.len();
        self.control.push_back(message);
    }

    /// A call and its payload. The call keeps its place among the messages; what does not fit takes turns.
    pub(crate) fn call(&mut self, id: CallId, message: &Bytes, mut payload: Bytes) {
        let first = payload.split_to(payload.len().min(INLINE));
        self.control(joined(message, &first));
        if !payload.is_empty() {
            self.payload_bytes += payload.len();
            self.enqueue(FlowId::Call(id), Item::Bytes(payload));
        }
    }

    /// A result and its payload. Results have no order among each other: a large one takes turns as a whole.
    pub(crate) fn result(&mut self, id: CallId, message: Bytes, payload: Bytes) {
        if payload.len() <= INLINE {
            self.control(joined(&message, &payload));
        } else {
            self.payload_bytes += payload.len();
            self.enqueue(FlowId::Call(id), Item::Message(message));
            self.enqueue(FlowId::Call(id), Item::Bytes(payload));
        }
    }

    /// The newest total a stream's sender is told; it replaces one not sent yet.
    pub(crate) fn credit(&mut self, stream: StreamId, message: Bytes) {
        self.credits.insert(stream, message);
    }

    pub(crate) fn stream(&mut self, stream: StreamId, bytes: Bytes) {
        // Nothing to send is no frame: it would never be used up.
        if bytes.is_empty() {
            return;
        }
        self.enqueue(FlowId::Stream(stream), Item::Bytes(bytes));
    }

    /// A message that comes after the bytes of its stream.
    pub(crate) fn after_stream(&mut self, stream: StreamId, message: Bytes) {
        if self.flows.get(&FlowId::Stream(stream)).is_some_and(|flow| !flow.items.is_empty()) {
            self.enqueue(FlowId::Stream(stream), Item::Message(message));
        } else {
            self.control(message);
        }
    }

    /// Bytes of a stream that wait.
    pub(crate) fn stream_bytes(&self, stream: StreamId) -> usize {
        self.flows.get(&FlowId::Stream(stream)).map_or(0, |flow| flow.bytes)
    }

    /// Bytes of all streams and payloads that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the messages that wait take, in bytes.
    pub(crate) fn control_cost(&self) -> usize {
        self.control_bytes + self.control.len() * MESSAGE_COST
    }

    /// Bytes of calls' payloads that wait.
    pub(crate) fn payload_bytes(&self) -> usize {
        self.payload_bytes
    }

    pub(crate) fn trace(&mut self, events: Bytes) {
        self.trace_bytes += events.len();
        self.trace.push_back(events);
    }

    pub(crate) fn trace_bytes(&self) -> usize {
        self.trace_bytes
    }

    pub(crate) fn skipped(&mut self, events: u64) {
        self.skipped += events;
    }

    pub(crate) fn clear_trace(&mut self) {
        self.trace.clear();
        self.trace_bytes = 0;
        self.skipped = 0;
    }

    /// A good capacity for the next message.
    pub(crate) fn estimate(&self) -> usize {
        self.bytes
            + self.control_bytes
            + self.flows.len() * 16
            + self.credits.len() * 16
            + self.control.len() * HEAD
    }

    fn enqueue(&mut self, id: FlowId, item: Item) {
        let flow = self.flows.entry(id).or_insert_with(|| {
            self.fresh.push_back(id);
            Flow::default()
        });
        let length = match &item {
            Item::Bytes(bytes) | Item::Message(bytes) => bytes.len(),
        };
        flow.bytes += length;
        self.bytes += length;
        flow.items.push_back(item);
    }

    /// Fills a message with reliable frames, in order of importance, as far as it and the replay buffer go.
    pub(crate) fn write(&mut self, out: &mut BytesMut, max: usize, link: &mut Link) {
        let begin = out.len();
        while self.write_control(out, max, link) {}
        if self.control.is_empty() && self.credits.is_empty() {
            while self.write_flow(out, max, link) {}
        }
        if out.len() > begin {
            self.messages_since_trace += 1;
        }
    }

    fn write_control(&mut self, out: &mut BytesMut, max: usize, link: &mut Link) -> bool {
        let Some(message) = self.credits.values().next().or(self.control.front()) else { return false };
        let length = HEAD + message.len();
        if length > link.room() || !out.is_empty() && out.len() + length > max {
            return false;
        }
        let start = out.len();
        put_head(out, Kind::Control, message.len());
        out.put_slice(message);
        link.mark_frame(start, out.len());
        if self.credits.pop_first().is_none()
            && let Some(message) = self.control.pop_front()
        {
            self.control_bytes -= message.len();
        }
        true
    }

    fn write_flow(&mut self, out: &mut BytesMut, max: usize, link: &mut Link) -> bool {
        loop {
            let (id, was_fresh) = match (self.fresh.front(), self.turns.front()) {
                (Some(id), _) => (*id, true),
                (None, Some(id)) => (*id, false),
                (None, None) => return false,
            };
            let empty = self.flows.get(&id).is_none_or(|flow| flow.items.is_empty());
            if !empty {
                let space = max.saturating_sub(out.len()).min(link.room());
                let start = out.len();
                if !self.write_chunk(id, out, space) {
                    return false;
                }
                link.mark_frame(start, out.len());
            }
            if was_fresh {
                self.fresh.pop_front();
            } else {
                self.turns.pop_front();
            }
            if empty {
                self.flows.remove(&id);
            } else {
                self.turns.push_back(id);
                return true;
            }
        }
    }

    /// Writes one frame of a flow into at most `space` bytes. False if it does not fit.
    fn write_chunk(&mut self, id: FlowId, out: &mut BytesMut, space: usize) -> bool {
        let Some(flow) = self.flows.get_mut(&id) else { return false };
        let before = flow.bytes;
        let (fits, payload) = match flow.items.front() {
            Some(Item::Message(_)) => flow.write_message(matches!(id, FlowId::Call(_)), out, space),
            Some(Item::Bytes(_)) => flow.write_bytes(id, out, space),
            None => (false, 0),
        };
        self.bytes -= before - flow.bytes;
        if matches!(id, FlowId::Call(_)) {
            self.payload_bytes -= payload;
        }
        fits
    }

    /// Writes one frame of trace events if it is their turn: nothing else waits, or has had its share.
    pub(crate) fn write_trace(&mut self, out: &mut BytesMut) -> bool {
        if self.trace.is_empty() && self.skipped == 0 {
            return false;
        }
        self.messages_since_trace = 0;
        if self.skipped > 0 {
            put_head(out, Kind::Skipped, varint_length(self.skipped));
            put_varint(out, self.skipped);
            self.skipped = 0;
        }
        let mut length = 0;
        let mut count = 0;
        for events in &self.trace {
            if length + events.len() > limits::FRAME_BODY {
                break;
            }
            length += events.len();
            count += 1;
        }
        if count > 0 {
            put_head(out, Kind::Trace, length);
            for events in self.trace.drain(..count) {
                out.put_slice(&events);
            }
            self.trace_bytes -= length;
        }
        true
    }

    /// Whether the trace has waited for long enough to go before data.
    pub(crate) fn is_trace_due(&self) -> bool {
        self.messages_since_trace >= TRACE_EVERY
    }
}

fn joined(message: &Bytes, payload: &Bytes) -> Bytes {
    if payload.is_empty() {
        return message.clone();
    }
    let mut body = BytesMut::with_capacity(message.len() + payload.len());
    body.extend_from_slice(message);
    body.extend_from_slice(payload);
    body.freeze()
}

impl Flow {
    /// A message and the first bytes of the payload after it. Returns whether it fitted and the payload bytes.
    fn write_message(&mut self, has_payload: bool, out: &mut BytesMut, space: usize) -> (bool, usize) {
        let Some(Item::Message(message)) = self.items.front() else { return (false, 0) };
        let most = space.min(HEAD + message.len() + limits::STREAM_CHUNK);
        let Some(room) = most.checked_sub(HEAD + message.len()) else { return (false, 0) };
        let message = message.clone();
        let payload = match self.items.get(1) {
            Some(Item::Bytes(bytes)) if has_payload => bytes.len().min(room),
            _ => 0,
        };
        put_head(out, Kind::Control, message.len() + payload);
        out.put_slice(&message);
        self.items.pop_front();
        self.bytes -= message.len();
        self.take(payload, out);
        (true, payload)
    }

    /// Bytes of a stream, or more of a payload.
    fn write_bytes(&mut self, id: FlowId, out: &mut BytesMut, space: usize) -> (bool, usize) {
        let (kind, number) = id.kind_and_number();
        let head = HEAD + varint_length(number);
        let chunk = self.front_bytes(limits::STREAM_CHUNK);
        let cut = chunk.min(space.saturating_sub(head));
        if cut < chunk.min(SMALLEST_CUT) {
            return (false, 0);
        }
        put_head(out, kind, varint_length(number) + cut);
        put_varint(out, number);
        self.take(cut, out);
        (true, cut)
    }

    /// Bytes before the next message, counted up to `enough`.
    fn front_bytes(&self, enough: usize) -> usize {
        let mut count = 0;
        for item in &self.items {
            match item {
                Item::Bytes(bytes) if count < enough => count += bytes.len(),
                _ => break,
            }
        }
        count.min(enough)
    }

    /// Moves bytes from the front items into the message.
    fn take(&mut self, mut count: usize, out: &mut BytesMut) {
        self.bytes -= count;
        while count > 0
            && let Some(Item::Bytes(bytes)) = self.items.front_mut()
        {
            let piece = count.min(bytes.len());
            out.put_slice(&bytes[..piece]);
            bytes.advance(piece);
            count -= piece;
            if bytes.is_empty() {
                self.items.pop_front();
            }
        }
    }
}
