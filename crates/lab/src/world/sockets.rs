//! Kernel sockets: who holds them, who waits on them, and what readiness is wanted of them.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    os::fd::{AsFd, OwnedFd},
};

use proto::{
    call::{CallError, PollEvents},
    errno::Errno,
    id::{CallRef, Fd, HostId, MemberId, ProgramId, SocketId},
    limits,
    trace::Cause,
};

use super::{
    World,
    calls::{Direction, Waiting},
    shares,
};
use crate::{
    account::Charge,
    end::End,
    epoll::{Token, Wanted},
    outside::OutsideSocket,
    syscall,
};

/// A kernel socket.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(super) host: HostId,
    pub(super) end: End,
    /// The descriptor that names it; none once that is closed and only waiting calls hold it.
    pub(super) owner: Option<(ProgramId, Fd)>,
    pub(super) readers: VecDeque<CallRef>,
    pub(super) writers: VecDeque<CallRef>,
    pub(super) pollers: Vec<(CallRef, PollEvents)>,
    /// What its stream, if it has one, waits for.
    pub(super) stream_wants: Wanted,
    /// Its stream has bytes that the kernel has not taken yet: they hold the socket, as a blocked send(2) would.
    pub(super) stream_holds: bool,
    /// Its receive waits until the page has taken results: whether there is something to read is of no interest.
    pub(super) starved: bool,
    registered: Wanted,
    _descriptors: Option<Charge>,
}

impl Socket {
    fn new(host: HostId, end: End, descriptors: Option<Charge>) -> Self {
        Self {
            host,
            end,
            owner: None,
            readers: VecDeque::new(),
            writers: VecDeque::new(),
            pollers: Vec::new(),
            stream_wants: Wanted::default(),
            stream_holds: false,
            starved: false,
            registered: Wanted::default(),
            _descriptors: descriptors,
        }
    }

    /// A socket of a library function: no program's table names it, its call holds it.
    pub(super) fn unnamed(host: HostId, end: End) -> Self {
        Self::new(host, end, None)
    }

    pub(super) fn queue(&mut self, direction: Direction) -> &mut VecDeque<CallRef> {
        match direction {
            Direction::Read => &mut self.readers,
            Direction::Write => &mut self.writers,
        }
    }

    /// Whether nothing names or holds it any more.
    fn is_free(&self) -> bool {
        let waited_on = !self.readers.is_empty() || !self.writers.is_empty() || !self.pollers.is_empty();
        self.owner.is_none() && !waited_on && !self.stream_holds
    }

    fn wanted(&self, urgent: bool) -> Wanted {
        let mut wanted = self.stream_wants;
        if !self.readers.is_empty() && !self.starved {
            wanted = wanted.with(if urgent { Wanted::URGENT } else { Wanted::READ });
        }
        if !self.writers.is_empty() {
            wanted = wanted.with(Wanted::WRITE);
        }
        for (_, events) in &self.pollers {
            wanted = wanted.with(Wanted::of_poll(*events));
        }
        wanted
    }
}

impl World {
    /// Puts a kernel socket into a program's table under its next free descriptor.
    pub(super) fn adopt(
        &mut self,
        program: ProgramId,
        host: HostId,
        os: OwnedFd,
    ) -> Result<(Fd, SocketId), CallError> {
        self.may_have_socket(program)?;
        self.setting.descriptors.check(&os)?;
        // One for it, and one for the other end, where that is a ready-made server's.
        let descriptors = self.setting.descriptors.take(2)?;
        let cookie = syscall::cookie(os.as_fd()).map_err(CallError::errno)?;
        let end = End::new(os).map_err(CallError::errno)?;
        let table = self.programs.get_mut(&program).ok_or(CallError::errno(Errno::EBADF))?;
        let fd = table.next_fd().map_err(CallError::errno)?;
        let id = self.number_socket(host, cookie);
        let mut socket = Socket::new(host, end, descriptors);
        socket.owner = Some((program, fd));
        self.sockets.insert(id, socket);
        if let Some(table) = self.programs.get_mut(&program) {
            table.open(fd, id);
        }
        Ok((fd, id))
    }

