//! How the server is: for people and load balancers as JSON, for Prometheus as text.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::shared::Shared;
use crate::{quota::Kind, rooms::Availability};

/// The body of `/health`.
#[derive(Debug, Serialize)]
struct Health {
    /// `ok`, or `draining` with status 503.
    status: &'static str,
    /// Version of this program.
    version: &'static str,
    /// Name of this node.
    node: String,
    /// `namespaces` where each machine is a network namespace, `none` where this server cannot make rooms.
    isolation: &'static str,
    /// Whether packets are recorded.
    packets: bool,
    /// What is missing, where rooms cannot be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// Sessions attached now.
    sessions: u32,
    /// Rooms alive now.
    rooms: usize,
}

/// `GET /health`: 200, or 503 while draining.
pub(crate) async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let draining = shared.drain.is_begun();
    let (full, missing, remedy) = match shared.rooms.availability() {
        Availability::Full => (true, None, None),
        Availability::Missing { step, remedy } => (false, Some(step), Some(remedy)),
    };
    let health = Health {
        status: if draining { "draining" } else { "ok" },
        version: env!("CARGO_PKG_VERSION"),
        node: shared.config.node.clone(),
        isolation: if full { "namespaces" } else { "none" },
        packets: full,
        missing,
        remedy,
        sessions: shared.quota.count(Kind::Session),
        rooms: shared.rooms.count(),
    };
    let status = if draining { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(health)).into_response()
}

/// `GET /metrics`, in the text format of Prometheus.
pub(crate) async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let gauges = [
        ("connections", u64::from(shared.quota.count(Kind::Connection)), "TCP connections to the page."),
        ("sessions", shared.quota.count(Kind::Session).into(), "Sessions attached now."),
        ("rooms", shared.rooms.count() as u64, "Rooms alive now."),
        ("kept_bytes", shared.memory.used(), "Bytes kept for visitors, as counted."),
        ("draining", shared.drain.is_begun().into(), "1 while the server is going away."),
    ];
    let headers = [
        (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, shared.metrics.text(&gauges)).into_response()
}
