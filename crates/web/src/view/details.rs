//! One event in full: a plain sentence first, then fields, then bytes, then what caused it and what it led to.

use proto::{
    address::Address,
    call::{Call, CallError, Family},
    errno::Errno,
    trace::{CallBegin, Cause, Data, Event, Packet, StateChange, TcpFlags, TcpState, Transport, What},
};
use serde::Serialize;
use tsify::Tsify;

use crate::console::code::{Context, Forms, forms};

use super::{
    belonging,
    sockets::end_of,
    store::{TraceStore, WindowScale},
    table,
    text::{self, option},
    words::{
        bounded, bytes, call_full, duration, grouped, ordinal, outcome_short, packet_name, packet_words,
    },
};

/// Everything the drawer shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Tsify)]
pub struct Details {
    /// Position in the trace.
    pub seq: u64,
    /// Heading: `SYN`, `connect()`, `ESTABLISHED`.
    pub title: String,
    /// One plain sentence.
    pub sentence: String,
    /// Name and value, in order.
    pub fields: Vec<Field>,
    /// Payload, when there is some.
    pub bytes: Option<Bytes>,
    /// An errno or refusal, when the call failed.
    pub error: Option<ErrorCard>,
    /// The same step in three languages, for a call.
    pub forms: Option<Forms>,
    /// The packet as tcpdump writes it.
    pub line: Option<String>,
    /// Events it was caused by.
    pub caused_by: Vec<Link>,
    /// Events it led to.
    pub led_to: Vec<Link>,
}

/// A field with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Field {
    /// The field's standard name.
    pub name: String,
    /// Its value, as text.
    pub value: String,
}

/// Payload as lines of a hex dump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Bytes {
    /// Lines of 16 bytes: offset, hex, text.
    pub lines: Vec<(String, String, String)>,
    /// The first bytes as text, controls escaped.
    pub text: String,
    /// Bytes there were.
    pub length: u32,
    /// Whether some are missing here.
    pub truncated: bool,
}

/// A failure in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct ErrorCard {
    /// `errno`, `timeout`, `resolve`, `policy`, `limit` or `protocol`.
    pub class: &'static str,
    /// `ECONNREFUSED`, a rule's name, a limit's name.
    pub name: String,
    /// The errno's number, where it has one.
    pub number: Option<i32>,
    /// What strerror(3) says, or what we say.
    pub message: String,
    /// One plain sentence.
    pub sentence: String,
    /// What to try.
    pub hint: String,
}

/// A link to another event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Link {
    /// Its position in the trace.
    pub seq: u64,
    /// Its sentence.
    pub text: String,
}

/// The details of the event with this `seq`; none when it is not kept.
pub fn details(store: &TraceStore, seq: u64) -> Option<Details> {
    let event = store.get(seq)?;
    let mut details = Details { seq, sentence: table::sentence(store, event), ..Details::default() };
    match &event.what {
        What::CallBegin(begin) => call(store, begin, &mut details),
        What::CallEnd(end) => match store.call_begin(end.id) {
            Some(begin) => call(store, begin, &mut details),
            None => details.title = outcome_short(&end.outcome),
        },
        What::Packet(packet) => self::packet(store, packet, event, &mut details),
        What::Fate(fate) => {
            if let Some((packet, event)) =
                store.packet(fate.id).zip(store.note(fate.id).and_then(|note| store.get(note.seq)))
            {
                self::packet(store, packet, event, &mut details);
            }
        }
        What::State(change) => state(store, change, &mut details),
        _ => details.title = table::row(store, 0, event).what,
    }
    details.fields.push(field("time", format!("{:.6} s since the room began", event.time as f64 / 1e9)));
    details.caused_by = links(store, belonging::causes(store, seq));
    details.led_to = links(store, store.effects_of(seq));
    Some(details)
}

