//! What can be wrong with bytes from the other end. All of these end the connection; nothing here ends a room.

use crate::{
    id::StreamId,
    kind::Kind,
    limits::{self, Limit},
};

/// The other end broke a rule of the wire format. The connection must be closed; [`DecodeError::rule`] names why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No frame has this kind.
    #[error("frame kind {kind} does not exist")]
    UnknownKind {
        /// The code.
        kind: u8,
    },
    /// A frame announces more than its kind may carry.
    #[error("a {kind:?} frame announces {length} bytes, at most {limit} are allowed")]
    FrameTooLong {
        /// Its kind.
        kind: Kind,
        /// The announced length.
        length: usize,
        /// The most it may be.
        limit: usize,
    },
    /// A WebSocket message is longer than [`limits::MESSAGE`].
    #[error("a message of {length} bytes, at most {} are allowed", limits::MESSAGE)]
    MessageTooLong {
        /// Its length.
        length: usize,
    },
    /// A frame that is not allowed now or in this direction.
    #[error("a {kind:?} frame {state}")]
    Unexpected {
        /// Its kind.
        kind: Kind,
        /// When it came.
        state: &'static str,
    },
    /// A body ends in the middle of a message.
    #[error("{field} is cut short")]
    Truncated {
        /// Which message.
        field: &'static str,
    },
    /// A body goes on after its message.
    #[error("{bytes} bytes too many after {field}")]
    Trailing {
        /// Which message.
        field: &'static str,
        /// How many.
        bytes: usize,
    },
    /// A body is not an encoding of its message.
    #[error("{field} cannot be decoded")]
    Malformed {
        /// Which message.
        field: &'static str,
    },
    /// A field without an answer of its own is too long.
    #[error("{field} is longer than {limit}")]
    TooLong {
        /// Which.
        field: &'static str,
        /// The most it may be, in the unit of its limit.
        limit: usize,
    },
    /// Bytes for a call that expects none.
    #[error("payload bytes for call {id}, which expects none")]
    UnknownCall {
        /// Its number.
        id: u32,
    },
    /// A call's number was used again before its payload was complete.
    #[error("call {id} begins again before its payload is complete")]
    CallTwice {
        /// Its number.
        id: u32,
    },
    /// Bytes for a stream that never was.
    #[error("bytes for stream {stream}, which was never opened")]
    UnknownStream {
        /// Its number.
        stream: StreamId,
    },
    /// More stream bytes than granted.
    #[error("stream {stream} has {received} bytes, {granted} were granted")]
    BeyondCredit {
        /// Its number.
        stream: StreamId,
        /// Bytes received in all.
        received: u64,
        /// Bytes granted in all.
        granted: u64,
    },
    /// Stream bytes after the end of that direction.
    #[error("bytes for stream {stream} after its end")]
    AfterFinish {
        /// Its number.
        stream: StreamId,
    },
    /// The other end asks and asks but does not take the answers.
    #[error("more than {limit} bytes of answers were not taken")]
    Unread {
        /// The most that is kept.
        limit: usize,
    },
    /// More frames acknowledged than were sent, or fewer than before.
    #[error("{acknowledged} frames acknowledged, {sent} were sent")]
    WrongAck {
        /// What the other end says.
        acknowledged: u64,
        /// What was sent.
        sent: u64,
    },
}

impl DecodeError {
    /// The rule that was broken, a word for logs, metrics and close reasons.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::UnknownKind { .. } => "frame-kind",
            Self::FrameTooLong { .. } => Limit::FrameBody.name(),
            Self::MessageTooLong { .. } => "message",
            Self::Unexpected { .. } => "frame-order",
            Self::Truncated { .. } => "truncated",
            Self::Trailing { .. } => "trailing",
            Self::Malformed { .. } => "malformed",
            Self::TooLong { .. } => "field-length",
            Self::UnknownCall { .. } => "call-data",
            Self::CallTwice { .. } => "call-id",
            Self::UnknownStream { .. } => "stream-id",
            Self::BeyondCredit { .. } => "stream-credit",
            Self::AfterFinish { .. } => "stream-finished",
            Self::Unread { .. } => Limit::OutstandingAnswers.name(),
            Self::WrongAck { .. } => "acknowledgement",
        }
    }
}

/// A resume that cannot go on: the other end misses frames that are not kept any more, or claims ones never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the other end has {received} frames; kept are those after {acknowledged}, sent were {sent}")]
pub struct Gap {
    /// What the other end says it received.
    pub received: u64,
    /// Frames acknowledged before.
    pub acknowledged: u64,
    /// Frames sent in all.
    pub sent: u64,
}
