//! The page and its files.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, Uri},
    response::{Redirect, Response},
};

use super::{
    documents::{COURSE, FRAME, GLOSSARY, HELPER, PAGE},
    error::Refused,
    headers::{PageFrame, Public},
};
use crate::shared::Shared;

/// `GET /`
pub(crate) async fn page(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Result<Response, Refused> {
    shared.config.assets.answer(PAGE, None, &headers).ok_or_else(Refused::not_found)
}

/// `GET /r/{room}`: the same page. Whether the room is alive is the page's to ask and to say.
pub(crate) async fn room(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    if !is_room_id(&room) {
        return Err(Refused::not_found());
    }
    page(State(shared), headers).await
}

/// `GET /learn`
pub(crate) async fn to_course() -> Redirect {
    Redirect::permanent("/learn/")
}

/// `GET /learn/`
pub(crate) async fn course(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    shared.config.assets.answer(COURSE, None, &headers).ok_or_else(Refused::not_found)
}

/// `GET /learn/{name}`: the glossary, or the page that makes a room for the lesson of that name, which is the page's to find,
/// as is the step behind `#`; else one of the course's own files.
pub(crate) async fn learn(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    if name == "glossary" {
        return shared.config.assets.answer(GLOSSARY, None, &headers).ok_or_else(Refused::not_found);
    }
    if is_lesson_id(&name) {
        return page(State(shared), headers).await;
    }
    asset(State(shared), uri, headers).await
}

/// `GET /browser/frame.html`: the one document that a page of ours may frame, under a policy of its own.
pub(crate) async fn frame(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let mut response = shared.config.assets.answer(FRAME, None, &headers).ok_or_else(Refused::not_found)?;
    response.extensions_mut().insert(PageFrame);
    Ok(response)
}

/// Any other `GET`: one of the page's files.
pub(crate) async fn asset(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let mut response =
        shared.config.assets.answer(uri.path(), uri.query(), &headers).ok_or_else(Refused::not_found)?;
    response.extensions_mut().insert(Public { everywhere: uri.path() == HELPER });
    Ok(response)
}

/// Whether this could be a room's id: its node's name and random letters, joined by a hyphen.
pub(crate) fn is_room_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Whether this could be a lesson's id.
fn is_lesson_id(text: &str) -> bool {
    (1..=proto::limits::NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
