//! What a teacher does: with all rooms, with one, and at the end.

use proto::{
    call::{Call, Outcome, Value, Wait},
    message::{Notice, WireCommand},
    room::Role,
    rules::PolicyRule,
    trace::{Event, Fate, What},
};
use serde_json::json;

use super::{LESSON, sits, steps};
use crate::harness::{class::NewClass, client::Client, server::TestServer};

/// Whether the trace says that the teacher held the wire last, or let it go.
fn held(events: &[Event], held: bool) -> bool {
    let last = events.iter().rev().find_map(|event| match &event.what {
        What::Wire { by, settings, rule } => Some((*by, settings.held, rule.as_deref())),
        _ => None,
    });
    last == Some((None, held, Some("teacher")))
}

#[tokio::test]
async fn a_teacher_speaks_to_everybody_and_looks_at_one() {
    let server = TestServer::shared();
    let class = NewClass::make(&server, &json!({ "lesson": LESSON })).await;
    let steps = steps(&class).await;
    let (ada, bob) = (class.join("Ada").await, class.join("Bob").await);
    let mut here = sits(&ada).await;
    here.subscribe();
    let mut heard = class.hears(&ada).await;
    let mut board = class.board().await;
    let first = heard.until("its own state", |news| news["seat"] == 1).await;
    assert_eq!((first["looked"].as_bool(), first["held"].as_bool()), (Some(false), Some(false)));

    // All wires are held, that of a room which is made meanwhile too.
    class.act(&json!({ "act": "hold", "held": true })).await;
    here.trace_until(|events| held(events, true)).await;
    heard.until("held", |news| news["held"] == true).await;
    let late = class.join("Late").await;
    assert!(sits(&late).await.snapshot().wire.held);
    class.act(&json!({ "act": "hold", "held": false })).await;
    here.trace_until(|events| held(events, false)).await;

    class.act(&json!({ "act": "note", "seat": 1, "text": "<b>Look</b> at line 4" })).await;
    let note = heard.until("a note", |news| news["note"].is_object()).await;
    assert_eq!(note["note"]["text"], "<b>Look</b> at line 4");
    class.act(&json!({ "act": "step", "at": 2 })).await;
    let step = heard.until("a step", |news| news["step"].is_object()).await;
    assert_eq!(step["step"]["title"], steps[2].as_str());
    class.act(&json!({ "act": "file", "machine": "client", "name": "task.py", "text": "print(1)\n" })).await;
    let file = heard.until("a file", |news| news["files"][0]["name"] == "task.py").await;
    let file = class.get(&format!("files/{}", file["files"][0]["turn"]), &ada.key).await;
    assert_eq!(file.json()["text"], "print(1)\n");

    // A hand goes up, and is seen to.
    assert_eq!(class.post("seat", &bob.key, "{\"hand\":true}").await.status, 204);
    board.until("a hand", |board| board.seats.get(&2).is_some_and(|seat| seat["hand"].is_u64())).await;
    class.act(&json!({ "act": "hand_down", "seat": 2 })).await;
    board.until("no hand", |board| board.seats[&2]["hand"].is_null()).await;

    // Looking is told for as long as it lasts; what a page says of its name changes nothing.
    let room = board.seats[&1]["room"].clone();
    let look = class.link(room[0].as_str().expect("a room"), room[1].as_str().expect("a key"));
    let teacher = Client::join(&look, "Somebody else").await;
    assert_eq!(teacher.snapshot().role, Role::Viewer);
    heard.until("the teacher to look", |news| news["looked"] == true).await;
    here.trace_until(|events| {
        events
            .iter()
            .any(|event| matches!(&event.what, What::Joined(member) if member.name == "your teacher"))
    })
    .await;
    teacher.leave().await;
    heard.until("the teacher to look no more", |news| news["looked"] == false).await;
    class.act(&json!({ "act": "show", "seat": 1 })).await;
    heard.until("its wire to be shown", |news| news["shown"] == true).await;

    // The teacher points at what happened there; not at what did not, and the other seat hears nothing of it.
    let program = here.program("client").await;
    here.socket(program).await;
    class.act(&json!({ "act": "point", "seat": 1, "event": 1 })).await;
    let pointed = heard.until("where the teacher points", |news| news["point"].is_object()).await;
    assert_eq!(pointed["point"]["event"], 1);
    for event in [0, 1_000_000, u64::MAX] {
        let act = json!({ "act": "point", "seat": 1, "event": event }).to_string();
        let refused = class.try_act(&class.teacher, &act).await;
        assert_eq!((refused.status, refused.json()["rule"].as_str()), (400, Some("event")), "{event}");
    }
    let bobs = class.hears(&bob).await.until("its own state", |news| news["seat"] == 2).await;
    assert!(bobs["point"].is_null(), "{bobs}");
    class.act(&json!({ "act": "point", "seat": 1 })).await;
    heard.until("the teacher to point no more", |news| news["point"].is_null()).await;
    class.act(&json!({ "act": "point", "seat": 1, "event": 1 })).await;

    // Start clean: the seat has another room, and the old one ends. What was pointed at was in that.
    class.act(&json!({ "act": "clean", "seat": 1 })).await;
    let moved = heard
        .until("another room", |news| news["room"].is_string() && news["room"] != ada.room.room.as_str())
        .await;
    here.until("the old room's end", |client| client.notices.contains(&Notice::RoomEnded).then_some(()))
        .await;
    let again = class.seat(&class.come_back(&ada.key).await);
    assert_eq!(moved["room"], again.room.room.as_str());
    assert!(moved["point"].is_null(), "{moved}");
    let mut here = sits(&again).await;

    // Whoever's seat is freed hears no more of the class.
    class.act(&json!({ "act": "free", "seat": 2 })).await;
    board.until("a seat less", |board| !board.seats.contains_key(&2)).await;
    assert_eq!(class.come_back(&bob.key).await.status, 403);

    class.act(&json!({ "act": "close" })).await;
    assert_eq!(heard.until("the end", |news| news["over"].is_string()).await["over"], "closed");
    here.until("the room's end", |client| client.notices.contains(&Notice::RoomEnded).then_some(())).await;
    assert_eq!(class.come_back(&again.key).await.status, 404);
}

