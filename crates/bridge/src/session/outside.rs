//! Streams of sockets outside the room. No packet of the room belongs to them, so the session moves their bytes itself,
//! between the kernel socket and the endpoint.
//!
//! Bytes are read only when the endpoint takes them, so that a page that stops stops its peer; what the kernel does
//! not take yet is bounded by what the page was granted.

use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use bytes::{Buf, Bytes};
use futures_util::task::AtomicWaker;
use lab::{OutsideLink, Received, Request};
use proto::{
    call::CallError,
    errno::Errno,
    id::StreamId,
    message::{ClientMessage, ServerMessage},
};
use tokio::io::{Interest, unix::AsyncFd};

use super::{Session, close_reason::CloseReason};

/// A buffer of which less than one part in this many was filled is not kept: its bytes are copied out.
const KEPT_FROM: usize = 4;

type Socket = AsyncFd<Arc<OutsideLink>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Read,
    Write,
}

/// A socket has become readable or writable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    stream: StreamId,
    direction: Direction,
}

/// The sockets that have become ready, and whom to tell: what it costs does not grow with those that have not.
#[derive(Debug, Default)]
struct ReadyQueue {
    /// Bounded: each socket is in it once a direction, when it was asked to.
    queue: Mutex<VecDeque<Ready>>,
    session: AtomicWaker,
}

impl ReadyQueue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Ready>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, ready: Ready) {
        self.lock().push_back(ready);
        self.session.wake();
    }
}

/// Puts a socket into the queue when the kernel wakes it.
#[derive(Debug)]
struct StreamWaker {
    queue: Arc<ReadyQueue>,
    ready: Ready,
}

impl StreamWaker {
    fn waker(queue: &Arc<ReadyQueue>, stream: StreamId, direction: Direction) -> Waker {
        Waker::from(Arc::new(Self { queue: Arc::clone(queue), ready: Ready { stream, direction } }))
    }
}

impl Wake for StreamWaker {
    fn wake(self: Arc<Self>) {
        self.queue.push(self.ready);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.queue.push(self.ready);
    }
}

/// All sockets outside whose bytes the session moves.
#[derive(Debug, Default)]
pub(super) struct Outside {
    pumps: HashMap<StreamId, Pump>,
    ready: Arc<ReadyQueue>,
    /// Streams that may have something to read and somebody to take it.
    turns: VecDeque<StreamId>,
}

/// What the reading side waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// The kernel.
    Kernel,
    /// Its turn.
    Turn,
    /// The endpoint.
    Endpoint,
    /// Nothing: there is no more.
    Done,
}

/// What one direction from the page has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Open,
    /// shutdown(2) after the bytes before it.
    Finish,
    /// No stream any more after the bytes before it.
    Close,
}

#[derive(Debug)]
struct Pump {
    socket: Socket,
    reading: Reading,
    readable: Waker,
    /// Bytes of the page that the kernel has not taken yet.
    unsent: VecDeque<Bytes>,
    /// The kernel will tell when it takes more.
    blocked: bool,
    writable: Waker,
    sent: u64,
    granted: u64,
    /// Bytes that the page may send ahead of the kernel.
    window: u64,
    ending: Ending,
    /// Why it broke.
    error: Option<CallError>,
}

impl Pump {
    fn new(
        link: Arc<OutsideLink>,
        stream: StreamId,
        window: u64,
        ready: &Arc<ReadyQueue>,
    ) -> io::Result<Self> {
        // Deprecated for types whose descriptor may change under it; a link's never does, and its successor is an
        // unsafe function.
        #[expect(deprecated, reason = "sound for a link, see above")]
        let socket = AsyncFd::with_interest(link, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self {
            socket,
            reading: Reading::Turn,
            readable: StreamWaker::waker(ready, stream, Direction::Read),
            unsent: VecDeque::new(),
            blocked: false,
            writable: StreamWaker::waker(ready, stream, Direction::Write),
            sent: 0,
            granted: window,
            window,
            ending: Ending::Open,
            error: None,
        })
    }

    /// Has the kernel tell when there is something to read.
    fn wait_to_read(&mut self) {
        self.reading = Reading::Kernel;
        // An error here is the runtime's end; the kernel's own come with the next call.
        if self.socket.poll_read_ready(&mut Context::from_waker(&self.readable)).is_ready() {
            self.readable.wake_by_ref();
        }
    }

