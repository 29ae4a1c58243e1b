//! What pages of other sites may show in a frame: a recording, a lesson, a copy. The document is a small one of its own that
//! opens no room and knows no key; only a press in it leads to `/embed/live`, the page with a room that is made there.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, header},
    response::Response,
};

use super::{
    documents::{EMBEDDED, PAGE},
    error::Refused,
    headers::{Embedded, NO_INDEX},
    stored,
};
use crate::shared::Shared;

/// `GET /embed/s/{id}`. Where there is no such recording, or it cannot be had, the document says so, with that status: a refusal
/// could not be shown in a frame.
pub(crate) async fn recording(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    mut headers: HeaderMap,
) -> Result<Response, Refused> {
    let Err(refused) = stored::find(&shared, &id).await else {
        return document(&shared, EMBEDDED, &headers);
    };
    // Whole, whatever the browser has of it.
    headers.remove(header::IF_NONE_MATCH);
    let mut response = document(&shared, EMBEDDED, &headers)?;
    *response.status_mut() = refused.status();
    Ok(response)
}

/// `GET /embed/lesson/{id}`. Which lessons there are the document finds out.
pub(crate) async fn lesson(
    State(shared): State<Arc<Shared>>,
    Path(_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    document(&shared, EMBEDDED, &headers)
}

/// `GET /embed/`: a copy, which stands after the `#` and never comes here.
pub(crate) async fn copy(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Result<Response, Refused> {
    document(&shared, EMBEDDED, &headers)
}

/// `GET /embed/live`: the page itself, where somebody has pressed in the document above.
pub(crate) async fn live(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Result<Response, Refused> {
    document(&shared, PAGE, &headers)
}

fn document(shared: &Shared, path: &str, headers: &HeaderMap) -> Result<Response, Refused> {
    let mut response = shared.config.assets.answer(path, None, headers).ok_or_else(Refused::not_found)?;
    response.extensions_mut().insert(Embedded(shared.embedded.clone()));
    response.headers_mut().extend([NO_INDEX]);
    Ok(response)
}
