//! The wire format itself: every message's bytes, splits, damage.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

use super::{
    pair::{PROGRAM, Pair, snapshot},
    samples,
};
use crate::{
    error::DecodeError,
    frame::{self, Decoder, Frame, HEAD, Kind, put_head, to_bytes},
    id::HostId,
    limits,
    message::{ClientMessage, Hello, ServerMessage, Welcome},
    room::StepOutcome,
    server::Server,
    trace::Event,
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn frame(kind: Kind, body: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    put_head(&mut out, kind, body.len());
    out.extend_from_slice(body);
    out.freeze()
}

fn raw(kind: u8, length: usize, body: &[u8]) -> Bytes {
    let mut bytes = vec![kind, (length >> 16) as u8, (length >> 8) as u8, length as u8];
    bytes.extend_from_slice(body);
    bytes.into()
}

fn decode_all(messages: impl IntoIterator<Item = Bytes>) -> Result<Vec<Frame>, DecodeError> {
    let mut decoder = Decoder::new();
    let mut frames = vec![];
    for message in messages {
        decoder.push(message)?;
        while let Some(frame) = decoder.next_frame()? {
            frames.push(frame);
        }
    }
    Ok(frames)
}

#[test]
fn the_bytes_of_every_message_stay_as_they_are() {
    let mut lines = String::new();
    for message in samples::client_messages() {
        lines.push_str(&format!("client {}\n  {message:?}\n", hex(&to_bytes(&message))));
    }
    for message in samples::server_messages() {
        lines.push_str(&format!("server {}\n  {message:?}\n", hex(&to_bytes(&message))));
    }
    for event in samples::events() {
        lines.push_str(&format!("event {}\n  {event:?}\n", hex(&to_bytes(&event))));
    }
    for hello in samples::hellos() {
        lines.push_str(&format!("hello {}\n  {hello:?}\n", hex(&frame::encode_hello(&hello))));
    }
    for welcome in samples::welcomes(&snapshot(&Server::new())) {
        lines.push_str(&format!("welcome {}\n  {welcome:?}\n", hex(&frame::encode_welcome(&welcome))));
    }
    insta::assert_snapshot!("messages", lines);
}

#[test]
fn what_was_encoded_is_decoded_the_same() {
    fn same<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(values: Vec<T>) {
        for value in values {
            assert_eq!(frame::whole::<T>(&to_bytes(&value), "value").unwrap(), value);
        }
    }
    same::<ClientMessage>(samples::client_messages());
    same::<ServerMessage>(samples::server_messages());
    same::<Event>(samples::events());
    same::<Hello>(samples::hellos());
    same::<Welcome>(samples::welcomes(&snapshot(&Server::new())));
}

#[test]
fn no_beginning_of_a_message_is_a_message() {
    for message in samples::client_messages() {
        let whole = to_bytes(&message);
        for length in 0..whole.len() {
            let mut pair = Pair::live();
            let error = pair.server.handle_message(frame(Kind::Control, &whole[..length])).unwrap_err();
            assert_eq!(error.rule(), "truncated", "{message:?} cut to {length}");
        }
    }
}

fn long_source(name: usize, text: usize) -> Bytes {
    to_bytes(&ClientMessage::Source { host: HostId(1), name: "x".repeat(name), text: "x".repeat(text) })
}

fn long_progress(lesson: usize, step: usize) -> Bytes {
    let outcome = StepOutcome::Skipped;
    to_bytes(&ClientMessage::Progress { lesson: "x".repeat(lesson), step: "x".repeat(step), outcome })
}

/// What is wrong, the bytes, and the rule they break.
fn malformed() -> Vec<(&'static str, Bytes, &'static str)> {
    let accept = to_bytes(&samples::accept(0));
    let trailing = [&accept[..], b"x"].concat();
    let send = to_bytes(&samples::send(0, 2));
    let long_text = to_bytes(&ClientMessage::Output {
        program: PROGRAM,
        error: false,
        text: "x".repeat(limits::OUTPUT + 1),
    });
    let long_name = to_bytes(&ClientMessage::Rename { name: "ä".repeat(limits::NAME + 1) });
    vec![
        ("kind 0", raw(0, 0, b""), "frame-kind"),
        ("kind 11", raw(11, 0, b""), "frame-kind"),
        ("kind 255", raw(255, 0, b""), "frame-kind"),
        ("a body of 32 KiB + 1", raw(3, limits::FRAME_BODY + 1, b""), "frame-body"),
        ("a body of 16 MiB", raw(5, 0xff_ff_ff, b""), "frame-body"),
        ("a long welcome from the page", raw(2, limits::FRAME_BODY + 1, b""), ""),
        ("a message of 64 KiB + 1", Bytes::from(vec![6; limits::MESSAGE + 1]), "message"),
        ("an empty control", frame(Kind::Control, b""), "truncated"),
        ("an unknown message", frame(Kind::Control, &[99]), "malformed"),
        ("a message and more", frame(Kind::Control, &trailing), "trailing"),
        ("more payload than announced", frame(Kind::Control, &[&send[..], b"abc"].concat()), "trailing"),
        ("a string that is not UTF-8", frame(Kind::Control, &[13, 1, 0xff]), "malformed"),
        ("a string longer than its frame", frame(Kind::Control, &[13, 0xff, 0xff, 0x7f]), "truncated"),
        ("an output of 16 KiB + 1", frame(Kind::Control, &long_text), "field-length"),
        ("a name of 33 characters", frame(Kind::Control, &long_name), "field-length"),
        ("a source of 24 KiB + 1", frame(Kind::Control, &long_source(1, limits::SOURCE + 1)), "field-length"),
        ("a source's name of 33 characters", frame(Kind::Control, &long_source(33, 1)), "field-length"),
        ("a lesson of 33 characters", frame(Kind::Control, &long_progress(33, 1)), "field-length"),
        ("a step of 33 characters", frame(Kind::Control, &long_progress(1, 33)), "field-length"),
        ("data for no call", frame(Kind::Data, &[5, 1]), "call-data"),
        ("data without a number", frame(Kind::Data, b""), "truncated"),
        ("bytes for no stream", frame(Kind::Stream, &[0, 1]), "stream-id"),
        ("credit for no stream", frame(Kind::Control, &[5, 0, 1]), "stream-id"),
        ("an end for no stream", frame(Kind::Control, &[6, 0]), "stream-id"),
        ("a varint without end", frame(Kind::Ack, &[0xff; 11]), "malformed"),
        ("an acknowledgement of nothing sent", frame(Kind::Ack, &[1]), "acknowledgement"),
        ("an acknowledgement and more", frame(Kind::Ack, &[0, 0]), "trailing"),
        ("a ping with a body", frame(Kind::Ping, b"x"), "trailing"),
        ("a second hello", frame(Kind::Hello, b""), "frame-order"),
        ("a welcome", frame(Kind::Welcome, b""), "frame-order"),
        ("a trace", frame(Kind::Trace, b""), "frame-order"),
        ("a pong", frame(Kind::Pong, b""), "frame-order"),
    ]
}

#[test]
fn malformed_bytes_end_the_connection_and_name_the_rule() {
    for (what, bytes, rule) in malformed() {
        let mut pair = Pair::live();
        match pair.server.handle_message(bytes) {
            Err(error) => assert_eq!(error.rule(), rule, "{what}: {error}"),
            Ok(()) => assert_eq!(rule, "", "{what}"),
        }
    }
}

#[test]
fn only_a_hello_comes_first_and_it_comes_alone() {
    let hello = frame::encode_hello(&samples::hellos()[0]);
    let first = |bytes: &[u8]| {
        let mut decoder = Decoder::new();
        decoder.push(Bytes::copy_from_slice(bytes)).and_then(|()| frame::hello(&mut decoder))
    };
    assert!(first(&hello).unwrap().is_some());
    assert!(first(&hello[..hello.len() - 1]).unwrap().is_none(), "not all of it yet");
    assert_eq!(first(&frame(Kind::Ack, &[0])).unwrap_err().rule(), "frame-order");
    assert_eq!(first(&[&hello[..], &hello[..]].concat()).unwrap_err().rule(), "frame-order");
    let name = "x".repeat(limits::NAME + 1);
    let long = frame::encode_hello(&Hello { name, ..samples::hellos().remove(0) });
    assert_eq!(first(&long).unwrap_err().rule(), "field-length");
}

#[test]
fn a_kept_byte_keeps_little_else_alive() {
    let small = frame(Kind::Stream, b"\0x");
    let large = frame(Kind::Stream, &[0; 32_000]);
    let message = Bytes::from([&small[..], &large[..], &large[..20_000]].concat());
    let range = message.as_ptr_range();
    let mut decoder = Decoder::new();
    decoder.push(message.clone()).unwrap();
    let copied = decoder.next_frame().unwrap().unwrap().body;
    let sliced = decoder.next_frame().unwrap().unwrap().body;
    assert!(!range.contains(&copied.as_ptr()));
    assert!(range.contains(&sliced.as_ptr()));
}

fn any_frames() -> impl Strategy<Value = Vec<(Kind, Vec<u8>)>> {
    let body = prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => proptest::collection::vec(any::<u8>(), 0..3_000),
    ];
    proptest::collection::vec((proptest::sample::select(Kind::ALL), body), 0..20)
}

