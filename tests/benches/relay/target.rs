//! What both peers lead to: a few ports, on each of which the first byte says what the connection is for.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// First bytes of a connection.
pub(crate) const ECHO: u8 = b'e';
/// Sends without end.
pub(crate) const SOURCE: u8 = b's';
/// Reads without end.
pub(crate) const SINK: u8 = b'k';
/// Never reads.
pub(crate) const STALLED: u8 = b'x';

const CHUNK: usize = 64 * 1024;

/// A connection that was closed keeps its pair of ports for a minute (RFC 9293 section 3.6.1), and connect(2) looks long
/// for a free one where nearly all are taken. With so many ports at the far end the rows of set-up never come to that.
const PORTS: usize = 16;

/// The far side, in this process.
#[derive(Debug)]
pub(crate) struct Target {
    /// Where it listens; everything but set-up uses the first.
    pub(crate) addresses: Vec<SocketAddr>,
    moved: Arc<Moved>,
}

#[derive(Debug, Default)]
struct Moved {
    sourced: AtomicU64,
    sunk: AtomicU64,
}

impl Target {
    /// Listens on free ports of this machine's own address: in a room 127.0.0.1 is the room's.
    pub(crate) async fn start() -> Self {
        let moved = Arc::new(Moved::default());
        let mut addresses = Vec::new();
        for _ in 0..PORTS {
            addresses.push(Self::listen(Arc::clone(&moved)).await);
        }
        Self { addresses, moved }
    }

    async fn listen(moved: Arc<Moved>) -> SocketAddr {
        let listener = TcpListener::bind((own_address(), 0)).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                if peer.ip() != address.ip() {
                    // Somebody else's.
                    continue;
                }
                // That a peer goes away is how every measurement ends.
                let serving = serve(stream, Arc::clone(&moved));
                tokio::spawn(async move { drop(serving.await) });
            }
        });
        address
    }

    /// Bytes the kernel has taken from all sources so far.
    pub(crate) fn sourced(&self) -> u64 {
        self.moved.sourced.load(Ordering::Relaxed)
    }

    /// Bytes that have arrived at all sinks so far.
    pub(crate) fn sunk(&self) -> u64 {
        self.moved.sunk.load(Ordering::Relaxed)
    }
}

/// The address from which this machine would reach others. Nothing is sent, and what is sent to it stays inside.
fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a UDP socket");
    // TEST-NET-1, RFC 5737.
    let led = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    led.expect("an address besides loopback: the benchmark needs one").ip()
}

async fn serve(mut stream: TcpStream, moved: Arc<Moved>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    match stream.read_u8().await? {
        ECHO => echo(stream).await,
        SOURCE => source(stream, &moved).await,
        SINK => sink(stream, &moved).await,
        // Until the process ends; nothing is read from it.
        _ => loop {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        },
    }
}

async fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = vec![0; 4096];
    loop {
        let taken = stream.read(&mut buffer).await?;
        if taken == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..taken]).await?;
    }
}

async fn source(mut stream: TcpStream, moved: &Moved) -> std::io::Result<()> {
    let buffer = vec![7; CHUNK];
    loop {
        let sent = stream.write(&buffer).await?;
        moved.sourced.fetch_add(sent as u64, Ordering::Relaxed);
        // tokio's own budget would let one stream move megabytes while an echo waits.
        tokio::task::yield_now().await;
    }
}

async fn sink(mut stream: TcpStream, moved: &Moved) -> std::io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let taken = stream.read(&mut buffer).await?;
        if taken == 0 {
            return Ok(());
        }
        moved.sunk.fetch_add(taken as u64, Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
}
