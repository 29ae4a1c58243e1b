//! Calls on sockets of AF_UNIX: within one machine and without a packet, so that the calls are all there is to tell.

use proto::{
    address::Address,
    call::{Call, CallError, Family, Flags, How, Kind, Value},
    errno::Errno,
    id::SocketId,
    trace::TcpState,
};

use super::{
    facts::is_datagram,
    waiting::{self, is_settled},
};
use crate::{
    amounts::bytes,
    answer::Answer,
    trace::{CallOf, Trace},
};

/// Whether a call is about a socket of AF_UNIX, as far as that is known.
pub(super) fn is_unix(trace: &Trace<'_>, call: CallOf<'_>, until: usize) -> bool {
    match &call.begin.call {
        Call::Socket { family, .. } | Call::SocketPair { family, .. } => *family == Family::Unix,
        Call::Bind { address, .. } | Call::Connect { address, .. } | Call::SendTo { address, .. } => {
            address.is_unix()
        }
        _ => call.begin.socket.is_some_and(|socket| is_socket(trace, socket, until)),
    }
}

fn is_socket(trace: &Trace<'_>, socket: SocketId, until: usize) -> bool {
    let told = trace.state(socket, until).map(|(_, change)| change);
    if let Some(change) = told {
        let named = [change.local, change.remote].into_iter().flatten().any(|address| address.is_unix());
        return named || change.to == TcpState::Unix || change.from == Some(TcpState::Unix);
    }
    let made = trace.maker(socket).map(|maker| &maker.begin.call);
    matches!(made, Some(Call::Socket { family: Family::Unix, .. } | Call::SocketPair { .. }))
}

/// Says what there is to say of such a call; false where the rules for all sockets have it.
pub(super) fn explain<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>) -> bool {
    match call.end {
        None => waits(answer, call),
        Some((at, end)) => match &end.outcome {
            Ok(value) => done(answer, call, at, value),
            Err(CallError::Errno { errno, .. }) => failed(answer, call, at, *errno),
            Err(CallError::TimedOut { .. }) => {
                let text = "The time that the program allowed this call ran out.";
                answer.why(text, &[at]);
                reason(answer, call, at)
            }
            Err(_) => false,
        },
    }
}

fn done<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, value: &Value) -> bool {
    let datagram = is_datagram(answer.trace, call.begin.socket, at);
    match (&call.begin.call, value) {
        (Call::Socket { kind, .. }, Value::Descriptor(fd)) => {
            let text = format!("The kernel made a socket of AF_UNIX. In this program its number is fd {fd}.");
            answer.means(text, &[at]);
            answer.why("It connects programs of this machine only, and no packet is ever sent.", &[at]);
            let next = match kind {
                Kind::Datagram => "bind() gives it a name to receive at; sendto() can be called at once.",
                Kind::Stream => "connect() makes it call a name; bind() and listen() make it take calls.",
            };
            answer.next(next, &[]);
        }
        (Call::SocketPair { .. }, Value::Pair(one, other)) => {
            let text = format!(
                "The kernel made two sockets that are connected to each other, fd {one} and fd {other}. What one sends the other receives."
            );
            answer.means(text, &[at]);
        }
        (Call::Listen { .. }, _) => {
            answer.means("It takes callers under its name now: programs of this machine only.", &[at]);
            answer.next("Callers stand in its queue until a program takes them with accept().", &[]);
        }
        (Call::Accept { .. }, _) => {
            let text = "It is a socket of its own, for this one connection; the listening socket stays. No packet was needed.";
            answer.means(text, &[at]);
        }
        (Call::Send { .. } | Call::SendTo { .. }, Value::Sent(taken)) => sent(answer, at, *taken, datagram),
        (
            Call::Recv { flags, max, .. } | Call::RecvFrom { flags, max, .. },
            Value::Received { length } | Value::ReceivedFrom { length, .. },
        ) if !datagram => {
            // Of a pair only one is known by the call that made both.
            let stream = call.begin.socket.is_some_and(|socket| answer.trace.maker(socket).is_some());
            received(answer, at, *length, *max, *flags, stream);
        }
        (Call::Shutdown { how: How::Write | How::Both, .. }, _) => {
            let text = "Nothing more comes from here. The other end reads what is there, and then 0 bytes: the end of file. No packet says so.";
            answer.means(text, &[at]);
        }
        (Call::Close { .. }, _) => {
            let text = "Its number is free again. When no other number names the socket, its other end learns of that by its own next call: no packet is sent.";
            answer.means(text, &[at]);
        }
        _ => return false,
    }
    true
}

