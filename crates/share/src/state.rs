//! Sockets' states, machines, people, programs and the wire.

use std::{collections::BTreeMap, net::IpAddr};

use proto::{
    address::Address,
    id::{Fd, HostId, MemberId, ProgramId, SocketId},
    message::HostCommand,
    room::{HostInfo, Lifetime, MemberInfo, ProgramInfo, Role, WireSettings},
    trace::{StateChange, Timer},
};
use serde::{Deserialize, Serialize};

use crate::words;

/// A socket's state and queues.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Socket {
    machine: u32,
    socket: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    program: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fd: Option<i32>,
    local: Option<Address>,
    remote: Option<Address>,
    from: Option<String>,
    to: String,
    observed: bool,
    accepted: bool,
    unread: u32,
    unacknowledged: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timer: Option<Running>,
}

/// A running timer.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Running {
    kind: String,
    left_ms: u32,
    tries: u8,
}

impl Socket {
    pub(crate) fn of(change: &StateChange) -> Self {
        Self {
            machine: change.host.0,
            socket: change.socket.0,
            program: change.owner.map(|(program, _)| program.0),
            fd: change.owner.map(|(_, fd)| fd.0),
            local: change.local,
            remote: change.remote,
            from: change.from.map(|state| state.name().to_owned()),
            to: change.to.name().to_owned(),
            observed: change.observed,
            accepted: change.accepted,
            unread: change.unread,
            unacknowledged: change.unacknowledged,
            timer: change.timer.map(|timer| Running {
                kind: words::timer(timer.kind).to_owned(),
                left_ms: timer.left_ms,
                tries: timer.tries,
            }),
        }
    }

    pub(crate) fn event(self) -> Option<StateChange> {
        Some(StateChange {
            host: HostId(self.machine),
            socket: SocketId(self.socket),
            owner: self.program.zip(self.fd).map(|(program, fd)| (ProgramId(program), Fd(fd))),
            local: self.local,
            remote: self.remote,
            from: match self.from {
                Some(from) => Some(words::state_of(&from)?),
                None => None,
            },
            to: words::state_of(&self.to)?,
            observed: self.observed,
            accepted: self.accepted,
            unread: self.unread,
            unacknowledged: self.unacknowledged,
            timer: match self.timer {
                Some(Running { kind, left_ms, tries }) => {
                    Some(Timer { kind: words::timer_of(&kind)?, left_ms, tries })
                }
                None => None,
            },
        })
    }
}

/// A machine, in the header and where it appears.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    id: u32,
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    address: IpAddr,
    #[serde(default)]
    guest: Option<u32>,
    #[serde(default)]
    ready_made: bool,
    cable: bool,
    /// Kernel settings by their names under `net.ipv4`; those not known here are passed over.
    #[serde(default)]
    settings: BTreeMap<String, u32>,
}

impl Machine {
    pub(crate) fn of(host: &HostInfo) -> Self {
        Self {
            id: host.id.0,
            name: host.name.clone(),
            aliases: host.aliases.clone(),
            address: host.address,
            guest: host.guest.map(|guest| guest.0),
            ready_made: host.ready_made,
            cable: host.cable,
            settings: host.sysctls.iter().map(|(name, value)| (name.name().to_owned(), *value)).collect(),
        }
    }

    pub(crate) fn info(self) -> HostInfo {
        let known = |(name, value): (String, u32)| Some((words::sysctl_of(&name)?, value));
        HostInfo {
            id: HostId(self.id),
            name: self.name,
            aliases: self.aliases,
            address: self.address,
            guest: self.guest.map(MemberId),
            ready_made: self.ready_made,
            cable: self.cable,
            sysctls: self.settings.into_iter().filter_map(known).collect(),
        }
    }
}

/// What somebody did to a machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(crate) enum Done {
    Cable {
        plugged: bool,
    },
    FreshNetwork,
    Setting {
        name: String,
        value: u32,
    },
    #[serde(other)]
    Unknown,
}

impl Done {
    pub(crate) fn of(command: HostCommand) -> Self {
        match command {
            HostCommand::Cable(plugged) => Self::Cable { plugged },
            HostCommand::FreshNetwork => Self::FreshNetwork,
            HostCommand::Sysctl { name, value } => Self::Setting { name: name.name().to_owned(), value },
        }
    }

    pub(crate) fn command(self) -> Option<HostCommand> {
        Some(match self {
            Self::Cable { plugged } => HostCommand::Cable(plugged),
            Self::FreshNetwork => HostCommand::FreshNetwork,
            Self::Setting { name, value } => HostCommand::Sysctl { name: words::sysctl_of(&name)?, value },
            Self::Unknown => return None,
        })
    }
}

/// A person, in the header and where they come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    id: u32,
    name: String,
    role: String,
    #[serde(default)]
    machine: Option<u32>,
}

impl Person {
    pub(crate) fn of(member: &MemberInfo) -> Self {
        Self {
            id: member.id.0,
            name: member.name.clone(),
            role: member.role.name().to_owned(),
            machine: member.host.map(|host| host.0),
        }
    }

    pub(crate) fn info(self) -> Option<MemberInfo> {
        let role = [Role::Viewer, Role::Participant, Role::Owner].into_iter();
        Some(MemberInfo {
            id: MemberId(self.id),
            name: self.name,
            role: role.clone().find(|role| role.name() == self.role)?,
            host: self.machine.map(HostId),
        })
    }
}

/// A program, in the header and where it begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Program {
    id: u32,
    machine: u32,
    by: Option<u32>,
    name: String,
    /// Whether it is the calls a person makes by hand, which outlive their page, and no script.
    #[serde(default)]
    by_hand: bool,
}

impl Program {
    pub(crate) fn of(program: &ProgramInfo) -> Self {
        Self {
            id: program.id.0,
            machine: program.host.0,
            by: program.by.map(|by| by.0),
            name: program.name.clone(),
            by_hand: program.lifetime == Lifetime::Member,
        }
    }

    pub(crate) fn info(self) -> ProgramInfo {
        ProgramInfo {
            id: ProgramId(self.id),
            host: HostId(self.machine),
            by: self.by.map(MemberId),
            name: self.name,
            lifetime: if self.by_hand { Lifetime::Member } else { Lifetime::Page },
        }
    }
}

/// The wire's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wire {
    held: bool,
    delay_ms: u32,
    loss: f64,
    /// In decimal digits: it is larger than what many readers of JSON keep of a number.
    seed: String,
}

impl Wire {
    pub(crate) fn of(settings: &WireSettings) -> Self {
        Self {
            held: settings.held,
            delay_ms: settings.delay_ms,
            loss: settings.loss,
            seed: settings.seed.to_string(),
        }
    }

    pub(crate) fn settings(&self) -> Option<WireSettings> {
        let probability = (0.0..=1.0).contains(&self.loss);
        let seed = self.seed.parse().ok().filter(|_| probability)?;
        Some(WireSettings { held: self.held, delay_ms: self.delay_ms, loss: self.loss, seed })
    }
}
