//! What the trace says of a call's socket and machine, as several rules ask.

use proto::{
    call::{Call, Kind},
    id::SocketId,
    trace::{TcpState, What},
};

use crate::trace::{CallOf, Trace};

/// Whether a socket is of datagrams, as far as that is known.
pub(super) fn is_datagram(trace: &Trace<'_>, socket: Option<SocketId>, until: usize) -> bool {
    let Some(socket) = socket else { return false };
    let made = trace.maker(socket).map(|maker| &maker.begin.call);
    matches!(
        made,
        Some(Call::Socket { kind: Kind::Datagram, .. } | Call::SocketPair { kind: Kind::Datagram, .. })
    ) || trace.state(socket, until).is_some_and(|(_, change)| change.to == TcpState::Datagram)
}

/// The end of a call, or the last place where it has none.
pub(super) fn end_of(trace: &Trace<'_>, call: CallOf<'_>) -> usize {
    call.end.map_or(trace.last(), |(at, _)| at)
}

/// The last call on the same socket that succeeded before another began.
pub(super) fn succeeded<'a>(
    trace: &Trace<'a>,
    call: CallOf<'a>,
    is: impl Fn(&Call) -> bool,
) -> Option<CallOf<'a>> {
    let socket = call.begin.socket?;
    trace.calls(Some(socket), call.at).rev().find(|other| {
        other.begin.id != call.begin.id
            && is(&other.begin.call)
            && other.end.is_some_and(|(end, outcome)| end <= call.at && outcome.outcome.is_ok())
    })
}

/// The last change of a machine's cable by a place: where it was told, and whether it is whole.
pub(super) fn cable(trace: &Trace<'_>, host: proto::id::HostId, until: usize) -> Option<(usize, bool)> {
    trace.between(0, until + 1).rev().find_map(|(at, what)| match what {
        What::HostChanged { host: changed, command: proto::message::HostCommand::Cable(whole), .. }
            if changed.id == host =>
        {
            Some((at, *whole))
        }
        _ => None,
    })
}
