//! One session: a page's side of a room. It outlives its connections by the resume window.
//!
//! The loop waits for the WebSocket, the room's deliveries, the trace and the clock, and hands each over; what to do
//! is decided in [`authority`] (who may), [`requests`] (what it means) and the sans-I/O endpoint (what is sent).

pub(crate) mod attach;
mod authority;
mod close_reason;
pub(crate) mod closing;
mod idle_frames;
mod outside;
mod payloads;
mod requests;
mod streams;

use std::{pin::pin, sync::Arc, time::Duration};

use axum::extract::ws::{Message, WebSocket, close_code};
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use lab::{Delivery, Request, mailbox};
use proto::{
    id::MemberId,
    limits::{self, Limit},
    message::{ClientMessage, Hello, Notice, Refusal, Secret, ServerMessage, Snapshot, Welcome},
    room::Role,
    server::{BATCH, Server},
};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use self::{
    attach::Attach, close_reason::CloseReason, closing::Closing, idle_frames::Idle, outside::Outside,
    payloads::Payloads, streams::PendingStreams,
};
use crate::{
    allowance::Allowance, meter::Meter, metrics::Metrics, room::Room, secret::secret, shared::Shared,
};

/// Bytes of trace events handed to the endpoint at a time: bulk is cut small, so that calls are never behind it for long.
const TRACE_BATCH: usize = 16 * 1024;

/// One more of what costs a session nothing is allowed after this time.
const ALLOWED_EACH: Duration = Duration::from_secs(1);

/// Stream bytes a session moves before the other tasks of its thread have a turn.
const QUANTUM: usize = 256 * 1024;

/// One session.
#[derive(Debug)]
pub(crate) struct Session {
    shared: Arc<Shared>,
    room: Arc<Room>,
    token: Secret,
    member: MemberId,
    role: Role,
    /// The owner has removed this person.
    removed: CancellationToken,
    /// The guest's own machine.
    own_host: Option<proto::id::HostId>,
    endpoint: Server,
    deliveries: mpsc::Receiver<Delivery>,
    pending: PendingStreams,
    outside: Outside,
    /// Stream bytes moved since others had a turn.
    moved: usize,
    /// The next `seq` wanted, if the page subscribed.
    trace: Option<u64>,
    newest: watch::Receiver<u64>,
    notice: watch::Receiver<Option<Notice>>,
    /// For messages about progress in lessons.
    progress: Allowance,
    /// For texts of programs.
    sources: Allowance,
    /// For what else has no answer and costs its sender nothing.
    small_talk: Allowance,
    /// For frames of which nothing comes.
    idle: Idle,
    /// What the payloads of unfinished sends take of the room's memory.
    payloads: Payloads,
    /// There may be something to send.
    dirty: bool,
    /// A WebSocket ping is due (RFC 6455 section 5.5.2).
    ping: bool,
}

impl Session {
    /// A person comes with a new session.
    ///
    /// # Errors
    /// Why the room does not take them.
    pub(crate) async fn enter(
        shared: Arc<Shared>,
        room: Arc<Room>,
        role: Role,
        name: String,
        token: Secret,
    ) -> Result<Self, Refusal> {
        let (mailbox, deliveries) = mailbox();
        let joined = room.lab.join(name, role, mailbox).await;
        let member = joined.map_err(|error| match error {
            proto::call::CallError::Limit { limit, .. } if Limit::named(&limit) == Some(Limit::KeeperMs) => {
                Refusal::Unavailable("A machine could not be made in time. Try again in a moment.".to_owned())
            }
            proto::call::CallError::Limit { limit, value } => Refusal::Limit { limit, value },
            proto::call::CallError::Protocol { .. } => Refusal::NoRoom,
            other => {
                tracing::error!(?other, "nobody can join");
                Refusal::Unavailable("A machine could not be made. Try again in a moment.".to_owned())
            }
        })?;
        let removed = room.belongs_to(&token, member);
        let own_host = room
            .lab
            .directory()
            .await
            .ok()
            .and_then(|directory| directory.members.into_iter().find(|info| info.id == member))
            .and_then(|info| info.host);
        let (newest, notice) = (room.lab.trace().watch(), room.notice.subscribe());
        let payloads = Payloads::new(room.lab.memory());
        let now = Instant::now();
        Ok(Self {
            shared,
            room,
            token,
            member,
            role,
            removed,
            own_host,
            endpoint: Server::new(),
            deliveries,
            pending: PendingStreams::default(),
            outside: Outside::default(),
            moved: 0,
            trace: None,
            newest,
            notice,
            progress: Allowance::new(limits::PROGRESS_BURST, ALLOWED_EACH, now.into_std()),
            sources: Allowance::new(limits::SOURCE_BURST, ALLOWED_EACH, now.into_std()),
            small_talk: Allowance::new(limits::SMALL_TALK_BURST, ALLOWED_EACH, now.into_std()),
            idle: Idle::new(now),
            payloads,
            dirty: false,
            ping: false,
        })
    }

