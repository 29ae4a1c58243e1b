//! Who may have how much: nobody takes everything of a room or of the server, and what costs nothing is bounded too.

use proto::{
    call::{Call, CallError, Family, Kind, Value},
    frame,
    id::{CallId, HostId},
    limits,
    message::{ClientMessage, ServerMessage},
    room::Lifetime,
    trace::{Event, What},
};

use crate::harness::{
    client::Client,
    http,
    raw::{Raw, binary},
    room::NewRoom,
    server::TestServer,
};

/// Codes of frames, PROTOCOL.md.
const CONTROL: u8 = 3;
const PING: u8 = 9;

fn limit<T: std::fmt::Debug>(refused: Result<T, CallError>) -> String {
    match refused {
        Err(CallError::Limit { limit, .. }) => limit,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_guest_cannot_take_all_sockets_and_programs() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let mut guest = Client::join(&room.join(), "Mallory").await;
    let own = guest.own_host();
    let mut programs = Vec::new();
    let refused = loop {
        match guest.program_on(own).await {
            Ok(program) => programs.push(program),
            refused => break refused,
        }
    };
    assert_eq!(limit(refused), "person-programs");
    let socket = Call::Socket { family: Family::Inet, kind: Kind::Datagram };
    let mut sockets = 0;
    let refused = 'all: {
        for &program in &programs {
            for _ in 0..200 {
                match guest.call(program, socket.clone()).await {
                    Ok(_) => sockets += 1,
                    refused => break 'all refused,
                }
            }
        }
        panic!("{sockets} sockets, and no end");
    };
    assert_eq!((limit(refused).as_str(), sockets), ("person-sockets", limits::PERSON_SOCKETS));
    let program = owner.program("server").await;
    for _ in 0..limits::SOCKETS_SHARE {
        owner.call(program, socket.clone()).await.expect("a share");
    }
}

fn frame_of(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    [&[kind], &length[1..], body].concat()
}

/// Sends many frames, as many to a message as fit.
async fn send_many(raw: &mut Raw, count: usize, one: impl Fn(usize) -> Vec<u8>) {
    let mut message = Vec::new();
    for number in 0..count {
        let next = one(number);
        if message.len() + next.len() > limits::MESSAGE {
            raw.send(binary(&message)).await;
            message.clear();
        }
        message.extend_from_slice(&next);
    }
    raw.send(binary(&message)).await;
}

/// Waits until the server has read everything so far: a request that a watcher may not make is answered.
async fn all_read(raw: &mut Raw) {
    let (id, name, lifetime) = (CallId(0), "x".to_owned(), Lifetime::Page);
    let open = ClientMessage::OpenProgram { id, host: HostId(1), name, lifetime };
    raw.send_frame(CONTROL, &postcard::to_allocvec(&open).expect("it can be written")).await;
    loop {
        let frame = raw.frame().await.expect("the session goes on");
        if frame.kind == frame::Kind::Control {
            let (message, _) = postcard::take_from_bytes(&frame.body).expect("a message");
            assert!(matches!(message, ServerMessage::Result { outcome: Err(CallError::Policy { .. }), .. }));
            return;
        }
    }
}

#[tokio::test]
async fn a_watcher_that_renames_itself_pushes_nothing_out_of_the_recording() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let program = owner.program("client").await;
    owner.socket(program).await;
    let mut watcher = Raw::enter(&room.watch()).await;
    let rename = |number: usize| {
        let message = ClientMessage::Rename { name: format!("name {number}") };
        frame_of(CONTROL, &postcard::to_allocvec(&message).expect("it can be written"))
    };
    send_many(&mut watcher, 12_000, rename).await;
    all_read(&mut watcher).await;
    let mut late = Client::join(&room.watch(), "late").await;
    late.subscribe();
    let has_call = |events: &[Event]| {
        let calls = events.iter().filter(|event| match &event.what {
            What::CallEnd(end) => matches!(end.outcome, Ok(Value::Descriptor(_))),
            _ => false,
        });
        calls.count() == 1
    };
    late.trace_until(has_call).await;
    assert_eq!((late.skipped, late.events[0].seq), (0, 1), "the recording is whole");
    let names = late.events.iter().filter(|event| matches!(event.what, What::Joined(_))).count();
    assert!(names < 100, "{names} names");
}

