//! How many lines of one kind are written: some at once, then so many a second. A kind is a place in the source, so no
//! visitor fills a disk by making the same thing happen again and again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use bridge::allowance::RecordRate;
use tracing::{Event, Metadata, Subscriber, callsite::Identifier};
use tracing_subscriber::layer::{Context, Filter};

use super::lines::Lines;

/// Lines of one kind at once.
const BURST: u32 = 1000;
/// One more each so often: a hundred a second.
const EACH: Duration = Duration::from_millis(10);

/// What the log lets through.
pub(crate) struct Rate {
    kinds: Mutex<HashMap<Identifier, RecordRate>>,
    lines: Lines,
    words: fn(u64, &Metadata<'_>) -> String,
}

impl Rate {
    /// Nothing was written yet. `words` says on `lines` how many lines of a kind were left out.
    pub(crate) fn new(lines: Lines, words: fn(u64, &Metadata<'_>) -> String) -> Self {
        Self { kinds: Mutex::default(), lines, words }
    }

    fn lets_through(&self, metadata: &Metadata<'_>) -> bool {
        let now = Instant::now();
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        // Bounded by the places in the source.
        let kind = kinds.entry(metadata.callsite()).or_insert_with(|| RecordRate::new(BURST, EACH, now));
        let Some(left_out) = kind.take(now) else { return false };
        drop(kinds);
        if left_out > 0 {
            self.lines.hand_over((self.words)(left_out, metadata).into_bytes());
        }
        true
    }
}

impl<S: Subscriber> Filter<S> for Rate {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        self.lets_through(event.metadata())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_burst_it_is_a_hundred_a_second_and_the_rest_is_counted() {
        let now = Instant::now();
        let mut kind = RecordRate::new(BURST, EACH, now);
        assert!((0..BURST).all(|_| kind.take(now) == Some(0)));
        assert_eq!((0..5).filter_map(|_| kind.take(now)).count(), 0);
        let later = now + Duration::from_secs(1);
        assert_eq!(kind.take(later), Some(5));
        assert_eq!((1..BURST).filter_map(|_| kind.take(later)).count(), 99);
    }
}
