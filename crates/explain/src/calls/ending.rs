//! close() and shutdown(): what the other side is told, and who has to wait afterwards.

use proto::{
    call::How,
    trace::{TcpFlags, TcpState},
};

use super::facts::is_datagram;
use crate::{
    abrupt_close,
    amounts::counted,
    answer::Answer,
    connection::{Connection, Finished, has},
    fate::not_arrived,
    trace::{CallOf, PacketOf},
};

pub(super) fn shutdown<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, how: How) {
    let fin = answer.trace.packets_of(call.begin.id).into_iter().find(|one| has(one.packet, TcpFlags::FIN));
    match (how, fin) {
        (How::Read, _) => {
            let text = "From now on a receive does not wait here: where nothing is, it returns 0 bytes. The other side is not told.";
            answer.means(text, &[at]);
        }
        (_, Some(fin)) => {
            let machine = answer.maybe_host(fin.packet.to);
            answer
                .means(format!("The FIN tells {machine} that nothing more comes from here."), &[fin.at, at]);
            if how == How::Write {
                answer.next(
                    "The other direction stays open: what the other side sends can still be received.",
                    &[],
                );
            }
        }
        (_, None) if is_datagram(answer.trace, call.begin.socket, at) => {
            answer.means("A datagram socket has no FIN: nobody is told.", &[at]);
        }
        (_, None) => {
            let text = "Its FIN did not leave with this call: bytes before it have to go first, or it was sent already.";
            answer.unknown(text, &[at]);
        }
    }
}

pub(super) fn close<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let trace = answer.trace;
    let packets = trace.packets_of(call.begin.id);
    let find = |flag| packets.iter().copied().find(|one| has(one.packet, flag));
    let before = call.begin.socket.and_then(|socket| trace.state(socket, call.at));
    if before.is_some_and(|(_, change)| change.to == TcpState::Listen) {
        return close_listener(answer, call, at, find(TcpFlags::RST));
    }
    if let Some(reset) = find(TcpFlags::RST) {
        return close_with_reset(answer, call, at, reset);
    }
    if let Some(fin) = find(TcpFlags::FIN) {
        return close_with_fin(answer, at, fin);
    }
    if is_datagram(trace, call.begin.socket, at) {
        return answer
            .means("A datagram socket just goes. Nobody is told, and nothing is left of it.", &[at]);
    }
    let quiet = trace.is_whole(call.at, at) && packets.is_empty();
    match before.filter(|_| quiet) {
        Some((state, change)) if change.to == TcpState::Closed => {
            let text = "It had no connection, or none any more, so there was nobody to tell. Its number is free again.";
            answer.means(text, &[state, at]);
        }
        Some((state, change)) if change.to == TcpState::SynSent => {
            let text = "It gave up its connect(). No packet tells the other side.";
            answer.means(text, &[state, at]);
        }
        Some((state, change))
            if matches!(
                change.to,
                TcpState::FinWait1
                    | TcpState::FinWait2
                    | TcpState::Closing
                    | TcpState::LastAck
                    | TcpState::TimeWait
            ) =>
        {
            let text = "This side had sent its FIN before, so no packet was needed. The kernel ends the connection alone.";
            answer.means(text, &[state, at]);
        }
        Some((state, _)) => {
            let text = "No packet left with this call. Bytes before its FIN have to go first, or something else holds the socket.";
            answer.unknown(text, &[state, at]);
        }
        None => answer.unknown("What was sent because of it is not in the recording.", &[at]),
    }
}

fn close_listener(answer: &mut Answer<'_, '_>, call: CallOf<'_>, at: usize, reset: Option<PacketOf<'_>>) {
    let trace = answer.trace;
    let resets: Vec<_> = trace.packets_of(call.begin.id).into_iter().collect();
    match reset {
        Some(_) => {
            let places: Vec<_> = resets.iter().map(|one| one.at).collect();
            let text = format!(
                "Nobody will accept what stood in its queue: the kernel broke it off with {}.",
                counted(resets.iter().filter(|one| has(one.packet, TcpFlags::RST)).count(), "RST")
            );
            answer.means(text, &places);
        }
        None => answer.means("It listens no more. Connections that were accepted go on.", &[at]),
    }
    answer.next("From now on the kernel refuses whoever calls this port.", &[at]);
}

fn close_with_fin<'a>(answer: &mut Answer<'_, 'a>, at: usize, fin: PacketOf<'a>) {
    let trace = answer.trace;
    let (own, other) = (answer.maybe_host(fin.packet.from), answer.maybe_host(fin.packet.to));
    let Some(connection) = Connection::of_segment(trace, fin) else { return };
    let side = connection.sender(fin.packet);
    answer.means(format!("The FIN tells {other} that nothing more comes from here."), &[fin.at, at]);
    if let Some(reset) = connection.broken() {
        return answer.next("A RST broke the connection off.", &[reset.at]);
    }
    let theirs = connection.fin(side.other());
    match (connection.finished(trace), theirs) {
        (Finished::First(first), Some(theirs)) if first != side => {
            let text = format!(
                "{other} had finished first, so this ends the connection, and {other} is the one that has to rest in TIME_WAIT."
            );
            answer.next(text, &[theirs.at, fin.at]);
        }
        (Finished::Together, Some(theirs)) => {
            let text = "Both sides finished before they heard of one another: both rest in TIME_WAIT.";
            answer.next(text, &[theirs.at, fin.at]);
        }
        (Finished::First(_), Some(theirs)) => {
            let text = format!("{own} finished first: so it is {own} that has to rest in TIME_WAIT.");
            let rests = connection.entered(trace, side, TcpState::TimeWait);
            answer.next(text, &[fin.at, rests.unwrap_or(theirs.at)]);
        }
        _ => {
            let text = format!(
                "{own} finishes first. When {other} closes, too, it is {own} that has to rest in TIME_WAIT."
            );
            answer.next(text, &[fin.at]);
        }
    }
}

fn close_with_reset<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, reset: PacketOf<'a>) {
    let other = answer.maybe_host(reset.packet.to);
    match abrupt_close::why(answer, call) {
        Some((how, rests)) => {
            let mut places = vec![reset.at, at];
            places.extend(rests);
            let text = format!("It was closed {how}: then the kernel sends a RST, and no FIN.");
            answer.why(text, &places);
        }
        None => answer.unknown(
            "The kernel sent a RST in place of a FIN. Why is not in the recording.",
            &[reset.at, at],
        ),
    }
    let (fate, told) = answer.trace.fate(reset.packet, answer.trace.last());
    match not_arrived(answer, fate, reset.packet) {
        Some(words) => answer.next(format!("The RST {words}: {other} does not know yet."), &[reset.at, told]),
        None => {
            let text = format!(
                "{other} has heard that the connection is broken off. Neither side rests in TIME_WAIT."
            );
            answer.next(text, &[reset.at, told]);
        }
    }
}
