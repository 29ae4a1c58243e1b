//! Lessons in whatever state a visitor can bring the room into: random ways through them, on real rooms with real
//! sockets. No sentence may contradict what is recorded, and the way on stays open.

mod exercises;
mod first_scripts;
mod page;
mod programs;
mod scripts;

use std::{collections::BTreeMap, path::Path, time::Duration};

use lesson::prose;
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng},
};
use proto::{
    message::WireCommand,
    trace::{Event, Fate, TcpFlags, TcpState, Transport, What},
};

use self::page::Page;
use crate::{
    harness::{client::Client, http, room::NewRoom, root, server::TestServer},
    recordings::keep,
};

/// Walks in a run of the tests, and how many at a time.
const WALKS: u64 = 200;
const AT_ONCE: usize = 40;
/// Things that somebody does before they want to go on.
const DEEDS: usize = 7;
/// Presses of *Do it for me* or *Start clean* that pass a step from anywhere.
const PRESSES: usize = 3;

const LESSONS: [&str; 15] = [
    "two-scripts",
    "by-hand",
    "connect",
    "stream",
    "backlog",
    "many",
    "turns",
    "framing",
    "socket",
    "names",
    "bind",
    "listen",
    "accept",
    "close",
    "restart",
];

fn source(lesson: &str) -> String {
    let path = Path::new(&root()).join(format!("web/lessons/{lesson}.md"));
    std::fs::read_to_string(path).expect("a lesson")
}

/// The room as its kernel's states and the wire tell, read by this test alone.
#[derive(Default)]
struct Oracle {
    listening: BTreeMap<proto::id::SocketId, (proto::id::HostId, u16, u32)>,
    held: BTreeMap<proto::id::PacketId, (Option<proto::id::HostId>, String)>,
    /// Calls that have not ended: whose, where, and what they are called.
    waiting: BTreeMap<proto::id::CallRef, (proto::id::ProgramId, proto::id::HostId, &'static str)>,
    wire_held: bool,
}

impl Oracle {
    fn of(events: &[Event]) -> Self {
        let mut oracle = Self::default();
        let mut packets = BTreeMap::new();
        for event in events {
            match &event.what {
                What::State(change) => {
                    oracle.listening.remove(&change.socket);
                    if let (TcpState::Listen, Some(local)) =
                        (change.to, change.local.and_then(|local| local.inet()))
                    {
                        oracle.listening.insert(change.socket, (change.host, local.port(), change.unread));
                    }
                }
                What::Packet(packet) => {
                    let flags = match &packet.transport {
                        Transport::Tcp(tcp) => tcp.flags.names().collect::<Vec<_>>().join("+"),
                        _ => String::new(),
                    };
                    packets.insert(packet.id, (packet.from, flags));
                    oracle.fate(packet.id, &packet.fate, &packets);
                }
                What::Fate(later) => oracle.fate(later.id, &later.fate, &packets),
                What::Wire { settings, .. } => oracle.wire_held = settings.held,
                What::CallBegin(begin) => {
                    oracle.waiting.insert(begin.id, (begin.program, begin.host, begin.call.name()));
                }
                What::CallEnd(end) => drop(oracle.waiting.remove(&end.id)),
                What::ProgramEnded(program) => oracle.waiting.retain(|_, (whose, ..)| whose != program),
                _ => {}
            }
        }
        oracle
    }

    fn fate(
        &mut self,
        id: proto::id::PacketId,
        fate: &Fate,
        packets: &BTreeMap<proto::id::PacketId, (Option<proto::id::HostId>, String)>,
    ) {
        self.held.remove(&id);
        if let (Fate::Held, Some(packet)) = (fate, packets.get(&id)) {
            self.held.insert(id, packet.clone());
        }
    }

    fn listens(&self, host: proto::id::HostId, port: u16) -> bool {
        self.listening.values().any(|(on, own, _)| (*on, *own) == (host, port))
    }

    fn queued(&self, host: proto::id::HostId, port: u16) -> u32 {
        self.listening
            .values()
            .filter(|(on, own, _)| (*on, *own) == (host, port))
            .map(|(.., queued)| *queued)
            .max()
            .unwrap_or(0)
    }

    fn waits(&self, host: proto::id::HostId, call: &str) -> bool {
        self.waiting.values().any(|(_, on, name)| (*on, *name) == (host, call))
    }

