//! One host: its namespace, its end of the wire, its captures.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, netlink, socket_with, socketpair, sockopt},
    thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe},
};

use super::{
    ioctl,
    message::{At as _, Failure, HostSpec, SocketFamily, SocketKind, SocketSpec},
    option,
    rtnetlink::{LOOPBACK, Rtnetlink},
    step::Step,
    sysctl,
};

/// The wire's end on every host.
pub(super) const WIRE: &str = "eth0";
/// Bytes; Ethernet's, on loopback too, so that segments look alike on both.
const MTU: u32 = 1500;
/// Packets that wait for the room to read them before the host drops new ones.
const QUEUE: u32 = 1000;
/// Bytes the loopback capture may hold, as far as net.core.rmem_max allows: a small packet counts as 832.
const CAPTURE: usize = 4 * 1024 * 1024;

/// Makes a host from the base namespace and stays in it. Gives the number of its end of the wire, and namespace, wire, loopback
/// capture and sock_diag.
pub(super) fn create(base: BorrowedFd<'_>, spec: HostSpec) -> Result<(u32, Vec<OwnedFd>), Failure> {
    if !(1..=32).contains(&spec.prefix) {
        return Err(Errno::INVAL).at(Step::Address);
    }
    // From the base and nowhere else: the size of the hash tables is inherited from the current namespace.
    enter(base).at(Step::EnterNamespace)?;
    let namespace = new_namespace()?;
    sysctl::prepare_host().at(Step::Sysctl)?;
    let links = Rtnetlink::open().at(Step::Links)?;
    links.up(LOOPBACK, MTU, None).at(Step::Links)?;
    ioctl::offloads_off("lo").at(Step::Offloads)?;
    let wire = wire()?;
    let index = links.index(WIRE).at(Step::Links)?;
    links.up(index, MTU, Some(QUEUE)).at(Step::Links)?;
    links.add_address(index, spec.address, spec.prefix).at(Step::Address)?;
    let capture = loopback_capture().at(Step::Capture)?;
    Ok((index, vec![namespace, wire, capture, sock_diag().at(Step::SockDiag)?]))
}

/// Makes a socket in the current namespace.
pub(super) fn socket(spec: SocketSpec) -> Result<OwnedFd, Errno> {
    let family = family_of(spec.family);
    let (kind, protocol) = match (spec.kind, spec.family) {
        (SocketKind::Stream, _) => (SocketType::STREAM, None),
        (SocketKind::Datagram, _) => (SocketType::DGRAM, None),
        // There are none: the kernel says so.
        (SocketKind::IcmpEcho, SocketFamily::Unix) => (SocketType::DGRAM, Some(rustix::net::ipproto::ICMP)),
        (SocketKind::IcmpEcho, SocketFamily::Inet) => (SocketType::DGRAM, Some(rustix::net::ipproto::ICMP)),
        (SocketKind::IcmpEcho, SocketFamily::Inet6) => {
            (SocketType::DGRAM, Some(rustix::net::ipproto::ICMPV6))
        }
    };
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, protocol)?;
    if spec.kind == SocketKind::Stream && spec.family != SocketFamily::Unix {
        // As a default of the namespace the kernel may have refused it. Without it, the default there is.
        let _ = sockopt::set_tcp_congestion(&socket, "cubic");
    }
    Ok(socket)
}

/// Makes two sockets in the current namespace that are connected to each other.
pub(super) fn pair(spec: SocketSpec) -> Result<Vec<OwnedFd>, Errno> {
    let kind = match spec.kind {
        SocketKind::Stream => SocketType::STREAM,
        SocketKind::Datagram | SocketKind::IcmpEcho => SocketType::DGRAM,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (one, other) = socketpair(family_of(spec.family), kind, flags, None)?;
    Ok(vec![one, other])
}

fn family_of(family: SocketFamily) -> AddressFamily {
    match family {
        SocketFamily::Inet => AddressFamily::INET,
        SocketFamily::Inet6 => AddressFamily::INET6,
        SocketFamily::Unix => AddressFamily::UNIX,
    }
}

/// Packets that the current namespace's end of the wire dropped because nobody read them in time.
pub(super) fn link_drops() -> Result<u64, Failure> {
    let links = Rtnetlink::open().at(Step::Links)?;
    let index = links.index(WIRE).at(Step::Links)?;
    links.transmit_drops(index).at(Step::Links)
}

/// Enters a network namespace.
pub(super) fn enter(namespace: BorrowedFd<'_>) -> Result<(), Errno> {
    move_into_link_name_space(namespace, Some(LinkNameSpaceType::Network))
}

/// Makes a network namespace and enters it.
pub(super) fn new_namespace() -> Result<OwnedFd, Failure> {
    // SAFETY: descriptors are not unshared.
    unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.at(Step::NetworkNamespace)?;
    openat(CWD, "/proc/thread-self/ns/net", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .at(Step::NetworkNamespace)
}

fn wire() -> Result<OwnedFd, Failure> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let tun = openat(CWD, "/dev/net/tun", flags, Mode::empty()).at(Step::TunDevice)?;
    ioctl::create_tun(&tun, WIRE).at(Step::Tun)?;
    Ok(tun)
}

fn loopback_capture() -> Result<OwnedFd, Errno> {
    // Protocol none: it captures nothing before it is bound to loopback.
    let socket = socket_with(
        AddressFamily::PACKET,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )?;
    option::ignore_outgoing(&socket)?;
    // Beyond rmem_max only with privileges over the machine, which are rare.
    sockopt::set_socket_recv_buffer_size_force(&socket, CAPTURE)
        .or_else(|_| sockopt::set_socket_recv_buffer_size(&socket, CAPTURE))?;
    option::bind_capture(&socket, LOOPBACK)?;
    Ok(socket)
}

fn sock_diag() -> Result<OwnedFd, Errno> {
    socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        Some(netlink::SOCK_DIAG),
    )
}
