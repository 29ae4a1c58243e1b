//! The TLS handshake, between TCP and HTTP. Which certificate is shown is the program's affair.
//!
//! It has no deadline of its own: whoever accepts gives it the same time as the head of a request.

use std::io;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::http::headers;

/// The first byte of every TLS connection: a record with a handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// Bytes of a request without TLS that are read, unseen, so that its answer is not lost by a reset.
const UNSEEN: u64 = 64 * 1024;

/// Finishes the handshake. Whoever speaks plain HTTP instead is told so.
///
/// # Errors
/// The handshake's, or `InvalidData` for a client that speaks something else.
pub(crate) async fn accept(acceptor: TlsAcceptor, mut stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let mut first = [0];
    let seen = stream.peek(&mut first).await?;
    if seen == 1 && first[0] != HANDSHAKE {
        refuse(&mut stream).await?;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it does not speak TLS"));
    }
    acceptor.accept(stream).await
}

async fn refuse(stream: &mut TcpStream) -> io::Result<()> {
    let body = format!("This address speaks HTTPS. Go to https://{}/\n", stream.local_addr()?);
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\
         connection: close\r\n{}\r\n{body}",
        headers::lines()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(UNSEEN), &mut tokio::io::sink()).await?;
    Ok(())
}
