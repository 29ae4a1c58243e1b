//! Ends: of rooms, which leave nothing behind, and of the server, which lets everybody go in good order.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proto::call::{Call, CallError, Flags, Value, Wait};
use rustix::process::Signal;

use crate::confined::child_of;
use crate::harness::{
    PATIENCE, client::Client, http, proxy::Proxy, raw, room::NewRoom, server::TestServer, skip,
};

/// What a process holds.
#[derive(Debug)]
struct Holdings {
    descriptors: usize,
    namespaces: usize,
    threads: usize,
}

impl Holdings {
    fn of(pid: i32) -> Self {
        let process = Path::new("/proc").join(pid.to_string());
        let links = fs::read_dir(process.join("fd")).expect("a process of ours").filter_map(Result::ok);
        let targets: Vec<PathBuf> = links.filter_map(|link| fs::read_link(link.path()).ok()).collect();
        let namespaces = targets.iter().filter(|target| target.to_string_lossy().starts_with("net:")).count();
        let threads = fs::read_dir(process.join("task")).expect("its threads").count();
        Self { descriptors: targets.len(), namespaces, threads }
    }

    /// Whether this is what a server without rooms has: listeners, the keeper, a few machines kept warm. One leaked
    /// descriptor a room would be more.
    fn is_idle(&self) -> bool {
        self.descriptors <= 64 && self.namespaces <= 8 && self.threads <= 64
    }
}

/// A room made, used by two people on three machines, and left: with connections open, calls waiting and bytes unread.
async fn a_short_life(server: &TestServer) {
    let room = NewRoom::create(server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let mut guest = Client::join(&room.join(), "Grace").await;
    owner.subscribe();
    let pair = owner.pair(12345).await;
    owner.send(pair.client, pair.theirs, b"never read").await.expect("sent");
    owner.begin(pair.server, Call::Accept { fd: pair.listener }, Wait::Forever);
    owner.stream_mode(pair.server, pair.ours);
    let own = guest.own_host();
    let program = guest.program_on(own).await.expect("a program");
    guest.connected(program, "tutorial", 7).await;
    // In the queue of a listener that nobody will accept from any more.
    guest.connected(program, "server", 12345).await;
    guest.leave().await;
    owner.leave().await;
}

async fn lives(server: &TestServer, count: usize, at_once: usize) {
    for _ in 0..count / at_once {
        futures_util::future::join_all((0..at_once).map(|_| a_short_life(server))).await;
    }
}

async fn all_ended(server: &TestServer, rooms: usize) {
    server.logs("the end of every room", |log| log.matches("a room ended").count() >= rooms).await;
    let health = http::get(server.page, "/health").await.json();
    assert_eq!((health["rooms"].as_u64(), health["sessions"].as_u64()), (Some(0), Some(0)));
}

/// How many rooms; the full count is asked for with `WIRESIDE_ROOMS=1000`.
fn rooms() -> usize {
    std::env::var("WIRESIDE_ROOMS").ok().and_then(|count| count.parse().ok()).unwrap_or(100)
}

#[tokio::test]
async fn rooms_leave_nothing_behind() {
    let server = TestServer::start(&["--room-idle", "2"]);
    lives(&server, rooms(), 10).await;
    all_ended(&server, rooms()).await;
    // The server's child starts keepers; its child is the one.
    let keeper = Holdings::of(child_of(child_of(server.pid().as_raw_nonzero().get())));
    assert!(keeper.descriptors <= 8 && keeper.namespaces <= 1 && keeper.threads == 1, "{keeper:?}");
    // Sockets are closed beside the work that goes on, so the last ones a moment after their room has ended.
    let pid = server.pid().as_raw_nonzero().get();
    let idle = async {
        while !Holdings::of(pid).is_idle() {
            http::get(server.page, "/health").await;
        }
    };
    let became_idle = tokio::time::timeout(PATIENCE, idle).await.is_ok();
    assert!(became_idle, "{:?}", Holdings::of(pid));
}

/// The kernel itself counts namespaces: more than it allows at once, one after the other, so each has to be gone
/// again, orphans and unaccepted connections included.
#[tokio::test]
async fn the_kernel_has_every_namespace_back() {
    let allowed = 100;
    let script = format!(
        "exec unshare --user --map-root-user bash -c 'echo {allowed} > /proc/sys/user/max_net_namespaces && exec \"$@\"' \
         server \"$@\""
    );
    let server = TestServer::start_within(&script, &["--room-idle", "1"]);
    let health = http::get(server.page, "/health").await.json();
    if health["isolation"] != "namespaces" {
        return skip(format!("no namespaces: {health}"));
    }
    // Four machines a room.
    for round in 1..=10 {
        lives(&server, 4, 4).await;
        all_ended(&server, 4 * round).await;
    }
}

#[tokio::test]
async fn a_room_ends_when_its_last_page_has_left() {
    let server = TestServer::start(&["--room-idle", "1"]);
    let room = NewRoom::create(&server).await;
    let owner = Client::join(&room.owner(), "Ada").await;
    let other = NewRoom::create(&server).await;
    let mut stays = Client::join(&other.owner(), "Grace").await;
    owner.leave().await;
    server.logs("the end of the room", |log| log.contains("a room ended")).await;
    let again = Client::try_join(&room.owner(), "Ada").await.err();
    assert_eq!(again, Some(proto::message::Refusal::NoRoom));
    // A room with a page open in it is not idle, however long nothing happens.
    let program = stays.program("client").await;
    stays.connected(program, "tutorial", 7).await;
}

#[tokio::test]
async fn a_server_that_ends_lets_everybody_go() {
    let server = TestServer::start(&[]);
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let pair = client.pair(12345).await;
    client.begin(pair.server, Call::Accept { fd: pair.listener }, Wait::Forever);
    client.flush().await;
    server.signal(Signal::INT);
    let (code, reason) = client.until("the close frame", |client| client.close.clone()).await;
    assert_eq!(code, 1012, "service restart (RFC 6455 and IANA): {reason}");
    let (status, printed) = server.wait();
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert_eq!(printed, "", "nothing but the addresses on standard output");
}

#[tokio::test]
async fn the_end_is_not_held_up_by_who_does_not_read() {
    let server = TestServer::start(&["--drain-limit", "0"]);
    let room = NewRoom::create(&server).await;
    let mut deaf = Client::join(&room.owner(), "deaf").await;
    let pair = deaf.pair(12345).await;
    deaf.stream_mode(pair.client, pair.theirs);
    for _ in 0..4 {
        deaf.begin_send(pair.server, pair.ours, &vec![b'x'; 500_000]);
        deaf.flush().await;
    }
    let _half = tokio::net::TcpStream::connect(server.page).await.expect("a connection that says nothing");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().0.code(), Some(0), "{}", server.log());
}