    /// Has the kernel tell when it takes more.
    fn wait_to_write(&mut self) {
        self.blocked = true;
        if self.socket.poll_write_ready(&mut Context::from_waker(&self.writable)).is_ready() {
            self.writable.wake_by_ref();
        }
    }

    /// Reads at most `max` bytes; none when there is nothing to read yet.
    fn receive(&self, max: usize) -> Result<Option<Received>, CallError> {
        let mut got = None;
        // "Would block" makes the runtime ask the kernel anew: also where the socket was drained with success.
        let _drained = self.socket.try_io(Interest::READABLE, |link| match link.recv(max) {
            Err(error) if error == CallError::errno(Errno::EAGAIN) => Err(io::ErrorKind::WouldBlock.into()),
            received => {
                let drained =
                    received.as_ref().is_ok_and(|received| received.drained && !received.bytes.is_empty());
                got = Some(received);
                if drained { Err(io::Error::from(io::ErrorKind::WouldBlock)) } else { Ok(()) }
            }
        });
        got.transpose()
    }

    /// Sends what the kernel takes.
    fn send(&mut self) -> Result<(), CallError> {
        let Self { socket, unsent, sent, .. } = self;
        while let Some(chunk) = unsent.front_mut() {
            let mut result = None;
            let _blocked = socket.try_io(Interest::WRITABLE, |link| match link.send(chunk) {
                Err(error) if error == CallError::errno(Errno::EAGAIN) => {
                    Err(io::Error::from(io::ErrorKind::WouldBlock))
                }
                done => {
                    result = Some(done);
                    Ok(())
                }
            });
            let Some(done) = result.transpose()? else { break };
            *sent += done as u64;
            chunk.advance(done);
            if chunk.is_empty() {
                unsent.pop_front();
            }
        }
        Ok(())
    }

    /// The new total to grant, when it is worth a message.
    fn grant(&mut self) -> Option<u64> {
        let ready = self.sent + self.window;
        let worth_it = ready - self.granted >= self.window / 4;
        worth_it.then(|| {
            self.granted = ready;
            ready
        })
    }
}

