//! The state of the server that everything in it shares.

use std::sync::Arc;

use crate::{
    classes::Classes, config::Config, drain::Drain, kept::Recordings, lag::Lag, memory::Memory,
    metrics::Metrics, origin::Names, quota::Quota, rooms::Rooms,
};

/// What the routes, the accept loop and the sessions share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The operator's settings.
    pub(crate) config: Config,
    /// What this server is called, read from the settings.
    pub(crate) names: Names,
    /// The policy of documents that pages of other sites may frame.
    pub(crate) embedded: axum::http::HeaderValue,
    /// Whether the kernel keeps this server from private networks too; none where rooms do not connect outside.
    pub(crate) filtered: Option<bool>,
    /// Counts for this server and for each address.
    pub(crate) quota: Quota,
    /// Going away.
    pub(crate) drain: Drain,
    /// Counts for the operator.
    pub(crate) metrics: Metrics,
    /// What is kept in all.
    pub(crate) memory: Memory,
    /// How late the event loop is.
    pub(crate) lag: Arc<Lag>,
    /// Recordings that are kept.
    pub(crate) kept: Arc<Recordings>,
    /// The rooms.
    pub(crate) rooms: Rooms,
    /// The classes.
    pub(crate) classes: Classes,
}
