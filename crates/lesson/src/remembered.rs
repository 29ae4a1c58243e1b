//! Bounds for what is remembered of a room.

use std::collections::BTreeMap;

/// Calls, sockets and packets remembered, each: more than one room can have in use at once.
pub(crate) const REMEMBERED: usize = 4096;

/// Evicts the oldest where there are too many.
pub(crate) fn evict<Key: Ord, What>(kept: &mut BTreeMap<Key, What>) {
    if kept.len() > REMEMBERED {
        kept.pop_first();
    }
}
