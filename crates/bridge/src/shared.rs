//! The state of the server that everything in it shares.

use crate::{
    classes::Classes, config::Config, drain::Drain, kept::Kept, memory::Memory, metrics::Metrics,
    origin::Names, quota::Quota, rooms::Rooms,
};

/// What the routes, the accept loop and the sessions share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The operator's settings.
    pub(crate) config: Config,
    /// What this server is called, read from the settings.
    pub(crate) names: Names,
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
    /// Recordings that are kept.
    pub(crate) kept: Kept,
    /// The rooms.
    pub(crate) rooms: Rooms,
    /// The classes.
    pub(crate) classes: Classes,
}
