//! Calls that made something: a socket, an address, a queue, a connection.

use std::net::SocketAddr;

use proto::{
    call::{Kind, OptionName},
    trace::TcpState,
};

use super::{facts::is_datagram, waiting};
use crate::{
    amounts::{counted, duration},
    answer::Answer,
    connection::{Connection, Side},
    fate::had_not_arrived,
    trace::CallOf,
};

pub(super) fn socket(answer: &mut Answer<'_, '_>, call: CallOf<'_>, at: usize, kind: Kind, fd: i32) {
    let what = if kind == Kind::Datagram { "a datagram socket (UDP)" } else { "a stream socket (TCP)" };
    answer.means(format!("The kernel made {what}. In this program its number is fd {fd}."), &[at]);
    if answer.trace.packets_of(call.begin.id).is_empty() && answer.trace.is_whole(call.at, at) {
        answer.why("No packet was sent: a new socket is known to its own kernel only.", &[call.at, at]);
    }
    let next = match kind {
        Kind::Datagram => "bind() gives it a port to receive at; sendto() can be called at once.",
        Kind::Stream => "connect() makes it call somebody; bind() and listen() make it take calls.",
    };
    answer.next(next, &[]);
}

pub(super) fn bind(answer: &mut Answer<'_, '_>, call: CallOf<'_>, at: usize, asked: SocketAddr) {
    let told = call.begin.socket.and_then(|socket| answer.trace.state(socket, at));
    let local = told.and_then(|(_, change)| change.local_inet()).filter(|local| local.port() != 0);
    let rests: Vec<_> =
        std::iter::once(at).chain(told.filter(|_| local.is_some()).map(|told| told.0)).collect();
    let port = match local {
        Some(local) if asked.port() == 0 => format!("The kernel chose port {} for it", local.port()),
        _ if asked.port() == 0 => "The kernel chose a port for it".to_owned(),
        _ => format!("It has port {} now", asked.port()),
    };
    let whose = match asked.ip() {
        ip if ip.is_unspecified() => "at every address of this machine".to_owned(),
        ip if ip.is_loopback() => format!("at {ip}: only programs on this machine can reach it"),
        ip => format!("at {ip}"),
    };
    answer.means(format!("{port}, {whose}."), &rests);
    if is_datagram(answer.trace, call.begin.socket, at) {
        answer.next("Datagrams to this port wait in it until they are read.", &[]);
    } else {
        answer.next("Nobody can connect to it yet: that takes listen().", &[]);
    }
}

pub(super) fn listen(answer: &mut Answer<'_, '_>, call: CallOf<'_>, at: usize) {
    let told = call.begin.socket.and_then(|socket| answer.trace.state(socket, at));
    let Some((state, change)) = told.filter(|(_, change)| change.to == TcpState::Listen) else {
        return answer.unknown("Its state was not recorded after this call.", &[at]);
    };
    let port = change.local_inet().map_or(0, |local| local.port());
    answer.means(format!("From now on the kernel itself answers SYNs for port {port}."), &[at, state]);
    let places = change.places();
    let text = format!(
        "Complete connections stand in its queue until a program takes them with accept(). It has {}, one more than the backlog of {}.",
        counted(places as usize, "place"),
        change.unacknowledged
    );
    answer.next(text, &[state]);
}

