//! A room's world: machines, the wire, programs, sockets and people, and everything that happens to them.
//!
//! It decides and acts, and never waits: [`crate::room`] waits and hands over. It alone makes the room's system calls
//! and writes the trace, so `seq` is the order in which things happened. What takes time (the keeper's work, names
//! outside) it gives away as work, and hears later what came of it.
//!
//! Each part has its own state, and knows only those above it in this table:
//!
//! | module | owns |
//! | --- | --- |
//! | `observer` | what is known of the kernels' sockets, the log |
//! | `machines` (`tables`, `settings`, `socket_pool`, `paths`) | machines; programs and their descriptor tables; names of AF_UNIX |
//! | `network` | packets on the wire, what is recorded of them, the capture |
//! | `lan` | the three together: one step, with cause and effect; timers |
//! | `people` | members and where their deliveries go |
//! | `sockets` (and its folder), `streams`, `waiting` | kernel sockets and epolls with their queues, streams, calls that wait |
//! | `calls` (`attempt`) | all of that: calls from begin to end |
//! | `world` (`library`, `socket_orders`, `unix`, `joining`, `commands`, `effects`) | requests, and what is waited for outside |

mod attempt;
mod calls;
mod commands;
mod effects;
mod joining;
mod lan;
mod library;
mod machines;
mod names;
mod network;
mod observer;
mod paths;
mod people;
mod settings;
mod shares;
mod socket_orders;
mod socket_pool;
mod sockets;
mod streams;
mod tables;
mod timers;
mod unix;
mod unix_names;
mod waiting;

use std::{
    collections::BTreeMap,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use proto::{
    call::CallError,
    id::{CallRef, HostId, MemberId, SocketId},
    limits,
    message::ClientMessage,
    room::Lifetime,
};
use tokio::sync::mpsc;

pub(crate) use self::machines::first_specs;
use self::{
    calls::Calls,
    commands::Command,
    effects::{Work, WorkResult},
    lan::Lan,
    machines::{Machines, Plan},
    network::Network,
    observer::Observer,
    people::People,
    socket_orders::SocketOrders,
    sockets::Sockets,
    streams::{StreamOp, Streams},
    timers::{Timer, Timers},
};
use crate::{
    account::Account,
    capture::Capture,
    descriptors::Descriptors,
    diag,
    epoll::{Epoll, Token},
    keeper::{HostFds, Keeper},
    log::TraceLog,
    outside::Outside,
    request::Request,
    service::Service,
    wire::Wire,
};

/// What a room is made with.
#[derive(Clone, Debug)]
pub(crate) struct RoomConfig {
    pub(crate) keeper: Keeper,
    pub(crate) outside: Option<Arc<dyn Outside>>,
    pub(crate) services: Arc<[Service]>,
    pub(crate) limits: RoomLimits,
    pub(crate) descriptors: Descriptors,
    /// What the buffers of the room's sockets may come to hold.
    pub(crate) buffers: Arc<Account>,
}

/// What an operator may limit in each room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomLimits {
    /// How long the wire holds packets before it lets all of them through. Default [`limits::HOLD_MS`].
    pub hold: Duration,
    /// Bytes of packets a second between the machines of one room, 0 for as many as come. What comes faster is
    /// delayed, never refused; a machine's loopback is not counted. Default 8 MiB.
    pub bytes_per_second: u64,
    /// Packets recorded one by one at once, before any have to be aggregated. Default 4,000.
    pub packet_events: u32,
    /// How many more of them a room earns a second. Default 2,000.
    pub packet_events_per_second: u32,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self {
            hold: Duration::from_millis(limits::HOLD_MS),
            bytes_per_second: limits::ROOM_BYTES_PER_SECOND,
            packet_events: 4_000,
            packet_events_per_second: 2_000,
        }
    }
}

/// What the room's task waits for on behalf of its world, beside requests and work.
#[derive(Debug)]
pub(crate) struct Wakes {
    /// Descriptors that are ready.
    pub(crate) epoll: Arc<Epoll>,
    /// Sockets with a stream of which chunks have been taken.
    pub(crate) chunks_taken: mpsc::UnboundedReceiver<SocketId>,
    /// Members whose page has taken results that receives wait for.
    pub(crate) results_taken: mpsc::UnboundedReceiver<MemberId>,
}

