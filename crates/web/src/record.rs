//! The trace as people read it: the JSON form of an event.
//!
//! Numbers become names, bits become lists of names, addresses become text, payload becomes base64. Exports,
//! shares and `room.trace()` are all made of it. It knows nothing of where events come from or who reads them.

mod calls;
mod json;
mod names;
mod packets;

pub use calls::error;
pub use json::{
    Args, Body, CallRecord, CauseRecord, DataRecord, ErrorRecord, IcmpRecord, OptionRecord, OptionText,
    PacketRecord, PollRecord, Record, ResultRecord, StateRecord, TimerRecord,
};
pub use names::Names;

use proto::{
    id::MemberId,
    message::HostCommand,
    room::{HostInfo, StepOutcome, WireSettings},
    trace::{Event, StateChange, Timer, TimerKind, What},
};

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
