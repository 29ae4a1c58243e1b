//! A whole connection in three sentences: how it began, what went over it, and how it ended or stands.

use proto::trace::{TcpFlags, TcpState};

use crate::{
    amounts::{bytes, counted, duration},
    answer::Answer,
    connection::{Connection, Finished, Side, has, is_syn},
    fate::not_arrived,
    packets::why_reset,
};

pub(crate) fn tell<'a>(answer: &mut Answer<'_, 'a>, connection: &Connection<'a>) {
    let caller = name(answer, connection, Side::Caller);
    let called = name(answer, connection, Side::Called);
    if !began(answer, connection, (&caller, &called)) {
        return;
    }
    moved(answer, connection, (&caller, &called));
    ended(answer, connection, (&caller, &called));
}

/// A machine, or both ends' ports where they are on the same one.
fn name(answer: &Answer<'_, '_>, connection: &Connection<'_>, side: Side) -> String {
    let Some(host) = connection.host(side).map(|host| answer.host(host)) else {
        return connection.address(side).ip().to_string();
    };
    if connection.host(side) == connection.host(side.other()) {
        format!("{host} (port {})", connection.address(side).port())
    } else {
        host
    }
}

/// Says how it began; false where it came to nothing.
fn began<'a>(
    answer: &mut Answer<'_, 'a>,
    connection: &Connection<'a>,
    (caller, called): (&str, &str),
) -> bool {
    let trace = answer.trace;
    let Some(first) = connection.segments.first().copied() else { return false };
    if !connection.opened {
        answer.unknown("How this connection began is not in the recording.", &[first.at]);
        return true;
    }
    let port = connection.address(Side::Called).port();
    if let Some((ack, arrived)) = connection.completed(trace) {
        let took = duration(trace.time(arrived).saturating_sub(trace.time(first.at)));
        let text = format!("{caller} called port {port} of {called}: the handshake took {took}.");
        let agrees = connection.agrees().map_or(ack.at, |agrees| agrees.at);
        answer.means(text, &[first.at, agrees, ack.at]);
        return true;
    }
    if let Some(reset) = connection.rst(Side::Called).filter(|_| connection.agrees().is_none()) {
        answer.means(
            format!("{caller} called port {port} of {called} and was refused."),
            &[first.at, reset.at],
        );
        why_reset(answer, reset);
        return false;
    }
    let syns: Vec<_> = connection.of(Side::Caller).filter(|segment| is_syn(segment.packet)).collect();
    let last = syns.last().copied().unwrap_or(first);
    let mut text = format!("{caller} called port {port} of {called}. The handshake is not complete");
    let waits = connection.agrees().unwrap_or(last);
    let (fate, told) = trace.fate(waits.packet, trace.last());
    match not_arrived(answer, fate, waits.packet) {
        Some(words) => text.push_str(&format!(
            ": the last {} {words}.",
            if waits.at == last.at { "SYN" } else { "SYN ACK" }
        )),
        None => text.push_str(&format!(" after {}.", counted(syns.len(), "SYN"))),
    }
    answer.means(text, &[first.at, last.at, told]);
    false
}

fn moved<'a>(answer: &mut Answer<'_, 'a>, connection: &Connection<'a>, (caller, called): (&str, &str)) {
    let Some((there, back)) = connection.sent(Side::Caller).zip(connection.sent(Side::Called)) else {
        return answer
            .unknown("How much was sent is not known: its first packets are not in the recording.", &[]);
    };
    let carriers: Vec<_> = connection
        .segments
        .iter()
        .filter(|segment| segment.packet.data.length > 0)
        .map(|segment| segment.at)
        .collect();
    let again: Vec<_> = connection
        .segments
        .iter()
        .filter(|segment| segment.packet.copy_of.is_some())
        .map(|segment| segment.at)
        .collect();
    if again.is_empty() && !answer.trace.is_whole(connection.segments[0].at, answer.trace.last()) {
        let text = format!(
            "At least {} were sent from {caller}, {} from {called}.",
            bytes(there.into()),
            bytes(back.into())
        );
        return answer.means(text, &carriers);
    }
    let repeated = match again.len() {
        0 => String::new(),
        1 => " One segment was sent again.".to_owned(),
        number => format!(" Segments were sent again {number} times."),
    };
    let text = match (there, back) {
        (0, 0) => format!("No bytes were sent.{repeated}"),
        (there, 0) => {
            format!("{} were sent from {caller} to {called}, and none back.{repeated}", bytes(there.into()))
        }
        (0, back) => format!(
            "{} were sent from {called} to {caller}, and none the other way.{repeated}",
            bytes(back.into())
        ),
        (there, back) => format!(
            "{} were sent from {caller} to {called}, and {} back.{repeated}",
            bytes(there.into()),
            bytes(back.into())
        ),
    };
    let rests = if again.is_empty() { carriers } else { again };
    answer.means(text, &rests);
}

fn ended<'a>(answer: &mut Answer<'_, 'a>, connection: &Connection<'a>, (caller, called): (&str, &str)) {
    let trace = answer.trace;
    let name = |side| if side == Side::Caller { caller } else { called };
    let reset = connection.segments.iter().copied().find(|segment| has(segment.packet, TcpFlags::RST));
    if let Some(reset) = reset {
        return why_reset(answer, reset);
    }
    match connection.finished(trace) {
        Finished::Nobody => open(answer, connection, (caller, called)),
        Finished::One(side) => {
            let fin = connection.fin(side).map_or(0, |fin| fin.at);
            let (first, other) = (name(side), name(side.other()));
            let state = connection.state(trace, side.other(), trace.last());
            match state.filter(|(_, change)| change.to == TcpState::CloseWait) {
                Some((state, _)) => {
                    let text = format!(
                        "{first} has finished, {other} has not: its socket waits in CLOSE_WAIT to be closed."
                    );
                    answer.next(text, &[fin, state]);
                }
                None => {
                    answer.next(format!("{first} has finished, {other} has not: it may still send."), &[fin])
                }
            }
        }
        Finished::First(side) => {
            let fins: Vec<_> = Side::BOTH.iter().filter_map(|side| Some(connection.fin(*side)?.at)).collect();
            let (first, second) = (name(side), name(side.other()));
            match connection.entered(trace, side, TcpState::TimeWait) {
                Some(rests) => {
                    let text = format!(
                        "{first} finished first, {second} second. So {first} has to wait in TIME_WAIT."
                    );
                    answer.next(text, &[fins[0], fins[1], rests]);
                }
                None => {
                    let text = format!(
                        "{first} finished first, {second} second. {first} was not seen in TIME_WAIT yet."
                    );
                    answer.next(text, &fins);
                }
            }
        }
        Finished::Together => {
            let fins: Vec<_> = Side::BOTH.iter().filter_map(|side| Some(connection.fin(*side)?.at)).collect();
            answer.next(
                "Both sides finished before they heard of one another: both have to wait in TIME_WAIT.",
                &fins,
            );
        }
    }
}

/// Nobody has finished.
fn open<'a>(answer: &mut Answer<'_, 'a>, connection: &Connection<'a>, (_, called): (&str, &str)) {
    let trace = answer.trace;
    match connection.state(trace, Side::Called, trace.last()) {
        Some((state, change)) if !change.accepted && change.to == TcpState::Established => {
            let text =
                format!("It is open. No program on {called} has accepted it yet: it stands in the queue.");
            answer.next(text, &[state]);
        }
        Some((state, change)) if change.to == TcpState::Established => {
            answer.next("It is open: neither side has finished.", &[state]);
        }
        _ => answer.unknown("No FIN and no RST of it is in the recording.", &[]),
    }
}