fn links(store: &TraceStore, seqs: Vec<u64>) -> Vec<Link> {
    let links = seqs.into_iter().take(32).filter_map(|seq| {
        let text = table::row(store, 0, store.get(seq)?).sentence;
        Some(Link { seq, text })
    });
    links.collect()
}

fn field(name: &str, value: impl Into<String>) -> Field {
    Field { name: name.to_owned(), value: value.into() }
}

fn call(store: &TraceStore, begin: &CallBegin, details: &mut Details) {
    details.title = call_full(&begin.call);
    details.fields.push(field("machine", store.names().host(begin.host)));
    details.fields.push(field("program", bounded(&store.names().program(begin.program), 64)));
    if let Some(line) = begin.line {
        details.fields.push(field("line", line.to_string()));
    }
    if let Some(thread) = &begin.thread {
        details.fields.push(field("thread", bounded(thread, 64)));
    }
    if let Some(by) = begin.by {
        details.fields.push(field("by", bounded(&store.names().member(by), 64)));
    }
    if is_inside(store, begin) {
        details
            .fields
            .push(field("inside", "it stays inside this machine (AF_UNIX): no packet goes over the wire"));
    }
    if begin.call.is_library() {
        details.fields.push(field("kind", "a library function, not a system call"));
    }
    details.bytes = dump(&begin.data);
    let context = Context { payload: &begin.data.bytes, ..Context::default() };
    details.forms = Some(forms(&begin.call, &context));
    let Some(end) = store.call_end(begin.id) else {
        details.fields.push(field("result", "not yet: it waits"));
        return;
    };
    let result = outcome_short(&end.outcome);
    details.fields.push(field("result", if result.is_empty() { "success".to_owned() } else { result }));
    details.fields.push(field("took", duration(end.elapsed)));
    if end.outside {
        details.fields.push(field("outside", "it went outside the room; packets there are not recorded"));
    }
    if end.data.length > 0 {
        details.bytes = dump(&end.data);
    }
    details.error = end.outcome.as_ref().err().map(error_card);
}

/// Whether a call is on a socket of AF_UNIX, or makes one.
fn is_inside(store: &TraceStore, begin: &CallBegin) -> bool {
    let named = match &begin.call {
        Call::Socket { family, .. } | Call::SocketPair { family, .. } => *family == Family::Unix,
        Call::Bind { address, .. } | Call::Connect { address, .. } | Call::SendTo { address, .. } => {
            address.is_unix()
        }
        _ => false,
    };
    let address = |address: Option<Address>| address.is_some_and(|address| address.is_unix());
    let socket = || begin.socket.and_then(|socket| store.sockets().get(&socket));
    named || socket().is_some_and(|note| address(note.change.local))
}

/// A failure in words.
pub fn error_card(error: &CallError) -> ErrorCard {
    match error {
        CallError::Errno { errno, .. } => errno_card(*errno),
        CallError::TimedOut { .. } => ErrorCard {
            class: "timeout",
            name: "time ran out".to_owned(),
            number: None,
            message: "timed out".to_owned(),
            sentence: "The call's own time ran out. The network did not say anything.".to_owned(),
            hint: "Wait longer, or find out why nobody answers.".to_owned(),
        },
        CallError::Resolve(why) => ErrorCard {
            class: "resolve",
            name: why.name().to_owned(),
            number: Some(why.number()),
            message: why.message().to_owned(),
            sentence: "The name could not be turned into an address.".to_owned(),
            hint: "Check its spelling against the machines of this room.".to_owned(),
        },
        CallError::Policy { rule, value } => ErrorCard {
            class: "policy",
            name: bounded(rule, 64),
            number: None,
            message: format!(
                "This lab does not connect to {} (rule: {}).",
                bounded(value, 128),
                bounded(rule, 64)
            ),
            sentence: "The network was not asked; this is our rule, not an error of your code.".to_owned(),
            hint: String::new(),
        },
        CallError::Limit { limit, value } => ErrorCard {
            class: "limit",
            name: bounded(limit, 64),
            number: None,
            message: format!("A limit of this lab is reached: {} {value}.", bounded(limit, 64)),
            sentence: "The kernel was not asked; this is our limit, not an error of your code.".to_owned(),
            hint: "Close what you no longer need.".to_owned(),
        },
        CallError::Protocol { rule } => ErrorCard {
            class: "protocol",
            name: bounded(rule, 64),
            number: None,
            message: "The page and the server did not understand each other.".to_owned(),
            sentence: bounded(rule, 128),
            hint: "Please report it.".to_owned(),
        },
    }
}

