//! Lessons: a file becomes steps, the trace becomes facts, and both together say how far somebody has come.
//!
//! | module | does |
//! | --- | --- |
//! | [`read`] | a lesson's file to a [`Lesson`], or the line and the reason why it is none |
//! | [`prose`] | a sentence with code and links in it, as pieces; never markup |
//! | [`doing`] | what "do it for me" does, as data |
//! | [`help`] | "do it for me", one thing after the other |
//! | [`clue`] | help in three strengths, made of what somebody did last |
//! | [`need`] | what has to be so for a step's sentence to be true |
//! | [`facts`] | what an event of the trace says, as flat facts |
//! | [`check`] | predicates over those facts |
//! | [`now`] | what is so in the room now: sockets, programs, the wire |
//! | [`plan`] | what comes next in a step, from what is so now |
//! | [`progress`] | which steps are passed, by which event, and what comes next |
//! | [`outline`] | all of a lesson to be read, with its solutions |
//! | [`sentences`] | the tutorial, sentence by sentence: claims, verdicts, evidence |
//!
//! It opens no file, draws nothing and looks at no source text: a lesson is passed by what happened.

pub mod check;
pub mod clue;
pub mod doing;
mod expected;
pub mod facts;
mod hand;
pub mod help;
mod items;
pub mod need;
pub mod now;
pub mod outline;
pub mod plan;
pub mod progress;
pub mod prose;
pub mod read;
mod remembered;
mod scene;
pub mod sentences;

pub use check::Check;
pub use doing::Doing;
pub use facts::Facts;
pub use outline::Outline;
pub use progress::Progress;
pub use prose::Piece;
pub use read::{Lesson, Listing, Part, Step};
pub use scene::Scene;
pub use sentences::{Sentence, Sentences, Verdict};

/// Why a file is no lesson.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// One sentence for whoever wrote it.
    pub reason: String,
}

impl Malformed {
    pub(crate) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

#[cfg(test)]
mod tests;
