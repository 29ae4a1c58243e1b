//! What a server hears from its end of a session.

use bytes::Bytes;

use crate::{
    call::{Call, Wait},
    id::{CallId, ProgramId, StreamId},
    message::ClientMessage,
};

/// What the page wants, or what became possible.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerEvent {
    /// A call with all of its payload. It must be answered by one [`ServerMessage::Result`](crate::message::ServerMessage::Result).
    Call {
        /// Its number.
        id: CallId,
        /// By which program. Whether there is one, and whose, is not checked here.
        program: ProgramId,
        /// The call. Its limits are checked; descriptors are not.
        call: Call,
        /// How long it may wait.
        wait: Wait,
        /// The line of the program's text that makes it, from 1.
        line: Option<u32>,
        /// The thread that makes it, by its name.
        thread: Option<String>,
        /// As many bytes as [`Call::payload_length`] says.
        payload: Bytes,
    },
    /// Bytes the page sent on a stream, within the credit granted.
    StreamData {
        /// Which stream.
        stream: StreamId,
        /// At least one byte.
        data: Bytes,
    },
    /// [`Server::stream_room`](super::Server::stream_room) has grown after it was too small.
    StreamRoom {
        /// Which stream.
        stream: StreamId,
    },
    /// Any other message but [`ClientMessage::StreamCredit`]. Those with a number must be answered by one message
    /// with the same number. Roles are not checked here.
    Message(ClientMessage),
}
