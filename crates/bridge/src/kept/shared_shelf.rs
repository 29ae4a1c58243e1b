//! A shelf for many nodes: bytes in a store that speaks S3, what there is to know of them in a PostgreSQL database.
//!
//! The database alone says what there is. A row is begun, then the bytes are stored, then the row is whole; to delete is
//! the other way round. Whenever a node ends, there is all of a recording or nothing, and what was left unfinished any node
//! tidies up. Bytes never change, so a node keeps some of them; whether they are still to be had it asks each time.
//!
//! Neither has to be there when the server starts. While one of them does not answer, whoever asks is told so at once.

mod bytes;
mod failure;
mod index;
mod store;

use std::{
    io,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use ::bytes::Bytes;
use proto::message::Secret;
use tokio::{runtime::Handle, time::timeout};

pub use self::failure::SharedShelfError;
use self::{
    bytes::Known,
    failure::Failure,
    index::{Index, RecordingKind, Row},
    store::Store,
};
use super::shelf::{Label, PutError, Shelf, Stored, WhenFull};
use crate::secret::{secret, spell};

/// Longest wait for both together, with what they try again by themselves.
const LONGEST: Duration = Duration::from_secs(15);
/// For so long nobody waits for what has just not answered.
const REST: Duration = Duration::from_secs(1);
/// Most that is tidied up at a time.
const TIDIED: i64 = 100;

/// Recordings in a store and a database that several servers share.
#[derive(Debug)]
pub struct SharedShelf {
    index: Index,
    store: Store,
    known: Known,
    /// Compressed bytes that all may take.
    most: u64,
    when_full: WhenFull,
    /// The name of this node, with which the ids of its rooms begin.
    node: String,
    /// When one of them did not answer, or somebody last began to find out whether it does again.
    failed: Mutex<Option<Instant>>,
    /// Rows of which nobody knows whether they became whole: nobody was told of them, so they go.
    doubtful: Mutex<Vec<String>>,
}

impl SharedShelf {
    /// A shelf whose bytes are in `store` (`s3://BUCKET` or `s3://BUCKET/PREFIX`, its endpoint and its credentials as the
    /// environment has them) and whose index is in `database` (`postgres://USER@HOST/NAME`). Neither is asked for
    /// anything yet. All recordings together take at most `most` bytes.
    ///
    /// # Errors
    /// [`SharedShelfError`].
    pub fn new(store: &str, database: &str, most: u64, node: &str) -> Result<Self, SharedShelfError> {
        Ok(Self {
            store: Store::new(store)?,
            index: Index::new(database)?,
            known: Known::default(),
            most,
            when_full: WhenFull::Refuse,
            node: node.to_owned(),
            failed: Mutex::default(),
            doubtful: Mutex::default(),
        })
    }

    /// The same with something else to do when it is full.
    #[must_use]
    pub fn when_full(self, when_full: WhenFull) -> Self {
        Self { when_full, ..self }
    }

    /// Waits for `what` on a thread that may. Where it fails, who asks next need not wait for the same.
    fn wait<T>(&self, what: impl Future<Output = Result<T, Failure>>) -> io::Result<T> {
        if let Some(failed) = &mut *self.failed.lock().unwrap_or_else(PoisonError::into_inner) {
            if failed.elapsed() < REST {
                return Err(io::Error::new(io::ErrorKind::NotConnected, "it did not answer a moment ago"));
            }
            // This one finds out; the others need not wait with it.
            *failed = Instant::now();
        }
        let done = Handle::current().block_on(timeout(LONGEST, what));
        let failure = match done {
            Ok(Ok(done)) => {
                if self.failed.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
                    tracing::info!("store and database for recordings answer again");
                }
                return Ok(done);
            }
            Ok(Err(failure @ (Failure::Damaged(_) | Failure::Gone))) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, failure));
            }
            Ok(Err(failure)) => io::Error::new(io::ErrorKind::NotConnected, failure),
            Err(_) => io::Error::new(io::ErrorKind::TimedOut, "store or database did not answer in time"),
        };
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Err(failure)
    }

    fn put_as(&self, kind: RecordingKind, name: &str, label: &Label, packed: &[u8]) -> Result<(), PutError> {
        let object = object(kind, name).map_err(PutError::Away)?;
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        let put = async {
            let mut over = self.index.begin(&object, kind, name, label, most).await?;
            if over > 0 && self.when_full == WhenFull::EvictOldest && kind == RecordingKind::Share {
                let gone = self.index.evict(over).await?;
                self.remove(&gone).await;
                over = self.index.begin(&object, kind, name, label, most).await?;
            }
            if over > 0 {
                return Ok(false);
            }
            let packed = Bytes::copy_from_slice(packed);
            self.store.put(&object, packed.clone()).await?;
            let before = self.index.finish(&object, kind, name).await?;
            self.remove(&before).await;
            if kind == RecordingKind::Share {
                self.known.keep(&object, packed);
            }
            Ok(true)
        };
        match self.wait(put) {
            Ok(true) => Ok(()),
            Ok(false) => Err(PutError::Full { most: self.most }),
            Err(error) => {
                let mut doubtful = self.doubtful.lock().unwrap_or_else(PoisonError::into_inner);
                // Where there are so many, nothing has answered for long, and these were not even begun.
                if doubtful.len() < TIDIED as usize {
                    doubtful.push(object);
                }
                Err(PutError::Away(error))
            }
        }
    }

    fn get_as(&self, kind: RecordingKind, name: &str) -> io::Result<Option<Stored>> {
        self.wait(async {
            let Some(Row { object, label }) = self.index.find(kind, name).await? else { return Ok(None) };
            let packed = match self.known.get(&object) {
                Some(packed) => packed,
                None => {
                    let Some(packed) = self.store.get(&object, label.packed).await? else {
                        // Deleted since, by another node? Then there is none, and nothing is damaged.
                        let still = self.index.find(kind, name).await?;
                        let damaged = still.is_some_and(|still| still.object == object);
                        return if damaged { Err(Failure::Damaged(object)) } else { Ok(None) };
                    };
                    if kind == RecordingKind::Share {
                        self.known.keep(&object, packed.clone());
                    }
                    packed
                }
            };
            Ok(Some(Stored { label, packed: Box::new(io::Cursor::new(packed)) }))
        })
    }

    fn label_as(&self, kind: RecordingKind, name: &str) -> io::Result<Option<Label>> {
        self.wait(async { Ok(self.index.find(kind, name).await?.map(|found| found.label)) })
    }

    fn delete_as(&self, kind: RecordingKind, name: &str) -> io::Result<bool> {
        self.wait(async {
            let gone = self.index.leave(kind, name).await?;
            // From here on nobody is given it, whatever becomes of its bytes now.
            self.remove(&gone).await;
            Ok(!gone.is_empty())
        })
    }

    /// Takes bytes out of the store whose rows are going, and then the rows. What fails is tidied up later.
    async fn remove(&self, objects: &[String]) {
        for object in objects {
            self.known.forget(object);
            let removed = async {
                self.store.delete(object).await?;
                self.index.forget(object).await
            };
            if let Err(error) = removed.await {
                tracing::warn!(%error, "a deleted recording's bytes are still in the store; they go later");
            }
        }
    }
}