/// The room is the pupil's, and yet nothing arrives in it before the teacher lets it: also where the pupil held the wire before.
#[tokio::test]
async fn what_the_teacher_holds_no_pupil_lets_go() {
    let server = TestServer::shared();
    let class = NewClass::make(&server, &json!({ "lesson": LESSON })).await;
    let ada = class.join("Ada").await;
    let mut here = sits(&ada).await;
    here.subscribe();
    assert_eq!(wire(&mut here, &WireCommand::Hold).await, Ok(Value::Done));
    class.act(&json!({ "act": "hold", "held": true })).await;
    here.trace_until(|events| held(events, true)).await;

    let program = here.program("client").await;
    let fd = here.socket(program).await;
    let address = here.resolve(program, "tutorial", 7).await;
    let connecting = here.begin(program, Call::Connect { fd, address }, Wait::Forever);
    here.flush().await;
    let packet = std::cell::Cell::new(None);
    here.trace_until(|events| {
        packet.set(events.iter().find_map(|event| match &event.what {
            What::Packet(packet) if packet.fate == Fate::Held => Some(packet.id),
            _ => None,
        }));
        packet.get().is_some()
    })
    .await;
    let packet = packet.get().expect("seen");
    for command in [WireCommand::Step, WireCommand::Deliver(packet), WireCommand::Release] {
        let refused = wire(&mut here, &command).await.expect_err("the teacher holds it");
        assert_eq!(refused, PolicyRule::TeacherHolds.refuse("teacher"), "{command:?}");
    }
    assert!(here.ended(connecting).is_none(), "nothing has arrived");
    class.act(&json!({ "act": "hold", "held": false })).await;
    assert_eq!(here.result(connecting).await.0, Ok(Value::Done));
    // From then on the wire is the pupil's again.
    for command in [WireCommand::Hold, WireCommand::Release] {
        assert_eq!(wire(&mut here, &command).await, Ok(Value::Done), "{command:?}");
    }
}

/// What comes of a command to the wire.
async fn wire(client: &mut Client, command: &WireCommand) -> Outcome {
    let id = client.endpoint().wire(command.clone()).expect("a request");
    client.result(id).await.0
}

#[tokio::test]
async fn an_act_that_is_none_changes_nothing() {
    let server = TestServer::shared();
    let class = NewClass::make(&server, &json!({ "lesson": LESSON })).await;
    let ada = class.join("Ada").await;
    let long = json!({ "act": "note", "text": "x".repeat(281) }).to_string();
    let file = |name: &str, length: usize| {
        json!({ "act": "file", "machine": "client", "name": name, "text": "x".repeat(length) }).to_string()
    };
    let (large, outside) = (file("a.py", 24 * 1024 + 1), file("../a.py", 1));
    for (act, reason) in [
        ("", "body"),
        ("[\"hold\",true]", "body"),
        ("{\"act\":\"explode\"}", "body"),
        ("{\"act\":\"hold\",\"held\":\"yes\"}", "body"),
        ("{\"act\":\"step\",\"at\":99}", "step"),
        ("{\"act\":\"lesson\",\"id\":\"none\"}", "lesson"),
        ("{\"act\":\"note\",\"seat\":9,\"text\":\"x\"}", "seat"),
        ("{\"act\":\"clean\",\"seat\":9}", "seat"),
        ("{\"act\":\"free\",\"seat\":9}", "seat"),
        ("{\"act\":\"show\",\"seat\":9}", "seat"),
        ("{\"act\":\"point\",\"seat\":9,\"event\":1}", "seat"),
        ("{\"act\":\"point\",\"seat\":1,\"event\":-1}", "body"),
        (long.as_str(), "class-note"),
        (large.as_str(), "class-file"),
        (outside.as_str(), "file"),
    ] {
        let refused = class.try_act(&class.teacher, act).await;
        let said = refused.json();
        let why = said["rule"].as_str().or(said["limit"].as_str());
        assert_eq!((refused.status, why), (400, Some(reason)), "{act:.60}");
    }
    for body in ["", "[true]", "{\"hand\":1}", "{\"hand\":true,\"more\":1}"] {
        assert_eq!(class.post("seat", &ada.key, body).await.status, 400);
    }
    let mut heard = class.hears(&ada).await;
    let news = heard.until("its state", |news| news["seat"] == 1).await;
    assert!(
        news["note"].is_null()
            && news["step"].is_null()
            && news["files"].as_array().is_some_and(Vec::is_empty)
    );
    assert_eq!((news["hand"].as_bool(), news["held"].as_bool()), (Some(false), Some(false)));
}
