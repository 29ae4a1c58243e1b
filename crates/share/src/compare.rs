//! Two recordings of the same calls, side by side: what each program, each socket and each direction of the wire did, in
//! its own order. What differs from one run to the next without meaning anything is aligned: times, sequence numbers,
//! numbers that a room gives, ports that the kernel chose, windows. Bytes are compared as far as they were recorded: a line
//! with a time of day in it counts as the same whatever the time, and where the first recording lacks bytes that a program sent,
//! what was sent in their place ([`FILLED`]) counts as equal to anything.
//!
//! Between programs the order is not compared: it is the kernel's affair which of two waiting ones goes on first.

mod ports;

use std::collections::{BTreeMap, HashMap, HashSet};

use proto::{
    address::Address,
    call::{Call, CallError, Value},
    id::{CallRef, Fd, HostId, PacketId, ProgramId, SocketId},
    trace::{CallBegin, CallEnd, Data, Event, Fate, Link, Packet, StateChange, TcpState, Transport, What},
};

use self::ports::Ports;
use crate::{read::Recording, words};

/// What is sent, when a recording is done again, in the place of bytes that it does not have.
pub const FILLED: u8 = b'.';
/// Bytes of a payload that a difference shows.
const SHOWN: usize = 40;
/// More differences than this in one lane are counted, and not aligned any more.
const MOST_DIFFERENT: usize = 500;

/// How two recordings compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How many things happened in both, in the order of their lane.
    pub equal: usize,
    /// What happened only the first time, in its order.
    pub before: Vec<Difference>,
    /// What happened only the second time, in its order.
    pub now: Vec<Difference>,
}

/// Something that happened in one of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The event's `seq`, in its recording.
    pub seq: u64,
    /// `seq` of the event in the first recording after which it stands, or would stand: its own there, else that of what
    /// came last before it in its lane and happened both times; 0 before everything.
    pub after: u64,
    /// What happened, in words.
    pub text: String,
}

impl Comparison {
    /// How much of what happened is equal, in parts of a thousand; 1000 where nothing happened.
    pub fn per_mille(&self) -> usize {
        let all = 2 * self.equal + self.before.len() + self.now.len();
        (2000 * self.equal).checked_div(all).unwrap_or(1000)
    }

    /// Whether nothing differs.
    pub fn is_equal(&self) -> bool {
        self.before.is_empty() && self.now.is_empty()
    }
}

/// Lays two recordings side by side.
pub fn compare(before: &Recording, now: &Recording) -> Comparison {
    let filled = has_gaps(before);
    let (before, now) = (Lanes::of(before, false), Lanes::of(now, filled));
    let mut comparison = Comparison { equal: 0, before: Vec::new(), now: Vec::new() };
    let names: HashSet<&String> = before.lanes.keys().chain(now.lanes.keys()).collect();
    for name in names {
        let lane = |lanes: &'_ Lanes| lanes.lanes.get(name).cloned().unwrap_or_default();
        side_by_side(&lane(&before), &lane(&now), &mut comparison);
    }
    comparison.before.sort_by_key(|difference| difference.seq);
    comparison.now.sort_by_key(|difference| (difference.after, difference.seq));
    comparison
}

/// Whether somebody sent more than was recorded.
fn has_gaps(recording: &Recording) -> bool {
    let cut = |data: &Data| (data.length as usize) > data.bytes.len();
    recording
        .events
        .iter()
        .any(|event| matches!(&event.what, What::CallBegin(begin) if begin.by.is_some() && cut(&begin.data)))
}

/// What happened, in words that are equal where it is the same, and the bytes that went with it.
#[derive(Clone, Debug)]
struct Item {
    seq: u64,
    text: String,
    data: Payload,
}

impl Item {
    fn is_as(&self, now: &Self) -> bool {
        self.text == now.text && self.data.is_as(&now.data)
    }

    /// As it is told where it differs.
    fn told(&self) -> String {
        match self.data.bytes.len() {
            0 => self.text.clone(),
            length => {
                let shown = self.data.bytes[..length.min(SHOWN)].escape_ascii();
                let more = if length > SHOWN { "\u{2026}" } else { "" };
                format!("{} \"{shown}{more}\"", self.text)
            }
        }
    }
}

/// The recorded beginning of bytes that were sent or received.
#[derive(Clone, Debug, Default)]
struct Payload {
    bytes: Vec<u8>,
    /// Whether [`FILLED`] stands in it for bytes that nobody knows.
    filled: bool,
}

