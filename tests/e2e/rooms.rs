//! Rooms and roles: who sees what, and who may do what.

use proto::{
    call::{Call, CallError, Family, Kind, Value, Wait},
    id::{Fd, HostId, MemberId, PacketId, ProgramId},
    message::{HostCommand, Notice, Refusal, Sysctl, WireCommand},
    room::Role,
    trace::What,
};

use crate::harness::{client::Client, http, room::NewRoom, server::TestServer, trace};

fn refused_as(value: &str) -> CallError {
    CallError::Policy { rule: "role".to_owned(), value: value.to_owned() }
}

#[tokio::test]
async fn a_new_room_has_its_machines_and_three_keys() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let owner = Client::join(&room.owner(), "Ada").await;
    let snapshot = owner.snapshot();
    assert_eq!(snapshot.room, room.id);
    assert_eq!(snapshot.role, Role::Owner);
    assert_eq!(snapshot.links.join, Some(room.join().key));
    assert_eq!(snapshot.links.watch, Some(room.watch().key));
    let machines: Vec<_> =
        snapshot.hosts.iter().map(|host| (host.name.as_str(), host.address.to_string())).collect();
    assert!(machines.contains(&("server", "10.0.0.1".to_owned())), "{machines:?}");
    assert!(machines.contains(&("client", "10.0.0.2".to_owned())), "{machines:?}");
    assert!(snapshot.features.packets);
}

#[tokio::test]
async fn every_role_sees_the_same_room_live() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let mut guest = Client::join(&room.join(), "Grace").await;
    let mut watcher = Client::join(&room.watch(), "Edsger").await;
    assert_eq!(guest.snapshot().role, Role::Participant);
    assert_eq!(watcher.snapshot().role, Role::Viewer);
    assert_eq!(watcher.snapshot().links.join, None, "nobody hands on more than they have");

    for client in [&mut owner, &mut guest, &mut watcher] {
        client.subscribe();
    }
    let program = owner.program("server").await;
    let listener = owner.listener(program, 12345, 5).await;
    let accept = owner.begin(program, Call::Accept { fd: listener }, Wait::Forever);
    let own = guest.own_host();
    let theirs = guest.program_on(own).await.expect("a program on one's own machine");
    let fd = guest.connected(theirs, "server", 12345).await;
    let (accepted, _) = owner.result(accept).await;
    assert!(matches!(accepted, Ok(Value::Accepted { .. })), "{accepted:?}");
    assert_eq!(guest.send(theirs, fd, b"hello").await, Ok(Value::Sent(5)));

    let sent = |events: &[proto::trace::Event]| {
        trace::ends(events).iter().any(|end| end.outcome == Ok(Value::Sent(5)))
    };
    for client in [&mut owner, &mut guest, &mut watcher] {
        client.trace_until(sent).await;
    }
    let seen = watcher.events.len().min(owner.events.len()).min(guest.events.len());
    assert_eq!(owner.events[..seen], watcher.events[..seen]);
    assert_eq!(owner.events[..seen], guest.events[..seen]);
}

#[tokio::test]
async fn a_guest_comes_with_a_machine_and_has_no_other() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    owner.subscribe();
    let mut guest = Client::join(&room.join(), "Grace").await;
    let own = guest.own_host();
    let member = guest.snapshot().member;
    owner
        .trace_until(|events| {
            events.iter().any(|event| {
                matches!(&event.what, What::HostAppeared(host) if host.id == own && host.guest == Some(member))
            })
        })
        .await;
    let foreign = guest.host("server");
    assert_eq!(guest.program_on(foreign).await, Err(refused_as("guest")));
    let commands = [
        WireCommand::Hold,
        WireCommand::Step,
        WireCommand::Deliver(PacketId(1)),
        WireCommand::Drop(PacketId(1)),
        WireCommand::Set { delay_ms: Some(1.0), loss: Some(0.5), seed: Some(1) },
        WireCommand::Release,
    ];
    for command in commands {
        let id = guest.endpoint().wire(command).expect("a request");
        assert_eq!(guest.result(id).await.0, Err(refused_as("guest")));
    }
    let set = HostCommand::Sysctl { name: Sysctl::SynRetries, value: 1 };
    let set = guest.endpoint().host(foreign, set).expect("a request");
    assert_eq!(guest.result(set).await.0, Err(refused_as("guest")));
    let cut = guest.endpoint().host(foreign, HostCommand::Cable(false)).expect("a request");
    assert_eq!(guest.result(cut).await.0, Err(refused_as("guest")));
    let fresh = guest.endpoint().host(foreign, HostCommand::FreshNetwork).expect("a request");
    assert_eq!(guest.result(fresh).await.0, Err(refused_as("guest")));
}

