//! A connection that is handed to the session it is for.

use std::sync::Arc;

use axum::extract::ws::WebSocket;
use proto::message::Hello;

use crate::{meter::Meter, quota::Permit};

/// A connection for a session.
#[derive(Debug)]
pub(crate) struct Attach {
    pub(crate) socket: WebSocket,
    pub(crate) hello: Hello,
    /// Told what comes of its bytes.
    pub(crate) meter: Arc<Meter>,
    pub(crate) permit: Permit,
    /// Dropped when the connection is over.
    pub(crate) done: tokio::sync::oneshot::Sender<()>,
}
