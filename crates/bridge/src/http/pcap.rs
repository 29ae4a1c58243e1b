//! `GET /r/{room}/pcap`: the room's packets as a pcapng file, for whoever may watch it.
//!
//! The key comes in an `Authorization: Bearer` header, never in the address: addresses end up in logs and histories.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proto::message::Secret;

use super::{Shared, error::Refused};

/// The media type Wireshark's makers registered.
const PCAPNG: &str = "application/x-pcapng";

/// Answers with the file; 404 for a room that is none, 403 without one of its keys.
pub(crate) async fn pcap(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let room = shared.rooms.find(&room).ok_or_else(Refused::not_found)?;
    let key = bearer(&headers).filter(|key| room.keys.role(key).is_some());
    if key.is_none() {
        let refused =
            Refused::protocol("key", "this needs the room's key: Authorization: Bearer <key>".to_owned());
        return Err(refused.with_status(StatusCode::FORBIDDEN));
    }
    let file = room.lab.capture().pcapng().map_err(|error| {
        tracing::error!(%error, "a recording could not be written");
        Refused::unavailable("pcap", "the recording could not be written; try again")
    })?;
    let headers = [
        (header::CONTENT_TYPE, PCAPNG),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"wireside.pcapng\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, file).into_response())
}

fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let key = value.strip_prefix("Bearer ")?;
    URL_SAFE_NO_PAD.decode(key).ok()?.try_into().ok()
}
