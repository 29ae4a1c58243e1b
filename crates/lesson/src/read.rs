//! A lesson's file to a lesson. `# ` begins a part, `## ` a step, the first paragraph is what the strip says, and a
//! list of `- key: value` carries the rest. A lesson is data: adding one touches no code.

mod front;
mod lesson;
mod sentence;
mod step;

use crate::{
    Malformed,
    items::{self, Item, ItemKind},
};
pub(crate) use front::{id, is_sentence, short};
use front::{needs, number, ports, programs, seeds, teaches};
pub use lesson::{
    Aside, Audience, Card, Lesson, ListedPart, Listing, Part, Predict, Program, Requirement, Step,
};
pub use sentence::SENTENCE;
pub(crate) use sentence::said;
use step::Writing;

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
}

fn parts(items: &[Item]) -> Result<Vec<Part>, Malformed> {
    let mut parts: Vec<Part> = Vec::new();
    let mut writing: Option<Writing> = None;
    let mut titles: Vec<String> = Vec::new();
    for Item { line, kind } in items {
        match kind {
            ItemKind::Part(title) => {
                finish(&mut parts, writing.take())?;
                parts.push(Part { title: title.clone(), audience: Audience::Everybody, steps: Vec::new() });
            }
            ItemKind::Step(title) => {
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
            ItemKind::Pair(key, value) => match &mut writing {
                Some(writing) => writing.pair(key, value, *line)?,
                None => return Err(Malformed::new(*line, "a list before the first step (`## `)")),
            },
            ItemKind::Text(text) => match (&mut writing, parts.last_mut()) {
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
