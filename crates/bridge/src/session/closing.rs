//! The end of a WebSocket (RFC 6455 section 7): each one is closed in words, and nobody can make it last.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use bytes::Bytes;
use futures_util::SinkExt;

/// How long the other end has to take the close frame, and to answer it.
const CLOSE: Duration = Duration::from_secs(1);
/// A close frame carries at most 123 bytes of reason (RFC 6455 section 5.5).
const REASON: usize = 100;

/// How a WebSocket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// Without a word: nobody hears it.
    Cut,
    /// The other end has closed it and is answered.
    Answer,
    /// With a code and the reason.
    Say(u16, String),
    /// With a message before: a welcome that refuses.
    Refuse(Bytes),
}

/// Closes a WebSocket. Takes at most twice [`CLOSE`].
pub(crate) async fn close(mut socket: WebSocket, closing: Closing) {
    let (message, code, reason) = match closing {
        Closing::Cut => return,
        Closing::Answer => {
            // The answer was put in the queue when the close frame was read.
            let _late = tokio::time::timeout(CLOSE, socket.flush()).await;
            return;
        }
        Closing::Say(code, reason) => (None, code, reason),
        Closing::Refuse(message) => (Some(message), close_code::NORMAL, "no session".to_owned()),
    };
    let saying = async {
        if let Some(message) = message {
            socket.send(Message::Binary(message)).await?;
        }
        let reason: String = reason.chars().filter(char::is_ascii).take(REASON).collect();
        socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await
    };
    if tokio::time::timeout(CLOSE, saying).await.is_ok_and(|said| said.is_ok()) {
        // What is left unread when the socket is closed would make the kernel reset the connection, and the close frame
        // be lost.
        let _late = tokio::time::timeout(CLOSE, unread(&mut socket)).await;
    }
}

async fn unread(socket: &mut WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Close(_)) {
            return;
        }
    }
}
