//! Received bytes on their way to one person's page: counted before they are taken from the kernel until the page's
//! connection has taken them.
//!
//! While a page takes nothing the kernel keeps the bytes, so its window closes and the far side really waits.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use proto::limits::Limit;
use proto::{call::CallError, id::MemberId, limits};
use tokio::sync::mpsc;

use crate::account::{Account, Charge};

/// Results of up to this many bytes are not counted one by one: the number of calls bounds them.
const SMALL: usize = 1024;
/// What receives that collect (MSG_WAITALL) may take together: a call that does not still finds room for its largest
/// result.
const COLLECTED: usize = limits::RESULTS - limits::CALL_PAYLOAD as usize;

/// One person's.
#[derive(Debug)]
pub(crate) struct Results {
    member: MemberId,
    account: Arc<Account>,
    collected: Arc<Account>,
    /// Somebody waits for room.
    wanted: AtomicBool,
    /// Whom to tell.
    freed: mpsc::WeakUnboundedSender<MemberId>,
}

/// Why nothing may be received now.
#[derive(Debug)]
pub(crate) enum NoRoom {
    /// The page has to take results first; the room's task will be told.
    Later(CallError),
    /// It is a limit.
    Never(CallError),
}

/// Room for received bytes.
#[derive(Debug, Default)]
pub(crate) struct ReceiveReservation {
    charge: Option<Charge>,
    collected: Option<Charge>,
    results: Option<Arc<Results>>,
}

impl Results {
    /// Of a person in a room whose account is `room`.
    pub(crate) fn new(
        member: MemberId,
        room: &Arc<Account>,
        freed: &mpsc::UnboundedSender<MemberId>,
    ) -> Arc<Self> {
        Arc::new(Self {
            member,
            account: room.within(Limit::OutstandingResults, limits::RESULTS, limits::ROOM_SHARE),
            collected: Account::new(Limit::OutstandingResults, COLLECTED),
            wanted: AtomicBool::new(false),
            freed: freed.downgrade(),
        })
    }

    /// Room for at most `bytes`.
    pub(crate) fn place(self: &Arc<Self>, bytes: usize) -> Result<ReceiveReservation, NoRoom> {
        if bytes <= SMALL {
            return Ok(ReceiveReservation::default());
        }
        let charge = self.charge(bytes)?;
        Ok(ReceiveReservation { charge: Some(charge), collected: None, results: Some(Arc::clone(self)) })
    }

    /// Room for a receive that goes on until it has all of `bytes`.
    pub(crate) fn place_to_collect(self: &Arc<Self>, bytes: usize) -> Result<ReceiveReservation, NoRoom> {
        if bytes <= SMALL {
            return Ok(ReceiveReservation::default());
        }
        let collected = self.collected.take(bytes).map_err(NoRoom::Never)?;
        let mut place = self.place(bytes)?;
        place.collected = Some(collected);
        Ok(place)
    }

    fn charge(&self, bytes: usize) -> Result<Charge, NoRoom> {
        let own = |error: &CallError| self.account.refuses(error);
        match self.account.take(bytes) {
            Err(error) if own(&error) => {}
            taken => return taken.map_err(NoRoom::Never),
        }
        // Said first, then looked at once more: whoever gives back in between either is seen or sees it.
        self.wanted.store(true, Ordering::SeqCst);
        self.account
            .take(bytes)
            .map_err(|error| if own(&error) { NoRoom::Later(error) } else { NoRoom::Never(error) })
    }

    fn given_back(&self) {
        if self.wanted.swap(false, Ordering::SeqCst)
            && let Some(freed) = self.freed.upgrade()
        {
            // Bounded: one message for each time that the room's task said it waits.
            let _gone = freed.send(self.member);
        }
    }
}

impl ReceiveReservation {
    /// The bytes as a result, which gives its place back when nobody has them any more.
    pub(crate) fn fill(mut self, bytes: Vec<u8>) -> Bytes {
        let Some(charge) = &mut self.charge else { return bytes.into() };
        charge.shrink(bytes.len());
        self.collected = None;
        Bytes::from_owner(ReservedBytes { bytes, _reservation: self })
    }
}

impl Drop for ReceiveReservation {
    fn drop(&mut self) {
        drop(self.charge.take());
        if let Some(results) = &self.results {
            results.given_back();
        }
    }
}

/// Bytes in their place.
struct ReservedBytes {
    bytes: Vec<u8>,
    _reservation: ReceiveReservation,
}

impl AsRef<[u8]> for ReservedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_somebody() -> (Arc<Results>, mpsc::UnboundedSender<MemberId>, mpsc::UnboundedReceiver<MemberId>) {
        let (freed, told) = mpsc::unbounded_channel();
        let room = Account::new(Limit::RoomMemory, limits::ROOM_MEMORY);
        (Results::new(MemberId(1), &room, &freed), freed, told)
    }

    #[test]
    fn who_waits_for_room_is_told_once_when_there_is_some() {
        let (results, _freed, mut told) = of_somebody();
        let mut filled = Vec::new();
        let later = loop {
            match results.place(512 * 1024) {
                Ok(place) => filled.push(place.fill(vec![0; 512 * 1024])),
                Err(error) => break error,
            }
        };
        assert!(matches!(later, NoRoom::Later(_)), "{later:?}");
        assert_eq!(filled.len() * 512 * 1024, limits::RESULTS);
        assert!(told.try_recv().is_err());
        filled.pop();
        filled.pop();
        assert_eq!(told.try_recv().ok(), Some(MemberId(1)));
        assert!(told.try_recv().is_err());
        assert!(results.place(512 * 1024).is_ok());
    }

    #[test]
    fn what_is_collected_leaves_room_for_one_result_more() {
        let (results, _freed, _told) = of_somebody();
        let collecting = results.place_to_collect(COLLECTED).unwrap();
        assert!(matches!(results.place_to_collect(2000), Err(NoRoom::Never(_))));
        assert!(results.place(limits::CALL_PAYLOAD as usize).is_ok());
        let whole = collecting.fill(vec![0; 5000]);
        assert!(results.place_to_collect(COLLECTED).is_ok(), "what is whole is not collected any more");
        drop(whole);
        assert_eq!(results.account.taken(), 0);
    }
}
