//! What is left of a class: what its teacher keeps, and nothing else.

use std::fs;

use rustix::process::Signal;
use serde_json::json;

use super::{passes, sits, steps};
use crate::{
    harness::{
        class::{NewClass, Seat},
        client::Client,
        http,
        server::TestServer,
    },
    recordings::{
        Data,
        last::{last, offer},
        with_a_run,
    },
};

#[tokio::test]
async fn a_class_is_kept_as_a_recording_a_seat_and_a_table() {
    let data = std::env::temp_dir().join(format!("wireside-class-{}", std::process::id()));
    let server = TestServer::start(&["--class", "3", "--data", data.to_str().expect("UTF-8")]);
    let class = NewClass::first(&server);
    let steps = steps(&class).await;
    let (ada, bob) = (class.join("=Ada, \"the first\"").await, class.join("Bob").await);
    let (mut here, _there) = (sits(&ada).await, sits(&bob).await);
    passes(&mut here, &steps[0]).await;
    passes(&mut here, &steps[1]).await;
    let mut board = class.board().await;
    let two = |board: &crate::harness::class::Board| {
        board
            .seats
            .get(&1)
            .is_some_and(|seat| seat["steps"].as_str().is_some_and(|steps| steps.starts_with("pp.")))
    };
    board.until("two steps", two).await;

    // Not with a pupil's key, and not what is not there.
    assert_eq!(class.post("seats/2/shares", &ada.key, "{}").await.status, 403);
    assert_eq!(class.post("seats/9/shares", &class.teacher, "{}").await.status, 404);
    let asked = json!({ "title": "Seat 1", "hide_names": true }).to_string();
    let kept = class.post("seats/1/shares", &class.teacher, &asked).await;
    assert_eq!(kept.status, 201, "{kept:?}");
    let link = kept.json()["link"].as_str().expect("a link").to_owned();
    board.until("that it is kept", |board| board.seats[&1]["kept"] == link.as_str()).await;
    let recording = http::get(server.page, &format!("{link}/events")).await;
    assert_eq!(recording.status, 200);
    assert!(recording.body.contains("Seat 1") && !recording.body.contains("the first"), "without names");

    let table = class.get("steps.csv?origin=http://lab.example", &class.teacher).await;
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<&str> = table.body.trim_start_matches('\u{feff}').lines().collect();
    assert!(lines[0].starts_with("\"seat\",\"name\",\"passed\",\"skipped\","), "{}", lines[0]);
    assert!(
        lines[1].starts_with("\"1\",\"'=Ada, \"\"the first\"\"\",\"2\",\"0\",\"passed\",\"passed\",\"\""),
        "{}",
        lines[1]
    );
    assert!(lines[1].ends_with(&format!("\"http://lab.example{link}\"")), "{}", lines[1]);
    assert!(lines[2].starts_with("\"2\",\"Bob\",\"0\",\"0\",") && lines.len() == 3, "{}", lines[2]);

    // The end: the recording is there, the class and its rooms are not.
    class.act(&json!({ "act": "close" })).await;
    board.lines.until("the end", |news| news["over"] == "closed").await;
    assert_eq!(http::get(server.page, &format!("{link}/events")).await.status, 200);
    assert_eq!(class.get("steps.csv", &class.teacher).await.status, 404);
    let on_disk = fs::read_dir(data.join("shares")).expect("the shelf").count();
    drop(server);
    let _gone = fs::remove_dir_all(&data);
    assert_eq!(on_disk, 1, "one recording, and nothing else of the class");
}

/// A pupil who has done something.
async fn works(seat: &Seat) -> Client {
    let mut here = sits(seat).await;
    let program = here.program("client").await;
    here.connected(program, "tutorial", 7).await;
    here
}

/// Whatever way a seat's room ends: nothing of it was written before, and nothing is afterwards.
#[tokio::test]
async fn nothing_of_a_seat_is_ever_written_nor_offered() {
    let data = Data::new("seats");
    let server = TestServer::start(&["--class", "4", "--data", data.flag(), "--written", "1"]);
    let class = NewClass::first(&server);
    let mut seats = Vec::new();
    let mut here = Vec::new();
    for name in ["Ada", "Bob", "Cem", "Dee"] {
        let seat = class.join(name).await;
        here.push(works(&seat).await);
        seats.push(seat);
    }
    let refused = offer(&seats[0].room, "PUT", "{\"offered\":true}").await;
    assert_eq!((refused.status, refused.json()["rule"].as_str()), (403, Some("class-offer")), "{refused:?}");
    let said = offer(&seats[0].room, "GET", "").await.json();
    assert_eq!((&said["offered"], &said["choice"]), (&json!(false), &json!(false)));

    // Somebody else's room is written, whatever happens in it: what the seats did came before.
    let (room, _owner) = with_a_run(&server).await;
    data.until_last(&room.id).await;

    class.act(&json!({ "act": "clean", "seat": 1 })).await;
    class.act(&json!({ "act": "free", "seat": 2 })).await;
    server.logs("two rooms end", |log| log.matches("a room ended").count() == 2).await;
    for seat in &seats[..2] {
        assert_eq!(last(&server, &seat.room).await.status, 204);
    }
    class.act(&json!({ "act": "close" })).await;
    server.logs("all rooms of the class end", |log| log.matches("a room ended").count() == 5).await;
    for seat in &seats {
        assert_eq!(last(&server, &seat.room).await.status, 204);
        assert!(!data.has_last(&seat.room.room));
    }

    // The server goes while a class is there.
    let server = TestServer::start(&["--class", "4", "--data", data.flag(), "--written", "1"]);
    let seat = NewClass::first(&server).join("Ada").await;
    let _here = works(&seat).await;
    let (room, _owner) = with_a_run(&server).await;
    server.signal(Signal::INT);
    server.wait();
    assert!(data.has_last(&room.id) && !data.has_last(&seat.room.room));
}
