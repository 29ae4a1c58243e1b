//! Packets: why one was sent, what it says, and what became of it.

mod reset;
mod segment;

use proto::{
    id::PacketId,
    trace::{Cause, Fate, StateChange, TcpState, Transport},
};

use crate::{answer::Answer, connection::Connection, fate::not_arrived, trace::PacketOf};

pub(crate) use reset::why_reset;

/// Explains a packet, and says which connection it belongs to.
pub(crate) fn explain<'a>(answer: &mut Answer<'_, 'a>, id: PacketId) -> Option<Connection<'a>> {
    let Some(packet) = answer.trace.packet(id) else {
        answer.unknown("Where this packet was sent is not in the recording.", &[]);
        return None;
    };
    match &packet.packet.transport {
        Transport::Tcp(_) => {
            let connection = Connection::of_segment(answer.trace, packet)?;
            segment::explain(answer, packet, &connection);
            Some(connection)
        }
        Transport::Udp { .. } => {
            datagram(answer, packet);
            None
        }
        Transport::Icmp { kind, code, .. } => {
            icmp(answer, packet, (*kind, *code));
            None
        }
        Transport::Other(_) => {
            answer.unknown("There is no rule for this protocol.", &[packet.at]);
            None
        }
    }
}

fn datagram<'a>(answer: &mut Answer<'_, 'a>, packet: PacketOf<'a>) {
    match packet.packet.cause {
        Cause::Call(id) => {
            if let Some(call) = answer.trace.call(id) {
                let text = format!("One {}() is one datagram.", call.begin.call.name());
                answer.why(text, &[call.at, packet.at]);
            }
        }
        Cause::Service => answer.why("A ready-made server sent it.", &[packet.at]),
        _ => answer.unknown("Who asked for it is not in the recording.", &[packet.at]),
    }
    datagram_end(answer, packet);
}

/// What became of a datagram.
pub(crate) fn datagram_end<'a>(answer: &mut Answer<'_, 'a>, packet: PacketOf<'a>) {
    let trace = answer.trace;
    let (fate, told) = trace.fate(packet.packet, trace.last());
    if let Some(words) = not_arrived(answer, fate, packet.packet) {
        let again = match fate {
            Fate::Held | Fate::Travelling => "",
            _ => " UDP sends nothing again, and its sender is not told.",
        };
        return answer.means(format!("It {words}.{again}"), &[packet.at, told]);
    }
    let machine = answer.maybe_host(packet.packet.to);
    let port = packet.packet.transport.ports().map_or(0, |ports| ports.1);
    let icmp = trace
        .led_to(packet.packet.id)
        .into_iter()
        .find(|reply| matches!(reply.packet.transport, Transport::Icmp { kind: 3, code: 3, .. }));
    if let Some(icmp) = icmp {
        let text = format!(
            "It reached {machine}, where no socket has port {port}: its kernel answered with an ICMP message."
        );
        return answer.means(text, &[told, icmp.at]);
    }
    let taker = packet.packet.to.and_then(|host| {
        let fits = |change: &StateChange| {
            change.to == TcpState::Datagram
                && change.local_inet().is_some_and(|local| {
                    local.port() == port && (local.ip().is_unspecified() || local.ip() == packet.packet.dst)
                })
        };
        trace.sockets(host, told).into_iter().find(|(_, change)| fits(change))
    });
    match taker {
        Some((state, change)) => {
            let whose = change.owner.map_or_else(String::new, |(program, fd)| {
                format!(", fd {fd} of {}", answer.program(program))
            });
            let text = format!(
                "It arrived at {machine}. A socket has port {port} there{whose}; a receive takes it."
            );
            answer.means(text, &[told, state]);
        }
        None => {
            let text =
                format!("It arrived at {machine}. Whether a socket took it there is not in the recording.");
            answer.unknown(text, &[told]);
        }
    }
}

fn icmp(answer: &mut Answer<'_, '_>, packet: PacketOf<'_>, kind: (u8, u8)) {
    let trace = answer.trace;
    let about = match packet.packet.cause {
        Cause::Packet(id) => trace.packet(id),
        _ => None,
    };
    match (kind, about) {
        ((3, 3), Some(about)) => {
            let machine = answer.maybe_host(packet.packet.from);
            let port = about.packet.transport.ports().map_or(0, |ports| ports.1);
            let text = format!("A datagram came for port {port} of {machine}, and no socket has it there.");
            answer.why(text, &[about.at, packet.at]);
            answer.next("The sender hears of it only if its socket is connected: then the next call fails with ECONNREFUSED.", &[]);
        }
        ((3, 1), _) if packet.packet.cause == Cause::Wire => {
            let text = "The wire made this answer, as a router would: no machine has the address that a packet was for.";
            answer.why(text, &[packet.at]);
        }
        ((8, 0), _) => answer
            .means("An echo request, as ping sends it. The other kernel answers by itself.", &[packet.at]),
        ((0, 0), Some(about)) => {
            answer.why("The kernel answers an echo request by itself.", &[about.at, packet.at]);
        }
        _ => answer.unknown("There is no rule for this message.", &[packet.at]),
    }
}
