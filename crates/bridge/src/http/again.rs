//! `POST /s/{id}/again`: makes a recording's calls anew in a fresh room, and says what was the same. It takes as long as that
//! takes, and always less than the minute after which a proxy in between believes that nobody answers; whoever goes away
//! meanwhile ends it.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::time::timeout;

use super::{
    error::Refused,
    gate::Client,
    rule::HttpRule,
    stored::{disk, find, unreadable},
};
use crate::{
    again::{Calls, Rerun, again},
    kept::{Stored, whole},
    quota::Resource,
    shared::Shared,
};

/// Most differences of each that are told.
const TOLD: usize = 200;
/// Longest wait until those before have been done.
const TURN: Duration = Duration::from_secs(10);
/// Longest time for the calls of one; what was not done by then is not done.
const CALLS: Duration = Duration::from_secs(35);
/// And for making the room, the calls and everything after them.
const ALL: Duration = Duration::from_secs(45);

/// `{per_mille, equal, whole, calls: {made, filled, left_out: [{count, why}]}, before: {count, told: [{seq, after, text}]}, now: {count,
/// told}}`; `after` is the event of the first recording after which it stands, `whole` is false where there was no time for all of
/// it, `filled` calls sent dots for bytes that the recording does not have.
pub(crate) async fn do_again(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    if shared.drain.is_retiring() {
        return Err(Refused::ending());
    }
    let Stored { packed, .. } = find(&shared, &id).await?;
    shared.memory.check_room()?;
    let _permit = shared.quota.take(Resource::Room, client)?;
    // One at a time, as what makes them.
    let turn = shared.kept.turn_again();
    let turn = timeout(TURN, turn.acquire()).await.map_err(|_late| {
        let message =
            "others were before this, and one recording is done again at a time: try again in a moment";
        Refused::unavailable(HttpRule::AgainTurn, message).with_retry(TURN)
    })?;
    let _one_at_a_time = turn.map_err(|_| Refused::ending())?;
    let (compared, calls, all) =
        timeout(ALL, compared(&shared, packed, client)).await.map_err(|_late| {
            tracing::warn!("a recording was not done again in time");
            Refused::unavailable(HttpRule::AgainTime, "it could not be done again in time; try again")
        })??;
    let told = |all: &[share::Difference]| {
        let told =
            all.iter().take(TOLD).map(|one| json!({ "seq": one.seq, "after": one.after, "text": one.text }));
        json!({ "count": all.len(), "told": told.collect::<Vec<_>>() })
    };
    let left_out = calls.left_out().into_iter();
    let left_out: Vec<_> = left_out.map(|some| json!({ "count": some.count, "why": some.why })).collect();
    let body = json!({
        "per_mille": compared.per_mille(), "equal": compared.equal, "whole": all,
        "calls": { "made": calls.made, "filled": calls.filled, "left_out": left_out },
        "before": told(&compared.before), "now": told(&compared.now),
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Does it again: both laid side by side, with which calls, and whether that was all of it.
async fn compared(
    shared: &Shared,
    packed: Box<dyn io::Read + Send>,
    client: IpAddr,
) -> Result<(share::Comparison, Calls, bool), Refused> {
    let failed = |error| disk(&io::Error::other(error));
    let read = tokio::task::spawn_blocking(move || {
        let recording = whole(packed).map_err(|error| disk(&error))?;
        share::read(&recording).map_err(|error| unreadable(error.to_string()))
    });
    let before = read.await.map_err(failed)??;
    let no_room = |_| Refused::unavailable(HttpRule::Room, "the room for it could not be made; try again");
    let room = shared.rooms.for_a_while(shared.quota.network(client)).await.map_err(no_room)?;
    let Rerun { recording: now, whole: all, calls } =
        again(&room, &before, CALLS).await.map_err(|error| {
            tracing::warn!(%error, "a recording could not be done again");
            Refused::unavailable(HttpRule::Room, "it could not be done again to its end; try again")
        })?;
    room.end().await;
    let compared = tokio::task::spawn_blocking(move || share::compare(&before, &now));
    Ok((compared.await.map_err(failed)?, calls, all))
}
