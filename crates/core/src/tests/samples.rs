//! One of everything, for tests of the wire format.

use crate::{
    address::Address,
    call::{
        Call, CallError, EpollEvents, EpollOperation, Family, Flags, How, Kind, OptionName, OptionValue,
        Passed, PollEvents, ResolveError, Value, Wait,
    },
    errno::Errno,
    id::{CallId, CallRef, Fd, HostId, MemberId, PacketId, ProgramId, SocketId, StreamId},
    message::{
        ClientMessage, Continue, Hello, HostCommand, Notice, Refusal, ServerMessage, Snapshot, Sysctl,
        Welcome, WireCommand,
    },
    room::{HostInfo, Lifetime, MemberInfo, ProgramInfo, Role, StepOutcome, WireSettings},
    trace::{
        CallBegin, CallEnd, Cause, Data, Event, Fate, Link, Packet, PacketFate, StateChange, Summary, Tcp,
        TcpFlags, TcpOption, TcpState, Timer, TimerKind, Transport, What,
    },
};

const PROGRAM: ProgramId = ProgramId(7);
const FD: Fd = Fd(3);

fn v4() -> Address {
    "10.0.0.10:12345".parse().unwrap()
}

fn v6() -> Address {
    "[fd00::1]:80".parse().unwrap()
}

fn path() -> Address {
    "unix:/tmp/talk".parse().unwrap()
}

pub(super) fn accept(id: u32) -> ClientMessage {
    call(id, Call::Accept { fd: FD }, Wait::Forever)
}

pub(super) fn send(id: u32, length: u32) -> ClientMessage {
    call(id, Call::Send { fd: FD, flags: Flags::MORE, length }, Wait::No)
}

fn call(id: u32, call: Call, wait: Wait) -> ClientMessage {
    ClientMessage::Call { id: CallId(id), program: PROGRAM, call, wait, line: None, thread: None }
}

fn calls() -> Vec<Call> {
    let flags = Flags::PEEK.with(Flags::WAITALL);
    vec![
        Call::Socket { family: Family::Inet, kind: Kind::Stream },
        Call::Socket { family: Family::Inet6, kind: Kind::Datagram },
        Call::Bind { fd: FD, address: v4() },
        Call::Listen { fd: FD, backlog: -1 },
        Call::Accept { fd: FD },
        Call::Connect { fd: FD, address: v6() },
        Call::Send { fd: FD, flags, length: 0 },
        Call::SendTo { fd: FD, flags, address: v4(), length: 0 },
        Call::Recv { fd: FD, flags, max: 1024 },
        Call::RecvFrom { fd: FD, flags, max: u32::MAX },
        Call::Shutdown { fd: FD, how: How::Write },
        Call::Close { fd: Fd(-1) },
        Call::GetSockName { fd: FD },
        Call::GetPeerName { fd: FD },
        Call::SetSockOpt { fd: FD, name: OptionName::Linger, value: OptionValue::Linger(Some(0)) },
        Call::SetSockOpt { fd: FD, name: OptionName::Ttl, value: OptionValue::Int(64) },
        Call::SetSockOpt {
            fd: FD,
            name: OptionName::Congestion,
            value: OptionValue::Bytes(b"reno".to_vec()),
        },
        Call::GetSockOpt { fd: FD, name: OptionName::ReuseAddr },
        Call::Poll { fds: vec![(FD, PollEvents::IN), (Fd(4), PollEvents::RDHUP)] },
        Call::Resolve { name: "tutorial".into(), family: Some(Family::Inet), port: 12345 },
        Call::Ping { name: "tutorial".into(), count: 3 },
        Call::Dup { fd: FD },
        Call::SocketPair { family: Family::Unix, kind: Kind::Stream },
        Call::Unlink { address: path() },
        Call::Stat { address: "unix:@a\\x00".parse().unwrap() },
        Call::Interfaces {},
        Call::SendMsg { fd: FD, flags, address: Some(path()), length: 0, passed: vec![Fd(4), Fd(5)] },
        Call::RecvMsg { fd: FD, flags, max: 1024, control: 24 },
        Call::EpollCreate {},
        Call::EpollCtl {
            fd: FD,
            operation: EpollOperation::Add,
            target: Fd(4),
            events: EpollEvents::IN.with(EpollEvents::ET),
        },
        Call::EpollWait { fd: FD, max: 1023 },
    ]
}

