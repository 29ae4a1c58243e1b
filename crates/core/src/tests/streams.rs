//! Streams: credit, fairness, ends.

use bytes::Bytes;

use super::pair::{PROGRAM, Pair, pattern};
use crate::{
    call::{Call, Wait},
    client::ClientEvent,
    endpoint::BATCH,
    id::{Fd, StreamId},
    limits,
    message::ServerMessage,
};

fn open(pair: &mut Pair) -> StreamId {
    let stream = pair.client.open_stream(PROGRAM, Fd(3), limits::STREAM_WINDOW).unwrap();
    pair.drive();
    stream
}

#[test]
fn a_download_larger_than_every_buffer_arrives_whole_and_ends_after_its_bytes() {
    let mut pair = Pair::live();
    let stream = open(&mut pair);
    pair.downloads.insert(stream, Bytes::from(pattern(3, 5_000_000)));
    pair.drive();
    assert_eq!(pair.received(stream), pattern(3, 5_000_000));
    assert_eq!(pair.events.last(), Some(&ClientEvent::StreamFinished { stream }));
}

#[test]
fn an_upload_larger_than_every_buffer_arrives_whole_and_ends_after_its_bytes() {
    let mut pair = Pair::live();
    let stream = open(&mut pair);
    let mut rest = Bytes::from(pattern(4, 3_000_000));
    while !rest.is_empty() {
        let room = pair.client.stream_room(stream).min(rest.len());
        if room > 0 {
            pair.client.stream_send(stream, rest.split_to(room)).unwrap();
        }
        pair.drive();
    }
    pair.client.stream_finish(stream);
    pair.drive();
    assert_eq!(pair.seen.stream[&stream], pattern(4, 3_000_000));
    assert_eq!(pair.seen.finished, [stream]);
}

#[test]
fn a_page_that_reads_nothing_stops_its_stream_at_the_window_and_no_other() {
    let mut pair = Pair::live();
    let silent = open(&mut pair);
    let other = open(&mut pair);
    let mut sent = 0;
    loop {
        let room = pair.server.stream_room(silent);
        if room > 0 {
            pair.server.stream_send(silent, Bytes::from(vec![0; room])).unwrap();
            sent += room;
        }
        let Some(message) = pair.server.poll_transmit(BATCH) else { break };
        pair.client.handle_message(message, pair.now).unwrap();
        while let Some(message) = pair.client.poll_transmit(BATCH) {
            pair.server.handle_message(message).unwrap();
        }
    }
    assert_eq!(sent as u64, limits::STREAM_WINDOW);
    assert_eq!(pair.server.stream_room(silent), 0);
    assert!(pair.server.stream_room(other) > 0);
}

#[test]
fn without_acknowledgements_no_more_than_the_replay_buffer_is_sent() {
    let mut pair = Pair::live();
    let stream = open(&mut pair);
    let mut on_the_way = 0;
    loop {
        let room = pair.server.stream_room(stream);
        if room > 0 {
            pair.server.stream_send(stream, Bytes::from(vec![0; room])).unwrap();
        }
        let Some(message) = pair.server.poll_transmit(BATCH) else { break };
        on_the_way += message.len();
    }
    assert!(on_the_way <= limits::REPLAY, "{on_the_way}");
    assert_eq!(pair.server.stream_room(stream), 0);
}

