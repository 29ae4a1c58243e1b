//! Who and what is in a room: machines, programs, people and the wire's settings, as a snapshot and then the trace tell.
//!
//! Everybody who reads a trace follows it here: the client, the drawing, the names in exports, the lessons. What has gone
//! is remembered, since older events speak of it.

use std::collections::BTreeMap;

use crate::{
    id::{HostId, MemberId, ProgramId},
    message::Snapshot,
    room::{HostInfo, MemberInfo, ProgramInfo, WireSettings},
    trace::{Event, What},
};

/// Machines, programs and people remembered, each: more than one room has at once. Beyond it the oldest that has gone is
/// evicted.
const REMEMBERED: usize = 4096;

#[derive(Clone, Debug)]
struct Entry<T> {
    info: T,
    /// `seq` of the event that told its end.
    gone: Option<u64>,
}

/// Everything of one kind that is or was in the room, by number.
#[derive(Clone, Debug)]
pub struct Register<Id, T> {
    entries: BTreeMap<Id, Entry<T>>,
}

impl<Id, T> Default for Register<Id, T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new() }
    }
}

impl<Id: Ord + Copy, T> Register<Id, T> {
    /// The one of this number, gone or not.
    pub fn get(&self, id: &Id) -> Option<&T> {
        self.entries.get(id).map(|entry| &entry.info)
    }

    /// All, also those that have gone.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.values().map(|entry| &entry.info)
    }

    /// Those that are here now.
    pub fn present(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.values().filter(|entry| entry.gone.is_none()).map(|entry| &entry.info)
    }

    /// Whether the one of this number is here now.
    pub fn is_present(&self, id: &Id) -> bool {
        self.entries.get(id).is_some_and(|entry| entry.gone.is_none())
    }

    /// `seq` of the event that told the end of the one of this number.
    pub fn gone(&self, id: &Id) -> Option<u64> {
        self.entries.get(id)?.gone
    }

    fn put(&mut self, id: Id, info: T) {
        self.insert(id, Entry { info, gone: None });
    }

    fn insert(&mut self, id: Id, entry: Entry<T>) {
        self.entries.insert(id, entry);
        if self.entries.len() > REMEMBERED
            && let Some(oldest) =
                self.entries.iter().find(|(_, entry)| entry.gone.is_some()).map(|(id, _)| *id)
        {
            self.entries.remove(&oldest);
        }
    }

    fn remember(&mut self, id: Id, info: T, seq: u64) {
        if !self.entries.contains_key(&id) {
            self.insert(id, Entry { info, gone: Some(seq) });
        }
    }

    fn goes(&mut self, id: Id, seq: u64) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.gone.get_or_insert(seq);
        }
    }
}

/// The room as it is, with the names of everything that was.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    hosts: Register<HostId, HostInfo>,
    programs: Register<ProgramId, ProgramInfo>,
    members: Register<MemberId, MemberInfo>,
    wire: WireSettings,
}

