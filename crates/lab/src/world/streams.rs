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
    id::{MemberId, SocketId, StreamId},
    limits::{self, Limit},
    rules::ProtocolRule,
};
use tokio::sync::{Semaphore, mpsc};

use super::{people::People, sockets::Socket};
use crate::{
    account::Charge,
    delivery::{CHUNKS_HELD, ChunkPermit, Delivery},
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
}

/// What a page does to one of its streams.
#[derive(Debug)]
pub(super) enum StreamOp {
    /// Bytes from the page. More than was granted never gets here: that ends its session.
    Data(Bytes),
    /// The page is ready to take so many bytes in total.
    Credit(u64),
    /// The page's FIN.
    Finish,
    /// Leaves stream mode, after the bytes before it: like a blocked send(2), they hold the socket.
    Close,
}

/// One descriptor in stream mode.
#[derive(Debug)]
pub(super) struct Stream {
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
pub(super) enum Opened {
    /// A connect(2) under way will decide where it leads.
    NotYet,
    /// The room moves its bytes.
    InRoom,
    /// Its person's session does: no packet of the room belongs to them.
    HandedOver,
}

impl Streams {
    /// None. The other end tells when chunks have been taken.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<SocketId>) {
        // Bounded by its content: a message a chunk held, CHUNKS_HELD a stream.
        let (freed, told) = mpsc::unbounded_channel();
        (Self { open: HashMap::new(), names: HashMap::new(), freed }, told)
    }

    /// Puts a socket into stream mode.
    ///
    /// # Errors
    /// Where it or its number is in use, or a limit.
    pub(super) fn open(
        &mut self,
        member: MemberId,
        id: StreamId,
        socket: SocketId,
        credit: u64,
        people: &People,
    ) -> Result<(), CallError> {
        if self.open.contains_key(&socket) || self.names.contains_key(&(member, id)) {
            return Err(ProtocolRule::StreamInUse.broken());
        }
        if self.names.keys().filter(|(of, _)| *of == member).count() >= limits::STREAMS {
            return Err(Limit::Streams.reached());
        }
        let memory = people.memory();
        let window = if memory.taken() < ROOMY { SEND_WINDOW } else { SMALL_WINDOW };
        let most = usize::try_from(window).unwrap_or(usize::MAX) + READ_AHEAD;
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
            _memory: memory.take(most)?,
            finishing: false,
            closing: false,
            places: Arc::new(Semaphore::new(CHUNKS_HELD)),
            opened: Opened::NotYet,
        };
        self.open.insert(socket, stream);
        self.names.insert((member, id), socket);
        Ok(())
    }

    /// The socket whose stream this is.
    pub(super) fn socket(&self, member: MemberId, id: StreamId) -> Option<SocketId> {
        self.names.get(&(member, id)).copied()
    }

    pub(super) fn of_member(&self, member: MemberId) -> Vec<SocketId> {
        self.names.iter().filter(|((of, _), _)| *of == member).map(|(_, &socket)| socket).collect()
    }

    pub(super) fn sockets(&self) -> Vec<SocketId> {
        self.open.keys().copied().collect()
    }

    pub(super) fn get_mut(&mut self, socket: SocketId) -> Option<&mut Stream> {
        self.open.get_mut(&socket)
    }

    /// Takes what a page does to a stream. Its bytes are still to be moved, see [`Self::move_bytes`].
    pub(super) fn take_op(&mut self, socket: SocketId, op: StreamOp) {
        let Some(stream) = self.open.get_mut(&socket) else { return };
        match op {
            StreamOp::Data(data) => stream.unsent.push_back(data),
            StreamOp::Credit(total) => stream.credit = stream.credit.max(total),
            StreamOp::Finish => stream.finishing = true,
            StreamOp::Close => stream.closing = true,
        }
    }

    /// Whether a stream that its page has closed has nothing left to send.
    pub(super) fn is_done(&self, socket: SocketId) -> bool {
        self.open.get(&socket).is_some_and(|stream| stream.closing && stream.unsent.is_empty())
    }

    /// Ends a stream: what its person is told, if it was one.
    pub(super) fn end(&mut self, socket: SocketId, error: Option<CallError>) -> Option<(MemberId, Delivery)> {
        let stream = self.open.remove(&socket)?;
        self.names.remove(&(stream.member, stream.id));
        Some((stream.member, Delivery::StreamEnded { stream: stream.id, error }))
    }

    /// Moves what can be moved between a stream and its socket.
    ///
    /// # Errors
    /// The kernel's, or as [`crate::Bounds`]: the stream ends with it.
    pub(super) fn move_bytes(
        &mut self,
        id: SocketId,
        socket: &mut Socket,
        people: &People,
    ) -> Result<(), CallError> {
        let Some(stream) = self.open.get_mut(&id) else { return Ok(()) };
        stream.send(socket, people)?;
        for _ in 0..TURN {
            if !stream.receive(id, socket, people, &self.freed)? {
                break;
            }
        }
        Ok(())
    }
}

