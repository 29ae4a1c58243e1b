//! A node that has died, and one that only did not answer for a while: what a page behind the door says of its room.

use std::fs;

use proto::message::Refusal;
use rustix::process::Signal;

use super::{Door, Places, node_of, node_with};
use crate::{
    harness::{browser::Browser, client::Client, http, in_time, room::NewRoom, server::TestServer},
    page::{LAPTOP, entered},
};

/// Nodes `a` and `b`, whose counts this test may read; the door once it uses both.
async fn two(places: &Places) -> (Door, [TestServer; 2]) {
    let start = |name: &str, number: usize| {
        let place = places.nodes[number];
        let agent = place.agent.to_string();
        node_with(
            name,
            place,
            places.door,
            &places.folder,
            &["--agent", &agent, "--metrics-from", "127.0.0.1", "--written", "1"],
        )
    };
    let nodes = [start("a", 0), start("b", 1)];
    let door = places.open_door().await;
    for name in ["a", "b"] {
        door.uses(name, true).await;
    }
    (door, nodes)
}

async fn room_on(door: &Door, node: &str) -> NewRoom {
    loop {
        let room = door.room().await;
        if node_of(&room) == node {
            return room;
        }
    }
}

/// How often the node at this place was asked for rooms of another node.
async fn asked_in_vain(places: &Places, number: usize) -> u64 {
    let metrics = http::get(places.nodes[number].page, "/metrics").await.body;
    let count =
        metrics.lines().find_map(|line| line.strip_prefix("wireside_refusals_total{reason=\"node\"} "));
    count.map_or(0, |count| count.parse().expect("a number"))
}

#[tokio::test]
async fn a_page_says_that_its_node_is_gone_and_offers_what_happened() {
    let places = Places::new("nodes-died");
    let (door, [_a, b]) = two(&places).await;
    let room = room_on(&door, "b").await;
    let mut ada = Client::join(&room.owner(), "Ada").await;
    let program = ada.program("client").await;
    ada.socket(program).await;
    let browser = Browser::open().await;
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("http://{}/r/{}#{}", door.address, room.id, room.owner().key_text())).await;
    entered(&tab).await;
    // What is written of a room while it lives is what others can offer.
    let last = places.folder.0.join(format!("kept/shares/{}.last", room.id));
    in_time("what happened to be written", async {
        while !last.exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;

    b.signal(Signal::KILL);
    tab.sees("body", "The machine that has this room does not answer. Trying again").await;
    tab.sees("body", "This room has ended; its sockets are closed.").await;
    tab.click("body", "See what happened").await;
    tab.sees("body", "socket()").await;
    // What it asked for while nobody had that room.
    browser.forgive(|_| true);
}

/// Two checks that a busy node was late for: the door asks another one for its rooms meanwhile, and nobody is told that they ended.
#[tokio::test]
async fn a_node_that_was_only_late_has_its_rooms_still() {
    let places = Places::new("nodes-late");
    let (door, [_a, b]) = two(&places).await;
    let room = room_on(&door, "b").await;
    // Somebody is in it, or it would end.
    let _here = Client::join(&room.owner(), "Grace").await;
    b.signal(Signal::STOP);
    let log = places.folder.0.join("haproxy.log");
    in_time("the door to give it up", async {
        while !fs::read_to_string(&log).is_ok_and(|log| log.contains("Server nodes/b is DOWN")) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let coming = tokio::spawn({
        let link = room.owner();
        async move { Client::try_join(&link, "Ada").await }
    });
    in_time("another node to be asked", async {
        while asked_in_vain(&places, 0).await == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    b.signal(Signal::CONT);
    let mut ada = coming.await.expect("no panic").unwrap_or_else(|refusal: Refusal| panic!("{refusal:?}"));
    assert!(ada.node_away > 0, "it came by another node first");
    let program = ada.program("client").await;
    ada.connected(program, "tutorial", 7).await;
}
