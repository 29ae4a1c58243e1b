//! What the strip draws: plain data, a sentence as pieces.

use lesson::{
    Doing, Piece, Progress, Sentences, Verdict,
    progress::{At, Mark, Standing},
    read::{Predict, Program},
};
use serde::Serialize;

/// Where a person is in a lesson, as the strip draws it.
#[derive(Debug, Serialize)]
pub struct Drawn {
    /// The lesson's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Files it wants in the editors.
    pub programs: Vec<Program>,
    /// Sentences of the tutorial it is about.
    pub seeds: Vec<String>,
    /// Its parts.
    pub parts: Vec<DrawnPart>,
    /// The part that goes on, from 1.
    pub part: usize,
    /// The current step's place in its part, from 1.
    pub step: usize,
    /// Steps of that part.
    pub of: usize,
    /// The current step; none when all is done.
    pub current: Option<Current>,
    /// The step that was passed last.
    pub last: Option<Last>,
    /// What is said when all is done.
    pub end: Vec<Piece>,
}

/// A part in the list.
#[derive(Debug, Serialize)]
pub struct DrawnPart {
    /// Its title.
    pub title: String,
    /// Its steps.
    pub steps: Vec<DrawnStep>,
}

/// A step in the list.
#[derive(Debug, Serialize)]
pub struct DrawnStep {
    /// Its title.
    pub title: String,
    /// `passed`, `skipped`, or none.
    pub mark: Option<&'static str>,
    /// Whether it comes next.
    pub current: bool,
}

/// The current step.
#[derive(Debug, Serialize)]
pub struct Current {
    /// Its title.
    pub title: String,
    /// What the strip says: the sentence, or what is to be said about what happened on the way.
    pub text: Vec<Piece>,
    /// Whether that is about what happened on the way.
    pub aside: bool,
    /// Help.
    pub hint: Vec<Piece>,
    /// What is not so yet, a sentence each.
    pub missing: Vec<Vec<Piece>>,
    /// Its question.
    pub predict: Option<Predict>,
    /// The answer given.
    pub prediction: Option<usize>,
    /// What is left to do.
    pub does: Vec<Doing>,
    /// Whether the learner finds the way.
    pub exercise: bool,
    /// Whether anything of it has happened.
    pub begun: bool,
    /// Its cards in the learner's order.
    pub cards: Vec<DrawnCard>,
}

/// A card.
#[derive(Debug, Serialize)]
pub struct DrawnCard {
    /// Its number.
    pub card: usize,
    /// What stands on it.
    pub text: Vec<Piece>,
    /// The event, once it has happened.
    pub seq: Option<u64>,
    /// Its right place, from 0, once all have happened.
    pub place: Option<usize>,
}

/// The step that was passed last.
#[derive(Debug, Serialize)]
pub struct Last {
    /// Its title.
    pub title: String,
    /// What to look at.
    pub see: Vec<Piece>,
    /// Why it was so.
    pub explain: Vec<Piece>,
    /// The event that passed it.
    pub evidence: u64,
    /// Its question, with the answer given.
    pub predict: Option<Predict>,
    /// That answer.
    pub prediction: Option<usize>,
}

/// Where a person is in a lesson.
pub fn drawn(progress: &Progress) -> Drawn {
    let here = progress.current_at();
    let current = progress.current();
    let standings = progress.parts().get(progress.part()).map_or(0, |part| part.standings.len());
    let took = progress.last().and_then(|last| last.took);
    Drawn {
        id: progress.lesson().id.clone(),
        title: progress.lesson().title.clone(),
        programs: progress.lesson().programs.clone(),
        seeds: progress.lesson().seeds.clone(),
        parts: parts(progress, here),
        part: progress.part() + 1,
        step: here.map_or(standings, |(_, step)| step + 1),
        of: standings,
        current: current.map(|one| self::current(progress, one, took)),
        last: progress.last().and_then(|one| last(one, took)),
        end: timed(progress.end(), took),
    }
}

fn parts(progress: &Progress, here: Option<At>) -> Vec<DrawnPart> {
    let step = |part: usize, step: usize, one: &Standing| DrawnStep {
        title: one.step.title.clone(),
        mark: one.mark().map(|mark| if mark == Mark::Skipped { "skipped" } else { "passed" }),
        current: here == Some((part, step)),
    };
    let parts = progress.parts().iter().enumerate();
    parts
        .map(|(at, part)| DrawnPart {
            title: part.title.clone(),
            steps: part.standings.iter().enumerate().map(|(place, one)| step(at, place, one)).collect(),
        })
        .collect()
}

fn current(progress: &Progress, one: &Standing, took: Option<u64>) -> Current {
    let step = &one.step;
    let open = step.checks.iter().zip(&one.seen).filter(|(_, seen)| seen.is_none());
    let places = one.cards.places();
    let card = |card: &usize| DrawnCard {
        card: *card,
        text: step.cards.get(*card).map(|card| card.text.clone()).unwrap_or_default(),
        seq: one.cards.seen().get(*card).copied().flatten(),
        place: places.as_ref().and_then(|places| places.get(*card).copied()),
    };
    Current {
        title: step.title.clone(),
        text: timed(progress.aside().unwrap_or(&step.text), took),
        aside: progress.aside().is_some(),
        hint: step.hint.clone(),
        missing: open.filter_map(|(asked, _)| asked.otherwise.clone()).collect(),
        predict: step.predict.clone(),
        prediction: one.prediction,
        does: progress.left_to_do().to_vec(),
        exercise: step.exercise,
        begun: progress.done() > 0 || one.seen.iter().chain(one.cards.seen()).any(Option::is_some),
        cards: one.cards.order().iter().map(card).collect(),
    }
}

fn last(one: &Standing, took: Option<u64>) -> Option<Last> {
    Some(Last {
        title: one.step.title.clone(),
        see: timed(&one.step.see, took),
        explain: one.step.explain.clone(),
        evidence: one.evidence?,
        predict: one.step.predict.clone(),
        prediction: one.prediction,
    })
}

/// Pieces with the time in place of `{took}`.
fn timed(pieces: &[Piece], took: Option<u64>) -> Vec<Piece> {
    let words = took.map_or_else(|| "a moment".to_owned(), crate::view::words::duration);
    let mut pieces = pieces.to_vec();
    for piece in &mut pieces {
        if let Piece::Text { text } = piece {
            *text = text.replace("{took}", &words);
        }
    }
    pieces
}

/// A sentence of the tutorial.
#[derive(Debug, Serialize)]
pub struct DrawnSentence {
    /// Its number.
    pub id: String,
    /// What it claims.
    pub claim: Vec<Piece>,
    /// Whether that is so.
    pub verdict: Verdict,
    /// One line of truth.
    pub truth: Vec<Piece>,
    /// What *Show me* does.
    pub does: Vec<Doing>,
    /// What tidies up after it.
    pub tidy: Vec<Doing>,
    /// The lesson about it.
    pub lesson: Option<String>,
}

/// The tutorial's sentences.
pub fn sentences(all: &Sentences) -> Vec<DrawnSentence> {
    let one = |one: &lesson::Sentence| DrawnSentence {
        id: one.id.clone(),
        claim: one.claim.clone(),
        verdict: one.verdict,
        truth: one.truth.clone(),
        does: one.does.clone(),
        tidy: one.tidy.clone(),
        lesson: one.lesson.clone(),
    };
    all.sentences.iter().map(one).collect()
}
