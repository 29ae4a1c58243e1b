//! How much a machine's folder holds.

use std::fmt;

pub use proto::limits::{
    FOLDER_BYTES as MACHINE_BYTES, FOLDER_FILE_BYTES as FILE_BYTES, FOLDER_FILES as FILES,
};

use super::names::shown;

/// What a folder holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FolderSize {
    /// Files.
    pub files: usize,
    /// Bytes of all of them.
    pub bytes: usize,
}

/// Why a file has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// It is too large by itself.
    File {
        /// Its size.
        bytes: usize,
    },
    /// The machine would have too many.
    Files,
    /// The machine would hold too much.
    Machine {
        /// What it would hold.
        bytes: usize,
    },
}

impl Full {
    /// The limit's name, as programs and documents say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::File { .. } => "file-bytes",
            Self::Files => "files",
            Self::Machine { .. } => "machine-bytes",
        }
    }

    /// In a sentence, about a file.
    pub fn sentence(self, file: &str) -> String {
        format!("{} {self}", shown(file))
    }
}

impl fmt::Display for Full {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::File { bytes } => {
                write!(
                    to,
                    "has {} bytes: a file here has at most {} (1 MiB).",
                    grouped(bytes),
                    grouped(FILE_BYTES)
                )
            }
            Self::Files => {
                write!(to, "finds no room: a machine has at most {FILES} files. Delete one first.")
            }
            Self::Machine { bytes } => write!(
                to,
                "finds no room: the files of a machine have at most {} bytes together (8 MiB), and with it they had {}.",
                grouped(MACHINE_BYTES),
                grouped(bytes)
            ),
        }
    }
}

/// Whether a file of so many bytes finds room beside what is held, in place of one of `replaced` bytes.
pub fn room_for(held: FolderSize, replaced: Option<usize>, bytes: usize) -> Result<(), Full> {
    if bytes > FILE_BYTES {
        return Err(Full::File { bytes });
    }
    if replaced.is_none() && held.files >= FILES {
        return Err(Full::Files);
    }
    let together = held.bytes.saturating_sub(replaced.unwrap_or(0)).saturating_add(bytes);
    if together > MACHINE_BYTES { Err(Full::Machine { bytes: together }) } else { Ok(()) }
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{FILE_BYTES, FILES, FolderSize, Full, MACHINE_BYTES, room_for};

    #[test]
    fn each_bound_is_the_last_that_fits() {
        let none = FolderSize::default();
        assert_eq!(room_for(none, None, FILE_BYTES), Ok(()));
        assert_eq!(room_for(none, None, 2 * FILE_BYTES), Err(Full::File { bytes: 2 * FILE_BYTES }));
        assert_eq!(room_for(FolderSize { files: FILES - 1, bytes: 0 }, None, 1), Ok(()));
        assert_eq!(room_for(FolderSize { files: FILES, bytes: 0 }, None, 1), Err(Full::Files));
        assert_eq!(
            room_for(FolderSize { files: FILES, bytes: 5 }, Some(5), 9),
            Ok(()),
            "in place of another"
        );
        let full = FolderSize { files: 8, bytes: MACHINE_BYTES };
        assert_eq!(room_for(full, None, 0), Ok(()));
        assert_eq!(room_for(full, None, 1), Err(Full::Machine { bytes: MACHINE_BYTES + 1 }));
        assert_eq!(room_for(full, Some(1), 1), Ok(()));
    }

    #[test]
    fn a_limit_has_a_name_and_a_sentence() {
        let full = Full::File { bytes: 2_097_152 };
        assert_eq!(full.name(), "file-bytes");
        assert_eq!(
            full.sentence("film.mp4"),
            "film.mp4 has 2,097,152 bytes: a file here has at most 1,048,576 (1 MiB)."
        );
    }
}
