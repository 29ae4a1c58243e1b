//! From a WebSocket to its session: the first message decides which one, or that there is none.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::extract::ws::{Message, WebSocket, close_code};
use proto::{
    error::DecodeError,
    frame::{self, Decoder},
    limits::{self, Limit},
    message::{Hello, Refusal, Secret, Welcome},
    room::Role,
};
use tokio::sync::mpsc;

use crate::{
    http::request_id::RequestId,
    meter::Meter,
    quota::Permit,
    room::Room,
    secret::secret,
    session::{
        Session,
        attach::Attach,
        closing::{self, Closing},
    },
    shared::Shared,
};

/// What pupils see in their room where their teacher looks at it.
const TEACHER: &str = "your teacher";

/// How long a session may take to take a connection.
const ATTACH: Duration = Duration::from_secs(10);

/// What a WebSocket comes with.
#[derive(Debug)]
pub(crate) struct Context {
    /// What everything shares.
    pub(crate) shared: Arc<Shared>,
    /// The room's id as in the address: well-formed, but perhaps no room's.
    pub(crate) room: String,
    /// The client's address.
    pub(crate) client: IpAddr,
    /// Told what comes of the connection's bytes.
    pub(crate) meter: Arc<Meter>,
    /// What the request is called that became it.
    pub(crate) request: RequestId,
    /// Counts the session; dropped when the WebSocket has ended.
    pub(crate) permit: Permit,
}

/// Why a first message leads nowhere.
enum Rejected {
    /// The page is told why.
    Refused(Refusal),
    /// It broke the protocol: the connection is closed, naming the rule.
    Broken(String),
    /// It said nothing in time.
    Late,
    /// It went away.
    Gone,
    /// It closed the WebSocket.
    Left,
}

impl Rejected {
    fn closing(self, context: &Context) -> Closing {
        match self {
            Self::Refused(Refusal::Unavailable(said)) => {
                let (request, room) = (&context.request, &context.room);
                tracing::info!(%request, room, said, "no session");
                let said = format!("{said} (request {request})");
                Closing::Refuse(frame::encode_welcome(&Welcome::Refused(Refusal::Unavailable(said))))
            }
            Self::Refused(refusal) => {
                match &refusal {
                    Refusal::Limit { limit, .. } => context.shared.metrics.refused_by(limit),
                    Refusal::NodeAway => context.shared.metrics.refused("node"),
                    _ => {}
                }
                tracing::debug!(room = context.room, client = %context.client, ?refusal, "no session");
                Closing::Refuse(frame::encode_welcome(&Welcome::Refused(refusal)))
            }
            Self::Broken(rule) => Closing::Say(close_code::PROTOCOL, rule),
            Self::Late => Closing::Say(close_code::POLICY, "no hello in time".to_owned()),
            Self::Gone => Closing::Cut,
            Self::Left => Closing::Answer,
        }
    }
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
    let (session, hello) = match found {
        Ok(found) => found,
        Err(rejected) => return closing::close(socket, rejected.closing(&context)).await,
    };
    match place_in(&session, &mut socket).await {
        Ok(place) => {
            // The pupil is told for as long as this connection lasts, and no longer.
            let looking = context.shared.rooms.find(&context.room).and_then(|room| room.look(&hello.key));
            let (done, ended) = tokio::sync::oneshot::channel::<()>();
            place.send(Attach { socket, hello, meter: context.meter, permit: context.permit, done });
            // The session has the WebSocket now; whoever waits for this one waits for its end.
            let _ended = ended.await;
            drop(looking);
        }
        Err(rejected) => closing::close(socket, rejected.closing(&context)).await,
    }
}

/// Waits until the session takes one more connection: not longer than the page does.
async fn place_in<'session>(
    session: &'session mpsc::Sender<Attach>,
    socket: &mut WebSocket,
) -> Result<mpsc::Permit<'session, Attach>, Rejected> {
    let gone = async {
        match socket.recv().await {
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => std::future::pending().await,
            Some(Ok(Message::Close(_))) => Rejected::Left,
            Some(Ok(_)) => Rejected::Broken("the welcome comes first".to_owned()),
            Some(Err(_)) | None => Rejected::Gone,
        }
    };
    tokio::select! {
        biased;
        place = session.reserve() => place.map_err(|_| Rejected::Refused(Refusal::SessionOver)),
        rejected = gone => Err(rejected),
        () = tokio::time::sleep(ATTACH) => {
            Err(Rejected::Refused(Refusal::Unavailable("The session is busy. Try again.".to_owned())))
        }
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
                Some(Ok(Message::Close(_))) => return Err(Rejected::Left),
                Some(Err(_)) => return Err(Rejected::Broken("not a WebSocket frame".to_owned())),
                None => return Err(Rejected::Gone),
            }
        }
    };
    let deadline = Duration::from_millis(limits::HELLO_MS);
    tokio::time::timeout(deadline, reading).await.unwrap_or(Err(Rejected::Late))
}

async fn find_session(context: &Context, hello: &Hello) -> Result<mpsc::Sender<Attach>, Rejected> {
    let found = context.shared.rooms.find(&context.room);
    // What another node has is not for this one to say: that one may only be late.
    let ours = context.room.split('-').next() == Some(context.shared.config.node.as_str());
    let none = if ours { Refusal::NoRoom } else { Refusal::NodeAway };
    let room = found.ok_or(Rejected::Refused(none))?;
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
    let token = token()?;
    let (sender, connections) = mpsc::channel(1);
    if !room.enter(token, role, sender.clone()) {
        return Err(Refusal::Limit {
            limit: Limit::Sessions.name().to_owned(),
            value: Limit::Sessions.value(),
        });
    }
    let shared = Arc::clone(&context.shared);
    // Whoever looks with the teacher's key is called so, whatever their page says.
    let name = if room.keys.is_look(&hello.key) { TEACHER.to_owned() } else { hello.name.clone() };
    match Session::enter(shared, Arc::clone(&room), role, name, token).await {
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

fn token() -> Result<Secret, Refusal> {
    secret().map_err(|error| {
        tracing::error!(%error, "no randomness");
        Refusal::Unavailable("The server has no randomness right now. Try again.".to_owned())
    })
}
