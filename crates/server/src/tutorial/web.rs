//! A web server of one page: what a browser says and gets, in HTTP/1.1 (RFC 9112), by hand.
//!
//! HTTP is text over a TCP connection. The client sends a request, a line and some headers, ended by an empty line:
//!
//! ```text
//! GET / HTTP/1.1
//! Host: www.example.test
//!
//! ```
//!
//! and the server answers with a status line, headers, an empty line, and the page.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// The web's port.
pub const PORT: u16 = 80;

/// Bytes a request may have up to its empty line. A server that reads until it finds one, however long that takes, can
/// be filled up by anybody.
const LONGEST_REQUEST: usize = 8 * 1024;

/// Time for the whole request: enough to type one by hand.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// What is read and thrown away after the answer, at most, so that closing is heard (see [`hang_up`]).
const MOST_LEFTOVER: u64 = 64 * 1024;

/// How long the client may take to close after the answer.
const LONGEST_GOODBYE: Duration = Duration::from_secs(10);

const PAGE: &str = "<!doctype html>
<html lang=\"en\">
<title>A stand-in for www.example.test</title>
<h1>Hello from the wire</h1>
<p>This page came over a real TCP connection, from a small server that stands in for a web site.
There is no internet here: www.example.test exists in this room only.
</html>
";

/// Answers each client's one request, until it is dropped.
pub async fn serve(listener: TcpListener) {
    super::accept_each(listener, serve_one).await;
}

/// Serves one client: one request, one answer.
async fn serve_one(mut stream: TcpStream, _peer: SocketAddr) -> io::Result<()> {
    let head = timeout(LONGEST_WAIT, read_head(&mut stream)).await??;
    if head.is_empty() {
        // Connected, said nothing, closed: there is nobody to answer.
        return Ok(());
    }
    stream.write_all(answer(&head).as_bytes()).await?;
    hang_up(stream).await
}

/// Reads up to the empty line, the client's end of file, or the limit.
///
/// The empty line may come in any number of pieces, so each time all that has been read is looked at.
async fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(1024);
    while !is_complete(&head) && head.len() < LONGEST_REQUEST {
        let room_left = (LONGEST_REQUEST - head.len()) as u64;
        if (&mut *stream).take(room_left).read_buf(&mut head).await? == 0 {
            break;
        }
    }
    Ok(head)
}

/// Lines end with CR LF; a lone LF, as `nc` sends it, is understood too (RFC 9112, section 2.2).
fn is_complete(head: &[u8]) -> bool {
    head.windows(4).any(|end| end == b"\r\n\r\n") || head.windows(2).any(|end| end == b"\n\n")
}

/// The whole answer to a request's head.
fn answer(head: &[u8]) -> String {
    if !is_complete(head) {
        return response("400 Bad Request", "A request ends with an empty line.\n", true);
    }
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return response("400 Bad Request", "The first line is: GET / HTTP/1.1\n", true);
    };
    let names_host =
        lines.any(|line| line.split_once(':').is_some_and(|(name, _)| name.eq_ignore_ascii_case("host")));
    match (method, version) {
        (_, "HTTP/1.1") if !names_host => {
            response("400 Bad Request", "HTTP/1.1 needs a line like: Host: www.example.test\n", true)
        }
        (_, version) if !matches!(version, "HTTP/1.0" | "HTTP/1.1") => {
            response("400 Bad Request", "The first line ends with HTTP/1.0 or HTTP/1.1\n", true)
        }
        ("GET" | "HEAD", _) if target == "/" => response("200 OK", PAGE, method == "GET"),
        ("GET" | "HEAD", _) => {
            response("404 Not Found", "There is one page here, and it is /\n", method == "GET")
        }
        _ => {
            response("405 Method Not Allowed\r\nAllow: GET, HEAD", "This server knows GET and HEAD.\n", true)
        }
    }
}

/// Status line, headers, empty line, and the body where the method asks for one.
///
/// `Content-Length` tells where the body ends; a stream of bytes has no ends of its own. `Connection: close` says that
/// there will be no second answer.
fn response(status: &str, body: &str, with_body: bool) -> String {
    let kind = if body == PAGE { "text/html" } else { "text/plain" };
    let length = body.len();
    let body = if with_body { body } else { "" };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// Closes so that the answer is heard.
///
/// Closing while bytes of the client lie unread sends RST, and after a RST nothing of our answer that was lost on the
/// way is sent again; some systems even throw away what had arrived (see [`thanks`](super::thanks)). So first only our
/// direction is closed, which sends FIN, and then whatever the client still sends is read and thrown away, until it
/// closes too, within bounds.
async fn hang_up(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut leftover = stream.take(MOST_LEFTOVER);
    timeout(LONGEST_GOODBYE, tokio::io::copy(&mut leftover, &mut tokio::io::sink())).await??;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::answer;

    fn status(request: &[u8]) -> String {
        answer(request).lines().next().unwrap_or_default().to_owned()
    }

    #[test]
    fn the_page_is_served_to_old_and_new_clients() {
        assert_eq!(status(b"GET / HTTP/1.1\r\nHost: www.example.test\r\n\r\n"), "HTTP/1.1 200 OK");
        assert_eq!(status(b"GET / HTTP/1.0\r\n\r\n"), "HTTP/1.1 200 OK");
        assert_eq!(status(b"GET / HTTP/1.0\n\n"), "HTTP/1.1 200 OK");
        let head = answer(b"HEAD / HTTP/1.0\r\n\r\n");
        assert!(
            head.ends_with("\r\n\r\n")
                && head.contains("Content-Length: ")
                && !head.contains("Content-Length: 0")
        );
    }

    #[test]
    fn what_is_not_there_or_not_http_is_said() {
        assert_eq!(status(b"GET /other HTTP/1.0\r\n\r\n"), "HTTP/1.1 404 Not Found");
        assert_eq!(status(b"POST / HTTP/1.0\r\n\r\n"), "HTTP/1.1 405 Method Not Allowed");
        for request in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"GET /\r\n\r\n",
            b"GET / HTTP/3.0\r\nHost: a\r\n\r\n",
            b"\r\n\r\n",
            b"\xff\xfe\0\r\n\r\n",
            b"GET / HTTP/1.0 extra\r\n\r\n",
            b"GET / HTTP/1.0\r\n",
        ] {
            assert_eq!(status(request), "HTTP/1.1 400 Bad Request", "{:?}", String::from_utf8_lossy(request));
        }
    }
}
