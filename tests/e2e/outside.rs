//! From a room to the internet, without the internet: a network namespace in which every address is local, a name
//! server that says what the test wants, and canaries where nobody may ever call.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    process::Command,
};

use proto::{
    address::Address,
    call::{Call, CallError, Family, Kind, Value, Wait},
    id::{CallId, ProgramId},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::{PATIENCE, client::Client, http, room::NewRoom, server::TestServer, trace};

/// Bytes of a message of the name service before its question.
const HEAD: usize = 12;
const NAME_SERVER: &str = "9.9.9.9:53";
const GOOGLE: &str = "142.250.185.68:80";
/// Where nobody may call: the machine itself, its networks, and a cloud's metadata.
const CANARIES: [&str; 5] =
    ["127.0.0.1:80", "10.1.2.3:80", "192.168.1.10:80", "169.254.169.254:80", "100.64.0.1:80"];

/// Runs one of the tests below in a network where every address is local, `prepared` by a shell.
fn in_a_network(test: &str, prepared: &str) {
    let resolv = std::env::temp_dir().join(format!("wireside-e2e-resolv-{test}-{}", std::process::id()));
    std::fs::write(&resolv, "nameserver 9.9.9.9\n").expect("a file");
    let script = format!(
        "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && mount --bind \"$1\" /etc/resolv.conf && {prepared} exec \
         \"$2\" --exact outside::{test} --ignored --nocapture"
    );
    // Built before there is no network any more.
    crate::harness::server::program();
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "--mount", "bash", "-c", &script, "within"])
        .arg(&resolv)
        .arg(std::env::current_exe().expect("a program knows itself"))
        .current_dir(crate::harness::root())
        .output()
        .expect("unshare");
    let _gone = std::fs::remove_file(&resolv);
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn outside_a_room() {
    in_a_network("within", "");
}

#[test]
fn the_way_out_is_shared() {
    in_a_network("shared", "");
}

/// The operator's rules as they are shipped, but for the user: here both the server and this test are root, and the test
/// has to reach the server.
#[test]
fn rules_of_the_kernel_are_noticed() {
    let here = r#"sed -e 's/"wireside"/0/' -e '/127\.0\.0\.0/d' -e '/^ *counter reject$/d' deploy/egress.nft | nft -f - &&"#;
    in_a_network("filtered", here);
}