    /// Whether a program's person may have one more socket.
    ///
    /// # Errors
    /// [`CallError::Limit`].
    pub(super) fn may_have_socket(&self, program: ProgramId) -> Result<(), CallError> {
        let by = self.programs.get(&program).and_then(|program| program.info.by);
        // As long as nobody has many there is nothing to count.
        let own = if self.sockets.len() < limits::SOCKETS_SHARE { 0 } else { self.sockets_by(by) };
        shares::SOCKETS.refusal(own, self.sockets.len()).map_or(Ok(()), Err)
    }

    fn sockets_by(&self, member: Option<MemberId>) -> usize {
        let own = self.programs.values().filter(|program| program.info.by == member);
        let named: usize = own.map(|program| program.descriptors().count()).sum();
        let by = |waiting: &Waiting| waiting.asked.map(|(by, _)| by) == member;
        named + self.waiting.values().filter(|waiting| waiting.ping.is_some() && by(waiting)).count()
    }

    pub(super) fn socket_of(&self, program: ProgramId, fd: Fd) -> Result<SocketId, Errno> {
        self.programs.get(&program).ok_or(Errno::EBADF)?.socket(fd)
    }

    /// Takes the descriptor away; the socket itself goes when no waiting call holds it any more.
    pub(super) fn close_fd(&mut self, program: ProgramId, fd: Fd) -> Result<SocketId, Errno> {
        let id = self.programs.get_mut(&program).ok_or(Errno::EBADF)?.close(fd)?;
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.owner = None;
        }
        Ok(id)
    }

    /// Closes the socket if nothing holds it any more: this is where its FIN leaves.
    pub(super) fn release_socket(&mut self, id: SocketId) {
        self.update_interest(id);
        if self.sockets.get(&id).is_some_and(Socket::is_free)
            && let Some(socket) = self.sockets.remove(&id)
        {
            socket.end.close();
            self.end_stream_of_closed(id);
        }
    }

    /// Closes a socket that only waited for what held it, as one step: its FIN belongs to that.
    pub(super) fn release_if_closed(&mut self, id: SocketId, cause: Cause) {
        let closed = self.sockets.get(&id).filter(|socket| socket.owner.is_none()).map(|socket| socket.host);
        if let Some(host) = closed {
            self.step_on(id, host, cause, |world| world.release_socket(id));
        }
    }

    /// Tells epoll what is wanted of a socket now.
    pub(super) fn update_interest(&mut self, id: SocketId) {
        let urgent = self
            .sockets
            .get(&id)
            .and_then(|socket| socket.readers.front())
            .is_some_and(|call| self.waits_for_urgent(*call));
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let wanted = socket.wanted(urgent);
        if wanted == socket.registered {
            return;
        }
        match self.epoll.want(socket.end.fd(), Token::Socket(id), socket.registered, wanted) {
            Ok(()) => socket.registered = wanted,
            Err(error) => tracing::error!(%error, "a socket cannot be watched"),
        }
    }

    /// Puts a socket outside under a descriptor.
    pub(super) fn go_outside(&mut self, id: SocketId, new: OutsideSocket) {
        self.stop_watching(id);
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.end.go_outside(new);
        }
        self.update_interest(id);
    }

    /// What is under a descriptor is about to change: epoll would go on watching what it was.
    pub(super) fn stop_watching(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let registered = std::mem::take(&mut socket.registered);
        if let Err(error) = self.epoll.want(socket.end.fd(), Token::Socket(id), registered, Wanted::default())
        {
            tracing::error!(%error, "a socket cannot be unwatched");
        }
    }

    /// The address a program sees for its own end: outside the room a substitute, the machine's own address with the
    /// real port, since the server's own addresses are nobody's business.
    pub(super) fn local_address(&self, id: SocketId) -> Result<SocketAddr, Errno> {
        let socket = self.sockets.get(&id).ok_or(Errno::EBADF)?;
        let real = syscall::getsockname(socket.end.fd())?;
        let own = self.hosts.get(&socket.host).map(|host| host.info.address);
        Ok(match own.filter(|_| socket.end.is_outside()) {
            Some(own) => SocketAddr::new(own, real.port()),
            None => real,
        })
    }
}
