//! What a room consists of, as the page is told about it.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{
    id::{HostId, MemberId, ProgramId},
    sysctl::Sysctl,
};

/// Where the folder of a machine's programs is in its file system: paths that do not begin with `/` begin there.
pub const HOME: &str = "/home/user";

/// What a person may do. Checked for every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// Sees everything, does nothing.
    Viewer,
    /// Has a machine of their own and controls its programs.
    Participant,
    /// Controls all machines and the wire.
    Owner,
}

impl Role {
    /// Its name in JSON and in JavaScript.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Participant => "participant",
            Self::Owner => "owner",
        }
    }
}

/// Whether a character of a name could disguise it: control characters, and the invisible ones that turn or join text
/// (Unicode's bidirectional controls, zero-width characters, the byte order mark).
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostInfo {
    /// Its number.
    pub id: HostId,
    /// Its name, which resolves inside the room.
    pub name: String,
    /// Further names that resolve to it.
    pub aliases: Vec<String>,
    /// Its address on the wire.
    pub address: IpAddr,
    /// The guest whose machine it is; none for the owner's machines and the ready-made servers.
    pub guest: Option<MemberId>,
    /// True for the machine with the ready-made servers: nobody runs programs there.
    pub ready_made: bool,
    /// False while its cable is cut.
    pub cable: bool,
    /// The kernel settings that can be changed on it, with their values; while the wire is held, those that will be.
    pub sysctls: BTreeMap<Sysctl, u32>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberInfo {
    /// Their number.
    pub id: MemberId,
    /// The name they gave, or one we made.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their own machine, if they came with one.
    pub host: Option<HostId>,
}

/// How long a program lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lifetime {
    /// Ends with the page that started it (a Python script).
    Page,
    /// Belongs to the person and survives a reload (a call console).
    Member,
}

/// The program that a member's calls by hand on a machine belong to.
pub const BY_HAND: &str = "By hand";

/// A program: a descriptor table on a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramInfo {
    /// Its number.
    pub id: ProgramId,
    /// On which machine.
    pub host: HostId,
    /// Whose; none for the ready-made servers.
    pub by: Option<MemberId>,
    /// What it is called: `By hand`, `server.py`.
    pub name: String,
    /// How long it lives.
    pub lifetime: Lifetime,
}

/// What became of a step of a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepOutcome {
    /// It happened. `evidence` is the `seq` of the event that shows it, as the page says.
    Passed {
        /// The event's `seq`.
        evidence: u64,
    },
    /// The person went on without it.
    Skipped,
}

/// How the wire treats packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WireSettings {
    /// Packets stop half-way until they are let through.
    pub held: bool,
    /// One-way delay in milliseconds, 0 to [`crate::limits::WIRE_DELAY_MS`].
    pub delay_ms: u32,
    /// Probability that a packet is lost, 0.0 to 1.0.
    pub loss: f64,
    /// Seed of the losses, so that a run can be repeated.
    pub seed: u64,
}
