//! Kernel sockets: who waits on them, and what readiness is wanted of them.

mod epolls;
pub(super) mod passing;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
};

use proto::{
    call::{CallError, OptionName, OptionValue, PollEvents},
    errno::Errno,
    id::{CallRef, Fd, HostId, MemberId, ProgramId, SocketId},
    limits,
};
use rustix::event::epoll::{self, CreateFlags};

use self::{epolls::Watches, passing::Flights};
use super::{lan::Lan, shares, waiting::Direction};
use crate::{
    account::{Account, Charge},
    buffers,
    descriptors::Descriptors,
    end::End,
    epoll::{Epoll, Token, Wanted},
    outside::OutsideSocket,
    syscall,
};

/// A kernel socket.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) host: HostId,
    pub(super) end: End,
    /// Whose it is where no descriptor names it: the socket of a library function.
    unnamed_of: Option<MemberId>,
    readers: VecDeque<CallRef>,
    writers: VecDeque<CallRef>,
    /// Receives that wait for TCP's urgent byte, which no read readiness announces.
    urgent: Vec<CallRef>,
    pub(super) pollers: Vec<(CallRef, PollEvents)>,
    /// What it watches, where it is a program's epoll and no socket.
    pub(super) watches: Option<Watches>,
    /// What its stream, if it has one, waits for.
    pub(super) stream_wants: Wanted,
    /// Its stream has bytes that the kernel has not taken yet: they hold the socket, as a blocked send(2) would.
    pub(super) stream_holds: bool,
    /// Its receive waits until the page has taken results: whether there is something to read is of no interest.
    pub(super) starved: bool,
    /// Its connect or sendto waits until another socket of AF_UNIX has room: nothing of its own tells when.
    pub(super) parked: bool,
    /// How many of its descriptors are on their way between programs.
    pub(super) in_flight: usize,
    registered: Wanted,
    _descriptors: Option<Charge>,
    /// What its buffers may come to hold, with those it may lead to; none for a library function's, which lives for one
    /// question, and for an epoll.
    buffers: Option<Charge>,
    /// It has neither an address nor a peer, and is charged as what holds nothing.
    fresh: bool,
}

impl Socket {
    pub(super) fn new(host: HostId, end: End, descriptors: Option<Charge>, buffers: Option<Charge>) -> Self {
        Self {
            host,
            end,
            unnamed_of: None,
            readers: VecDeque::new(),
            writers: VecDeque::new(),
            urgent: Vec::new(),
            pollers: Vec::new(),
            watches: None,
            stream_wants: Wanted::default(),
            stream_holds: false,
            starved: false,
            parked: false,
            in_flight: 0,
            registered: Wanted::default(),
            _descriptors: descriptors,
            buffers,
            fresh: false,
        }
    }

    /// The call at the head of a queue.
    pub(super) fn head(&self, direction: Direction) -> Option<CallRef> {
        match direction {
            Direction::Read => self.readers.front().copied(),
            Direction::Write => self.writers.front().copied(),
        }
    }

    /// Puts a call at the end of a queue.
    pub(super) fn enqueue(&mut self, direction: Direction, call: CallRef, urgent: bool) {
        self.queue(direction).push_back(call);
        if urgent {
            self.urgent.push(call);
        }
    }

    /// Takes a call out of a queue.
    pub(super) fn dequeue(&mut self, direction: Direction, call: CallRef) {
        self.queue(direction).retain(|queued| *queued != call);
        self.urgent.retain(|queued| *queued != call);
    }

    fn queue(&mut self, direction: Direction) -> &mut VecDeque<CallRef> {
        match direction {
            Direction::Read => &mut self.readers,
            Direction::Write => &mut self.writers,
        }
    }

    /// Whether no call, no stream and no message holds it any more.
    pub(super) fn is_free(&self) -> bool {
        let waited_on = !self.readers.is_empty() || !self.writers.is_empty() || !self.pollers.is_empty();
        !waited_on && !self.stream_holds && self.in_flight == 0
    }

    fn wanted(&self) -> Wanted {
        let mut wanted = self.stream_wants;
        let urgent = self.readers.front().is_some_and(|call| self.urgent.contains(call));
        if !self.readers.is_empty() && !self.starved {
            wanted = wanted.with(if urgent { Wanted::URGENT } else { Wanted::READ });
        }
        if !self.writers.is_empty() && !self.parked {
            wanted = wanted.with(Wanted::WRITE);
        }
        for (_, events) in &self.pollers {
            wanted = wanted.with(Wanted::of_poll(*events));
        }
        wanted
    }
}

