//! What visitors make the server keep: bounded for each session, for each room and for all of them, whatever is asked
//! for, and refused by the limit's name.

use std::{fs, sync::Arc};

use bytes::Bytes;
use proto::{
    address::Address,
    call::{Call, CallError, Family, Flags, Kind, OptionName, OptionValue, Value, Wait},
    frame,
    id::{CallId, Fd, HostId, ProgramId},
    limits,
    message::{ClientMessage, ServerMessage},
    room::Lifetime,
    trace::{Event, What},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};

use crate::harness::{PATIENCE, client::Client, http, raw::Raw, room::NewRoom, server::TestServer};

/// Code of a control frame, PROTOCOL.md.
const CONTROL: u8 = 3;
const MEBIBYTE: u32 = 1 << 20;
/// The smallest page of a kernel.
const PAGE: usize = 4096;

/// The most memory the server has had, in bytes.
fn peak(server: &TestServer) -> usize {
    let status = format!("/proc/{}/status", server.pid().as_raw_nonzero());
    let status = fs::read_to_string(status).expect("a process of ours");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    let kibibytes = line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number");
    kibibytes * 1024
}

/// What the kernel keeps for TCP on the whole machine, in bytes.
fn tcp_memory() -> usize {
    let counts = fs::read_to_string("/proc/net/sockstat").expect("the kernel says");
    let line = counts.lines().find_map(|line| line.strip_prefix("TCP:")).expect("of TCP");
    let (_, pages) = line.split_once(" mem ").expect("its memory");
    pages.trim().parse::<usize>().expect("a number") * PAGE
}

/// Peeking takes nothing from the kernel: each of a thousand calls could bring the same bytes once more.
#[tokio::test]
async fn a_page_that_asks_and_does_not_read_makes_the_server_keep_little() {
    const BYTES: usize = 200_000;
    const PEEKS: usize = 900;
    let server = TestServer::start(&[]);
    let room = NewRoom::create(&server).await;
    let mut watcher = Client::join(&room.watch(), "watcher").await;
    watcher.subscribe();
    watcher.flush().await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let pair = owner.pair(12345).await;
    let roomy =
        Call::SetSockOpt { fd: pair.ours, name: OptionName::RcvBuf, value: OptionValue::Int(256 * 1024) };
    assert_eq!(owner.call(pair.server, roomy).await, Ok(Value::Done));
    let bytes = vec![b'x'; BYTES];
    assert_eq!(owner.send(pair.client, pair.theirs, &bytes).await, Ok(Value::Sent(BYTES as u32)));
    let base = peak(&server);
    let peek = Call::Recv { fd: pair.ours, flags: Flags::PEEK, max: MEBIBYTE };
    let peeks: Vec<CallId> =
        (0..PEEKS).map(|_| owner.begin(pair.server, peek.clone(), Wait::Forever)).collect();
    owner.flush().await;
    // It asks, and does not read. Some of the calls have been made, others wait for it; the room goes on.
    let made = |events: &[Event]| {
        let ends = events.iter().filter(|event| match &event.what {
            What::CallEnd(end) => matches!(end.outcome, Ok(Value::Received { .. })),
            _ => false,
        });
        ends.count() >= 8
    };
    watcher.trace_until(made).await;
    let mut other = Client::join(&room.owner(), "Grace").await;
    let program = other.program("client").await;
    let echo = other.connected(program, "tutorial", 7).await;
    for _ in 0..50 {
        other.send(program, echo, b"undisturbed").await.expect("sent");
        other.recv(program, echo, 100).await.expect("an echo");
    }
    // Now it reads: every call has its bytes.
    for id in peeks {
        let (outcome, payload) = owner.result(id).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        assert!(!payload.is_empty() && payload.iter().all(|byte| *byte == b'x'), "{}", payload.len());
    }
    let more = peak(&server) - base;
    assert!(more < 24 << 20, "it took {} MiB", more >> 20);
}

