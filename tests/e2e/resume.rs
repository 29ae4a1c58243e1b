//! Lost connections, reloads and second tabs: nothing is lost, nothing happens twice.

use proto::{
    call::{Call, Flags, Value, Wait},
    message::{Notice, Refusal},
    room::Lifetime,
};

use crate::{
    harness::{client::Client, proxy::Proxy, room::NewRoom, server::TestServer},
    streams::{Flow, streams},
};

#[tokio::test]
async fn a_stream_survives_cuts_in_the_middle() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let (_, ours, theirs) = streams(&mut client).await;
    let mut there = Flow::new(ours, theirs, 3_000_000);
    let mut back = Flow::new(theirs, ours, 1_000_000);
    // Prime steps, so that the cuts fall at ever other places of frames and messages.
    let mut next_cut = 10_007;
    loop {
        let done = client
            .until("both directions, or the next cut", |client| {
                let done = there.step(client) & back.step(client);
                (done || there.received + back.received > next_cut).then_some(done)
            })
            .await;
        if done {
            break;
        }
        client.cut();
        next_cut += 300_007;
    }
    assert!(client.resumed > 5, "{} cuts", client.resumed);
    assert_eq!((there.received, back.received), (3_000_000, 1_000_000));
}

#[tokio::test]
async fn calls_made_while_the_connection_is_away_are_made_once() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let pair = client.pair(12345).await;
    let mut sends = Vec::new();
    for number in 0..40_u8 {
        sends.push(client.begin_send(pair.client, pair.theirs, &[number; 10]));
        if number % 7 == 3 {
            client.flush().await;
        }
        if number % 10 == 4 {
            client.cut();
        }
    }
    for id in sends {
        assert_eq!(client.result(id).await.0, Ok(Value::Sent(10)));
    }
    let all = Call::Recv { fd: pair.ours, flags: Flags::WAITALL, max: 400 };
    let id = client.begin(pair.server, all, Wait::Forever);
    let (_, bytes) = client.result(id).await;
    let expected: Vec<u8> = (0..40_u8).flat_map(|number| [number; 10]).collect();
    assert_eq!(bytes, expected, "in order, each once");
    let more =
        client.begin(pair.server, Call::Recv { fd: pair.ours, flags: Flags::default(), max: 1 }, Wait::No);
    assert!(client.result(more).await.0.is_err(), "nothing twice");
}

#[tokio::test]
async fn a_waiting_call_runs_on_while_the_connection_is_away() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let mut guest = Client::join(&room.join(), "Grace").await;
    let program = client.program("server").await;
    let listener = client.listener(program, 12345, 5).await;
    let accept = client.begin(program, Call::Accept { fd: listener }, Wait::Forever);
    client.resolve(program, "server", 1).await;
    client.cut();
    let own = guest.own_host();
    let theirs = guest.program_on(own).await.expect("a program");
    guest.connected(theirs, "server", 12345).await;
    let (outcome, _) = client.result(accept).await;
    assert!(matches!(outcome, Ok(Value::Accepted { .. })), "{outcome:?}");
    assert_eq!(client.resumed, 1);
}

#[tokio::test]
async fn the_trace_goes_on_where_it_was() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    client.subscribe();
    let program = client.program("client").await;
    for _ in 0..5 {
        let fd = client.connected(program, "tutorial", 12345).await;
        client.recv_all(program, fd).await;
        client.close_fd(program, fd).await.expect("closed");
        client.cut();
    }
    let fd = client.socket(program).await;
    client.close_fd(program, fd).await.expect("closed");
    let ends = crate::harness::trace::ends;
    client
        .trace_until(|events| ends(events).iter().filter(|end| end.outcome == Ok(Value::Done)).count() >= 11)
        .await;
    let numbers: Vec<u64> = client.events.iter().map(|event| event.seq).collect();
    let expected: Vec<u64> = (numbers[0]..numbers[0] + numbers.len() as u64).collect();
    assert_eq!(numbers, expected, "without gaps, each once");
    assert_eq!(client.skipped, 0);
}

