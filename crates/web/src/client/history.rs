//! The trace as it came, kept for those who ask late.

use std::collections::VecDeque;

use bytes::Bytes;
use proto::trace::Event;

/// Bytes of trace kept in the page. The server keeps less.
const KEPT: usize = 32 * 1024 * 1024;

/// Trace events in the wire format, in order.
#[derive(Debug, Default)]
pub struct History {
    /// Bodies with the `seq` of their first event.
    bodies: VecDeque<(u64, Bytes)>,
    bytes: usize,
    next: u64,
}

impl History {
    /// Keeps a body of events, and lets the oldest go when there are too many.
    pub fn push(&mut self, first: u64, next: u64, body: Bytes) {
        self.bytes += body.len();
        self.bodies.push_back((first, body));
        self.next = next;
        while self.bytes > KEPT
            && let Some((_, oldest)) = self.bodies.pop_front()
        {
            self.bytes -= oldest.len();
        }
    }

    /// The `seq` after the newest event.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Everything kept, body by body.
    pub fn bodies(&self) -> impl Iterator<Item = &Bytes> {
        self.bodies.iter().map(|(_, body)| body)
    }

    /// At most `most` events from `seq` on.
    pub fn events(&self, seq: u64, most: usize) -> Vec<Event> {
        let begin = self.bodies.partition_point(|(first, _)| *first <= seq).saturating_sub(1);
        let bodies = self.bodies.range(begin..).map(|(_, body)| body);
        bodies.flat_map(|body| decode(body)).filter(|event| event.seq >= seq).take(most).collect()
    }
}

/// The events of a body. What cannot be decoded ends it; the endpoint has checked it before.
pub fn decode(body: &[u8]) -> impl Iterator<Item = Event> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let (event, after) = postcard::take_from_bytes(rest).ok()?;
        rest = after;
        Some(event)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::{id::HostId, trace::What};

    fn body(seqs: std::ops::Range<u64>) -> Bytes {
        let event = |seq| Event { seq, time: seq, what: What::HostGone(HostId(1)) };
        seqs.flat_map(|seq| postcard::to_stdvec(&event(seq)).unwrap()).collect::<Vec<u8>>().into()
    }

    #[test]
    fn events_are_found_from_any_seq() {
        let mut history = History::default();
        history.push(5, 8, body(5..8));
        history.push(8, 9, body(8..9));
        history.push(9, 14, body(9..14));
        for from in 0..16 {
            let found: Vec<u64> = history.events(from, 100).iter().map(|event| event.seq).collect();
            assert_eq!(found, (from.max(5)..14).collect::<Vec<u64>>());
        }
        assert_eq!(history.events(6, 3).len(), 3);
        assert_eq!(history.next(), 14);
    }
}