proptest! {
    #[test]
    fn any_split_gives_the_same_frames(frames in any_frames(), cuts in proptest::collection::vec(0usize..4_000, 0..30)) {
        let whole: Vec<u8> = frames.iter().flat_map(|(kind, body)| frame(*kind, body)).collect();
        let wanted: Vec<Frame> =
            frames.iter().map(|(kind, body)| Frame { kind: *kind, body: Bytes::copy_from_slice(body) }).collect();
        let mut rest = Bytes::from(whole);
        let mut pieces = vec![];
        for cut in cuts {
            pieces.push(rest.split_to(cut.min(rest.len())));
        }
        while !rest.is_empty() {
            pieces.push(rest.split_to(rest.len().min(limits::MESSAGE)));
        }
        prop_assert_eq!(decode_all(pieces).unwrap(), wanted);
    }

    #[test]
    fn arbitrary_bytes_never_panic(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..8)) {
        let mut pair = Pair::live();
        let mut decoder = Decoder::new();
        for message in messages {
            let message = Bytes::from(message);
            let _ = decoder.push(message.clone()).and_then(|()| frame::hello(&mut decoder));
            let _ = pair.server.handle_message(message.clone());
            let _ = pair.client.handle_message(message, pair.now);
            while pair.server.poll_event().is_some() {}
            while pair.client.poll_event().is_some() {}
            while pair.server.poll_transmit(1_000).is_some() {}
            while pair.client.poll_transmit(1_000).is_some() {}
        }
    }

    /// Like arbitrary bytes, but inside whole frames, so that they get further.
    #[test]
    fn arbitrary_bodies_never_panic(frames in any_frames(), seeds in proptest::collection::vec((0usize..100, 0usize..60, any::<u8>()), 0..20)) {
        let mut pair = Pair::live();
        let samples: Vec<Bytes> = samples::client_messages().iter().map(to_bytes).collect();
        let damaged = seeds.into_iter().map(|(sample, at, byte)| {
            let mut body = samples[sample % samples.len()].to_vec();
            let at = at % body.len();
            body[at] = byte;
            (Kind::Control, body)
        });
        for (kind, body) in damaged.chain(frames) {
            if pair.server.handle_message(frame(kind, &body)).is_err() {
                pair = Pair::live();
            }
            while pair.server.poll_event().is_some() {}
            while pair.server.poll_transmit(1_000).is_some() {}
            let _ = pair.client.handle_message(frame(kind, &body), pair.now);
            while pair.client.poll_event().is_some() {}
        }
    }
}

#[test]
fn heads_are_as_long_as_they_say() {
    assert_eq!(frame(Kind::Ping, b"").len(), HEAD);
    for number in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
        let mut out = BytesMut::new();
        frame::put_varint(&mut out, number);
        assert_eq!(out.len(), frame::varint_length(number), "{number}");
        assert_eq!(frame::whole::<u64>(&out, "number").unwrap(), number);
    }
}
