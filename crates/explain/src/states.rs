//! States of sockets: what brought one about, what it means, and what ends it.

use std::net::SocketAddr;

use proto::{
    call::{Call, CallError},
    trace::{StateChange, TcpFlags, TcpState, TimerKind, What},
};

use crate::{
    amounts::{bytes, counted, grouped},
    answer::Answer,
    connection::{Connection, Finished, Side, has, is_syn},
    trace::{CallOf, PacketOf, Trace},
};

/// Explains a state, and says which connection it belongs to.
pub(crate) fn explain<'a>(
    answer: &mut Answer<'_, 'a>,
    at: usize,
    change: &'a StateChange,
) -> Option<Connection<'a>> {
    let connection =
        of_connect(answer.trace, change, at).or_else(|| Connection::of_state(answer.trace, change, at));
    if change.from != Some(change.to) {
        came(answer, at, change);
    }
    match &connection {
        _ if change.to == TcpState::Listen => listen(answer, at, change),
        _ if change.to == TcpState::Datagram => {
            answer.means(
                "A datagram socket has no states: it can send and receive as long as it is open.",
                &[at],
            );
        }
        _ if change.to == TcpState::Unix => {
            let text = "A socket of AF_UNIX: it connects programs of this machine, and has no states of TCP.";
            answer.means(text, &[at]);
        }
        _ if change.to == TcpState::Closed => closed(answer, at, change, connection.as_ref()),
        Some(connection) => {
            let side = change.local_inet().map_or(Side::Caller, |local| connection.side_of(local));
            of_connection(answer, at, change, connection, side);
        }
        None if change.to == TcpState::SynSent => {
            answer.means("It has asked to connect, and waits for the other kernel's answer.", &[at]);
        }
        None => answer.unknown("The packets of its connection are not in the recording.", &[at]),
    }
    if !change.observed && change.from.is_some() {
        answer.means("Nobody could see this state: it follows from the packets.", &[at]);
    }
    connection
}

/// The connect() that brought a socket into SYN_SENT, or out of it.
fn connect_of<'a>(trace: &Trace<'a>, change: &StateChange, at: usize) -> Option<CallOf<'a>> {
    let opens = change.to == TcpState::SynSent || change.from == Some(TcpState::SynSent);
    let mut calls =
        trace.calls(Some(change.socket), at).filter(|call| matches!(call.begin.call, Call::Connect { .. }));
    calls.next_back().filter(|_| opens)
}

/// The connection of that call: such a state may be told before the SYN.
fn of_connect<'a>(trace: &Trace<'a>, change: &StateChange, at: usize) -> Option<Connection<'a>> {
    let call = connect_of(trace, change, at)?;
    let syn = trace.packets_of(call.begin.id).into_iter().find(|packet| is_syn(packet.packet))?;
    Connection::of_segment(trace, syn)
}

/// What a state changed with: the packet or the call told right before it, where it is of the same socket and brings such a
/// change about.
fn came(answer: &mut Answer<'_, '_>, at: usize, change: &StateChange) {
    let trace = answer.trace;
    let before = trace.between(0, at).rev().find(|(_, what)| !matches!(what, What::State(_)));
    let Some((place, what)) = before else { return };
    match what {
        What::CallBegin(begin) if begin.socket == Some(change.socket) && brings(&begin.call, change.to) => {
            answer.why(format!("It came with {}().", begin.call.name()), &[place, at]);
        }
        What::Packet(packet) => with_packet(answer, at, change, PacketOf { packet, at: place }, place),
        What::Fate(fate) => {
            if let Some(packet) = trace.packet(fate.id) {
                with_packet(answer, at, change, packet, place);
            }
        }
        _ => {}
    }
}

/// Whether a call of a socket brings it into a state by itself.
fn brings(call: &Call, to: TcpState) -> bool {
    use TcpState::{Closed, Closing, Datagram, FinWait1, LastAck, Listen, SynSent};
    match call {
        Call::Listen { .. } => to == Listen,
        Call::Bind { .. } => matches!(to, Closed | Datagram),
        Call::Connect { .. } => matches!(to, SynSent | Datagram),
        Call::Close { .. } | Call::Shutdown { .. } => matches!(to, FinWait1 | LastAck | Closing | Closed),
        _ => false,
    }
}

