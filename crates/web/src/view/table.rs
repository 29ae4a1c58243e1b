//! The event table: one row an event, each a sentence that can be read aloud. It is the page's primary structure;
//! the drawing mirrors it.

use proto::{
    address::{Address, UnixName},
    id::MemberId,
    message::HostCommand,
    room::{StepOutcome, WireSettings},
    rules,
    trace::{
        CallBegin, CallEnd, Cause, Event, Fate, Packet, PacketFate, StateChange, Summary, TcpState, What,
    },
};
use serde::Serialize;
use tsify::Tsify;

use super::{
    filter::FilteredEvents,
    sockets::tone,
    store::TraceStore,
    words::{
        ToMany, bounded, bytes, call_full, call_short, duration, error_tone, grouped, missing_before,
        ordinal, outcome_short, packet_name, packet_words, percent,
    },
};
use crate::record::Names;

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
pub struct TableRow {
    /// Position in the table, from 0.
    pub index: usize,
    /// Position in the trace.
    pub seq: u64,
    /// Nanoseconds since the room began.
    pub time: u64,
    /// The time in seconds, as text.
    pub clock: String,
    /// `call`, `packet`, `state`, `output`, `wire`, `people`, `host`, `program`, `summary` or `lesson`.
    pub kind: &'static str,
    /// Where: a machine, or `client to server`.
    pub place: String,
    /// What, in a few characters.
    pub what: String,
    /// Colour by name; empty for plain ink.
    pub tone: &'static str,
    /// The whole row as a sentence, with its number, for assistive technology.
    pub sentence: String,
}

/// Rows `from` to `from + count` of what is shown of the trace, from the oldest kept.
pub fn rows(store: &TraceStore, shown: &FilteredEvents, from: usize, count: usize) -> Vec<TableRow> {
    shown
        .events(store, from, count)
        .enumerate()
        .map(|(offset, event)| row(store, from + offset, event))
        .collect()
}

/// The row of one event.
pub fn row(store: &TraceStore, index: usize, event: &Event) -> TableRow {
    let cells = cells(store, event);
    let clock = format!("{:.6}", event.time as f64 / 1e9);
    let mut sentence = format!("{}. {}", event.seq, cells.sentence);
    let (kind, place, mut what, tone) = (cells.kind, cells.place, cells.what, cells.tone);
    let missing = store.missing_before(event.seq);
    if missing > 0 {
        sentence = format!("{}. {sentence}", missing_before(missing));
        what = format!("{} missing before: {what}", grouped(missing));
    }
    TableRow { index, seq: event.seq, time: event.time, clock, kind, place, what, tone, sentence }
}

/// An event's sentence without its number.
pub fn sentence(store: &TraceStore, event: &Event) -> String {
    cells(store, event).sentence
}

struct Cells {
    kind: &'static str,
    place: String,
    what: String,
    tone: &'static str,
    sentence: String,
}

