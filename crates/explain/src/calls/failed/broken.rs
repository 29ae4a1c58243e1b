//! Failures of a connection that is no more: ECONNRESET, EPIPE, and a kernel that gave up.

use proto::{
    call::{Call, How},
    trace::{TcpFlags, TcpState},
};

use crate::{
    amounts::counted,
    answer::Answer,
    calls::facts::{end_of, succeeded},
    connection::{Connection, Side, has},
    fate::not_arrived,
    packets::why_reset,
    trace::{CallOf, PacketOf},
};

/// The connection of a call's socket, and which side it is.
fn own<'a>(answer: &Answer<'_, 'a>, call: CallOf<'a>, at: usize) -> Option<(Connection<'a>, Side)> {
    let socket = call.begin.socket?;
    let connection = Connection::of_socket(answer.trace, socket, at)?;
    let states =
        answer.trace.states(socket).filter(|(place, change)| *place <= at && change.remote_inet().is_some());
    let local = states.last()?.1.local_inet()?;
    let side = connection.side_of(local);
    Some((connection, side))
}

/// The first RST of the other side that had arrived by a place.
fn reset_by<'a>(
    answer: &Answer<'_, 'a>,
    connection: &Connection<'a>,
    side: Side,
    at: usize,
) -> Option<PacketOf<'a>> {
    let mut resets = connection.of(side.other()).filter(|segment| has(segment.packet, TcpFlags::RST));
    resets.find(|reset| reset.at <= at && answer.trace.arrived(reset.packet, at).is_some())
}

/// ECONNRESET: the other side's RST has arrived.
pub(super) fn reset<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let known = own(answer, call, at);
    let reset = known.as_ref().and_then(|(connection, side)| reset_by(answer, connection, *side, at));
    let Some(reset) = reset else {
        return answer.unknown("The RST that broke the connection off is not in the recording.", &[at]);
    };
    let machine = answer.maybe_host(reset.packet.from);
    answer.why(format!("A RST of {machine} had arrived: the connection was broken off."), &[reset.at, at]);
    why_reset(answer, reset);
}

/// EPIPE: nobody can be written to here.
pub(super) fn pipe<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let trace = answer.trace;
    let shut = succeeded(trace, call, |call| matches!(call, Call::Shutdown { how, .. } if *how != How::Read));
    if let Some(shut) = shut {
        let text = "This side has shut down its own writing half: it said that nothing more comes.";
        return answer.why(text, &[end_of(trace, shut), at]);
    }
    let known = own(answer, call, at);
    let reset = known.as_ref().and_then(|(connection, side)| reset_by(answer, connection, *side, at));
    if let Some(reset) = reset {
        let machine = answer.maybe_host(reset.packet.from);
        let text =
            format!("A RST of {machine} had arrived before: nobody there reads this connection any more.");
        answer.why(text, &[reset.at, at]);
        return why_reset(answer, reset);
    }
    let state = call.begin.socket.and_then(|socket| trace.state(socket, at));
    match state {
        Some((state, change)) if change.to == TcpState::Listen => {
            let text = "This is the listening socket: it takes calls and has nobody to write to.";
            answer.why(text, &[state, at]);
        }
        Some((state, change)) if change.to == TcpState::Closed && known.is_none() => {
            answer.why("This socket was never connected, so there is nobody to write to.", &[state, at]);
        }
        _ => answer.unknown("What ended the connection is not in the recording.", &[at]),
    }
}

/// ETIMEDOUT on a connection: segments were sent again and again, and nobody acknowledged them.
pub(super) fn given_up<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let trace = answer.trace;
    let known = own(answer, call, at);
    let last = known.and_then(|(connection, side)| {
        connection.of(side).rev().find(|segment| segment.at < at && segment.packet.copy_of.is_some())
    });
    let Some((last, first)) = last.and_then(|last| Some((last, trace.packet(last.packet.copy_of?)?))) else {
        return answer.unknown("What nobody answered is not in the recording.", &[at]);
    };
    let copies = trace.copies(first.packet.id).iter().filter(|copy| copy.at < at).count();
    let (fate, told) = trace.fate(last.packet, at);
    let words = not_arrived(answer, fate, last.packet)
        .map_or(String::new(), |words| format!(" The last copy {words}."));
    let text = format!(
        "The kernel sent a segment again {}, and nobody acknowledged it. Then it gave up.{words}",
        if copies == 1 { "once".to_owned() } else { counted(copies, "time") }
    );
    answer.why(text, &[first.at, last.at, told, at]);
}
