//! The accept loop: who gets a connection, for how long it may be silent, and what happens when the kernel has none
//! to give.
//!
//! HTTP/1.1 only. Nothing of a request is read before its address was counted.

mod read_ahead;
mod stream;
pub(crate) mod tls;

use std::{
    convert::Infallible,
    future::Future,
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, http::StatusCode};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_service::Service;

use self::stream::Guarded;
use crate::{
    http::headers,
    limit_reached::LimitReached,
    meter::Meter,
    origin::Endpoints,
    quota::{Permit, Resource},
    shared::Shared,
};

/// Bytes that the kernel takes and has not sent: what waits longer should wait where it can be put in order.
const NOTSENT_LOWAT: u32 = 64 * 1024;
/// Bytes of the kernel's buffers of one connection, each way, before the kernel doubles them: by itself it would let them
/// grow to megabytes, and its memory is everybody's.
const BUFFERS: usize = 256 * 1024;
/// hyper's smallest buffer.
const SMALLEST_BUFFER: usize = 8 * 1024;
/// How long connections without a session have to end, once the sessions have.
const CLOSE: Duration = Duration::from_millis(500);

/// What accepted connections have in common.
#[derive(Clone, Debug)]
pub(crate) struct Acceptor {
    shared: Arc<Shared>,
    router: Router,
    secure: bool,
    /// No further request on a connection.
    closing: CancellationToken,
    /// No connection any more.
    closed: CancellationToken,
    connections: TaskTracker,
}

impl Acceptor {
    /// Nothing is accepted yet. `secure`: what comes in is protected by TLS.
    pub(crate) fn new(shared: Arc<Shared>, router: Router, secure: bool) -> Self {
        Self {
            shared,
            router,
            secure,
            closing: CancellationToken::new(),
            closed: CancellationToken::new(),
            connections: TaskTracker::new(),
        }
    }

    /// Accepts for ever.
    pub(crate) async fn run<S, F, W>(&self, listener: &TcpListener, wrap: W)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        W: Fn(TcpStream) -> F,
    {
        let mut backoff = Backoff::default();
        loop {
            let (stream, peer) = accept(listener, &mut backoff, || self.shared.metrics.accept_failed()).await;
            self.shared.metrics.accepted();
            match self.admit(peer) {
                Ok(permit) => self.spawn_connection(stream, peer, permit, &wrap),
                Err(reached) => self.refuse(&stream, reached),
            }
        }
    }

    /// Lets requests under way finish, then drops what is left.
    pub(crate) async fn shutdown(&self) {
        self.closing.cancel();
        self.connections.close();
        let _ = timeout(CLOSE, self.connections.wait()).await;
        self.closed.cancel();
        self.connections.wait().await;
    }

    fn admit(&self, peer: SocketAddr) -> Result<Permit, LimitReached> {
        let quota = &self.shared.quota;
        if self.shared.names.is_proxy(peer.ip()) {
            quota.take_shared(Resource::Connection)
        } else {
            quota.take(Resource::Connection, peer.ip())
        }
    }