fn cells(store: &TraceStore, event: &Event) -> Cells {
    let names = store.names();
    match &event.what {
        What::CallBegin(begin) => call_begin(store, begin),
        What::CallEnd(end) => call_end(store, end),
        What::Packet(packet) => self::packet(store, packet),
        What::Fate(fate) => packet_fate(store, fate),
        What::State(change) => state(store, event.seq, change),
        What::Output { program, error, text } => {
            let name = bounded(&names.program(*program), 64);
            let text = bounded(text, 120);
            let verb = if *error { "printed as an error" } else { "printed" };
            plain("output", name.clone(), text.clone(), format!("Output, {name} {verb}: {text}"))
        }
        What::Source { by, host, name, .. } => {
            let (who, name) = (bounded(&names.member(*by), 64), bounded(name, 64));
            let sentence = format!("Code, {name} on {} was changed by {who}.", names.host(*host));
            plain("code", names.host(*host), format!("{name} changed"), sentence)
        }
        What::InFront { by, host, name } => {
            let (who, name) = (bounded(&names.member(*by), 64), bounded(name, 64));
            let sentence =
                format!("Code, {name} on {} was brought to the front by {who}.", names.host(*host));
            plain("code", names.host(*host), format!("{name} in front"), sentence)
        }
        What::Wire { by, settings, rule } => wire(*by, settings, rule.as_deref(), names),
        What::Joined(member) => {
            let name = bounded(&names.member(member.id), 64);
            plain("people", name.clone(), "came".to_owned(), format!("People, {name} came."))
        }
        What::Left(id) => {
            let name = bounded(&names.member(*id), 64);
            plain("people", name.clone(), "went".to_owned(), format!("People, {name} went."))
        }
        What::HostAppeared(host) => {
            let name = bounded(&host.name, 64);
            let sentence = format!("Machine, {name} appeared, with address {}.", host.address);
            plain("host", name, format!("appeared, {}", host.address), sentence)
        }
        What::HostChanged { by, command, host } => {
            let (name, who) = (bounded(&host.name, 64), bounded(&names.member(*by), 64));
            let what = host_words(*command);
            let sentence = format!("Machine, {name}: {what}, by {who}.");
            plain("host", name, what, sentence)
        }
        What::HostGone(id) => {
            let name = bounded(&names.host(*id), 64);
            plain("host", name.clone(), "went away".to_owned(), format!("Machine, {name} went away."))
        }
        What::ProgramBegan(program) => {
            let (name, host) = (bounded(&program.name, 64), names.host(program.host));
            plain(
                "program",
                host.clone(),
                format!("{name} began"),
                format!("Program, {name} began on {host}."),
            )
        }
        What::ProgramEnded(id) => {
            let name = bounded(&names.program(*id), 64);
            plain("program", name.clone(), "ended".to_owned(), format!("Program, {name} ended."))
        }
        What::Summary(summary) => self::summary(summary),
        What::Progress { by, lesson, step, outcome } => {
            let (name, lesson, step) =
                (bounded(&names.member(*by), 64), bounded(lesson, 64), bounded(step, 64));
            let did = match outcome {
                StepOutcome::Passed { .. } => "passed",
                StepOutcome::Skipped => "skipped",
            };
            let sentence = format!("Lesson {lesson}, {name} {did} the step {step}.");
            plain("lesson", name, format!("{did}: {step}"), sentence)
        }
    }
}

fn wire(by: Option<MemberId>, settings: &WireSettings, rule: Option<&str>, names: &Names) -> Cells {
    let what = wire_words(settings);
    let who = match (by, rule) {
        (Some(by), _) => format!("by {}", bounded(&names.member(by), 64)),
        (None, Some(rules::TEACHER)) => "by the teacher".to_owned(),
        (None, Some(rule)) => format!("by a rule of the room: {}", bounded(rule, 64)),
        (None, None) => "by the room".to_owned(),
    };
    plain("wire", "wire".to_owned(), what.clone(), format!("Wire, {what}, {who}."))
}

fn summary(summary: &Summary) -> Cells {
    let mut parts = Vec::new();
    if summary.packets > 0 {
        let (packets, bytes) = (grouped(summary.packets), grouped(summary.bytes));
        parts.push(format!("{packets} packets, {bytes} B, not recorded one by one"));
    }
    if summary.missed > 0 {
        parts.push(format!("{} packets missed by the recording", grouped(summary.missed)));
    }
    if summary.queue_drops > 0 {
        parts.push(format!("{} packets lost in a machine's own queue", grouped(summary.queue_drops)));
    }
    let what = parts.join("; ");
    plain("summary", "wire".to_owned(), what.clone(), format!("Summary, {what}."))
}

fn plain(kind: &'static str, place: String, what: String, sentence: String) -> Cells {
    Cells { kind, place, what, tone: "", sentence }
}

/// The wire's settings in words.
pub fn wire_words(settings: &WireSettings) -> String {
    let mut parts = Vec::new();
    if settings.held {
        parts.push("held".to_owned());
    }
    if settings.delay_ms > 0 {
        parts.push(format!("delay {} ms each way", grouped(u64::from(settings.delay_ms))));
    }
    if settings.loss > 0.0 {
        parts.push(format!("loss {}", percent(settings.loss)));
    }
    if parts.is_empty() {
        parts.push("everything goes through".to_owned());
    }
    parts.join(", ")
}

/// What was done to a machine, in words.
pub fn host_words(command: HostCommand) -> String {
    match command {
        HostCommand::Cable(true) => "cable mended".to_owned(),
        HostCommand::Cable(false) => "cable cut".to_owned(),
        HostCommand::FreshNetwork => "fresh network, its sockets are gone".to_owned(),
        HostCommand::Sysctl { name, value } => format!("{} = {value}", name.name()),
    }
}

fn call_begin(store: &TraceStore, begin: &CallBegin) -> Cells {
    let host = store.names().host(begin.host);
    let program = bounded(&store.names().program(begin.program), 64);
    let full = call_full(&begin.call);
    let waits = if store.call(begin.id).end.is_none() { " It has not returned." } else { "" };
    plain("call", host.clone(), full.clone(), format!("Call on {host} by {program}: {full}.{waits}"))
}

