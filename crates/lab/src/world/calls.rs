//! Calls: from the page's request to the result, each ending exactly once.
//!
//! What a call does to the kernel is in [`super::immediate`] (calls that never wait) and [`super::attempt`] (calls
//! that may); this file keeps the order: calls of one descriptor and direction start as they came.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::AbortHandle;
use proto::{
    call::{Call, CallError, Flags, Outcome, Value, Wait},
    errno::Errno,
    id::{CallId, CallRef, HostId, MemberId, ProgramId, SocketId},
    limits,
    trace::{CallBegin, CallEnd, Cause, Data, What},
};

use super::{Timer, World, attempt::Attempt, ping::Ping, timers::TimerKey};
use crate::{delivery::Delivery, results::Place};

/// Which queue of a descriptor a call stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Read,
    Write,
}

impl Direction {
    /// The direction of calls that may wait on one descriptor; none for all others.
    pub(super) fn of(call: &Call) -> Option<Self> {
        match call {
            Call::Accept { .. } | Call::Recv { .. } | Call::RecvFrom { .. } | Call::Ping { .. } => {
                Some(Self::Read)
            }
            Call::Connect { .. } | Call::Send { .. } | Call::SendTo { .. } => Some(Self::Write),
            _ => None,
        }
    }
}

/// A call as a page asks for it.
#[derive(Clone, Debug)]
pub struct CallRequest {
    /// Who asks.
    pub member: MemberId,
    /// The page's number for it.
    pub id: CallId,
    /// Which of their programs makes it.
    pub program: ProgramId,
    /// The call.
    pub call: Call,
    /// How long it may wait.
    pub wait: Wait,
    /// The line of the program's text that makes it, as the page says.
    pub line: Option<u32>,
    /// The bytes that follow it.
    pub payload: Bytes,
}

/// A call that has begun and not ended.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: CallRef,
    /// Who asked and the page's number; none for the close(2) of a process's exit.
    pub(super) asked: Option<(MemberId, CallId)>,
    pub(super) program: ProgramId,
    pub(super) host: HostId,
    pub(super) call: Call,
    pub(super) payload: Bytes,
    pub(super) wait: Wait,
    pub(super) began: u64,
    pub(super) socket: Option<SocketId>,
    /// Bytes of a send that the kernel has taken.
    pub(super) taken: usize,
    /// Bytes of a MSG_WAITALL receive that are here.
    pub(super) received: Vec<u8>,
    /// The place that is reserved for them.
    pub(super) place: Option<Place>,
    /// It went outside the room, where packets are not recorded.
    pub(super) outside: bool,
    pub(super) ping: Option<Ping>,
    /// Stops work outside the room that nobody waits for any more.
    pub(super) abort: Option<AbortHandle>,
    /// The end of its time.
    pub(super) timer: Option<TimerKey>,
}

impl Waiting {
    /// Whether the kernel's EAGAIN or EINPROGRESS is the result.
    pub(super) fn never_waits(&self) -> bool {
        let dontwait = match self.call {
            Call::Send { flags, .. }
            | Call::SendTo { flags, .. }
            | Call::Recv { flags, .. }
            | Call::RecvFrom { flags, .. } => flags.contains(Flags::DONTWAIT),
            _ => false,
        };
        dontwait || self.wait == Wait::No
    }

    fn taken(&self) -> u32 {
        u32::try_from(self.taken).unwrap_or(u32::MAX)
    }

    /// The result of a receive with the bytes it has collected.
    pub(super) fn take_received(&mut self) -> (Outcome, Bytes) {
        received(std::mem::take(&mut self.received), self.place.take().unwrap_or_default())
    }

    /// How a call ends that was interrupted: with what it has, or with `error`.
    fn interrupted(&mut self, error: CallError) -> (Outcome, Bytes) {
        match self.call {
            Call::Recv { .. } if !self.received.is_empty() => self.take_received(),
            Call::RecvFrom { .. } if !self.received.is_empty() => {
                let (_, payload) = self.take_received();
                let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
                (Ok(Value::ReceivedFrom { length, from: None }), payload)
            }
            _ => (Err(error), Bytes::new()),
        }
    }
}