/// A room's world.
pub(crate) struct World {
    calls: Calls,
    keeper: Keeper,
    /// What the room's task is to wait for.
    work: Vec<Work>,
    /// The machine with the ready-made servers is being made, and these calls wait for it.
    making_tutorial: bool,
    tutorial_callers: Vec<CallRef>,
    socket_orders: SocketOrders,
    /// Kernels of machines are being told their settings, and these commands are answered then.
    telling: bool,
    to_answer: Vec<Command>,
    /// Commands whose machine gets a new network.
    making_networks: BTreeMap<u64, Command>,
    last_command: u64,
    /// The teacher of the room's class holds the wire: nobody in the room lets anything through.
    held_for_class: bool,
}

/// Bytes that the kernel keeps in the TCP sockets of all machines, also in those that no program has.
pub(crate) fn socket_memory(world: &World) -> usize {
    let machines = &world.calls.lan.machines;
    let hosts = machines.ids().into_iter().filter_map(|id| machines.get(id));
    // What cannot be looked at is about to end.
    hosts.map(|host| diag::memory(&host.diag).unwrap_or(0)).sum()
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("calls", &self.calls).finish_non_exhaustive()
    }
}

impl World {
    /// # Errors
    /// As epoll_create(2).
    pub(crate) fn new(
        config: RoomConfig,
        log: Arc<TraceLog>,
        capture: Arc<Capture>,
        memory: Arc<Account>,
    ) -> io::Result<(Self, Wakes)> {
        let RoomConfig { keeper, outside, services, limits, descriptors, buffers } = config;
        let RoomLimits { hold, bytes_per_second, packet_events, packet_events_per_second } = limits;
        let epoll = Arc::new(Epoll::new()?);
        let wire = Wire::new(hold, bytes_per_second);
        let lan = Lan {
            machines: Machines::new(services, descriptors.clone(), Arc::clone(&epoll)),
            network: Network::new(wire, capture, packet_events, packet_events_per_second),
            observer: Observer::new(log),
            timers: Timers::default(),
        };
        let (people, results_taken) = People::new(memory);
        let (streams, chunks_taken) = Streams::new();
        let sockets = Sockets::new(Arc::clone(&epoll), descriptors, buffers);
        let world = Self {
            calls: Calls::new(lan, people, sockets, streams, outside),
            keeper,
            work: Vec::new(),
            making_tutorial: false,
            tutorial_callers: Vec::new(),
            socket_orders: SocketOrders::default(),
            telling: false,
            to_answer: Vec::new(),
            making_networks: BTreeMap::new(),
            last_command: 0,
            held_for_class: false,
        };
        Ok((world, Wakes { epoll, chunks_taken, results_taken }))
    }

    /// Puts the two machines every room begins with in place.
    pub(crate) fn begin_room(&mut self, server: HostFds, client: HostFds) -> Result<(), CallError> {
        for (plan, fds) in Plan::first().into_iter().zip([server, client]) {
            self.calls.lan.add_host(plan, fds)?;
        }
        Ok(())
    }

    /// Work that the room's task has to wait for.
    pub(crate) fn take_work(&mut self) -> Vec<Work> {
        std::mem::take(&mut self.work)
    }

    /// Some of it is done.
    pub(crate) fn done(&mut self, done: WorkResult) {
        match done {
            WorkResult::Resolved(call, answer) => self.resolved(call, answer),
            WorkResult::Sockets(wanted, made) => self.sockets_made(wanted, made),
            WorkResult::Guest(joining, made) => self.guest_made(joining, made),
            WorkResult::Network(command, made) => self.network_made(command, made),
            WorkResult::Tutorial(made) => self.tutorial_made(made),
            WorkResult::Settings(told) => self.settings_told(told),
            WorkResult::Drops(host, dropped) => self.calls.lan.count_drops(host, dropped),
        }
    }

