//! Failures that come of an address: nobody there, somebody else there, no such machine.

use std::net::SocketAddr;

use proto::{
    address::Address,
    call::{Call, OptionName, OptionValue},
    errno::Errno,
    id::{HostId, SocketId},
    trace::{Packet, StateChange, TcpFlags, TcpState, Transport},
};

use super::waiting;
use crate::{
    amounts::duration,
    answer::Answer,
    calls::facts::{cable, is_datagram},
    connection::{Connection, Finished, Side, has},
    trace::{CallOf, PacketOf},
};

/// ECONNREFUSED: a RST for the SYN, or an ICMP message for a datagram.
pub(super) fn refused<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let Call::Connect { address, .. } = call.begin.call else { return refused_datagram(answer, call, at) };
    let Address::Ip(address) = address else {
        return answer.why(format!("Nobody listened at {address} on this machine."), &[at]);
    };
    let trace = answer.trace;
    let syns = waiting::syns(answer, call, at);
    let connection = syns.first().and_then(|syn| Connection::of_segment(trace, *syn));
    let reset = connection.as_ref().and_then(|connection| connection.rst(Side::Called));
    let (Some(syn), Some(reset)) = (syns.last(), reset) else {
        return answer.unknown("The answer that refused it is not in the recording.", &[at]);
    };
    let (machine, port) = (answer.maybe_host(reset.packet.from), address.port());
    let listeners = reset.packet.from.map(|host| listeners(answer, host, port, reset.at)).unwrap_or_default();
    match listeners.first() {
        None if trace.is_whole_until(reset.at) => {
            let text = format!(
                "The SYN reached {machine}, and nothing listens on port {port} there. So its kernel answered with a RST."
            );
            answer.why(text, &[syn.at, reset.at]);
        }
        None => {
            let text = format!(
                "The SYN reached {machine}, and its kernel answered with a RST: it takes no call on port {port}."
            );
            answer.why(text, &[syn.at, reset.at]);
        }
        Some((state, change)) => other_address(answer, reset, (*state, change), address),
    }
    elsewhere(answer, call, address, reset.at);
}

/// Somebody listens on that port, and the SYN was refused all the same.
fn other_address(
    answer: &mut Answer<'_, '_>,
    reset: PacketOf<'_>,
    (state, change): (usize, &StateChange),
    asked: SocketAddr,
) {
    let machine = answer.maybe_host(reset.packet.from);
    match change.local_inet() {
        Some(local) if !local.ip().is_unspecified() && local.ip() != reset.packet.src => {
            let text = format!(
                "On {machine} a socket listens on port {}, but only at {}. The SYN was for {}, so it was refused.",
                asked.port(),
                local.ip(),
                reset.packet.src
            );
            answer.why(text, &[state, reset.at]);
        }
        _ => {
            let text = format!(
                "{machine} answered with a RST though a socket listens on port {}. Why is not in the recording.",
                asked.port()
            );
            answer.unknown(text, &[state, reset.at]);
        }
    }
}

/// Sockets that listen on a port of a machine at a place.
fn listeners<'a>(
    answer: &Answer<'_, 'a>,
    host: HostId,
    port: u16,
    until: usize,
) -> Vec<(usize, &'a StateChange)> {
    let sockets = answer.trace.sockets(host, until).into_iter();
    sockets
        .filter(|(_, change)| {
            change.to == TcpState::Listen && change.local_inet().is_some_and(|local| local.port() == port)
        })
        .collect()
}

/// A loopback address that means this machine, while the server listens on another.
fn elsewhere<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, asked: SocketAddr, until: usize) {
    if !asked.ip().is_loopback() {
        return;
    }
    let here = call.begin.host;
    let roster: Vec<HostId> = answer.hosts().into_iter().filter(|host| *host != here).collect();
    let found = roster
        .into_iter()
        .find_map(|host| Some((host, *listeners(answer, host, asked.port(), until).first()?)));
    if let Some((host, (state, _))) = found {
        let text = format!(
            "{} means {} itself. The one that listens on port {} is {}.",
            asked.ip(),
            answer.host(here),
            asked.port(),
            answer.host(host)
        );
        answer.next(text, &[state]);
    }
}

