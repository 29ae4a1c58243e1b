//! Calls and streams that wait: each call ends exactly once, calls of one descriptor and direction start as they came.
//!
//! What a call does to the kernel is in [`super::attempt`]; what comes of it is recorded after the packets it caused.
//! A call that needs somebody outside the room's task (the keeper, a resolver) waits here like any other.

mod echoes;
mod passed;
mod stream_mode;

use std::{
    collections::{BTreeMap, HashMap},
    os::fd::OwnedFd,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use proto::{
    address::Address,
    call::{Call, CallError, Kind, OptionName, Outcome, Value, Wait},
    errno::Errno,
    id::{CallId, CallRef, HostId, MemberId, ProgramId, SocketId},
    rules::ProtocolRule,
    trace::{CallBegin, CallEnd, Cause, Data, What},
};

use super::{
    attempt::{self, Attempt, Try},
    lan::Lan,
    people::People,
    sockets::Sockets,
    streams::Streams,
    timers::Timer,
    unix_names,
    waiting::{Direction, Waiting, check},
};
use crate::{buffers, outside::Outside, request::CallRequest, syscall};

/// How many calls one counts for: a poll of many descriptors makes the room keep more.
fn weight(call: &Call) -> isize {
    match call {
        Call::Poll { fds } => isize::try_from(fds.len().div_ceil(256).max(1)).unwrap_or(isize::MAX),
        _ => 1,
    }
}

/// All calls and streams of a room, on its machines.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) lan: Lan,
    pub(super) people: People,
    pub(super) sockets: Sockets,
    pub(super) outside: Option<Arc<dyn Outside>>,
    streams: Streams,
    waiting: BTreeMap<CallRef, Waiting>,
    /// The page's number of each waiting call.
    asked: HashMap<(MemberId, CallId), CallRef>,
    last: u64,
}

impl Calls {
    pub(super) fn new(
        lan: Lan,
        people: People,
        sockets: Sockets,
        streams: Streams,
        outside: Option<Arc<dyn Outside>>,
    ) -> Self {
        let (waiting, asked) = (BTreeMap::new(), HashMap::new());
        Self { lan, people, sockets, outside, streams, waiting, asked, last: 0 }
    }

    /// Does `act` to one socket as one step: what its machine sends then is caused by it. `caller` is the socket whose
    /// connect(2) it is.
    fn step_on<T>(
        &mut self,
        socket: SocketId,
        cause: Cause,
        caller: Option<SocketId>,
        act: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let before = self.sockets.get(socket)?;
        let (host, was_outside) = (before.host, before.end.is_outside());
        self.lan.drain(host);
        let result = act(self);
        let outside = self.sockets.get(socket).map_or(was_outside, |socket| socket.end.is_outside());
        self.lan.collect_of_socket(host, cause, caller, outside);
        Some(result)
    }

    /// Why a call cannot begin.
    pub(super) fn refusal(&self, request: &CallRequest) -> Option<CallError> {
        match self.lan.machines.tables.info(request.program) {
            None => return Some(ProtocolRule::NoSuchProgram.broken()),
            Some(program) if program.by != Some(request.member) => {
                return Some(ProtocolRule::AnothersProgram.broken());
            }
            Some(_) => {}
        }
        if self.asked.contains_key(&(request.member, request.id)) {
            return Some(ProtocolRule::CallNumberInUse.broken());
        }
        self.people.may_call(request.member).and_then(|()| check(&request.call, &request.payload)).err()
    }

    /// Records that a call begins.
    pub(super) fn begin(&mut self, request: CallRequest) -> Option<Waiting> {
        let CallRequest { member, id: asked, program, call, wait, line, thread, payload } = request;
        let waiting = self.begin_of(program, call, (line, thread), &payload)?;
        let outside = waiting.socket.is_some_and(|id| self.sockets.is_outside(id));
        Some(Waiting { asked: Some((member, asked)), payload, wait, outside, ..waiting })
    }

