//! Streams between room and endpoint: what the page's credit does not allow yet is parked, and the room is told how
//! much it may read. Few bytes are ever parked: a stream has few chunks.
//!
//! What the page sends before the room has said where a stream leads is parked too; it is within the first credit.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use lab::{Held, OutsideLink, Request};
use proto::{call::CallError, id::StreamId, limits, message::ServerMessage};

use super::{Over, Session};

/// The session's side of every stream.
#[derive(Debug, Default)]
pub(super) struct Parked {
    streams: BTreeMap<StreamId, Lane>,
}

/// What the page does on a stream.
#[derive(Debug)]
pub(super) enum FromPage {
    Data(Bytes),
    Finish,
    Close,
}

/// Where a stream leads.
#[derive(Debug)]
enum Way {
    /// The room has not said yet; the page may have.
    Unknown(VecDeque<FromPage>),
    Room,
    Outside,
}

impl Default for Way {
    fn default() -> Self {
        Self::Unknown(VecDeque::new())
    }
}

#[derive(Debug, Default)]
struct Lane {
    way: Way,
    chunks: VecDeque<(Bytes, Held)>,
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
        self.parked.streams.insert(stream, Lane { allowed, ..Lane::default() });
        allowed
    }

    /// The room says where a stream leads: what the page has sent meanwhile goes there.
    pub(super) async fn stream_opened(
        &mut self,
        stream: StreamId,
        outside: Option<Arc<OutsideLink>>,
        window: u64,
    ) -> Result<(), Over> {
        let Some(lane) = self.parked.streams.get_mut(&stream) else { return Ok(()) };
        let way = if outside.is_some() { Way::Outside } else { Way::Room };
        let Way::Unknown(before) = std::mem::replace(&mut lane.way, way) else { return Ok(()) };
        if let Some(link) = outside {
            self.begin_outside(stream, link, window).await?;
        }
        for said in before {
            self.hear_page(stream, said).await?;
        }
        Ok(())
    }

    /// Passes on what the page does on a stream.
    pub(super) async fn hear_page(&mut self, stream: StreamId, said: FromPage) -> Result<(), Over> {
        let member = self.member;
        match self.parked.streams.get_mut(&stream).map(|lane| &mut lane.way) {
            None => Ok(()),
            Some(Way::Unknown(before)) => {
                before.push_back(said);
                Ok(())
            }
            Some(Way::Room) => {
                self.request(match said {
                    FromPage::Data(data) => Request::StreamData { member, stream, data },
                    FromPage::Finish => Request::FinishStream { member, stream },
                    FromPage::Close => Request::CloseStream { member, stream },
                })
                .await
            }
            Some(Way::Outside) => match said {
                FromPage::Data(data) => self.send_outside(stream, data).await,
                FromPage::Finish => self.finish_outside(stream).await,
                FromPage::Close => self.close_outside(stream).await,
            },
        }
    }

    pub(super) fn stream_data(&mut self, stream: StreamId, data: Bytes, held: Held) {
        let Some(lane) = self.parked.streams.get_mut(&stream) else { return };
        lane.read += data.len() as u64;
        lane.chunks.push_back((data, held));
        self.unpark(stream);
    }

    pub(super) fn stream_finished(&mut self, stream: StreamId) {
        if let Some(lane) = self.parked.streams.get_mut(&stream) {
            lane.finished = true;
            self.unpark(stream);
        }
    }

    pub(super) fn stream_ended(&mut self, stream: StreamId, error: Option<CallError>) {
        let error = self.outside.remove(stream).or(error);
        match self.parked.streams.get_mut(&stream) {
            Some(lane) => {
                lane.ended = Some(error);
                self.unpark(stream);
            }
            None => self.send(ServerMessage::StreamEnded { stream, error }, Bytes::new()),
        }
    }

    /// The endpoint takes more of a stream.
    pub(super) async fn stream_room(&mut self, stream: StreamId) -> Result<(), Over> {
        if self.parked.streams.get(&stream).is_some_and(|lane| matches!(lane.way, Way::Outside)) {
            self.outside.has_room(stream);
            return Ok(());
        }
        self.unpark(stream);
        self.allow(stream).await
    }

    /// Moves what can be moved to the endpoint, in order: bytes, the end of file, the end.
    fn unpark(&mut self, stream: StreamId) {
        let Some(lane) = self.parked.streams.get_mut(&stream) else { return };
        while let Some((chunk, held)) = lane.chunks.pop_front() {
            match self.endpoint.stream_send(stream, chunk) {
                Ok(()) => self.dirty = true,
                Err(chunk) => {
                    lane.chunks.push_front((chunk, held));
                    // Asking makes the endpoint tell when there is room.
                    self.endpoint.stream_room(stream);
                    return;
                }
            }
        }
        if std::mem::take(&mut lane.finished) {
            self.endpoint.send(ServerMessage::StreamFinished { stream }, Bytes::new());
            self.dirty = true;
        }
        let Some(lane) = self.parked.streams.get_mut(&stream) else { return };
        if let Some(error) = lane.ended.take() {
            self.parked.streams.remove(&stream);
            self.send(ServerMessage::StreamEnded { stream, error }, Bytes::new());
        }
    }

    /// Tells the room how much it may read of every stream.
    pub(super) async fn allow_streams(&mut self) -> Result<(), Over> {
        let hungry: Vec<StreamId> = self
            .parked
            .streams
            .iter()
            .filter(|(_, lane)| {
                !matches!(lane.way, Way::Outside)
                    && lane.allowed.saturating_sub(lane.read) < limits::STREAM_CHUNK as u64
            })
            .map(|(&stream, _)| stream)
            .collect();
        for stream in hungry {
            self.allow(stream).await?;
        }
        Ok(())
    }

    async fn allow(&mut self, stream: StreamId) -> Result<(), Over> {
        let Some(lane) = self.parked.streams.get_mut(&stream) else { return Ok(()) };
        let parked: usize = lane.chunks.iter().map(|(chunk, _)| chunk.len()).sum();
        let room = self.endpoint.stream_room(stream).saturating_sub(parked) as u64;
        if lane.read + room <= lane.allowed {
            return Ok(());
        }
        lane.allowed = lane.read + room;
        let total = lane.allowed;
        self.request(Request::StreamCredit { member: self.member, stream, total }).await
    }
}