fn refused_datagram<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let trace = answer.trace;
    let local =
        call.begin.socket.and_then(|socket| trace.state(socket, at)).and_then(|state| state.1.local_inet());
    let is_unreachable = |packet: &Packet| {
        packet.to == Some(call.begin.host)
            && matches!(packet.transport, Transport::Icmp { kind: 3, code: 3, .. })
            && trace.arrived(packet, at).is_some()
    };
    let icmp = trace.between(0, at).rev().find_map(|(at, what)| match what {
        proto::trace::What::Packet(packet) if is_unreachable(packet) => Some(PacketOf { packet, at }),
        _ => None,
    });
    let original = icmp.and_then(|icmp| match icmp.packet.cause {
        proto::trace::Cause::Packet(id) => trace.packet(id),
        _ => None,
    });
    let own = original.filter(|original| {
        original.packet.transport.ports().map(|ports| ports.0) == local.map(|local| local.port())
    });
    match icmp.zip(own) {
        Some((icmp, own)) => {
            let machine = answer.maybe_host(own.packet.to);
            let text = format!(
                "An earlier datagram reached {machine}, where no socket has its port. The ICMP answer is reported by this call."
            );
            answer.why(text, &[own.at, icmp.at, at]);
        }
        None => answer.unknown("What refused it is not in the recording.", &[at]),
    }
}

/// EADDRINUSE: who has the port.
pub(super) fn in_use<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let trace = answer.trace;
    if let Call::Bind { address: Address::Unix(name), .. } = call.begin.call {
        return answer.why(format!("{name} is there already on this machine."), &[at]);
    }
    let own = call.begin.socket;
    let datagram = is_datagram(trace, own, at);
    // Two sockets are in each other's way where their addresses meet.
    let asked = match call.begin.call {
        Call::Bind { address, .. } => address.ip(),
        _ => None,
    };
    let port = match call.begin.call {
        Call::Bind { address, .. } => address.port(),
        _ => own
            .and_then(|own| trace.state(own, at))
            .and_then(|state| state.1.local_inet())
            .map(|local| local.port()),
    };
    let Some(port) = port.filter(|port| *port != 0) else {
        return answer.unknown("Which port is taken is not in the recording.", &[at]);
    };
    let mut taken: Vec<_> = trace
        .sockets(call.begin.host, at)
        .into_iter()
        .filter(|(_, change)| {
            Some(change.socket) != own
                && (change.to == TcpState::Datagram) == datagram
                && change.local_inet().is_some_and(|local| {
                    let meets = asked.is_none_or(|asked| {
                        asked.is_unspecified() || local.ip().is_unspecified() || asked == local.ip()
                    });
                    local.port() == port && meets
                })
        })
        .filter(|(_, change)| !is_released(answer, change.socket, at))
        .collect();
    // Who listens is told first, then who has it, then what rests of connections that were.
    taken.sort_by_key(|(at, change)| (rank(change.to), *at));
    let Some((state, change)) = taken.first().copied() else {
        return answer.unknown(format!("Who has port {port} is not in the recording."), &[at]);
    };
    if change.to == TcpState::TimeWait {
        return resting(answer, call, at, (state, change), port);
    }
    let whose = change.owner.map_or_else(
        || "a connection that no program holds any more".to_owned(),
        |(program, fd)| format!("fd {fd} of {}", answer.program(program)),
    );
    let text = format!(
        "Port {port} of {} is taken by {whose}, which is {}.",
        answer.host(call.begin.host),
        word(change)
    );
    answer.why(text, &[state, at]);
    answer.next("Close that socket, or end its program, and the port is free; or choose another port.", &[]);
}

fn rank(state: TcpState) -> u8 {
    match state {
        TcpState::Listen => 0,
        TcpState::Closed | TcpState::Datagram => 1,
        TcpState::TimeWait => 3,
        _ => 2,
    }
}

fn word(change: &StateChange) -> &'static str {
    match change.to {
        TcpState::Closed => "bound",
        TcpState::Datagram => "bound",
        state => state.name(),
    }
}

/// Whether the last descriptor of a socket that has no connection is gone.
fn is_released(answer: &Answer<'_, '_>, socket: SocketId, until: usize) -> bool {
    let trace = answer.trace;
    let Some((_, change)) = trace.state(socket, until) else { return true };
    if !matches!(change.to, TcpState::Closed | TcpState::Datagram) {
        return false;
    }
    let closed = trace.calls(Some(socket), until).any(|call| {
        matches!(call.begin.call, Call::Close { .. })
            && call.end.is_some_and(|(end, outcome)| end <= until && outcome.outcome.is_ok())
    });
    closed || change.owner.is_none_or(|(program, _)| trace.program_ended(program, until).is_some())
}

