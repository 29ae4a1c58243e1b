//! The sockets of one host, as its kernel sees them: sock_diag(7) on [`HostFds::diag`](crate::keeper::HostFds::diag).
//!
//! A dump has every TCP and UDP socket, also those without a descriptor: requests in SYN_RECV, connections that
//! nobody accepted yet, orphans, TIME_WAIT. One dump takes some 25 us and is complete when the call returns.
//!
//! The messages are read here and not by a library: the library at hand loses the time left in TIME_WAIT and the
//! tries of a SYN-ACK, and allocates several times per socket.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::{AsFd, BorrowedFd},
    sync::atomic::{AtomicU32, Ordering},
};

use proto::trace::{TcpState, Timer, TimerKind};
use rustix::{
    io::Errno,
    net::{RecvFlags, SendFlags, netlink::SocketAddrNetlink, recv, sendto},
};

/// Bytes taken at once. The kernel fills what it is given, up to 32 KiB, from 8 KiB on.
const BUFFER: usize = 16 * 1024;

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// IPPROTO_TCP.
    Tcp,
    /// IPPROTO_UDP.
    Udp,
}

/// One socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiagSocket {
    /// SO_COOKIE: the same from SYN_RECV to TIME_WAIT, never reused.
    pub cookie: u64,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its state; [`TcpState::Datagram`] for UDP.
    pub state: TcpState,
    /// Where it is bound. Its family is the socket's: a dual-stack socket shows mapped addresses.
    pub local: SocketAddr,
    /// Its peer, where it has one.
    pub remote: Option<SocketAddr>,
    /// Bytes nobody has read; for a listener, connections waiting to be accepted.
    pub rqueue: u32,
    /// Bytes the peer has not acknowledged; for a listener, the backlog.
    pub wqueue: u32,
    /// The timer that is running.
    pub timer: Option<Timer>,
    /// Number of the socket's file; 0 for one without a descriptor.
    pub inode: u32,
}

/// Lists the host's sockets, TCP first, without TCP sockets that are bound and nothing more. Never blocks.
pub fn dump(diag: impl AsFd) -> io::Result<Vec<DiagSocket>> {
    let diag = diag.as_fd();
    let mut sockets = list_tcp(diag)?;
    for family in [AF_INET, AF_INET6] {
        let request = request(family, Protocol::Udp);
        match list(diag, SOCK_DIAG_BY_FAMILY, &request, Protocol::Udp, &mut sockets) {
            // This kernel cannot list UDP.
            Err(Errno::NOENT) => {}
            listed => listed?,
        }
    }
    Ok(sockets)
}

/// Lists the host's TCP sockets alone, as [`dump`] does, in a third of its time.
pub fn dump_tcp(diag: impl AsFd) -> io::Result<Vec<DiagSocket>> {
    Ok(list_tcp(diag.as_fd())?)
}

fn list_tcp(diag: BorrowedFd<'_>) -> Result<Vec<DiagSocket>, Errno> {
    let mut sockets = Vec::new();
    // The older request lists both families at once; the newer one would need two.
    list(diag, TCPDIAG_GETSOCK, &old_request(HASHED_STATES), Protocol::Tcp, &mut sockets)?;
    Ok(sockets)
}

/// Bytes that the kernel keeps in the host's TCP sockets, those without a descriptor among them.
pub fn memory(diag: impl AsFd) -> io::Result<usize> {
    let mut request = old_request(HASHED_STATES);
    request[3] = 1 << (MEMINFO - 1);
    let mut bytes = 0;
    list_each(diag.as_fd(), TCPDIAG_GETSOCK, &request, |body| bytes += meminfo(body).unwrap_or(0))?;
    Ok(bytes)
}

/// Ends a socket at once, whoever holds it: its peer gets RST, calls on it ECONNABORTED. Success also where it is
/// gone already. A socket that is bound and nothing more stays: it ends with its descriptor.
pub fn destroy(diag: impl AsFd, socket: &DiagSocket) -> io::Result<()> {
    let family = if socket.local.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut body = request(family, socket.protocol);
    put_identity(&mut body[8..], socket);
    let sequence = send(diag.as_fd(), SOCK_DESTROY, NLM_F_ACK, &body)?;
    let mut buffer = [0; 512];
    loop {
        let length = receive(diag.as_fd(), &mut buffer)?;
        for message in messages(&buffer[..length]).filter(|message| message.sequence == sequence) {
            match message.error() {
                Some(None | Some(Errno::NOENT)) => return Ok(()),
                Some(Some(errno)) => return Err(errno.into()),
                None => {}
            }
        }
    }
}

