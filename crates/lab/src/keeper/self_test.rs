//! A complete room, once, before any visitor: two hosts, a connection over the wire in our hands, one over
//! loopback, the capture of it, the list of sockets. Each part can be refused alone by some kernel or container, so
//! testing single calls would prove nothing.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
    time::{Duration, Instant},
};

use proto::trace::{TcpFlags, TcpState};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, read, write},
    net::{SocketFlags, accept_with, bind, connect, listen, sockopt},
};

use super::{
    HostSysctl,
    link::Link,
    message::{At as _, Failure, HostSpec, Reply, Request, SocketFamily, SocketKind, SocketSpec, exactly},
    spawner::Spawner,
    step::Step,
    tap,
    unavailable::Unavailable,
};
use crate::diag::{self, DiagSocket};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// The tutorial's.
const PORT: u16 = 12345;
/// A handshake takes some 100 us; a loaded machine gets its time.
const PATIENCE: Duration = Duration::from_secs(5);

/// A keeper that has proved itself: in a user namespace of its own where that works, else with this process's own
/// privileges where it has them (a container may forbid the first and allow the second).
pub(super) fn tested(spawner: &Spawner) -> Result<Link, Unavailable> {
    match attempt(spawner, true) {
        Ok(link) => Ok(link),
        Err(_) if spawner.is_privileged() => Ok(attempt(spawner, false)?),
        Err(failure) => Err(failure.into()),
    }
}

fn attempt(spawner: &Spawner, user_namespace: bool) -> Result<Link, Failure> {
    let mut link = Link::start(spawner, user_namespace)?;
    let server = Host::create(&mut link, SERVER)?;
    let client = Host::create(&mut link, CLIENT)?;
    settings(&mut link, &server)?;
    let listener = server.socket(&mut link)?;
    bind(&listener, &SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, PORT)).at(Step::Socket)?;
    listen(&listener, 5).at(Step::Socket)?;
    over_the_wire(&mut link, &server, &client, &listener)?;
    over_loopback(&mut link, &server, &listener)?;
    for host in [&server, &client] {
        diag::destroy_all(&host.diag).at(Step::SockDiag)?;
    }
    // Closing takes the kernel some 30 ms a host, which nobody has to wait for. Without a thread, it happens here.
    drop(std::thread::Builder::new().spawn(move || drop((listener, server, client))));
    Ok(link)
}

struct Host {
    namespace: OwnedFd,
    wire: OwnedFd,
    loopback: OwnedFd,
    diag: OwnedFd,
}

impl Host {
    fn create(link: &mut Link, address: Ipv4Addr) -> Result<Self, Failure> {
        let (_, descriptors) = link.ask(Request::CreateHost(HostSpec { address, prefix: 24 }), &[])?;
        let [namespace, wire, loopback, diag] = exactly(descriptors).at(Step::Receive)?;
        Ok(Self { namespace, wire, loopback, diag })
    }

    fn socket(&self, link: &mut Link) -> Result<OwnedFd, Failure> {
        let spec = SocketSpec { family: SocketFamily::Inet, kind: SocketKind::Stream };
        let (_, descriptors) = link.ask(Request::Sockets(spec, 1), &[self.namespace.as_fd()])?;
        let [socket] = exactly(descriptors).at(Step::Receive)?;
        Ok(socket)
    }

    fn list(&self) -> Result<Vec<DiagSocket>, Failure> {
        diag::dump(&self.diag).at(Step::SockDiag)
    }
}

fn settings(link: &mut Link, host: &Host) -> Result<(), Failure> {
    let namespace = [host.namespace.as_fd()];
    link.ask(Request::SetSysctl(HostSysctl::SynRetries, 5), &namespace)?;
    match link.ask(Request::GetSysctl(HostSysctl::SynRetries), &namespace)? {
        (Reply::Value(5), _) => Ok(()),
        _ => Err(Errno::INVAL).at(Step::Sysctl),
    }
}

