//! What a lesson is once it has been read.

use serde::Serialize;

use crate::{
    Check, Doing, Piece,
    clue::{Clue, Template},
    need::Needed,
};

/// Whose part it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Everybody's.
    Everybody,
    /// Of who controls all machines.
    Owner,
    /// Of who came with a machine of their own.
    Guest,
}

/// A lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// Its name in addresses: `a-z0-9-`, at most [`proto::limits::NAME`] characters.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its place in the list.
    pub order: u32,
    /// Its number in the course; none for a further one.
    pub number: Option<u32>,
    /// How long it takes, roughly.
    pub minutes: u32,
    /// What it teaches, in one sentence.
    pub teaches: String,
    /// Lessons that are best taken before it, by their ids. It stands alone all the same.
    pub needs: Vec<String>,
    /// The sentences of the tutorial it is about: `S22`.
    pub seeds: Vec<String>,
    /// Files it wants in the editors: machine, file, path below the lessons' folder.
    pub programs: Vec<Program>,
    /// Ports that its programs take: machine and port.
    pub ports: Vec<(String, u16)>,
    /// What is said when all is done.
    pub end: Vec<Piece>,
    /// The same to guests, where it differs.
    pub end_guest: Option<Vec<Piece>>,
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// A file that a lesson wants in an editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Program {
    /// On which machine.
    pub host: String,
    /// What it is called there.
    pub file: String,
    /// Where its source lies.
    pub path: String,
}

/// A part of a lesson: its steps can be done in any order, and it counts what happened since it began.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its title.
    pub title: String,
    /// Whose it is.
    pub audience: Audience,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name: at most [`proto::limits::NAME`] characters, once in a lesson.
    pub title: String,
    /// The one sentence.
    pub text: Vec<Piece>,
    /// Help for who is stuck.
    pub hint: Vec<Piece>,
    /// What to look at once it is passed: `{took}` in it is how long the connection took.
    pub see: Vec<Piece>,
    /// The same where the event that passed it says this: the first that holds is said.
    pub seen_as: Vec<Aside>,
    /// Why it was so.
    pub explain: Vec<Piece>,
    /// A question before the run.
    pub predict: Option<Predict>,
    /// What "do it for me" does.
    pub does: Vec<Doing>,
    /// What has to be so for the sentence to be true.
    pub needs: Vec<Needed>,
    /// What has to happen.
    pub checks: Vec<Requirement>,
    /// Sentences for what may happen on the way.
    pub asides: Vec<Aside>,
    /// Help in three strengths, made of what the learner did last.
    pub clues: Vec<Clue>,
    /// Cards to put in the order in which they will happen.
    pub cards: Vec<Card>,
    /// Whether the learner finds the way, and nothing tells it before it is asked.
    pub exercise: bool,
}

/// A check and what to say while it does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// What has to happen.
    pub check: Check,
    /// For a learner: what is not so yet.
    pub otherwise: Option<Vec<Piece>>,
}

/// A sentence for something that may happen on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Aside {
    /// What may happen.
    pub check: Check,
    /// What is said then.
    pub text: Vec<Piece>,
}

/// A question before the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Predict {
    /// The question.
    pub question: Vec<Piece>,
    /// Two to four answers.
    pub choices: Vec<String>,
    /// Which one is right, from 0.
    pub right: usize,
}

/// Something that will happen, to be put in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// What stands on it.
    pub text: Vec<Piece>,
    /// How it is known in the trace.
    pub check: Check,
}

/// A lesson as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listing {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its place in the list.
    pub order: u32,
    /// Its number in the course; none for a further one.
    pub number: Option<u32>,
    /// Minutes.
    pub minutes: u32,
    /// What it teaches, in one sentence; empty where its author does not say.
    pub teaches: String,
    /// Lessons that are best taken before it, by their ids.
    pub needs: Vec<String>,
    /// Sentences of the tutorial.
    pub seeds: Vec<String>,
    /// Whether its main way needs Python.
    pub python: bool,
    /// Its parts.
    pub parts: Vec<ListedPart>,
}

/// A part as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedPart {
    /// Its title.
    pub title: String,
    /// Whose it is.
    pub audience: Audience,
    /// Titles of its steps.
    pub steps: Vec<String>,
}

impl Lesson {
    /// How a list shows it.
    pub fn listing(&self) -> Listing {
        let needs = |step: &Step| step.does.iter().any(Doing::needs_python);
        Listing {
            id: self.id.clone(),
            title: self.title.clone(),
            order: self.order,
            number: self.number,
            minutes: self.minutes,
            teaches: self.teaches.clone(),
            needs: self.needs.clone(),
            seeds: self.seeds.clone(),
            python: !self.programs.is_empty() || self.parts.iter().flat_map(|part| &part.steps).any(needs),
            parts: self
                .parts
                .iter()
                .map(|part| ListedPart {
                    title: part.title.clone(),
                    audience: part.audience,
                    steps: part.steps.iter().map(|step| step.title.clone()).collect(),
                })
                .collect(),
        }
    }

    /// Every path of a source that it names: whoever has the files can see whether they are there.
    pub fn paths(&self) -> Vec<&str> {
        let steps = || self.parts.iter().flat_map(|part| &part.steps);
        let puts = steps().flat_map(|step| &step.does).filter_map(|doing| match doing {
            Doing::Put { path, .. } => Some(path.as_str()),
            _ => None,
        });
        let clues = steps().flat_map(|step| &step.clues).flat_map(|clue| &clue.strengths);
        let pieces = steps().flat_map(|step| step.text.iter().chain(&step.hint));
        let links = pieces.chain(clues.flat_map(Template::pieces)).filter_map(|piece| match piece {
            Piece::Program { path, .. } => Some(path.as_str()),
            _ => None,
        });
        self.programs.iter().map(|program| program.path.as_str()).chain(puts).chain(links).collect()
    }
}
