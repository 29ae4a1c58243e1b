//! One system call each, never waiting, with the kernel's exact errno. Nothing here decides anything.

use std::{
    net::SocketAddr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use proto::{
    call::{CallError, Flags, How, Kind, OptionForm, OptionName, OptionScope, OptionValue, PollEvents},
    errno::Errno,
    limits::{self, Limit},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::{self, AddressFamily, RecvFlags, SendFlags, Shutdown, SocketAddrAny, SocketAddrUnix, sockopt},
};

use crate::keeper::option;

/// Largest SO_RCVBUF and SO_SNDBUF a program may set, bytes: what it asks for above is taken as this much.
pub(crate) const BUFFER_MAX: i32 = 256 * 1024;

pub(crate) type Result<T> = std::result::Result<T, Errno>;

/// Why no socket could be made. The program's own table was looked at before, so EMFILE and ENFILE speak of this server:
/// that is a limit of ours, and no answer to the program.
pub(crate) fn making_failed(errno: Errno) -> CallError {
    if errno == Errno::EMFILE || errno == Errno::ENFILE {
        let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        return Limit::ServerDescriptors.reached_at(most.unwrap_or(u64::MAX));
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

/// An address as the kernel tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReportedAddress {
    Ip(SocketAddr),
    /// A socket of AF_UNIX without a name.
    Unnamed,
    /// A name of AF_UNIX, without the NUL before it.
    Abstract(Vec<u8>),
}

pub(crate) fn reported_address(any: &SocketAddrAny) -> Result<ReportedAddress> {
    if any.address_family() != AddressFamily::UNIX {
        return SocketAddr::try_from(any.clone()).map(ReportedAddress::Ip).map_err(errno);
    }
    // The family alone. The library makes an abstract name of no bytes of it.
    if any.addr_len() as usize <= size_of::<u16>() {
        return Ok(ReportedAddress::Unnamed);
    }
    let name = SocketAddrUnix::try_from(any.clone()).map_err(errno)?;
    // No socket of a room is ever bound to a path.
    Ok(name.abstract_name().map_or(ReportedAddress::Unnamed, |name| ReportedAddress::Abstract(name.to_vec())))
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
) -> Result<(usize, Option<ReportedAddress>)> {
    let (taken, _, from) = net::recvfrom(fd, buffer, recv_flags(flags)).map_err(errno)?;
    Ok((taken, from.and_then(|any| reported_address(&any).ok())))
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

pub(crate) fn getsockname(fd: BorrowedFd<'_>) -> Result<ReportedAddress> {
    reported_address(&net::getsockname(fd).map_err(errno)?)
}

pub(crate) fn getpeername(fd: BorrowedFd<'_>) -> Result<ReportedAddress> {
    reported_address(&net::getpeername(fd).map_err(errno)?.ok_or(Errno::ENOTCONN)?)
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

pub(crate) fn setsockopt(fd: BorrowedFd<'_>, name: OptionName, value: &OptionValue) -> Result<()> {
    let entry = name.entry();
    if entry.scope == OptionScope::ReadOnly {
        return Err(Errno::ENOPROTOOPT);
    }
    let number = match (entry.form, value) {
        (OptionForm::Linger, OptionValue::Linger(seconds)) => {
            let time = seconds.map(|seconds| Duration::from_secs(seconds.into()));
            return sockopt::set_socket_linger(fd, time).map_err(errno);
        }
        (form, OptionValue::Bytes(bytes)) if form.least().is_none_or(|least| bytes.len() < least) => {
            // Too few of them are the kernel's to refuse.
            return option::set_bytes(fd, entry.level.number(), entry.number, bytes).map_err(errno);
        }
        (OptionForm::Linger | OptionForm::Bytes, _) | (_, OptionValue::Linger(_) | OptionValue::Bytes(_)) => {
            return Err(Errno::EINVAL);
        }
        (_, OptionValue::Bool(on)) => i32::from(*on),
        (OptionForm::Bool, OptionValue::Int(number)) => i32::from(*number != 0),
        (OptionForm::Int, OptionValue::Int(number)) => *number,
    };
    let number = match name {
        OptionName::RcvBuf | OptionName::SndBuf => number.clamp(0, BUFFER_MAX),
        _ => number,
    };
    option::set_int(fd, entry.level.number(), entry.number, number).map_err(errno)
}

pub(crate) fn getsockopt(fd: BorrowedFd<'_>, name: OptionName) -> Result<OptionValue> {
    let entry = name.entry();
    if entry.form == OptionForm::Linger {
        let linger = sockopt::socket_linger(fd).map_err(errno)?;
        let seconds = linger.map(|time| u16::try_from(time.as_secs()).unwrap_or(u16::MAX));
        return Ok(OptionValue::Linger(seconds));
    }
    let (level, number) = (entry.level.number(), entry.number);
    if entry.form == OptionForm::Bytes {
        let read = option::get_bytes(fd, level, number, limits::OPTION_BYTES).map_err(errno)?;
        return Ok(OptionValue::Bytes(read));
    }
    let value = option::get_int(fd, level, number).map_err(errno)?;
    Ok(if entry.form == OptionForm::Bool { OptionValue::Bool(value != 0) } else { OptionValue::Int(value) })
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

/// Whether the kernel knows the socket as one of AF_UNIX.
pub(crate) fn is_unix(fd: BorrowedFd<'_>) -> bool {
    sockopt::socket_domain(fd) == Ok(AddressFamily::UNIX)
}

/// Whether the kernel knows the socket as one for streams.
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

pub(crate) fn recv_flags(flags: Flags) -> RecvFlags {
    let mut out = RecvFlags::DONTWAIT;
    out.set(RecvFlags::PEEK, flags.contains(Flags::PEEK));
    out.set(RecvFlags::OOB, flags.contains(Flags::OOB));
    out
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd as _;

    use proto::{
        call::{OptionForm, OptionName, OptionScope, OptionValue},
        errno::Errno,
    };

    use super::{getsockopt, setsockopt};

    /// A value that an option of bytes can have.
    fn bytes_of(name: OptionName) -> OptionValue {
        match name {
            OptionName::Congestion => OptionValue::Bytes(b"reno".to_vec()),
            // Half a second, which every kernel counts without a rest.
            _ => OptionValue::Bytes([1_i64, 500_000].map(i64::to_le_bytes).concat()),
        }
    }

    #[test]
    fn every_option_is_set_by_its_numbers_and_read_in_its_form() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
        let fd = socket.as_fd();
        for &name in OptionName::ALL {
            let entry = name.entry();
            let (value, wrong) = match entry.form {
                OptionForm::Bool => (OptionValue::Bool(true), OptionValue::Linger(None)),
                OptionForm::Int => (OptionValue::Int(100), OptionValue::Linger(None)),
                OptionForm::Linger => (OptionValue::Linger(Some(7)), OptionValue::Int(1)),
                OptionForm::Bytes => (bytes_of(name), OptionValue::Int(1)),
            };
            // Without a privilege only these.
            let value = if name == OptionName::Priority { OptionValue::Int(6) } else { value };
            // An option of IPv6 on a socket of IPv4, and one that can only be read.
            let refused = entry.scope == OptionScope::ReadOnly || name == OptionName::V6Only;
            if refused {
                assert_eq!(setsockopt(fd, name, &value), Err(Errno::ENOPROTOOPT), "{}", entry.name);
                continue;
            }
            assert_eq!(setsockopt(fd, name, &wrong), Err(Errno::EINVAL), "{}", entry.name);
            assert_eq!(setsockopt(fd, name, &value), Ok(()), "{}", entry.name);
            // Sizes, and a time that is counted in retransmissions.
            let least =
                [OptionName::RcvBuf, OptionName::SndBuf, OptionName::WindowClamp, OptionName::DeferAccept];
            match getsockopt(fd, name) {
                Ok(OptionValue::Int(size)) if least.contains(&name) => assert!(size > 100, "{}", entry.name),
                // A name, and zeros behind it.
                Ok(OptionValue::Bytes(read)) if name == OptionName::Congestion => {
                    assert_eq!(read.strip_prefix(b"reno"), Some(&[0; 12][..]));
                }
                read => assert_eq!(read, Ok(value), "{}", entry.name),
            }
        }
        assert_eq!(getsockopt(fd, OptionName::AcceptConn), Ok(OptionValue::Bool(true)));
        assert_eq!(getsockopt(fd, OptionName::Type), Ok(OptionValue::Int(1)));
    }
}