    /// When the world wants to be woken next.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.calls.lan.next_due()
    }

    /// Does what is due by `now`.
    pub(crate) fn run_timers(&mut self, now: Instant) {
        while let Some(timer) = self.calls.lan.timers.due(now) {
            match timer {
                Timer::CallWait(call) => self.calls.wait_ran_out(call),
                Timer::Look(host) => self.calls.lan.look(host),
                Timer::Kernel(host) => self.calls.lan.kernel_timer_ran_out(host, now),
                Timer::Unresolved(host, address) => self.calls.lan.answer_for_unresolved(host, address),
                Timer::Echo(call) => self.calls.echo_timed_out(call),
                Timer::Drops(host) => self.ask_for_drops(host),
                Timer::Pool(host) => self.calls.lan.close_unwanted_sockets(host, now),
            }
        }
        self.calls.lan.run_wire(now);
        if self.calls.lan.network.is_hold_over(now) {
            self.end_hold();
        }
    }

    fn ask_for_drops(&mut self, host: HostId) {
        if let Some(machine) = self.calls.lan.machines.get(host) {
            let namespace = machine.namespace.clone();
            self.work.push(effects::drops(self.keeper.clone(), host, namespace));
        }
    }

    /// A descriptor that the room's task waits for is ready.
    pub(crate) fn ready(&mut self, token: Token) {
        match token {
            Token::Tun(host) | Token::Tap(host) => self.calls.lan.drain(host),
            Token::Socket(socket) => self.calls.socket_ready(socket),
            Token::Flight(number) => self.calls.landed(number),
        }
    }

    /// Chunks of a socket's stream have been taken.
    pub(crate) fn stream_ready(&mut self, socket: SocketId) {
        self.calls.stream_ready(socket);
    }

    /// A member's page has taken results.
    pub(crate) fn results_taken(&mut self, member: MemberId) {
        self.calls.results_taken(member);
    }

    /// Whether packets wait to be written: the room's task then comes back before it waits.
    pub(crate) fn is_busy(&self) -> bool {
        self.calls.lan.network.is_busy()
    }

    /// Lets packets arrive until nothing moves or it is somebody else's turn.
    pub(crate) fn settle(&mut self) {
        self.calls.lan.settle();
        if self.calls.lan.network.is_tutorial_wanted() {
            self.make_tutorial();
        }
    }

    /// Carries out what somebody's page asks for; the answer is delivered, now or later.
    pub(crate) fn request(&mut self, request: Request) {
        match request {
            Request::Message { member, message } => carry_out(self, member, message),
            Request::Call(call) => self.call(call),
            Request::StreamData { member, stream, data } => {
                self.calls.stream(member, stream, StreamOp::Data(data));
            }
            Request::CloseStreams { member } => self.calls.close_streams(member),
            Request::Redirect { member, mailbox } => self.calls.people.redirect(member, mailbox),
            Request::HoldForClass { held } => commands::hold_for_class(self, held),
            Request::Leave { member } => self.leave(member),
        }
    }
}

/// Does what a message of a member's page asks for.
fn carry_out(world: &mut World, member: MemberId, message: ClientMessage) {
    match message {
        ClientMessage::Cancel { id } => world.calls.cancel(member, id),
        ClientMessage::OpenProgram { id, host, name, lifetime } => {
            world.open_program(member, id, host, &name, lifetime);
        }
        ClientMessage::CloseProgram { id, program } => world.close_program(member, id, program),
        ClientMessage::Bye => world.end_programs(member, |lifetime| lifetime == Lifetime::Page),
        ClientMessage::OpenStream { stream, program, fd, credit } => {
            world.calls.open_stream(member, stream, (program, fd), credit);
        }
        ClientMessage::StreamCredit { stream, total } => {
            world.calls.stream(member, stream, StreamOp::Credit(total));
        }
        ClientMessage::StreamFinish { stream } => world.calls.stream(member, stream, StreamOp::Finish),
        ClientMessage::StreamClose { stream } => world.calls.stream(member, stream, StreamOp::Close),
        ClientMessage::Output { program, error, text } => world.output(member, program, error, text),
        ClientMessage::Source { host, name, text } => world.source(member, host, &name, text),
        ClientMessage::InFront { host, name } => world.in_front(member, host, &name),
        ClientMessage::Wire { id, command } => world.command_wire(member, id, &command),
        ClientMessage::Host { id, host, command } => world.command_host(member, id, host, command),
        ClientMessage::Rename { name } => world.rename(member, &name),
        ClientMessage::Progress { lesson, step, outcome } => {
            world.progress(member, &lesson, &step, outcome);
        }
        // A call comes with its bytes; the others are the session's own.
        ClientMessage::Call { .. }
        | ClientMessage::Subscribe { .. }
        | ClientMessage::Unsubscribe
        | ClientMessage::Remove { .. }
        | ClientMessage::KeepOpen => {}
    }
}
