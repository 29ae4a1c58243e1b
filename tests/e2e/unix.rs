//! Descriptors that are copied, and sockets of AF_UNIX: within one machine, by path and by abstract name, without a packet.

use proto::{
    address::Address,
    call::{Call, CallError, Family, Flags, Kind, Outcome, Value, Wait},
    errno::Errno,
    id::{Fd, ProgramId},
    limits::{self, Limit},
    trace::{Event, StateChange, TcpState, What},
};

use crate::harness::{client::Client, room::NewRoom, server::TestServer, trace};

async fn owner() -> (std::sync::Arc<TestServer>, Client) {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    client.subscribe();
    (server, client)
}

fn errno(errno: Errno) -> Outcome {
    Err(CallError::errno(errno))
}

fn named(text: &str) -> Address {
    text.parse().expect("an address")
}

async fn socket(room: &mut Client, program: ProgramId, kind: Kind) -> Fd {
    match room.call(program, Call::Socket { family: Family::Unix, kind }).await {
        Ok(Value::Descriptor(fd)) => fd,
        other => panic!("no socket: {other:?}"),
    }
}

/// A socket that listens.
async fn listener(room: &mut Client, program: ProgramId, at: &str, backlog: i32) -> Fd {
    let fd = socket(room, program, Kind::Stream).await;
    assert_eq!(room.call(program, Call::Bind { fd, address: named(at) }).await, Ok(Value::Done));
    assert_eq!(room.call(program, Call::Listen { fd, backlog }).await, Ok(Value::Done));
    fd
}

/// What a new socket's connect comes to.
async fn connect(room: &mut Client, program: ProgramId, kind: Kind, to: &str) -> (Fd, Outcome) {
    let fd = socket(room, program, kind).await;
    let outcome = room.call(program, Call::Connect { fd, address: named(to) }).await;
    (fd, outcome)
}

fn states(events: &[Event]) -> Vec<&StateChange> {
    let state = |event: &'_ Event| matches!(event.what, What::State(_));
    let all = events.iter().filter(|event| state(event));
    all.filter_map(|event| match &event.what {
        What::State(change) => Some(change),
        _ => None,
    })
    .collect()
}

/// Names of the calls that have ended.
fn calls(events: &[Event]) -> Vec<&'static str> {
    let begun = events.iter().filter_map(|event| match &event.what {
        What::CallBegin(begin) => Some(begin.call.name()),
        _ => None,
    });
    begun.collect()
}

#[tokio::test]
async fn a_copied_descriptor_keeps_its_socket_until_the_last_is_closed() {
    let (_server, mut room) = owner().await;
    let pair = room.pair(12345).await;
    let again = room.call(pair.server, Call::Dup { fd: pair.ours }).await;
    let Ok(Value::Descriptor(again)) = again else { panic!("{again:?}") };
    assert_eq!(again, Fd(5), "the lowest free number");
    assert_eq!(room.call(pair.server, Call::Dup { fd: Fd(77) }).await, errno(Errno::EBADF));
    let waiting =
        room.begin(pair.server, Call::Recv { fd: again, flags: Flags::default(), max: 10 }, Wait::Forever);
    assert_eq!(room.close_fd(pair.server, pair.ours).await, Ok(Value::Done));
    assert_eq!(room.send(pair.client, pair.theirs, b"still open").await, Ok(Value::Sent(10)));
    assert_eq!(room.result(waiting).await.1, b"still open"[..]);
    // The trace says who has it now.
    let owned = |events: &[Event]| {
        states(events)
            .iter()
            .any(|change| change.owner == Some((pair.server, again)) && change.to == TcpState::Established)
    };
    room.trace_until(owned).await;
    assert_eq!(room.send(pair.server, again, b"x").await, Ok(Value::Sent(1)));
    assert_eq!(room.recv(pair.client, pair.theirs, 10).await.expect("a byte"), &b"x"[..]);
    assert_eq!(room.close_fd(pair.server, again).await, Ok(Value::Done));
    assert!(room.recv(pair.client, pair.theirs, 10).await.expect("the end of file").is_empty());
}

