//! Hosts: what is in them, what they are cut off from, and what happens when the keeper dies.

use std::{
    net::{Ipv4Addr, SocketAddrV4, TcpListener},
    time::Duration,
};

use lab::{
    diag,
    keeper::{HostSpec, HostSysctl, SocketFamily, SocketKind, SocketSpec, tap},
};
use rustix::{
    fs::OFlags,
    io::{Errno, FdFlags},
    net::{RecvFlags, SendFlags, bind, connect, ipproto, recv, send, sendto, sockopt},
    process::{Pid, Signal, kill_process},
};

use crate::{
    keeper,
    net::{CLIENT, PORT, Pair, SERVER, accept, begin_connect, flags, host, listener, packet, socket, wait},
};

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

#[test]
fn proves_itself() {
    keeper();
}

#[tokio::test]
async fn two_hosts_connect_over_a_wire_in_our_hands() {
    let keeper = keeper();
    let pair = Pair::create(&keeper).await;
    let listener = listener(&keeper, &pair.server, 5).await;
    let near = socket(&keeper, &pair.client, SocketKind::Stream).await;
    begin_connect(&near, SERVER);
    let syn = packet(&pair.client).unwrap();
    assert_eq!((syn[9], flags(&syn)), (6, SYN), "bare IP with nothing before it");
    crate::net::deliver(&pair.server, &syn);
    let far = pair.carry_until(|| accept(&listener));

    let data = vec![7; 4000];
    assert_eq!(send(&near, &data, SendFlags::NOSIGNAL).unwrap(), data.len());
    let first = packet(&pair.client).unwrap();
    assert_eq!(first.len(), 1500, "segments are as large as the wire allows and no larger");
    crate::net::deliver(&pair.server, &first);
    pair.carry();
    let mut received = vec![0; 8192];
    let (_, length) = recv(&far, &mut received[..], RecvFlags::empty()).unwrap();
    assert_eq!(received[..length], data);
    assert_eq!(keeper.link_drops(&pair.server.namespace).await.unwrap(), 0);
}

#[tokio::test]
async fn descriptors_are_nonblocking_and_close_on_exec() {
    let keeper = keeper();
    let host = host(&keeper, SERVER).await;
    let sockets = [
        socket(&keeper, &host, SocketKind::Stream).await,
        socket(&keeper, &host, SocketKind::Datagram).await,
        socket(&keeper, &host, SocketKind::IcmpEcho).await,
        keeper
            .socket(&host.namespace, SocketSpec { family: SocketFamily::Inet6, kind: SocketKind::Stream })
            .await
            .unwrap(),
    ];
    for fd in sockets.iter().chain([&host.wire, &host.loopback, &host.diag]) {
        assert!(rustix::fs::fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK));
        assert!(rustix::io::fcntl_getfd(fd).unwrap().contains(FdFlags::CLOEXEC));
    }
    assert_eq!(sockopt::socket_protocol(&sockets[2]).unwrap(), Some(ipproto::ICMP));
    assert!(matches!(sockopt::tcp_congestion(&sockets[0]).unwrap().as_str(), "cubic" | "reno"));
}

#[tokio::test]
async fn loopback_is_captured_once_and_in_order() {
    let keeper = keeper();
    let host = host(&keeper, SERVER).await;
    let listener = listener(&keeper, &host, 5).await;
    let near = socket(&keeper, &host, SocketKind::Stream).await;
    begin_connect(&near, Ipv4Addr::LOCALHOST);
    let _far = accept(&listener).unwrap();
    send(&near, &[1; 3000], SendFlags::NOSIGNAL).unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 1500];
    while let Some(length) = tap::read(&host.loopback, &mut buffer).unwrap() {
        assert!(length <= 1500, "offloads are off");
        seen.push(flags(&buffer));
    }
    assert_eq!(seen[..3], [SYN, SYN | ACK, ACK]);
    assert_eq!(tap::missed(&host.loopback).unwrap(), 0);
    assert_eq!(packet(&host), None, "loopback never reaches the wire");
}

