//! How often and how much, per room, per address from which rooms were made, and in all. Of what there is in
//! all some is kept for addresses that have little: nobody denies it to everybody.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use proto::call::CallError;

use super::limits::{self, OutsideLimit};

/// What one room has used.
#[derive(Debug, Default)]
struct Room {
    open: usize,
    looking_up: usize,
    connects: VecDeque<Instant>,
    lookups: VecDeque<Instant>,
}

impl Room {
    fn is_idle(&self, now: Instant) -> bool {
        let recent =
            |times: &VecDeque<Instant>| times.back().is_some_and(|&time| now < time + limits::PERIOD);
        self.open == 0 && self.looking_up == 0 && !recent(&self.connects) && !recent(&self.lookups)
    }
}

/// What all rooms made from one address have now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct InUse {
    open: usize,
    lookups: usize,
}

#[derive(Debug, Default)]
struct State {
    rooms: HashMap<String, Room>,
    /// The address from which each room was made, where it is counted.
    makers: HashMap<String, IpAddr>,
    addresses: HashMap<IpAddr, InUse>,
    open: usize,
    lookups: usize,
}

/// Why no more may be begun by somebody who has `own` of `all` there are.
fn refusal(
    own: usize,
    (limit, most): (OutsideLimit, usize),
    all: usize,
    total: (OutsideLimit, usize),
) -> Option<CallError> {
    let kept = if own < limits::SHARE { 0 } else { limits::KEPT_FREE };
    if own >= most {
        Some(limit.reached())
    } else if all + kept >= total.1 {
        Some(total.0.reached())
    } else {
        None
    }
}

impl State {
    fn room(&mut self, name: &str, now: Instant) -> Result<&mut Room, CallError> {
        if self.rooms.len() >= limits::ROOMS && !self.rooms.contains_key(name) {
            self.rooms.retain(|_, room| !room.is_idle(now));
            if self.rooms.len() >= limits::ROOMS {
                return Err(OutsideLimit::Rooms.reached());
            }
        }
        Ok(self.rooms.entry(name.to_owned()).or_default())
    }

    /// From where the room was made, and what all rooms from there have now.
    fn made_from(&self, room: &str) -> (Option<IpAddr>, InUse) {
        let maker = self.makers.get(room).copied();
        let in_use = maker.and_then(|maker| self.addresses.get(&maker)).copied().unwrap_or_default();
        (maker, in_use)
    }

    fn count(&mut self, maker: Option<IpAddr>, change: impl FnOnce(&mut InUse)) {
        let Some(maker) = maker else { return };
        let in_use = self.addresses.entry(maker).or_default();
        change(in_use);
        if *in_use == InUse::default() {
            self.addresses.remove(&maker);
        }
    }
}

/// Everybody's budgets.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    state: Mutex<State>,
}

impl Budgets {
    /// Takes a connection out of the room's budget; the guard gives back what can be given back.
    ///
    /// # Errors
    /// `outbound-total`, `address-outbound`, `outbound-at-once`, `outbound-per-minute`, `outbound-rooms`.
    pub(super) fn connection(self: &Arc<Self>, room: &str, now: Instant) -> Result<Budget, CallError> {
        let mut state = self.lock();
        let (maker, own) = state.made_from(room);
        let (of_address, total) =
            ((OutsideLimit::Address, limits::ADDRESS_AT_ONCE), (OutsideLimit::Total, limits::TOTAL_AT_ONCE));
        if let Some(error) = refusal(own.open, of_address, state.open, total) {
            return Err(error);
        }
        let used = state.room(room, now)?;
        if used.open >= limits::ROOM_AT_ONCE {
            return Err(OutsideLimit::AtOnce.reached());
        }
        if !take(&mut used.connects, limits::ROOM_CONNECTS, now) {
            return Err(OutsideLimit::PerMinute.reached());
        }
        used.open += 1;
        state.open += 1;
        state.count(maker, |in_use| in_use.open += 1);
        drop(state);
        let origin = Some(Origin { budgets: Arc::clone(self), room: room.to_owned(), maker });
        Ok(Budget { origin, began: now, up: AtomicU64::new(0), down: AtomicU64::new(0) })
    }

    /// Takes a lookup out of the room's budget.
    ///
    /// # Errors
    /// `lookups-total`, `address-lookups`, `lookups-at-once`, `lookups-per-minute`, `outbound-rooms`.
    pub(super) fn lookup(self: &Arc<Self>, room: &str, now: Instant) -> Result<Lookup, CallError> {
        let mut state = self.lock();
        let (maker, own) = state.made_from(room);
        let (of_address, total) = (
            (OutsideLimit::AddressLookups, limits::ADDRESS_AT_ONCE),
            (OutsideLimit::LookupsTotal, limits::TOTAL_LOOKUPS),
        );
        if let Some(error) = refusal(own.lookups, of_address, state.lookups, total) {
            return Err(error);
        }
        let used = state.room(room, now)?;
        if used.looking_up >= limits::ROOM_LOOKUPS_AT_ONCE {
            return Err(OutsideLimit::LookupsAtOnce.reached());
        }
        if !take(&mut used.lookups, limits::ROOM_LOOKUPS, now) {
            return Err(OutsideLimit::LookupsPerMinute.reached());
        }
        used.looking_up += 1;
        state.lookups += 1;
        state.count(maker, |in_use| in_use.lookups += 1);
        Ok(Lookup(Origin { budgets: Arc::clone(self), room: room.to_owned(), maker }))
    }