impl Payload {
    fn is_as(&self, now: &Self) -> bool {
        let unknown = |byte: u8| now.filled && byte == FILLED;
        let equal = self.bytes.len() == now.bytes.len()
            && self.bytes.iter().zip(&now.bytes).all(|(one, other)| one == other || unknown(*other));
        equal || without_times(&self.bytes) == without_times(&now.bytes)
    }
}

/// The lines of a payload but those with a time of day in them (12:34:56), each of which is as any other.
fn without_times(bytes: &[u8]) -> Vec<Option<&[u8]>> {
    let is_time = |part: &[u8]| {
        part.iter().enumerate().all(|(at, byte)| match at {
            2 | 5 => *byte == b':',
            _ => byte.is_ascii_digit(),
        })
    };
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.map(|line| (!line.windows(8).any(is_time)).then_some(line)).collect()
}

/// What happened in one recording, by whom or what it happened to.
#[derive(Debug, Default)]
struct Lanes {
    lanes: BTreeMap<String, Vec<Item>>,
    hosts: HashMap<HostId, String>,
    programs: HashMap<ProgramId, String>,
    /// Calls of programs that people ran. Those of ready-made servers are not compared.
    calls: HashMap<CallRef, Begun>,
    /// Calls that went outside the room, where it is never twice the same.
    outside: HashSet<CallRef>,
    ports: Ports,
    /// What became of packets in the end.
    fates: HashMap<PacketId, Fate>,
    /// Sockets by their first addresses.
    sockets: HashMap<SocketId, String>,
    /// Whether payloads may have [`FILLED`] in them.
    filled: bool,
}

/// A call that has begun.
#[derive(Debug)]
struct Begun {
    lane: String,
    name: &'static str,
    /// The descriptors that poll(2) was asked about, in their order.
    polled: Vec<Fd>,
}

impl Lanes {
    fn of(recording: &Recording, filled: bool) -> Self {
        let mut lanes = Self { filled, ports: Ports::of(&recording.events), ..Self::default() };
        let header = &recording.header;
        lanes.hosts.extend(header.hosts.iter().map(|host| (host.id, host.name.clone())));
        lanes.programs.extend(header.programs.iter().map(|program| (program.id, program.name.clone())));
        for event in &recording.events {
            match &event.what {
                What::Fate(later) => drop(lanes.fates.insert(later.id, later.fate.clone())),
                What::CallEnd(end) if end.outside => drop(lanes.outside.insert(end.id)),
                What::HostAppeared(host) => drop(lanes.hosts.insert(host.id, host.name.clone())),
                What::ProgramBegan(program) => drop(lanes.programs.insert(program.id, program.name.clone())),
                _ => {}
            }
        }
        for event in &recording.events {
            lanes.hear(event);
        }
        lanes
    }

    fn hear(&mut self, event: &Event) {
        let nothing = Data::default();
        let (found, data) = match &event.what {
            What::CallBegin(begin) => (self.begin(begin), &begin.data),
            What::CallEnd(end) => (self.end(end), &end.data),
            What::Packet(packet) => (self.packet(packet), &packet.data),
            What::State(change) => (self.state(change), &nothing),
            _ => (None, &nothing),
        };
        if let Some((lane, text)) = found {
            let bytes = match &event.what {
                What::Packet(Packet { transport: Transport::Icmp { .. }, .. }) => Ports::quoted(&data.bytes),
                _ => data.bytes.clone(),
            };
            let data = Payload { bytes, filled: self.filled };
            self.lanes.entry(lane).or_default().push(Item { seq: event.seq, text, data });
        }
    }

    fn host(&self, host: HostId) -> String {
        self.hosts.get(&host).cloned().unwrap_or_else(|| format!("machine {host}"))
    }

    fn begin(&mut self, begin: &CallBegin) -> Option<(String, String)> {
        begin.by?;
        if self.outside.contains(&begin.id) {
            return None;
        }
        let program = self.programs.get(&begin.program).map_or("a program", String::as_str);
        let thread = begin.thread.as_deref().map(|thread| format!(", {thread}")).unwrap_or_default();
        let lane = format!("{}, {program}{thread}", self.host(begin.host));
        let polled = match &begin.call {
            Call::Poll { fds } => fds.iter().map(|(fd, _)| *fd).collect(),
            _ => Vec::new(),
        };
        self.calls.insert(begin.id, Begun { lane: lane.clone(), name: begin.call.name(), polled });
        let text = self.call(&begin.call);
        Some((lane.clone(), format!("{lane}: {text}")))
    }