fn with_packet(
    answer: &mut Answer<'_, '_>,
    at: usize,
    change: &StateChange,
    packet: PacketOf<'_>,
    told: usize,
) {
    use TcpState::{
        CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, SynRecv, SynSent, TimeWait,
    };
    let Some((local, remote)) = change.local_inet().zip(change.remote_inet()) else { return };
    let Some((from, to)) = packet.packet.transport.ports() else { return };
    let goes = |a: SocketAddr, b: SocketAddr| {
        (packet.packet.src, from) == (a.ip(), a.port()) && (packet.packet.dst, to) == (b.ip(), b.port())
    };
    let name = flags(packet);
    let sends = matches!(
        (name, change.to),
        ("a SYN", SynSent) | ("a FIN", FinWait1 | LastAck | Closing) | ("a RST", Closed)
    );
    let hears = match (name, change.to) {
        ("a SYN", SynRecv) | ("a SYN ACK", Established) | ("a RST", Closed) => true,
        ("a FIN", CloseWait | Closing | TimeWait) => true,
        ("a FIN" | "an ACK", FinWait2 | Established) => true,
        ("an ACK", TimeWait) => change.from == Some(Closing),
        ("an ACK", Closed) => change.from == Some(LastAck),
        _ => false,
    };
    if sends && goes(local, remote) && packet.packet.from == Some(change.host) {
        answer.why(format!("It came when this side had sent {name}."), &[packet.at, at]);
    } else if hears && goes(remote, local) && answer.trace.arrived(packet.packet, told).is_some() {
        answer.why(format!("It came when {name} of the other side had arrived."), &[packet.at, told, at]);
    }
}

/// A segment by its flags: `a SYN ACK`, `a FIN`, `an ACK`.
fn flags(packet: PacketOf<'_>) -> &'static str {
    match (
        has(packet.packet, TcpFlags::RST),
        has(packet.packet, TcpFlags::SYN),
        has(packet.packet, TcpFlags::FIN),
        has(packet.packet, TcpFlags::ACK),
    ) {
        (true, ..) => "a RST",
        (_, true, _, true) => "a SYN ACK",
        (_, true, ..) => "a SYN",
        (_, _, true, _) => "a FIN",
        _ => "an ACK",
    }
}

fn listen(answer: &mut Answer<'_, '_>, at: usize, change: &StateChange) {
    let port = change.local_inet().map_or(0, |local| local.port());
    let (queued, places) = (change.unread, change.places());
    let who = change.local_inet().filter(|local| !local.ip().is_unspecified()).map(|local| local.ip());
    let only = match who {
        Some(ip) if ip.is_loopback() => format!(" at {ip} (from this machine only)"),
        Some(ip) => format!(" at {ip}"),
        None => String::new(),
    };
    answer.means(
        format!("While its queue has room, the kernel answers every SYN for port {port}{only} by itself."),
        &[at],
    );
    let text = match queued {
        0 => format!("Nobody stands in its queue, which has {}.", counted(places as usize, "place")),
        _ if queued >= places => {
            format!(
                "Its queue is full ({queued} of {places}): Linux drops further SYNs without a word until a program calls accept()."
            )
        }
        _ => format!("Its queue is taken to {queued} of {places} places. accept() takes the oldest."),
    };
    answer.next(text, &[at]);
}

/// CLOSED: new, refused, given up, broken off, or all said.
fn closed<'a>(
    answer: &mut Answer<'_, 'a>,
    at: usize,
    change: &StateChange,
    connection: Option<&Connection<'a>>,
) {
    match change.from {
        None | Some(TcpState::Closed) => {
            let text = match change.local_inet().filter(|local| local.port() != 0) {
                Some(local) => format!("It has port {}, and no connection.", local.port()),
                None => "It is new: it has no address and no connection yet.".to_owned(),
            };
            return answer.means(text, &[at]);
        }
        Some(TcpState::Listen) => {
            return answer.means("It listens no more: SYNs for its port are refused from now on.", &[at]);
        }
        Some(TcpState::TimeWait) => {
            return answer
                .means("Its rest in TIME_WAIT is over: the pair of addresses can be used again.", &[at]);
        }
        Some(TcpState::Datagram) => return answer.means("The datagram socket is gone.", &[at]),
        Some(TcpState::Unix) => {
            return answer.means("The socket is gone. No packet was sent for that.", &[at]);
        }
        _ => {}
    }
    if change.from == Some(TcpState::SynSent) {
        return not_connected(answer, at, change, connection);
    }
    let reset = connection.and_then(|connection| reset_of(answer, connection, change, at));
    if let Some(reset) = reset {
        let machine = answer.maybe_host(reset.packet.from);
        let text =
            format!("The connection was broken off by a RST of {machine}. Nothing is left of it here.");
        return answer.means(text, &[reset.at, at]);
    }
    match change.from {
        Some(TcpState::LastAck) => {
            let text = "Its FIN was acknowledged, and the other side had finished before: all is said here, and nothing has to rest.";
            answer.means(text, &[at]);
        }
        Some(from) => {
            let text = format!("It was {} before. What ended it is not in the recording.", from.name());
            answer.unknown(text, &[at]);
        }
        None => {}
    }
}

