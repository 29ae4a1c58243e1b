//! The trace on its way: last, whole, and again after a resume.

use bytes::Bytes;

use super::pair::{PROGRAM, Pair};
use crate::{
    client::ClientEvent,
    endpoint::BATCH,
    frame::to_bytes,
    id::{Fd, HostId},
    limits,
    message::ClientMessage,
    trace::{Event, What},
};

fn event(seq: u64) -> Bytes {
    to_bytes(&Event { seq, time: seq, what: What::HostGone(HostId(1)) })
}

fn events(seqs: std::ops::Range<u64>) -> Bytes {
    seqs.flat_map(|seq| event(seq).to_vec()).collect::<Vec<u8>>().into()
}

fn traced(pair: &Pair) -> Vec<u8> {
    let of = |event: &ClientEvent| match event {
        ClientEvent::Trace(body) => Some(body.to_vec()),
        _ => None,
    };
    pair.events.iter().filter_map(of).flatten().collect()
}

fn subscribed() -> Pair {
    let mut pair = Pair::live();
    pair.client.subscribe(0);
    pair.drive();
    assert_eq!(pair.messages, [ClientMessage::Subscribe { from: 0 }]);
    pair.messages.clear();
    pair
}

#[test]
fn events_arrive_in_order_and_skipped_ones_are_told_before_the_next() {
    let mut pair = subscribed();
    pair.server.trace(events(1..500));
    pair.drive();
    assert_eq!(traced(&pair), events(1..500));
    pair.events.clear();
    pair.server.skipped(7);
    pair.server.trace(event(507));
    pair.drive();
    assert_eq!(pair.events, [ClientEvent::Skipped(7), ClientEvent::Trace(event(507))]);
}

#[test]
fn after_a_resume_the_page_asks_for_what_it_has_not_seen_and_takes_nothing_twice() {
    let mut pair = subscribed();
    pair.server.trace(events(1..10));
    pair.drive();
    pair.server.trace(events(10..20));
    pair.cut();
    assert_eq!(pair.server.trace_room(), limits::TRACE_QUEUE, "what was not sent is not kept");
    pair.drive();
    assert_eq!(pair.messages, [ClientMessage::Subscribe { from: 10 }]);
    pair.server.trace(events(5..25));
    pair.drive();
    assert_eq!(traced(&pair), events(1..25));
}

#[test]
fn an_event_no_frame_can_carry_counts_as_skipped() {
    let mut pair = subscribed();
    pair.server.trace(Bytes::from(vec![0; limits::FRAME_BODY + 1]));
    pair.drive();
    assert_eq!(pair.events, [ClientEvent::Skipped(1)]);
}

#[test]
fn bulk_does_not_shut_the_trace_out_and_the_trace_goes_after_a_result() {
    let mut pair = subscribed();
    let stream = pair.client.open_stream(PROGRAM, Fd(3), limits::STREAM_WINDOW).unwrap();
    pair.drive();
    pair.server.trace(event(1));
    let mut turns = 0;
    loop {
        let room = pair.server.stream_room(stream);
        pair.server.stream_send(stream, Bytes::from(vec![0; room])).unwrap();
        let message = pair.server.poll_transmit(BATCH).unwrap();
        pair.client.handle_message(message, pair.now).unwrap();
        if std::iter::from_fn(|| pair.client.poll_event()).any(|event| matches!(event, ClientEvent::Trace(_)))
        {
            break;
        }
        turns += 1;
        assert!(turns < 10, "bulk shuts the trace out");
    }
    assert!(turns > 0, "the trace goes before data");
}
