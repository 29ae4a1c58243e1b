//! The credit of one byte stream, in each direction: how many bytes may still go, how many may still come.

use bytes::Bytes;

use crate::{error::DecodeError, id::StreamId, limits, schedule::Schedule};

/// What this end sends.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// Bytes the other end is ready to take, in total.
    credit: u64,
    /// Bytes accepted from our side, in total.
    taken: u64,
    /// Our side has no more.
    finished: bool,
    /// Our side was told that there is no room.
    blocked: bool,
}

impl Outgoing {
    pub(crate) fn new(credit: u64) -> Self {
        Self { credit, taken: 0, finished: false, blocked: false }
    }

    /// Raises the credit to this total; by how much.
    pub(crate) fn raise(&mut self, total: u64) -> u64 {
        let raised = total.saturating_sub(self.credit);
        self.credit += raised;
        raised
    }

    /// Bytes of credit left.
    fn left(&self) -> u64 {
        if self.finished { 0 } else { self.credit - self.taken }
    }

    /// Gives bytes to the schedule.
    ///
    /// # Errors
    /// Gives them back, none of them sent, where there is not so much credit or our side had no more.
    pub(crate) fn send(&mut self, id: StreamId, bytes: Bytes, schedule: &mut Schedule) -> Result<(), Bytes> {
        if bytes.len() as u64 > self.left() {
            return Err(bytes);
        }
        self.taken += bytes.len() as u64;
        schedule.stream(id, bytes);
        Ok(())
    }

    /// Bytes that the schedule takes now. After 0, [`Outgoing::is_unblocked`] is worth asking.
    pub(crate) fn room(&mut self, id: StreamId, schedule: &Schedule) -> usize {
        let room = room(self.left(), schedule.stream_bytes(id), schedule.bytes());
        self.blocked = room == 0;
        room
    }

    /// Whether our side, which was told that there is no room, is to hear now that there is: it is told once.
    pub(crate) fn is_unblocked(&mut self, id: StreamId, schedule: &Schedule) -> bool {
        let waiting = schedule.bytes();
        let unblocked = self.blocked
            && is_worth_it(self.left(), room(self.left(), schedule.stream_bytes(id), waiting), waiting);
        self.blocked &= !unblocked;
        unblocked
    }

    /// Our side has no more; false if it had said so.
    pub(crate) fn finish(&mut self) -> bool {
        !std::mem::replace(&mut self.finished, true)
    }
}

/// What this end receives.
#[derive(Debug)]
pub(crate) struct Incoming {
    granted: u64,
    received: u64,
    /// The other end has no more.
    pub(crate) finished: bool,
}

impl Incoming {
    pub(crate) fn new(granted: u64) -> Self {
        Self { granted, received: 0, finished: false }
    }

    /// Raises the total; false if it is no news.
    pub(crate) fn grant(&mut self, total: u64) -> bool {
        let news = total > self.granted;
        self.granted = self.granted.max(total);
        news
    }

    pub(crate) fn granted(&self) -> u64 {
        self.granted
    }

    pub(crate) fn receive(&mut self, stream: StreamId, bytes: usize) -> Result<(), DecodeError> {
        if self.finished {
            return Err(DecodeError::AfterFinish { stream });
        }
        let received = self.received + bytes as u64;
        if received > self.granted {
            return Err(DecodeError::BeyondCredit { stream, received, granted: self.granted });
        }
        self.received = received;
        Ok(())
    }
}

/// Bytes a stream may have waiting in the schedule: four chunks, so that a socket is read in large pieces, and half of
/// them can be filled while half are sent.
const QUEUE: usize = 4 * limits::STREAM_CHUNK;
/// Bytes waiting in the schedule beyond which a stream may add only one chunk.
const QUEUE_OF_ALL: usize = 512 * 1024;

/// Bytes the schedule takes from a stream now: within its credit, its own queue, and the queue of all.
fn room(credit: u64, waiting: usize, waiting_of_all: usize) -> usize {
    usize::try_from(credit).unwrap_or(usize::MAX).min(queue(waiting_of_all).saturating_sub(waiting))
}

/// Beyond the queue of all each stream still gets one chunk in, else the first ones would shut out the others.
fn queue(waiting_of_all: usize) -> usize {
    if waiting_of_all >= QUEUE_OF_ALL { limits::STREAM_CHUNK } else { QUEUE }
}

/// Whether a sender that was told "no room" should be told of this much: half the queue, so that it moves large pieces.
fn is_worth_it(credit: u64, room: usize, waiting_of_all: usize) -> bool {
    let enough = (queue(waiting_of_all) / 2).max(limits::STREAM_CHUNK);
    room > 0 && room as u64 >= credit.min(enough as u64)
}
