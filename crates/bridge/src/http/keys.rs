//! The keys that requests come with: `Authorization: Bearer <key>`, 128 bits in base64url.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proto::{message::Secret, room::Role};

use super::{error::Refused, rule::HttpRule};
use crate::{room::Room, shared::Shared};

/// The key that a request comes with.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let key = value.strip_prefix("Bearer ")?;
    URL_SAFE_NO_PAD.decode(key).ok()?.try_into().ok()
}

/// The room with this id, for its owner.
///
/// # Errors
/// 404 where there is none, 403 without the owner's key.
pub(super) fn owned_room(shared: &Shared, room: &str, headers: &HeaderMap) -> Result<Arc<Room>, Refused> {
    let room = shared.rooms.find(room).ok_or_else(Refused::not_found)?;
    if bearer(headers).and_then(|key| room.keys.role(&key)) != Some(Role::Owner) {
        let refused =
            Refused::protocol(HttpRule::Key, "this needs the owner's key: Authorization: Bearer <key>");
        return Err(refused.with_status(StatusCode::FORBIDDEN));
    }
    Ok(room)
}

/// Whether a request for a class comes with a key of that very class.
pub(super) fn opens_class(shared: &Shared, path: &str, headers: &HeaderMap) -> bool {
    let class = path.split('/').nth(2).and_then(|id| shared.classes.find(id));
    class
        .zip(bearer(headers))
        .is_some_and(|(class, key)| class.is_teacher(&key) || class.seat(&key).is_some())
}
