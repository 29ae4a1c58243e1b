//! The door and the nodes of compose.yaml, as compose makes them but for addresses: there is no container.

use std::fs;

use super::{Door, Places, Visitor};
use crate::{
    deployed::{composed, documents, door_of_compose},
    harness::{in_time, server::TestServer},
};

#[tokio::test]
async fn rooms_are_made_through_the_door_of_compose() {
    let places = Places::new("compose");
    let compose = documents("compose.yaml").remove(0);
    let node = |name: &str, number: usize| {
        let place = places.nodes[number];
        let service = &compose["services"][name];
        let words = ["entrypoint", "command"].map(|part| service[part].as_array().expect("words"));
        let flags: Vec<_> = words
            .into_iter()
            .flatten()
            .map(|word| composed(word.as_str().expect("a word")))
            // Where it is, and where it keeps recordings: other tests have a store and a database.
            .filter(|word| {
                let elsewhere = ["/", "--listen", "--tutorial", "--store", "--database"];
                !elsewhere.iter().any(|flag| word.starts_with(flag))
            })
            .map(|word| match word.as_str() {
                "--agent=0.0.0.0:8079" => format!("--agent={}", place.agent),
                "--trusted-proxy=172.30.77.10" => "--trusted-proxy=127.0.0.1".to_owned(),
                _ => word,
            })
            .collect();
        assert!(flags.contains(&format!("--node={name}")), "{flags:?}");
        let flags: Vec<_> = flags.iter().map(String::as_str).chain(["--shares", "off"]).collect();
        TestServer::start_on(place.page, &flags)
    };
    let made = fs::read_to_string(door_of_compose(&places.folder.0)).expect("made");
    let mut changes = vec![("bind :8080".to_owned(), format!("bind {}", places.door))];
    for (number, inside) in ["172.30.77.11", "172.30.77.12"].into_iter().enumerate() {
        let place = places.nodes[number];
        let agent = format!("agent-addr 127.0.0.1 agent-port {}", place.agent.port());
        changes.push((format!("{inside}:8080"), place.page.to_string()));
        changes.push((format!("agent-addr {inside} agent-port 8079"), agent));
    }
    let text = changes.into_iter().fold(made, |text, (stands, meant)| {
        assert!(text.contains(&stands), "{stands:?} is not in\n{text}");
        text.replace(&stands, &meant)
    });
    let left = |line: &&str| line.contains("172.30.77") || line.contains("lab.example");
    let left: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with('#')).filter(left).collect();
    assert!(left.is_empty(), "{left:?}");
    let door = Door::start(&places.folder, places.door, &text).await;
    // Nobody is there yet, and the door knows: what it says afterwards it has asked them.
    let log = places.folder.0.join("haproxy.log");
    in_time("both nodes DOWN", async {
        let down = |log: &str| ["a", "b"].iter().all(|node| log.contains(&format!("nodes/{node} is DOWN")));
        while !fs::read_to_string(&log).is_ok_and(|log| down(&log)) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let _nodes = [node("a", 0), node("b", 1)];
    for name in ["a", "b"] {
        door.uses(name, true).await;
    }
    Visitor::come(door.room().await).await.goes_on().await;
}
