//! Who and what is in the room now: a snapshot, kept up to date by the trace.

use proto::{
    id::{HostId, MemberId, ProgramId},
    message::Snapshot,
    room::{HostInfo, MemberInfo, ProgramInfo, WireSettings},
    trace::{Event, What},
};

use crate::record::Names;

/// The room as it is now.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// The people.
    pub members: Vec<MemberInfo>,
    /// The machines.
    pub hosts: Vec<HostInfo>,
    /// The programs.
    pub programs: Vec<ProgramInfo>,
    /// The wire.
    pub wire: WireSettings,
    /// Names of everything there is or was.
    pub names: Names,
    /// Events before this time are in the snapshot.
    since: u64,
}

impl Roster {
    /// The room of a snapshot.
    pub fn new(snapshot: &Snapshot) -> Self {
        Self {
            members: snapshot.members.clone(),
            hosts: snapshot.hosts.clone(),
            programs: snapshot.programs.clone(),
            wire: snapshot.wire,
            names: Names::of(snapshot),
            since: snapshot.now,
        }
    }

    /// Takes in one event; true if the room is different now.
    pub fn learn(&mut self, event: &Event) -> bool {
        self.names.learn(event);
        if event.time <= self.since {
            return false;
        }
        match &event.what {
            What::Joined(member) => upsert(&mut self.members, member, |one| one.id == member.id),
            What::Left(id) => self.forget_member(*id),
            What::HostAppeared(host) | What::HostChanged { host, .. } => {
                upsert(&mut self.hosts, host, |one| one.id == host.id)
            }
            What::HostGone(id) => self.forget_host(*id),
            What::ProgramBegan(program) => upsert(&mut self.programs, program, |one| one.id == program.id),
            What::ProgramEnded(id) => self.forget_program(*id),
            What::Wire { settings, .. } => self.wire = *settings,
            _ => return false,
        }
        true
    }

    fn forget_member(&mut self, id: MemberId) {
        self.members.retain(|member| member.id != id);
    }

    fn forget_host(&mut self, id: HostId) {
        self.hosts.retain(|host| host.id != id);
        self.programs.retain(|program| program.host != id);
    }

    fn forget_program(&mut self, id: ProgramId) {
        self.programs.retain(|program| program.id != id);
    }
}

fn upsert<T: Clone>(list: &mut Vec<T>, new: &T, is_it: impl Fn(&T) -> bool) {
    match list.iter_mut().find(|one| is_it(one)) {
        Some(old) => *old = new.clone(),
        None => list.push(new.clone()),
    }
}