/// The result of a recv.
pub(super) fn received(bytes: Vec<u8>, place: Place) -> (Outcome, Bytes) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    (Ok(Value::Received { length }), place.fill(bytes))
}

/// Arguments that no system call is made for.
fn check(call: &Call, payload: &Bytes) -> Result<(), CallError> {
    let limit = |limit: &str, value: u64| Err(CallError::Limit { limit: limit.to_owned(), value });
    match call {
        Call::Send { length, .. } | Call::SendTo { length, .. } if *length as usize != payload.len() => {
            Err(CallError::Protocol { rule: "payload length".to_owned() })
        }
        Call::Send { length, .. } | Call::SendTo { length, .. } if *length > limits::CALL_PAYLOAD => {
            limit("call-payload", limits::CALL_PAYLOAD.into())
        }
        Call::Recv { flags, max, .. } | Call::RecvFrom { flags, max, .. }
            if flags.contains(Flags::WAITALL) && *max > limits::CALL_PAYLOAD =>
        {
            limit("call-payload", limits::CALL_PAYLOAD.into())
        }
        Call::Poll { fds } if fds.len() > limits::POLL_DESCRIPTORS => {
            limit("poll-descriptors", limits::POLL_DESCRIPTORS as u64)
        }
        Call::Ping { count, .. } if *count == 0 || *count > limits::PING_COUNT => {
            limit("ping-count", limits::PING_COUNT.into())
        }
        _ => Ok(()),
    }
}

impl World {
    /// Begins a call; its result is delivered to the member, now or later.
    pub(crate) async fn call(&mut self, request: CallRequest) {
        let refused = self.refusal(&request);
        if let Some(error) = refused {
            return self.deliver_result(request.member, request.id, Err(error), Bytes::new());
        }
        let Some(mut waiting) = self.begin(request) else { return };
        match waiting.call {
            Call::Socket { family, kind } => {
                let (outcome, socket) = self.make_socket(&waiting, family, kind).await;
                waiting.socket = socket;
                self.finish(waiting, outcome, Bytes::new());
            }
            Call::Resolve { .. } => self.resolve(waiting).await,
            Call::Ping { .. } => self.ping(waiting).await,
            Call::Poll { .. } => self.begin_poll(waiting),
            _ if Direction::of(&waiting.call).is_some() => self.begin_waitable(waiting),
            _ => self.immediate(waiting),
        }
    }

    fn refusal(&self, request: &CallRequest) -> Option<CallError> {
        let protocol = |rule: &str| Some(CallError::Protocol { rule: rule.to_owned() });
        match self.programs.get(&request.program) {
            None => return protocol("no such program"),
            Some(program) if program.info.by != Some(request.member) => return protocol("another's program"),
            Some(_) => {}
        }
        if self.asked.contains_key(&(request.member, request.id)) {
            return protocol("call number in use");
        }
        let outstanding = self.members.get(&request.member).map_or(0, |member| member.outstanding);
        if outstanding >= limits::OUTSTANDING_CALLS {
            let value = limits::OUTSTANDING_CALLS as u64;
            return Some(CallError::Limit { limit: "outstanding-calls".to_owned(), value });
        }
        check(&request.call, &request.payload).err()
    }

    fn begin(&mut self, request: CallRequest) -> Option<Waiting> {
        let CallRequest { member, id: asked, program, call, wait, line, payload } = request;
        let info = &self.programs.get(&program)?.info;
        let (host, by) = (info.host, info.by);
        let id = self.numbers.call();
        let socket = call.fd().and_then(|fd| self.socket_of(program, fd).ok());
        self.record(What::CallBegin(CallBegin {
            id,
            by,
            host,
            program,
            call: call.clone(),
            data: Data::of(&payload),
            socket,
            line,
        }));
        Some(Waiting {
            id,
            asked: Some((member, asked)),
            program,
            host,
            call,
            payload,
            wait,
            began: self.log.now(),
            socket,
            taken: 0,
            received: Vec::new(),
            place: None,
            outside: socket.is_some_and(|id| self.is_outside(id)),
            ping: None,
            abort: None,
            timer: None,
        })
    }

