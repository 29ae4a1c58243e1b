//! What is so in the room now, as its events tell: machines, programs, sockets and how far each has come, the wire and
//! what stands on it. Bounded, whatever the room does.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use proto::{
    call::{Call, CallError, Family, Value},
    errno::Errno,
    id::{CallRef, Fd, HostId, MemberId, PacketId, ProgramId, SocketId},
    message::HostCommand,
    room::{HostInfo, ProgramInfo, WireSettings},
    roster::Roster,
    trace::{CallBegin, CallEnd, Event, Fate, Packet, StateChange, TcpFlags, TcpState, Transport, What},
};

use crate::remembered::evict;

/// How far a socket has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Made, and no more.
    New,
    /// Has a port.
    Bound(u16),
    /// Takes callers on a port, with this backlog.
    Listening(u16, i64),
    /// A connect waits for its answer, or was cancelled.
    Connecting(SocketAddr),
    /// Connected to this address by a connect.
    Connected(SocketAddr),
    /// Of AF_UNIX, however far: it has no port and no packet, and no lesson is about it.
    Inside,
    /// Made by an accept on this port.
    Accepted(u16),
    /// Of no use any more: refused, reset, or of a network that is gone.
    Dead,
}

/// A socket of the room.
#[derive(Clone, Debug)]
pub struct SocketNow {
    /// Its machine.
    pub host: HostId,
    /// The program that made it, where one did.
    pub program: Option<ProgramId>,
    /// How far it has come.
    pub stage: Stage,
    /// `seq` of the event that made it.
    pub made: u64,
    /// Connections that wait in its queue.
    pub queued: u32,
    /// The kernel's last word on it, while the kernel has it.
    kernel: Option<StateChange>,
    /// A descriptor names it.
    open: bool,
    /// Packets dropped by hand in the room before its connect.
    dropped_before: u64,
    /// Bytes received on it so far.
    received: u64,
}

/// A packet that stands on the wire.
#[derive(Clone, Debug)]
pub struct HeldNow {
    /// The machine it comes from.
    pub from: Option<HostId>,
    /// Its flags, if it is TCP.
    pub flags: TcpFlags,
}

/// Who holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An open socket of a program.
    Program {
        /// Its name.
        name: String,
        /// Whose it is.
        by: Option<MemberId>,
    },
    /// A connection that the kernel keeps after its program is done with it, `TIME_WAIT` for instance.
    Kernel(TcpState),
}

/// The room as it is.
#[derive(Clone, Debug, Default)]
pub struct Now {
    roster: Roster,
    sockets: BTreeMap<SocketId, SocketNow>,
    descriptors: BTreeMap<(ProgramId, Fd), SocketId>,
    calls: BTreeMap<CallRef, CallBegin>,
    packets: BTreeMap<PacketId, HeldNow>,
    held: BTreeMap<PacketId, HeldNow>,
    dropped: u64,
}

impl Now {
    /// A machine of the room.
    pub fn host_is(&mut self, host: &HostInfo) {
        self.roster.host_is(host.clone());
    }

    /// A program of the room.
    pub fn program_is(&mut self, program: &ProgramInfo) {
        self.roster.program_is(program.clone());
    }

    /// The wire's settings.
    pub fn wire_is(&mut self, settings: WireSettings) {
        self.roster.wire_is(settings);
    }

    /// Takes one event in.
    pub fn take(&mut self, event: &Event) {
        self.roster.take(event);
        match &event.what {
            What::CallBegin(begin) => self.call_begins(begin),
            What::CallEnd(end) => self.call_ends(end, event.seq),
            What::Packet(packet) => self.packet(packet),
            What::Fate(later) => self.fate(later.id, &later.fate),
            What::State(change) => self.state(change, event.seq),
            What::ProgramEnded(program) => self.program_ends(*program),
            What::HostChanged { host, command: HostCommand::FreshNetwork, .. } => self.network_ends(host.id),
            What::HostGone(host) => self.network_ends(*host),
            _ => {}
        }
    }

    fn call_begins(&mut self, begin: &CallBegin) {
        if let (Call::Connect { address, .. }, Some(socket)) = (&begin.call, begin.socket) {
            let dropped = self.dropped;
            if let Some(socket) = self.sockets.get_mut(&socket) {
                let stage = address.inet().map_or(Stage::Inside, Stage::Connecting);
                (socket.stage, socket.dropped_before) = (stage, dropped);
            }
        }
        self.calls.insert(begin.id, begin.clone());
        evict(&mut self.calls);
    }