    fn spawn_connection<S, F>(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        permit: Permit,
        wrap: impl Fn(TcpStream) -> F,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
    {
        let ends = match prepare(&stream) {
            Ok(local) => {
                self.shared.rooms.came_to(local.ip());
                Endpoints { peer, local, secure: self.secure }
            }
            // Gone before we looked.
            Err(error) => return tracing::debug!(%peer, %error, "not a connection any more"),
        };
        let wrapped = wrap(stream);
        let acceptor = self.clone();
        self.connections.spawn(async move {
            let closed = acceptor.closed.clone();
            tokio::select! {
                () = acceptor.serve(wrapped, ends, permit) => {}
                () = closed.cancelled() => {}
            }
        });
    }

    /// Says why in one write that cannot wait, and drops the connection.
    fn refuse(&self, stream: &TcpStream, reached: LimitReached) {
        self.shared.metrics.refused(reached.limit.name());
        tracing::debug!(limit = reached.limit.name(), "connection refused");
        if !self.secure {
            let _ = stream.try_write(refusal(reached).as_bytes());
        }
    }

    async fn serve<S>(self, wrapped: impl Future<Output = io::Result<S>>, ends: Endpoints, permit: Permit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let deadlines = self.shared.config.deadlines;
        let stream = match timeout(deadlines.head, wrapped).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(peer = %ends.peer, %error, "no handshake"),
            Err(_) => return tracing::debug!(peer = %ends.peer, "the handshake took too long"),
        };
        let upgraded = Arc::new(AtomicBool::new(false));
        let meter = Arc::new(Meter::default());
        let guarding = (Arc::clone(&upgraded), Arc::clone(&meter));
        let stream = Guarded::new(stream, permit, deadlines.stall, guarding);
        let router = self.router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ends);
            request.extensions_mut().insert(Arc::clone(&meter));
            let mut router = router.clone();
            let upgraded = Arc::clone(&upgraded);
            async move {
                let response = Service::<Request>::call(&mut router, request.map(Body::new)).await?;
                if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                    upgraded.store(true, Ordering::Relaxed);
                }
                Ok::<_, Infallible>(response)
            }
        });
        let head = self.shared.config.limits.head_bytes;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(deadlines.head)
            .max_header_size(head)
            .max_buf_size(head.max(SMALLEST_BUFFER))
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(peer = %ends.peer, %error, "connection ended");
        }
    }
}

/// Bounds the buffers of every connection that will be accepted: they are the listener's.
pub(crate) fn bound_buffers(listener: &TcpListener) {
    let listener = SockRef::from(listener);
    let bounded =
        listener.set_send_buffer_size(BUFFERS).and_then(|()| listener.set_recv_buffer_size(BUFFERS));
    if let Err(error) = bounded {
        tracing::warn!(%error, "the kernel's buffers of connections are as large as it likes");
    }
}

/// The address the client dialled, after setting what every connection needs.
fn prepare(stream: &TcpStream) -> io::Result<SocketAddr> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
    stream.local_addr()
}

/// An answer to a connection that was not read.
fn refusal(reached: LimitReached) -> String {
    let (limit, value) = (reached.limit.name(), reached.value);
    let body = format!(
        "{{\"class\":\"limit\",\"limit\":\"{limit}\",\"value\":{value},\"message\":\"the limit {limit} of {value} \
         is reached\"}}"
    );
    let status = if reached.is_of_address() { "429 Too Many Requests" } else { "503 Service Unavailable" };
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\
         retry-after: 5\r\n{}\r\n{body}",
        headers::lines()
    )
}

/// Where connections come from.
trait Listener {
    /// What is accepted.
    type Stream;
    /// As accept(2).
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        Self::accept(self).await
    }
}

/// The next connection, however long the kernel has none to give.
async fn accept<L: Listener>(
    listener: &L,
    backoff: &mut Backoff,
    failed: impl Fn(),
) -> (L::Stream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => {
                *backoff = Backoff::default();
                return accepted;
            }
            Err(error) => {
                failed();
                let pause = backoff.pause(&error);
                if !pause.is_zero() {
                    tracing::warn!(%error, ?pause, "cannot accept connections");
                    sleep(pause).await;
                }
            }
        }
    }
}

/// How long to leave the kernel alone after an error of accept(2). Out of descriptors (EMFILE, ENFILE) the listener
/// stays readable: without a pause the loop would spin.
#[derive(Debug)]
struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: Duration::from_millis(5) }
    }
}

impl Backoff {
    const LONGEST: Duration = Duration::from_secs(1);

    fn pause(&mut self, error: &io::Error) -> Duration {
        // That connection's own fault; the next one may be well.
        if matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
        ) {
            return Duration::ZERO;
        }
        let pause = self.next;
        self.next = (self.next * 2).min(Self::LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests;
