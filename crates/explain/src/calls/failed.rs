//! Why a call failed: what the kernel had been told by then, or that nobody was asked.

mod address;
mod broken;

use std::time::Duration;

use proto::{
    call::{Call, CallError, OptionName, Value},
    errno::Errno,
    id::Fd,
    trace::TcpState,
};

use super::{
    facts::{end_of, succeeded},
    waiting,
};
use crate::{
    answer::Answer,
    trace::{CallOf, Trace},
};

pub(super) fn explain<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, error: &CallError) {
    match error {
        CallError::Errno { errno, .. } => of_kernel(answer, call, at, *errno),
        CallError::TimedOut { .. } => {
            answer
                .why("The time that the program allowed this call ran out. The network said nothing.", &[at]);
            waiting::reason(answer, call, at);
        }
        CallError::Resolve(_) => {
            answer
                .why("The name could not be turned into an address, so nothing was sent to anybody.", &[at]);
        }
        CallError::Policy { .. } => {
            answer.why("A rule of this lab refuses it. The network was not asked, so it is no errno.", &[at]);
        }
        CallError::Limit { .. } => {
            answer.why("A limit of this lab is reached. The kernel was not asked, so it is no errno.", &[at]);
        }
        CallError::Protocol { .. } => {
            answer.unknown(
                "The page and the server did not understand each other. The kernel was not asked.",
                &[at],
            );
        }
    }
}

/// What gave the socket of a call the time (SO_RCVTIMEO, SO_SNDTIMEO) that it has waited for.
fn own_time(trace: &Trace<'_>, call: CallOf<'_>) -> Option<usize> {
    let wanted = match call.begin.call {
        Call::Recv { .. } | Call::RecvFrom { .. } | Call::Accept { .. } => OptionName::RcvTimeo,
        Call::Send { .. } | Call::SendTo { .. } | Call::Connect { .. } => OptionName::SndTimeo,
        _ => return None,
    };
    let waited = Duration::from_nanos(call.end?.1.elapsed);
    let mut set = trace.calls(call.begin.socket, call.at).filter(|one| {
        matches!(one.begin.call, Call::SetSockOpt { name, .. } if name == wanted)
            && one.end.is_some_and(|(_, end)| end.outcome.is_ok())
    });
    let last = set.next_back()?;
    let Call::SetSockOpt { value, .. } = &last.begin.call else { return None };
    value.time().filter(|time| *time <= waited).map(|_| last.at)
}

fn of_kernel<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize, errno: Errno) {
    match errno {
        Errno::ECONNREFUSED => address::refused(answer, call, at),
        Errno::EADDRINUSE => address::in_use(answer, call, at),
        Errno::EADDRNOTAVAIL => address::not_available(answer, call, at),
        Errno::EHOSTUNREACH | Errno::ENETUNREACH => address::unreachable(answer, call, at, errno),
        Errno::ETIMEDOUT => timed_out(answer, call, at),
        Errno::ECONNRESET => broken::reset(answer, call, at),
        Errno::EPIPE => broken::pipe(answer, call, at),
        Errno::ENOTCONN => not_connected(answer, call, at),
        Errno::EISCONN => connected_before(answer, call, at),
        Errno::EINVAL => invalid(answer, call, at),
        Errno::EBADF => no_descriptor(answer, call, at),
        Errno::EAGAIN | Errno::EINPROGRESS if let Some(set) = own_time(answer.trace, call) => {
            answer.why(
                "The time ran out that the program had given this socket. The network said nothing.",
                &[set, at],
            );
            waiting::reason(answer, call, at);
        }
        Errno::EAGAIN => {
            answer.why("There was nothing to do at once, and the call was told not to wait.", &[at]);
            answer.means("Nothing is wrong with the connection.", &[]);
        }
        Errno::EINPROGRESS => {
            answer.why("The SYN has left, and the call was told not to wait for the answer.", &[at]);
            answer.next("When the handshake is complete, or has failed, the socket is ready to write.", &[]);
        }
        Errno::EINTR => {
            answer.why("It was cancelled while it waited. Kernel and network have refused nothing.", &[at]);
        }
        Errno::EACCES if matches!(&call.begin.call, Call::Bind { address, .. } if address.port().is_some_and(|port| (1..1024).contains(&port))) =>
        {
            answer.why("Ports below 1024 are for programs with a privilege that none has here.", &[at]);
        }
        _ => {
            let text = format!("The kernel answers {}. Why is more than the recording tells.", errno.name());
            answer.unknown(text, &[at]);
        }
    }
}

