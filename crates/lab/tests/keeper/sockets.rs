//! The list of sockets: states, queues, timers, one cookie from the first SYN to TIME_WAIT.

use std::net::Ipv4Addr;

use lab::{
    diag::{self, DiagSocket, Protocol},
    keeper::{HostFds, SocketFamily, SocketKind, SocketSpec},
};
use proto::trace::{TcpState, TimerKind};
use rustix::{
    io::{Errno, read},
    net::{Shutdown, SocketAddrV6, bind, connect, getsockname, listen, shutdown, sockopt},
};

use crate::{
    keeper,
    net::{
        CLIENT, PORT, Pair, SERVER, accept, begin_connect, carry_one, deliver, listener, packet, socket, v4,
    },
};

fn in_state(host: &HostFds, state: TcpState) -> DiagSocket {
    let sockets = diag::dump(&host.diag).unwrap();
    sockets
        .iter()
        .find(|socket| socket.state == state)
        .unwrap_or_else(|| panic!("no {state:?}: {sockets:?}"))
        .clone()
}

#[tokio::test]
async fn one_cookie_from_the_first_packet_to_time_wait() {
    let keeper = keeper();
    let pair = Pair::create(&keeper).await;
    let (server, client) = (&pair.server, &pair.client);
    let listening = listener(&keeper, server, 5).await;
    let near = socket(&keeper, client, SocketKind::Stream).await;
    begin_connect(&near, SERVER);

    let asking = in_state(client, TcpState::SynSent);
    assert_eq!(asking.cookie, sockopt::socket_cookie(&near).unwrap());
    assert_eq!(asking.local, v4(CLIENT, asking.local.port()));
    assert_eq!(asking.remote, Some(v4(SERVER, PORT)));
    assert!((40000..=40999).contains(&asking.local.port()));
    assert_ne!(asking.inode, 0);
    let timer = asking.timer.unwrap();
    assert_eq!((timer.kind, timer.tries), (TimerKind::Retransmit, 0));
    assert!((1..=1100).contains(&timer.left_ms), "{timer:?}");

    carry_one(client, server).unwrap();
    let request = in_state(server, TcpState::SynRecv);
    assert_eq!(request.remote, Some(asking.local));
    assert_eq!(request.inode, 0, "nobody has it yet");
    assert!(request.timer.is_some());

    carry_one(server, client).unwrap();
    assert_eq!(in_state(client, TcpState::Established).cookie, asking.cookie);
    carry_one(client, server).unwrap();
    let waiting = in_state(server, TcpState::Established);
    assert_eq!((waiting.cookie, waiting.inode), (request.cookie, 0));
    let queue = in_state(server, TcpState::Listen);
    assert_eq!((queue.rqueue, queue.wqueue, queue.remote), (1, 5, None));

    let far = accept(&listening).unwrap();
    assert_eq!(sockopt::socket_cookie(&far).unwrap(), request.cookie);
    assert_eq!(in_state(server, TcpState::Listen).rqueue, 0);
    rustix::net::send(&near, b"hello", rustix::net::SendFlags::NOSIGNAL).unwrap();
    assert_eq!(in_state(client, TcpState::Established).wqueue, 5);
    pair.carry();
    assert_eq!(in_state(server, TcpState::Established).rqueue, 5);
    read(&far, &mut [0; 16]).unwrap();

    shutdown(&far, Shutdown::Write).unwrap();
    assert_eq!(in_state(server, TcpState::FinWait1).cookie, request.cookie);
    pair.carry_until(|| {
        diag::dump(&server.diag).unwrap().into_iter().find(|s| s.state == TcpState::FinWait2)
    });
    assert_eq!(in_state(client, TcpState::CloseWait).cookie, asking.cookie);
    drop(near);
    assert_eq!(in_state(client, TcpState::LastAck).cookie, asking.cookie);
    pair.carry();
    let last = in_state(server, TcpState::TimeWait);
    assert_eq!(last.cookie, request.cookie);
    let timer = last.timer.unwrap();
    assert_eq!(timer.kind, TimerKind::TimeWait);
    assert!((50_000..=60_500).contains(&timer.left_ms), "{timer:?}");
    assert!(diag::dump(&client.diag).unwrap().is_empty());
}

#[tokio::test]
async fn both_ends_closing_at_once_pass_through_closing() {
    let keeper = keeper();
    let pair = Pair::create(&keeper).await;
    let listening = listener(&keeper, &pair.server, 5).await;
    let near = socket(&keeper, &pair.client, SocketKind::Stream).await;
    begin_connect(&near, SERVER);
    let far = pair.carry_until(|| accept(&listening));
    drop((near, far));
    let fin = packet(&pair.client).unwrap();
    carry_one(&pair.server, &pair.client).unwrap();
    assert_eq!(in_state(&pair.client, TcpState::Closing).inode, 0);
    deliver(&pair.server, &fin);
    pair.carry();
    in_state(&pair.client, TcpState::TimeWait);
    in_state(&pair.server, TcpState::TimeWait);
}