    fn stands(&self, host: proto::id::HostId, flags: &str) -> bool {
        self.held.values().any(|(from, own)| *from == Some(host) && own == flags)
    }
}

/// Sentences that say how the room is now, and whether it is so.
fn is_so(sentence: &str, oracle: &Oracle, client: &Client) -> bool {
    let (server, caller) = (client.host("server"), client.host("client"));
    let listens = oracle.listens(server, 12345);
    match sentence {
        said if said.starts_with("It waits for somebody to call.") => listens,
        said if said.starts_with("connect() waits.") => oracle.stands(caller, "SYN"),
        said if said.starts_with("The SYN ACK stands in the middle") => oracle.stands(server, "SYN+ACK"),
        said if said.starts_with("Now take the next one off the wire") => !oracle.held.is_empty(),
        said if said.contains("where nobody listens now") => !listens,
        said if said.starts_with("The port is taken, and nobody listens") => !listens,
        said if said.starts_with("Now the sixth") => oracle.queued(server, 12345) >= 5,
        said if said.starts_with("And the seventh") => oracle.queued(server, 12345) >= 6,
        said if said.starts_with("The server waits in recv") => oracle.waits(server, "recv"),
        said if said.starts_with("The second waits for its answer") => oracle.waits(caller, "recv"),
        said if said.starts_with("Nobody listens on server, port 12345, now") => !listens,
        said if said.starts_with("The wire is held: nothing gets through") => oracle.wire_held,
        said if said.starts_with("The wire is not held now") => !oracle.wire_held,
        said if said.starts_with("No SYN of client stands") => !oracle.stands(caller, "SYN"),
        said if said.starts_with("No SYN ACK of server stands") => !oracle.stands(server, "SYN+ACK"),
        said if said.starts_with("No packet stands") => oracle.held.is_empty(),
        _ => true,
    }
}

/// What a tick says of the event that earned it.
fn fits(see: &str, evidence: &Event, events: &[Event]) -> bool {
    let call = |id| {
        events.iter().find_map(|event| match &event.what {
            What::CallBegin(begin) if begin.id == id => Some(begin.call.name()),
            _ => None,
        })
    };
    let is_in = |state| matches!(&evidence.what, What::State(change) if change.to == state);
    let is_rst = matches!(&evidence.what, What::Packet(packet) if matches!(&packet.transport, Transport::Tcp(tcp) if tcp.flags.contains(TcpFlags::RST)));
    let ended = |name: &str| matches!(&evidence.what, What::CallEnd(end) if call(end.id) == Some(name));
    match see {
        "Thanked." => {
            matches!(&evidence.what, What::CallEnd(end) if &end.data.bytes[..] == b"Thank you for connecting")
        }
        "It received what the server sent." | "A greeting." | "Bytes were received." => ended("recv"),
        "It came to accept." | "accept was called." => {
            matches!(&evidence.what, What::CallBegin(begin) if begin.call.name() == "accept")
        }
        "You held it." => matches!(&evidence.what, What::Wire { settings, .. } if settings.held),
        "You dropped one." => {
            matches!(&evidence.what, What::Fate(later) if matches!(later.fate, Fate::Dropped(Some(_))))
        }
        "Both were closed." | "A socket was closed." => ended("close"),
        "Both ends were closed." => ended("close") || ended("recv"),
        "It was told to listen." => ended("listen"),
        "Closed." | "All three were closed." => ended("close"),
        "server is in CLOSE_WAIT." => is_in(TcpState::CloseWait),
        "The server is in TIME_WAIT." | "Now client is in TIME_WAIT." => is_in(TcpState::TimeWait),
        "RST: broken off." | "Sent, and answered by a RST." => is_rst,
        "Started again within a minute." | "Port 12345 is taken." | "It has a port." => ended("bind"),
        "No answer in 2 seconds." | "The quick one waited for the slow one." => ended("recv"),
        "A letter became two messages." | "The letter stayed whole." => ended("send"),
        "Two names, then two texts." | "Two whole lines." => matches!(evidence.what, What::Output { .. }),
        see if see.starts_with("Answered, ") || see.starts_with("It asked for 6 bytes") => ended("recv"),
        see if see.starts_with("Refused") => ended("connect"),
        see if see.starts_with("Connected") => ended("connect"),
        _ => true,
    }
}

/// One person on their way.
struct Walk {
    page: Page,
    lesson: &'static str,
    rng: TestRng,
    guest: Option<Client>,
    room: NewRoom,
}

impl Walk {
    async fn begin(server: &TestServer, number: u64) -> Self {
        let room = NewRoom::create(server).await;
        let page = Page::open(&room).await;
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let lesson = LESSONS[(number % LESSONS.len() as u64) as usize];
        let mut walk = Self { page, lesson, rng, guest: None, room };
        walk.page.open_lesson(&source(lesson));
        walk
    }

