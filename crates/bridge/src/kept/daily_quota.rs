//! How many recordings each address keeps in a day.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use proto::limits::Limit;
use tokio::time::Instant;

use crate::limit_reached::LimitReached;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Addresses at which those whose day is over are forgotten.
const SWEEP_AT_LEAST: usize = 1024;

/// The counts of a day, which begins with an address' first recording.
#[derive(Debug)]
pub(crate) struct DailyQuota {
    most: u32,
    counts: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl DailyQuota {
    pub(crate) fn new(most: u32) -> Self {
        Self { most, counts: Mutex::default() }
    }

    /// Counts one more for `network`, as [`crate::quota::Quota::network`] says it; none is not counted.
    ///
    /// # Errors
    /// [`Limit::AddressKept`].
    pub(crate) fn take(&self, network: Option<IpAddr>, now: Instant) -> Result<(), LimitReached> {
        let Some(network) = network else { return Ok(()) };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= SWEEP_AT_LEAST {
            counts.retain(|_, (began, _)| *began + DAY > now);
        }
        let (began, count) = counts.entry(network).or_insert((now, 0));
        if *began + DAY <= now {
            (*began, *count) = (now, 0);
        }
        if *count >= self.most {
            return Err(LimitReached { limit: Limit::AddressKept, value: self.most.into() });
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_later_there_are_as_many_again() {
        let (quota, now) = (DailyQuota::new(2), Instant::now());
        let [school, home] = ["192.0.2.1", "192.0.2.2"].map(|address| Some(address.parse().unwrap()));
        quota.take(school, now).unwrap();
        quota.take(school, now + DAY / 2).unwrap();
        let reached = quota.take(school, now + DAY / 2).unwrap_err();
        assert_eq!(reached, LimitReached { limit: Limit::AddressKept, value: 2 });
        quota.take(home, now).unwrap();
        quota.take(school, now + DAY).unwrap();
        for _ in 0..5 {
            quota.take(None, now).unwrap();
        }
    }
}