/// The RST with which a connection ended: one before, or the next packet where this side sent it.
fn reset_of<'a>(
    answer: &Answer<'_, 'a>,
    connection: &Connection<'a>,
    change: &StateChange,
    at: usize,
) -> Option<PacketOf<'a>> {
    let trace = answer.trace;
    let is_reset = |segment: &PacketOf<'a>| has(segment.packet, TcpFlags::RST);
    let before = connection.segments.iter().rev().filter(|segment| segment.at < at).copied().find(is_reset);
    let before = before
        .filter(|reset| reset.packet.from == Some(change.host) || trace.arrived(reset.packet, at).is_some());
    let next = || {
        let (next, _) = trace.between(at + 1, at + 8).find(|(_, what)| !matches!(what, What::State(_)))?;
        let segments = connection.segments.iter().copied();
        segments.filter(is_reset).find(|reset| reset.at == next && reset.packet.from == Some(change.host))
    };
    before.or_else(next)
}

/// CLOSED after SYN_SENT: what the connect() came to.
fn not_connected<'a>(
    answer: &mut Answer<'_, 'a>,
    at: usize,
    change: &StateChange,
    connection: Option<&Connection<'a>>,
) {
    if let Some(reset) = connection.and_then(|connection| connection.rst(Side::Called)) {
        let machine = answer.maybe_host(reset.packet.from);
        return answer.means(format!("A RST of {machine} refused its connect()."), &[at, reset.at]);
    }
    let end = connect_of(answer.trace, change, at).and_then(|call| call.end);
    match end.map(|(end, call)| (end, &call.outcome)) {
        Some((end, Err(CallError::Errno { errno, .. }))) => {
            answer.means(format!("Its connect() came to nothing: {}.", errno.name()), &[at, end]);
        }
        _ => answer.unknown("Its connect() was given up. Why is not in the recording.", &[at]),
    }
}

fn of_connection<'a>(
    answer: &mut Answer<'_, 'a>,
    at: usize,
    change: &StateChange,
    connection: &Connection<'a>,
    side: Side,
) {
    match change.to {
        TcpState::SynSent => {
            answer.means("It has asked to connect, and waits for the other kernel's answer.", &[at]);
            if let Some(timer) = change.timer.filter(|timer| timer.kind == TimerKind::Retransmit) {
                let so_far = if timer.tries == 0 {
                    String::new()
                } else {
                    format!(" It did so {} so far.", times(timer.tries))
                };
                answer.next(
                    format!("Without an answer the kernel sends the SYN again, later each time.{so_far}"),
                    &[at],
                );
            }
        }
        TcpState::SynRecv => {
            answer.means("The kernel has answered a SYN with a SYN ACK.", &[at]);
            match connection.completed(answer.trace) {
                Some((ack, arrived)) => {
                    answer.next("An ACK of the caller completed the handshake.", &[ack.at, arrived])
                }
                None => answer.next(
                    "The caller's ACK completes the handshake. Without it the SYN ACK is sent again.",
                    &[],
                ),
            }
        }
        TcpState::Established => established(answer, at, change),
        TcpState::FinWait1 => {
            answer.means("This side has finished: its FIN is sent, and not acknowledged yet.", &[at]);
            answer
                .next("The acknowledgment leads to FIN_WAIT2, the other side's FIN towards TIME_WAIT.", &[]);
        }
        TcpState::FinWait2 => fin_wait_2(answer, at, connection, side),
        TcpState::CloseWait => {
            let fin = connection.fin_arrived(answer.trace, side.other(), at).map_or(at, |fin| fin.at);
            answer.means(
                "The other side has finished. This program has not: its socket is still open.",
                &[fin, at],
            );
            let unread = if change.unread > 0 {
                format!(" {} are still to be read.", bytes(change.unread.into()))
            } else {
                String::new()
            };
            answer.next(
                format!("It stays so until this program closes the socket, however long that takes.{unread}"),
                &[at],
            );
        }
        TcpState::Closing => answer.means("Both sides finished before they heard of one another.", &[at]),
        TcpState::LastAck => {
            answer.means(
                "Both sides have finished. Only the acknowledgment of this side's FIN is missing.",
                &[at],
            );
            answer.next("It comes, and nothing is left here: the other side finished first, and rests.", &[]);
        }
        TcpState::TimeWait => time_wait(answer, at, change, connection, side),
        TcpState::Closed | TcpState::Listen | TcpState::Datagram | TcpState::Unix => {}
    }
}

