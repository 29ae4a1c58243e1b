//! Who asked for what and which rule answered: one record a decision, never a payload.
//!
//! A room that asks again and again is recorded at a rate, each kind of decision by itself; what was left out is counted
//! in the next record of that kind. What the budgets allow always fits.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use proto::call::CallError;

use crate::allowance::RecordRate;

/// What was decided about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Looking up a name.
    Resolve,
    /// Dialling an address.
    Connect,
    /// The connection that came about.
    Connected,
}

/// One decision of the policy.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// The room that asked.
    pub room: &'a str,
    /// What was decided about.
    pub step: Step,
    /// The name, as asked or as the grant has it; empty for a bare address.
    pub name: &'a str,
    /// The address, where one is known. Of a refused answer it stands here only, never in what the room is told.
    pub address: Option<IpAddr>,
    /// The port; 0 where none was named.
    pub port: u16,
    /// The rule or limit that refused, or under which it was allowed.
    pub rule: &'a str,
    /// Whether it was allowed.
    pub allowed: bool,
}

/// Records of one room and kind at once.
const BURST: u32 = 30;
/// One more each so often: thirty a minute, as many as a room's budgets allow to look up and to connect.
const EACH: Duration = Duration::from_secs(2);

impl Decision<'_> {
    /// Writes the record to the log, under the target `egress`.
    pub(super) fn log(&self) {
        self.log_after(None);
    }

    fn log_after(&self, left_out: Option<u64>) {
        let Self { room, step, name, address, port, rule, allowed } = *self;
        let address = address.map(tracing::field::display);
        tracing::info!(target: "egress", room, ?step, name, address, port, rule, allowed, left_out);
    }
}

/// What each room has left, by the step and whether it was permitted.
type Rates = HashMap<String, HashMap<(Step, bool), RecordRate>>;

/// What was recorded of each room lately.
#[derive(Debug, Default)]
pub(super) struct Records {
    rooms: Mutex<Rates>,
}

impl Records {
    /// Writes the record unless there were too many of its kind.
    pub(super) fn log(&self, decision: &Decision<'_>) {
        let now = Instant::now();
        let mut rooms = self.lock();
        // Bounded by the rooms there are: each is forgotten when it ends.
        let kinds = match rooms.get_mut(decision.room) {
            Some(kinds) => kinds,
            None => rooms.entry(decision.room.to_owned()).or_default(),
        };
        let rate = kinds
            .entry((decision.step, decision.allowed))
            .or_insert_with(|| RecordRate::new(BURST, EACH, now));
        let taken = rate.take(now);
        drop(rooms);
        if let Some(left_out) = taken {
            decision.log_after((left_out > 0).then_some(left_out));
        }
    }

    /// The room has ended: says what was left out of its records.
    pub(super) fn forget(&self, room: &str) {
        let kinds = self.lock().remove(room).unwrap_or_default();
        let left_out: u64 = kinds.values().map(|rate| rate.left_out()).sum();
        if left_out > 0 {
            tracing::info!(target: "egress", room, left_out, "records were left out, there were too many");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rates> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of what refused, for the record.
pub(super) fn rule_of(error: &CallError) -> String {
    match error {
        CallError::Policy { rule, .. } | CallError::Protocol { rule } => rule.clone(),
        CallError::Limit { limit, .. } => limit.clone(),
        CallError::Errno { errno, .. } => errno.name().to_owned(),
        CallError::Resolve(error) => error.name().to_owned(),
        CallError::TimedOut { .. } => "timed_out".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_burst_records_are_counted_and_thirty_a_minute_written() {
        let now = Instant::now();
        let mut rate = RecordRate::new(BURST, EACH, now);
        assert!((0..BURST).all(|_| rate.take(now) == Some(0)));
        assert!((0..7).all(|_| rate.take(now).is_none()));
        assert_eq!(rate.take(now + EACH), Some(7));
        assert_eq!((0..100).filter_map(|_| rate.take(now + Duration::from_secs(62))).count(), 30);
    }
}
