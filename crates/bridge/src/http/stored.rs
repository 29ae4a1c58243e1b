//! Kept recordings as routes find them, and why one cannot be had.

use std::io::{self, Read as _};

use axum::http::StatusCode;
use proto::limits;
use share::Header;

use super::{error::Refused, rule::HttpRule};
use crate::{
    kept::{Label, Stored, unpacked},
    secret::is_spelt,
    shared::Shared,
};

/// The recording with this id. Ids that are none are looked for nowhere.
pub(super) async fn find(shared: &Shared, id: &str) -> Result<Stored, Refused> {
    if !is_spelt(id) {
        return Err(Refused::not_found());
    }
    shared.kept.find(id).await.map_err(|error| disk(&error))?.ok_or_else(Refused::not_found)
}

/// What stands with the recording with this id: also where what it is a label of is damaged.
pub(super) async fn find_label(shared: &Shared, id: &str) -> Result<Label, Refused> {
    if !is_spelt(id) || shared.kept.shelf().is_err() {
        return Err(Refused::not_found());
    }
    let id = id.to_owned();
    let label = shared.kept.ask(move |shelf| shelf.label(&id)).await;
    label.map_err(|error| disk(&error))?.ok_or_else(Refused::not_found)
}

/// Why what stands on the shelf could not be had: the shelf does not answer, or what it has is damaged.
pub(super) fn disk(error: &io::Error) -> Refused {
    // The last one is where a file that is compressed ends early.
    if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) {
        tracing::error!(%error, "a kept recording is damaged");
        return unreadable("this recording is damaged: its file on the server is not what was kept");
    }
    tracing::error!(%error, "a kept recording could not be read or deleted");
    Refused::unavailable(
        HttpRule::Shelf,
        "the server's shelf of recordings does not answer now; try again in a moment",
    )
}

/// A recording that this server has and cannot read, now or later: why, as a sentence without its full stop.
pub(super) fn unreadable(why: impl Into<String>) -> Refused {
    Refused::protocol(HttpRule::Recording, why).with_status(StatusCode::UNPROCESSABLE_ENTITY)
}

/// What a recording is of, without reading its events; nothing of one that cannot be read here, which the page says.
pub(super) async fn about(shared: &Shared, id: &str) -> Result<Option<Header>, Refused> {
    let Stored { packed, .. } = find(shared, id).await?;
    let read = tokio::task::spawn_blocking(move || {
        let mut beginning = Vec::new();
        // The header is one line.
        unpacked(packed).take(limits::SHARE_LINE as u64 + 1).read_to_end(&mut beginning)?;
        Ok::<_, io::Error>(Header::read(&beginning).ok())
    });
    read.await.map_err(io::Error::other).flatten().map_err(|error| disk(&error))
}
