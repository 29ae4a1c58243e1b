//! Calls: order, payloads, limits, cancelling.

use bytes::Bytes;

use super::pair::{PROGRAM, Pair, pattern};
use crate::{
    call::{Call, CallError, Flags, Value, Wait},
    client::ClientEvent,
    errno::Errno,
    id::{CallId, Fd, ProgramId},
    limits,
    message::{ClientMessage, ServerMessage},
};

fn send(length: usize) -> Call {
    Call::Send { fd: Fd(3), flags: Flags::default(), length: u32::try_from(length).unwrap() }
}

fn recv(max: u32) -> Call {
    Call::Recv { fd: Fd(3), flags: Flags::default(), max }
}

fn call(pair: &mut Pair, call: Call, payload: &[u8]) -> CallId {
    pair.client.call(PROGRAM, call, Wait::Forever, Bytes::copy_from_slice(payload)).unwrap()
}

#[test]
fn payloads_of_every_size_arrive_whole_both_ways() {
    for length in [0, 1, 1000, 1024, 1025, 16 * 1024, 16 * 1024 + 1, 100_000, 1024 * 1024] {
        let mut pair = Pair::live();
        let sent = call(&mut pair, send(length), &pattern(5, length));
        let received = call(&mut pair, recv(u32::try_from(length).unwrap()), &[]);
        pair.drive();
        assert_eq!(pair.seen.calls[0], (sent, pattern(5, length)), "{length}");
        let results = pair.results();
        assert_eq!(results.iter().find(|(id, _)| *id == received).unwrap().1, pattern(received.0, length));
        assert_eq!(pair.client.outstanding().count(), 0);
        assert_eq!(pair.server.outstanding(), 0);
    }
}

#[test]
fn a_small_call_does_not_overtake_a_large_one_of_its_program_but_those_of_others_do() {
    let mut pair = Pair::live();
    let large = call(&mut pair, send(200_000), &pattern(1, 200_000));
    let small = call(&mut pair, send(1), b"x");
    let other = pair.client.call(ProgramId(8), send(1), Wait::Forever, Bytes::from_static(b"y")).unwrap();
    pair.drive();
    let order: Vec<CallId> = pair.seen.calls.iter().map(|(id, _)| *id).collect();
    assert_eq!(order, [other, large, small]);
}

#[test]
fn cancel_reaches_a_begun_call_and_ends_one_that_has_not_begun() {
    let mut pair = Pair::live();
    pair.answering = false;
    let waiting = call(&mut pair, Call::Accept { fd: Fd(3) }, &[]);
    pair.drive();
    pair.client.cancel(waiting);
    pair.drive();
    assert_eq!(pair.messages, [ClientMessage::Cancel { id: waiting }]);
    let outcome = Err(CallError::errno(Errno::EINTR));
    pair.server.send(ServerMessage::Result { id: waiting, outcome: outcome.clone() }, Bytes::new());
    pair.server.send(ServerMessage::Result { id: waiting, outcome: Ok(Value::Done) }, Bytes::new());
    pair.drive();
    assert_eq!(pair.events, [ClientEvent::Result { id: waiting, outcome, payload: Bytes::new() }]);
    pair.client.cancel(waiting);
    pair.drive();
    assert_eq!(pair.messages.len(), 1, "a late cancel goes nowhere");
}

#[test]
fn too_many_calls_are_refused_one_by_one() {
    let mut pair = Pair::live();
    pair.answering = false;
    for _ in 0..limits::OUTSTANDING_CALLS {
        call(&mut pair, Call::Accept { fd: Fd(3) }, &[]);
    }
    let refused = pair.client.call(PROGRAM, recv(1), Wait::Forever, Bytes::new());
    assert!(matches!(refused, Err(CallError::Limit { limit, value: 1024 }) if limit == "outstanding-calls"));
    pair.drive();
    assert_eq!(pair.seen.calls.len(), limits::OUTSTANDING_CALLS);
    assert!(pair.events.is_empty());
}

#[test]
fn results_the_page_does_not_take_hold_back_further_calls_not_more() {
    let mut pair = Pair::live();
    for _ in 0..40 {
        call(&mut pair, recv(1024 * 1024), &[]);
    }
    // The page sends, but reads nothing.
    while let Some(message) = pair.client.poll_transmit(crate::endpoint::BATCH) {
        pair.server.handle_message(message).unwrap();
    }
    let mut begun = 0;
    while let Some(event) = pair.server.poll_event() {
        if let crate::server::ServerEvent::Call { id, .. } = event {
            begun += 1;
            let outcome = Ok(Value::Received { length: 1024 * 1024 });
            pair.server.send(ServerMessage::Result { id, outcome }, Bytes::from(vec![0; 1024 * 1024]));
        }
    }
    // Calls that came in one batch have begun; the page's numbers bound them, and nothing begins after.
    assert!(begun <= 40);
    pair.drive();
    assert_eq!(pair.results().len(), 40);
}
