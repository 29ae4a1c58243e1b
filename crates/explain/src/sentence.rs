//! Sentences, and what they need to name machines and programs.

use proto::{
    id::{HostId, ProgramId},
    roster::Roster,
};

/// Sentences on one subject at most.
pub const SENTENCES: usize = 3;
/// Events that one sentence names at most.
pub const EVIDENCE: usize = 4;

/// What a sentence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Why it came, or why it waits or failed.
    Why,
    /// What it means.
    Meaning,
    /// What comes next, or would.
    Next,
    /// What the recording does not tell.
    Unknown,
}

impl About {
    /// Its name: `why`, `means`, `next` or `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Why => "why",
            Self::Meaning => "means",
            Self::Next => "next",
            Self::Unknown => "unknown",
        }
    }
}

/// A sentence, or two that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// What it is about.
    pub about: About,
    /// Its text.
    pub text: String,
    /// `seq` of the events it rests on, in order, at most [`EVIDENCE`].
    pub rests_on: Vec<u64>,
}

/// What there is to say of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Of the event itself, at most [`SENTENCES`].
    pub event: Vec<Sentence>,
    /// Of its whole connection, at most [`SENTENCES`]; empty where it belongs to none.
    pub connection: Vec<Sentence>,
}

/// What machines and programs are called.
pub trait Names {
    /// A machine's name, fit to be shown.
    fn host(&self, id: HostId) -> String;
    /// A program's name, fit to be shown.
    fn program(&self, id: ProgramId) -> String;
    /// Who and what is in the room.
    fn roster(&self) -> &Roster;
}
