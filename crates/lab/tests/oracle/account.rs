//! What a run came to, in lines that can be compared. Ports that the kernel chose are all the same here.

use std::collections::HashSet;

use proto::{
    address::Address,
    call::{CallError, EpollEvents, Outcome, PollEvents, Value},
    trace::TcpFlags,
};

/// From here on the kernel chooses ports: `ip_local_port_range`.
const CHOSEN: std::ops::Range<u16> = 40_000..41_000;
/// Larger results depend on how fast bytes go: only that they are large is compared.
const LARGE: usize = 60_000;

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) results: Vec<String>,
    pub(crate) packets: Vec<String>,
}

/// A packet as both runs see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// `c>`, `s>` or `lo`.
    pub(crate) way: &'static str,
    pub(crate) what: What,
}

/// What a packet is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    Tcp { flags: u8, sequence: u32, ports: (u16, u16), length: u32 },
    Udp { length: u32 },
    Icmp { kind: u8, code: u8 },
}

impl Seen {
    /// The line that a script waits for: `c> SYN`.
    pub(crate) fn line(&self) -> String {
        let what = match &self.what {
            What::Tcp { flags, length, .. } => {
                let mut words: Vec<String> = TcpFlags(*flags).names().map(str::to_owned).collect();
                words.extend((*length > 0).then(|| length.to_string()));
                words.join(" ")
            }
            What::Udp { length } => format!("UDP {length}"),
            What::Icmp { kind, code } => format!("ICMP {kind}/{code}"),
        };
        format!("{} {what}", self.way)
    }

    fn is_bare_ack(&self) -> bool {
        matches!(self.what, What::Tcp { flags, length: 0, .. } if flags == TcpFlags::ACK.0)
    }
}

/// The packets without what depends on time: acknowledgments that carry nothing else, and repeats.
pub(crate) fn packets(seen: &[Seen]) -> Vec<String> {
    let mut before = HashSet::new();
    let new = |packet: &&Seen| {
        let repeats = matches!(packet.what, What::Tcp { flags, .. } if flags & TcpFlags::RST.0 == 0);
        !repeats || before.insert((packet.way, packet.what.clone()))
    };
    seen.iter().filter(|packet| !packet.is_bare_ack()).filter(new).map(Seen::line).collect()
}

fn address(address: Address) -> String {
    let Address::Ip(address) = address else { return address.to_string() };
    if CHOSEN.contains(&address.port()) { format!("{}:*", address.ip()) } else { address.to_string() }
}

fn events(events: PollEvents) -> String {
    events.short_names().collect::<Vec<_>>().join("|")
}

fn names(events: EpollEvents) -> String {
    events.short_names().collect::<Vec<_>>().join("|")
}

fn bytes(payload: &[u8]) -> String {
    match payload.len() {
        LARGE.. => "many bytes".to_owned(),
        101.. => format!("{} bytes", payload.len()),
        _ => payload.escape_ascii().to_string(),
    }
}

fn count(number: u32) -> String {
    if number as usize >= LARGE { "many".to_owned() } else { number.to_string() }
}

/// How a call ended, in a word or two.
pub(crate) fn result(outcome: &Outcome, payload: &[u8]) -> String {
    match outcome {
        Ok(Value::Done) => "done".to_owned(),
        Ok(Value::Descriptor(fd)) => format!("descriptor {fd}"),
        Ok(Value::Accepted { fd, peer }) => format!("descriptor {fd}, from {}", address(*peer)),
        Ok(Value::Sent(sent)) => format!("sent {}", count(*sent)),
        Ok(Value::Received { .. }) => format!("received '{}'", bytes(payload)),
        Ok(Value::ReceivedFrom { from, .. }) => {
            format!("received '{}' from {}", bytes(payload), from.map_or("nobody".to_owned(), address))
        }
        Ok(Value::Address(own)) => address(*own),
        Ok(Value::Option(value)) => format!("{value:?}"),
        Ok(Value::Ready(ready)) => {
            let each = ready.iter().map(|(fd, revents)| format!("{fd}: {}", events(*revents)));
            format!("ready [{}]", each.collect::<Vec<_>>().join(", "))
        }
        Ok(Value::Events(told)) => {
            let each = told.iter().map(|(fd, events)| format!("{fd}: {}", names(*events)));
            format!("told [{}]", each.collect::<Vec<_>>().join(", "))
        }
        Ok(other) => format!("{other:?}"),
        Err(CallError::Errno { errno, .. }) => errno.name().to_owned(),
        Err(other) => format!("{other:?}"),
    }
}
