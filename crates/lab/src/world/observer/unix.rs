//! Sockets of AF_UNIX: the dumps do not have them. What is said of them is what their own kernel answers when it is asked for
//! their addresses, after each call that may have changed them.

use proto::{
    address::Address,
    id::{HostId, SocketId},
    trace::{TcpState, What},
};

use super::{ObservedSocket, Observer, change};
use crate::world::tables::Tables;

impl Observer {
    /// The addresses of a socket now; recorded where they, or the descriptor that names it, are others than before.
    pub(in crate::world) fn unix_is(
        &mut self,
        host: HostId,
        socket: SocketId,
        local: Option<Address>,
        remote: Option<Address>,
        tables: &Tables,
    ) {
        let Some(known) = self.known_of(host, socket) else { return };
        let from = (known.state == TcpState::Unix).then_some(TcpState::Unix);
        let new = ObservedSocket { state: TcpState::Unix, local, remote, ..known.clone() };
        if *known == new {
            return;
        }
        *known = new.clone();
        self.record(What::State(change(host, &new, from, TcpState::Unix, tables)));
    }

    /// A socket is closed.
    pub(in crate::world) fn unix_gone(&mut self, host: HostId, socket: SocketId, tables: &Tables) {
        let Some(known) = self.known_of(host, socket).filter(|known| known.state == TcpState::Unix) else {
            return;
        };
        known.state = TcpState::Closed;
        let known = known.clone();
        self.record(What::State(change(host, &known, Some(TcpState::Unix), TcpState::Closed, tables)));
        if let Some(states) = self.machines.get_mut(&host) {
            states.known.retain(|_, known| known.id != socket);
        }
    }

    fn known_of(&mut self, host: HostId, socket: SocketId) -> Option<&mut ObservedSocket> {
        self.machines.get_mut(&host)?.known.values_mut().find(|known| known.id == socket)
    }
}
