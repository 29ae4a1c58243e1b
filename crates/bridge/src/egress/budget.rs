//! Step 8: how often and how much, per room and in all.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use proto::call::CallError;

use super::limits;

/// What one room has used.
#[derive(Debug, Default)]
struct Room {
    open: usize,
    connects: VecDeque<Instant>,
    lookups: VecDeque<Instant>,
}

impl Room {
    fn is_idle(&self, now: Instant) -> bool {
        let recent =
            |times: &VecDeque<Instant>| times.back().is_some_and(|&time| now < time + limits::PERIOD);
        self.open == 0 && !recent(&self.connects) && !recent(&self.lookups)
    }
}

#[derive(Debug, Default)]
struct State {
    rooms: HashMap<String, Room>,
    open: usize,
    lookups: usize,
}

impl State {
    fn room(&mut self, name: &str, now: Instant) -> Result<&mut Room, CallError> {
        if self.rooms.len() >= limits::ROOMS && !self.rooms.contains_key(name) {
            self.rooms.retain(|_, room| !room.is_idle(now));
            if self.rooms.len() >= limits::ROOMS {
                return Err(limits::reached("outbound-rooms"));
            }
        }
        Ok(self.rooms.entry(name.to_owned()).or_default())
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
    /// `outbound-total`, `outbound-at-once`, `outbound-per-minute`, `outbound-rooms`.
    pub(super) fn connection(self: &Arc<Self>, room: &str, now: Instant) -> Result<Budget, CallError> {
        let mut state = self.lock();
        if state.open >= limits::TOTAL_AT_ONCE {
            return Err(limits::reached("outbound-total"));
        }
        let used = state.room(room, now)?;
        if used.open >= limits::ROOM_AT_ONCE {
            return Err(limits::reached("outbound-at-once"));
        }
        if !take(&mut used.connects, limits::ROOM_CONNECTS, now) {
            return Err(limits::reached("outbound-per-minute"));
        }
        used.open += 1;
        state.open += 1;
        drop(state);
        let origin = Some((Arc::clone(self), room.to_owned()));
        Ok(Budget { origin, began: now, up: AtomicU64::new(0), down: AtomicU64::new(0) })
    }

    /// Takes a lookup out of the room's budget.
    ///
    /// # Errors
    /// `lookups-total`, `lookups-per-minute`, `outbound-rooms`.
    pub(super) fn lookup(self: &Arc<Self>, room: &str, now: Instant) -> Result<Lookup, CallError> {
        let mut state = self.lock();
        if state.lookups >= limits::TOTAL_LOOKUPS {
            return Err(limits::reached("lookups-total"));
        }
        if !take(&mut state.room(room, now)?.lookups, limits::ROOM_LOOKUPS, now) {
            return Err(limits::reached("lookups-per-minute"));
        }
        state.lookups += 1;
        Ok(Lookup { budgets: Arc::clone(self) })
    }

    /// Outbound connections now open, and lookups under way.
    pub(super) fn in_use(&self) -> (usize, usize) {
        let state = self.lock();
        (state.open, state.lookups)
    }

    /// Forgets what the room has used. Its open connections still count in the total until they end.
    pub(super) fn forget(&self, room: &str) {
        self.lock().rooms.remove(room);
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
pub(super) struct Lookup {
    budgets: Arc<Budgets>,
}

impl Drop for Lookup {
    fn drop(&mut self) {
        let mut state = self.budgets.lock();
        state.lookups = state.lookups.saturating_sub(1);
    }
}

/// The budget of one outbound connection. Keep it as long as the socket; dropping it gives the place back and
/// writes the closing record.
#[derive(Debug)]
pub struct Budget {
    /// None for a literal target of the operator's, which has no budget.
    origin: Option<(Arc<Budgets>, String)>,
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
        self.left(&self.up, limits::BYTES_UP).ok_or_else(|| limits::reached("outbound-bytes-up"))
    }

    /// Bytes that may yet be received, at least one.
    ///
    /// # Errors
    /// `outbound-bytes-down` when there are none.
    pub fn may_receive(&self) -> Result<u64, CallError> {
        self.left(&self.down, limits::BYTES_DOWN).ok_or_else(|| limits::reached("outbound-bytes-down"))
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
            true if up > limits::BYTES_UP => Err(limits::reached("outbound-bytes-up")),
            true if down > limits::BYTES_DOWN => Err(limits::reached("outbound-bytes-down")),
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
        let Some((budgets, room)) = self.origin.take() else { return };
        let mut state = budgets.lock();
        state.open = state.open.saturating_sub(1);
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
        let lookups: Vec<_> = (0..32).map(|n: usize| budgets.lookup(&(n / 20).to_string(), now)).collect();
        assert_eq!(limit(budgets.lookup("another", now)), "lookups-total");
        assert_eq!(budgets.in_use(), (32, 32));
        drop((held, lookups));
        assert_eq!(budgets.in_use(), (0, 0));
    }

    #[test]
    fn a_room_has_twenty_lookups_a_minute() {
        let (budgets, now) = (Arc::new(Budgets::default()), Instant::now());
        for _ in 0..20 {
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