fn sent(answer: &mut Answer<'_, '_>, at: usize, taken: u32, datagram: bool) {
    let what = if datagram { "the datagram" } else { "them" };
    let text = format!(
        "The kernel took {} and put {what} into the other socket of this machine, without a packet. That does not say that its program has read {what}.",
        bytes(taken.into())
    );
    answer.means(text, &[at]);
}

fn received(answer: &mut Answer<'_, '_>, at: usize, length: u32, max: u32, flags: Flags, stream: bool) {
    if length == 0 && !stream {
        return answer.means("It received 0 bytes: the end of file, or an empty datagram.", &[at]);
    }
    if length == 0 && max > 0 {
        let text = "End of file: the other end was closed or sends no more, and everything was read.";
        answer.why(text, &[at]);
        return answer.next(
            "Every further receive returns 0 bytes at once. It is the end, not \u{201c}nothing yet\u{201d}.",
            &[],
        );
    }
    let text = format!("It asked for up to {} and took {}.", bytes(max.into()), bytes(length.into()));
    answer.means(text, &[at]);
    if flags.contains(Flags::PEEK) {
        return answer.means("It only looked (MSG_PEEK): the bytes are still there to be read.", &[at]);
    }
    answer.why("They came from another socket of this machine, without a packet.", &[at]);
}

fn failed<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, errno: Errno) -> bool {
    let name = match call.begin.call {
        Call::Bind { address, .. } | Call::Connect { address, .. } | Call::SendTo { address, .. } => {
            Some(address)
        }
        _ => None,
    };
    match (errno, name) {
        (Errno::ENOENT, Some(name)) if !matches!(call.begin.call, Call::Bind { .. }) => {
            let text =
                format!("No socket of this machine was bound to {name}. Each machine has its own names.");
            answer.why(text, &[at]);
        }
        (Errno::ECONNREFUSED, Some(name)) => answer.why(nobody(&name), &[at]),
        (Errno::EADDRINUSE, Some(name)) => {
            let text = format!(
                "{name} is there already on this machine. A path stays when its socket is gone, until a program removes it."
            );
            answer.why(text, &[at]);
        }
        (Errno::ECONNRESET, _) => {
            answer.why("The other end was closed before it had read all that was sent to it.", &[at]);
        }
        (Errno::EPIPE, _) => {
            answer.why(
                "Nobody reads at the other end any more, or this end has said that it sends no more.",
                &[at],
            );
        }
        (Errno::ENOTCONN, _) => answer.why("This socket has no other end.", &[at]),
        (Errno::EINVAL, _) if matches!(call.begin.call, Call::Accept { .. }) => {
            answer.why("This socket does not listen. listen() comes before accept().", &[at]);
        }
        _ => return false,
    }
    true
}

/// Why a name that is there refuses.
fn nobody(name: &Address) -> String {
    format!(
        "Nobody takes calls at {name}: its socket is gone or does not listen, and no packet was sent to ask."
    )
}

/// A call that has not ended.
fn waits<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>) -> bool {
    let until = answer.trace.last();
    if answer.trace.program_ended(call.begin.program, until).is_some() || !is_settled(answer, call, until) {
        waiting::explain(answer, call);
        return true;
    }
    reason(answer, call, until)
}

/// Why a call had not returned by a place, though it had time.
fn reason<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, until: usize) -> bool {
    let text = match &call.begin.call {
        Call::Accept { .. } => "Nobody stands in its queue.",
        Call::Recv { flags, .. } | Call::RecvFrom { flags, .. } if flags.contains(Flags::WAITALL) => {
            "It was told to wait for all the bytes it asked for (MSG_WAITALL)."
        }
        Call::Recv { .. } | Call::RecvFrom { .. } if is_datagram(answer.trace, call.begin.socket, until) => {
            "No datagram waits in its socket to be read."
        }
        Call::Recv { .. } | Call::RecvFrom { .. } => {
            "Nothing is there to be read, and the other end can still send."
        }
        Call::Send { .. } | Call::SendTo { .. } => {
            "There is no room for more until the program at the other end reads."
        }
        Call::Connect { .. } => {
            "The queue of the socket that listens is full. On AF_UNIX connect() then waits for a place."
        }
        _ => return false,
    };
    answer.why(text, &[call.at, until]);
    true
}
