//! The sockets of a machine as they are now: a table like ss(8), and the calls that wait.

use proto::{
    address::{Address, UnixName},
    id::HostId,
    trace::{StateChange, TcpState, TimerKind, What},
};
use serde::Serialize;
use tsify::Tsify;

use super::{
    store::{SocketNote, TraceStore},
    words::{bounded, call_short, duration},
};
use crate::waits::waits_for;

/// One socket of a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct SocketRow {
    /// Number of the socket in the room.
    pub socket: u32,
    /// `seq` of the last word on it.
    pub seq: u64,
    /// Program that owns it; absent for one nobody accepted, or an orphan.
    pub program: Option<String>,
    /// Number of the program.
    pub program_id: Option<u32>,
    /// Its descriptor there.
    pub fd: Option<i32>,
    /// State in RFC capitals, `new` or `bound`.
    pub state: &'static str,
    /// What a learner calls it: the state, but `new` or `bound` for a socket that has done nothing yet.
    pub label: &'static str,
    /// Which of the page's colours: `act`, `wait`, `open`, `closing`, `soft`.
    pub tone: &'static str,
    /// Local address, `*` where there is none.
    pub local: String,
    /// Remote address, `*` where there is none.
    pub peer: String,
    /// Bytes the program has not read; for a listener, connections waiting to be accepted. Absent where nobody knows.
    pub unread: Option<u32>,
    /// Bytes the peer has not acknowledged; for a listener, the backlog. Absent where nobody acknowledges.
    pub unacknowledged: Option<u32>,
    /// Whether the two numbers are a listener's.
    pub listens: bool,
    /// False while it waits in its listener's queue.
    pub accepted: bool,
    /// False where the state was inferred.
    pub observed: bool,
    /// The kernel's running timer in words; empty when none runs.
    pub timer: String,
    /// Milliseconds the timer has left, as last heard of.
    pub timer_left_ms: Option<u64>,
}

/// A call that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct WaitingCall {
    /// Number of the call in the trace.
    pub call: u64,
    /// `seq` of its begin.
    pub seq: u64,
    /// Number of the machine.
    pub host: u32,
    /// Number of the program.
    pub program: u32,
    /// Name of the program.
    pub program_name: String,
    /// Its name, `accept`.
    pub name: &'static str,
    /// `accept()`.
    pub text: String,
    /// Descriptor it acts on.
    pub fd: Option<i32>,
    /// What it waits for, in a sentence.
    pub sentence: String,
    /// When it began, nanoseconds since the room began.
    pub since: u64,
}

/// The sockets of one machine that still exist, by number. `now` in nanoseconds since the room began.
pub fn sockets(store: &TraceStore, host: HostId, now: u64) -> Vec<SocketRow> {
    let notes = store.sockets().values();
    let alive = notes.filter(|note| note.change.host == host && !note.gone && !over(note, now));
    alive.map(|note| row(store, note, now)).collect()
}

/// Calls that wait on one machine, or on all of them, oldest first.
pub fn waiting(store: &TraceStore, host: Option<HostId>) -> Vec<WaitingCall> {
    let calls = store.waiting().filter_map(|(id, seq)| {
        let event = store.get(seq)?;
        let What::CallBegin(begin) = &event.what else { return None };
        if host.is_some_and(|host| host != begin.host) {
            return None;
        }
        Some(WaitingCall {
            call: id.0,
            seq,
            host: begin.host.0,
            program: begin.program.0,
            program_name: bounded(&store.names().program(begin.program), 64),
            name: begin.call.name(),
            text: call_short(&begin.call),
            fd: begin.call.fd().map(|fd| fd.0),
            sentence: sentence(store, begin),
            since: event.time,
        })
    });
    calls.collect()
}

