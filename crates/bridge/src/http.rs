//! Every route on one page, and what all of them share.
//!
//! A request passes the gate (Host, Origin, body) and comes to a route; its answer leaves with the headers that every
//! answer has. What a WebSocket carries after its upgrade is not known here.

pub(crate) mod assets;
mod error;
mod gate;
pub(crate) mod headers;
mod health;
mod limits;
mod page;
mod pcap;
mod rooms;
mod socket;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};

use crate::{
    config::Config, drain::Drain, memory::Memory, metrics::Metrics, origin::Names, quota::Quota, rooms::Rooms,
};

/// What the routes, the accept loop and the sessions share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The operator's settings.
    pub(crate) config: Config,
    /// What this server is called, read from the settings.
    pub(crate) names: Names,
    /// Counts for this server and for each address.
    pub(crate) quota: Quota,
    /// Going away.
    pub(crate) drain: Drain,
    /// Counts for the operator.
    pub(crate) metrics: Metrics,
    /// What is kept in all.
    pub(crate) memory: Memory,
    /// The rooms.
    pub(crate) rooms: Rooms,
}

/// All routes.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/r/{room}", get(page::room))
        .route("/r/{room}/socket", get(socket::upgrade))
        .route("/r/{room}/pcap", get(pcap::pcap))
        .route("/rooms", post(rooms::create))
        .route("/limits", get(limits::limits))
        .route("/health", get(health::health))
        .route("/metrics", get(health::metrics))
        .fallback(get(page::asset))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(&shared), gate::pass))
        .with_state(shared)
}
