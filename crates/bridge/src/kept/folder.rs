//! A shelf that is a folder: one file a recording, with its label in the first line.
//!
//! The folder is opened once, while the process may still open anything, and everything afterwards is within it. A file
//! gets its name when all of it is on the disk: whenever the process ends, there is a whole file or one that nobody asks
//! for and the next start removes.

use std::{
    fs::{DirBuilder, File},
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    os::{fd::OwnedFd, unix::fs::DirBuilderExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use rustix::{
    fs::{
        AtFlags, Dir, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens, openat,
        renameat, statat, unlinkat,
    },
    io::Errno,
};

use proto::message::Secret;

use super::shelf::{Label, PutError, Shelf, Stored, WhenFull};
use crate::secret::{secret, spell};

/// How names of whole files end.
const WHOLE: &str = ".share";
/// And those of rooms' last recordings, which go after a while.
const LAST: &str = ".last";
/// How names of files begin that are being written.
const BEGUN: &str = ".begun-";
/// One that is older than this is nobody's any more.
const ABANDONED: Duration = Duration::from_secs(60 * 60);
/// A last recording that is older than this belongs to a node that never came back, whichever that was.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);
/// When a recording was read is written down no more often than so.
const READ: Duration = Duration::from_secs(60 * 60);
/// Longest first line.
const LABEL: u64 = 1024;

/// A folder of recordings.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    folder: OwnedFd,
    /// The place in a folder is its descriptor's: one reads the names at a time.
    reading: Mutex<()>,
    /// Bytes that all may take.
    most: u64,
    when_full: WhenFull,
    /// What the ids of this node's rooms begin with.
    node: String,
    /// Bytes that they take. Held by whoever writes or deletes, one at a time, so that they stay within `most` and what is
    /// counted is what is there.
    used: Mutex<u64>,
}

/// A file of it.
#[derive(Debug)]
struct Entry {
    name: String,
    size: u64,
    /// When it was last written, or read.
    modified: SystemTime,
}

impl Entry {
    fn new(name: &str, about: &Stat) -> Self {
        let nanoseconds = u32::try_from(about.st_mtime_nsec).unwrap_or(0);
        let since = Duration::new(u64::try_from(about.st_mtime).unwrap_or(0), nanoseconds);
        let modified = SystemTime::UNIX_EPOCH + since;
        Self { name: name.to_owned(), size: about.st_size.unsigned_abs(), modified }
    }

    /// How long ago that was, at a time by the same clock.
    fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.modified).unwrap_or_default()
    }
}

/// Whether this is the name of a whole recording that somebody kept.
fn is_share(name: &str) -> bool {
    name.ends_with(WHOLE) && !name.starts_with(BEGUN)
}

