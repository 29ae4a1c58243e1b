//! A recording beside what happened when it was done again, in one drawing: what happened only then is marked where it is,
//! what happened only now has a row of its own in between.

use std::collections::{BTreeSet, HashSet};

use serde::Deserialize;
use tsify::Tsify;

use super::{
    canvas::Canvas,
    rows::Layout,
    seats::hosts_of,
    shapes::{Form, Shape},
};
use crate::view::{store::TraceStore, words::bounded};

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Tsify)]
#[serde(default)]
pub struct Compared {
    /// `seq` of what happened only the first time.
    pub before: BTreeSet<u64>,
    /// What happened only the second time, in the order of `after`.
    pub now: Vec<OnlyNow>,
}

/// Something that happened only the second time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Tsify)]
pub struct OnlyNow {
    /// `seq` of the event of the first time after which it stands; 0 before everything.
    pub after: u64,
    /// What happened, in words.
    pub text: String,
}

impl Compared {
    /// The machines on which something happened only the first time; the one where that began comes last, as who was picked
    /// last.
    pub(super) fn hosts(&self, store: &TraceStore) -> Vec<u32> {
        let events = self.before.iter().filter_map(|seq| store.get(*seq));
        let mut hosts = Vec::new();
        for host in events.flat_map(hosts_of) {
            if !hosts.contains(&host.0) {
                hosts.push(host.0);
            }
        }
        hosts.reverse();
        hosts
    }
}

/// Texts that say it with a word; a state stands where there is room for its name alone, and its colour says it.
const WORDED: [&str; 5] = ["words", "payload", "flags", "call", "result"];
/// Those of them where calls stand inside the lifelines, with their results on one line.
const WORDED_NARROW: usize = 3;

/// Advance of one letter of a note, pixels.
const LETTER: f64 = 6.8;

impl Layout {
    /// Lays out what happened only the second time, before the event `seq`.
    pub(super) fn only_now(&mut self, compared: &Compared, seq: u64) {
        while compared.now.get(self.compared).is_some_and(|one| one.after < seq) {
            self.only_now_row(seq, self.compared);
            self.compared += 1;
        }
    }
}

impl Canvas<'_> {
    /// What happened only the second time, across the wire.
    pub(super) fn only_now(&mut self, compared: &Compared, index: usize, which: usize) {
        let Some(one) = compared.now.get(which) else { return };
        let (x, y) = (self.width / 2.0, self.layout.rows[index].y + 14.0);
        let letters = (self.width / LETTER) as usize;
        let text = bounded(&format!("only now: {}", one.text), letters.max(12));
        self.put(format!("now{which}"), 0, Form::Note { x, y, text, tone: "fault" });
    }

    /// Marks what happened only the first time, with a word.
    pub(super) fn mark_only_then(&mut self, compared: &Compared) {
        if compared.before.is_empty() {
            return;
        }
        let worded = if self.layout.lines.narrow { &WORDED[..WORDED_NARROW] } else { &WORDED };
        let mut said = HashSet::new();
        for Shape { seq, only_then, what, .. } in self.shapes.iter_mut().rev() {
            *only_then = compared.before.contains(seq) && !matches!(what, Form::Row { .. });
            if let Form::Text { text, fit, role, .. } = what
                && *only_then
                && worded.contains(role)
                && said.insert(*seq)
            {
                text.push_str(", only then");
                *fit = None;
            }
        }
    }
}
