//! Recordings of several servers: bytes in a store that speaks S3 (moto), what there is in a PostgreSQL database, both
//! started here. Either of them may be gone for a while.

mod places;

use std::{fmt::Write as _, sync::Arc};

use proto::call::Call;
use serde_json::json;

use self::places::{Database, PASSWORD, Store};
use super::{crash::killed_while_it_keeps, delete, keep, opened, with_a_run};
use crate::harness::{
    client::Client,
    http::{self, Answer},
    in_time,
    room::{Link, NewRoom},
    server::TestServer,
    skip,
};

/// Each costs a start of the server.
const KILLED: u32 = 4;

/// What servers have in common.
struct Places {
    database: Database,
    store: Store,
}

impl Places {
    /// A server that keeps its recordings there, in this bucket.
    fn server(&self, node: &str, bucket: &str) -> Arc<TestServer> {
        self.server_with(node, bucket, &[])
    }

    /// The same with further flags.
    fn server_with(&self, node: &str, bucket: &str, more: &[&str]) -> Arc<TestServer> {
        let mut script = String::new();
        for (name, value) in [
            ("AWS_ENDPOINT_URL", self.store.address().as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "ada"),
            ("AWS_SECRET_ACCESS_KEY", "not a secret"),
        ] {
            write!(script, "export {name}='{value}'; ").expect("a string");
        }
        script.push_str("exec \"$@\"");
        let (store, database) = (format!("s3://{bucket}/lab"), self.database.address());
        let flags = [&["--node", node, "--store", &store, "--database", &database], more].concat();
        Arc::new(TestServer::start_within(&script, &flags))
    }
}

/// Whether the program was built with what this needs. A part of the tests that is left out is said.
fn can_be_shared() -> bool {
    let program = crate::harness::server::program();
    let flags =
        ["--listen", "127.0.0.1:0", "--tutorial", "127.0.0.1:0", "--store", "none", "--database", "none"];
    let said = std::process::Command::new(program).args(flags).output().expect("the program starts");
    let said = String::from_utf8_lossy(&said.stderr);
    let built = !said.contains("was built without");
    assert!(said.contains("s3://BUCKET") || !built, "one clear sentence: {said}");
    if !built {
        skip(format!("this program was built without what nodes share: {said}"));
    }
    built
}

async fn events(server: &TestServer, id: &str) -> Answer {
    http::get(server.page, &format!("/s/{id}/events")).await
}

