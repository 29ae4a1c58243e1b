//! Frames: `u8 kind | u24 length, big-endian | body`, the one layout of bytes on the WebSocket.
//!
//! Knows kinds and lengths, nothing of what bodies mean, and holds at most one unfinished frame.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};

pub use crate::kind::Kind;
use crate::{
    error::DecodeError,
    limits,
    message::{Hello, Welcome},
};

/// Bytes before a frame's body.
pub const HEAD: usize = 4;
/// A frame's body is copied out of its message when it is less than one part in this many of it, so that a kept
/// byte never keeps more than this many alive.
const SLICE_FROM: usize = 4;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What the body is.
    pub kind: Kind,
    /// The body, at most [`Kind::limit`] bytes.
    pub body: Bytes,
}

/// Cuts a stream of bytes into frames. Message boundaries mean nothing to it.
#[derive(Debug, Default)]
pub struct Decoder {
    /// What is left of the last message.
    input: Bytes,
    /// Length of the last message.
    message: usize,
    /// The beginning of a frame that is not complete.
    partial: BytesMut,
    failed: Option<DecodeError>,
}

impl Decoder {
    /// A decoder at the beginning of a connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one WebSocket message. Take all frames out before pushing the next one.
    ///
    /// # Errors
    /// [`DecodeError::MessageTooLong`]; after any error the connection must end.
    pub fn push(&mut self, message: Bytes) -> Result<(), DecodeError> {
        if message.len() > limits::MESSAGE {
            return Err(self.fail(DecodeError::MessageTooLong { length: message.len() }));
        }
        if self.input.is_empty() {
            self.message = message.len();
            self.input = message;
        } else {
            let mut joined = BytesMut::from(std::mem::take(&mut self.input));
            joined.extend_from_slice(&message);
            self.message = joined.len();
            self.input = joined.freeze();
        }
        Ok(())
    }

    /// The next whole frame, or none until more bytes come.
    ///
    /// # Errors
    /// [`DecodeError::UnknownKind`] or [`DecodeError::FrameTooLong`], again and again once it happened.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let frame = if self.partial.is_empty() { self.slice() } else { self.complete() };
        frame.map_err(|error| self.fail(error))
    }

    /// Whether no byte is left over.
    pub fn is_empty(&self) -> bool {
        self.input.is_empty() && self.partial.is_empty()
    }

    fn fail(&mut self, error: DecodeError) -> DecodeError {
        self.failed = Some(error.clone());
        error
    }

    /// Takes a frame that lies whole in the input, without copying it.
    fn slice(&mut self) -> Result<Option<Frame>, DecodeError> {
        if self.input.len() >= HEAD {
            let (kind, length) = head(&self.input)?;
            if self.input.len() >= HEAD + length {
                let mut body = self.input.split_to(HEAD + length);
                body.advance(HEAD);
                if length * SLICE_FROM < self.message {
                    body = Bytes::copy_from_slice(&body);
                }
                return Ok(Some(Frame { kind, body }));
            }
            self.partial.reserve(HEAD + length);
        }
        self.partial.extend_from_slice(&std::mem::take(&mut self.input));
        Ok(None)
    }

    /// Goes on with a frame that began in an earlier message.
    fn complete(&mut self) -> Result<Option<Frame>, DecodeError> {
        self.fill(HEAD);
        if self.partial.len() < HEAD {
            return Ok(None);
        }
        let (kind, length) = head(&self.partial)?;
        self.fill(HEAD + length);
        if self.partial.len() < HEAD + length {
            return Ok(None);
        }
        let mut body = std::mem::take(&mut self.partial).freeze();
        body.advance(HEAD);
        Ok(Some(Frame { kind, body }))
    }

    fn fill(&mut self, length: usize) {
        let missing = length.saturating_sub(self.partial.len()).min(self.input.len());
        self.partial.reserve(length.saturating_sub(self.partial.len()));
        self.partial.extend_from_slice(&self.input.split_to(missing));
    }
}