pub(super) fn client_messages() -> Vec<ClientMessage> {
    let id = CallId(300);
    let stream = StreamId(2);
    let mut messages: Vec<ClientMessage> =
        calls().into_iter().map(|one| call(300, one, Wait::Millis(500))).collect();
    messages.extend([
        ClientMessage::Call {
            id,
            program: PROGRAM,
            call: Call::Accept { fd: FD },
            wait: Wait::Forever,
            line: Some(300),
            thread: Some("Thread-1 (serve)".into()),
        },
        accept(1),
        send(2, 0),
        ClientMessage::OpenProgram {
            id,
            host: HostId(1),
            name: "By hand".into(),
            lifetime: Lifetime::Member,
        },
        ClientMessage::CloseProgram { id, program: PROGRAM },
        ClientMessage::Cancel { id },
        ClientMessage::OpenStream { stream, program: PROGRAM, fd: FD, credit: 1 << 20 },
        ClientMessage::StreamCredit { stream, total: 1 << 40 },
        ClientMessage::StreamFinish { stream },
        ClientMessage::StreamClose { stream },
        ClientMessage::Subscribe { from: 0 },
        ClientMessage::Unsubscribe,
        ClientMessage::Output { program: PROGRAM, error: true, text: "ä\n".into() },
        ClientMessage::Source { host: HostId(1), name: "client.py".into(), text: "import socket\n".into() },
        ClientMessage::InFront { host: HostId(1), name: "client.py".into() },
        ClientMessage::Remove { id, member: MemberId(3) },
        ClientMessage::Host { id, host: HostId(1), command: HostCommand::Cable(false) },
        ClientMessage::Host { id, host: HostId(1), command: HostCommand::FreshNetwork },
        ClientMessage::Host {
            id,
            host: HostId(1),
            command: HostCommand::Sysctl { name: Sysctl::AbortOnOverflow, value: 1 },
        },
        ClientMessage::Rename { name: "Ada".into() },
        ClientMessage::KeepOpen,
        ClientMessage::Bye,
        ClientMessage::Progress {
            lesson: "connect".into(),
            step: "Connect it".into(),
            outcome: StepOutcome::Passed { evidence: 300 },
        },
        ClientMessage::Progress {
            lesson: "connect".into(),
            step: "Close".into(),
            outcome: StepOutcome::Skipped,
        },
    ]);
    let commands = [
        WireCommand::Hold,
        WireCommand::Step,
        WireCommand::Deliver(PacketId(9)),
        WireCommand::Drop(PacketId(9)),
        WireCommand::Release,
        WireCommand::Set { delay_ms: Some(50.0), loss: Some(0.1), seed: Some(1) },
    ];
    messages.extend(commands.into_iter().map(|command| ClientMessage::Wire { id, command }));
    messages
}

fn values() -> Vec<Value> {
    vec![
        Value::Done,
        Value::Descriptor(FD),
        Value::Accepted { fd: Fd(4), peer: v4() },
        Value::Sent(5),
        Value::Received { length: 0 },
        Value::ReceivedFrom { length: 0, from: Some(v6()) },
        Value::Address(v4()),
        Value::Option(OptionValue::Bool(true)),
        Value::Ready(vec![(FD, PollEvents::HUP)]),
        Value::Addresses { addresses: vec![v4().ip().unwrap(), v6().ip().unwrap()], from_room: true },
        Value::Pinged { address: v4().ip().unwrap(), round_trips: vec![Some(1_000_000), None], sent: true },
        Value::Pair(FD, Fd(4)),
        Value::Interfaces(vec![(1, "lo".into())]),
        Value::Address("unix:".parse().unwrap()),
        Value::ReceivedMsg {
            length: 0,
            from: None,
            cut: false,
            control_cut: true,
            passed: vec![
                Passed { fd: Fd(4), socket: Some((Family::Inet, Kind::Stream)) },
                Passed { fd: Fd(5), socket: None },
            ],
        },
        Value::Events(vec![(Fd(4), EpollEvents::IN)]),
    ]
}