    fn call_ends(&mut self, end: &CallEnd, seq: u64) {
        let Some(begin) = self.calls.remove(&end.id) else { return };
        match (&begin.call, &end.outcome) {
            (Call::Socket { family: Family::Unix, .. }, Ok(Value::Descriptor(fd)))
            | (Call::SocketPair { .. }, Ok(Value::Pair(fd, _))) => {
                self.opens(&begin, *fd, end.socket, Stage::Inside, seq);
            }
            (Call::Socket { .. }, Ok(Value::Descriptor(fd))) => {
                self.opens(&begin, *fd, end.socket, Stage::New, seq);
            }
            (Call::Dup { .. }, Ok(Value::Descriptor(fd))) => {
                if let Some(socket) = end.socket {
                    self.descriptors.insert((begin.program, *fd), socket);
                    evict(&mut self.descriptors);
                }
            }
            (Call::Accept { .. }, Ok(Value::Accepted { fd, .. })) => {
                let listener = begin.socket.and_then(|listener| self.sockets.get(&listener));
                let stage = match listener {
                    Some(SocketNow { stage: Stage::Inside, .. }) => Stage::Inside,
                    listener => Stage::Accepted(listener.map(port_of).unwrap_or_default()),
                };
                self.opens(&begin, *fd, end.socket, stage, seq);
            }
            (Call::Close { fd }, Ok(_)) => self.closes(begin.program, *fd),
            _ => {}
        }
        let Some(socket) = begin.socket.and_then(|socket| self.sockets.get_mut(&socket)) else { return };
        if socket.stage == Stage::Inside {
            return;
        }
        match (&begin.call, &end.outcome) {
            (Call::Bind { address, .. }, Ok(_)) => {
                socket.stage = address.port().map_or(Stage::Inside, Stage::Bound)
            }
            (Call::Listen { backlog, .. }, Ok(_)) => {
                socket.stage = Stage::Listening(port_of(socket), i64::from(*backlog));
            }
            (Call::Connect { address, .. }, Ok(_)) => {
                socket.stage = address.inet().map_or(Stage::Inside, Stage::Connected);
            }
            (Call::Connect { .. }, Err(CallError::Errno { errno, .. })) => match *errno {
                // It is under way, or done.
                Errno::EINPROGRESS | Errno::EALREADY | Errno::EINTR | Errno::EISCONN => {}
                _ => socket.stage = Stage::Dead,
            },
            // What never was connected is as good as before.
            (_, Err(CallError::Errno { errno: Errno::ECONNRESET | Errno::EPIPE | Errno::ENOTCONN, .. }))
                if !matches!(socket.stage, Stage::New | Stage::Bound(_) | Stage::Listening(..)) =>
            {
                socket.stage = Stage::Dead;
            }
            (Call::Recv { .. }, Ok(Value::Received { length })) => socket.received += u64::from(*length),
            _ => {}
        }
    }

    fn opens(&mut self, begin: &CallBegin, fd: Fd, socket: Option<SocketId>, stage: Stage, seq: u64) {
        let Some(id) = socket else { return };
        self.descriptors.insert((begin.program, fd), id);
        evict(&mut self.descriptors);
        let known = self.sockets.remove(&id);
        let socket = SocketNow {
            host: begin.host,
            program: Some(begin.program),
            stage,
            made: seq,
            queued: 0,
            kernel: known.and_then(|known| known.kernel),
            open: true,
            dropped_before: self.dropped,
            received: 0,
        };
        self.sockets.insert(id, socket);
        evict(&mut self.sockets);
    }

