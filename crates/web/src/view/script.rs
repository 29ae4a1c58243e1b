//! Traces for tests, written as one would tell them: a program calls, a packet leaves, a socket changes.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use proto::{
    call::{Call, CallError, Family, Flags, Kind, Outcome, Value},
    id::{CallRef, Fd, HostId, MemberId, PacketId, ProgramId, SocketId},
    room::{HostInfo, Lifetime, MemberInfo, ProgramInfo, Role, WireSettings},
    trace::{
        CallBegin, CallEnd, Cause, Data, Event, Fate, Link, Packet, PacketFate, StateChange, Tcp, TcpFlags,
        TcpState, Timer, TimerKind, Transport, What,
    },
};

use crate::view::store::TraceStore;

pub(crate) const SERVER: HostId = HostId(1);
pub(crate) const CLIENT: HostId = HostId(2);
pub(crate) const SYN: TcpFlags = TcpFlags::SYN;
pub(crate) const ACK: TcpFlags = TcpFlags::ACK;
pub(crate) const SYN_ACK: TcpFlags = TcpFlags(0x12);
pub(crate) const PSH_ACK: TcpFlags = TcpFlags(0x18);
pub(crate) const FIN_ACK: TcpFlags = TcpFlags(0x11);
pub(crate) const RST_ACK: TcpFlags = TcpFlags(0x14);
const PORT: u16 = 12345;
const MILLI: u64 = 1_000_000;

/// A trace in the making.
pub(crate) struct Script {
    pub(crate) events: Vec<Event>,
    now: u64,
    calls: u64,
    packets: u64,
    /// Next sequence numbers of client and server.
    sent: [u32; 2],
    acked: [u32; 2],
}

impl Script {
    /// Two machines, a program on each, one person.
    pub(crate) fn new() -> Self {
        let mut script =
            Self { events: Vec::new(), now: 0, calls: 0, packets: 0, sent: [1000, 5000], acked: [0, 0] };
        for (id, name) in [(SERVER, "server"), (CLIENT, "client")] {
            script.tell(What::HostAppeared(HostInfo {
                id,
                name: name.into(),
                aliases: Vec::new(),
                address: address(id),
                guest: None,
                ready_made: false,
                cable: true,
                sysctls: BTreeMap::new(),
            }));
            script.tell(What::ProgramBegan(ProgramInfo {
                id: ProgramId(id.0),
                host: id,
                by: Some(MemberId(1)),
                name: format!("{name}.py"),
                lifetime: Lifetime::Page,
            }));
        }
        script.tell(What::Joined(MemberInfo {
            id: MemberId(1),
            name: "Ada".into(),
            role: Role::Owner,
            host: None,
        }));
        script
    }

    pub(crate) fn tell(&mut self, what: What) -> u64 {
        self.now += 10_000;
        let seq = self.events.len() as u64 + 1;
        self.events.push(Event { seq, time: self.now, what });
        seq
    }

