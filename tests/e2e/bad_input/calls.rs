//! Calls that name what is not there, ask for too much, or wait for those who do not read.

use bytes::Bytes;
use proto::{
    call::{Call, CallError, Flags, Value, Wait},
    errno::Errno,
    frame,
    id::{CallId, Fd, HostId, ProgramId},
    limits,
    message::{ClientMessage, ServerMessage},
};

use super::{CONTROL, bystander, encoded, goes_on};
use crate::harness::{
    client::Client,
    raw::{Raw, binary},
    room::NewRoom,
    server::TestServer,
};

#[tokio::test]
async fn ids_of_nobody_and_of_others_are_that_calls_error() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let mut guest = Client::join(&room.join(), "Grace").await;
    let theirs = owner.program("server").await;
    let fd = owner.socket(theirs).await;
    let own = guest.own_host();
    let mine = guest.program_on(own).await.expect("a program");
    let close = |fd| Call::Close { fd };
    for fd in [Fd(3), Fd(77), Fd(0), Fd(-1), Fd(i32::MIN), Fd(i32::MAX)] {
        assert_eq!(guest.call(mine, close(fd)).await, Err(CallError::errno(Errno::EBADF)), "{fd}");
    }
    for program in [theirs, ProgramId(4000), ProgramId(u32::MAX)] {
        let outcome = guest.call(program, close(fd)).await;
        assert!(matches!(outcome, Err(CallError::Protocol { .. } | CallError::Policy { .. })), "{outcome:?}");
    }
    for host in [HostId(4000), HostId(u32::MAX)] {
        assert!(guest.program_on(host).await.is_err(), "{host}");
        assert!(owner.program_on(host).await.is_err(), "{host}");
    }
    let closed = guest.endpoint().close_program(theirs).expect("a request");
    assert!(guest.result(closed).await.0.is_err());
    assert_eq!(owner.close_fd(theirs, fd).await, Ok(Value::Done), "it was never touched");
    assert_eq!(owner.close_fd(theirs, fd).await, Err(CallError::errno(Errno::EBADF)));
}

#[tokio::test]
async fn recv_of_nothing_and_of_a_gibibyte() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let pair = client.pair(12345).await;
    client.send(pair.client, pair.theirs, b"some bytes").await.expect("sent");
    assert!(client.recv(pair.server, pair.ours, 0).await.expect("nothing").is_empty());
    let much = client.recv(pair.server, pair.ours, 1024 * 1024 * 1024).await.expect("what is there");
    assert_eq!(much, &b"some bytes"[..]);
    client.close_fd(pair.client, pair.theirs).await.expect("closed");
    assert!(client.recv(pair.server, pair.ours, u32::MAX).await.expect("the end of file").is_empty());
}

#[tokio::test]
async fn more_calls_than_may_be_outstanding_are_refused_before_they_are_sent() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let program = client.program("server").await;
    let listener = client.listener(program, 12345, 5).await;
    let accept = Call::Accept { fd: listener };
    let mut waiting = Vec::new();
    let refused = loop {
        match client.endpoint().call(program, accept.clone(), Wait::Forever, Bytes::new()) {
            Ok(id) => waiting.push(id),
            Err(error) => break error,
        }
    };
    let limit = limits::OUTSTANDING_CALLS;
    assert_eq!(refused, CallError::Limit { limit: "outstanding-calls".to_owned(), value: limit as u64 });
    assert_eq!(waiting.len(), limit);
    client.flush().await;
    for id in &waiting {
        client.endpoint().cancel(*id);
    }
    for id in waiting {
        assert_eq!(client.result(id).await.0, Err(CallError::errno(Errno::EINTR)));
    }
}

/// From somebody who does not count: each call beyond the limit has its own answer.
#[tokio::test]
async fn ten_thousand_calls_at_once_are_a_limit_and_not_a_flood() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut bystander = bystander(&room).await;
    let mut raw = Raw::enter(&room.owner()).await;
    let program = raw_program(&mut raw).await;
    let socket = Call::Socket { family: proto::call::Family::Inet, kind: proto::call::Kind::Stream };
    let address = "0.0.0.0:23456".parse().expect("an address");
    let listener = [socket, Call::Bind { fd: Fd(3), address }, Call::Listen { fd: Fd(3), backlog: 5 }];
    let frame = |id, call| {
        let call = ClientMessage::Call {
            id: CallId(id),
            program,
            call,
            wait: Wait::Forever,
            line: None,
            thread: None,
        };
        let body = encoded(&call);
        let length = u32::try_from(body.len()).expect("short").to_be_bytes();
        [&[CONTROL], &length[1..], &body].concat()
    };
    for (id, call) in (1..).zip(listener) {
        raw.send(binary(&frame(id, call))).await;
        // A call is not begun later because another one has not ended.
        while !matches!(answer(&mut raw).await, ServerMessage::Result { id: of, .. } if of == CallId(id)) {}
    }
    let mut message = Vec::new();
    for id in 10..10_010 {
        message.extend(frame(id, Call::Accept { fd: Fd(3) }));
        if message.len() > 16 * 1024 {
            raw.send(binary(&message)).await;
            message.clear();
        }
    }
    raw.send(binary(&message)).await;
    let mut beyond = 0;
    while beyond < 10_000 - limits::OUTSTANDING_CALLS {
        if let ServerMessage::Result { outcome: Err(CallError::Limit { limit, .. }), .. } =
            answer(&mut raw).await
        {
            assert_eq!(limit, "outstanding-calls");
            beyond += 1;
            // What is not acknowledged fills the replay buffer.
            if beyond % 64 == 0 {
                raw.acknowledge().await;
            }
        }
    }
    goes_on(&mut bystander).await;
}

