//! How many frames of which nothing comes a session may send: what comes faster waits.

use std::time::Duration;

use proto::limits;
use tokio::time::Instant;

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
    use super::{Duration, Idle, Instant, limits};

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
}
