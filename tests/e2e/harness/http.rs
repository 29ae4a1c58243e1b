//! Plain HTTP/1.1, one request a connection, written out so that a test can break every rule.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

use super::in_time;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status code.
    pub(crate) status: u16,
    /// Its head, in lower case.
    pub(crate) head: String,
    /// Its body.
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// GET without anything special.
pub(crate) async fn get(server: SocketAddr, path: &str) -> Answer {
    request(server, &format!("GET {path} HTTP/1.1\r\nHost: {server}\r\n")).await
}

/// POST without a body, as the server's own page sends it.
pub(crate) async fn post(server: SocketAddr, path: &str) -> Answer {
    let own = format!("Host: {server}\r\nOrigin: http://{server}\r\nContent-Length: 0\r\n");
    request(server, &format!("POST {path} HTTP/1.1\r\n{own}")).await
}

/// Sends a head (without its last empty line) and reads the answer to the end of the connection.
pub(crate) async fn request(server: SocketAddr, head: &str) -> Answer {
    let stream = TcpStream::connect(server).await.expect("the server listens");
    request_over(stream, head).await
}

/// Sends a head (without its last empty line, nor a length) and a body.
pub(crate) async fn request_with(server: SocketAddr, head: &str, body: &str) -> Answer {
    let stream = TcpStream::connect(server).await.expect("the server listens");
    let length = body.len();
    let exchange = async {
        let mut stream = stream;
        let head = format!("{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = in_time("an HTTP answer", exchange).await.expect("HTTP");
    parse(&String::from_utf8_lossy(&answer))
}

/// The same over a connection that is there already.
pub(crate) async fn request_over(mut stream: impl AsyncRead + AsyncWrite + Unpin, head: &str) -> Answer {
    let exchange = async {
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = in_time("an HTTP answer", exchange).await.expect("HTTP");
    parse(&String::from_utf8_lossy(&answer))
}

/// GET with a key: the body of a good answer, byte by byte.
pub(crate) async fn download(server: SocketAddr, path: &str, key: &str) -> Vec<u8> {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await?;
        let head = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {key}\r\n");
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = in_time("an HTTP answer", exchange).await.expect("HTTP");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let body = &answer[end + 4..];
    if head.to_lowercase().contains("transfer-encoding: chunked") { joined(body) } else { body.to_vec() }
}

/// The chunks of a body without their lengths (RFC 9112, 7.1).
fn joined(mut body: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n").expect("the length of a chunk");
        let length = std::str::from_utf8(&body[..end]).expect("a number");
        let length = usize::from_str_radix(length, 16).expect("a hexadecimal number");
        if length == 0 {
            return all;
        }
        all.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 2 + length + 2..];
    }
}

fn parse(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {answer:?}"));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status code");
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}
