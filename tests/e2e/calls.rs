//! Calls end to end: from a WebSocket to the kernel and back, with what the kernel says.

use proto::{
    call::{Call, CallError, Family, Flags, How, Kind, OptionName, OptionValue, PollEvents, Value, Wait},
    errno::Errno,
    id::Fd,
};

use crate::harness::{client::Client, room::NewRoom, server::TestServer, trace};

async fn owner() -> (std::sync::Arc<TestServer>, Client) {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let client = Client::join(&room.owner(), "Ada").await;
    (server, client)
}

fn errno(errno: Errno) -> CallError {
    CallError::errno(errno)
}

#[tokio::test]
async fn both_sides_talk_half_close_and_close() {
    let (_server, mut room) = owner().await;
    let pair = room.pair(12345).await;
    assert_eq!((pair.listener, pair.ours, pair.theirs), (Fd(3), Fd(4), Fd(3)), "descriptors as in a process");
    assert_eq!(room.send(pair.client, pair.theirs, b"ping").await, Ok(Value::Sent(4)));
    assert_eq!(room.recv(pair.server, pair.ours, 2).await.expect("two of four"), &b"pi"[..]);
    assert_eq!(room.recv(pair.server, pair.ours, 100).await.expect("the rest"), &b"ng"[..]);
    let shut = Call::Shutdown { fd: pair.theirs, how: How::Write };
    assert_eq!(room.call(pair.client, shut).await, Ok(Value::Done));
    assert!(room.recv(pair.server, pair.ours, 100).await.expect("the end of file").is_empty());
    assert_eq!(room.send(pair.server, pair.ours, b"pong").await, Ok(Value::Sent(4)), "the other way is open");
    assert_eq!(room.recv(pair.client, pair.theirs, 100).await.expect("bytes"), &b"pong"[..]);
    assert_eq!(room.send(pair.client, pair.theirs, b"x").await, Err(errno(Errno::EPIPE)));
    assert_eq!(room.close_fd(pair.server, pair.ours).await, Ok(Value::Done));
    assert!(room.recv(pair.client, pair.theirs, 100).await.expect("the end of file").is_empty());
    assert_eq!(room.close_fd(pair.client, pair.theirs).await, Ok(Value::Done));
    assert_eq!(room.close_fd(pair.client, pair.theirs).await, Err(errno(Errno::EBADF)));
    assert_eq!(room.socket(pair.client).await, Fd(3), "the lowest free number");
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let (_server, mut room) = owner().await;
    let program = room.program("client").await;
    let address = room.resolve(program, "server", 54321).await;
    let fd = room.socket(program).await;
    assert_eq!(room.connect_to(program, fd, address).await, Err(errno(Errno::ECONNREFUSED)));
    assert_eq!(Errno::ECONNREFUSED.0, 111);
}

#[tokio::test]
async fn a_closed_connection_with_unread_bytes_is_reset() {
    let (_server, mut room) = owner().await;
    let pair = room.pair(12345).await;
    room.send(pair.client, pair.theirs, b"never read").await.expect("sent");
    let poll = Call::Poll { fds: vec![(pair.ours, PollEvents::IN)] };
    room.call(pair.server, poll).await.expect("it has arrived");
    room.close_fd(pair.server, pair.ours).await.expect("closed");
    assert_eq!(room.recv(pair.client, pair.theirs, 100).await, Err(errno(Errno::ECONNRESET)));
}

#[tokio::test]
async fn two_servers_cannot_have_one_port() {
    let (_server, mut room) = owner().await;
    let program = room.program("server").await;
    room.listener(program, 12345, 5).await;
    let other = room.socket(program).await;
    let address = "0.0.0.0:12345".parse().expect("an address");
    let bind = Call::Bind { fd: other, address };
    assert_eq!(room.call(program, bind).await, Err(errno(Errno::EADDRINUSE)));
}

#[tokio::test]
async fn waiting_is_cancelled_once_and_the_call_can_be_made_again() {
    let (_server, mut room) = owner().await;
    let (server, client) = (room.program("server").await, room.program("client").await);
    let listener = room.listener(server, 12345, 5).await;
    let accept = room.begin(server, Call::Accept { fd: listener }, Wait::Forever);
    // Its answer shows that the room has come past the call before it.
    room.resolve(client, "server", 1).await;
    assert!(room.waits(accept));
    room.endpoint().cancel(accept);
    room.endpoint().cancel(accept);
    assert_eq!(room.result(accept).await.0, Err(errno(Errno::EINTR)));
    room.connected(client, "server", 12345).await;
    room.accept(server, listener).await;
}

