//! The system calls that name an address or make a server of a socket, on sockets of a room's own network alone.

use std::{
    io::IoSlice,
    net::SocketAddr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use proto::{call::Flags, errno::Errno};
use rustix::net::{self, SendAncillaryBuffer, SocketAddrUnix, SocketFlags};

use crate::syscall::{self, ReportedAddress, Result};

/// Where a socket of a room is bound, connected or sent to, as its kernel is told.
#[derive(Clone, Debug)]
pub(crate) struct KernelAddress(Form);

/// Of AF_UNIX there are only names that the machine's own namespace has. There is no way to say a path: that would be one of
/// the server's file system, which all namespaces share.
#[derive(Clone, Debug)]
enum Form {
    Ip(SocketAddr),
    Unix(SocketAddrUnix),
}

impl From<SocketAddr> for KernelAddress {
    fn from(address: SocketAddr) -> Self {
        Self(Form::Ip(address))
    }
}

impl KernelAddress {
    /// An abstract name, without the NUL before it.
    ///
    /// # Errors
    /// ENAMETOOLONG beyond 107 bytes.
    pub(crate) fn abstract_name(name: &[u8]) -> Result<Self> {
        SocketAddrUnix::new_abstract_name(name).map(|name| Self(Form::Unix(name))).map_err(syscall::errno)
    }

    /// No name: in bind(2) the kernel chooses an abstract one.
    pub(crate) fn unnamed() -> Self {
        Self(Form::Unix(SocketAddrUnix::new_unnamed()))
    }
}

/// A socket in a room's own network: the only one that is bound, listened on, connected or sent from to an address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoomFd<'fd>(BorrowedFd<'fd>);

impl<'fd> RoomFd<'fd> {
    /// Only [`super::End`] knows which socket is the room's.
    pub(super) fn new(room: &'fd OwnedFd) -> Self {
        Self(room.as_fd())
    }

    pub(crate) fn bind(self, address: &KernelAddress) -> Result<()> {
        match &address.0 {
            Form::Ip(address) => net::bind(self.0, address),
            Form::Unix(name) => net::bind(self.0, name),
        }
        .map_err(syscall::errno)
    }

    pub(crate) fn listen(self, backlog: i32) -> Result<()> {
        net::listen(self.0, backlog).map_err(syscall::errno)
    }

    pub(crate) fn accept(self) -> Result<(OwnedFd, ReportedAddress)> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (connection, peer) = net::acceptfrom_with(self.0, flags).map_err(syscall::errno)?;
        Ok((connection, syscall::reported_address(&peer.ok_or(Errno::EINVAL)?)?))
    }

    pub(crate) fn connect(self, address: &KernelAddress) -> Result<()> {
        match &address.0 {
            Form::Ip(address) => net::connect(self.0, address),
            Form::Unix(name) => net::connect(self.0, name),
        }
        .map_err(syscall::errno)
    }

    pub(crate) fn sendto(self, bytes: &[u8], flags: Flags, to: &KernelAddress) -> Result<usize> {
        let flags = syscall::send_flags(flags);
        match &to.0 {
            Form::Ip(address) => net::sendto(self.0, bytes, flags, address),
            Form::Unix(name) => net::sendto(self.0, bytes, flags, name),
        }
        .map_err(syscall::errno)
    }
}

impl RoomFd<'_> {
    pub(crate) fn sendmsg(
        self,
        pieces: &[IoSlice<'_>],
        control: &mut SendAncillaryBuffer<'_, '_, '_>,
        flags: Flags,
        to: Option<&KernelAddress>,
    ) -> Result<usize> {
        let flags = syscall::send_flags(flags);
        match to.map(|to| &to.0) {
            None => net::sendmsg(self.0, pieces, control, flags),
            Some(Form::Ip(address)) => net::sendmsg_addr(self.0, address, pieces, control, flags),
            Some(Form::Unix(name)) => net::sendmsg_addr(self.0, name, pieces, control, flags),
        }
        .map_err(syscall::errno)
    }
}

impl AsFd for RoomFd<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0
    }
}