    /// Outbound connections now open, and lookups under way.
    pub(super) fn in_use(&self) -> (usize, usize) {
        let state = self.lock();
        (state.open, state.lookups)
    }

    /// Forgets what the room has used. Its open connections still count in the total until they end.
    pub(super) fn forget(&self, room: &str) {
        let mut state = self.lock();
        state.rooms.remove(room);
        state.makers.remove(room);
    }

    /// The room was made from this address.
    pub(super) fn made_by(&self, room: &str, address: IpAddr) {
        self.lock().makers.insert(room.to_owned(), address);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes one more use unless there were `most` in the last [`limits::PERIOD`].
fn take(times: &mut VecDeque<Instant>, most: usize, now: Instant) -> bool {
    while times.front().is_some_and(|&time| now >= time + limits::PERIOD) {
        times.pop_front();
    }
    if times.len() >= most {
        return false;
    }
    times.push_back(now);
    true
}

/// A lookup under way; ends when dropped.
#[derive(Debug)]
pub(super) struct Lookup(Origin);

impl Drop for Lookup {
    fn drop(&mut self) {
        let Origin { budgets, room, maker } = &self.0;
        let mut state = budgets.lock();
        state.lookups = state.lookups.saturating_sub(1);
        state.count(*maker, |in_use| in_use.lookups = in_use.lookups.saturating_sub(1));
        if let Some(used) = state.rooms.get_mut(room) {
            used.looking_up = used.looking_up.saturating_sub(1);
        }
    }
}

/// Whose budget something was taken from.
#[derive(Debug)]
struct Origin {
    budgets: Arc<Budgets>,
    room: String,
    maker: Option<IpAddr>,
}

/// The budget of one outbound connection. Keep it as long as the socket; dropping it gives the place back and
/// writes the closing record.
#[derive(Debug)]
pub struct Budget {
    /// None for a literal target of the operator's, which has no budget.
    origin: Option<Origin>,
    began: Instant,
    up: AtomicU64,
    down: AtomicU64,
}

impl Budget {
    /// A budget without limits.
    pub(super) fn unlimited(now: Instant) -> Self {
        Self { origin: None, began: now, up: AtomicU64::new(0), down: AtomicU64::new(0) }
    }

    /// Whether bytes and times are limited: not so for a literal target of the operator's.
    pub fn is_limited(&self) -> bool {
        self.origin.is_some()
    }

    /// When the connection has to end, if it has to.
    pub fn ends(&self) -> Option<Instant> {
        self.is_limited().then(|| self.began + limits::LIFE)
    }

    /// How long the connection may stay silent, if that is limited.
    pub fn idle(&self) -> Option<Duration> {
        self.is_limited().then_some(limits::IDLE)
    }

    /// Bytes that may yet be sent, at least one.
    ///
    /// # Errors
    /// `outbound-bytes-up` when there are none.
    pub fn may_send(&self) -> Result<u64, CallError> {
        self.left(&self.up, limits::BYTES_UP).ok_or_else(|| OutsideLimit::BytesUp.reached())
    }

    /// Bytes that may yet be received, at least one.
    ///
    /// # Errors
    /// `outbound-bytes-down` when there are none.
    pub fn may_receive(&self) -> Result<u64, CallError> {
        self.left(&self.down, limits::BYTES_DOWN).ok_or_else(|| OutsideLimit::BytesDown.reached())
    }

    fn left(&self, spent: &AtomicU64, most: u64) -> Option<u64> {
        let left = most.saturating_sub(spent.load(Ordering::Relaxed));
        if self.is_limited() { Some(left).filter(|&left| left > 0) } else { Some(u64::MAX) }
    }

    /// Counts bytes that were sent (`up`) and received (`down`). The caller closes the socket on an error.
    ///
    /// # Errors
    /// `outbound-bytes-up` or `outbound-bytes-down` when that went beyond the budget.
    pub fn spend(&self, up: u64, down: u64) -> Result<(), CallError> {
        let up = self.up.fetch_add(up, Ordering::Relaxed).saturating_add(up);
        let down = self.down.fetch_add(down, Ordering::Relaxed).saturating_add(down);
        match self.is_limited() {
            true if up > limits::BYTES_UP => Err(OutsideLimit::BytesUp.reached()),
            true if down > limits::BYTES_DOWN => Err(OutsideLimit::BytesDown.reached()),
            _ => Ok(()),
        }
    }

    /// Bytes sent and received so far, as told to [`Budget::spend`].
    pub fn spent(&self) -> (u64, u64) {
        (self.up.load(Ordering::Relaxed), self.down.load(Ordering::Relaxed))
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        let Some(Origin { budgets, room, maker }) = self.origin.take() else { return };
        let mut state = budgets.lock();
        state.open = state.open.saturating_sub(1);
        state.count(maker, |in_use| in_use.open = in_use.open.saturating_sub(1));
        if let Some(used) = state.rooms.get_mut(&room) {
            used.open = used.open.saturating_sub(1);
        }
        drop(state);
        let ((up, down), seconds) = (self.spent(), self.began.elapsed().as_secs_f64());
        tracing::info!(target: "egress", room, up, down, seconds, "closed");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use proto::call::CallError;

    use super::super::limits;
    use super::Budgets;

    fn limit<T>(result: Result<T, CallError>) -> String {
        match result {
            Err(CallError::Limit { limit, .. }) => limit,
            Err(other) => format!("{other:?}"),
            Ok(_) => "none".to_owned(),
        }
    }

    #[test]
    fn a_room_has_four_at_once_and_ten_a_minute() {
        let (budgets, now) = (Arc::new(Budgets::default()), Instant::now());
        let held: Vec<_> = (0..4).map(|_| budgets.connection("room", now).unwrap()).collect();
        assert_eq!(limit(budgets.connection("room", now)), "outbound-at-once");
        drop(held);
        for _ in 4..10 {
            drop(budgets.connection("room", now).unwrap());
        }
        assert_eq!(limit(budgets.connection("room", now)), "outbound-per-minute");
        assert!(budgets.connection("other", now).is_ok());
        assert!(budgets.connection("room", now + limits::PERIOD).is_ok());
    }

    #[test]
    fn the_server_has_a_total_of_connections_and_of_lookups() {
        let (budgets, now) = (Arc::new(Budgets::default()), Instant::now());
        let connect = |n: usize| budgets.connection(&(n / 4).to_string(), now);
        let held: Vec<_> = (0..32).map(|n| connect(n).unwrap()).collect();
        assert_eq!(limit(connect(32)), "outbound-total");
        let lookups: Vec<_> = (0..32).map(|n: usize| budgets.lookup(&(n / 4).to_string(), now)).collect();
        assert_eq!(limit(budgets.lookup("another", now)), "lookups-total");
        assert_eq!(budgets.in_use(), (32, 32));
        drop((held, lookups));
        assert_eq!(budgets.in_use(), (0, 0));
    }

    #[test]
    fn one_address_has_eight_and_never_all_of_them() {
        let (budgets, now) = (Arc::new(Budgets::default()), Instant::now());
        let room = |address: u8, number: usize| {
            let room = format!("{address}-{number}");
            budgets.made_by(&room, [192, 0, 2, address].into());
            room
        };
        let connect = |address, n: usize| budgets.connection(&room(address, n / 4), now);
        let mut held: Vec<_> = (0..8).map(|n| connect(1, n).unwrap()).collect();
        assert_eq!(limit(connect(1, 8)), "address-outbound");
        for address in 2..=3 {
            held.extend((0..8).map(|n| connect(address, n).unwrap()));
        }
        // The rest is for those who have little.
        held.extend((0..2).map(|n| connect(4, n).unwrap()));
        assert_eq!(limit(connect(4, 2)), "outbound-total");
        held.extend((0..2).map(|n| connect(5, n).unwrap()));
        let look_up = |address, n: usize| budgets.lookup(&room(address, n / 4), now);
        let lookups: Vec<_> = (0..8).map(|n| look_up(1, n).unwrap()).collect();
        assert_eq!(limit(look_up(1, 9)), "address-lookups");
        assert_eq!(limit(look_up(2, 0)), "none");
        drop((held, lookups));
        assert!(budgets.lock().addresses.is_empty());
    }

    #[test]
    fn a_room_has_four_lookups_at_once_and_twenty_a_minute() {
        let (budgets, now) = (Arc::new(Budgets::default()), Instant::now());
        let held: Vec<_> = (0..4).map(|_| budgets.lookup("room", now).unwrap()).collect();
        assert_eq!(limit(budgets.lookup("room", now)), "lookups-at-once");
        drop(held);
        for _ in 4..20 {
            drop(budgets.lookup("room", now).unwrap());
        }
        assert_eq!(limit(budgets.lookup("room", now)), "lookups-per-minute");
        assert!(budgets.lookup("room", now + limits::PERIOD).is_ok());
    }

    #[test]
    fn bytes_are_counted_up_to_their_limit() {
        let budget = Arc::new(Budgets::default()).connection("room", Instant::now()).unwrap();
        assert_eq!(limit(budget.spend(limits::BYTES_UP - 1, limits::BYTES_DOWN)), "none");
        assert_eq!(budget.may_send().ok(), Some(1));
        assert_eq!(limit(budget.may_receive()), "outbound-bytes-down");
        assert_eq!(limit(budget.spend(1, 0)), "none");
        assert_eq!(limit(budget.may_send()), "outbound-bytes-up");
        assert_eq!(limit(budget.spend(1, 0)), "outbound-bytes-up");
        let free = super::Budget::unlimited(Instant::now());
        assert_eq!(limit(free.spend(u64::MAX / 2, u64::MAX / 2)), "none");
        assert_eq!((free.may_send().ok(), free.may_receive().ok()), (Some(u64::MAX), Some(u64::MAX)));
    }
}