#[tokio::test]
async fn a_watcher_who_calls_is_refused_every_time() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let theirs = owner.program("server").await;
    let mut watcher = Client::join(&room.watch(), "Edsger").await;
    let no = Err(refused_as("watching"));
    let host = watcher.host("client");
    assert_eq!(watcher.program_on(host).await, Err(refused_as("watching")));
    let socket = Call::Socket { family: Family::Inet, kind: Kind::Stream };
    for program in [theirs, ProgramId(1), ProgramId(4000)] {
        assert_eq!(watcher.call(program, socket.clone()).await, no);
    }
    let requests = [
        watcher.endpoint().wire(WireCommand::Hold).expect("a request"),
        watcher.endpoint().wire(WireCommand::Release).expect("a request"),
        watcher.endpoint().host(host, HostCommand::FreshNetwork).expect("a request"),
        watcher.endpoint().close_program(theirs).expect("a request"),
    ];
    for id in requests {
        assert_eq!(watcher.result(id).await.0, no);
    }
    let stream = watcher.stream_mode(theirs, Fd(3));
    let ended = watcher.until("the stream's end", |client| client.stream(stream).ended.clone()).await;
    assert_eq!(ended, Some(refused_as("watching")));
    // The owner's program is as it was.
    assert_eq!(owner.socket(theirs).await, Fd(3));
}

/// Asks that somebody is removed.
async fn remove(by: &mut Client, who: MemberId) -> Result<Value, CallError> {
    let id = by.endpoint().remove(who).expect("a request");
    by.result(id).await.0
}

#[tokio::test]
async fn only_the_owner_removes_people_and_no_owner_is_removed() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let mut guest = Client::join(&room.join(), "Grace").await;
    let mut watcher = Client::join(&room.watch(), "Edsger").await;
    let [ada, grace, edsger] = [&owner, &guest, &watcher].map(|one| one.snapshot().member);
    for who in [ada, grace, edsger, MemberId(4000)] {
        assert_eq!(remove(&mut guest, who).await, Err(refused_as("guest")));
        assert_eq!(remove(&mut watcher, who).await, Err(refused_as("watching")));
    }
    let other = Client::join(&room.owner(), "Ada's other page").await.snapshot().member;
    for who in [ada, other] {
        let stays = CallError::Policy { rule: "owners-stay".to_owned(), value: "owner".to_owned() };
        assert_eq!(remove(&mut owner, who).await, Err(stays));
    }
    let nobody = CallError::Protocol { rule: "no such person".to_owned() };
    assert_eq!(remove(&mut owner, MemberId(4000)).await, Err(nobody));
    // Everybody is still here.
    let own = guest.own_host();
    guest.program_on(own).await.expect("a program of the guest");
    let late = Client::join(&room.watch(), "late").await;
    assert_eq!(late.snapshot().members.len(), 5);
}

