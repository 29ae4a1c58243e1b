//! Epolls of programs, epoll(7), as far as the room does more than ask the kernel: waits, limits, the trace.

use bytes::Bytes;
use proto::{
    call::{Call, CallError, EpollEvents, EpollOperation, Value, Wait},
    errno::Errno,
    id::{Fd, ProgramId},
    limits::{self, Limit},
    trace::{TcpFlags, What},
};

use crate::harness::{SERVER, Stage, has, packets, stage};

async fn epoll(stage: &mut Stage, program: ProgramId) -> Fd {
    match stage.call(program, Call::EpollCreate {}).await {
        Ok(Value::Descriptor(fd)) => fd,
        other => panic!("{other:?}"),
    }
}

fn add(epoll: Fd, target: Fd, events: EpollEvents) -> Call {
    Call::EpollCtl { fd: epoll, operation: EpollOperation::Add, target, events }
}

#[tokio::test]
async fn a_wait_that_runs_out_tells_nothing_and_one_that_is_cancelled_is_interrupted() {
    let Some(mut stage) = stage().await else { return };
    let (server, _, ours, ..) = stage.pair().await;
    let fd = epoll(&mut stage, server).await;
    assert_eq!(stage.call(server, add(fd, ours, EpollEvents::IN)).await, Ok(Value::Done));
    let wait = Call::EpollWait { fd, max: 10 };
    for time in [Wait::No, Wait::Millis(20)] {
        let id = stage.begin(server, wait.clone(), time, b"").await;
        assert_eq!(stage.result(id).await.0, Ok(Value::Events(vec![])));
    }
    let id = stage.begin(server, wait, Wait::Forever, b"").await;
    stage.cancel(id).await;
    assert_eq!(stage.result(id).await.0, Err(CallError::errno(Errno::EINTR)));
}

#[tokio::test]
async fn the_trace_says_what_is_watched_and_what_was_told() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    let fd = epoll(&mut stage, server).await;
    let call = add(fd, ours, EpollEvents::IN.with(EpollEvents::ET));
    assert_eq!(stage.call(server, call.clone()).await, Ok(Value::Done));
    let waiting = stage.begin(server, Call::EpollWait { fd, max: 10 }, Wait::Forever, b"").await;
    stage.send(client, theirs, b"x").await.expect("sent");
    let told = Ok(Value::Events(vec![(ours, EpollEvents::IN)]));
    assert_eq!(stage.result(waiting).await.0, told);
    let events = stage.events();
    let begun =
        events.iter().any(|event| matches!(&event.what, What::CallBegin(begin) if begin.call == call));
    let ended = events.iter().any(|event| matches!(&event.what, What::CallEnd(end) if end.outcome == told));
    assert!(begun && ended);
}

#[tokio::test]
async fn a_socket_that_is_watched_twice_ends_with_its_last_descriptor() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    let fd = epoll(&mut stage, server).await;
    let Ok(Value::Descriptor(copy)) = stage.call(server, Call::Dup { fd: ours }).await else {
        panic!("no copy")
    };
    for target in [ours, copy] {
        assert_eq!(stage.call(server, add(fd, target, EpollEvents::IN)).await, Ok(Value::Done));
    }
    for target in [ours, copy] {
        assert!(!packets(&stage.events()).into_iter().any(|packet| has(packet, TcpFlags::FIN)));
        assert_eq!(stage.call(server, Call::Close { fd: target }).await, Ok(Value::Done));
    }
    assert_eq!(stage.recv(client, theirs, 10).await, Ok(Bytes::new()), "the FIN has left");
}

#[tokio::test]
async fn what_linux_would_allow_and_a_room_does_not_is_a_limit() {
    let Some(mut stage) = stage().await else { return };
    let program = stage.program(SERVER).await;
    let mut chain = vec![epoll(&mut stage, program).await];
    for depth in 2..=6 {
        let next = epoll(&mut stage, program).await;
        let watched = stage.call(program, add(next, chain[chain.len() - 1], EpollEvents::IN)).await;
        if depth <= limits::EPOLL_DEPTH {
            assert_eq!(watched, Ok(Value::Done));
            chain.push(next);
        } else {
            assert_eq!(watched, Err(Limit::EpollDepth.reached()));
        }
    }
    // A circle is the kernel's to refuse.
    let circle = stage.call(program, add(chain[0], chain[2], EpollEvents::IN)).await;
    assert_eq!(circle, Err(CallError::errno(Errno::ELOOP)));

    let mut watched = chain.len() - 1;
    let sockets: Vec<Fd> = {
        let mut made = Vec::new();
        for _ in 0..300 {
            made.push(stage.socket(program).await);
        }
        made
    };
    loop {
        let fd = epoll(&mut stage, program).await;
        for &socket in &sockets {
            match stage.call(program, add(fd, socket, EpollEvents::IN)).await {
                Ok(Value::Done) => watched += 1,
                refused => {
                    assert_eq!(refused, Err(Limit::EpollWatches.reached()));
                    assert_eq!(watched, limits::EPOLL_WATCHES);
                    return;
                }
            }
        }
    }
}
