//! Classes: pupils who come by a link and have a room each, a board that says who is where, and what a teacher can do.

mod acts;
mod bounds;
mod kept;

use proto::{
    call::{Call, Wait},
    room::StepOutcome,
};
use serde_json::json;

use crate::harness::{
    class::{NewClass, Seat},
    client::Client,
    http,
    server::TestServer,
};

const LESSON: &str = "two-scripts";

/// The titles of that lesson's steps, as a board has them.
pub(crate) async fn steps(class: &NewClass) -> Vec<String> {
    let mut board = class.board().await;
    board.until("the class", |board| board.class.is_object()).await;
    let steps = board.class["steps"].as_array().expect("steps").iter();
    steps.map(|step| step.as_str().expect("a title").to_owned()).collect()
}

/// A pupil's page, by program.
pub(crate) async fn sits(seat: &Seat) -> Client {
    Client::join(&seat.room, &seat.name).await
}

/// A pupil has passed a step of the class's lesson.
async fn passes(client: &mut Client, step: &str) {
    passes_of(client, LESSON, step).await;
}

/// The same of any lesson.
pub(crate) async fn passes_of(client: &mut Client, lesson: &str, step: &str) {
    client.endpoint().progress(lesson, step, StepOutcome::Passed { evidence: 1 });
    client.flush().await;
}

#[tokio::test]
async fn pupils_come_by_a_typed_link_and_back_to_their_seats() {
    let server = TestServer::shared();
    let class = NewClass::make(&server, &json!({ "seats": 30, "lesson": LESSON })).await;
    // Typed by hand: short, and in whatever case.
    assert!(class.id.len() <= 12, "{}", class.id);
    let page = http::get(server.page, &format!("/c/{}", class.id)).await;
    assert_eq!((page.status, page.header("x-robots-tag")), (200, Some("noindex, nofollow")));
    assert!(page.body.contains("Join the class") && !page.body.contains(&class.teacher));
    let capitals = http::get(server.page, &format!("/c/{}/board", class.id.to_uppercase())).await;
    assert_eq!(capitals.status, 307);
    assert_eq!(capitals.header("location"), Some(format!("/c/{}/board", class.id).as_str()));
    let nowhere = http::get(server.page, "/c/a-zzzzzz").await;
    assert_eq!((nowhere.status, nowhere.json()["rule"].as_str()), (404, Some("class")));

    let ada = class.join("  Ada  Lovelace ").await;
    assert_eq!((ada.name.as_str(), ada.number), ("Ada Lovelace", 1));
    let second = class.join("ada lovelace").await;
    assert_eq!(second.name, "ada lovelace (2)");
    let markup = class.join("<img src=x onerror=alert(1)>").await;
    assert_eq!(markup.name, "<img src=x onerror=alert(1)>", "text, and never anything else");
    let long = "x".repeat(1000);
    for (name, reason) in [("", "name"), ("a\u{202e}b", "name"), ("a\nb", "name"), (long.as_str(), "limit")] {
        let refused = class.try_join(name).await;
        let said = refused.json();
        let why = if reason == "limit" { &said["limit"] } else { &said["rule"] };
        assert_eq!((refused.status, why.as_str()), (400, Some("name")), "{name:?}");
    }
    for body in ["[]", "{\"name\": 5}", "{\"name\": \"x\", \"more\": 1}", "{", "null", "name=x"] {
        let refused = class.try_join_with(body).await;
        assert_eq!((refused.status, refused.json()["rule"].as_str()), (400, Some("body")), "{body}");
    }

    // The room is the pupil's own, and they find it again: from another device too.
    let mut here = sits(&ada).await;
    let program = here.program("client").await;
    here.socket(program).await;
    let again = class.seat(&class.come_back(&ada.key).await);
    assert_eq!((again.number, &again.room.room, again.room.key), (1, &ada.room.room, ada.room.key));
    let stranger = class.come_back(&class.teacher).await;
    assert_eq!((stranger.status, stranger.json()["rule"].as_str()), (403, Some("seat")));
    // Whoever copies the teacher's address bar has no key: the board is closed to them, also with a seat's key.
    for key in ["", &ada.key, "AAAAAAAAAAAAAAAAAAAAAA"] {
        for path in ["news", "steps.csv"] {
            assert_eq!(class.get(path, key).await.status, 403);
        }
        assert_eq!(class.try_act(key, "{\"act\":\"close\"}").await.status, 403);
    }
}

#[tokio::test]
async fn thirty_pupils_ten_of_them_stuck_and_the_board_has_exactly_those_first() {
    let server = TestServer::start(&["--class", "30"]);
    let class = NewClass::first(&server);
    let steps = steps(&class).await;
    let mut board = class.board().await;
    let mut pupils = Vec::new();
    for number in 1..=30 {
        let seat = class.join(&format!("Pupil {number}")).await;
        let client = sits(&seat).await;
        pupils.push((seat, client));
    }
    board.until("thirty pupils", |board| board.count(|seat| seat["here"] == true) == 30).await;
    // Those who will be stuck pass the first step, then everybody else does, and the others go on.
    let is_stuck = |number: u64| number.is_multiple_of(3);
    for stuck in [true, false] {
        for (seat, client) in &mut pupils {
            if is_stuck(seat.number) == stuck {
                passes(client, &steps[0]).await;
            }
        }
        let passed = if stuck { 10 } else { 30 };
        let first = |seat: &serde_json::Map<String, serde_json::Value>| {
            seat["steps"].as_str().is_some_and(|steps| steps.starts_with('p'))
        };
        board.until("the first step passed", |board| board.count(first) == passed).await;
    }
    for (seat, client) in pupils.iter_mut().filter(|(seat, _)| !is_stuck(seat.number)) {
        for step in &steps[1..4] {
            passes(client, step).await;
        }
        assert!(!is_stuck(seat.number));
    }
    let fourth = |seat: &serde_json::Map<String, serde_json::Value>| {
        seat["steps"].as_str().is_some_and(|steps| steps.starts_with("pppp"))
    };
    board.until("20 of 30 past step 4", |board| board.count(fourth) == 20).await;
    let longest = board.longest();
    assert!(longest[..10].iter().all(|&number| is_stuck(number)), "{longest:?}");

    // Why they are stuck: one waits for nobody, one fails and fails.
    let (waiting, client) = &mut pupils[2];
    let program = client.program("server").await;
    let listener = client.listener(program, 12345, 5).await;
    client.begin(program, Call::Accept { fd: listener }, Wait::Forever);
    client.flush().await;
    let number = waiting.number;
    board.until("what it waits for", |board| board.seats[&number]["waits"][0] == "accept").await;
    let (failing, client) = &mut pupils[5];
    let program = client.program("client").await;
    for _ in 0..3 {
        let fd = client.socket(program).await;
        let address = client.resolve(program, "server", 12345).await;
        client.connect_to(program, fd, address).await.expect_err("nobody listens");
    }
    let number = failing.number;
    let refused = json!(["ECONNREFUSED", "connect", 3]);
    board.until("what failed", |board| board.seats[&number]["failed"] == refused).await;
    // A page that reloads has all of it at once.
    let mut again = class.board().await;
    again.until("thirty seats", |again| again.seats.len() == 30).await;
    assert_eq!(again.seats, board.seats);
}