fn call_end(store: &TraceStore, end: &CallEnd) -> Cells {
    let begin = store.call_begin(end.id);
    let name = begin.map_or_else(|| "a call".to_owned(), |begin| call_short(&begin.call));
    let host = begin.map_or_else(String::new, |begin| store.names().host(begin.host));
    let result = outcome_short(&end.outcome);
    let (what, tone) = match (&end.outcome, result.as_str()) {
        (Ok(_), "") => (format!("{name} done"), ""),
        (Ok(_), result) => (format!("{name} → {result}"), ""),
        (Err(error), result) => (format!("{name} → {result}"), error_tone(error)),
    };
    let after = duration(end.elapsed);
    let verb = if end.outcome.is_ok() { "returned" } else { "failed" };
    let result = if result.is_empty() { "success".to_owned() } else { result };
    let outside = if end.outside { " It went outside the room; packets there are not recorded." } else { "" };
    let sentence = format!("Call on {host} {verb}: {name}, {result}, after {after}.{outside}");
    Cells { kind: "call", place: host, what, tone, sentence }
}

/// From where to where, in names: `client to server`.
pub fn way(store: &TraceStore, packet: &Packet) -> String {
    let names = store.names();
    if let proto::trace::Link::Loopback(host) = packet.link {
        return format!("{} to itself", names.host(host));
    }
    let from = packet.from.map_or_else(|| "the wire".to_owned(), |host| names.host(host));
    let to = packet.to.map_or_else(|| packet.dst.to_string(), |host| names.host(host));
    format!("{from} to {to}")
}

fn packet(store: &TraceStore, packet: &Packet) -> Cells {
    let place = way(store, packet);
    let name = packet_name(packet);
    let note = store.note(packet.id);
    let words = note.map_or_else(String::new, |note| packet_words(packet, note.meaning));
    let attempt = note.map_or(1, |note| note.attempt);
    let tries = match attempt {
        1 => "first try".to_owned(),
        again => format!("sent again, {} try", ordinal(again)),
    };
    let (fate, tone) = fate_words(store, packet);
    let cause = cause_words(store, packet);
    let what = if words.is_empty() { name.clone() } else { format!("{name}  {words}") };
    let sentence = format!("Packet, {place}, {name}, {tries}. {cause} {fate}").replace("  ", " ");
    let fault = matches!(&packet.transport, proto::trace::Transport::Tcp(tcp)
        if tcp.flags.contains(proto::trace::TcpFlags::RST));
    Cells { kind: "packet", place, what, tone: if fault { "fault" } else { tone }, sentence }
}

/// Why a packet was sent, in a sentence. Claimed only when known.
pub fn cause_words(store: &TraceStore, packet: &Packet) -> String {
    match packet.cause {
        Cause::Call(id) => match store.call_begin(id) {
            Some(begin) => format!("Asked for by {}.", begin.call.name()),
            None => "Asked for by a call.".to_owned(),
        },
        Cause::Packet(id) => match store.note(id) {
            Some(note) => format!("The kernel answered number {} by itself.", note.seq),
            None => "The kernel answered a packet by itself.".to_owned(),
        },
        Cause::Timer if packet.copy_of.is_some() => "The kernel tried again by itself.".to_owned(),
        Cause::Timer => "Sent by the kernel itself.".to_owned(),
        Cause::Wire => "Made by the wire.".to_owned(),
        Cause::Service => "Sent by a ready-made server, or by a stream.".to_owned(),
    }
}

fn fate_words(store: &TraceStore, packet: &Packet) -> (String, &'static str) {
    let (fate, at) = store.fate(packet, u64::MAX);
    let sent = store.note(packet.id).and_then(|note| store.get(note.seq)).map(|event| event.time);
    let after =
        at.and_then(|seq| store.get(seq)).zip(sent).map(|(event, sent)| event.time.saturating_sub(sent));
    let after = after.map_or_else(String::new, |after| format!(" after {}", duration(after)));
    match fate {
        Fate::Travelling => ("On its way.".to_owned(), ""),
        Fate::Held => ("Held on the wire.".to_owned(), "wait"),
        Fate::Delivered => (format!("Delivered{after}."), ""),
        Fate::Dropped(Some(by)) => {
            (format!("Dropped by {}.", bounded(&store.names().member(by), 64)), "fault")
        }
        Fate::Dropped(None) => ("Dropped by hand.".to_owned(), "fault"),
        Fate::Lost if store.note(packet.id).is_some_and(|note| note.loss > 0.0) => {
            ("Lost by the wire, as it was told to.".to_owned(), "fault")
        }
        Fate::Lost => ("Lost by the wire.".to_owned(), "fault"),
        Fate::NoHost if packet.to.is_some() => ("Lost: a cable is cut.".to_owned(), "fault"),
        Fate::NoHost => match ToMany::of(packet) {
            Some(many) => {
                let (name, whom) = (many.name(), many.whom());
                (
                    format!("It is {name}, for {whom}. This network does not carry it: nobody gets it."),
                    "fault",
                )
            }
            None => ("No machine has that address.".to_owned(), "fault"),
        },
        Fate::Superseded => ("A copy of it was let through instead.".to_owned(), ""),
    }
}