    pub(crate) fn wait_ms(&mut self, ms: u64) -> &mut Self {
        self.now += ms * MILLI;
        self
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    pub(crate) fn begin(&mut self, host: HostId, call: Call) -> CallRef {
        self.begin_with(host, call, b"")
    }

    pub(crate) fn begin_with(&mut self, host: HostId, call: Call, data: &[u8]) -> CallRef {
        self.calls += 1;
        let id = CallRef(self.calls);
        let data = Data::of(data);
        let begin = CallBegin {
            id,
            by: Some(MemberId(1)),
            host,
            program: ProgramId(host.0),
            socket: socket_of(host, &call),
            call,
            data,
            // A call a line, and nothing else in the text.
            line: u32::try_from(id.0).ok(),
            thread: None,
        };
        self.tell(What::CallBegin(begin));
        id
    }

    pub(crate) fn end(&mut self, id: CallRef, outcome: Outcome) {
        self.end_with(id, outcome, None, b"");
    }

    pub(crate) fn end_with(&mut self, id: CallRef, outcome: Outcome, socket: Option<u32>, data: &[u8]) {
        let began = self.events.iter().find_map(|event| match &event.what {
            What::CallBegin(begin) if begin.id == id => Some(event.time),
            _ => None,
        });
        let elapsed = self.now + 10_000 - began.unwrap_or(self.now);
        let socket = socket.map(SocketId);
        self.tell(What::CallEnd(CallEnd {
            id,
            outcome,
            data: Data::of(data),
            socket,
            elapsed,
            outside: false,
        }));
    }

    pub(crate) fn call(&mut self, host: HostId, call: Call, outcome: Outcome) {
        let id = self.begin(host, call);
        self.end(id, outcome);
    }

    pub(crate) fn socket(&mut self, host: HostId, fd: i32, socket: u32) {
        let id = self.begin(host, Call::Socket { family: Family::Inet, kind: Kind::Stream });
        self.end_with(id, Ok(Value::Descriptor(Fd(fd))), Some(socket), b"");
    }

    /// A segment from one machine to the other, with sequence numbers kept.
    pub(crate) fn segment(
        &mut self,
        from: HostId,
        flags: TcpFlags,
        data: &[u8],
        cause: Cause,
        fate: Fate,
    ) -> PacketId {
        let at = usize::from(from == SERVER);
        let (sequence, acknowledgment) = (self.sent[at], self.acked[at]);
        let counted = data.len() as u32
            + u32::from(flags.contains(TcpFlags::SYN))
            + u32::from(flags.contains(TcpFlags::FIN));
        self.sent[at] = sequence.wrapping_add(counted);
        if fate == Fate::Delivered || fate == Fate::Travelling {
            self.acked[1 - at] = self.sent[at];
        }
        self.packet(from, flags, (sequence, acknowledgment), data, cause, None, fate)
    }

    #[allow(clippy::too_many_arguments, reason = "a packet has that many parts")]
    pub(crate) fn packet(
        &mut self,
        from: HostId,
        flags: TcpFlags,
        numbers: (u32, u32),
        data: &[u8],
        cause: Cause,
        copy_of: Option<PacketId>,
        fate: Fate,
    ) -> PacketId {
        self.packets += 1;
        let id = PacketId(self.packets);
        let to = if from == SERVER { CLIENT } else { SERVER };
        let (src_port, dst_port) = if from == SERVER { (PORT, 40000) } else { (40000, PORT) };
        let tcp = Tcp {
            src_port,
            dst_port,
            sequence: numbers.0,
            acknowledgment: if flags.contains(TcpFlags::ACK) { numbers.1 } else { 0 },
            flags,
            window: 64240,
            urgent: 0,
            options: Vec::new(),
        };
        self.tell(What::Packet(Packet {
            id,
            link: Link::Wire,
            from: Some(from),
            to: Some(to),
            src: address(from),
            dst: address(to),
            transport: Transport::Tcp(tcp),
            data: Data::of(data),
            cause,
            copy_of,
            fate,
        }));
        id
    }

    /// Another machine appears, a guest's.
    pub(crate) fn machine(&mut self, id: HostId, name: &str) {
        self.tell(What::HostAppeared(HostInfo {
            id,
            name: name.into(),
            aliases: Vec::new(),
            address: address(id),
            guest: Some(MemberId(100 + id.0)),
            ready_made: false,
            cable: true,
            sysctls: BTreeMap::new(),
        }));
    }

    /// A machine asks `server` to connect, and is answered.
    pub(crate) fn calls_server(&mut self, from: HostId) {
        for to_server in [true, false] {
            let flags = if to_server { SYN } else { SYN_ACK };
            let sender = if to_server { CLIENT } else { SERVER };
            self.segment(sender, flags, b"", Cause::Timer, Fate::Delivered);
            if let Some(What::Packet(packet)) = self.events.last_mut().map(|event| &mut event.what) {
                let (end, ip) = if to_server {
                    (&mut packet.from, &mut packet.src)
                } else {
                    (&mut packet.to, &mut packet.dst)
                };
                (*end, *ip) = (Some(from), address(from));
            }
        }
    }

    /// A segment of a machine to itself.
    pub(crate) fn looped(&mut self, host: HostId, flags: TcpFlags, data: &[u8], cause: Cause) -> PacketId {
        let id = self.segment(CLIENT, flags, data, cause, Fate::Delivered);
        if let Some(What::Packet(packet)) = self.events.last_mut().map(|event| &mut event.what) {
            packet.link = Link::Loopback(host);
            (packet.from, packet.to) = (Some(host), Some(host));
            let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
            (packet.src, packet.dst) = (local, local);
        }
        id
    }

    pub(crate) fn fate(&mut self, id: PacketId, fate: Fate) {
        self.tell(What::Fate(PacketFate { id, fate }));
    }

    pub(crate) fn state(
        &mut self,
        host: HostId,
        socket: u32,
        from: Option<TcpState>,
        to: TcpState,
    ) -> &mut StateChange {
        let listens = to == TcpState::Listen;
        let (port, other) = if host == SERVER { (PORT, 40000) } else { (40000, PORT) };
        let peer = if host == SERVER { CLIENT } else { SERVER };
        let ip = if listens { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { address(host) };
        self.tell(What::State(StateChange {
            host,
            socket: SocketId(socket),
            owner: Some((ProgramId(host.0), Fd(2 + socket as i32))),
            local: Some(SocketAddr::new(ip, port).into()),
            remote: (!listens).then(|| SocketAddr::new(address(peer), other).into()),
            from,
            to,
            observed: true,
            accepted: true,
            unread: 0,
            unacknowledged: if listens { 5 } else { 0 },
            timer: (to == TcpState::TimeWait).then_some(Timer {
                kind: TimerKind::TimeWait,
                left_ms: 60_000,
                tries: 0,
            }),
        }));
        match self.events.last_mut().map(|event| &mut event.what) {
            Some(What::State(change)) => change,
            _ => panic!("the state was just told"),
        }
    }

    pub(crate) fn wire(&mut self, settings: WireSettings) {
        self.tell(What::Wire { by: Some(MemberId(1)), settings, rule: None });
    }

    pub(crate) fn store(&self) -> TraceStore {
        let mut store = TraceStore::new();
        for event in &self.events {
            assert!(store.push(event.clone()));
        }
        store
    }

    /// The events in the wire format, as they come over the WebSocket.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.events.iter().flat_map(|event| postcard::to_stdvec(event).unwrap()).collect()
    }

    // Whole scenes.

    /// A server that listens and waits in accept().
    pub(crate) fn server_waits(&mut self) -> CallRef {
        self.socket(SERVER, 3, 1);
        self.call(
            SERVER,
            Call::Bind { fd: Fd(3), address: (Ipv4Addr::UNSPECIFIED, PORT).into() },
            Ok(Value::Done),
        );
        let listen = self.begin(SERVER, Call::Listen { fd: Fd(3), backlog: 5 });
        self.state(SERVER, 1, Some(TcpState::Closed), TcpState::Listen);
        self.end(listen, Ok(Value::Done));
        self.begin(SERVER, Call::Accept { fd: Fd(3) })
    }

    /// connect() begins on the client.
    pub(crate) fn client_connects(&mut self) -> CallRef {
        self.socket(CLIENT, 3, 2);
        self.begin(
            CLIENT,
            Call::Connect { fd: Fd(3), address: SocketAddr::new(address(SERVER), PORT).into() },
        )
    }

    /// The tutorial's whole conversation.
    pub(crate) fn conversation(&mut self) {
        let accept = self.server_waits();
        self.wait_ms(3_200);
        let connect = self.client_connects();
        let syn = self.segment(CLIENT, SYN, b"", Cause::Call(connect), Fate::Delivered);
        self.state(CLIENT, 2, Some(TcpState::Closed), TcpState::SynSent);
        self.state(SERVER, 3, None, TcpState::SynRecv).owner = None;
        let agrees = self.segment(SERVER, SYN_ACK, b"", Cause::Packet(syn), Fate::Delivered);
        self.state(CLIENT, 2, Some(TcpState::SynSent), TcpState::Established);
        self.segment(CLIENT, ACK, b"", Cause::Packet(agrees), Fate::Delivered);
        let change = self.state(SERVER, 3, Some(TcpState::SynRecv), TcpState::Established);
        (change.owner, change.accepted) = (None, false);
        self.end(connect, Ok(Value::Done));
        let peer = SocketAddr::new(address(CLIENT), 40000).into();
        self.state(SERVER, 3, Some(TcpState::Established), TcpState::Established);
        self.end_with(accept, Ok(Value::Accepted { fd: Fd(4), peer }), Some(3), b"");
        let thanks = b"Thank you for connecting";
        let recv = self.begin(CLIENT, Call::Recv { fd: Fd(3), flags: Flags::default(), max: 1024 });
        let send =
            self.begin_with(SERVER, Call::Send { fd: Fd(4), flags: Flags::default(), length: 24 }, thanks);
        let data = self.segment(SERVER, PSH_ACK, thanks, Cause::Call(send), Fate::Delivered);
        self.state(CLIENT, 2, Some(TcpState::Established), TcpState::Established).unread = 24;
        self.segment(CLIENT, ACK, b"", Cause::Packet(data), Fate::Delivered);
        self.end(send, Ok(Value::Sent(24)));
        self.state(CLIENT, 2, Some(TcpState::Established), TcpState::Established);
        self.end_with(recv, Ok(Value::Received { length: 24 }), None, thanks);
        let close = self.begin(SERVER, Call::Close { fd: Fd(4) });
        self.segment(SERVER, FIN_ACK, b"", Cause::Call(close), Fate::Delivered);
        self.state(SERVER, 3, Some(TcpState::Established), TcpState::FinWait1).owner = None;
        self.state(CLIENT, 2, Some(TcpState::Established), TcpState::CloseWait);
        self.end(close, Ok(Value::Done));
        let close = self.begin(CLIENT, Call::Close { fd: Fd(3) });
        let fin = self.segment(CLIENT, FIN_ACK, b"", Cause::Call(close), Fate::Delivered);
        self.state(CLIENT, 2, Some(TcpState::CloseWait), TcpState::LastAck).owner = None;
        self.segment(SERVER, ACK, b"", Cause::Packet(fin), Fate::Delivered);
        self.state(SERVER, 3, Some(TcpState::FinWait1), TcpState::TimeWait).owner = None;
        self.state(CLIENT, 2, Some(TcpState::LastAck), TcpState::Closed).owner = None;
        self.end(close, Ok(Value::Done));
    }

    /// Nobody listens.
    pub(crate) fn refused(&mut self) {
        let connect = self.client_connects();
        let syn = self.segment(CLIENT, SYN, b"", Cause::Call(connect), Fate::Delivered);
        self.segment(SERVER, RST_ACK, b"", Cause::Packet(syn), Fate::Delivered);
        self.end(connect, Err(CallError::errno(proto::errno::Errno::ECONNREFUSED)));
    }

    /// A SYN held on the wire and two copies.
    pub(crate) fn held(&mut self) -> PacketId {
        self.server_waits();
        self.wire(WireSettings { held: true, ..WireSettings::default() });
        let connect = self.client_connects();
        let syn = self.segment(CLIENT, SYN, b"", Cause::Call(connect), Fate::Held);
        self.state(CLIENT, 2, Some(TcpState::Closed), TcpState::SynSent).timer =
            Some(Timer { kind: TimerKind::Retransmit, left_ms: 1_000, tries: 0 });
        for (tries, wait) in [(1, 1_000), (2, 2_000)] {
            self.wait_ms(wait);
            self.packet(CLIENT, SYN, (1000, 0), b"", Cause::Timer, Some(syn), Fate::Held);
            self.state(CLIENT, 2, Some(TcpState::SynSent), TcpState::SynSent).timer =
                Some(Timer { kind: TimerKind::Retransmit, left_ms: wait as u32 * 2, tries });
        }
        syn
    }
}

/// The socket behind a descriptor, as these scripts number them.
fn socket_of(host: HostId, call: &Call) -> Option<SocketId> {
    match (host, call.fd()?.0) {
        (SERVER, 3) => Some(SocketId(1)),
        (CLIENT, 3) => Some(SocketId(2)),
        (SERVER, 4) => Some(SocketId(3)),
        _ => None,
    }
}

fn address(host: HostId) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, host.0 as u8))
}
