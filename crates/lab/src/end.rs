//! The kernel socket under a descriptor: one in the room and, while its program is connected outside, another one in
//! its stead. Or an epoll of a program's, of which the kernel itself says that it is no socket.
//!
//! Calls that name an address take a [`RoomFd`], which a socket outside never gives: no call of a program can lead a
//! socket of the server's own network anywhere. It goes where [`crate::Outside`] sent it, or nowhere.

mod room_fd;

use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
};

use proto::{
    call::{CallError, Flags, How, Kind, OptionName, OptionScope, OptionValue, PollEvents},
    errno::Errno,
    limits,
};

pub(crate) use self::room_fd::{KernelAddress, RoomFd};
use crate::{
    outside::{OutsideLink, OutsideSocket},
    syscall::{self, ReportedAddress},
};

/// What a descriptor names.
#[derive(Debug)]
pub(crate) struct End {
    room: OwnedFd,
    kind: Kind,
    /// Of AF_UNIX: it reaches its own machine and nothing else.
    unix: bool,
    /// Options set so far, to be kept outside.
    options: Vec<(OptionName, OptionValue)>,
    outside: Option<OutsideEnd>,
    /// What the kernel said when a call had moved some bytes already: the call's result is the bytes, and this is
    /// the next call's, as it would have been had the kernel made the whole call.
    pending: Option<Errno>,
}

#[derive(Debug)]
struct OutsideEnd {
    link: Arc<OutsideLink>,
    /// A connect(2) has reported that the connection stands.
    concluded: bool,
}

impl OutsideEnd {
    /// How the connect(2) goes on that was begun: as the kernel's own, it asks nobody anew.
    fn go_on(&mut self) -> Result<(), CallError> {
        let errno = |errno| Err(CallError::errno(errno));
        let socket = self.link.as_fd();
        self.link.check()?;
        if self.concluded {
            return errno(Errno::EISCONN);
        }
        let polled = syscall::poll_now(&[(socket, PollEvents::OUT)]).map_err(CallError::errno)?;
        if polled.iter().all(|events| events.is_empty()) {
            return errno(Errno::EALREADY);
        }
        syscall::take_error(socket).map_err(CallError::errno)?;
        if syscall::getpeername(socket).is_err() {
            // Somebody has read its error: that is what the kernel says then.
            return errno(Errno::ECONNABORTED);
        }
        self.link.check()?;
        self.concluded = true;
        Ok(())
    }
}

impl End {
    /// # Errors
    /// As getsockopt(2).
    pub(crate) fn new(room: OwnedFd) -> syscall::Result<Self> {
        let kind = syscall::kind(room.as_fd())?;
        let unix = syscall::is_unix(room.as_fd());
        Ok(Self { room, kind, unix, options: Vec::new(), outside: None, pending: None })
    }

    /// An epoll. It has no type; the calls that ask for one are refused by the kernel before that matters.
    pub(crate) fn of_epoll(epoll: OwnedFd) -> Self {
        let (kind, options) = (Kind::Stream, Vec::new());
        Self { room: epoll, kind, unix: false, options, outside: None, pending: None }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn is_unix(&self) -> bool {
        self.unix
    }

    /// The connection outside, if that is what the descriptor names.
    pub(crate) fn link(&self) -> Option<&Arc<OutsideLink>> {
        self.outside.as_ref().map(|outside| &outside.link)
    }

    pub(crate) fn is_outside(&self) -> bool {
        self.outside.is_some()
    }

    /// The socket to wait for, to ask and to end: nothing that reaches anywhere new.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.outside.as_ref().map_or(self.room.as_fd(), |outside| outside.link.as_fd())
    }