#[tokio::test]
async fn whoever_is_removed_is_told_and_nothing_of_theirs_is_left() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    owner.subscribe();
    let mut guest = Client::join(&room.join(), "Grace").await;
    let (own, grace) = (guest.own_host(), guest.snapshot().member);
    let theirs = guest.program_on(own).await.expect("a program");
    let listener = guest.listener(theirs, 12345, 5).await;
    guest.begin(theirs, Call::Accept { fd: listener }, Wait::Forever);
    let token = guest.snapshot().token;

    assert_eq!(remove(&mut owner, grace).await, Ok(Value::Done));
    guest.until("the news", |guest| guest.notices.contains(&Notice::Removed).then_some(())).await;
    assert_eq!(guest.close.as_ref().map(|(code, _)| *code), Some(proto::CLOSE_REMOVED));
    let gone = |events: &[proto::trace::Event]| {
        events.iter().any(|event| event.what == What::ProgramEnded(theirs))
            && events.iter().any(|event| event.what == What::HostGone(own))
            && events.iter().any(|event| event.what == What::Left(grace))
    };
    owner.trace_until(gone).await;
    // The session is over for good, with whatever it is asked for.
    assert_eq!(Client::reattach(&room.join(), token).await.err(), Some(Refusal::Removed));
    assert_eq!(Client::reattach(&room.watch(), token).await.err(), Some(Refusal::Removed));
    let nobody = CallError::Protocol { rule: "no such person".to_owned() };
    assert_eq!(remove(&mut owner, grace).await, Err(nobody));
    // The link still leads in, as it says; their machine's name is free again.
    let again = Client::join(&room.join(), "Grace").await;
    assert_ne!(again.snapshot().member, grace);
    let machine = again.own_host();
    assert!(again.snapshot().hosts.iter().any(|host| host.id == machine && host.name == "guest-1"));
}

#[tokio::test]
async fn somebody_removed_while_their_connection_is_lost_does_not_come_back() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    owner.subscribe();
    let watcher = Client::join(&room.watch(), "Edsger").await;
    let edsger = watcher.snapshot().member;
    let token = watcher.vanish();
    assert_eq!(remove(&mut owner, edsger).await, Ok(Value::Done));
    owner.trace_until(|events| events.iter().any(|event| event.what == What::Left(edsger))).await;
    assert_eq!(Client::reattach(&room.watch(), token).await.err(), Some(Refusal::Removed));
}

#[tokio::test]
async fn who_gives_no_name_is_called_as_their_machine_is() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let guest = Client::join(&room.join(), "").await;
    let watcher = Client::join(&room.watch(), "  ").await;
    let mut owner = Client::join(&room.owner(), "").await;
    let snapshot = owner.snapshot();
    let name = |id| snapshot.members.iter().find(|one| one.id == id).map(|one| one.name.as_str());
    let (grace, edsger, ada) = (guest.snapshot().member, watcher.snapshot().member, snapshot.member);
    assert_eq!(name(grace), Some("guest-1"));
    assert_eq!(name(edsger), Some(format!("watcher {edsger}").as_str()));
    assert_eq!(name(ada), Some("the owner"));
    // A name can be taken back.
    owner.subscribe();
    let mut guest = guest;
    guest.endpoint().rename("Grace");
    guest.endpoint().rename("");
    guest.flush().await;
    let named = |events: &[proto::trace::Event]| {
        let names: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.what {
                What::Joined(member) if member.id == grace => Some(member.name.as_str()),
                _ => None,
            })
            .collect();
        names == ["guest-1", "Grace", "guest-1"]
    };
    owner.trace_until(named).await;
}

#[tokio::test]
async fn what_stands_in_front_is_told_by_those_who_work_there_only() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let mut guest = Client::join(&room.join(), "Grace").await;
    let mut watcher = Client::join(&room.watch(), "Edsger").await;
    watcher.subscribe();
    let (host, own) = (owner.host("server"), guest.own_host());
    watcher.endpoint().in_front(host, "of nobody.py");
    guest.endpoint().in_front(host, "of nobody.py");
    guest.endpoint().in_front(own, "client.py");
    owner.endpoint().in_front(host, "server.py");
    for client in [&mut watcher, &mut guest, &mut owner] {
        client.flush().await;
    }
    let fronts = |events: &[proto::trace::Event]| {
        let told = events.iter().filter_map(|event| match &event.what {
            What::InFront { host, name, .. } => Some((*host, name.clone())),
            _ => None,
        });
        told.collect::<std::collections::BTreeSet<_>>()
    };
    watcher.trace_until(|events| fronts(events).len() == 2).await;
    let told = fronts(&watcher.events);
    assert_eq!(told, [(host, "server.py".to_owned()), (own, "client.py".to_owned())].into());
}

