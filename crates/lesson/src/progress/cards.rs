//! Cards to put in order: the learner sorts them, the real run is the marking.

use crate::{Facts, read::Card};

/// A step's cards, the order the learner gave them, and what the trace says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cards {
    cards: Vec<Card>,
    /// Numbers of cards, first to last, as the learner has them.
    order: Vec<usize>,
    /// The event that is each card, once it has happened.
    seen: Vec<Option<u64>>,
}

impl Cards {
    /// The cards of a step, shuffled in the same way for everybody.
    pub(super) fn new(cards: &[Card]) -> Self {
        let count = cards.len();
        // A stride without a common divisor visits every card once, and no two neighbours stay neighbours.
        let stride = (2..count).rev().find(|stride| divisor(*stride, count) == 1 && *stride * 2 < count + 2);
        let stride = stride.unwrap_or(1);
        let order = (0..count).map(|at| (at * stride + count / 2) % count).collect();
        Self { cards: cards.to_vec(), order, seen: vec![None; count] }
    }

    /// Numbers of cards, first to last, as the learner has them.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The event that is each card, by the card's number, once it has happened.
    pub fn seen(&self) -> &[Option<u64>] {
        &self.seen
    }

    /// The right place of each card, by the card's number, from 0; none before all have happened.
    pub fn places(&self) -> Option<Vec<usize>> {
        let seen: Vec<u64> = self.seen.iter().copied().collect::<Option<_>>()?;
        Some(seen.iter().map(|seq| seen.iter().filter(|other| *other < seq).count()).collect())
    }

    /// A card that has not happened yet happens now; whether there is one. The run begins with the card that was
    /// written first, and until it is whole it may begin anew: what a run before it leaves behind is no part of it.
    pub(super) fn feed(&mut self, seq: u64, facts: &Facts) -> bool {
        let [first, ..] = self.cards.as_slice() else { return false };
        let whole = self.seen.iter().all(Option::is_some);
        if !whole && first.check.holds(facts) {
            self.seen.fill(None);
        } else if self.seen.first().is_none_or(Option::is_none) {
            return false;
        }
        let next = self
            .cards
            .iter()
            .zip(&mut self.seen)
            .find(|(card, seen)| seen.is_none() && card.check.holds(facts));
        next.map(|(_, seen)| *seen = Some(seq)).is_some()
    }

    /// Another order; one that is none changes nothing.
    pub(super) fn arrange(&mut self, order: &[usize]) {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if sorted.iter().copied().eq(0..self.cards.len()) {
            self.order = order.to_vec();
        }
    }

    /// The last event, once all have happened in the learner's order.
    pub(super) fn evidence(&self) -> Option<u64> {
        if self.cards.is_empty() {
            return None;
        }
        let places = self.places()?;
        let right = self.order.iter().enumerate().all(|(place, card)| places.get(*card) == Some(&place));
        right.then(|| self.seen.iter().flatten().copied().max()).flatten()
    }
}

fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}
