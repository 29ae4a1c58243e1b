//! How often something may be done: some at once, then one more each so often (a token bucket). What a session does for
//! nothing, what is recorded of a room and what the log writes are limited by it.

use std::time::{Duration, Instant};

/// What is left of an allowance.
#[derive(Debug)]
pub struct Allowance {
    burst: u32,
    each: Duration,
    left: u32,
    /// When `left` was true.
    since: Instant,
}

impl Allowance {
    /// `burst` at once, and one more after each time `each`, which is longer than nothing.
    pub fn new(burst: u32, each: Duration, now: Instant) -> Self {
        Self { burst, each, left: burst, since: now }
    }

    /// Takes one; false when none is left.
    pub fn take(&mut self, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.since).as_nanos() / self.each.as_nanos();
        let earned = u32::try_from(earned).unwrap_or(u32::MAX);
        self.since += self.each * earned;
        self.left = self.left.saturating_add(earned).min(self.burst);
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        true
    }
}

/// An allowance for records that counts those it leaves out.
#[derive(Debug)]
pub struct RecordRate {
    allowance: Allowance,
    left_out: u64,
}

impl RecordRate {
    /// As [`Allowance::new`].
    pub fn new(burst: u32, each: Duration, now: Instant) -> Self {
        Self { allowance: Allowance::new(burst, each, now), left_out: 0 }
    }

    /// Whether one more may be written, and how many were left out before it.
    pub fn take(&mut self, now: Instant) -> Option<u64> {
        if self.allowance.take(now) {
            return Some(std::mem::take(&mut self.left_out));
        }
        self.left_out += 1;
        None
    }

    /// How many were left out since the last that was written.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowance, Duration, Instant};

    const EACH: Duration = Duration::from_secs(1);

    #[test]
    fn beyond_the_burst_it_is_one_each_second() {
        let now = Instant::now();
        let mut allowance = Allowance::new(3, EACH, now);
        let taken = |allowance: &mut Allowance, at| (0..5).filter(|_| allowance.take(at)).count();
        assert_eq!(taken(&mut allowance, now), 3);
        assert_eq!(taken(&mut allowance, now + EACH / 2), 0);
        assert_eq!(taken(&mut allowance, now + EACH * 2), 2);
        assert_eq!(taken(&mut allowance, now + EACH * 1000), 3);
    }
}
