//! Bytes of an upgraded connection that brought nothing: frames without content, halves of messages. They are read at a
//! rate; what brings messages is not slowed.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

/// Bytes that may be read ahead of what they bring: two messages of the largest size, and the buffers on the way.
const AHEAD: i64 = 256 * 1024;
/// Bytes a second that may bring nothing.
const RATE: i64 = 64 * 1024;
/// Bytes of a WebSocket frame beside its payload, at most.
const HEAD: usize = 14;

/// What one connection has read for nothing so far.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    owed: AtomicI64,
}

impl Meter {
    /// A message of so many bytes came of what was read.
    pub(crate) fn used(&self, bytes: usize) {
        self.owed.fetch_sub(i64::try_from(bytes + HEAD).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// So many bytes were read.
    pub(super) fn came(&self, bytes: usize) {
        self.owed.fetch_add(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// How long to read nothing, given when this was last asked.
    pub(super) fn pause(&self, since: &mut Option<Instant>) -> Option<Duration> {
        let owed = self.owed.load(Ordering::Relaxed);
        if owed <= AHEAD / 2 {
            // What was read before an upgrade was not counted, what came of it was.
            if owed < 0 {
                self.owed.fetch_max(0, Ordering::Relaxed);
            }
            *since = None;
            return None;
        }
        let now = Instant::now();
        let elapsed = now.duration_since(*since.get_or_insert(now));
        let paid = i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX).saturating_mul(RATE) / 1_000_000;
        if paid > 0 {
            *since = Some(now);
            self.owed.fetch_sub(paid, Ordering::Relaxed);
        }
        let beyond = (owed - paid).saturating_sub(AHEAD);
        let micros = u64::try_from(beyond.saturating_mul(1_000_000) / RATE).unwrap_or(0);
        (beyond > 0).then(|| Duration::from_micros(micros.max(1000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_brings_messages_is_never_slowed_and_what_brings_nothing_is() {
        let (meter, mut since) = (Meter::default(), None);
        for _ in 0..1000 {
            meter.came(64 * 1024 + HEAD);
            assert_eq!(meter.pause(&mut since), None);
            meter.used(64 * 1024);
        }
        meter.came(usize::try_from(AHEAD + RATE).unwrap());
        let pause = meter.pause(&mut since).unwrap();
        assert!(pause > Duration::from_millis(900) && pause <= Duration::from_secs(1), "{pause:?}");
    }
}
