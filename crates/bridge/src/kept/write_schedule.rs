//! Which room's recording is written next: the one in which something unwritten happened longest ago. Reads no clock.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

/// Longest wait until one that could not be written is tried again.
const LATEST: Duration = Duration::from_secs(10 * 60);

/// The rooms with something unwritten.
#[derive(Debug)]
pub(crate) struct WriteSchedule {
    /// From something that happens to its being written.
    within: Duration,
    rooms: HashMap<String, Scheduled>,
}

#[derive(Debug)]
struct Scheduled {
    at: Instant,
    /// The wait after the next failure.
    patience: Duration,
}

impl WriteSchedule {
    pub(crate) fn new(within: Duration) -> Self {
        Self { within, rooms: HashMap::new() }
    }

    /// The room to write now, if there is one. `unwritten` are all that have something to write; the others are forgotten.
    pub(crate) fn next<'room>(
        &mut self,
        unwritten: impl Iterator<Item = &'room str>,
        now: Instant,
    ) -> Option<&'room str> {
        let mut before = std::mem::take(&mut self.rooms);
        let mut first: Option<(Instant, &str)> = None;
        for room in unwritten {
            let (id, turn) = before.remove_entry(room).unwrap_or_else(|| {
                (room.to_owned(), Scheduled { at: now + self.within, patience: self.within })
            });
            if turn.at <= now && first.is_none_or(|(at, _)| turn.at < at) {
                first = Some((turn.at, room));
            }
            self.rooms.insert(id, turn);
        }
        first.map(|(_, room)| room)
    }

    /// It is written. What has happened meanwhile has all of its time.
    pub(crate) fn written(&mut self, room: &str) {
        self.rooms.remove(room);
    }

    /// It could not be: again in a while, which is longer each time.
    pub(crate) fn failed(&mut self, room: &str, now: Instant) {
        if let Some(turn) = self.rooms.get_mut(room) {
            turn.at = now + turn.patience;
            turn.patience = (turn.patience * 2).min(LATEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(30);

    fn after(began: Instant, seconds: u64) -> Instant {
        began + Duration::from_secs(seconds)
    }

    #[test]
    fn who_has_waited_longest_is_first_and_nobody_before_their_time() {
        let (mut due, began) = (WriteSchedule::new(WITHIN), Instant::now());
        assert_eq!(due.next(["a"].into_iter(), began), None);
        assert_eq!(due.next(["b", "a"].into_iter(), after(began, 10)), None);
        let both = || ["b", "a"].into_iter();
        assert_eq!(due.next(both(), after(began, 29)), None);
        assert_eq!(due.next(both(), after(began, 50)), Some("a"), "not written, it stays the first");
        assert_eq!(due.next(both(), after(began, 50)), Some("a"));
        due.written("a");
        assert_eq!(due.next(both(), after(began, 50)), Some("b"), "a has something new, which has its time");
        due.written("b");
        assert_eq!(due.next(both(), after(began, 79)), None);
        // What has nothing to write any more is forgotten, and begins anew.
        assert_eq!(due.next(["a"].into_iter(), after(began, 79)), None);
        assert_eq!(due.next(both(), after(began, 80)), Some("a"));
        due.written("a");
        assert_eq!(due.next(["b"].into_iter(), after(began, 100)), None);
        assert_eq!(due.next(["b"].into_iter(), after(began, 110)), Some("b"));
    }

    #[test]
    fn one_that_cannot_be_written_is_tried_again_and_keeps_nobody_waiting() {
        let (mut due, began) = (WriteSchedule::new(WITHIN), Instant::now());
        let both = || ["bad", "good"].into_iter();
        assert_eq!(due.next(both(), began), None);
        assert_eq!(due.next(["bad"].into_iter(), after(began, 30)), Some("bad"));
        due.failed("bad", after(began, 30));
        assert_eq!(due.next(both(), after(began, 30)), None);
        assert_eq!(due.next(both(), after(began, 60)), Some("bad"));
        due.failed("bad", after(began, 60));
        assert_eq!(due.next(both(), after(began, 60)), Some("good"));
        due.written("good");
        assert_eq!(due.next(["bad"].into_iter(), after(began, 119)), None, "twice as long");
        let mut now = after(began, 120);
        for _ in 0..20 {
            assert_eq!(due.next(["bad"].into_iter(), now), Some("bad"));
            due.failed("bad", now);
            now += LATEST;
        }
    }
}
