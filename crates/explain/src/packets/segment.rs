//! TCP segments, by what they do: ask, agree, acknowledge, carry bytes, finish, break off.

use std::net::SocketAddr;

use proto::{
    call::Call,
    trace::{Cause, Fate, TcpFlags, TcpState},
};

use super::why_reset;
use crate::{
    accept_queue,
    amounts::{bytes, duration, ordinal},
    answer::Answer,
    connection::{Connection, Finished, has, is_syn, reaches, span, tcp},
    fate::{had_not_arrived, load, not_arrived},
    trace::PacketOf,
};

pub(super) fn explain<'a>(answer: &mut Answer<'_, 'a>, segment: PacketOf<'a>, connection: &Connection<'a>) {
    let packet = segment.packet;
    if packet.copy_of.is_some() {
        again(answer, segment);
    }
    if has(packet, TcpFlags::RST) {
        why_reset(answer, segment);
    } else if is_syn(packet) {
        syn(answer, segment, connection);
    } else if has(packet, TcpFlags::SYN) {
        agrees(answer, segment, connection);
    } else if has(packet, TcpFlags::FIN) {
        fin(answer, segment, connection);
    } else if packet.data.length > 0 {
        data(answer, segment, connection);
    } else {
        ack(answer, segment, connection);
    }
    end(answer, segment);
}

/// A copy: which first try nobody acknowledged, as far as its sender knew.
fn again(answer: &mut Answer<'_, '_>, segment: PacketOf<'_>) {
    let trace = answer.trace;
    let Some(first) = segment.packet.copy_of.and_then(|first| trace.packet(first)) else {
        return answer.why("The kernel sent it again. Its first try is not in the recording.", &[segment.at]);
    };
    let tries = trace.copies(first.packet.id).iter().filter(|copy| copy.at <= segment.at).count();
    let after = duration(trace.time(segment.at).saturating_sub(trace.time(first.at)));
    let (fate, told) = trace.fate(first.packet, segment.at);
    let because = match had_not_arrived(answer, fate, first.packet) {
        Some(words) => format!("the first one {words}"),
        None => "the first one had arrived, and its sender had no acknowledgment by then".to_owned(),
    };
    let attempt = ordinal(u32::try_from(tries).unwrap_or(u32::MAX - 1) + 1);
    let by = if segment.packet.cause == Cause::Timer {
        "The kernel's timer ran out"
    } else {
        "The kernel sent it again"
    };
    let text = format!("{by}: this is the {attempt} try, {after} after the first, and {because}.");
    answer.why(text, &[first.at, told, segment.at]);
}

fn syn<'a>(answer: &mut Answer<'_, 'a>, segment: PacketOf<'a>, connection: &Connection<'a>) {
    if segment.packet.copy_of.is_none() {
        match segment.packet.cause {
            Cause::Call(id) => {
                let at = answer.trace.call(id).map_or(segment.at, |call| call.at);
                answer
                    .why("A program called connect(): its kernel asks for a connection.", &[at, segment.at]);
            }
            _ => answer.unknown("Who called connect() for it is not in the recording.", &[segment.at]),
        }
    }
    let trace = answer.trace;
    let machine = answer.maybe_host(segment.packet.to);
    let Some(arrived) = trace.arrived(segment.packet, trace.last()) else { return };
    let to = SocketAddr::new(segment.packet.dst, tcp(segment.packet).map_or(0, |tcp| tcp.dst_port));
    let replies = trace.led_to(segment.packet.id);
    let reply =
        replies.iter().find(|reply| has(reply.packet, TcpFlags::SYN) || has(reply.packet, TcpFlags::RST));
    match reply {
        Some(reply) if has(reply.packet, TcpFlags::RST) => {
            answer.next(format!("{machine} refused it with a RST."), &[arrived, reply.at]);
        }
        Some(reply) => {
            let text = format!(
                "The kernel of {machine} agreed with a SYN ACK, whether or not a program calls accept()."
            );
            answer.next(text, &[arrived, reply.at]);
        }
        None => match accept_queue::full(answer, segment, to) {
            Some((state, queued, places)) => {
                let text = format!(
                    "It arrived, and the queue of port {} is full ({queued} of {places}): Linux drops it without a word. Its sender tries again.",
                    to.port()
                );
                answer.next(text, &[arrived, state]);
            }
            None if connection.agrees().is_some() => {
                answer.next(format!("{machine} had agreed before, to another copy of it."), &[arrived]);
            }
            None => answer
                .unknown(format!("It arrived at {machine}, and no answer to it was recorded."), &[arrived]),
        },
    }
}

