//! What a page hears from its end of a session.

use bytes::Bytes;

use crate::{
    call::{CallError, Outcome},
    id::{CallId, ProgramId, StreamId},
    message::{Notice, Refusal, Snapshot},
};

/// What came from the server, or must be done now.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientEvent {
    /// Open a WebSocket: call [`Client::connecting`](super::Client::connecting), and [`Client::connected`](super::Client::connected) when it is open.
    Connect,
    /// The connection is dead: close the WebSocket, then call [`Client::disconnected`](super::Client::disconnected).
    Disconnect,
    /// A session has begun, or was re-attached.
    Begun(Box<Snapshot>),
    /// The session goes on over a new connection.
    Resumed,
    /// The room's node does not answer; tried again for [`NODE_AWAY`](super::NODE_AWAY), after which there is no room.
    NodeAway,
    /// There is no session, or it is over; [`Client::restart`](super::Client::restart) begins a new one.
    Refused(Refusal),
    /// A call or request ended, with the bytes it received.
    Result {
        /// Its number.
        id: CallId,
        /// How.
        outcome: Outcome,
        /// Received bytes.
        payload: Bytes,
    },
    /// A program began.
    Program {
        /// The request.
        id: CallId,
        /// Its number.
        program: ProgramId,
    },
    /// Bytes of a stream. Say [`Client::stream_consumed`](super::Client::stream_consumed) when they are used.
    StreamData {
        /// Which stream.
        stream: StreamId,
        /// At least one byte.
        data: Bytes,
    },
    /// The peer has no more to send.
    StreamFinished {
        /// Which stream.
        stream: StreamId,
    },
    /// The stream is over.
    StreamEnded {
        /// Which stream.
        stream: StreamId,
        /// Why, if it was not closed as asked.
        error: Option<CallError>,
    },
    /// [`Client::stream_room`](super::Client::stream_room) has grown after it was 0.
    StreamRoom {
        /// Which stream.
        stream: StreamId,
    },
    /// Trace events in postcard, one after another, in order and each once.
    Trace(Bytes),
    /// So many trace events are missing before the next ones.
    Skipped(u64),
    /// News that is not in the trace. After [`Notice::TakenOver`], [`Notice::RoomEnded`] and
    /// [`Notice::Removed`] the state is [`State::Over`](super::State::Over): close the WebSocket.
    Notice(Notice),
}