/// A page that was reloaded knows only its token.
#[tokio::test]
async fn a_reload_finds_programs_descriptors_and_waiting_calls() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let me = client.snapshot().member;
    let pair = client.pair(12345).await;
    let page_program = client.endpoint().open_program(proto::id::HostId(1), "script.py", Lifetime::Page);
    page_program.expect("within the limits");
    let accept = client.begin(pair.server, Call::Accept { fd: pair.listener }, Wait::Forever);
    client.resolve(pair.server, "server", 1).await;
    let token = client.vanish();

    let mut back = Client::reattach(&room.owner(), token).await.expect("the session is there");
    let snapshot = back.snapshot().clone();
    assert_eq!(snapshot.member, me, "the same person");
    for descriptor in [(pair.server, pair.listener), (pair.server, pair.ours), (pair.client, pair.theirs)] {
        assert!(snapshot.descriptors.contains(&descriptor), "{:?}", snapshot.descriptors);
    }
    let waiting: Vec<_> = snapshot.waiting.iter().map(|(id, program, _)| (*id, *program)).collect();
    assert_eq!(waiting, [(accept, pair.server)]);
    assert!(!snapshot.programs.iter().any(|program| program.name == "script.py"), "it lived in the page");
    assert_eq!(back.send(pair.client, pair.theirs, b"hello again").await, Ok(Value::Sent(11)));
    assert_eq!(back.recv(pair.server, pair.ours, 100).await.expect("bytes"), &b"hello again"[..]);
    back.connected(pair.client, "server", 12345).await;
    let (outcome, _) = back.result(accept).await;
    assert!(matches!(outcome, Ok(Value::Accepted { .. })), "{outcome:?}");
}

#[tokio::test]
async fn of_two_tabs_with_one_token_the_second_has_the_session() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut first = Client::join(&room.owner(), "Ada").await;
    let program = first.program("client").await;
    let fd = first.socket(program).await;
    let token = first.snapshot().token;
    let mut second = Client::reattach(&room.owner(), token).await.expect("the session");
    first.until("the news", |client| client.notices.contains(&Notice::TakenOver).then_some(())).await;
    assert_eq!(first.endpoint().state(), proto::client::State::Over, "it does not fight back");
    assert_eq!(second.close_fd(program, fd).await, Ok(Value::Done));
    // Each page that comes in has a token of its own: an old one brings nobody back.
    assert_eq!(Client::reattach(&room.owner(), token).await.err(), Some(Refusal::SessionOver));
    let token = second.snapshot().token;
    let mut third = Client::reattach(&room.owner(), token).await.expect("the session");
    second.until("the news", |client| client.notices.contains(&Notice::TakenOver).then_some(())).await;
    assert_eq!(third.socket(program).await, fd);
}

#[tokio::test]
async fn a_token_is_good_in_its_own_room_only() {
    let server = TestServer::shared();
    let (one, other) = (NewRoom::create(&server).await, NewRoom::create(&server).await);
    let client = Client::join(&one.owner(), "Ada").await;
    let token = client.vanish();
    assert_eq!(Client::reattach(&other.owner(), token).await.err(), Some(Refusal::SessionOver));
    assert!(Client::reattach(&one.owner(), token).await.is_ok());
}

/// A token opens nothing for whoever has another role's key.
#[tokio::test]
async fn a_token_gives_no_more_than_the_key() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let owner = Client::join(&room.owner(), "Ada").await;
    let token = owner.vanish();
    match Client::reattach(&room.watch(), token).await {
        Err(Refusal::SessionOver | Refusal::WrongKey) => {}
        Err(other) => panic!("{other:?}"),
        Ok(client) => panic!("a watcher's key became {:?}", client.snapshot().role),
    }
}

/// Cut by somebody between, at any byte of the handshake or of a frame.
#[tokio::test]
async fn whoever_cuts_between_the_session_is_resumed() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let proxy = Proxy::bind().await;
    proxy.forward_to(server.page);
    let mut client = Client::join(&room.owner().through(proxy.address), "Ada").await;
    let program = client.program("client").await;
    for round in 1..=5 {
        let echo = client.connected(program, "tutorial", 7).await;
        let text = vec![b'x'; 50_000];
        let sending = client.begin_send(program, echo, &text);
        client.flush().await;
        proxy.cut();
        assert_eq!(client.result(sending).await.0, Ok(Value::Sent(50_000)));
        let all = Call::Recv { fd: echo, flags: Flags::WAITALL, max: 50_000 };
        let id = client.begin(program, all, Wait::Forever);
        assert_eq!(client.result(id).await.1, text);
        client.close_fd(program, echo).await.expect("closed");
        assert_eq!(client.resumed, round);
    }
}