#[tokio::test]
async fn a_capture_says_what_it_missed() {
    let keeper = keeper();
    let host = host(&keeper, SERVER).await;
    let socket = socket(&keeper, &host, SocketKind::Datagram).await;
    let nowhere = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);
    for _ in 0..30_000 {
        // Every other one reports that nobody listens there.
        let _ = sendto(&socket, &[0; 1000], SendFlags::empty(), &nowhere);
    }
    assert!(tap::missed(&host.loopback).unwrap() > 0);
    assert_eq!(tap::missed(&host.loopback).unwrap(), 0, "asking clears it");
}

#[tokio::test]
async fn a_wire_that_nobody_reads_counts_its_drops() {
    let keeper = keeper();
    let host = host(&keeper, SERVER).await;
    let socket = socket(&keeper, &host, SocketKind::Datagram).await;
    sockopt::set_socket_send_buffer_size(&socket, 8 << 20).unwrap();
    for _ in 0..3000 {
        let _ = sendto(&socket, b"x", SendFlags::empty(), &SocketAddrV4::new(CLIENT, PORT));
    }
    let drops = keeper.link_drops(&host.namespace).await.unwrap();
    let mut queued = 0;
    while packet(&host).is_some() {
        queued += 1;
    }
    assert!(queued >= 1000, "the queue holds {queued}");
    assert!(drops > 0);
}

#[tokio::test]
async fn a_host_reaches_its_network_and_nothing_else() {
    let keeper = keeper();
    let outside = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = outside.local_addr().unwrap().port();
    let host = host(&keeper, SERVER).await;
    for (address, port, expected) in [
        (Ipv4Addr::LOCALHOST, port, Errno::CONNREFUSED),
        (Ipv4Addr::new(8, 8, 8, 8), 53, Errno::NETUNREACH),
        (Ipv4Addr::new(10, 0, 1, 1), 80, Errno::NETUNREACH),
        (Ipv4Addr::new(169, 254, 169, 254), 80, Errno::NETUNREACH),
    ] {
        let socket = socket(&keeper, &host, SocketKind::Stream).await;
        let refused = match connect(&socket, &SocketAddrV4::new(address, port)) {
            Err(Errno::INPROGRESS) => sockopt::socket_error(&socket).unwrap().unwrap_err(),
            result => result.unwrap_err(),
        };
        assert_eq!(refused, expected, "{address}");
    }
    assert_eq!(packet(&host), None, "not even a packet");
    let listener = socket(&keeper, &host, SocketKind::Stream).await;
    bind(&listener, &SocketAddrV4::new(SERVER, 80)).unwrap();
}

#[tokio::test]
async fn hosts_of_one_address_do_not_meet() {
    let keeper = keeper();
    let (one, other) = (host(&keeper, SERVER).await, host(&keeper, SERVER).await);
    let _listening = [listener(&keeper, &one, 5).await, listener(&keeper, &other, 5).await];
    assert_ne!(one.namespace.cookie(), other.namespace.cookie());
    let near = socket(&keeper, &one, SocketKind::Stream).await;
    begin_connect(&near, SERVER);
    assert_eq!(diag::dump(&one.diag).unwrap().len(), 3);
    assert_eq!(diag::dump(&other.diag).unwrap().len(), 1);
}

