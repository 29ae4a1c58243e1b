//! What happened in a room that has ended is offered for a while to whoever has a link to it, unless its owner does not
//! want that. It is written soon after something has happened, so that a crash loses no more, and once more at the end.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use proto::trace::What;
use tokio::time::{Instant, sleep, timeout};

use super::{Asked, Kept, Label, QUICK, Recorded, due::Due, packed, recorded};
use crate::{room::Room, shared::Shared};

/// How long it is offered after the end.
pub(crate) const OFFERED: Duration = Duration::from_secs(60 * 60);
/// How often it is looked which rooms have something to write.
const LOOK: Duration = Duration::from_secs(1);
/// How often it is looked what has been offered for long enough, and what somebody left unfinished.
const TIDY: Duration = Duration::from_secs(30);
/// After each the others rest so many times as long as it took: with many rooms it is written less often.
const REST: u32 = 9;
/// Longest wait for it when a room ends.
const AT_THE_END: Duration = Duration::from_secs(5);
/// Most rooms that have ended of which it is known until when they are offered: the shelf itself tidies up what is older
/// than a day.
const KNOWN: usize = 100_000;

/// Rooms that have ended, and until when each is offered.
#[derive(Debug, Default)]
pub(super) struct Lasts {
    until: Mutex<HashMap<String, Instant>>,
}

impl Lasts {
    /// A room has ended; where that is known already, it stays at that.
    fn ended(&self, room: &str) {
        self.offer(room, OFFERED);
    }

    /// It is not to be offered any more, and is there all the same.
    fn unwanted(&self, room: &str) {
        self.gone(room);
        self.offer(room, Duration::ZERO);
    }

    fn offer(&self, room: &str, time: Duration) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() < KNOWN {
            until.entry(room.to_owned()).or_insert_with(|| Instant::now() + time);
        }
    }

    /// Those that have been offered for long enough.
    fn over(&self) -> Vec<String> {
        let (until, now) = (self.until.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        until.iter().filter(|(_, until)| **until <= now).map(|(room, _)| room.clone()).collect()
    }

    /// Whether this one has been.
    fn is_over(&self, room: &str) -> bool {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(room).is_some_and(|until| *until <= Instant::now())
    }

    /// It is not there any more.
    fn gone(&self, room: &str) {
        self.until.lock().unwrap_or_else(PoisonError::into_inner).remove(room);
    }
}

/// Why the last recording of a room is not written.
type NotWritten = Box<dyn std::error::Error + Send + Sync>;

impl Kept {
    /// A room ends: what happened in it is written once more, and offered from now on, where it is to be.
    pub(crate) async fn ends(&self, room: &Arc<Room>) {
        // Where memory is short it would take more of that: what is written already has to do.
        if !room.took_too_much() && has_more(room) {
            match timeout(AT_THE_END, self.write_last(room)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => not_written(room, &error),
                Err(_late) => not_written(room, &"there was no time for it"),
            }
        }
        if room.offer.is_offered() {
            self.lasts.ended(&room.id);
        } else if room.offer.is_choice() {
            let _tried_again = self.forget(&room.id).await;
        }
    }

    /// Writes what has happened in a room; how long it took to make that, without what the shelf took.
    async fn write_last(&self, room: &Arc<Room>) -> Result<Duration, NotWritten> {
        let newest = *room.lab.trace().watch().borrow();
        let turn = Arc::clone(&self.turn_last).acquire_owned().await?;
        let directory = room.lab.directory().await.map_err(|_| "the room has ended")?;
        let own = Arc::clone(room);
        let written = self.ask(move |shelf| {
            let _one_at_a_time = turn;
            Ok(write(&own, directory, shelf))
        });
        let took = written.await??;
        room.offer.wrote(newest);
        Ok(took)
    }

    /// Deletes the last recording of a room, where there is one.
    ///
    /// # Errors
    /// As the shelf's. Then nobody is given it any more, and it is tried again.
    pub(crate) async fn forget(&self, room: &str) -> io::Result<()> {
        if self.shelf().is_err() {
            return Ok(());
        }
        let id = room.to_owned();
        match self.ask(move |shelf| shelf.delete_last(&id)).await {
            Ok(_was_there) => {
                self.lasts.gone(room);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(room, %error, "the last recording of a room could not be deleted");
                self.lasts.unwanted(room);
                Err(error)
            }
        }
    }

    /// Its owner wants it again.
    pub(crate) fn wanted(&self, room: &str) {
        self.lasts.gone(room);
    }

