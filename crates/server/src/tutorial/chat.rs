//! A chat: everybody connected reads what anybody writes.
//!
//! Two things are new here. A server must find where one message ends and the next begins, for TCP keeps no bounds:
//! here a message is a line. And a connection now waits for two things at once, for its own client to write and for
//! the others to have written.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::timeout;

/// No port is set aside for a chat of lines; this one is ours.
pub const PORT: u16 = 5000;

/// Bytes in one line, its line feed included. Without a limit a client that never ends its line fills the memory.
const LONGEST_LINE: u64 = 512;

/// Lines kept for clients that read slowly. Who is further behind misses lines, and is told so; nobody waits for them.
const LINES_KEPT: usize = 64;

/// How long a client may be silent.
const LONGEST_SILENCE: Duration = Duration::from_secs(30 * 60);

/// Runs one chat for all clients, until it is dropped.
pub async fn serve(listener: TcpListener) {
    let (room, _) = broadcast::channel(LINES_KEPT);
    super::accept_each(listener, |stream, peer| talk(stream, peer, room.clone())).await;
}

/// Serves one client: reading and writing run side by side, and the connection ends with the first that ends.
async fn talk(mut stream: TcpStream, peer: SocketAddr, room: broadcast::Sender<String>) -> io::Result<()> {
    let lines = room.subscribe();
    // Nobody there to hear it is no error.
    let _ = room.send(format!("* {peer} is here\n"));
    let (reader, writer) = stream.split();
    let ended = tokio::select! {
        ended = hear(reader, peer, &room) => ended,
        ended = tell(writer, lines) => ended,
    };
    let _ = room.send(format!("* {peer} has left\n"));
    ended
}

/// Passes the client's lines on, until its end of file.
async fn hear(reader: ReadHalf<'_>, peer: SocketAddr, room: &broadcast::Sender<String>) -> io::Result<()> {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let count =
            timeout(LONGEST_SILENCE, (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line)).await??;
        if count == 0 {
            return Ok(());
        }
        // A line longer than the limit goes out in pieces; one that end of file cut short goes out as it is.
        let _ = room.send(format!("{peer}: {}\n", readable(&line)));
    }
}

/// Sends the client what anybody has said, itself included: so it sees that it was heard.
async fn tell(mut writer: WriteHalf<'_>, mut lines: broadcast::Receiver<String>) -> io::Result<()> {
    loop {
        match lines.recv().await {
            Ok(line) => writer.write_all(line.as_bytes()).await?,
            Err(RecvError::Lagged(count)) => {
                writer.write_all(format!("* you missed {count} lines\n").as_bytes()).await?;
            }
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// A client's bytes as text that is safe on somebody else's terminal: no escape sequences, no line feed but our own.
fn readable(line: &[u8]) -> String {
    String::from_utf8_lossy(line).chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn control_characters_do_not_travel() {
        assert_eq!(readable(b"hello\r\n"), "hello");
        assert_eq!(readable(b"\x1b[2Jgone\x07\n"), "[2Jgone");
        assert_eq!(readable("gr\u{fc}n\n".as_bytes()), "gr\u{fc}n");
        assert_eq!(readable(b"\xff\n"), "\u{fffd}");
    }
}
