//! What is said wherever a limit refuses something.

use proto::limits::Limit;

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit {} of {value} is reached", limit.name())]
pub(crate) struct LimitReached {
    /// Which.
    pub(crate) limit: Limit,
    /// Its value.
    pub(crate) value: u64,
}
