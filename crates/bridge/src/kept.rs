//! Recordings that are kept: made of a room's own trace, put on a shelf, opened by link without a room.
//!
//! What a page sends is a title and whether to hide names; what happened comes from the server's trace alone. A shelf is
//! asked from threads that may wait for a disk.

mod days;
mod due;
mod folder;
mod last;
mod recorded;
#[cfg(feature = "shared-shelf")]
mod shared_shelf;

use std::{
    fmt,
    io::{self, Read},
    sync::Arc,
};

use proto::{limits, message::Secret};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

use last::Lasts;

pub use folder::{Folder, FolderError};
#[cfg(feature = "shared-shelf")]
pub use shared_shelf::{SharedShelf, SharedShelfError};
pub(crate) use {
    days::Days,
    last::{OFFERED, watch},
    recorded::{Asked, Recorded, recorded},
};

/// Where recordings stand. Each is put once, never changed, and deleted whole.
pub trait Shelf: fmt::Debug + Send + Sync {
    /// Keeps a recording under an id that nothing has. Whenever this process ends, there is all of it or nothing.
    ///
    /// # Errors
    /// [`PutError`]; then nothing of it is kept.
    fn put(&self, id: &str, label: &Label, packed: &[u8]) -> Result<(), PutError>;

    /// The recording with this id, if there is one.
    ///
    /// # Errors
    /// As the disk says.
    fn get(&self, id: &str) -> io::Result<Option<Stored>>;

    /// Deletes it; false where there is none.
    ///
    /// # Errors
    /// As the disk says.
    fn delete(&self, id: &str) -> io::Result<bool>;

    /// Keeps the last recording of a room, in the place of the one before. Whenever this process ends, there is one of them.
    ///
    /// # Errors
    /// [`PutError`]; then the one before is still there, or this one, and it is not known whether that lasts.
    fn put_last(&self, room: &str, label: &Label, packed: &[u8]) -> Result<(), PutError>;

    /// The last recording of a room, if there is one.
    ///
    /// # Errors
    /// As the disk says.
    fn last(&self, room: &str) -> io::Result<Option<Stored>>;

    /// Deletes it; false where there is none.
    ///
    /// # Errors
    /// As the disk says.
    fn delete_last(&self, room: &str) -> io::Result<bool>;

    /// The rooms of earlier processes of this node whose last recordings are there.
    ///
    /// # Errors
    /// As the disk says.
    fn lasts(&self) -> io::Result<Vec<String>>;

    /// Removes what somebody left unfinished; asked now and then.
    ///
    /// # Errors
    /// As the disk says.
    fn tidy(&self) -> io::Result<()> {
        Ok(())
    }
}

/// What stands with a recording and is not handed out with it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Label {
    /// SHA-256 of the key that deletes it, in hexadecimal digits: who reads the shelf can delete nothing.
    pub delete: String,
    /// Bytes of the recording before it was compressed.
    pub bytes: u64,
    /// And after.
    pub packed: u64,
    /// Hashes of the keys that open it, likewise; none where its id alone does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

impl Label {
    /// Of a recording that this key deletes.
    pub(crate) fn new(key: &Secret, bytes: usize, packed: usize) -> Self {
        Self { delete: hash(key), bytes: bytes as u64, packed: packed as u64, keys: Vec::new() }
    }

    /// The same, of a recording that only whoever has one of these keys opens.
    pub(crate) fn with_keys(self, keys: &[Secret]) -> Self {
        Self { keys: keys.iter().map(hash).collect(), ..self }
    }

    /// Whether this key opens it. Time tells nothing.
    pub(crate) fn opens(&self, key: &Secret) -> bool {
        let key = hash(key);
        self.keys.iter().fold(false, |opens, own| opens | bool::from(own.as_bytes().ct_eq(key.as_bytes())))
    }

    /// Whether this is the key. Time tells nothing.
    pub(crate) fn is_key(&self, key: &Secret) -> bool {
        bool::from(self.delete.as_bytes().ct_eq(hash(key).as_bytes()))
    }
}

fn hash(key: &Secret) -> String {
    Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A recording as it stands there.
pub struct Stored {
    /// What stands with it.
    pub label: Label,
    /// Its bytes, compressed with brotli.
    pub packed: Box<dyn Read + Send>,
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("label", &self.label).finish_non_exhaustive()
    }
}

/// Why a recording is not kept.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// All recordings together may not take more.
    #[error("the shelf is full: {most} bytes")]
    Full {
        /// What they may take.
        most: u64,
    },
    /// The disk said so.
    #[error(transparent)]
    Disk(#[from] io::Error),
    /// What keeps recordings for several servers did not answer, or refused.
    #[error("{0}")]
    Away(io::Error),
}

/// What is done when one more is to be kept and there is no room for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// It is not kept.
    #[default]
    Refuse,
    /// Those that nobody has read for longest go, as many as it takes. For a room's last recording none does.
    EvictOldest,
}

/// Why a server keeps no recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoShelf {
    /// It was told not to.
    Off,
    /// Its folder cannot be used; a sentence without its full stop.
    Unusable(String),
}

/// Recordings that are asked for at a time: threads that wait for a disk, or for another machine.
const ASKING: usize = 32;

/// The shelf, and what bounds its use.
#[derive(Debug)]
pub(crate) struct Kept {
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
    pub(crate) days: Days,
    /// The last recordings of rooms that have ended.
    lasts: Lasts,
}

impl Kept {
    pub(crate) fn new(shelf: Result<Arc<dyn Shelf>, NoShelf>, of_address: u32) -> Self {
        Self {
            shelf,
            turn: Arc::new(Semaphore::new(1)),
            turn_last: Arc::new(Semaphore::new(1)),
            again: Arc::new(Semaphore::new(1)),
            asking: Arc::new(Semaphore::new(ASKING)),
            days: Days::new(of_address),
            lasts: Lasts::default(),
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

/// How much is done to make a recording small: of one that is kept, which will be read more often than written, ...
pub(crate) const SMALL: i32 = 7;
/// ... and of one that is soon written anew.
const QUICK: i32 = 2;

/// Compresses a recording.
pub(crate) fn packed(text: &str, quality: i32) -> io::Result<Vec<u8>> {
    let settings = brotli::enc::BrotliEncoderParams { quality, lgwin: 22, ..Default::default() };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut text.as_bytes(), &mut packed, &settings)?;
    Ok(packed)
}

/// All bytes of a recording as they were before; one that is longer than any may be comes with a byte too many, which its
/// reader refuses.
///
/// # Errors
/// As the shelf's.
pub(crate) fn whole(packed: Box<dyn Read + Send>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    unpacked(packed).take(limits::SHARE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes as they were before, for whoever takes no brotli.
pub(crate) fn unpacked(packed: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    Box::new(brotli::Decompressor::new(packed, 4096))
}
