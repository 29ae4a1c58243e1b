//! What is known of the room while its events go by, as far as facts need it: names, unfinished calls, sockets and
//! the packets of connects. Bounded, whatever the room does.

mod calls;
mod packets;
mod programs;

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
};

use proto::{
    id::{CallRef, HostId, MemberId, PacketId, ProgramId, SocketId},
    message::HostCommand,
    room::{HostInfo, ProgramInfo},
    rules,
    trace::{CallBegin, Event, Packet, StateChange, TcpState, What},
};

use crate::{
    facts::{Facts, Field},
    now::Now,
};

/// What is known of a call that has not ended.
#[derive(Clone, Debug)]
struct CallNote {
    begin: CallBegin,
    time: u64,
    packets: u64,
    syns: u64,
    answer: Option<String>,
    full: bool,
}

/// What is known of a socket.
#[derive(Clone, Debug, Default)]
struct SocketNote {
    port: Option<u16>,
    /// Where its connect went.
    to: Option<SocketAddr>,
    received: u64,
    sent: u64,
    recvs: u64,
    /// When its connect began.
    began: Option<u64>,
    /// Packets dropped by hand in the room before that.
    dropped_before: u64,
    /// It was told SO_REUSEADDR.
    reuse: bool,
    /// Which connection of its program it is.
    nth: Option<u64>,
}

/// What is known of a listening socket: by machine and port.
#[derive(Clone, Copy, Debug)]
struct Queue {
    socket: SocketId,
    queued: u32,
    backlog: u32,
}

/// A packet, for the later words on it.
#[derive(Clone, Debug)]
struct PacketNote {
    packet: Packet,
    /// The connect it belongs to.
    call: Option<CallRef>,
    copies: u64,
    /// Whether it stood on the wire at some time.
    held: bool,
}

/// The room as its events tell it.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// What is so now.
    now: Now,
    /// The machine that lessons call `client`.
    left: Option<HostId>,
    me: Option<MemberId>,
    /// The newest event that is older than the page.
    lives_from: u64,
    calls: BTreeMap<CallRef, CallNote>,
    sockets: BTreeMap<SocketId, SocketNote>,
    queues: HashMap<(HostId, u16), Queue>,
    packets: BTreeMap<PacketId, PacketNote>,
    programs: programs::Programs,
}

impl Scene {
    /// A machine of the room, from a snapshot.
    pub fn host_is(&mut self, host: &HostInfo) {
        self.now.host_is(host);
    }

    /// A program of the room, from a snapshot.
    pub fn program_is(&mut self, program: &ProgramInfo) {
        self.now.program_is(program);
    }

    /// The machine that lessons call `client`: a guest's own, and then not the owner's of that name.
    pub fn left_is(&mut self, host: HostId) {
        self.left = Some(host);
    }

    /// Who looks at the page.
    pub fn person_is(&mut self, me: MemberId) {
        self.me = Some(me);
    }

    /// Events up to this `seq` are older than the page.
    pub fn page_lives_from(&mut self, seq: u64) {
        self.lives_from = seq;
    }

    /// The newest event that is older than the page.
    pub(crate) fn lives_from(&self) -> u64 {
        self.lives_from
    }

    /// Who looks at the page, if known.
    pub fn person(&self) -> Option<MemberId> {
        self.me
    }

    /// What is so in the room now.
    pub fn now(&self) -> &Now {
        &self.now
    }

    /// The machine that a lesson calls by this name.
    pub fn host_called(&self, name: &str) -> Option<HostId> {
        let mut hosts = self.now.roster().hosts().present().map(|host| host.id);
        hosts.find(|id| self.name(*id).as_deref() == Some(name))
    }

