//! Epolls of programs, epoll(7): each is an instance of the kernel's own and a descriptor like a socket's. What it tells, and
//! when, is the kernel's answer; here is only which descriptors each watches.
//!
//! To Linux the same open socket under two numbers is two that can be watched. Here one descriptor of this process stands
//! behind both, so that the second is watched by a copy.

use std::{
    collections::BTreeMap,
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use proto::{
    call::{CallError, EpollEvents, EpollOperation},
    errno::Errno,
    id::{Fd, SocketId},
    limits::{self, Limit},
};
use rustix::{
    event::epoll::{self, Event, EventData, EventFlags},
    io::fcntl_dupfd_cloexec,
};

use super::{super::tables::Tables, Sockets};
use crate::{
    account::Charge,
    syscall::{self, Result},
};

/// Epolls that may watch one another in Linux, EP_MAX_NESTS and the first.
const DEPTH: usize = 5;
/// What stays of the events of one that was told once (EPOLLONESHOT).
const HOW: EpollEvents = EpollEvents(
    EpollEvents::EXCLUSIVE.0 | EpollEvents::WAKEUP.0 | EpollEvents::ONESHOT.0 | EpollEvents::ET.0,
);

/// What one epoll watches: an open socket, under the number by which it was added.
#[derive(Debug, Default)]
pub(in crate::world) struct Watches(BTreeMap<(SocketId, Fd), Watch>);

#[derive(Debug)]
struct Watch {
    events: EpollEvents,
    /// What the kernel watches in the place of the socket's own descriptor.
    copy: Option<Copied>,
    /// It was to be told once, and was.
    told: bool,
}

/// One more descriptor of this process for an open socket.
#[derive(Debug)]
struct Copied {
    fd: OwnedFd,
    _descriptors: Option<Charge>,
}

impl Watches {
    /// Those of one socket.
    fn of(&self, socket: SocketId) -> impl Iterator<Item = (&(SocketId, Fd), &Watch)> {
        self.0.range((socket, Fd(i32::MIN))..=(socket, Fd(i32::MAX)))
    }

    fn forget(&mut self, socket: SocketId) {
        let gone: Vec<_> = self.of(socket).map(|(key, _)| *key).collect();
        gone.iter().for_each(|key| drop(self.0.remove(key)));
    }
}

/// What the kernel gives back with an event, and its way back.
fn data((socket, fd): (SocketId, Fd)) -> EventData {
    EventData::new_u64(u64::from(socket.0) << 32 | u64::from(fd.0.cast_unsigned()))
}

fn key(data: EventData) -> (SocketId, Fd) {
    let bits = data.u64();
    #[expect(clippy::cast_possible_truncation, reason = "the halves are the numbers")]
    let (socket, fd) = ((bits >> 32) as u32, bits as u32);
    (SocketId(socket), Fd(fd.cast_signed()))
}

impl Sockets {
    /// epoll_ctl(2): `target` is the socket that is meant, and its number in the program.
    ///
    /// # Errors
    /// The kernel's, or a limit.
    pub(in crate::world) fn epoll_ctl(
        &mut self,
        id: SocketId,
        operation: EpollOperation,
        target: (SocketId, Fd),
        events: EpollEvents,
        tables: &Tables,
    ) -> std::result::Result<(), CallError> {
        let known = self.watches(id).and_then(|watches| watches.0.get(&target));
        if operation == EpollOperation::Add && known.is_none() {
            self.may_watch(id, tables)?;
        }
        // Without a privilege, which no program here has, Linux passes over it.
        let events = EpollEvents(events.0 & !EpollEvents::WAKEUP.0);
        let copy = if known.is_none() { self.copy_for(id, target.0)? } else { None };
        let (Some(epoll), Some(meant)) = (self.all.get(&id), self.all.get(&target.0)) else {
            return Err(CallError::errno(Errno::EBADF));
        };
        let copied = copy.as_ref().or(known.and_then(|watch| watch.copy.as_ref()));
        let watched = copied.map_or(meant.end.fd(), |copied| copied.fd.as_fd());
        let asked = tell(epoll.end.fd(), operation, watched, target, events);
        if let Err(errno) = asked {
            let ours = errno == Errno::ELOOP && self.is_ours_to_refuse(id, target.0);
            return Err(if ours { Limit::EpollDepth.reached() } else { CallError::errno(errno) });
        }
        let Some(Watches(watches)) = self.all.get_mut(&id).and_then(|socket| socket.watches.as_mut()) else {
            return Ok(());
        };
        match operation {
            EpollOperation::Add => {
                watches.insert(target, Watch { events, copy, told: false });
            }
            EpollOperation::Modify => {
                if let Some(watch) = watches.get_mut(&target) {
                    (watch.events, watch.told) = (events, false);
                }
            }
            EpollOperation::Delete => drop(watches.remove(&target)),
        }
        Ok(())
    }

    /// epoll_wait(2) that does not wait.
    ///
    /// # Errors
    /// The kernel's.
    pub(in crate::world) fn epoll_wait(&mut self, id: SocketId, max: u32) -> Result<Vec<(Fd, EpollEvents)>> {
        self.check_outside(id);
        let epoll = self.all.get_mut(&id).ok_or(Errno::EBADF)?;
        let most = usize::try_from(max).unwrap_or(0).min(limits::EPOLL_EVENTS);
        let there = epoll.watches.as_ref().map_or(1, |watches| watches.0.len().max(1));
        let mut buffer = vec![MaybeUninit::<Event>::uninit(); most.min(there)];
        let (ready, _) = epoll::wait(epoll.end.fd(), &mut buffer[..], Some(&Default::default()))
            .map_err(syscall::errno)?;
        let mut told = Vec::with_capacity(ready.len());
        for event in ready.iter() {
            // Its fields are not aligned.
            let (data, flags) = (event.data, event.flags);
            let key = key(data);
            told.push((key.1, EpollEvents(flags.bits())));
            let watch = epoll.watches.as_mut().and_then(|watches| watches.0.get_mut(&key));
            if let Some(watch) = watch.filter(|watch| watch.events.contains(EpollEvents::ONESHOT)) {
                watch.told = true;
            }
        }
        Ok(told)
    }

    /// A socket is closed: no epoll watches it any more. A copy that was left would keep it open.
    pub(in crate::world) fn unwatch(&mut self, socket: SocketId) {
        self.epolls.remove(&socket);
        for epoll in &self.epolls {
            if let Some(watches) = self.all.get_mut(epoll).and_then(|epoll| epoll.watches.as_mut()) {
                watches.forget(socket);
            }
        }
    }

    /// What is under a descriptor has changed, as a connection went outside or came back: epolls watch what is there now.
    pub(in crate::world) fn watch_anew(&mut self, socket: SocketId) {
        for id in self.epolls.clone() {
            let Some(watches) = self.watches(id) else { continue };
            let keys: Vec<_> = watches.of(socket).map(|(key, _)| *key).collect();
            for key in keys {
                if let Err(error) = self.watch_again(id, key) {
                    tracing::error!(?error, "an epoll of a program lost a socket");
                }
            }
        }
    }

    fn watch_again(&mut self, id: SocketId, key: (SocketId, Fd)) -> std::result::Result<(), CallError> {
        let (Some(epoll), Some(meant)) = (self.all.get(&id), self.all.get(&key.0)) else { return Ok(()) };
        let Some(watch) = self.watches(id).and_then(|watches| watches.0.get(&key)) else { return Ok(()) };
        let before = watch.copy.as_ref().map_or(meant.end.in_room(), |copied| copied.fd.as_fd());
        tell(epoll.end.fd(), EpollOperation::Delete, before, key, EpollEvents(0))
            .map_err(CallError::errno)?;
        let copy = self.copy_of(meant.end.fd())?;
        let events = EpollEvents(watch.events.0 & if watch.told { HOW.0 } else { u32::MAX });
        tell(epoll.end.fd(), EpollOperation::Add, copy.fd.as_fd(), key, events).map_err(CallError::errno)?;
        let watches = self.all.get_mut(&id).and_then(|epoll| epoll.watches.as_mut());
        if let Some(watch) = watches.and_then(|watches| watches.0.get_mut(&key)) {
            watch.copy = Some(copy);
        }
        Ok(())
    }

    fn watches(&self, id: SocketId) -> Option<&Watches> {
        self.all.get(&id)?.watches.as_ref()
    }

    /// A descriptor to watch a socket by that has no entry yet: none where its own will do.
    fn copy_for(&self, id: SocketId, socket: SocketId) -> std::result::Result<Option<Copied>, CallError> {
        let Some(end) = self.all.get(&socket).map(|socket| &socket.end) else { return Ok(None) };
        let taken =
            self.watches(id).is_some_and(|watches| watches.of(socket).any(|(_, watch)| watch.copy.is_none()));
        // Outside it may come back into the room, where another descriptor is under it.
        (taken || end.is_outside()).then(|| self.copy_of(end.fd())).transpose()
    }

    fn copy_of(&self, fd: BorrowedFd<'_>) -> std::result::Result<Copied, CallError> {
        let copy =
            fcntl_dupfd_cloexec(fd, 0).map_err(|error| syscall::making_failed(syscall::errno(error)))?;
        self.descriptors.check(&copy)?;
        Ok(Copied { fd: copy, _descriptors: self.descriptors.take(1)? })
    }

    /// Whether the epolls of a person may watch one more.
    fn may_watch(&self, id: SocketId, tables: &Tables) -> std::result::Result<(), CallError> {
        let whose = |id: SocketId| tables.name(id).and_then(|(program, _)| tables.member_of(program));
        let member = whose(id);
        let own = self.epolls.iter().filter(|&&epoll| whose(epoll) == member);
        let watched: usize = own.filter_map(|&epoll| Some(self.watches(epoll)?.0.len())).sum();
        if watched < limits::EPOLL_WATCHES { Ok(()) } else { Err(Limit::EpollWatches.reached()) }
    }

    /// Whether Linux would let an epoll watch another, which it refused here: the room's own watch stands above.
    fn is_ours_to_refuse(&self, id: SocketId, target: SocketId) -> bool {
        !self.leads_to(target, id) && self.above(id) + self.below(target) <= DEPTH
    }

    fn watched_by(&self, id: SocketId) -> impl Iterator<Item = SocketId> {
        let sockets = self.watches(id).into_iter().flat_map(|watches| watches.0.keys());
        sockets.map(|(socket, _)| *socket).filter(|socket| self.epolls.contains(socket))
    }

    /// No circle is ever made, so these end.
    fn leads_to(&self, from: SocketId, to: SocketId) -> bool {
        from == to || self.watched_by(from).any(|next| self.leads_to(next, to))
    }

    fn below(&self, id: SocketId) -> usize {
        1 + self.watched_by(id).map(|next| self.below(next)).max().unwrap_or(0)
    }

    fn above(&self, id: SocketId) -> usize {
        let watching = self.epolls.iter().filter(|&&epoll| self.watched_by(epoll).any(|next| next == id));
        1 + watching.map(|&epoll| self.above(epoll)).max().unwrap_or(0)
    }

    /// A connection outside that may not be used is cut, and the kernel tells so.
    fn check_outside(&self, id: SocketId) {
        let watched = self.watches(id).into_iter().flat_map(|watches| watches.0.keys());
        for (socket, _) in watched {
            if let Some(socket) = self.all.get(socket).filter(|socket| socket.end.is_outside()) {
                let _known = socket.end.check();
            }
        }
    }
}

/// One epoll_ctl(2).
fn tell(
    epoll: BorrowedFd<'_>,
    operation: EpollOperation,
    watched: BorrowedFd<'_>,
    key: (SocketId, Fd),
    events: EpollEvents,
) -> Result<()> {
    let flags = EventFlags::from_bits_retain(events.0);
    match operation {
        EpollOperation::Add => epoll::add(epoll, watched, data(key), flags),
        EpollOperation::Modify => epoll::modify(epoll, watched, data(key), flags),
        EpollOperation::Delete => epoll::delete(epoll, watched),
    }
    .map_err(syscall::errno)
}