#[tokio::test]
async fn a_pair_talks_without_a_packet() {
    let (_server, mut room) = owner().await;
    let program = room.program("client").await;
    let made = room.call(program, Call::SocketPair { family: Family::Unix, kind: Kind::Stream }).await;
    assert_eq!(made, Ok(Value::Pair(Fd(3), Fd(4))));
    assert_eq!(room.send(program, Fd(3), b"ping").await, Ok(Value::Sent(4)));
    assert_eq!(room.recv(program, Fd(4), 10).await.expect("bytes"), &b"ping"[..]);
    let name = room.call(program, Call::GetPeerName { fd: Fd(4) }).await;
    assert_eq!(name, Ok(Value::Address(named("unix:"))));
    let inet = Call::SocketPair { family: Family::Inet, kind: Kind::Stream };
    assert_eq!(room.call(program, inet).await, errno(Errno::EOPNOTSUPP), "the kernel has none of these");
    assert_eq!(room.close_fd(program, Fd(3)).await, Ok(Value::Done));
    assert!(room.recv(program, Fd(4), 10).await.expect("the end of file").is_empty());
    assert_eq!(room.close_fd(program, Fd(4)).await, Ok(Value::Done));
    room.trace_until(|events| {
        states(events).iter().filter(|change| change.to == TcpState::Closed).count() == 2
    })
    .await;
    assert!(trace::packets(&room.events).is_empty());
    let seen = states(&room.events);
    assert!(seen.iter().filter(|change| change.to == TcpState::Unix).all(|change| change.owner.is_some()));
}

#[tokio::test]
async fn a_path_is_of_one_machine_and_stays_until_it_is_removed() {
    let (_server, mut room) = owner().await;
    let (server, client) = (room.program("server").await, room.program("server").await);
    let elsewhere = room.program("client").await;
    let at = "unix:/tmp/talk";
    let stat = || Call::Stat { address: named(at) };
    assert_eq!(room.call(client, stat()).await, errno(Errno::ENOENT));
    let fd = listener(&mut room, server, at, 5).await;
    assert_eq!(room.call(client, stat()).await, Ok(Value::Done));
    assert_eq!(room.call(elsewhere, stat()).await, errno(Errno::ENOENT));
    assert_eq!(connect(&mut room, elsewhere, Kind::Stream, at).await.1, errno(Errno::ENOENT));
    let (theirs, outcome) = connect(&mut room, client, Kind::Stream, "unix:/tmp/./x/../talk").await;
    assert_eq!(outcome, Ok(Value::Done));
    let (ours, peer) = room.accept(server, fd).await;
    assert_eq!(peer, named("unix:"), "nobody has bound it");
    assert_eq!(room.send(client, theirs, b"by path").await, Ok(Value::Sent(7)));
    assert_eq!(room.recv(server, ours, 20).await.expect("bytes"), &b"by path"[..]);
    for (program, call) in
        [(server, Call::GetSockName { fd: ours }), (client, Call::GetPeerName { fd: theirs })]
    {
        assert_eq!(room.call(program, call).await, Ok(Value::Address(named(at))), "as it was bound");
    }
    assert_eq!(connect(&mut room, client, Kind::Datagram, at).await.1, errno(Errno::EPROTOTYPE));
    let other = socket(&mut room, server, Kind::Stream).await;
    let bind = |fd, at| Call::Bind { fd, address: named(at) };
    assert_eq!(room.call(server, bind(other, at)).await, errno(Errno::EADDRINUSE));
    assert_eq!(room.call(server, bind(fd, "unix:/tmp/second")).await, errno(Errno::EINVAL), "bound once");
    assert_eq!(
        room.call(server, Call::Stat { address: named("unix:/tmp/second") }).await,
        errno(Errno::ENOENT)
    );
    room.close_fd(server, fd).await.expect("closed");
    assert_eq!(connect(&mut room, client, Kind::Stream, at).await.1, errno(Errno::ECONNREFUSED));
    assert_eq!(room.call(server, bind(other, at)).await, errno(Errno::EADDRINUSE), "the file is there");
    assert_eq!(room.call(client, Call::Unlink { address: named(at) }).await, Ok(Value::Done));
    assert_eq!(room.call(client, Call::Unlink { address: named(at) }).await, errno(Errno::ENOENT));
    assert_eq!(room.call(server, bind(other, at)).await, Ok(Value::Done));
    room.trace_until(|events| calls(events).last() == Some(&"bind") && calls(events).contains(&"unlink"))
        .await;
    assert!(trace::packets(&room.events).is_empty());
    assert!(!calls(&room.events).contains(&"stat"), "a look at a file is no event");
    let names: Vec<_> = states(&room.events).iter().filter_map(|change| change.local).collect();
    assert!(names.contains(&named(at)), "{names:?}");
}

