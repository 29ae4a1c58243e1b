//! A full shelf whose operator lets the oldest go, on a server that is confined as always.

use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use serde_json::json;

use super::{Data, keep, opened, with_a_run};
use crate::harness::{http, server::TestServer};

#[tokio::test]
async fn what_nobody_has_opened_for_longest_makes_room_for_another() {
    let data = Data::new("evict");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, owner) = with_a_run(&server).await;
    let made = keep(&room.owner(), &json!({})).await.json();
    let read = made["id"].as_str().expect("an id");
    drop((owner, server));
    let file = |id: &str| data.path().join(format!("shares/{id}.share"));
    // The one that is opened is the oldest, and two large ones fill the shelf, with what the room has left.
    let [unread, later] = ["a", "b"].map(|letter| letter.repeat(26));
    let sizes = fs::read_dir(data.path().join("shares")).expect("the shelf");
    let used: u64 = sizes.map(|file| file.and_then(|file| file.metadata()).expect("a file").len()).sum();
    for (id, size) in [(&unread, 100_000), (&later, (1 << 20) - 100_000 - used)] {
        File::create(file(id)).and_then(|file| file.set_len(size)).expect("a large file");
    }
    for (id, hours) in [(read, 5), (&unread, 4), (&later, 3)] {
        let then = SystemTime::now() - Duration::from_secs(hours * 3600);
        let file = File::options().write(true).open(file(id)).expect("it is there");
        file.set_modified(then).expect("its time can be set");
    }
    let flags = ["--data", data.flag(), "--shares-size", "1", "--shares-full", "evict-oldest"];
    let server = TestServer::start(&flags);
    opened(&server, read).await;
    let (room, _owner) = with_a_run(&server).await;
    let answer = keep(&room.owner(), &json!({})).await;
    assert_eq!(answer.status, 201, "{answer:?}\n{}", server.log());
    let made = answer.json();
    let new = made["id"].as_str().expect("an id");
    let there = [read, &unread, &later, new].map(|id| file(id).exists());
    assert_eq!(there, [true, false, true, true], "{}", server.log());
    assert_eq!(http::get(server.page, &format!("/s/{unread}")).await.status, 404);
    opened(&server, new).await;
}
