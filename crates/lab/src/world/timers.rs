//! When something is due. An ordered set; nothing fires by itself.

use std::{collections::BTreeMap, net::IpAddr, time::Instant};

use proto::id::{CallRef, HostId};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// A call's `wait` runs out.
    CallWait(CallRef),
    /// A machine's sockets are to be looked at.
    Dump(HostId),
    /// A timer of a machine's kernel has run out.
    Look(HostId),
    /// Nobody has this address: the wire says so to the machine that asked.
    Absent(HostId, IpAddr),
    /// An echo request stays unanswered.
    Echo(CallRef),
    /// A machine's losses are to be counted.
    Drops(HostId),
    /// Sockets that a machine has in reserve may not be needed any more.
    Spares(HostId),
    /// Packets above the budget are summed up.
    Summary,
}

/// All timers of a room.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeMap<(Instant, u64), Timer>,
    set: u64,
}

impl Timers {
    /// A timer that is no longer wanted may fire: its handler looks whether it still means something.
    pub(super) fn set(&mut self, at: Instant, timer: Timer) {
        self.set += 1;
        self.due.insert((at, self.set), timer);
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn due(&mut self, now: Instant) -> Option<Timer> {
        let first = self.due.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}