fn agrees<'a>(answer: &mut Answer<'_, 'a>, segment: PacketOf<'a>, connection: &Connection<'a>) {
    let trace = answer.trace;
    let machine = answer.maybe_host(segment.packet.from);
    let port = tcp(segment.packet).map_or(0, |tcp| tcp.src_port);
    if segment.packet.copy_of.is_none() {
        let listener = segment.packet.from.and_then(|host| {
            trace.sockets(host, segment.at).into_iter().find(|(_, change)| {
                change.to == TcpState::Listen && change.local_inet().is_some_and(|local| local.port() == port)
            })
        });
        let asked = match segment.packet.cause {
            Cause::Packet(id) => trace.packet(id).map(|asked| asked.at),
            _ => None,
        };
        let mut rests = vec![segment.at];
        rests.extend(asked);
        rests.extend(listener.map(|listener| listener.0));
        let because =
            if listener.is_some() { format!(", as a socket listens on port {port}") } else { String::new() };
        let text =
            format!("The kernel of {machine} agrees to the SYN by itself{because}. No program was asked.");
        answer.why(text, &rests);
    }
    if let Some((ack, arrived)) = connection.completed(trace) {
        answer.next("The caller's ACK completed the handshake.", &[ack.at, arrived]);
    } else if trace.arrived(segment.packet, trace.last()).is_some() {
        answer.next("The caller's kernel completes the handshake with an ACK.", &[]);
    }
}

fn ack<'a>(answer: &mut Answer<'_, 'a>, segment: PacketOf<'a>, connection: &Connection<'a>) {
    let trace = answer.trace;
    let packet = segment.packet;
    if connection.confirms().is_some_and(|confirms| confirms.packet.id == packet.id) {
        let agrees = connection.agrees().map_or(segment.at, |agrees| agrees.at);
        answer.why(
            "It answers the SYN ACK and completes the handshake. The kernel sent it by itself.",
            &[agrees, segment.at],
        );
        return answer.means("Its sender counts the connection as ESTABLISHED from here on.", &[]);
    }
    let Some(header) = tcp(packet) else { return };
    let side = connection.sender(packet);
    match packet.cause {
        Cause::Packet(id) => {
            let before = trace.packet(id);
            match before.and_then(|before| Some((before, span(before.packet)?))) {
                Some((before, (start, end))) if start == end => {
                    let text = "It answers a segment without bytes: it says again how much has arrived, and how much room there is.";
                    answer.why(text, &[before.at, segment.at]);
                }
                Some((before, (_, end))) if reaches(header.acknowledgment, end) => {
                    let what = load(before.packet);
                    let text = format!(
                        "The kernel acknowledges by itself: {} has arrived, with everything before it.",
                        lower(&what)
                    );
                    answer.why(text, &[before.at, segment.at]);
                }
                Some((before, _)) => {
                    let text = "Something has arrived out of order: the kernel says again up to where it has everything.";
                    answer.why(text, &[before.at, segment.at]);
                }
                None => answer.unknown("What it answers is not in the recording.", &[segment.at]),
            }
        }
        Cause::Call(id) => {
            if let Some(call) = trace.call(id) {
                let text = format!(
                    "{}() made the kernel tell the other side how much has arrived and how much room there is.",
                    call.begin.call.name()
                );
                answer.why(text, &[call.at, segment.at]);
            }
        }
        Cause::Timer => later(answer, segment, connection),
        Cause::Service | Cause::Wire => {
            answer.unknown("Why it was sent now is not in the recording.", &[segment.at])
        }
    }
    if header.window == 0 {
        let state = connection.state(trace, side, segment.at).filter(|(_, change)| change.unread > 0);
        let mut rests = vec![segment.at];
        rests.extend(state.map(|state| state.0));
        let unread = state.map_or(String::new(), |(_, change)| {
            format!(" {} stand there unread.", bytes(change.unread.into()))
        });
        let text = format!(
            "It announces a window of 0: its kernel has no room for more until its program reads.{unread}"
        );
        answer.means(text, &rests);
    }
}

