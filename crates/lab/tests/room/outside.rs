//! Connections outside the room: judged every time, bounded, and never a way into the machine's own network.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::fd::{BorrowedFd, OwnedFd},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use lab::{Bounds, Delivery, Outside, OutsideSocket, Request};
use proto::{
    call::{Call, CallError, Family, Flags, OptionName, OptionValue, PollEvents, Value, Wait},
    errno::Errno,
    id::{Fd, ProgramId, StreamId},
    message::ClientMessage,
    trace::What,
};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use crate::harness::{CLIENT, Stage, on, stage_with};

/// A door that lets everything but 203.0.113.0/24 through, to one place on this machine.
#[derive(Debug)]
struct Door {
    leads_to: SocketAddr,
    asked: Mutex<Vec<SocketAddr>>,
    sockets: Mutex<Vec<OwnedFd>>,
    tally: Arc<Tally>,
}

/// What a connection may do.
#[derive(Debug)]
struct Tally {
    up: AtomicU64,
    down: AtomicU64,
    broken: Mutex<Option<CallError>>,
}

fn policy() -> CallError {
    CallError::Policy { rule: "test".into(), value: "refused".into() }
}

fn limit(name: &str) -> CallError {
    CallError::Limit { limit: name.into(), value: 1 }
}

#[derive(Debug)]
struct Shared(Arc<Tally>);

impl Bounds for Shared {
    fn check(&self, _: BorrowedFd<'_>) -> Result<(), CallError> {
        self.0.broken.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    fn may_send(&self) -> Result<u64, CallError> {
        Some(self.0.up.load(Ordering::Relaxed)).filter(|left| *left > 0).ok_or(limit("up"))
    }

    fn may_receive(&self) -> Result<u64, CallError> {
        Some(self.0.down.load(Ordering::Relaxed)).filter(|left| *left > 0).ok_or(limit("down"))
    }

    fn spend(&self, up: u64, down: u64) {
        self.0.up.fetch_sub(up, Ordering::Relaxed);
        self.0.down.fetch_sub(down, Ordering::Relaxed);
    }
}

impl Door {
    fn new(leads_to: SocketAddr, up: u64, down: u64) -> Arc<Self> {
        let tally = Tally { up: up.into(), down: down.into(), broken: Mutex::default() };
        Arc::new(Self {
            leads_to,
            asked: Mutex::default(),
            sockets: Mutex::default(),
            tally: Arc::new(tally),
        })
    }

    fn asked(&self) -> Vec<SocketAddr> {
        self.asked.lock().unwrap().clone()
    }

    fn break_with(&self, error: CallError) {
        *self.tally.broken.lock().unwrap() = Some(error);
    }
}

impl Outside for Door {
    fn resolve(
        &self,
        _: String,
        _: u16,
        _: Option<Family>,
    ) -> BoxFuture<'static, Result<Vec<std::net::IpAddr>, CallError>> {
        async { Err(policy()) }.boxed()
    }

