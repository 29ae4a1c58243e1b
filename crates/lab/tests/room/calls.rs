//! Calls: one system call's effect each, in order, cancellable, with the kernel's own errors.

use bytes::Bytes;
use proto::{
    call::{Call, CallError, Flags, PollEvents, Value, Wait},
    errno::Errno,
    id::Fd,
    trace::{Cause, TcpFlags, TcpState, What},
};

use crate::harness::{CLIENT, SERVER, flags, has, lines, on, packets, stage};

#[tokio::test]
async fn two_machines_talk_and_every_packet_is_in_the_trace_in_order() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    assert_eq!(stage.send(server, ours, b"Thank you for connecting").await, Ok(Value::Sent(24)));
    assert_eq!(stage.recv(client, theirs, 1024).await, Ok(Bytes::from_static(b"Thank you for connecting")));
    assert_eq!(stage.call(server, Call::Close { fd: ours }).await, Ok(Value::Done));
    assert_eq!(stage.recv(client, theirs, 1024).await, Ok(Bytes::new()), "end of file");
    let events = stage
        .trace_until(|events| {
            events.iter().any(|e| matches!(&e.what, What::State(s) if s.to == TcpState::CloseWait))
        })
        .await;
    println!("{}", lines(&events));
    let seen: Vec<String> = packets(&events).into_iter().map(flags).collect();
    assert_eq!(seen[..4], ["SYN", "SYN ACK", "ACK", "PSH ACK"]);
    let all = packets(&events);
    assert!(matches!(all[0].cause, Cause::Call(_)), "connect asked for the SYN");
    assert_eq!(all[1].cause, Cause::Packet(all[0].id), "the kernel answered by itself");
    assert_eq!(all[2].cause, Cause::Packet(all[1].id));
    assert!(all.iter().any(|packet| has(packet, TcpFlags::FIN)));
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let Some(mut stage) = stage().await else { return };
    let client = stage.program(CLIENT).await;
    let fd = stage.socket(client).await;
    assert_eq!(fd, Fd(3));
    assert_eq!(stage.connect(client, fd, on(1, 9)).await, Err(CallError::errno(Errno::ECONNREFUSED)));
    let events = stage.events();
    let seen: Vec<String> = packets(&events).into_iter().map(flags).collect();
    assert_eq!(seen, ["SYN", "RST ACK"]);
}

#[tokio::test]
async fn cancel_ends_a_waiting_call_once_and_an_accept_stays_possible() {
    let Some(mut stage) = stage().await else { return };
    let (server, client) = (stage.program(SERVER).await, stage.program(CLIENT).await);
    let listener = stage.listener(server, 12345, 5).await;
    let waiting = stage.begin(server, Call::Accept { fd: listener }, Wait::Forever, b"").await;
    stage.cancel(waiting).await;
    stage.cancel(waiting).await;
    assert_eq!(stage.result(waiting).await.0, Err(CallError::errno(Errno::EINTR)));
    let fd = stage.socket(client).await;
    stage.connect(client, fd, on(1, 12345)).await.expect("connected");
    stage.accept(server, listener).await;
}

#[tokio::test]
async fn wait_no_gives_the_kernels_eagain_and_a_wait_that_runs_out_is_no_errno() {
    let Some(mut stage) = stage().await else { return };
    let (server, _, ours, ..) = stage.pair().await;
    let recv = Call::Recv { fd: ours, flags: Flags::default(), max: 10 };
    let id = stage.begin(server, recv.clone(), Wait::No, b"").await;
    assert_eq!(stage.result(id).await.0, Err(CallError::errno(Errno::EAGAIN)));
    let id = stage.begin(server, recv, Wait::Millis(20), b"").await;
    assert_eq!(stage.result(id).await.0, Err(CallError::TimedOut { taken: 0 }));
}

#[tokio::test]
async fn a_waiting_call_holds_the_socket_and_the_fin_leaves_when_it_returns() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    let recv = Call::Recv { fd: ours, flags: Flags::default(), max: 10 };
    let waiting = stage.begin(server, recv, Wait::Forever, b"").await;
    assert_eq!(stage.call(server, Call::Close { fd: ours }).await, Ok(Value::Done));
    assert!(!packets(&stage.events()).into_iter().any(|packet| has(packet, TcpFlags::FIN)));
    assert_eq!(stage.send(client, theirs, b"bye").await, Ok(Value::Sent(3)));
    assert_eq!(stage.result(waiting).await.1, Bytes::from_static(b"bye"));
    assert_eq!(stage.recv(client, theirs, 10).await, Ok(Bytes::new()), "the FIN has left");
}