    fn begin_of(
        &mut self,
        program: ProgramId,
        call: Call,
        (line, thread): (Option<u32>, Option<String>),
        payload: &Bytes,
    ) -> Option<Waiting> {
        let info = self.lan.machines.tables.info(program)?;
        let (host, by) = (info.host, info.by);
        self.last += 1;
        let id = CallRef(self.last);
        let socket = call.fd().and_then(|fd| self.lan.machines.tables.socket(program, fd).ok());
        let data = Data::of(payload);
        let began = CallBegin { id, by, host, program, call: call.clone(), data, socket, line, thread };
        self.lan.record(What::CallBegin(began));
        let now = self.lan.observer.now();
        Some(Waiting { socket, ..Waiting::new(id, program, host, call, now) })
    }

    /// Begins a call on a descriptor.
    pub(super) fn begin_on_descriptor(&mut self, waiting: Waiting) {
        if buffers::begin_with(&waiting.call)
            && let Some(Err(error)) = waiting.socket.map(|socket| self.sockets.charge_for_use(socket))
        {
            return self.fail(waiting, error);
        }
        if let Call::SendMsg { .. } = waiting.call {
            self.land_all();
        }
        match (Direction::of(&waiting.call), waiting.socket) {
            (_, None) => self.finish(waiting, Err(CallError::errno(Errno::EBADF)), Bytes::new()),
            (None, Some(socket)) => self.immediate(waiting, socket),
            (Some(direction), Some(socket)) => self.begin_waitable(waiting, socket, direction),
        }
    }

    fn begin_waitable(&mut self, waiting: Waiting, socket: SocketId, direction: Direction) {
        let (id, urgent, never_waits) = (waiting.id, waiting.is_urgent(), waiting.never_waits());
        self.keep(waiting);
        if never_waits {
            if direction == Direction::Write {
                // Who has waited longer is told first how a connect has ended: the kernel tells it once.
                self.advance(socket, direction);
            }
            // It asks the kernel at once, whoever else waits: that is what not waiting means.
            return self.attempt_once(id);
        }
        if let Some(socket) = self.sockets.get_mut(socket) {
            socket.enqueue(direction, id, urgent);
        }
        self.advance(socket, direction);
    }

    fn attempt_once(&mut self, id: CallRef) {
        if let Attempt::Ended(outcome, payload) = self.attempt(id) {
            self.end(id, outcome, payload);
        } else {
            self.end(id, Err(CallError::errno(Errno::EAGAIN)), Bytes::new());
        }
    }

    /// Tries a call that is kept.
    fn attempt(&mut self, id: CallRef) -> Attempt {
        let bad = || Attempt::failed(CallError::errno(Errno::EBADF));
        let Some(waiting) = self.waiting.get(&id) else { return bad() };
        let Some(socket) = waiting.socket else { return bad() };
        let caller = matches!(waiting.call, Call::Connect { .. }).then_some(socket);
        let tried = self.step_on(socket, Cause::Call(id), caller, |calls| {
            let Self { lan, people, sockets, outside, waiting, .. } = calls;
            let Some(waiting) = waiting.get_mut(&id) else { return Attempt::Waits };
            Try { waiting, socket, sockets, lan, people, outside: outside.as_ref() }.run()
        });
        tried.unwrap_or_else(bad)
    }

    /// Begins a poll.
    pub(super) fn begin_poll(&mut self, waiting: Waiting) {
        let id = waiting.id;
        let never_waits = waiting.never_waits();
        self.keep(waiting);
        match self.attempt_poll(id) {
            Attempt::Ended(outcome, payload) => self.end(id, outcome, payload),
            Attempt::Waits if never_waits => self.end(id, Ok(Value::Ready(Vec::new())), Bytes::new()),
            Attempt::Waits => self.enrol_poll(id),
        }
    }

    fn attempt_poll(&self, id: CallRef) -> Attempt {
        let waiting = self.waiting.get(&id);
        waiting.map_or(Attempt::Waits, |w| attempt::poll(w, &self.sockets, &self.lan.machines.tables))
    }