/// All kernel sockets of a room.
#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) epoll: Arc<Epoll>,
    pub(super) descriptors: Descriptors,
    /// What all buffers of the room's sockets may come to hold.
    buffers: Arc<Account>,
    pub(super) all: HashMap<SocketId, Socket>,
    /// Which of them are epolls of programs.
    pub(super) epolls: BTreeSet<SocketId>,
    /// Descriptors on their way between programs.
    pub(super) flights: Flights,
}

impl Sockets {
    pub(super) fn new(epoll: Arc<Epoll>, descriptors: Descriptors, buffers: Arc<Account>) -> Self {
        let (all, epolls, flights) = (HashMap::new(), BTreeSet::new(), Flights::default());
        Self { epoll, descriptors, buffers, all, epolls, flights }
    }

    pub(super) fn get(&self, id: SocketId) -> Option<&Socket> {
        self.all.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.all.get_mut(&id)
    }

    /// Puts a kernel socket into a program's table under its next free descriptor; a fresh one has neither an address nor a peer.
    ///
    /// # Errors
    /// EMFILE, a limit, or the kernel's.
    pub(super) fn adopt(
        &mut self,
        program: ProgramId,
        host: HostId,
        (os, fresh): (OwnedFd, bool),
        lan: &mut Lan,
    ) -> Result<(Fd, SocketId), CallError> {
        lan.machines.tables.next_fd(program).map_err(CallError::errno)?;
        self.may_have(program, lan)?;
        self.descriptors.check(&os)?;
        // One for it, and one for the other end, where that is a ready-made server's.
        let descriptors = self.descriptors.take(2)?;
        let cookie = syscall::cookie(os.as_fd()).map_err(CallError::errno)?;
        let end = End::new(os).map_err(CallError::errno)?;
        let holds = if fresh { buffers::FRESH } else { buffers::of_used(&end) };
        let buffers = self.buffers.take(holds)?;
        let id = lan.observer.number_socket(host, cookie);
        let fd = lan.machines.tables.open(program, id).map_err(CallError::errno)?;
        self.all.insert(id, Socket { fresh, ..Socket::new(host, end, descriptors, Some(buffers)) });
        Ok((fd, id))
    }

    /// Charges what a socket may come to hold, now that it gets an address or a peer.
    ///
    /// # Errors
    /// A limit.
    pub(super) fn charge_for_use(&mut self, id: SocketId) -> Result<(), CallError> {
        let Some(Socket { end, buffers: Some(charge), fresh: fresh @ true, .. }) = self.all.get_mut(&id)
        else {
            return Ok(());
        };
        charge.grow(buffers::of_used(end).saturating_sub(charge.amount()))?;
        *fresh = false;
        Ok(())
    }

    /// Keeps the socket of a library function: no program's table names it, its call holds it.
    ///
    /// # Errors
    /// A limit, or the kernel's.
    pub(super) fn adopt_unnamed(
        &mut self,
        member: Option<MemberId>,
        host: HostId,
        os: OwnedFd,
        lan: &mut Lan,
    ) -> Result<SocketId, CallError> {
        self.descriptors.check(&os)?;
        let end = End::new(os).map_err(CallError::errno)?;
        let id = lan.observer.new_socket();
        lan.machines.tables.add_unnamed(id);
        self.all.insert(id, Socket { unnamed_of: member, ..Socket::new(host, end, None, None) });
        Ok(id)
    }

    /// setsockopt(2). What larger buffers may come to hold is charged before the kernel has them.
    ///
    /// # Errors
    /// The kernel's, or a limit.
    pub(super) fn setsockopt(
        &mut self,
        id: SocketId,
        name: OptionName,
        value: &OptionValue,
    ) -> Result<(), CallError> {
        let Socket { end, buffers: charge, fresh, .. } =
            self.all.get_mut(&id).ok_or(CallError::errno(Errno::EBADF))?;
        let asked = buffers::asked_by(name, value);
        let Some(charge) = charge.as_mut().filter(|_| asked > 0 && !*fresh) else {
            return end.setsockopt(name, value);
        };
        let (before, own) = (charge.amount(), buffers::of(end));
        charge.grow(asked)?;
        let done = end.setsockopt(name, value);
        charge.set((before + buffers::of(end)).saturating_sub(own));
        done
    }

