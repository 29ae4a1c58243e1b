//! A shelf that is a folder: one file a recording, with its label in the first line.
//!
//! The folder is opened once, while the process may still open anything, and everything afterwards is within it. A file
//! gets its name when all of it is on the disk: whenever the process ends, there is a whole file or one that nobody asks
//! for and the next start removes.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    os::{fd::OwnedFd, unix::fs::DirBuilderExt as _},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use rustix::{
    fs::{AtFlags, Mode, OFlags, openat, renameat, unlinkat},
    io::Errno,
};

use super::{Label, PutError, Shelf, Stored};

/// How names of whole files end.
const WHOLE: &str = ".share";
/// And those of rooms' last recordings, which go after a while.
const LAST: &str = ".last";
/// How names of files begin that are being written.
const BEGUN: &str = ".begun-";
/// One that is older than this is nobody's any more.
const ABANDONED: Duration = Duration::from_secs(60 * 60);
/// Longest first line.
const LABEL: u64 = 1024;

/// A folder of recordings.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    folder: OwnedFd,
    /// Bytes that all may take.
    most: u64,
    /// Rooms of an earlier process whose last recordings were there when it was opened.
    lasts: Vec<String>,
    /// Bytes that they take.
    used: AtomicU64,
    /// One writes at a time, so that they stay within `most`.
    writing: Mutex<()>,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: {error}", .path.display())]
pub struct FolderError {
    path: PathBuf,
    error: io::Error,
}

impl Folder {
    /// Makes the folder where it is missing, for this user alone, finds out whether files can be made in it, and removes
    /// what an earlier process left unfinished.
    ///
    /// # Errors
    /// [`FolderError`], with what the kernel said.
    pub fn open(path: &Path, most: u64) -> Result<Self, FolderError> {
        Self::try_open(path, most).map_err(|error| FolderError { path: path.to_owned(), error })
    }

    fn try_open(path: &Path, most: u64) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let (mut used, mut lasts) = (0, Vec::new());
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let (name, about) = (entry.file_name(), entry.metadata()?);
            let name = name.to_string_lossy();
            let age = about.modified().ok().and_then(|made| SystemTime::now().duration_since(made).ok());
            if name.starts_with(BEGUN) {
                if age.is_some_and(|age| age > ABANDONED) {
                    fs::remove_file(entry.path())?;
                }
            } else if name.ends_with(WHOLE) || name.ends_with(LAST) {
                used += about.len();
                lasts.extend(name.strip_suffix(LAST).map(str::to_owned));
            }
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty())?;
        let folder = Self {
            path: path.canonicalize()?,
            folder,
            most,
            lasts,
            used: AtomicU64::new(used),
            writing: Mutex::default(),
        };
        let probe = format!("{BEGUN}probe-{}", std::process::id());
        let written = folder.write(&probe, &[b"probe"]);
        folder.remove(&probe);
        written?;
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a new file, to the disk.
    fn write(&self, name: &str, pieces: &[&[u8]]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.folder, name, flags, Mode::RUSR | Mode::WUSR)?);
        for piece in pieces {
            file.write_all(piece)?;
        }
        file.sync_all()
    }

    fn remove(&self, name: &str) {
        if let Err(error) = unlinkat(&self.folder, name, AtFlags::empty())
            && error != Errno::NOENT
        {
            tracing::warn!(%error, "an unfinished recording could not be removed");
        }
    }

    /// Makes what was done to names last.
    fn settle(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.folder)?)
    }

    fn open_whole(&self, name: &str) -> io::Result<Option<File>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(&self.folder, name, flags, Mode::empty()) {
            Ok(file) => Ok(Some(file.into())),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn put_whole(&self, whole: &str, label: &str, packed: &[u8]) -> io::Result<()> {
        let begun = format!("{BEGUN}{whole}");
        let written = self
            .write(&begun, &[label.as_bytes(), b"\n", packed])
            .and_then(|()| Ok(renameat(&self.folder, &*begun, &self.folder, whole)?));
        if let Err(error) = written {
            self.remove(&begun);
            return Err(error);
        }
        if let Err(error) = self.settle() {
            self.remove(whole);
            return Err(error);
        }
        Ok(())
    }
}

impl Folder {
    /// Writes a file, in the place of one of the same name.
    fn put_named(&self, name: &str, label: &Label, packed: &[u8]) -> Result<(), PutError> {
        let label = serde_json::to_string(label).map_err(io::Error::other)?;
        let size = (label.len() + 1 + packed.len()) as u64;
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.open_whole(name)?.map_or(Ok(0), |file| file.metadata().map(|about| about.len()))?;
        let others = self.used.load(Ordering::Relaxed).saturating_sub(before);
        if others + size > self.most {
            return Err(PutError::Full { most: self.most });
        }
        self.put_whole(name, &label, packed)?;
        self.used.fetch_add(size, Ordering::Relaxed);
        self.used.fetch_sub(before, Ordering::Relaxed);
        Ok(())
    }

    fn get_named(&self, name: &str) -> io::Result<Option<Stored>> {
        let Some(file) = self.open_whole(name)? else { return Ok(None) };
        let size = file.metadata()?.len();
        let mut file = BufReader::new(file);
        let mut first = String::new();
        file.by_ref().take(LABEL).read_line(&mut first)?;
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a kept recording is damaged");
        let label: Label = serde_json::from_str(&first).map_err(|_| damaged())?;
        if first.len() as u64 + label.packed != size {
            return Err(damaged());
        }
        Ok(Some(Stored { label, packed: Box::new(file) }))
    }

    fn delete_named(&self, name: &str) -> io::Result<bool> {
        let Some(file) = self.open_whole(name)? else { return Ok(false) };
        let size = file.metadata()?.len();
        match unlinkat(&self.folder, name, AtFlags::empty()) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        self.used.fetch_sub(size, Ordering::Relaxed);
        // Whatever comes of it, the name is gone for everybody who asks this server.
        self.settle()?;
        Ok(true)
    }
}

impl Shelf for Folder {
    fn put(&self, id: &str, label: &Label, packed: &[u8]) -> Result<(), PutError> {
        self.put_named(&format!("{id}{WHOLE}"), label, packed)
    }

    fn get(&self, id: &str) -> io::Result<Option<Stored>> {
        self.get_named(&format!("{id}{WHOLE}"))
    }

    fn delete(&self, id: &str) -> io::Result<bool> {
        self.delete_named(&format!("{id}{WHOLE}"))
    }

    fn put_last(&self, room: &str, label: &Label, packed: &[u8]) -> Result<(), PutError> {
        self.put_named(&format!("{room}{LAST}"), label, packed)
    }

    fn last(&self, room: &str) -> io::Result<Option<Stored>> {
        self.get_named(&format!("{room}{LAST}"))
    }

    fn delete_last(&self, room: &str) -> io::Result<bool> {
        self.delete_named(&format!("{room}{LAST}"))
    }

    fn lasts(&self) -> io::Result<Vec<String>> {
        Ok(self.lasts.clone())
    }
}

#[cfg(test)]
mod tests;
