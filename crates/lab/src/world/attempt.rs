//! Calls that may wait: one non-blocking try each, repeated when the kernel says that something has changed.
//!
//! connect(2) goes outside where the room's own network has no way. The room's kernel is asked first, every time. Only
//! where it knows no way (ENETUNREACH) and nothing of the socket speaks against it, the [`crate::Outside`] is asked,
//! which judges the address.

use std::{
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
};

use bytes::Bytes;
use proto::{
    address::Address,
    call::{Call, CallError, Flags, Kind, Outcome, PollEvents, Value},
    errno::Errno,
    id::SocketId,
};

use super::{
    lan::Lan,
    machines,
    people::People,
    sockets::{Sockets, passing},
    tables::Tables,
    unix_names,
    waiting::{Waiting, received},
};
use crate::{
    end::{End, KernelAddress, RoomFd},
    outside::Outside,
    results::NoRoom,
    syscall::{self, ReportedAddress},
};

/// What one try came to.
#[derive(Debug)]
pub(super) enum Attempt {
    Ended(Outcome, Bytes),
    Waits,
}

impl Attempt {
    pub(super) fn done(value: Value) -> Self {
        Self::Ended(Ok(value), Bytes::new())
    }

    pub(super) fn failed(error: CallError) -> Self {
        Self::Ended(Err(error), Bytes::new())
    }

    /// EAGAIN waits, unless the call was told not to; everything else is the result.
    fn error(error: CallError, never_waits: bool) -> Self {
        if is_again(&error) && !never_waits { Self::Waits } else { Self::failed(error) }
    }
}

/// One try of a call, and what it may touch.
#[derive(Debug)]
pub(super) struct Try<'room> {
    pub(super) waiting: &'room mut Waiting,
    pub(super) socket: SocketId,
    pub(super) sockets: &'room mut Sockets,
    pub(super) lan: &'room mut Lan,
    pub(super) people: &'room mut People,
    pub(super) outside: Option<&'room Arc<dyn Outside>>,
}

