//! Calls: why one waits, why it failed, what it did.

mod ending;
mod facts;
mod failed;
mod opening;
mod transfer;
mod unix;
mod waiting;

use proto::{
    address::Address,
    call::{Call, Value},
};

use facts::end_of;

use crate::{
    answer::Answer,
    connection::Connection,
    trace::{CallOf, Trace},
};

/// Explains a call, and says which connection it belongs to.
pub(crate) fn explain<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>) -> Option<Connection<'a>> {
    let until = end_of(answer.trace, call);
    if unix::is_unix(answer.trace, call, until) && unix::explain(answer, call) {
        return None;
    }
    match call.end {
        None => waiting::explain(answer, call),
        Some((at, end)) if end.outside => {
            let text = "It went outside the room. Packets there are not recorded, so what happened on its way is not known.";
            answer.unknown(text, &[at]);
        }
        Some((at, end)) => match &end.outcome {
            Ok(value) => done(answer, call, at, value),
            Err(error) => failed::explain(answer, call, at, error),
        },
    }
    connection_of(answer.trace, call)
}

/// The connection that a call worked on or made, as of its end.
fn connection_of<'a>(trace: &Trace<'a>, call: CallOf<'a>) -> Option<Connection<'a>> {
    if let Call::Connect { .. } = call.begin.call {
        let syn = trace.packets_of(call.begin.id).into_iter().find(|packet| {
            crate::connection::is_syn(packet.packet) && packet.packet.from == Some(call.begin.host)
        });
        return syn.and_then(|syn| Connection::of_segment(trace, syn));
    }
    let made =
        call.end.filter(|_| matches!(call.begin.call, Call::Accept { .. })).and_then(|end| end.1.socket);
    let socket = made.or(call.begin.socket)?;
    let until = call.end.map_or(trace.last(), |(at, _)| at);
    Connection::of_socket(trace, socket, until)
}

fn done<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, value: &Value) {
    match (&call.begin.call, value) {
        (Call::Socket { kind, .. }, Value::Descriptor(fd)) => opening::socket(answer, call, at, *kind, fd.0),
        (Call::Bind { address, .. } | Call::Connect { address, .. }, _) if address.is_unix() => {
            let text = format!("{address} is a name on this machine alone, and no packet goes there.");
            answer.means(text, &[at]);
        }
        (Call::Bind { address: Address::Ip(address), .. }, _) => opening::bind(answer, call, at, *address),
        (Call::Listen { .. }, _) => opening::listen(answer, call, at),
        (Call::Accept { .. }, Value::Accepted { peer: Address::Ip(peer), .. }) => {
            opening::accept(answer, call, at, *peer)
        }
        (Call::Connect { address: Address::Ip(address), .. }, _) => {
            opening::connect(answer, call, at, *address)
        }
        (Call::Send { length, .. } | Call::SendTo { length, .. }, Value::Sent(taken)) => {
            transfer::send(answer, call, at, *length, *taken)
        }
        (
            Call::Recv { .. } | Call::RecvFrom { .. },
            Value::Received { length } | Value::ReceivedFrom { length, .. },
        ) => transfer::recv(answer, call, at, *length),
        (Call::Shutdown { how, .. }, _) => ending::shutdown(answer, call, at, *how),
        (Call::Close { .. }, _) => ending::close(answer, call, at),
        (Call::SetSockOpt { name, .. }, _) => opening::option(answer, at, *name),
        (Call::EpollCreate {}, Value::Descriptor(fd)) => {
            let text = format!("fd {fd} is an epoll: it watches other descriptors, and is no socket.");
            answer.means(text, &[at]);
        }
        (Call::Dup { .. }, Value::Descriptor(fd)) => {
            let text = format!(
                "fd {fd} names the same socket. That stays open until the last of its numbers is closed."
            );
            answer.means(text, &[at]);
        }
        (call, value) => match meaning(call, value) {
            Some(text) => answer.means(text, &[at]),
            None => answer.unknown("There is no rule for what this call did.", &[at]),
        },
    }
}

/// What a call did whose meaning needs nothing else of the trace; none for others.
fn meaning(call: &Call, value: &Value) -> Option<&'static str> {
    Some(match (call, value) {
        (Call::Poll { .. }, Value::Ready(ready)) if ready.is_empty() => {
            "Its time ran out, and none of its sockets was ready."
        }
        (Call::Poll { .. }, Value::Ready(_)) => {
            "A socket that is ready can be used at once: the call it is ready for would not wait now."
        }
        (Call::SendMsg { passed, .. }, Value::Sent(_)) if !passed.is_empty() => {
            "What its descriptors name goes with the bytes: whoever receives them has one more of each. All stay open on their way."
        }
        (Call::RecvMsg { .. }, Value::ReceivedMsg { control_cut: true, .. }) => {
            "There was no room for all that came: descriptors for which there was none are closed."
        }
        (Call::RecvMsg { .. }, Value::ReceivedMsg { passed, .. }) if !passed.is_empty() => {
            "Descriptors came: each names what another program, or this one, has sent."
        }
        (Call::EpollCtl { .. }, _) => {
            "The kernel keeps what is watched, and for what, until it is told otherwise."
        }
        (Call::EpollWait { .. }, Value::Events(told)) if told.is_empty() => {
            "Its time ran out, and nothing it watches had anything to tell."
        }
        (Call::EpollWait { .. }, Value::Events(_)) => {
            "What is told with EPOLLET or EPOLLONESHOT is not told again until something new comes, or until somebody asks for it again."
        }
        (Call::Resolve { .. }, Value::Addresses { from_room: true, .. }) => {
            "The room's own table of names answered. No packet was needed, and nothing is connected yet."
        }
        (Call::Resolve { .. }, Value::Addresses { .. }) => {
            "A name server outside the room answered. Nothing is connected yet."
        }
        (Call::GetSockName { .. } | Call::GetPeerName { .. } | Call::GetSockOpt { .. }, _) => {
            "It only reads what the kernel has written down of this socket."
        }
        (Call::Unlink { .. }, _) => {
            "The name is gone, and nobody finds a socket by it. The socket itself stays."
        }
        (Call::Stat { .. }, _) => {
            "The name is there. Whether somebody still listens under it only a connect() tells."
        }
        (Call::Interfaces {}, _) => "The machine's own interfaces: lo leads to itself, and eth0 to the wire.",
        (Call::Ping { .. }, Value::Pinged { sent: true, .. }) => {
            "Its echoes are answered by the other machine's kernel. No program there takes part."
        }
        _ => return None,
    })
}
