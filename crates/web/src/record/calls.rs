//! Calls, their arguments, results and errors in the JSON form.

use super::{
    Names,
    json::{Args, CallRecord, DataRecord, ErrorRecord, OptionRecord, PollRecord, ResultRecord},
};
use proto::{
    call::{Call, CallError, EpollEvents, Family, OptionValue, Outcome, PollEvents, Value},
    trace::{CallBegin, CallEnd, Data},
};

pub(super) fn call_begin(begin: &CallBegin, names: &Names) -> CallRecord {
    CallRecord {
        id: begin.id.0,
        phase: "begin",
        call: Some(begin.call.name()),
        by: begin.by.map(|by| names.member(by)),
        host: Some(names.host(begin.host)),
        program: Some(names.program(begin.program)),
        program_id: Some(begin.program.0),
        fd: begin.call.fd().map(|fd| fd.0),
        socket: begin.socket.map(|socket| socket.0),
        line: begin.line,
        thread: begin.thread.clone(),
        args: Some(args(&begin.call, &begin.data)),
        result: None,
        error: None,
        elapsed: None,
        outside: None,
    }
}

pub(super) fn call_end(end: &CallEnd, names: &Names) -> CallRecord {
    let (result, error) = outcome(&end.outcome, &end.data);
    CallRecord {
        id: end.id.0,
        phase: "end",
        call: names.calls.get(&end.id.0).copied(),
        by: None,
        host: None,
        program: None,
        program_id: None,
        fd: None,
        socket: end.socket.map(|socket| socket.0),
        line: None,
        thread: None,
        args: None,
        result,
        error,
        elapsed: Some(end.elapsed),
        outside: Some(end.outside),
    }
}

