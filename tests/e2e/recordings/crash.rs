//! The server's process ends at any moment: there is a whole recording or none.

use rustix::process::Signal;
use serde_json::json;

use super::{Data, keep, opened, with_a_run};
use crate::harness::{PATIENCE, room::NewRoom, server::TestServer};

/// Each costs a start of the server.
const TIMES: u32 = 24;

#[tokio::test]
async fn killed_while_it_keeps_there_is_all_or_nothing() {
    let data = Data::new("killed");
    let mut told = Vec::new();
    for time in 0..TIMES {
        let server = TestServer::start(&["--data", data.flag()]);
        let room = NewRoom::create(&server).await;
        let (link, asked) = (room.owner(), json!({ "title": format!("{time}") }));
        let keeping = tokio::spawn(async move { keep(&link, &asked).await });
        // At another moment each time: some before anything was written, some after.
        let mut turns = 0;
        while turns < time * 40 && !keeping.is_finished() {
            tokio::task::yield_now().await;
            turns += 1;
        }
        server.signal(Signal::KILL);
        server.wait();
        if let Ok(Ok(answer)) = tokio::time::timeout(PATIENCE, keeping).await
            && answer.status == 201
        {
            told.push(answer.json()["id"].as_str().expect("an id").to_owned());
        }
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