async fn raw_program(raw: &mut Raw) -> ProgramId {
    let open = ClientMessage::OpenProgram {
        id: CallId(0),
        host: HostId(1),
        name: "x".to_owned(),
        lifetime: proto::room::Lifetime::Page,
    };
    raw.send_frame(CONTROL, &encoded(&open)).await;
    match answer(raw).await {
        ServerMessage::Program { program, .. } => program,
        other => panic!("{other:?}"),
    }
}

/// The next message of the server.
async fn answer(raw: &mut Raw) -> ServerMessage {
    loop {
        let frame = raw.frame().await.expect("the session goes on");
        if frame.kind == frame::Kind::Control {
            return postcard::take_from_bytes(&frame.body).expect("a message").0;
        }
    }
}

#[tokio::test]
async fn odd_names_and_ports_have_typed_answers() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let program = client.program("client").await;
    let long = "a".repeat(300);
    let call = Call::Resolve { name: long.clone(), family: None, port: 80 };
    let refused = client.endpoint().call(program, call.clone(), Wait::Forever, Bytes::new());
    assert_eq!(refused, Err(CallError::Limit { limit: "host-name".to_owned(), value: 253 }));
    for name in ["", "a\0b", "ser\u{202e}ver", "..", "-", "server\n", "sérver", "10.0.0.256", "<b>", "%00"] {
        let call = Call::Resolve { name: name.to_owned(), family: None, port: 80 };
        let outcome = client.call(program, call).await;
        assert!(
            matches!(
                outcome,
                Err(CallError::Resolve(_) | CallError::Policy { .. } | CallError::Limit { .. })
            ),
            "{name:?}: {outcome:?}"
        );
    }
    // Port 0 is no place to connect to: what the kernel says is the answer.
    let fd = client.socket(program).await;
    let outcome = client.connect_to(program, fd, "10.0.0.1:0".parse().expect("an address")).await;
    assert!(matches!(outcome, Err(CallError::Errno { .. })), "{outcome:?}");
    // 65536 and -1 do not fit the message, and the page has its own words for them.
    let fd = client.socket(program).await;
    let bind = Call::Bind { fd, address: "10.0.0.2:0".parse().expect("an address") };
    assert_eq!(client.call(program, bind).await, Ok(Value::Done));
    let Ok(Value::Address(chosen)) = client.call(program, Call::GetSockName { fd }).await else {
        panic!("no name")
    };
    assert!(chosen.port().is_some_and(|port| port != 0), "{chosen}");
}

#[tokio::test]
async fn a_page_that_stops_reading_stops_nobody_else() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut bystander = bystander(&room).await;
    let mut deaf = Client::join(&room.owner(), "deaf").await;
    deaf.subscribe();
    let pair = deaf.pair(12345).await;
    let stream = deaf.stream_mode(pair.client, pair.theirs);
    deaf.flush().await;
    // Its own peer sends as much as it likes, and others make the trace grow.
    let bytes = vec![b'x'; 1024 * 1024];
    for _ in 0..6 {
        deaf.begin_send(pair.server, pair.ours, &bytes[..500_000]);
        deaf.flush().await;
    }
    for _ in 0..50 {
        goes_on(&mut bystander).await;
    }
    // And when it reads again everything is there.
    let mut taken = 0;
    deaf.until("three million bytes", |client| {
        while let Some(bytes) = client.stream_take(stream) {
            taken += bytes.len();
        }
        (taken == 3_000_000).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_peer_that_stops_reading_blocks_its_sender_alone() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let pair = client.pair(12345).await;
    let bytes = vec![b'x'; 1024 * 1024];
    // The kernels take what their buffers hold; then send() waits, as in a process.
    let sending = client.begin_send(pair.client, pair.theirs, &bytes);
    let echo = client.connected(pair.client, "tutorial", 7).await;
    for _ in 0..10 {
        client.send(pair.client, echo, b"still here").await.expect("sent");
        assert_eq!(client.recv(pair.client, echo, 100).await.expect("an echo"), &b"still here"[..]);
    }
    assert!(client.waits(sending), "nobody reads");
    client.endpoint().cancel(sending);
    let (outcome, _) = client.result(sending).await;
    let taken = match outcome {
        Err(CallError::Errno { errno: Errno::EINTR, taken }) => taken,
        Ok(Value::Sent(taken)) => taken,
        other => panic!("{other:?}"),
    };
    assert!(taken > 0 && taken < 1024 * 1024, "{taken}");
    // Not one byte of those was lost, and none came after.
    client.close_fd(pair.client, pair.theirs).await.expect("closed");
    assert_eq!(client.recv_all(pair.server, pair.ours).await.len(), taken as usize);
}

#[tokio::test]
async fn a_peek_takes_nothing() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let pair = client.pair(12345).await;
    client.send(pair.client, pair.theirs, b"bytes").await.expect("sent");
    let peek = Call::Recv { fd: pair.ours, flags: Flags::PEEK, max: 100 };
    for _ in 0..2 {
        let id = client.begin(pair.server, peek.clone(), Wait::Forever);
        assert_eq!(client.result(id).await.1, &b"bytes"[..]);
    }
    assert_eq!(client.recv(pair.server, pair.ours, 100).await.expect("bytes"), &b"bytes"[..]);
}
