//! Calls that moved bytes: where they went, and where they came from.

use proto::{
    call::{Call, Flags, Value},
    id::SocketId,
    trace::{Cause, TcpFlags, Transport},
};

use super::facts::is_datagram;
use crate::{
    amounts::{bytes, counted},
    answer::Answer,
    connection::{Connection, has, span},
    fate::not_arrived,
    trace::{CallOf, PacketOf},
};

pub(super) fn send<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, asked: u32, taken: u32) {
    if is_datagram(answer.trace, call.begin.socket, at) {
        return send_datagram(answer, call, at);
    }
    if taken < asked {
        let text = format!(
            "The kernel had room for {} of {}. The program has to send the rest itself.",
            bytes(taken.into()),
            bytes(asked.into())
        );
        answer.means(text, &[at]);
    } else {
        let text = format!(
            "The kernel took {}. That does not say that the other program has read them.",
            bytes(taken.into())
        );
        answer.means(text, &[at]);
    }
    let packets: Vec<_> = answer.trace.packets_of(call.begin.id);
    let carries: Vec<_> = packets.iter().copied().filter(|packet| packet.packet.data.length > 0).collect();
    let Some(last) = carries.last().copied() else {
        if taken > 0 && answer.trace.is_whole(call.at, at) {
            let text = "No segment left with this call: the bytes stood in the kernel's buffer, to go when they may.";
            answer.why(text, &[call.at, at]);
        }
        return;
    };
    became(answer, last, &carries);
}

/// What became of the bytes that left with a send.
fn became<'a>(answer: &mut Answer<'_, 'a>, last: PacketOf<'a>, carries: &[PacketOf<'a>]) {
    let trace = answer.trace;
    let went: Vec<_> = carries.iter().map(|packet| packet.at).collect();
    let sum: u64 = carries.iter().map(|packet| u64::from(packet.packet.data.length)).sum();
    let in_segments = format!("{} left in {}", bytes(sum), counted(carries.len(), "segment"));
    answer.why(format!("{in_segments} with this call."), &went);
    let machine = answer.maybe_host(last.packet.to);
    let reset = trace.led_to(last.packet.id).into_iter().find(|reply| has(reply.packet, TcpFlags::RST));
    if let Some(reset) = reset {
        let text = format!(
            "The kernel of {machine} answered with a RST: nobody reads this connection there any more. A further send fails."
        );
        return answer.next(text, &[last.at, reset.at]);
    }
    let Some(connection) = Connection::of_segment(trace, last) else { return };
    let acknowledged = span(last.packet).and_then(|(from, _)| {
        let end = from.wrapping_add(last.packet.data.length);
        connection.acknowledges(trace, connection.sender(last.packet), end, last.at)
    });
    if let Some(ack) = acknowledged {
        let text = format!(
            "The kernel of {machine} has acknowledged them: they are there, whether or not its program has read them."
        );
        return answer.next(text, &[ack.at]);
    }
    let (fate, told) = trace.fate(last.packet, trace.last());
    match not_arrived(answer, fate, last.packet) {
        Some(words) if trace.copies(last.packet.id).is_empty() => {
            let text =
                format!("The last of them {words}. Bytes that nobody acknowledges the kernel sends again.");
            answer.next(text, &[last.at, told]);
        }
        _ => answer.next("The other kernel has not acknowledged all of them yet.", &[last.at]),
    }
}

fn send_datagram(answer: &mut Answer<'_, '_>, call: CallOf<'_>, at: usize) {
    let trace = answer.trace;
    let mut sent = trace.packets_of(call.begin.id).into_iter();
    let datagram = sent.rfind(|packet| matches!(packet.packet.transport, Transport::Udp { .. }));
    answer.means("The kernel took the datagram. UDP does not tell whether anybody gets it.", &[at]);
    let Some(datagram) = datagram else { return };
    crate::packets::datagram_end(answer, datagram);
}

pub(super) fn recv<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, length: u32) {
    let (Call::Recv { flags, max, .. } | Call::RecvFrom { flags, max, .. }) = call.begin.call else { return };
    if is_datagram(answer.trace, call.begin.socket, at) {
        let text = format!(
            "It took one datagram, of {}. A datagram is read whole or cut, never joined.",
            bytes(length.into())
        );
        return answer.means(text, &[at]);
    }
    if length == 0 {
        return end_of_file(answer, call, at, max);
    }
    let text = if length < max {
        format!("It asked for up to {} and took what was there: {}.", bytes(max.into()), bytes(length.into()))
    } else {
        format!("It took {}, all that it asked for. More may stand behind them.", bytes(length.into()))
    };
    answer.means(text, &[at]);
    if flags.contains(Flags::PEEK) {
        answer.means("It only looked (MSG_PEEK): the bytes are still there to be read.", &[at]);
    }
    came_with(answer, call, at, length);
}