#[tokio::test]
async fn a_cancelled_connect_goes_on_in_the_kernel() {
    let (_server, mut room) = owner().await;
    room.subscribe();
    let program = room.program("client").await;
    let fd = room.socket(program).await;
    // An address of the room's network that no machine has: three seconds pass before anybody says so.
    let address = "10.0.0.77:9".parse().expect("an address");
    let connect = room.begin(program, Call::Connect { fd, address }, Wait::Forever);
    room.trace_until(|events| !trace::packets(events).is_empty()).await;
    room.endpoint().cancel(connect);
    assert_eq!(room.result(connect).await.0, Err(errno(Errno::EINTR)));
    let again = room.begin(program, Call::Connect { fd, address }, Wait::No);
    assert_eq!(room.result(again).await.0, Err(errno(Errno::EALREADY)), "still in SYN_SENT");
}

#[tokio::test]
async fn bounded_waits_and_no_wait_are_told_apart() {
    let (_server, mut room) = owner().await;
    let pair = room.pair(12345).await;
    let recv = Call::Recv { fd: pair.ours, flags: Flags::default(), max: 10 };
    let id = room.begin(pair.server, recv.clone(), Wait::No);
    assert_eq!(room.result(id).await.0, Err(errno(Errno::EAGAIN)));
    let id = room.begin(pair.server, recv, Wait::Millis(30));
    assert_eq!(room.result(id).await.0, Err(CallError::TimedOut { taken: 0 }));
    let dont_wait = Call::Recv { fd: pair.ours, flags: Flags::DONTWAIT, max: 10 };
    assert_eq!(room.call(pair.server, dont_wait).await, Err(errno(Errno::EAGAIN)));
    let fd = room.socket(pair.client).await;
    let address = "10.0.0.1:12345".parse().expect("an address");
    let id = room.begin(pair.client, Call::Connect { fd, address }, Wait::No);
    let outcome = room.result(id).await.0;
    assert_eq!(outcome, Err(errno(Errno::EINPROGRESS)));
}

#[tokio::test]
async fn poll_tells_and_wakes() {
    let (_server, mut room) = owner().await;
    let pair = room.pair(12345).await;
    let both = vec![(pair.ours, PollEvents::IN), (pair.listener, PollEvents::IN)];
    let now = room.begin(pair.server, Call::Poll { fds: both.clone() }, Wait::No);
    assert_eq!(room.result(now).await.0, Ok(Value::Ready(vec![])));
    let waiting = room.begin(pair.server, Call::Poll { fds: both.clone() }, Wait::Forever);
    room.connected(pair.client, "server", 12345).await;
    assert_eq!(room.result(waiting).await.0, Ok(Value::Ready(vec![(pair.listener, PollEvents::IN)])));
    room.send(pair.client, pair.theirs, b"x").await.expect("sent");
    let mut fds = both;
    fds.push((Fd(200), PollEvents::IN));
    let ready = room.call(pair.server, Call::Poll { fds }).await;
    let expected =
        vec![(pair.ours, PollEvents::IN), (pair.listener, PollEvents::IN), (Fd(200), PollEvents::NVAL)];
    assert_eq!(ready, Ok(Value::Ready(expected)));
}

