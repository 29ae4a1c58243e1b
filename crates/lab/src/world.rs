//! A room's world: machines, the wire, programs, sockets and people, and everything that happens to them.
//!
//! It decides and acts, and never waits: [`crate::room`] waits and hands over. It alone makes the room's system
//! calls and writes the trace, so `seq` is the order in which things happened.

mod attempt;
mod calls;
mod connect;
mod drops;
mod evidence;
mod hosts;
mod immediate;
mod outside;
mod packets;
mod people;
mod ping;
mod shares;
mod sockets;
mod spares;
mod states;
mod streams;
mod timers;
mod wiring;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use proto::{
    id::{CallId, CallRef, HostId, MemberId, PacketId, ProgramId, SocketId},
    limits,
    trace::What,
};
use tokio::sync::mpsc;

pub use self::calls::CallRequest;
use self::{
    calls::Waiting, hosts::Host, packets::Traffic, people::Member, sockets::Socket, streams::Streams,
    timers::Timers,
};
pub(crate) use self::{evidence::Control, hosts::first_specs, timers::Timer};
use crate::{
    account::Account, capture::Capture, descriptors::Descriptors, epoll::Epoll, keeper::Keeper,
    log::TraceLog, outside::Outside, program::Program, service::Service, wire::Wire,
};

/// What a room is made with.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) keeper: Keeper,
    pub(crate) outside: Option<Arc<dyn Outside>>,
    pub(crate) services: Arc<[Service]>,
    pub(crate) limits: RoomLimits,
    pub(crate) descriptors: Descriptors,
}

/// What an operator may limit in each room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomLimits {
    /// How long the wire holds packets before it lets all of them through. Default [`limits::HOLD_MS`].
    pub hold: Duration,
    /// Bytes of packets a second between the machines of one room, 0 for as many as come. What comes faster is
    /// delayed, never refused; a machine's loopback is not counted. Default 8 MiB.
    pub bytes_per_second: u64,
    /// Packets recorded one by one at once, before any have to be summed up. Default 4,000.
    pub packet_events: u32,
    /// How many more of them a room earns a second. Default 2,000.
    pub packet_events_per_second: u32,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self {
            hold: Duration::from_millis(limits::HOLD_MS),
            bytes_per_second: 8 * 1024 * 1024,
            packet_events: 4_000,
            packet_events_per_second: 2_000,
        }
    }
}

/// The numbers given out so far. None is used twice.
#[derive(Debug, Default)]
struct Numbers {
    host: u32,
    program: u32,
    socket: u32,
    member: u32,
    call: u64,
    packet: u64,
}

impl Numbers {
    fn host(&mut self) -> HostId {
        self.host += 1;
        HostId(self.host)
    }

    fn program(&mut self) -> ProgramId {
        self.program += 1;
        ProgramId(self.program)
    }

    fn socket(&mut self) -> SocketId {
        self.socket += 1;
        SocketId(self.socket)
    }

    fn member(&mut self) -> MemberId {
        self.member += 1;
        MemberId(self.member)
    }

    fn call(&mut self) -> CallRef {
        self.call += 1;
        CallRef(self.call)
    }

    fn packet(&mut self) -> PacketId {
        self.packet += 1;
        PacketId(self.packet)
    }
}

/// Both ends of what says that a member's page has taken results.
type ResultsFreed = (mpsc::UnboundedSender<MemberId>, Option<mpsc::UnboundedReceiver<MemberId>>);

/// A room's world.
pub(crate) struct World {
    pub(crate) epoll: Arc<Epoll>,
    setting: Setting,
    log: Arc<TraceLog>,
    capture: Arc<Capture>,
    numbers: Numbers,
    hosts: BTreeMap<HostId, Host>,
    programs: BTreeMap<ProgramId, Program>,
    sockets: HashMap<SocketId, Socket>,
    members: BTreeMap<MemberId, Member>,
    waiting: BTreeMap<CallRef, Waiting>,
    /// The page's number of each waiting call.
    asked: HashMap<(MemberId, CallId), CallRef>,
    wire: Wire,
    traffic: Traffic,
    streams: Streams,
    timers: Timers,
    /// What is kept for everybody in the room.
    memory: Arc<Account>,
    results_freed: ResultsFreed,
    /// Outside work to be waited for by the room's task.
    outside_work: outside::OutsideQueue,
}

impl World {
    /// # Errors
    /// As epoll_create(2).
    pub(crate) fn new(
        setting: Setting,
        log: Arc<TraceLog>,
        capture: Arc<Capture>,
        memory: Arc<Account>,
    ) -> std::io::Result<Self> {
        let (freed, told) = mpsc::unbounded_channel();
        let RoomLimits { hold, bytes_per_second, packet_events, packet_events_per_second } = setting.limits;
        Ok(Self {
            epoll: Arc::new(Epoll::new()?),
            setting,
            log,
            capture,
            numbers: Numbers::default(),
            hosts: BTreeMap::new(),
            programs: BTreeMap::new(),
            sockets: HashMap::new(),
            members: BTreeMap::new(),
            waiting: BTreeMap::new(),
            asked: HashMap::new(),
            wire: Wire::new(hold, bytes_per_second),
            traffic: Traffic::new(packet_events, packet_events_per_second),
            streams: Streams::default(),
            timers: Timers::default(),
            memory,
            results_freed: (freed, Some(told)),
            outside_work: outside::OutsideQueue::default(),
        })
    }

    fn record(&self, what: What) {
        self.log.record(what);
    }

    /// When the world wants to be woken next.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.timers.next().into_iter().chain(self.wire.next_due()).min()
    }

    /// Does what is due by `now`.
    pub(crate) fn run_timers(&mut self, now: Instant) {
        while let Some(timer) = self.timers.due(now) {
            match timer {
                Timer::CallWait(call) => self.wait_ran_out(call),
                Timer::Dump(host) => self.dump_states(host),
                Timer::Look(host) => self.timer_ran_out(host, now),
                Timer::Absent(host, address) => self.answer_for_absent(host, address),
                Timer::Echo(call) => self.echo_timed_out(call),
                Timer::Drops(host) => self.drops_are_due(host),
                Timer::Spares(host) => self.spares_are_due(host, now),
                Timer::Summary => self.record_summary(),
            }
        }
        self.run_wire(now);
    }
}