    fn closes(&mut self, program: ProgramId, fd: Fd) {
        let Some(id) = self.descriptors.remove(&(program, fd)) else { return };
        if self.descriptors.values().any(|other| *other == id) {
            // dup(2): another descriptor keeps it open.
            return;
        }
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.open = false;
            if socket.kernel.is_none() {
                self.sockets.remove(&id);
            }
        }
    }

    fn program_ends(&mut self, program: ProgramId) {
        let fds: Vec<_> = self.descriptors.keys().filter(|(of, _)| *of == program).copied().collect();
        for (program, fd) in fds {
            self.closes(program, fd);
        }
        self.calls.retain(|_, begin| begin.program != program);
    }

    /// Every socket of the machine has lost its network.
    fn network_ends(&mut self, host: HostId) {
        self.sockets.retain(|_, socket| socket.host != host || socket.open);
        for socket in self.sockets.values_mut().filter(|socket| socket.host == host) {
            (socket.stage, socket.kernel, socket.queued) = (Stage::Dead, None, 0);
        }
    }

    fn state(&mut self, change: &StateChange, seq: u64) {
        let socket = self.sockets.entry(change.socket).or_insert_with(|| SocketNow {
            host: change.host,
            program: change.owner.map(|(program, _)| program),
            stage: if change.to == TcpState::Unix { Stage::Inside } else { Stage::New },
            made: seq,
            queued: 0,
            kernel: None,
            open: change.owner.is_some(),
            dropped_before: self.dropped,
            received: 0,
        });
        if let Some(owner) = change.owner.filter(|_| change.to == TcpState::Unix) {
            // Of a pair the call's end names the first alone.
            self.descriptors.insert(owner, change.socket);
            evict(&mut self.descriptors);
        }
        socket.queued = if change.to == TcpState::Listen { change.unread } else { 0 };
        let was = socket.kernel.replace(change.clone());
        if matches!(change.to, TcpState::Closed | TcpState::TimeWait) {
            let lived = was.is_some_and(|was| !matches!(was.to, TcpState::Closed));
            if lived && !matches!(socket.stage, Stage::New | Stage::Bound(_)) {
                socket.stage = Stage::Dead;
            }
        }
        if change.to == TcpState::Closed {
            socket.kernel = None;
            if !socket.open {
                self.sockets.remove(&change.socket);
            }
        }
        evict(&mut self.sockets);
    }

    fn packet(&mut self, packet: &Packet) {
        let flags = match &packet.transport {
            Transport::Tcp(tcp) => tcp.flags,
            _ => TcpFlags::default(),
        };
        let note = HeldNow { from: packet.from, flags };
        self.packets.insert(packet.id, note);
        evict(&mut self.packets);
        self.fate(packet.id, &packet.fate);
    }

    fn fate(&mut self, id: PacketId, fate: &Fate) {
        self.dropped += u64::from(matches!(fate, Fate::Dropped(Some(_))));
        self.held.remove(&id);
        if *fate == Fate::Held
            && let Some(note) = self.packets.get(&id)
        {
            self.held.insert(id, note.clone());
            evict(&mut self.held);
        }
    }

    // What is asked.

    /// Packets that were dropped by hand so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The wire's settings.
    pub fn wire(&self) -> WireSettings {
        self.roster.wire()
    }

    /// Who and what is in the room.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Packets that stand on the wire, oldest first.
    pub fn held(&self) -> impl Iterator<Item = &HeldNow> {
        self.held.values()
    }

    /// A machine.
    pub fn host(&self, id: HostId) -> Option<&HostInfo> {
        self.roster.hosts().get(&id).filter(|_| self.roster.hosts().is_present(&id))
    }

    /// The machine of this address.
    pub fn host_at(&self, address: IpAddr) -> Option<HostId> {
        self.roster.hosts().present().find(|host| host.address == address).map(|host| host.id)
    }

    /// The newest program of this name that runs on a machine.
    pub fn running(&self, host: HostId, name: &str) -> Option<&ProgramInfo> {
        let mut programs = self.roster.programs().present().rev();
        programs.find(|one| one.host == host && is_called(&one.name, name))
    }

    /// The newest program that is this file on a machine, ended or not.
    pub fn program(&self, host: HostId, file: &str) -> Option<&ProgramInfo> {
        self.roster.programs().values().rev().find(|one| one.host == host && is_called(&one.name, file))
    }

    /// Whether a program that is this file takes callers on a machine.
    pub fn listens_as(&self, host: HostId, file: &str) -> bool {
        let programs = self.roster.programs();
        self.sockets.values().any(|socket| {
            let program =
                socket.program.filter(|id| programs.is_present(id)).and_then(|id| programs.get(&id));
            socket.host == host
                && matches!(socket.stage, Stage::Listening(..))
                && program.is_some_and(|one| is_called(&one.name, file))
        })
    }

    /// How many sockets a program has open.
    pub fn open_sockets(&self, program: ProgramId) -> u64 {
        let of_program = (program, Fd(i32::MIN))..=(program, Fd(i32::MAX));
        self.descriptors.range(of_program).count() as u64
    }

    /// The socket that a program's descriptor names.
    pub fn socket(&self, program: ProgramId, fd: Fd) -> Option<&SocketNow> {
        self.descriptors.get(&(program, fd)).and_then(|id| self.sockets.get(id))
    }

    /// Whether somebody takes callers on a port of a machine.
    pub fn listens(&self, host: HostId, port: u16) -> bool {
        let by_kernel = |kernel: &StateChange| {
            kernel.to == TcpState::Listen && kernel.local.and_then(|own| own.port()) == Some(port)
        };
        let mut there = self.sockets.values().filter(|socket| socket.host == host);
        there.any(|socket| {
            matches!(socket.stage, Stage::Listening(own, _) if own == port)
                || socket.kernel.as_ref().is_some_and(by_kernel)
        })
    }

    /// Connections that wait in the queue of who listens on a port.
    pub fn queued(&self, host: HostId, port: u16) -> u32 {
        let listener = self.sockets.values().find(|socket| {
            socket.host == host && matches!(socket.stage, Stage::Listening(own, _) if own == port)
        });
        listener.map_or(0, |listener| listener.queued)
    }

    /// Who holds a port of a machine, but for one descriptor.
    pub fn holder(&self, host: HostId, port: u16, but: Option<(ProgramId, Fd)>) -> Option<Holder> {
        let but = but.and_then(|descriptor| self.descriptors.get(&descriptor));
        let mut resting = None;
        let others = self.sockets.iter().filter(|(id, socket)| socket.host == host && but != Some(id));
        for socket in others.map(|(_, socket)| socket) {
            let kernel = socket.kernel.as_ref();
            let local = kernel.and_then(|kernel| kernel.local).and_then(|local| local.port());
            let datagram =
                kernel.is_some_and(|kernel| matches!(kernel.to, TcpState::Datagram | TcpState::Unix));
            let by_call = match socket.stage {
                Stage::Bound(own) | Stage::Listening(own, _) => own == port,
                _ => false,
            };
            if datagram || !(by_call || local == Some(port)) {
                continue;
            }
            let program =
                socket.program.filter(|_| socket.open).and_then(|id| self.roster.programs().get(&id));
            match (program, kernel) {
                (Some(program), _) => {
                    return Some(Holder::Program { name: program.name.clone(), by: program.by });
                }
                (None, Some(kernel)) => resting = Some(Holder::Kernel(kernel.to)),
                (None, None) => {}
            }
        }
        resting
    }

    /// Whether a call of this name has begun on a machine and not ended.
    pub fn waits(&self, host: HostId, call: &str) -> bool {
        self.calls.values().any(|begin| begin.host == host && begin.call.name() == call)
    }

    /// Whether a call of a program has begun and not ended.
    pub fn is_waiting(&self, program: ProgramId) -> bool {
        self.calls.values().any(|begin| begin.program == program)
    }

    /// Whether a program waits in a call that returns only when somebody else does something.
    pub fn waits_for_others(&self, program: ProgramId) -> bool {
        let mut calls = self.calls.values().filter(|begin| begin.program == program);
        calls.any(|begin| begin.call.waits_for_others())
    }

    /// Whether a machine has a connection that lost a packet by hand and has not received anything yet.
    pub fn loses(&self, host: HostId) -> bool {
        self.sockets.values().any(|socket| {
            socket.host == host
                && socket.open
                && matches!(socket.stage, Stage::Connecting(_) | Stage::Connected(_))
                && socket.received == 0
                && self.dropped > socket.dropped_before
        })
    }
}

/// Whether a program is a file of a lesson: of its name, or put beside a learner's own file as `server-2.py`.
pub fn is_called(name: &str, file: &str) -> bool {
    let beside = || {
        let (stem, ending) = file.rsplit_once('.')?;
        let number = name.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(ending)?.strip_suffix('.')?;
        Some(!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    name == file || beside().unwrap_or(false)
}

fn port_of(socket: &SocketNow) -> u16 {
    match socket.stage {
        Stage::Bound(port) | Stage::Listening(port, _) => port,
        _ => socket.kernel.as_ref().and_then(|kernel| kernel.local?.port()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_called;

    #[test]
    fn a_file_may_stand_beside_a_learners_own() {
        for name in ["server.py", "server-2.py", "server-11.py"] {
            assert!(is_called(name, "server.py"), "{name}");
        }
        for name in ["server2.py", "server-.py", "server-x.py", "my-server.py", "server-2", "By hand"] {
            assert!(!is_called(name, "server.py"), "{name}");
        }
    }
}
