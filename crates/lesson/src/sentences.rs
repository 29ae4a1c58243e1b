//! The tutorial, sentence by sentence: what it claims, whether that is so on Linux, and how to see it. A file of a
//! kind of its own, marked `kind: sentences`.

use serde::Serialize;

use crate::{
    Check, Doing, Facts, Malformed, Piece, doing,
    items::{self, Item, ItemKind},
    read::{id, is_sentence, said, short},
};

/// Whether a sentence is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// As it says.
    #[serde(rename = "true")]
    True,
    /// With a but.
    #[serde(rename = "partly true")]
    Partly,
    /// It was so once.
    #[serde(rename = "outdated")]
    Outdated,
    /// Not here, whatever other systems do.
    #[serde(rename = "not so on Linux")]
    NotSo,
}

/// One sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// Its number: `S22`.
    pub id: String,
    /// What it claims, in our words.
    pub claim: Vec<Piece>,
    /// Whether that is so.
    pub verdict: Verdict,
    /// One line of truth.
    pub truth: Vec<Piece>,
    /// What *Show me* does.
    pub does: Vec<Doing>,
    /// What is to be seen then.
    pub checks: Vec<Check>,
    /// What tidies up after it.
    pub tidy: Vec<Doing>,
    /// The lesson that is about it.
    pub lesson: Option<String>,
}

/// The whole file.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentences {
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The sentences, in their order.
    pub sentences: Vec<Sentence>,
}

/// Whether a file is of this kind.
pub fn is_sentences(source: &str) -> bool {
    items::cut(source).is_ok_and(|(front, _)| front.get("kind") == Some("sentences"))
}

impl Sentences {
    /// Reads a file.
    ///
    /// # Errors
    /// The line and the reason.
    pub fn read(source: &str) -> Result<Self, Malformed> {
        let (front, items) = items::cut(source)?;
        front.only(&["kind", "id", "title"])?;
        if front.need("kind")? != "sentences" {
            return Err(Malformed::new(front.line("kind"), "the kind of this file is `sentences`"));
        }
        let mut sentences = Vec::new();
        let mut writing: Option<Writing> = None;
        for Item { line, kind } in items {
            match (kind, &mut writing) {
                (ItemKind::Step(name), _) => {
                    finish(&mut sentences, writing.take())?;
                    if !is_sentence(&name) || sentences.iter().any(|one: &Sentence| one.id == name) {
                        return Err(Malformed::new(
                            line,
                            format!("{name:?} is no new sentence: S1 to S99, each once"),
                        ));
                    }
                    writing = Some(Writing { line, id: name, ..Writing::default() });
                }
                (ItemKind::Text(text), Some(writing)) if writing.claim.is_none() => {
                    writing.claim = Some(said(line, &text)?);
                }
                (ItemKind::Pair(key, value), Some(writing)) => writing.pair(&key, &value, line)?,
                _ => return Err(Malformed::new(line, "expected `## S1`, one paragraph, and a list")),
            }
        }
        finish(&mut sentences, writing)?;
        Ok(Self { id: id(&front)?, title: short(&front, "title", 64)?, sentences })
    }
}

fn finish(sentences: &mut Vec<Sentence>, writing: Option<Writing>) -> Result<(), Malformed> {
    if let Some(writing) = writing {
        sentences.push(writing.finish()?);
    }
    Ok(())
}

/// A sentence while it is being read.
#[derive(Default)]
struct Writing {
    line: usize,
    id: String,
    claim: Option<Vec<Piece>>,
    verdict: Option<Verdict>,
    truth: Option<Vec<Piece>>,
    does: Vec<Doing>,
    checks: Vec<Check>,
    tidy: Vec<Doing>,
    lesson: Option<String>,
}

impl Writing {
    fn pair(&mut self, key: &str, value: &str, line: usize) -> Result<(), Malformed> {
        let wrong = |reason: String| Malformed::new(line, reason);
        match key {
            "verdict" => {
                self.verdict = Some(verdict(value).ok_or_else(|| wrong(format!("{value:?} is no verdict")))?)
            }
            "truth" => self.truth = Some(said(line, value)?),
            "do" => self.does.push(doing::parse(value).map_err(wrong)?),
            "tidy" => self.tidy.push(doing::parse(value).map_err(wrong)?),
            "check" => self.checks.push(Check::parse(value).map_err(wrong)?),
            "lesson" => self.lesson = Some(value.to_owned()),
            other => return Err(wrong(format!("unknown key `{other}`"))),
        }
        Ok(())
    }

    fn finish(self) -> Result<Sentence, Malformed> {
        let Self { line, id, claim, verdict, truth, does, checks, tidy, lesson } = self;
        let wrong = |what: &str| Malformed::new(line, format!("{id} lacks {what}"));
        if does.is_empty() || checks.is_empty() {
            return Err(wrong("something to do and a check: how else is it shown?"));
        }
        Ok(Sentence {
            claim: claim.ok_or_else(|| wrong("its claim"))?,
            verdict: verdict.ok_or_else(|| wrong("a verdict"))?,
            truth: truth.ok_or_else(|| wrong("one line of truth"))?,
            does,
            checks,
            tidy,
            lesson,
            id,
        })
    }
}

fn verdict(text: &str) -> Option<Verdict> {
    match text {
        "true" => Some(Verdict::True),
        "partly true" => Some(Verdict::Partly),
        "outdated" => Some(Verdict::Outdated),
        "not so on Linux" => Some(Verdict::NotSo),
        _ => None,
    }
}

/// A sentence being shown: which of its checks have been seen since, one after the other.
#[derive(Clone, Debug)]
pub struct ShownSentence {
    checks: Vec<Check>,
    seen: Vec<Option<u64>>,
}

impl ShownSentence {
    /// Begins: what happens from now on counts.
    pub fn new(sentence: &Sentence) -> Self {
        Self { checks: sentence.checks.clone(), seen: vec![None; sentence.checks.len()] }
    }

    /// Takes one event in.
    pub fn feed(&mut self, seq: u64, facts: &Facts) {
        // In their order: the second connect is not shown by the first.
        let next = self.checks.iter().zip(&mut self.seen).find(|(_, seen)| seen.is_none());
        if let Some((check, seen)) = next
            && check.holds(facts)
        {
            *seen = Some(seq);
        }
    }

    /// The events that show it, in the order of the checks, once all are there.
    pub fn evidence(&self) -> Option<Vec<u64>> {
        self.seen.iter().copied().collect()
    }
}
