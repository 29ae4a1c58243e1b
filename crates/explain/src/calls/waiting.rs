//! Why a call waits, or waited until its time ran out: what has come by then, and what is still on its way.

use std::net::SocketAddr;

use proto::{
    address::Address,
    call::{Call, Flags},
    id::SocketId,
    trace::{Fate, TcpState, TimerKind, What},
};

use super::{facts::is_datagram, transfer::read_before};
use crate::{
    accept_queue,
    amounts::{bytes, counted},
    answer::Answer,
    connection::{Connection, Side, has, is_syn, tcp},
    fate::{load, not_arrived},
    trace::{CallOf, PacketOf},
};

/// A call that has not ended.
pub(super) fn explain<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>) {
    let until = answer.trace.last();
    if let Some(at) = answer.trace.program_ended(call.begin.program, until) {
        return answer.why("Its program ended before it returned.", &[call.at, at]);
    }
    reason(answer, call, until);
}

/// Why a call had not returned by a place.
pub(super) fn reason<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, until: usize) {
    match &call.begin.call {
        Call::Accept { .. } => accept(answer, call, until),
        Call::Connect { address: Address::Ip(address), .. } => connect(answer, call, *address, until),
        Call::Connect { .. } => {
            answer.why(
                "The other socket's queue was full: both are on this machine, and no packet goes.",
                &[call.at],
            );
        }
        Call::Recv { .. } | Call::RecvFrom { .. } | Call::RecvMsg { .. } => recv(answer, call, until),
        Call::Send { .. } | Call::SendTo { .. } | Call::SendMsg { .. } => send(answer, call, until),
        Call::Poll { .. } if is_settled(answer, call, until) => {
            answer.why("None of the sockets it asks for has been ready since it began.", &[call.at]);
        }
        Call::Poll { .. } => {
            answer
                .next("It returns when one of its sockets is ready, or when its time runs out.", &[call.at]);
        }
        Call::EpollWait { .. } if is_settled(answer, call, until) => {
            answer.why("Nothing it watches has had anything to tell since it began.", &[call.at]);
        }
        Call::EpollWait { .. } => {
            answer.next(
                "It returns when one of those it watches has something to tell, or when its time runs out.",
                &[call.at],
            );
        }
        Call::Resolve { .. } => answer.why("The name server has not answered yet.", &[call.at]),
        Call::Ping { .. } => answer.why("Not all of its echoes have come back yet.", &[call.at]),
        _ => answer.unknown("Why it has not returned is not in the recording.", &[call.at]),
    }
}

/// What has waited so long, in nanoseconds, would have returned by then if it could: the kernel's steps take microseconds.
const SETTLED: u64 = 50_000_000;

/// Whether a call surely waits: a trace that ends right behind its begin says nothing yet.
pub(super) fn is_settled(answer: &Answer<'_, '_>, call: CallOf<'_>, until: usize) -> bool {
    let trace = answer.trace;
    call.end.is_some() || trace.time(until).saturating_sub(trace.time(call.at)) >= SETTLED
}

fn accept<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, until: usize) {
    let trace = answer.trace;
    let listener = call.begin.socket.and_then(|socket| trace.state(socket, until));
    let Some((at, listener)) = listener.filter(|(_, change)| change.to == TcpState::Listen) else {
        return answer.unknown("What stands in its queue is not in the recording.", &[call.at]);
    };
    let port = listener.local_inet().map_or(0, |local| local.port());
    if listener.unread > 0 {
        let text = format!("{} in the queue of port {port}: it takes the oldest.", stand(listener.unread));
        return answer.means(text, &[at]);
    }
    if let Some((ack, arrived)) = just_completed(answer, call, port, (at, until)) {
        return answer.next("A handshake is complete: it returns now.", &[ack.at, arrived]);
    }
    answer.why(format!("Nobody stands in the queue of port {port}, so it waits."), &[call.at, at]);
    if let Some((syn, fate)) = asking(answer, call, port, until) {
        return syn_on_its_way(answer, syn, fate);
    }
    let half = trace.sockets(call.begin.host, until).into_iter().find(|(_, change)| {
        change.to == TcpState::SynRecv && change.local_inet().is_some_and(|local| local.port() == port)
    });
    if let Some((at, _)) = half {
        let text = "One handshake is half done: the kernel has answered a SYN, and the ACK that completes it has not come.";
        return answer.next(text, &[at]);
    }
    answer.next("It returns when a handshake is complete. The kernel makes that alone.", &[]);
}