/// A state's name, but a word for a socket that has done nothing yet: nothing of it was closed.
fn label(note: &SocketNote) -> &'static str {
    match note.change.local {
        _ if !note.fresh => note.change.to.name(),
        Some(local) if local.port().is_some_and(|port| port != 0) => "bound",
        _ => "new",
    }
}

/// One end's address, `*` where there is none. What has no name in AF_UNIX has an end all the same.
pub(super) fn end_of(address: Option<Address>) -> String {
    match address {
        None => "*".to_owned(),
        Some(Address::Ip(address)) => address.to_string(),
        Some(Address::Unix(UnixName::Unnamed)) => "(no name)".to_owned(),
        Some(Address::Unix(name)) => name.to_string(),
    }
}

/// Which of the page's colours a state has.
pub fn tone(state: TcpState) -> &'static str {
    match state {
        TcpState::Listen => "act",
        TcpState::SynSent | TcpState::SynRecv => "wait",
        TcpState::Established => "open",
        TcpState::FinWait1
        | TcpState::FinWait2
        | TcpState::CloseWait
        | TcpState::Closing
        | TcpState::LastAck => "closing",
        TcpState::TimeWait | TcpState::Closed | TcpState::Datagram | TcpState::Unix => "soft",
    }
}

fn sentence(store: &TraceStore, begin: &proto::trace::CallBegin) -> String {
    let connects = matches!(begin.call, proto::call::Call::Connect { .. });
    waits_for(&begin.call, connects.then(|| full_queue(store, begin)).flatten())
}

/// The full queue that a connect()'s SYN came to: connections in it, and places.
fn full_queue(store: &TraceStore, begin: &proto::trace::CallBegin) -> Option<(u32, u32)> {
    let effects = store.effects_of(store.call(begin.id).begin?);
    effects.into_iter().find_map(|seq| match &store.get(seq)?.what {
        What::Packet(packet) => store.note(packet.id)?.queue_full,
        _ => None,
    })
}

/// A TIME_WAIT whose clock has run out is gone, whether or not anybody looked.
fn over(note: &SocketNote, now: u64) -> bool {
    note.change.to == TcpState::TimeWait && left_ms(note, now) == Some(0)
}

fn left_ms(note: &SocketNote, now: u64) -> Option<u64> {
    let timer = note.change.timer?;
    let since = now.saturating_sub(note.time) / 1_000_000;
    Some(u64::from(timer.left_ms).saturating_sub(since))
}

fn row(store: &TraceStore, note: &SocketNote, now: u64) -> SocketRow {
    let change = &note.change;
    let left = left_ms(note, now);
    SocketRow {
        socket: change.socket.0,
        seq: note.seq,
        program: change.owner.map(|(program, _)| bounded(&store.names().program(program), 64)),
        program_id: change.owner.map(|(program, _)| program.0),
        fd: change.owner.map(|(_, fd)| fd.0),
        state: change.to.name(),
        label: label(note),
        tone: tone(change.to),
        local: end_of(change.local),
        peer: end_of(change.remote),
        unread: store.unread_now(note),
        unacknowledged: (!matches!(change.to, TcpState::Datagram | TcpState::Unix))
            .then_some(change.unacknowledged),
        listens: change.to == TcpState::Listen,
        accepted: change.accepted,
        observed: change.observed,
        timer: timer(change, left),
        timer_left_ms: left,
    }
}

fn timer(change: &StateChange, left: Option<u64>) -> String {
    let (Some(timer), Some(left)) = (change.timer, left) else { return String::new() };
    let left = duration(left * 1_000_000);
    match timer.kind {
        TimerKind::Retransmit if timer.tries == 0 => format!("tries again in {left}"),
        TimerKind::Retransmit => format!("tries again in {left}, {} so far", timer.tries),
        TimerKind::KeepAlive => format!("asks whether anybody is there in {left}"),
        TimerKind::TimeWait => format!("rests for {left} more"),
        TimerKind::ZeroWindow => format!("asks for room again in {left}"),
    }
}