#[test]
fn eight_bulk_streams_share_evenly_and_a_result_overtakes_them() {
    let mut pair = Pair::live();
    let streams: Vec<StreamId> = (0..8).map(|_| open(&mut pair)).collect();
    let echo = open(&mut pair);
    for stream in &streams {
        let room = pair.server.stream_room(*stream);
        pair.server.stream_send(*stream, Bytes::from(vec![0; room])).unwrap();
    }
    let first = pair.server.poll_transmit(BATCH).unwrap();
    assert!(first.len() > limits::STREAM_CHUNK);
    let id = pair.client.call(PROGRAM, Call::Accept { fd: Fd(3) }, Wait::Forever, Bytes::new()).unwrap();
    let message = pair.client.poll_transmit(BATCH).unwrap();
    pair.server.handle_message(message).unwrap();
    pair.server.send(ServerMessage::Result { id, outcome: Ok(crate::call::Value::Done) }, Bytes::new());
    pair.server.stream_send(echo, Bytes::from_static(b"key")).unwrap();
    let second = pair.server.poll_transmit(BATCH).unwrap();
    pair.client.handle_message(first, pair.now).unwrap();
    pair.events.clear();
    pair.client.handle_message(second, pair.now).unwrap();
    let mut order = vec![];
    while let Some(event) = pair.client.poll_event() {
        order.push(event);
    }
    let place = |wanted: &dyn Fn(&ClientEvent) -> bool| order.iter().position(wanted).unwrap();
    assert!(place(&|event| matches!(event, ClientEvent::Result { .. })) <= 2);
    // All eight were fresh before it: the echo is in the second message only if it stands in front of their turns.
    assert!(order.iter().any(|event| matches!(event, ClientEvent::StreamData { .. })));
    let mut counts = std::collections::HashMap::new();
    for (number, stream) in streams.iter().enumerate() {
        pair.downloads.insert(*stream, Bytes::from(vec![number as u8; 400_000]));
    }
    pair.events.clear();
    for _ in 0..6 {
        pair.step().unwrap();
    }
    for event in &pair.events {
        if let ClientEvent::StreamData { stream, data } = event {
            *counts.entry(*stream).or_insert(0) += data.len();
        }
    }
    let shares: Vec<usize> = streams.iter().map(|stream| counts[stream]).collect();
    let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
    assert!(*least * 10 >= *most * 9, "{shares:?}");
}

#[test]
fn a_silent_stream_goes_before_those_that_have_been_sending() {
    let mut pair = Pair::live();
    let bulk: Vec<StreamId> = (0..8).map(|_| open(&mut pair)).collect();
    let echo = open(&mut pair);
    let fill = |pair: &mut Pair| {
        for stream in &bulk {
            let room = pair.server.stream_room(*stream);
            if room > 0 {
                pair.server.stream_send(*stream, Bytes::from(vec![0; room])).unwrap();
            }
        }
    };
    // One round, so that all have had their first turn.
    for _ in 0..4 {
        fill(&mut pair);
        let message = pair.server.poll_transmit(BATCH).unwrap();
        pair.client.handle_message(message, pair.now).unwrap();
    }
    while pair.client.poll_event().is_some() {}
    fill(&mut pair);
    pair.server.stream_send(echo, Bytes::from_static(b"key")).unwrap();
    let message = pair.server.poll_transmit(BATCH).unwrap();
    pair.client.handle_message(message, pair.now).unwrap();
    assert_eq!(
        pair.client.poll_event(),
        Some(ClientEvent::StreamData { stream: echo, data: Bytes::from_static(b"key") })
    );
}

#[test]
fn bytes_for_a_stream_that_ended_go_nowhere() {
    let mut pair = Pair::live();
    let stream = open(&mut pair);
    pair.server.send(ServerMessage::StreamEnded { stream, error: None }, Bytes::new());
    pair.client.stream_send(stream, Bytes::from_static(b"late")).unwrap();
    pair.drive();
    assert!(pair.seen.stream.is_empty());
    assert_eq!(pair.events, [ClientEvent::StreamEnded { stream, error: None }]);
}

#[test]
fn sending_nothing_on_a_stream_sends_nothing() {
    let mut pair = Pair::live();
    let stream = open(&mut pair);
    pair.client.stream_send(stream, Bytes::new()).unwrap();
    assert_eq!(pair.client.poll_transmit(BATCH), None);
    pair.client.stream_send(stream, Bytes::from_static(b"x")).unwrap();
    pair.drive();
    assert_eq!(pair.seen.stream[&stream], b"x");
}
