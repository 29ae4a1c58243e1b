//! When something is due. An ordered set; nothing fires by itself.

use std::{collections::BTreeMap, net::IpAddr, time::Instant};

use proto::id::{CallRef, HostId};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// A call's `wait` runs out.
    CallWait(CallRef),
    /// A machine's sockets are to be looked at.
    Look(HostId),
    /// A timer of a machine's kernel has run out.
    Kernel(HostId),
    /// Nobody has this address: the wire says so to the machine that asked.
    Unresolved(HostId, IpAddr),
    /// An echo request stays unanswered.
    Echo(CallRef),
    /// A machine's losses are to be counted.
    Drops(HostId),
    /// Sockets in a machine's pool may not be needed any more.
    Pool(HostId),
}

/// Which of the timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimerKey(Instant, u64);

/// All timers of a room.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeMap<(Instant, u64), Timer>,
    set: u64,
}

impl Timers {
    /// A timer that is no longer wanted may fire: its handler looks whether it still means something. One that may be
    /// set as often as somebody likes has to be unset.
    pub(super) fn set(&mut self, at: Instant, timer: Timer) -> TimerKey {
        self.set += 1;
        self.due.insert((at, self.set), timer);
        TimerKey(at, self.set)
    }

    /// Takes a timer away. One that has fired is none any more.
    pub(super) fn unset(&mut self, TimerKey(at, number): TimerKey) {
        self.due.remove(&(at, number));
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn due(&mut self, now: Instant) -> Option<Timer> {
        let first = self.due.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proto::id::CallRef;

    use super::{Timer, Timers};

    #[test]
    fn a_timer_that_was_unset_is_gone() {
        let (mut timers, now) = (Timers::default(), Instant::now());
        let first = timers.set(now, Timer::CallWait(CallRef(1)));
        let second = timers.set(now, Timer::CallWait(CallRef(2)));
        timers.unset(first);
        timers.unset(first);
        assert_eq!(timers.due(now), Some(Timer::CallWait(CallRef(2))));
        timers.unset(second);
        assert_eq!((timers.due(now + Duration::from_secs(1)), timers.next()), (None, None));
    }
}
