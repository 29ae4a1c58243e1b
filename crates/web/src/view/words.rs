//! What events are called: plain words for packets, Python's spelling for calls, quoted payload, numbers of
//! seconds. Every other view takes its words from here.

use std::net::IpAddr;

use proto::{
    address::Address,
    call::{Call, CallError, Flags, OptionValue, Outcome, Value},
    trace::{Packet, TcpFlags, Transport},
};

/// Bytes of `struct timeval`, which has a time for a call to wait.
const TIMEVAL: usize = 16;

pub use explain::amounts::{bytes, duration, grouped, ordinal};

use crate::visible;

/// What a packet says in its conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// SYN.
    Asks,
    /// SYN with ACK.
    Agrees,
    /// The handshake's last ACK.
    Confirms,
    /// Payload.
    Data,
    /// A pure ACK.
    Acknowledges,
    /// A pure ACK that announces a window of 0.
    Full,
    /// A pure ACK that opens the window again.
    RoomAgain,
    /// A keep-alive or window probe.
    Probes,
    /// FIN.
    Finishes,
    /// RST as the answer to a SYN.
    Refuses,
    /// RST on a connection.
    BreaksOff,
    /// A datagram.
    Datagram,
    /// ICMP or another protocol.
    Other,
}

impl Meaning {
    /// What a packet that is not TCP says.
    pub fn of_other(packet: &Packet) -> Self {
        if matches!(packet.transport, Transport::Udp { .. }) { Self::Datagram } else { Self::Other }
    }

    /// Whether these are the bits of a SYN without ACK.
    pub fn is_syn(flags: TcpFlags) -> bool {
        flags.contains(TcpFlags::SYN) && !flags.contains(TcpFlags::ACK)
    }

    /// Whether nothing but an acknowledgment is said: such packets are drawn lightly and may be folded away.
    pub fn is_pure_ack(self) -> bool {
        matches!(self, Self::Acknowledges)
    }

    /// In plain words; empty where the payload speaks for itself.
    pub fn words(self) -> &'static str {
        match self {
            Self::Asks => "asks to connect",
            Self::Agrees => "agrees",
            Self::Confirms => "confirms",
            Self::Data | Self::Datagram | Self::Other => "",
            Self::Acknowledges => "got it",
            Self::Full => "wait: no room here",
            Self::RoomAgain => "room again",
            Self::Probes => "still there?",
            Self::Finishes => "has no more to send",
            Self::Refuses => "nobody there",
            Self::BreaksOff => "connection broken off",
        }
    }
}

/// A packet's own name: `SYN`, `PSH ACK 24 B`, `UDP 5 B`.
pub fn packet_name(packet: &Packet) -> String {
    let length = packet.data.length;
    let size = if length > 0 { format!(" {}", bytes(u64::from(length))) } else { String::new() };
    match &packet.transport {
        Transport::Tcp(tcp) => {
            let flags: Vec<_> = tcp.flags.names().collect();
            format!("{}{size}", if flags.is_empty() { "no flags".to_owned() } else { flags.join(" ") })
        }
        Transport::Udp { .. } => format!("UDP{size}"),
        Transport::Icmp { .. } => "ICMP".to_owned(),
        Transport::Other(number) => format!("IP protocol {number}{size}"),
    }
}

/// A packet's plain words, or its payload in quotes.
pub fn packet_words(packet: &Packet, meaning: Meaning) -> String {
    if let Transport::Icmp { words, .. } = &packet.transport {
        return bounded(words, 60);
    }
    if meaning == Meaning::Finishes && packet.data.length > 0 {
        return format!("{}, {}", quoted(&packet.data.bytes, packet.data.length, 20), meaning.words());
    }
    match meaning.words() {
        "" if packet.data.length > 0 => quoted(&packet.data.bytes, packet.data.length, 20),
        words => words.to_owned(),
    }
}

/// What a packet is that is for many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToMany {
    /// For every machine of the network.
    Broadcast,
    /// For the members of a group.
    Multicast,
}

