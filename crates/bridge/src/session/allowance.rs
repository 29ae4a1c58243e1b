//! How often a session may do what costs it nothing: some at once, one more each second. And how many frames of which
//! nothing comes are read: what comes faster waits.

use std::time::Duration;

use proto::limits;
use tokio::time::Instant;

/// One more is allowed after this time.
const EACH: Duration = Duration::from_secs(1);

/// What is left of an allowance.
#[derive(Debug)]
pub(super) struct Allowance {
    burst: u32,
    left: u32,
    /// When `left` was true.
    since: Instant,
}

impl Allowance {
    /// `burst` at once.
    pub(super) fn new(burst: u32, now: Instant) -> Self {
        Self { burst, left: burst, since: now }
    }

    /// Takes one; false when none is left.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let grown = u32::try_from(now.saturating_duration_since(self.since).as_secs()).unwrap_or(u32::MAX);
        self.since += EACH * grown;
        self.left = self.left.saturating_add(grown).min(self.burst);
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        true
    }
}

/// What is left of the frames of which nothing comes.
#[derive(Debug)]
pub(super) struct Idle {
    /// When the frames so far are paid for, at the steady rate.
    paid: Instant,
}

impl Idle {
    /// None came yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { paid: now }
    }

    /// So many came.
    pub(super) fn spend(&mut self, frames: u32, now: Instant) {
        let each = Duration::from_secs(1) / limits::IDLE_FRAMES_RATE;
        self.paid = self.paid.max(now) + each * frames;
    }

    /// When the next message may be read, if not now.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let burst = Duration::from_secs(1) * limits::IDLE_FRAMES_BURST / limits::IDLE_FRAMES_RATE;
        self.paid.checked_sub(burst).filter(|due| *due > now)
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowance, Duration, EACH, Idle, Instant, limits};

    #[test]
    fn frames_of_which_nothing_comes_are_read_at_a_rate() {
        let now = Instant::now() + Duration::from_secs(3600);
        let mut idle = Idle::new(now);
        idle.spend(limits::IDLE_FRAMES_BURST, now);
        assert_eq!(idle.due(now), None);
        idle.spend(limits::IDLE_FRAMES_RATE, now);
        let due = idle.due(now).unwrap();
        assert_eq!((due - now).as_millis(), 1000);
        assert_eq!(idle.due(due), None);
    }

    #[test]
    fn beyond_the_burst_it_is_one_each_second() {
        let now = Instant::now();
        let mut allowance = Allowance::new(3, now);
        let taken = |allowance: &mut Allowance, at| (0..5).filter(|_| allowance.take(at)).count();
        assert_eq!(taken(&mut allowance, now), 3);
        assert_eq!(taken(&mut allowance, now + EACH / 2), 0);
        assert_eq!(taken(&mut allowance, now + EACH * 2), 2);
        assert_eq!(taken(&mut allowance, now + EACH * 1000), 3);
    }
}
