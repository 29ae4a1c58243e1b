//! The system calls that name an address or make a server of a socket, on sockets of a room's own network alone.

use std::{
    net::SocketAddr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use proto::{call::Flags, errno::Errno};
use rustix::net::{self, SocketFlags};

use crate::syscall::{self, Result};

/// A socket in a room's own network: the only one that is bound, listened on, connected or sent from to an address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoomFd<'fd>(BorrowedFd<'fd>);

impl<'fd> RoomFd<'fd> {
    /// Only [`super::End`] knows which socket is the room's.
    pub(super) fn new(room: &'fd OwnedFd) -> Self {
        Self(room.as_fd())
    }

    pub(crate) fn bind(self, address: SocketAddr) -> Result<()> {
        net::bind(self.0, &address).map_err(syscall::errno)
    }

    pub(crate) fn listen(self, backlog: i32) -> Result<()> {
        net::listen(self.0, backlog).map_err(syscall::errno)
    }

    pub(crate) fn accept(self) -> Result<(OwnedFd, SocketAddr)> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (connection, peer) = net::acceptfrom_with(self.0, flags).map_err(syscall::errno)?;
        Ok((connection, syscall::address(peer.ok_or(Errno::EINVAL)?)?))
    }

    pub(crate) fn connect(self, address: SocketAddr) -> Result<()> {
        net::connect(self.0, &address).map_err(syscall::errno)
    }

    pub(crate) fn sendto(self, bytes: &[u8], flags: Flags, to: SocketAddr) -> Result<usize> {
        net::sendto(self.0, bytes, syscall::send_flags(flags), &to).map_err(syscall::errno)
    }
}

impl AsFd for RoomFd<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0
    }
}
