//! Reading the trace: decoding, picking, and short lines for failures.

use proto::trace::{CallEnd, Event, Packet, TcpFlags, Transport, What};

/// Events in postcard, one after another.
pub(crate) fn decode(mut bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let (event, rest) = postcard::take_from_bytes(bytes).expect("an event");
        events.push(event);
        bytes = rest;
    }
    events
}

/// Its packets.
pub(crate) fn packets(events: &[Event]) -> Vec<&Packet> {
    let picked = events.iter().map(|event| match &event.what {
        What::Packet(packet) => Some(packet),
        _ => None,
    });
    picked.flatten().collect()
}

/// Its ends of calls.
pub(crate) fn ends(events: &[Event]) -> Vec<&CallEnd> {
    let picked = events.iter().map(|event| match &event.what {
        What::CallEnd(end) => Some(end),
        _ => None,
    });
    picked.flatten().collect()
}

/// A packet's flags as `SYN ACK`.
pub(crate) fn flags(packet: &Packet) -> String {
    match &packet.transport {
        Transport::Tcp(tcp) => tcp.flags.names().collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    }
}

/// Whether a packet has this flag.
pub(crate) fn has(packet: &Packet, flag: TcpFlags) -> bool {
    matches!(&packet.transport, Transport::Tcp(tcp) if tcp.flags.contains(flag))
}

/// Short lines, for failures.
pub(crate) fn lines(events: &[Event]) -> String {
    let line = |event: &Event| match &event.what {
        What::CallBegin(call) => format!("{} begin {} {:?}", event.seq, call.id, call.call),
        What::CallEnd(end) => format!("{} end {} {:?}", event.seq, end.id, end.outcome),
        What::Packet(packet) => format!(
            "{} packet {} {} -> {} {} {} B {:?}",
            event.seq,
            packet.id,
            packet.src,
            packet.dst,
            flags(packet),
            packet.data.length,
            packet.cause
        ),
        other => format!("{} {other:?}", event.seq),
    };
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}
