//! The plain relay's client: one TCP connection for each stream.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use super::rows::SMALL;

const CHUNK: usize = 64 * 1024;

/// A connection whose first bytes were `first`.
pub(crate) async fn open(relay: SocketAddr, first: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(relay).await.expect("the relay listens");
    stream.set_nodelay(true).expect("an option");
    stream.write_all(first).await.expect("sent");
    stream
}

/// Bulk connections; they end with this value.
#[derive(Debug)]
pub(crate) struct Bulk {
    _tasks: JoinSet<()>,
    moved: Vec<Arc<AtomicU64>>,
}

impl Bulk {
    /// Reads as fast as it comes, on `count` connections.
    pub(crate) async fn down(relay: SocketAddr, count: usize) -> Self {
        Self::start(relay, count, super::target::SOURCE).await
    }

    /// Writes as fast as it goes, on `count` connections.
    pub(crate) async fn up(relay: SocketAddr, count: usize, mode: u8) -> Self {
        Self::start(relay, count, mode).await
    }

    async fn start(relay: SocketAddr, count: usize, mode: u8) -> Self {
        let (mut tasks, mut moved) = (JoinSet::new(), Vec::new());
        for _ in 0..count {
            let stream = open(relay, &[mode]).await;
            let counter = Arc::new(AtomicU64::new(0));
            moved.push(Arc::clone(&counter));
            tasks.spawn(pump(stream, mode == super::target::SOURCE, counter));
        }
        Self { _tasks: tasks, moved }
    }

    /// Bytes moved so far, of each.
    pub(crate) fn moved(&self) -> Vec<u64> {
        self.moved.iter().map(|counter| counter.load(Ordering::Relaxed)).collect()
    }
}

async fn pump(mut stream: TcpStream, reads: bool, moved: Arc<AtomicU64>) {
    let mut buffer = vec![7; CHUNK];
    loop {
        let done = if reads { stream.read(&mut buffer).await } else { stream.write(&buffer).await };
        match done {
            Ok(bytes) if bytes > 0 => moved.fetch_add(bytes as u64, Ordering::Relaxed),
            _ => return,
        };
        // As the source and the sink do: an echo must not wait for the client's own loops.
        tokio::task::yield_now().await;
    }
}

/// Sends 64 bytes and waits for them to come back.
pub(crate) async fn echo(stream: &mut TcpStream) -> Duration {
    let mut buffer = [0; SMALL.len()];
    let began = Instant::now();
    stream.write_all(&SMALL).await.expect("sent");
    stream.read_exact(&mut buffer).await.expect("echoed");
    began.elapsed()
}

/// Connects, echoes and closes until `end`, on `at_once` connections at a time; how often.
pub(crate) async fn set_up(relays: &[SocketAddr], at_once: usize, end: Instant) -> u64 {
    let mut tasks = JoinSet::new();
    for first in 0..at_once {
        let relays = relays.to_owned();
        tasks.spawn(async move {
            let mut times = 0;
            while Instant::now() < end {
                let relay = relays[(first + times as usize) % relays.len()];
                let mut stream = open(relay, &[super::target::ECHO]).await;
                echo(&mut stream).await;
                times += 1;
            }
            times
        });
    }
    tasks.join_all().await.into_iter().sum()
}
