//! The lessons on the shelf: those that come with the program, and a folder of one's own. Each is read at start-up,
//! so that a malformed one is met by whoever wrote it and not by a class.
//!
//! What a lesson is belongs to the crate `lesson`; how files become answers, to the bridge.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bridge::{Asset, LessonOutline};
use lesson::{
    Lesson, Listing, Malformed, Outline, Sentences,
    outline::{self, OutlineSentence},
    read::Audience,
    sentences::is_sentences,
};
use serde::Serialize;

use crate::assets;

/// Where the list is served.
const INDEX: &str = "/lessons/index.json";
/// Where everything in them is served to be read, with solutions.
const OUTLINE: &str = "/lessons/outline.json";
/// Where files of an own folder are served.
const OWN: &str = "/lessons/own/";
/// Most files of an own folder.
const FILES: usize = 256;
/// Largest file of an own folder, in bytes.
const FILE: u64 = 128 * 1024;

/// Why the lessons cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// A file is no lesson.
    #[error("{file}: {malformed}")]
    Malformed {
        /// The file.
        file: String,
        /// The line and the reason.
        malformed: Malformed,
    },
    /// A file is not what it has to be.
    #[error("{file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// One sentence.
        reason: String,
    },
    /// The kernel refused to read it.
    #[error("{path}: {error}")]
    Unreadable {
        /// Folder or file.
        path: PathBuf,
        /// What the kernel said.
        error: io::Error,
    },
}

/// The lessons, ready to be served.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// By path.
    files: Arc<BTreeMap<String, Vec<u8>>>,
    /// What classes know of them.
    outlines: Vec<LessonOutline>,
}

/// One lesson in the list.
#[derive(Debug, Serialize)]
struct Entry {
    /// Where its file is served.
    path: String,
    #[serde(flatten)]
    listing: Listing,
}

/// The list, as it is served.
#[derive(Debug, Serialize)]
struct Index {
    lessons: Vec<Entry>,
    /// Where the tutorial's sentences are served.
    sentences: Option<String>,
}

impl Shelf {
    /// Reads the lessons of the program and, after them, those of `folder`. One of these with the id of one of those
    /// takes its place.
    ///
    /// # Errors
    /// The first file that is no lesson, with line and reason; a folder that cannot be read.
    pub fn open(folder: Option<&Path>) -> Result<Self, ShelfError> {
        let mut reading = Reading::default();
        for path in assets::lessons() {
            let Some(asset) = assets::find(&path) else { continue };
            let there = |path: &str| assets::find(&format!("/lessons/{path}")).is_some();
            reading.take(&path, &path, &asset.bytes.unwrap_or_default(), there)?;
        }
        let mut files = BTreeMap::new();
        if let Some(folder) = folder {
            let found = own(folder)?;
            for (name, bytes) in found.iter().filter(|(name, _)| name.ends_with(".md")) {
                let file = folder.join(name).display().to_string();
                let there = |path: &str| found.contains_key(path);
                reading.take(&file, &format!("{OWN}{name}"), bytes, there)?;
            }
            files = found.into_iter().map(|(name, bytes)| (format!("{OWN}{name}"), bytes)).collect();
        }
        let outlines = serde_json::to_vec(&reading.outlines()).unwrap_or_default();
        files.insert(OUTLINE.to_owned(), outlines);
        let index = reading.index();
        let outlines = index.lessons.iter().map(|entry| for_class(&entry.listing)).collect();
        files.insert(INDEX.to_owned(), serde_json::to_vec(&index).unwrap_or_default());
        Ok(Self { files: Arc::new(files), outlines })
    }

    /// The lessons with their steps, in order.
    #[must_use]
    pub fn outlines(&self) -> &[LessonOutline] {
        &self.outlines
    }

    /// The list, or a file of an own folder, by its absolute path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Asset> {
        let bytes = self.files.get(path)?;
        let content_type = assets::content_type(path);
        let bytes = Some(Cow::Owned(bytes.clone()));
        Some(Asset { bytes, brotli: None, gzip: None, content_type, hash: None })
    }
}

/// Everything in the lessons, as it is served.
#[derive(Debug, Serialize)]
struct Outlines<'reading> {
    /// By their ids.
    lessons: &'reading BTreeMap<String, Outline>,
    /// The tutorial's.
    sentences: &'reading [OutlineSentence],
}

/// The list while it grows.
#[derive(Default)]
struct Reading {
    lessons: BTreeMap<String, Entry>,
    outlines: BTreeMap<String, Outline>,
    sentences: Option<String>,
    claims: Vec<OutlineSentence>,
}

