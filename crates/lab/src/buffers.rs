//! What the kernel may keep in a socket's buffers. All namespaces of a machine share the kernel's memory for TCP: what a
//! socket may come to hold is charged before it gets an address or a peer, and again when a program makes its buffers larger. Before
//! that nothing reaches it and nothing leaves it.

use proto::call::{Call, Kind, OptionName, OptionValue};

use crate::{end::End, syscall};

/// The largest size to which the kernel lets a buffer of a machine's TCP socket grow by itself, either way: `tcp_rmem` and
/// `tcp_wmem` of every machine.
pub(crate) const GROWS_TO: usize = 64 * 1024;

/// What a socket takes that has neither an address nor a peer, in bytes: its own structures.
pub(crate) const FRESH: usize = 4 * 1024;

/// Whether a call gives its socket an address or a peer, by which bytes can come to be in its buffers.
pub(crate) fn begin_with(call: &Call) -> bool {
    matches!(
        call,
        Call::Bind { .. }
            | Call::Listen { .. }
            | Call::Connect { .. }
            | Call::SendTo { .. }
            | Call::SendMsg { address: Some(_), .. }
    )
}

/// Bytes that a socket may come to hold, which has, or is about to get, an address or a peer. A TCP socket without a peer may lead to one that no program has: a ready-made
/// server's, or one that nobody accepts.
pub(crate) fn of_used(end: &End) -> usize {
    let leads = end.kind() == Kind::Stream && !end.is_unix() && syscall::getpeername(end.in_room()).is_err();
    of(end) + if leads { 2 * GROWS_TO } else { 0 }
}

/// Bytes that a socket's own buffers may come to hold. A datagram that was sent is the wire's; within a machine (AF_UNIX)
/// what was sent is its sender's until it is received.
pub(crate) fn of(end: &End) -> usize {
    let size = |name| match syscall::getsockopt(end.in_room(), name) {
        Ok(OptionValue::Int(bytes)) => usize::try_from(bytes).unwrap_or(0),
        _ => 0,
    };
    match end.kind() {
        _ if end.is_unix() => size(OptionName::SndBuf),
        Kind::Stream => size(OptionName::RcvBuf).max(GROWS_TO) + size(OptionName::SndBuf).max(GROWS_TO),
        Kind::Datagram => size(OptionName::RcvBuf),
    }
}

/// Bytes that an option may add at most: the kernel doubles what is asked for.
pub(crate) fn asked_by(name: OptionName, value: &OptionValue) -> usize {
    match (name, value) {
        (OptionName::RcvBuf | OptionName::SndBuf, OptionValue::Int(bytes)) => {
            2 * usize::try_from((*bytes).clamp(0, syscall::BUFFER_MAX)).unwrap_or(0)
        }
        _ => 0,
    }
}
