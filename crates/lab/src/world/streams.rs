//! Streams: a descriptor whose bytes flow by credit instead of by calls. At zero credit the kernel socket is not
//! read, so its window closes and the far side really waits.
//!
//! No call moves these bytes, so the packets that carry them have no call as their cause: the trace says
//! [`Cause::Service`], which is "somebody's bytes, moved without calls", as of the ready-made servers.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use bytes::{Buf, Bytes};
use proto::{
    call::{CallError, Flags, How},
    errno::Errno,
    id::{Fd, MemberId, ProgramId, SocketId, StreamId},
    limits,
    trace::Cause,
};
use tokio::sync::{Semaphore, mpsc};

use super::World;
use crate::{
    account::Charge,
    delivery::{CHUNKS_HELD, Delivery, Held},
    epoll::Wanted,
};

/// Bytes that a page may send ahead of the kernel.
const SEND_WINDOW: u64 = 256 * 1024;
/// The same where the room keeps much already: what a page may send before it has heard anything.
const SMALL_WINDOW: u64 = limits::STREAM_FIRST;
/// What the room may keep in all while streams still get the large window.
const ROOMY: usize = limits::ROOM_MEMORY / 2;
/// Bytes on their way from the kernel to the page.
const READ_AHEAD: usize = CHUNKS_HELD * limits::STREAM_CHUNK;
/// Chunks moved on one stream before another has its turn.
const TURN: usize = 4;

/// All streams of a room.
#[derive(Debug)]
pub(super) struct Streams {
    open: HashMap<SocketId, Stream>,
    names: HashMap<(MemberId, StreamId), SocketId>,
    freed: mpsc::UnboundedSender<SocketId>,
    free: Option<mpsc::UnboundedReceiver<SocketId>>,
}

impl Default for Streams {
    fn default() -> Self {
        // Bounded by its content: a message a chunk held, CHUNKS_HELD a stream.
        let (freed, free) = mpsc::unbounded_channel();
        Self { open: HashMap::new(), names: HashMap::new(), freed, free: Some(free) }
    }
}

#[derive(Debug)]
struct Stream {
    member: MemberId,
    id: StreamId,
    /// Bytes the page is ready to take, in total, and how many it got.
    credit: u64,
    read: u64,
    /// The peer's FIN has been passed on.
    finished: bool,
    /// Bytes of the page that the kernel has not taken yet.
    unsent: VecDeque<Bytes>,
    sent: u64,
    granted: u64,
    /// Bytes that the page may send ahead of the kernel.
    window: u64,
    /// What this and the bytes the other way may take.
    _memory: Charge,
    finishing: bool,
    /// The page is done with it, once the kernel has taken its bytes.
    closing: bool,
    places: Arc<Semaphore>,
    opened: Opened,
}

/// Whether a stream has been announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opened {
    /// A connect(2) under way will decide where it leads.
    NotYet,
    /// The room moves its bytes.
    InRoom,
    /// Its person's session does: no packet of the room belongs to them.
    HandedOver,
}

impl World {
    /// Woken when chunks have been taken; to be read by the room's task.
    pub(crate) fn take_freed(&mut self) -> Option<mpsc::UnboundedReceiver<SocketId>> {
        self.streams.free.take()
    }

    /// Puts a descriptor into stream mode.
    pub(crate) fn open_stream(
        &mut self,
        member: MemberId,
        id: StreamId,
        program: ProgramId,
        fd: Fd,
        credit: u64,
    ) {
        match self.try_open_stream(member, id, program, fd, credit) {
            Ok(socket) => self.stream_ready(socket),
            Err(error) => self.deliver(member, Delivery::StreamEnded { stream: id, error: Some(error) }),
        }
    }

    fn try_open_stream(
        &mut self,
        member: MemberId,
        id: StreamId,
        program: ProgramId,
        fd: Fd,
        credit: u64,
    ) -> Result<SocketId, CallError> {
        let protocol = |rule: &str| CallError::Protocol { rule: rule.to_owned() };
        if self.programs.get(&program).is_none_or(|p| p.info.by != Some(member)) {
            return Err(protocol("no such program"));
        }
        let socket = self.socket_of(program, fd).map_err(CallError::errno)?;
        if self.streams.open.contains_key(&socket) || self.streams.names.contains_key(&(member, id)) {
            return Err(protocol("stream in use"));
        }
        if self.streams.names.keys().filter(|(of, _)| *of == member).count() >= limits::STREAMS {
            return Err(CallError::Limit { limit: "streams".to_owned(), value: limits::STREAMS as u64 });
        }
        let window = if self.memory.taken() < ROOMY { SEND_WINDOW } else { SMALL_WINDOW };
        let most = usize::try_from(window).unwrap_or(usize::MAX) + READ_AHEAD;
        let memory = self.memory.take(most)?;
        let stream = Stream {
            member,
            id,
            credit,
            read: 0,
            finished: false,
            unsent: VecDeque::new(),
            sent: 0,
            granted: window,
            window,
            _memory: memory,
            finishing: false,
            closing: false,
            places: Arc::new(Semaphore::new(CHUNKS_HELD)),
            opened: Opened::NotYet,
        };
        self.streams.open.insert(socket, stream);
        self.streams.names.insert((member, id), socket);
        Ok(socket)
    }

