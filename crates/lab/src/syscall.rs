//! One system call each, never waiting, with the kernel's exact errno. Nothing here decides anything.

use std::{
    net::SocketAddr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use proto::{
    call::{CallError, Flags, How, Kind, OptionName, OptionValue, PollEvents},
    errno::Errno,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::{self, RecvFlags, SendFlags, Shutdown, SocketAddrAny, sockopt},
};

/// Largest SO_RCVBUF and SO_SNDBUF a program may set, bytes: what it asks for above is taken as this much.
pub(crate) const BUFFER_MAX: i32 = 256 * 1024;

pub(crate) type Result<T> = std::result::Result<T, Errno>;

/// Why no socket could be made. The program's own table was looked at before, so EMFILE and ENFILE speak of this server:
/// that is a limit of ours, and no answer to the program.
pub(crate) fn making_failed(errno: Errno) -> CallError {
    if errno == Errno::EMFILE || errno == Errno::ENFILE {
        let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        return CallError::Limit { limit: "server-descriptors".to_owned(), value: most.unwrap_or(u64::MAX) };
    }
    CallError::errno(errno)
}

pub(crate) fn errno(error: rustix::io::Errno) -> Errno {
    Errno(error.raw_os_error())
}

/// The errno of an I/O error; EIO where there is none.
pub(crate) fn errno_of(error: &std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno)
}

pub(crate) fn address(any: SocketAddrAny) -> Result<SocketAddr> {
    SocketAddr::try_from(any).map_err(errno)
}

pub(crate) fn send(fd: BorrowedFd<'_>, bytes: &[u8], flags: Flags) -> Result<usize> {
    net::send(fd, bytes, send_flags(flags)).map_err(errno)
}

pub(crate) fn recv_into(fd: BorrowedFd<'_>, buffer: &mut [u8], flags: Flags) -> Result<usize> {
    net::recv(fd, buffer, recv_flags(flags)).map(|(taken, _)| taken).map_err(errno)
}

/// At most `max` bytes.
pub(crate) fn recv(fd: BorrowedFd<'_>, max: usize, flags: Flags) -> Result<Vec<u8>> {
    if max == 0 {
        // A call all the same: it waits for data, and takes none.
        return recv_into(fd, &mut [], flags).map(|_| Vec::new());
    }
    // Not filled with zeros first: the kernel says how much of it is filled.
    let mut buffer = Vec::with_capacity(max);
    net::recv(fd, rustix::buffer::spare_capacity(&mut buffer), recv_flags(flags)).map_err(errno)?;
    if buffer.len() < max / 4 {
        buffer.shrink_to_fit();
    }
    Ok(buffer)
}

pub(crate) fn recvfrom(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    flags: Flags,
) -> Result<(usize, Option<SocketAddr>)> {
    let (taken, _, from) = net::recvfrom(fd, buffer, recv_flags(flags)).map_err(errno)?;
    Ok((taken, from.and_then(|any| address(any).ok())))
}

