//! Classes: `POST /classes` makes one, `GET /c/{class}` is the page for its pupils, `GET /c/{class}/board` for its teacher.
//!
//! Keys come in an `Authorization: Bearer` header, never in the address that a server sees: the teacher's stands behind the
//! `#` of the board's link. What the two kinds of pages hear goes over streams of JSON, an object a line.

pub(crate) mod board;
mod lines;
pub(crate) mod seats;

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use proto::limits::{self, Limit};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    error::Refused,
    gate::{Client, OwnPeople},
    keys::bearer,
    rule::HttpRule,
};
use crate::{
    classes::{Class, ClassOptions, MakeError},
    shared::Shared,
};

/// The document for pupils who come, and the one for their teacher.
const JOIN: &str = "/class/join.html";
const BOARD: &str = "/class/board.html";
/// Seats where nobody says how many.
const SEATS: usize = 30;

/// What somebody wants who makes a class. All may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ClassRequest {
    seats: Option<usize>,
    lesson: Option<String>,
    /// What each room begins with, as in the fragment of a copy's link.
    start: Option<String>,
}

/// What they are told.
#[derive(Debug, Serialize)]
struct NewClass {
    class: String,
    /// The teacher's key: 128 bits in base64url.
    teacher: String,
    /// The way in for pupils.
    link: String,
    /// The way to the board, with the key.
    board: String,
}

/// `GET /classes`: whether whoever asks may make one, and of how many seats.
pub(crate) async fn may(
    State(shared): State<Arc<Shared>>,
    Extension(OwnPeople(own)): Extension<OwnPeople>,
) -> Response {
    let may = own || shared.config.classes;
    let about = json!({ "may": may, "seats": limits::CLASS_SEATS });
    ([(header::CACHE_CONTROL, "no-store")], Json(about)).into_response()
}

/// Makes a class: 201 with [`NewClass`], or why not.
pub(crate) async fn make(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Extension(OwnPeople(own)): Extension<OwnPeople>,
    body: Bytes,
) -> Result<Response, Refused> {
    if shared.drain.is_retiring() {
        return Err(Refused::draining(&shared.drain));
    }
    if !(own || shared.config.classes) {
        let message =
            "classes are made by whoever runs this server: it is started with --class, or with --classes all";
        return Err(Refused::policy(HttpRule::Classes, message));
    }
    let ClassRequest { seats, lesson, start } = object(&body, "{\"seats\", \"lesson\", \"start\"}")?;
    let seats = seats.unwrap_or(SEATS);
    if !(1..=limits::CLASS_SEATS).contains(&seats) {
        return Err(Refused::over(StatusCode::BAD_REQUEST, Limit::ClassSeats));
    }
    check_start(start.as_deref())?;
    let class = shared.classes.make(ClassOptions { seats, lesson, start }).map_err(|error| match error {
        MakeError::Limit(reached) => reached.into(),
        MakeError::Lesson => Refused::protocol(HttpRule::Lesson, "there is no such lesson"),
        MakeError::Failed => Refused::unavailable(HttpRule::Class, "the class could not be made; try again"),
    })?;
    class.welcomes(&shared.quota, client);
    let teacher = URL_SAFE_NO_PAD.encode(class.teacher());
    let link = format!("/c/{}", class.id);
    let board = format!("{link}/board#{teacher}");
    let made = NewClass { class: class.id.clone(), teacher, link: link.clone(), board };
    let headers = [(header::LOCATION, link), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::CREATED, headers, Json(made)).into_response())
}

/// What rooms begin with is read by pages alone; here it is letters that an address may have, and not too many.
fn check_start(start: Option<&str>) -> Result<(), Refused> {
    let Some(start) = start else { return Ok(()) };
    if start.len() > limits::CLASS_START {
        return Err(Refused::over(StatusCode::BAD_REQUEST, Limit::ClassStart));
    }
    let plain = start.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.=".contains(&byte));
    if plain && start.starts_with("copy=") {
        Ok(())
    } else {
        Err(Refused::protocol(
            HttpRule::Start,
            "what rooms begin with has to be the fragment of a copy's link",
        ))
    }
}

/// `GET /c/{class}`: the page for pupils.
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    document(&shared, client, &id, &headers, JOIN)
}

/// `GET /c/{class}/board`: the page for its teacher. Without the key it says so.
pub(crate) async fn board_page(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    document(&shared, client, &id, &headers, BOARD)
}

fn document(
    shared: &Shared,
    client: std::net::IpAddr,
    id: &str,
    headers: &HeaderMap,
    path: &str,
) -> Result<Response, Refused> {
    let class = find(shared, id)?;
    class.welcomes(&shared.quota, client);
    if class.id != id {
        // Typed in capitals.
        let board = if path == BOARD { "/board" } else { "" };
        return Ok(Redirect::temporary(&format!("/c/{}{board}", class.id)).into_response());
    }
    let mut page = shared.config.assets.answer(path, None, headers).ok_or_else(Refused::not_found)?;
    page.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    Ok(page)
}

/// `GET /c/{class}/about`: what the page for pupils says before anybody has a name.
pub(crate) async fn about(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let view = find(&shared, &id)?.view();
    let about = json!({ "title": view.title, "seats": view.most });
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(about)).into_response())
}

/// The class with this id. Whatever an id is (never given, mistyped, over), the answer is the same.
fn find(shared: &Shared, id: &str) -> Result<Arc<Class>, Refused> {
    let class = shared.classes.find(id).filter(|class| !class.ended.is_cancelled());
    class.ok_or_else(|| {
        let ours = id.split('-').next().is_some_and(|node| node.eq_ignore_ascii_case(&shared.config.node));
        if ours { no_class() } else { node_away() }
    })
}

/// What another node has is not for this one to say: whoever hears of the class goes on trying.
fn node_away() -> Refused {
    Refused::unavailable(
        HttpRule::Node,
        "the machine that has this class does not answer, or there is no such class; try again",
    )
}

fn no_class() -> Refused {
    Refused::protocol(HttpRule::Class, "there is no class at this address; perhaps it is over")
        .with_status(StatusCode::NOT_FOUND)
}

/// The class, for its teacher.
fn find_for_teacher(shared: &Shared, id: &str, headers: &HeaderMap) -> Result<Arc<Class>, Refused> {
    let class = find(shared, id)?;
    if bearer(headers).is_some_and(|key| class.is_teacher(&key)) {
        return Ok(class);
    }
    let refused =
        Refused::protocol(HttpRule::Key, "this needs the teacher's key: Authorization: Bearer <key>");
    Err(refused.with_status(StatusCode::FORBIDDEN))
}

/// A body that is an object, or nothing at all.
fn object<T: DeserializeOwned + Default>(body: &Bytes, form: &str) -> Result<T, Refused> {
    match body.trim_ascii_start().first() {
        None => Ok(T::default()),
        Some(b'{') => serde_json::from_slice(body).map_err(|_| wrong(form)),
        // An array would do for serde as well.
        Some(_) => Err(wrong(form)),
    }
}

/// A body that is an object.
fn required<T: DeserializeOwned>(body: &Bytes, form: &str) -> Result<T, Refused> {
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    serde_json::from_slice(body).ok().filter(|_| is_object).ok_or_else(|| wrong(form))
}

fn wrong(form: &str) -> Refused {
    Refused::protocol(HttpRule::Body, format!("the body has to be JSON: {form}"))
}
