//! What waits in datagram sockets to be read. The kernel tells how much memory that takes and not how many bytes it is:
//! here it is counted from the datagrams that arrived and the calls that took one, and where that cannot be, nothing is
//! said.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
};

use proto::{
    id::{HostId, SocketId},
    trace::{Packet, StateChange, TcpState, Transport},
};

/// Datagrams counted in one socket; with more the number is not known until all are read.
const MOST: usize = 1024;

/// One socket's datagrams.
#[derive(Debug)]
struct UnreadDatagrams {
    change: StateChange,
    /// Their payload in bytes, oldest first.
    lengths: VecDeque<u32>,
    /// Whether these are all there are, and no others.
    known: bool,
    /// Whether one was read, and the call that did it has not been told yet.
    read: bool,
}

/// The datagrams that nobody has read.
#[derive(Debug, Default)]
pub(super) struct Datagrams {
    sockets: HashMap<SocketId, UnreadDatagrams>,
}

impl Datagrams {
    /// A socket is heard of: what waits there, in bytes, if that is known.
    pub(super) fn heard(&mut self, change: &StateChange) -> Option<u32> {
        if change.to != TcpState::Datagram {
            self.sockets.remove(&change.socket);
            return None;
        }
        let waiting = self.sockets.entry(change.socket).or_insert_with(|| UnreadDatagrams {
            change: change.clone(),
            lengths: VecDeque::new(),
            known: true,
            read: false,
        });
        waiting.read = change.unread < waiting.change.unread;
        waiting.change = change.clone();
        if change.unread == 0 {
            waiting.lengths.clear();
            waiting.known = true;
        }
        waiting.bytes()
    }

    /// What waits in a socket now, in bytes, if that is known.
    pub(super) fn waiting(&self, socket: SocketId) -> Option<u32> {
        self.sockets.get(&socket)?.bytes()
    }

    /// A packet has come to a machine.
    pub(super) fn arrived(&mut self, packet: &Packet) {
        let Some(host) = packet.to.filter(|_| matches!(packet.transport, Transport::Udp { .. })) else {
            return;
        };
        let best = self.sockets.values().map(|one| fitness(&one.change, host, packet)).max().unwrap_or(0);
        if best == 0 {
            return;
        }
        let fits = self.sockets.values_mut().filter(|one| fitness(&one.change, host, packet) == best);
        let mut takers: Vec<_> = fits.collect();
        // Which of several the kernel chose is not told.
        let one = takers.len() == 1;
        for taker in &mut takers {
            taker.lengths.push_back(packet.data.length);
            taker.known &= one && taker.lengths.len() <= MOST;
            taker.lengths.truncate(MOST);
        }
    }

    /// A call has taken the oldest.
    pub(super) fn taken(&mut self, socket: SocketId) {
        if let Some(waiting) = self.sockets.get_mut(&socket) {
            waiting.lengths.pop_front();
            waiting.read = false;
        }
    }

    /// Something happened that was not recorded.
    pub(super) fn missed(&mut self) {
        self.sockets.values_mut().for_each(|waiting| waiting.known = waiting.change.unread == 0);
    }

    /// A machine went, with its sockets.
    pub(super) fn host_gone(&mut self, host: HostId) {
        self.sockets.retain(|_, waiting| waiting.change.host != host);
    }

    /// A socket went.
    pub(super) fn gone(&mut self, socket: SocketId) {
        self.sockets.remove(&socket);
    }
}

impl UnreadDatagrams {
    fn bytes(&self) -> Option<u32> {
        if self.change.unread == 0 && self.lengths.is_empty() {
            return Some(0);
        }
        let sum = u32::try_from(self.lengths.iter().map(|length| u64::from(*length)).sum::<u64>()).ok()?;
        // Memory holds the payload and more: with less of it some were never kept.
        (self.known && !self.read && !self.lengths.is_empty() && sum <= self.change.unread).then_some(sum)
    }
}

/// How well a socket fits a datagram, as the kernel chooses: 0 not at all.
fn fitness(change: &StateChange, host: HostId, packet: &Packet) -> u8 {
    let (Some(local), Some((from, to))) = (change.local, packet.transport.ports()) else { return 0 };
    let Some(local) = local.inet().filter(|local| change.host == host && local.port() == to) else {
        return 0;
    };
    let exact = match local.ip() {
        ip if ip.is_unspecified() => 0,
        ip if ip == packet.dst => 1,
        _ => return 0,
    };
    match change.remote {
        None => 1 + exact,
        Some(remote) if remote.inet() == Some(SocketAddr::new(packet.src, from)) => 3 + exact,
        Some(_) => 0,
    }
}