/// Bytes that a receive would find now: FIONREAD.
pub(crate) fn readable_bytes(fd: BorrowedFd<'_>) -> usize {
    rustix::io::ioctl_fionread(fd).map_or(0, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}

pub(crate) fn shutdown(fd: BorrowedFd<'_>, how: How) -> Result<()> {
    let how = match how {
        How::Read => Shutdown::Read,
        How::Write => Shutdown::Write,
        How::Both => Shutdown::Both,
    };
    net::shutdown(fd, how).map_err(errno)
}

pub(crate) fn getsockname(fd: BorrowedFd<'_>) -> Result<SocketAddr> {
    address(net::getsockname(fd).map_err(errno)?)
}

pub(crate) fn getpeername(fd: BorrowedFd<'_>) -> Result<SocketAddr> {
    address(net::getpeername(fd).map_err(errno)?.ok_or(Errno::ENOTCONN)?)
}

pub(crate) fn cookie(fd: BorrowedFd<'_>) -> Result<u64> {
    sockopt::socket_cookie(fd).map_err(errno)
}

/// SO_ERROR: the pending error, which reading clears.
pub(crate) fn take_error(fd: BorrowedFd<'_>) -> Result<()> {
    sockopt::socket_error(fd).map_err(errno)?.map_err(errno)
}

/// Empties the error queue, recv(2) with MSG_ERRQUEUE: TCP puts ICMP messages to a SYN there, asked for or not.
pub(crate) fn clear_error_queue(fd: BorrowedFd<'_>) {
    let flags = RecvFlags::ERRQUEUE | RecvFlags::DONTWAIT;
    // The kernel bounds the queue by the socket's memory; more than a handful is never there.
    for _ in 0..64 {
        if net::recv(fd, &mut [0_u8; 1], flags).is_err() {
            return;
        }
    }
}

/// A real poll(2) with a zero timeout.
pub(crate) fn poll_now(fds: &[(BorrowedFd<'_>, PollEvents)]) -> Result<Vec<PollEvents>> {
    let mut polled: Vec<PollFd<'_>> = fds
        .iter()
        .map(|(fd, events)| PollFd::from_borrowed_fd(*fd, PollFlags::from_bits_retain(events.0)))
        .collect();
    poll(&mut polled, Some(&Timespec::default())).map_err(errno)?;
    Ok(polled.iter().map(|fd| PollEvents(fd.revents().bits())).collect())
}

pub(crate) fn setsockopt(fd: BorrowedFd<'_>, name: OptionName, value: OptionValue) -> Result<()> {
    let done = match (name, value) {
        (OptionName::Linger, OptionValue::Linger(seconds)) => {
            sockopt::set_socket_linger(fd, seconds.map(|s| Duration::from_secs(s.into())))
        }
        (OptionName::Linger, _) | (_, OptionValue::Linger(_)) => return Err(Errno::EINVAL),
        (name, OptionValue::Bool(on)) => return set_number(fd, name, i32::from(on)),
        (name, OptionValue::Int(number)) => return set_number(fd, name, number),
    };
    done.map_err(errno)
}

fn set_number(fd: BorrowedFd<'_>, name: OptionName, number: i32) -> Result<()> {
    let on = number != 0;
    let positive = |number: i32| u32::try_from(number).map_err(|_| Errno::EINVAL);
    let seconds = |number: i32| Ok::<_, Errno>(Duration::from_secs(positive(number)?.into()));
    let size = usize::try_from(number.clamp(0, BUFFER_MAX)).unwrap_or(0);
    let done = match name {
        OptionName::ReuseAddr => sockopt::set_socket_reuseaddr(fd, on),
        OptionName::ReusePort => sockopt::set_socket_reuseport(fd, on),
        OptionName::KeepAlive => sockopt::set_socket_keepalive(fd, on),
        OptionName::Broadcast => sockopt::set_socket_broadcast(fd, on),
        OptionName::OobInline => sockopt::set_socket_oobinline(fd, on),
        OptionName::RcvBuf => sockopt::set_socket_recv_buffer_size(fd, size),
        OptionName::SndBuf => sockopt::set_socket_send_buffer_size(fd, size),
        OptionName::NoDelay => sockopt::set_tcp_nodelay(fd, on),
        OptionName::QuickAck => sockopt::set_tcp_quickack(fd, on),
        OptionName::Cork => sockopt::set_tcp_cork(fd, on),
        OptionName::UserTimeout => sockopt::set_tcp_user_timeout(fd, positive(number)?),
        OptionName::KeepIdle => sockopt::set_tcp_keepidle(fd, seconds(number)?),
        OptionName::KeepIntvl => sockopt::set_tcp_keepintvl(fd, seconds(number)?),
        OptionName::KeepCnt => sockopt::set_tcp_keepcnt(fd, positive(number)?),
        OptionName::Ttl => sockopt::set_ip_ttl(fd, positive(number)?),
        OptionName::V6Only => sockopt::set_ipv6_v6only(fd, on),
        OptionName::Linger => return Err(Errno::EINVAL),
        OptionName::Error | OptionName::Type | OptionName::AcceptConn => return Err(Errno::ENOPROTOOPT),
    };
    done.map_err(errno)
}

pub(crate) fn getsockopt(fd: BorrowedFd<'_>, name: OptionName) -> Result<OptionValue> {
    let bool = |value: rustix::io::Result<bool>| value.map(OptionValue::Bool).map_err(errno);
    let number = |value: rustix::io::Result<u64>| {
        value.map(|n| OptionValue::Int(i32::try_from(n).unwrap_or(i32::MAX))).map_err(errno)
    };
    match name {
        OptionName::ReuseAddr => bool(sockopt::socket_reuseaddr(fd)),
        OptionName::ReusePort => bool(sockopt::socket_reuseport(fd)),
        OptionName::KeepAlive => bool(sockopt::socket_keepalive(fd)),
        OptionName::Broadcast => bool(sockopt::socket_broadcast(fd)),
        OptionName::OobInline => bool(sockopt::socket_oobinline(fd)),
        OptionName::AcceptConn => bool(sockopt::socket_acceptconn(fd)),
        OptionName::NoDelay => bool(sockopt::tcp_nodelay(fd)),
        OptionName::QuickAck => bool(sockopt::tcp_quickack(fd)),
        OptionName::V6Only => bool(sockopt::ipv6_v6only(fd)),
        OptionName::Cork => bool(sockopt::tcp_cork(fd)),
        OptionName::RcvBuf => number(sockopt::socket_recv_buffer_size(fd).map(|n| n as u64)),
        OptionName::SndBuf => number(sockopt::socket_send_buffer_size(fd).map(|n| n as u64)),
        OptionName::UserTimeout => number(sockopt::tcp_user_timeout(fd).map(u64::from)),
        OptionName::KeepIdle => number(sockopt::tcp_keepidle(fd).map(|time| time.as_secs())),
        OptionName::KeepIntvl => number(sockopt::tcp_keepintvl(fd).map(|time| time.as_secs())),
        OptionName::KeepCnt => number(sockopt::tcp_keepcnt(fd).map(u64::from)),
        OptionName::Ttl => number(sockopt::ip_ttl(fd).map(u64::from)),
        OptionName::Type => number(sockopt::socket_type(fd).map(|kind| u64::from(kind.as_raw()))),
        OptionName::Error => {
            let pending = sockopt::socket_error(fd).map_err(errno)?;
            Ok(OptionValue::Int(pending.err().map_or(0, rustix::io::Errno::raw_os_error)))
        }
        OptionName::Linger => {
            let linger = sockopt::socket_linger(fd).map_err(errno)?;
            Ok(OptionValue::Linger(linger.map(|time| u16::try_from(time.as_secs()).unwrap_or(u16::MAX))))
        }
    }
}

/// Closes a descriptor without waiting.
pub(crate) fn close(fd: OwnedFd) {
    close_without_waiting(fd.as_fd());
    drop(fd);
}

/// Makes the close that follows one that does not wait. close(2) waits for a positive SO_LINGER even on a non-blocking
/// socket, and nobody here may wait: the kernel then sends what is left in the background, as without SO_LINGER.
pub(crate) fn close_without_waiting(fd: BorrowedFd<'_>) {
    if let Ok(Some(time)) = sockopt::socket_linger(fd)
        && !time.is_zero()
        && let Err(error) = sockopt::set_socket_linger(fd, None)
    {
        tracing::warn!(%error, "SO_LINGER could not be cleared before close");
    }
}

/// Whether the kernel knows the socket as TCP.
pub(crate) fn kind(fd: BorrowedFd<'_>) -> Result<Kind> {
    let kind = sockopt::socket_type(fd).map_err(errno)?;
    Ok(if kind == net::SocketType::STREAM { Kind::Stream } else { Kind::Datagram })
}

pub(crate) fn send_flags(flags: Flags) -> SendFlags {
    let mut out = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    out.set(SendFlags::OOB, flags.contains(Flags::OOB));
    out.set(SendFlags::MORE, flags.contains(Flags::MORE));
    out
}

fn recv_flags(flags: Flags) -> RecvFlags {
    let mut out = RecvFlags::DONTWAIT;
    out.set(RecvFlags::PEEK, flags.contains(Flags::PEEK));
    out.set(RecvFlags::OOB, flags.contains(Flags::OOB));
    out
}
