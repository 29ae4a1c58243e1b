//! `POST /rooms`: a new room.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use super::{error::Refused, gate::Client, rule::HttpRule};
use crate::{quota::Resource, rooms::CreateError, shared::Shared};

/// What the one who made a room is told: its id and the keys of its three roles, 128 bits each in base64url.
#[derive(Debug, Serialize)]
struct NewRoom {
    room: String,
    owner: String,
    join: String,
    watch: String,
}

/// Makes a room: 201 with [`NewRoom`], or why not.
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(Client(address)): Extension<Client>,
) -> Result<Response, Refused> {
    if shared.drain.is_retiring() {
        return Err(Refused::draining(&shared.drain));
    }
    shared.memory.check_room()?;
    let permit = shared.quota.take(Resource::Room, address)?;
    let created = shared.rooms.create(permit, shared.quota.network(address)).await.map_err(Refused::from)?;
    let location = format!("/r/{}", created.room);
    let made = NewRoom {
        owner: URL_SAFE_NO_PAD.encode(created.owner),
        join: URL_SAFE_NO_PAD.encode(created.join),
        watch: URL_SAFE_NO_PAD.encode(created.watch),
        room: created.room,
    };
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::CREATED, headers, Json(made)).into_response())
}

impl From<CreateError> for Refused {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Draining => Self::ending(),
            CreateError::Starting => starting(),
            CreateError::Missing { step, remedy } => missing(&step, &remedy),
            CreateError::Limit(reached) => reached.into(),
            CreateError::Failed => Self::unavailable(HttpRule::Room, "the room could not be made; try again"),
        }
    }
}

/// It is not known yet whether there can be rooms.
pub(super) fn starting() -> Refused {
    Refused::unavailable(
        HttpRule::Starting,
        "this server is still finding out whether it can make rooms; try again in a moment",
    )
}

/// There can be none here.
pub(super) fn missing(step: &str, remedy: &str) -> Refused {
    Refused::unavailable(HttpRule::Isolation, format!("this server cannot make rooms: {step}. {remedy}"))
}
