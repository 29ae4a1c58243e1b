//! What the payloads of a session's unfinished sends take of its room's memory, from the moment they are announced.

use std::sync::Arc;

use lab::{Account, Charge};
use proto::limits;
use proto::limits::Limit;

/// One session's.
#[derive(Debug)]
pub(super) struct Payloads {
    account: Arc<Account>,
    charge: Charge,
}

impl Payloads {
    /// None yet.
    pub(super) fn new(room: &Arc<Account>) -> Self {
        let account = room.within(Limit::RoomMemory, limits::OUTSTANDING_PAYLOAD, limits::ROOM_SHARE);
        let charge = account.note(0);
        Self { account, charge }
    }

    /// Bytes that the room still has room for.
    pub(super) fn room(&self) -> usize {
        self.account.room()
    }

    /// So many bytes there are now.
    pub(super) fn are(&mut self, bytes: usize) {
        if bytes != self.charge.amount() {
            self.charge.set(bytes);
        }
    }
}