/// They are read at a rate, and what comes after them is answered.
#[tokio::test]
async fn frames_of_which_nothing_comes_wait_and_are_answered() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut raw = Raw::enter(&room.watch()).await;
    let count = (limits::IDLE_FRAMES_BURST + limits::IDLE_FRAMES_RATE) as usize;
    send_many(&mut raw, count, |_| frame_of(PING, &[])).await;
    all_read(&mut raw).await;
    // And WebSocket frames of which nothing comes: empty ones that go on a message which has not begun to say anything.
    raw.send_bytes(&[0x02, 0x80, 0, 0, 0, 0]).await;
    raw.send_bytes(&[0x00, 0x80, 0, 0, 0, 0].repeat(50_000)).await;
    raw.send_bytes(&[0x80, 0x80, 0, 0, 0, 0]).await;
    raw.send_frame(PING, &[]).await;
    loop {
        if raw.frame().await.expect("the session goes on").kind == frame::Kind::Pong {
            return;
        }
    }
}

async fn make_room(server: &TestServer, headers: &str) -> http::Answer {
    let own = format!("Host: {0}\r\nOrigin: http://{0}\r\nContent-Length: 0\r\n", server.page);
    http::request(server.page, &format!("POST /rooms HTTP/1.1\r\n{own}{headers}")).await
}

/// Rooms of one address. Whoever comes from this machine may have more.
const ADDRESS_ROOMS: usize = 64;

#[tokio::test]
async fn behind_a_proxy_that_nobody_declared_limits_hold() {
    let server = TestServer::start(&[]);
    for number in 0..ADDRESS_ROOMS {
        let answer = make_room(&server, "X-Forwarded-For: 203.0.113.7\r\n").await;
        assert_eq!(answer.status, 201, "{number}: {answer:?}");
    }
    for headers in ["X-Forwarded-For: 203.0.113.8\r\n", "Via: 1.1 proxy\r\n", ""] {
        let answer = make_room(&server, headers).await;
        assert_eq!(answer.status, 429, "{answer:?}");
        assert_eq!(answer.json()["limit"], "address-rooms");
    }
    server.logs("a warning", |log| log.contains("--trusted-proxy")).await;
}

#[tokio::test]
async fn a_server_with_a_name_counts_who_comes_from_its_machine() {
    let server = TestServer::start(&["--host-name", "lab.example"]);
    server.logs("a warning", |log| log.contains("--trusted-proxy")).await;
    for number in 0..ADDRESS_ROOMS {
        let answer = make_room(&server, "").await;
        assert_eq!(answer.status, 201, "{number}: {answer:?}");
    }
    assert_eq!(make_room(&server, "").await.status, 429);
}

#[tokio::test]
async fn whoever_sits_at_this_machine_has_more() {
    let server = TestServer::start(&[]);
    for _ in 0..=ADDRESS_ROOMS {
        assert_eq!(make_room(&server, "").await.status, 201);
    }
}

/// Rooms of one visitor, with sockets, until there may be no more: what the server says then.
async fn fill_with_rooms(server: &TestServer, clients: &mut Vec<Client>) -> http::Answer {
    let socket = Call::Socket { family: Family::Inet, kind: Kind::Datagram };
    loop {
        let answer = make_room(server, "").await;
        if answer.status != 201 {
            return answer;
        }
        assert!(clients.len() < 100, "rooms without end");
        if clients.len() < 2 {
            let room = NewRoom::create(server).await;
            let mut client = Client::join(&room.owner(), "greedy").await;
            let program = client.program("client").await;
            while client.call(program, socket.clone()).await.is_ok() {}
            clients.push(client);
        }
    }
}

#[tokio::test]
async fn rooms_leave_descriptors_for_the_page() {
    let server = TestServer::start_within("ulimit -n 512; exec \"$@\"", &[]);
    let mut clients = Vec::new();
    let refused = fill_with_rooms(&server, &mut clients).await;
    assert_eq!((refused.status, refused.json()["limit"].as_str()), (503, Some("server-descriptors")));
    // The page is there, many at once, and so is who asks how the server is.
    let pages = (0..50).map(|_| http::get(server.page, "/"));
    for page in futures_util::future::join_all(pages).await {
        assert_eq!(page.status, 200);
    }
    assert_eq!(http::get(server.page, "/health").await.status, 200);
    // What is given back can be had again.
    for client in clients {
        client.leave().await;
    }
}

#[tokio::test]
async fn one_address_leaves_descriptors_for_others() {
    let script = "ulimit -n 512; exec \"$@\"";
    let server = TestServer::start_within(script, &["--host-name", "lab.example"]);
    let refused = fill_with_rooms(&server, &mut Vec::new()).await;
    assert_eq!((refused.status, refused.json()["limit"].as_str()), (429, Some("address-descriptors")));
    assert_eq!(http::get(server.page, "/").await.status, 200);
}