impl Try<'_> {
    /// Makes the system call.
    pub(super) fn run(mut self) -> Attempt {
        match self.waiting.call {
            Call::Accept { .. } => self.accept(),
            Call::Connect { address, .. } => self.connect(&address),
            Call::Send { flags, .. } => self.send(flags),
            Call::SendTo { flags, address, .. } => self.send_to(flags, &address),
            Call::Recv { flags, max, .. } => self.recv(flags, max),
            Call::RecvFrom { flags, max, .. } => self.recv_from(flags, max),
            Call::SendMsg { flags, address, .. } => self.send_message(flags, address.as_ref()),
            Call::RecvMsg { flags, max, control, .. } => self.receive_message(flags, max, control),
            Call::EpollWait { max, .. } => self.epoll_wait(max),
            _ => Attempt::failed(CallError::errno(Errno::EOPNOTSUPP)),
        }
    }

    fn end(&mut self) -> Result<&mut End, CallError> {
        let socket = self.sockets.get_mut(self.socket);
        socket.map(|socket| &mut socket.end).ok_or(CallError::errno(Errno::EBADF))
    }

    fn accept(&mut self) -> Attempt {
        let (program, host) = (self.waiting.program, self.waiting.host);
        // A process out of descriptors takes nothing from the queue.
        if let Err(errno) = self.lan.machines.tables.next_fd(program) {
            return Attempt::failed(CallError::errno(errno));
        }
        if let Err(error) = self.sockets.may_have(program, self.lan) {
            return Attempt::failed(error);
        }
        let accepted = match self.end() {
            Ok(end) => end.room().and_then(RoomFd::accept),
            Err(error) => return Attempt::failed(error),
        };
        match accepted {
            Ok((os, peer)) => match self.sockets.adopt(program, host, (os, false), self.lan) {
                Ok((fd, socket)) => {
                    unix_names::tell(socket, self.sockets, self.lan);
                    let peer = unix_names::address_of(host, &peer, self.lan);
                    Attempt::done(Value::Accepted { fd, peer })
                }
                Err(error) => Attempt::failed(error),
            },
            Err(errno) => Attempt::error(syscall::making_failed(errno), self.waiting.never_waits()),
        }
    }

    /// Begins to connect, or goes on: the kernel answers EALREADY until it is decided, then once how it ended. So the
    /// socket is afterwards as a blocking call leaves it: connected, or as new.
    fn connect(&mut self, address: &Address) -> Attempt {
        if address.is_unix() {
            return self.connect_inside(address);
        }
        let result = self.connect_once(address);
        let undecided = [Errno::EINPROGRESS, Errno::EALREADY].map(CallError::errno);
        let waits = result.as_ref().is_err_and(|error| undecided.contains(error));
        if waits {
            self.clear_error_queue();
        }
        if self.sockets.is_outside(self.socket) {
            self.waiting.outside = true;
        }
        match result {
            Ok(()) => Attempt::done(Value::Done),
            Err(_) if waits && !self.waiting.never_waits() => Attempt::Waits,
            Err(error) => Attempt::failed(error),
        }
    }

    /// connect(2) to a name of AF_UNIX: it is connected at once, or waits for a place in the other socket's queue.
    fn connect_inside(&mut self, address: &Address) -> Attempt {
        let address = match unix_names::kernel_address(self.socket, address, self.sockets, self.lan) {
            Ok(address) => address,
            Err(errno) => return Attempt::failed(CallError::errno(errno)),
        };
        match self.end().and_then(|end| end.connect(&address)) {
            Ok(()) => {
                unix_names::tell(self.socket, self.sockets, self.lan);
                Attempt::done(Value::Done)
            }
            Err(error) => self.parked(error),
        }
    }

    /// EAGAIN waits until another socket of the machine has room.
    fn parked(&mut self, error: CallError) -> Attempt {
        let attempt = Attempt::error(error, self.waiting.never_waits());
        if matches!(attempt, Attempt::Waits)
            && let Some(socket) = self.sockets.get_mut(self.socket)
        {
            socket.parked = true;
        }
        attempt
    }

    /// What an earlier connect of this socket left in its error queue makes epoll report it for ever, and the room
    /// would do nothing else while the next connect waits, or a recv after it.
    fn clear_error_queue(&self) {
        if let Some(fd) = self.sockets.get(self.socket).and_then(|socket| socket.end.room().ok()) {
            syscall::clear_error_queue(fd.as_fd());
        }
    }

    fn connect_once(&mut self, address: &Address) -> Result<(), CallError> {
        let Some(address) = address.inet() else { return Err(CallError::errno(Errno::EAFNOSUPPORT)) };
        let was_outside = self.sockets.is_outside(self.socket);
        if was_outside {
            // It may come back into the room here.
            self.sockets.stop_watching(self.socket);
        }
        let end = self.end()?;
        let result = end.connect(&address.into());
        // A machine has no address of IPv6's: its kernel knows that before it looks for a way.
        let nowhere =
            if address.ip().to_canonical().is_ipv6() { Errno::EADDRNOTAVAIL } else { Errno::ENETUNREACH };
        let no_way = !was_outside
            && result == Err(CallError::errno(nowhere))
            && end.kind() == Kind::Stream
            && !machines::is_inside(address.ip());
        match self.outside.filter(|_| no_way) {
            Some(outside) => {
                self.sockets.go_outside(self.socket, outside.connect(address)?);
                Err(CallError::errno(Errno::EINPROGRESS))
            }
            None => {
                self.sockets.update_interest(self.socket);
                if was_outside && !self.sockets.is_outside(self.socket) {
                    self.sockets.watch_anew(self.socket);
                }
                result
            }
        }
    }

    fn epoll_wait(&mut self, max: u32) -> Attempt {
        match self.sockets.epoll_wait(self.socket, max) {
            Ok(events) if events.is_empty() && !self.waiting.never_waits() => Attempt::Waits,
            Ok(events) => Attempt::done(Value::Events(events)),
            Err(errno) => Attempt::failed(CallError::errno(errno)),
        }
    }

    /// A blocking send(2) on a stream returns when all is taken.
    fn send(&mut self, flags: Flags) -> Attempt {
        let never_waits = self.waiting.never_waits();
        let Some(socket) = self.sockets.get_mut(self.socket) else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        let (end, waiting) = (&mut socket.end, &mut *self.waiting);
        loop {
            match end.send(&waiting.payload[waiting.taken..], flags) {
                Ok(sent) => waiting.taken += sent,
                Err(error) if waiting.taken == 0 || is_again(&error) && !never_waits => {
                    return Attempt::error(error, never_waits);
                }
                Err(error) if is_again(&error) => break,
                Err(error) => {
                    end.keep_error(&error);
                    break;
                }
            }
            if waiting.taken >= waiting.payload.len() || end.kind() == Kind::Datagram {
                break;
            }
        }
        Attempt::done(Value::Sent(count(waiting.taken)))
    }

    /// On a stream the kernel ignores the address: it has one peer.
    fn send_to(&mut self, flags: Flags, to: &Address) -> Attempt {
        let Some(end) = self.sockets.get(self.socket).map(|socket| &socket.end) else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        let (stream, unix) = (end.kind() == Kind::Stream, end.is_unix());
        if stream && !unix {
            return self.send(flags);
        }
        let to = match unix_names::kernel_address(self.socket, to, self.sockets, self.lan) {
            Ok(to) => to,
            // On a stream the kernel does not look where it would go: it refuses any address.
            Err(_) if stream => KernelAddress::unnamed(),
            Err(errno) => return Attempt::failed(CallError::errno(errno)),
        };
        match end.room().and_then(|fd| fd.sendto(&self.waiting.payload, flags, &to)) {
            Ok(sent) => Attempt::done(Value::Sent(count(sent))),
            Err(errno) if unix => self.parked(CallError::errno(errno)),
            Err(errno) => Attempt::error(CallError::errno(errno), self.waiting.never_waits()),
        }
    }

    /// Descriptors go along where the socket is of AF_UNIX; every other kernel's socket passes over them.
    fn send_message(&mut self, flags: Flags, to: Option<&Address>) -> Attempt {
        let unix = self.sockets.is_unix(self.socket);
        if !unix || self.waiting.taken > 0 {
            return match to {
                Some(to) => self.send_to(flags, to),
                None => self.send(flags),
            };
        }
        let to = to.map(|to| unix_names::kernel_address(self.socket, to, self.sockets, self.lan)).transpose();
        let (to, passed) = match (to, &self.waiting.call) {
            (Ok(to), Call::SendMsg { passed, .. }) => (to, passed.clone()),
            (Err(errno), _) => return Attempt::failed(CallError::errno(errno)),
            _ => return Attempt::failed(CallError::errno(Errno::EINVAL)),
        };
        let tables = &self.lan.machines.tables;
        let (tickets, flights) = match self.sockets.tickets(self.waiting.program, &passed, tables) {
            Ok(made) => made,
            Err(error) => return Attempt::failed(error),
        };
        let Some(end) = self.sockets.get(self.socket).map(|socket| &socket.end) else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        let sent =
            end.room().and_then(|fd| passing::send(fd, &self.waiting.payload, flags, to.as_ref(), &tickets));
        match sent {
            Ok(sent) if end.kind() == Kind::Stream && sent < self.waiting.payload.len() => {
                self.waiting.taken = sent;
                self.send(flags)
            }
            Ok(sent) => Attempt::done(Value::Sent(count(sent))),
            Err(errno) => {
                self.sockets.land_at_once(flights);
                self.parked_to(CallError::errno(errno), to.is_some())
            }
        }
    }

    /// Who sends to an address waits for room in that socket, others for room in their own.
    fn parked_to(&mut self, error: CallError, to: bool) -> Attempt {
        if to { self.parked(error) } else { Attempt::error(error, self.waiting.never_waits()) }
    }

    fn receive_message(&mut self, flags: Flags, max: u32, control: u32) -> Attempt {
        let Some(end) = self.sockets.get(self.socket).map(|socket| &socket.end) else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        if end.is_outside() {
            return match self.recv(flags, max) {
                Attempt::Ended(Ok(_), payload) => {
                    let length = count(payload.len());
                    let (from, passed) = (None, Vec::new());
                    let value = Value::ReceivedMsg { length, from, cut: false, control_cut: false, passed };
                    Attempt::Ended(Ok(value), payload)
                }
                other => other,
            };
        }
        let stream = end.kind() == Kind::Stream;
        let size = if stream { end.fits(max as usize) } else { end.datagram_fits(max as usize) };
        let Some(results) = self.waiting.member().and_then(|member| self.people.results(member)) else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        let place = match results.place(size) {
            Ok(place) => place,
            Err(no_room) => return self.without_room(no_room),
        };
        match passing::receive(end.fd(), size, flags, control as usize) {
            Ok((message, tickets)) => {
                let tables = &mut self.lan.machines.tables;
                let (passed, all) = self.sockets.arrivals(self.waiting.program, tickets, tables);
                let from =
                    message.from.map(|told| unix_names::address_of(self.waiting.host, &told, self.lan));
                let value = Value::ReceivedMsg {
                    length: count(message.bytes.len()),
                    from,
                    cut: message.cut,
                    control_cut: message.control_cut || !all,
                    passed,
                };
                Attempt::Ended(Ok(value), place.fill(message.bytes))
            }
            Err(errno) => Attempt::error(CallError::errno(errno), self.waiting.never_waits()),
        }
    }

    fn recv(&mut self, flags: Flags, max: u32) -> Attempt {
        match self.receive(flags, max as usize) {
            Ok(attempt) => attempt,
            Err(no_room) => self.without_room(no_room),
        }
    }

    fn receive(&mut self, flags: Flags, max: usize) -> Result<Attempt, NoRoom> {
        let never_waits = self.waiting.never_waits();
        let results = self.waiting.member().and_then(|member| self.people.results(member));
        let (Some(socket), Some(results)) = (self.sockets.get_mut(self.socket), results) else {
            return Ok(Attempt::failed(CallError::errno(Errno::EBADF)));
        };
        let (end, waiting) = (&mut socket.end, &mut *self.waiting);
        // Peeking takes nothing, so there is nothing to go on collecting: such a call returns with what is there.
        let all =
            flags.contains(Flags::WAITALL) && !flags.contains(Flags::PEEK) && end.kind() == Kind::Stream;
        if !all {
            let size = end.fits(max);
            let place = results.place(size)?;
            return Ok(match end.recv_fitting(size, flags) {
                Ok(data) => {
                    let (outcome, payload) = received(data, place);
                    Attempt::Ended(outcome, payload)
                }
                Err(error) => Attempt::error(error, never_waits),
            });
        }
        loop {
            let missing = max.saturating_sub(waiting.received.len());
            if waiting.place.is_none() && end.has_bytes() {
                waiting.place = Some(results.place_to_collect(max)?);
                waiting.received.reserve_exact(max);
            }
            // Without a place only the end of file is looked for, or what stands behind TCP's urgent byte.
            let size = if waiting.place.is_some() { end.fits(missing) } else { missing.min(1) };
            match end.recv_fitting(size, flags) {
                Ok(data) => {
                    waiting.received.extend_from_slice(&data);
                    if data.is_empty() || waiting.received.len() >= max {
                        break;
                    }
                }
                Err(error) if waiting.received.is_empty() || is_again(&error) && !never_waits => {
                    return Ok(Attempt::error(error, never_waits));
                }
                Err(error) if is_again(&error) => break,
                Err(error) => {
                    end.keep_error(&error);
                    break;
                }
            }
        }
        let (outcome, payload) = waiting.take_received();
        Ok(Attempt::Ended(outcome, payload))
    }

    /// There is no room for what a receive would bring: it waits until the page has taken what it has, or is refused.
    fn without_room(&mut self, no_room: NoRoom) -> Attempt {
        let never_waits = self.waiting.never_waits();
        match (no_room, self.waiting.member()) {
            (NoRoom::Later(_), Some(member)) if !never_waits => {
                self.people.starve(member, self.socket);
                if let Some(socket) = self.sockets.get_mut(self.socket) {
                    socket.starved = true;
                }
                Attempt::Waits
            }
            (NoRoom::Later(error) | NoRoom::Never(error), _) if self.waiting.received.is_empty() => {
                Attempt::failed(error)
            }
            _ => {
                let (outcome, payload) = self.waiting.take_received();
                Attempt::Ended(outcome, payload)
            }
        }
    }

    /// On a stream this is recv(2): the kernel names no sender, but for the other end's name in AF_UNIX.
    fn recv_from(&mut self, flags: Flags, max: u32) -> Attempt {
        let Some(end) = self.sockets.get(self.socket).map(|socket| &socket.end) else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        if end.kind() == Kind::Stream {
            let peer = named_peer(end).map(|told| unix_names::address_of(self.waiting.host, &told, self.lan));
            return match self.recv(flags, max) {
                Attempt::Ended(Ok(_), payload) => {
                    let from = peer.filter(|_| !payload.is_empty());
                    let value = Value::ReceivedFrom { length: count(payload.len()), from };
                    Attempt::Ended(Ok(value), payload)
                }
                other => other,
            };
        }
        let size = end.datagram_fits(max as usize);
        let Some(results) = self.waiting.member().and_then(|member| self.people.results(member)) else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        let place = match results.place(size) {
            Ok(place) => place,
            Err(no_room) => return self.without_room(no_room),
        };
        match end.recvfrom(size, flags) {
            Ok((data, from)) => {
                let from = from.map(|told| unix_names::address_of(self.waiting.host, &told, self.lan));
                let value = Value::ReceivedFrom { length: count(data.len()), from };
                Attempt::Ended(Ok(value), place.fill(data))
            }
            Err(errno) => Attempt::error(CallError::errno(errno), self.waiting.never_waits()),
        }
    }
}