    /// Takes one event in and says what it says; none for those that no check can ask about.
    pub fn facts(&mut self, event: &Event) -> Option<Facts> {
        self.now.take(event);
        match &event.what {
            What::CallBegin(begin) => Some(self.call_begin(begin, event.time)),
            What::CallEnd(end) => Some(self.call_end(end, event.time)),
            What::Packet(packet) => Some(self.packet(packet)),
            What::Fate(fate) => self.fate(fate),
            What::State(change) => Some(self.state(change)),
            What::Output { program, error, text } => {
                let facts = self.of_program(Facts::of("output"), *program);
                let stream = if *error { "stderr" } else { "stdout" };
                Some(facts.word(Field::Stream, stream).word(Field::Data, text.clone()))
            }
            // What a class's teacher does is no learner's step.
            What::Wire { rule: Some(rule), .. } if rule == rules::TEACHER => None,
            What::Wire { settings, .. } => {
                let facts = Facts::of("wire").yes(Field::Held, settings.held);
                Some(facts.number(Field::Delay, settings.delay_ms))
            }
            What::ProgramBegan(program) => {
                Some(self.of_program(Facts::of("program"), program.id).word(Field::Change, "began"))
            }
            What::ProgramEnded(program) => {
                Some(self.of_program(Facts::of("program"), *program).word(Field::Change, "ended"))
            }
            What::HostGone(host) => {
                self.queues.retain(|(of, _), _| of != host);
                None
            }
            What::HostChanged { command, host, .. } => {
                if *command == HostCommand::FreshNetwork {
                    self.programs.network_ends(host.id);
                }
                let change = match command {
                    HostCommand::FreshNetwork => "fresh",
                    HostCommand::Cable(false) => "cut",
                    HostCommand::Cable(true) => "mended",
                    HostCommand::Sysctl { .. } => "kernel",
                };
                let facts = Facts::of("machine").maybe_word(Field::Host, self.name(host.id));
                Some(facts.word(Field::Change, change))
            }
            What::HostAppeared(_)
            | What::Joined(_)
            | What::Left(_)
            | What::Summary(_)
            | What::Progress { .. }
            | What::Source { .. }
            | What::InFront { .. } => None,
        }
    }

    /// What the lesson calls a machine.
    fn name(&self, id: HostId) -> Option<String> {
        if self.left == Some(id) {
            return Some("client".to_owned());
        }
        let name = &self.now.host(id)?.name;
        let other = name == "client" && self.left.is_some();
        Some(if other { "client of the owner".to_owned() } else { name.clone() })
    }

    fn host_at(&self, address: IpAddr) -> Option<HostId> {
        self.now.host_at(address)
    }

    /// The machine that an address means on a machine: its own for a loopback address.
    fn meant(&self, on: HostId, address: IpAddr) -> Option<HostId> {
        if address.is_loopback() { Some(on) } else { self.host_at(address) }
    }

    /// What the lesson calls that machine.
    fn host_meant(&self, on: HostId, address: IpAddr) -> Option<String> {
        self.meant(on, address).and_then(|host| self.name(host))
    }

    fn of_program(&self, facts: Facts, program: ProgramId) -> Facts {
        let known = self.now.roster().programs().get(&program);
        let host = known.and_then(|known| self.name(known.host));
        facts.maybe_word(Field::Host, host).maybe_word(Field::Program, known.map(|known| known.name.clone()))
    }

    fn state(&mut self, change: &StateChange) -> Facts {
        let local = change.local.and_then(|local| local.port());
        let listens = change.to == TcpState::Listen;
        if let Some(port) = local {
            let key = (change.host, port);
            if listens {
                let (queued, backlog) = (change.unread, change.unacknowledged);
                self.queues.insert(key, Queue { socket: change.socket, queued, backlog });
            } else if self.queues.get(&key).is_some_and(|queue| queue.socket == change.socket) {
                self.queues.remove(&key);
            }
        }
        let facts = Facts::of("state")
            .maybe_word(Field::Host, self.name(change.host))
            .word(Field::State, change.to.name())
            .maybe_word(Field::From, change.from.map(TcpState::name))
            .maybe_number(Field::Port, local)
            .maybe_word(Field::Address, change.local.and_then(|local| local.ip()).map(|ip| ip.to_string()))
            .maybe_word(
                Field::To,
                change.remote.and_then(|remote| self.host_at(remote.ip()?)).and_then(|id| self.name(id)),
            )
            .yes(Field::Accepted, change.accepted);
        if listens {
            facts.number(Field::Queued, change.unread).number(Field::Backlog, change.unacknowledged)
        } else {
            facts.number(Field::Unread, change.unread)
        }
    }

    fn full(&self, to: SocketAddr) -> bool {
        let queue = self.host_at(to.ip()).and_then(|host| self.queues.get(&(host, to.port())));
        queue.is_some_and(|queue| queue.queued > queue.backlog)
    }
}
