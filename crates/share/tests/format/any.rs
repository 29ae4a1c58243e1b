//! Any recording there could be.

use std::net::{IpAddr, SocketAddr};

use proptest::{collection::vec, option, prelude::*, sample::select};
use proto::{
    address::{Address, UnixName},
    call::{
        Call, CallError, EpollEvents, EpollOperation, Family, Flags, How, Kind, OptionName, OptionValue,
        Outcome, Passed, PollEvents, ResolveError, Value,
    },
    errno::Errno,
    id::{CallRef, Fd, HostId, MemberId, PacketId, ProgramId, SocketId},
    limits,
    message::HostCommand,
    room::{HostInfo, Lifetime, MemberInfo, ProgramInfo, Role, StepOutcome, WireSettings},
    sysctl::Sysctl,
    trace::{
        CallBegin, CallEnd, Cause, Data, Event, Fate, Link, Packet, PacketFate, StateChange, Summary, Tcp,
        TcpFlags, TcpOption, TcpState, Timer, TimerKind, Transport, What,
    },
};
use share::{Header, Lesson, Note};

/// Text of strangers: markup, control characters, letters of either direction, nothing at all.
fn text() -> BoxedStrategy<String> {
    prop_oneof![any::<String>(), select(vec!["<b>&amp;\0\u{202e}\u{2028}\n\"\\", ""]).prop_map(str::to_owned)]
        .boxed()
}

fn fd() -> BoxedStrategy<Fd> {
    any::<i32>().prop_map(Fd).boxed()
}

fn ip() -> BoxedStrategy<IpAddr> {
    any::<IpAddr>().boxed()
}

/// An address as text has it: with neither flow nor scope. Names are of any bytes.
fn address() -> BoxedStrategy<Address> {
    let name = || vec(any::<u8>(), 0..limits::UNIX_NAME);
    prop_oneof![
        (ip(), any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port).into()),
        name().prop_map(|name| UnixName::abstract_name(&name).unwrap_or(UnixName::Unnamed).into()),
        name().prop_map(|name| UnixName::path(&name).unwrap_or(UnixName::Unnamed).into()),
    ]
    .boxed()
}

fn option_value() -> BoxedStrategy<OptionValue> {
    prop_oneof![
        any::<bool>().prop_map(OptionValue::Bool),
        any::<i32>().prop_map(OptionValue::Int),
        option::of(any::<u16>()).prop_map(OptionValue::Linger),
        vec(any::<u8>(), 0..=limits::OPTION_BYTES).prop_map(OptionValue::Bytes),
    ]
    .boxed()
}

fn polled() -> BoxedStrategy<Vec<(Fd, PollEvents)>> {
    vec((fd(), any::<u16>().prop_map(PollEvents)), 0..4).boxed()
}

fn passed() -> BoxedStrategy<Passed> {
    let socket = option::of((select(Family::ALL), select(Kind::ALL)));
    (fd(), socket).prop_map(|(fd, socket)| Passed { fd, socket }).boxed()
}

fn flags() -> BoxedStrategy<Flags> {
    any::<u8>().prop_map(Flags).boxed()
}

