//! Recordings that are kept: made of a room's own trace, put on a shelf, opened by link without a room.
//!
//! What a page sends is a title and whether to hide names; what happened comes from the server's trace alone. A shelf is
//! asked from threads that may wait for a disk.

mod compression;
mod daily_quota;
mod expiry;
mod folder;
mod last;
mod recorded;
#[cfg(feature = "shared-shelf")]
mod shared_shelf;
mod shelf;
mod write_schedule;

use std::{io, sync::Arc};

use tokio::sync::Semaphore;

use daily_quota::DailyQuota;
use expiry::Expiries;

pub use folder::{Folder, FolderError};
#[cfg(feature = "shared-shelf")]
pub use shared_shelf::{SharedShelf, SharedShelfError};
pub use shelf::{Label, NoShelf, PutError, Shelf, Stored, WhenFull};
pub(crate) use {
    compression::{SMALL, packed, unpacked, whole},
    expiry::OFFERED,
    last::{has_more, not_written},
    recorded::{Recorded, RecordingOptions, recorded},
    write_schedule::WriteSchedule,
};

/// Recordings that are asked for at a time: threads that wait for a disk, or for another machine.
const ASKING: usize = 32;

/// The shelf, and what bounds its use.
#[derive(Debug)]
pub(crate) struct Recordings {
    shelf: Result<Arc<dyn Shelf>, NoShelf>,
    /// Making one takes memory for all of a room's trace: one at a time, ...
    turn: Arc<Semaphore>,
    /// ... and one of those that rooms leave, which nobody who wants one kept waits for.
    turn_last: Arc<Semaphore>,
    /// And to do one again, which takes a room and its time.
    again: Arc<Semaphore>,
    /// Each that is asked for takes a thread until the disk has answered.
    asking: Arc<Semaphore>,
    /// How many each address has kept.
    pub(crate) daily: DailyQuota,
    /// The last recordings of rooms that have ended.
    expiries: Expiries,
}

impl Recordings {
    pub(crate) fn new(shelf: Result<Arc<dyn Shelf>, NoShelf>, of_address: u32) -> Self {
        Self {
            shelf,
            turn: Arc::new(Semaphore::new(1)),
            turn_last: Arc::new(Semaphore::new(1)),
            again: Arc::new(Semaphore::new(1)),
            asking: Arc::new(Semaphore::new(ASKING)),
            daily: DailyQuota::new(of_address),
            expiries: Expiries::default(),
        }
    }

    /// Where they stand, or why there is none.
    pub(crate) fn shelf(&self) -> Result<&Arc<dyn Shelf>, &NoShelf> {
        self.shelf.as_ref()
    }

    /// The recording with this id, if there is one.
    ///
    /// # Errors
    /// As the shelf says.
    pub(crate) async fn find(&self, id: &str) -> io::Result<Option<Stored>> {
        if self.shelf().is_err() {
            return Ok(None);
        }
        let id = id.to_owned();
        self.ask(move |shelf| shelf.get(&id)).await
    }

    /// Asks the shelf, on one of the few threads that may wait for it. That goes on also where nobody waits any more.
    ///
    /// # Errors
    /// As `what` says; [`io::ErrorKind::Unsupported`] where there is no shelf.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        what: impl FnOnce(&dyn Shelf) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let shelf = self.shelf().map_err(|_| io::Error::from(io::ErrorKind::Unsupported))?;
        let shelf = Arc::clone(shelf);
        let one_of_few = Arc::clone(&self.asking).acquire_owned().await.map_err(io::Error::other)?;
        let asked = tokio::task::spawn_blocking(move || {
            let _one_of_few = one_of_few;
            what(&*shelf)
        });
        asked.await.map_err(io::Error::other)?
    }

    /// Waits for the turn to do one again.
    pub(crate) fn turn_again(&self) -> Arc<Semaphore> {
        Arc::clone(&self.again)
    }

    /// Waits for the turn to make one.
    pub(crate) fn turn(&self) -> Arc<Semaphore> {
        Arc::clone(&self.turn)
    }
}

#[cfg(test)]
mod tests;
