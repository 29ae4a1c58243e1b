//! `GET /r/{room}/socket`: the upgrade to the WebSocket, up to the point where sessions begin.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use proto::{SUBPROTOCOL, limits::MESSAGE};
use tokio::time::{Instant, sleep};

use super::{error::Refused, gate::Client, page, request_id::RequestId, rule::HttpRule};
use crate::{meter::Meter, quota::Resource, shared::Shared, ws};

/// Bytes read at once, and bytes gathered before a write. tungstenite's own defaults are 128 KiB each, held by every
/// idle session.
const BUFFER: usize = 4 * 1024;

/// Upgrades, or says which rule was broken. The Origin has been checked.
pub(crate) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    Extension(Client(client)): Extension<Client>,
    Extension(meter): Extension<Arc<Meter>>,
    Extension(request): Extension<RequestId>,
    Path(room): Path<String>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refused> {
    if shared.drain.is_begun() {
        return Err(Refused::draining(&shared.drain));
    }
    if !page::is_room_id(&room) {
        return Err(Refused::not_found());
    }
    check_handshake(&headers)?;
    let upgrade = upgrade.map_err(|rejection| {
        let status = rejection.status();
        Refused::protocol(HttpRule::Upgrade, rejection.body_text()).with_status(status)
    })?;
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let message = format!("this WebSocket speaks the subprotocol {SUBPROTOCOL}, which was not offered");
        return Err(Refused::protocol(HttpRule::Subprotocol, message));
    }
    let permit = shared.quota.take(Resource::Session, client)?;
    let delay = shared.quota.session_delay(client, Instant::now());
    tokio::select! {
        () = sleep(delay) => {}
        () = shared.drain.begun() => return Err(Refused::draining(&shared.drain)),
    }
    let hold = shared.drain.hold();
    let upgrade = upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        // A message and its head beyond what waits already: whoever writes flushes before the next.
        .max_write_buffer_size(2 * MESSAGE + BUFFER)
        .max_message_size(MESSAGE)
        .max_frame_size(MESSAGE);
    let response = upgrade.on_upgrade(move |socket| async move {
        let drain = shared.drain.clone();
        tokio::select! {
            () = ws::serve(socket, ws::Context { shared, room, client, meter, permit, request }) => {}
            () = drain.over() => {}
        }
        drop(hold);
    });
    Ok(response.into_response())
}

/// What axum does not look at: the version is told apart from other faults, and the key is 16 bytes in base64 (RFC 6455
/// section 4.2.1).
fn check_handshake(headers: &HeaderMap) -> Result<(), Refused> {
    let Some(version) = headers.get(header::SEC_WEBSOCKET_VERSION) else { return Ok(()) };
    if version != "13" {
        return Err(Refused::upgrade_required());
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    let is_key = key.is_none_or(|key| STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16));
    if is_key {
        Ok(())
    } else {
        Err(Refused::protocol(HttpRule::WebSocketKey, "the WebSocket's key is not 16 bytes in base64"))
    }
}