    /// Lets the sockets of a kept poll wake it.
    fn enrol_poll(&mut self, id: CallRef) {
        let Some(waiting) = self.waiting.get(&id) else { return };
        let Call::Poll { fds } = &waiting.call else { return };
        for (fd, events) in fds {
            let Ok(socket) = self.lan.machines.tables.socket(waiting.program, *fd) else { continue };
            if let Some(end) = self.sockets.get_mut(socket) {
                end.pollers.push((id, *events));
            }
            self.sockets.update_interest(socket);
        }
    }

    /// Keeps a call that may have to wait, with the end of its time.
    pub(super) fn keep(&mut self, mut waiting: Waiting) {
        let time = match waiting.wait {
            Wait::Millis(ms) => Some(Duration::from_millis(ms.into())),
            Wait::Forever => self.own_time(&waiting),
            Wait::No => None,
        };
        if let Some(end) = time.and_then(|time| Instant::now().checked_add(time)) {
            waiting.timer = Some(self.lan.timers.set(end, Timer::CallWait(waiting.id)));
        }
        if let Some(asked) = waiting.asked {
            self.asked.insert(asked, waiting.id);
            self.people.count_outstanding(asked.0, weight(&waiting.call));
        }
        self.waiting.insert(waiting.id, waiting);
    }

    /// How long a blocking call waits by its socket's own SO_RCVTIMEO or SO_SNDTIMEO. Our sockets do not block, so that the
    /// kernel's own clock never runs.
    fn own_time(&self, waiting: &Waiting) -> Option<Duration> {
        let name = match Direction::of(&waiting.call).filter(|_| !waiting.call.is_library())? {
            Direction::Read => OptionName::RcvTimeo,
            Direction::Write => OptionName::SndTimeo,
        };
        let socket = self.sockets.get(waiting.socket?)?;
        syscall::getsockopt(socket.end.in_room(), name).ok()?.time()
    }

    /// A call that still waits.
    pub(super) fn get(&self, id: CallRef) -> Option<&Waiting> {
        self.waiting.get(&id)
    }

    /// Lets the calls at the head of a queue go on until one has to wait.
    pub(super) fn advance(&mut self, socket: SocketId, direction: Direction) {
        if direction == Direction::Read
            && let Some(socket) = self.sockets.get_mut(socket)
        {
            socket.starved = false;
        }
        while let Some(head) = self.sockets.get(socket).and_then(|socket| socket.head(direction)) {
            match self.attempt(head) {
                Attempt::Waits => break,
                Attempt::Ended(outcome, payload) => self.end(head, outcome, payload),
            }
        }
        self.sockets.update_interest(socket);
    }

    /// A member's page has taken results: receives that waited for that go on.
    pub(super) fn results_taken(&mut self, member: MemberId) {
        let starved = self.people.take_starved(member);
        starved.into_iter().for_each(|socket| self.advance(socket, Direction::Read));
    }

    /// Something happened on a socket.
    pub(super) fn socket_ready(&mut self, socket: SocketId) {
        let reader = self.sockets.get(socket).and_then(|socket| socket.head(Direction::Read));
        if let Some(call) = reader.filter(|call| self.waiting.get(call).is_some_and(|w| w.ping.is_some())) {
            return self.echo_ready(call);
        }
        self.advance(socket, Direction::Write);
        self.advance(socket, Direction::Read);
        let pollers: Option<Vec<CallRef>> =
            self.sockets.get(socket).map(|s| s.pollers.iter().map(|(call, _)| *call).collect());
        for call in pollers.unwrap_or_default() {
            if let Attempt::Ended(outcome, payload) = self.attempt_poll(call) {
                self.end(call, outcome, payload);
            }
        }
        self.stream_ready(socket);
    }

    /// Ends a call that is kept: takes it out of every queue, then finishes it.
    pub(super) fn end(&mut self, id: CallRef, outcome: Outcome, payload: Bytes) {
        let Some(waiting) = self.take(id) else { return };
        let held = self.leave_queues(&waiting);
        let socket = waiting.socket;
        let room_on = self.makes_room(&waiting, &outcome).then_some(waiting.host);
        // A socket that was closed while this call held it goes now, and its FIN with it.
        held.iter().for_each(|&socket| self.release_if_closed(socket, Cause::Call(id)));
        held.into_iter().chain(socket).for_each(|socket| self.sockets.update_interest(socket));
        self.finish(waiting, outcome, payload);
        if let Some(host) = room_on {
            self.unpark(host);
        }
    }

