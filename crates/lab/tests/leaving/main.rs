//! A room that ends leaves nothing behind. A test program of its own, since it counts this process's descriptors and
//! its runtime's tasks.
//!
//! What the kernel keeps cannot be seen from here without being root: a namespace lives while a descriptor, a device or
//! a socket of it does, so it is the descriptors that are counted, and what pins a namespace without one (orphans with
//! unacknowledged data, children nobody accepted, TIME_WAIT) is made in every room. The keeper's tests look at the
//! namespaces themselves.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

#[path = "../room/harness.rs"]
#[allow(dead_code, reason = "each test program uses what it needs of it")]
mod harness;

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use lab::{Lab, Request, mailbox};
use proto::{
    call::{Call, Flags, Wait},
    id::StreamId,
    message::{ClientMessage, HostCommand, WireCommand},
    room::Role,
};

use self::harness::{CLIENT, SERVER, Stage, on, stage_of};

const ROOMS: usize = 200;
const AT_ONCE: usize = 20;
/// The kernel takes some tens of milliseconds for each capture and TUN that is closed.
const PATIENCE: Duration = Duration::from_secs(30);

/// This process's descriptors by what they are, and its runtime's tasks.
fn held() -> (BTreeMap<String, usize>, usize) {
    let mut kinds = BTreeMap::new();
    for entry in std::fs::read_dir("/proc/self/fd").unwrap() {
        // The descriptor of this very listing is gone by now.
        let Ok(target) = std::fs::read_link(entry.unwrap().path()) else { continue };
        let target = target.to_string_lossy();
        let kind = target.split([':', '[']).next().unwrap_or_default().to_owned();
        *kinds.entry(kind).or_default() += 1;
    }
    (kinds, tokio::runtime::Handle::current().metrics().num_alive_tasks())
}

/// Waits until what is held is as `expected`.
async fn settled(expected: &(BTreeMap<String, usize>, usize)) {
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let wait = async {
        while held() != *expected {
            look.tick().await;
        }
    };
    if tokio::time::timeout(PATIENCE, wait).await.is_err() {
        assert_eq!(held(), *expected, "something was left behind");
    }
}

/// What is held when only the lab's own stock of machines is: it is complete when it no longer changes.
async fn stocked() -> (BTreeMap<String, usize>, usize) {
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let (mut last, mut same) = (held(), 0);
    while same < 50 {
        look.tick().await;
        let now = held();
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

/// What a room may be in the middle of when it ends.
async fn use_a_room(mut stage: Stage, number: usize) {
    let (server, client, ours, theirs, listener) = stage.pair().await;
    // Unaccepted, with data.
    let waiting = stage.socket(client).await;
    stage.connect(client, waiting, on(1, 12345)).await.expect("queued");
    stage.send(client, waiting, b"unread").await.expect("sent");
    // A call that waits, a ping, a stream, a guest with a machine of their own.
    stage.begin(server, Call::Recv { fd: ours, flags: Flags::default(), max: 1 }, Wait::Forever, b"").await;
    stage.begin(client, Call::Ping { name: "server".into(), count: 10 }, Wait::Forever, b"").await;
    let (member, stream) = (stage.member, StreamId(1));
    let open = Request::Message {
        member,
        message: ClientMessage::OpenStream { stream, program: client, fd: theirs, credit: 100 },
    };
    stage.room.request(open).await.unwrap();
    let (mailbox, _deliveries) = mailbox();
    stage.room.join("guest".into(), Role::Participant, mailbox).await.expect("joined");
    match number % 4 {
        // Orphans whose data nobody will ever acknowledge.
        0 => {
            stage.machine(SERVER, HostCommand::Cable(false)).await.expect("cut");
            let data = Bytes::from_static(&[7; 1000]);
            stage.room.request(Request::StreamData { member, stream, data }).await.unwrap();
            stage.call(client, Call::Close { fd: theirs }).await.expect("closed");
        }
        // Packets in flight.
        1 => {
            stage.wire(WireCommand::Hold).await.expect("held");
            stage.call(client, Call::Close { fd: waiting }).await.expect("closed");
        }
        // TIME_WAIT, and a namespace that was replaced.
        2 => {
            stage.call(server, Call::Close { fd: listener }).await.expect("closed");
            stage.machine(CLIENT, HostCommand::FreshNetwork).await.expect("fresh");
        }
        _ => {}
    }
    stage.room.end().await;
    let Stage { room, task, .. } = stage;
    task.await.expect("the room's task ends in good order");
    assert!(room.directory().await.is_err(), "a room that has ended says so");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_that_were_used_and_left_leave_nothing() {
    let Some(keeper) = harness::keeper() else { return };
    let lab = Lab::new(keeper, vec![]);
    use_a_room(stage_of(&lab).await, 0).await;
    let before = stocked().await;
    for round in 0..ROOMS / AT_ONCE {
        let mut rooms = tokio::task::JoinSet::new();
        for number in 0..AT_ONCE {
            rooms.spawn(use_a_room(stage_of(&lab).await, round * AT_ONCE + number));
        }
        rooms.join_all().await;
        settled(&before).await;
    }
    println!("{ROOMS} rooms; held as before: {before:?}");
}
