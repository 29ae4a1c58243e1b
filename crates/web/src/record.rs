//! The trace as people read it: the JSON form of an event.
//!
//! Numbers become names, bits become lists of names, addresses become text, payload becomes base64. Exports,
//! shares and `room.trace()` are all made of it. It knows nothing of where events come from or who reads them.

mod calls;
mod json;
mod packets;

use std::collections::BTreeMap;

pub use calls::error;
pub use json::{
    Args, Body, CallRecord, CauseRecord, DataRecord, ErrorRecord, IcmpRecord, OptionRecord, OptionText,
    PacketRecord, PollRecord, Record, ResultRecord, StateRecord, TimerRecord,
};

use proto::{
    id::{HostId, MemberId, ProgramId},
    message::{HostCommand, Snapshot},
    room::{HostInfo, StepOutcome, WireSettings},
    roster::Roster,
    trace::{Event, StateChange, Timer, TimerKind, What},
};

/// Calls whose names are remembered for their ends: more than one room can have waiting.
const UNFINISHED: usize = 8192;

/// Names of machines, programs and people, those that have gone included, and of calls that have not ended.
#[derive(Clone, Debug, Default)]
pub struct Names {
    roster: Roster,
    calls: BTreeMap<u64, &'static str>,
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

    /// Learns what an event tells; true if the room is different now. Call it for every event before [`record`].
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

    fn host_of(&self, program: ProgramId) -> Option<String> {
        self.roster.programs().get(&program).map(|program| self.host(program.host))
    }
}

/// The JSON form of `event`. Let `names` learn the event first.
pub fn record(event: &Event, names: &Names) -> Record {
    Record { seq: event.seq, time: event.time, body: body(&event.what, names) }
}

fn body(what: &What, names: &Names) -> Body {
    match what {
        What::CallBegin(begin) => Body::Call(calls::call_begin(begin, names)),
        What::CallEnd(end) => Body::Call(calls::call_end(end, names)),
        What::Packet(packet) => Body::Packet(Box::new(packets::packet(packet, names))),
        What::Fate(fate) => Body::Packet(Box::new(packets::packet_fate(fate, names))),
        What::State(change) => Body::State(state(change, names)),
        What::Output { program, error, text } => Body::Output {
            host: names.host_of(*program),
            program: names.program(*program),
            program_id: program.0,
            stream: if *error { "stderr" } else { "stdout" },
            text: text.clone(),
        },
        What::Source { by, host, name, text } => Body::Source {
            by: names.member(*by),
            member: by.0,
            host: names.host(*host),
            name: name.clone(),
            text: text.clone(),
        },
        What::InFront { by, host, name } => {
            Body::InFront { by: names.member(*by), member: by.0, host: names.host(*host), name: name.clone() }
        }
        What::Wire { by, settings, rule } => wire(*by, settings, rule.clone(), names),
        What::Joined(member) => Body::People {
            change: "joined",
            member: member.id.0,
            name: member.name.clone(),
            role: Some(member.role.name()),
            host: member.host.map(|host| names.host(host)),
        },
        What::Left(id) => {
            Body::People { change: "left", member: id.0, name: names.member(*id), role: None, host: None }
        }
        What::HostAppeared(host) => Body::Host {
            change: "appeared",
            id: host.id.0,
            name: host.name.clone(),
            address: Some(host.address),
            by: None,
            sysctl: None,
        },
        What::HostChanged { by, command, host } => host_changed(*by, *command, host, names),
        What::HostGone(id) => Body::Host {
            change: "gone",
            id: id.0,
            name: names.host(*id),
            address: None,
            by: None,
            sysctl: None,
        },
        What::ProgramBegan(program) => Body::Program {
            change: "began",
            id: program.id.0,
            name: program.name.clone(),
            host: Some(names.host(program.host)),
            by: program.by.map(|by| names.member(by)),
            member: program.by.map(|by| by.0),
        },
        What::ProgramEnded(id) => Body::Program {
            change: "ended",
            id: id.0,
            name: names.program(*id),
            host: names.host_of(*id),
            by: None,
            member: None,
        },
        What::Summary(summary) => Body::Summary {
            packets: summary.packets,
            bytes: summary.bytes,
            missed: summary.missed,
            queue_drops: summary.queue_drops,
        },
        What::Progress { by, lesson, step, outcome } => progress(*by, lesson, step, *outcome, names),
    }
}

fn wire(by: Option<MemberId>, settings: &WireSettings, rule: Option<String>, names: &Names) -> Body {
    Body::Wire {
        by: by.map(|by| names.member(by)),
        rule,
        held: settings.held,
        delay: settings.delay_ms,
        loss: settings.loss,
        seed: settings.seed,
    }
}

fn host_changed(by: MemberId, command: HostCommand, host: &HostInfo, names: &Names) -> Body {
    Body::Host {
        change: match command {
            HostCommand::Cable(true) => "cable mended",
            HostCommand::Cable(false) => "cable cut",
            HostCommand::FreshNetwork => "fresh network",
            HostCommand::Sysctl { .. } => "sysctl",
        },
        id: host.id.0,
        name: host.name.clone(),
        address: Some(host.address),
        by: Some(names.member(by)),
        sysctl: match command {
            HostCommand::Sysctl { name, value } => Some((name.name(), value)),
            HostCommand::Cable(_) | HostCommand::FreshNetwork => None,
        },
    }
}

fn progress(by: MemberId, lesson: &str, step: &str, outcome: StepOutcome, names: &Names) -> Body {
    let (outcome, evidence) = match outcome {
        StepOutcome::Passed { evidence } => ("passed", Some(evidence)),
        StepOutcome::Skipped => ("skipped", None),
    };
    Body::Progress {
        by: names.member(by),
        lesson: lesson.to_owned(),
        step: step.to_owned(),
        outcome,
        evidence,
    }
}

fn state(change: &StateChange, names: &Names) -> StateRecord {
    let listens = change.to == proto::trace::TcpState::Listen;
    StateRecord {
        host: names.host(change.host),
        socket: change.socket.0,
        program: change.owner.map(|(program, _)| names.program(program)),
        fd: change.owner.map(|(_, fd)| fd.0),
        local: change.local,
        remote: change.remote,
        from: change.from.map(proto::trace::TcpState::name),
        to: change.to.name(),
        observed: change.observed,
        accepted: change.accepted,
        unread: (!listens).then_some(change.unread),
        unacknowledged: (!listens).then_some(change.unacknowledged),
        queued: listens.then_some(change.unread),
        backlog: listens.then_some(change.unacknowledged),
        timer: change.timer.map(timer),
    }
}

fn timer(timer: Timer) -> TimerRecord {
    let kind = match timer.kind {
        TimerKind::Retransmit => "retransmit",
        TimerKind::KeepAlive => "keepalive",
        TimerKind::TimeWait => "time_wait",
        TimerKind::ZeroWindow => "zero_window",
    };
    TimerRecord { kind, left_ms: timer.left_ms, tries: timer.tries }
}

#[cfg(test)]
mod tests;