fn over_the_wire(link: &mut Link, server: &Host, client: &Host, listener: &OwnedFd) -> Result<(), Failure> {
    let socket = client.socket(link)?;
    begin_connect(&socket, SERVER)?;
    let accepted = until(listener, Step::Traffic, &[&server.wire, &client.wire], || {
        forward(&client.wire, &server.wire)?;
        forward(&server.wire, &client.wire)?;
        accept_one(listener)
    })?;
    let cookie = sockopt::socket_cookie(&accepted).at(Step::SockDiag)?;
    let listed = server.list()?;
    let seen = |state, cookie: Option<u64>| {
        listed
            .iter()
            .any(|socket| socket.state == state && cookie.is_none_or(|cookie| cookie == socket.cookie))
    };
    if seen(TcpState::Listen, None) && seen(TcpState::Established, Some(cookie)) {
        Ok(())
    } else {
        Err(Errno::NODATA).at(Step::SockDiag)
    }
}

fn over_loopback(link: &mut Link, host: &Host, listener: &OwnedFd) -> Result<(), Failure> {
    let socket = host.socket(link)?;
    begin_connect(&socket, Ipv4Addr::LOCALHOST)?;
    // Kept open: closing it would be a fourth packet.
    let _accepted = until(listener, Step::Traffic, &[], || accept_one(listener))?;
    let mut expected = [TcpFlags::SYN.0, TcpFlags::SYN.0 | TcpFlags::ACK.0, TcpFlags::ACK.0].into_iter();
    let mut packet = [0; 2048];
    while let Some(length) = tap::read(&host.loopback, &mut packet).at(Step::Capture)? {
        if Some(tcp_flags(&packet[..length.min(packet.len())])) != expected.next().map(Some) {
            return Err(Errno::BADMSG).at(Step::Capture);
        }
    }
    if expected.next().is_none() { Ok(()) } else { Err(Errno::NODATA).at(Step::Capture) }
}

/// The control bits of a bare IPv4 TCP packet.
fn tcp_flags(packet: &[u8]) -> Option<u8> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    packet.get(header + 13).copied()
}

fn begin_connect(socket: &OwnedFd, address: Ipv4Addr) -> Result<(), Failure> {
    match connect(socket, &SocketAddrV4::new(address, PORT)) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(()),
        Err(errno) => Err(errno).at(Step::Traffic),
    }
}

/// Moves what waits at one end of the wire to the other.
fn forward(from: &OwnedFd, to: &OwnedFd) -> Result<(), Errno> {
    let mut packet = [0; 2048];
    loop {
        match read(from, &mut packet) {
            Ok(length) => write(to, &packet[..length])?,
            Err(Errno::AGAIN) => return Ok(()),
            Err(errno) => return Err(errno),
        };
    }
}

fn accept_one(listener: &OwnedFd) -> Result<Option<OwnedFd>, Errno> {
    match accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
        Ok(socket) => Ok(Some(socket)),
        Err(Errno::AGAIN) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Tries again whenever one of the descriptors can be read, for as long as patience lasts.
fn until<T>(
    listener: &OwnedFd,
    step: Step,
    others: &[&OwnedFd],
    mut try_once: impl FnMut() -> Result<Option<T>, Errno>,
) -> Result<T, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(result) = try_once().at(step)? {
            return Ok(result);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Errno::TIMEDOUT).at(step);
        }
        wait_readable(others.iter().copied().chain([listener]).map(OwnedFd::as_fd), left).at(step)?;
    }
}

fn wait_readable<'fd>(
    descriptors: impl Iterator<Item = BorrowedFd<'fd>>,
    left: Duration,
) -> Result<(), Errno> {
    let mut polled: Vec<_> =
        descriptors.map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN)).collect();
    let left = Timespec::try_from(left).map_err(|_| Errno::INVAL)?;
    match poll(&mut polled, Some(&left)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}
