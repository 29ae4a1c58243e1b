//! From a room to the internet, without the internet: a network namespace in which every address is local, a name
//! server that says what the test wants, and canaries where nobody may ever call.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    process::Command,
};

use proto::call::{Call, CallError, Value};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::{client::Client, room::NewRoom, server::TestServer, trace};

const NAME_SERVER: &str = "9.9.9.9:53";
const GOOGLE: &str = "142.250.185.68:80";
/// Where nobody may call: the machine itself, its networks, and a cloud's metadata.
const CANARIES: [&str; 5] =
    ["127.0.0.1:80", "10.1.2.3:80", "192.168.1.10:80", "169.254.169.254:80", "100.64.0.1:80"];

#[test]
fn outside_a_room() {
    let resolv = std::env::temp_dir().join(format!("wireside-e2e-resolv-{}", std::process::id()));
    std::fs::write(&resolv, "nameserver 9.9.9.9\n").expect("a file");
    let script = "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && mount --bind \"$1\" /etc/resolv.conf \
                  && exec \"$2\" --exact outside::within --ignored --nocapture";
    // Built before there is no network any more.
    crate::harness::server::program();
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "--mount", "bash", "-c", script, "within"])
        .arg(&resolv)
        .arg(std::env::current_exe().expect("a program knows itself"))
        .output()
        .expect("unshare");
    let _gone = std::fs::remove_file(&resolv);
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
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
    answer_names(&names);
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
    assert_eq!(address, GOOGLE.parse::<SocketAddr>().expect("an address"));
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
    for canary in canaries {
        canary.set_nonblocking(true).expect("set");
        assert!(canary.accept().is_err(), "somebody called {:?}", canary.local_addr());
    }
}

/// A connect that our rule refuses: never an errno, and never one that comes through.
async fn refused(client: &mut Client, program: proto::id::ProgramId, address: SocketAddr) {
    let fd = client.socket(program).await;
    let outcome = client.connect_to(program, fd, address).await;
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

/// A name server with these names and no others.
fn answer_names(names: &[(&str, &str)]) {
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
    const HEAD: usize = 12;
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
