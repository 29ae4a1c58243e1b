//! A class and its seats as a teacher's board shows them.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// The class on a board, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ClassView {
    pub(crate) lesson: Option<String>,
    pub(crate) title: Option<String>,
    /// The titles of the lesson's steps.
    pub(crate) steps: Vec<String>,
    /// Seats that there may be.
    pub(crate) most: usize,
    /// Where other machines find this server.
    pub(crate) pages: Vec<String>,
    pub(crate) held: bool,
    /// The step to which everybody was sent last, from 0.
    pub(crate) step: Option<usize>,
    /// The seat whose wire is shown.
    pub(crate) shown: Option<u32>,
    /// The files for all.
    pub(crate) files: Vec<String>,
}

/// A seat on a board. Times are milliseconds since the class began. The default is what a board thinks of a seat that it has not
/// heard of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SeatView {
    pub(crate) number: u32,
    pub(crate) name: String,
    /// Its room and the teacher's key to it, while it lives.
    pub(crate) room: Option<(String, String)>,
    /// Whether the pupil is there.
    pub(crate) here: bool,
    /// Whether they ever were.
    pub(crate) came: bool,
    /// A letter a step: `p` passed, `s` skipped, `.` neither.
    pub(crate) steps: String,
    /// When they came further last, or came at all.
    pub(crate) since: u64,
    pub(crate) waits: Option<(&'static str, u64)>,
    /// Error, call, and how many times.
    pub(crate) failed: Option<(String, &'static str, u32)>,
    pub(crate) hand: Option<u64>,
    pub(crate) looked: bool,
    pub(crate) held: bool,
    pub(crate) kept: Option<String>,
}

impl SeatView {
    fn fields(&self) -> [(&'static str, Value); 12] {
        [
            ("name", json!(self.name)),
            ("room", json!(self.room)),
            ("here", json!(self.here)),
            ("came", json!(self.came)),
            ("steps", json!(self.steps)),
            ("since", json!(self.since)),
            ("waits", json!(self.waits)),
            ("failed", json!(self.failed)),
            ("hand", json!(self.hand)),
            ("looked", json!(self.looked)),
            ("held", json!(self.held)),
            ("kept", json!(self.kept)),
        ]
    }

    /// The line for it: what is different from `before`.
    pub(super) fn line(&self, before: &Self) -> String {
        let news = self.fields().into_iter().zip(before.fields()).filter(|(new, old)| new != old);
        let mut line: Map<String, Value> = news.map(|((name, value), _)| (name.to_owned(), value)).collect();
        line.insert("seat".to_owned(), self.number.into());
        format!("{}\n", Value::Object(line))
    }
}
