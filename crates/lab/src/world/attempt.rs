//! Calls that may wait: one non-blocking try each, repeated when the kernel says that something has changed.

use std::{net::SocketAddr, os::fd::BorrowedFd};

use bytes::Bytes;
use proto::{
    call::{Call, CallError, Flags, Kind, Outcome, PollEvents, Value},
    errno::Errno,
    id::{CallRef, SocketId},
    trace::Cause,
};

use super::{World, calls};
use crate::{results::NoRoom, syscall};

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

impl World {
    /// Tries a call that is kept.
    pub(super) fn attempt(&mut self, id: CallRef) -> Attempt {
        let Some((host, socket)) = self.waiting.get(&id).and_then(|w| Some((w.host, w.socket?))) else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        self.step_on(socket, host, Cause::Call(id), |world| {
            let Some(waiting) = world.waiting.get(&id) else { return Attempt::Waits };
            match waiting.call {
                Call::Accept { .. } => world.try_accept(id, socket),
                Call::Connect { address, .. } => world.try_connect(id, socket, address),
                Call::Send { flags, .. } => world.try_send(id, socket, flags),
                Call::SendTo { flags, address, .. } => world.try_sendto(id, socket, flags, address),
                Call::Recv { flags, max, .. } => world.try_recv(id, socket, flags, max),
                Call::RecvFrom { flags, max, .. } => world.try_recvfrom(id, socket, flags, max),
                _ => Attempt::failed(CallError::errno(Errno::EOPNOTSUPP)),
            }
        })
    }

    pub(super) fn never_waits(&self, id: CallRef) -> bool {
        self.waiting.get(&id).is_some_and(calls::Waiting::never_waits)
    }

    /// Whether a call waits for TCP's urgent byte, which no read readiness announces.
    pub(super) fn waits_for_urgent(&self, id: CallRef) -> bool {
        matches!(self.waiting.get(&id).map(|w| &w.call),
            Some(Call::Recv { flags, .. }) if flags.contains(Flags::OOB))
    }

    fn try_accept(&mut self, id: CallRef, socket: SocketId) -> Attempt {
        let never_waits = self.never_waits(id);
        let Some((listener, program)) =
            self.sockets.get(&socket).zip(self.waiting.get(&id).map(|w| w.program))
        else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        // A process out of descriptors takes nothing from the queue.
        if let Err(errno) = self.programs.get(&program).ok_or(Errno::EBADF).and_then(|p| p.next_fd()) {
            return Attempt::failed(CallError::errno(errno));
        }
        if let Err(error) = self.may_have_socket(program) {
            return Attempt::failed(error);
        }
        let host = listener.host;
        match listener.end.room().and_then(syscall::accept) {
            Ok((os, peer)) => match self.adopt(program, host, os) {
                Ok((fd, _)) => Attempt::done(Value::Accepted { fd, peer }),
                Err(error) => Attempt::failed(error),
            },
            Err(errno) => Attempt::error(syscall::making_failed(errno), never_waits),
        }
    }