impl ToMany {
    /// What a packet is, if it is for many; the rooms' networks are /24.
    pub fn of(packet: &Packet) -> Option<Self> {
        match packet.dst {
            address if address.is_multicast() => Some(Self::Multicast),
            IpAddr::V4(address) if address.octets()[3] == 255 => Some(Self::Broadcast),
            _ => None,
        }
    }

    /// With its article.
    pub fn name(self) -> &'static str {
        match self {
            Self::Broadcast => "a broadcast",
            Self::Multicast => "a multicast",
        }
    }

    /// For whom it is.
    pub fn whom(self) -> &'static str {
        match self {
            Self::Broadcast => "every machine of the network",
            Self::Multicast => "the members of a group",
        }
    }
}

/// Payload in quotes, at most `most` characters as written here, with controls and everything not text escaped.
pub fn quoted(payload: &[u8], length: u32, most: usize) -> String {
    let mut text = String::from("\u{201c}");
    let mut room = most;
    let mut used = 0;
    for chunk in payload.utf8_chunks() {
        let letters = chunk.valid().chars().map(|letter| (escaped(letter), letter.len_utf8()));
        let bytes = chunk.invalid().iter().map(|byte| (format!("\\x{byte:02x}"), 1));
        for (shown, bytes) in letters.chain(bytes) {
            let Some(left) = room.checked_sub(shown.chars().count()) else {
                return text + "\u{2026}\u{201d}";
            };
            room = left;
            used += bytes;
            text.push_str(&shown);
        }
    }
    if used < length as usize {
        text.push('\u{2026}');
    }
    text + "\u{201d}"
}

/// A character as Python writes it within quotes.
fn escaped(letter: char) -> String {
    visible::escaped(letter).unwrap_or_else(|| letter.to_string())
}

/// At most `most` characters of `text`, controls escaped, with an ellipsis when it is cut.
pub fn bounded(text: &str, most: usize) -> String {
    let mut short = String::new();
    for (at, letter) in text.chars().enumerate() {
        if at == most {
            short.push('\u{2026}');
            break;
        }
        short.push_str(&escaped(letter));
    }
    short
}

/// How many events are not here before the one that is drawn.
pub fn missing_before(events: u64) -> String {
    match events {
        1 => "1 event before this is not here".to_owned(),
        _ => format!("{} events before this are not here", grouped(events)),
    }
}

/// A probability: `20 %`, `0.5 %`.
pub fn percent(probability: f64) -> String {
    format!("{} %", (probability * 1000.0).round() / 10.0)
}

/// A call as the diagram names it: `recv(1024)`, `sendall` never, since it is not one call.
pub fn call_short(call: &Call) -> String {
    match call {
        Call::Bind { address, .. } => match address {
            Address::Ip(address) => format!("bind(:{})", address.port()),
            Address::Unix(name) => format!("bind({})", bounded(&name.to_string(), 40)),
        },
        Call::Unlink { address } | Call::Stat { address } => {
            format!("{}({})", call.name(), path_of(address, 40))
        }
        Call::Listen { backlog, .. } => format!("listen({backlog})"),
        Call::Send { length, .. } => format!("send({})", bytes(u64::from(*length))),
        Call::SendTo { length, .. } => format!("sendto({})", bytes(u64::from(*length))),
        Call::SendMsg { length, passed, .. } => {
            format!("sendmsg({}{})", bytes(u64::from(*length)), with(passed.iter().copied()))
        }
        Call::RecvMsg { max, .. } => format!("recvmsg({max})"),
        Call::Recv { max, .. } => format!("recv({max})"),
        Call::RecvFrom { max, .. } => format!("recvfrom({max})"),
        Call::Shutdown { how, .. } => format!("shutdown({})", how.name().trim_start_matches("SHUT_")),
        Call::SetSockOpt { name, .. } | Call::GetSockOpt { name, .. } => {
            format!("{}({})", call.name(), name.name())
        }
        Call::Resolve { name, .. } => format!("getaddrinfo({})", bounded(name, 40)),
        Call::Ping { name, .. } => format!("ping({})", bounded(name, 40)),
        Call::Socket { .. }
        | Call::Accept { .. }
        | Call::Connect { .. }
        | Call::Close { .. }
        | Call::GetSockName { .. }
        | Call::GetPeerName { .. }
        | Call::Dup { .. }
        | Call::SocketPair { .. }
        | Call::Interfaces {}
        | Call::EpollCreate {}
        | Call::EpollWait { .. }
        | Call::Poll { .. } => format!("{}()", call.name()),
        Call::EpollCtl { operation, target, .. } => {
            format!("epoll_ctl({}, fd {target})", operation.name().trim_start_matches("EPOLL_CTL_"))
        }
    }
}