fn errors() -> Vec<CallError> {
    vec![
        CallError::errno(Errno::ECONNREFUSED),
        CallError::TimedOut { taken: 7 },
        CallError::Resolve(ResolveError::NoName),
        CallError::Policy { rule: "private-address".into(), value: "192.168.0.1".into() },
        CallError::Limit { limit: "sockets".into(), value: 512 },
        CallError::Protocol { rule: "call-id".into() },
    ]
}

pub(super) fn server_messages() -> Vec<ServerMessage> {
    let id = CallId(300);
    let stream = StreamId(2);
    let outcomes = values().into_iter().map(Ok).chain(errors().into_iter().map(Err));
    let mut messages: Vec<ServerMessage> =
        outcomes.map(|outcome| ServerMessage::Result { id, outcome }).collect();
    messages.extend([
        ServerMessage::Program { id, program: PROGRAM },
        ServerMessage::StreamCredit { stream, total: 1 << 20 },
        ServerMessage::StreamFinished { stream },
        ServerMessage::StreamEnded { stream, error: Some(CallError::errno(Errno::ECONNRESET)) },
        ServerMessage::Notice(Notice::RoomEnds { left_ms: 300_000 }),
        ServerMessage::Notice(Notice::RoomStays),
        ServerMessage::Notice(Notice::RoomEnded),
        ServerMessage::Notice(Notice::TakenOver),
        ServerMessage::Notice(Notice::Draining { left_ms: 10_000 }),
        ServerMessage::Notice(Notice::Removed),
    ]);
    messages
}

pub(super) fn hellos() -> Vec<Hello> {
    let hello = |session| Hello { key: [1; 16], name: "Ada".into(), session };
    vec![
        hello(None),
        hello(Some(Continue { token: [2; 16], received: None })),
        hello(Some(Continue { token: [2; 16], received: Some(1000) })),
    ]
}

pub(super) fn welcomes(snapshot: &Snapshot) -> Vec<Welcome> {
    let mut full = snapshot.clone();
    full.links.join = Some([3; 16]);
    full.members = vec![member()];
    full.hosts = vec![host()];
    full.programs = vec![program()];
    full.descriptors = vec![(PROGRAM, FD)];
    full.waiting = vec![(CallId(4), PROGRAM, Call::Accept { fd: FD })];
    full.wire = WireSettings { held: true, delay_ms: 50, loss: 0.5, seed: 1 };
    full.features.targets = vec!["example.com:80".into()];
    let refusals = [
        Refusal::NoRoom,
        Refusal::WrongKey,
        Refusal::SessionOver,
        Refusal::Gap,
        Refusal::Limit { limit: "members".into(), value: 64 },
        Refusal::Draining,
        Refusal::Unavailable("no namespaces".into()),
        Refusal::Removed,
        Refusal::NodeAway,
    ];
    let first = [Welcome::Begun(Box::new(snapshot.clone())), Welcome::Begun(Box::new(full))];
    first
        .into_iter()
        .chain([Welcome::Resumed { received: 1000 }])
        .chain(refusals.map(Welcome::Refused))
        .collect()
}

fn member() -> MemberInfo {
    MemberInfo { id: MemberId(1), name: "Ada".into(), role: Role::Participant, host: Some(HostId(4)) }
}

fn host() -> HostInfo {
    HostInfo {
        id: HostId(1),
        name: "server".into(),
        aliases: vec!["www.example.test".into()],
        address: v4().ip().unwrap(),
        guest: None,
        ready_made: true,
        cable: true,
        sysctls: [(Sysctl::SynRetries, 6), (Sysctl::SynCookies, 1)].into(),
    }
}

fn program() -> ProgramInfo {
    let (id, host) = (PROGRAM, HostId(1));
    ProgramInfo { id, host, by: Some(MemberId(1)), name: "server.py".into(), lifetime: Lifetime::Page }
}