    /// Serves connections until the session is over.
    pub(crate) async fn run(mut self, mut connections: mpsc::Receiver<Attach>) {
        let mut next = connections.recv().await;
        while let Some(attach) = next.take() {
            let Attach { mut socket, hello, meter, permit, done } = attach;
            let reason = match self.welcome(&hello).await {
                Ok(()) => self.serve(&mut socket, &meter, &mut connections, &mut next).await,
                Err(reason) => reason,
            };
            self.endpoint.disconnected();
            self.trace = None;
            // Beside what comes next: a connection that takes nothing is no reason for the next one to wait.
            let closing = closing::close(socket, closing_of(&reason));
            tokio::spawn(async move {
                closing.await;
                drop((permit, done));
            });
            next = match (reason, next.take()) {
                (CloseReason::RoomEnded | CloseReason::Draining | CloseReason::Removed, _) => None,
                (_, Some(attach)) => Some(attach),
                (..) => self.wait_for_return(&mut connections).await,
            };
        }
        self.leave().await;
    }

    /// Silence: calls and time-outs run on, and the page may come back.
    async fn wait_for_return(&mut self, connections: &mut mpsc::Receiver<Attach>) -> Option<Attach> {
        let end = Instant::now() + self.shared.config.deadlines.resume;
        loop {
            tokio::select! {
                attach = connections.recv() => return attach,
                Some(delivery) = self.deliveries.recv() => {
                    // Where the room has ended, that is told next.
                    let _ended = self.deliver(delivery).await;
                }
                ready = self.outside.ready() => {
                    let _ended = self.outside_ready(ready).await;
                }
                () = self.removed.cancelled() => return None,
                () = self.room.ended.cancelled() => return None,
                () = self.shared.drain.begun() => return None,
                () = tokio::time::sleep_until(end) => return None,
            }
        }
    }

    async fn leave(&mut self) {
        self.room.leave(&self.token);
        // A room that has ended has nobody in it any more.
        let _ended = self.room.lab.request(Request::Leave { member: self.member }).await;
        tracing::info!(room = self.room.id, member = %self.member, "a session ended");
    }

    /// Answers the hello of a connection.
    async fn welcome(&mut self, hello: &Hello) -> Result<(), CloseReason> {
        let received = hello.session.as_ref().and_then(|session| session.received);
        let welcome = match self.endpoint.connected(received) {
            Ok(server_received) if received.is_some() => Welcome::Resumed { received: server_received },
            Ok(_) => {
                if hello.session.is_some() {
                    self.forget_page().await?;
                }
                Welcome::Begun(Box::new(self.snapshot().await?))
            }
            Err(_gap) => return Err(CloseReason::Gap),
        };
        self.payloads.are(self.endpoint.outstanding_payload());
        self.endpoint.welcome(&welcome);
        self.dirty = true;
        Ok(())
    }

    /// The page lost its state: what lived in it is over, and the token it had is no other page's any more.
    async fn forget_page(&mut self) -> Result<(), CloseReason> {
        let token = secret().map_err(|error| {
            tracing::error!(%error, "no randomness");
            CloseReason::Lost
        })?;
        self.room.rename(&self.token, token);
        self.token = token;
        self.pending = PendingStreams::default();
        self.outside = Outside::default();
        self.request(Request::CloseStreams { member: self.member }).await?;
        self.request(Request::Message { member: self.member, message: ClientMessage::Bye }).await
    }

    async fn snapshot(&self) -> Result<Snapshot, CloseReason> {
        let lab = &self.room.lab;
        let directory = lab.directory().await.map_err(|_| CloseReason::RoomEnded)?;
        let own = lab.member_state(self.member).await.map_err(|_| CloseReason::RoomEnded)?;
        Ok(Snapshot {
            room: self.room.id.clone(),
            token: self.token,
            member: self.member,
            role: self.role,
            links: self.room.keys.links(self.role),
            members: directory.members,
            hosts: directory.hosts,
            programs: directory.programs,
            descriptors: own.descriptors,
            waiting: own.waiting,
            next_call: self.endpoint.next_call(),
            next_stream: self.endpoint.next_stream(),
            wire: directory.wire,
            now: lab.trace().now(),
            oldest: lab.trace().oldest(),
            features: self.shared.rooms.features(),
        })
    }

