//! The server's process ends at any moment: there is a whole recording or none.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Data, keep, last::last, opened, with_a_run};
use crate::harness::{PATIENCE, room::NewRoom, server::TestServer};

/// Each costs a start of the server: so many in a run of everything, and in the long one.
const TIMES: u32 = 24;
const MANY_TIMES: u32 = 200;

/// Keeps a room, and kills its server after so many turns of ours or when it has answered: the id, where it was told, and how many
/// turns it had.
pub(super) async fn killed_while_it_keeps(
    server: &TestServer,
    room: &NewRoom,
    asked: Value,
    turns: u64,
) -> (Option<String>, u64) {
    let link = room.owner();
    let keeping = tokio::spawn(async move { keep(&link, &asked).await });
    let mut turn = 0;
    while turn < turns && !keeping.is_finished() {
        tokio::task::yield_now().await;
        turn += 1;
    }
    server.signal(Signal::KILL);
    server.wait();
    // Whoever asked has no answer where it was killed first.
    let answer = tokio::time::timeout(PATIENCE, keeping).await.ok().and_then(Result::ok);
    let kept = answer.filter(|answer| answer.status == 201);
    (kept.map(|answer| answer.json()["id"].as_str().expect("an id").to_owned()), turn)
}

#[tokio::test]
async fn killed_while_it_keeps_there_is_all_or_nothing() {
    killed(TIMES, "killed").await;
}

#[tokio::test]
#[ignore = "200 starts of the server take minutes: CONTRIBUTING.md"]
async fn killed_two_hundred_times_while_it_keeps_there_is_all_or_nothing() {
    killed(MANY_TIMES, "killed-often").await;
}

async fn killed(times: u32, name: &str) {
    let data = Data::new(name);
    let (mut told, mut needed) = (Vec::new(), 0);
    for time in 0..times {
        let server = TestServer::start(&["--data", data.flag()]);
        let (room, _owner) = with_a_run(&server).await;
        // At another moment each time: the first when it was told, the second before anything was written, then between these.
        let asked = json!({ "title": format!("{time}") });
        let turns =
            time.checked_sub(1).map_or(u64::MAX, |later| needed * u64::from(later) / u64::from(times));
        let (id, turns) = killed_while_it_keeps(&server, &room, asked, turns).await;
        if time == 0 {
            needed = turns;
        }
        told.extend(id);
    }
    let server = TestServer::start(&["--data", data.flag()]);
    let names = data.names();
    // What was begun and not finished begins with a dot.
    let finished = names.iter().filter(|name| !name.starts_with('.'));
    let whole: Vec<&str> = finished.filter_map(|name| name.strip_suffix(".share")).collect();
    eprintln!("{} of {times} are whole, {} were told, {} files", whole.len(), told.len(), names.len());
    assert!((1..times as usize).contains(&whole.len()), "one kill left none, and one a whole: {names:?}");
    for id in &whole {
        assert!(opened(&server, id).await.events.len() > 5);
    }
    assert!(
        told.iter().all(|id| whole.contains(&id.as_str())),
        "what was told is there: {told:?} of {whole:?}"
    );
    let (room, _owner) = with_a_run(&server).await;
    assert_eq!(keep(&room.owner(), &json!({})).await.status, 201);
}

/// What happened in a room is on the disk soon after it has happened, whatever becomes of the server.
#[tokio::test]
async fn killed_while_a_room_lives_the_server_offers_what_happened_in_it() {
    let data = Data::new("killed-room");
    let server = TestServer::start(&["--data", data.flag(), "--written", "1"]);
    let (room, _owner) = with_a_run(&server).await;
    data.until_last(&room.id).await;
    server.signal(Signal::KILL);
    server.wait();
    let server = TestServer::start(&["--data", data.flag()]);
    let answer = last(&server, &room.watch()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let found = share::read(answer.body.as_bytes()).expect("a recording");
    assert!(found.events.len() > 5, "{:?}", found.header);
}