#[tokio::test]
async fn datagram_sockets_are_listed_and_merely_bound_ones_are_not() {
    let keeper = keeper();
    let host = crate::net::host(&keeper, SERVER).await;
    let bound = socket(&keeper, &host, SocketKind::Stream).await;
    bind(&bound, &std::net::SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 80)).unwrap();
    let datagrams = socket(&keeper, &host, SocketKind::Datagram).await;
    bind(&datagrams, &std::net::SocketAddrV4::new(SERVER, 53)).unwrap();
    let connected = socket(&keeper, &host, SocketKind::Datagram).await;
    connect(&connected, &std::net::SocketAddrV4::new(CLIENT, 53)).unwrap();
    let sockets = diag::dump(&host.diag).unwrap();
    let of = |fd| sockets.iter().find(|s| s.cookie == sockopt::socket_cookie(fd).unwrap()).unwrap();
    assert_eq!((of(&datagrams).protocol, of(&datagrams).state), (Protocol::Udp, TcpState::Datagram));
    assert_eq!((of(&datagrams).local, of(&datagrams).remote), (v4(SERVER, 53), None));
    assert_eq!(of(&connected).remote, Some(v4(CLIENT, 53)));
    assert_eq!(sockets.len(), 2);
}

#[tokio::test]
async fn dual_stack_sockets_are_listed_too() {
    let keeper = keeper();
    let pair = Pair::create(&keeper).await;
    let spec = SocketSpec { family: SocketFamily::Inet6, kind: SocketKind::Stream };
    let listening = keeper.socket(&pair.server.namespace, spec).await.unwrap();
    sockopt::set_ipv6_v6only(&listening, false).unwrap();
    bind(&listening, &SocketAddrV6::new(std::net::Ipv6Addr::UNSPECIFIED, PORT, 0, 0)).unwrap();
    listen(&listening, 5).unwrap();
    let near = socket(&keeper, &pair.client, SocketKind::Stream).await;
    begin_connect(&near, SERVER);
    let far = pair.carry_until(|| accept(&listening));
    let listed = in_state(&pair.server, TcpState::Established);
    assert_eq!(listed.cookie, sockopt::socket_cookie(&far).unwrap());
    assert_eq!(listed.local.ip().to_canonical(), SERVER);
}

#[tokio::test]
async fn a_destroyed_socket_says_so() {
    let keeper = keeper();
    let pair = Pair::create(&keeper).await;
    let listening = listener(&keeper, &pair.server, 5).await;
    let near = socket(&keeper, &pair.client, SocketKind::Stream).await;
    begin_connect(&near, SERVER);
    let far = pair.carry_until(|| accept(&listening));
    let victim = in_state(&pair.server, TcpState::Established);
    diag::destroy(&pair.server.diag, &victim).unwrap();
    assert_eq!(read(&far, &mut [0; 8]).unwrap_err(), Errno::CONNABORTED);
    pair.carry();
    assert_eq!(read(&near, &mut [0; 8]).unwrap_err(), Errno::CONNRESET);
    // Once more: gone is gone.
    diag::destroy(&pair.server.diag, &victim).unwrap();
}

#[tokio::test]
async fn nothing_survives_destroying_everything() {
    let keeper = keeper();
    let pair = Pair::create(&keeper).await;
    let listening = listener(&keeper, &pair.server, 5).await;
    let datagrams = socket(&keeper, &pair.server, SocketKind::Datagram).await;
    bind(&datagrams, &std::net::SocketAddrV4::new(SERVER, 53)).unwrap();
    let mut near = Vec::new();
    for _ in 0..4 {
        let socket = socket(&keeper, &pair.client, SocketKind::Stream).await;
        begin_connect(&socket, SERVER);
        pair.carry();
        near.push(socket);
    }
    // One accepted and orphaned with data that nobody acknowledges, one in TIME_WAIT, two never accepted, one
    // half-open.
    let orphan = accept(&listening).unwrap();
    rustix::net::send(&orphan, b"never read", rustix::net::SendFlags::NOSIGNAL).unwrap();
    drop(orphan);
    drop(accept(&listening).unwrap());
    drop(near.remove(1));
    carry_one(&pair.client, &pair.server);
    let half_open = socket(&keeper, &pair.client, SocketKind::Stream).await;
    begin_connect(&half_open, SERVER);
    while carry_one(&pair.client, &pair.server).is_some() {}
    assert!(diag::dump(&pair.server.diag).unwrap().len() >= 6);

    for host in [&pair.server, &pair.client] {
        assert!(diag::destroy_all(&host.diag).unwrap() > 0);
        let left = diag::dump(&host.diag).unwrap();
        assert!(left.iter().all(|s| s.inode != 0 && s.state == TcpState::Datagram), "{left:?}");
        assert_eq!(diag::destroy_all(&host.diag).unwrap(), 0);
    }
}

#[tokio::test]
async fn a_long_list_is_complete() {
    let keeper = keeper();
    let host = crate::net::host(&keeper, SERVER).await;
    let mut bound = Vec::new();
    for _ in 0..900 {
        let socket = socket(&keeper, &host, SocketKind::Stream).await;
        listen(&socket, 1).unwrap();
        bound.push(socket);
    }
    let sockets = diag::dump(&host.diag).unwrap();
    assert_eq!(sockets.len(), bound.len());
    for socket in &bound {
        let local = std::net::SocketAddr::try_from(getsockname(socket).unwrap()).unwrap();
        assert!(sockets.iter().any(|listed| listed.local == local));
    }
}