/// A program's own table is full: the kernel's answer. The server's is: ours, and it passes.
#[tokio::test]
async fn out_of_descriptors_a_call_is_told_and_the_server_goes_on() {
    let server = TestServer::start_within("ulimit -n 120; exec \"$@\"", &[]);
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let program = client.program("client").await;
    let socket = Call::Socket { family: proto::call::Family::Inet, kind: proto::call::Kind::Stream };
    let mut made = Vec::new();
    let refused = loop {
        match client.call(program, socket.clone()).await {
            Ok(Value::Descriptor(fd)) => made.push(fd),
            other => break other,
        }
        assert!(made.len() < 200, "it has no more than 120");
    };
    assert!(
        matches!(refused, Err(CallError::Limit { .. })),
        "{refused:?} after {}: the program's table is not full, so it is no EMFILE",
        made.len()
    );
    // The page and its session go on; what is given back can be had again.
    for fd in made.drain(..) {
        assert_eq!(client.close_fd(program, fd).await, Ok(Value::Done));
    }
    let echo = client.connected(program, "tutorial", 7).await;
    client.send(program, echo, b"back").await.expect("sent");
    assert_eq!(client.recv(program, echo, 10).await.expect("an echo"), &b"back"[..]);
}

/// More rooms than there are descriptors for: refused in words, and the rooms there are go on.
#[tokio::test]
async fn out_of_descriptors_a_room_is_refused_and_others_go_on() {
    let server = TestServer::start_within("ulimit -n 120; exec \"$@\"", &["--room-idle", "600"]);
    let first = NewRoom::create(&server).await;
    let mut client = Client::join(&first.owner(), "Ada").await;
    let program = client.program("client").await;
    let echo = client.connected(program, "tutorial", 7).await;
    let mut refused = None;
    for _ in 0..200 {
        let answer = http::post(server.page, "/rooms").await;
        if answer.status != 201 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("200 rooms do not fit into 120 descriptors");
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(!refused.json()["message"].as_str().unwrap_or_default().is_empty(), "{refused:?}");
    client.send(program, echo, b"still here").await.expect("sent");
    assert_eq!(client.recv(program, echo, 20).await.expect("an echo"), &b"still here"[..]);
}

#[tokio::test]
async fn a_full_program_has_emfile_and_a_closed_number_back() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let program = client.program("client").await;
    let socket = Call::Socket { family: proto::call::Family::Inet, kind: proto::call::Kind::Datagram };
    let table = proto::limits::DESCRIPTORS - proto::limits::FIRST_DESCRIPTOR;
    for _ in 0..table {
        client.call(program, socket.clone()).await.expect("a place");
    }
    assert_eq!(
        client.call(program, socket.clone()).await,
        Err(CallError::errno(proto::errno::Errno::EMFILE))
    );
    let fd = proto::id::Fd(100);
    client.close_fd(program, fd).await.expect("closed");
    assert_eq!(client.call(program, socket).await, Ok(Value::Descriptor(fd)));
}

/// Somebody between cuts the connection of a page whose send is half done: the room waits for it, then ends.
#[tokio::test]
async fn whoever_is_cut_off_and_never_comes_back_holds_nothing() {
    let server = TestServer::start(&["--room-idle", "1"]);
    let proxy = Proxy::bind().await;
    proxy.forward_to(server.page);
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner().through(proxy.address), "Ada").await;
    let pair = client.pair(12345).await;
    client.begin_send(pair.client, pair.theirs, &vec![b'x'; 1_000_000]);
    let recv = Call::Recv { fd: pair.ours, flags: Flags::default(), max: 10 };
    client.begin(pair.server, recv, Wait::Forever);
    client.flush().await;
    proxy.cut();
    client.vanish();
    server.logs("the end of the room", |log| log.contains("a room ended")).await;
    let health = http::get(server.page, "/health").await.json();
    assert_eq!((health["rooms"].as_u64(), health["sessions"].as_u64()), (Some(0), Some(0)));
}

#[tokio::test]
async fn half_open_websockets_are_closed() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let silent = raw::Raw::open(&room.owner()).await;
    let ended = silent.ended().await;
    assert!(ended.is_none_or(|(code, reason)| code == 1008 && !reason.is_empty()));
}