fn times(number: u8) -> String {
    if number == 1 { "once".to_owned() } else { format!("{number} times") }
}

fn established(answer: &mut Answer<'_, '_>, at: usize, change: &StateChange) {
    if change.accepted {
        answer.means("The connection stands: both sides can send.", &[at]);
    } else {
        answer.means("The two kernels made this connection alone: no program has accepted it so far, it stands in the queue.", &[at]);
    }
    if change.unread > 0 {
        answer.next(
            format!("{} have arrived and wait to be read by the program.", bytes(change.unread.into())),
            &[at],
        );
    } else if change.unacknowledged > 0 {
        let text = format!(
            "{} were sent or stand to be sent, and are not acknowledged yet.",
            bytes(change.unacknowledged.into())
        );
        answer.next(text, &[at]);
    }
}

fn fin_wait_2<'a>(answer: &mut Answer<'_, 'a>, at: usize, connection: &Connection<'a>, side: Side) {
    let trace = answer.trace;
    answer.means(
        "This side has finished, and the other kernel has acknowledged that. The other side may still send.",
        &[at],
    );
    let fin = connection.fin(side.other());
    let other = answer.maybe_host(connection.host(side.other()));
    match (fin, connection.state(trace, side.other(), trace.last())) {
        (Some(fin), _) => answer.next(format!("{other} finished later."), &[fin.at]),
        (None, Some((state, change))) if change.to == TcpState::CloseWait => {
            let text = format!(
                "It waits for the FIN of {other}, whose program has not closed its socket: it is in CLOSE_WAIT there."
            );
            answer.next(text, &[state]);
        }
        _ => answer.next(format!("It waits for the FIN of {other}."), &[]),
    }
}

/// TIME_WAIT: who finished first, and for how long it rests.
fn time_wait<'a>(
    answer: &mut Answer<'_, 'a>,
    at: usize,
    change: &StateChange,
    connection: &Connection<'a>,
    side: Side,
) {
    let trace = answer.trace;
    let own = connection.fin(side);
    let theirs = connection.fin(side.other());
    let (machine, other) = (answer.host(change.host), answer.maybe_host(connection.host(side.other())));
    match (connection.finished(trace), own, theirs) {
        (Finished::First(first), Some(own), Some(theirs)) if first == side => {
            let text = format!("{machine} finished first, {other} second: who finishes first rests.");
            answer.why(text, &[own.at, theirs.at, at]);
        }
        (Finished::Together, Some(own), Some(theirs)) => {
            answer.why(
                "Both sides finished before they heard of one another: then both rest.",
                &[own.at, theirs.at, at],
            );
        }
        _ => answer.unknown("Which side finished first is not in the recording.", &[at]),
    }
    let seconds =
        change.timer.filter(|timer| timer.kind == TimerKind::TimeWait).map_or(String::new(), |timer| {
            format!("For {} s more the", grouped(u64::from(timer.left_ms).div_ceil(1000)))
        });
    let the = if seconds.is_empty() { "For a while the".to_owned() } else { seconds };
    let port = change.local_inet().map_or(0, |local| local.port());
    let text = format!(
        "{the} kernel keeps this pair of addresses, so that late packets do no harm. Until then bind() to port {port} of {machine} may fail with EADDRINUSE."
    );
    answer.next(text, &[at]);
}
