//! A wire between two hosts, and calls on their sockets.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    os::fd::OwnedFd,
    time::Duration,
};

use lab::keeper::{HostFds, HostSpec, Keeper, SocketFamily, SocketKind, SocketSpec};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, read, write},
    net::{SocketFlags, accept_with, bind, connect, listen},
};

pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
pub(crate) const PORT: u16 = 12345;
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Pair {
    pub(crate) server: HostFds,
    pub(crate) client: HostFds,
}

impl Pair {
    pub(crate) async fn create(keeper: &Keeper) -> Self {
        Self { server: host(keeper, SERVER).await, client: host(keeper, CLIENT).await }
    }

    /// Carries packets until both ends of the wire are silent.
    pub(crate) fn carry(&self) {
        while carry_one(&self.client, &self.server).is_some()
            || carry_one(&self.server, &self.client).is_some()
        {}
    }

    /// Carries packets until `done` gives something, waiting for more of them in between.
    pub(crate) fn carry_until<T>(&self, mut done: impl FnMut() -> Option<T>) -> T {
        loop {
            self.carry();
            if let Some(result) = done() {
                return result;
            }
            wait(&[&self.server.wire, &self.client.wire]);
        }
    }
}

pub(crate) async fn host(keeper: &Keeper, address: Ipv4Addr) -> HostFds {
    keeper.create_host(HostSpec { address, prefix: 24 }).await.unwrap()
}

pub(crate) async fn socket(keeper: &Keeper, host: &HostFds, kind: SocketKind) -> OwnedFd {
    keeper.socket(&host.namespace, SocketSpec { family: SocketFamily::Inet, kind }).await.unwrap()
}

pub(crate) async fn listener(keeper: &Keeper, host: &HostFds, backlog: i32) -> OwnedFd {
    let socket = socket(keeper, host, SocketKind::Stream).await;
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, PORT)).unwrap();
    listen(&socket, backlog).unwrap();
    socket
}

pub(crate) fn begin_connect(socket: &OwnedFd, address: Ipv4Addr) {
    let result = connect(socket, &SocketAddrV4::new(address, PORT));
    assert!(matches!(result, Ok(()) | Err(Errno::INPROGRESS)), "{result:?}");
}

pub(crate) fn accept(listener: &OwnedFd) -> Option<OwnedFd> {
    match accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
        Ok(socket) => Some(socket),
        Err(Errno::AGAIN) => None,
        Err(errno) => panic!("accept: {errno}"),
    }
}

/// The next packet at a host's end of the wire, without waiting.
pub(crate) fn packet(host: &HostFds) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 2048];
    match read(&host.wire, &mut bytes[..]) {
        Ok(length) => {
            bytes.truncate(length);
            Some(bytes)
        }
        Err(Errno::AGAIN) => None,
        Err(errno) => panic!("wire: {errno}"),
    }
}

/// Hands a packet to a host.
pub(crate) fn deliver(host: &HostFds, packet: &[u8]) {
    assert_eq!(write(&host.wire, packet).unwrap(), packet.len());
}

/// Carries one packet, which it returns.
pub(crate) fn carry_one(from: &HostFds, to: &HostFds) -> Option<Vec<u8>> {
    let packet = packet(from)?;
    deliver(to, &packet);
    Some(packet)
}

/// Waits until one of the descriptors can be read.
pub(crate) fn wait(descriptors: &[&OwnedFd]) {
    let mut polled: Vec<_> =
        descriptors.iter().map(|descriptor| PollFd::new(descriptor, PollFlags::IN)).collect();
    let ready = poll(&mut polled, Some(&Timespec::try_from(PATIENCE).unwrap())).unwrap();
    assert_ne!(ready, 0, "nothing came");
}

/// TCP control bits of a bare IPv4 packet.
pub(crate) fn flags(packet: &[u8]) -> u8 {
    packet[usize::from(packet[0] & 0x0f) * 4 + 13]
}

pub(crate) fn v4(address: Ipv4Addr, port: u16) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(address, port))
}