/// A name in the store that nothing has had.
fn object(kind: RecordingKind, name: &str) -> io::Result<String> {
    Ok(match kind {
        RecordingKind::Share => format!("{name}.share"),
        RecordingKind::Last => {
            let random: Secret = secret().map_err(|error| io::Error::other(error.to_string()))?;
            format!("{name}-{}.last", spell(&random))
        }
    })
}

impl Shelf for SharedShelf {
    fn put(&self, id: &str, label: &Label, packed: &[u8]) -> Result<(), PutError> {
        self.put_as(RecordingKind::Share, id, label, packed)
    }

    fn get(&self, id: &str) -> io::Result<Option<Stored>> {
        self.get_as(RecordingKind::Share, id)
    }

    fn label(&self, id: &str) -> io::Result<Option<Label>> {
        self.label_as(RecordingKind::Share, id)
    }

    fn delete(&self, id: &str) -> io::Result<bool> {
        self.delete_as(RecordingKind::Share, id)
    }

    fn put_last(&self, room: &str, label: &Label, packed: &[u8]) -> Result<(), PutError> {
        self.put_as(RecordingKind::Last, room, label, packed)
    }

    fn last(&self, room: &str) -> io::Result<Option<Stored>> {
        self.get_as(RecordingKind::Last, room)
    }

    fn delete_last(&self, room: &str) -> io::Result<bool> {
        self.delete_as(RecordingKind::Last, room)
    }

    fn lasts(&self) -> io::Result<Vec<String>> {
        self.wait(self.index.lasts_of(&format!("{}-", self.node)))
    }

    fn tidy(&self) -> io::Result<()> {
        let doubtful = std::mem::take(&mut *self.doubtful.lock().unwrap_or_else(PoisonError::into_inner));
        let done = self.wait(async {
            let left = self.index.unfinished(&doubtful, TIDIED).await?;
            self.remove(&left).await;
            Ok(())
        });
        if done.is_err() {
            self.doubtful.lock().unwrap_or_else(PoisonError::into_inner).extend(doubtful);
        }
        done
    }
}
