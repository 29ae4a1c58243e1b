//! Why a kernel sent a RST.

use std::net::SocketAddr;

use proto::trace::{Cause, StateChange, TcpState};

use crate::{
    abrupt_close,
    answer::Answer,
    connection::{Connection, is_syn, tcp},
    trace::PacketOf,
};

/// Says why a RST was sent.
pub(crate) fn why_reset<'a>(answer: &mut Answer<'_, 'a>, reset: PacketOf<'a>) {
    let trace = answer.trace;
    let machine = answer.maybe_host(reset.packet.from);
    match reset.packet.cause {
        Cause::Call(id) => {
            let Some(call) = trace.call(id) else { return unknown(answer, reset) };
            let name = call.begin.call.name();
            let own = is_own(answer, reset, call.begin.socket);
            if let Some((how, rests)) = abrupt_close::why(answer, call).filter(|_| own) {
                let mut places = vec![call.at, reset.at];
                places.extend(rests);
                let text =
                    format!("{machine} called {name}() {how}: then its kernel sends a RST, and no FIN.");
                return answer.why(text, &places);
            }
            let listened = call.begin.socket.and_then(|socket| trace.state(socket, call.at));
            if let Some((state, _)) = listened.filter(|(_, change)| change.to == TcpState::Listen) {
                let text = format!(
                    "{machine} closed its listening socket while this connection stood in the queue. Nobody can accept it any more."
                );
                return answer.why(text, &[state, call.at, reset.at]);
            }
            answer.unknown(
                format!("{name}() on {machine} made the kernel send it. Why a RST is not in the recording."),
                &[call.at, reset.at],
            );
        }
        Cause::Packet(id) => match trace.packet(id) {
            Some(before) => answers(answer, reset, before),
            None => unknown(answer, reset),
        },
        Cause::Timer | Cause::Wire | Cause::Service => unknown(answer, reset),
    }
}

fn unknown(answer: &mut Answer<'_, '_>, reset: PacketOf<'_>) {
    answer.unknown("Why the kernel sent it is not in the recording.", &[reset.at]);
}

/// Whether a RST is of the connection of a call's own socket.
fn is_own(answer: &Answer<'_, '_>, reset: PacketOf<'_>, socket: Option<proto::id::SocketId>) -> bool {
    let state = socket.and_then(|socket| answer.trace.state(socket, reset.at));
    let from = reset.packet.transport.ports().map(|ports| SocketAddr::new(reset.packet.src, ports.0));
    state.is_some_and(|(_, change)| change.local_inet() == from && change.remote_inet().is_some())
}

/// A RST that answers a segment.
fn answers<'a>(answer: &mut Answer<'_, 'a>, reset: PacketOf<'a>, before: PacketOf<'a>) {
    let trace = answer.trace;
    let machine = answer.maybe_host(reset.packet.from);
    let port = tcp(before.packet).map_or(0, |tcp| tcp.dst_port);
    if is_syn(before.packet) {
        let listens = reset.packet.from.is_some_and(|host| {
            trace.sockets(host, reset.at).iter().any(|(_, change)| {
                change.to == TcpState::Listen && change.local_inet().is_some_and(|local| local.port() == port)
            })
        });
        let because = if listens {
            format!("no socket of {machine} takes calls for {} at port {port}", before.packet.dst)
        } else if trace.is_whole_until(reset.at) {
            format!("nothing listens on port {port} of {machine}")
        } else {
            format!("{machine} takes no call on port {port}")
        };
        return answer.why(format!("It refuses a SYN, as {because}."), &[before.at, reset.at]);
    }
    let Some(connection) = Connection::of_segment(trace, reset) else { return unknown(answer, reset) };
    let side = connection.sender(reset.packet);
    let last = connection.state(trace, side, before.at);
    match last {
        Some((state, change)) if change.to == TcpState::Closed => {
            let text =
                format!("A segment came for a connection that {machine} has no more: it is CLOSED there.");
            answer.why(text, &[before.at, state, reset.at]);
        }
        Some((state, change)) if is_orphan(change) && before.packet.data.length > 0 => {
            let text = format!(
                "Bytes came for a connection that the program on {machine} has closed: nobody can read them there any more."
            );
            answer.why(text, &[before.at, state, reset.at]);
        }
        _ => answer.unknown(
            format!("It answers a segment. Why {machine} did not take that is not in the recording."),
            &[before.at, reset.at],
        ),
    }
}

/// Whether a program has closed a connection of which its kernel still has something to do.
fn is_orphan(change: &StateChange) -> bool {
    let closed = matches!(change.to, TcpState::FinWait1 | TcpState::FinWait2 | TcpState::Closing);
    closed && change.owner.is_none() && change.accepted
}
