//! What a page's messages mean to the room, and what the room's deliveries mean to the page.

use std::time::Instant;

use bytes::Bytes;
use lab::{CallRequest, Delivery, Request};
use proto::{
    call::{CallError, Value},
    id::CallId,
    message::{ClientMessage, ServerMessage},
    server::ServerEvent,
};

use super::{Session, authority, close_reason::CloseReason, streams::StreamOp};

impl Session {
    /// Acts on everything that came in or became possible.
    pub(super) async fn take_events(&mut self) -> Result<(), CloseReason> {
        while let Some(event) = self.endpoint.poll_event() {
            self.dirty = true;
            match event {
                ServerEvent::Call { id, program, call, wait, line, thread, payload } => {
                    match authority::check_call(self.role) {
                        Ok(()) => {
                            let member = self.member;
                            let request =
                                CallRequest { member, id, program, call, wait, line, thread, payload };
                            self.request(Request::Call(request)).await?;
                        }
                        Err(error) => self.refuse(id, error),
                    }
                }
                ServerEvent::StreamData { stream, data } => {
                    self.forward(stream, StreamOp::Data(data)).await?;
                }
                ServerEvent::StreamRoom { stream } => self.stream_room(stream).await?,
                ServerEvent::Message(message) => self.message(message).await?,
            }
        }
        Ok(())
    }

    fn refuse(&mut self, id: CallId, error: CallError) {
        self.send(ServerMessage::Result { id, outcome: Err(error) }, Bytes::new());
    }

    async fn message(&mut self, mut message: ClientMessage) -> Result<(), CloseReason> {
        if let Err(error) = authority::check(self.role, self.own_host, &message) {
            self.refuse_message(&message, error);
            return Ok(());
        }
        match &mut message {
            ClientMessage::Subscribe { from } => {
                self.trace = Some((*from).max(1));
                self.endpoint.clear_trace();
                return Ok(());
            }
            ClientMessage::Unsubscribe => {
                self.trace = None;
                self.endpoint.clear_trace();
                return Ok(());
            }
            ClientMessage::KeepOpen => {
                self.room.keep_open();
                return Ok(());
            }
            ClientMessage::Remove { id, member } => {
                let (id, gone) = (*id, *member);
                let outcome = self.room.remove(gone).map(|()| Value::Done);
                tracing::info!(room = self.room.id, by = %self.member, %gone, ok = outcome.is_ok(), "a removal");
                self.send(ServerMessage::Result { id, outcome }, Bytes::new());
                return Ok(());
            }
            ClientMessage::OpenStream { stream, credit, .. } => *credit = self.begin_stream(*stream),
            ClientMessage::StreamFinish { stream } => return self.forward(*stream, StreamOp::Finish).await,
            ClientMessage::StreamClose { stream } => return self.forward(*stream, StreamOp::Close).await,
            // Neither comes as a message: calls are events of their own, credit stays in the endpoint.
            ClientMessage::Call { .. } | ClientMessage::StreamCredit { .. } => return Ok(()),
            other if !self.is_allowed(other) => return Ok(()),
            _ => {}
        }
        self.request(Request::Message { member: self.member, message }).await
    }

    /// Whether a message without an answer is within what its sender may say; beyond it nothing is recorded.
    fn is_allowed(&mut self, message: &ClientMessage) -> bool {
        let (allowance, what) = match message {
            ClientMessage::Rename { .. } => (&mut self.small_talk, "a name"),
            ClientMessage::Progress { .. } => (&mut self.progress, "progress"),
            ClientMessage::Source { .. } => (&mut self.sources, "a text"),
            ClientMessage::InFront { .. } => (&mut self.sources, "what is in front"),
            _ => return true,
        };
        let allowed = allowance.take(Instant::now());
        if !allowed {
            tracing::debug!(member = %self.member, what, "beyond the allowance, not recorded");
        }
        allowed
    }

    /// Answers a message that its sender's role does not allow, where it has an answer.
    fn refuse_message(&mut self, message: &ClientMessage, error: CallError) {
        match message {
            ClientMessage::OpenProgram { id, .. }
            | ClientMessage::CloseProgram { id, .. }
            | ClientMessage::Wire { id, .. }
            | ClientMessage::Host { id, .. }
            | ClientMessage::Remove { id, .. } => self.refuse(*id, error),
            ClientMessage::OpenStream { stream, .. } => {
                let ended = ServerMessage::StreamEnded { stream: *stream, error: Some(error) };
                self.send(ended, Bytes::new());
            }
            _ => tracing::debug!(?message, "a message that the role does not allow"),
        }
    }

    /// Passes on what the room has for this person.
    pub(super) async fn deliver(&mut self, delivery: Delivery) -> Result<(), CloseReason> {
        match delivery {
            Delivery::StreamOpened { stream, outside, window } => {
                self.stream_opened(stream, outside, window).await?;
            }
            Delivery::Result { id, outcome, payload } => {
                self.send(ServerMessage::Result { id, outcome }, payload);
            }
            Delivery::Program { id, program } => {
                self.send(ServerMessage::Program { id, program }, Bytes::new());
            }
            Delivery::StreamData { stream, data, permit } => self.stream_data(stream, data, permit),
            Delivery::StreamCredit { stream, total } => {
                self.send(ServerMessage::StreamCredit { stream, total }, Bytes::new());
            }
            Delivery::StreamFinished { stream } => self.stream_finished(stream),
            Delivery::StreamEnded { stream, error } => self.stream_ended(stream, error),
        }
        Ok(())
    }
}
