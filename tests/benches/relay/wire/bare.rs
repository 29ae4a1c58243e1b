//! The measure: two machines, and a thread that moves packets from one TUN to the other and does nothing else.

use std::{
    net::{Ipv4Addr, SocketAddr},
    os::fd::OwnedFd,
    sync::{Arc, Weak},
    time::Instant,
};

use lab::keeper::{HostFds, HostSpec, Keeper, SocketFamily, SocketKind, SocketSpec};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    task::AbortHandle,
};

use super::{End, room};

const NEAR: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const FAR: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 10);
const PORT: u16 = 7;

/// A connection over the bare wire.
pub(super) struct Bare {
    stream: TcpStream,
    serving: AbortHandle,
    /// The forwarder goes on as long as this is there.
    _forwards: Arc<()>,
}

impl Bare {
    pub(super) async fn to_echo(keeper: &Keeper) -> Self {
        Self::to(keeper, room::echo()).await
    }

    pub(super) async fn to_source(keeper: &Keeper) -> Self {
        Self::to(keeper, room::source()).await
    }

    async fn to(keeper: &Keeper, service: lab::Service) -> Self {
        let [near, far] = [machine(keeper, NEAR).await, machine(keeper, FAR).await];
        let listener = socket(keeper, &far).await;
        rustix::net::bind(&listener, &SocketAddr::from((FAR, PORT))).expect("bound");
        rustix::net::listen(&listener, 8).expect("listening");
        let listener = TcpListener::from_std(listener.into()).expect("a listener");
        let serving = tokio::spawn((service.serve)(listener));
        let socket = TcpSocket::from_std_stream(socket(keeper, &near).await.into());
        let forwards = Arc::new(());
        let stop = Arc::downgrade(&forwards);
        std::thread::spawn(move || forward(&near, &far, &stop));
        let stream = socket.connect((FAR, PORT).into()).await.expect("connected");
        stream.set_nodelay(true).expect("an option");
        Self { stream, serving: serving.abort_handle(), _forwards: forwards }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl End for Bare {
    async fn echo(&mut self, bytes: usize) {
        let mut buffer = vec![3; bytes];
        self.stream.write_all(&buffer).await.expect("sent");
        self.stream.read_exact(&mut buffer).await.expect("echoed");
    }

    async fn take_until(&mut self, end: Instant) -> u64 {
        let (mut taken, mut buffer) = (0, vec![0; 64 * 1024]);
        while let Ok(read) = tokio::time::timeout_at(end.into(), self.stream.read(&mut buffer)).await {
            taken += read.expect("bytes") as u64;
        }
        taken
    }
}

async fn machine(keeper: &Keeper, address: Ipv4Addr) -> HostFds {
    keeper.create_host(HostSpec { address, prefix: 24 }).await.expect("a machine")
}

async fn socket(keeper: &Keeper, machine: &HostFds) -> OwnedFd {
    let spec = SocketSpec { family: SocketFamily::Inet, kind: SocketKind::Stream };
    keeper.socket(&machine.namespace, spec).await.expect("a socket")
}

/// Until nobody holds `stop`'s other end any more.
fn forward(near: &HostFds, far: &HostFds, stop: &Weak<()>) {
    let mut buffer = [0; 2048];
    while stop.strong_count() > 0 {
        let mut both = [PollFd::new(&near.wire, PollFlags::IN), PollFd::new(&far.wire, PollFlags::IN)];
        poll(&mut both, Some(&Timespec { tv_sec: 0, tv_nsec: 100_000_000 })).expect("two TUNs");
        for (from, to) in [(&near.wire, &far.wire), (&far.wire, &near.wire)] {
            while let Ok(length) = rustix::io::read(from, &mut buffer) {
                // A queue that is full loses a packet, as any network does.
                let _lost = rustix::io::write(to, &buffer[..length]);
            }
        }
    }
}