    /// # Errors
    /// EINVAL where the socket is outside, as bind(2), listen(2) and accept(2) say of a connected one.
    pub(crate) fn room(&self) -> Result<RoomFd<'_>, Errno> {
        if self.is_outside() { Err(Errno::EINVAL) } else { Ok(RoomFd::new(&self.room)) }
    }

    /// Whether the socket may be used: always in the room.
    ///
    /// # Errors
    /// As [`crate::Bounds::check`].
    pub(crate) fn check(&self) -> Result<(), CallError> {
        self.outside.as_ref().map_or(Ok(()), |outside| outside.link.check())
    }

    /// connect(2), also once it has begun: EINPROGRESS and EALREADY until it is decided.
    pub(crate) fn connect(&mut self, address: &KernelAddress) -> Result<(), CallError> {
        let Some(outside) = &mut self.outside else {
            return RoomFd::new(&self.room).connect(address).map_err(CallError::errno);
        };
        let result = outside.go_on();
        let undecided = [Errno::EALREADY, Errno::EISCONN].map(CallError::errno);
        if result.as_ref().is_err_and(|error| !outside.concluded && !undecided.contains(error)) {
            // There is no connection: the socket is an unconnected one of the room again.
            self.outside = None;
        }
        result
    }

    /// Puts a socket outside in this one's stead, with the options set so far.
    pub(crate) fn go_outside(&mut self, new: OutsideSocket) {
        for (name, value) in
            self.options.iter().filter(|(name, _)| name.entry().scope == OptionScope::Connection)
        {
            if let Err(errno) = syscall::setsockopt(new.socket.as_fd(), *name, value) {
                tracing::debug!(%errno, ?name, "an option was not kept outside");
            }
        }
        self.outside = Some(OutsideEnd { link: Arc::new(OutsideLink::new(new)), concluded: false });
    }

    /// send(2).
    ///
    /// # Errors
    /// The kernel's, or as [`crate::Bounds`].
    pub(crate) fn send(&mut self, bytes: &[u8], flags: Flags) -> Result<usize, CallError> {
        if let Some(errno) = self.pending.take() {
            return Err(CallError::errno(errno));
        }
        let Some(outside) = &self.outside else {
            return syscall::send(self.room.as_fd(), bytes, flags).map_err(CallError::errno);
        };
        outside.link.send_with(bytes, flags)
    }

    /// recv(2) of at most `max` bytes, into a buffer as large as what is there: an idle socket holds none.
    ///
    /// # Errors
    /// The kernel's, or as [`crate::Bounds`].
    pub(crate) fn recv(&mut self, max: usize, flags: Flags) -> Result<Vec<u8>, CallError> {
        self.recv_fitting(self.fits(max), flags)
    }

    /// How large a buffer takes what a receive would find.
    pub(crate) fn fits(&self, max: usize) -> usize {
        buffer_size(self.fd(), max)
    }

    /// The same for a datagram: what does not fit is cut off.
    pub(crate) fn datagram_fits(&self, max: usize) -> usize {
        max.min(syscall::readable_bytes(self.fd()).max(1))
    }

    /// Whether the kernel has bytes.
    pub(crate) fn has_bytes(&self) -> bool {
        syscall::readable_bytes(self.fd()) > 0
    }

    /// recv(2) into a buffer of exactly this size.
    ///
    /// # Errors
    /// The kernel's, or as [`crate::Bounds`].
    pub(crate) fn recv_fitting(&mut self, fits: usize, flags: Flags) -> Result<Vec<u8>, CallError> {
        let buffer = match &self.outside {
            Some(outside) => outside.link.recv_with(fits, flags)?.bytes,
            None => syscall::recv(self.room.as_fd(), fits, flags).map_err(CallError::errno)?,
        };
        match self.pending.take_if(|_| buffer.is_empty()) {
            Some(errno) => Err(CallError::errno(errno)),
            None => Ok(buffer),
        }
    }

    /// recvfrom(2) on a datagram socket, which is always in the room.
    pub(crate) fn recvfrom(
        &self,
        size: usize,
        flags: Flags,
    ) -> syscall::Result<(Vec<u8>, Option<ReportedAddress>)> {
        let mut buffer = vec![0; size];
        let (taken, from) = syscall::recvfrom(self.room()?.as_fd(), &mut buffer, flags)?;
        buffer.truncate(taken);
        Ok((buffer, from))
    }

    /// Keeps an error for the next call, when this one's result is the bytes it has moved.
    pub(crate) fn keep_error(&mut self, error: &CallError) {
        if let CallError::Errno { errno, .. } = error {
            self.pending = Some(*errno);
        }
    }

    /// shutdown(2).
    pub(crate) fn shutdown(&mut self, how: How) -> Result<(), CallError> {
        self.check()?;
        syscall::shutdown(self.fd(), how).map_err(CallError::errno)
    }

    /// getpeername(2).
    pub(crate) fn getpeername(&mut self) -> Result<ReportedAddress, CallError> {
        self.check()?;
        syscall::getpeername(self.fd()).map_err(CallError::errno)
    }

    /// The socket in the room, also where another outside stands in its stead.
    pub(crate) fn in_room(&self) -> BorrowedFd<'_> {
        self.room.as_fd()
    }

    /// setsockopt(2). Outside, options that reach beyond the one connection are kept in the room alone.
    pub(crate) fn setsockopt(&mut self, name: OptionName, value: &OptionValue) -> Result<(), CallError> {
        self.check()?;
        syscall::setsockopt(self.room.as_fd(), name, value).map_err(CallError::errno)?;
        self.options.retain(|(set, _)| *set != name);
        self.options.push((name, value.clone()));
        match self.outside.as_ref().filter(|_| name.entry().scope == OptionScope::Connection) {
            Some(outside) => syscall::setsockopt(outside.link.as_fd(), name, value).map_err(CallError::errno),
            None => Ok(()),
        }
    }

    /// getsockopt(2).
    pub(crate) fn getsockopt(&mut self, name: OptionName) -> Result<OptionValue, CallError> {
        self.check()?;
        let of_connection = matches!(name, OptionName::Error | OptionName::Info);
        let of_room = name.entry().scope != OptionScope::Connection && !of_connection;
        let fd = if of_room { self.room.as_fd() } else { self.fd() };
        let value = syscall::getsockopt(fd, name).map_err(CallError::errno)?;
        if name == OptionName::Error && value == OptionValue::Int(0) {
            return Ok(OptionValue::Int(self.pending.take().map_or(0, |errno| errno.0)));
        }
        Ok(value)
    }

    /// Closes it without waiting.
    pub(crate) fn close(self) {
        drop(self.outside);
        syscall::close(self.room);
    }
}

/// Bytes that are asked for where the kernel counts none.
const UNSEEN: usize = 64 * 1024;

/// How large a buffer takes what a receive would find: an idle socket holds none.
fn buffer_size(fd: BorrowedFd<'_>, max: usize) -> usize {
    let most = max.min(limits::CALL_PAYLOAD as usize);
    match syscall::readable_bytes(fd) {
        // Nothing, or what stands behind TCP's urgent byte, which the kernel does not count.
        0 => most.min(UNSEEN),
        there => most.min(there),
    }
}