#[tokio::test]
async fn without_the_room_or_its_key_nobody_comes_in() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let wrong = room.link([7; 16]);
    assert_eq!(Client::try_join(&wrong, "x").await.err(), Some(Refusal::WrongKey));
    let mut none = room.owner();
    none.room = format!("a-{}", "b".repeat(26));
    assert_eq!(Client::try_join(&none, "x").await.err(), Some(Refusal::NoRoom));
    assert_eq!(Client::reattach(&room.owner(), [9; 16]).await.err(), Some(Refusal::SessionOver));
    let page = http::get(server.page, &format!("/r/{}", none.room)).await;
    assert!(page.status == 200 || page.status == 404, "the page says so itself: {}", page.status);
}

#[tokio::test]
async fn rooms_do_not_know_each_other() {
    let server = TestServer::shared();
    let (one, other) = (NewRoom::create(&server).await, NewRoom::create(&server).await);
    assert_ne!(one.id, other.id);
    let mut here = Client::join(&one.owner(), "here").await;
    let mut there = Client::join(&other.owner(), "there").await;
    // A key opens its own room only.
    let mut crossed = one.owner();
    crossed.key = other.owner().key;
    assert_eq!(Client::try_join(&crossed, "x").await.err(), Some(Refusal::WrongKey));
    // The same address and port, and neither is in the other's way.
    let (ours, theirs) = (here.program("server").await, there.program("server").await);
    here.listener(ours, 12345, 5).await;
    let client = there.program("client").await;
    let fd = there.socket(client).await;
    let refused = there.connect_to(client, fd, "10.0.0.1:12345".parse().expect("an address")).await;
    assert_eq!(refused, Err(CallError::errno(proto::errno::Errno::ECONNREFUSED)));
    there.listener(theirs, 12345, 5).await;
    assert!(here.program_on(HostId(4000)).await.is_err(), "a machine nobody has");
}

#[tokio::test]
async fn a_name_is_shown_as_it_is_and_cut_to_its_limit() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    owner.subscribe();
    let odd = format!("\u{202e}<b>{}", "x".repeat(300));
    let guest = Client::join(&room.join(), &odd).await;
    let members = &guest.snapshot().members;
    assert_eq!(members.len(), 2);
    let mine = members.iter().find(|one| one.id == guest.snapshot().member).expect("me");
    assert!(mine.name.chars().count() <= proto::limits::NAME, "{:?}", mine.name);
}

/// A class presses Enter at the same moment.
#[tokio::test]
async fn forty_pages_at_once_all_get_a_room() {
    let server = TestServer::shared();
    let visits = (0..40).map(|_| async {
        let room = NewRoom::create(&server).await;
        let mut client = Client::join(&room.owner(), "").await;
        let program = client.program("client").await;
        let fd = client.connected(program, "tutorial", 12345).await;
        assert_eq!(
            client.recv(program, fd, 100).await.expect("a greeting"),
            &b"Thank you for connecting"[..]
        );
        client.leave().await;
    });
    futures_util::future::join_all(visits).await;
}

/// A class in one room: everybody has a machine and calls the teacher's server.
#[tokio::test]
async fn a_room_full_of_guests() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut teacher = Client::join(&room.owner(), "teacher").await;
    let program = teacher.program("server").await;
    let listener = teacher.listener(program, 12345, 100).await;
    let mut guests = Vec::new();
    let refusal = loop {
        match Client::try_join(&room.join(), "student").await {
            Ok(guest) => guests.push(guest),
            Err(refusal) => break refusal,
        }
        assert!(guests.len() <= proto::limits::HOSTS, "a room has a bound");
    };
    assert_eq!(refusal, Refusal::Limit { limit: "hosts".to_owned(), value: proto::limits::HOSTS as u64 });
    // Whoever finds no machine left may still watch.
    Client::join(&room.watch(), "late").await;
    for guest in &mut guests {
        let own = guest.own_host();
        let theirs = guest.program_on(own).await.expect("a program");
        guest.connected(theirs, "server", 12345).await;
        teacher.accept(program, listener).await;
    }
}