pub(super) fn accept<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, peer: SocketAddr) {
    let trace = answer.trace;
    let made = call.end.and_then(|(_, end)| end.socket);
    let connection = made.and_then(|made| Connection::of_socket(trace, made, trace.last()));
    let completed = connection.as_ref().and_then(|connection| connection.completed(trace));
    let host = answer.host_meant(call.begin.host, peer.ip());
    let who = host.map_or_else(|| peer.to_string(), |host| format!("{} ({peer})", answer.host(host)));
    match completed {
        Some((ack, arrived)) if arrived < call.at => {
            let time = duration(trace.time(call.at).saturating_sub(trace.time(arrived)));
            let text = format!(
                "The connection of {who} was complete {time} before this call and stood in the queue: it returned at once."
            );
            answer.why(text, &[ack.at, arrived, at]);
        }
        Some((ack, arrived)) if arrived < at => {
            let text = format!("It waited until the handshake with {who} was complete.");
            answer.why(text, &[ack.at, arrived, at]);
        }
        _ => answer.unknown("When this connection was made is not in the recording.", &[at]),
    }
    let quiet = trace.packets_of(call.begin.id).is_empty() && trace.is_whole(call.at, at);
    let sent = if quiet { " accept() itself sent no packet." } else { "" };
    answer.means(
        format!("It is a socket of its own, for this one connection; the listening socket stays.{sent}"),
        &[at],
    );
}

pub(super) fn connect<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, to: SocketAddr) {
    let trace = answer.trace;
    if is_datagram(trace, call.begin.socket, at) {
        let text = format!(
            "A datagram socket only remembers the address {to}. No packet was sent, and nobody there was asked."
        );
        return answer.means(text, &[at]);
    }
    let syns = waiting::syns(answer, call, at);
    let connection = syns.first().and_then(|syn| Connection::of_segment(trace, *syn));
    let agreed = connection.as_ref().and_then(Connection::agrees);
    let Some(((first, connection), agreed)) = syns.first().zip(connection.as_ref()).zip(agreed) else {
        return answer.unknown("Its handshake is not in the recording.", &[at]);
    };
    let mut rests = vec![first.at, agreed.at];
    rests.extend(connection.confirms().map(|confirms| confirms.at));
    let machine = answer.maybe_host(connection.host(Side::Called));
    let text = format!("The kernel of {machine} agreed, as somebody listens on port {} there.", to.port());
    answer.why(text, &rests);
    if syns.len() > 1 {
        retried(answer, &syns, at);
    }
    let end = connection.state(trace, Side::Called, at);
    let waits = end.filter(|(_, change)| !change.accepted && change.to == TcpState::Established);
    if let Some((state, _)) = waits {
        let text = "No program there had accepted it by then: the two kernels made this connection alone.";
        answer.means(text, &[state]);
    } else {
        answer.means("Both sides can send from now on.", &[at]);
    }
}

/// A handshake that took more than one SYN.
fn retried(answer: &mut Answer<'_, '_>, syns: &[crate::trace::PacketOf<'_>], at: usize) {
    let trace = answer.trace;
    let (first, last) = (syns[0], syns[syns.len() - 1]);
    let later = duration(trace.time(last.at).saturating_sub(trace.time(first.at)));
    let (fate, told) = trace.fate(first.packet, at);
    let tries = counted(syns.len(), "SYN");
    let text = match had_not_arrived(answer, fate, first.packet) {
        Some(words) => format!("It took {tries}: the first {words}. The kernel sent the last {later} later."),
        None => format!("It took {tries}; the kernel sent the last {later} after the first."),
    };
    answer.why(text, &[first.at, told, last.at]);
}

pub(super) fn option(answer: &mut Answer<'_, '_>, at: usize, name: OptionName) {
    let text = match name {
        OptionName::ReuseAddr => {
            "A later bind() of this socket may take a port of which an old connection rests in TIME_WAIT, if that one's socket had the option, too."
        }
        OptionName::RcvTimeo => {
            "From now on a recv() or accept() on this socket that would wait waits no longer than this, and then fails with EAGAIN. Where the program has called settimeout(), that counts and this does not."
        }
        OptionName::SndTimeo => {
            "From now on a send() or connect() on this socket that would wait waits no longer than this, and then fails with EAGAIN or EINPROGRESS. Where the program has called settimeout(), that counts and this does not."
        }
        _ => "It changes this socket only. The other side is not told.",
    };
    answer.means(text, &[at]);
}