/// Ends every TCP socket of a host, so that none of them outlives its descriptors: an orphan keeps its namespace
/// alive for as long as it retransmits. Gives how many it ended. What remains goes with its descriptor: datagram
/// sockets, and TCP sockets that are bound and nothing more.
pub fn destroy_all(diag: impl AsFd) -> io::Result<usize> {
    let diag = diag.as_fd();
    let mut ended = 0;
    // A few rounds: ending one socket may leave another behind.
    for _ in 0..4 {
        let sockets = list_tcp(diag)?;
        if sockets.is_empty() {
            break;
        }
        for socket in &sockets {
            destroy(diag, socket)?;
        }
        ended += sockets.len();
    }
    Ok(ended)
}

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
// linux/netlink.h
const HEADER: usize = 16;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_DUMP: u16 = 0x300;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
// linux/inet_diag.h, linux/sock_diag.h
const TCPDIAG_GETSOCK: u16 = 18;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const SOCK_DESTROY: u16 = 21;
/// `struct inet_diag_req_v2`.
const REQUEST: usize = 56;
/// `struct inet_diag_req`.
const OLD_REQUEST: usize = 60;
/// `struct inet_diag_msg`.
const ENTRY: usize = 72;
/// INET_DIAG_MEMINFO: `struct inet_diag_meminfo`.
const MEMINFO: u16 = 1;

/// A bit for every state of net/tcp_states.h up to 12: all but "bound and nothing more".
const HASHED_STATES: u32 = 0x1fff;

/// Tells the answers to a request from what an earlier, broken conversation left behind.
static SEQUENCE: AtomicU32 = AtomicU32::new(1);

/// `struct inet_diag_req_v2`: every state.
fn request(family: u8, protocol: Protocol) -> [u8; REQUEST] {
    let mut body = [0; REQUEST];
    body[0] = family;
    body[1] = match protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
    };
    body[4..8].fill(0xff);
    body
}

/// `struct inet_diag_req`: every family.
fn old_request(states: u32) -> [u8; OLD_REQUEST] {
    let mut body = [0; OLD_REQUEST];
    body[52..56].copy_from_slice(&states.to_ne_bytes());
    body
}

/// `struct inet_diag_sockid`.
fn put_identity(to: &mut [u8], socket: &DiagSocket) {
    put_address(to, 0, 4, socket.local);
    if let Some(remote) = socket.remote {
        put_address(to, 2, 20, remote);
    }
    to[40..48].copy_from_slice(&cookie_words(socket.cookie));
}

fn put_address(to: &mut [u8], port: usize, ip: usize, address: SocketAddr) {
    to[port..port + 2].copy_from_slice(&address.port().to_be_bytes());
    match address.ip() {
        IpAddr::V4(address) => to[ip..ip + 4].copy_from_slice(&address.octets()),
        IpAddr::V6(address) => to[ip..ip + 16].copy_from_slice(&address.octets()),
    }
}

/// The kernel writes the lower half first, on every machine.
fn cookie_words(cookie: u64) -> [u8; 8] {
    let mut words = [0; 8];
    words[..4].copy_from_slice(&(cookie as u32).to_ne_bytes());
    words[4..].copy_from_slice(&((cookie >> 32) as u32).to_ne_bytes());
    words
}

fn list(
    diag: BorrowedFd<'_>,
    kind: u16,
    body: &[u8],
    protocol: Protocol,
    sockets: &mut Vec<DiagSocket>,
) -> Result<(), Errno> {
    list_each(diag, kind, body, |body| sockets.extend(entry(body, protocol)))
}

fn list_each(diag: BorrowedFd<'_>, kind: u16, body: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), Errno> {
    let mut buffer = [0; BUFFER];
    let sequence = send(diag, kind, NLM_F_DUMP, body)?;
    loop {
        // The kernel writes the next part before it gives out this one: there is no waiting in between.
        let length = receive(diag, &mut buffer)?;
        for message in messages(&buffer[..length]).filter(|message| message.sequence == sequence) {
            match message.error() {
                Some(None) => return Ok(()),
                Some(Some(errno)) => return Err(errno),
                None => each(message.body),
            }
        }
    }
}

