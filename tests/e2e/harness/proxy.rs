//! What stands between a page and its server in the world: something that forwards, refuses WebSockets, is slow, or breaks.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream, tcp},
    sync::Semaphore,
    task::{AbortHandle, JoinSet},
};

/// What it does with new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Forwards everything.
    Forward,
    /// Forwards everything but WebSockets, as filters of schools and companies do.
    NoWebSocket,
    /// Closes every connection at once.
    Down,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    target: Option<SocketAddr>,
    connections: JoinSet<()>,
}

/// A proxy on a port of its own; gone when dropped, with all its connections.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: AbortHandle,
    /// Bytes that may still travel to the clients, all connections together.
    allowed: Arc<Semaphore>,
}

impl Proxy {
    /// Listens; forwards once it knows where to.
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let state = State { mode: Mode::Forward, target: None, connections: JoinSet::new() };
        let state = Arc::new(Mutex::new(state));
        let allowed = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let accepting =
            tokio::spawn(accept(listener, Arc::clone(&state), Arc::clone(&allowed))).abort_handle();
        Self { address, state, accepting, allowed }
    }

    /// Lets nothing through to the clients any more, but what is allowed by [`allow`](Self::allow).
    pub(crate) fn hold(&self) {
        self.allowed.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Lets so many bytes more through.
    pub(crate) fn allow(&self, bytes: usize) {
        self.allowed.add_permits(bytes);
    }

    /// Where to forward to.
    pub(crate) fn forward_to(&self, target: SocketAddr) {
        self.lock().target = Some(target);
    }

    /// What to do with new connections from now on.
    pub(crate) fn set(&self, mode: Mode) {
        self.lock().mode = mode;
    }

    /// Cuts every connection there is.
    pub(crate) fn cut(&self) {
        self.lock().connections.abort_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>, allowed: Arc<Semaphore>) {
    while let Ok((client, _)) = listener.accept().await {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(target), true) = (state.target, state.mode != Mode::Down) {
            let (mode, allowed) = (state.mode, Arc::clone(&allowed));
            state.connections.spawn(async move {
                let _broken = serve(client, target, mode, &allowed).await;
            });
        }
    }
}

async fn serve(
    mut client: TcpStream,
    target: SocketAddr,
    mode: Mode,
    allowed: &Semaphore,
) -> std::io::Result<()> {
    // Browsers open a connection of its own for a WebSocket and send its head at once.
    let mut first = vec![0; 16 * 1024];
    let length = client.read(&mut first).await?;
    let first = &first[..length];
    if mode == Mode::NoWebSocket
        && String::from_utf8_lossy(first).to_lowercase().contains("upgrade: websocket")
    {
        let blocked = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(blocked.as_bytes()).await;
    }
    let mut server = TcpStream::connect(target).await?;
    server.write_all(first).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let up = async {
        copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await
    };
    tokio::try_join!(up, down(&mut from_server, &mut to_client, allowed)).map(drop)
}

/// What the server sends, as far as it is allowed.
async fn down(
    server: &mut tcp::ReadHalf<'_>,
    client: &mut tcp::WriteHalf<'_>,
    allowed: &Semaphore,
) -> std::io::Result<()> {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let length = server.read(&mut piece).await?;
        if length == 0 {
            return client.shutdown().await;
        }
        let permits = u32::try_from(length).unwrap_or(u32::MAX);
        if let Ok(permit) = allowed.acquire_many(permits).await {
            permit.forget();
        }
        client.write_all(&piece[..length]).await?;
    }
}
