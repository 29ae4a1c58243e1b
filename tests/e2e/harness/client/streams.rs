//! Streams: what has come, used up only when a test asks for it.

use std::collections::VecDeque;

use bytes::Bytes;
use proto::{
    call::CallError,
    id::{Fd, ProgramId, StreamId},
};

use super::Client;

/// What has come of one stream.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(super) chunks: VecDeque<Bytes>,
    /// The peer has no more to send.
    pub(crate) finished: bool,
    /// It is over, perhaps with an error.
    pub(crate) ended: Option<Option<CallError>>,
}

impl Client {
    /// Puts a descriptor into stream mode.
    pub(crate) fn stream_mode(&mut self, program: ProgramId, fd: Fd) -> StreamId {
        let window = proto::limits::STREAM_WINDOW;
        let stream = self.endpoint.open_stream(program, fd, window).expect("within the limits");
        self.streams.insert(stream, Incoming::default());
        stream
    }

    /// What has come of a stream.
    pub(crate) fn stream(&mut self, stream: StreamId) -> &mut Incoming {
        self.streams.entry(stream).or_default()
    }

    /// The next bytes of a stream that have come, used up by asking; none if there are none now.
    pub(crate) fn stream_take(&mut self, stream: StreamId) -> Option<Bytes> {
        let bytes = self.stream(stream).chunks.pop_front()?;
        self.endpoint.stream_consumed(stream, bytes.len());
        Some(bytes)
    }

    /// Bytes of a stream that have come and were not used.
    pub(crate) fn stream_unused(&mut self, stream: StreamId) -> usize {
        self.stream(stream).chunks.iter().map(Bytes::len).sum()
    }
}