    fn stream_mut(&mut self, member: MemberId, id: StreamId) -> Option<(SocketId, &mut Stream)> {
        let socket = *self.streams.names.get(&(member, id))?;
        Some((socket, self.streams.open.get_mut(&socket)?))
    }

    /// Bytes from the page. More than was granted never gets here: that ends its session.
    pub(crate) fn stream_data(&mut self, member: MemberId, id: StreamId, data: Bytes) {
        if let Some((socket, stream)) = self.stream_mut(member, id) {
            stream.unsent.push_back(data);
            self.stream_ready(socket);
        }
    }

    pub(crate) fn stream_credit(&mut self, member: MemberId, id: StreamId, total: u64) {
        if let Some((socket, stream)) = self.stream_mut(member, id) {
            stream.credit = stream.credit.max(total);
            self.stream_ready(socket);
        }
    }

    pub(crate) fn finish_stream(&mut self, member: MemberId, id: StreamId) {
        if let Some((socket, stream)) = self.stream_mut(member, id) {
            stream.finishing = true;
            self.stream_ready(socket);
        }
    }

    /// Leaves stream mode, after the bytes before it: like a blocked send(2), they hold the socket.
    pub(crate) fn close_stream(&mut self, member: MemberId, id: StreamId) {
        let Some((socket, stream)) = self.stream_mut(member, id) else { return };
        stream.closing = true;
        if stream.unsent.is_empty() {
            self.end_stream(socket, None);
        }
    }

    /// Ends the streams of a person: nobody is there to take their bytes.
    pub(crate) fn close_streams(&mut self, member: MemberId) {
        let own: Vec<SocketId> = self
            .streams
            .names
            .iter()
            .filter(|((of, _), _)| *of == member)
            .map(|(_, &socket)| socket)
            .collect();
        own.into_iter().for_each(|socket| self.end_stream(socket, None));
    }

    pub(super) fn close_streams_of(&mut self, program: ProgramId) {
        let own: Vec<SocketId> = self
            .streams
            .open
            .keys()
            .filter(|id| self.sockets.get(id).and_then(|s| s.owner).is_some_and(|(p, _)| p == program))
            .copied()
            .collect();
        own.into_iter().for_each(|socket| self.end_stream(socket, None));
    }

    /// Ends the stream of a socket that is gone, if it had one.
    pub(super) fn end_stream_of_closed(&mut self, socket: SocketId) {
        self.end_stream(socket, None);
    }

    fn end_stream(&mut self, socket: SocketId, error: Option<CallError>) {
        let Some(stream) = self.streams.open.remove(&socket) else { return };
        self.streams.names.remove(&(stream.member, stream.id));
        if let Some(end) = self.sockets.get_mut(&socket) {
            end.stream_wants = Wanted::default();
            end.stream_holds = false;
        }
        self.update_interest(socket);
        self.release_if_closed(socket, Cause::Service);
        self.deliver(stream.member, Delivery::StreamEnded { stream: stream.id, error });
    }

    /// Moves what can be moved on a socket's stream, if it has one, and says what it waits for.
    pub(crate) fn stream_ready(&mut self, socket: SocketId) {
        let Some(host) = self.sockets.get(&socket).map(|s| s.host) else { return };
        if !self.streams.open.contains_key(&socket) {
            return;
        }
        // Calls that came before the stream (a connect under way) come first.
        if self.sockets.get(&socket).is_some_and(|s| !s.writers.is_empty()) {
            return;
        }
        if self.announce_stream(socket) == Opened::HandedOver {
            return;
        }
        let moved = self.step(host, Cause::Service, |world| {
            let sent = world.stream_out(socket);
            sent.and_then(|()| world.stream_in(socket))
        });
        let is_done = |stream: &Stream| stream.unsent.is_empty() && stream.closing;
        let closed = self.sockets.get(&socket).is_some_and(|socket| socket.owner.is_none());
        match moved {
            Ok(()) if self.streams.open.get(&socket).is_some_and(is_done) => self.end_stream(socket, None),
            Ok(()) => self.set_stream_wants(socket),
            Err(error) => self.end_stream(socket, Some(error)),
        }
        if closed && self.sockets.get(&socket).is_some_and(|socket| !socket.stream_holds) {
            self.end_stream(socket, None);
        }
    }

