//! What a room consists of before the first event: machines, programs and people, as a snapshot tells them.
//!
//! Read leniently, so that a snapshot in JavaScript may leave out what it does not know.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use proto::{
    id::{HostId, MemberId, ProgramId},
    room::{HostInfo, Lifetime, MemberInfo, ProgramInfo, Role, WireSettings},
    roster::Roster,
};
use serde::Deserialize;

use super::TraceStore;
use crate::record::Names;

/// Names seeded at most, of each kind; a snapshot comes from outside.
const MOST: usize = 256;

/// A snapshot, as far as the page's view needs it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Seed {
    /// Machines.
    pub hosts: Vec<SeedHost>,
    /// Programs.
    pub programs: Vec<SeedProgram>,
    /// People.
    pub members: Vec<SeedMember>,
    /// The wire's settings.
    pub wire: Option<SeedWire>,
    /// Number of the person who looks at the page.
    pub member: Option<u32>,
    /// Whether they only watch.
    pub watches: bool,
    /// When they came, in nanoseconds since the room began: events up to then are older than the page.
    pub now: u64,
}

/// A machine.
#[derive(Clone, Debug, Deserialize)]
pub struct SeedHost {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its address, as text.
    #[serde(default)]
    pub address: String,
    /// Whose it is, if a guest's.
    #[serde(default)]
    pub guest: Option<u32>,
    /// Whether it only has the ready-made servers.
    #[serde(default, alias = "readyMade")]
    pub ready_made: bool,
    /// Whether its cable is in, if known.
    #[serde(default)]
    pub cable: Option<bool>,
}

/// A program.
#[derive(Clone, Debug, Deserialize)]
pub struct SeedProgram {
    /// Its number.
    pub id: u32,
    /// On which machine.
    pub host: u32,
    /// What it is called.
    pub name: String,
    /// Whose it is.
    #[serde(default)]
    pub by: Option<u32>,
}

/// A person.
#[derive(Clone, Debug, Deserialize)]
pub struct SeedMember {
    /// Their number.
    pub id: u32,
    /// Their name.
    pub name: String,
}

/// The wire's settings.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SeedWire {
    /// Whether packets stop half-way.
    pub held: bool,
    /// Milliseconds one way.
    #[serde(alias = "delay_ms", alias = "delayMs")]
    pub delay: f64,
    /// Probability.
    pub loss: f64,
    /// Of the losses.
    pub seed: f64,
}

impl Seed {
    /// The machines, as the protocol has them.
    pub fn host_infos(&self) -> impl Iterator<Item = HostInfo> {
        self.hosts.iter().take(MOST).map(|host| HostInfo {
            id: HostId(host.id),
            name: host.name.clone(),
            aliases: Vec::new(),
            address: host.address.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            guest: host.guest.map(MemberId),
            ready_made: host.ready_made,
            cable: host.cable.unwrap_or(true),
            sysctls: BTreeMap::new(),
        })
    }

    /// The programs, as the protocol has them.
    pub fn program_infos(&self) -> impl Iterator<Item = ProgramInfo> {
        self.programs.iter().take(MOST).map(|program| ProgramInfo {
            id: ProgramId(program.id),
            host: HostId(program.host),
            by: program.by.map(MemberId),
            name: program.name.clone(),
            lifetime: Lifetime::Page,
        })
    }
}

impl TraceStore {
    /// Learns what a snapshot in JavaScript's form tells.
    pub fn seed(&mut self, seed: Seed) {
        let roster = self.names.roster_mut();
        seed.host_infos().for_each(|host| roster.host_is(host));
        seed.program_infos().for_each(|program| roster.program_is(program));
        for member in seed.members.into_iter().take(MOST) {
            let id = MemberId(member.id);
            roster.member_is(MemberInfo { id, name: member.name, role: Role::Viewer, host: None });
        }
        if let Some(wire) = seed.wire {
            roster.wire_is(WireSettings {
                held: wire.held,
                delay_ms: wire.delay.max(0.0) as u32,
                loss: wire.loss,
                seed: wire.seed.max(0.0) as u64,
            });
        }
        self.me = seed.member.map(MemberId).or(self.me);
    }

    /// Learns what a recording tells before its first event. Its wire is as it was at the end, and was once a new room's.
    pub fn seed_recording(&mut self, header: &share::Header) {
        let mut roster = Roster::default();
        header.hosts.iter().for_each(|host| roster.host_is(host.clone()));
        header.programs.iter().for_each(|program| roster.program_is(program.clone()));
        header.members.iter().for_each(|member| roster.member_is(member.clone()));
        self.names = Names::with(roster);
    }
}