    fn below(&mut self, most: u32) -> u32 {
        self.rng.next_u32() % most
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(u32::try_from(from.len()).expect("few")) as usize].clone()
    }

    /// Something that somebody does.
    async fn deed(&mut self) {
        let deed = self.below(16);
        self.page.story.push(format!("deed {deed}"));
        match deed {
            0..=4 => drop(self.page.filled().await),
            5 | 6 => {
                let _said = self.page.help().await;
            }
            7 => {
                if let Some(progress) = self.page.lesson.progress_mut() {
                    progress.skip();
                }
            }
            8 => {
                let source = source(self.lesson);
                self.page.reload(&source).await;
            }
            9 | 10 => {
                let (host, line) = self.pick(&[
                    ("server", "l.close()"),
                    ("client", "c.close()"),
                    ("server", "s.close()"),
                    ("client", "s.close()"),
                    ("server", "conn.close()"),
                    ("client", "s = socket.socket()"),
                    ("server", "l = socket.socket()"),
                    ("server", "l.bind((\"\", 12345))"),
                    ("server", "l.listen(50)"),
                    ("client", "c = socket.socket()"),
                    ("client", "c.connect((\"server\", 12345))"),
                    ("client", "s.connect((\"tutorial\", 7))"),
                ]);
                self.page.story.push(format!("{host}: {line}"));
                let _said = self.page.line(host, line, true).await;
            }
            11 => {
                let command = self.pick(&[WireCommand::Hold, WireCommand::Release, WireCommand::Step]);
                self.page.wire(command).await;
            }
            12 => {
                let (host, file) =
                    self.pick(&[("server", "server.py"), ("client", "client.py"), ("server", "hello.py")]);
                let _said = self.page.run(host, file).await;
            }
            13 => {
                let _said = self.page.run("server", "mine.py").await;
            }
            14 => self.foreign().await,
            _ => {
                let (part, step) = (self.below(3) as usize, self.below(4) as usize);
                self.page.lesson.go_to((part, step));
            }
        }
    }

    /// Somebody else does something: a guest calls, a cable is cut, another lesson is opened.
    async fn foreign(&mut self) {
        match self.below(3) {
            0 => {
                let plugged = self.below(2) == 0;
                self.page.cable("client", plugged).await;
            }
            1 => {
                self.page.keep();
                self.lesson = self.pick(&LESSONS);
                let source = source(self.lesson);
                self.page.open_lesson(&source);
            }
            _ => {
                if self.guest.is_none() {
                    self.guest = Client::try_join(&self.room.join(), "guest").await.ok();
                }
                let Some(guest) = &mut self.guest else { return };
                let own = guest.own_host();
                let Ok(program) = guest.program_on(own).await else { return };
                let fd = guest.socket(program).await;
                let address = guest.resolve(program, "server", 12345).await;
                guest.begin(
                    program,
                    proto::call::Call::Connect { fd, address },
                    proto::call::Wait::Millis(200),
                );
                guest.flush().await;
            }
        }
    }

    /// Every sentence that is drawn now is so.
    fn check(&mut self) {
        let drawn = self.page.drawn();
        let events = &self.page.client.events;
        let oracle = Oracle::of(events);
        if let Some(current) = &drawn.current {
            let said = prose::plain(&current.text);
            assert!(is_so(&said, &oracle, &self.page.client), "{:?} is not so\n{}", said, self.story());
            assert!(!said.contains("{took}") && !said.trim().is_empty(), "{said:?}");
        }
        if let Some(last) = &drawn.last {
            let evidence = events.iter().find(|event| event.seq == last.evidence).expect("a recorded event");
            let see = prose::plain(&last.see);
            assert!(fits(&see, evidence, events), "{see:?} was earned by {evidence:?}\n{}", self.story());
        }
    }

    fn story(&self) -> String {
        format!("lesson {}\n{}", self.lesson, self.page.story.join("\n"))
    }

