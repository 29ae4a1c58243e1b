//! A class behind the door, and a door that hears nothing from the nodes' agents: only its checks tell it who is there.

use std::{collections::BTreeMap, net::Ipv4Addr};

use rustix::process::Signal;
use serde_json::json;

use super::{Door, Places, node_of, node_with};
use crate::harness::{
    class::{NewClass, Seat},
    client::Client,
    http, in_time,
    room::NewRoom,
    server::TestServer,
};

/// Makes classes through the door until there is one on each of these nodes.
async fn classes_on(door: &Door, nodes: &[&str]) -> BTreeMap<String, NewClass> {
    let mut made = BTreeMap::new();
    let making = async {
        while nodes.iter().any(|node| !made.contains_key(*node)) {
            let class = NewClass::made_by(door.address, &json!({ "seats": 5 })).await;
            made.insert(class.id.split_once('-').expect("a node's name").0.to_owned(), class);
        }
    };
    in_time("a class on each node", making).await;
    made
}

/// A pupil comes through the door: their room is on the class's node.
async fn comes(class: &NewClass, node: &str, name: &str) -> (Seat, Client) {
    let seat = class.join(name).await;
    assert!(seat.room.room.starts_with(&format!("{node}-")), "{} for a class on {node}", seat.room.room);
    let mut client = Client::join(&seat.room, name).await;
    let program = client.program("client").await;
    client.connected(program, "tutorial", 7).await;
    (seat, client)
}

async fn goes_away(node: &TestServer) {
    node.signal(Signal::TERM);
    node.logs("that it goes away", |log| log.contains("no new rooms")).await;
}

#[tokio::test]
async fn a_class_lives_on_its_node_behind_a_door_without_agents() {
    let places = Places::new("nodes-classes");
    let address = places.door;
    let start = |name: &str, number: usize| {
        node_with(name, places.nodes[number], address, &places.folder, &["--classes", "all"])
    };
    let (a, _b) = (start("a", 0), start("b", 1));
    let door = places.open_door().await;
    let classes = classes_on(&door, &["a", "b"]).await;
    let mut pupils = Vec::new();
    for (node, class) in &classes {
        // By the link as it is typed, in capitals too.
        for id in [class.id.clone(), class.id.to_uppercase()] {
            let page = http::get(address, &format!("/c/{id}/about")).await;
            assert_eq!(page.status, 200, "{id}: {}", page.body);
        }
        for name in ["Ada", "Bob"] {
            pupils.push(comes(class, node, name).await);
        }
        let mut board = class.board().await;
        board.until("both", |board| board.count(|seat| seat["here"] == true) == 2).await;
    }

    // One node goes away. Its class stays whole, and nobody who wants a room hears of it, though the door is told nothing.
    goes_away(&a).await;
    let (late, _there) = comes(&classes["a"], "a", "Late").await;
    let mut heard = classes["a"].hears(&late).await;
    classes["a"].act(&json!({ "act": "note", "text": "to all" })).await;
    heard.until("a note", |news| news["note"]["text"] == "to all").await;
    for visitor in 1..=8 {
        let room = NewRoom::create_through(address, Ipv4Addr::new(127, 2, 0, visitor)).await;
        assert_eq!(node_of(&room.expect("a room at once")), "b");
    }
    classes["a"].act(&json!({ "act": "close" })).await;
    assert_eq!(heard.until("the end", |news| news["over"].is_string()).await["over"], "closed");
    assert_eq!(a.wait().0.code(), Some(0), "it ends with its class: {}", a.log());
    let gone = classes["a"].try_join("Too late").await;
    // Another node answers, and says no more than it knows.
    assert_eq!((gone.status, gone.json()["rule"].as_str()), (503, Some("node")));
}
