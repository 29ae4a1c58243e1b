//! A room: one task that waits, hands over to the world, and waits again. It decides nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use proto::{
    call::{Call, CallError},
    id::{CallId, Fd, HostId, MemberId, ProgramId, StreamId},
    limits,
    message::{HostCommand, WireCommand},
    room::{HostInfo, Lifetime, MemberInfo, ProgramInfo, Role, StepOutcome, WireSettings},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

pub use crate::world::CallRequest;
use crate::{
    account::{Account, Charge},
    capture::Capture,
    delivery::Mailbox,
    epoll::Token,
    history::History,
    keeper::HostFds,
    laboratory::{self, OpenError},
    log::TraceLog,
    world::{Setting, World},
};

/// Requests that wait for the room's task; more callers wait for room.
const QUEUE: usize = 256;
/// What one command counts for in a turn of the room's task, beside the message itself; a turn is 128.
const WEIGHT: usize = 7;
/// A day: as good as never, for a room with nothing due.
const IDLE: Duration = Duration::from_secs(86_400);

/// Everybody and everything in a room.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// The people.
    pub members: Vec<MemberInfo>,
    /// The machines.
    pub hosts: Vec<HostInfo>,
    /// The programs.
    pub programs: Vec<ProgramInfo>,
    /// The wire.
    pub wire: WireSettings,
}

/// What of a room concerns one person in particular.
#[derive(Clone, Debug, Default)]
pub struct Belongings {
    /// Open descriptors of their programs.
    pub descriptors: Vec<(ProgramId, Fd)>,
    /// Their calls that still wait.
    pub waiting: Vec<(CallId, ProgramId, Call)>,
}

/// Something a person's page asks of the room. Who may ask is decided before; the answer goes to their mailbox.
#[derive(Debug)]
#[allow(missing_docs, reason = "as the messages of the protocol with the same names")]
pub enum Request {
    Call(CallRequest),
    Cancel {
        member: MemberId,
        id: CallId,
    },
    OpenProgram {
        member: MemberId,
        id: CallId,
        host: HostId,
        name: String,
        lifetime: Lifetime,
    },
    CloseProgram {
        member: MemberId,
        id: CallId,
        program: ProgramId,
    },
    EndPagePrograms {
        member: MemberId,
    },
    OpenStream {
        member: MemberId,
        stream: StreamId,
        program: ProgramId,
        fd: Fd,
        credit: u64,
    },
    StreamData {
        member: MemberId,
        stream: StreamId,
        data: Bytes,
    },
    StreamCredit {
        member: MemberId,
        stream: StreamId,
        total: u64,
    },
    FinishStream {
        member: MemberId,
        stream: StreamId,
    },
    CloseStream {
        member: MemberId,
        stream: StreamId,
    },
    CloseStreams {
        member: MemberId,
    },
    Output {
        member: MemberId,
        program: ProgramId,
        error: bool,
        text: String,
    },
    /// The text of a program in somebody's editor.
    Source {
        member: MemberId,
        host: HostId,
        name: String,
        text: String,
    },
    /// What somebody has brought to the front on a machine.
    InFront {
        member: MemberId,
        host: HostId,
        name: String,
    },
    Wire {
        member: MemberId,
        id: CallId,
        command: WireCommand,
    },
    Host {
        member: MemberId,
        id: CallId,
        host: HostId,
        command: HostCommand,
    },
    Rename {
        member: MemberId,
        name: String,
    },
    Progress {
        member: MemberId,
        lesson: String,
        step: String,
        outcome: StepOutcome,
    },
    Redirect {
        member: MemberId,
        mailbox: Mailbox,
    },
    Leave {
        member: MemberId,
    },
}

