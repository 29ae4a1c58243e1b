//! connect(2): in the room, or outside where the room's own network has no way.
//!
//! The room's kernel is asked first, every time. Only where it knows no way (ENETUNREACH) and nothing of the socket
//! speaks against it, the [`crate::Outside`] is asked, which judges the address.

use std::{net::SocketAddr, os::fd::AsFd};

use proto::{
    call::{CallError, Kind, Value},
    errno::Errno,
    id::{CallRef, SocketId},
};

use super::{World, attempt::Attempt, hosts};
use crate::syscall;

impl World {
    /// Begins to connect, or goes on: the kernel answers EALREADY until it is decided, then once how it ended. So the
    /// socket is afterwards as a blocking call leaves it: connected, or as new.
    pub(super) fn try_connect(&mut self, id: CallRef, socket: SocketId, address: SocketAddr) -> Attempt {
        let result = self.connect_once(socket, address);
        let undecided = [Errno::EINPROGRESS, Errno::EALREADY].map(CallError::errno);
        let waits = result.as_ref().is_err_and(|error| undecided.contains(error));
        if waits {
            self.quiet(socket);
        }
        if self.sockets.get(&socket).is_some_and(|socket| socket.end.is_outside())
            && let Some(waiting) = self.waiting.get_mut(&id)
        {
            waiting.outside = true;
        }
        match result {
            Ok(()) => Attempt::done(Value::Done),
            Err(_) if waits && !self.never_waits(id) => Attempt::Waits,
            Err(error) => Attempt::failed(error),
        }
    }

    /// What an earlier connect of this socket left in its error queue makes epoll report it for ever, and the room
    /// would do nothing else while the next connect waits, or a recv after it.
    fn quiet(&self, id: SocketId) {
        if let Some(fd) = self.sockets.get(&id).and_then(|socket| socket.end.room().ok()) {
            syscall::clear_error_queue(fd.as_fd());
        }
    }

    fn connect_once(&mut self, id: SocketId, address: SocketAddr) -> Result<(), CallError> {
        let Some(socket) = self.sockets.get_mut(&id) else { return Err(CallError::errno(Errno::EBADF)) };
        let was_outside = socket.end.is_outside();
        if was_outside {
            // It may come back into the room here.
            self.stop_watching(id);
        }
        let Some(socket) = self.sockets.get_mut(&id) else { return Err(CallError::errno(Errno::EBADF)) };
        let result = socket.end.connect(address);
        let no_way = !was_outside
            && result == Err(CallError::errno(Errno::ENETUNREACH))
            && socket.end.kind() == Kind::Stream
            && !hosts::is_inside(address.ip());
        match self.setting.outside.clone().filter(|_| no_way) {
            Some(outside) => {
                self.go_outside(id, outside.connect(address)?);
                Err(CallError::errno(Errno::EINPROGRESS))
            }
            None => {
                self.update_interest(id);
                result
            }
        }
    }
}
