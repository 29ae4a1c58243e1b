//! From a WebSocket to its session: the first message decides which one, or that there is none.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use proto::{
    error::DecodeError,
    frame::{self, Decoder},
    limits,
    message::{Hello, Refusal, Secret, Welcome},
    room::Role,
};
use tokio::sync::mpsc;

use crate::{
    http::Shared,
    quota::Permit,
    room::Room,
    session::{Attach, Session},
};

/// What a WebSocket comes with.
#[derive(Debug)]
pub(crate) struct Context {
    /// What everything shares.
    pub(crate) shared: Arc<Shared>,
    /// The room's id as in the address: well-formed, but perhaps no room's.
    pub(crate) room: String,
    /// The client's address.
    pub(crate) client: IpAddr,
    /// Counts the session; dropped when the WebSocket has ended.
    pub(crate) permit: Permit,
}

/// Why a first message leads nowhere.
enum Rejected {
    /// The page is told why.
    Refused(Refusal),
    /// It broke the protocol: the connection is closed, naming the rule.
    Broken(String),
    /// It went away or said nothing in time.
    Gone,
}

impl From<DecodeError> for Rejected {
    fn from(error: DecodeError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Hands a WebSocket to its session, or closes it.
pub(crate) async fn serve(mut socket: WebSocket, context: Context) {
    let found = match read_hello(&mut socket).await {
        Ok(hello) => find_session(&context, &hello).await.map(|session| (session, hello)),
        Err(rejected) => Err(rejected),
    };
    match found {
        Ok((session, hello)) => {
            let (done, ended) = tokio::sync::oneshot::channel::<()>();
            let attach = Attach { socket, hello, permit: context.permit, _done: done };
            if session.send(attach).await.is_ok() {
                // The session has the WebSocket now; whoever waits for this one waits for its end.
                let _ended = ended.await;
            }
        }
        Err(Rejected::Refused(refusal)) => {
            tracing::debug!(room = context.room, client = %context.client, ?refusal, "no session");
            let welcome = frame::encode_welcome(&Welcome::Refused(refusal));
            if socket.send(Message::Binary(welcome)).await.is_ok() {
                close(socket, close_code::NORMAL, "no session").await;
            }
        }
        Err(Rejected::Broken(rule)) => close(socket, close_code::PROTOCOL, &rule).await,
        Err(Rejected::Gone) => close(socket, close_code::POLICY, "no hello in time").await,
    }
}

async fn read_hello(socket: &mut WebSocket) -> Result<Hello, Rejected> {
    let mut decoder = Decoder::new();
    let reading = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Binary(bytes))) => {
                    decoder.push(bytes)?;
                    if let Some(hello) = frame::hello(&mut decoder)? {
                        return Ok(hello);
                    }
                }
                Some(Ok(Message::Text(_))) => return Err(Rejected::Broken("messages are binary".to_owned())),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Rejected::Gone),
            }
        }
    };
    let deadline = Duration::from_millis(limits::HELLO_MS);
    tokio::time::timeout(deadline, reading).await.unwrap_or(Err(Rejected::Gone))
}

async fn find_session(context: &Context, hello: &Hello) -> Result<mpsc::Sender<Attach>, Rejected> {
    let room = context.shared.rooms.find(&context.room).ok_or(Rejected::Refused(Refusal::NoRoom))?;
    let role = room.keys.role(&hello.key).ok_or(Rejected::Refused(Refusal::WrongKey))?;
    match &hello.session {
        Some(session) => room.session(&session.token, role).map_err(Rejected::Refused),
        None => begin_session(context, room, role, hello).await.map_err(Rejected::Refused),
    }
}

async fn begin_session(
    context: &Context,
    room: Arc<Room>,
    role: Role,
    hello: &Hello,
) -> Result<mpsc::Sender<Attach>, Refusal> {
    let token = secret()?;
    let (sender, connections) = mpsc::channel(1);
    if !room.enter(token, role, sender.clone()) {
        return Err(Refusal::Limit { limit: "sessions".to_owned(), value: limits::SESSIONS as u64 });
    }
    let shared = Arc::clone(&context.shared);
    match Session::enter(shared, Arc::clone(&room), role, hello.name.clone(), token).await {
        Ok(session) => {
            tokio::spawn(session.run(connections));
            Ok(sender)
        }
        Err(refusal) => {
            room.leave(&token);
            Err(refusal)
        }
    }
}

fn secret() -> Result<Secret, Refusal> {
    let mut token = [0; 16];
    getrandom::fill(&mut token).map_err(|error| {
        tracing::error!(%error, "no randomness");
        Refusal::Unavailable("The server has no randomness right now. Try again.".to_owned())
    })?;
    Ok(token)
}

async fn close(mut socket: WebSocket, code: u16, reason: &str) {
    // A close frame carries at most 123 bytes of reason (RFC 6455 section 5.5).
    let reason: String = reason.chars().filter(char::is_ascii).take(100).collect();
    let closing = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() })));
    let _late = tokio::time::timeout(Duration::from_secs(1), closing).await;
}
