//! What happened in a room that has ended is offered for a while to whoever has a link to it, unless its owner does not
//! want that. It is written soon after something has happened, so that a crash loses no more, and once more at the end.

use std::{io, sync::Arc, time::Duration};

use proto::trace::What;
use tokio::time::{Instant, timeout};

use super::{
    Recordings,
    compression::{QUICK, packed},
    recorded::{Recorded, RecordingOptions, recorded},
    shelf::{Label, Shelf},
};
use crate::room::Room;

/// Longest wait for it when a room ends.
const AT_THE_END: Duration = Duration::from_secs(5);

/// Why the last recording of a room is not written.
pub(crate) type NotWritten = Box<dyn std::error::Error + Send + Sync>;

impl Recordings {
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
            self.expiries.offer(&room.id);
        } else if room.offer.is_choice() {
            let _tried_again = self.forget(&room.id).await;
        }
    }

    /// Writes what has happened in a room; how long it took to make that, without what the shelf took.
    pub(crate) async fn write_last(&self, room: &Arc<Room>) -> Result<Duration, NotWritten> {
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
                self.expiries.remove(room);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(room, %error, "the last recording of a room could not be deleted");
                self.expiries.expire(room);
                Err(error)
            }
        }
    }

    /// A room that an earlier process had has ended, too.
    pub(crate) fn offer(&self, room: &str) {
        self.expiries.offer(room);
    }

    /// Its owner wants it again.
    pub(crate) fn cancel_expiry(&self, room: &str) {
        self.expiries.remove(room);
    }

    /// Whether the last recording of a room, where there still is one, is not to be given to anybody any more.
    pub(crate) fn is_expired(&self, room: &str) -> bool {
        self.expiries.is_expired(room)
    }

    /// Deletes what has been offered for long enough, and what somebody left unfinished.
    pub(crate) async fn tidy(&self) {
        for room in self.expiries.expired() {
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
pub(crate) fn has_more(room: &Room) -> bool {
    room.offer.is_offered() && room.offer.written() != *room.lab.trace().watch().borrow()
}

pub(crate) fn not_written(room: &Room, error: &dyn std::fmt::Display) {
    tracing::warn!(room = room.id, %error, "what happened in a room could not be written");
}

/// Makes the recording and puts it there.
fn write(room: &Room, directory: lab::Directory, shelf: &dyn Shelf) -> Result<Duration, NotWritten> {
    let (trace, began) = (room.lab.trace(), Instant::now());
    // A room that nobody did anything in is nothing to look at.
    if !trace.any(|event| matches!(event.what, What::CallBegin(_) | What::Output { .. })) {
        return Ok(began.elapsed());
    }
    let Recorded { text, .. } = recorded(trace, directory, RecordingOptions::default())?;
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