fn tcp() -> Transport {
    Transport::Tcp(Tcp {
        src_port: 40_000,
        dst_port: 12_345,
        sequence: u32::MAX,
        acknowledgment: 1,
        flags: TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0),
        window: 64_240,
        urgent: 0,
        options: vec![
            TcpOption::MaximumSegmentSize(1460),
            TcpOption::WindowScale(7),
            TcpOption::SackPermitted,
            TcpOption::Sack(vec![(1, 2)]),
            TcpOption::Timestamps(3, 4),
            TcpOption::Other(254),
        ],
    })
}

fn packet(transport: Transport, link: Link, cause: Cause, fate: Fate) -> What {
    What::Packet(Packet {
        id: PacketId(9),
        link,
        from: Some(HostId(1)),
        to: None,
        src: v4().ip().unwrap(),
        dst: v6().ip().unwrap(),
        transport,
        data: Data::of(b"Thank you for connecting"),
        cause,
        copy_of: Some(PacketId(8)),
        fate,
    })
}

fn state() -> What {
    What::State(StateChange {
        host: HostId(1),
        socket: SocketId(5),
        owner: Some((PROGRAM, FD)),
        local: Some(v4()),
        remote: None,
        from: Some(TcpState::SynSent),
        to: TcpState::Established,
        observed: true,
        accepted: false,
        unread: 1,
        unacknowledged: 2,
        timer: Some(Timer { kind: TimerKind::Retransmit, left_ms: 200, tries: 1 }),
    })
}

fn call_events() -> [What; 2] {
    let id = CallRef(6);
    let begin = CallBegin {
        id,
        by: Some(MemberId(1)),
        host: HostId(1),
        program: PROGRAM,
        call: Call::Send { fd: FD, flags: Flags::default(), length: 5 },
        data: Data::of(b"hello"),
        socket: Some(SocketId(5)),
        line: Some(8),
        thread: Some("reader".into()),
    };
    let end = CallEnd {
        id,
        outcome: Ok(Value::Sent(5)),
        data: Data::default(),
        socket: None,
        elapsed: 1_000,
        outside: false,
    };
    [What::CallBegin(begin), What::CallEnd(end)]
}

pub(super) fn events() -> Vec<Event> {
    let icmp = Transport::Icmp { kind: 3, code: 1, words: "host unreachable".into() };
    let mut whats = Vec::from(call_events());
    whats.extend([
        packet(tcp(), Link::Wire, Cause::Call(CallRef(6)), Fate::Held),
        packet(
            Transport::Udp { src_port: 1, dst_port: 2 },
            Link::Loopback(HostId(1)),
            Cause::Packet(PacketId(8)),
            Fate::Lost,
        ),
        packet(icmp, Link::Wire, Cause::Wire, Fate::NoHost),
        packet(Transport::Other(132), Link::Wire, Cause::Timer, Fate::Delivered),
        What::Fate(PacketFate { id: PacketId(9), fate: Fate::Dropped(Some(MemberId(1))) }),
        state(),
        What::Output { program: PROGRAM, error: false, text: "hi\n".into() },
        What::Source {
            by: MemberId(1),
            host: HostId(1),
            name: "client.py".into(),
            text: Some("pass\n".into()),
        },
        What::HostChanged { by: MemberId(1), command: HostCommand::Cable(false), host: host() },
        What::HostChanged {
            by: MemberId(1),
            command: HostCommand::Sysctl { name: Sysctl::SynRetries, value: 3 },
            host: host(),
        },
        What::Wire { by: None, settings: WireSettings::default(), rule: Some("hold-ms".into()) },
        What::Joined(member()),
        What::Left(MemberId(1)),
        What::HostAppeared(host()),
        What::HostGone(HostId(4)),
        What::ProgramBegan(program()),
        What::ProgramEnded(PROGRAM),
        What::Summary(Summary { packets: 1, bytes: 2, missed: 3, queue_drops: 4 }),
        What::Progress {
            by: MemberId(1),
            lesson: "connect".into(),
            step: "Connect it".into(),
            outcome: StepOutcome::Passed { evidence: 300 },
        },
        What::InFront { by: MemberId(1), host: HostId(1), name: "client.py".into() },
    ]);
    let numbered = whats.into_iter().zip(1..);
    numbered.map(|(what, seq)| Event { seq, time: seq * 1_000_000, what }).collect()
}