    fn end(&mut self, end: &CallEnd) -> Option<(String, String)> {
        let Begun { lane, name, polled } = self.calls.remove(&end.id)?;
        let result = match &end.outcome {
            Ok(Value::Accepted { peer, .. }) => format!("a connection with {}", self.address(*peer)),
            Ok(Value::Address(address)) => self.address(*address),
            Ok(Value::ReceivedFrom { length, from }) => {
                format!("{length} bytes from {}", from.map_or("nobody".to_owned(), |from| self.address(from)))
            }
            Ok(Value::Received { length }) => format!("{length} bytes"),
            Ok(Value::Sent(length)) => format!("{length} bytes taken"),
            Ok(Value::Addresses { addresses, .. }) => {
                addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            }
            Ok(Value::Pinged { address, round_trips, .. }) => {
                format!("{} answers of {address}", round_trips.iter().flatten().count())
            }
            Ok(Value::Option(value)) => format!("{value:?}"),
            Ok(Value::Ready(ready)) if ready.is_empty() => "nothing ready".to_owned(),
            Ok(Value::Ready(ready)) => {
                // Which number a descriptor has is the room's affair, but not which of them it is.
                let one = |(fd, events): &(Fd, _)| {
                    let place = polled.iter().position(|one| one == fd).map_or(0, |at| at + 1);
                    format!("{} at {place} of {}", words::poll_events(*events).join(" "), polled.len())
                };
                ready.iter().map(one).collect::<Vec<_>>().join(", ")
            }
            Ok(Value::ReceivedMsg { length, passed, .. }) => {
                format!("{length} bytes, {} descriptors", passed.len())
            }
            Ok(Value::Events(told)) if told.is_empty() => "nothing ready".to_owned(),
            // Their numbers are the room's affair.
            Ok(Value::Events(told)) => {
                let events = told.iter().map(|(_, events)| words::epoll_events(*events).join(" "));
                events.collect::<Vec<_>>().join(", ")
            }
            Ok(_) => "done".to_owned(),
            Err(CallError::Errno { errno, .. }) => errno.name().to_owned(),
            Err(CallError::TimedOut { .. }) => "timed out".to_owned(),
            Err(CallError::Resolve(error)) => error.name().to_owned(),
            Err(CallError::Policy { rule, .. } | CallError::Protocol { rule }) => format!("refused: {rule}"),
            Err(CallError::Limit { limit, .. }) => format!("refused: {limit}"),
        };
        Some((lane.clone(), format!("{lane}: {name}() gives {result}")))
    }

    fn packet(&mut self, packet: &Packet) -> Option<(String, String)> {
        let end = |host: Option<HostId>| host.map_or_else(|| "nobody".to_owned(), |host| self.host(host));
        let lane = match packet.link {
            Link::Loopback(host) => format!("packets within {}", self.host(host)),
            Link::Wire => format!("packets from {} to {}", end(packet.from), end(packet.to)),
        };
        let fate = match self.fates.get(&packet.id).unwrap_or(&packet.fate) {
            Fate::Delivered | Fate::Travelling => "",
            Fate::Held => ", held",
            Fate::Dropped(_) => ", dropped by hand",
            Fate::Lost => ", lost",
            Fate::NoHost => ", taken by nobody",
            Fate::Superseded => ", superseded",
        };
        let again = if packet.copy_of.is_some() { ", once more" } else { "" };
        let what = match &packet.transport {
            Transport::Tcp(tcp) => {
                let flags: Vec<&str> = tcp.flags.names().collect();
                format!(
                    "{} {} to {}",
                    flags.join(" "),
                    self.ports.name(tcp.src_port),
                    self.ports.name(tcp.dst_port)
                )
            }
            Transport::Udp { src_port, dst_port } => {
                format!("datagram {} to {}", self.ports.name(*src_port), self.ports.name(*dst_port))
            }
            Transport::Icmp { words, .. } => format!("ICMP {words}"),
            Transport::Other(protocol) => format!("IP protocol {protocol}"),
        };
        let text = format!("{lane}: {what}, {} bytes{again}{fate}", packet.data.length);
        Some((lane, text))
    }

    fn state(&mut self, change: &StateChange) -> Option<(String, String)> {
        // How much waits in queues at the moment of the look depends on the moment.
        if change.from == Some(change.to) || matches!(change.to, TcpState::Datagram | TcpState::Unix) {
            return None;
        }
        let ends = match (change.local, change.remote) {
            (Some(local), Some(remote)) => format!("{} with {}", self.address(local), self.address(remote)),
            (Some(local), None) => self.address(local),
            _ => "not bound".to_owned(),
        };
        let socket = self.sockets.entry(change.socket).or_insert(ends).clone();
        let lane = format!("{}, socket {socket}", self.host(change.host));
        let from = change.from.map_or("nothing", TcpState::name);
        let text = format!("{lane}: {from} to {}", change.to.name());
        Some((lane, text))
    }