/// Whether this is the name of a room's whole last one.
fn is_last(name: &str) -> bool {
    name.ends_with(LAST) && !name.starts_with(BEGUN)
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
    /// what an earlier process left unfinished. `node` is the name of this server, whose rooms' ids begin with it.
    ///
    /// # Errors
    /// [`FolderError`], with what the kernel said.
    pub fn open(path: &Path, most: u64, node: &str) -> Result<Self, FolderError> {
        Self::try_open(path, most, node).map_err(|error| FolderError { path: path.to_owned(), error })
    }

    fn try_open(path: &Path, most: u64, node: &str) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty())?;
        let node = format!("{node}-");
        let folder = Self {
            path: path.canonicalize()?,
            folder,
            reading: Mutex::default(),
            most,
            when_full: WhenFull::Refuse,
            node,
            used: Mutex::default(),
        };
        // Whether files can be made in it is found out by that, too.
        let now = folder.now()?;
        folder.sweep(now)?;
        let whole = folder.files(|name| is_share(name) || is_last(name))?;
        *folder.used() = whole.iter().map(|file| file.size).sum();
        Ok(folder)
    }

    /// The same with something else to do when it is full.
    #[must_use]
    pub fn when_full(self, when_full: WhenFull) -> Self {
        Self { when_full, ..self }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn used(&self) -> MutexGuard<'_, u64> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The files with such names. They are read by the descriptor that was opened at the start: no other may list a folder
    /// later.
    fn files(&self, such: impl Fn(&str) -> bool) -> io::Result<Vec<Entry>> {
        let _one = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut folder = Dir::new(self.folder.try_clone()?)?;
        folder.rewind();
        let mut found = Vec::new();
        for entry in folder {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().ok().filter(|name| such(name)) else { continue };
            match statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(about) => found.push(Entry::new(name, &about)),
                // Another one has taken it away meanwhile.
                Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    /// What time it is where the files are: that of a file that is made there for it. A folder that nodes share is another
    /// machine's, and a clock here that is ahead of its clock would take another node's write under way for an old one.
    fn now(&self) -> io::Result<SystemTime> {
        let random: Secret = secret().map_err(|error| io::Error::other(error.to_string()))?;
        let name = format!("{BEGUN}{}", spell(&random));
        let now = self.write(&name, &[b"now"]).and_then(|()| {
            let about = statat(&self.folder, &*name, AtFlags::SYMLINK_NOFOLLOW)?;
            Ok(Entry::new(&name, &about).modified)
        });
        self.remove(&name);
        now
    }

    /// Removes what nobody goes on with: begun by a process that ended, or last recordings of a node that never came back.
    /// `now` is the time where the files are.
    fn sweep(&self, now: SystemTime) -> io::Result<()> {
        for file in self.files(|name| name.starts_with(BEGUN))? {
            if file.age(now) > ABANDONED {
                self.remove(&file.name);
            }
        }
        for file in self.files(|name| is_last(name) && !name.starts_with(&self.node))? {
            if file.age(now) > FORGOTTEN {
                self.delete_named(&file.name)?;
            }
        }
        Ok(())
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

    /// Writes a file under a name of its own and gives it this one, in the place of the one that may be there. Where that is
    /// done and it is not known whether it lasts, it is an error, and a file that replaced none is gone again.
    fn put_whole(&self, whole: &str, label: &str, packed: &[u8], replaces: bool) -> io::Result<()> {
        let begun = format!("{BEGUN}{whole}");
        let written = self
            .write(&begun, &[label.as_bytes(), b"\n", packed])
            .and_then(|()| Ok(renameat(&self.folder, &*begun, &self.folder, whole)?));
        if let Err(error) = written {
            self.remove(&begun);
            return Err(error);
        }
        let settled = self.settle();
        if settled.is_err() && !replaces {
            self.remove(whole);
        }
        settled
    }
}

impl Folder {
    /// Writes a file, in the place of one of the same name. For one that somebody keeps others may go.
    fn put_named(&self, name: &str, label: &Label, packed: &[u8]) -> Result<(), PutError> {
        let label = serde_json::to_string(label).map_err(io::Error::other)?;
        let size = (label.len() + 1 + packed.len()) as u64;
        let mut used = self.used();
        let before = self.size(name)?;
        let mut others = used.saturating_sub(before.unwrap_or(0));
        if others + size > self.most && self.when_full == WhenFull::EvictOldest && is_share(name) {
            self.make_room(&mut others, size)?;
            *used = others;
        }
        if others + size > self.most {
            return Err(PutError::Full { most: self.most });
        }
        let put = self.put_whole(name, &label, packed, before.is_some());
        // Whatever came of it, this is what is there.
        *used = others + self.size(name).ok().flatten().unwrap_or(0);
        Ok(put?)
    }

    /// Removes the recordings that nobody has read for longest, until `size` bytes more have room beside what is there then
    /// (`used`); none where all of them would not do.
    fn make_room(&self, used: &mut u64, size: u64) -> io::Result<()> {
        let mut files = self.files(|name| is_share(name) || is_last(name))?;
        // As it is, whatever other nodes have put there and somebody has taken out by hand.
        *used = files.iter().map(|file| file.size).sum();
        files.retain(|file| is_share(&file.name));
        let could_go: u64 = files.iter().map(|file| file.size).sum();
        if *used - could_go + size > self.most {
            return Ok(());
        }
        files.sort_by(|one, other| (one.modified, &one.name).cmp(&(other.modified, &other.name)));
        let mut gone = 0;
        for file in &files {
            if *used + size <= self.most {
                break;
            }
            match unlinkat(&self.folder, &*file.name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => *used -= file.size,
                Err(error) => return Err(error.into()),
            }
            gone += 1;
        }
        tracing::info!(gone, "recordings that nobody had read for longest made room for another");
        Ok(())
    }

    /// Somebody reads a recording: its file's time says when that was last, since the kernel may write down no reading.
    fn was_read(&self, file: &File) {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let as_it_is = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let times = Timestamps { last_access: as_it_is, last_modification: now };
        if let Err(error) = futimens(file, &times) {
            tracing::debug!(%error, "when a recording was read could not be written down");
        }
    }

    fn get_named(&self, name: &str) -> io::Result<Option<Stored>> {
        let Some(file) = self.open_whole(name)? else { return Ok(None) };
        let about = file.metadata()?;
        let size = about.len();
        let lately = about.modified().ok().and_then(|read| SystemTime::now().duration_since(read).ok());
        if is_share(name) && lately.is_some_and(|ago| ago > READ) {
            self.was_read(&file);
        }
        let mut file = BufReader::new(file);
        let (label, length) = read_label(&mut file)?;
        if length + label.packed != size {
            return Err(damaged());
        }
        Ok(Some(Stored { label, packed: Box::new(file) }))
    }

    /// How large a file is, if it is there.
    fn size(&self, name: &str) -> io::Result<Option<u64>> {
        match statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(about) => Ok(Some(about.st_size.unsigned_abs())),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn delete_named(&self, name: &str) -> io::Result<bool> {
        let mut used = self.used();
        let Some(size) = self.size(name)? else { return Ok(false) };
        match unlinkat(&self.folder, name, AtFlags::empty()) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        // One of another node's is not in our count.
        *used = used.saturating_sub(size);
        // Whatever comes of it, the name is gone for everybody who asks this server.
        self.settle()?;
        Ok(true)
    }
}

/// The first line of a file, and how many bytes that is.
fn read_label(file: &mut BufReader<File>) -> io::Result<(Label, u64)> {
    let mut first = String::new();
    file.by_ref().take(LABEL).read_line(&mut first)?;
    let label = serde_json::from_str(&first).map_err(|_| damaged())?;
    Ok((label, first.len() as u64))
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a kept recording is damaged")
}

impl Shelf for Folder {
    fn put(&self, id: &str, label: &Label, packed: &[u8]) -> Result<(), PutError> {
        self.put_named(&format!("{id}{WHOLE}"), label, packed)
    }

    fn get(&self, id: &str) -> io::Result<Option<Stored>> {
        self.get_named(&format!("{id}{WHOLE}"))
    }

    fn label(&self, id: &str) -> io::Result<Option<Label>> {
        let Some(file) = self.open_whole(&format!("{id}{WHOLE}"))? else { return Ok(None) };
        read_label(&mut BufReader::new(file)).map(|(label, _)| Some(label))
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
        let files = self.files(|name| is_last(name) && name.starts_with(&self.node))?;
        Ok(files.iter().filter_map(|file| file.name.strip_suffix(LAST)).map(str::to_owned).collect())
    }

    fn tidy(&self) -> io::Result<()> {
        self.sweep(self.now()?)
    }
}

#[cfg(test)]
mod tests;
