//! What happened in a room that has ended is offered for a while to whoever has a link to it, unless its owner does not
//! want that. It is written every half minute, so that a crash loses no more, and once more at the end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use proto::trace::What;
use tokio::time::{Instant, sleep, timeout};

use super::{Asked, Kept, Label, QUICK, Recorded, packed, recorded};
use crate::{room::Room, shared::Shared};

/// How long it is offered after the end.
pub(crate) const OFFERED: Duration = Duration::from_secs(60 * 60);
/// After each the others rest so many times as long as it took: with many rooms it is written less often.
const REST: u32 = 9;
/// Longest wait for it when a room ends.
const AT_THE_END: Duration = Duration::from_secs(5);

/// Rooms that have ended, and when.
#[derive(Debug, Default)]
pub(super) struct Lasts {
    ended: Mutex<HashMap<String, Instant>>,
}

impl Lasts {
    /// A room has ended; where that is known already, it stays at that.
    fn ended(&self, room: &str) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.entry(room.to_owned()).or_insert_with(Instant::now);
    }

    /// Takes out those that have been offered for long enough.
    fn over(&self) -> Vec<String> {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.extract_if(|_, since| since.elapsed() >= OFFERED).map(|(room, _)| room).collect()
    }
}

impl Kept {
    /// A room ends: what happened in it is written once more, and offered from now on, where it is to be.
    pub(crate) async fn ends(&self, room: &Room) {
        // Where memory is short it would take more of that: what is written already has to do.
        if !room.took_too_much() {
            let _late = timeout(AT_THE_END, self.keep_last(room)).await;
        }
        if room.offer.is_offered() {
            self.lasts.ended(&room.id);
        } else if room.offer.is_choice() {
            self.forget(&room.id).await;
        }
    }

    /// Writes what happened in a room, where it is to be offered and something has happened since.
    async fn keep_last(&self, room: &Room) {
        let Ok(shelf) = self.shelf() else { return };
        let newest = *room.lab.trace().watch().borrow();
        if !room.offer.is_offered() || room.offer.written() == newest {
            return;
        }
        let turn = self.turn();
        let (Ok(_one_at_a_time), Ok(directory)) = (turn.acquire().await, room.lab.directory().await) else {
            return;
        };
        let (trace, shelf) = (Arc::clone(room.lab.trace()), Arc::clone(shelf));
        let (id, keys) = (room.id.clone(), room.keys.clone());
        let made = tokio::task::spawn_blocking(move || {
            // A room that nobody did anything in is nothing to look at.
            if !trace.any(|event| matches!(event.what, What::CallBegin(_) | What::Output { .. })) {
                return Ok(());
            }
            let Recorded { text, .. } = recorded(&trace, directory, Asked::default())?;
            let compressed = packed(&text, QUICK)?;
            let label = Label::new(&keys.owner, text.len(), compressed.len());
            let label = label.with_keys(&[keys.owner, keys.join, keys.watch]);
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(shelf.put_last(&id, &label, &compressed)?)
        });
        match made.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(room = room.id, %error, "what happened in a room could not be written")
            }
            Err(error) => {
                tracing::error!(room = room.id, %error, "what happened in a room could not be written")
            }
        }
        // Also where it failed: not until something happens again.
        room.offer.wrote(newest);
        // Its owner may have changed their mind meanwhile.
        if !room.offer.is_offered() {
            self.forget(&room.id).await;
        }
    }

    /// Deletes the last recording of a room, where there is one.
    pub(crate) async fn forget(&self, room: &str) {
        let Ok(shelf) = self.shelf() else { return };
        let (shelf, room) = (Arc::clone(shelf), room.to_owned());
        let deleted = tokio::task::spawn_blocking(move || shelf.delete_last(&room));
        if let Ok(Err(error)) = deleted.await {
            tracing::warn!(%error, "the last recording of a room could not be deleted");
        }
    }
}

/// Writes what happens in all rooms, and deletes what has been offered for long enough, for as long as the server is there.
pub(crate) async fn watch(shared: Weak<Shared>) {
    let Some(every) = shared.upgrade().map(|shared| shared.config.deadlines.written) else { return };
    let mut left_known = false;
    loop {
        let Some(strong) = shared.upgrade() else { return };
        left_known = left_known || find_left(&strong).await;
        drop(strong);
        sleep(every).await;
        let Some(shared) = shared.upgrade() else { return };
        for room in shared.rooms.alive() {
            let began = Instant::now();
            shared.kept.keep_last(&room).await;
            sleep(began.elapsed() * REST).await;
        }
        for room in shared.kept.lasts.over() {
            shared.kept.forget(&room).await;
        }
        tidy(&shared).await;
    }
}

/// What an earlier process left has ended by now, and goes after a while. False where nobody can say what that is.
async fn find_left(shared: &Shared) -> bool {
    let Ok(shelf) = shared.kept.shelf().map(Arc::clone) else { return true };
    let Ok(Ok(left)) = tokio::task::spawn_blocking(move || shelf.lasts()).await else { return false };
    for room in left.iter().filter(|room| shared.rooms.find(room).is_none()) {
        shared.kept.lasts.ended(room);
    }
    true
}

async fn tidy(shared: &Shared) {
    let Ok(shelf) = shared.kept.shelf().map(Arc::clone) else { return };
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || shelf.tidy()).await {
        tracing::warn!(%error, "what was left unfinished on the shelf could not be removed");
    }
}