impl Reading {
    /// `file` is what a person calls it, `path` where it is served, `there` whether a source lies beside it.
    fn take(
        &mut self,
        file: &str,
        path: &str,
        bytes: &[u8],
        there: impl Fn(&str) -> bool,
    ) -> Result<(), ShelfError> {
        let wrong = |reason: String| ShelfError::File { file: file.to_owned(), reason };
        let malformed = |malformed| ShelfError::Malformed { file: file.to_owned(), malformed };
        let source = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
        if is_sentences(source) {
            self.claims = outline::sentences(&Sentences::read(source).map_err(malformed)?);
            self.sentences = Some(path.to_owned());
            return Ok(());
        }
        let lesson = Lesson::read(source).map_err(malformed)?;
        // `programs/` is the program's own folder, beside that of the lessons.
        let missing = lesson.paths().into_iter().find(|path| !path.starts_with("programs/") && !there(path));
        if let Some(missing) = missing {
            return Err(wrong(format!("it names {missing}, which is not there")));
        }
        let listing = lesson.listing();
        self.outlines.insert(listing.id.clone(), Outline::of(&lesson));
        self.lessons.insert(listing.id.clone(), Entry { path: path.to_owned(), listing });
        Ok(())
    }

    fn outlines(&self) -> Outlines<'_> {
        Outlines { lessons: &self.outlines, sentences: &self.claims }
    }

    fn index(self) -> Index {
        let mut lessons: Vec<Entry> = self.lessons.into_values().collect();
        lessons.sort_by_key(|entry| entry.listing.order);
        Index { lessons, sentences: self.sentences }
    }
}

/// Of a lesson the steps of whoever has the say in a room.
fn for_class(listing: &Listing) -> LessonOutline {
    let own = listing.parts.iter().filter(|part| part.audience != Audience::Guest);
    let steps = own.flat_map(|part| part.steps.iter().cloned()).collect();
    LessonOutline { id: listing.id.clone(), title: listing.title.clone(), steps }
}

/// The files of a folder and of the folders in it, by their path below it.
fn own(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, ShelfError> {
    let mut found = BTreeMap::new();
    gather(folder, "", &mut found)?;
    Ok(found)
}

fn gather(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) -> Result<(), ShelfError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        |error| ShelfError::Unreadable { path, error }
    };
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let wrong = |reason: String| ShelfError::File { file: path.display().to_string(), reason };
        let metadata = fs::metadata(&path).map_err(unreadable(&path))?;
        if name.starts_with('.') {
            continue;
        }
        if metadata.is_dir() && prefix.is_empty() {
            gather(&path, &format!("{name}/"), found)?;
        } else if metadata.is_file() && (name.ends_with(".md") || name.ends_with(".py")) {
            if metadata.len() > FILE {
                return Err(wrong(format!("it has {} bytes, more than {FILE}", metadata.len())));
            }
            if found.len() == FILES {
                return Err(wrong(format!("the folder has more than {FILES} files")));
            }
            found.insert(format!("{prefix}{name}"), fs::read(&path).map_err(unreadable(&path))?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{INDEX, Shelf, ShelfError};

    #[test]
    fn every_shipped_lesson_is_listed() {
        let shelf = Shelf::open(None).expect("what is shipped is well-formed");
        let index = shelf.find(INDEX).expect("the list");
        let index: serde_json::Value = serde_json::from_slice(&index.bytes.expect("text")).expect("JSON");
        let ids: Vec<_> = index["lessons"].as_array().expect("a list").iter().map(|one| &one["id"]).collect();
        assert!(ids.contains(&&"by-hand".into()), "{ids:?}");
        assert_eq!(index["lessons"][0]["parts"].as_array().map(Vec::is_empty), Some(false));
        let outline = shelf.find(super::OUTLINE).expect("the outline");
        let outline: serde_json::Value = serde_json::from_slice(&outline.bytes.expect("text")).expect("JSON");
        assert!(ids.iter().all(|id| outline["lessons"][id.as_str().expect("an id")]["parts"].is_array()));
        assert_eq!(outline["sentences"].as_array().map(Vec::len), Some(28));
        let step = &outline["lessons"]["connect"]["parts"][0]["steps"][0];
        assert_eq!(step["does"][0]["do"], "line");
        assert_eq!(step["text"][0]["kind"], "text");
    }

    #[test]
    fn a_malformed_lesson_is_named_with_line_and_reason() {
        let folder = std::env::temp_dir().join(format!("wireside-lessons-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("broken.md");
        std::fs::write(
            &file,
            "---\nid: broken\ntitle: Broken\n---\n\n# Part\n\n## Step\nDo it.\n\n- chekc: call=bind\n",
        )
        .expect("a file");
        let error = Shelf::open(Some(&folder)).expect_err("it is malformed");
        std::fs::remove_dir_all(&folder).expect("the folder again");
        assert!(matches!(error, ShelfError::Malformed { .. }));
        assert_eq!(error.to_string(), format!("{}: line 11: unknown key `chekc`", file.display()));
    }
}
