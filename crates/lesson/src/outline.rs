//! All of a lesson to be read: what each step asks, its help and its solution, for whoever prepares a class.

use serde::Serialize;

use crate::{
    Doing, Lesson, Piece, Sentences, Step, Verdict,
    read::{Audience, Predict},
};

/// A lesson, written out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outline {
    /// What is said when all is done.
    pub end: Vec<Piece>,
    /// Its parts, in order.
    pub parts: Vec<OutlinePart>,
}

/// A part of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutlinePart {
    /// Its title.
    pub title: String,
    /// Whose it is.
    pub audience: Audience,
    /// Its steps.
    pub steps: Vec<OutlineStep>,
}

/// A step with its solution.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutlineStep {
    /// Its title.
    pub title: String,
    /// The one sentence.
    pub text: Vec<Piece>,
    /// Whether the learner finds the way alone.
    pub exercise: bool,
    /// The question before the run, with its answer.
    pub predict: Option<Predict>,
    /// Help.
    pub hint: Vec<Piece>,
    /// What "do it for me" does.
    pub does: Vec<Doing>,
    /// Cards in their right order.
    pub cards: Vec<Vec<Piece>>,
    /// Why it was so.
    pub explain: Vec<Piece>,
}

/// A sentence of the tutorial, to be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutlineSentence {
    /// Its number: `S22`.
    pub id: String,
    /// What it claims.
    pub claim: Vec<Piece>,
    /// Whether that is so.
    pub verdict: Verdict,
    /// One line of truth.
    pub truth: Vec<Piece>,
}

impl Outline {
    /// A lesson, written out.
    pub fn of(lesson: &Lesson) -> Self {
        let parts = lesson.parts.iter().map(|part| OutlinePart {
            title: part.title.clone(),
            audience: part.audience,
            steps: part.steps.iter().map(step).collect(),
        });
        Self { end: lesson.end.clone(), parts: parts.collect() }
    }
}

fn step(step: &Step) -> OutlineStep {
    OutlineStep {
        title: step.title.clone(),
        text: step.text.clone(),
        exercise: step.exercise,
        predict: step.predict.clone(),
        hint: step.hint.clone(),
        does: step.does.clone(),
        cards: step.cards.iter().map(|card| card.text.clone()).collect(),
        explain: step.explain.clone(),
    }
}

/// The tutorial's sentences, to be read.
pub fn sentences(all: &Sentences) -> Vec<OutlineSentence> {
    let one = |sentence: &crate::Sentence| OutlineSentence {
        id: sentence.id.clone(),
        claim: sentence.claim.clone(),
        verdict: sentence.verdict,
        truth: sentence.truth.clone(),
    };
    all.sentences.iter().map(one).collect()
}