    /// A call with those arguments that are the same each time.
    fn call(&mut self, call: &Call) -> String {
        let name = call.name();
        match call {
            Call::Socket { family, kind } => format!("{name}({family:?}, {kind:?})"),
            Call::Bind { address, .. } | Call::Connect { address, .. } => {
                format!("{name}({})", self.address(*address))
            }
            Call::Listen { backlog, .. } => format!("{name}({backlog})"),
            Call::Poll { fds } => {
                let events = fds.iter().map(|(_, events)| words::poll_events(*events).join(" "));
                format!("{name}({})", events.collect::<Vec<_>>().join(", "))
            }
            Call::EpollCtl { operation, events, .. } => {
                format!("{name}({}, {})", operation.name(), words::epoll_events(*events).join(" "))
            }
            Call::SendMsg { length, passed, .. } => {
                format!("{name}({length} bytes, {} descriptors)", passed.len())
            }
            Call::RecvMsg { max, .. } => format!("{name}({max})"),
            Call::EpollWait { max, .. } => format!("{name}({max})"),
            Call::Send { length, .. } => format!("{name}({length} bytes)"),
            Call::SendTo { address, length, .. } => {
                format!("{name}({length} bytes to {})", self.address(*address))
            }
            Call::Recv { max, .. } | Call::RecvFrom { max, .. } => format!("{name}({max})"),
            Call::Shutdown { how, .. } => format!("{name}({how:?})"),
            Call::SetSockOpt { name: option, value, .. } => format!("{name}({option:?}, {value:?})"),
            Call::GetSockOpt { name: option, .. } => format!("{name}({option:?})"),
            Call::Resolve { name: host, .. } | Call::Ping { name: host, .. } => format!("{name}({host})"),
            _ => format!("{name}()"),
        }
    }

    fn address(&mut self, address: Address) -> String {
        let Address::Ip(address) = address else { return address.to_string() };
        format!("{}:{}", address.ip(), self.ports.name(address.port()))
    }
}

/// Aligns one lane: the longest common part in its order, by Myers' greedy algorithm (An O(ND) Difference Algorithm, 1986).
fn side_by_side(before: &[Item], now: &[Item], comparison: &mut Comparison) {
    let same = |(one, other): &(&Item, &Item)| one.is_as(other);
    let head = before.iter().zip(now).take_while(same).count();
    let rest = (&before[head..], &now[head..]);
    let tail = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(same).count();
    let last = head.checked_sub(1).map_or(0, |at| before[at].seq);
    let (before, now) = (&rest.0[..rest.0.len() - tail], &rest.1[..rest.1.len() - tail]);
    comparison.equal += head + tail;
    let (gone, fresh) = different(before, now);
    comparison.equal += before.len() - gone.len();
    let told = |item: &Item, after| Difference { seq: item.seq, after, text: item.told() };
    let after = places(before.len(), &gone, now.len(), &fresh);
    comparison.now.extend(
        fresh.iter().map(|&at| told(&now[at], after[at].map_or(last, |equal: usize| before[equal].seq))),
    );
    comparison.before.extend(gone.iter().map(|&at| told(&before[at], before[at].seq)));
}

/// For each of the second, the one of the first that was equal to it or to the last before it that has an equal.
fn places(before: usize, gone: &[usize], now: usize, fresh: &[usize]) -> Vec<Option<usize>> {
    // Both are in their order.
    let mut equals = (0..before).filter(|at| gone.binary_search(at).is_err());
    let mut last = None;
    let of = |at: usize| {
        if fresh.binary_search(&at).is_err() {
            last = equals.next();
        }
        last
    };
    (0..now).map(of).collect()
}

