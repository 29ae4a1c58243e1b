//! Where a person is in a lesson, computed from the trace alone. Within a part every order is fine; a part counts
//! what happened since it began, so that the close of an earlier part does not pass a later one.

mod cards;

use std::collections::{BTreeMap, BTreeSet};

use proto::room::StepOutcome;
use serde::{Deserialize, Serialize};

pub use self::cards::Cards;
use crate::{
    Doing, Facts, Lesson, Piece, Scene, Step,
    clue::Clues,
    facts::{Fact, Field},
    plan::{Hands, Next, Round, Situation},
    read::Audience,
};

/// What a browser remembers of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// Passed; the `seq` that shows it, which means something in that room only.
    Passed(u64),
    /// Gone on without it.
    Skipped,
}

/// Where a step stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The step.
    pub step: Step,
    /// The event that answered each check.
    pub seen: Vec<Option<u64>>,
    /// Gone on without it.
    pub skipped: bool,
    /// The event that passed it.
    pub evidence: Option<u64>,
    /// What is said of that event, where the step says more than one thing.
    pub seen_as: Option<Vec<Piece>>,
    /// Nanoseconds from the beginning of what the evidence ends.
    pub took: Option<u64>,
    /// The answer given to its question.
    pub prediction: Option<usize>,
    /// Its cards, if it has any.
    pub cards: Cards,
    /// The room's trace says so already.
    told: bool,
}

impl Standing {
    fn new(step: &Step) -> Self {
        let seen = vec![None; step.checks.len()];
        let cards = Cards::new(&step.cards);
        let step = step.clone();
        Self {
            step,
            seen,
            skipped: false,
            evidence: None,
            seen_as: None,
            took: None,
            prediction: None,
            cards,
            told: false,
        }
    }

    /// Whether it is passed or skipped.
    pub fn is_done(&self) -> bool {
        self.skipped || self.evidence.is_some()
    }

    /// Its mark, once it is done.
    pub fn mark(&self) -> Option<Mark> {
        match self.evidence {
            Some(evidence) => Some(Mark::Passed(evidence)),
            None => self.skipped.then_some(Mark::Skipped),
        }
    }

    fn reset(&mut self) {
        let prediction = self.prediction;
        *self = Self { prediction, ..Self::new(&self.step) };
    }

    /// Takes one event in; whether it answers something here.
    fn answer(&mut self, seq: u64, facts: &Facts, time: u64) -> bool {
        if !self.step.cards.is_empty() {
            if self.cards.feed(seq, facts) {
                self.evidence = self.cards.evidence();
                return true;
            }
            return false;
        }
        let asked = self.step.checks.iter().zip(&mut self.seen);
        let Some((_, seen)) =
            asked.into_iter().find(|(asked, seen)| seen.is_none() && asked.check.holds(facts))
        else {
            return false;
        };
        *seen = Some(seq);
        if self.seen.iter().all(Option::is_some) {
            self.evidence = Some(seq);
            let mut said = self.step.seen_as.iter();
            self.seen_as = said.find(|one| one.check.holds(facts)).map(|one| one.text.clone());
            self.took = facts.began.map(|began| time.saturating_sub(began));
        }
        true
    }
}

/// A part's place among the standings.
#[derive(Clone, Debug, PartialEq)]
pub struct PartStanding {
    /// Its title.
    pub title: String,
    /// Its steps.
    pub standings: Vec<Standing>,
}

/// Where a step is: its part and its place there, from 0.
pub type At = (usize, usize);

/// Where a person is in a lesson.
#[derive(Clone, Debug)]
pub struct Progress {
    lesson: Lesson,
    guest: bool,
    parts: Vec<PartStanding>,
    part: usize,
    last: Option<At>,
    /// What is said about what happened on the way, and where that was.
    aside: Option<(Vec<Piece>, Option<Fact>)>,
    /// What is done of the current step.
    round: Round,
    /// What the last run has given of the current step's clues.
    clues: Clues,
    /// Steps that were passed in another room.
    earlier: BTreeSet<String>,
    /// Own events of the trace do not count: the browser remembers this room better.
    remembered: bool,
    /// Events up to this `seq` do not count for the current part.
    since: u64,
    /// The newest event's `seq`.
    newest: u64,
}

