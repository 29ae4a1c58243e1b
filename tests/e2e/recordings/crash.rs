//! The server's process ends at any moment: there is a whole recording or none.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Data, keep, opened, with_a_run};
use crate::harness::{PATIENCE, room::NewRoom, server::TestServer};

/// Each costs a start of the server.
const TIMES: u32 = 24;

/// Keeps a room, and kills its server after so many turns of ours or when it has answered: the id, where it was told.
pub(super) async fn killed_while_it_keeps(
    server: &TestServer,
    room: &NewRoom,
    asked: Value,
    turns: u32,
) -> Option<String> {
    let link = room.owner();
    let keeping = tokio::spawn(async move { keep(&link, &asked).await });
    let mut turn = 0;
    while turn < turns && !keeping.is_finished() {
        tokio::task::yield_now().await;
        turn += 1;
    }
    server.signal(Signal::KILL);
    server.wait();
    let answer = tokio::time::timeout(PATIENCE, keeping).await.ok()?.ok()?;
    (answer.status == 201).then(|| answer.json()["id"].as_str().expect("an id").to_owned())
}

#[tokio::test]
async fn killed_while_it_keeps_there_is_all_or_nothing() {
    let data = Data::new("killed");
    let mut told = Vec::new();
    for time in 0..TIMES {
        let server = TestServer::start(&["--data", data.flag()]);
        let room = NewRoom::create(&server).await;
        // At another moment each time: some before anything was written, some after.
        let asked = json!({ "title": format!("{time}") });
        told.extend(killed_while_it_keeps(&server, &room, asked, time * 40).await);
    }
    let server = TestServer::start(&["--data", data.flag()]);
    let names = data.names();
    // What was begun and not finished begins with a dot.
    let finished = names.iter().filter(|name| !name.starts_with('.'));
    let whole: Vec<&str> = finished.filter_map(|name| name.strip_suffix(".share")).collect();
    eprintln!("{} of {TIMES} are whole, {} were told, {} files", whole.len(), told.len(), names.len());
    for id in &whole {
        opened(&server, id).await;
    }
    assert!(
        told.iter().all(|id| whole.contains(&id.as_str())),
        "what was told is there: {told:?} of {whole:?}"
    );
    let (room, _owner) = with_a_run(&server).await;
    assert_eq!(keep(&room.owner(), &json!({})).await.status, 201);
}