/// A path as people write it.
fn path_of(address: &Address, most: usize) -> String {
    match address {
        Address::Ip(address) => address.to_string(),
        Address::Unix(name) => bounded(&name.to_string(), most),
    }
}

/// A call without its arguments: `getaddrinfo()`.
pub fn call_bare(call: &Call) -> String {
    match call {
        Call::Resolve { .. } => "getaddrinfo()".to_owned(),
        _ => format!("{}()", call.name()),
    }
}

/// A call with all its arguments, descriptors as `fd 3`.
pub fn call_full(call: &Call) -> String {
    let arguments = match call {
        Call::Socket { family, kind } | Call::SocketPair { family, kind } => {
            format!("{}, {}", family.name(), kind.name())
        }
        Call::Bind { fd, address } | Call::Connect { fd, address } => format!("fd {fd}, {address}"),
        Call::Listen { fd, backlog } => format!("fd {fd}, {backlog}"),
        Call::Accept { fd }
        | Call::Close { fd }
        | Call::Dup { fd }
        | Call::GetSockName { fd }
        | Call::GetPeerName { fd } => format!("fd {fd}"),
        Call::Unlink { address } | Call::Stat { address } => path_of(address, 128),
        Call::Interfaces {} | Call::EpollCreate {} => String::new(),
        Call::EpollCtl { fd, operation, target, events } => {
            let events = joined(events.short_names());
            let events = if events.is_empty() { events } else { format!(", {events}") };
            format!("fd {fd}, {}, fd {target}{events}", operation.name().trim_start_matches("EPOLL_CTL_"))
        }
        Call::EpollWait { fd, max } => format!("fd {fd}, {max}"),
        Call::Send { fd, flags, length } => {
            format!("fd {fd}, {}{}", bytes(u64::from(*length)), flag_list(*flags))
        }
        Call::SendTo { fd, flags, address, length } => {
            format!("fd {fd}, {}, {address}{}", bytes(u64::from(*length)), flag_list(*flags))
        }
        Call::SendMsg { fd, flags, address, length, passed } => {
            let to = address.map_or_else(String::new, |address| format!(", {address}"));
            let passed = with(passed.iter().copied());
            format!("fd {fd}, {}{passed}{to}{}", bytes(u64::from(*length)), flag_list(*flags))
        }
        Call::RecvMsg { fd, flags, max, control } => {
            format!("fd {fd}, {max}, {control}{}", flag_list(*flags))
        }
        Call::Recv { fd, flags, max } | Call::RecvFrom { fd, flags, max } => {
            format!("fd {fd}, {max}{}", flag_list(*flags))
        }
        Call::Shutdown { fd, how } => format!("fd {fd}, {}", how.name()),
        Call::SetSockOpt { fd, name, value } => {
            format!("fd {fd}, {}, {}", name.name(), option_value(value))
        }
        Call::GetSockOpt { fd, name } => format!("fd {fd}, {}", name.name()),
        Call::Poll { fds } => {
            let fds = fds.iter().map(|(fd, events)| format!("fd {fd} {}", joined(events.short_names())));
            fds.collect::<Vec<_>>().join(", ")
        }
        Call::Resolve { name, port, .. } => format!("{}, {port}", bounded(name, 253)),
        Call::Ping { name, count } => format!("{}, {count}", bounded(name, 253)),
    };
    format!("{}({arguments})", call.name())
}