/// A handshake with a port of the call's machine that was complete after the listening socket was last told of.
fn just_completed<'a>(
    answer: &Answer<'_, 'a>,
    call: CallOf<'a>,
    port: u16,
    (since, until): (usize, usize),
) -> Option<(PacketOf<'a>, usize)> {
    let trace = answer.trace;
    trace.between(since, until + 1).find_map(|(at, what)| {
        let packet = match what {
            What::Packet(packet) => packet,
            What::Fate(fate) => trace.packet(fate.id)?.packet,
            _ => return None,
        };
        let ours = packet.to == Some(call.begin.host)
            && tcp(packet).is_some_and(|tcp| tcp.dst_port == port)
            && !is_syn(packet);
        let connection = Connection::of_segment(trace, trace.packet(packet.id).filter(|_| ours)?)?;
        connection.completed(trace).filter(|(_, arrived)| *arrived == at)
    })
}

fn stand(number: u32) -> String {
    if number == 1 { "1 connection stands".to_owned() } else { format!("{number} connections stand") }
}

/// The last SYN to a port of the call's machine that stands on the wire or travels.
fn asking<'a>(
    answer: &Answer<'_, 'a>,
    call: CallOf<'a>,
    port: u16,
    until: usize,
) -> Option<(PacketOf<'a>, usize)> {
    let trace = answer.trace;
    trace.between(0, until + 1).rev().find_map(|(at, what)| {
        let What::Packet(packet) = what else { return None };
        let ours = is_syn(packet)
            && packet.to == Some(call.begin.host)
            && packet.transport.ports().is_some_and(|(_, to)| to == port);
        let (fate, told) = trace.fate(packet, until);
        (ours && matches!(fate, Fate::Held | Fate::Travelling)).then_some((PacketOf { packet, at }, told))
    })
}

fn syn_on_its_way(answer: &mut Answer<'_, '_>, syn: PacketOf<'_>, told: usize) {
    let (fate, _) = answer.trace.fate(syn.packet, told);
    let from = answer.maybe_host(syn.packet.from);
    let text = match fate {
        Fate::Held => format!(
            "A SYN of {from} stands on the wire, held by hand. Let through, it begins the handshake that this call waits for."
        ),
        _ => format!("A SYN of {from} is on its way. It begins the handshake that this call waits for."),
    };
    answer.next(text, &[syn.at, told]);
}

/// Why a connect() has no answer yet.
fn connect<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, to: SocketAddr, until: usize) {
    let trace = answer.trace;
    let syns = syns(answer, call, until);
    if syns.is_empty() && !is_settled(answer, call, until) {
        return answer
            .next("It has just begun: a SYN is the first packet that it makes the kernel send.", &[call.at]);
    }
    let Some(last) = syns.last().copied() else {
        return answer.unknown("No SYN of it is in the recording, so why it waits is not known.", &[call.at]);
    };
    let arrived: Vec<_> =
        syns.iter().copied().filter(|syn| trace.arrived(syn.packet, until).is_some()).collect();
    if arrived.is_empty() {
        let (fate, told) = trace.fate(last.packet, until);
        let Some(words) = not_arrived(answer, fate, last.packet) else { return };
        let text = match syns.len() {
            1 => format!("Its SYN {words}. So nobody can answer it."),
            _ => format!("None of its {} has arrived. The last {words}.", counted(syns.len(), "SYN")),
        };
        let mut rests: Vec<_> = syns.iter().map(|syn| syn.at).collect();
        rests.push(told);
        answer.why(text, &rests);
        return goes_on(answer, call, fate, until);
    }
    let Some(connection) = Connection::of_segment(trace, last) else { return };
    let reply = connection.of(Side::Called).rev().find(|reply| reply.at <= until);
    let machine = answer.maybe_host(arrived[0].packet.to);
    if let Some(reply) = reply {
        let (fate, told) = trace.fate(reply.packet, until);
        match not_arrived(answer, fate, reply.packet) {
            Some(words) => {
                let text = format!("{machine} has answered. {} {words}.", load(reply.packet));
                answer.why(text, &[reply.at, told]);
                goes_on(answer, call, fate, until);
            }
            None => answer.next("The answer has arrived: it returns now.", &[reply.at, told]),
        }
        return;
    }
    unanswered(answer, call, &arrived, to, until);
}