fn errno_card(errno: Errno) -> ErrorCard {
    let entry = errno.entry();
    ErrorCard {
        class: "errno",
        name: errno.name().to_owned(),
        number: Some(errno.0),
        message: errno.message().to_owned(),
        sentence: entry.map_or("", |entry| entry.sentence).to_owned(),
        hint: entry.map_or("", |entry| entry.hint).to_owned(),
    }
}

fn packet(store: &TraceStore, packet: &Packet, event: &Event, details: &mut Details) {
    details.title = packet_name(packet);
    details.line = text::line(store, event);
    let note = store.note(packet.id);
    if let Some(note) = note {
        let words = packet_words(packet, note.meaning);
        if !words.is_empty() {
            details.fields.push(field("says", words));
        }
        if note.attempt > 1 {
            let after = duration(note.after_first);
            details
                .fields
                .push(field("sent again", format!("{} try, {after} after the first", ordinal(note.attempt))));
        }
    }
    let ports = packet.transport.ports();
    let address = |ip, port: Option<u16>| match port {
        Some(port) => std::net::SocketAddr::new(ip, port).to_string(),
        None => ip.to_string(),
    };
    details.fields.push(field("from", address(packet.src, ports.map(|ports| ports.0))));
    details.fields.push(field("to", address(packet.dst, ports.map(|ports| ports.1))));
    match &packet.transport {
        Transport::Tcp(tcp) => {
            let (relative, acknowledged) = note.map_or((0, 0), |note| (note.relative, note.acknowledged));
            details.fields.push(field("sequence number", format!("{relative} (absolute {})", tcp.sequence)));
            if tcp.flags.contains(TcpFlags::ACK) {
                let value = format!("{acknowledged} (absolute {})", tcp.acknowledgment);
                details.fields.push(field("acknowledgment number", value));
            }
            details.fields.push(field("flags", tcp.flags.names().collect::<Vec<_>>().join(" ")));
            let scale = note.map_or(WindowScale::Unknown, |note| note.scale);
            details.fields.push(field("window", window(tcp.window, scale)));
            if tcp.flags.contains(TcpFlags::URG) {
                details.fields.push(field("urgent pointer", tcp.urgent.to_string()));
            }
            let options: Vec<_> = tcp.options.iter().map(option).collect();
            if !options.is_empty() {
                details.fields.push(field("options", options.join(", ")));
            }
        }
        Transport::Udp { .. } => details.fields.push(field("protocol", "UDP")),
        Transport::Icmp { kind, code, .. } => {
            details.fields.push(field("protocol", format!("ICMP, type {kind}, code {code}")));
        }
        Transport::Other(number) => details.fields.push(field("protocol", format!("IP protocol {number}"))),
    }
    details.fields.push(field("payload", bytes(u64::from(packet.data.length))));
    if matches!(packet.cause, Cause::Packet(_) | Cause::Timer) {
        details.fields.push(field("sent", "by the kernel itself"));
    }
    details.bytes = dump(&packet.data);
}

