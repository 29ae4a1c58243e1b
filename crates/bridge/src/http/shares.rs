//! Recordings by link: `POST /r/{room}/shares` makes one, `GET /s/{id}` is the page for it, `GET /s/{id}/events` the
//! recording, `DELETE /s/{id}` its end.
//!
//! Whatever an id is (never given, mistyped, deleted), the answer is the same. Keys come in an `Authorization: Bearer`
//! header, never in the address.

use std::{
    io::{self, Read},
    net::IpAddr,
    sync::Arc,
};

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use futures_util::Stream;
use lab::{Directory, TraceLog};
use proto::{
    limits::{self, Limit},
    message::Secret,
};
use serde::{Deserialize, Serialize};
use share::Note;
use tokio::time::Instant;

use super::{
    assets::{BROTLI, accepts},
    documents::PAGE,
    error::Refused,
    gate::{Client, Site},
    headers::{NO_INDEX, Public},
    keys::{bearer, owned_room},
    oembed,
    rule::HttpRule,
    stored::{disk, find, find_label},
};
use crate::{
    kept::{
        Label, NoShelf, PutError, Recorded, RecordingOptions, SMALL, Shelf, Stored, packed, recorded,
        unpacked,
    },
    quota::{Permit, Resource},
    room::{Place, Room},
    secret::{secret, spell},
    shared::Shared,
};

/// JSON, an object a line.
const LINES: &str = "application/x-ndjson";
/// About so many bytes of an answer are read at a time.
const PIECE: usize = 64 * 1024;
/// What a page says about a recording that it wants kept. All may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ShareRequest {
    title: String,
    hide_names: bool,
    notes: Vec<Note>,
}

/// What the one who kept it is told.
#[derive(Debug, Serialize)]
pub(super) struct NewShare {
    /// Its id.
    id: String,
    /// The way to it.
    pub(super) link: String,
    /// The key that deletes it, said this once: 128 bits in base64url.
    delete_key: String,
    /// Events in it.
    events: u64,
    /// Events of the room that are not.
    evicted: u64,
    /// Notes in it: those of events that are.
    notes: u64,
    /// Bytes before compression, and after.
    bytes: u64,
    packed: u64,
}

/// Keeps what happened in a room: 201 with [`NewShare`], or why not. For its owner.
pub(crate) async fn make(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Path(room): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let room = owned_room(&shared, &room, &headers)?;
    let network = shared.quota.network(client);
    let made = keep(&shared, &room, &body, || shared.kept.daily.take(network, Instant::now())).await?;
    Ok(created(made))
}

/// Says what was made, and where.
pub(super) fn created(made: NewShare) -> Response {
    let headers = [(header::LOCATION, made.link.clone()), (header::CACHE_CONTROL, "no-store".to_owned())];
    (StatusCode::CREATED, headers, Json(made)).into_response()
}

/// Keeps what happened in a room, as `body` asks. `allowed` is asked last: whoever may keep no more is told so.
pub(super) async fn keep<E>(
    shared: &Shared,
    room: &Room,
    body: &Bytes,
    allowed: impl FnOnce() -> Result<(), E>,
) -> Result<NewShare, Refused>
where
    Refused: From<E>,
{
    let asked = options(body)?;
    has_shelf(shared)?;
    shared.memory.check_answer()?;
    let place = room.keep_one().ok_or_else(|| Refused::over(StatusCode::CONFLICT, Limit::RoomKept))?;
    allowed()?;
    let made = write(shared, room, asked, place).await?;
    shared.metrics.recording_kept();
    tracing::info!(room = room.id, events = made.events, bytes = made.packed, "a recording is kept");
    Ok(made)
}

fn options(body: &Bytes) -> Result<RecordingOptions, Refused> {
    let wrong = || {
        Refused::protocol(HttpRule::Body, "the body has to be JSON: {\"title\", \"hide_names\", \"notes\"}")
    };
    let ShareRequest { title, hide_names, mut notes } = match body.trim_ascii_start().first() {
        None => ShareRequest::default(),
        // An array would do for serde as well.
        Some(b'{') => serde_json::from_slice(body).map_err(|_| wrong())?,
        Some(_) => return Err(wrong()),
    };
    if title.chars().count() > limits::SHARE_TITLE {
        return Err(Refused::over(StatusCode::BAD_REQUEST, Limit::ShareTitle));
    }
    for (is, limit) in [(notes.len(), Limit::ShareNotes), (longest(&notes), Limit::ShareNote)] {
        if is as u64 > limit.value() {
            return Err(Refused::over(StatusCode::BAD_REQUEST, limit));
        }
    }
    notes.sort_by_key(|note| note.seq);
    Ok(RecordingOptions { title: title.trim().to_owned(), hide_names, notes })
}

/// Characters of the longest.
fn longest(notes: &[Note]) -> usize {
    notes.iter().map(|note| note.text.chars().count()).max().unwrap_or(0)
}

fn has_shelf(shared: &Shared) -> Result<(), Refused> {
    shared.kept.shelf().map(drop).map_err(|why| {
        let why = match why {
            NoShelf::Off => "this server keeps no recordings",
            NoShelf::Unusable(_) => {
                "this server has no place for recordings now; whoever runs it finds the reason in its log"
            }
        };
        Refused::unavailable(HttpRule::Shares, why)
    })
}