fn send(diag: BorrowedFd<'_>, kind: u16, flags: u16, body: &[u8]) -> Result<u32, Errno> {
    let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
    let mut bytes = [0; HEADER + OLD_REQUEST];
    let length = HEADER + body.len();
    bytes[..4].copy_from_slice(&(length as u32).to_ne_bytes());
    bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
    bytes[6..8].copy_from_slice(&(flags | NLM_F_REQUEST).to_ne_bytes());
    bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
    bytes[HEADER..length].copy_from_slice(body);
    sendto(diag, &bytes[..length], SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    Ok(sequence)
}

fn receive(diag: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<usize, Errno> {
    let (_, length) = recv(diag, &mut *buffer, RecvFlags::DONTWAIT | RecvFlags::TRUNC)?;
    if length <= buffer.len() { Ok(length) } else { Err(Errno::MSGSIZE) }
}

/// A netlink message.
struct Message<'bytes> {
    kind: u16,
    sequence: u32,
    body: &'bytes [u8],
}

impl Message<'_> {
    /// Whether this is the end of an answer, and if so with which error.
    fn error(&self) -> Option<Option<Errno>> {
        match self.kind {
            NLMSG_DONE | NLMSG_ERROR => match word(self.body, 0).map_or(0, u32::cast_signed) {
                0.. => Some(None),
                errno => Some(Some(Errno::from_raw_os_error(errno.saturating_neg()))),
            },
            _ => None,
        }
    }
}

/// The messages that came in one piece.
fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = word(bytes, 0)? as usize;
        let body = bytes.get(HEADER..length)?;
        let message =
            Message { kind: half_word(bytes, 4).map(u16::from_ne_bytes)?, sequence: word(bytes, 8)?, body };
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
}

/// `struct inet_diag_msg`.
fn entry(bytes: &[u8], protocol: Protocol) -> Option<DiagSocket> {
    let bytes = bytes.get(..ENTRY)?;
    let family = bytes[0];
    let local = address(bytes, family, 4, 8)?;
    let remote = address(bytes, family, 6, 24)?;
    Some(DiagSocket {
        cookie: u64::from(word(bytes, 44)?) | u64::from(word(bytes, 48)?) << 32,
        protocol,
        state: state(bytes[1], protocol)?,
        local,
        remote: (remote.port() != 0).then_some(remote),
        rqueue: word(bytes, 56)?,
        wqueue: word(bytes, 60)?,
        timer: timer(bytes[2], bytes[3], word(bytes, 52)?),
        inode: word(bytes, 68)?,
    })
}

/// What is read and not taken, what is sent and not acknowledged, and what is set apart for both.
fn meminfo(bytes: &[u8]) -> Option<usize> {
    let mut attributes = bytes.get(ENTRY..)?;
    loop {
        let length = usize::from(half_word(attributes, 0).map(u16::from_ne_bytes)?);
        let body = attributes.get(4..length)?;
        if half_word(attributes, 2).map(u16::from_ne_bytes)? == MEMINFO {
            return Some(
                [0, 4, 8].into_iter().filter_map(|at| word(body, at)).map(|part| part as usize).sum(),
            );
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
}

fn address(bytes: &[u8], family: u8, port: usize, ip: usize) -> Option<SocketAddr> {
    let port = half_word(bytes, port).map(u16::from_be_bytes)?;
    let ip: [u8; 16] = bytes.get(ip..ip + 16)?.try_into().ok()?;
    let ip = match family {
        AF_INET => IpAddr::V4(Ipv4Addr::new(ip[0], ip[1], ip[2], ip[3])),
        AF_INET6 => IpAddr::V6(Ipv6Addr::from(ip)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// net/tcp_states.h.
fn state(number: u8, protocol: Protocol) -> Option<TcpState> {
    if protocol == Protocol::Udp {
        return Some(TcpState::Datagram);
    }
    Some(match number {
        1 => TcpState::Established,
        2 => TcpState::SynSent,
        // 12 is a request that the kernel keeps apart inside; it reports 3.
        3 | 12 => TcpState::SynRecv,
        4 => TcpState::FinWait1,
        5 => TcpState::FinWait2,
        6 => TcpState::TimeWait,
        // 13 is bound and nothing more.
        7 | 13 => TcpState::Closed,
        8 => TcpState::CloseWait,
        9 => TcpState::LastAck,
        10 => TcpState::Listen,
        11 => TcpState::Closing,
        _ => return None,
    })
}

fn timer(kind: u8, tries: u8, left_ms: u32) -> Option<Timer> {
    let kind = match kind {
        1 => TimerKind::Retransmit,
        2 => TimerKind::KeepAlive,
        3 => TimerKind::TimeWait,
        4 => TimerKind::ZeroWindow,
        _ => return None,
    };
    // A timer that is due but has not run yet wraps below zero.
    let left_ms = if left_ms > i32::MAX as u32 { 0 } else { left_ms };
    Some(Timer { kind, left_ms, tries })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn half_word(bytes: &[u8], at: usize) -> Option<[u8; 2]> {
    bytes.get(at..at + 2)?.try_into().ok()
}