#[tokio::test]
async fn abstract_names_are_a_machines_own_and_the_kernel_chooses_some() {
    let (_server, mut room) = owner().await;
    let (server, elsewhere) = (room.program("server").await, room.program("client").await);
    let at = "unix:@talk\\x00\\xff";
    listener(&mut room, server, at, 5).await;
    assert_eq!(connect(&mut room, server, Kind::Stream, at).await.1, Ok(Value::Done));
    assert_eq!(connect(&mut room, elsewhere, Kind::Stream, at).await.1, errno(Errno::ECONNREFUSED));
    let fd = socket(&mut room, server, Kind::Stream).await;
    assert_eq!(room.call(server, Call::Bind { fd, address: named(at) }).await, errno(Errno::EADDRINUSE));
    assert_eq!(room.call(server, Call::Bind { fd, address: named("unix:") }).await, Ok(Value::Done));
    let chosen = room.call(server, Call::GetSockName { fd }).await;
    let Ok(Value::Address(address)) = chosen else { panic!("{chosen:?}") };
    assert!(address.to_string().starts_with("unix:@") && address.to_string().len() == 11, "{address}");
    // Families do not mix.
    let tcp = room.socket(server).await;
    let mixed = Call::Connect { fd: tcp, address: named("unix:/tmp/talk") };
    assert_eq!(room.call(server, mixed).await, errno(Errno::EAFNOSUPPORT));
    let mixed = Call::Connect { fd, address: named("10.0.0.1:80") };
    assert_eq!(room.call(server, mixed).await, errno(Errno::EINVAL));
}

async fn send_to(room: &mut Client, program: ProgramId, fd: Fd, to: &str, wait: Wait) -> proto::id::CallId {
    let call = Call::SendTo { fd, flags: Flags::default(), address: named(to), length: 3 };
    room.endpoint().call(program, call, wait, bytes::Bytes::from_static(b"one")).expect("within the limits")
}

#[tokio::test]
async fn who_finds_a_full_queue_waits_until_there_is_room() {
    let (_server, mut room) = owner().await;
    let (server, client) = (room.program("server").await, room.program("server").await);
    let fd = listener(&mut room, server, "unix:/tmp/talk", 0).await;
    let at = "unix:/tmp/talk";
    assert_eq!(connect(&mut room, client, Kind::Stream, at).await.1, Ok(Value::Done));
    let late = socket(&mut room, client, Kind::Stream).await;
    let call = Call::Connect { fd: late, address: named(at) };
    let now = room.begin(client, call.clone(), Wait::No);
    assert_eq!(room.result(now).await.0, errno(Errno::EAGAIN));
    let waiting = room.begin(client, call, Wait::Forever);
    // Its answer shows that the room has come past the call before it.
    room.resolve(client, "server", 1).await;
    assert!(room.waits(waiting));
    room.accept(server, fd).await;
    assert_eq!(room.result(waiting).await.0, Ok(Value::Done));

    let (theirs, ours) =
        (socket(&mut room, server, Kind::Datagram).await, socket(&mut room, client, Kind::Datagram).await);
    let to = "unix:@datagrams";
    assert_eq!(room.call(server, Call::Bind { fd: theirs, address: named(to) }).await, Ok(Value::Done));
    let mut sent = 0;
    let full = loop {
        let id = send_to(&mut room, client, ours, to, Wait::No).await;
        match room.result(id).await.0 {
            Ok(Value::Sent(3)) => sent += 1,
            other => break other,
        }
    };
    assert_eq!(full, errno(Errno::EAGAIN), "after {sent}");
    let waiting = send_to(&mut room, client, ours, to, Wait::Forever).await;
    room.resolve(client, "server", 1).await;
    assert!(room.waits(waiting));
    let from = room.begin(server, Call::RecvFrom { fd: theirs, flags: Flags::default(), max: 10 }, Wait::No);
    assert_eq!(room.result(from).await, (Ok(Value::ReceivedFrom { length: 3, from: None }), "one".into()));
    assert_eq!(room.result(waiting).await.0, Ok(Value::Sent(3)));
}

#[tokio::test]
async fn a_machine_has_so_many_socket_files_and_no_more() {
    let (_server, mut room) = owner().await;
    let program = room.program("client").await;
    for number in 0..=limits::SOCKET_FILES {
        let fd = socket(&mut room, program, Kind::Datagram).await;
        let address = named(&format!("unix:/tmp/{number}"));
        let expected =
            if number < limits::SOCKET_FILES { Ok(Value::Done) } else { Err(Limit::SocketFiles.reached()) };
        assert_eq!(room.call(program, Call::Bind { fd, address }).await, expected, "{number}");
        room.close_fd(program, fd).await.expect("closed");
    }
    let fd = socket(&mut room, program, Kind::Datagram).await;
    assert_eq!(room.call(program, Call::Unlink { address: named("unix:/tmp/7") }).await, Ok(Value::Done));
    assert_eq!(room.call(program, Call::Bind { fd, address: named("unix:/tmp/new") }).await, Ok(Value::Done));
}