/// Asks until the answer is this one: what was away may take a moment to be there again.
async fn until(status: u16, what: &str, ask: impl AsyncFn() -> Answer) -> Answer {
    in_time(what, async {
        loop {
            let answer = ask().await;
            if answer.status == status {
                return answer;
            }
            assert_eq!(answer.status, 503, "{what}: {answer:?}");
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn kept(link: &Link) -> (String, String) {
    let made = until(201, "it is kept", async || keep(link, &json!({})).await).await.json();
    let text = |name: &str| made[name].as_str().expect("text").to_owned();
    (text("id"), text("delete_key"))
}

/// Nothing of it is kept, which is said; and the room does not mind.
async fn is_refused_and_the_room_goes_on(room: &NewRoom, owner: &mut Client) {
    let answer = keep(&room.owner(), &json!({})).await;
    assert_eq!((answer.status, answer.json()["rule"].as_str()), (503, Some("shelf")), "{answer:?}");
    assert!(answer.body.contains("nothing of it is kept"), "{answer:?}");
    let program = owner.program("client").await;
    let fd = owner.connected(program, "tutorial", 7).await;
    owner.call(program, Call::Close { fd }).await.expect("it is open");
}

#[tokio::test]
async fn servers_share_recordings_and_live_without_them() {
    if !can_be_shared() {
        return;
    }
    let mut places = Places { database: Database::start(), store: Store::start().await };
    places.store.make("recordings").await;
    let (one, other) = (places.server("a", "recordings"), places.server("b", "recordings"));
    let (room, mut owner) = with_a_run(&one).await;

    // Kept on one, opened and deleted on the other: gone on both, and from the store.
    let (id, key) = kept(&room.owner()).await;
    let found = opened(&other, &id).await;
    assert_eq!(opened(&one, &id).await, found);
    assert_eq!(places.store.names("recordings").await, [format!("lab/{id}.share")]);
    assert_eq!(delete(&one, &id, "wrongwrongwrongwrongww").await.status, 403);
    assert_eq!(delete(&other, &id, &key).await.status, 204);
    for server in [&one, &other] {
        assert_eq!(events(server, &id).await.status, 404);
        assert!(!server.log().contains(PASSWORD), "{}", server.log());
    }
    assert!(places.store.names("recordings").await.is_empty());
    assert_eq!(delete(&one, &id, &key).await.status, 404);

    // The database goes and comes.
    let (id, _) = kept(&room.owner()).await;
    places.database.stop();
    for server in [&one, &other] {
        let answer = events(server, &id).await;
        assert!(answer.status == 503 && answer.body.contains("does not answer now"), "{answer:?}");
    }
    is_refused_and_the_room_goes_on(&room, &mut owner).await;
    places.database.run();
    for server in [&one, &other] {
        until(200, "the database again", async || events(server, &id).await).await;
    }
    kept(&room.owner()).await;
    assert_eq!(
        places.database.ask("SELECT count(*) FROM recording WHERE state <> 'whole' AND kind = 'share'"),
        "0"
    );

    // A store that refuses, and one that is away: what is begun there is never whole.
    let refused = places.server("c", "no-such-bucket");
    let (elsewhere, mut guest) = with_a_run(&refused).await;
    is_refused_and_the_room_goes_on(&elsewhere, &mut guest).await;
    let whole = "SELECT count(*) FROM recording WHERE state = 'whole' AND kind = 'share'";
    assert_eq!(places.database.ask(whole), "2");
    places.store.stop();
    is_refused_and_the_room_goes_on(&room, &mut owner).await;
    assert_eq!(places.database.ask(whole), "2");
    places.store.run().await;
    places.store.make("recordings").await;
    let (id, _) = kept(&room.owner()).await;
    opened(&other, &id).await;
    drop((owner, guest, one, refused));
    killed_at_any_moment(&places, &other).await;
    drop(other);
    the_oldest_goes_where_it_is_told_to(&places).await;
}

/// On a full shelf what nobody has read for longest goes, where the operator says so.
async fn the_oldest_goes_where_it_is_told_to(places: &Places) {
    places.database.ask("DELETE FROM recording");
    let refuses = places.server_with("e", "recordings", &["--shares-size", "1"]);
    let (room, owner) = with_a_run(&refuses).await;
    let [(read, _), (unread, _)] = [kept(&room.owner()).await, kept(&room.owner()).await];
    for (id, packed, made, last_read) in [
        (&read, 445_000, "now() - interval '3 days'", "now() - interval '1 day'"),
        (&unread, 603_000, "now() - interval '2 days'", "NULL"),
    ] {
        places.database.ask(&format!(
            "UPDATE recording SET packed = {packed}, made = {made}, last_read = {last_read} WHERE name = '{id}'"
        ));
    }
    let refused = keep(&room.owner(), &json!({})).await;
    assert_eq!(
        (refused.status, refused.json()["limit"].as_str()),
        (507, Some("server-shelf")),
        "{refused:?}"
    );
    drop((owner, refuses));
    let evicts =
        places.server_with("e", "recordings", &["--shares-size", "1", "--shares-full", "evict-oldest"]);
    let (room, _owner) = with_a_run(&evicts).await;
    let (new, _) = kept(&room.owner()).await;
    opened(&evicts, &new).await;
    let there = places.database.ask("SELECT name FROM recording WHERE kind = 'share'");
    assert!(there.contains(&read) && there.contains(&new) && !there.contains(&unread), "{there}");
    let names = places.store.names("recordings").await;
    assert!(!names.contains(&format!("lab/{unread}.share")), "{names:?}");
}

/// A node's process ends at any moment: there is a whole recording or none, and what was told is there.
async fn killed_at_any_moment(places: &Places, other: &TestServer) {
    let whole = "SELECT name FROM recording WHERE state = 'whole' AND kind = 'share'";
    let (before, mut told) = (places.database.ask(whole), Vec::new());
    for time in 0..KILLED {
        let server = places.server("d", "recordings");
        let (room, _owner) = with_a_run(&server).await;
        told.extend(killed_while_it_keeps(&server, &room, json!({}), u64::from(time) * 400).await.0);
    }
    let after = places.database.ask(whole);
    for id in after.lines().filter(|id| !before.contains(id)) {
        opened(other, id).await;
    }
    assert!(told.iter().all(|id| after.contains(id.as_str())), "what was told is there: {told:?} of {after}");
}
