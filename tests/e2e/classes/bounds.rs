//! What bounds a class, and what bounds do not hold for it.

use futures_util::future::join_all;
use proto::call::Call;
use serde_json::json;

use super::{LESSON, sits};
use crate::harness::{
    class::{Board, NewClass, Seat},
    client::Client,
    http, in_time,
    room::NewRoom,
    server::TestServer,
};

/// One school is one address. The server has a name of its own, so that loopback is an address like any other.
#[tokio::test]
async fn two_hundred_pupils_come_at_once_from_one_address() {
    let server = TestServer::start(&["--host-name", "lab.example", "--class", "200"]);
    let class = NewClass::first(&server);
    let joining = (0..200).map(|number| {
        let class = class.clone();
        async move {
            let page = http::get(class.server, &format!("/c/{}", class.id)).await;
            assert_eq!(page.status, 200, "{page:?}");
            let seat = class.join(&format!("Pupil {number}")).await;
            sits(&seat).await
        }
    });
    let mut pupils: Vec<Client> = join_all(joining).await;
    let mut board = class.board().await;
    board.until("two hundred pupils", |board| board.count(|seat| seat["here"] == true) == 200).await;
    let one_more = class.try_join("One more").await;
    let said = one_more.json();
    assert_eq!(
        (one_more.status, said["limit"].as_str(), said["value"].as_u64()),
        (503, Some("class-seats"), Some(200))
    );
    // The same address has its own bounds beside the class.
    let mut rooms = Vec::new();
    while let Some(room) = NewRoom::create_if_allowed(&server).await {
        rooms.push(room);
    }
    assert_eq!(rooms.len(), 64, "rooms of the address");

    // A seat that makes calls without end: the board hears what there is to say of it, and not each of them.
    let before = board.lines.bytes;
    let flooder = &mut pupils[7];
    let program = flooder.program("client").await;
    let calls: Vec<_> = (0..1000)
        .map(|fd| {
            flooder.begin(program, Call::GetSockName { fd: proto::id::Fd(fd) }, proto::call::Wait::Forever)
        })
        .collect();
    for id in calls {
        let _refused = flooder.result(id).await;
    }
    board.until("what fails there", |board| board.count(|seat| seat["failed"][0] == "EBADF") == 1).await;
    assert!(board.lines.bytes - before < 20_000, "{} bytes", board.lines.bytes - before);
}

/// All seats are taken by one; those who have one lose nothing, and seats that nobody sat on are free again.
#[tokio::test]
async fn somebody_who_joins_fifty_times_takes_no_more_than_there_are_seats() {
    let server = TestServer::start(&["--room-idle", "1"]);
    let class = NewClass::make(&server, &json!({ "seats": 5, "lesson": LESSON })).await;
    let ada = class.join("Ada").await;
    let mut here = sits(&ada).await;
    let mut board = class.board().await;
    let mut taken = 0;
    for _ in 0..50 {
        let answer = class.try_join("Mallory").await;
        match answer.status {
            201 => taken += 1,
            503 => assert_eq!(answer.json()["limit"], "class-seats"),
            other => panic!("{other}: {answer:?}"),
        }
    }
    assert!((4..50).contains(&taken), "{taken}");
    board.until("them", |board| board.seats.len() > 1).await;
    board.until("them to be gone", |board| board.seats.len() == 1).await;
    let program = here.program("client").await;
    here.socket(program).await;
    class.join("Bob").await;
}

/// Whoever asks for a seat and is gone before there is one leaves no place taken: neither on the board nor behind it.
#[tokio::test]
async fn those_who_go_before_they_have_a_seat_take_none() {
    let server = TestServer::start(&["--room-idle", "1"]);
    let class = NewClass::make(&server, &json!({ "seats": 5, "lesson": LESSON })).await;
    for _ in 0..40 {
        drop(class.post_unheard("seats", None, "{\"name\":\"Mallory\"}").await);
    }
    // Those who were quick enough have a seat that nobody sits on, for a second.
    let joining = async {
        let mut five = Vec::new();
        while five.len() < 5 {
            let answer = class.try_join("Ada").await;
            if answer.status == 201 {
                five.push(sits(&class.seat(&answer)).await);
            }
        }
        five
    };
    let _five = in_time("all five seats", joining).await;
    assert_eq!(class.try_join("One more").await.status, 503);
}