/// Receives that wait for all of their bytes keep what they have: two of the largest are refused, not one.
#[tokio::test]
async fn receives_that_collect_are_bounded_by_what_they_ask_for() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let pair = client.pair(12345).await;
    let theirs = client.connected(pair.client, "server", 12345).await;
    let (ours, _) = client.accept(pair.server, pair.listener).await;
    let all = |fd, max| Call::Recv { fd, flags: Flags::WAITALL, max };
    let first = client.begin(pair.server, all(pair.ours, MEBIBYTE), Wait::Forever);
    client.send(pair.client, pair.theirs, &[b'1'; 5000]).await.expect("sent");
    client.send(pair.client, theirs, &[b'2'; 5000]).await.expect("sent");
    let second = client.call(pair.server, all(ours, MEBIBYTE)).await;
    let refused = matches!(&second, Err(CallError::Limit { limit, .. }) if limit == "outstanding-results");
    assert!(refused, "{second:?}");
    // Less is fine, what does not wait for all is fine, and no byte was lost.
    let (outcome, payload) = {
        let id = client.begin(pair.server, all(ours, 4000), Wait::Forever);
        client.result(id).await
    };
    assert_eq!((outcome, payload.as_ref()), (Ok(Value::Received { length: 4000 }), &[b'2'; 4000][..]));
    assert_eq!(client.recv(pair.server, ours, MEBIBYTE).await.expect("the rest").len(), 1000);
    assert!(client.waits(first));
    client.close_fd(pair.client, pair.theirs).await.expect("closed");
    assert_eq!(client.result(first).await.1, &[b'1'; 5000][..]);
}

fn encoded(message: &ClientMessage) -> Vec<u8> {
    postcard::to_allocvec(message).expect("it can be written")
}

/// A send of so many bytes, which do not come.
async fn announce(raw: &mut Raw, id: u32, length: u32) {
    let call = Call::Send { fd: Fd(3), flags: Flags::default(), length };
    let call = ClientMessage::Call {
        id: CallId(id),
        program: ProgramId(1),
        call,
        wait: Wait::Forever,
        line: None,
        thread: None,
    };
    raw.send_frame(CONTROL, &encoded(&call)).await;
}

