//! One session's numbered frames in both directions: counting, acknowledging, keeping for a resume, sending again.
//!
//! Refuses to know what frames mean, and which of them goes next.

use std::{collections::VecDeque, ops::Range};

use bytes::{Bytes, BytesMut};

use crate::{
    error::{DecodeError, Gap},
    frame::{Decoder, Frame, Kind, put_head, put_varint, varint_length, whole},
    limits,
};

/// What keeping one frame costs beside its bytes.
const FRAME_COST: usize = 32;

#[derive(Debug, Default)]
pub(crate) struct Link {
    live: bool,
    /// Nothing but the first frame may go yet.
    blocked: bool,
    decoder: Decoder,
    /// The connection's first frame, cut to messages.
    first: Bytes,
    /// Frames the other end has acknowledged.
    acknowledged: u64,
    /// Sent and not acknowledged.
    replay: VecDeque<Bytes>,
    replay_bytes: usize,
    /// The last so many of `replay` have not been sent on this connection yet.
    resends_left: usize,
    /// Reliable frames of the message that is being written.
    writing: Vec<Range<usize>>,
    /// Reliable frames received in this session.
    received: u64,
    unacknowledged_frames: u64,
    unacknowledged_bytes: usize,
}

impl Link {
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// Reliable frames received in this session.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// A connection whose first frame is to be sent; nothing else goes out before it.
    pub(crate) fn open(&mut self, first: Bytes) {
        self.live = true;
        self.blocked = false;
        self.decoder = Decoder::new();
        self.first = first;
        self.resends_left = self.replay.len();
    }

    /// Nothing goes out after the first frame until [`Link::unblock`]: the other end has to answer it.
    pub(crate) fn block(&mut self) {
        self.blocked = true;
    }

    pub(crate) fn unblock(&mut self) {
        self.blocked = false;
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub(crate) fn close(&mut self) {
        self.live = false;
        self.decoder = Decoder::new();
        self.first = Bytes::new();
    }

    /// The other end says how many frames it has; the rest will be sent again.
    pub(crate) fn resume(&mut self, received: u64) -> Result<(), Gap> {
        let sent = self.sent();
        if received < self.acknowledged || received > sent {
            return Err(Gap { received, acknowledged: self.acknowledged, sent });
        }
        self.release(received);
        self.resends_left = self.replay.len();
        Ok(())
    }

    pub(crate) fn push(&mut self, message: Bytes) -> Result<(), DecodeError> {
        self.decoder.push(message)
    }

    /// The next frame; reliable ones are counted.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        let Some(frame) = self.decoder.next_frame()? else { return Ok(None) };
        if frame.kind.is_reliable() {
            self.received += 1;
            self.unacknowledged_frames += 1;
            self.unacknowledged_bytes += frame.body.len();
        }
        Ok(Some(frame))
    }

    /// Whether the other end has acknowledged anything new.
    pub(crate) fn handle_ack(&mut self, body: &[u8]) -> Result<bool, DecodeError> {
        let acknowledged: u64 = whole(body, "Ack")?;
        // What waits to be sent again has not reached the other end on this connection, but may have on the last.
        if acknowledged < self.acknowledged || acknowledged > self.sent() {
            return Err(DecodeError::WrongAck { acknowledged, sent: self.sent() });
        }
        let news = acknowledged > self.acknowledged;
        self.release(acknowledged);
        Ok(news)
    }

    fn release(&mut self, acknowledged: u64) {
        while self.acknowledged < acknowledged {
            if let Some(frame) = self.replay.pop_front() {
                self.replay_bytes -= frame.len() + FRAME_COST;
            }
            self.acknowledged += 1;
        }
        self.resends_left = self.resends_left.min(self.replay.len());
    }

    fn sent(&self) -> u64 {
        self.acknowledged + self.replay.len() as u64
    }

    /// Bytes of the next frame that the replay buffer would take; 0 when it is full.
    pub(crate) fn room(&self) -> usize {
        let writing: usize = self.writing.iter().map(|range| range.len() + FRAME_COST).sum();
        limits::REPLAY.saturating_sub(self.replay_bytes + writing + FRAME_COST)
    }

    /// A piece of the connection's first frame, if it is not all sent.
    pub(crate) fn poll_first(&mut self, max: usize) -> Option<Bytes> {
        if self.first.is_empty() {
            return None;
        }
        Some(self.first.split_to(max.min(self.first.len())))
    }

    pub(crate) fn write_ack(&mut self, out: &mut BytesMut) {
        if self.unacknowledged_frames >= limits::ACK_FRAMES || self.unacknowledged_bytes >= limits::ACK_BYTES
        {
            put_head(out, Kind::Ack, varint_length(self.received));
            put_varint(out, self.received);
            self.unacknowledged_frames = 0;
            self.unacknowledged_bytes = 0;
        }
    }

    /// Writes frames of an earlier connection again. False while some are left.
    pub(crate) fn write_resends(&mut self, out: &mut BytesMut, max: usize) -> bool {
        while self.resends_left > 0 {
            let frame = &self.replay[self.replay.len() - self.resends_left];
            if !out.is_empty() && out.len() + frame.len() > max {
                return false;
            }
            out.extend_from_slice(frame);
            self.resends_left -= 1;
        }
        true
    }

    /// Notes that the bytes from `start` to the end of the message being written are one reliable frame.
    pub(crate) fn mark_frame(&mut self, start: usize, end: usize) {
        self.writing.push(start..end);
    }

    /// Keeps the reliable frames of a finished message.
    pub(crate) fn keep(&mut self, message: &Bytes) {
        for range in self.writing.drain(..) {
            self.replay_bytes += range.len() + FRAME_COST;
            self.replay.push_back(message.slice(range));
        }
    }
}
