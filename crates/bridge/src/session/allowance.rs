//! How often a session may do what costs it nothing: some at once, one more each second.

use std::time::Duration;

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

#[cfg(test)]
mod tests {
    use super::{Allowance, EACH, Instant};

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