    /// A blocking send(2) on a stream returns when all is taken.
    fn try_send(&mut self, id: CallRef, socket: SocketId, flags: Flags) -> Attempt {
        let never_waits = self.never_waits(id);
        let (Some(socket), Some(waiting)) = (self.sockets.get_mut(&socket), self.waiting.get_mut(&id)) else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        let end = &mut socket.end;
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
    fn try_sendto(&mut self, id: CallRef, socket: SocketId, flags: Flags, to: SocketAddr) -> Attempt {
        let never_waits = self.never_waits(id);
        let (Some(end), Some(waiting)) =
            (self.sockets.get(&socket).map(|socket| &socket.end), self.waiting.get(&id))
        else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        if end.kind() == Kind::Stream {
            return self.try_send(id, socket, flags);
        }
        match end.room().and_then(|fd| syscall::sendto(fd, &waiting.payload, flags, to)) {
            Ok(sent) => Attempt::done(Value::Sent(count(sent))),
            Err(errno) => Attempt::error(CallError::errno(errno), never_waits),
        }
    }

    fn try_recv(&mut self, id: CallRef, socket: SocketId, flags: Flags, max: u32) -> Attempt {
        match self.receive(id, socket, flags, max as usize) {
            Ok(attempt) => attempt,
            Err(no_room) => self.without_room(id, socket, no_room),
        }
    }

    fn receive(
        &mut self,
        id: CallRef,
        socket: SocketId,
        flags: Flags,
        max: usize,
    ) -> Result<Attempt, NoRoom> {
        let never_waits = self.never_waits(id);
        let (Some(socket), Some(waiting)) = (self.sockets.get_mut(&socket), self.waiting.get_mut(&id)) else {
            return Ok(Attempt::failed(CallError::errno(Errno::EBADF)));
        };
        let member = waiting.asked.and_then(|(member, _)| self.members.get(&member));
        let Some(results) = member.map(|member| &member.results) else {
            return Ok(Attempt::failed(CallError::errno(Errno::EBADF)));
        };
        let end = &mut socket.end;
        // Peeking takes nothing, so there is nothing to go on collecting: such a call returns with what is there.
        let all =
            flags.contains(Flags::WAITALL) && !flags.contains(Flags::PEEK) && end.kind() == Kind::Stream;
        if !all {
            let size = end.fits(max);
            let place = results.place(size)?;
            return Ok(match end.recv_fitting(size, flags) {
                Ok(data) => {
                    let (outcome, payload) = calls::received(data, place);
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
    fn without_room(&mut self, id: CallRef, socket: SocketId, no_room: NoRoom) -> Attempt {
        let never_waits = self.never_waits(id);
        let Some(waiting) = self.waiting.get_mut(&id) else { return Attempt::Waits };
        match (no_room, waiting.asked) {
            (NoRoom::Later(_), Some((member, _))) if !never_waits => {
                self.starve(member, socket);
                Attempt::Waits
            }
            (NoRoom::Later(error) | NoRoom::Never(error), _) if waiting.received.is_empty() => {
                Attempt::failed(error)
            }
            _ => {
                let (outcome, payload) = waiting.take_received();
                Attempt::Ended(outcome, payload)
            }
        }
    }

    /// On a stream this is recv(2): the kernel names no sender.
    fn try_recvfrom(&mut self, id: CallRef, socket: SocketId, flags: Flags, max: u32) -> Attempt {
        let never_waits = self.never_waits(id);
        let Some(end) = self.sockets.get(&socket).map(|socket| &socket.end) else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        if end.kind() == Kind::Stream {
            return match self.try_recv(id, socket, flags, max) {
                Attempt::Ended(Ok(_), payload) => {
                    let value = Value::ReceivedFrom { length: count(payload.len()), from: None };
                    Attempt::Ended(Ok(value), payload)
                }
                other => other,
            };
        }
        let size = end.datagram_fits(max as usize);
        let asked = self.waiting.get(&id).and_then(|waiting| waiting.asked);
        let Some(member) = asked.and_then(|(member, _)| self.members.get(&member)) else {
            return Attempt::failed(CallError::errno(Errno::EBADF));
        };
        let place = match member.results.place(size) {
            Ok(place) => place,
            Err(no_room) => return self.without_room(id, socket, no_room),
        };
        match end.recvfrom(size, flags) {
            Ok((data, from)) => {
                let value = Value::ReceivedFrom { length: count(data.len()), from };
                Attempt::Ended(Ok(value), place.fill(data))
            }
            Err(errno) => Attempt::error(CallError::errno(errno), never_waits),
        }
    }

    /// A real zero-timeout poll(2) over the descriptors of a kept call.
    pub(super) fn attempt_poll(&mut self, id: CallRef) -> Attempt {
        let Some(waiting) = self.waiting.get(&id) else { return Attempt::Waits };
        let Call::Poll { fds } = &waiting.call else { return Attempt::Waits };
        let sockets: Vec<Option<SocketId>> =
            fds.iter().map(|(fd, _)| self.socket_of(waiting.program, *fd).ok()).collect();
        for socket in sockets.iter().flatten() {
            // A connection outside that may not be used is cut here, and the kernel tells so.
            let _known = self.sockets.get_mut(socket).map(|socket| socket.end.check());
        }
        let Some(waiting) = self.waiting.get(&id) else { return Attempt::Waits };
        let Call::Poll { fds } = &waiting.call else { return Attempt::Waits };
        let ends: Vec<Option<BorrowedFd<'_>>> = sockets
            .iter()
            .map(|socket| socket.and_then(|id| self.sockets.get(&id)).map(|socket| socket.end.fd()))
            .collect();
        let open: Vec<(BorrowedFd<'_>, PollEvents)> =
            ends.iter().zip(fds).filter_map(|(end, (_, events))| Some(((*end)?, *events))).collect();
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

    /// Lets the sockets of a kept poll wake it.
    pub(super) fn enrol_poll(&mut self, id: CallRef) {
        let Some(waiting) = self.waiting.get(&id) else { return };
        let Call::Poll { fds } = &waiting.call else { return };
        let sockets: Vec<_> = fds
            .iter()
            .filter_map(|(fd, events)| Some((self.socket_of(waiting.program, *fd).ok()?, *events)))
            .collect();
        for (socket, events) in sockets {
            if let Some(end) = self.sockets.get_mut(&socket) {
                end.pollers.push((id, events));
            }
            self.update_interest(socket);
        }
    }
}

fn is_again(error: &CallError) -> bool {
    *error == CallError::errno(Errno::EAGAIN)
}

fn count(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