/// SYNs of a connect() that had left by a place, copies included.
pub(super) fn syns<'a>(answer: &Answer<'_, 'a>, call: CallOf<'a>, until: usize) -> Vec<PacketOf<'a>> {
    let trace = answer.trace;
    let asked = trace.packets_of(call.begin.id).into_iter();
    let first = asked.filter(|packet| is_syn(packet.packet) && packet.packet.from == Some(call.begin.host));
    let mut syns: Vec<_> =
        first.flat_map(|first| std::iter::once(first).chain(trace.copies(first.packet.id))).collect();
    syns.retain(|syn| syn.at <= until);
    syns.sort_by_key(|syn| syn.at);
    syns
}

/// SYNs have arrived, and nothing came back: the full queue, where it was seen.
fn unanswered<'a>(
    answer: &mut Answer<'_, 'a>,
    call: CallOf<'a>,
    arrived: &[PacketOf<'a>],
    to: SocketAddr,
    until: usize,
) {
    let (first, machine) = (arrived[0], answer.maybe_host(arrived[0].packet.to));
    let Some((at, queued, places)) = accept_queue::full(answer, first, to) else {
        let text = format!(
            "{} has arrived at {machine}, and no answer is recorded so far. Why, the recording does not tell.",
            if arrived.len() == 1 { "Its SYN".to_owned() } else { counted(arrived.len(), "SYN") }
        );
        return answer.unknown(text, &[first.at]);
    };
    let text = format!(
        "Its SYN has arrived, but the queue of port {} is full ({queued} of {places}). Linux drops such a SYN without a word: it is not refused.",
        to.port()
    );
    answer.why(text, &[first.at, at]);
    if call.end.is_none() {
        let tries = timer_words(answer, call, until);
        let text = format!("{tries} When a program on {machine} calls accept(), a place is free again.");
        answer.next(text.trim().to_owned(), &[]);
    }
}

/// What the kernel does next for a connect() that waits still.
fn goes_on(answer: &mut Answer<'_, '_>, call: CallOf<'_>, fate: &Fate, until: usize) {
    if call.end.is_some() {
        return;
    }
    let tries = timer_words(answer, call, until);
    let text = match fate {
        Fate::Held => format!("Let it through, and the handshake goes on. {tries}"),
        _ => tries,
    };
    if !text.is_empty() {
        answer.next(text.trim().to_owned(), &[]);
    }
}

/// The kernel's patience, where its timer was seen.
fn timer_words(answer: &Answer<'_, '_>, call: CallOf<'_>, until: usize) -> String {
    let state = call.begin.socket.and_then(|socket| answer.trace.state(socket, until));
    let timer = state.filter(|(_, change)| change.to == TcpState::SynSent).and_then(|state| state.1.timer);
    match timer {
        Some(timer) if timer.kind == TimerKind::Retransmit => {
            "The kernel sends the SYN again by itself, and gives up after some tries.".to_owned()
        }
        _ => String::new(),
    }
}

/// Why a receive has nothing to return.
fn recv<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, until: usize) {
    let trace = answer.trace;
    let Some((socket, (at, state))) =
        call.begin.socket.and_then(|socket| Some((socket, trace.state(socket, until)?)))
    else {
        return answer.unknown("What has come to its socket is not in the recording.", &[call.at]);
    };
    if is_datagram(trace, Some(socket), until) {
        return datagram(answer, call, at, until);
    }
    let Some(connection) = Connection::of_socket(trace, socket, until) else {
        return answer.unknown("Its connection is not in the recording.", &[call.at]);
    };
    let Some(local) = state.local_inet() else { return };
    let peer = connection.side_of(local).other();
    let (Call::Recv { flags, .. } | Call::RecvFrom { flags, .. }) = call.begin.call else { return };
    if flags.contains(Flags::WAITALL) {
        return answer.why("It was told to wait for all the bytes it asked for (MSG_WAITALL).", &[call.at]);
    }
    let come = connection.arrived(trace, peer, until);
    let read = read_before(answer, socket, call, until);
    if !is_settled(answer, call, until) {
        match come.zip(read) {
            Some((come, read)) if come > read => {
                let text = format!("{} have come: it returns now.", bytes((come - read).into()));
                return answer.next(text, &[at, call.at]);
            }
            Some(_) if connection.fin_arrived(trace, peer, until).is_none() => {}
            Some(_) => return answer.next("The other side's FIN has come: it returns now.", &[call.at]),
            None => {
                return answer.unknown("It has just begun. What has come to it is not known.", &[call.at]);
            }
        }
    }
    answer.why("Nothing has come that it has not read, and the other side has not finished.", &[call.at]);
    if let Some(segment) = connection.on_the_way(trace, peer, until) {
        let (fate, told) = trace.fate(segment.packet, until);
        if let Some(words) = not_arrived(answer, fate, segment.packet) {
            return answer.why(format!("{} for it {words}.", load(segment.packet)), &[segment.at, told]);
        }
    }
    if let Some(other) = waits_too(answer, &connection, peer, until) {
        let text = "The other side waits to receive, too. Each waits for the other, and neither sends.";
        return answer.why(text, &[call.at, other.at]);
    }
    answer.next("It returns when bytes arrive, or the other side's FIN.", &[]);
}

