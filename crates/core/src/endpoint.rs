//! What both ends have in common: a link, a schedule, and how a message is put together from them.

use bytes::{Bytes, BytesMut};

use crate::{frame, link::Link, schedule::Schedule};

/// A good size for one WebSocket message: two chunks with their heads.
pub const BATCH: usize = 2 * (crate::limits::STREAM_CHUNK + 16);

#[derive(Debug, Default)]
pub(crate) struct Endpoint {
    pub(crate) link: Link,
    pub(crate) schedule: Schedule,
    probe: Option<frame::Kind>,
}

impl Endpoint {
    /// A ping or pong is due.
    pub(crate) fn probe(&mut self, kind: frame::Kind) {
        self.probe = Some(kind);
    }

    pub(crate) fn disconnected(&mut self) {
        self.link.close();
        self.schedule.clear_trace();
        self.probe = None;
    }

    /// The next message of at most `max` bytes, or of one frame if that is longer.
    pub(crate) fn poll_transmit(&mut self, max: usize) -> Option<Bytes> {
        if !self.link.is_live() {
            return None;
        }
        if let Some(piece) = self.link.poll_first(max) {
            return Some(piece);
        }
        if self.link.is_blocked() {
            return None;
        }
        let mut out = BytesMut::with_capacity(self.estimate(max));
        self.link.write_ack(&mut out);
        if let Some(kind) = self.probe.take() {
            frame::put_head(&mut out, kind, 0);
        }
        if self.link.write_resends(&mut out, max) && !self.schedule.is_trace_due() {
            self.schedule.write(&mut out, max, &mut self.link);
        }
        if out.is_empty() {
            self.write_rest(&mut out, max);
        }
        let message = out.freeze();
        self.link.keep(&message);
        (!message.is_empty()).then_some(message)
    }

    /// The trace goes alone, so that a kept reliable frame does not keep trace bytes alive.
    fn write_rest(&mut self, out: &mut BytesMut, max: usize) {
        if !self.schedule.write_trace(out) {
            self.schedule.write(out, max, &mut self.link);
        }
    }

    fn estimate(&self, max: usize) -> usize {
        (self.schedule.estimate().min(self.link.room()) + 16).min(max)
    }
}
