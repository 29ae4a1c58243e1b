//! The echo service of RFC 862: what comes in goes out again.
//!
//! The smallest server that reads as well as writes, and so the smallest in which both sides can be slow.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// The port RFC 862 gives it.
pub const PORT: u16 = 7;

/// How long a client may be silent.
const LONGEST_SILENCE: Duration = Duration::from_secs(10 * 60);

/// Echoes for each client, until it is dropped.
pub async fn serve(listener: TcpListener) {
    super::accept_each(listener, echo).await;
}

/// Serves one client.
///
/// TCP is a stream of bytes: what the client sent in one call may arrive in several reads, and several calls in one.
/// Echo need not care, and that makes it simple. See [`chat`](super::chat) for a server that must find where a line
/// ends.
///
/// A read of no bytes is the client's FIN: it will send nothing more. It may still be reading (it closed one
/// direction, "half-close"), so everything it sent has to go back before we close. It has: each `write_all` is done
/// before the next read.
///
/// If the client does not read what we send, `write_all` waits, so we do not read either. Our kernel's receive buffer
/// fills, its window closes, and in the end the client's own send waits. That is TCP's back-pressure, and why one
/// buffer of fixed size is enough here for any amount of data.
async fn echo(mut stream: TcpStream, _peer: SocketAddr) -> io::Result<()> {
    let mut buffer = [0; 8 * 1024];
    loop {
        let count = timeout(LONGEST_SILENCE, stream.read(&mut buffer)).await??;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}
