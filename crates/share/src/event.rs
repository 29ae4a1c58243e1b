//! One event as one line: `{"seq": 7, "time": 1200, "kind": "call", ...}`.

use proto::{
    id::{HostId, MemberId, ProgramId},
    room::StepOutcome,
    trace::{Event, Summary, What},
};
use serde::{Deserialize, Serialize};

use crate::{
    call::Begin,
    outcome::{End, is_false},
    packet::{Later, Left},
    state::{Done, Machine, Person, Program, Socket, Wire},
};

/// A line as it is written.
#[derive(Clone, Debug, Serialize)]
struct Line {
    seq: u64,
    time: u64,
    #[serde(flatten)]
    body: Body,
}

/// What every line has, whatever it is about.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Head {
    pub(crate) seq: u64,
    pub(crate) time: u64,
}

/// What happened, under its `kind`. A kind that is not known here is [`Body::Unknown`].
#[allow(clippy::large_enum_variant, reason = "one exists at a time, on its way to or from a line")]
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Body {
    Call(Begin),
    Return(End),
    Packet(Left),
    Fate(Later),
    State(Socket),
    Output {
        program: u32,
        #[serde(default, skip_serializing_if = "is_false")]
        error: bool,
        text: String,
    },
    Wire {
        by: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
        #[serde(flatten)]
        settings: Wire,
    },
    Joined(Person),
    Left {
        id: u32,
    },
    Machine(Machine),
    MachineGone {
        id: u32,
    },
    MachineChanged {
        by: u32,
        did: Done,
        machine: Machine,
    },
    Program(Program),
    ProgramEnded {
        id: u32,
    },
    Summary {
        packets: u64,
        bytes: u64,
        missed: u64,
        queue_drops: u64,
    },
    Progress {
        by: u32,
        lesson: String,
        step: String,
        /// The event that shows it; absent where the step was skipped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<u64>,
    },
    Source {
        by: u32,
        machine: u32,
        name: String,
        text: Option<String>,
    },
    InFront {
        by: u32,
        machine: u32,
        name: String,
    },
    #[serde(other)]
    Unknown,
}

impl Body {
    fn of(what: &What) -> Self {
        match what {
            What::CallBegin(begin) => Self::Call(Begin::of(begin)),
            What::CallEnd(end) => Self::Return(End::of(end)),
            What::Packet(packet) => Self::Packet(Left::of(packet)),
            What::Fate(later) => Self::Fate(Later::of(later)),
            What::State(change) => Self::State(Socket::of(change)),
            What::Output { program, error, text } => {
                Self::Output { program: program.0, error: *error, text: text.clone() }
            }
            What::Wire { by, settings, rule } => {
                Self::Wire { by: by.map(|by| by.0), rule: rule.clone(), settings: Wire::of(settings) }
            }
            What::Joined(member) => Self::Joined(Person::of(member)),
            What::Left(member) => Self::Left { id: member.0 },
            What::HostAppeared(host) => Self::Machine(Machine::of(host)),
            What::HostGone(host) => Self::MachineGone { id: host.0 },
            What::HostChanged { by, command, host } => {
                Self::MachineChanged { by: by.0, did: Done::of(*command), machine: Machine::of(host) }
            }
            What::ProgramBegan(program) => Self::Program(Program::of(program)),
            What::ProgramEnded(program) => Self::ProgramEnded { id: program.0 },
            What::Summary(Summary { packets, bytes, missed, queue_drops }) => {
                Self::Summary { packets: *packets, bytes: *bytes, missed: *missed, queue_drops: *queue_drops }
            }
            What::Progress { by, lesson, step, outcome } => Self::Progress {
                by: by.0,
                lesson: lesson.clone(),
                step: step.clone(),
                evidence: match outcome {
                    StepOutcome::Passed { evidence } => Some(*evidence),
                    StepOutcome::Skipped => None,
                },
            },
            What::Source { by, host, name, text } => {
                Self::Source { by: by.0, machine: host.0, name: name.clone(), text: text.clone() }
            }
            What::InFront { by, host, name } => {
                Self::InFront { by: by.0, machine: host.0, name: name.clone() }
            }
        }
    }

    /// None where it says something that is not known here.
    fn what(self) -> Option<What> {
        Some(match self {
            Self::Call(begin) => What::CallBegin(begin.event()?),
            Self::Return(end) => What::CallEnd(end.event()?),
            Self::Packet(packet) => What::Packet(packet.event()?),
            Self::Fate(later) => What::Fate(later.event()?),
            Self::State(change) => What::State(change.event()?),
            Self::Output { program, error, text } => {
                What::Output { program: ProgramId(program), error, text }
            }
            Self::Wire { by, rule, settings } => {
                What::Wire { by: by.map(MemberId), settings: settings.settings()?, rule }
            }
            Self::Joined(person) => What::Joined(person.info()?),
            Self::Left { id } => What::Left(MemberId(id)),
            Self::Machine(machine) => What::HostAppeared(machine.info()),
            Self::MachineGone { id } => What::HostGone(HostId(id)),
            Self::MachineChanged { by, did, machine } => {
                What::HostChanged { by: MemberId(by), command: did.command()?, host: machine.info() }
            }
            Self::Program(program) => What::ProgramBegan(program.info()),
            Self::ProgramEnded { id } => What::ProgramEnded(ProgramId(id)),
            Self::Summary { packets, bytes, missed, queue_drops } => {
                What::Summary(Summary { packets, bytes, missed, queue_drops })
            }
            Self::Progress { by, lesson, step, evidence } => What::Progress {
                by: MemberId(by),
                lesson,
                step,
                outcome: evidence.map_or(StepOutcome::Skipped, |evidence| StepOutcome::Passed { evidence }),
            },
            Self::Source { by, machine, name, text } => {
                What::Source { by: MemberId(by), host: HostId(machine), name, text }
            }
            Self::InFront { by, machine, name } => {
                What::InFront { by: MemberId(by), host: HostId(machine), name }
            }
            Self::Unknown => return None,
        })
    }
}

/// An event as a line, without its end.
pub(crate) fn line(event: &Event) -> serde_json::Result<String> {
    serde_json::to_string(&Line { seq: event.seq, time: event.time, body: Body::of(&event.what) })
}

/// What a line tells: where it stands, and the event, where it is one that is known here.
pub(crate) fn parse(line: &str) -> serde_json::Result<(Head, Option<Event>)> {
    let head: Head = serde_json::from_str(line)?;
    let body: Body = serde_json::from_str(line)?;
    let Head { seq, time } = head;
    let event = body.what().map(|what| Event { seq, time, what });
    Ok((head, event))
}
