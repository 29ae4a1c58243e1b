//! `GET /r/{room}/pcap`: the room's packets as a pcapng file, for whoever may watch it.
//!
//! The key comes in an `Authorization: Bearer` header, never in the address: addresses end up in logs and histories.

use std::{io, sync::Arc};

use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::Stream;
use lab::comments_of;
use proto::comments::Comments;

use super::{error::Refused, gate::Client, keys::bearer, rule::HttpRule};
use crate::shared::Shared;
use crate::{
    quota::{Permit, Resource},
    room::Room,
};

/// The media type Wireshark's makers registered.
const PCAPNG: &str = "application/x-pcapng";
/// About so many bytes of it are made at a time.
const PIECE: usize = 64 * 1024;

/// Answers with the file; 404 for a room that is none, 403 without one of its keys, and a limit of such files at once.
pub(crate) async fn pcap(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Path(room): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let room = shared.rooms.find(&room).ok_or_else(Refused::not_found)?;
    let key = bearer(&headers).filter(|key| room.keys.role(key).is_some());
    if key.is_none() {
        let refused = Refused::protocol(
            HttpRule::Key,
            "this needs the room's key: Authorization: Bearer <key>".to_owned(),
        );
        return Err(refused.with_status(StatusCode::FORBIDDEN));
    }
    shared.memory.check_answer()?;
    let permit = shared.quota.take(Resource::Download, client)?;
    let comments = comments(&shared, &room).await;
    let file = Body::from_stream(pieces(room, comments, permit));
    let headers = [
        (header::CONTENT_TYPE, PCAPNG),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"wireside.pcapng\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, file).into_response())
}

/// What is said beside the packets; nothing of a room that ends just now. It reads all of a trace: one at a time.
async fn comments(shared: &Shared, room: &Room) -> Arc<Comments> {
    let turn = shared.kept.turn();
    let (Ok(_one_at_a_time), Ok(directory)) = (turn.acquire().await, room.lab.directory().await) else {
        return Arc::default();
    };
    let trace = Arc::clone(room.lab.trace());
    let told = tokio::task::spawn_blocking(move || comments_of(&trace, &directory));
    told.await.map(Arc::new).unwrap_or_default()
}

/// The file piece by piece, each made when the one before it was taken: whoever does not read makes nobody keep it.
fn pieces(room: Arc<Room>, comments: Arc<Comments>, permit: Permit) -> impl Stream<Item = io::Result<Bytes>> {
    let reading = room.lab.capture().begin_reading(comments);
    futures_util::stream::try_unfold((room, reading, permit), |(room, mut reading, permit)| async move {
        let piece = room.lab.capture().read(&mut reading, PIECE).inspect_err(|error| {
            tracing::error!(%error, "a recording could not be written");
        })?;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), (room, reading, permit))))
    })
}
