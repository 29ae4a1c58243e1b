//! Rooms under load: one that floods, many at once, and somebody who does not read the trace.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use proto::{
    call::{Call, Value, Wait},
    id::{Fd, ProgramId},
    trace::{Event, What},
};

use crate::harness::{client::Client, room::NewRoom, server::TestServer};

/// Somebody with an echo server of their own room.
async fn neighbour(server: &TestServer) -> (Client, ProgramId, Fd) {
    let room = NewRoom::create(server).await;
    let mut client = Client::join(&room.owner(), "neighbour").await;
    let program = client.program("client").await;
    let echo = client.connected(program, "tutorial", 7).await;
    (client, program, echo)
}

async fn echo((client, program, echo): &mut (Client, ProgramId, Fd)) {
    client.send(*program, *echo, b"anybody there?").await.expect("sent");
    assert_eq!(client.recv(*program, *echo, 100).await.expect("an echo"), &b"anybody there?"[..]);
}

/// Sends until its window is empty and never waits for anything else: the room's own rate is what slows it. Another
/// room goes through a long conversation meanwhile, every step of which has to wait for the step before.
#[tokio::test]
async fn a_room_that_floods_slows_itself_and_no_other() {
    let server = TestServer::shared();
    let mut neighbour = neighbour(&server).await;
    let room = NewRoom::create(&server).await;
    let mut flooder = Client::join(&room.owner(), "flooder").await;
    let mut watcher = Client::join(&room.watch(), "watcher").await;
    watcher.subscribe();
    let pair = flooder.pair(12345).await;
    let mebibyte = vec![b'x'; 1 << 20];
    let mut sending = Vec::new();
    for _ in 0..4 {
        sending.push(flooder.begin_send(pair.client, pair.theirs, &mebibyte));
    }
    let flooding = async {
        let mut got = 0;
        while got < 4 << 20 {
            got += flooder.recv(pair.server, pair.ours, 1 << 20).await.expect("bytes").len();
        }
        for id in sending {
            assert_eq!(flooder.result(id).await.0, Ok(Value::Sent(1 << 20)));
        }
        flooder
    };
    let conversing = async {
        for _ in 0..100 {
            echo(&mut neighbour).await;
        }
    };
    let (_flooder, ()) = tokio::join!(flooding, conversing);
    // What the room says of itself is whole: recorded one by one, or counted.
    let counted = |events: &[Event]| -> u64 {
        let mut once = BTreeMap::new();
        let mut summed = 0;
        for event in events {
            match &event.what {
                What::Packet(packet) if packet.copy_of.is_none() => {
                    once.insert(packet.id, u64::from(packet.data.length));
                }
                What::Summary(summary) => summed += summary.bytes,
                _ => {}
            }
        }
        once.values().sum::<u64>() + summed
    };
    watcher.trace_until(|events| counted(events) >= 4 << 20).await;
    assert_eq!(watcher.skipped, 0, "who reads misses nothing");
}

/// Rooms that are there at once.
const ROOMS: usize = 200;

#[tokio::test]
async fn two_hundred_rooms_with_traffic() {
    let server = TestServer::start(&[]);
    let mut rooms = Vec::new();
    for _ in 0..ROOMS / 20 {
        rooms.extend(join_all((0..20).map(|_| neighbour(&server))).await);
    }
    for _ in 0..3 {
        join_all(rooms.iter_mut().map(echo)).await;
    }
    let health = crate::harness::http::get(server.page, "/health").await.json();
    assert_eq!(
        (health["rooms"].as_u64(), health["sessions"].as_u64()),
        (Some(ROOMS as u64), Some(ROOMS as u64))
    );
}

/// Makes calls that do nothing, two events each.
pub(crate) async fn make_calls(client: &mut Client, program: ProgramId, fd: Fd, calls: usize) {
    for _ in 0..calls / 500 {
        let ids: Vec<_> =
            (0..500).map(|_| client.begin(program, Call::GetSockName { fd }, Wait::Forever)).collect();
        for id in ids {
            client.result(id).await.0.expect("an address");
        }
    }
}

#[tokio::test]
async fn who_comes_after_the_beginning_was_let_go_is_told_how_much_is_missing() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let program = owner.program("client").await;
    let fd = owner.socket(program).await;
    make_calls(&mut owner, program, fd, proto::limits::TRACE_OTHERS).await;
    let mut late = Client::join(&room.watch(), "late").await;
    late.subscribe();
    late.flush().await;
    assert_eq!(owner.call(program, Call::Close { fd }).await, Ok(Value::Done));
    let closed = |events: &[Event]| {
        events.iter().any(
            |event| matches!(&event.what, What::CallBegin(begin) if matches!(begin.call, Call::Close { .. })),
        )
    };
    late.trace_until(closed).await;
    let (oldest, newest) = (late.events[0].seq, late.events.last().expect("events").seq);
    assert!(late.skipped >= proto::limits::TRACE_OTHERS as u64, "{}", late.skipped);
    assert!(oldest > 1, "the first events are gone, and it was told");
    assert_eq!(late.skipped + late.events.len() as u64, newest);
}

#[tokio::test]
async fn a_watcher_that_does_not_read_the_trace_is_told_what_it_missed() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let mut deaf = Client::join(&room.watch(), "deaf").await;
    deaf.hears_little();
    deaf.subscribe();
    deaf.flush().await;
    let program = owner.program("client").await;
    let fd = owner.socket(program).await;
    // Two events each: more than the trace keeps of calls, and more than fits between the room and a deaf ear.
    make_calls(&mut owner, program, fd, 3 * proto::limits::TRACE_OTHERS).await;
    // Nobody waited for it. Now it reads, and hears how much it has missed.
    let last = owner.call(program, Call::Close { fd }).await;
    assert_eq!(last, Ok(Value::Done));
    let closed = |events: &[Event]| {
        events.iter().any(
            |event| matches!(&event.what, What::CallBegin(begin) if matches!(begin.call, Call::Close { .. })),
        )
    };
    deaf.trace_until(closed).await;
    assert!(deaf.skipped > 0, "it has all {} events", deaf.events.len());
    let newest = deaf.events.last().expect("events").seq;
    assert_eq!(
        deaf.skipped + deaf.events.len() as u64,
        newest,
        "what it has and what it was told it missed is all"
    );
}