impl Progress {
    /// The beginning of a lesson, with the parts for an owner or a guest.
    pub fn new(lesson: Lesson, guest: bool) -> Self {
        let mine = if guest { Audience::Guest } else { Audience::Owner };
        let parts = lesson
            .parts
            .iter()
            .filter(|part| part.audience == Audience::Everybody || part.audience == mine)
            .map(|part| PartStanding {
                title: part.title.clone(),
                standings: part.steps.iter().map(Standing::new).collect(),
            })
            .collect();
        let mut progress = Self {
            lesson,
            guest,
            parts,
            part: 0,
            last: None,
            aside: None,
            round: Round::default(),
            clues: Clues::default(),
            earlier: BTreeSet::new(),
            remembered: false,
            since: 0,
            newest: 0,
        };
        progress.advance();
        progress.new_round();
        progress
    }

    /// Takes over what a browser remembers: marks of steps, and, of this very room, the `seq` from which the part
    /// counts. Of another room only whole parts count: half a connection is no use where nothing is open.
    pub fn remember(&mut self, marks: &BTreeMap<String, Mark>, this_room: Option<u64>) {
        let whole =
            |part: &PartStanding| part.standings.iter().all(|one| marks.contains_key(&one.step.title));
        for part in &mut self.parts {
            let whole = whole(part);
            for one in &mut part.standings {
                match (marks.get(&one.step.title), this_room) {
                    // What was passed in the part that goes on is found again in the trace, with all that led to it.
                    (Some(Mark::Passed(evidence)), Some(since)) => {
                        let again = !whole && *evidence > since && one.step.cards.is_empty();
                        one.evidence = (!again).then_some(*evidence);
                        one.told = true;
                    }
                    (Some(Mark::Skipped), Some(_)) => (one.skipped, one.told) = (true, true),
                    (Some(_), None) if whole => (one.skipped, one.told) = (true, true),
                    _ => {}
                }
            }
        }
        self.remembered = this_room.is_some() && !marks.is_empty();
        self.since = this_room.unwrap_or(self.since);
        // A lesson that was finished somewhere else begins anew.
        if this_room.is_none() && self.parts.iter().flat_map(|part| &part.standings).all(Standing::is_done) {
            self.parts.iter_mut().flat_map(|part| &mut part.standings).for_each(Standing::reset);
        }
        self.advance();
        self.new_round();
    }

    /// Events up to this `seq` do not count.
    pub fn begin_after(&mut self, seq: u64) {
        self.since = seq;
        self.new_round();
    }

    /// Steps that were passed before, in whatever room.
    pub fn passed_before(&mut self, titles: impl IntoIterator<Item = String>) {
        self.earlier.extend(titles);
    }

    /// Whether a step was passed in another room.
    pub fn was_passed(&self, title: &str) -> bool {
        self.earlier.contains(title)
    }

    /// Titles of the steps that were ever passed.
    pub fn ever_passed(&self) -> BTreeSet<String> {
        let all = self.parts.iter().flat_map(|part| &part.standings);
        let passed = all.filter(|one| one.evidence.is_some()).map(|one| one.step.title.clone());
        self.earlier.iter().cloned().chain(passed).collect()
    }

    /// Forgets how far somebody has come, here and elsewhere: what happens from now on counts.
    pub fn start_over(&mut self) {
        self.earlier.clear();
        self.parts.iter_mut().flat_map(|part| &mut part.standings).for_each(Standing::reset);
        (self.part, self.last) = (0, None);
        self.moved_on();
    }

    /// The `seq` after which the current part counts.
    pub fn since(&self) -> u64 {
        self.since
    }

    /// What a browser should remember.
    pub fn marks(&self) -> BTreeMap<String, Mark> {
        let all = self.parts.iter().flat_map(|part| &part.standings);
        all.filter_map(|one| Some((one.step.title.clone(), one.mark()?))).collect()
    }

    /// The lesson.
    pub fn lesson(&self) -> &Lesson {
        &self.lesson
    }

    /// The parts for this person.
    pub fn parts(&self) -> &[PartStanding] {
        &self.parts
    }

    /// The part with the next thing to do; the number of parts when all is done.
    pub fn part(&self) -> usize {
        self.part
    }

    /// The next thing to do.
    pub fn current(&self) -> Option<&Standing> {
        self.current_at().and_then(|at| self.at(at))
    }

    /// Where the next thing to do is.
    pub fn current_at(&self) -> Option<At> {
        let standings = &self.parts.get(self.part)?.standings;
        standings.iter().position(|one| !one.is_done()).map(|step| (self.part, step))
    }

