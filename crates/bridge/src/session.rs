//! One session: a page's side of a room. It outlives its connections by the resume window.
//!
//! The loop waits for the WebSocket, the room's deliveries, the trace and the clock, and hands each over; what to do
//! is decided in [`authority`] (who may), [`requests`] (what it means) and the sans-I/O endpoint (what is sent).

mod allowance;
mod authority;
mod outside;
mod requests;
mod streams;

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use lab::{Delivery, Request, mailbox};
use proto::{
    id::MemberId,
    limits,
    message::{Hello, Notice, Refusal, Secret, ServerMessage, Snapshot, Welcome},
    room::Role,
    server::{BATCH, Server},
};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use self::{allowance::Allowance, outside::Outside, streams::Parked};
use crate::{http::Shared, quota::Permit, room::Room};

/// A WebSocket ping is sent this often (RFC 6455 section 5.5.2)...
const PING_EVERY: Duration = Duration::from_secs(20);
/// ...and a page that says nothing for this long is gone.
const SILENCE: Duration = Duration::from_secs(45);
/// Bytes of trace events handed to the endpoint at a time: bulk is cut small, so that calls are never behind it for long.
const TRACE_BATCH: usize = 16 * 1024;

/// Stream bytes a session moves before the other tasks of its thread have a turn.
const QUANTUM: usize = 256 * 1024;

/// A connection for a session.
#[derive(Debug)]
pub(crate) struct Attach {
    pub(crate) socket: WebSocket,
    pub(crate) hello: Hello,
    pub(crate) permit: Permit,
    /// Dropped when the connection is over.
    pub(crate) _done: tokio::sync::oneshot::Sender<()>,
}

/// Why a connection is over.
#[derive(Debug, PartialEq, Eq)]
enum Over {
    /// It broke or went silent: the page may come back.
    Lost,
    /// It broke a rule of the protocol.
    Broken { rule: String },
    /// Another connection has the session.
    Replaced,
    /// The room has ended.
    RoomEnded,
    /// The server is going away.
    Draining,
    /// The owner has removed this person.
    Removed,
}

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
    parked: Parked,
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
    /// There may be something to send.
    dirty: bool,
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
            parked: Parked::default(),
            outside: Outside::default(),
            moved: 0,
            trace: None,
            newest,
            notice,
            progress: Allowance::new(limits::PROGRESS_BURST, Instant::now()),
            sources: Allowance::new(limits::SOURCE_BURST, Instant::now()),
            dirty: false,
        })
    }

    /// Serves connections until the session is over.
    pub(crate) async fn run(mut self, mut connections: mpsc::Receiver<Attach>) {
        let mut next = connections.recv().await;
        while let Some(attach) = next.take() {
            let Attach { mut socket, hello, permit, _done } = attach;
            let over = match self.welcome(&mut socket, &hello).await {
                Ok(()) => self.serve(&mut socket, &mut connections, &mut next).await,
                Err(over) => over,
            };
            self.endpoint.disconnected();
            self.trace = None;
            close(socket, &over).await;
            drop(permit);
            next = match (over, next.take()) {
                (Over::RoomEnded | Over::Draining | Over::Removed, _) => None,
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
    async fn welcome(&mut self, socket: &mut WebSocket, hello: &Hello) -> Result<(), Over> {
        let received = hello.session.as_ref().and_then(|session| session.received);
        let welcome = match self.endpoint.connected(received) {
            Ok(server_received) if received.is_some() => Welcome::Resumed { received: server_received },
            Ok(_) => {
                if hello.session.is_some() {
                    self.forget_page().await?;
                }
                Welcome::Begun(Box::new(self.snapshot().await?))
            }
            Err(_gap) => {
                let refused = proto::frame::encode_welcome(&Welcome::Refused(Refusal::Gap));
                let _lost = socket.send(Message::Binary(refused)).await;
                return Err(Over::Lost);
            }
        };
        self.endpoint.welcome(&welcome);
        self.dirty = true;
        Ok(())
    }

    /// The page lost its state: what lived in it is over, and the token it had is no other page's any more.
    async fn forget_page(&mut self) -> Result<(), Over> {
        let mut token = [0; 16];
        getrandom::fill(&mut token).map_err(|error| {
            tracing::error!(%error, "no randomness");
            Over::Lost
        })?;
        self.room.rename(&self.token, token);
        self.token = token;
        self.parked = Parked::default();
        self.outside = Outside::default();
        self.request(Request::CloseStreams { member: self.member }).await?;
        self.request(Request::EndPagePrograms { member: self.member }).await
    }

    async fn snapshot(&self) -> Result<Snapshot, Over> {
        let lab = &self.room.lab;
        let directory = lab.directory().await.map_err(|_| Over::RoomEnded)?;
        let own = lab.belongings(self.member).await.map_err(|_| Over::RoomEnded)?;
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
            features: self.shared.rooms.features().clone(),
        })
    }

    /// Serves one connection until it is over. A connection that takes over is put into `next`.
    async fn serve(
        &mut self,
        socket: &mut WebSocket,
        connections: &mut mpsc::Receiver<Attach>,
        next: &mut Option<Attach>,
    ) -> Over {
        // While nobody was there the room read what it was allowed; now there may be room for more.
        if let Err(over) = self.allow_streams().await {
            return over;
        }
        let mut heard = Instant::now();
        let mut ping = tokio::time::interval(PING_EVERY);
        ping.reset();
        let (ended, draining) = (self.room.ended.clone(), self.shared.drain.clone());
        let removed = self.removed.clone();
        let (mut sink, mut stream) = socket.split();
        loop {
            self.gather_trace();
            if let Err(over) = self.take_turns().await {
                return over;
            }
            if self.moved >= QUANTUM {
                self.moved = 0;
                tokio::task::yield_now().await;
            }
            let traced = self.trace.is_some() && self.endpoint.trace_room() > TRACE_BATCH;
            let handled = tokio::select! {
                sent = transmit(&mut sink, &mut self.endpoint), if self.dirty => {
                    self.dirty = false;
                    sent.and(self.take_events().await)
                }
                message = stream.next() => {
                    heard = Instant::now();
                    self.handle(message).await
                }
                Some(delivery) = self.deliveries.recv() => {
                    match self.deliver(delivery).await {
                        Ok(()) => self.allow_streams().await,
                        over => over,
                    }
                }
                ready = self.outside.ready() => self.outside_ready(ready).await,
                () = std::future::ready(()), if self.outside.has_turns() => Ok(()),
                _ = self.newest.changed(), if traced => Ok(()),
                _ = self.notice.changed() => self.tell(),
                attach = connections.recv() => {
                    *next = attach;
                    Err(Over::Replaced)
                }
                _ = ping.tick() => {
                    if heard.elapsed() > SILENCE {
                        Err(Over::Lost)
                    } else {
                        sink.send(Message::Ping(Bytes::new())).await.map_err(|_| Over::Lost)
                    }
                }
                () = removed.cancelled() => Err(Over::Removed),
                () = ended.cancelled() => Err(Over::RoomEnded),
                () = draining.begun() => Err(Over::Draining),
            };
            if let Err(over) = handled {
                return over;
            }
        }
    }

    async fn handle(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), Over> {
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                self.endpoint
                    .handle_message(bytes)
                    .map_err(|error| Over::Broken { rule: error.to_string() })?;
                // An acknowledgement may be due although nothing else happens.
                self.dirty = true;
                self.take_events().await
            }
            Some(Ok(Message::Text(_))) => Err(Over::Broken { rule: "messages are binary".to_owned() }),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Over::Lost),
        }
    }

    fn tell(&mut self) -> Result<(), Over> {
        let news = self.notice.borrow_and_update().clone();
        if let Some(notice) = news {
            self.send(ServerMessage::Notice(notice), Bytes::new());
        }
        Ok(())
    }

    fn send(&mut self, message: ServerMessage, payload: Bytes) {
        self.endpoint.send(message, payload);
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

    async fn request(&self, request: Request) -> Result<(), Over> {
        self.room.lab.request(request).await.map_err(|_| Over::RoomEnded)
    }
}