fn call() -> BoxedStrategy<Call> {
    let of_descriptor = prop_oneof![
        (fd(), address()).prop_map(|(fd, address)| Call::Bind { fd, address }),
        (fd(), any::<i32>()).prop_map(|(fd, backlog)| Call::Listen { fd, backlog }),
        fd().prop_map(|fd| Call::Accept { fd }),
        (fd(), address()).prop_map(|(fd, address)| Call::Connect { fd, address }),
        (fd(), select(How::ALL)).prop_map(|(fd, how)| Call::Shutdown { fd, how }),
        fd().prop_map(|fd| Call::Close { fd }),
        fd().prop_map(|fd| Call::GetSockName { fd }),
        fd().prop_map(|fd| Call::GetPeerName { fd }),
        (fd(), select(OptionName::ALL), option_value()).prop_map(|(fd, name, value)| Call::SetSockOpt {
            fd,
            name,
            value
        }),
        (fd(), select(OptionName::ALL)).prop_map(|(fd, name)| Call::GetSockOpt { fd, name }),
    ];
    let of_bytes = prop_oneof![
        (fd(), flags(), any::<u32>()).prop_map(|(fd, flags, length)| Call::Send { fd, flags, length }),
        (fd(), flags(), address(), any::<u32>()).prop_map(|(fd, flags, address, length)| Call::SendTo {
            fd,
            flags,
            address,
            length
        }),
        (fd(), flags(), any::<u32>()).prop_map(|(fd, flags, max)| Call::Recv { fd, flags, max }),
        (fd(), flags(), any::<u32>()).prop_map(|(fd, flags, max)| Call::RecvFrom { fd, flags, max }),
    ];
    prop_oneof![
        of_descriptor,
        of_bytes,
        (select(Family::ALL), select(Kind::ALL)).prop_map(|(family, kind)| Call::Socket { family, kind }),
        polled().prop_map(|fds| Call::Poll { fds }),
        (fd(), flags(), option::of(address()), any::<u32>(), vec(fd(), 0..3)).prop_map(
            |(fd, flags, address, length, passed)| Call::SendMsg { fd, flags, address, length, passed }
        ),
        (fd(), flags(), any::<u32>(), any::<u32>()).prop_map(|(fd, flags, max, control)| Call::RecvMsg {
            fd,
            flags,
            max,
            control
        }),
        Just(Call::EpollCreate {}),
        (fd(), select(EpollOperation::ALL), fd(), any::<u32>()).prop_map(
            |(fd, operation, target, events)| {
                Call::EpollCtl { fd, operation, target, events: EpollEvents(events) }
            }
        ),
        (fd(), any::<u32>()).prop_map(|(fd, max)| Call::EpollWait { fd, max }),
        (text(), option::of(select(Family::ALL)), any::<u16>())
            .prop_map(|(name, family, port)| Call::Resolve { name, family, port }),
        (text(), any::<u8>()).prop_map(|(name, count)| Call::Ping { name, count }),
        fd().prop_map(|fd| Call::Dup { fd }),
        (select(Family::ALL), select(Kind::ALL)).prop_map(|(family, kind)| Call::SocketPair { family, kind }),
        address().prop_map(|address| Call::Unlink { address }),
        address().prop_map(|address| Call::Stat { address }),
        Just(Call::Interfaces {}),
    ]
    .boxed()
}

fn outcome() -> BoxedStrategy<Outcome> {
    let value = prop_oneof![
        Just(Value::Done),
        fd().prop_map(Value::Descriptor),
        (fd(), address()).prop_map(|(fd, peer)| Value::Accepted { fd, peer }),
        any::<u32>().prop_map(Value::Sent),
        any::<u32>().prop_map(|length| Value::Received { length }),
        (any::<u32>(), option::of(address())).prop_map(|(length, from)| Value::ReceivedFrom { length, from }),
        address().prop_map(Value::Address),
        option_value().prop_map(Value::Option),
        polled().prop_map(Value::Ready),
        vec((fd(), any::<u32>().prop_map(EpollEvents)), 0..4).prop_map(Value::Events),
        (any::<u32>(), option::of(address()), any::<bool>(), any::<bool>(), vec(passed(), 0..3)).prop_map(
            |(length, from, cut, control_cut, passed)| Value::ReceivedMsg {
                length,
                from,
                cut,
                control_cut,
                passed
            }
        ),
        (vec(ip(), 0..3), any::<bool>())
            .prop_map(|(addresses, from_room)| Value::Addresses { addresses, from_room }),
        (ip(), vec(option::of(any::<u64>()), 0..3), any::<bool>())
            .prop_map(|(address, round_trips, sent)| Value::Pinged { address, round_trips, sent }),
        (fd(), fd()).prop_map(|(one, other)| Value::Pair(one, other)),
        vec((any::<u32>(), "[a-z0-9]{1,15}"), 0..3).prop_map(Value::Interfaces),
    ];
    let error = prop_oneof![
        (any::<i32>(), any::<u32>())
            .prop_map(|(errno, taken)| CallError::Errno { errno: Errno(errno), taken }),
        any::<u32>().prop_map(|taken| CallError::TimedOut { taken }),
        select(ResolveError::ALL).prop_map(CallError::Resolve),
        (text(), text()).prop_map(|(rule, value)| CallError::Policy { rule, value }),
        (text(), any::<u64>()).prop_map(|(limit, value)| CallError::Limit { limit, value }),
        text().prop_map(|rule| CallError::Protocol { rule }),
    ];
    prop_oneof![value.prop_map(Ok), error.prop_map(Err)].boxed()
}

