//! Where recordings are kept: opens the place that the operator has named.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where recordings are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeptIn {
    /// None are.
    #[default]
    Nowhere,
    /// In the folder `shares` of this one, made where it is missing.
    Folder(PathBuf),
    /// In a store and a database that several servers have.
    Shared(SharedPlace),
    /// Nobody has said where, and this user has no folder for it.
    NoHome,
}

/// A store and a database for recordings.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedPlace {
    /// `s3://BUCKET/PREFIX`.
    pub store: String,
    /// `postgres://USER@HOST/NAME`, in which a password may be.
    pub database: String,
}

impl fmt::Debug for SharedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedPlace").field("store", &self.store).finish_non_exhaustive()
    }
}

/// The place, opened.
pub(crate) struct Opened {
    /// The one folder in which files are made, if any.
    pub(crate) folder: Option<PathBuf>,
    /// Where they stand, or why there is none.
    pub(crate) shelf: Result<Arc<dyn bridge::Shelf>, bridge::NoShelf>,
    /// Whether other machines keep them.
    pub(crate) connects: bool,
}

impl Opened {
    fn at(shelf: Result<Arc<dyn bridge::Shelf>, bridge::NoShelf>) -> Self {
        Self { folder: None, shelf, connects: false }
    }
}

/// Opens it, for at most so many bytes; `node` is this server's name.
///
/// # Errors
/// What is wrong with a store or a database, as it was named.
pub(crate) fn open(
    kept: &KeptIn,
    most: u64,
    when_full: bridge::WhenFull,
    node: &str,
) -> Result<Opened, String> {
    Ok(match kept {
        KeptIn::Nowhere => Opened::at(Err(bridge::NoShelf::Off)),
        KeptIn::NoHome => unusable("this user has neither XDG_STATE_HOME nor HOME".to_owned()),
        KeptIn::Folder(data) => in_folder(data, most, when_full, node),
        KeptIn::Shared(place) => {
            Opened { connects: true, ..Opened::at(Ok(shared(place, most, when_full, node)?)) }
        }
    })
}

/// The shelf in a store and a database; neither is asked yet.
#[cfg(feature = "shared-shelf")]
fn shared(
    place: &SharedPlace,
    most: u64,
    when_full: bridge::WhenFull,
    node: &str,
) -> Result<Arc<dyn bridge::Shelf>, String> {
    match bridge::SharedShelf::new(&place.store, &place.database, most, node) {
        Ok(shelf) => Ok(Arc::new(shelf.when_full(when_full))),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(not(feature = "shared-shelf"))]
fn shared(
    _place: &SharedPlace,
    _most: u64,
    _when_full: bridge::WhenFull,
    _node: &str,
) -> Result<Arc<dyn bridge::Shelf>, String> {
    Err("this program was built without --store and --database; those of script/package have them, and \
         `cargo run -p server --features shared-shelf`"
        .to_owned())
}

/// Opens the folder of recordings. Where that fails the server starts all the same, and says why it keeps none.
fn in_folder(data: &Path, most: u64, when_full: bridge::WhenFull, node: &str) -> Opened {
    match bridge::Folder::open(&data.join("shares"), most, node) {
        Ok(folder) => Opened {
            folder: Some(folder.path().to_owned()),
            ..Opened::at(Ok(Arc::new(folder.when_full(when_full))))
        },
        Err(error) => unusable(error.to_string()),
    }
}

fn unusable(why: String) -> Opened {
    tracing::warn!(why, "no recordings are kept; --data names another folder, --shares off does without");
    Opened::at(Err(bridge::NoShelf::Unusable(why)))
}
