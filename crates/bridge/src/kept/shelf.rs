//! What keeps recordings: what is asked of it, what it gives, and what it refuses.

use std::{
    fmt,
    io::{self, Read},
};

use proto::message::Secret;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

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

    /// What stands with it, whatever became of its bytes; none where there is no such recording.
    ///
    /// # Errors
    /// As the disk says; [`io::ErrorKind::InvalidData`] where the label itself is damaged.
    fn label(&self, id: &str) -> io::Result<Option<Label>>;

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
