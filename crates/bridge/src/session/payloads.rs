//! What the payloads of a session's unfinished sends take of its room's memory, from the moment they are announced.

use std::sync::Arc;

use lab::{Account, Charge};
use proto::limits::{self, Limit};

/// One session's.
#[derive(Debug)]
pub(super) struct Payloads {
    account: Arc<Account>,
    charge: Charge,
}

impl Payloads {
    /// None yet.
    pub(super) fn new(room: &Arc<Account>) -> Self {
        let account = room.within(Limit::OutstandingPayload, limits::OUTSTANDING_PAYLOAD, limits::ROOM_SHARE);
        let charge = account.note(0);
        Self { account, charge }
    }

    /// Bytes that there is still room for, and the limit by which more is refused, with its value: the room's or the
    /// server's.
    pub(super) fn room(&self) -> (usize, Limit, u64) {
        let (limit, value) = self.account.tightest().bound();
        (self.account.room(), limit, value)
    }

    /// So many bytes there are now.
    pub(super) fn are(&mut self, bytes: usize) {
        if bytes != self.charge.amount() {
            self.charge.set(bytes);
        }
    }
}