#[tokio::test]
async fn datagrams_keep_their_borders_and_name_their_sender() {
    let (_server, mut room) = owner().await;
    let (server, client) = (room.program("server").await, room.program("client").await);
    let udp = Call::Socket { family: Family::Inet, kind: Kind::Datagram };
    let Ok(Value::Descriptor(theirs)) = room.call(server, udp.clone()).await else { panic!("no socket") };
    let Ok(Value::Descriptor(ours)) = room.call(client, udp).await else { panic!("no socket") };
    let address = "10.0.0.1:5353".parse().expect("an address");
    room.call(server, Call::Bind { fd: theirs, address }).await.expect("bound");
    for text in [&b"one"[..], b"two"] {
        let length = u32::try_from(text.len()).expect("short");
        let call = Call::SendTo { fd: ours, flags: Flags::default(), address, length };
        let payload = bytes::Bytes::copy_from_slice(text);
        let id = room.endpoint().call(client, call, Wait::Forever, payload).expect("within the limits");
        assert_eq!(room.result(id).await.0, Ok(Value::Sent(3)));
    }
    for text in [&b"one"[..], b"two"] {
        let call = Call::RecvFrom { fd: theirs, flags: Flags::default(), max: 100 };
        let id = room.begin(server, call, Wait::Forever);
        let (outcome, bytes) = room.result(id).await;
        let Ok(Value::ReceivedFrom { from, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(from.expect("a sender").ip().expect("of IP").to_string(), "10.0.0.2");
        assert_eq!(bytes, text);
    }
}

#[tokio::test]
async fn names_and_options_of_a_connection() {
    let (_server, mut room) = owner().await;
    let pair = room.pair(12345).await;
    let name = room.call(pair.server, Call::GetSockName { fd: pair.ours }).await;
    assert_eq!(name, Ok(Value::Address("10.0.0.1:12345".parse().expect("an address"))));
    let Ok(Value::Address(peer)) = room.call(pair.server, Call::GetPeerName { fd: pair.ours }).await else {
        panic!("no peer")
    };
    assert_eq!(room.call(pair.client, Call::GetSockName { fd: pair.theirs }).await, Ok(Value::Address(peer)));
    let unconnected = Call::GetPeerName { fd: pair.listener };
    assert_eq!(room.call(pair.server, unconnected).await, Err(errno(Errno::ENOTCONN)));
    let (fd, name) = (pair.ours, OptionName::NoDelay);
    let set = Call::SetSockOpt { fd, name, value: OptionValue::Bool(true) };
    assert_eq!(room.call(pair.server, set).await, Ok(Value::Done));
    let got = room.call(pair.server, Call::GetSockOpt { fd, name }).await;
    assert_eq!(got, Ok(Value::Option(OptionValue::Bool(true))));
    let accepts = Call::GetSockOpt { fd: pair.listener, name: OptionName::AcceptConn };
    assert_eq!(room.call(pair.server, accepts).await, Ok(Value::Option(OptionValue::Bool(true))));
}

#[tokio::test]
async fn a_mebibyte_in_one_call_each_way() {
    let (_server, mut room) = owner().await;
    let pair = room.pair(12345).await;
    let bytes: Vec<u8> = (0..1024 * 1024_u32).map(|number| (number % 251) as u8).collect();
    let sending = room.begin_send(pair.client, pair.theirs, &bytes);
    let all = Call::Recv { fd: pair.ours, flags: Flags::WAITALL, max: 1024 * 1024 };
    let id = room.begin(pair.server, all, Wait::Forever);
    let (outcome, received) = room.result(id).await;
    assert_eq!(outcome, Ok(Value::Received { length: 1024 * 1024 }));
    assert!(received == bytes);
    assert_eq!(room.result(sending).await.0, Ok(Value::Sent(1024 * 1024)));
}

#[tokio::test]
async fn ping_counts_real_echoes() {
    let (_server, mut room) = owner().await;
    let program = room.program("client").await;
    let ping = Call::Ping { name: "tutorial".to_owned(), count: 3 };
    let Ok(Value::Pinged { address, round_trips, sent }) = room.call(program, ping).await else {
        panic!("no answer")
    };
    assert_eq!(address.to_string(), "10.0.0.10");
    assert!(sent && round_trips.len() == 3 && round_trips.iter().all(Option::is_some), "{round_trips:?}");
}

#[tokio::test]
async fn what_policy_refuses_is_no_errno() {
    let (_server, mut room) = owner().await;
    let program = room.program("client").await;
    let name = "internal.example".to_owned();
    let resolve = Call::Resolve { name, family: None, port: 22 };
    let refused = room.call(program, resolve).await;
    assert!(matches!(refused, Err(CallError::Policy { .. })), "{refused:?}");
    // The server's own machine is not reachable from a room.
    let fd = room.socket(program).await;
    for address in ["127.0.0.1:12345", "192.168.1.10:22", "169.254.169.254:80"] {
        let outcome = room.connect_to(program, fd, address.parse().expect("an address")).await;
        let loopback = address.starts_with("127.");
        match outcome {
            Err(CallError::Errno { errno: Errno::ECONNREFUSED, .. }) if loopback => {}
            Err(CallError::Policy { .. }) if !loopback => {}
            Err(CallError::Errno { errno: Errno::ENETUNREACH, .. }) if !loopback => {}
            other => panic!("{address}: {other:?}"),
        }
    }
}
