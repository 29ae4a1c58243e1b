//! How late the server's event loop is: what a timer that was due waited for its turn.

use std::{
    sync::Weak,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

/// How often it is measured.
const EVERY: Duration = Duration::from_millis(100);
/// Measurements of one window.
const WINDOW: u32 = 100;

/// The longest wait of the last ten seconds, and of the ten before where those have just begun.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    before: AtomicU64,
    now: AtomicU64,
}

impl Lag {
    /// In microseconds.
    pub(crate) fn micros(&self) -> u64 {
        self.before.load(Ordering::Relaxed).max(self.now.load(Ordering::Relaxed))
    }

    fn measured(&self, late: Duration) {
        self.now.fetch_max(u64::try_from(late.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn next_window(&self) {
        self.before.store(self.now.swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// Measures as long as the server is there.
pub(crate) async fn measure(lag: Weak<Lag>) {
    loop {
        for _ in 0..WINDOW {
            let due = Instant::now() + EVERY;
            tokio::time::sleep_until(due).await;
            let Some(lag) = lag.upgrade() else { return };
            lag.measured(due.elapsed());
        }
        let Some(lag) = lag.upgrade() else { return };
        lag.next_window();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_is_told_for_a_window_and_the_next() {
        let lag = Lag::default();
        lag.measured(Duration::from_micros(70));
        lag.measured(Duration::from_micros(30));
        assert_eq!(lag.micros(), 70);
        lag.next_window();
        lag.measured(Duration::from_micros(40));
        assert_eq!(lag.micros(), 70);
        lag.next_window();
        assert_eq!(lag.micros(), 40);
    }
}
