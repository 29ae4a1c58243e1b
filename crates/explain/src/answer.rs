//! The sentences of one answer, as they come.

use std::net::IpAddr;

use proto::{id::HostId, id::ProgramId};

use crate::{About, EVIDENCE, Names, SENTENCES, Sentence, trace::Trace};

/// An answer in the making. Events are named by their places in the trace.
pub(crate) struct Answer<'t, 'a> {
    pub(crate) trace: &'t Trace<'a>,
    names: &'t dyn Names,
    sentences: Vec<Sentence>,
}

impl<'t, 'a> Answer<'t, 'a> {
    pub(crate) fn new(trace: &'t Trace<'a>, names: &'t dyn Names) -> Self {
        Self { trace, names, sentences: Vec::new() }
    }

    /// Why it came.
    pub(crate) fn why(&mut self, text: impl Into<String>, rests_on: &[usize]) {
        self.say(About::Why, text.into(), rests_on);
    }

    /// What it means.
    pub(crate) fn means(&mut self, text: impl Into<String>, rests_on: &[usize]) {
        self.say(About::Meaning, text.into(), rests_on);
    }

    /// What comes next.
    pub(crate) fn next(&mut self, text: impl Into<String>, rests_on: &[usize]) {
        self.say(About::Next, text.into(), rests_on);
    }

    /// What is not known.
    pub(crate) fn unknown(&mut self, text: impl Into<String>, rests_on: &[usize]) {
        self.say(About::Unknown, text.into(), rests_on);
    }

    fn say(&mut self, about: About, text: String, rests_on: &[usize]) {
        if self.sentences.len() == SENTENCES {
            return;
        }
        let mut rests_on: Vec<u64> = rests_on.iter().map(|at| self.trace.seq(*at)).collect();
        rests_on.sort_unstable();
        rests_on.dedup();
        // Of many that say the same the first and the last are shown.
        if rests_on.len() > EVIDENCE {
            rests_on.drain(EVIDENCE - 1..rests_on.len() - 1);
        }
        self.sentences.push(Sentence { about, text, rests_on });
    }

    pub(crate) fn finish(self) -> Vec<Sentence> {
        self.sentences
    }

    pub(crate) fn host(&self, id: HostId) -> String {
        self.names.host(id)
    }

    /// A machine's name, or that there is none.
    pub(crate) fn maybe_host(&self, id: Option<HostId>) -> String {
        id.map_or_else(|| "no machine".to_owned(), |id| self.host(id))
    }

    pub(crate) fn program(&self, id: ProgramId) -> String {
        self.names.program(id)
    }

    /// The machine that an address means on a machine: its own for a loopback address.
    pub(crate) fn host_meant(&self, on: HostId, address: IpAddr) -> Option<HostId> {
        if address.is_loopback() { Some(on) } else { self.host_at(address) }
    }

    /// The machine that has an address.
    pub(crate) fn host_at(&self, address: IpAddr) -> Option<HostId> {
        let roster = self.names.roster();
        roster.hosts().values().find(|host| host.address == address).map(|host| host.id)
    }

    /// Every machine that was ever there.
    pub(crate) fn hosts(&self) -> Vec<HostId> {
        self.names.roster().hosts().values().map(|host| host.id).collect()
    }

    /// The address of a machine.
    pub(crate) fn address_of(&self, id: HostId) -> Option<IpAddr> {
        self.names.roster().hosts().get(&id).map(|host| host.address)
    }
}
