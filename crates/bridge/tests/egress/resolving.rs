//! What answers of a name server do to the policy.

use std::net::{IpAddr, SocketAddr};

use bridge::egress::{Egress, Mode};
use proto::call::{CallError, Family, ResolveError};
use simple_dns::{RCODE, TYPE};

use crate::name_server::{NameServer, Zone};
use crate::{egress, loopback, rule};

const NAME: &str = "www.google.com";
const V4: &str = "142.250.74.36";
const V6: &str = "2a00:1450:4001:82b::2004";

async fn with(zone: Zone) -> (NameServer, Egress) {
    let server = NameServer::start(loopback(), &[(NAME, zone)]).await;
    let egress = egress(Mode::default(), server.address);
    (server, egress)
}

async fn resolve(egress: &Egress) -> Result<Vec<IpAddr>, CallError> {
    egress.resolve("room", NAME, 80, None).await
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn an_answer_permits_its_addresses_to_the_room_on_the_names_port() {
    let (_server, egress) = with(Zone::of(&[V6, V4])).await;
    assert_eq!(resolve(&egress).await.unwrap(), [ip(V4), ip(V6)]);
    for address in [V4, V6] {
        let permitted = egress.judge("room", SocketAddr::new(ip(address), 80)).unwrap();
        assert_eq!(permitted.name(), NAME);
        assert_eq!(rule(egress.judge("room", SocketAddr::new(ip(address), 443))), "no_grant");
        assert_eq!(rule(egress.judge("another", SocketAddr::new(ip(address), 80))), "no_grant");
    }
    assert_eq!(rule(egress.judge("room", SocketAddr::new(ip("142.250.74.37"), 80))), "no_grant");
    egress.forget("room");
    assert_eq!(rule(egress.judge("room", SocketAddr::new(ip(V4), 80))), "no_grant");
}

#[tokio::test]
async fn a_family_and_no_port_may_be_asked_for() {
    let (_server, egress) = with(Zone::of(&[V6, V4])).await;
    let resolve = |port, family| egress.resolve("room", "WWW.Google.COM.", port, Some(family));
    assert_eq!(resolve(0, Family::Inet).await.unwrap(), [ip(V4)]);
    assert_eq!(resolve(80, Family::Inet6).await.unwrap(), [ip(V6)]);
    let (_server, egress) = with(Zone::of(&[V4])).await;
    let none = egress.resolve("room", NAME, 80, Some(Family::Inet6)).await;
    assert_eq!(none, Err(CallError::Resolve(ResolveError::NoData)));
}

#[tokio::test]
async fn one_address_that_is_not_public_spoils_the_answer_and_is_not_disclosed() {
    for inside in
        ["10.1.2.3", "127.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "fd00:ec2::254", "::ffff:10.1.2.3"]
    {
        for addresses in [&[V4, inside][..], &[inside, V4], &[inside], &[V4, V6, inside]] {
            let (_server, egress) = with(Zone::of(addresses)).await;
            let refused = resolve(&egress).await;
            let value = NAME.to_owned();
            assert_eq!(refused, Err(CallError::Policy { rule: "non_public_answer".into(), value }));
            assert_eq!(rule(egress.judge("room", SocketAddr::new(ip(V4), 80))), "no_grant");
        }
    }
}

#[tokio::test]
async fn the_name_server_and_this_computer_are_not_public() {
    let server = NameServer::start(loopback(), &[(NAME, Zone::of(&["9.9.9.9"]))]).await;
    let mut config = egress(Mode::default(), server.address).config().clone();
    config.own.refused = vec!["9.9.9.0/24".parse().unwrap()];
    let egress = Egress::new(config);
    assert_eq!(rule(resolve(&egress).await), "non_public_answer");
}

#[tokio::test]
async fn aliases_are_followed_eight_times() {
    let chain = |length: usize| (0..length).map(|at| format!("a{at}.example.com"));
    let (_server, egress) = with(Zone::of(&[V4]).behind(chain(8))).await;
    assert_eq!(resolve(&egress).await.unwrap(), [ip(V4)]);
    let (_server, egress) = with(Zone::of(&[V4]).behind(chain(9))).await;
    assert_eq!(rule(resolve(&egress).await), "too_many_aliases");
    let (_server, egress) = with(Zone::of(&[V4]).behind(["a.example.com", NAME])).await;
    assert_eq!(rule(resolve(&egress).await), "too_many_aliases");
}

#[tokio::test]
async fn an_alias_must_be_a_name_one_could_ask_for() {
    for (alias, expected) in [
        ("localhost", "special_name"),
        ("db.internal", "special_name"),
        ("router", "single_label_name"),
        ("example.0x7f", "invalid_name"),
        ("1.2.3.4", "invalid_name"),
    ] {
        let (_server, egress) = with(Zone::of(&[V4]).behind([alias])).await;
        assert_eq!(rule(resolve(&egress).await), expected, "{alias}");
    }
    let (_server, egress) = with(Zone::of(&["192.168.0.1"]).behind(["cdn.example.com"])).await;
    assert_eq!(rule(resolve(&egress).await), "non_public_answer");
}

#[tokio::test]
async fn sixteen_addresses_are_enough() {
    let addresses: Vec<String> = (0..17).map(|last| format!("93.184.215.{last}")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let (_server, egress) = with(Zone::of(&addresses[..16])).await;
    assert_eq!(resolve(&egress).await.unwrap().len(), 16);
    let (_server, egress) = with(Zone::of(&addresses)).await;
    assert_eq!(rule(resolve(&egress).await), "too_many_addresses");
    let (_server, egress) = with(Zone::of(&[&addresses[..16], &[V6]].concat())).await;
    assert_eq!(rule(resolve(&egress).await), "too_many_addresses");
}

#[tokio::test]
async fn answers_that_change_never_move_a_decision() {
    let (_server, egress) = with(Zone::turns(&[&[V4], &["127.0.0.1"]])).await;
    for turn in 0..1000 {
        let room = turn.to_string();
        let answer = egress.resolve(&room, NAME, 80, None).await;
        if turn % 2 == 0 {
            assert_eq!(answer.unwrap(), [ip(V4)]);
        } else {
            assert_eq!(rule(answer), "non_public_answer");
            assert_eq!(rule(egress.judge(&room, SocketAddr::new(ip(V4), 80))), "no_grant");
        }
        assert_eq!(rule(egress.judge(&room, SocketAddr::new(ip("127.0.0.1"), 80))), "loopback");
    }
}

#[tokio::test]
async fn resolver_failures_keep_their_own_codes() {
    let (_server, resolver) = with(Zone::default()).await;
    assert_eq!(resolve(&resolver).await, Err(CallError::Resolve(ResolveError::NoData)));
    let (_server, resolver) = with(Zone { code: Some(RCODE::ServerFailure), ..Zone::default() }).await;
    assert_eq!(resolve(&resolver).await, Err(CallError::Resolve(ResolveError::Again)));
    let (_server, resolver) = with(Zone { code: Some(RCODE::Refused), ..Zone::default() }).await;
    assert_eq!(resolve(&resolver).await, Err(CallError::Resolve(ResolveError::Fail)));
    let server = NameServer::start(loopback(), &[]).await;
    let resolver = egress(Mode::default(), server.address);
    assert_eq!(resolve(&resolver).await, Err(CallError::Resolve(ResolveError::NoName)));
}

// Time stands still but for what is waited for: the test takes no three seconds.
#[tokio::test(start_paused = true)]
async fn half_an_answer_is_none() {
    for silent in [vec![TYPE::A, TYPE::AAAA], vec![TYPE::A], vec![TYPE::AAAA]] {
        let (_server, egress) = with(Zone { silent, ..Zone::of(&[V4, V6]) }).await;
        assert_eq!(resolve(&egress).await, Err(CallError::Resolve(ResolveError::Again)));
    }
}

#[tokio::test]
async fn a_name_server_that_is_not_there_is_tried_again_later() {
    let address = NameServer::start(loopback(), &[]).await.address;
    let nobody = SocketAddr::new(ip("127.200.0.1"), address.port());
    let egress = egress(Mode::default(), nobody);
    assert_eq!(resolve(&egress).await, Err(CallError::Resolve(ResolveError::Again)));
}

#[tokio::test]
async fn forged_answers_are_passed_over() {
    let (_server, egress) = with(Zone { forged: true, ..Zone::of(&[V4]) }).await;
    assert_eq!(resolve(&egress).await.unwrap(), [ip(V4)]);
}

#[tokio::test]
async fn truncated_answers_are_asked_for_again_by_tcp() {
    let (_server, egress) = with(Zone { truncated: true, ..Zone::of(&[V4]) }).await;
    assert_eq!(resolve(&egress).await.unwrap(), [ip(V4)]);
}

#[tokio::test]
async fn addresses_behind_the_networks_own_translator_are_refused() {
    let zones = [
        (NAME, Zone::of(&["2a01:4f8:64::a00:1"])),
        ("example.com", Zone::of(&["2a01:4f8:65::1"])),
        ("ipv4only.arpa", Zone::of(&["2a01:4f8:64::c000:aa", "2a01:4f8:64::c000:ab"])),
    ];
    let server = NameServer::start(loopback(), &zones).await;
    let egress = egress(Mode::default(), server.address);
    assert_eq!(rule(resolve(&egress).await), "non_public_answer");
    assert!(egress.resolve("room", "example.com", 80, None).await.is_ok());
}

#[tokio::test]
async fn a_room_has_twenty_lookups_a_minute() {
    let (server, egress) = with(Zone::of(&[V4])).await;
    for _ in 0..20 {
        resolve(&egress).await.unwrap();
    }
    let limit = CallError::Limit { limit: "lookups-per-minute".into(), value: 20 };
    assert_eq!(resolve(&egress).await, Err(limit));
    assert_eq!(server.queries(), 40);
}