enum Command {
    Request(Request),
    Join { name: String, role: Role, mailbox: Mailbox, answer: oneshot::Sender<Result<MemberId, CallError>> },
    Directory { answer: oneshot::Sender<Directory> },
    Belongings { member: MemberId, answer: oneshot::Sender<Belongings> },
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
        setting: Setting,
        of_room: Option<Charge>,
        history: Arc<History>,
        server: HostFds,
        client: HostFds,
    ) -> Result<(Self, JoinHandle<()>), OpenError> {
        let log = Arc::new(TraceLog::new(Arc::clone(&history)));
        let capture = Arc::new(Capture::new(history));
        let memory = Account::new("room-memory", limits::ROOM_MEMORY);
        let (own_log, own_capture) = (Arc::clone(&log), Arc::clone(&capture));
        let mut world = World::new(setting, own_log, own_capture, Arc::clone(&memory))?;
        world.begin_room(server, client).map_err(laboratory::limit)?;
        let (commands, queue) = mpsc::channel(QUEUE);
        let task = tokio::spawn(async move {
            run(world, queue).await;
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
        let ended = |_| CallError::Protocol { rule: "the room has ended".to_owned() };
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
    pub async fn belongings(&self, member: MemberId) -> Result<Belongings, Ended> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::Belongings { member, answer }).await?;
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
async fn run(mut world: World, mut commands: mpsc::Receiver<Command>) {
    let epoll = Arc::clone(&world.epoll);
    let mut freed = world.take_freed();
    let mut results_freed = world.take_results_freed();
    let mut outside_work = world.take_outside_work();
    let mut outside = FuturesUnordered::new();
    let sleep = tokio::time::sleep(IDLE);
    tokio::pin!(sleep);
    loop {
        if world.is_sleeper_wanted() {
            world.wake_sleeper().await;
        }
        if world.is_hold_over(Instant::now()) {
            world.end_hold().await;
        }
        if let Some(host) = world.drops_due() {
            world.count_drops(host).await;
        }
        let due = world.next_due().unwrap_or_else(|| Instant::now() + IDLE);
        sleep.as_mut().reset(due.into());
        tokio::select! {
            command = commands.recv() => match command {
                None | Some(Command::End) => break,
                Some(command) => {
                    carry_out(&mut world, command).await;
                    // A command may be as much work as a packet's whole way: others have their turn sooner than the
                    // runtime would give it to them.
                    for _ in 0..WEIGHT {
                        tokio::task::coop::consume_budget().await;
                    }
                }
            },
            ready = epoll.ready() => match ready {
                Ok(tokens) => tokens.into_iter().for_each(|token| hand_over(&mut world, token)),
                Err(error) => {
                    tracing::error!(%error, "the room can no longer wait for its sockets");
                    break;
                }
            },
            Some(socket) = async { freed.as_mut()?.recv().await } => world.stream_ready(socket),
            Some(member) = async { results_freed.as_mut()?.recv().await } => world.feed(member),
            Some(work) = async { outside_work.as_mut()?.recv().await } => outside.push(work),
            Some(done) = outside.next() => world.outside_done(done),
            () = &mut sleep => world.run_timers(Instant::now()),
            () = std::future::ready(()), if world.is_busy() => tokio::task::yield_now().await,
        }
        world.settle();
    }
    world.end_room();
}

fn hand_over(world: &mut World, token: Token) {
    match token {
        Token::Tun(host) | Token::Tap(host) => world.drain(host),
        Token::Socket(socket) => world.socket_ready(socket),
    }
}

async fn carry_out(world: &mut World, command: Command) {
    match command {
        Command::Request(request) => carry_out_request(world, request).await,
        Command::Join { name, role, mailbox, answer } => {
            let joined = world.join(name, role, mailbox).await;
            if let Err(Ok(member)) = answer.send(joined) {
                // Who asked is gone already.
                world.leave(member);
            }
        }
        Command::Directory { answer } => drop(answer.send(world.directory())),
        Command::Belongings { member, answer } => {
            let descriptors = world.descriptors_of(member);
            drop(answer.send(Belongings { descriptors, waiting: world.waiting_of(member) }));
        }
        Command::End => {}
    }
}

async fn carry_out_request(world: &mut World, request: Request) {
    match request {
        Request::Call(call) => world.call(call).await,
        Request::Cancel { member, id } => world.cancel(member, id),
        Request::OpenProgram { member, id, host, name, lifetime } => {
            world.open_program(member, id, host, &name, lifetime);
        }
        Request::CloseProgram { member, id, program } => world.close_program(member, id, program),
        Request::EndPagePrograms { member } => world.end_page_programs(member),
        Request::OpenStream { member, stream, program, fd, credit } => {
            world.open_stream(member, stream, program, fd, credit);
        }
        Request::StreamData { member, stream, data } => world.stream_data(member, stream, data),
        Request::StreamCredit { member, stream, total } => world.stream_credit(member, stream, total),
        Request::FinishStream { member, stream } => world.finish_stream(member, stream),
        Request::CloseStream { member, stream } => world.close_stream(member, stream),
        Request::CloseStreams { member } => world.close_streams(member),
        Request::Output { member, program, error, text } => world.output(member, program, error, text),
        Request::Source { member, host, name, text } => world.source(member, host, &name, text),
        Request::InFront { member, host, name } => world.in_front(member, host, &name),
        Request::Wire { member, id, command } => world.command_wire(member, id, command).await,
        Request::Host { member, id, host, command } => world.command_host(member, id, host, command).await,
        Request::Rename { member, name } => world.rename(member, &name),
        Request::Progress { member, lesson, step, outcome } => {
            world.progress(member, &lesson, &step, outcome);
        }
        Request::Redirect { member, mailbox } => world.redirect(member, mailbox),
        Request::Leave { member } => world.leave(member),
    }
}
