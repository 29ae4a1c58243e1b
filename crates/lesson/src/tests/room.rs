//! A room's events, made by hand, for the tests.

use std::{collections::BTreeMap, net::SocketAddr};

use proto::{
    call::{Call, CallError, Family, Flags, Kind, Value},
    errno::Errno,
    id::{CallRef, Fd, HostId, MemberId, PacketId, ProgramId, SocketId},
    room::{HostInfo, Lifetime, ProgramInfo, WireSettings},
    trace::{
        CallBegin, CallEnd, Cause, Data, Event, Fate, Link, Packet, PacketFate, StateChange, Tcp, TcpFlags,
        TcpState, Transport, What,
    },
};

use crate::{
    Doing, Facts, Lesson, Progress, Scene,
    plan::{Hands, Next},
};

pub(super) const SERVER: HostId = HostId(1);
pub(super) const CLIENT: HostId = HostId(2);

/// A room with `server` and `client`, and a program on each.
pub(super) struct Room {
    pub(super) scene: Scene,
    pub(super) progress: Progress,
    /// The names by hand.
    pub(super) hands: Hands,
    seq: u64,
    calls: u64,
    packets: u64,
    programs: u32,
}

impl Room {
    pub(super) fn new(lesson: &str) -> Self {
        let mut scene = Scene::default();
        for (id, name, address) in [(SERVER, "server", "10.0.0.1"), (CLIENT, "client", "10.0.0.2")] {
            scene.host_is(&HostInfo {
                id,
                name: name.into(),
                aliases: vec![],
                address: address.parse().expect("an address"),
                guest: None,
                ready_made: false,
                cable: true,
                sysctls: BTreeMap::new(),
            });
            scene.program_is(&ProgramInfo {
                id: ProgramId(id.0),
                host: id,
                by: Some(MemberId(1)),
                name: "By hand".into(),
                lifetime: Lifetime::Member,
            });
        }
        scene.left_is(CLIENT);
        let progress = Progress::new(Lesson::read(lesson).expect("a lesson"), false);
        Self { scene, progress, hands: Hands::new(), seq: 0, calls: 0, packets: 0, programs: 0 }
    }

    pub(super) fn happens(&mut self, what: What) -> Option<Facts> {
        self.seq += 1;
        let event = Event { seq: self.seq, time: self.seq * 1_000_000, what };
        let facts = self.scene.facts(&event)?;
        self.progress.feed(event.seq, event.time, &facts);
        Some(facts)
    }

    /// What is left to do in the current step.
    pub(super) fn left(&self) -> Vec<Doing> {
        match self.progress.next(&self.scene, &self.hands) {
            Some(Next::Do { doings, .. }) => doings,
            _ => Vec::new(),
        }
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// A program of the person is started.
    pub(super) fn begins_program(&mut self, host: HostId, name: &str) -> ProgramId {
        self.programs += 1;
        let id = ProgramId(100 + self.programs);
        let by = Some(MemberId(1));
        let program = ProgramInfo { id, host, by, name: name.into(), lifetime: Lifetime::Member };
        self.happens(What::ProgramBegan(program));
        id
    }

    pub(super) fn ends_program(&mut self, program: ProgramId) {
        self.happens(What::ProgramEnded(program));
    }

    /// A call by hand.
    pub(super) fn begins(&mut self, host: HostId, call: Call, socket: Option<u32>) -> CallRef {
        self.begins_in(ProgramId(host.0), host, call, socket)
    }

    pub(super) fn begins_in(
        &mut self,
        program: ProgramId,
        host: HostId,
        call: Call,
        socket: Option<u32>,
    ) -> CallRef {
        self.calls += 1;
        let id = CallRef(self.calls);
        let begin = CallBegin {
            id,
            by: Some(MemberId(1)),
            host,
            program,
            call,
            data: Data::default(),
            socket: socket.map(SocketId),
            line: None,
            thread: None,
        };
        self.happens(What::CallBegin(begin));
        id
    }

    pub(super) fn ends(
        &mut self,
        id: CallRef,
        outcome: Result<Value, CallError>,
        data: &[u8],
        socket: Option<u32>,
    ) -> Facts {
        let socket = socket.map(SocketId);
        let end = CallEnd { id, outcome, data: Data::of(data), socket, elapsed: 5_000_000, outside: false };
        self.happens(What::CallEnd(end)).expect("a call says something")
    }

    pub(super) fn socket(&mut self, host: HostId, socket: u32) {
        let call = self.begins(host, Call::Socket { family: Family::Inet, kind: Kind::Stream }, None);
        self.ends(call, Ok(Value::Descriptor(Fd(3))), b"", Some(socket));
    }

    pub(super) fn received(&mut self, host: HostId, socket: u32, data: &[u8]) -> Facts {
        let call = Call::Recv { fd: Fd(3), flags: Flags::default(), max: 1024 };
        let call = self.begins(host, call, Some(socket));
        self.ends(call, Ok(Value::Received { length: data.len() as u32 }), data, Some(socket))
    }

    pub(super) fn closes(&mut self, host: HostId, socket: u32) -> Facts {
        let call = self.begins(host, Call::Close { fd: Fd(3) }, Some(socket));
        self.ends(call, Ok(Value::Done), b"", Some(socket))
    }

    pub(super) fn packet(
        &mut self,
        from: HostId,
        flags: TcpFlags,
        cause: Cause,
        copy_of: Option<PacketId>,
    ) -> PacketId {
        self.packets += 1;
        let (client, server): (SocketAddr, SocketAddr) =
            ("10.0.0.2:40000".parse().expect("one"), "10.0.0.1:12345".parse().expect("one"));
        let (src, dst) = if from == CLIENT { (client, server) } else { (server, client) };
        let tcp = Tcp { src_port: src.port(), dst_port: dst.port(), flags, ..Tcp::default() };
        let packet = Packet {
            id: PacketId(self.packets),
            link: Link::Wire,
            from: Some(from),
            to: Some(if from == CLIENT { SERVER } else { CLIENT }),
            src: src.ip(),
            dst: dst.ip(),
            transport: Transport::Tcp(tcp),
            data: Data::default(),
            cause,
            copy_of,
            fate: Fate::Travelling,
        };
        self.happens(What::Packet(packet));
        PacketId(self.packets)
    }

    /// The wire is held.
    pub(super) fn holds(&mut self) {
        let settings = WireSettings { held: true, ..WireSettings::default() };
        self.happens(What::Wire { by: Some(MemberId(1)), settings, rule: None });
    }

    pub(super) fn fate(&mut self, id: PacketId, fate: Fate) -> Option<Facts> {
        self.happens(What::Fate(PacketFate { id, fate }))
    }

    pub(super) fn listens(&mut self, socket: u32, queued: u32, backlog: u32) {
        self.happens(What::State(StateChange {
            host: SERVER,
            socket: SocketId(socket),
            owner: None,
            local: Some("0.0.0.0:12345".parse().expect("one")),
            remote: None,
            from: None,
            to: TcpState::Listen,
            observed: true,
            accepted: true,
            unread: queued,
            unacknowledged: backlog,
            timer: None,
        }));
    }

    pub(super) fn connect(&mut self, socket: u32) -> CallRef {
        let address = "10.0.0.1:12345".parse().expect("one");
        self.begins(CLIENT, Call::Connect { fd: Fd(3), address }, Some(socket))
    }
}

pub(super) fn refused() -> Result<Value, CallError> {
    Err(CallError::errno(Errno::ECONNREFUSED))
}