/// The segments and the sends that the bytes came with.
fn came_with<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, length: u32) {
    let trace = answer.trace;
    let known = call.begin.socket.and_then(|socket| {
        let before = read_before(answer, socket, call, at)?;
        let connection = Connection::of_socket(trace, socket, at)?;
        let local = trace.state(socket, at)?.1.local_inet()?;
        let side = connection.side_of(local).other();
        let carriers = connection.carriers(trace, side, (before, before.checked_add(length)?), at)?;
        Some(carriers)
    });
    let Some(carriers) = known else {
        return answer.unknown("Which segments brought them is not in the recording.", &[at]);
    };
    let places: Vec<_> = carriers.iter().map(|segment| segment.at).collect();
    let mut sends: Vec<_> = carriers
        .iter()
        .filter_map(|segment| match segment.packet.cause {
            Cause::Call(id) => Some(id),
            _ => None,
        })
        .collect();
    sends.sort_unstable();
    sends.dedup();
    let segments =
        if carriers.len() == 1 { "one segment".to_owned() } else { format!("{} segments", carriers.len()) };
    if sends.len() > 1 {
        let text = format!(
            "They came in {segments}, of {} send calls: TCP is a stream of bytes, and does not keep sends apart.",
            sends.len()
        );
        answer.why(text, &places);
    } else {
        answer.why(format!("They came in {segments}."), &places);
    }
}

/// Bytes that were read from a socket before a call that had not returned before `ended`; none where that is not known.
pub(super) fn read_before(
    answer: &Answer<'_, '_>,
    socket: SocketId,
    call: CallOf<'_>,
    ended: usize,
) -> Option<u32> {
    let trace = answer.trace;
    let made = trace.maker(socket)?;
    if !trace.is_whole(made.at, ended) {
        return None;
    }
    let mut read: u32 = 0;
    for other in trace.calls(Some(socket), ended) {
        let (flags, Some((end, outcome))) = (
            match other.begin.call {
                Call::Recv { flags, .. } | Call::RecvFrom { flags, .. } => flags,
                _ => continue,
            },
            other.end,
        ) else {
            continue;
        };
        let Ok(Value::Received { length: taken } | Value::ReceivedFrom { length: taken, .. }) =
            outcome.outcome
        else {
            continue;
        };
        if end < ended && other.begin.id != call.begin.id && !flags.contains(Flags::PEEK) {
            // Of two that wait at once nobody can tell who took which bytes.
            if end > call.at {
                return None;
            }
            read = read.checked_add(taken)?;
        }
        // Urgent bytes are no part of the stream.
        if flags.contains(Flags::OOB) {
            return None;
        }
    }
    Some(read)
}

fn end_of_file<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, max: u32) {
    let trace = answer.trace;
    if max == 0 {
        return answer.means(
            "It asked for 0 bytes, and 0 is what it got. That says nothing of the other side.",
            &[at],
        );
    }
    let connection = call.begin.socket.and_then(|socket| Connection::of_socket(trace, socket, at));
    let local =
        call.begin.socket.and_then(|socket| trace.state(socket, at)).and_then(|state| state.1.local_inet());
    let fin = connection
        .as_ref()
        .zip(local)
        .and_then(|(connection, local)| connection.fin_arrived(trace, connection.side_of(local).other(), at));
    if let Some(fin) = fin {
        let machine = answer.maybe_host(fin.packet.from);
        let text =
            format!("End of file: {machine} has sent its FIN, and everything before it has been read.");
        answer.why(text, &[fin.at, at]);
        return answer.next(
            "Every further receive returns 0 bytes at once. It is the end, not \u{201c}nothing yet\u{201d}.",
            &[],
        );
    }
    let shut = trace.calls(call.begin.socket, at).find(|other| {
        matches!(other.begin.call, Call::Shutdown { how, .. } if how != proto::call::How::Write)
            && other.end.is_some_and(|(end, outcome)| end < at && outcome.outcome.is_ok())
    });
    match shut.filter(|_| call.begin.socket.is_some()) {
        Some(shut) => answer.why("This side had shut down its own reading half.", &[shut.at, at]),
        None => answer.unknown("End of file. What brought it is not in the recording.", &[at]),
    }
}
