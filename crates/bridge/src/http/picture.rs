//! `GET /s/{id}/picture.png`: a recording's drawing for whoever shows a link to it. Painted when somebody asks, one at a time; the
//! last ones are kept, since a link that is shown is asked for by many at once.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use picture::PictureError;
use tokio::sync::Semaphore;

use super::{
    error::Refused,
    gate::Client,
    headers::{NO_INDEX, Public},
    rule::HttpRule,
    shares::is_known,
    stored::{disk, find, unreadable},
};
use crate::{
    kept::{Stored, whole},
    quota::Resource,
    shared::Shared,
};

/// So many are kept, of some 100 KB each.
const PAINTED: usize = 16;

/// What has been painted, and the turn to paint.
#[derive(Debug)]
pub(crate) struct Pictures {
    turn: Semaphore,
    painted: Mutex<VecDeque<(String, Bytes)>>,
}

impl Default for Pictures {
    fn default() -> Self {
        Self { turn: Semaphore::new(1), painted: Mutex::default() }
    }
}

impl Pictures {
    fn painted(&self, id: &str) -> Option<Bytes> {
        let painted = self.painted.lock().unwrap_or_else(PoisonError::into_inner);
        painted.iter().find(|(one, _)| one == id).map(|(_, picture)| picture.clone())
    }

    fn keep(&self, id: String, picture: Bytes) {
        let mut painted = self.painted.lock().unwrap_or_else(PoisonError::into_inner);
        painted.truncate(PAINTED - 1);
        painted.push_front((id, picture));
    }
}

/// The picture. A recording that was deleted has none any more, whoever was shown it before.
pub(crate) async fn picture(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Extension(pictures): Extension<Arc<Pictures>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let Stored { packed, .. } = find(&shared, &id).await?;
    let tag = format!("\"{id}-png\"");
    let about = [
        (header::CONTENT_TYPE, "image/png".to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, tag.clone()),
    ];
    let answer = |status: StatusCode, body: Bytes| {
        let mut response = (status, [NO_INDEX], about, body).into_response();
        response.extensions_mut().insert(Public { everywhere: true });
        response
    };
    if is_known(&headers, &tag) {
        return Ok(answer(StatusCode::NOT_MODIFIED, Bytes::new()));
    }
    let _permit = shared.quota.take(Resource::Download, client)?;
    let _one_at_a_time = pictures.turn.acquire().await.map_err(|_| Refused::ending())?;
    if let Some(picture) = pictures.painted(&id) {
        return Ok(answer(StatusCode::OK, picture));
    }
    shared.memory.check_answer()?;
    let painted = tokio::task::spawn_blocking(move || {
        let recording = whole(packed).map_err(|error| disk(&error))?;
        picture::png(&recording).map_err(|error| match error {
            PictureError::Read(error) => unreadable(error.to_string()),
            PictureError::Paint(_) => {
                tracing::error!(%error, "a recording's picture could not be painted");
                Refused::unavailable(HttpRule::Picture, "the picture of this recording could not be painted")
            }
        })
    });
    let picture: Bytes = painted.await.map_err(|error| disk(&io::Error::other(error)))??.into();
    pictures.keep(id, picture.clone());
    Ok(answer(StatusCode::OK, picture))
}
