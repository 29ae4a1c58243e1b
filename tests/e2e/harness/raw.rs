//! A WebSocket client without the protocol's endpoint: it can say anything.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use proto::{
    SUBPROTOCOL,
    frame::{self, Decoder, Frame},
    message::Hello,
};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest as _,
        handshake::client::Request,
        http::{HeaderName, HeaderValue},
        protocol::WebSocketConfig,
    },
};

use super::{in_time, room::Link};

/// Bytes read at once: two messages of bulk.
const READ: usize = 64 * 1024;

/// A WebSocket over plain TCP.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// The request for a room's WebSocket as a page sends it. Headers can be replaced.
pub(crate) fn request(server: SocketAddr, room: &str, headers: &[(&'static str, &str)]) -> Request {
    let address = format!("ws://{server}/r/{room}/socket");
    let mut request = address.into_client_request().expect("an address");
    let own = [("origin", format!("http://{server}")), ("sec-websocket-protocol", SUBPROTOCOL.to_owned())];
    let own = own.iter().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in own.chain(headers.iter().copied()) {
        let name = HeaderName::from_static(name);
        if value.is_empty() {
            request.headers_mut().remove(name);
        } else {
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header"));
        }
    }
    request
}

/// A connection from an address of this machine.
pub(crate) async fn dial(to: SocketAddr, from: Ipv4Addr) -> io::Result<TcpStream> {
    if from == Ipv4Addr::LOCALHOST {
        return TcpStream::connect(to).await;
    }
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(to).await
}

/// Opens the WebSocket, from an address of this machine; the server's refusal is `Error::Http`.
pub(crate) async fn open(request: Request, to: SocketAddr, from: Ipv4Addr) -> Result<Socket, Error> {
    let stream = dial(to, from).await?;
    // As browsers have it: what is asked must not wait for what was acknowledged.
    stream.set_nodelay(true)?;
    // A read makes all of its buffer zero first: more than it brings is for nothing.
    let config = WebSocketConfig::default().read_buffer_size(READ);
    let opening = client_async_with_config(request, stream, Some(config));
    Ok(in_time("the WebSocket's handshake", opening).await?.0)
}

/// Status and body of a refused upgrade.
pub(crate) async fn refused(request: Request, server: SocketAddr) -> (u16, String) {
    match open(request, server, Ipv4Addr::LOCALHOST).await {
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            (response.status().as_u16(), String::from_utf8_lossy(body).into_owned())
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// A WebSocket without manners.
pub(crate) struct Raw {
    socket: Socket,
    decoder: Decoder,
    /// Reliable frames received.
    received: u64,
}

impl Raw {
    /// Opened, and nothing said yet.
    pub(crate) async fn open(link: &Link) -> Self {
        let request = request(link.server, &link.room, &[]);
        let socket = open(request, link.dial, link.from).await.expect("a WebSocket");
        Self { socket, decoder: Decoder::new(), received: 0 }
    }

    /// In a session: the welcome has been read.
    pub(crate) async fn enter(link: &Link) -> Self {
        let mut raw = Self::open(link).await;
        let hello = Hello { key: link.key, name: "raw".to_owned(), session: None };
        raw.send(Message::Binary(frame::encode_hello(&hello))).await;
        raw.frame().await.expect("a welcome");
        raw
    }

    pub(crate) async fn send(&mut self, message: Message) {
        in_time("a message to be sent", self.socket.send(message)).await.expect("sent");
    }

    /// Sends bytes that need be no WebSocket frames.
    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        in_time("bytes to be sent", self.socket.get_mut().write_all(bytes)).await.expect("sent");
    }

    /// Sends a frame of any kind and body.
    pub(crate) async fn send_frame(&mut self, kind: u8, body: &[u8]) {
        let length = u32::try_from(body.len()).expect("short").to_be_bytes();
        let mut message = vec![kind];
        message.extend_from_slice(&length[1..]);
        message.extend_from_slice(body);
        self.send(Message::Binary(message.into())).await;
    }

    /// The next frame, or none when the connection is over.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        in_time("a frame", self.next_frame()).await
    }

    async fn next_frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.decoder.next_frame().expect("the server keeps to the format") {
                self.received += u64::from(frame.kind.is_reliable());
                return Some(frame);
            }
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => self.decoder.push(bytes).expect("short messages"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("not a frame: {other:?}"),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Says how many reliable frames have come.
    pub(crate) async fn acknowledge(&mut self) {
        let body = postcard::to_allocvec(&self.received).expect("a number");
        self.send_frame(frame::Kind::Ack as u8, &body).await;
    }

    /// Waits for the end of the connection: its close code and reason.
    ///
    /// # Panics
    /// When it is cut off without them.
    pub(crate) async fn closed(self) -> (u16, String) {
        self.ended().await.expect("cut off without a close frame")
    }

    /// Waits for the end of the connection: its close code and reason, or none when it was just cut off.
    pub(crate) async fn ended(mut self) -> Option<(u16, String)> {
        let reading = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(close))) => {
                        return close.map(|close| (close.code.into(), close.reason.as_str().to_owned()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        };
        in_time("the end of the connection", reading).await
    }
}

/// A message of bytes.
pub(crate) fn binary(bytes: &[u8]) -> Message {
    Message::Binary(Bytes::copy_from_slice(bytes))
}