/// An old connection rests on the port.
fn resting<'a>(
    answer: &mut Answer<'_, 'a>,
    call: CallOf<'a>,
    at: usize,
    (state, change): (usize, &StateChange),
    port: u16,
) {
    let trace = answer.trace;
    let mut rests = vec![state, at];
    let connection = Connection::of_state(trace, change, state);
    let fin = connection.as_ref().zip(change.local_inet()).and_then(|(connection, local)| {
        let own = connection.side_of(local);
        (connection.finished(trace) == Finished::First(own)).then(|| connection.fin(own))?
    });
    rests.extend(fin.map(|fin| fin.at));
    let since = trace.time(at).saturating_sub(trace.time(state));
    let left = change.timer.map(|timer| (u64::from(timer.left_ms) * 1_000_000).saturating_sub(since));
    let left = left.map_or(String::new(), |left| format!(" for {} more", duration(left)));
    let because = if fin.is_some() { ", as this machine finished first" } else { "" };
    answer.why(format!("An old connection of port {port} rests in TIME_WAIT{left}{because}."), &rests);
    let set = call.begin.socket.and_then(|socket| reuse(answer, socket, call.at));
    match set {
        Some((set, true)) => {
            let text = "SO_REUSEADDR was set on this socket. It helps only if the old connection's socket had it, too.";
            answer.means(text, &[set]);
        }
        Some((unset, false)) => answer.means("SO_REUSEADDR was switched off on this socket.", &[unset]),
        None => {
            let text = "With SO_REUSEADDR on the old socket and on this one, before bind(), the port could be taken now.";
            answer.next(text, &[]);
        }
    }
}

/// The last word on SO_REUSEADDR for a socket, before a place.
fn reuse(answer: &Answer<'_, '_>, socket: SocketId, before: usize) -> Option<(usize, bool)> {
    let calls = answer.trace.calls(Some(socket), before);
    let mut set = calls.filter_map(|call| match (&call.begin.call, call.end) {
        (Call::SetSockOpt { name: OptionName::ReuseAddr, value, .. }, Some((end, outcome)))
            if outcome.outcome.is_ok() && end < before =>
        {
            Some((end, !matches!(value, OptionValue::Bool(false) | OptionValue::Int(0))))
        }
        _ => None,
    });
    set.next_back()
}

/// EADDRNOTAVAIL: not an address of this machine.
pub(super) fn not_available<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let own = answer.address_of(call.begin.host);
    match (&call.begin.call, own) {
        (Call::Bind { address: Address::Ip(address), .. }, Some(own)) if address.ip() != own => {
            let text = format!(
                "{} has the address {own}, and {} is none of its own. A socket can be bound to an address of its own machine only.",
                answer.host(call.begin.host),
                address.ip()
            );
            answer.why(text, &[at]);
        }
        _ => answer.unknown("Which address it could not have is not in the recording.", &[at]),
    }
}

/// EHOSTUNREACH and ENETUNREACH: no such machine, or no way to it.
pub(super) fn unreachable<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, errno: Errno) {
    let trace = answer.trace;
    let sent = trace.packets_of(call.begin.id);
    let icmp = trace.between(call.at, at).rev().find_map(|(at, what)| match what {
        proto::trace::What::Packet(packet)
            if packet.to == Some(call.begin.host)
                && matches!(packet.transport, Transport::Icmp { kind: 3, code: 1, .. }) =>
        {
            Some(PacketOf { packet, at })
        }
        _ => None,
    });
    let asked = match call.begin.call {
        Call::Connect { address, .. } | Call::SendTo { address, .. } => address.ip(),
        _ => None,
    };
    let lost =
        sent.iter().find(|packet| asked == Some(packet.packet.dst) && !has(packet.packet, TcpFlags::RST));
    match (icmp, lost, asked) {
        (Some(icmp), Some(lost), Some(asked)) if errno == Errno::EHOSTUNREACH => {
            let text = format!(
                "No machine on the wire has the address {asked}. An ICMP message said so, as a router's would."
            );
            answer.why(text, &[lost.at, icmp.at, at]);
        }
        _ => match cable(trace, call.begin.host, at).filter(|(_, whole)| !whole) {
            Some((cut, _)) => {
                let text = format!("The cable of {} is cut.", answer.host(call.begin.host));
                answer.why(text, &[cut, at]);
            }
            None if sent.is_empty() && trace.is_whole(call.at, at) && errno == Errno::ENETUNREACH => {
                let text = format!(
                    "{} knows no way to that address, so no packet was sent.",
                    answer.host(call.begin.host)
                );
                answer.why(text, &[call.at, at]);
            }
            None => answer.unknown("Why nobody can be reached there is not in the recording.", &[at]),
        },
    }
}