/// Descriptors that go along with a message: ` with fd 4, fd 5`; nothing for none.
fn with(passed: impl Iterator<Item = proto::id::Fd>) -> String {
    let passed: Vec<String> = passed.map(|fd| format!("fd {fd}")).collect();
    if passed.is_empty() { String::new() } else { format!(" with {}", passed.join(", ")) }
}

fn flag_list(flags: Flags) -> String {
    if flags.is_empty() { String::new() } else { format!(", {}", joined(flags.names())) }
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join("|")
}

fn option_value(value: &OptionValue) -> String {
    match value {
        OptionValue::Bool(on) => i32::from(*on).to_string(),
        OptionValue::Int(number) => number.to_string(),
        OptionValue::Linger(None) => "off".to_owned(),
        OptionValue::Linger(Some(seconds)) => format!("{seconds} s"),
        OptionValue::Bytes(read) => match value.time() {
            Some(time) if read.len() == TIMEVAL => {
                duration(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
            }
            _ => bytes(read.len() as u64),
        },
    }
}

/// What a call came to, in a few characters: `fd 4`, `24 B`, `ECONNREFUSED`; empty where it only succeeded.
pub fn outcome_short(outcome: &Outcome) -> String {
    match outcome {
        Ok(value) => value_short(value),
        Err(error) => error_short(error),
    }
}

fn value_short(value: &Value) -> String {
    match value {
        Value::Done => String::new(),
        Value::Descriptor(fd) | Value::Accepted { fd, .. } => format!("fd {fd}"),
        Value::Pair(one, other) => format!("fd {one} and fd {other}"),
        Value::Interfaces(interfaces) => {
            let names: Vec<&str> = interfaces.iter().map(|(_, name)| name.as_str()).collect();
            names.join(", ")
        }
        Value::Sent(taken) => bytes(u64::from(*taken)),
        Value::Received { length: 0 } => "end of file".to_owned(),
        Value::Received { length } | Value::ReceivedFrom { length, .. } => bytes(u64::from(*length)),
        Value::Address(address) => address.to_string(),
        Value::Option(value) => option_value(value),
        Value::Ready(fds) if fds.is_empty() => "nothing ready".to_owned(),
        Value::Ready(fds) => {
            let fds = fds.iter().map(|(fd, events)| format!("fd {fd} {}", joined(events.short_names())));
            fds.collect::<Vec<_>>().join(", ")
        }
        Value::ReceivedMsg { length, passed, .. } => {
            format!("{}{}", bytes(u64::from(*length)), with(passed.iter().map(|passed| passed.fd)))
        }
        Value::Events(fds) if fds.is_empty() => "nothing ready".to_owned(),
        Value::Events(fds) => {
            let fds = fds.iter().map(|(fd, events)| format!("fd {fd} {}", joined(events.short_names())));
            fds.collect::<Vec<_>>().join(", ")
        }
        Value::Addresses { addresses, .. } => addresses.first().map_or_else(String::new, ToString::to_string),
        Value::Pinged { round_trips, .. } => {
            let came = round_trips.iter().flatten().count();
            format!("{came} of {} came back", round_trips.len())
        }
    }
}

fn error_short(error: &CallError) -> String {
    match error {
        CallError::Errno { errno, .. } if errno.entry().is_some() => errno.name().to_owned(),
        CallError::Errno { errno, .. } => format!("errno {}", errno.0),
        CallError::TimedOut { .. } => "time ran out".to_owned(),
        CallError::Resolve(why) => why.name().to_owned(),
        CallError::Policy { rule, .. } => format!("our rule: {}", bounded(rule, 40)),
        CallError::Limit { limit, value } => format!("our limit: {} {value}", bounded(limit, 40)),
        CallError::Protocol { rule } => format!("protocol: {}", bounded(rule, 40)),
    }
}

/// Colour of a failure: what we refuse by a rule or limit of ours never looks like the kernel's answer.
pub fn error_tone(error: &CallError) -> &'static str {
    match error {
        CallError::Policy { .. } | CallError::Limit { .. } => "act",
        CallError::TimedOut { .. } => "wait",
        CallError::Errno { .. } | CallError::Resolve(_) | CallError::Protocol { .. } => "fault",
    }
}