fn data() -> BoxedStrategy<Data> {
    let sizes = (vec(any::<u8>(), 0..limits::TRACE_DATA), 0_u32..10_000);
    sizes.prop_map(|(bytes, more)| Data { length: bytes.len() as u32 + more, bytes }).boxed()
}

fn member_id() -> BoxedStrategy<MemberId> {
    any::<u32>().prop_map(MemberId).boxed()
}

fn begin() -> BoxedStrategy<What> {
    let who = (any::<u64>(), option::of(member_id()), any::<u32>(), any::<u32>());
    let how = (call(), data(), option::of(any::<u32>()), option::of(any::<u32>()), option::of(text()));
    (who, how)
        .prop_map(|((id, by, host, program), (call, data, socket, line, thread))| {
            What::CallBegin(CallBegin {
                id: CallRef(id),
                by,
                host: HostId(host),
                program: ProgramId(program),
                call,
                data,
                socket: socket.map(SocketId),
                line,
                thread,
            })
        })
        .boxed()
}

fn end() -> BoxedStrategy<What> {
    let all = (any::<u64>(), outcome(), data(), option::of(any::<u32>()), any::<u64>(), any::<bool>());
    all.prop_map(|(id, outcome, data, socket, elapsed, outside)| {
        let socket = socket.map(SocketId);
        What::CallEnd(CallEnd { id: CallRef(id), outcome, data, socket, elapsed, outside })
    })
    .boxed()
}

fn fate() -> BoxedStrategy<Fate> {
    prop_oneof![
        select(vec![
            Fate::Travelling,
            Fate::Held,
            Fate::Delivered,
            Fate::Lost,
            Fate::NoHost,
            Fate::Superseded
        ]),
        option::of(member_id()).prop_map(Fate::Dropped),
    ]
    .boxed()
}

fn transport() -> BoxedStrategy<Transport> {
    let option = prop_oneof![
        any::<u16>().prop_map(TcpOption::MaximumSegmentSize),
        any::<u8>().prop_map(TcpOption::WindowScale),
        Just(TcpOption::SackPermitted),
        vec(any::<(u32, u32)>(), 0..4).prop_map(TcpOption::Sack),
        any::<(u32, u32)>().prop_map(|(value, echo)| TcpOption::Timestamps(value, echo)),
        any::<u8>().prop_map(TcpOption::Other),
    ];
    let tcp = (any::<(u16, u16, u32, u32)>(), any::<(u8, u16, u16)>(), vec(option, 0..4));
    prop_oneof![
        tcp.prop_map(|((src_port, dst_port, sequence, acknowledgment), (flags, window, urgent), options)| {
            let flags = TcpFlags(flags);
            Transport::Tcp(Tcp {
                src_port,
                dst_port,
                sequence,
                acknowledgment,
                flags,
                window,
                urgent,
                options,
            })
        }),
        any::<(u16, u16)>().prop_map(|(src_port, dst_port)| Transport::Udp { src_port, dst_port }),
        (any::<(u8, u8)>(), text()).prop_map(|((kind, code), words)| Transport::Icmp { kind, code, words }),
        any::<u8>().prop_map(Transport::Other),
    ]
    .boxed()
}