    /// Serves one connection until it is over. A connection that takes over is put into `next`.
    async fn serve(
        &mut self,
        socket: &mut WebSocket,
        meter: &Meter,
        connections: &mut mpsc::Receiver<Attach>,
        next: &mut Option<Attach>,
    ) -> CloseReason {
        // While nobody was there the room read what it was allowed; now there may be room for more.
        if let Err(reason) = self.allow_streams().await {
            return reason;
        }
        let silence = self.shared.config.deadlines.silence;
        let mut last_received = Instant::now();
        let mut silent = pin!(tokio::time::sleep(silence));
        let mut ping = tokio::time::interval(silence * 4 / 9);
        ping.reset();
        self.ping = false;
        // Until when nothing is read.
        let mut wait = None;
        let mut over = self.ended_from_outside();
        let (mut sink, mut stream) = socket.split();
        loop {
            self.gather_trace();
            if let Err(reason) = self.take_turns().await {
                return reason;
            }
            if self.moved >= QUANTUM {
                self.moved = 0;
                tokio::task::yield_now().await;
            }
            let traced = self.trace.is_some() && self.endpoint.trace_room() > TRACE_BATCH;
            let handled = tokio::select! {
                sent = transmit(&mut sink, &mut self.endpoint, &mut self.ping, &self.shared.metrics), if self.dirty => {
                    self.dirty = false;
                    sent.and(self.take_events().await)
                }
                message = stream.next(), if wait.is_none() => {
                    last_received = Instant::now();
                    let handled = self.handle(message, meter).await;
                    wait = self.pause_for_idle_frames(last_received);
                    handled
                }
                () = until(wait), if wait.is_some() => {
                    wait = None;
                    Ok(())
                }
                Some(delivery) = self.deliveries.recv() => self.deliver_and_allow(delivery).await,
                ready = self.outside.ready() => self.outside_ready(ready).await,
                () = std::future::ready(()), if self.outside.has_turns() => Ok(()),
                _ = self.newest.changed(), if traced => Ok(()),
                _ = self.notice.changed() => self.tell(),
                attach = connections.recv() => {
                    *next = attach;
                    Err(CloseReason::Replaced)
                }
                _ = ping.tick() => {
                    (self.ping, self.dirty) = (true, true);
                    Ok(())
                }
                // Set anew only when it runs out, not with every message.
                () = &mut silent => {
                    let end = last_received + silence;
                    silent.as_mut().reset(end);
                    if end <= Instant::now() { Err(CloseReason::Lost) } else { Ok(()) }
                }
                Some(reason) = over.next() => Err(reason),
            };
            if let Err(reason) = handled {
                return reason;
            }
        }
    }