/// Writes a room as it is now. Its place is given back where nothing is kept; that is known when the shelf has answered, which
/// may be after whoever asked has gone.
async fn write(
    shared: &Shared,
    room: &Room,
    asked: RecordingOptions,
    place: Place,
) -> Result<NewShare, Refused> {
    let turn = shared.kept.turn().acquire_owned().await.map_err(|_| Refused::ending())?;
    let directory = room.lab.directory().await.map_err(|_| Refused::not_found())?;
    let trace = Arc::clone(room.lab.trace());
    let made = shared.kept.ask(move |shelf| {
        let _one_at_a_time = turn;
        let made = put(shelf, &trace, directory, asked);
        if made.is_ok() {
            place.take();
        }
        Ok(made)
    });
    match made.await {
        Ok(Ok(made)) => Ok(made),
        Ok(Err(PutError::Full { most })) => {
            tracing::warn!(most, "the shelf is full");
            Err(Refused::limit(StatusCode::INSUFFICIENT_STORAGE, Limit::ServerShelf, most))
        }
        Ok(Err(PutError::Away(error))) => {
            tracing::error!(%error, "a recording could not be kept");
            let message = "what keeps recordings for this server does not answer; nothing of it is kept, and the room \
                           goes on: try again in a moment";
            Err(Refused::unavailable(HttpRule::Shelf, message))
        }
        Ok(Err(PutError::Disk(error))) => {
            tracing::error!(%error, "a recording could not be kept");
            let message = "the recording could not be written to the server's disk; nothing of it is kept";
            Err(Refused::unavailable(HttpRule::Shelf, message).with_status(StatusCode::INSUFFICIENT_STORAGE))
        }
        Err(error) => {
            tracing::error!(%error, "a recording could not be made");
            Err(Refused::unavailable(
                HttpRule::Shelf,
                "the recording could not be made; nothing of it is kept",
            ))
        }
    }
}

/// Makes a recording and puts it on the shelf, under an id and with a key of its own.
fn put(
    shelf: &dyn Shelf,
    trace: &TraceLog,
    room: Directory,
    asked: RecordingOptions,
) -> Result<NewShare, PutError> {
    let random = || secret().map_err(|error| io::Error::other(error.to_string()));
    let (id, key) = (spell(&random()?), random()?);
    let Recorded { text, events, evicted, notes } = recorded(trace, room, asked).map_err(io::Error::other)?;
    let compressed = packed(&text, SMALL)?;
    let label = Label::new(&key, text.len(), compressed.len());
    shelf.put(&id, &label, &compressed)?;
    let link = format!("/s/{id}");
    let delete_key = URL_SAFE_NO_PAD.encode(key);
    Ok(NewShare { id, link, delete_key, events, evicted, notes, bytes: label.bytes, packed: label.packed })
}

/// `GET /s/{id}`: the page, where there is such a recording, with what it is of in its head.
pub(crate) async fn open(
    State(shared): State<Arc<Shared>>,
    Extension(Site(site)): Extension<Site>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let page = shared.config.assets.text(PAGE).ok_or_else(Refused::not_found)?;
    let page = oembed::with_head(&shared, &site, &id, &page).await?;
    let about = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Ok(([NO_INDEX], about, page).into_response())
}

/// `GET /s/{id}/events`: the recording. It never changes, but it may be deleted: whoever has it asks whether it is there.
pub(crate) async fn events(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let found = find(&shared, &id).await?;
    answer(&shared, client, found, &id, &headers)
}

/// A recording as an answer.
pub(super) fn answer(
    shared: &Shared,
    client: IpAddr,
    Stored { label, packed }: Stored,
    id: &str,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let brotli = accepts(headers, BROTLI);
    let tag = if brotli { format!("\"{id}-br\"") } else { format!("\"{id}\"") };
    let known = is_known(headers, &tag);
    let about = [
        (header::CONTENT_TYPE, LINES.to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::VARY, "accept-encoding".to_owned()),
        (header::ETAG, tag),
    ];
    if known {
        let mut response = (StatusCode::NOT_MODIFIED, [NO_INDEX], about).into_response();
        response.extensions_mut().insert(Public { everywhere: false });
        return Ok(response);
    }
    shared.memory.check_answer()?;
    let permit = shared.quota.take(Resource::Opened, client)?;
    let (length, source) = if brotli { (label.packed, packed) } else { (label.bytes, unpacked(packed)) };
    let body = Body::from_stream(pieces(source, permit));
    let mut response = ([NO_INDEX], about, body).into_response();
    response.extensions_mut().insert(Public { everywhere: false });
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    if brotli {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    Ok(response)
}

/// Whether whoever asks has what is tagged so.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    known.filter_map(|value| value.to_str().ok()).any(|value| value.contains(tag))
}

/// `DELETE /s/{id}`, with the key that was told when it was made: 204. From then on it is not there for anybody.
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let label = find_label(&shared, &id).await?;
    if !bearer(&headers).is_some_and(|key: Secret| label.is_key(&key)) {
        let refused = Refused::protocol(
            HttpRule::Key,
            "this needs the key that deletes it: Authorization: Bearer <key>",
        );
        return Err(refused.with_status(StatusCode::FORBIDDEN));
    }
    if !shared.kept.ask(move |shelf| shelf.delete(&id)).await.map_err(|error| disk(&error))? {
        return Err(Refused::not_found());
    }
    Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response())
}

/// The bytes piece by piece, each read when the one before it was taken.
fn pieces(source: Box<dyn Read + Send>, permit: Permit) -> impl Stream<Item = io::Result<Bytes>> {
    futures_util::stream::try_unfold((source, permit), |(mut source, permit)| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::with_capacity(PIECE);
            source.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
            Ok::<_, io::Error>((piece, source))
        });
        let (piece, source) = read.await.map_err(io::Error::other)??;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), (source, permit))))
    })
}
