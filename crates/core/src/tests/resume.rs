//! The connection cut at every byte: nothing is lost, nothing happens twice.

use bytes::Bytes;

use super::pair::{PROGRAM, Pair, Seen, pattern, snapshot};
use crate::{
    call::{Call, Flags, Value, Wait},
    client::{Client, ClientEvent},
    endpoint::BATCH,
    id::{CallId, Fd, StreamId},
    limits,
    message::{ClientMessage, ServerMessage, Welcome},
};

/// Bytes each way.
#[derive(Clone, Copy)]
struct Sizes {
    payload: u32,
    upload: usize,
    download: usize,
}

/// Everything fits into single frames.
const SMALL: Sizes = Sizes { payload: 1_100, upload: 700, download: 900 };
/// Many frames, acknowledgements and more than the replay buffer.
const LARGE: Sizes = Sizes { payload: 40_000, upload: 60_000, download: 300_000 };

/// Calls both ways, an upload and a download, with the connection cut after `budget` bytes.
fn scenario(
    Sizes { payload, upload, download }: Sizes,
    budget: Option<usize>,
) -> (Seen, Vec<(CallId, Bytes)>, Vec<u8>, bool) {
    let mut pair = Pair::live();
    pair.budget = budget;
    let flags = Flags::default();
    for length in [0, 5, payload] {
        let call = Call::Send { fd: Fd(3), flags, length };
        let payload = Bytes::from(pattern(length, length as usize));
        pair.client.call(PROGRAM, call, Wait::Forever, payload).unwrap();
        pair.client
            .call(PROGRAM, Call::Recv { fd: Fd(3), flags, max: length }, Wait::Forever, Bytes::new())
            .unwrap();
    }
    let stream = pair.client.open_stream(PROGRAM, Fd(4), limits::STREAM_WINDOW).unwrap();
    pair.client.stream_send(stream, Bytes::from(pattern(1, upload))).unwrap();
    pair.client.stream_finish(stream);
    loop {
        pair.drive();
        let opened = pair.messages.iter().any(|message| matches!(message, ClientMessage::OpenStream { .. }));
        if !opened || pair.seen.stream.get(&stream).is_some_and(|bytes| bytes.len() > upload) {
            break;
        }
        if pair.events.contains(&ClientEvent::StreamFinished { stream }) {
            break;
        }
        pair.downloads.insert(stream, Bytes::from(pattern(2, download)));
    }
    let used_up = pair.budget.is_none();
    (pair.seen.clone(), pair.results(), pair.received(stream), used_up)
}

/// Cuts the connection after every `stride`th byte. Returns how many cuts there were.
fn cut_everywhere(sizes: Sizes, stride: usize) -> usize {
    let (whole, mut results, download, _) = scenario(sizes, None);
    assert_eq!(whole.calls.len(), 6);
    assert_eq!(whole.stream[&StreamId(0)], pattern(1, sizes.upload));
    assert_eq!(whole.finished, [StreamId(0)]);
    assert_eq!(download, pattern(2, sizes.download));
    assert_eq!(results.len(), 6);
    results.sort();
    for cut in 0.. {
        let (seen, mut got, bytes, used_up) = scenario(sizes, Some(cut * stride));
        assert_eq!(seen, whole, "cut after {} bytes", cut * stride);
        got.sort();
        assert_eq!(got, results, "cut after {} bytes", cut * stride);
        assert_eq!(bytes, download, "cut after {} bytes", cut * stride);
        if !used_up {
            return cut;
        }
    }
    unreachable!("some cut is after everything")
}

#[test]
fn cut_at_every_byte_everything_arrives_once() {
    assert!(cut_everywhere(SMALL, 1) > SMALL.upload + SMALL.download);
}

#[test]
fn cut_in_the_midst_of_large_transfers_everything_arrives_once() {
    assert!(cut_everywhere(LARGE, 4_001) > 100);
}

#[test]
fn a_gap_is_refused() {
    let mut pair = Pair::live();
    pair.cut();
    let gap = pair.server.connected(Some(1_000)).unwrap_err();
    assert_eq!(gap.received, 1_000);
}

#[test]
fn a_page_that_lost_its_state_gets_the_results_of_calls_that_still_wait() {
    let mut pair = Pair::live();
    pair.answering = false;
    let accept = Call::Accept { fd: Fd(3) };
    let done = pair.client.call(PROGRAM, accept.clone(), Wait::Forever, Bytes::new()).unwrap();
    let waiting = pair.client.call(PROGRAM, accept.clone(), Wait::Forever, Bytes::new()).unwrap();
    // A send whose payload was not complete when the page went was never made.
    let half = Call::Send { fd: Fd(3), flags: Flags::default(), length: 100_000 };
    pair.client.call(PROGRAM, half, Wait::Forever, Bytes::from(vec![0; 100_000])).unwrap();
    let first = pair.client.poll_transmit(20_000).unwrap();
    pair.server.handle_message(first).unwrap();
    while pair.server.poll_event().is_some() {}
    let result = |id| ServerMessage::Result { id, outcome: Ok(Value::Done) };
    pair.server.send(result(done), Bytes::new());
    assert_eq!(pair.server.outstanding(), 2);

    pair.server.disconnected();
    let mut client = Client::new([1; 16], "Ada", Some([9; 16]));
    client.connected(pair.now);
    assert_eq!(pair.server.connected(None).unwrap(), 0);
    assert_eq!(pair.server.outstanding(), 1);
    let mut snapshot = snapshot(&pair.server);
    snapshot.waiting = vec![(waiting, PROGRAM, accept)];
    pair.server.welcome(&Welcome::Begun(Box::new(snapshot)));
    pair.server.send(result(waiting), Bytes::new());
    while let Some(message) = pair.server.poll_transmit(BATCH) {
        client.handle_message(message, pair.now).unwrap();
    }
    let events: Vec<ClientEvent> = std::iter::from_fn(|| client.poll_event()).collect();
    let [ClientEvent::Connect, ClientEvent::Begun(begun), ClientEvent::Result { id, .. }] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*id, waiting, "and not the one whose result was on its way");
    assert_eq!(begun.next_call, 3);
}