    /// The step at a place.
    pub fn at(&self, (part, step): At) -> Option<&Standing> {
        self.parts.get(part)?.standings.get(step)
    }

    fn current_mut(&mut self) -> Option<&mut Standing> {
        let (part, step) = self.current_at()?;
        self.parts.get_mut(part)?.standings.get_mut(step)
    }

    /// The step that was passed last.
    pub fn last(&self) -> Option<&Standing> {
        self.last.and_then(|at| self.at(at))
    }

    /// What is said about what happened on the way.
    pub fn aside(&self) -> Option<&[Piece]> {
        self.aside.as_ref().map(|(text, _)| text.as_slice())
    }

    /// What comes next in the current step, as the room is now; none when all is done.
    pub fn next(&self, scene: &Scene, hands: &Hands) -> Option<Next> {
        let (part, at) = self.current_at()?;
        let standings = self.parts.get(part)?.standings.as_slice();
        let before: Vec<&Step> = standings[..at].iter().map(|one| &one.step).collect();
        let step = &standings.get(at)?.step;
        let (ports, round) = (self.lesson.ports.as_slice(), &self.round);
        Some(Situation { before: &before, step, ports, round, scene, hands }.next())
    }

    /// Whether anything of the current step has happened.
    pub fn is_begun(&self) -> bool {
        self.round.is_begun()
    }

    /// One thing of the current step's doing is done, where the trace does not tell.
    pub fn did(&mut self, doing: &Doing) {
        let Some(current) = self.current() else { return };
        if let Some(line) = current.step.does.iter().position(|one| one == doing) {
            self.round.did(line);
        }
    }

    /// The current step is done once more from its beginning: nothing that was made before counts.
    pub fn once_more(&mut self) {
        let lines = self.current().map_or(0, |current| current.step.does.len());
        self.round = Round::begin(lines, self.newest);
    }

    /// The part of the current step from its beginning: what has to be done again where what the step stands on is gone.
    pub fn replay(&self) -> Self {
        let mut replay = self.clone();
        if let Some(part) = replay.parts.get_mut(self.part) {
            part.standings.iter_mut().for_each(Standing::reset);
        }
        replay.moved_on();
        replay
    }

    /// Help for the current step, from the weakest to the strongest, made of what was done last; nothing where the
    /// lesson has none.
    pub fn clues(&self) -> Vec<Vec<Piece>> {
        self.current().map(|current| self.clues.strengths(&current.step.clues)).unwrap_or_default()
    }

    fn new_round(&mut self) {
        self.clues = Clues::default();
        let lines = self.current().map_or(0, |current| current.step.does.len());
        self.round = Round::begin(lines, self.since);
    }

    /// What is said when all is done.
    pub fn end(&self) -> &[Piece] {
        let guest = self.lesson.end_guest.as_ref().filter(|_| self.guest);
        guest.unwrap_or(&self.lesson.end)
    }

    /// Takes one event in; whether anything changed.
    pub fn feed(&mut self, seq: u64, time: u64, facts: &Facts) -> bool {
        self.newest = self.newest.max(seq);
        if seq <= self.since {
            return false;
        }
        let before = self.current_at();
        let standings =
            self.parts.get_mut(self.part).map(|part| part.standings.as_mut_slice()).unwrap_or_default();
        // One event answers one step: two receives are two receives.
        let answered = standings.iter_mut().enumerate().find_map(|(at, one)| {
            (!one.is_done() && one.answer(seq, facts, time)).then_some((at, one.is_done()))
        });
        if let Some((at, true)) = answered {
            self.last = Some((self.part, at));
            self.advance();
        }
        if self.current_at().map(|(part, _)| part) != before.map(|(part, _)| part) {
            self.since = seq;
        }
        if self.current_at() != before {
            self.aside = None;
            self.new_round();
            return true;
        }
        let said = self.say_aside(facts);
        let helped = self.take_clue(seq, facts);
        self.count(facts) || said || helped || answered.is_some()
    }

    /// Whether an event gives another clue.
    fn take_clue(&mut self, seq: u64, facts: &Facts) -> bool {
        let Some((part, at)) = self.current_at() else { return false };
        let Some(current) = self.parts.get(part).and_then(|part| part.standings.get(at)) else {
            return false;
        };
        self.clues.feed(&current.step.clues, seq, facts)
    }