fn packet() -> BoxedStrategy<What> {
    let cause = prop_oneof![
        any::<u64>().prop_map(|id| Cause::Call(CallRef(id))),
        any::<u64>().prop_map(|id| Cause::Packet(PacketId(id))),
        select(vec![Cause::Timer, Cause::Wire, Cause::Service]),
    ];
    let link = option::of(any::<u32>())
        .prop_map(|host| host.map_or(Link::Wire, |host| Link::Loopback(HostId(host))));
    let host = || option::of(any::<u32>().prop_map(HostId));
    let way = (any::<u64>(), link, host(), host(), ip(), ip());
    let rest = (transport(), data(), cause, option::of(any::<u64>()), fate());
    (way, rest)
        .prop_map(|((id, link, from, to, src, dst), (transport, data, cause, copy_of, fate))| {
            let (id, copy_of) = (PacketId(id), copy_of.map(PacketId));
            What::Packet(Packet { id, link, from, to, src, dst, transport, data, cause, copy_of, fate })
        })
        .boxed()
}

fn state() -> BoxedStrategy<What> {
    let states = || {
        select(vec![
            TcpState::Closed,
            TcpState::Listen,
            TcpState::SynSent,
            TcpState::SynRecv,
            TcpState::Established,
            TcpState::FinWait1,
            TcpState::FinWait2,
            TcpState::CloseWait,
            TcpState::Closing,
            TcpState::LastAck,
            TcpState::TimeWait,
            TcpState::Datagram,
        ])
    };
    let kinds = vec![TimerKind::Retransmit, TimerKind::KeepAlive, TimerKind::TimeWait, TimerKind::ZeroWindow];
    let timer = (select(kinds), any::<u32>(), any::<u8>()).prop_map(|(kind, left_ms, tries)| Timer {
        kind,
        left_ms,
        tries,
    });
    let owner = option::of((any::<u32>().prop_map(ProgramId), fd()));
    let ends = (option::of(address()), option::of(address()), option::of(states()), states());
    let rest = (any::<(bool, bool, u32, u32)>(), option::of(timer));
    (any::<(u32, u32)>(), owner, ends, rest)
        .prop_map(|((host, socket), owner, ends, rest)| {
            let (local, remote, from, to) = ends;
            let ((observed, accepted, unread, unacknowledged), timer) = rest;
            let (host, socket) = (HostId(host), SocketId(socket));
            What::State(StateChange {
                host,
                socket,
                owner,
                local,
                remote,
                from,
                to,
                observed,
                accepted,
                unread,
                unacknowledged,
                timer,
            })
        })
        .boxed()
}

fn host() -> BoxedStrategy<HostInfo> {
    let sysctls = proptest::collection::btree_map(
        select(Sysctl::ALL.map(|(name, ..)| name).to_vec()),
        any::<u32>(),
        0..3,
    );
    let names = (any::<u32>(), text(), vec(text(), 0..3), ip());
    (names, option::of(member_id()), any::<(bool, bool)>(), sysctls)
        .prop_map(|((id, name, aliases, address), guest, (ready_made, cable), sysctls)| {
            let id = HostId(id);
            HostInfo { id, name, aliases, address, guest, ready_made, cable, sysctls }
        })
        .boxed()
}

fn member() -> BoxedStrategy<MemberInfo> {
    let roles = select(vec![Role::Viewer, Role::Participant, Role::Owner]);
    (member_id(), text(), roles, option::of(any::<u32>().prop_map(HostId)))
        .prop_map(|(id, name, role, host)| MemberInfo { id, name, role, host })
        .boxed()
}

fn program() -> BoxedStrategy<ProgramInfo> {
    let lifetimes = select(vec![Lifetime::Page, Lifetime::Member]);
    (any::<(u32, u32)>(), option::of(member_id()), text(), lifetimes)
        .prop_map(|((id, host), by, name, lifetime)| {
            let (id, host) = (ProgramId(id), HostId(host));
            ProgramInfo { id, host, by, name, lifetime }
        })
        .boxed()
}

fn wire() -> BoxedStrategy<WireSettings> {
    (any::<bool>(), any::<u32>(), 0.0..=1.0_f64, any::<u64>())
        .prop_map(|(held, delay_ms, loss, seed)| WireSettings { held, delay_ms, loss, seed })
        .boxed()
}

