//! Descriptors in stream mode: no call moves their bytes, so the packets that carry them are caused by
//! [`Cause::Service`].

use proto::{
    call::CallError,
    id::{Fd, MemberId, ProgramId, SocketId, StreamId},
    rules::ProtocolRule,
    trace::Cause,
};

use super::{
    super::{
        streams::{Opened, StreamOp},
        waiting::Direction,
    },
    Calls,
};
use crate::{delivery::Delivery, epoll::Wanted};

impl Calls {
    /// Puts a descriptor into stream mode.
    pub(in crate::world) fn open_stream(
        &mut self,
        member: MemberId,
        id: StreamId,
        (program, fd): (ProgramId, Fd),
        credit: u64,
    ) {
        match self.try_open_stream(member, id, (program, fd), credit) {
            Ok(socket) => self.stream_ready(socket),
            Err(error) => {
                self.people.deliver(member, Delivery::StreamEnded { stream: id, error: Some(error) });
            }
        }
    }

    fn try_open_stream(
        &mut self,
        member: MemberId,
        id: StreamId,
        (program, fd): (ProgramId, Fd),
        credit: u64,
    ) -> Result<SocketId, CallError> {
        let tables = &self.lan.machines.tables;
        if !tables.is_of(program, member) {
            return Err(ProtocolRule::NoSuchProgram.broken());
        }
        let socket = tables.socket(program, fd).map_err(CallError::errno)?;
        self.streams.open(member, id, socket, credit, &self.people)?;
        Ok(socket)
    }

    /// What a page does to one of its streams.
    pub(in crate::world) fn stream(&mut self, member: MemberId, id: StreamId, op: StreamOp) {
        let Some(socket) = self.streams.socket(member, id) else { return };
        let closes = matches!(op, StreamOp::Close);
        self.streams.take_op(socket, op);
        if !closes {
            self.stream_ready(socket);
        } else if self.streams.is_done(socket) {
            self.end_stream(socket, None);
        }
    }

    /// Ends the streams of a person: nobody is there to take their bytes.
    pub(in crate::world) fn close_streams(&mut self, member: MemberId) {
        self.streams.of_member(member).into_iter().for_each(|socket| self.end_stream(socket, None));
    }

    pub(super) fn end_stream(&mut self, socket: SocketId, error: Option<CallError>) {
        let Some((member, ended)) = self.streams.end(socket, error) else { return };
        if let Some(end) = self.sockets.get_mut(socket) {
            end.stream_wants = Wanted::default();
            end.stream_holds = false;
        }
        self.sockets.update_interest(socket);
        self.release_if_closed(socket, Cause::Service);
        self.people.deliver(member, ended);
    }

    /// Moves what can be moved on a socket's stream, if it has one, and says what it waits for.
    pub(in crate::world) fn stream_ready(&mut self, socket: SocketId) {
        let Some((stream, end)) = self.streams.get_mut(socket).zip(self.sockets.get(socket)) else { return };
        // Calls that came before the stream (a connect under way) come first.
        if end.head(Direction::Write).is_some() {
            return;
        }
        if stream.announce(end, &self.people) == Opened::HandedOver {
            return;
        }
        let closed = self.lan.machines.tables.name(socket).is_none();
        let moved = self.step_on(socket, Cause::Service, None, |calls| {
            let Self { streams, sockets, people, .. } = calls;
            sockets.get_mut(socket).map_or(Ok(()), |end| streams.move_bytes(socket, end, people))
        });
        match moved.unwrap_or(Ok(())) {
            Ok(()) if self.streams.is_done(socket) => self.end_stream(socket, None),
            Ok(()) => self.set_stream_wants(socket),
            Err(error) => self.end_stream(socket, Some(error)),
        }
        if closed && self.sockets.get(socket).is_some_and(|socket| !socket.stream_holds) {
            self.end_stream(socket, None);
        }
    }

    fn set_stream_wants(&mut self, socket: SocketId) {
        let Some((stream, end)) = self.streams.get_mut(socket).zip(self.sockets.get_mut(socket)) else {
            return;
        };
        (end.stream_wants, end.stream_holds) = stream.wants();
        self.sockets.update_interest(socket);
    }
}