    fn begin_waitable(&mut self, waiting: Waiting) {
        let Some((socket, direction)) = waiting.socket.zip(Direction::of(&waiting.call)) else {
            return self.finish(waiting, Err(CallError::errno(Errno::EBADF)), Bytes::new());
        };
        let id = waiting.id;
        let never_waits = waiting.never_waits();
        self.keep(waiting);
        if never_waits {
            if direction == Direction::Write {
                // Who has waited longer is told first how a connect has ended: the kernel tells it once.
                self.advance(socket, direction);
            }
            // It asks the kernel at once, whoever else waits: that is what not waiting means.
            return self.attempt_once(id);
        }
        if let Some(socket) = self.sockets.get_mut(&socket) {
            socket.queue(direction).push_back(id);
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

    fn begin_poll(&mut self, waiting: Waiting) {
        let id = waiting.id;
        let never_waits = waiting.never_waits();
        self.keep(waiting);
        match self.attempt_poll(id) {
            Attempt::Ended(outcome, payload) => self.end(id, outcome, payload),
            Attempt::Waits if never_waits => self.end(id, Ok(Value::Ready(Vec::new())), Bytes::new()),
            Attempt::Waits => self.enrol_poll(id),
        }
    }

    /// Keeps a call that may have to wait, with the end of its time.
    pub(super) fn keep(&mut self, mut waiting: Waiting) {
        if let Wait::Millis(ms) = waiting.wait {
            let end = Instant::now() + Duration::from_millis(ms.into());
            waiting.timer = Some(self.timers.set(end, Timer::CallWait(waiting.id)));
        }
        if let Some(asked) = waiting.asked {
            self.asked.insert(asked, waiting.id);
            self.count_outstanding(asked.0, 1);
        }
        self.waiting.insert(waiting.id, waiting);
    }

    fn count_outstanding(&mut self, member: MemberId, by: isize) {
        if let Some(member) = self.members.get_mut(&member) {
            member.outstanding = member.outstanding.saturating_add_signed(by);
        }
    }

    /// Lets the calls at the head of a queue go on until one has to wait.
    pub(super) fn advance(&mut self, socket: SocketId, direction: Direction) {
        if direction == Direction::Read
            && let Some(socket) = self.sockets.get_mut(&socket)
        {
            socket.starved = false;
        }
        while let Some(head) = self.sockets.get_mut(&socket).and_then(|s| s.queue(direction).front().copied())
        {
            match self.attempt(head) {
                Attempt::Waits => break,
                Attempt::Ended(outcome, payload) => self.end(head, outcome, payload),
            }
        }
        self.update_interest(socket);
    }

    /// Something happened on a socket.
    pub(crate) fn socket_ready(&mut self, socket: SocketId) {
        let head = self.sockets.get(&socket).and_then(|s| s.readers.front().copied());
        if let Some(call) = head.filter(|call| self.waiting.get(call).is_some_and(|w| w.ping.is_some())) {
            return self.echo_ready(call);
        }
        self.advance(socket, Direction::Write);
        self.advance(socket, Direction::Read);
        let pollers: Vec<CallRef> = self
            .sockets
            .get(&socket)
            .map(|s| s.pollers.iter().map(|(call, _)| *call).collect())
            .unwrap_or_default();
        for call in pollers {
            if let Attempt::Ended(outcome, payload) = self.attempt_poll(call) {
                self.end(call, outcome, payload);
            }
        }
        self.stream_ready(socket);
    }

    /// Ends a call that is kept: takes it out of every queue, then finishes it.
    pub(super) fn end(&mut self, id: CallRef, outcome: Outcome, payload: Bytes) {
        let Some(waiting) = self.waiting.remove(&id) else { return };
        if let Some(asked) = waiting.asked {
            self.asked.remove(&asked);
            self.count_outstanding(asked.0, -1);
        }
        let echo = waiting.ping.as_ref().and_then(|ping| ping.echo);
        waiting.timer.into_iter().chain(echo).for_each(|timer| self.timers.unset(timer));
        if let Some(abort) = &waiting.abort {
            abort.abort();
        }
        let held = self.leave_queues(&waiting);
        let socket = waiting.socket;
        // A socket that was closed while this call held it goes now, and its FIN with it.
        held.iter().for_each(|&socket| self.release_if_closed(socket, Cause::Call(id)));
        held.into_iter().chain(socket).for_each(|socket| self.update_interest(socket));
        self.finish(waiting, outcome, payload);
    }

    pub(super) fn is_outside(&self, socket: SocketId) -> bool {
        self.sockets.get(&socket).is_some_and(|socket| socket.end.is_outside())
    }

    fn leave_queues(&mut self, waiting: &Waiting) -> Vec<SocketId> {
        let mut held = Vec::new();
        if let Call::Poll { fds } = &waiting.call {
            let polled: Vec<SocketId> = self
                .sockets
                .iter()
                .filter(|(_, s)| s.pollers.iter().any(|(c, _)| *c == waiting.id))
                .map(|(&id, _)| id)
                .collect();
            debug_assert!(polled.len() <= fds.len());
            for id in polled {
                if let Some(socket) = self.sockets.get_mut(&id) {
                    socket.pollers.retain(|(call, _)| *call != waiting.id);
                    held.push(id);
                }
            }
        } else if let Some((id, direction)) = waiting.socket.zip(Direction::of(&waiting.call))
            && let Some(socket) = self.sockets.get_mut(&id)
        {
            socket.queue(direction).retain(|call| *call != waiting.id);
            held.push(id);
        }
        held
    }

    /// Records the end of a call, after the packets it caused, and tells who asked.
    #[expect(clippy::needless_pass_by_value, reason = "a call that is finished is no more")]
    pub(super) fn finish(&mut self, waiting: Waiting, outcome: Outcome, payload: Bytes) {
        self.settle();
        let socket = match (&outcome, waiting.program) {
            (Ok(Value::Descriptor(fd) | Value::Accepted { fd, .. }), program) => {
                self.socket_of(program, *fd).ok()
            }
            _ => waiting.socket,
        };
        let outside = waiting.outside || socket.is_some_and(|id| self.is_outside(id));
        self.record(What::CallEnd(CallEnd {
            id: waiting.id,
            outcome: outcome.clone(),
            data: Data::of(&payload),
            socket,
            elapsed: self.log.now().saturating_sub(waiting.began),
            outside,
        }));
        if let Some((member, id)) = waiting.asked {
            self.deliver_result(member, id, outcome, payload);
        }
    }

    /// Cancels a waiting call. One that has ended is none any more: it ends exactly once.
    pub(crate) fn cancel(&mut self, member: MemberId, id: CallId) {
        if let Some(call) = self.asked.get(&(member, id)).copied() {
            self.interrupt(call);
        }
    }

    pub(super) fn interrupt(&mut self, id: CallRef) {
        let Some(waiting) = self.waiting.get_mut(&id) else { return };
        let taken = waiting.taken();
        let (outcome, payload) = waiting.interrupted(CallError::Errno { errno: Errno::EINTR, taken });
        self.end_early(id, outcome, payload);
    }

    pub(super) fn wait_ran_out(&mut self, id: CallRef) {
        let Some(waiting) = self.waiting.get_mut(&id) else { return };
        let taken = waiting.taken();
        let (outcome, payload) = match waiting.call {
            Call::Poll { .. } => (Ok(Value::Ready(Vec::new())), Bytes::new()),
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

    pub(super) fn deliver_result(&mut self, member: MemberId, id: CallId, outcome: Outcome, payload: Bytes) {
        self.deliver(member, Delivery::Result { id, outcome, payload });
    }

    /// The calls of a member that still wait.
    pub(crate) fn waiting_of(&self, member: MemberId) -> Vec<(CallId, ProgramId, Call)> {
        self.waiting
            .values()
            .filter_map(|w| {
                w.asked.filter(|(by, _)| *by == member).map(|(_, id)| (id, w.program, w.call.clone()))
            })
            .collect()
    }
}
