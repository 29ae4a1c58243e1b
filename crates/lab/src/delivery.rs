//! What a room has to say to one person. Who carries it to their page is not the lab's business.

use std::sync::Arc;

use bytes::Bytes;
use proto::{
    call::{CallError, Outcome},
    id::{CallId, ProgramId, StreamId},
    limits,
};
use tokio::sync::mpsc;

use crate::outside::OutsideLink;

/// Something for one person.
#[derive(Debug)]
pub enum Delivery {
    /// A call or a request ended; received bytes with it.
    Result {
        /// The page's number for it.
        id: CallId,
        /// How it ended.
        outcome: Outcome,
        /// Received bytes.
        payload: Bytes,
    },
    /// A program began.
    Program {
        /// The page's number of the request.
        id: CallId,
        /// The program's number.
        program: ProgramId,
    },
    /// A stream has begun: what the page has sent on it can go now.
    StreamOpened {
        /// Which stream.
        stream: StreamId,
        /// A connection outside the room, whose bytes the receiver of this moves until [`Delivery::StreamEnded`] by
        /// itself; none in the room.
        outside: Option<Arc<OutsideLink>>,
        /// Bytes that the page may send ahead of the kernel.
        window: u64,
    },
    /// Bytes of a stream in the room.
    StreamData {
        /// Which stream.
        stream: StreamId,
        /// The bytes, at most [`limits::STREAM_CHUNK`].
        data: Bytes,
        /// Dropped once the bytes are taken: while too many are held, the kernel socket is not read.
        permit: ChunkPermit,
    },
    /// More bytes may be sent on a stream: the new total.
    StreamCredit {
        /// Which stream.
        stream: StreamId,
        /// Bytes in total.
        total: u64,
    },
    /// The peer has sent its FIN.
    StreamFinished {
        /// Which stream.
        stream: StreamId,
    },
    /// The stream is over.
    StreamEnded {
        /// Which stream.
        stream: StreamId,
        /// None when it was closed as asked.
        error: Option<CallError>,
    },
}

/// Where a person's deliveries go. Every delivery answers a request, or holds a place of its stream, so the queue is
/// bounded by what the person asked for.
pub type Mailbox = mpsc::Sender<Delivery>;

/// A mailbox and its other end.
pub fn mailbox() -> (Mailbox, mpsc::Receiver<Delivery>) {
    // A result and a credit for each request, the bytes of each stream, and some air.
    mpsc::channel(2 * limits::OUTSTANDING_CALLS + limits::STREAMS * (CHUNKS_HELD + 4))
}

/// Chunks of one stream on their way between room and page.
pub(crate) const CHUNKS_HELD: usize = 4;

/// One chunk's place; the room is told when it becomes free.
#[derive(Debug)]
pub struct ChunkPermit {
    _place: tokio::sync::OwnedSemaphorePermit,
    freed: mpsc::WeakUnboundedSender<proto::id::SocketId>,
    socket: proto::id::SocketId,
}

impl ChunkPermit {
    pub(crate) fn new(
        place: tokio::sync::OwnedSemaphorePermit,
        freed: &mpsc::UnboundedSender<proto::id::SocketId>,
        socket: proto::id::SocketId,
    ) -> Self {
        Self { _place: place, freed: freed.downgrade(), socket }
    }
}

impl Drop for ChunkPermit {
    fn drop(&mut self) {
        // Bounded: one message a chunk, and a stream has few chunks. A room that is gone needs none.
        if let Some(freed) = self.freed.upgrade() {
            let _gone = freed.send(self.socket);
        }
    }
}