fn people_and_machines() -> BoxedStrategy<What> {
    let command = prop_oneof![
        any::<bool>().prop_map(HostCommand::Cable),
        Just(HostCommand::FreshNetwork),
        (select(Sysctl::ALL.map(|(name, ..)| name).to_vec()), any::<u32>())
            .prop_map(|(name, value)| HostCommand::Sysctl { name, value }),
    ];
    let step = prop_oneof![
        any::<u64>().prop_map(|evidence| StepOutcome::Passed { evidence }),
        Just(StepOutcome::Skipped),
    ];
    prop_oneof![
        (option::of(member_id()), wire(), option::of(text())).prop_map(|(by, settings, rule)| What::Wire {
            by,
            settings,
            rule
        }),
        member().prop_map(What::Joined),
        member_id().prop_map(What::Left),
        host().prop_map(What::HostAppeared),
        any::<u32>().prop_map(|id| What::HostGone(HostId(id))),
        (member_id(), command, host()).prop_map(|(by, command, host)| What::HostChanged {
            by,
            command,
            host
        }),
        program().prop_map(What::ProgramBegan),
        any::<u32>().prop_map(|id| What::ProgramEnded(ProgramId(id))),
        any::<(u64, u64, u64, u64)>().prop_map(|(packets, bytes, missed, queue_drops)| {
            What::Summary(Summary { packets, bytes, missed, queue_drops })
        }),
        (member_id(), text(), text(), step).prop_map(|(by, lesson, step, outcome)| What::Progress {
            by,
            lesson,
            step,
            outcome
        }),
    ]
    .boxed()
}

fn what() -> BoxedStrategy<What> {
    prop_oneof![
        begin(),
        end(),
        packet(),
        (any::<u64>(), fate()).prop_map(|(id, fate)| What::Fate(PacketFate { id: PacketId(id), fate })),
        state(),
        people_and_machines(),
        (any::<u32>(), any::<bool>(), text()).prop_map(|(id, error, text)| What::Output {
            program: ProgramId(id),
            error,
            text
        }),
        (member_id(), any::<u32>(), text(), option::of(text()))
            .prop_map(|(by, host, name, text)| What::Source { by, host: HostId(host), name, text }),
        (member_id(), any::<u32>(), text()).prop_map(|(by, host, name)| What::InFront {
            by,
            host: HostId(host),
            name
        }),
    ]
    .boxed()
}

/// Events in order, some of them missing.
pub(super) fn events() -> BoxedStrategy<Vec<Event>> {
    vec((1_u64..5, 0_u64..1_000_000_000, what()), 0..40)
        .prop_map(|steps| {
            let (mut seq, mut time) = (0, 0);
            let event = |(further, later, what)| {
                seq += further;
                time += later;
                Event { seq, time, what }
            };
            steps.into_iter().map(event).collect()
        })
        .boxed()
}

pub(super) fn header() -> BoxedStrategy<Header> {
    let lesson = (text(), vec(text(), 0..3)).prop_map(|(id, passed)| Lesson { id, passed });
    let sentence = text().prop_map(|text| text.chars().take(limits::SHARE_NOTE).collect());
    let note = (any::<u64>(), sentence).prop_map(|(seq, text)| Note { seq, text });
    let title = text().prop_map(|title| title.chars().take(limits::SHARE_TITLE).collect());
    let about = (any::<u64>(), title, option::of(lesson), any::<bool>(), any::<u64>());
    let room = (vec(host(), 0..4), vec(program(), 0..4), vec(member(), 0..4), wire());
    (about, room, vec(note, 0..3))
        .prop_map(|(about, room, notes)| {
            let (made, title, lesson, names_hidden, evicted) = about;
            let (hosts, programs, members, wire) = room;
            Header {
                made,
                title,
                lesson,
                names_hidden,
                evicted,
                events: 0,
                hosts,
                programs,
                members,
                wire,
                notes,
            }
        })
        .boxed()
}