impl Stream {
    /// Tells the stream's person, once, that it has begun, and where it leads.
    pub(super) fn announce(&mut self, socket: &Socket, people: &People) -> Opened {
        if self.opened != Opened::NotYet {
            return self.opened;
        }
        let outside = socket.end.link().cloned();
        self.opened = if outside.is_some() { Opened::HandedOver } else { Opened::InRoom };
        let (stream, window) = (self.id, self.window);
        people.deliver(self.member, Delivery::StreamOpened { stream, outside, window });
        if self.opened == Opened::InRoom {
            people.deliver(self.member, Delivery::StreamCredit { stream, total: window });
        }
        self.opened
    }

    fn send(&mut self, socket: &mut Socket, people: &People) -> Result<(), CallError> {
        while let Some(chunk) = self.unsent.front_mut() {
            match socket.end.send(chunk, Flags::default()) {
                Ok(sent) => {
                    chunk.advance(sent);
                    self.sent += sent as u64;
                    if chunk.is_empty() {
                        self.unsent.pop_front();
                    }
                }
                Err(error) if error == CallError::errno(Errno::EAGAIN) => break,
                Err(error) => return Err(error),
            }
        }
        if self.finishing && self.unsent.is_empty() {
            self.finishing = false;
            socket.end.shutdown(How::Write)?;
        }
        // A grant a quarter of the window keeps the page sending without a message for every chunk.
        let ready = self.sent + self.window;
        if ready - self.granted >= self.window / 4 {
            self.granted = ready;
            people.deliver(self.member, Delivery::StreamCredit { stream: self.id, total: ready });
        }
        Ok(())
    }

    /// Reads one chunk; false when there is nothing to read or nobody to take it.
    fn receive(
        &mut self,
        id: SocketId,
        socket: &mut Socket,
        people: &People,
        freed: &mpsc::UnboundedSender<SocketId>,
    ) -> Result<bool, CallError> {
        let credit = usize::try_from(self.credit.saturating_sub(self.read)).unwrap_or(usize::MAX);
        let room = credit.min(limits::STREAM_CHUNK);
        if self.finished || room == 0 {
            return Ok(false);
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return Ok(false) };
        let data = match socket.end.recv(room, Flags::default()) {
            Ok(data) => data,
            Err(error) if error == CallError::errno(Errno::EAGAIN) => return Ok(false),
            Err(error) => return Err(error),
        };
        if data.is_empty() {
            self.finished = true;
            people.deliver(self.member, Delivery::StreamFinished { stream: self.id });
            return Ok(false);
        }
        self.read += data.len() as u64;
        let permit = ChunkPermit::new(place, freed, id);
        people.deliver(self.member, Delivery::StreamData { stream: self.id, data: data.into(), permit });
        Ok(true)
    }

    /// What the stream waits for, and whether it holds its socket.
    pub(super) fn wants(&self) -> (Wanted, bool) {
        let reads = !self.finished && self.credit > self.read && self.places.available_permits() > 0;
        let mut wants = Wanted::default();
        if reads {
            wants = wants.with(Wanted::READ);
        }
        if !self.unsent.is_empty() {
            wants = wants.with(Wanted::WRITE);
        }
        (wants, !self.unsent.is_empty())
    }
}
