//! A network in which every address is local: nothing can leave, and a canary sees which address was dialled.
//!
//! The test starts itself again in a network namespace of its own and runs [`inside`] there.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bridge::egress::{Egress, Mode, Progress, RoomEgress, limits};
use lab::Outside;
use proto::call::CallError;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket};

use crate::hosts::{PUBLIC, REFUSED};
use crate::name_server::{NameServer, Zone};
use crate::{egress, rule};

/// Everything is local: the routes of a namespace that plays the internet.
const PREPARE: &str = "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && \
                       ip -6 route add local ::/0 dev lo && exec \"$@\"";

#[test]
fn what_is_allowed_arrives_and_what_is_refused_is_never_dialled() {
    let tried = Command::new("unshare").args(["-Urn", "sh", "-c", PREPARE, "sh", "true"]).output();
    if !tried.as_ref().is_ok_and(|output| output.status.success()) {
        // Where everything is tested, what cannot be is a failure.
        assert!(
            std::env::var_os("WIRESIDE_NO_SKIPPING").is_none(),
            "no network namespace of our own: {tried:?}"
        );
        println!("skipped: no network namespace of our own here ({tried:?})");
        return;
    }
    let this = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .args(["-Urn", "sh", "-c", PREPARE, "sh"])
        .arg(this)
        .args(["--ignored", "--exact", "canary::inside", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Connects begun in this namespace since it was made, as the kernel counts them.
fn dialled() -> usize {
    let table = std::fs::read_to_string("/proc/net/snmp").unwrap();
    let mut lines = table.lines().filter(|line| line.starts_with("Tcp:")).map(str::split_ascii_whitespace);
    let (names, mut values) = (lines.next().unwrap(), lines.next().unwrap());
    let at = names.into_iter().position(|name| name == "ActiveOpens").unwrap();
    values.nth(at).unwrap().parse().unwrap()
}

/// A listener on every address there is.
fn canary(port: u16) -> TcpListener {
    listener(port, 128)
}

fn listener(port: u16, backlog: u32) -> TcpListener {
    let socket = TcpSocket::new_v6().unwrap();
    socket.bind(SocketAddr::from(([0_u16; 8], port))).unwrap();
    socket.listen(backlog).unwrap()
}

/// Connects and returns the address at which the canary was met.
async fn arrive(egress: &Egress, canary: &TcpListener, room: &str, address: SocketAddr) -> SocketAddr {
    let outbound = egress.connect(room, address).await.unwrap();
    let (near, _) = canary.accept().await.unwrap();
    assert!(outbound.budget.is_limited());
    let met = near.local_addr().unwrap();
    SocketAddr::new(met.ip().to_canonical(), met.port())
}

#[tokio::test]
#[ignore = "needs a namespace of its own: run by the test above"]
async fn inside() {
    let name_server = "9.9.9.10:53".parse().unwrap();
    let zones = [
        ("www.google.com", Zone::of(&["142.250.74.36", "2a00:1450:4001:82b::2004"])),
        ("example.com", Zone::of(&["93.184.215.14", "10.0.0.1"])),
        ("slow.example.com", Zone::of(&["93.184.215.15"])),
        ("turns.example.com", Zone::turns(&[&["93.184.215.14"], &["127.0.0.1"]])),
    ];
    let _server = NameServer::start(name_server, &zones).await;
    let (web, tls) = (canary(80), canary(443));

    tutorial(&egress(Mode::default(), name_server), &web).await;
    let open = egress(Mode::Open, name_server);
    open.resolve("first", "www.google.com", 80, None).await.unwrap();
    let before = dialled();
    refused(&open).await;
    assert_eq!(dialled(), before, "no refused address was dialled, on any port");
    public(&open, &web, &tls).await;
    assert_eq!(dialled(), before + 2 * PUBLIC.len());
    scanner(&open, &web).await;
    slow(name_server).await;
    clocks(Arc::new(open), &web).await;
}

/// The tutorial's own target, under the default policy.
async fn tutorial(egress: &Egress, web: &TcpListener) {
    assert_eq!(dialled(), 0);
    let addresses = egress.resolve("room", "www.google.com", 80, None).await.unwrap();
    assert_eq!(addresses.len(), 2);
    for address in addresses.into_iter().map(|address| SocketAddr::new(address, 80)) {
        assert_eq!(arrive(egress, web, "room", address).await, address);
    }
    assert_eq!(rule(egress.resolve("room", "example.com", 80, None).await), "non_public_answer");
    assert_eq!(rule(egress.judge("room", "93.184.215.14:80".parse().unwrap())), "no_grant");
    assert_eq!(dialled(), 2);
}

async fn refused(egress: &Egress) {
    for (number, (spelling, expected)) in REFUSED.iter().enumerate() {
        let room = number.to_string();
        assert_eq!(rule(egress.resolve(&room, spelling, 80, None).await), *expected, "{spelling:?}");
        let Ok(address) = spelling.parse::<IpAddr>() else { continue };
        for port in [80, 443] {
            let outcome = egress.connect(&room, SocketAddr::new(address, port)).await;
            assert_eq!(rule(outcome), *expected, "{spelling:?}");
        }
    }
    for turn in 0..100 {
        let room = format!("turn {turn}");
        let _ = egress.resolve(&room, "turns.example.com", 80, None).await;
        let outcome = egress.connect(&room, "127.0.0.1:80".parse().unwrap()).await;
        assert_eq!(rule(outcome), "loopback");
    }
    let outcome = egress.connect("room", "1.1.1.1:22".parse().unwrap()).await;
    assert_eq!(rule(outcome), "refused_port");
    let outcome = egress.connect("room", "9.9.9.10:80".parse().unwrap()).await;
    assert_eq!(rule(outcome), "resolver");
}

async fn public(egress: &Egress, web: &TcpListener, tls: &TcpListener) {
    for (number, address) in PUBLIC.iter().enumerate() {
        for canary in [web, tls] {
            let address = SocketAddr::new(address.parse().unwrap(), canary.local_addr().unwrap().port());
            assert_eq!(arrive(egress, canary, &format!("public {number}"), address).await, address);
        }
    }
}

/// A room that tries a thousand targets reaches ten.
async fn scanner(egress: &Egress, web: &TcpListener) {
    let before = dialled();
    let targets = (0..1000_u32).map(|number| SocketAddr::from(((0x5db8_0000 + number).to_be_bytes(), 80)));
    for target in targets {
        if let Ok(permitted) = egress.judge("scanner", target) {
            let pending = egress.begin_connect(permitted).unwrap();
            let _ = web.accept().await.unwrap();
            drop(pending);
        }
    }
    assert_eq!(dialled(), before + 10);
}

/// A listener whose queue is full lets SYNs fall: the connection neither comes about nor fails.
async fn slow(name_server: SocketAddr) {
    let listed = Mode::List(vec!["slow.example.com:8080".parse().unwrap()]);
    let egress = egress(listed, name_server);
    let _full = listener(8080, 0);
    let address =
        SocketAddr::new(egress.resolve("slow", "slow.example.com", 0, None).await.unwrap()[0], 8080);
    let _first = egress.connect("slow", address).await.unwrap();
    let permitted = egress.judge("slow", address).unwrap();
    let pending = egress.begin_connect(permitted).unwrap();
    assert_eq!(pending.check(), Ok(Progress::Waiting));
    tokio::time::pause();
    let limit = CallError::Limit { limit: "outbound-connect-seconds".into(), value: 5 };
    assert_eq!(pending.wait().await.map(|_| ()), Err(limit.clone()));
    let door = RoomEgress::new(Arc::new(egress), "slow");
    let outside = door.connect(address).unwrap();
    pass(limits::CONNECT).await;
    assert_eq!(outside.bounds.check(outside.socket.as_fd()), Err(limit));
    tokio::time::resume();
}

/// What the lab gets: a socket that ends with the room's budget, and gives its place back.
async fn clocks(egress: Arc<Egress>, web: &TcpListener) {
    let door = RoomEgress::new(Arc::clone(&egress), "clocks");
    let outside = door.connect("93.184.215.14:80".parse().unwrap()).unwrap();
    let (mut far, _) = web.accept().await.unwrap();
    assert_eq!(outside.bounds.check(outside.socket.as_fd()), Ok(()));
    assert_eq!(egress.in_use(), (1, 0));
    tokio::time::pause();
    pass(limits::CONNECT).await;
    assert_eq!(outside.bounds.check(outside.socket.as_fd()), Ok(()));
    // Bytes that move keep it alive; its life ends all the same.
    for _ in 0..2 {
        pass(limits::IDLE - 2 * limits::CONNECT).await;
        assert_eq!(outside.bounds.check(outside.socket.as_fd()), Ok(()));
        outside.bounds.spend(0, 1);
    }
    pass(3 * limits::CONNECT).await;
    let limit = CallError::Limit { limit: "outbound-life-seconds".into(), value: 60 };
    assert_eq!(outside.bounds.check(outside.socket.as_fd()), Err(limit));
    tokio::time::resume();
    assert!(far.read(&mut [0]).await.is_err(), "the far end was cut off");
    drop(outside);
    assert_eq!(egress.in_use(), (0, 0));
    silence(&door, web).await;
}

async fn silence(door: &RoomEgress, web: &TcpListener) {
    let outside = door.connect("93.184.215.14:80".parse().unwrap()).unwrap();
    let _far = web.accept().await.unwrap();
    tokio::time::pause();
    pass(limits::CONNECT).await;
    outside.bounds.spend(1, 0);
    pass(limits::IDLE - limits::CONNECT).await;
    assert_eq!(outside.bounds.check(outside.socket.as_fd()), Ok(()));
    pass(2 * limits::CONNECT).await;
    let limit = CallError::Limit { limit: "outbound-idle-seconds".into(), value: 30 };
    assert_eq!(outside.bounds.check(outside.socket.as_fd()), Err(limit));
    tokio::time::resume();
}

/// Lets the paused clock go on a little further than `time`, and everybody act on it.
async fn pass(time: Duration) {
    tokio::task::yield_now().await;
    tokio::time::advance(time + Duration::from_millis(10)).await;
    tokio::task::yield_now().await;
}