    /// Takes a call out of those that wait; whoever works for it may stop.
    pub(super) fn take(&mut self, id: CallRef) -> Option<Waiting> {
        let mut waiting = self.waiting.remove(&id)?;
        if let Some(asked) = waiting.asked {
            self.asked.remove(&asked);
            self.people.count_outstanding(asked.0, -weight(&waiting.call));
        }
        let echo = waiting.ping.as_ref().and_then(|ping| ping.echo);
        waiting.timer.take().into_iter().chain(echo).for_each(|timer| self.lan.timers.unset(timer));
        if let Some(abort) = waiting.abort.take() {
            abort.abort();
        }
        Some(waiting)
    }

    fn leave_queues(&mut self, waiting: &Waiting) -> Vec<SocketId> {
        if let Call::Poll { .. } = &waiting.call {
            let polled = self.sockets.polled_by(waiting.id);
            for &id in &polled {
                if let Some(socket) = self.sockets.get_mut(id) {
                    socket.pollers.retain(|(call, _)| *call != waiting.id);
                }
            }
            return polled;
        }
        let Some((id, direction)) = waiting.socket.zip(Direction::of(&waiting.call)) else {
            return Vec::new();
        };
        let Some(socket) = self.sockets.get_mut(id) else { return Vec::new() };
        socket.dequeue(direction, waiting.id);
        vec![id]
    }

    /// Records the end of a call, after the packets it caused, and tells who asked.
    #[expect(clippy::needless_pass_by_value, reason = "a call that is finished is no more")]
    pub(super) fn finish(&mut self, waiting: Waiting, outcome: Outcome, payload: Bytes) {
        self.lan.settle();
        let socket = match outcome {
            Ok(Value::Descriptor(fd) | Value::Accepted { fd, .. }) => {
                self.lan.machines.tables.socket(waiting.program, fd).ok()
            }
            _ => waiting.socket,
        };
        let outside = waiting.outside || socket.is_some_and(|id| self.sockets.is_outside(id));
        self.lan.record(What::CallEnd(CallEnd {
            id: waiting.id,
            outcome: outcome.clone(),
            data: Data::of(&payload),
            socket,
            elapsed: self.lan.observer.now().saturating_sub(waiting.began),
            outside,
        }));
        if let Some((member, id)) = waiting.asked {
            self.people.deliver_result(member, id, outcome, payload);
        }
    }

    /// Ends a call that is not kept with an error.
    pub(super) fn fail(&mut self, waiting: Waiting, error: CallError) {
        self.finish(waiting, Err(error), Bytes::new());
    }

    /// Cancels a waiting call. One that has ended is none any more: it ends exactly once.
    pub(super) fn cancel(&mut self, member: MemberId, id: CallId) {
        if let Some(call) = self.asked.get(&(member, id)).copied() {
            self.interrupt(call);
        }
    }

    fn interrupt(&mut self, id: CallRef) {
        let Some(waiting) = self.waiting.get_mut(&id) else { return };
        let taken = waiting.taken();
        let (outcome, payload) = waiting.interrupted(CallError::Errno { errno: Errno::EINTR, taken });
        self.end_early(id, outcome, payload);
    }

    /// The time that a call may wait is over.
    pub(super) fn wait_ran_out(&mut self, id: CallRef) {
        let Some(waiting) = self.waiting.get_mut(&id) else { return };
        let taken = waiting.taken();
        let (outcome, payload) = match waiting.call {
            Call::Poll { .. } => (Ok(Value::Ready(Vec::new())), Bytes::new()),
            Call::EpollWait { .. } => (Ok(Value::Events(Vec::new())), Bytes::new()),
            // It was the socket's own time, of which the kernel says this.
            Call::Connect { .. } if waiting.wait == Wait::Forever => {
                waiting.interrupted(CallError::errno(Errno::EINPROGRESS))
            }
            _ if waiting.wait == Wait::Forever => {
                waiting.interrupted(CallError::Errno { errno: Errno::EAGAIN, taken })
            }
            _ => waiting.interrupted(CallError::TimedOut { taken }),
        };
        self.end_early(id, outcome, payload);
    }

