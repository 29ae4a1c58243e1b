//! A lesson's file to a lesson. `# ` begins a part, `## ` a step, the first paragraph is what the strip says, and a
//! list of `- key: value` carries the rest. A lesson is data: adding one touches no code.

mod front;
mod step;

use serde::Serialize;

use crate::{
    Check, Doing, Malformed, Piece,
    clue::{Clue, Template},
    items::{self, Item, Kind},
    need::Needed,
    prose,
};
pub(crate) use front::{id, short};
use front::{needs, number, ports, programs, seeds, teaches};
use step::Writing;

/// Longest sentence of a step, in characters as people read them: two lines of the strip.
pub const SENTENCE: usize = 120;
/// Longest title of a lesson, in characters.
const TITLE: usize = 64;
/// Keys of the front matter.
const FRONT: [&str; 12] = [
    "id",
    "title",
    "order",
    "number",
    "minutes",
    "teaches",
    "needs",
    "seed",
    "programs",
    "ports",
    "end",
    "end-guest",
];
/// Most steps of a lesson.
const STEPS: usize = 100;

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
    pub checks: Vec<Asked>,
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
pub struct Asked {
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
    /// Reads a file.
    ///
    /// # Errors
    /// The line and the reason.
    pub fn read(source: &str) -> Result<Self, Malformed> {
        let (front, items) = items::cut(source)?;
        front.only(&FRONT)?;
        let parts = parts(&items)?;
        if parts.iter().all(|part| part.steps.is_empty()) {
            return Err(Malformed::new(1, "a lesson has at least one step"));
        }
        let place = front.get("number").map(|_| number(&front, "number", 0)).transpose()?;
        Ok(Self {
            id: id(&front)?,
            title: short(&front, "title", TITLE)?,
            order: number(&front, "order", place.map_or(1000, |place| place.saturating_mul(10)))?,
            number: place,
            minutes: number(&front, "minutes", 5)?,
            teaches: teaches(&front)?,
            needs: needs(&front)?,
            seeds: seeds(&front)?,
            programs: programs(&front)?,
            ports: ports(&front)?,
            end: said(front.line("end"), front.get("end").unwrap_or("That was the lesson."))?,
            end_guest: front.get("end-guest").map(|text| said(front.line("end-guest"), text)).transpose()?,
            parts,
        })
    }

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

/// Prose, or the line and reason.
pub(crate) fn said(line: usize, text: &str) -> Result<Vec<Piece>, Malformed> {
    prose::parse(text).map_err(|reason| Malformed::new(line, reason))
}

fn parts(items: &[Item]) -> Result<Vec<Part>, Malformed> {
    let mut parts: Vec<Part> = Vec::new();
    let mut writing: Option<Writing> = None;
    let mut titles: Vec<String> = Vec::new();
    for Item { line, kind } in items {
        match kind {
            Kind::Part(title) => {
                finish(&mut parts, writing.take())?;
                parts.push(Part { title: title.clone(), audience: Audience::Everybody, steps: Vec::new() });
            }
            Kind::Step(title) => {
                finish(&mut parts, writing.take())?;
                if parts.is_empty() {
                    return Err(Malformed::new(*line, "a step before the first part (`# `)"));
                }
                if titles.contains(title) {
                    return Err(Malformed::new(*line, format!("two steps are called {title:?}")));
                }
                if titles.len() == STEPS {
                    return Err(Malformed::new(*line, format!("a lesson has at most {STEPS} steps")));
                }
                titles.push(title.clone());
                writing = Some(Writing::new(title, *line)?);
            }
            Kind::Pair(key, value) => match &mut writing {
                Some(writing) => writing.pair(key, value, *line)?,
                None => return Err(Malformed::new(*line, "a list before the first step (`## `)")),
            },
            Kind::Text(text) => match (&mut writing, parts.last_mut()) {
                (Some(writing), _) => writing.text(text, *line)?,
                (None, Some(part)) => part.audience = audience(text, *line)?,
                (None, None) => return Err(Malformed::new(*line, "text before the first part (`# `)")),
            },
        }
    }
    finish(&mut parts, writing)?;
    Ok(parts)
}

fn finish(parts: &mut [Part], writing: Option<Writing>) -> Result<(), Malformed> {
    if let (Some(writing), Some(part)) = (writing, parts.last_mut()) {
        part.steps.push(writing.finish()?);
    }
    Ok(())
}

/// `for: owner`.
fn audience(text: &str, line: usize) -> Result<Audience, Malformed> {
    match items::pair(text, line)?.1.as_str() {
        "everybody" => Ok(Audience::Everybody),
        "owner" => Ok(Audience::Owner),
        "guest" => Ok(Audience::Guest),
        other => Err(Malformed::new(line, format!("a part is for everybody, owner or guest, not {other:?}"))),
    }
}