fn args(call: &Call, data: &Data) -> Args {
    match call {
        Call::Socket { family, kind } => Args::Socket { family: family.name(), r#type: kind.name() },
        Call::SocketPair { family, kind } => Args::Socket { family: family.name(), r#type: kind.name() },
        Call::Bind { address, .. }
        | Call::Connect { address, .. }
        | Call::Unlink { address }
        | Call::Stat { address } => Args::Address { address: *address },
        Call::Listen { backlog, .. } => Args::Listen { backlog: *backlog },
        Call::Send { flags, .. } => {
            Args::Send { flags: flags.names().collect(), address: None, data: DataRecord::of(data) }
        }
        Call::SendTo { flags, address, .. } => {
            Args::Send { flags: flags.names().collect(), address: Some(*address), data: DataRecord::of(data) }
        }
        Call::Recv { flags, max, .. } | Call::RecvFrom { flags, max, .. } => {
            Args::Recv { flags: flags.names().collect(), max: *max }
        }
        Call::Shutdown { how, .. } => Args::Shutdown { how: how.name() },
        Call::SetSockOpt { name, value, .. } => Args::Option { name: name.name(), value: option(value) },
        Call::GetSockOpt { name, .. } => Args::OptionName { name: name.name() },
        Call::Poll { fds } => Args::Poll { fds: poll(fds) },
        Call::Resolve { name, family, port } => {
            Args::Resolve { name: name.clone(), family: family.map(Family::name), port: *port }
        }
        Call::Ping { name, count } => Args::Ping { name: name.clone(), count: *count },
        Call::SendMsg { flags, address, passed, .. } => Args::SendMsg {
            flags: flags.names().collect(),
            address: *address,
            data: DataRecord::of(data),
            passed: passed.iter().map(|fd| fd.0).collect(),
        },
        Call::RecvMsg { flags, max, control, .. } => {
            Args::RecvMsg { flags: flags.names().collect(), max: *max, control: *control }
        }
        Call::EpollCtl { operation, target, events, .. } => Args::EpollCtl {
            operation: operation.name(),
            target: target.0,
            events: events.short_names().collect(),
        },
        Call::EpollWait { max, .. } => Args::EpollWait { max: *max },
        Call::Interfaces {}
        | Call::EpollCreate {}
        | Call::Accept { .. }
        | Call::Close { .. }
        | Call::Dup { .. }
        | Call::GetSockName { .. }
        | Call::GetPeerName { .. } => Args::None {},
    }
}

fn poll(fds: &[(proto::id::Fd, PollEvents)]) -> Vec<PollRecord> {
    fds.iter().map(|(fd, events)| PollRecord { fd: fd.0, events: events.short_names().collect() }).collect()
}

fn told(events: &[(proto::id::Fd, EpollEvents)]) -> Vec<PollRecord> {
    events
        .iter()
        .map(|(fd, events)| PollRecord { fd: fd.0, events: events.short_names().collect() })
        .collect()
}

fn outcome(outcome: &Outcome, data: &Data) -> (Option<ResultRecord>, Option<ErrorRecord>) {
    match outcome {
        Ok(value) => (Some(result(value, data)), None),
        Err(why) => (None, Some(error(why))),
    }
}

fn result(value: &Value, data: &Data) -> ResultRecord {
    match value {
        Value::Done => ResultRecord::Done {},
        Value::Descriptor(fd) => ResultRecord::Descriptor { fd: fd.0 },
        Value::Accepted { fd, peer } => ResultRecord::Accepted { fd: fd.0, peer: *peer },
        Value::Sent(sent) => ResultRecord::Sent { sent: *sent },
        Value::Received { .. } => ResultRecord::Received { data: DataRecord::of(data), from: None },
        Value::ReceivedFrom { from, .. } => {
            ResultRecord::Received { data: DataRecord::of(data), from: *from }
        }
        Value::Address(address) => ResultRecord::Address { address: *address },
        Value::Option(value) => ResultRecord::Option { value: option(value) },
        Value::Ready(fds) => ResultRecord::Ready { ready: poll(fds) },
        Value::Addresses { addresses, from_room } => {
            ResultRecord::Addresses { addresses: addresses.clone(), from_room: *from_room }
        }
        Value::Pinged { address, round_trips, sent } => {
            ResultRecord::Pinged { address: *address, round_trips: round_trips.clone(), sent: *sent }
        }
        Value::Pair(one, other) => ResultRecord::Pair { fds: [one.0, other.0] },
        Value::Interfaces(interfaces) => ResultRecord::Interfaces { interfaces: interfaces.clone() },
        Value::ReceivedMsg { from, cut, control_cut, passed, .. } => ResultRecord::ReceivedMsg {
            data: DataRecord::of(data),
            from: *from,
            cut: *cut,
            control_cut: *control_cut,
            passed: passed.iter().map(|passed| passed.fd.0).collect(),
        },
        Value::Events(events) => ResultRecord::Events { told: told(events) },
    }
}

/// The JSON form of a failed call.
pub fn error(error: &CallError) -> ErrorRecord {
    match error {
        CallError::Errno { errno, taken } => {
            let entry = errno.entry();
            ErrorRecord::Errno {
                errno: errno.0,
                name: errno.name(),
                message: errno.message(),
                sentence: entry.map_or("", |entry| entry.sentence),
                hint: entry.map_or("", |entry| entry.hint),
                taken: *taken,
            }
        }
        CallError::TimedOut { taken } => ErrorRecord::TimedOut { taken: *taken },
        CallError::Resolve(why) => {
            ErrorRecord::Resolve { number: why.number(), name: why.name(), message: why.message() }
        }
        CallError::Policy { rule, value } => ErrorRecord::Policy { rule: rule.clone(), value: value.clone() },
        CallError::Limit { limit, value } => ErrorRecord::Limit { limit: limit.clone(), value: *value },
        CallError::Protocol { rule } => ErrorRecord::Protocol { rule: rule.clone() },
    }
}

fn option(value: &OptionValue) -> OptionRecord {
    match value {
        OptionValue::Bool(on) => OptionRecord::Bool(*on),
        OptionValue::Int(number) => OptionRecord::Int(*number),
        OptionValue::Linger(linger) => OptionRecord::Linger { linger: *linger },
        OptionValue::Bytes(bytes) => OptionRecord::Struct { bytes: bytes.clone() },
    }
}