fn packet_fate(store: &TraceStore, fate: &PacketFate) -> Cells {
    let packet = store.packet(fate.id);
    let name = packet.map_or_else(|| "a packet".to_owned(), packet_name);
    let place = packet.map_or_else(String::new, |packet| way(store, packet));
    let (verb, tone) = match &fate.fate {
        Fate::Travelling => ("goes on", ""),
        Fate::Held => ("held", "wait"),
        Fate::Delivered => ("arrived", ""),
        Fate::Dropped(_) => ("dropped by hand", "fault"),
        Fate::Lost => ("lost by the wire", "fault"),
        Fate::NoHost if packet.is_some_and(|packet| packet.to.is_some()) => ("lost: cable cut", "fault"),
        Fate::NoHost if packet.is_some_and(|packet| ToMany::of(packet).is_some()) => ("not carried", "fault"),
        Fate::NoHost => ("found no machine", "fault"),
        Fate::Superseded => ("not needed any more", ""),
    };
    let number = store.note(fate.id).map_or_else(String::new, |note| format!(" number {}", note.seq));
    let sentence = format!("Packet{number}, {place}, {name}: {verb}.");
    Cells { kind: "packet", place, what: format!("{name} {verb}"), tone, sentence }
}

fn state(store: &TraceStore, seq: u64, change: &StateChange) -> Cells {
    let host = store.names().host(change.host);
    let owner = match (change.owner, change.accepted) {
        (Some((_, fd)), _) => format!("fd {fd}"),
        (None, _) if change.to == TcpState::SynRecv => "a new connection".to_owned(),
        (None, false) => "a connection nobody accepted yet".to_owned(),
        (None, true) => "a closed socket".to_owned(),
    };
    let inferred = if change.observed { "" } else { " (inferred)" };
    let same = change.from == Some(change.to);
    let what = if same {
        queues(change, store.unread_at(seq, change))
    } else {
        // Nothing of it was closed.
        let fresh = change.from.is_none() && change.to == TcpState::Closed;
        format!("{owner} {}{inferred}", if fresh { "new" } else { change.to.name() })
    };
    let before =
        change.from.filter(|_| !same).map_or_else(String::new, |from| format!(", before {}", from.name()));
    let queue = if same || change.to == TcpState::Listen {
        format!(", {}", queues(change, store.unread_at(seq, change)))
    } else {
        String::new()
    };
    let sentence = format!("State on {host}, {owner}: {}{inferred}{before}{queue}.", change.to.name());
    Cells { kind: "state", place: host, what, tone: tone(change.to), sentence }
}

/// The names of a socket of AF_UNIX, and of the one it is connected to.
fn ends(change: &StateChange) -> String {
    let local = match change.local {
        Some(Address::Unix(UnixName::Unnamed)) | None => "no name".to_owned(),
        Some(local) => bounded(&local.to_string(), 128),
    };
    match change.remote {
        None => local,
        Some(Address::Unix(UnixName::Unnamed)) => format!("{local}, connected to one without a name"),
        Some(remote) => format!("{local}, connected to {}", bounded(&remote.to_string(), 128)),
    }
}

/// `unread` where it is known.
fn queues(change: &StateChange, unread: Option<u32>) -> String {
    match (change.to, unread) {
        (TcpState::Listen, _) => {
            format!("{} waiting to be accepted, backlog {}", change.unread, change.unacknowledged)
        }
        (TcpState::Unix, _) => ends(change),
        (TcpState::Datagram, None) => "something unread".to_owned(),
        (TcpState::Datagram, Some(unread)) => format!("{} unread", bytes(unread.into())),
        _ => {
            let (unread, sent) = (bytes(change.unread.into()), bytes(change.unacknowledged.into()));
            format!("{unread} unread, {sent} unacknowledged")
        }
    }
}