/// An ACK that no call and no packet caused at that moment.
fn later<'a>(answer: &mut Answer<'_, 'a>, segment: PacketOf<'a>, connection: &Connection<'a>) {
    let trace = answer.trace;
    let Some(header) = tcp(segment.packet) else { return };
    let side = connection.sender(segment.packet);
    let earlier = |one: &PacketOf<'a>| one.at < segment.at;
    let news = connection.of(side.other()).filter(earlier).find(|one| {
        span(one.packet).is_some_and(|(from, to)| from != to && to == header.acknowledgment)
            && trace.arrived(one.packet, segment.at).is_some()
    });
    let said = connection.of(side).filter(earlier).any(|one| {
        tcp(one.packet).is_some_and(|tcp| {
            tcp.flags.contains(TcpFlags::ACK) && reaches(tcp.acknowledgment, header.acknowledgment)
        })
    });
    if let Some((news, arrived)) =
        news.filter(|_| !said).and_then(|news| Some((news, trace.arrived(news.packet, segment.at)?)))
    {
        let after = duration(trace.time(segment.at).saturating_sub(trace.time(arrived)));
        let what = lower(&load(news.packet));
        let text = format!(
            "It acknowledges {what}, {after} after that had arrived: a kernel may wait a little with an acknowledgment."
        );
        return answer.why(text, &[news.at, arrived, segment.at]);
    }
    let closed = connection.of(side.other()).rev().find(|one| {
        earlier(one) && has(one.packet, TcpFlags::ACK) && trace.arrived(one.packet, segment.at).is_some()
    });
    let closed = closed.filter(|one| tcp(one.packet).is_some_and(|tcp| tcp.window == 0));
    // A probe says the number before the next one, RFC 9293 section 3.8.6.1, so that it has to be answered.
    let probes = connection
        .of(side)
        .filter(earlier)
        .filter_map(|one| Some(span(one.packet)?.1))
        .any(|next| next == header.sequence.wrapping_add(1));
    match closed.filter(|_| probes) {
        Some(closed) => {
            let text =
                "The kernel asks whether there is room again: the other one had announced a window of 0.";
            answer.why(text, &[closed.at, segment.at]);
        }
        None => {
            let text = "The kernel sent it by a timer of its own. Which one the recording does not tell.";
            answer.unknown(text, &[segment.at]);
        }
    }
}

/// In the middle of a sentence.
fn lower(load: &str) -> String {
    let mut letters = load.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn data<'a>(answer: &mut Answer<'_, 'a>, segment: PacketOf<'a>, connection: &Connection<'a>) {
    let trace = answer.trace;
    let packet = segment.packet;
    if packet.copy_of.is_none() {
        match packet.cause {
            Cause::Call(id) => {
                if let Some(call) = trace.call(id) {
                    let name = call.begin.call.name();
                    let text = match call.begin.call {
                        Call::Send { .. } | Call::SendTo { .. } => {
                            format!("It carries {} of a {name}().", bytes(packet.data.length.into()))
                        }
                        _ => format!("Its bytes stood in the kernel's buffer until {name}() let them go."),
                    };
                    answer.why(text, &[call.at, segment.at]);
                }
            }
            Cause::Packet(id) => {
                let before = trace.packet(id).map_or(segment.at, |before| before.at);
                let text = "Its bytes stood in the kernel's buffer until something arrived that let them go.";
                answer.why(text, &[before, segment.at]);
            }
            Cause::Service => {
                answer.why("A ready-made server wrote its bytes, or a stream of the page.", &[segment.at])
            }
            Cause::Timer | Cause::Wire => {
                answer.unknown("Why the kernel sent it now is not in the recording.", &[segment.at]);
            }
        }
    }
    let Some((from, _)) = span(packet) else { return };
    let end = from.wrapping_add(packet.data.length);
    if let Some(ack) = connection.acknowledges(trace, connection.sender(packet), end, segment.at) {
        let machine = answer.maybe_host(packet.to);
        let text = format!(
            "The kernel of {machine} has acknowledged them. A program there reads them when it calls recv()."
        );
        answer.next(text, &[ack.at]);
    }
}