#[tokio::test]
async fn settings_belong_to_one_host() {
    let keeper = keeper();
    let (one, other) = (host(&keeper, SERVER).await, host(&keeper, SERVER).await);
    let defaults = [
        (HostSysctl::SynRetries, 6),
        (HostSysctl::SynLinearTimeouts, 0),
        (HostSysctl::SynAckRetries, 5),
        (HostSysctl::Retries1, 3),
        (HostSysctl::Retries2, 15),
        (HostSysctl::AbortOnOverflow, 0),
        (HostSysctl::SynCookies, 1),
        (HostSysctl::FinTimeout, 60),
    ];
    for (sysctl, value) in defaults {
        assert_eq!(keeper.get_sysctl(&one.namespace, sysctl).await.unwrap(), value, "{sysctl:?}");
    }
    keeper.set_sysctl(&one.namespace, HostSysctl::SynRetries, 127).await.unwrap();
    assert_eq!(keeper.get_sysctl(&one.namespace, HostSysctl::SynRetries).await.unwrap(), 127);
    assert_eq!(keeper.get_sysctl(&other.namespace, HostSysctl::SynRetries).await.unwrap(), 6);
    let refused = keeper.set_sysctl(&one.namespace, HostSysctl::SynRetries, 4000).await.unwrap_err();
    assert_eq!(Errno::from_io_error(&refused), Some(Errno::INVAL));
}

#[tokio::test]
async fn an_impossible_prefix_is_an_error_and_no_more() {
    let keeper = keeper();
    for prefix in [0, 33, 255] {
        let refused = keeper.create_host(HostSpec { address: SERVER, prefix }).await.unwrap_err();
        assert_eq!(Errno::from_io_error(&refused), Some(Errno::INVAL));
    }
    host(&keeper, SERVER).await;
}

#[tokio::test]
async fn echo_requests_reach_the_other_host() {
    let keeper = keeper();
    let pair = Pair::create(&keeper).await;
    let ping = socket(&keeper, &pair.client, SocketKind::IcmpEcho).await;
    let request = [8, 0, 0, 0, 0, 0, 0, 1, b'h', b'i'];
    sendto(&ping, &request, SendFlags::empty(), &SocketAddrV4::new(SERVER, 0)).unwrap();
    pair.carry();
    let mut reply = [0; 64];
    let (_, length) = recv(&ping, &mut reply, RecvFlags::empty()).unwrap();
    assert_eq!((reply[0], &reply[6..length]), (0, &request[6..]));
}

#[tokio::test]
async fn a_killed_keeper_is_replaced_and_old_hosts_go_on() {
    let keeper = keeper();
    let pair = Pair::create(&keeper).await;
    let old = listener(&keeper, &pair.server, 5).await;
    let first = keeper.process_id();
    kill(first);

    // Sockets passed before live on; new ones are made in the old hosts, and new hosts as well.
    let near = socket(&keeper, &pair.client, SocketKind::Stream).await;
    assert_ne!(keeper.process_id(), first);
    begin_connect(&near, SERVER);
    let far = pair.carry_until(|| accept(&old));
    send(&near, b"still here", SendFlags::NOSIGNAL).unwrap();
    pair.carry();
    let mut received = [0; 16];
    let (_, length) = recv(&far, &mut received, RecvFlags::empty()).unwrap();
    assert_eq!(&received[..length], b"still here");
    keeper.set_sysctl(&pair.server.namespace, HostSysctl::Retries2, 8).await.unwrap();
    host(&keeper, SERVER).await;

    kill(keeper.process_id());
    host(&keeper, SERVER).await;
}

fn kill(process: u32) {
    let pid = Pid::from_raw(process.cast_signed()).unwrap();
    let watch = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    wait(&[&watch]);
}

#[tokio::test]
async fn the_keeper_ends_with_its_last_handle() {
    let keeper = keeper();
    let pid = Pid::from_raw(keeper.process_id().cast_signed()).unwrap();
    let watch = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).unwrap();
    let host = host(&keeper, SERVER).await;
    drop(keeper);
    wait(&[&watch]);
    // The host does not need it.
    assert!(diag::dump(&host.diag).unwrap().is_empty());
}

#[tokio::test]
async fn many_callers_share_one_keeper() {
    let keeper = keeper();
    let host = host(&keeper, SERVER).await;
    let calls = (0..200).map(|_| async {
        socket(&keeper, &host, SocketKind::Stream).await;
    });
    let all = futures_util::future::join_all(calls);
    tokio::time::timeout(Duration::from_secs(30), all).await.unwrap();
}