/// Waits until the server has read everything so far: how many calls were refused meanwhile, all by this limit.
async fn refused(raw: &mut Raw, id: u32, by: (&str, u64)) -> usize {
    let (id, name, lifetime) = (CallId(id), "x".to_owned(), Lifetime::Page);
    raw.send_frame(CONTROL, &encoded(&ClientMessage::OpenProgram { id, host: HostId(1), name, lifetime }))
        .await;
    let mut refused = 0;
    loop {
        let frame = raw.frame().await.expect("the session goes on");
        if frame.kind != frame::Kind::Control {
            continue;
        }
        match postcard::take_from_bytes(&frame.body).expect("a message").0 {
            ServerMessage::Program { .. } => return refused,
            ServerMessage::Result { outcome: Err(CallError::Limit { limit, value }), .. } => {
                assert_eq!((limit.as_str(), value), by);
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_room_keeps_so_much_and_everybody_has_a_share_of_it() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let by = ("room-memory", limits::ROOM_MEMORY as u64);
    let mut greedy = Vec::new();
    let mut beyond = 0;
    // As much as each session may have outstanding, in ten sessions: more than a room keeps.
    for _ in 0..10 {
        let mut raw = Raw::enter(&room.owner()).await;
        for id in 0..4 {
            announce(&mut raw, id, MEBIBYTE).await;
        }
        beyond += refused(&mut raw, 4, by).await;
        greedy.push(raw);
    }
    assert!(beyond >= 4, "{beyond}");
    let mut modest = Raw::enter(&room.owner()).await;
    announce(&mut modest, 0, u32::try_from(limits::ROOM_SHARE).expect("short")).await;
    assert_eq!(refused(&mut modest, 1, by).await, 0, "a share is always there");
    announce(&mut modest, 2, MEBIBYTE).await;
    assert_eq!(refused(&mut modest, 3, by).await, 1);
}

/// Many rooms, none of which keeps more than a room may.
#[tokio::test]
async fn all_rooms_together_keep_no_more_than_the_server_may() {
    const MEBIBYTES: u64 = 24;
    let server = TestServer::start(&["--memory", "24"]);
    let by = ("server-memory", MEBIBYTES << 20);
    let mut rooms = Vec::new();
    for _ in 0..4 {
        rooms.push(NewRoom::create(&server).await);
    }
    let mut greedy = Vec::new();
    let mut beyond = 0;
    for room in &rooms {
        for _ in 0..2 {
            let mut raw = Raw::enter(&room.owner()).await;
            for id in 0..4 {
                announce(&mut raw, id, MEBIBYTE).await;
            }
            beyond += refused(&mut raw, 4, by).await;
            greedy.push(raw);
        }
    }
    assert!(beyond >= 8, "{beyond} of 32 MiB were refused, where 24 are all there is");
    let mut modest = Raw::enter(&rooms[0].owner()).await;
    announce(&mut modest, 0, u32::try_from(limits::ROOM_SHARE).expect("short")).await;
    assert_eq!(refused(&mut modest, 1, by).await, 0, "a share is always there");
}

/// Asks for a room's packets and reads no more than the first bytes of the answer.
async fn begin_download(room: &NewRoom) -> (u16, TcpStream) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("an option");
    let mut stream = socket.connect(room.server).await.expect("the server listens");
    let (server, id, key) = (room.server, &room.id, room.watch().key_text());
    let head = format!("GET /r/{id}/pcap HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {key}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.expect("an answer");
    let status = std::str::from_utf8(&status[9..]).expect("a number").parse().expect("a status");
    (status, stream)
}

/// Downloads of one address at once.
const DOWNLOADS: usize = 8;

#[tokio::test]
async fn recordings_of_packets_are_sent_to_few_at_once_and_kept_for_none() {
    let server = TestServer::start(&["--host-name", "lab.example"]);
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let pair = client.pair(12345).await;
    for _ in 0..3 {
        let sending = client.begin_send(pair.client, pair.theirs, &vec![b'x'; 1 << 20]);
        let all = Call::Recv { fd: pair.ours, flags: Flags::WAITALL, max: MEBIBYTE };
        let all = client.begin(pair.server, all, Wait::Forever);
        assert_eq!(client.result(all).await.1.len(), 1 << 20);
        client.result(sending).await.0.expect("sent");
    }
    let base = peak(&server);
    let mut downloads = Vec::new();
    for _ in 0..DOWNLOADS {
        let (status, stream) = begin_download(&room).await;
        assert_eq!(status, 200);
        downloads.push(stream);
    }
    assert_eq!(begin_download(&room).await.0, 429);
    let more = peak(&server) - base;
    assert!(more < 16 << 20, "{} MiB for {DOWNLOADS} downloads that nobody reads", more >> 20);
    // Who reads has all of it, and what has ended makes room.
    drop(downloads);
    let again = async { while begin_download(&room).await.0 != 200 {} };
    tokio::time::timeout(PATIENCE, again).await.expect("room for one more");
}

/// Bytes kept for visitors, as the server says.
async fn kept(server: &TestServer) -> u64 {
    let metrics = http::get(server.page, "/metrics").await.body;
    let line = metrics.lines().find_map(|line| line.strip_prefix("wireside_kept_bytes "));
    line.expect("it says so").parse().expect("a number")
}

#[tokio::test]
async fn with_little_memory_new_rooms_give_way_then_old_history() {
    const MEBIBYTES: u64 = 16;
    let server = TestServer::start(&["--memory", "16", "--room-idle", "1"]);
    let mut owners = Vec::new();
    for _ in 0..6 {
        let room = NewRoom::create(&server).await;
        owners.push(Client::join(&room.owner(), "Ada").await);
    }
    // Six times what a room keeps of output: more than there is.
    let text = "x".repeat(limits::OUTPUT);
    for owner in &mut owners {
        let program = owner.program("client").await;
        for _ in 0..limits::TRACE_BYTES / limits::OUTPUT {
            owner.endpoint().output(program, false, &text);
            owner.flush().await;
        }
        owner.socket(program).await;
    }
    let refused = async {
        loop {
            let answer = http::post(server.page, "/rooms").await;
            if answer.status != 201 {
                return answer;
            }
        }
    };
    let refused = tokio::time::timeout(PATIENCE, refused).await.expect("no more rooms");
    assert_eq!((refused.status, refused.json()["limit"].as_str()), (503, Some("server-memory")));
    let shrinks = async { while kept(&server).await > (MEBIBYTES << 20) / 100 * 95 {} };
    tokio::time::timeout(PATIENCE, shrinks).await.expect("old history goes");
    // The rooms go on, and with their end there is room for others.
    for mut owner in owners {
        let program = owner.program("server").await;
        owner.connected(program, "tutorial", 7).await;
        owner.leave().await;
    }
    let again = async { while http::post(server.page, "/rooms").await.status != 201 {} };
    tokio::time::timeout(PATIENCE, again).await.expect("rooms again");
}

async fn roomy(client: &mut Client, program: ProgramId, fd: Fd) -> Result<(), CallError> {
    for name in [OptionName::RcvBuf, OptionName::SndBuf] {
        client.call(program, Call::SetSockOpt { fd, name, value: OptionValue::Int(256 * 1024) }).await?;
    }
    Ok(())
}

/// A socket with the largest buffers that a program may ask for, both ends of a connection, full.
async fn full_connection(
    client: &mut Client,
    program: ProgramId,
    listener: Fd,
    address: Address,
) -> Result<(), CallError> {
    let Value::Descriptor(fd) =
        client.call(program, Call::Socket { family: Family::Inet, kind: Kind::Stream }).await?
    else {
        panic!("no socket");
    };
    roomy(client, program, fd).await?;
    client.connect_to(program, fd, address).await?;
    client.call(program, Call::Accept { fd: listener }).await?;
    let bytes = Bytes::from(vec![b'x'; MEBIBYTE as usize]);
    let send = Call::Send { fd, flags: Flags::DONTWAIT, length: MEBIBYTE };
    let id = client.endpoint().call(program, send, Wait::Forever, bytes).expect("within the limits");
    client.result(id).await.0.map(drop)
}

/// All namespaces share the kernel's memory for TCP: nobody's sockets may take what the others need.
#[tokio::test]
async fn sockets_of_one_room_take_so_much_of_the_kernel_s_memory() {
    const NOISE: usize = 48 << 20;
    let server = TestServer::start(&[]);
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let program = owner.program("server").await;
    let listener = owner.socket(program).await;
    roomy(&mut owner, program, listener).await.expect("set");
    let address = ([127, 0, 0, 1], 12345).into();
    owner.call(program, Call::Bind { fd: listener, address }).await.expect("bound");
    owner.call(program, Call::Listen { fd: listener, backlog: 5 }).await.expect("listens");
    let before = tcp_memory();
    let refused = loop {
        if let Err(refused) = full_connection(&mut owner, program, listener, address).await {
            break refused;
        }
    };
    let (limit, value) = ("room-socket-memory".to_owned(), limits::SOCKET_MEMORY as u64);
    assert_eq!(refused, CallError::Limit { limit, value });
    let more = tcp_memory().saturating_sub(before);
    assert!(more < limits::SOCKET_MEMORY + NOISE, "{} MiB", more >> 20);
    // A guest's programs are in the same room; another room has its own.
    let other = NewRoom::create(&server).await;
    let mut other = Client::join(&other.owner(), "Grace").await;
    other.pair(12345).await;
}

/// Resident memory of the server now, in MiB.
fn resident(server: &TestServer) -> usize {
    let status = format!("/proc/{}/status", server.pid().as_raw_nonzero());
    let status = fs::read_to_string(status).expect("a process of ours");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("what is resident");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") >> 10
}

/// A figure for `docs/operate.md`: a thousand rooms, or as many as the descriptors allow (`ulimit -n`), in each a connection
/// that talks, and as much output as a room's history keeps.
#[tokio::test]
#[ignore = "a measurement: minutes, and as many rooms as there are descriptors for"]
async fn busy_rooms_take_so_much_memory() {
    const ROOMS: usize = 1000;
    /// Rounds between two looks, and after which each page has read what came back.
    const LOOK: usize = 16;
    // Each waits for its turn for longer than a page may be silent.
    let server = TestServer::start(&["--silence", "600"]);
    let empty = resident(&server);
    let mut busy = Vec::new();
    for number in 0..ROOMS {
        let Some(room) = NewRoom::create_if_allowed(&server).await else { break };
        let mut client = Client::join(&room.owner(), "Ada").await;
        let pair = client.pair(12345).await;
        busy.push((client, pair));
        if number % 100 == 99 {
            eprintln!("{} rooms: {} MiB", number + 1, resident(&server));
        }
    }
    let text: Arc<str> = "x".repeat(limits::OUTPUT).into();
    for rounds in (LOOK..=limits::TRACE_BYTES / limits::OUTPUT).step_by(LOOK) {
        // All at once: a page that reads nothing for 30 s is cut.
        let mut at_once = JoinSet::new();
        for (mut client, pair) in std::mem::take(&mut busy) {
            let text = Arc::clone(&text);
            at_once.spawn(async move {
                for _ in 0..LOOK {
                    client.endpoint().output(pair.client, false, &text);
                    client.flush().await;
                    client.send(pair.client, pair.theirs, &[b'x'; 512]).await.expect("sent");
                    client.recv(pair.server, pair.ours, 512).await.expect("bytes");
                }
                (client, pair)
            });
        }
        busy = at_once.join_all().await;
        eprintln!("{rounds} rounds: {} MiB, peak {} MiB", resident(&server), peak(&server) >> 20);
    }
    let (rooms, peak) = (busy.len(), peak(&server) >> 20);
    eprintln!("{rooms} rooms: {} MiB, peak {peak} MiB, {empty} MiB before", resident(&server));
    assert!((peak - empty) * ROOMS <= 2560 * rooms, "{peak} MiB with {rooms} rooms");
}

/// What no charge stands for: connections whose program has closed them, and which nobody has accepted.
#[tokio::test]
async fn the_room_that_holds_most_of_the_kernel_s_memory_has_to_end() {
    let server = TestServer::start(&["--socket-memory", "8"]);
    let modest = NewRoom::create(&server).await;
    let mut modest = Client::join(&modest.owner(), "Grace").await;
    let pair = modest.pair(12345).await;
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Mallory").await;
    let greedy = tokio::spawn(async move {
        let program = owner.program("server").await;
        for port in 12345.. {
            owner.listener(program, port, limits::SOMAXCONN).await;
            for _ in 0..limits::SOMAXCONN {
                let fd = owner.socket(program).await;
                owner.connect_to(program, fd, ([127, 0, 0, 1], port).into()).await.expect("connected");
                let bytes = Bytes::from_static(&[b'x'; 1 << 16]);
                let send = Call::Send { fd, flags: Flags::DONTWAIT, length: 1 << 16 };
                let id = owner.endpoint().call(program, send, Wait::Forever, bytes).expect("a call");
                owner.result(id).await.0.expect("sent");
                owner.close_fd(program, fd).await.expect("closed");
            }
        }
    });
    server.logs("the end of the room", |log| log.contains("a room has to end")).await;
    greedy.abort();
    let ended = async { while Client::try_join(&room.owner(), "late").await.is_ok() {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("it ends");
    assert_eq!(modest.send(pair.client, pair.theirs, b"undisturbed").await, Ok(Value::Sent(11)));
    assert_eq!(modest.recv(pair.server, pair.ours, 64).await.expect("bytes"), b"undisturbed".as_slice());
}