fn state(store: &TraceStore, change: &StateChange, details: &mut Details) {
    details.title = change.to.name().to_owned();
    details.fields.push(field("meaning", state_sentence(change)));
    details.fields.push(field("machine", store.names().host(change.host)));
    if let Some((program, fd)) = change.owner {
        details
            .fields
            .push(field("owner", format!("fd {fd} of {}", bounded(&store.names().program(program), 64))));
    }
    if let Some(local) = change.local {
        details.fields.push(field("local", end_of(Some(local))));
    }
    if let Some(remote) = change.remote {
        details.fields.push(field("remote", end_of(Some(remote))));
    }
    details.fields.extend(queues(store, details.seq, change));
    if !change.observed {
        details.fields.push(field("inferred", "nobody could see this; it follows from the packets"));
    }
}

fn queues(store: &TraceStore, seq: u64, change: &StateChange) -> Vec<Field> {
    match change.to {
        TcpState::Listen => vec![
            field("waiting to be accepted", change.unread.to_string()),
            field("backlog", change.unacknowledged.to_string()),
        ],
        // What the kernel tells of a datagram socket is memory, not bytes of anybody's.
        TcpState::Datagram => {
            let unread = store.unread_at(seq, change).map(|unread| field("unread", bytes(unread.into())));
            let memory = (change.unread > 0).then(|| {
                field("memory", format!("{} of the kernel's for what is unread", bytes(change.unread.into())))
            });
            unread.into_iter().chain(memory).collect()
        }
        // Nobody tells, and it has none of TCP's states.
        TcpState::Unix => Vec::new(),
        _ => vec![
            field("unread", bytes(change.unread.into())),
            field("unacknowledged", bytes(change.unacknowledged.into())),
        ],
    }
}

/// The window that a segment announces, in bytes where that is known.
fn window(window: u16, scale: WindowScale) -> String {
    let number = grouped(window.into());
    match scale {
        WindowScale::Agreed(0) | WindowScale::OfSyn => number,
        WindowScale::Agreed(power) => {
            format!("{number} × {} = {}", 1_u32 << power, grouped(u64::from(window) << power))
        }
        WindowScale::NotAgreed => format!("{number}, not scaled"),
        WindowScale::Unknown => format!("{number}, unscaled: the handshake was not recorded"),
    }
}

/// What a state means, in one plain sentence.
fn state_sentence(change: &StateChange) -> &'static str {
    use proto::trace::TcpState;
    match change.to {
        TcpState::Closed => "There is no connection.",
        TcpState::Listen => "It waits for others to connect.",
        TcpState::SynSent => "It has asked to connect and waits for the answer.",
        TcpState::SynRecv => "Somebody asked to connect; it agreed and waits for the confirmation.",
        TcpState::Established if !change.accepted => {
            "The connection stands, made by the kernel alone. No program has accepted it yet."
        }
        TcpState::Established => "The connection stands; both sides can send.",
        TcpState::FinWait1 => "This side has said that it has no more to send, and waits to be understood.",
        TcpState::FinWait2 => "This side has finished; the other may still send.",
        TcpState::CloseWait => "The other side has finished; this program has not closed yet.",
        TcpState::Closing => "Both sides finished at the same time.",
        TcpState::LastAck => "Both sides have finished; the last word has to be understood.",
        TcpState::TimeWait => {
            "All is said. The kernel keeps the pair of addresses for 60 s, so that stray packets do no harm."
        }
        TcpState::Datagram => "A datagram socket: there are no connections, only messages.",
        TcpState::Unix => {
            "A socket of AF_UNIX: it reaches other programs of its own machine, and sends no packets."
        }
    }
}

fn dump(data: &Data) -> Option<Bytes> {
    if data.length == 0 {
        return None;
    }
    let lines = data.bytes.chunks(16).enumerate().map(|(at, chunk)| {
        let hex = chunk.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        let text = chunk
            .iter()
            .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' });
        (format!("{:04x}", at * 16), hex, text.collect())
    });
    Some(Bytes {
        lines: lines.collect(),
        text: super::words::quoted(&data.bytes, data.length, 512),
        length: data.length,
        truncated: data.truncated(),
    })
}