/// The call in which the other side waits to receive.
fn waits_too<'a>(
    answer: &Answer<'_, 'a>,
    connection: &Connection<'a>,
    peer: Side,
    until: usize,
) -> Option<CallOf<'a>> {
    let trace = answer.trace;
    let socket: SocketId = connection.socket(trace, peer, until)?;
    let receives = |call: &CallOf<'_>| {
        matches!(call.begin.call, Call::Recv { .. } | Call::RecvFrom { .. })
            && call.end.is_none_or(|(at, _)| at > until)
            && trace.program_ended(call.begin.program, until).is_none()
    };
    trace.calls(Some(socket), until).find(receives)
}

fn datagram<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, state: usize, until: usize) {
    if !is_settled(answer, call, until) {
        return answer
            .next("It takes a datagram that waits in its socket, or the next one that arrives.", &[call.at]);
    }
    answer.why("No datagram waits in its socket to be read.", &[call.at, state]);
    let trace = answer.trace;
    let Some(port) = call
        .begin
        .socket
        .and_then(|socket| trace.state(socket, until))
        .and_then(|(_, change)| change.local_inet())
        .map(|local| local.port())
    else {
        return answer.means("It has no port yet, so nobody can send to it.", &[state]);
    };
    let last = trace.between(0, until + 1).rev().find_map(|(at, what)| {
        let What::Packet(packet) = what else { return None };
        let ours = tcp(packet).is_none()
            && packet.to == Some(call.begin.host)
            && packet.transport.ports().is_some_and(|(_, to)| to == port)
            && trace.arrived(packet, until).is_none();
        ours.then_some(PacketOf { packet, at })
    });
    let Some(last) = last else {
        return answer.next("It returns when one arrives. Nothing says whether one was ever sent.", &[]);
    };
    let (fate, told) = trace.fate(last.packet, until);
    if let Some(words) = not_arrived(answer, fate, last.packet) {
        let again = if *fate == Fate::Held { "" } else { " UDP sends nothing again." };
        answer.why(format!("A datagram for it {words}.{again}"), &[last.at, told]);
    }
}

/// Why a send finds no room.
fn send<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, until: usize) {
    let trace = answer.trace;
    let connection = call.begin.socket.and_then(|socket| Connection::of_socket(trace, socket, until));
    let own = call.begin.socket.and_then(|socket| trace.state(socket, until));
    let Some(((at, own), connection)) = own.zip(connection) else {
        return answer.unknown("Its connection is not in the recording.", &[call.at]);
    };
    let Some(local) = own.local_inet() else { return };
    if !is_settled(answer, call, until) {
        return answer.next("It returns when the kernel has taken its bytes.", &[call.at]);
    }
    let text = format!(
        "The kernel has no room for more: it keeps {} that the other side has not acknowledged.",
        bytes(own.unacknowledged.into())
    );
    answer.why(text, &[call.at, at]);
    let side = connection.side_of(local);
    let last = connection.of(side.other()).rev().find(|segment| {
        segment.at <= until
            && has(segment.packet, proto::trace::TcpFlags::ACK)
            && trace.arrived(segment.packet, until).is_some()
    });
    let closed = last.filter(|last| tcp(last.packet).is_some_and(|tcp| tcp.window == 0));
    if let Some(closed) = closed {
        let peer = connection.state(trace, side.other(), until).filter(|(_, change)| change.unread > 0);
        let unread = peer.map_or(String::new(), |(_, change)| {
            format!(" {} stand there unread.", bytes(change.unread.into()))
        });
        let mut rests = vec![closed.at];
        rests.extend(peer.map(|(at, _)| at));
        let text =
            format!("The other kernel has announced a window of 0: its program does not read.{unread}");
        answer.why(text, &rests);
        return answer.next("It goes on when the other program reads.", &[]);
    }
    if let Some(segment) = connection.on_the_way(trace, side, until) {
        let (fate, told) = trace.fate(segment.packet, until);
        if let Some(words) = not_arrived(answer, fate, segment.packet) {
            return answer.why(format!("{} of it {words}.", load(segment.packet)), &[segment.at, told]);
        }
    }
    answer.unknown("Why nothing has made room is not in the recording.", &[]);
}