    /// Whether the last recording of a room, where there still is one, is not to be given to anybody any more.
    pub(crate) fn is_over(&self, room: &str) -> bool {
        self.lasts.is_over(room)
    }

    /// Deletes what has been offered for long enough, and what somebody left unfinished.
    pub(super) async fn tidy(&self) {
        for room in self.lasts.over() {
            if self.forget(&room).await.is_err() {
                // The others would fare no better, and are tried again with it.
                return;
            }
        }
        if let Err(error) = self.ask(|shelf| shelf.tidy()).await {
            tracing::warn!(%error, "what was left unfinished on the shelf could not be removed");
        }
    }
}

/// Whether something has happened in a room that is to be written and is not.
fn has_more(room: &Room) -> bool {
    room.offer.is_offered() && room.offer.written() != *room.lab.trace().watch().borrow()
}

fn not_written(room: &Room, error: &dyn std::fmt::Display) {
    tracing::warn!(room = room.id, %error, "what happened in a room could not be written");
}

/// Makes the recording and puts it there.
fn write(room: &Room, directory: lab::Directory, shelf: &dyn super::Shelf) -> Result<Duration, NotWritten> {
    let (trace, began) = (room.lab.trace(), Instant::now());
    // A room that nobody did anything in is nothing to look at.
    if !trace.any(|event| matches!(event.what, What::CallBegin(_) | What::Output { .. })) {
        return Ok(began.elapsed());
    }
    let Recorded { text, .. } = recorded(trace, directory, Asked::default())?;
    let compressed = packed(&text, QUICK)?;
    let keys = &room.keys;
    let label = Label::new(&keys.owner, text.len(), compressed.len());
    let label = label.with_keys(&[keys.owner, keys.join, keys.watch]);
    let took = began.elapsed();
    shelf.put_last(&room.id, &label, &compressed)?;
    // Its owner may have changed their mind meanwhile; whoever waited for this may be gone.
    if !room.offer.is_offered() {
        shelf.delete_last(&room.id)?;
    }
    Ok(took)
}

/// Writes what happens in all rooms, and deletes what has been offered for long enough, for as long as the server is there.
pub(crate) async fn watch(shared: Weak<Shared>) {
    let Some(within) = shared.upgrade().map(|shared| shared.config.deadlines.written) else { return };
    let (mut due, mut left_known, mut tidied) = (Due::new(within), false, Instant::now());
    loop {
        let Some(strong) = shared.upgrade() else { return };
        left_known = left_known || find_left(&strong).await;
        let rest = write_next(&strong, &mut due).await;
        if tidied.elapsed() >= TIDY {
            strong.kept.tidy().await;
            tidied = Instant::now();
        }
        drop(strong);
        sleep(rest).await;
    }
}

/// Writes the room whose turn it is; how long to rest then.
async fn write_next(shared: &Shared, due: &mut Due) -> Duration {
    if shared.kept.shelf().is_err() {
        return TIDY;
    }
    let rooms = shared.rooms.alive();
    let unwritten = rooms.iter().filter(|room| has_more(room)).map(|room| room.id.as_str());
    let next = due.next(unwritten, Instant::now());
    let Some(room) = next.and_then(|id| rooms.iter().find(|room| room.id == id)) else { return LOOK };
    match shared.kept.write_last(room).await {
        Ok(took) => {
            due.written(&room.id);
            took * REST
        }
        Err(error) => {
            not_written(room, &error);
            due.failed(&room.id, Instant::now());
            LOOK
        }
    }
}

/// What an earlier process left has ended by now, and goes after a while. False where nobody can say what that is.
async fn find_left(shared: &Shared) -> bool {
    if shared.kept.shelf().is_err() {
        return true;
    }
    let Ok(left) = shared.kept.ask(|shelf| shelf.lasts()).await else { return false };
    for room in left.iter().filter(|room| shared.rooms.find(room).is_none()) {
        shared.kept.lasts.ended(room);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_room_is_offered_for_its_time_and_not_anew() {
        let lasts = Lasts::default();
        lasts.ended("a-room");
        tokio::time::advance(OFFERED / 2).await;
        lasts.ended("a-room");
        lasts.ended("a-later");
        lasts.unwanted("a-silent");
        lasts.ended("a-silent");
        assert_eq!(lasts.over(), ["a-silent"]);
        tokio::time::advance(OFFERED / 2).await;
        let mut over = lasts.over();
        over.sort();
        assert_eq!(over, ["a-room", "a-silent"]);
        assert!(lasts.is_over("a-room") && !lasts.is_over("a-later"));
        lasts.gone("a-room");
        assert_eq!(lasts.over(), ["a-silent"]);
    }
}
