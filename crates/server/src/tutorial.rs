//! The tutorial's servers: small TCP servers, written to be read. One file each:
//!
//! - [`thanks`]: says `Thank you for connecting` and closes. The tutorial's own `server.py`, in Rust
//! - [`echo`]: sends back what it gets (RFC 862)
//! - [`daytime`]: says what time it is (RFC 867)
//! - [`web`]: a web server of one page
//! - [`chat`]: everybody reads what anybody writes
//!
//! Every one is a function `serve(listener)` that runs until it is dropped, and shares the accept loop of this file.
//! They are plain programs on plain sockets. They do not know that there are rooms, a page or a WebSocket: whoever
//! connects is a TCP peer, be it `nc` or a learner's program.
//!
//! # The accept loop
//!
//! In the tutorial a server is four lines: listen, and for ever accept, thank, close. A server that is to stay up on
//! the open internet needs three things more, and they are all in `accept_each`:
//!
//! 1. **A task for each connection.** The tutorial's loop serves one client after another, so one that is slow makes
//!    all others wait. Here each connection is a task of its own, and the loop goes straight back to accept.
//! 2. **A bound.** Each connection costs a descriptor and memory, and anyone may connect. At [`MOST_CONNECTIONS`] the
//!    loop does not accept. The next clients wait in the kernel's queue, as the backlog of `listen` promises. And since
//!    a client that does nothing would keep its place for ever, no connection lives longer than [`LONGEST`].
//! 3. **Patience with errors.** accept(2) can fail although the listener is well: above all with EMFILE, when the
//!    process has no descriptor left. Ending would turn a busy minute into an outage. Trying again at once would burn a
//!    whole processor, because the connection is still there to be accepted. So the loop waits, longer each time, until
//!    some other connection has closed.

pub mod chat;
pub mod daytime;
pub mod echo;
pub mod thanks;
pub mod web;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

/// Connections one service serves at the same time. More wait in the kernel's queue.
pub const MOST_CONNECTIONS: usize = 256;

/// Life of one connection. An hour is more than a lesson needs, even one that holds packets back for minutes.
pub const LONGEST: Duration = Duration::from_secs(60 * 60);

/// First pause after accept failed; it doubles with each further failure.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);

/// Longest pause after accept failed: nobody should wait longer than this once descriptors are free again.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Accepts connections until it is dropped, and gives each to `handle` in a task of its own.
///
/// Dropping the future drops its tasks, and with them their connections: nothing outlives the service.
async fn accept_each<Handler, Handling>(listener: TcpListener, handle: Handler)
where
    Handler: Fn(TcpStream, SocketAddr) -> Handling,
    Handling: Future<Output = io::Result<()>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    let mut pause = SHORTEST_PAUSE;
    loop {
        // A place first, then the client: whoever is accepted is served.
        while connections.len() >= MOST_CONNECTIONS {
            connections.join_next().await;
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    pause = SHORTEST_PAUSE;
                    connections.spawn(bounded(handle(stream, peer), peer));
                }
                Err(error) => {
                    warn!(%error, ?pause, "accept failed; trying again after a pause");
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            },
            // A connection has ended: forget its task.
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Runs one connection for at most [`LONGEST`]. What goes wrong with one client is no concern of the others.
async fn bounded(handling: impl Future<Output = io::Result<()>>, peer: SocketAddr) {
    match timeout(LONGEST, handling).await {
        Ok(Ok(())) => debug!(%peer, "closed"),
        Ok(Err(error)) => debug!(%peer, %error, "closed after an error"),
        Err(_) => debug!(%peer, limit = ?LONGEST, "closed: open for too long"),
    }
}