/// What a teacher began in all rooms is done in all of them, also where the teacher's page is gone meanwhile.
#[tokio::test]
async fn an_act_is_done_to_its_end_without_its_teacher() {
    let server = TestServer::shared();
    let class = NewClass::make(&server, &json!({ "lesson": LESSON })).await;
    let mut pupils = Vec::new();
    for _ in 0..12 {
        let seat = class.join("Pupil").await;
        pupils.push((sits(&seat).await, seat));
    }
    let teacher = class.post_unheard("acts", Some(&class.teacher), "{\"act\":\"clean\"}").await;
    let mut board = class.board().await;
    let is_anew = |board: &Board, seat: &Seat| {
        let now = board.seats.get(&seat.number).and_then(|now| now["room"][0].as_str());
        now.is_some_and(|room| room != seat.room.room)
    };
    board.until("a new room", |board| pupils.iter().any(|(_, seat)| is_anew(board, seat))).await;
    drop(teacher);
    board.until("twelve new rooms", |board| pupils.iter().all(|(_, seat)| is_anew(board, seat))).await;
}

/// All pages of a class hear of a hand: one that goes up and down without end is stopped, and nobody else's is.
#[tokio::test]
async fn a_hand_that_goes_up_and_down_without_end_is_stopped() {
    let server = TestServer::shared();
    let class = NewClass::make(&server, &json!({ "lesson": LESSON })).await;
    let (ada, bob) = (class.join("Ada").await, class.join("Bob").await);
    let put =
        async |seat: &Seat, up: bool| class.post("seat", &seat.key, &json!({ "hand": up }).to_string()).await;
    let mut counted = 0;
    let refused = loop {
        let answer = put(&ada, counted % 2 == 0).await;
        if answer.status != 204 {
            break answer;
        }
        counted += 1;
        assert!(counted < 100, "nobody stops it");
    };
    let said = refused.json();
    assert_eq!((refused.status, said["limit"].as_str()), (429, Some("seat-hands")));
    assert!(counted >= 8, "{counted}");
    // What is so already is no change, and costs nothing.
    assert_eq!(put(&ada, counted % 2 == 1).await.status, 204);
    assert_eq!(put(&bob, true).await.status, 204);
    let mut board = class.board().await;
    board.until("both", |board| board.seats.len() == 2).await;
    assert_eq!(board.seats[&1]["hand"].is_u64(), counted % 2 == 1);
}

/// Whoever tries which classes there are learns no more after a while, also not that there is one. Those who are in it are.
#[tokio::test]
async fn whoever_tries_which_classes_there_are_is_stopped() {
    let server = TestServer::start(&["--host-name", "lab.example", "--class", "5"]);
    let class = NewClass::first(&server);
    let ada = class.join("Ada").await;
    let mut tried = 0;
    let refused = loop {
        let answer = http::get(server.page, "/c/a-zzzzzz/about").await;
        if answer.status != 404 {
            break answer;
        }
        tried += 1;
        assert!(tried < 5000, "nobody stops it");
    };
    let limit = (429, Some("address-class-misses"));
    assert_eq!((refused.status, refused.json()["limit"].as_str()), limit);
    assert!(tried >= 1000, "{tried}");
    let there = http::get(server.page, &format!("/c/{}/about", class.id)).await;
    assert_eq!((there.status, there.json()["limit"].as_str()), limit, "no word of the one that is there");
    assert_eq!(class.come_back(&ada.key).await.status, 200);
    class.act(&json!({ "act": "hold", "held": true })).await;
    assert_eq!(class.try_act(&"A".repeat(22), "{\"act\":\"close\"}").await.status, 429);
}

#[tokio::test]
async fn a_class_ends_with_its_last_room_and_with_its_server() {
    let server = TestServer::start(&["--room-idle", "1"]);
    let class = NewClass::make(&server, &json!({ "lesson": LESSON })).await;
    let ada = class.join("Ada").await;
    sits(&ada).await.leave().await;
    let mut heard = class.hears(&ada).await;
    assert_eq!(heard.until("the end", |news| news["over"].is_string()).await["over"], "empty");
    let gone = class.try_join("Bob").await;
    assert_eq!((gone.status, gone.json()["rule"].as_str()), (404, Some("class")));

    let class = NewClass::make(&server, &json!({ "lesson": LESSON })).await;
    let bob = class.join("Bob").await;
    let mut heard = class.hears(&bob).await;
    heard.until("its state", |news| news["seat"] == 1).await;
    let mut board = class.board().await;
    board.until("a seat", |board| board.seats.len() == 1).await;
    server.signal(rustix::process::Signal::INT);
    assert_eq!(heard.until("the end", |news| news["over"].is_string()).await["over"], "draining");
    assert_eq!(board.lines.until("the end", |news| news["over"].is_string()).await["over"], "draining");
    assert!(server.wait().0.success());
}