/// What runs in there.
#[tokio::test]
#[ignore = "runs in a namespace of its own, started by outside_a_room"]
async fn within() {
    let names = [
        ("www.google.com", GOOGLE),
        ("example.com", "10.1.2.3:80"),
        ("metadata.example", "169.254.169.254:80"),
        ("home.example", "192.168.1.10:80"),
        ("carrier.example", "100.64.0.1:80"),
        ("self.example", "127.0.0.1:80"),
        // Public, and the operator's own.
        ("nat.example", "93.184.215.99:80"),
    ];
    answer_names(&names, "");
    let canaries: Vec<TcpListener> =
        CANARIES.iter().map(|address| TcpListener::bind(address).expect("a canary")).collect();
    let web = tokio::net::TcpListener::bind(GOOGLE).await.expect("every address is local");
    tokio::spawn(serve_page(web));

    let mut flags = vec!["--refuse".to_owned(), "93.184.215.0/24".to_owned()];
    flags.extend(names[2..].iter().flat_map(|(name, _)| ["--allow".to_owned(), format!("{name}:80")]));
    let server = TestServer::start(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    client.subscribe();
    assert_eq!(client.snapshot().features.outbound, "list");
    let program = client.program("client").await;

    // The tutorial's last lesson.
    let address = client.resolve(program, "www.google.com", 80).await;
    assert_eq!(address, GOOGLE.parse::<Address>().expect("an address"));
    let fd = client.socket(program).await;
    client.connect_to(program, fd, address).await.expect("connected");
    client.send(program, fd, b"GET / HTTP/1.0\r\n\r\n").await.expect("sent");
    let page = client.recv_all(program, fd).await;
    assert!(page.starts_with(b"HTTP/1.0 200"), "{}", String::from_utf8_lossy(&page));
    let outside = |events: &[_]| trace::ends(events).iter().any(|end| end.outside);
    client.trace_until(outside).await;
    assert!(trace::packets(&client.events).is_empty(), "packets outside are not captured, and not made up");

    // Names that lead where nobody may go, however they are listed.
    for (name, _) in &names[1..] {
        let resolve = Call::Resolve { name: (*name).to_owned(), family: None, port: 80 };
        match client.call(program, resolve).await {
            Err(CallError::Policy { .. }) => {}
            Ok(Value::Addresses { addresses, .. }) => {
                for address in addresses {
                    refused(&mut client, program, (address, 80).into()).await;
                }
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    // What is not listed is not asked for.
    for (name, port) in [("www.example.org", 80), ("www.google.com", 22)] {
        let resolve = Call::Resolve { name: name.to_owned(), family: None, port };
        let outcome = client.call(program, resolve).await;
        assert!(matches!(outcome, Err(CallError::Policy { .. })), "{name}:{port}: {outcome:?}");
    }
    // Addresses without a name.
    for address in CANARIES.iter().skip(1).chain(&["8.8.8.8:80", "9.9.9.9:53"]) {
        refused(&mut client, program, address.parse().expect("an address")).await;
    }
    // The machines have no IPv6, and so nothing outside has: by a rule, not by an errno.
    let socket = Call::Socket { family: Family::Inet6, kind: Kind::Stream };
    let Ok(Value::Descriptor(fd)) = client.call(program, socket).await else { panic!("no socket") };
    let address = "[2606:4700::1111]:80".parse().expect("an address");
    assert_eq!(rule(client.connect_to(program, fd, address).await), "ipv6_off");
    for canary in canaries {
        canary.set_nonblocking(true).expect("set");
        assert!(canary.accept().is_err(), "somebody called {:?}", canary.local_addr());
    }
}

fn rule<T: std::fmt::Debug>(refused: Result<T, CallError>) -> String {
    match refused {
        Err(CallError::Policy { rule, .. }) => rule,
        other => panic!("{other:?}"),
    }
}

fn limit<T: std::fmt::Debug>(refused: Result<T, CallError>) -> String {
    match refused {
        Err(CallError::Limit { limit, .. }) => limit,
        other => panic!("{other:?}"),
    }
}

/// Somebody in a room of theirs, with a program.
struct Visitor {
    client: Client,
    program: ProgramId,
}

impl Visitor {
    async fn from(server: &TestServer, address: &str) -> Self {
        let room = NewRoom::create_for(server, address).await;
        let mut client = Client::join(&room.owner(), "Ada").await;
        let program = client.program("client").await;
        Self { client, program }
    }

    /// Connects, and stays connected.
    async fn connect(&mut self, name: &str) -> Result<(), CallError> {
        let address = self.client.resolve(self.program, name, 80).await;
        let fd = self.client.socket(self.program).await;
        self.client.connect_to(self.program, fd, address).await
    }

    fn begin_lookup(&mut self, name: &str) -> CallId {
        let resolve = Call::Resolve { name: name.to_owned(), family: None, port: 80 };
        self.client.begin(self.program, resolve, Wait::Forever)
    }

    async fn look_up(&mut self, name: &str) -> Result<Value, CallError> {
        let id = self.begin_lookup(name);
        self.client.result(id).await.0
    }
}

/// What runs in there: visitors behind a declared proxy, some of whom want all there is.
#[tokio::test]
#[ignore = "runs in a namespace of its own, started by the_way_out_is_shared"]
async fn shared() {
    const HOLD: &str = "93.184.216.34:80";
    let names = [
        ("www.google.com", GOOGLE),
        ("hold.example", HOLD),
        // Where this server is reached from outside: by its name, and by an address that no interface has.
        ("named.example", "93.184.215.101:80"),
        ("dialled.example", "93.184.215.102:80"),
    ];
    answer_names(&names, "silent");
    let web = tokio::net::TcpListener::bind(GOOGLE).await.expect("every address is local");
    tokio::spawn(serve_page(web));
    let hold = tokio::net::TcpListener::bind(HOLD).await.expect("every address is local");
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = hold.accept().await {
            held.push(stream);
        }
    });
    let mut flags = vec!["--trusted-proxy", "127.0.0.1", "--host-name", "named.example"];
    for target in ["hold.example:80", "named.example:80", "dialled.example:80", "silent.example:80"] {
        flags.extend(["--allow", target]);
    }
    let server = TestServer::start_at(std::net::IpAddr::from(Ipv4Addr::UNSPECIFIED), &flags);

    // Three visitors take all that one may have; the next address has its share of what is left.
    let mut visitors = Vec::new();
    for address in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        for _ in 0..2 {
            let mut visitor = Visitor::from(&server, address).await;
            for _ in 0..4 {
                visitor.connect("hold.example").await.expect("connected");
            }
            // The first room has all of a room's, the second all of an address's.
            let whose = if visitors.len() % 2 == 0 { "outbound-at-once" } else { "address-outbound" };
            assert_eq!(limit(visitor.connect("hold.example").await), whose);
            visitors.push(visitor);
        }
    }
    let mut fourth = Visitor::from(&server, "198.51.100.4").await;
    for _ in 0..2 {
        fourth.connect("hold.example").await.expect("a share");
    }
    assert_eq!(limit(fourth.connect("hold.example").await), "outbound-total");
    let mut other = Visitor::from(&server, "198.51.100.5").await;
    other.connect("www.google.com").await.expect("a share is always there");

    // The same of look-ups: a zone whose name server says nothing.
    let mut greedy = Vec::new();
    for _ in 0..3 {
        greedy.push(Visitor::from(&server, "198.51.100.6").await);
    }
    let mut asked = Vec::new();
    for visitor in &mut greedy {
        asked.push([(); 4].map(|()| visitor.begin_lookup("silent.example")));
    }
    for visitor in &mut greedy {
        visitor.client.flush().await;
    }
    let mut other = Visitor::from(&server, "198.51.100.7").await;
    other.look_up("www.google.com").await.expect("an answer");
    let mut refused = 0;
    for (visitor, asked) in greedy.iter_mut().zip(asked) {
        for id in asked {
            match visitor.client.result(id).await.0 {
                Err(CallError::Limit { limit, .. }) if limit == "address-lookups" => refused += 1,
                Err(CallError::Resolve(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(refused, 4);

    // Its own address by its name, and by a connection that came there.
    let mut visitor = Visitor::from(&server, "198.51.100.8").await;
    visitor.look_up("dialled.example").await.expect("nobody knows yet whose that is");
    let dialled = SocketAddr::from(([93, 184, 215, 102], server.page.port()));
    let _connection = tokio::net::TcpStream::connect(dialled).await.expect("every address is local");
    for name in ["dialled.example", "named.example"] {
        let known = async {
            loop {
                let mut visitor = Visitor::from(&server, "198.51.100.9").await;
                if let Err(refused) = visitor.look_up(name).await {
                    return rule(Err::<(), _>(refused));
                }
            }
        };
        let rule = tokio::time::timeout(PATIENCE, known).await.expect("it is found out");
        assert_eq!(rule, "non_public_answer", "{name}");
    }
}

/// What runs in there, with the operator's rules.
#[tokio::test]
#[ignore = "runs in a namespace of its own, started by rules_of_the_kernel_are_noticed"]
async fn filtered() {
    let server = TestServer::start(&["--outbound", "open"]);
    let health = http::get(server.page, "/health").await.json();
    assert_eq!(health["outside_filtered"], true, "{health}");
    let server = TestServer::start(&[]);
    let health = http::get(server.page, "/health").await.json();
    assert!(health["outside_filtered"].is_null(), "{health}");
}

/// A connect that our rule refuses: never an errno, and never one that comes through.
async fn refused(client: &mut Client, program: ProgramId, address: SocketAddr) {
    let fd = client.socket(program).await;
    let outcome = client.connect_to(program, fd, address.into()).await;
    assert!(matches!(outcome, Err(CallError::Policy { .. })), "{address}: {outcome:?}");
    client.close_fd(program, fd).await.expect("closed");
}

async fn serve_page(listener: tokio::net::TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = [0; 1024];
        let _request = stream.read(&mut request).await;
        let _gone = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nhello from outside").await;
    }
}

/// A name server with these names and no others, which says nothing of names that begin with `silent`.
fn answer_names(names: &[(&str, &str)], silent: &str) {
    let silent = labels(silent);
    let table: HashMap<Vec<u8>, Ipv4Addr> = names
        .iter()
        .map(|(name, address)| {
            let address: SocketAddr = address.parse().expect("an address");
            let std::net::IpAddr::V4(address) = address.ip() else { panic!("IPv4") };
            (labels(name), address)
        })
        .collect();
    let socket = UdpSocket::bind(NAME_SERVER).expect("every address is local");
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, asker)) = socket.recv_from(&mut query) {
            let name = query.get(HEAD..HEAD + silent.len() - 1);
            if silent.len() > 2 && name == Some(&silent[..silent.len() - 1]) {
                continue;
            }
            let _gone = socket.send_to(&answer(&query[..length], &table), asker);
        }
    });
}

/// A name as RFC 1035 section 3.1 writes it.
fn labels(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).expect("short"));
        bytes.extend(label.to_ascii_lowercase().bytes());
    }
    bytes.push(0);
    bytes
}

/// The answer to a query with one question (RFC 1035 section 4.1): an address, or that there is none.
fn answer(query: &[u8], table: &HashMap<Vec<u8>, Ipv4Addr>) -> Vec<u8> {
    const TYPE_A: u16 = 1;
    let name_end = HEAD + query[HEAD..].iter().position(|&byte| byte == 0).expect("a name") + 1;
    let question = &query[HEAD..name_end + 4];
    let kind = u16::from_be_bytes([query[name_end], query[name_end + 1]]);
    let known = table.get(&query[HEAD..name_end].to_ascii_lowercase());
    let address = known.filter(|_| kind == TYPE_A);
    // Response, recursion desired and available; NXDOMAIN for a name that nobody has.
    let code = if known.is_some() { 0x80 } else { 0x83 };
    let mut answer = vec![query[0], query[1], 0x81, code, 0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0];
    answer.extend_from_slice(question);
    if let Some(address) = address {
        // The name of the question, type A, class IN, 60 seconds, four bytes.
        answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend_from_slice(&address.octets());
    }
    answer
}