    /// Tells a stream's person, once, that it has begun, and where it leads.
    fn announce_stream(&mut self, socket: SocketId) -> Opened {
        let (Some(stream), Some(end)) = (self.streams.open.get_mut(&socket), self.sockets.get(&socket))
        else {
            return Opened::NotYet;
        };
        if stream.opened == Opened::NotYet {
            let outside = end.end.link().cloned();
            stream.opened = if outside.is_some() { Opened::HandedOver } else { Opened::InRoom };
            let (member, id, opened, window) = (stream.member, stream.id, stream.opened, stream.window);
            self.deliver(member, Delivery::StreamOpened { stream: id, outside, window });
            if opened == Opened::InRoom {
                self.deliver(member, Delivery::StreamCredit { stream: id, total: window });
            }
            return opened;
        }
        stream.opened
    }

    fn stream_out(&mut self, socket: SocketId) -> Result<(), CallError> {
        let (Some(stream), Some(socket)) =
            (self.streams.open.get_mut(&socket), self.sockets.get_mut(&socket))
        else {
            return Ok(());
        };
        while let Some(chunk) = stream.unsent.front_mut() {
            match socket.end.send(chunk, Flags::default()) {
                Ok(sent) => {
                    chunk.advance(sent);
                    stream.sent += sent as u64;
                    if chunk.is_empty() {
                        stream.unsent.pop_front();
                    }
                }
                Err(error) if error == CallError::errno(Errno::EAGAIN) => break,
                Err(error) => return Err(error),
            }
        }
        if stream.finishing && stream.unsent.is_empty() {
            stream.finishing = false;
            socket.end.shutdown(How::Write)?;
        }
        // A grant a quarter of the window keeps the page sending without a message for every chunk.
        let ready = stream.sent + stream.window;
        if ready - stream.granted >= stream.window / 4 {
            stream.granted = ready;
            let (member, id) = (stream.member, stream.id);
            self.deliver(member, Delivery::StreamCredit { stream: id, total: ready });
        }
        Ok(())
    }

    fn stream_in(&mut self, socket: SocketId) -> Result<(), CallError> {
        for _ in 0..TURN {
            if !self.stream_chunk(socket)? {
                break;
            }
        }
        Ok(())
    }

    /// Reads one chunk; false when there is nothing to read or nobody to take it.
    fn stream_chunk(&mut self, id: SocketId) -> Result<bool, CallError> {
        let freed = &self.streams.freed;
        let (Some(stream), Some(socket)) = (self.streams.open.get_mut(&id), self.sockets.get_mut(&id)) else {
            return Ok(false);
        };
        let credit = usize::try_from(stream.credit.saturating_sub(stream.read)).unwrap_or(usize::MAX);
        let room = credit.min(limits::STREAM_CHUNK);
        if stream.finished || room == 0 {
            return Ok(false);
        }
        let Ok(place) = Arc::clone(&stream.places).try_acquire_owned() else { return Ok(false) };
        let data = match socket.end.recv(room, Flags::default()) {
            Ok(data) => data,
            Err(error) if error == CallError::errno(Errno::EAGAIN) => return Ok(false),
            Err(error) => return Err(error),
        };
        let (member, stream_id) = (stream.member, stream.id);
        if data.is_empty() {
            stream.finished = true;
            self.deliver(member, Delivery::StreamFinished { stream: stream_id });
            return Ok(false);
        }
        stream.read += data.len() as u64;
        let held = Held::new(place, freed, id);
        self.deliver(member, Delivery::StreamData { stream: stream_id, data: data.into(), held });
        Ok(true)
    }

    fn set_stream_wants(&mut self, socket: SocketId) {
        let (Some(stream), Some(end)) = (self.streams.open.get(&socket), self.sockets.get_mut(&socket))
        else {
            return;
        };
        let reads = !stream.finished && stream.credit > stream.read && stream.places.available_permits() > 0;
        let mut wants = Wanted::default();
        if reads {
            wants = wants.with(Wanted::READ);
        }
        if !stream.unsent.is_empty() {
            wants = wants.with(Wanted::WRITE);
        }
        end.stream_wants = wants;
        end.stream_holds = !stream.unsent.is_empty();
        self.update_interest(socket);
    }
}