/// The name of the other end of a stream of AF_UNIX, where it has one.
fn named_peer(end: &End) -> Option<ReportedAddress> {
    let told = syscall::getpeername(end.is_unix().then(|| end.fd())?).ok()?;
    (told != ReportedAddress::Unnamed).then_some(told)
}

/// A real zero-timeout poll(2) over the descriptors of a kept call.
pub(super) fn poll(waiting: &Waiting, sockets: &Sockets, tables: &Tables) -> Attempt {
    let Call::Poll { fds } = &waiting.call else { return Attempt::Waits };
    let ends: Vec<Option<&End>> = fds
        .iter()
        .map(|(fd, _)| {
            let socket = tables.socket(waiting.program, *fd).ok()?;
            sockets.get(socket).map(|socket| &socket.end)
        })
        .collect();
    for end in ends.iter().flatten() {
        // A connection outside that may not be used is cut here, and the kernel tells so.
        let _known = end.check();
    }
    let open: Vec<(BorrowedFd<'_>, PollEvents)> =
        ends.iter().zip(fds).filter_map(|(end, (_, events))| Some(((*end)?.fd(), *events))).collect();
    let mut answers = match syscall::poll_now(&open) {
        Ok(answers) => answers.into_iter(),
        Err(errno) => return Attempt::failed(CallError::errno(errno)),
    };
    let revents = ends.iter().map(|end| match end {
        Some(_) => answers.next().unwrap_or_default(),
        None => PollEvents::NVAL,
    });
    let ready: Vec<_> =
        fds.iter().map(|(fd, _)| *fd).zip(revents).filter(|(_, events)| !events.is_empty()).collect();
    if ready.is_empty() { Attempt::Waits } else { Attempt::done(Value::Ready(ready)) }
}

fn is_again(error: &CallError) -> bool {
    *error == CallError::errno(Errno::EAGAIN)
}

fn count(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