    /// Makes an epoll and puts it into a program's table.
    ///
    /// # Errors
    /// EMFILE, a limit, or the kernel's.
    pub(super) fn make_epoll(
        &mut self,
        program: ProgramId,
        host: HostId,
        lan: &mut Lan,
    ) -> Result<(Fd, SocketId), CallError> {
        lan.machines.tables.next_fd(program).map_err(CallError::errno)?;
        self.may_have(program, lan)?;
        let os = epoll::create(CreateFlags::CLOEXEC)
            .map_err(|error| syscall::making_failed(syscall::errno(error)))?;
        self.descriptors.check(&os)?;
        let descriptors = self.descriptors.take(1)?;
        let id = lan.observer.new_socket();
        self.epoll
            .keep(&os, Token::Socket(id))
            .map_err(|error| CallError::errno(syscall::errno_of(&error)))?;
        let fd = lan.machines.tables.open(program, id).map_err(CallError::errno)?;
        let mut socket = Socket::new(host, End::of_epoll(os), descriptors, None);
        socket.watches = Some(Watches::default());
        self.all.insert(id, socket);
        self.epolls.insert(id);
        Ok((fd, id))
    }

    /// Whether a program's person may have one more socket.
    ///
    /// # Errors
    /// [`CallError::Limit`].
    pub(super) fn may_have(&self, program: ProgramId, lan: &Lan) -> Result<(), CallError> {
        let by = lan.machines.tables.member_of(program);
        // As long as nobody has many there is nothing to count.
        let own = if self.all.len() < limits::SOCKETS_SHARE { 0 } else { self.count_of(by, lan) };
        shares::SOCKETS.refusal(own, self.all.len()).map_or(Ok(()), Err)
    }

    fn count_of(&self, member: Option<MemberId>, lan: &Lan) -> usize {
        let Some(member) = member else { return 0 };
        let unnamed = self.all.values().filter(|socket| socket.unnamed_of == Some(member)).count();
        lan.machines.tables.sockets_of_member(member) + unnamed
    }

    /// Takes a socket that nothing names or holds any more, to be closed.
    pub(super) fn take_free(&mut self, id: SocketId, lan: &mut Lan) -> Option<End> {
        let free = lan.machines.tables.name(id).is_none() && self.all.get(&id)?.is_free();
        let gone = free.then(|| self.all.remove(&id)).flatten()?;
        self.unwatch(id);
        lan.machines.tables.forget(id);
        Some(gone.end)
    }

    /// The sockets of one machine.
    pub(super) fn on(&self, host: HostId) -> Vec<SocketId> {
        self.all.iter().filter(|(_, socket)| socket.host == host).map(|(&id, _)| id).collect()
    }

    /// Those of one machine that wait until another of its sockets has room: they are to try again.
    pub(super) fn take_parked(&mut self, host: HostId) -> Vec<SocketId> {
        let parked = self.all.iter_mut().filter(|(_, socket)| socket.host == host && socket.parked);
        parked
            .map(|(&id, socket)| {
                socket.parked = false;
                id
            })
            .collect()
    }

    pub(super) fn is_unix(&self, id: SocketId) -> bool {
        self.all.get(&id).is_some_and(|socket| socket.end.is_unix())
    }

    /// The sockets that a poll waits for.
    pub(super) fn polled_by(&self, call: CallRef) -> Vec<SocketId> {
        let polled = |socket: &Socket| socket.pollers.iter().any(|(poller, _)| *poller == call);
        self.all.iter().filter(|(_, socket)| polled(socket)).map(|(&id, _)| id).collect()
    }

    pub(super) fn is_outside(&self, id: SocketId) -> bool {
        self.all.get(&id).is_some_and(|socket| socket.end.is_outside())
    }

    /// Tells epoll what is wanted of a socket now.
    pub(super) fn update_interest(&mut self, id: SocketId) {
        let Some(socket) = self.all.get_mut(&id) else { return };
        let wanted = socket.wanted();
        if wanted == socket.registered {
            return;
        }
        let told = if socket.watches.is_some() {
            self.epoll.change(socket.end.fd(), Token::Socket(id), wanted)
        } else {
            self.epoll.want(socket.end.fd(), Token::Socket(id), socket.registered, wanted)
        };
        match told {
            Ok(()) => socket.registered = wanted,
            Err(error) => tracing::error!(%error, "a socket cannot be watched"),
        }
    }

    /// Puts a socket outside under a descriptor.
    pub(super) fn go_outside(&mut self, id: SocketId, new: OutsideSocket) {
        self.stop_watching(id);
        if let Some(socket) = self.all.get_mut(&id) {
            socket.end.go_outside(new);
        }
        self.watch_anew(id);
        self.update_interest(id);
    }

    /// What is under a descriptor is about to change: epoll would go on watching what it was.
    pub(super) fn stop_watching(&mut self, id: SocketId) {
        let Some(socket) = self.all.get_mut(&id) else { return };
        let registered = std::mem::take(&mut socket.registered);
        if let Err(error) = self.epoll.want(socket.end.fd(), Token::Socket(id), registered, Wanted::default())
        {
            tracing::error!(%error, "a socket cannot be unwatched");
        }
    }
}