    /// Whether an event is a line of the current step.
    fn count(&mut self, facts: &Facts) -> bool {
        let Some((part, at)) = self.current_at() else { return false };
        let Some(current) = self.parts.get(part).and_then(|part| part.standings.get(at)) else {
            return false;
        };
        self.round.take(&current.step.does, facts)
    }

    /// What is said about an event stands until somebody does something else there.
    fn say_aside(&mut self, facts: &Facts) -> bool {
        let over = self.aside.as_ref().is_some_and(|(_, host)| ends_aside(facts, host.as_ref()));
        if over {
            self.aside = None;
        }
        let Some(current) = self.current() else { return over };
        let said = current.step.asides.iter().find(|aside| aside.check.holds(facts));
        if let Some(text) = said.map(|aside| aside.text.clone()) {
            self.aside = Some((text, facts.get(Field::Host).cloned()));
            return true;
        }
        over
    }

    /// Takes in what the trace says of a person's progress, if it is this one's in this lesson.
    pub fn hear(&mut self, lesson: &str, step: &str, outcome: StepOutcome) {
        if lesson != self.lesson.id {
            return;
        }
        let remembered = self.remembered;
        let found =
            self.parts.iter_mut().flat_map(|part| &mut part.standings).find(|one| one.step.title == step);
        let Some(one) = found else { return };
        one.told = true;
        if !remembered && !one.is_done() {
            match outcome {
                StepOutcome::Passed { evidence } => one.evidence = Some(evidence),
                StepOutcome::Skipped => one.skipped = true,
            }
            self.advance();
        }
    }

    /// Steps that are done and that nobody has told the room yet.
    pub fn take_news(&mut self) -> Vec<(String, StepOutcome)> {
        let fresh = self.parts.iter_mut().flat_map(|part| &mut part.standings).filter(|one| !one.told);
        fresh
            .filter_map(|one| {
                let outcome = match one.mark()? {
                    Mark::Passed(evidence) => StepOutcome::Passed { evidence },
                    Mark::Skipped => StepOutcome::Skipped,
                };
                one.told = true;
                Some((one.step.title.clone(), outcome))
            })
            .collect()
    }

    /// Answers the current step's question.
    pub fn predict(&mut self, choice: usize) {
        if let Some(current) = self.current_mut() {
            let choices = current.step.predict.as_ref().map_or(0, |predict| predict.choices.len());
            current.prediction = Some(choice).filter(|choice| *choice < choices);
        }
    }

    /// Puts the current step's cards into another order.
    pub fn arrange(&mut self, order: &[usize]) {
        let part = self.part;
        let Some((_, step)) = self.current_at() else { return };
        if let Some(current) = self.current_mut() {
            current.cards.arrange(order);
            current.evidence = current.cards.evidence();
            if current.is_done() {
                self.last = Some((part, step));
                self.moved_on();
            }
        }
    }

    /// Goes on without the current step.
    pub fn skip(&mut self) {
        if let Some(current) = self.current_mut() {
            current.skipped = true;
            let part = self.part;
            self.aside = None;
            self.advance();
            if self.part != part {
                self.since = self.since.max(self.newest);
            }
            self.last = None;
            self.new_round();
        }
    }

    /// Goes on at a step: what comes before it in the lesson counts as skipped.
    pub fn go_to(&mut self, target: At) {
        for (part, standings) in self.parts.iter_mut().enumerate() {
            for (step, one) in standings.standings.iter_mut().enumerate() {
                if (part, step) < target {
                    one.skipped |= one.evidence.is_none();
                } else {
                    one.skipped = false;
                }
                if (part, step) == target {
                    one.reset();
                }
            }
        }
        self.part = 0;
        self.moved_on();
    }

    fn moved_on(&mut self) {
        self.aside = None;
        self.since = self.since.max(self.newest);
        self.advance();
        self.new_round();
    }

    fn advance(&mut self) {
        while self.parts.get(self.part).is_some_and(|part| part.standings.iter().all(Standing::is_done)) {
            self.part += 1;
        }
    }
}

/// Whether an event makes a word about an earlier one old: somebody does something else.
fn ends_aside(facts: &Facts, host: Option<&Fact>) -> bool {
    let began = facts.is(Field::Phase, "begin") && !facts.is(Field::Call, "close");
    let there = host.is_none() || facts.get(Field::Host) == host;
    facts.is(Field::Change, "began")
        || facts.is(Field::Kind, "machine")
        || facts.is(Field::Kind, "wire")
        || (began && there && facts.is(Field::Kind, "call"))
}
