//! What machines, programs and people are called in records.

use std::collections::BTreeMap;

use proto::{
    id::{HostId, MemberId, ProgramId},
    message::Snapshot,
    roster::Roster,
    trace::{Event, What},
};

/// Calls whose names are remembered for their ends: more than one room can have waiting.
const UNFINISHED: usize = 8192;

/// Names of machines, programs and people, those that have gone included, and of calls that have not ended.
#[derive(Clone, Debug, Default)]
pub struct Names {
    roster: Roster,
    pub(super) calls: BTreeMap<u64, &'static str>,
    /// Nobody is called by a name.
    nameless: bool,
}

impl Names {
    /// The names of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        Self::with(Roster::of(snapshot))
    }

    /// The names of a room.
    pub fn with(roster: Roster) -> Self {
        Self { roster, ..Self::default() }
    }

    /// Learns what an event tells; true if the room is different now. Call it for every event before [`record`](super::record).
    pub fn learn(&mut self, event: &Event) -> bool {
        self.learn_call(event);
        self.roster.take(event)
    }

    /// Learns from an event that is older than what is known of the room.
    pub fn learn_old(&mut self, event: &Event) {
        self.learn_call(event);
        self.roster.remember(event);
    }

    fn learn_call(&mut self, event: &Event) {
        if let What::CallBegin(begin) = &event.what {
            self.calls.insert(begin.id.0, begin.call.name());
            if self.calls.len() > UNFINISHED {
                self.calls.pop_first();
            }
        }
    }

    /// Who and what is in the room.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The same, to be told what no event tells.
    pub fn roster_mut(&mut self) -> &mut Roster {
        &mut self.roster
    }

    /// A machine's name, or `host 7` for one nobody told of.
    pub fn host(&self, id: HostId) -> String {
        self.roster.hosts().get(&id).map_or_else(|| format!("host {id}"), |host| host.name.clone())
    }

    /// A program's name, or `program 7` for one nobody told of.
    pub fn program(&self, id: ProgramId) -> String {
        self.roster
            .programs()
            .get(&id)
            .map_or_else(|| format!("program {id}"), |program| program.name.clone())
    }

    /// Nobody is called by their name from now on: others see it, on a projector.
    pub fn hide_people(&mut self) {
        self.nameless = true;
    }

    /// A person's name, or `guest 7` for one nobody told of.
    pub fn member(&self, id: MemberId) -> String {
        if self.nameless {
            return "somebody".to_owned();
        }
        self.roster.members().get(&id).map_or_else(|| format!("guest {id}"), |member| member.name.clone())
    }

    pub(super) fn host_of(&self, program: ProgramId) -> Option<String> {
        self.roster.programs().get(&program).map(|program| self.host(program.host))
    }
}
