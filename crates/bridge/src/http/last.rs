//! What happened in a room that has ended: `GET /r/{room}/last`, for whoever has one of its keys, for an hour. While it
//! lives its owner says whether it is to be offered: `/r/{room}/offer`.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    error::Refused,
    gate::Client,
    keys::{bearer, owned_room},
    page::is_room_id,
    rule::HttpRule,
    shares::answer,
    stored::disk,
};
use crate::{
    kept::{OFFERED, Stored},
    shared::Shared,
};

/// Whether what happened is offered after the end.
#[derive(Debug, Serialize, Deserialize)]
struct Offer {
    offered: bool,
    /// For how long, in minutes; only said.
    #[serde(default)]
    minutes: u64,
    /// Whether there is anything to choose; only said.
    #[serde(default)]
    choice: bool,
}

/// The recording; 204 where nothing is offered, to this key or to anybody.
pub(crate) async fn last(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Path(room): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let nothing = || Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response());
    let key = bearer(&headers).filter(|_| is_room_id(&room) && shared.rooms.find(&room).is_none());
    let Some(key) = key.filter(|_| shared.kept.shelf().is_ok() && !shared.kept.is_expired(&room)) else {
        return nothing();
    };
    let id = room.clone();
    let found = shared.kept.ask(move |shelf| shelf.last(&id)).await.map_err(|error| disk(&error))?;
    let Some(Stored { label, packed }) = found.filter(|found| found.label.opens(&key)) else {
        return nothing();
    };
    let made = label.bytes;
    answer(&shared, client, Stored { label, packed }, &format!("{room}-{made}"), &headers)
}

/// Whether it is offered.
pub(crate) async fn offer(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let room = owned_room(&shared, &room, &headers)?;
    let offered = shared.kept.shelf().is_ok() && room.offer.is_offered();
    let offer = Offer { offered, minutes: OFFERED.as_secs() / 60, choice: room.offer.is_choice() };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(offer)).into_response())
}

/// Says whether it is to be. What is written already is deleted where it is not.
pub(crate) async fn set_offer(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let room = owned_room(&shared, &room, &headers)?;
    let wrong = |_| Refused::protocol(HttpRule::Body, "the body has to be JSON: {\"offered\"}");
    let Offer { offered, .. } = serde_json::from_slice(&body).map_err(wrong)?;
    if !room.offer.is_choice() {
        let message = "nothing of a class is offered after its end; its teacher keeps what is to stay";
        return Err(Refused::policy(HttpRule::ClassOffer, message));
    }
    room.offer.set(offered);
    if offered {
        shared.kept.cancel_expiry(&room.id);
    } else if shared.kept.forget(&room.id).await.is_err() {
        let message = "what is written of this room could not be deleted yet: that is tried again, and nobody is given it";
        return Err(Refused::unavailable(HttpRule::Shelf, message));
    }
    Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response())
}