#[tokio::test]
async fn poll_tells_what_is_ready_and_wakes() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, listener) = stage.pair().await;
    let fds = vec![(ours, PollEvents::IN), (listener, PollEvents::IN), (Fd(77), PollEvents::IN)];
    let now = stage.begin(server, Call::Poll { fds: fds[..2].to_vec() }, Wait::No, b"").await;
    assert_eq!(stage.result(now).await.0, Ok(Value::Ready(vec![])));
    assert_eq!(
        stage.call(server, Call::Poll { fds }).await,
        Ok(Value::Ready(vec![(Fd(77), PollEvents::NVAL)]))
    );
    let waiting =
        stage.begin(server, Call::Poll { fds: vec![(ours, PollEvents::IN)] }, Wait::Forever, b"").await;
    stage.send(client, theirs, b"x").await.expect("sent");
    assert_eq!(stage.result(waiting).await.0, Ok(Value::Ready(vec![(ours, PollEvents::IN)])));
}

#[tokio::test]
async fn the_third_connection_of_listen_one_waits_and_is_not_refused() {
    let Some(mut stage) = stage().await else { return };
    let (server, client) = (stage.program(SERVER).await, stage.program(CLIENT).await);
    let listener = stage.listener(server, 12345, 1).await;
    for _ in 0..2 {
        let fd = stage.socket(client).await;
        stage.connect(client, fd, on(1, 12345)).await.expect("queued");
    }
    let fd = stage.socket(client).await;
    let third = stage.begin(client, Call::Connect { fd, address: on(1, 12345) }, Wait::Forever, b"").await;
    let events = stage
        .trace_until(|events| {
            packets(events)
                .iter()
                .filter(|packet| packet.copy_of.is_some() && has(packet, TcpFlags::SYN))
                .count()
                > 0
        })
        .await;
    assert!(!packets(&events).into_iter().any(|packet| has(packet, TcpFlags::RST)), "nobody is refused");
    stage.accept(server, listener).await;
    assert_eq!(stage.result(third).await.0, Ok(Value::Done), "its next SYN finds a place");
}

#[tokio::test]
async fn an_address_nobody_has_is_unreachable_and_the_wire_says_so() {
    let Some(mut stage) = stage().await else { return };
    let client = stage.program(CLIENT).await;
    let fd = stage.socket(client).await;
    assert_eq!(stage.connect(client, fd, on(77, 9)).await, Err(CallError::errno(Errno::EHOSTUNREACH)));
    assert!(packets(&stage.events()).into_iter().any(|packet| packet.cause == Cause::Wire));
    let fd = stage.socket(client).await;
    let outside = "192.0.2.1:9".parse().unwrap();
    assert_eq!(stage.connect(client, fd, outside).await, Err(CallError::errno(Errno::ENETUNREACH)));
}

/// The second connect sends its own SYN to nobody while answers to the first one's are still on their way.
#[tokio::test]
async fn two_connects_of_one_socket_to_an_address_nobody_has_both_end() {
    let Some(mut stage) = stage().await else { return };
    let client = stage.program(CLIENT).await;
    let fd = stage.socket(client).await;
    let call = || Call::Connect { fd, address: on(77, 9) };
    let first = stage.begin(client, call(), Wait::Forever, b"").await;
    let second = stage.begin(client, call(), Wait::Forever, b"").await;
    let unreachable = Err(CallError::errno(Errno::EHOSTUNREACH));
    assert_eq!(stage.result(first).await.0, unreachable);
    assert_eq!(stage.result(second).await.0, unreachable);
}

/// What epoll reports for ever keeps the room's task busy for ever; poll(2) asks the kernel the same question.
#[tokio::test]
async fn nothing_of_a_failed_connect_stays_on_a_socket_that_is_connected_then() {
    let Some(mut stage) = stage().await else { return };
    let server = stage.program(SERVER).await;
    stage.listener(server, 12345, 5).await;
    let client = stage.program(CLIENT).await;
    let fd = stage.socket(client).await;
    assert_eq!(stage.connect(client, fd, on(77, 9)).await, Err(CallError::errno(Errno::EHOSTUNREACH)));
    assert_eq!(stage.connect(client, fd, on(1, 12345)).await, Ok(()));
    let poll = Call::Poll { fds: vec![(fd, PollEvents::IN)] };
    let id = stage.begin(client, poll, Wait::No, b"").await;
    assert_eq!(stage.result(id).await.0, Ok(Value::Ready(Vec::new())));
}

#[tokio::test]
async fn ping_sends_real_echoes() {
    let Some(mut stage) = stage().await else { return };
    let client = stage.program(CLIENT).await;
    let call = Call::Ping { name: "server".into(), count: 2 };
    match stage.call(client, call).await {
        Ok(Value::Pinged { round_trips, sent: true, .. }) => assert!(round_trips.iter().all(Option::is_some)),
        other => panic!("{other:?}"),
    }
    assert_eq!(packets(&stage.events()).len(), 4);
}
