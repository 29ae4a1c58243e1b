//! Until when the last recordings of rooms that have ended are offered.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long it is offered after the end.
pub(crate) const OFFERED: Duration = Duration::from_secs(60 * 60);
/// Most rooms that have ended of which it is known until when they are offered: the shelf itself tidies up what is older
/// than a day.
const KNOWN: usize = 100_000;

/// Rooms that have ended, and until when each is offered.
#[derive(Debug, Default)]
pub(super) struct Expiries {
    until: Mutex<HashMap<String, Instant>>,
}

impl Expiries {
    /// A room has ended; where that is known already, it stays at that.
    pub(super) fn offer(&self, room: &str) {
        self.expire_after(room, OFFERED);
    }

    /// It is not to be offered any more, and is there all the same.
    pub(super) fn expire(&self, room: &str) {
        self.remove(room);
        self.expire_after(room, Duration::ZERO);
    }

    fn expire_after(&self, room: &str, time: Duration) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() < KNOWN {
            until.entry(room.to_owned()).or_insert_with(|| Instant::now() + time);
        }
    }

    /// Those that have been offered for long enough.
    pub(super) fn expired(&self) -> Vec<String> {
        let (until, now) = (self.until.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        until.iter().filter(|(_, until)| **until <= now).map(|(room, _)| room.clone()).collect()
    }

    /// Whether this one has been.
    pub(super) fn is_expired(&self, room: &str) -> bool {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(room).is_some_and(|until| *until <= Instant::now())
    }

    /// It is not there any more.
    pub(super) fn remove(&self, room: &str) {
        self.until.lock().unwrap_or_else(PoisonError::into_inner).remove(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_room_is_offered_for_its_time_and_not_anew() {
        let expiries = Expiries::default();
        expiries.offer("a-room");
        tokio::time::advance(OFFERED / 2).await;
        expiries.offer("a-room");
        expiries.offer("a-later");
        expiries.expire("a-silent");
        expiries.offer("a-silent");
        assert_eq!(expiries.expired(), ["a-silent"]);
        tokio::time::advance(OFFERED / 2).await;
        let mut expired = expiries.expired();
        expired.sort();
        assert_eq!(expired, ["a-room", "a-silent"]);
        assert!(expiries.is_expired("a-room") && !expiries.is_expired("a-later"));
        expiries.remove("a-room");
        assert_eq!(expiries.expired(), ["a-silent"]);
    }
}
