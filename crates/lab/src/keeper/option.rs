//! Socket options by their numbers, and options and addresses that rustix does not have.

use std::{
    mem::size_of,
    os::fd::{AsFd, AsRawFd},
};

use rustix::io::{Errno, Result};

/// PACKET_IGNORE_OUTGOING, linux/if_packet.h; Linux 4.20.
const PACKET_IGNORE_OUTGOING: libc::c_int = 23;

/// A capture that sees a packet once, as it arrives, not also as it leaves.
pub(super) fn ignore_outgoing(socket: impl AsFd) -> Result<()> {
    set_int(socket, libc::SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
}

/// setsockopt(2) of an option whose value is an int.
pub(crate) fn set_int(socket: impl AsFd, level: i32, name: i32, value: i32) -> Result<()> {
    // SAFETY: the kernel only reads `value`, to which the pointer and the length belong.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            length_of::<libc::c_int>(),
        )
    };
    check(result)
}

/// getsockopt(2) of an option whose value is an int.
pub(crate) fn get_int(socket: impl AsFd, level: i32, name: i32) -> Result<i32> {
    get(socket, level, name)
}

/// setsockopt(2) of an option whose value is a struct or a name.
pub(crate) fn set_bytes(socket: impl AsFd, level: i32, name: i32, value: &[u8]) -> Result<()> {
    let length = libc::socklen_t::try_from(value.len()).map_err(|_| Errno::INVAL)?;
    // SAFETY: the kernel only reads the `length` bytes of `value`.
    let result =
        unsafe { libc::setsockopt(socket.as_fd().as_raw_fd(), level, name, value.as_ptr().cast(), length) };
    check(result)
}

/// getsockopt(2) of such an option: as many bytes as it has, at most `most`.
pub(crate) fn get_bytes(socket: impl AsFd, level: i32, name: i32, most: usize) -> Result<Vec<u8>> {
    let mut value = vec![0_u8; most];
    let mut length = libc::socklen_t::try_from(value.len()).map_err(|_| Errno::INVAL)?;
    // SAFETY: the kernel writes at most `length` bytes to `value`, which has as many, and says how many it wrote.
    let result = unsafe {
        libc::getsockopt(socket.as_fd().as_raw_fd(), level, name, value.as_mut_ptr().cast(), &raw mut length)
    };
    check(result)?;
    value.truncate(length as usize);
    Ok(value)
}

/// Begins a capture of every protocol on the interface with this index.
pub(super) fn bind_capture(socket: impl AsFd, interface: u32) -> Result<()> {
    // SAFETY: `struct sockaddr_ll` is plain C data, for which all zeroes is a value.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as libc::sa_family_t;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    address.sll_ifindex = i32::try_from(interface).map_err(|_| Errno::INVAL)?;
    // SAFETY: the pointer and the length belong to the one address, which the call only reads.
    let result = unsafe {
        libc::bind(socket.as_fd().as_raw_fd(), (&raw const address).cast(), length_of::<libc::sockaddr_ll>())
    };
    check(result)
}

/// Packets that a capture had no room for since this was last asked.
pub(super) fn capture_drops(socket: impl AsFd) -> Result<u32> {
    // `struct tpacket_stats`: packets and drops.
    Ok(get::<[u32; 2]>(socket, libc::SOL_PACKET, libc::PACKET_STATISTICS)?[1])
}

/// The cookie of the socket's network namespace; Linux 5.14.
pub(super) fn namespace_cookie(socket: impl AsFd) -> Result<u64> {
    get::<u64>(socket, libc::SOL_SOCKET, libc::SO_NETNS_COOKIE)
}

/// Plain numbers: every pattern of bytes is a value.
trait Plain: Copy + Default {}
impl Plain for i32 {}
impl Plain for u64 {}
impl Plain for [u32; 2] {}

fn get<T: Plain>(socket: impl AsFd, level: libc::c_int, name: libc::c_int) -> Result<T> {
    let mut value = T::default();
    let mut length = length_of::<T>();
    // SAFETY: the kernel writes at most `length` bytes to `value`, and any bytes are a `T`.
    let result = unsafe {
        libc::getsockopt(socket.as_fd().as_raw_fd(), level, name, (&raw mut value).cast(), &raw mut length)
    };
    check(result)?;
    if length == length_of::<T>() { Ok(value) } else { Err(Errno::INVAL) }
}

fn length_of<T>() -> libc::socklen_t {
    size_of::<T>() as libc::socklen_t
}

fn check(result: libc::c_int) -> Result<()> {
    if result == 0 {
        return Ok(());
    }
    Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
}