    fn connect(&self, address: SocketAddr) -> Result<OutsideSocket, CallError> {
        self.asked.lock().unwrap().push(address);
        if address.ip().to_string().starts_with("203.0.113.") {
            return Err(policy());
        }
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
        match rustix::net::connect(&socket, &self.leads_to) {
            Ok(()) | Err(rustix::io::Errno::INPROGRESS) => {}
            Err(errno) => panic!("{errno}"),
        }
        self.sockets.lock().unwrap().push(socket.try_clone().unwrap());
        Ok(OutsideSocket { socket, bounds: Box::new(Shared(Arc::clone(&self.tally))) })
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Nobody has connected to it.
fn untouched(listener: &TcpListener) -> bool {
    listener.set_nonblocking(true).unwrap();
    listener.accept().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

fn public() -> SocketAddr {
    "93.184.215.14:80".parse().unwrap()
}

/// A program whose socket is connected outside, and the far end.
async fn connected(door: &Arc<Door>, far: &TcpListener) -> Option<(Stage, ProgramId, Fd, TcpStream)> {
    let mut stage = stage_with(vec![], Some(Arc::clone(door) as Arc<dyn Outside>)).await?;
    let program = stage.program(CLIENT).await;
    let fd = stage.socket(program).await;
    assert_eq!(stage.connect(program, fd, public().into()).await, Ok(()));
    let (peer, _) = far.accept().unwrap();
    Some((stage, program, fd, peer))
}

const PLENTY: u64 = 1 << 40;

#[tokio::test]
async fn a_connected_socket_cannot_be_led_elsewhere() {
    let ((far, there), (canary, trap)) = (listener(), listener());
    let door = Door::new(there, PLENTY, PLENTY);
    let Some((mut stage, program, fd, _peer)) = connected(&door, &far).await else { return };
    for address in [trap.into(), public().into(), on(1, 9)] {
        assert_eq!(stage.connect(program, fd, address).await, Err(CallError::errno(Errno::EISCONN)));
    }
    let invalid = Err(CallError::errno(Errno::EINVAL));
    let anywhere = (Ipv4Addr::UNSPECIFIED, 0).into();
    assert_eq!(stage.call(program, Call::Bind { fd, address: anywhere }).await, invalid);
    assert_eq!(stage.call(program, Call::Listen { fd, backlog: 5 }).await, invalid);
    assert_eq!(stage.call(program, Call::Accept { fd }).await, invalid);
    assert!(untouched(&canary));
    assert_eq!(door.asked(), [public()]);
}

#[tokio::test]
async fn a_socket_whose_connection_failed_is_in_the_room_again() {
    let (canary, trap) = listener();
    let (gone, there) = listener();
    drop(gone);
    let door = Door::new(there, PLENTY, PLENTY);
    let Some(mut stage) = stage_with(vec![], Some(Arc::clone(&door) as Arc<dyn Outside>)).await else {
        return;
    };
    let program = stage.program(CLIENT).await;
    let fd = stage.socket(program).await;
    let refused = Err(CallError::errno(Errno::ECONNREFUSED));
    assert_eq!(stage.connect(program, fd, public().into()).await, refused);
    // The machine's own loopback, where nobody listens; not the one this test runs on, where the canary does.
    assert_eq!(stage.connect(program, fd, trap.into()).await, refused);
    // Judged again, each time.
    assert_eq!(stage.connect(program, fd, "203.0.113.5:80".parse().unwrap()).await, Err(policy()));
    assert_eq!(stage.connect(program, fd, public().into()).await, refused);
    // And again a socket like any other.
    let listening = Call::Bind { fd, address: (Ipv4Addr::LOCALHOST, trap.port()).into() };
    assert_eq!(stage.call(program, listening).await, Ok(Value::Done));
    assert_eq!(stage.call(program, Call::Listen { fd, backlog: 1 }).await, Ok(Value::Done));
    assert!(untouched(&canary));
    let ends: Vec<bool> = stage
        .events()
        .into_iter()
        .filter_map(|event| match event.what {
            What::CallEnd(end) if end.outcome == refused.clone().map(|()| Value::Done) => Some(end.outside),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [true, false, true], "only what went outside is marked so");
}

#[tokio::test]
async fn a_socket_that_is_in_use_in_the_room_does_not_go_outside() {
    let (_far, there) = listener();
    let door = Door::new(there, PLENTY, PLENTY);
    let Some(mut stage) = stage_with(vec![], Some(Arc::clone(&door) as Arc<dyn Outside>)).await else {
        return;
    };
    let (server, client, _, theirs, listening) = stage.pair().await;
    let taken = Err(CallError::errno(Errno::EISCONN));
    assert_eq!(stage.connect(client, theirs, public().into()).await, taken);
    assert_eq!(stage.connect(server, listening, public().into()).await, taken);
    let fd = stage.socket(client).await;
    let mapped = "[::ffff:93.184.215.14]:80".parse().unwrap();
    let wrong = Err(CallError::errno(Errno::EAFNOSUPPORT));
    assert_eq!(stage.connect(client, fd, mapped).await, wrong, "the kernel's word on families comes first");
    assert!(door.asked().is_empty());
}

#[tokio::test]
async fn sendto_with_an_address_sends_to_the_peer() {
    let ((far, there), (canary, trap)) = (listener(), listener());
    let door = Door::new(there, PLENTY, PLENTY);
    let Some((mut stage, program, fd, mut peer)) = connected(&door, &far).await else { return };
    let call = Call::SendTo { fd, flags: Flags::default(), address: trap.into(), length: 2 };
    let id = stage.begin(program, call, Wait::Forever, b"hi").await;
    assert_eq!(stage.result(id).await.0, Ok(Value::Sent(2)));
    let mut got = [0; 2];
    peer.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"hi");
    assert!(untouched(&canary));
}

#[tokio::test]
async fn options_that_reach_beyond_the_connection_stay_in_the_room() {
    let (far, there) = listener();
    let door = Door::new(there, PLENTY, PLENTY);
    let Some(mut stage) = stage_with(vec![], Some(Arc::clone(&door) as Arc<dyn Outside>)).await else {
        return;
    };
    let program = stage.program(CLIENT).await;
    let fd = stage.socket(program).await;
    let set = |name, value| Call::SetSockOpt { fd, name, value };
    for name in [OptionName::ReusePort, OptionName::ReuseAddr, OptionName::NoDelay] {
        assert_eq!(stage.call(program, set(name, OptionValue::Bool(true))).await, Ok(Value::Done));
    }
    assert_eq!(stage.connect(program, fd, public().into()).await, Ok(()));
    let _peer = far.accept().unwrap();
    for call in
        [set(OptionName::Ttl, OptionValue::Int(3)), set(OptionName::KeepAlive, OptionValue::Bool(true))]
    {
        assert_eq!(stage.call(program, call).await, Ok(Value::Done));
    }
    let get = |name| Call::GetSockOpt { fd, name };
    assert_eq!(stage.call(program, get(OptionName::Ttl)).await, Ok(Value::Option(OptionValue::Int(3))));
    assert_eq!(
        stage.call(program, get(OptionName::NoDelay)).await,
        Ok(Value::Option(OptionValue::Bool(true)))
    );
    let outside = &door.sockets.lock().unwrap()[0];
    assert!(!sockopt::socket_reuseport(outside).unwrap() && !sockopt::socket_reuseaddr(outside).unwrap());
    assert!(sockopt::ip_ttl(outside).unwrap() > 3);
    assert!(sockopt::tcp_nodelay(outside).unwrap() && sockopt::socket_keepalive(outside).unwrap());
}

#[tokio::test]
async fn the_own_address_is_a_substitute_and_the_peers_is_real() {
    let (far, there) = listener();
    let door = Door::new(there, PLENTY, PLENTY);
    let Some((mut stage, program, fd, peer)) = connected(&door, &far).await else { return };
    let own = stage.call(program, Call::GetSockName { fd }).await;
    assert_eq!(own, Ok(Value::Address(on(2, peer.peer_addr().unwrap().port()))));
    assert_eq!(stage.call(program, Call::GetPeerName { fd }).await, Ok(Value::Address(there.into())));
}

#[tokio::test]
async fn a_connection_brings_in_so_much_and_no_more() {
    let (far, there) = listener();
    let door = Door::new(there, PLENTY, 10);
    let Some((mut stage, program, fd, mut peer)) = connected(&door, &far).await else { return };
    peer.write_all(b"0123456789abcdef").unwrap();
    let readable = Call::Poll { fds: vec![(fd, PollEvents::IN)] };
    stage.call(program, readable).await.expect("something is there");
    assert_eq!(stage.recv(program, fd, 1024).await, Ok(Bytes::from_static(b"0123456789")));
    for _ in 0..2 {
        assert_eq!(stage.recv(program, fd, 1024).await, Err(limit("down")));
    }
}

#[tokio::test]
async fn the_end_of_file_is_no_byte() {
    let (far, there) = listener();
    let door = Door::new(there, PLENTY, 3);
    let Some((mut stage, program, fd, mut peer)) = connected(&door, &far).await else { return };
    peer.write_all(b"bye").unwrap();
    drop(peer);
    assert_eq!(stage.recv(program, fd, 3).await, Ok(Bytes::from_static(b"bye")));
    assert_eq!(stage.recv(program, fd, 3).await, Ok(Bytes::new()));
}

#[tokio::test]
async fn a_connection_sends_so_much_and_no_more() {
    let (far, there) = listener();
    let door = Door::new(there, 10, PLENTY);
    let Some((mut stage, program, fd, mut peer)) = connected(&door, &far).await else { return };
    assert_eq!(stage.send(program, fd, b"0123456789abcdef").await, Ok(Value::Sent(10)));
    assert_eq!(stage.send(program, fd, b"x").await, Err(limit("up")));
    stage.call(program, Call::Close { fd }).await.expect("closed");
    let mut all = String::new();
    door.sockets.lock().unwrap().clear();
    peer.read_to_string(&mut all).unwrap();
    assert_eq!(all, "0123456789");
}

#[tokio::test]
async fn a_connection_seen_by_poll_is_verified_before_a_byte_passes() {
    let (far, there) = listener();
    let door = Door::new(there, PLENTY, PLENTY);
    let Some(mut stage) = stage_with(vec![], Some(Arc::clone(&door) as Arc<dyn Outside>)).await else {
        return;
    };
    let program = stage.program(CLIENT).await;
    let fd = stage.socket(program).await;
    let begun = Call::Connect { fd, address: public().into() };
    let id = stage.begin(program, begun.clone(), Wait::No, b"").await;
    assert_eq!(stage.result(id).await.0, Err(CallError::errno(Errno::EINPROGRESS)));
    let writable = Call::Poll { fds: vec![(fd, PollEvents::OUT)] };
    assert_eq!(stage.call(program, writable).await, Ok(Value::Ready(vec![(fd, PollEvents::OUT)])));
    door.break_with(policy());
    assert_eq!(stage.send(program, fd, b"secret").await, Err(policy()));
    let error = Call::GetSockOpt { fd, name: OptionName::Error };
    assert_eq!(stage.call(program, error).await, Err(policy()));
    assert_eq!(stage.recv(program, fd, 10).await, Err(policy()));
    let (mut peer, _) = far.accept().unwrap();
    stage.call(program, Call::Close { fd }).await.expect("closed");
    door.sockets.lock().unwrap().clear();
    let mut all = Vec::new();
    // Cut or closed: nothing came.
    let _cut = peer.read_to_end(&mut all);
    assert!(all.is_empty());
}

#[tokio::test]
async fn connect_after_a_connect_that_did_not_wait_answers_as_the_kernel_does() {
    let (far, there) = listener();
    let door = Door::new(there, PLENTY, PLENTY);
    let Some(mut stage) = stage_with(vec![], Some(Arc::clone(&door) as Arc<dyn Outside>)).await else {
        return;
    };
    let program = stage.program(CLIENT).await;
    let fd = stage.socket(program).await;
    let begun = Call::Connect { fd, address: public().into() };
    let id = stage.begin(program, begun.clone(), Wait::No, b"").await;
    assert_eq!(stage.result(id).await.0, Err(CallError::errno(Errno::EINPROGRESS)));
    let _peer = far.accept().unwrap();
    assert_eq!(stage.call(program, begun.clone()).await, Ok(Value::Done), "the first one to look");
    assert_eq!(stage.call(program, begun).await, Err(CallError::errno(Errno::EISCONN)));
    assert_eq!(door.asked().len(), 1);
}

#[tokio::test]
async fn a_limit_ends_a_call_that_waits() {
    let (far, there) = listener();
    let door = Door::new(there, PLENTY, PLENTY);
    let Some((mut stage, program, fd, _peer)) = connected(&door, &far).await else { return };
    let recv = Call::Recv { fd, flags: Flags::default(), max: 10 };
    let waiting = stage.begin(program, recv, Wait::Forever, b"").await;
    stage
        .trace_until(|events| {
            events.iter().any(|e| matches!(&e.what, What::CallBegin(b) if b.call.name() == "recv"))
        })
        .await;
    door.break_with(limit("life"));
    // As the door's clock does it.
    rustix::net::connect_unspec(&door.sockets.lock().unwrap()[0]).unwrap();
    assert_eq!(stage.result(waiting).await.0, Err(limit("life")));
    assert_eq!(stage.connect(program, fd, public().into()).await, Err(limit("life")));
}

#[tokio::test]
async fn a_stream_is_bounded_like_calls() {
    let (far, there) = listener();
    let door = Door::new(there, 4, 5);
    let Some((mut stage, program, fd, mut peer)) = connected(&door, &far).await else { return };
    let (member, stream) = (stage.member, StreamId(1));
    let open =
        Request::Message { member, message: ClientMessage::OpenStream { stream, program, fd, credit: 1000 } };
    stage.room.request(open).await.unwrap();
    peer.write_all(b"0123456789").unwrap();
    let Delivery::StreamOpened { outside: Some(link), .. } = stage.streamed().await else {
        panic!("a stream outside is handed over")
    };
    let mut got = Vec::new();
    let error = loop {
        match link.recv(1000) {
            Ok(received) => got.extend_from_slice(&received.bytes),
            Err(error) if error == CallError::errno(Errno::EAGAIN) => tokio::task::yield_now().await,
            Err(error) => break Some(error),
        }
    };
    assert_eq!((got, error), (b"01234".to_vec(), Some(limit("down"))));
}

#[tokio::test]
async fn a_stream_keeps_its_connection_no_longer_than_the_descriptor() {
    let (far, there) = listener();
    let door = Door::new(there, PLENTY, PLENTY);
    let Some((mut stage, program, fd, mut peer)) = connected(&door, &far).await else { return };
    let (member, stream) = (stage.member, StreamId(1));
    let open =
        Request::Message { member, message: ClientMessage::OpenStream { stream, program, fd, credit: 1000 } };
    stage.room.request(open).await.unwrap();
    let Delivery::StreamOpened { outside: Some(link), .. } = stage.streamed().await else {
        panic!("a stream outside is handed over")
    };
    assert_eq!(stage.call(program, Call::Close { fd }).await, Ok(Value::Done));
    let ended = stage.streamed().await;
    assert!(matches!(ended, Delivery::StreamEnded { error: None, .. }), "{ended:?}");
    door.sockets.lock().unwrap().clear();
    drop(link);
    let mut rest = Vec::new();
    assert_eq!(peer.read_to_end(&mut rest).unwrap(), 0, "its FIN");
}
