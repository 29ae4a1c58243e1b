//! Several nodes behind one door: HAProxy with the shipped configuration, of which only the addresses are changed. A node
//! goes away, another comes, one dies, the door is reloaded; people notice nothing, or what is so.

mod classes;
mod compose;
mod cost;
mod died;
mod upgrade;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use proto::message::Refusal;
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{PATIENCE, client::Client, http, in_time, room::NewRoom, root, server::TestServer};

const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
/// Rooms made through the door at first.
const ROOMS: usize = 12;

/// A port that was free a moment ago.
fn free() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("bound")
}

/// Where a node serves, and where it answers the door.
#[derive(Clone, Copy)]
struct Place {
    page: SocketAddr,
    agent: SocketAddr,
}

impl Place {
    /// What stands in the shipped file for the node with this number, and what is meant.
    fn instead_of(&self, number: u8) -> [(String, String); 2] {
        let agent = format!("agent-addr 127.0.0.1 agent-port {}", self.agent.port());
        [
            (format!("10.0.0.{number}:8080"), self.page.to_string()),
            (format!("agent-addr 10.0.0.{number} agent-port 8079"), agent),
        ]
    }
}

/// The folder of one test: the door's configuration, and what the nodes keep.
struct Folder(PathBuf);

impl Folder {
    fn new(of: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{of}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

/// Where four nodes and the door before them are.
struct Places {
    folder: Folder,
    nodes: [Place; 4],
    door: SocketAddr,
}

impl Places {
    fn new(of: &str) -> Self {
        let nodes = [(); 4].map(|()| Place { page: free(), agent: free() });
        Self { folder: Folder::new(of), nodes, door: free() }
    }

    fn start(&self, name: &str, number: usize) -> TestServer {
        node(name, self.nodes[number], self.door, &self.folder)
    }

    async fn open_door(&self) -> Door {
        let changes: Vec<_> =
            (1..).zip(&self.nodes).flat_map(|(number, place)| place.instead_of(number)).collect();
        Door::open(&self.folder, self.door, "haproxy-nodes.cfg", &changes).await
    }

    /// The nodes `a`, `b` and `c`, and the door once it uses all three.
    async fn open_with_three(&self) -> (Door, [TestServer; 3]) {
        let names = ["a", "b", "c"];
        let nodes = [0, 1, 2].map(|number| self.start(names[number], number));
        let door = self.open_door().await;
        for name in names {
            door.uses(name, true).await;
        }
        (door, nodes)
    }
}

/// HAProxy, as master and worker.
struct Door {
    process: Child,
    address: SocketAddr,
    visitors: AtomicU32,
}

impl Door {
    /// A shipped configuration without TLS, changed by these pairs of what stands there and what is meant.
    async fn open(folder: &Folder, address: SocketAddr, shipped: &str, changes: &[(String, String)]) -> Self {
        let mut text = fs::read_to_string(root().join("deploy").join(shipped)).expect("shipped");
        let tls =
            "    bind :443 ssl crt /etc/haproxy/lab.example.pem alpn http/1.1\n    bind :80\n".to_owned();
        let own = [
            (tls, format!("    bind {address}\n")),
            ("    http-request redirect scheme https code 308 unless { ssl_fc }\n".to_owned(), String::new()),
            ("hdr Host lab.example".to_owned(), format!("hdr Host {address}")),
        ];
        for (stands, meant) in own.iter().chain(changes) {
            assert!(text.contains(stands), "{stands:?} is not in {shipped} any more");
            text = text.replace(stands, meant);
        }
        Self::start(folder, address, &text).await
    }

    /// One of this configuration.
    async fn start(folder: &Folder, address: SocketAddr, text: &str) -> Self {
        let file = folder.0.join("haproxy.cfg");
        fs::write(&file, text).expect("written");
        let mut command = Command::new("haproxy");
        command.args(["-W", "-f"]).arg(&file).stdin(Stdio::null());
        let log = fs::File::create(folder.0.join("haproxy.log")).expect("written");
        command.stdout(log.try_clone().expect("a descriptor")).stderr(log);
        let door = Self {
            process: command.spawn().expect("haproxy (Debian's package) runs"),
            address,
            visitors: AtomicU32::new(0),
        };
        let listening = async {
            while tokio::net::TcpStream::connect(address).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        in_time("HAProxy", listening).await;
        door
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).expect("ours");
    }

    /// Makes a room through it, once it has a node that takes one. Each is somebody else's: the nodes count by address.
    async fn room(&self) -> NewRoom {
        let began = std::time::Instant::now();
        loop {
            let number = self.visitors.fetch_add(1, Ordering::Relaxed);
            let visitor = Ipv4Addr::new(
                127,
                1,
                u8::try_from(number / 250 % 250).expect("small"),
                1 + u8::try_from(number % 250).expect("small"),
            );
            match NewRoom::create_through(self.address, visitor).await {
                Ok(room) => return room,
                Err(answer) => assert!(began.elapsed() < PATIENCE, "no room through the door: {answer:?}"),
            }
        }
    }

    /// Waits until new rooms are made on this node too, or on it no more.
    async fn uses(&self, node: &str, wanted: bool) {
        let seeing = async {
            let mut in_a_row = 0;
            while in_a_row < 8 {
                let here = node_of(&self.room().await) == node;
                if here && wanted {
                    return;
                }
                in_a_row = if here { 0 } else { in_a_row + u32::from(!wanted) };
            }
        };
        in_time(&format!("new rooms on {node}: {wanted}"), seeing).await;
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _gone = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _status = self.process.wait();
    }
}

fn node(name: &str, place: Place, door: SocketAddr, folder: &Folder) -> TestServer {
    node_with(name, place, door, folder, &["--agent", &place.agent.to_string()])
}

fn node_with(name: &str, place: Place, door: SocketAddr, folder: &Folder, more: &[&str]) -> TestServer {
    let door = door.to_string();
    let data = folder.0.join("kept").to_string_lossy().into_owned();
    // These clients read only while a test waits for something: their silence is no sign of their end.
    let flags = ["--node", name, "--host-name", &door, "--trusted-proxy", "127.0.0.1", "--silence", "600"];
    TestServer::start_on(place.page, &[&flags[..], &["--data", &data, "--room-idle", "1"], more].concat())
}

fn node_of(room: &NewRoom) -> String {
    room.id.split_once('-').expect("a node's name").0.to_owned()
}

/// Somebody in a room, with a connection to its machine `tutorial`.
struct Visitor {
    node: String,
    room: NewRoom,
    client: Client,
    program: proto::id::ProgramId,
    echo: proto::id::Fd,
}

impl Visitor {
    async fn come(room: NewRoom) -> Self {
        let mut client = Client::join(&room.owner(), "Ada").await;
        let program = client.program("client").await;
        let echo = client.connected(program, "tutorial", 7).await;
        Self { node: node_of(&room), room, client, program, echo }
    }

    /// Everything works, and over the very WebSocket it came with.
    async fn goes_on(&mut self) {
        self.client.send(self.program, self.echo, b"here").await.expect("sent");
        assert_eq!(self.client.recv(self.program, self.echo, 64).await.expect("an echo"), &b"here"[..]);
        assert_eq!((self.client.resumed, self.client.close.clone()), (0, None), "on {}", self.node);
    }
}

async fn all_go_on(visitors: &mut [Visitor]) {
    for visitor in visitors {
        visitor.goes_on().await;
    }
}

#[tokio::test]
async fn one_node_behind_the_door_for_one() {
    let folder = Folder::new("door");
    let (place, address) = (Place { page: free(), agent: free() }, free());
    let _only = node("a", place, address, &folder);
    let page = [("127.0.0.1:8080".to_owned(), place.page.to_string())];
    let door = Door::open(&folder, address, "haproxy.cfg", &page).await;
    Visitor::come(door.room().await).await.goes_on().await;
    assert_eq!(http::get(address, "/metrics").await.status, 404, "counts are nobody's but the operator's");
}

#[tokio::test]
async fn nodes_come_go_and_die_behind_one_door() {
    let places = Places::new("nodes");
    let address = places.door;
    let (door, [a, b, c]) = places.open_with_three().await;
    let mut visitors = Vec::new();
    for _ in 0..ROOMS {
        visitors.push(Visitor::come(door.room().await).await);
    }
    for name in ["a", "b", "c"] {
        assert!(visitors.iter().any(|visitor| visitor.node == name), "the least loaded takes the next one");
    }

    // A new version comes, an old one goes: nobody notices, and new rooms are elsewhere.
    let _d = places.start("d", 3);
    door.uses("d", true).await;
    a.signal(Signal::TERM);
    door.uses("a", false).await;
    all_go_on(&mut visitors).await;
    let on_a = visitors.iter().position(|visitor| visitor.node == "a").expect("seen above");
    let mut guest = Client::join(&visitors[on_a].room.join(), "Grace").await;
    let program = guest.program_on(guest.own_host()).await.expect("a program");
    guest.connected(program, "tutorial", 7).await;
    guest.leave().await;
    let (leaving, mut staying): (Vec<_>, Vec<_>) =
        visitors.into_iter().partition(|visitor| visitor.node == "a");
    for visitor in leaving {
        visitor.client.leave().await;
    }
    assert_eq!(a.wait().0.code(), Some(0), "it ends with its last room: {}", a.log());
    all_go_on(&mut staying).await;

    // The door is reloaded: whoever is in stays in.
    door.signal(Signal::USR2);
    staying.push(Visitor::come(door.room().await).await);
    all_go_on(&mut staying).await;

    // What was kept on one node opens on another.
    let keeper = staying.iter_mut().find(|visitor| visitor.node == "c").expect("seen above");
    let head = format!(
        "POST /r/{}/shares HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nAuthorization: Bearer {}\r\n",
        keeper.room.id,
        keeper.room.owner().key_text()
    );
    let kept = http::request_with(address, &head, "{}").await;
    assert_eq!(kept.status, 201, "{}", kept.body);
    let id = kept.json()["id"].as_str().expect("an id").to_owned();
    let opened = http::get(places.nodes[3].page, &format!("/s/{id}/events")).await;
    assert_eq!(opened.status, 200, "{}", opened.body);
    // Clocks of nodes differ: no link asks whether its recording was made yet, nor how long ago.
    let file = fs::File::options().write(true).open(places.folder.0.join(format!("kept/shares/{id}.share")));
    let (file, now) = (file.expect("its file"), std::time::SystemTime::now());
    for made in [now + 2 * DAY, now - 2 * DAY] {
        file.set_modified(made).expect("another time");
        assert_eq!(http::get(places.nodes[3].page, &format!("/s/{id}/events")).await.status, 200);
    }

    // One dies: its people hear that the room has ended, nobody else notices.
    b.signal(Signal::KILL);
    let (mut dead, mut alive): (Vec<_>, Vec<_>) =
        staying.into_iter().partition(|visitor| visitor.node == "b");
    all_go_on(&mut alive).await;
    let lost = dead.pop().expect("seen above");
    // Not at once: it might only be late.
    assert_eq!(Client::try_join(&lost.room.owner(), "Ada").await.err(), Some(Refusal::NoRoom));
    all_go_on(&mut alive).await;
    drop((b, c));
}
