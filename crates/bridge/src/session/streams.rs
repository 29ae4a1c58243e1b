//! Streams between room and endpoint: what the page's credit does not allow yet is queued, and the room is told how
//! much it may read. Few bytes are ever queued: a stream has few chunks.
//!
//! What the page sends before the room has said where a stream leads is kept too; it is within the first credit.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use lab::{ChunkPermit, OutsideLink, Request};
use proto::{
    call::CallError,
    id::StreamId,
    limits,
    message::{ClientMessage, ServerMessage},
};

use super::{Session, close_reason::CloseReason};

/// The session's side of every stream.
#[derive(Debug, Default)]
pub(super) struct PendingStreams {
    streams: BTreeMap<StreamId, StreamState>,
}

/// What the page does on a stream.
#[derive(Debug)]
pub(super) enum StreamOp {
    Data(Bytes),
    Finish,
    Close,
}

/// Where a stream leads.
#[derive(Debug)]
enum Route {
    /// The room has not said yet; what the page has done meanwhile.
    Unknown(VecDeque<StreamOp>),
    Room,
    Outside,
}

impl Default for Route {
    fn default() -> Self {
        Self::Unknown(VecDeque::new())
    }
}

#[derive(Debug, Default)]
struct StreamState {
    route: Route,
    chunks: VecDeque<(Bytes, ChunkPermit)>,
    /// Bytes the room has read, and may read in all.
    read: u64,
    allowed: u64,
    finished: bool,
    ended: Option<Option<CallError>>,
}

impl Session {
    /// A stream begins; what the room may read at once.
    pub(super) fn begin_stream(&mut self, stream: StreamId) -> u64 {
        let allowed = self.endpoint.stream_room(stream) as u64;
        self.pending.streams.insert(stream, StreamState { allowed, ..StreamState::default() });
        allowed
    }

    /// The room says where a stream leads: what the page has sent meanwhile goes there.
    pub(super) async fn stream_opened(
        &mut self,
        stream: StreamId,
        outside: Option<Arc<OutsideLink>>,
        window: u64,
    ) -> Result<(), CloseReason> {
        let Some(state) = self.pending.streams.get_mut(&stream) else { return Ok(()) };
        let route = if outside.is_some() { Route::Outside } else { Route::Room };
        let Route::Unknown(before) = std::mem::replace(&mut state.route, route) else { return Ok(()) };
        if let Some(link) = outside {
            self.begin_outside(stream, link, window).await?;
        }
        for op in before {
            self.forward(stream, op).await?;
        }
        Ok(())
    }

    /// Passes on what the page does on a stream.
    pub(super) async fn forward(&mut self, stream: StreamId, op: StreamOp) -> Result<(), CloseReason> {
        let member = self.member;
        let message = |message| Request::Message { member, message };
        match self.pending.streams.get_mut(&stream).map(|state| &mut state.route) {
            None => Ok(()),
            Some(Route::Unknown(before)) => {
                before.push_back(op);
                Ok(())
            }
            Some(Route::Room) => {
                self.request(match op {
                    StreamOp::Data(data) => Request::StreamData { member, stream, data },
                    StreamOp::Finish => message(ClientMessage::StreamFinish { stream }),
                    StreamOp::Close => message(ClientMessage::StreamClose { stream }),
                })
                .await
            }
            Some(Route::Outside) => match op {
                StreamOp::Data(data) => self.send_outside(stream, data).await,
                StreamOp::Finish => self.finish_outside(stream).await,
                StreamOp::Close => self.close_outside(stream).await,
            },
        }
    }

    pub(super) fn stream_data(&mut self, stream: StreamId, data: Bytes, permit: ChunkPermit) {
        let Some(state) = self.pending.streams.get_mut(&stream) else { return };
        state.read += data.len() as u64;
        state.chunks.push_back((data, permit));
        self.send_pending(stream);
    }

    pub(super) fn stream_finished(&mut self, stream: StreamId) {
        if let Some(state) = self.pending.streams.get_mut(&stream) {
            state.finished = true;
            self.send_pending(stream);
        }
    }

    pub(super) fn stream_ended(&mut self, stream: StreamId, error: Option<CallError>) {
        let error = self.outside.remove(stream).or(error);
        match self.pending.streams.get_mut(&stream) {
            Some(state) => {
                state.ended = Some(error);
                self.send_pending(stream);
            }
            None => self.send(ServerMessage::StreamEnded { stream, error }, Bytes::new()),
        }
    }

    /// The endpoint takes more of a stream.
    pub(super) async fn stream_room(&mut self, stream: StreamId) -> Result<(), CloseReason> {
        if self.pending.streams.get(&stream).is_some_and(|state| matches!(state.route, Route::Outside)) {
            self.outside.has_room(stream);
            return Ok(());
        }
        self.send_pending(stream);
        self.allow(stream).await
    }

    /// Moves what can be moved to the endpoint, in order: bytes, the end of file, the end.
    fn send_pending(&mut self, stream: StreamId) {
        let Some(state) = self.pending.streams.get_mut(&stream) else { return };
        while let Some((chunk, permit)) = state.chunks.pop_front() {
            match self.endpoint.stream_send(stream, chunk) {
                Ok(()) => self.dirty = true,
                Err(chunk) => {
                    state.chunks.push_front((chunk, permit));
                    // Asking makes the endpoint tell when there is room.
                    self.endpoint.stream_room(stream);
                    return;
                }
            }
        }
        if std::mem::take(&mut state.finished) {
            self.endpoint.send(ServerMessage::StreamFinished { stream }, Bytes::new());
            self.dirty = true;
        }
        let Some(state) = self.pending.streams.get_mut(&stream) else { return };
        if let Some(error) = state.ended.take() {
            self.pending.streams.remove(&stream);
            self.send(ServerMessage::StreamEnded { stream, error }, Bytes::new());
        }
    }

    /// Tells the room how much it may read of every stream.
    pub(super) async fn allow_streams(&mut self) -> Result<(), CloseReason> {
        let hungry: Vec<StreamId> = self
            .pending
            .streams
            .iter()
            .filter(|(_, state)| {
                !matches!(state.route, Route::Outside)
                    && state.allowed.saturating_sub(state.read) < limits::STREAM_CHUNK as u64
            })
            .map(|(&stream, _)| stream)
            .collect();
        for stream in hungry {
            self.allow(stream).await?;
        }
        Ok(())
    }

    async fn allow(&mut self, stream: StreamId) -> Result<(), CloseReason> {
        let Some(state) = self.pending.streams.get_mut(&stream) else { return Ok(()) };
        let waiting: usize = state.chunks.iter().map(|(chunk, _)| chunk.len()).sum();
        let room = self.endpoint.stream_room(stream).saturating_sub(waiting) as u64;
        if state.read + room <= state.allowed {
            return Ok(());
        }
        state.allowed = state.read + room;
        let total = state.allowed;
        let message = ClientMessage::StreamCredit { stream, total };
        self.request(Request::Message { member: self.member, message }).await
    }
}
