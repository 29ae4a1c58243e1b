//! The narrow door to the network outside the room. The lab has no policy and no resolver of its own.

use std::{
    net::{IpAddr, SocketAddr},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    sync::OnceLock,
};

use futures_util::future::BoxFuture;
use proto::call::{CallError, Family, Flags, How};

use crate::syscall;

/// A connection being made outside the room.
#[derive(Debug)]
pub struct OutsideSocket {
    /// A non-blocking socket in the server's own network, on which connect(2) has been called.
    pub socket: OwnedFd,
    /// What stands between the room and the connection; dropped together with the socket.
    pub bounds: Box<dyn Bounds>,
}

/// What stands between a room and one connection outside. The lab asks before everything it does with the socket.
pub trait Bounds: Send + Sync + std::fmt::Debug {
    /// Whether the connection may be used now; called before every use, so it must be cheap when all is well. A
    /// connection that has not come about yet, or never will, may be used: what the kernel says of it is the answer.
    ///
    /// # Errors
    /// [`CallError::Limit`] or [`CallError::Policy`]. The connection is cut then; the lab does not use it again, and
    /// gives this answer from now on. Whoever cuts a connection later than that must make its socket readable, as a
    /// reset does, so that waiting calls ask again.
    fn check(&self, socket: BorrowedFd<'_>) -> Result<(), CallError>;

    /// How many bytes may be sent now; never 0.
    ///
    /// # Errors
    /// [`CallError::Limit`] where none may be any more.
    fn may_send(&self) -> Result<u64, CallError>;

    /// How many bytes may be received now; never 0.
    ///
    /// # Errors
    /// [`CallError::Limit`] where none may be any more.
    fn may_receive(&self) -> Result<u64, CallError>;

    /// Bytes that were sent and received, told after every operation that moved any. Never more than permitted, but
    /// for a byte that came in while the end of file was looked for.
    fn spend(&self, up: u64, down: u64);
}

/// What a room may ask of the world outside. One value serves one room.
pub trait Outside: Send + Sync + std::fmt::Debug {
    /// Resolves a name that is not the room's own, or refuses to.
    fn resolve(
        &self,
        name: String,
        port: u16,
        family: Option<Family>,
    ) -> BoxFuture<'static, Result<Vec<IpAddr>, CallError>>;

    /// Begins a connection to an address to which the room has no way, or refuses to.
    ///
    /// # Errors
    /// [`CallError::Policy`] with the rule that refused it, [`CallError::Errno`] as the kernel said.
    fn connect(&self, address: SocketAddr) -> Result<OutsideSocket, CallError>;
}

/// A connection outside with what bounds it. The room has it and, while it is in stream mode, whoever moves its bytes:
/// no packet of the room belongs to them. It is closed when both have dropped it.
#[derive(Debug)]
pub struct OutsideLink {
    socket: OwnedFd,
    bounds: Box<dyn Bounds>,
    /// Why it was cut.
    ended: OnceLock<CallError>,
}

/// What one recv(2) has brought.
#[derive(Debug)]
pub struct Received {
    /// The bytes; none at the end of file.
    pub bytes: Vec<u8>,
    /// There was no more.
    pub drained: bool,
}

impl OutsideLink {
    pub(crate) fn new(new: OutsideSocket) -> Self {
        Self { socket: new.socket, bounds: new.bounds, ended: OnceLock::new() }
    }

    /// Whether the connection may be used, as [`Bounds::check`]; once it was cut, always why.
    ///
    /// # Errors
    /// As [`Bounds::check`].
    pub(crate) fn check(&self) -> Result<(), CallError> {
        if let Some(error) = self.ended.get() {
            return Err(error.clone());
        }
        self.bounds.check(self.socket.as_fd()).map_err(|error| self.ended.get_or_init(|| error).clone())
    }

    /// send(2), as much as may be sent now; never waits.
    ///
    /// # Errors
    /// The kernel's, EAGAIN among them, or as [`Bounds`].
    pub fn send(&self, bytes: &[u8]) -> Result<usize, CallError> {
        self.send_with(bytes, Flags::default())
    }

    pub(crate) fn send_with(&self, bytes: &[u8], flags: Flags) -> Result<usize, CallError> {
        self.check()?;
        let most = usize::try_from(self.bounds.may_send()?).unwrap_or(usize::MAX);
        let sent = syscall::send(self.socket.as_fd(), &bytes[..most.min(bytes.len())], flags);
        let sent = sent.map_err(CallError::errno)?;
        self.bounds.spend(sent as u64, 0);
        Ok(sent)
    }

    /// recv(2) of at most `max` bytes; never waits.
    ///
    /// # Errors
    /// The kernel's, EAGAIN among them, or as [`Bounds`].
    pub fn recv(&self, max: usize) -> Result<Received, CallError> {
        self.recv_with(max, Flags::default())
    }

    pub(crate) fn recv_with(&self, max: usize, flags: Flags) -> Result<Received, CallError> {
        self.check()?;
        let most = match self.bounds.may_receive() {
            Ok(most) => max.min(usize::try_from(most).unwrap_or(usize::MAX)),
            // Without an allowance only the end of file is looked for.
            Err(_) if syscall::readable_bytes(self.socket.as_fd()) == 0 => max.min(1),
            Err(error) => return Err(error),
        };
        let bytes = syscall::recv(self.socket.as_fd(), most, flags).map_err(CallError::errno)?;
        if !flags.contains(Flags::PEEK) {
            self.bounds.spend(0, bytes.len() as u64);
        }
        Ok(Received { drained: bytes.len() < most, bytes })
    }

    /// shutdown(2) of the sending side.
    ///
    /// # Errors
    /// The kernel's, or as [`Bounds::check`].
    pub fn finish(&self) -> Result<(), CallError> {
        self.check()?;
        syscall::shutdown(self.socket.as_fd(), How::Write).map_err(CallError::errno)
    }
}

impl AsFd for OutsideLink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for OutsideLink {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl Drop for OutsideLink {
    fn drop(&mut self) {
        syscall::close_without_waiting(self.socket.as_fd());
    }
}