    /// Ends a call before its time; those behind it in its queue go on.
    fn end_early(&mut self, id: CallRef, outcome: Outcome, payload: Bytes) {
        let behind = self.waiting.get(&id).and_then(|w| w.socket.zip(Direction::of(&w.call)));
        self.end(id, outcome, payload);
        if let Some((socket, direction)) = behind {
            self.advance(socket, direction);
        }
    }

    /// The calls of a member that still wait.
    pub(super) fn waiting_of(&self, member: MemberId) -> Vec<(CallId, ProgramId, Call)> {
        let own = |waiting: &&Waiting| waiting.member() == Some(member);
        let told = |w: &Waiting| w.asked.map(|(_, id)| (id, w.program, w.call.clone()));
        self.waiting.values().filter(own).filter_map(told).collect()
    }

    /// A process exits: calls are interrupted, then the kernel closes the descriptors in order.
    pub(super) fn exit(&mut self, program: ProgramId) {
        let own = self.waiting.values().filter(|w| w.program == program);
        let calls: Vec<CallRef> = own.map(|w| w.id).collect();
        calls.into_iter().for_each(|call| self.interrupt(call));
        let owned = |id: &SocketId| self.lan.machines.tables.name(*id).is_some_and(|(p, _)| p == program);
        let streams: Vec<_> = self.streams.sockets().into_iter().filter(owned).collect();
        streams.into_iter().for_each(|socket| self.end_stream(socket, None));
        for fd in self.lan.machines.tables.open_of(program) {
            if let Some(waiting) = self.begin_of(program, Call::Close { fd }, (None, None), &Bytes::new()) {
                self.begin_on_descriptor(waiting);
            }
        }
    }

    /// A call that never waits: one system call, its result, done.
    fn immediate(&mut self, waiting: Waiting, socket: SocketId) {
        let cause = Cause::Call(waiting.id);
        let outcome = self.step_on(socket, cause, None, |calls| calls.immediately(&waiting, socket));
        self.finish(waiting, outcome.unwrap_or(Err(CallError::errno(Errno::EBADF))), Bytes::new());
    }

    fn immediately(&mut self, waiting: &Waiting, id: SocketId) -> Result<Value, CallError> {
        if let Call::Close { fd } = waiting.call {
            self.lan.machines.tables.close(waiting.program, fd).map_err(CallError::errno)?;
            self.release(id);
            self.tell_owner(id);
            return Ok(Value::Done);
        }
        if let Call::Dup { .. } = waiting.call {
            let fd = self.lan.machines.tables.open(waiting.program, id).map_err(CallError::errno)?;
            return Ok(Value::Descriptor(fd));
        }
        if let Call::EpollCtl { operation, target, events, .. } = waiting.call {
            let tables = &self.lan.machines.tables;
            let socket = tables.socket(waiting.program, target).map_err(CallError::errno)?;
            self.sockets.epoll_ctl(id, operation, (socket, target), events, tables)?;
            return Ok(Value::Done);
        }
        if let Call::GetSockName { .. } = waiting.call {
            return self.local_address(id).map(Value::Address).map_err(CallError::errno);
        }
        if let Call::Bind { address: Address::Unix(name), .. } = &waiting.call {
            self.bind_unix(id, name)?;
            unix_names::tell(id, &self.sockets, &mut self.lan);
            return Ok(Value::Done);
        }
        let socket = self.sockets.get_mut(id).ok_or(CallError::errno(Errno::EBADF))?;
        let (host, end) = (socket.host, &mut socket.end);
        match waiting.call {
            Call::Bind { address: Address::Ip(address), .. } => {
                end.room().and_then(|fd| fd.bind(&address.into())).map_err(CallError::errno)?;
            }
            Call::Listen { backlog, .. } => {
                end.room().and_then(|fd| fd.listen(backlog)).map_err(CallError::errno)?;
            }
            Call::Shutdown { how, .. } => end.shutdown(how)?,
            Call::SetSockOpt { name, ref value, .. } => self.sockets.setsockopt(id, name, value)?,
            Call::GetSockOpt { name, .. } => return end.getsockopt(name).map(Value::Option),
            Call::GetPeerName { .. } => {
                let told = end.getpeername()?;
                return Ok(Value::Address(unix_names::address_of(host, &told, &self.lan)));
            }
            _ => return Err(CallError::errno(Errno::EOPNOTSUPP)),
        }
        Ok(Value::Done)
    }

