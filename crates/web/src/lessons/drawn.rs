//! What the strip draws: plain data, a sentence as pieces.

use lesson::{
    Doing, Piece, Progress, Sentences, Verdict,
    help::Todo,
    plan::Next,
    progress::{At, Mark, Standing},
    read::{Predict, Program},
};
use serde::Serialize;
use tsify::Tsify;

/// Where a person is in a lesson, as the strip draws it.
#[derive(Debug, Serialize, Tsify)]
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
    /// The current step's place in the whole lesson, from 1; the number of steps when all is done.
    pub step: usize,
    /// Steps of the whole lesson.
    pub of: usize,
    /// The current step; none when all is done.
    pub current: Option<Current>,
    /// The step that was passed last.
    pub last: Option<Last>,
    /// What is said when all is done.
    pub end: Vec<Piece>,
}

/// A part in the list.
#[derive(Debug, Serialize, Tsify)]
pub struct DrawnPart {
    /// Its title.
    pub title: String,
    /// Its steps.
    pub steps: Vec<DrawnStep>,
}

/// A step in the list.
#[derive(Debug, Serialize, Tsify)]
pub struct DrawnStep {
    /// Its title.
    pub title: String,
    /// `passed`, `skipped`, `before` for one that was passed in another room, or none.
    pub mark: Option<&'static str>,
    /// Whether it comes next.
    pub current: bool,
}