fn fin<'a>(answer: &mut Answer<'_, 'a>, segment: PacketOf<'a>, connection: &Connection<'a>) {
    let trace = answer.trace;
    let own = answer.maybe_host(segment.packet.from);
    if segment.packet.copy_of.is_none() {
        match segment.packet.cause {
            Cause::Call(id) => {
                if let Some(call) = trace.call(id) {
                    let name = call.begin.call.name();
                    let text = match call.begin.call {
                        Call::Close { .. } | Call::Shutdown { .. } => {
                            format!("{name}() on {own} says: nothing more comes from here.")
                        }
                        _ => format!("{own} says that nothing more comes from it. It left when {name}() had ended."),
                    };
                    answer.why(text, &[call.at, segment.at]);
                }
            }
            _ => answer.unknown(
                format!("{own} says that nothing more comes from it. What made it do so now is not in the recording."),
                &[segment.at],
            ),
        }
    }
    if let Some(reset) = connection.broken() {
        return answer.next("A RST broke the connection off.", &[reset.at]);
    }
    let side = connection.sender(segment.packet);
    let other = answer.maybe_host(segment.packet.to);
    let theirs = connection.fin(side.other()).map_or(segment.at, |fin| fin.at);
    match connection.finished(trace) {
        Finished::First(first) if first == side => {
            let text = format!(
                "{own} finished first and {other} second: so it is {own} that has to rest in TIME_WAIT."
            );
            let rests = connection.entered(trace, side, TcpState::TimeWait);
            answer.next(text, &[segment.at, theirs, rests.unwrap_or(theirs)]);
        }
        Finished::First(_) => {
            let text = format!(
                "{other} had finished first. With this FIN both directions end, and {other} has to rest in TIME_WAIT."
            );
            answer.next(text, &[theirs, segment.at]);
        }
        Finished::Together => {
            answer.next("Both sides finished before they heard of one another.", &[theirs, segment.at]);
        }
        _ => answer.next(format!("The other direction stays open until {other} finishes, too."), &[]),
    }
}

/// What became of it, where it has not just arrived.
fn end(answer: &mut Answer<'_, '_>, segment: PacketOf<'_>) {
    let trace = answer.trace;
    let (fate, told) = trace.fate(segment.packet, trace.last());
    let Some(words) = not_arrived(answer, fate, segment.packet) else { return };
    let copies = trace.copies(segment.packet.copy_of.unwrap_or(segment.packet.id));
    let later = copies.iter().find(|copy| copy.at > segment.at);
    let mut rests = vec![told];
    rests.extend(later.map(|later| later.at));
    let text = match (fate, later) {
        (_, Some(_)) => format!("It {words}. The kernel sent it again."),
        (Fate::Lost | Fate::Dropped(_) | Fate::NoHost, None) if counts(segment) => {
            format!("It {words}. What nobody acknowledges the kernel sends again, until it gives up.")
        }
        _ => format!("It {words}."),
    };
    answer.means(text, &rests);
}

/// Whether a segment takes sequence numbers, so that it is sent again where nobody acknowledges it.
fn counts(segment: PacketOf<'_>) -> bool {
    span(segment.packet).is_some_and(|(from, to)| from != to) && !has(segment.packet, TcpFlags::RST)
}