#[tokio::test]
async fn classes_are_made_by_whom_the_operator_lets_and_are_bounded() {
    let server = TestServer::start(&["--host-name", "lab.example"]);
    let make = async |body: &str| {
        let page = server.page;
        let head = format!("POST /classes HTTP/1.1\r\nHost: {page}\r\nOrigin: http://{page}\r\n");
        http::request_with(page, &head, body).await
    };
    let refused = make("{}").await;
    assert_eq!((refused.status, refused.json()["rule"].as_str()), (403, Some("classes")));
    assert_eq!(http::get(server.page, "/classes").await.json()["may"], false);

    // Who may read the counts may do no more for it.
    let server = TestServer::start(&["--host-name", "lab.example", "--metrics-from", "127.0.0.1"]);
    assert_eq!(http::get(server.page, "/metrics").await.status, 200);
    assert_eq!(http::get(server.page, "/classes").await.json()["may"], false);
    assert_eq!(http::post(server.page, "/classes").await.json()["rule"], "classes");

    let server = TestServer::start(&["--host-name", "lab.example", "--classes", "all"]);
    assert_eq!(http::get(server.page, "/classes").await.json()["may"], true);
    let make = async |body: &str| {
        let page = server.page;
        let head = format!("POST /classes HTTP/1.1\r\nHost: {page}\r\nOrigin: http://{page}\r\n");
        http::request_with(page, &head, body).await
    };
    let start = format!("{{\"start\":\"copy={}\"}}", "x".repeat(33 * 1024));
    for (body, status, reason) in [
        ("[]", 400, "body"),
        ("{\"seats\":\"many\"}", 400, "body"),
        ("{\"seats\":0}", 400, "class-seats"),
        ("{\"seats\":201}", 400, "class-seats"),
        ("{\"lesson\":\"none\"}", 400, "lesson"),
        ("{\"start\":\"<script>\"}", 400, "start"),
        (start.as_str(), 400, "class-start"),
    ] {
        let refused = make(body).await;
        let said = refused.json();
        let why = said["rule"].as_str().or(said["limit"].as_str());
        assert_eq!((refused.status, why), (status, Some(reason)), "{body:.40}");
    }
    let mut made = 0;
    let full = loop {
        let answer = make("{\"start\":\"copy=1.abc\"}").await;
        if answer.status != 201 {
            break answer;
        }
        made += 1;
    };
    let said = full.json();
    assert_eq!((made, full.status, said["limit"].as_str()), (16, 503, Some("server-classes")));
    // What the answer calls itself the log does too, and whoever asked has no part in that name.
    let id = said["request"].as_str().expect("a name").to_owned();
    assert_eq!(full.header("x-request-id"), Some(id.as_str()));
    assert!(id.len() == 10 && id.starts_with("a-"), "{id}");
    let line = |log: &str| {
        let lines = log.lines().filter(|line| line.contains(&format!("request{{id={id}}}")));
        lines.filter(|line| line.contains("reason=\"server-classes\"")).count() == 1
    };
    server.logs("the request's line", line).await;
    // A mistake of one's own is no failure, and is not told.
    assert!(make("[]").await.json()["request"].is_null());
}

/// SIGTERM: nobody makes a room or a class there any more, and the class that is there stays whole.
#[tokio::test]
async fn a_class_lives_on_where_its_server_is_going_away() {
    let server = TestServer::start(&[]);
    let class = NewClass::make(&server, &json!({ "lesson": LESSON })).await;
    let ada = class.join("Ada").await;
    let mut here = sits(&ada).await;
    let mut board = class.board().await;
    server.signal(rustix::process::Signal::TERM);
    server.logs("that it goes away", |log| log.contains("no new rooms")).await;
    let head = format!("POST /classes HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\n", server.page);
    let refused = http::request_with(server.page, &head, "{}").await;
    assert_eq!((refused.status, refused.json()["rule"].as_str()), (503, Some("draining")));
    assert!(NewRoom::create_if_allowed(&server).await.is_none());

    // Who comes late has a seat, who comes back has theirs, who starts clean has a room.
    let _late = sits(&class.join("Late").await).await;
    board.until("both", |board| board.count(|seat| seat["here"] == true) == 2).await;
    assert_eq!(class.seat(&class.come_back(&ada.key).await).room.room, ada.room.room);
    let mut heard = class.hears(&ada).await;
    class.act(&json!({ "act": "clean", "seat": 1 })).await;
    heard
        .until("another room", |news| news["room"].is_string() && news["room"] != ada.room.room.as_str())
        .await;
    here.until("the old room's end", |client| {
        client.notices.contains(&proto::message::Notice::RoomEnded).then_some(())
    })
    .await;

    // It ends with its last room.
    class.act(&json!({ "act": "close" })).await;
    assert_eq!(heard.until("the end", |news| news["over"].is_string()).await["over"], "closed");
    assert_eq!(server.wait().0.code(), Some(0), "{}", server.log());
}
