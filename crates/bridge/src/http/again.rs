//! `POST /s/{id}/again`: makes a recording's calls anew in a fresh room, and says what was the same. It takes as long as that
//! takes; whoever goes away meanwhile ends it.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    error::Refused,
    gate::Client,
    shares::{disk, find},
};
use crate::{
    again::again,
    kept::{Stored, whole},
    quota::Kind,
    shared::Shared,
};

/// Most differences of each that are told.
const TOLD: usize = 200;

/// `{per_mille, equal, before: {count, told: [{seq, after, text}]}, now: {count, told}}`; `after` is the event of the first
/// recording after which it stands.
pub(crate) async fn do_again(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    if shared.drain.is_retiring() {
        return Err(Refused::draining(&shared.drain));
    }
    let Stored { packed, .. } = find(&shared, &id).await?;
    shared.memory.check_room()?;
    let _permit = shared.quota.take(Kind::Room, client)?;
    // One at a time, as what makes them.
    let turn = shared.kept.turn_again();
    let _one_at_a_time = turn.acquire().await.map_err(|_| Refused::ending())?;
    let read =
        tokio::task::spawn_blocking(move || share::read(&whole(packed)?).map_err(std::io::Error::other));
    let before = read.await.map_err(|error| disk(&error))?.map_err(|error| disk(&error))?;
    let no_room = |_| Refused::unavailable("room", "the room for it could not be made; try again");
    let room = shared.rooms.for_a_while(shared.quota.network(client)).await.map_err(no_room)?;
    let now = again(&room, &before).await.map_err(|error| {
        tracing::warn!(%error, "a recording could not be done again");
        Refused::unavailable("room", "it could not be done again to its end; try again")
    })?;
    room.end().await;
    let compared = tokio::task::spawn_blocking(move || share::compare(&before, &now));
    let compared = compared.await.map_err(|error| disk(&error))?;
    let told = |all: &[share::Difference]| {
        let told =
            all.iter().take(TOLD).map(|one| json!({ "seq": one.seq, "after": one.after, "text": one.text }));
        json!({ "count": all.len(), "told": told.collect::<Vec<_>>() })
    };
    let body = json!({
        "per_mille": compared.per_mille(), "equal": compared.equal,
        "before": told(&compared.before), "now": told(&compared.now),
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
