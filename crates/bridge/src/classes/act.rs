//! What a teacher may have a class do, as JSON.

use proto::limits;
use serde::Deserialize;

/// `{"act": name, …}`. A field or a name that is not here is refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Act {
    /// A note into the strip of one seat, or of all. An empty one takes it away.
    Note {
        #[serde(default)]
        seat: Option<u32>,
        text: String,
    },
    /// Everybody goes to this step of the class's lesson, from 0.
    Step { at: usize },
    /// Everybody takes this lesson.
    Lesson { id: String },
    /// All wires are held, or let go.
    Hold { held: bool },
    /// A file for all, on the machine `client` or `server`.
    File { machine: String, name: String, text: String },
    /// One seat, or all, get a new room.
    Clean {
        #[serde(default)]
        seat: Option<u32>,
    },
    /// The wire of this seat is shown to the class; or nobody's.
    Show {
        #[serde(default)]
        seat: Option<u32>,
    },
    /// The teacher points at an event of this seat's room, by its number there; or at none any more.
    Point {
        seat: u32,
        #[serde(default)]
        event: Option<u64>,
    },
    /// The hand of a seat is seen to.
    HandDown { seat: u32 },
    /// A seat is free again; its room ends.
    Free { seat: u32 },
    /// The class is over.
    Close,
}

/// Why an act is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActError {
    /// There is no such seat.
    Seat,
    /// There is no such step, or no lesson.
    Step,
    /// There is no such lesson.
    Lesson,
    /// The seat's room has no such event, or no more.
    Event,
    /// The note is too long.
    NoteLength,
    /// The file is too long.
    FileLength,
    /// That is no name of a file, or no machine that every room has.
    FileName,
}

impl Act {
    /// Whether a note is short enough; none where it is empty.
    pub(super) fn note(&self) -> Result<Option<()>, ActError> {
        let Self::Note { text, .. } = self else { return Ok(None) };
        let short = text.chars().count() <= limits::CLASS_NOTE;
        if short { Ok(Some(())) } else { Err(ActError::NoteLength) }
    }

    /// The machine that a file is for.
    pub(super) fn file(&self) -> Result<&'static str, ActError> {
        let Self::File { machine, name, text } = self else { return Err(ActError::FileName) };
        if text.len() > limits::CLASS_FILE {
            return Err(ActError::FileLength);
        }
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
        let named = (1..=limits::NAME).contains(&name.len())
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.chars().all(plain);
        match machine.as_str() {
            "client" if named => Ok("client"),
            "server" if named => Ok("server"),
            _ => Err(ActError::FileName),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Act> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn acts_are_read_strictly() {
        assert_eq!(read(r#"{"act":"hold","held":true}"#), Some(Act::Hold { held: true }));
        assert_eq!(read(r#"{"act":"clean"}"#), Some(Act::Clean { seat: None }));
        assert_eq!(read(r#"{"act":"point","seat":2}"#), Some(Act::Point { seat: 2, event: None }));
        for wrong in [
            r#"{"act":"explode"}"#,
            r#"{"act":"hold"}"#,
            r#"{"act":"step","at":-1}"#,
            r#"{"act":"point","event":1}"#,
            r#"{"act":"point","seat":1,"event":"1"}"#,
            r#"{"act":"hold","held":true,"more":1}"#,
            "[]",
            "null",
            "{",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_file_has_a_plain_name_a_machine_and_a_bound() {
        let file = |machine: &str, name: &str, length: usize| {
            let (machine, name) = (machine.to_owned(), name.to_owned());
            Act::File { machine, name, text: "x".repeat(length) }.file()
        };
        assert_eq!(file("client", "task_2.py", limits::CLASS_FILE), Ok("client"));
        assert_eq!(file("client", "a.py", limits::CLASS_FILE + 1), Err(ActError::FileLength));
        let long = "a".repeat(33);
        for name in ["", ".hidden", "../a.py", "a/b", "a b", "ä.py", "a\u{202e}.py", long.as_str()] {
            assert_eq!(file("server", name, 1), Err(ActError::FileName), "{name:?}");
        }
        assert_eq!(file("tutorial", "a.py", 1), Err(ActError::FileName));
    }
}
