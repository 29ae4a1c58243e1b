//! What the histories of all rooms may take: traces and packets. Where a server has many rooms each keeps less.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use proto::limits;
use proto::limits::Limit;
use proto::trace::What;

use crate::account::{Account, Charge};

/// Bytes that each kind of events of a room keeps at least, however little there is.
const LEAST: usize = 64 * 1024;

/// The histories of all rooms of a lab.
#[derive(Debug)]
pub struct History {
    account: Arc<Account>,
    /// What stands in one account with them.
    around: Arc<Account>,
    /// Bytes of that from which on histories do not grow: the rest is for calls.
    full: usize,
    /// Bytes that each kind of a room's events may take now.
    of_kind: AtomicUsize,
    calls: AtomicU64,
    packets: AtomicU64,
}

impl Default for History {
    fn default() -> Self {
        Self::within(&Account::new(Limit::ServerMemory, usize::MAX), usize::MAX)
    }
}

impl History {
    /// Of rooms whose memory stands in `around`. From `full` bytes of it on no history grows: what comes takes the place of
    /// what is old.
    pub(crate) fn within(around: &Arc<Account>, full: usize) -> Self {
        Self {
            account: around.within(Limit::ServerMemory, usize::MAX, 0),
            around: Arc::clone(around),
            full,
            of_kind: AtomicUsize::new(limits::TRACE_BYTES),
            calls: AtomicU64::default(),
            packets: AtomicU64::default(),
        }
    }

    /// Bytes that all of them take, with what keeping them costs.
    pub fn taken(&self) -> usize {
        self.account.taken()
    }

    /// Bytes that each kind of a room's events may take now: at most [`limits::TRACE_BYTES`].
    pub fn of_kind(&self) -> usize {
        self.of_kind.load(Ordering::Relaxed)
    }

    /// Bytes that a kind of a room's events may take now that it has grown from `before` bytes.
    pub(crate) fn bound(&self, before: usize) -> usize {
        let most = self.of_kind();
        if self.around.taken() < self.full { most } else { most.min(before.max(LEAST)) }
    }

    /// There is too little memory: a quarter less for each from now on.
    pub fn shrink(&self) {
        let less = self.of_kind() / 4 * 3;
        self.of_kind.store(less.max(LEAST), Ordering::Relaxed);
    }

    /// There is enough again.
    pub fn grow(&self) {
        let more = self.of_kind() / 4 * 5;
        self.of_kind.store(more.min(limits::TRACE_BYTES), Ordering::Relaxed);
    }

    /// Calls begun in all rooms since the lab was made.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Packets seen in all rooms since the lab was made, those that were counted and not recorded one by one included.
    pub fn packets(&self) -> u64 {
        self.packets.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, what: &What) {
        match what {
            What::CallBegin(_) => self.calls.fetch_add(1, Ordering::Relaxed),
            What::Packet(_) => self.packets.fetch_add(1, Ordering::Relaxed),
            What::Summary(summary) => self.packets.fetch_add(summary.packets, Ordering::Relaxed),
            _ => 0,
        };
    }

    pub(crate) fn charge(&self) -> Charge {
        self.account.note(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_memory_is_full_what_comes_takes_the_place_of_what_is_old() {
        let memory = Account::new(Limit::ServerMemory, 1000);
        let history = History::within(&memory, 900);
        let mut charge = history.charge();
        charge.set(899);
        assert_eq!(history.bound(3 * LEAST), limits::TRACE_BYTES);
        charge.set(800);
        let _call = memory.take(100).unwrap();
        assert_eq!(history.bound(3 * LEAST), 3 * LEAST);
        assert_eq!(history.bound(1), LEAST, "a little is always kept");
    }

    #[test]
    fn it_shrinks_to_the_least_and_grows_back_to_the_most() {
        let history = History::default();
        for _ in 0..50 {
            history.shrink();
        }
        assert_eq!(history.of_kind(), LEAST);
        for _ in 0..50 {
            history.grow();
        }
        assert_eq!(history.of_kind(), limits::TRACE_BYTES);
    }
}
