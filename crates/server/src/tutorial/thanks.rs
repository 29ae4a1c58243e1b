//! The tutorial's server: whoever connects is thanked, and the connection is closed.
//!
//! In the tutorial it is this Python program:
//!
//! ```python
//! import socket
//!
//! s = socket.socket()
//! s.bind(("", 12345))
//! s.listen(5)
//! while True:
//!     c, addr = s.accept()
//!     print("Got connection from", addr)
//!     c.send(b"Thank you for connecting")
//!     c.close()
//! ```
//!
//! Here the listener comes ready made: socket, bind and listen have been called by whoever started us. What is left is
//! the body of the loop.

use std::io;
use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tracing::debug;

/// What the tutorial's server says, byte for byte: no line feed, no end of string.
pub const GREETING: &[u8] = b"Thank you for connecting";

/// The tutorial's port.
pub const PORT: u16 = 12345;

/// Thanks each client and closes, until it is dropped.
pub async fn serve(listener: TcpListener) {
    super::accept_each(listener, thank).await;
}

/// Serves one client.
///
/// `write_all` is the tutorial's `sendall`: a plain write may take only a part, when the kernel's send buffer is full.
/// That it returns means that the kernel has taken the bytes, not that the client has read them.
///
/// Then `stream` goes out of scope, which is the tutorial's `c.close()`: the kernel sends the bytes it still has, and
/// then a FIN. The client's next recv gives the bytes, the one after that gives nothing: end of file.
///
/// There is one exception, and we keep it, since the tutorial's server has it too: **we never read.** If the client has
/// sent something (a browser sends a request), its bytes lie unread in our kernel when we close, and then TCP sends RST
/// instead of FIN, to tell the client that what it sent was lost. A client on Linux can still read the thanks if they
/// came before the RST, and then gets ECONNRESET where end of file should be; other systems throw the thanks away.
/// [`web`](super::web) shows how a server closes when it means to be heard.
async fn thank(mut stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
    debug!("Got connection from {peer}");
    stream.write_all(GREETING).await
}