/// ETIMEDOUT: the kernel's own patience is over.
fn timed_out<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    if !matches!(call.begin.call, Call::Connect { .. }) {
        return broken::given_up(answer, call, at);
    }
    let syns = waiting::syns(answer, call, at);
    let (Some(first), Some(last)) = (syns.first(), syns.last()) else {
        return answer.unknown("Its SYNs are not in the recording.", &[at]);
    };
    let text = format!(
        "The kernel sent {}, had no answer to any of them, and gave up.",
        crate::amounts::counted(syns.len(), "SYN")
    );
    answer.why(text, &[first.at, last.at, at]);
    waiting::reason(answer, call, at);
}

fn not_connected<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let state = call.begin.socket.and_then(|socket| answer.trace.state(socket, at));
    match state {
        Some((state, change)) if change.to == TcpState::Listen => {
            let text = "This is the listening socket, which has no connection itself. Each connection is a socket that accept() returned.";
            answer.why(text, &[state, at]);
        }
        Some((state, change)) if change.to == TcpState::Closed => {
            answer.why("This socket has no connection: it is CLOSED.", &[state, at]);
        }
        Some((state, change)) if change.to == TcpState::Datagram => {
            answer.why("This datagram socket was given no address to talk with by connect().", &[state, at]);
        }
        Some((state, change)) => {
            let text =
                format!("The socket was in {}, in which it has nobody to talk with.", change.to.name());
            answer.why(text, &[state, at]);
        }
        None => answer.unknown("What this socket was is not in the recording.", &[at]),
    }
}

fn connected_before<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let before = succeeded(answer.trace, call, |call| matches!(call, Call::Connect { .. }));
    match before {
        Some(before) => {
            let text = "This socket has a connection already, made by an earlier connect(). One socket is one connection.";
            answer.why(text, &[end_of(answer.trace, before), at]);
        }
        None => answer.why("This socket has a connection already. One socket is one connection.", &[at]),
    }
}

fn invalid<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let trace = answer.trace;
    let state = call.begin.socket.and_then(|socket| trace.state(socket, call.at));
    match (&call.begin.call, state) {
        (Call::Accept { .. }, Some((state, change))) if change.to != TcpState::Listen => {
            let text = format!(
                "This socket does not listen: it is {}. listen() comes before accept().",
                change.to.name()
            );
            answer.why(text, &[state, at]);
        }
        (Call::Bind { .. }, _) => {
            match succeeded(trace, call, |call| {
                matches!(call, Call::Bind { .. } | Call::Connect { .. } | Call::Listen { .. })
            }) {
                Some(before) => {
                    let text = format!(
                        "It has an address already, from an earlier {}(). A socket is bound once.",
                        before.begin.call.name()
                    );
                    answer.why(text, &[end_of(trace, before), at]);
                }
                None => answer
                    .unknown("The kernel finds that it makes no sense. Why is not in the recording.", &[at]),
            }
        }
        (Call::Listen { .. }, Some((state, change)))
            if !matches!(change.to, TcpState::Closed | TcpState::Listen) =>
        {
            let text = format!("This socket is {}: one with a connection cannot listen.", change.to.name());
            answer.why(text, &[state, at]);
        }
        _ => answer.unknown(
            "The kernel finds that it makes no sense for this socket. Why is not in the recording.",
            &[at],
        ),
    }
}

fn no_descriptor<'a>(answer: &mut Answer<'_, 'a>, call: CallOf<'a>, at: usize) {
    let trace = answer.trace;
    let Some(fd) = call.begin.call.fd() else {
        return answer.unknown("Which number names no socket is not in the recording.", &[at]);
    };
    let closed = trace.calls(None, call.at).rev().find(|other| {
        other.begin.program == call.begin.program
            && matches!(other.begin.call, Call::Close { fd: closed } if closed == fd)
            && other.end.is_some_and(|(end, outcome)| end < at && outcome.outcome.is_ok())
    });
    match closed {
        Some(closed) => {
            let text =
                format!("This program has closed fd {fd} before. The number names nothing since then.");
            answer.why(text, &[end_of(trace, closed), at]);
        }
        None if trace.is_whole_until(at) && !was_made(trace, call, fd, at) => {
            answer.why(format!("No call of this program has made an fd {fd}."), &[at]);
        }
        None => answer.unknown(
            format!("fd {fd} names no open socket. What became of it is not in the recording."),
            &[at],
        ),
    }
}

/// Whether a call of the same program has made a descriptor.
fn was_made(trace: &Trace<'_>, call: CallOf<'_>, fd: Fd, until: usize) -> bool {
    let made = |outcome: &proto::call::Outcome| match outcome {
        Ok(Value::Descriptor(made) | Value::Accepted { fd: made, .. }) => *made == fd,
        _ => false,
    };
    trace.calls(None, until).any(|other| {
        other.begin.program == call.begin.program && other.end.is_some_and(|(_, end)| made(&end.outcome))
    })
}