/// The current step.
#[derive(Debug, Serialize, Tsify)]
pub struct Current {
    /// Its title.
    pub title: String,
    /// What the strip says: the sentence, or what is to be said about what happened on the way.
    pub text: Vec<Piece>,
    /// Whether that is about what happened on the way, or about what the step stands on and is not so now.
    pub aside: bool,
    /// Whether something is in the way that starting clean clears.
    pub blocked: bool,
    /// Whether what was begun goes on: nothing is to be done now.
    pub waits: bool,
    /// Help.
    pub hint: Vec<Piece>,
    /// Stronger help, asked for one after the other.
    pub stronger: Vec<Vec<Piece>>,
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
#[derive(Debug, Serialize, Tsify)]
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
#[derive(Debug, Serialize, Tsify)]
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

/// Where a person is in a lesson; `next` is what comes next in the current step, `way` what is in its way.
pub fn drawn(progress: &Progress, next: Option<&Next>, way: &[Vec<Piece>]) -> Drawn {
    let here = progress.current_at();
    let current = progress.current();
    let before =
        |parts: usize| progress.parts().iter().take(parts).map(|part| part.standings.len()).sum::<usize>();
    let of = before(usize::MAX);
    let took = progress.last().and_then(|last| last.took);
    Drawn {
        id: progress.lesson().id.clone(),
        title: progress.lesson().title.clone(),
        programs: progress.lesson().programs.clone(),
        seeds: progress.lesson().seeds.clone(),
        parts: parts(progress, here),
        part: progress.part() + 1,
        step: here.map_or(of, |(part, step)| before(part) + step + 1),
        of,
        current: current.map(|one| self::current(progress, one, took, next, way)),
        last: progress.last().and_then(|one| last(one, took)),
        end: timed(progress.end(), took),
    }
}

fn parts(progress: &Progress, here: Option<At>) -> Vec<DrawnPart> {
    let step = |part: usize, step: usize, one: &Standing| DrawnStep {
        title: one.step.title.clone(),
        mark: match one.mark() {
            Some(Mark::Passed(_)) => Some("passed"),
            _ if progress.was_passed(&one.step.title) => Some("before"),
            Some(Mark::Skipped) => Some("skipped"),
            None => None,
        },
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

fn current(
    progress: &Progress,
    one: &Standing,
    took: Option<u64>,
    next: Option<&Next>,
    way: &[Vec<Piece>],
) -> Current {
    let step = &one.step;
    let (does, because, blocked) = match next {
        Some(Next::Do { doings, because }) => (doings.as_slice(), because.as_ref(), false),
        Some(Next::Blocked(because)) => (&[][..], Some(because), true),
        Some(Next::Lost(because)) => (&[][..], Some(because), false),
        _ => (&[][..], None, false),
    };
    // Of an exercise nothing is told before it is asked for.
    let because = because.filter(|_| !step.exercise || blocked);
    let aside = progress.aside().filter(|_| !blocked).or(because.map(Vec::as_slice));
    let open = step.checks.iter().zip(&one.seen).filter(|(_, seen)| seen.is_none());
    let mut clues = progress.clues().into_iter();
    let hint = clues.next().unwrap_or_else(|| step.hint.clone());
    let places = one.cards.places();
    let card = |card: &usize| DrawnCard {
        card: *card,
        text: step.cards.get(*card).map(|card| card.text.clone()).unwrap_or_default(),
        seq: one.cards.seen().get(*card).copied().flatten(),
        place: places.as_ref().and_then(|places| places.get(*card).copied()),
    };
    Current {
        title: step.title.clone(),
        text: timed(aside.unwrap_or(&step.text), took),
        aside: aside.is_some(),
        blocked,
        waits: match next {
            Some(Next::Wait) => true,
            Some(Next::Do { doings, .. }) => doings.is_empty(),
            _ => false,
        },
        hint,
        stronger: clues.collect(),
        missing: open.filter_map(|(asked, _)| asked.otherwise.clone()).chain(way.iter().cloned()).collect(),
        predict: step.predict.clone(),
        prediction: one.prediction,
        does: does.to_vec(),
        exercise: step.exercise,
        begun: (step.cards.is_empty() && progress.is_begun())
            || one.seen.iter().chain(one.cards.seen()).any(Option::is_some),
        cards: one.cards.order().iter().map(card).collect(),
    }
}

fn last(one: &Standing, took: Option<u64>) -> Option<Last> {
    Some(Last {
        title: one.step.title.clone(),
        see: timed(one.seen_as.as_ref().unwrap_or(&one.step.see), took),
        explain: one.step.explain.clone(),
        evidence: one.evidence?,
        predict: one.step.predict.clone(),
        prediction: one.prediction,
    })
}

/// Pieces with the time in place of `{took}`; without the sentence that tells it where none was measured.
fn timed(pieces: &[Piece], took: Option<u64>) -> Vec<Piece> {
    let words = took.map(crate::view::words::duration);
    let mut pieces = pieces.to_vec();
    for piece in &mut pieces {
        if let Piece::Text { text } = piece {
            *text = match &words {
                Some(words) => text.replace("{took}", words),
                None => untimed(text),
            };
        }
    }
    pieces
}

/// The sentences of a text that tell no time. One that is all there is keeps its beginning.
fn untimed(text: &str) -> String {
    if !text.contains("{took}") {
        return text.to_owned();
    }
    let sentences: Vec<&str> = text.split_inclusive(['.', '?', '!']).collect();
    let without: String = sentences.iter().filter(|one| !one.contains("{took}")).copied().collect();
    if without.trim().is_empty() {
        let head = text.split("{took}").next().unwrap_or_default();
        let head = head.trim_end().trim_end_matches(" in").trim_end_matches(" after").trim_end_matches(',');
        return if head.is_empty() { String::new() } else { format!("{head}.") };
    }
    without.trim_start().to_owned()
}

/// What the page does in a try to do a step for the learner.
#[derive(Debug, Serialize, Tsify)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum DrawnTodo {
    /// This.
    Do {
        /// What.
        doing: Doing,
    },
    /// It waits for the next event.
    Wait,
    /// Nothing: this is in the way.
    Blocked {
        /// One sentence.
        because: Vec<Piece>,
    },
    /// Nothing is left, and the step is not passed.
    Again,
    /// Nothing: it is passed.
    Passed,
}

/// What the page does in a try to do a step for the learner.
pub fn todo(todo: Todo) -> DrawnTodo {
    match todo {
        Todo::Do(doing) => DrawnTodo::Do { doing },
        Todo::Wait => DrawnTodo::Wait,
        Todo::Blocked(because) => DrawnTodo::Blocked { because },
        Todo::Again => DrawnTodo::Again,
        Todo::Passed => DrawnTodo::Passed,
    }
}

/// A sentence of the tutorial.
#[derive(Debug, Serialize, Tsify)]
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