/// Indices of what is in one alone, for each; all of both where they differ too much.
fn different(before: &[Item], now: &[Item]) -> (Vec<usize>, Vec<usize>) {
    let most = (before.len() + now.len()).min(MOST_DIFFERENT);
    let width = 2 * most + 3;
    // How far each diagonal has come; index `most + 1` is the diagonal 0.
    let mut far = vec![0_usize; width];
    let mut steps: Vec<Vec<usize>> = Vec::new();
    for taken in 0..=most {
        steps.push(far.clone());
        for diagonal in (0..=2 * taken).step_by(2) {
            // Diagonals from -taken to taken, moved by `most + 1`.
            let at = most + 1 + diagonal - taken;
            let down = diagonal == 0 || (diagonal != 2 * taken && far[at - 1] < far[at + 1]);
            let mut x = if down { far[at + 1] } else { far[at - 1] + 1 };
            // y = x - (at - most - 1), never negative where it is reached.
            while let Some(y) = (x + most + 1).checked_sub(at)
                && x < before.len()
                && y < now.len()
                && before[x].is_as(&now[y])
            {
                x += 1;
            }
            far[at] = x;
            if x >= before.len() && (x + most + 1).checked_sub(at).is_some_and(|y| y >= now.len()) {
                return back(&steps, (before.len(), now.len()), most, taken);
            }
        }
    }
    ((0..before.len()).collect(), (0..now.len()).collect())
}

/// The way back through what each step had: which items were taken alone.
fn back(
    steps: &[Vec<usize>],
    (mut x, mut y): (usize, usize),
    most: usize,
    taken: usize,
) -> (Vec<usize>, Vec<usize>) {
    let (mut gone, mut fresh) = (Vec::new(), Vec::new());
    for step in (1..=taken).rev() {
        let far = &steps[step];
        let at = x + most + 1 - y;
        let lowest = most + 1 - step;
        let down = at == lowest || (at != most + 1 + step && far[at - 1] < far[at + 1]);
        let before = if down { at + 1 } else { at - 1 };
        let from = far[before];
        if down {
            y = from + most + 1 - before;
            fresh.push(y);
            x = from;
        } else {
            x = from;
            gone.push(x);
            y = from + most + 1 - before;
        }
    }
    gone.reverse();
    fresh.reverse();
    (gone, fresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(letters: &str) -> Vec<Item> {
        let item =
            |(seq, letter): (u64, char)| Item { seq, text: letter.to_string(), data: Payload::default() };
        (1..).zip(letters.chars()).map(item).collect()
    }

    fn of(before: &str, now: &str) -> (usize, String, String) {
        let mut comparison = Comparison { equal: 0, before: Vec::new(), now: Vec::new() };
        side_by_side(&items(before), &items(now), &mut comparison);
        let told = |all: &[Difference]| all.iter().map(|one| one.text.as_str()).collect();
        (comparison.equal, told(&comparison.before), told(&comparison.now))
    }

    #[test]
    fn what_is_in_one_alone_is_found() {
        for (before, now, expected) in [
            ("", "", (0, "", "")),
            ("abc", "abc", (3, "", "")),
            ("abc", "", (0, "abc", "")),
            ("", "abc", (0, "", "abc")),
            ("abc", "abxc", (3, "", "x")),
            ("abxc", "abc", (3, "x", "")),
            ("abc", "axc", (2, "b", "x")),
            ("abcabba", "cbabac", (4, "abb", "bc")),
        ] {
            let (equal, gone, fresh) = of(before, now);
            let (expected_equal, ..) = expected;
            assert_eq!(equal, expected_equal, "{before} {now}: {gone} {fresh}");
            assert_eq!((equal + gone.len(), equal + fresh.len()), (before.len(), now.len()));
            if before != "abcabba" {
                assert_eq!((gone.as_str(), fresh.as_str()), (expected.1, expected.2), "{before} {now}");
            }
        }
    }

    #[test]
    fn what_happened_only_now_stands_after_what_happened_both_times() {
        let mut comparison = Comparison { equal: 0, before: Vec::new(), now: Vec::new() };
        // 1 and 2 come before all that differs, 3 was gone, 4 is equal again.
        side_by_side(&items("abxc"), &items("abyzcw"), &mut comparison);
        let told =
            |all: &[Difference]| all.iter().map(|one| (one.after, one.text.clone())).collect::<Vec<_>>();
        assert_eq!(told(&comparison.before), [(3, "x".to_owned())]);
        let now = [(2, "y"), (2, "z"), (4, "w")].map(|(after, text)| (after, text.to_owned()));
        assert_eq!(told(&comparison.now), now);
        let mut comparison = Comparison { equal: 0, before: Vec::new(), now: Vec::new() };
        side_by_side(&items(""), &items("a"), &mut comparison);
        assert_eq!(told(&comparison.now), [(0, "a".to_owned())]);
    }

    #[test]
    fn what_differs_wholly_is_counted_in_bounded_time() {
        let (before, now) = ("a".repeat(5_000), "b".repeat(5_000));
        let (equal, gone, fresh) = of(&before, &now);
        assert_eq!((equal, gone.len(), fresh.len()), (0, 5_000, 5_000));
    }
}