impl Roster {
    /// The room of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut roster = Self::default();
        snapshot.hosts.iter().for_each(|host| roster.host_is(host.clone()));
        snapshot.programs.iter().for_each(|program| roster.program_is(program.clone()));
        snapshot.members.iter().for_each(|member| roster.member_is(member.clone()));
        roster.wire = snapshot.wire;
        roster
    }

    /// Machines.
    pub fn hosts(&self) -> &Register<HostId, HostInfo> {
        &self.hosts
    }

    /// Programs.
    pub fn programs(&self) -> &Register<ProgramId, ProgramInfo> {
        &self.programs
    }

    /// People.
    pub fn members(&self) -> &Register<MemberId, MemberInfo> {
        &self.members
    }

    /// The wire's settings.
    pub fn wire(&self) -> WireSettings {
        self.wire
    }

    /// A machine that is here.
    pub fn host_is(&mut self, host: HostInfo) {
        self.hosts.put(host.id, host);
    }

    /// A program that runs.
    pub fn program_is(&mut self, program: ProgramInfo) {
        self.programs.put(program.id, program);
    }

    /// Somebody who is here.
    pub fn member_is(&mut self, member: MemberInfo) {
        self.members.put(member.id, member);
    }

    /// The wire's settings.
    pub fn wire_is(&mut self, settings: WireSettings) {
        self.wire = settings;
    }

    /// Takes in the next event; true if the room is different now.
    pub fn take(&mut self, event: &Event) -> bool {
        match &event.what {
            What::Joined(member) => self.member_is(member.clone()),
            What::Left(id) => self.members.goes(*id, event.seq),
            What::HostAppeared(host) | What::HostChanged { host, .. } => self.host_is(host.clone()),
            What::HostGone(id) => self.host_goes(*id, event.seq),
            What::ProgramBegan(program) => self.program_is(program.clone()),
            What::ProgramEnded(id) => self.programs.goes(*id, event.seq),
            What::Wire { settings, .. } => self.wire = *settings,
            _ => return false,
        }
        true
    }

    /// Takes in an event that is older than what is known: nothing changes, but it may tell of somebody who has gone.
    pub fn remember(&mut self, event: &Event) {
        match &event.what {
            What::Joined(member) => self.members.remember(member.id, member.clone(), event.seq),
            What::HostAppeared(host) | What::HostChanged { host, .. } => {
                self.hosts.remember(host.id, host.clone(), event.seq);
            }
            What::ProgramBegan(program) => self.programs.remember(program.id, program.clone(), event.seq),
            _ => {}
        }
    }

    /// A machine takes its programs with it.
    fn host_goes(&mut self, id: HostId, seq: u64) {
        self.hosts.goes(id, seq);
        let its: Vec<_> =
            self.programs.present().filter(|program| program.host == id).map(|program| program.id).collect();
        its.into_iter().for_each(|program| self.programs.goes(program, seq));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::Lifetime;

    fn event(seq: u64, what: What) -> Event {
        Event { seq, time: seq, what }
    }

    fn host(id: u32, name: &str) -> HostInfo {
        HostInfo {
            id: HostId(id),
            name: name.into(),
            aliases: Vec::new(),
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            guest: None,
            ready_made: false,
            cable: true,
            sysctls: BTreeMap::new(),
        }
    }

    fn program(id: u32, on: u32) -> ProgramInfo {
        let name = format!("{id}.py");
        ProgramInfo { id: ProgramId(id), host: HostId(on), by: None, name, lifetime: Lifetime::Page }
    }

    #[test]
    fn what_has_gone_is_known_and_not_here() {
        let mut roster = Roster::default();
        roster.take(&event(1, What::HostAppeared(host(1, "client"))));
        assert!(roster.take(&event(2, What::ProgramBegan(program(7, 1)))));
        assert!(roster.take(&event(3, What::HostGone(HostId(1)))));
        assert!(
            !roster.take(&event(4, What::InFront { by: MemberId(1), host: HostId(1), name: "x".into() }))
        );
        assert_eq!(roster.hosts().present().count() + roster.programs().present().count(), 0);
        assert_eq!(roster.hosts().get(&HostId(1)).unwrap().name, "client");
        assert_eq!(roster.programs().gone(&ProgramId(7)), Some(3));
    }

    #[test]
    fn older_events_change_nothing_that_is_known() {
        let mut roster = Roster::default();
        roster.host_is(host(1, "server"));
        roster.remember(&event(1, What::HostAppeared(host(1, "old name"))));
        roster.remember(&event(2, What::ProgramBegan(program(7, 1))));
        roster.remember(&event(3, What::HostGone(HostId(1))));
        assert_eq!(roster.hosts().present().map(|host| host.name.as_str()).collect::<Vec<_>>(), ["server"]);
        assert!(
            !roster.programs().is_present(&ProgramId(7)) && roster.programs().get(&ProgramId(7)).is_some()
        );
    }

    #[test]
    fn the_oldest_that_has_gone_is_evicted_first() {
        let mut roster = Roster::default();
        for id in 0..5000 {
            roster.take(&event(id.into(), What::ProgramBegan(program(id, 1))));
            if id > 0 {
                roster.take(&event(id.into(), What::ProgramEnded(ProgramId(id))));
            }
        }
        assert_eq!(roster.programs().values().count(), REMEMBERED);
        assert!(
            roster.programs().is_present(&ProgramId(0)) && roster.programs().get(&ProgramId(1)).is_none()
        );
    }
}
