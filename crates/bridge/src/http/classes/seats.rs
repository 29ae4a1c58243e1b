//! What a pupil's page asks of a class: a seat, what is new, a hand up, a file.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use lab::Request;
use proto::limits::Limit;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::{find, lines, object, required};
use crate::{
    classes::{Class, JoinedSeat, NameError, SeatNews, checked},
    http::{error::Refused, gate::Client, keys::bearer, rule::HttpRule},
    quota::Resource,
    room::Room,
    shared::Shared,
};

/// An empty line goes after this time without news: whoever is gone is noticed.
const QUIET: Duration = Duration::from_secs(15);

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SeatRequest {
    name: String,
}

/// What a pupil is told who has a seat.
#[derive(Debug, Serialize)]
struct Taken {
    /// Its number, from 1, and what it is called.
    seat: u32,
    name: String,
    /// Its key: whoever has it has the seat.
    key: String,
    /// Its room, and the owner's key to that.
    room: String,
    owner: String,
    /// What the room begins with.
    lesson: Option<String>,
    start: Option<String>,
}

impl Taken {
    fn new(joined: JoinedSeat, room: &Room) -> Self {
        let JoinedSeat { number, name, key, lesson, start } = joined;
        Self {
            seat: number,
            name,
            key: URL_SAFE_NO_PAD.encode(key),
            room: room.id.clone(),
            owner: URL_SAFE_NO_PAD.encode(room.keys.owner),
            lesson,
            start,
        }
    }
}

/// `POST /c/{class}/seats`: a new seat, 201; with a seat's key that seat, 200, with a new room where the old one has ended.
pub(crate) async fn take(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let class = find(&shared, &id)?;
    class.welcomes(&shared.quota, client);
    if shared.drain.is_begun() {
        return Err(Refused::draining(&shared.drain));
    }
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    if headers.contains_key(header::AUTHORIZATION) {
        let known = bearer(&headers).and_then(|key| class.seat(&key));
        let (joined, room) = known.ok_or_else(no_seat)?;
        let room = match room {
            Some(room) => room,
            None => {
                let room = new_room(&shared, &class).await?;
                class.move_to(joined.number, &room);
                room
            }
        };
        return Ok((StatusCode::OK, no_store, Json(Taken::new(joined, &room))).into_response());
    }
    let SeatRequest { name } = object(&body, "{\"name\"}")?;
    let name = checked(&name).map_err(refuse_name)?;
    let expected = class.expect()?;
    let room = new_room(&shared, &class).await?;
    let joined = expected.join(&name, &room).map_err(|error| {
        tracing::error!(%error, "no randomness");
        Refused::unavailable(HttpRule::Seat, "there is no seat right now; try again")
    })?;
    tracing::info!(class = class.id, seat = joined.number, room = room.id, "a seat is taken");
    Ok((StatusCode::CREATED, no_store, Json(Taken::new(joined, &room))).into_response())
}

/// A room for a seat, as the others of its class are now.
pub(super) async fn new_room(shared: &Shared, class: &Class) -> Result<Arc<Room>, Refused> {
    shared.memory.check_room()?;
    let permit = shared.quota.take_shared(Resource::Room)?;
    let room = shared.rooms.create_for_class(permit).await?;
    if class.is_held() {
        // A room that has ended already is nobody's.
        let _ended = room.lab.request(Request::HoldForClass { held: true }).await;
    }
    Ok(room)
}

fn refuse_name(error: NameError) -> Refused {
    match error {
        NameError::Empty => Refused::protocol(HttpRule::Name, "a name is needed"),
        NameError::Hidden => Refused::protocol(
            HttpRule::Name,
            "this name has characters in it that cannot be seen, or that turn text around",
        ),
        NameError::Long => Refused::over(StatusCode::BAD_REQUEST, Limit::Name),
    }
}

fn no_seat() -> Refused {
    Refused::protocol(HttpRule::Seat, "there is no such seat in this class, or no more")
        .with_status(StatusCode::FORBIDDEN)
}

/// The class and the seat of whoever asks.
fn seat_of(shared: &Shared, id: &str, headers: &HeaderMap) -> Result<(Arc<Class>, u32), Refused> {
    let class = find(shared, id)?;
    let (joined, _) = bearer(headers).and_then(|key| class.seat(&key)).ok_or_else(no_seat)?;
    Ok((class, joined.number))
}

/// What a page of a seat hears with.
struct Hearing {
    seat: u32,
    told: Option<SeatNews>,
    changed: watch::Receiver<u64>,
    _place: OwnedSemaphorePermit,
}

/// `GET /c/{class}/seat`: what a seat is told, a line whenever it is something else.
pub(crate) async fn news(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (class, seat) = seat_of(&shared, &id, &headers)?;
    let place =
        class.page(seat).ok_or_else(|| Refused::over(StatusCode::TOO_MANY_REQUESTS, Limit::SeatPages))?;
    let changed = class.changed();
    let hearing = Hearing { seat, told: None, changed, _place: place };
    Ok(lines::answer(class, hearing, next))
}

async fn next(class: Arc<Class>, mut hearing: Hearing) -> Option<(String, Hearing)> {
    loop {
        hearing.changed.borrow_and_update();
        // A seat that was freed hears no more.
        let news = class.news(hearing.seat)?;
        if hearing.told.as_ref() != Some(&news) {
            let line = serde_json::to_string(&news).ok()?;
            hearing.told = Some(news);
            return Some((format!("{line}\n"), hearing));
        }
        let room = class.room(hearing.seat).map(|(_, room)| (room.looked(), room.ended.clone()));
        if room.is_some() != news.has_room() {
            continue;
        }
        let room_changed = async {
            match room {
                None => std::future::pending().await,
                Some((mut looked, ended)) => {
                    let told = news.is_looked_at();
                    let other = async { looked.wait_for(|&looking| (looking > 0) != told).await.is_ok() };
                    tokio::select! {
                        _ = other => {}
                        () = ended.cancelled() => {}
                    }
                }
            }
        };
        tokio::select! {
            changed = hearing.changed.changed() => changed.ok()?,
            () = room_changed => {}
            () = tokio::time::sleep(QUIET) => return Some(("{}\n".to_owned(), hearing)),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hand {
    hand: bool,
}

/// `POST /c/{class}/seat`: a hand up, or down. 204.
pub(crate) async fn hand(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let (class, seat) = seat_of(&shared, &id, &headers)?;
    let Hand { hand } = required(&body, "{\"hand\"}")?;
    let too_often = |limit| Refused::over(StatusCode::TOO_MANY_REQUESTS, limit);
    class.hand(seat, hand).map_err(too_often)?;
    Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response())
}

/// `GET /c/{class}/files/{turn}`: a file for all, by the number that news name.
pub(crate) async fn file(
    State(shared): State<Arc<Shared>>,
    Path((id, turn)): Path<(String, u64)>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (class, _) = seat_of(&shared, &id, &headers)?;
    let text = class.file(turn).ok_or_else(Refused::not_found)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({ "text": text }))).into_response())
}