impl Outside {
    /// Whether a stream could be read at once.
    pub(super) fn has_turns(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Waits for any of the sockets.
    pub(super) async fn ready(&self) -> Ready {
        poll_fn(|cx| {
            self.ready.session.register(cx.waker());
            self.ready.lock().pop_front().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Drops a stream: its socket is closed if the room has dropped it too. Says why it broke, if it did.
    pub(super) fn remove(&mut self, stream: StreamId) -> Option<CallError> {
        self.pumps.remove(&stream).and_then(|mut pump| pump.error.take())
    }

    /// The endpoint takes more of a stream.
    pub(super) fn has_room(&mut self, stream: StreamId) {
        if let Some(pump) = self.pumps.get_mut(&stream)
            && pump.reading == Reading::Endpoint
        {
            pump.reading = Reading::Turn;
            self.turns.push_back(stream);
        }
    }
}

impl Session {
    /// Takes a connection over from the room.
    pub(super) async fn begin_outside(
        &mut self,
        stream: StreamId,
        link: Arc<OutsideLink>,
        window: u64,
    ) -> Result<(), CloseReason> {
        match Pump::new(link, stream, window, &self.outside.ready) {
            Ok(pump) => {
                self.outside.pumps.insert(stream, pump);
                self.outside.turns.push_back(stream);
                self.endpoint.grant(stream, window);
                self.dirty = true;
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "a socket outside cannot be watched");
                self.close_room_stream(stream).await
            }
        }
    }

    /// Bytes from the page.
    pub(super) async fn send_outside(&mut self, stream: StreamId, data: Bytes) -> Result<(), CloseReason> {
        let Some(pump) = self.outside.pumps.get_mut(&stream) else { return Ok(()) };
        pump.unsent.push_back(data);
        // While the kernel takes no more, it will tell.
        if pump.blocked { Ok(()) } else { self.write_outside(stream).await }
    }

    /// No more bytes from the page.
    pub(super) async fn finish_outside(&mut self, stream: StreamId) -> Result<(), CloseReason> {
        self.end_outside(stream, Ending::Finish).await
    }

    /// No stream any more.
    pub(super) async fn close_outside(&mut self, stream: StreamId) -> Result<(), CloseReason> {
        self.end_outside(stream, Ending::Close).await
    }

    async fn end_outside(&mut self, stream: StreamId, ending: Ending) -> Result<(), CloseReason> {
        let Some(pump) = self.outside.pumps.get_mut(&stream) else { return Ok(()) };
        pump.ending = ending;
        self.write_outside(stream).await
    }

    /// A socket is ready.
    pub(super) async fn outside_ready(&mut self, ready: Ready) -> Result<(), CloseReason> {
        let Ready { stream, direction } = ready;
        let Some(pump) = self.outside.pumps.get_mut(&stream) else { return Ok(()) };
        match direction {
            Direction::Read if pump.reading == Reading::Kernel => {
                pump.reading = Reading::Turn;
                self.read_outside(stream).await
            }
            Direction::Read => Ok(()),
            Direction::Write => {
                pump.blocked = false;
                self.write_outside(stream).await
            }
        }
    }

    /// Gives every stream that waits for its turn one.
    pub(super) async fn take_turns(&mut self) -> Result<(), CloseReason> {
        for _ in 0..self.outside.turns.len() {
            if let Some(stream) = self.outside.turns.pop_front() {
                self.read_outside(stream).await?;
            }
        }
        Ok(())
    }

    async fn read_outside(&mut self, stream: StreamId) -> Result<(), CloseReason> {
        let Some(pump) = self.outside.pumps.get_mut(&stream) else { return Ok(()) };
        if pump.reading != Reading::Turn {
            return Ok(());
        }
        // Asking makes the endpoint tell when there is room.
        let room = self.endpoint.stream_room(stream);
        if room == 0 {
            pump.reading = Reading::Endpoint;
            return Ok(());
        }
        match pump.receive(room) {
            Ok(None) => {
                pump.wait_to_read();
                Ok(())
            }
            Ok(Some(Received { bytes, .. })) if bytes.is_empty() => {
                pump.reading = Reading::Done;
                self.send(ServerMessage::StreamFinished { stream }, Bytes::new());
                Ok(())
            }
            Ok(Some(received)) => {
                self.moved += received.bytes.len();
                self.pass_on(stream, received);
                Ok(())
            }
            Err(error) => self.break_outside(stream, error).await,
        }
    }

    fn pass_on(&mut self, stream: StreamId, received: Received) {
        let Received { bytes, drained } = received;
        let kept = bytes.len() * KEPT_FROM >= bytes.capacity();
        let bytes = if kept { Bytes::from(bytes) } else { Bytes::copy_from_slice(&bytes) };
        if self.endpoint.stream_send(stream, bytes).is_err() {
            tracing::error!("the endpoint takes less than it said");
            debug_assert!(false, "the endpoint takes less than it said");
        }
        self.dirty = true;
        match self.outside.pumps.get_mut(&stream) {
            Some(pump) if drained => pump.wait_to_read(),
            _ => self.outside.turns.push_back(stream),
        }
    }

    async fn write_outside(&mut self, stream: StreamId) -> Result<(), CloseReason> {
        let Some(pump) = self.outside.pumps.get_mut(&stream) else { return Ok(()) };
        if pump.error.is_some() {
            return Ok(());
        }
        let before = pump.sent;
        if let Err(error) = pump.send() {
            return self.break_outside(stream, error).await;
        }
        self.moved += usize::try_from(pump.sent - before).unwrap_or(usize::MAX);
        if let Some(total) = pump.grant() {
            self.endpoint.grant(stream, total);
            self.dirty = true;
        }
        if !pump.unsent.is_empty() {
            pump.wait_to_write();
            return Ok(());
        }
        match std::mem::replace(&mut pump.ending, Ending::Open) {
            Ending::Open => Ok(()),
            Ending::Finish => match pump.socket.get_ref().finish() {
                Ok(()) => Ok(()),
                Err(error) => self.break_outside(stream, error).await,
            },
            Ending::Close => self.close_room_stream(stream).await,
        }
    }

    /// The connection broke: the room ends the stream, and its page is told why.
    async fn break_outside(&mut self, stream: StreamId, error: CallError) -> Result<(), CloseReason> {
        if let Some(pump) = self.outside.pumps.get_mut(&stream) {
            pump.reading = Reading::Done;
            pump.unsent.clear();
            pump.error = Some(error);
        }
        self.close_room_stream(stream).await
    }

    async fn close_room_stream(&mut self, stream: StreamId) -> Result<(), CloseReason> {
        let message = ClientMessage::StreamClose { stream };
        self.request(Request::Message { member: self.member, message }).await
    }
}
