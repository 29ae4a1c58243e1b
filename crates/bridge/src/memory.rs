//! What this server keeps in all, and what gives way when that is too much: first new rooms, then large answers, then old
//! history; and at the end calls, which are refused.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use proto::limits::Limit;

use crate::limit_reached::LimitReached;

/// Per cent of all of it from which on there are no new rooms, no large answers, and no longer histories.
const NO_ROOMS: u8 = 80;
const NO_ANSWERS: u8 = 90;
const NO_HISTORY: u8 = 95;

/// Of so many bytes in all: those that rooms may keep, and those from which on no room's history grows.
pub(crate) fn of_rooms(most: u64) -> (usize, usize) {
    let full = most / 100 * u64::from(NO_HISTORY);
    let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    (bytes(most), bytes(full))
}

/// How full it is, in the order of what gives way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fullness {
    Enough,
    /// No new rooms.
    Rooms,
    /// No recordings of packets either.
    Answers,
    /// Old history goes.
    History,
}

impl Fullness {
    fn of(used: u64, most: u64) -> Self {
        let percent = u128::from(used) * 100 / u128::from(most.max(1));
        let under = |bound: u8| percent < u128::from(bound);
        match () {
            () if under(NO_ROOMS) => Self::Enough,
            () if under(NO_ANSWERS) => Self::Rooms,
            () if under(NO_HISTORY) => Self::Answers,
            () => Self::History,
        }
    }
}

/// The server's memory.
#[derive(Debug)]
pub(crate) struct Memory {
    most: u64,
    used: AtomicU64,
    fullness: AtomicU8,
}

impl Memory {
    /// At most about so many bytes.
    pub(crate) fn new(most: u64) -> Self {
        Self { most, used: AtomicU64::new(0), fullness: AtomicU8::new(0) }
    }

    /// Bytes in use, as counted.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether there may be one more room.
    ///
    /// # Errors
    /// `server-memory`.
    pub(crate) fn check_room(&self) -> Result<(), LimitReached> {
        self.check(Fullness::Rooms)
    }

    /// Whether there may be one more large answer.
    ///
    /// # Errors
    /// `server-memory`.
    pub(crate) fn check_answer(&self) -> Result<(), LimitReached> {
        self.check(Fullness::Answers)
    }

    fn check(&self, up_to: Fullness) -> Result<(), LimitReached> {
        if self.fullness.load(Ordering::Relaxed) < up_to as u8 {
            return Ok(());
        }
        Err(LimitReached { limit: Limit::ServerMemory, value: self.most })
    }

    /// Notes what is used now, and says what gives way.
    pub(crate) fn is(&self, used: u64) -> Fullness {
        let fullness = Fullness::of(used, self.most);
        self.used.store(used, Ordering::Relaxed);
        let before = self.fullness.swap(fullness as u8, Ordering::Relaxed);
        if before < fullness as u8 {
            tracing::warn!(
                used,
                most = self.most,
                ?fullness,
                "memory is short: this and what comes before it gives way"
            );
        }
        fullness
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_rooms_give_way_first_then_answers_then_history() {
        let memory = Memory::new(1000);
        let at = |used| (memory.is(used), memory.check_room().is_ok(), memory.check_answer().is_ok());
        assert_eq!(at(799), (Fullness::Enough, true, true));
        assert_eq!(at(800), (Fullness::Rooms, false, true));
        assert_eq!(at(900), (Fullness::Answers, false, false));
        assert_eq!(at(950), (Fullness::History, false, false));
        assert_eq!(at(0), (Fullness::Enough, true, true));
        assert_eq!(Memory::new(1000).check_room(), Ok(()));
    }
}
