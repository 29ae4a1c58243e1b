//! Streams of the page: bytes by credit, both ways.

use bytes::Bytes;

use super::{Client, ClientEvent};
use crate::{
    call::CallError,
    error::DecodeError,
    frame::to_bytes,
    id::{Fd, ProgramId, StreamId},
    limits::{self, Limit},
    message::ClientMessage,
    stream::{Incoming, Outgoing},
};

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) outgoing: Outgoing,
    pub(super) incoming: Incoming,
    window: u64,
    consumed: u64,
}

impl Client {
    pub(super) fn handle_stream(&mut self, stream: StreamId, data: Bytes) -> Result<(), DecodeError> {
        if stream.0 >= self.next_stream {
            return Err(DecodeError::UnknownStream { stream });
        }
        if let Some(entry) = self.streams.get_mut(&stream)
            && !data.is_empty()
        {
            entry.incoming.receive(stream, data.len())?;
            self.events.push_back(ClientEvent::StreamData { stream, data });
        }
        Ok(())
    }

    /// Puts a descriptor into stream mode, with at most `window` bytes on the way to the page
    /// (at most [`limits::STREAM_WINDOW`]). Bytes may be sent at once.
    ///
    /// # Errors
    /// The limit of streams.
    pub fn open_stream(&mut self, program: ProgramId, fd: Fd, window: u64) -> Result<StreamId, CallError> {
        if self.streams.len() >= limits::STREAMS {
            return Err(Limit::Streams.reached());
        }
        let window = window.clamp(1, limits::STREAM_WINDOW);
        let stream = StreamId(self.next_stream);
        self.next_stream += 1;
        let outgoing = Outgoing::new(limits::STREAM_FIRST);
        let incoming = Incoming::new(window);
        self.streams.insert(stream, Stream { outgoing, incoming, window, consumed: 0 });
        self.control(&ClientMessage::OpenStream { stream, program, fd, credit: window });
        Ok(stream)
    }

    /// Sends bytes on a stream. [`Client::stream_room`] says how many are welcome.
    ///
    /// # Errors
    /// Gives the bytes back, none of them sent, when they go beyond the server's credit or the stream is not open
    /// in this direction.
    pub fn stream_send(&mut self, stream: StreamId, bytes: Bytes) -> Result<(), Bytes> {
        match self.streams.get_mut(&stream) {
            Some(entry) => entry.outgoing.send(stream, bytes, &mut self.endpoint.schedule),
            None => Err(bytes),
        }
    }

    /// Bytes that are welcome on a stream now. After 0, [`ClientEvent::StreamRoom`] will tell.
    pub fn stream_room(&mut self, stream: StreamId) -> usize {
        let schedule = &self.endpoint.schedule;
        self.streams.get_mut(&stream).map_or(0, |entry| entry.outgoing.room(stream, schedule))
    }

    /// The page has used so many bytes of a stream: the server may send as many more.
    pub fn stream_consumed(&mut self, stream: StreamId, bytes: usize) {
        let Some(entry) = self.streams.get_mut(&stream) else { return };
        entry.consumed = entry.consumed.saturating_add(bytes as u64);
        let total = entry.consumed + entry.window;
        // Few large grants are cheaper than many small ones; half a window keeps the sender busy.
        if total - entry.incoming.granted() >= entry.window.div_ceil(2) && entry.incoming.grant(total) {
            self.endpoint.schedule.credit(stream, to_bytes(&ClientMessage::StreamCredit { stream, total }));
        }
    }

    /// No more to send: shutdown(SHUT_WR) after the bytes sent so far.
    pub fn stream_finish(&mut self, stream: StreamId) {
        if let Some(entry) = self.streams.get_mut(&stream)
            && entry.outgoing.finish()
        {
            self.endpoint.schedule.after_stream(stream, to_bytes(&ClientMessage::StreamFinish { stream }));
        }
    }

    /// Takes the descriptor out of stream mode after the bytes sent so far; answered by
    /// [`ClientEvent::StreamEnded`].
    pub fn stream_close(&mut self, stream: StreamId) {
        if let Some(entry) = self.streams.get_mut(&stream) {
            entry.outgoing.finish();
            self.endpoint.schedule.after_stream(stream, to_bytes(&ClientMessage::StreamClose { stream }));
        }
    }

    pub(super) fn wake_streams(&mut self) {
        for (stream, entry) in &mut self.streams {
            if entry.outgoing.is_unblocked(*stream, &self.endpoint.schedule) {
                self.events.push_back(ClientEvent::StreamRoom { stream: *stream });
            }
        }
    }
}
