//! States and queues of sockets: observed, or proved by packets and marked so.

use std::net::Ipv4Addr;

use proto::{
    address::Address,
    call::{Call, CallError, How, Value, Wait},
    errno::Errno,
    trace::{Event, TcpState, TimerKind, What},
};

use crate::harness::{CLIENT, SERVER, lines, on, stage, states};

fn loopback(port: u16) -> Address {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// The states that sockets with this local port went through, with a star where nobody observed it. Only changes:
/// queues are left out.
fn path(events: &[Event], port: u16) -> Vec<String> {
    states(events)
        .into_iter()
        .filter(|state| {
            state.local.and_then(|local| local.port()) == Some(port) && state.from != Some(state.to)
        })
        .map(|state| format!("{}{}", state.to.name(), if state.observed { "" } else { "*" }))
        .collect()
}

#[tokio::test]
async fn over_the_loopback_a_handshake_is_inferred() {
    let Some(mut stage) = stage().await else { return };
    let (server, client) = (stage.program(SERVER).await, stage.program(SERVER).await);
    let listener = stage.listener(server, 12345, 5).await;
    let fd = stage.socket(client).await;
    assert_eq!(stage.connect(client, fd, loopback(12345)).await, Ok(()));
    let (_, peer) = stage.accept(server, listener).await;
    let events = stage.events();
    assert_eq!(path(&events, peer.port().unwrap()), ["SYN_SENT*", "ESTABLISHED"], "{}", lines(&events));
    assert_eq!(path(&events, 12345), ["LISTEN", "SYN_RECV*", "ESTABLISHED"]);
}

#[tokio::test]
async fn over_the_loopback_a_refusal_is_inferred() {
    let Some(mut stage) = stage().await else { return };
    let client = stage.program(SERVER).await;
    let fd = stage.socket(client).await;
    assert_eq!(stage.connect(client, fd, loopback(9)).await, Err(CallError::errno(Errno::ECONNREFUSED)));
    let events = stage.events();
    let port = states(&events).iter().find_map(|state| state.local?.port()).expect("an address");
    assert_eq!(path(&events, port), ["SYN_SENT*", "CLOSED*"], "{}", lines(&events));
}

#[tokio::test]
async fn over_the_wire_every_state_is_observed() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    stage.call(client, Call::Close { fd: theirs }).await.expect("closed");
    // The acknowledgment is delayed by some milliseconds; who closes sooner than that goes without FIN_WAIT2.
    stage.trace_until(|events| states(events).iter().any(|state| state.to == TcpState::FinWait2)).await;
    stage.recv(server, ours, 1).await.expect("end of file");
    stage.call(server, Call::Close { fd: ours }).await.expect("closed");
    let events =
        stage.trace_until(|events| states(events).iter().any(|state| state.to == TcpState::TimeWait)).await;
    let port =
        states(&events).iter().find(|s| s.to == TcpState::TimeWait).unwrap().local.unwrap().port().unwrap();
    let seen = ["SYN_SENT", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"];
    assert_eq!(path(&events, port), seen, "{}", lines(&events));
    let seen = ["LISTEN", "SYN_RECV", "ESTABLISHED", "CLOSE_WAIT", "LAST_ACK", "CLOSED"];
    assert_eq!(path(&events, 12345), seen);
    let rest = states(&events).into_iter().find(|state| state.to == TcpState::TimeWait).unwrap();
    assert_eq!(rest.timer.map(|timer| timer.kind), Some(TimerKind::TimeWait));
    assert!(rest.accepted && rest.owner.is_none(), "closed, and not in anybody's queue");
}

#[tokio::test]
async fn queues_are_told_in_bytes_without_syn_and_fin() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    stage.send(client, theirs, b"12345").await.expect("sent");
    stage.call(client, Call::Shutdown { fd: theirs, how: How::Write }).await.expect("shut down");
    let events =
        stage.trace_until(|events| states(events).iter().any(|state| state.to == TcpState::CloseWait)).await;
    for state in states(&events) {
        match state.to {
            TcpState::CloseWait => assert_eq!(state.unread, 5, "the FIN is no byte"),
            TcpState::SynSent | TcpState::SynRecv => assert_eq!(state.unacknowledged, 0, "nor is the SYN"),
            TcpState::FinWait1 => assert_eq!(state.unacknowledged, 0),
            _ => {}
        }
    }
    assert_eq!(stage.recv(server, ours, 10).await.unwrap().len(), 5);
    assert_eq!(stage.recv(server, ours, 10).await.unwrap().len(), 0);
    let events = stage.events();
    let last = states(&events).into_iter().rfind(|state| state.to == TcpState::CloseWait).unwrap();
    assert_eq!(last.unread, 0);
}

#[tokio::test]
async fn a_connection_is_unaccepted_until_it_is_accepted_and_never_again() {
    let Some(mut stage) = stage().await else { return };
    let (server, client) = (stage.program(SERVER).await, stage.program(CLIENT).await);
    let listener = stage.listener(server, 12345, 5).await;
    let fd = stage.socket(client).await;
    stage.connect(client, fd, on(1, 12345)).await.expect("connected");
    let is_child = |state: &&proto::trace::StateChange| {
        state.host == SERVER && state.remote.is_some() && state.to == TcpState::Established
    };
    let events = stage.trace_until(|events| states(events).iter().any(is_child)).await;
    assert!(states(&events).into_iter().filter(is_child).all(|state| !state.accepted));
    let (ours, _) = stage.accept(server, listener).await;
    stage.call(client, Call::Close { fd }).await.expect("closed");
    stage.call(server, Call::Close { fd: ours }).await.expect("closed");
    let events = stage
        .trace_until(|events| {
            states(events).iter().any(|s| s.host == SERVER && s.remote.is_some() && s.to == TcpState::Closed)
        })
        .await;
    let of_child = states(&events).into_iter().filter(|state| state.host == SERVER && state.remote.is_some());
    let accepted: Vec<bool> = of_child.map(|state| state.accepted).collect();
    assert!(accepted.is_sorted() && accepted.last() == Some(&true), "{accepted:?}\n{}", lines(&events));
}

#[tokio::test]
async fn a_timer_of_the_kernel_that_runs_out_is_seen_although_no_packet_tells_it() {
    let Some(mut stage) = stage().await else { return };
    let client = stage.program(CLIENT).await;
    let fd = stage.socket(client).await;
    let (name, value) = (proto::call::OptionName::UserTimeout, proto::call::OptionValue::Int(300));
    stage.call(client, Call::SetSockOpt { fd, name, value }).await.expect("set");
    stage.machine(SERVER, proto::message::HostCommand::Cable(false)).await.expect("cut");
    let id = stage.begin(client, Call::Connect { fd, address: on(1, 12345) }, Wait::No, b"").await;
    assert_eq!(stage.result(id).await.0, Err(CallError::errno(Errno::EINPROGRESS)));
    stage
        .trace_until(|events| {
            let gave_up = |event: &Event| {
                matches!(&event.what, What::State(state)
                    if state.from == Some(TcpState::SynSent) && state.to == TcpState::Closed)
            };
            events.iter().any(gave_up)
        })
        .await;
    let error = Call::GetSockOpt { fd, name: proto::call::OptionName::Error };
    let timed_out = proto::call::OptionValue::Int(Errno::ETIMEDOUT.0);
    assert_eq!(stage.call(client, error).await, Ok(Value::Option(timed_out)));
}
