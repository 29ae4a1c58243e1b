//! Queues of connections that nobody has accepted yet.

use std::net::SocketAddr;

use proto::trace::TcpState;

use crate::{answer::Answer, trace::PacketOf};

/// The full queue that a SYN came to: where it was told, connections in it, and places.
pub(crate) fn full(answer: &Answer<'_, '_>, syn: PacketOf<'_>, to: SocketAddr) -> Option<(usize, u32, u32)> {
    let host = syn.packet.to?;
    let arrived = answer.trace.arrived(syn.packet, answer.trace.last())?;
    let listener = answer.trace.sockets(host, arrived).into_iter().find(|(_, change)| {
        change.to == TcpState::Listen
            && change.local_inet().is_some_and(|local| {
                local.port() == to.port() && (local.ip().is_unspecified() || local.ip() == syn.packet.dst)
            })
    });
    let (at, listener) = listener?;
    let (queued, places) = (listener.unread, listener.places());
    (queued >= places).then_some((at, queued, places))
}
