//! Every spelling of a place that is not public is refused, by every operation that takes an address.

use std::net::{IpAddr, SocketAddr};

use bridge::egress::host::{self, Host};
use bridge::egress::{Mode, rules, table};

use crate::hosts::{PUBLIC, REFUSED};
use crate::name_server::NameServer;
use crate::{egress, loopback, rule};

#[test]
fn there_are_enough_spellings_and_controls() {
    assert!(REFUSED.len() >= 250, "{}", REFUSED.len());
    assert!(PUBLIC.len() >= 28, "{}", PUBLIC.len());
}

#[tokio::test]
async fn refused_spellings_are_refused_by_name_and_without_asking_anybody() {
    let server = NameServer::start(loopback(), &[]).await;
    let egress = egress(Mode::Open, server.address);
    let mut wrong = Vec::new();
    for (number, (spelling, expected)) in REFUSED.iter().enumerate() {
        let room = number.to_string();
        let refused = rule(egress.resolve(&room, spelling, 80, None).await);
        if refused != *expected {
            wrong.push(format!("resolve {spelling:?}: {refused}, not {expected}"));
        }
        let Ok(address) = spelling.parse::<IpAddr>() else { continue };
        let refused = rule(egress.judge(&room, SocketAddr::new(address, 80)));
        if refused != *expected {
            wrong.push(format!("connect {spelling:?}: {refused}, not {expected}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(server.queries(), 0);
    assert!(REFUSED.iter().all(|(_, name)| rules::sentence(name).is_some()));
}

#[tokio::test]
async fn public_addresses_next_door_are_allowed() {
    let server = NameServer::start(loopback(), &[]).await;
    let egress = egress(Mode::Open, server.address);
    // IPv6 opens once the network's translator is known, which a first lookup finds out.
    let _ = egress.resolve("first", "nowhere.example.com", 80, None).await;
    for (number, address) in PUBLIC.iter().enumerate() {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(host::parse(&address.to_string()), Ok(Host::Address(address)));
        assert_eq!(table::refused_address(address), None);
        let permitted = egress.judge(&number.to_string(), SocketAddr::new(address, 443)).unwrap();
        assert_eq!(permitted.address(), SocketAddr::new(address, 443));
    }
    let mapped = egress.judge("mapped", "[::ffff:8.8.8.8]:80".parse().unwrap()).unwrap();
    assert_eq!(mapped.address(), SocketAddr::from(([8, 8, 8, 8], 80)));
}

#[tokio::test]
async fn ipv6_is_closed_while_the_translator_is_unknown() {
    let egress = egress(Mode::Open, loopback());
    assert_eq!(rule(egress.judge("room", "[2606:4700:4700::1111]:80".parse().unwrap())), "nat64_unknown");
}

#[tokio::test]
async fn dangerous_ports_are_refused_even_if_listed() {
    let server = NameServer::start(loopback(), &[]).await;
    let ports: [u16; 36] = [
        22, 23, 25, 53, 110, 111, 135, 137, 139, 143, 389, 445, 465, 587, 993, 995, 1433, 2375, 2376, 2379,
        3306, 3389, 5060, 5061, 5432, 5900, 6379, 6443, 6660, 6665, 6669, 9200, 10250, 11211, 27017, 0,
    ];
    for port in ports {
        let literal = SocketAddr::from(([127, 0, 0, 1], port));
        let mut targets = vec![bridge::egress::Target::Literal(literal)];
        targets.extend(format!("www.example.com:{port}").parse());
        let egress = egress(Mode::List(targets), server.address);
        assert_eq!(rule(egress.judge("room", literal)), "refused_port", "{port}");
        if port != 0 {
            assert_eq!(rule(egress.resolve("room", "www.example.com", port, None).await), "refused_port");
        }
    }
    assert_eq!(server.queries(), 0);
}

#[tokio::test]
async fn each_mode_permits_what_it_says() {
    let server = NameServer::start(loopback(), &[]).await;
    let public = SocketAddr::from(([93, 184, 215, 14], 80));

    let off = egress(Mode::Off, server.address);
    assert_eq!(rule(off.resolve("room", "www.google.com", 80, None).await), "outbound_off");
    assert_eq!(rule(off.judge("room", public)), "outbound_off");

    let list = egress(Mode::default(), server.address);
    assert_eq!(rule(list.resolve("room", "www.example.com", 80, None).await), "not_listed");
    assert_eq!(rule(list.resolve("room", "example.com", 443, None).await), "not_listed");
    assert_eq!(rule(list.resolve("room", "www.google.com.evil.com", 80, None).await), "not_listed");
    assert_eq!(rule(list.judge("room", public)), "no_grant");

    let open = egress(Mode::Open, server.address);
    assert_eq!(rule(open.resolve("room", "www.example.com", 8080, None).await), "open_ports");
    assert_eq!(rule(open.judge("room", SocketAddr::new(public.ip(), 8080))), "open_ports");
    assert_eq!(server.queries(), 0);
    assert!(open.judge("room", public).is_ok());
}

#[tokio::test]
async fn values_in_refusals_are_bounded() {
    let egress = egress(Mode::Open, loopback());
    let name = "ä".repeat(400);
    let Err(proto::call::CallError::Policy { rule, value }) = egress.resolve("room", &name, 80, None).await
    else {
        panic!()
    };
    assert_eq!((rule.as_str(), value.chars().count()), ("invalid_name", 253));
}

#[test]
fn targets_are_read_strictly() {
    let read = |text: &str| text.parse::<bridge::egress::Target>().map(|target| target.to_string()).ok();
    assert_eq!(read("WWW.Google.com.:80").as_deref(), Some("www.google.com:80"));
    assert_eq!(read("127.0.0.1:9999").as_deref(), Some("127.0.0.1:9999"));
    assert_eq!(read("[::1]:9999").as_deref(), Some("[::1]:9999"));
    for text in [
        "www.google.com",
        "www.google.com:0",
        "www.google.com:65536",
        ":80",
        "127.1:80",
        "::1:80",
        "localhost:80",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}