    /// The address a program sees for its own end: outside the room a substitute, the machine's own address with the
    /// real port, since the server's own addresses are nobody's business.
    fn local_address(&self, id: SocketId) -> Result<Address, Errno> {
        let socket = self.sockets.get(id).ok_or(Errno::EBADF)?;
        let real = unix_names::address_of(socket.host, &syscall::getsockname(socket.end.fd())?, &self.lan);
        let own = self.lan.machines.get(socket.host).map(|host| host.info.address);
        Ok(match (own.filter(|_| socket.end.is_outside()), real.port()) {
            (Some(own), Some(port)) => Address::Ip((own, port).into()),
            _ => real,
        })
    }

    /// A descriptor of a socket was closed that others name still: says which is its first now.
    fn tell_owner(&self, id: SocketId) {
        let Some(socket) = self.sockets.get(id).filter(|_| self.lan.machines.tables.name(id).is_some())
        else {
            return;
        };
        let datagram = socket.end.kind() == Kind::Datagram;
        self.lan.observer.record_owner(socket.host, id, datagram, &self.lan.machines.tables);
    }

    /// Closes a socket if nothing names or holds it any more: this is where its FIN leaves.
    pub(super) fn release(&mut self, id: SocketId) {
        self.sockets.update_interest(id);
        let unix_on = self.sockets.get(id).filter(|socket| socket.end.is_unix()).map(|socket| socket.host);
        if let Some(end) = self.sockets.take_free(id, &mut self.lan) {
            end.close();
            self.end_stream(id, None);
            if let Some(host) = unix_on {
                self.lan.observer.unix_gone(host, id, &self.lan.machines.tables);
                self.unpark(host);
            }
        }
    }

    /// Closes a socket that only waited for what held it, as one step: its FIN belongs to that.
    pub(super) fn release_if_closed(&mut self, id: SocketId, cause: Cause) {
        if self.lan.machines.tables.name(id).is_none() {
            self.step_on(id, cause, None, |calls| calls.release(id));
        }
    }

    /// Destroys every socket of a machine and lets the calls that waited on them see it.
    pub(super) fn destroy_sockets(&mut self, host: HostId) {
        self.lan.destroy_sockets(host);
        self.shut_unix_down(host);
        self.sockets.on(host).into_iter().for_each(|socket| self.socket_ready(socket));
        self.lan.look(host);
    }

    /// Ends a socket(2).
    pub(super) fn finish_socket(&mut self, waiting: Waiting, made: Result<OwnedFd, CallError>) {
        let Call::Socket { kind, .. } = waiting.call else { return };
        let (program, host) = (waiting.program, waiting.host);
        let adopted = made.and_then(|os| self.sockets.adopt(program, host, (os, true), &mut self.lan));
        match adopted {
            Ok((fd, socket)) => {
                if self.sockets.is_unix(socket) {
                    unix_names::tell(socket, &self.sockets, &mut self.lan);
                } else {
                    let datagram = kind == Kind::Datagram;
                    self.lan.observer.record_new_socket(host, socket, datagram, &self.lan.machines.tables);
                }
                let waiting = Waiting { socket: Some(socket), ..waiting };
                self.finish(waiting, Ok(Value::Descriptor(fd)), Bytes::new());
            }
            Err(error) => self.finish(waiting, Err(error), Bytes::new()),
        }
    }
}