    /// What ends the session whatever its page does. These are asked when one of them has something to say, and not at every
    /// turn of the loop, where each would take a lock that all sessions share.
    fn ended_from_outside(&self) -> FuturesUnordered<BoxFuture<'static, CloseReason>> {
        let (removed, ended, drain) =
            (self.removed.clone(), self.room.ended.clone(), self.shared.drain.clone());
        [
            async move {
                removed.cancelled().await;
                CloseReason::Removed
            }
            .boxed(),
            async move {
                ended.cancelled().await;
                CloseReason::RoomEnded
            }
            .boxed(),
            async move {
                drain.begun().await;
                CloseReason::Draining
            }
            .boxed(),
        ]
        .into_iter()
        .collect()
    }

    /// Until when nothing is read, after frames of which nothing came.
    fn pause_for_idle_frames(&mut self, now: Instant) -> Option<Instant> {
        let idle = self.endpoint.take_idle_frames();
        if idle == 0 {
            return None;
        }
        self.idle.spend(idle, now);
        self.idle.due(now)
    }

    /// A delivery may have made room for more of a stream.
    async fn deliver_and_allow(&mut self, delivery: Delivery) -> Result<(), CloseReason> {
        self.deliver(delivery).await?;
        self.allow_streams().await
    }

    async fn handle(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
        meter: &Meter,
    ) -> Result<(), CloseReason> {
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                meter.used(bytes.len());
                self.shared.metrics.received(bytes.len());
                let (more, limit, value) = self.payloads.room();
                self.endpoint.bound_payload(more, limit, value);
                let handled = self.endpoint.handle_message(bytes);
                self.payloads.are(self.endpoint.outstanding_payload());
                handled.map_err(|error| CloseReason::Broken { rule: error.to_string() })?;
                // An acknowledgement may be due although nothing else happens.
                self.dirty = true;
                self.take_events().await
            }
            Some(Ok(Message::Text(_))) => Err(CloseReason::Broken { rule: "messages are binary".to_owned() }),
            // They count as bytes that brought nothing.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_))) => Err(CloseReason::Left),
            // Either the connection broke, and it cannot be told, or the page broke a rule of WebSockets.
            Some(Err(_)) => Err(CloseReason::Broken { rule: "not a WebSocket frame".to_owned() }),
            None => Err(CloseReason::Lost),
        }
    }

    fn tell(&mut self) -> Result<(), CloseReason> {
        let news = self.notice.borrow_and_update().clone();
        if let Some(notice) = news {
            self.send(ServerMessage::Notice(notice), Bytes::new());
        }
        Ok(())
    }

    fn send(&mut self, message: ServerMessage, payload: Bytes) {
        if let ServerMessage::Result { outcome: Err(error), .. }
        | ServerMessage::StreamEnded { error: Some(error), .. } = &message
        {
            self.shared.metrics.ended(error);
        }
        self.endpoint.send(message, payload);
        self.payloads.are(self.endpoint.outstanding_payload());
        self.dirty = true;
    }

    /// Hands trace events to the endpoint, as many as the page's connection takes.
    fn gather_trace(&mut self) {
        let Some(from) = self.trace else { return };
        let newest = *self.newest.borrow_and_update();
        let room = self.endpoint.trace_room();
        if newest < from || room < TRACE_BATCH {
            return;
        }
        let batch = self.room.lab.trace().read(from, TRACE_BATCH);
        if batch.skipped > 0 {
            self.endpoint.skipped(batch.skipped);
        }
        if !batch.events.is_empty() {
            self.endpoint.trace(batch.events.into());
        }
        self.trace = Some(batch.next);
        if batch.next <= newest {
            self.newest.mark_changed();
        }
        self.dirty = true;
    }

    async fn request(&self, request: Request) -> Result<(), CloseReason> {
        self.room.lab.request(request).await.map_err(|_| CloseReason::RoomEnded)
    }
}

async fn until(end: Option<Instant>) {
    if let Some(end) = end {
        tokio::time::sleep_until(end).await;
    }
}

/// Sends all there is to send. Whoever takes nothing of it is cut off by the connection itself.
async fn transmit<S>(
    sink: &mut S,
    endpoint: &mut Server,
    ping: &mut bool,
    metrics: &Metrics,
) -> Result<(), CloseReason>
where
    S: futures_util::Sink<Message, Error = axum::Error> + Unpin,
{
    use std::{future::poll_fn, pin::Pin};
    loop {
        // First what an earlier turn left: this future may be dropped while it flushes.
        poll_fn(|cx| Pin::new(&mut *sink).poll_flush(cx)).await.map_err(|_| CloseReason::Lost)?;
        // Only when the WebSocket can take it: what waits in the endpoint can still be overtaken.
        poll_fn(|cx| Pin::new(&mut *sink).poll_ready(cx)).await.map_err(|_| CloseReason::Lost)?;
        let message = if std::mem::take(ping) {
            Message::Ping(Bytes::new())
        } else if let Some(message) = endpoint.poll_transmit(BATCH) {
            metrics.sent(message.len());
            Message::Binary(message)
        } else {
            break;
        };
        Pin::new(&mut *sink).start_send(message).map_err(|_| CloseReason::Lost)?;
    }
    Ok(())
}

/// How a connection is closed that is over.
fn closing_of(why: &CloseReason) -> Closing {
    let (code, reason) = match why {
        CloseReason::Lost => return Closing::Cut,
        CloseReason::Left => return Closing::Answer,
        CloseReason::Gap => {
            return Closing::Refuse(proto::frame::encode_welcome(&Welcome::Refused(Refusal::Gap)));
        }
        CloseReason::Broken { rule } => (close_code::PROTOCOL, rule.as_str()),
        CloseReason::Replaced => (proto::CLOSE_TAKEN_OVER, "another page has this session"),
        CloseReason::RoomEnded => (proto::CLOSE_ROOM_ENDED, "the room has ended"),
        CloseReason::Draining => (close_code::RESTART, "the server is going away"),
        CloseReason::Removed => (proto::CLOSE_REMOVED, "removed by the owner"),
    };
    Closing::Say(code, reason.to_owned())
}