/// Sends all there is to send.
async fn transmit<S>(sink: &mut S, endpoint: &mut Server) -> Result<(), Over>
where
    S: futures_util::Sink<Message, Error = axum::Error> + Unpin,
{
    use std::{future::poll_fn, pin::Pin};
    loop {
        // First what an earlier turn left: this future may be dropped while it flushes.
        poll_fn(|cx| Pin::new(&mut *sink).poll_flush(cx)).await.map_err(|_| Over::Lost)?;
        // Only when the WebSocket can take it: what waits in the endpoint can still be overtaken.
        poll_fn(|cx| Pin::new(&mut *sink).poll_ready(cx)).await.map_err(|_| Over::Lost)?;
        let Some(message) = endpoint.poll_transmit(BATCH) else { break };
        Pin::new(&mut *sink).start_send(Message::Binary(message)).map_err(|_| Over::Lost)?;
    }
    Ok(())
}

/// Ends a connection, naming the reason (RFC 6455 section 7.4).
async fn close(mut socket: WebSocket, over: &Over) {
    let (code, reason) = match over {
        Over::Lost => return,
        Over::Broken { rule } => (close_code::PROTOCOL, rule.as_str()),
        Over::Replaced => (proto::CLOSE_TAKEN_OVER, "another page has this session"),
        Over::RoomEnded => (proto::CLOSE_ROOM_ENDED, "the room has ended"),
        Over::Draining => (close_code::RESTART, "the server is going away"),
        Over::Removed => (proto::CLOSE_REMOVED, "removed by the owner"),
    };
    // A close frame carries at most 123 bytes of reason.
    let reason: String = reason.chars().take(100).filter(char::is_ascii).collect();
    let frame = CloseFrame { code, reason: reason.into() };
    let closing = socket.send(Message::Close(Some(frame)));
    // Whoever does not take the close frame in time is cut off.
    let _late = tokio::time::timeout(Duration::from_secs(1), closing).await;
}