fn head(bytes: &[u8]) -> Result<(Kind, usize), DecodeError> {
    let kind = Kind::from_code(bytes[0]).ok_or(DecodeError::UnknownKind { kind: bytes[0] })?;
    let length = usize::from(bytes[1]) << 16 | usize::from(bytes[2]) << 8 | usize::from(bytes[3]);
    if length > kind.limit() {
        return Err(DecodeError::FrameTooLong { kind, length, limit: kind.limit() });
    }
    Ok((kind, length))
}

/// Takes the [`Hello`] that must be the first frame of a connection, and all of it.
///
/// # Errors
/// Whatever is wrong with it, another kind of frame, or anything after it: the page waits for the welcome.
pub fn hello(decoder: &mut Decoder) -> Result<Option<Hello>, DecodeError> {
    let Some(frame) = decoder.next_frame()? else { return Ok(None) };
    if frame.kind != Kind::Hello {
        return Err(DecodeError::Unexpected { kind: frame.kind, state: "before hello" });
    }
    if !decoder.is_empty() {
        return Err(DecodeError::Unexpected { kind: Kind::Hello, state: "not alone in its message" });
    }
    let hello: Hello = whole(&frame.body, "Hello")?;
    if hello.name.chars().count() > limits::NAME {
        return Err(DecodeError::TooLong { field: "Hello.name", limit: limits::NAME });
    }
    Ok(Some(hello))
}

/// A whole [`Hello`] frame.
pub fn encode_hello(hello: &Hello) -> Bytes {
    encode(Kind::Hello, hello)
}

/// A whole [`Welcome`] frame. It may be longer than one WebSocket message: [`crate::server::Server::welcome`] cuts it.
pub fn encode_welcome(welcome: &Welcome) -> Bytes {
    encode(Kind::Welcome, welcome)
}

fn encode<T: Serialize>(kind: Kind, message: &T) -> Bytes {
    let body = to_bytes(message);
    let mut out = BytesMut::with_capacity(HEAD + body.len());
    put_head(&mut out, kind, body.len());
    out.put_slice(&body);
    out.freeze()
}

/// A message in postcard.
pub(crate) fn to_bytes<T: Serialize>(message: &T) -> Bytes {
    // postcard fails only for sequences of unknown length, and no message has one.
    postcard::to_stdvec(message).map(Bytes::from).expect("messages have known lengths")
}

pub(crate) fn put_head(out: &mut BytesMut, kind: Kind, length: usize) {
    debug_assert!(length <= kind.limit());
    out.put_u8(kind as u8);
    out.put_uint(length as u64, 3);
}

/// Appends a LEB128 number, as postcard writes integers.
pub(crate) fn put_varint(out: &mut BytesMut, mut number: u64) {
    while number >= 0x80 {
        out.put_u8(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.put_u8(number.to_le_bytes()[0]);
}

/// Bytes of a number as [`put_varint`] writes it.
pub(crate) fn varint_length(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

/// A message that is the whole body.
pub(crate) fn whole<T: DeserializeOwned>(body: &[u8], field: &'static str) -> Result<T, DecodeError> {
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        Ok((_, rest)) => Err(DecodeError::Trailing { field, bytes: rest.len() }),
        Err(error) => Err(malformed(&error, field)),
    }
}

/// A message at the beginning of the body, and the bytes after it.
pub(crate) fn prefix<T: DeserializeOwned>(
    body: &Bytes,
    field: &'static str,
) -> Result<(T, Bytes), DecodeError> {
    match postcard::take_from_bytes(body) {
        Ok((message, rest)) => Ok((message, body.slice(body.len() - rest.len()..))),
        Err(error) => Err(malformed(&error, field)),
    }
}

fn malformed(error: &postcard::Error, field: &'static str) -> DecodeError {
    match error {
        postcard::Error::DeserializeUnexpectedEnd => DecodeError::Truncated { field },
        _ => DecodeError::Malformed { field },
    }
}