    /// Passes the current step by help alone.
    async fn pass(&mut self) {
        let before = self.page.lesson.progress().and_then(lesson::Progress::current_at);
        let Some(before) = before else { return };
        let mut why = Vec::new();
        for _ in 0..PRESSES {
            let said = self.page.help().await;
            self.check();
            if self.page.lesson.progress().and_then(lesson::Progress::current_at) != Some(before) {
                return;
            }
            why.push(said);
        }
        panic!("step {before:?} cannot be passed: {why:#?}\n{}", self.story());
    }

    async fn go(&mut self) {
        for _ in 0..DEEDS {
            self.deed().await;
            // What the deed has begun may go on: what is said is looked at when it has been heard.
            self.page.until(Duration::from_millis(20), |_| false).await;
            self.check();
        }
        for _ in 0..3 {
            self.pass().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_somebody_does_the_way_stays_open_and_nothing_said_is_false() {
    let server = TestServer::shared();
    let mut walks: tokio::task::JoinSet<Option<u64>> = tokio::task::JoinSet::new();
    let only: Option<u64> = std::env::var("WALK").ok().and_then(|text| text.parse().ok());
    let mut failed = Vec::new();
    for number in (0..WALKS).filter(|number| only.is_none_or(|only| only == *number)) {
        if walks.len() == AT_ONCE
            && let Some(Ok(ended)) = walks.join_next().await
        {
            failed.extend(ended);
        }
        let server = std::sync::Arc::clone(&server);
        walks.spawn(async move {
            let walk = async move { Walk::begin(&server, number).await.go().await };
            tokio::task::spawn(walk).await.is_err().then_some(number)
        });
    }
    while let Some(Ok(ended)) = walks.join_next().await {
        failed.extend(ended);
    }
    assert!(failed.is_empty(), "{} of {WALKS} walks failed; WALK=N runs one: {failed:?}", failed.len());
}

/// Each lesson, one after the other in the same room, by help alone: what one leaves stops none of the others, nor does a
/// reload in its middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_lesson_comes_to_its_end_in_what_the_others_left() {
    let server = TestServer::shared();
    let order = [
        "by-hand",
        "socket",
        "names",
        "connect",
        "bind",
        "listen",
        "accept",
        "stream",
        "close",
        "two-scripts",
        "backlog",
        "restart",
        "many",
        "framing",
        "turns",
    ];
    let once = tokio::spawn(one_after_the_other(std::sync::Arc::clone(&server), order, false));
    let back = tokio::spawn(one_after_the_other(server, reversed(order), true));
    once.await.expect("in order");
    back.await.expect("reversed, with reloads");
}

async fn one_after_the_other(
    server: std::sync::Arc<TestServer>,
    order: [&'static str; LESSONS.len()],
    reloads: bool,
) {
    let mut walk = Walk::begin(&server, 0).await;
    for lesson in order {
        walk.lesson = lesson;
        walk.page.open_lesson(&source(lesson));
        let mut steps = 0;
        while walk.page.lesson.progress().and_then(lesson::Progress::current_at).is_some() {
            walk.pass().await;
            steps += 1;
            if reloads && steps == MIDDLE {
                walk.page.reload(&source(lesson)).await;
            }
        }
        walk.page.keep();
    }
}

/// What somebody hands in of a lesson, done again for real: nearly all of it is the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lessons_recordings_happen_again() {
    let server = TestServer::shared();
    for lesson in LESSONS {
        let mut walk = Walk::begin(&server, 0).await;
        walk.lesson = lesson;
        walk.page.open_lesson(&source(lesson));
        while walk.page.lesson.progress().and_then(lesson::Progress::current_at).is_some() {
            walk.pass().await;
        }
        let made = keep(&walk.room.owner(), &serde_json::json!({})).await.json();
        let (id, page) = (made["id"].as_str().expect("an id"), server.page);
        let head = format!(
            "POST /s/{id}/again HTTP/1.1\r\nHost: {page}\r\nOrigin: {}\r\nContent-Length: 0\r\n",
            server.origin()
        );
        let compared = http::request(page, &head).await.json();
        assert!(compared["per_mille"].as_u64() >= Some(950), "{lesson}: {compared:#}");
        assert_eq!(
            compared["calls"]["left_out"],
            serde_json::json!([]),
            "{lesson}: every call is made again"
        );
        assert!(compared["equal"].as_u64() >= Some(20), "{lesson}: {compared:#}");
    }
}

/// A step in which each lesson has sockets and programs.
const MIDDLE: usize = 3;

fn reversed<const N: usize>(mut order: [&str; N]) -> [&str; N] {
    order.reverse();
    order
}
