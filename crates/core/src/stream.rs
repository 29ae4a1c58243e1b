//! The credit of one byte stream, in each direction: how many bytes may still go, how many may still come.

use crate::{error::DecodeError, id::StreamId, limits};

/// What this end sends.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// Bytes the other end is ready to take, in total.
    credit: u64,
    /// Bytes accepted from our side, in total.
    taken: u64,
    /// Our side has no more.
    pub(crate) finished: bool,
}

impl Outgoing {
    pub(crate) fn new(credit: u64) -> Self {
        Self { credit, taken: 0, finished: false }
    }

    pub(crate) fn raise(&mut self, total: u64) {
        self.credit = self.credit.max(total);
    }

    /// Bytes of credit left.
    pub(crate) fn left(&self) -> u64 {
        if self.finished { 0 } else { self.credit - self.taken }
    }

    /// Uses credit; false, and nothing used, if there is not enough.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let enough = bytes as u64 <= self.left();
        if enough {
            self.taken += bytes as u64;
        }
        enough
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

/// Bytes a stream may have waiting in the schedule: two chunks, so that one can be filled while one is sent.
const QUEUE: usize = 2 * limits::STREAM_CHUNK;

/// Bytes the schedule takes from a stream now: within its credit, its own queue, and the queue of all.
pub(crate) fn room(credit: u64, waiting: usize, waiting_of_all: usize) -> usize {
    // Beyond the queue of all each stream still gets one chunk in, else the first ones would shut out the others.
    let queue = if waiting_of_all >= limits::REPLAY { limits::STREAM_CHUNK } else { QUEUE };
    usize::try_from(credit).unwrap_or(usize::MAX).min(queue.saturating_sub(waiting))
}

/// Whether a sender that was told "no room" should be told of this much.
pub(crate) fn is_worth_it(credit: u64, room: usize) -> bool {
    room > 0 && room as u64 >= credit.min(limits::STREAM_CHUNK as u64)
}
