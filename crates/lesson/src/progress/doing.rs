//! How far a person is in a step's doing: what "do it for me" and the filled button do next.

use super::Progress;
use crate::{Doing, Facts, doing::WireDoing, facts::Field};

impl Progress {
    /// How many things of the current step's doing are done.
    pub fn done(&self) -> usize {
        self.done
    }

    /// What is left of the current step's doing. While a step is not passed although all of it is done, the wire's last
    /// command is left: how many packets have to go before the one that matters, only the wire knows.
    pub fn left_to_do(&self) -> &[Doing] {
        let Some(current) = self.current() else { return &[] };
        let does = current.step.does.as_slice();
        match does.split_last() {
            Some((Doing::Wire { command: WireDoing::Step | WireDoing::Drop }, before)) => {
                &does[self.done.min(before.len())..]
            }
            _ => &does[self.done..],
        }
    }

    /// One more thing of the current step's doing is done, where the trace does not tell.
    pub fn did(&mut self) {
        let most = self.current().map_or(0, |one| one.step.does.len());
        self.done = (self.done + 1).min(most);
    }

    /// Whether an event is the next thing of the current step's doing.
    pub(super) fn count(&mut self, facts: &Facts) -> bool {
        let Some(current) = self.current() else { return false };
        let Some(next) = current.step.does.get(self.done) else { return false };
        let host = next.host().is_none_or(|host| facts.is(Field::Host, host));
        let wire = facts.is(Field::Kind, "wire");
        let is_it = match next {
            Doing::Line { background, fails, .. } => {
                let phase = if *background { "begin" } else { "end" };
                let call = next.call().is_some_and(|call| facts.is(Field::Call, call));
                call && facts.is(Field::Phase, phase)
                    && (*background || *fails || facts.is(Field::Result, "ok"))
            }
            Doing::Run { file, .. } => facts.is(Field::Program, file) && facts.is(Field::Change, "began"),
            Doing::Stop { file, .. } => facts.is(Field::Program, file) && facts.is(Field::Change, "ended"),
            Doing::Wire { command: WireDoing::Hold } => wire && facts.is(Field::Held, "yes"),
            Doing::Wire { command: WireDoing::Release } => wire && facts.is(Field::Held, "no"),
            Doing::Wire { command: WireDoing::Drop } => facts.is(Field::Fate, "dropped"),
            // The page says that it did it.
            _ => false,
        };
        if host && is_it {
            self.done += 1;
        }
        host && is_it
    }
}
