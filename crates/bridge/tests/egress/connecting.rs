//! Connections on loopback, to addresses that the operator spelled out.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use bridge::egress::{Egress, Mode, Progress, Target};
use proto::call::CallError;
use proto::errno::Errno;

use crate::{egress, loopback, rule};

fn allowing(address: SocketAddr) -> Egress {
    egress(Mode::List(vec![Target::Literal(address)]), SocketAddr::from(([9, 9, 9, 9], 53)))
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(loopback()).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test]
async fn a_literal_target_is_reached_though_private_and_has_no_budget() {
    let (listener, address) = listener();
    let egress = allowing(address);
    // More than any room's budget of ordinary connections.
    for _ in 0..40 {
        let outbound = egress.connect("room", address).await.unwrap();
        assert!(!outbound.budget.is_limited());
        assert_eq!(outbound.budget.spend(u64::MAX, 0), Ok(()));
        let (mut near, (mut far, _)) = (TcpStream::from(outbound.socket), listener.accept().unwrap());
        near.write_all(b"hello").unwrap();
        let mut heard = [0; 5];
        far.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hello");
    }
    assert_eq!(egress.resolve("room", "127.0.0.1", address.port(), None).await, Ok(vec![address.ip()]));
    let other = SocketAddr::new(address.ip(), address.port() ^ 1);
    assert_eq!(rule(egress.judge("room", other)), "loopback");
}

#[tokio::test]
async fn the_socket_is_there_before_the_connection_is() {
    let (listener, address) = listener();
    let egress = allowing(address);
    let permitted = egress.judge("room", address).unwrap();
    let pending = egress.begin_connect(permitted).unwrap();
    let _far = listener.accept().unwrap();
    assert_eq!(pending.check(), Ok(Progress::Connected));
    assert_eq!(pending.watch.verify(rustix::fd::AsFd::as_fd(&pending.socket)), Ok(()));
}

#[tokio::test]
async fn errno_is_the_kernels() {
    let (listener, address) = listener();
    drop(listener);
    let outcome = allowing(address).connect("room", address).await;
    assert_eq!(outcome.map(|_| ()), Err(CallError::errno(Errno::ECONNREFUSED)));
}

#[tokio::test]
async fn the_lab_never_talks_to_itself_or_to_the_name_server() {
    let (_listener, address) = listener();
    let mut config = allowing(address).config().clone();
    config.own.listeners = vec![SocketAddr::from(([0, 0, 0, 0], address.port()))];
    assert_eq!(rule(Egress::new(config.clone()).judge("room", address)), "own_listener");
    config.own.listeners.clear();
    config.name_servers = bridge::egress::NameServers::Fixed(vec![address]);
    assert_eq!(rule(Egress::new(config).judge("room", address)), "resolver");
}
