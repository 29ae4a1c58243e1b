//! A room: one task that waits, hands over to the world, and waits again. It decides nothing, and the world waits for
//! nothing: what takes time the world gives to this task as work.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use proto::{
    call::CallError,
    id::MemberId,
    limits::{self, Limit},
    room::Role,
    rules::ProtocolRule,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    account::{Account, Charge},
    capture::Capture,
    delivery::Mailbox,
    history::History,
    keeper::HostFds,
    log::TraceLog,
    request::{Directory, MemberState, Request},
    syscall,
    world::{RoomConfig, Wakes, World, socket_memory},
};

/// Requests that wait for the room's task; more callers wait for room.
const QUEUE: usize = 256;
/// Bytes that a room costs without any history, about.
const COST: usize = 192 * 1024;
/// What one command counts for in a turn of the room's task, beside the message itself; a turn is 128.
const WEIGHT: usize = 7;
/// A day: as good as never, for a room with nothing due.
const IDLE: Duration = Duration::from_secs(86_400);

enum Command {
    Request(Request),
    Join { name: String, role: Role, mailbox: Mailbox, answer: oneshot::Sender<Result<MemberId, CallError>> },
    Directory { answer: oneshot::Sender<Directory> },
    MemberState { member: MemberId, answer: oneshot::Sender<MemberState> },
    SocketMemory { answer: oneshot::Sender<usize> },
    End,
}

/// A handle on a room. The room ends when it is told to, or with its last handle.
#[derive(Clone, Debug)]
pub struct Room {
    commands: mpsc::Sender<Command>,
    log: Arc<TraceLog>,
    capture: Arc<Capture>,
    memory: Arc<Account>,
}

/// The room has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the room has ended")]
pub struct Ended;

impl Room {
    /// Starts a room with its first two machines.
    ///
    /// # Errors
    /// As epoll_create(2) and epoll_ctl(2), and a limit of descriptors.
    pub(crate) fn start(
        config: RoomConfig,
        of_room: Option<Charge>,
        memory: &Arc<Account>,
        history: Arc<History>,
        server: HostFds,
        client: HostFds,
    ) -> Result<(Self, JoinHandle<()>), CallError> {
        let log = Arc::new(TraceLog::new(Arc::clone(&history)));
        let capture = Arc::new(Capture::new(history));
        let of_room = (of_room, memory.note(COST));
        let memory = memory.within(Limit::RoomMemory, limits::ROOM_MEMORY, 0);
        let (own_log, own_capture) = (Arc::clone(&log), Arc::clone(&capture));
        let (mut world, wakes) = World::new(config, own_log, own_capture, Arc::clone(&memory))
            .map_err(|error| CallError::errno(syscall::errno_of(&error)))?;
        world.begin_room(server, client)?;
        let (commands, queue) = mpsc::channel(QUEUE);
        let task = tokio::spawn(async move {
            run(world, queue, wakes).await;
            drop(of_room);
        });
        Ok((Self { commands, log, capture, memory }, task))
    }

    /// The room's trace.
    pub fn trace(&self) -> &Arc<TraceLog> {
        &self.log
    }

    /// The room's packets, byte by byte.
    pub fn capture(&self) -> &Arc<Capture> {
        &self.capture
    }

    /// What is kept for everybody in the room: what a session keeps is counted here too.
    pub fn memory(&self) -> &Arc<Account> {
        &self.memory
    }

    /// A person comes.
    ///
    /// # Errors
    /// [`CallError::Limit`] when the room is full or has ended, [`CallError::Errno`] when no machine can be made.
    pub async fn join(&self, name: String, role: Role, mailbox: Mailbox) -> Result<MemberId, CallError> {
        let (answer, answered) = oneshot::channel();
        let ended = |_| ProtocolRule::RoomEnded.broken();
        self.command(Command::Join { name, role, mailbox, answer }).await.map_err(ended)?;
        answered.await.map_err(|_| ended(Ended))?
    }

    /// Everybody and everything in the room.
    ///
    /// # Errors
    /// [`Ended`].
    pub async fn directory(&self) -> Result<Directory, Ended> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::Directory { answer }).await?;
        answered.await.map_err(|_| Ended)
    }

    /// What is a person's own in the room.
    ///
    /// # Errors
    /// [`Ended`].
    pub async fn member_state(&self, member: MemberId) -> Result<MemberState, Ended> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::MemberState { member, answer }).await?;
        answered.await.map_err(|_| Ended)
    }

    /// Bytes that the kernel keeps in the room's TCP sockets, as it says.
    ///
    /// # Errors
    /// [`Ended`].
    pub async fn socket_memory(&self) -> Result<usize, Ended> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::SocketMemory { answer }).await?;
        answered.await.map_err(|_| Ended)
    }

    /// Hands a request over.
    ///
    /// # Errors
    /// [`Ended`].
    pub async fn request(&self, request: Request) -> Result<(), Ended> {
        self.command(Command::Request(request)).await
    }

    /// Ends the room: every program, machine and socket.
    pub async fn end(&self) {
        // A room that has ended already is what was wanted.
        let _ended = self.command(Command::End).await;
    }

    async fn command(&self, command: Command) -> Result<(), Ended> {
        self.commands.send(command).await.map_err(|_| Ended)
    }
}

/// The room's task.
async fn run(mut world: World, mut commands: mpsc::Receiver<Command>, mut wakes: Wakes) {
    let mut work = FuturesUnordered::new();
    let sleep = tokio::time::sleep(IDLE);
    tokio::pin!(sleep);
    loop {
        work.extend(world.take_work());
        let due = world.next_due().unwrap_or_else(|| Instant::now() + IDLE);
        sleep.as_mut().reset(due.into());
        tokio::select! {
            command = commands.recv() => match command {
                None | Some(Command::End) => break,
                Some(command) => {
                    carry_out(&mut world, command);
                    // A command may be as much work as a packet's whole way: others have their turn sooner than the
                    // runtime would give it to them.
                    for _ in 0..WEIGHT {
                        tokio::task::coop::consume_budget().await;
                    }
                }
            },
            ready = wakes.epoll.ready() => match ready {
                Ok(tokens) => tokens.into_iter().for_each(|token| world.ready(token)),
                Err(error) => {
                    tracing::error!(%error, "the room can no longer wait for its sockets");
                    break;
                }
            },
            Some(socket) = wakes.chunks_taken.recv() => world.stream_ready(socket),
            Some(member) = wakes.results_taken.recv() => world.results_taken(member),
            Some(done) = work.next() => world.done(done),
            () = &mut sleep => world.run_timers(Instant::now()),
            () = std::future::ready(()), if world.is_busy() => tokio::task::yield_now().await,
        }
        world.settle();
    }
    world.end_room();
}

fn carry_out(world: &mut World, command: Command) {
    match command {
        Command::Request(request) => world.request(request),
        Command::Join { name, role, mailbox, answer } => world.join(name, role, mailbox, answer),
        Command::Directory { answer } => drop(answer.send(world.directory())),
        Command::MemberState { member, answer } => drop(answer.send(world.member_state(member))),
        Command::SocketMemory { answer } => drop(answer.send(socket_memory(world))),
        Command::End => {}
    }
}
