//! Packets that were lost before we saw them: in a machine's own queue before the wire, or in the capture of its
//! loopback. Looked for where a queue has been nearly full, and told in the trace.

use std::time::{Duration, Instant};

use proto::id::HostId;

use super::{Timer, World};
use crate::keeper::tap;

/// A machine's counters are read at most this often.
const COUNT_EVERY: Duration = Duration::from_millis(250);

/// What is known of a machine's losses.
#[derive(Debug, Default)]
pub(super) struct Drops {
    suspected: bool,
    due: bool,
    told: u64,
}

impl World {
    /// Many packets came at once: some may be missing.
    pub(super) fn suspect_drops(&mut self, host: HostId) {
        let Some(machine) = self.hosts.get_mut(&host) else { return };
        if !machine.drops.suspected {
            machine.drops.suspected = true;
            self.timers.set(Instant::now() + COUNT_EVERY, Timer::Drops(host));
        }
    }

    pub(super) fn drops_are_due(&mut self, host: HostId) {
        if let Some(machine) = self.hosts.get_mut(&host) {
            machine.drops.due = true;
        }
    }

    /// The machine whose losses are to be counted now.
    pub(crate) fn drops_due(&self) -> Option<HostId> {
        self.hosts.values().find(|machine| machine.drops.due).map(|machine| machine.info.id)
    }

    /// Counts what a machine has lost since it was last asked.
    pub(crate) async fn count_drops(&mut self, host: HostId) {
        let Some(machine) = self.hosts.get_mut(&host) else { return };
        (machine.drops.suspected, machine.drops.due) = (false, false);
        let missed = tap::missed(&machine.tap).unwrap_or(0);
        let (namespace, told) = (machine.namespace.clone(), machine.drops.told);
        let dropped = match self.setting.keeper.link_drops(&namespace).await {
            Ok(dropped) => dropped,
            Err(error) => {
                tracing::debug!(%error, "a machine's losses are not known");
                told
            }
        };
        if let Some(machine) = self.hosts.get_mut(&host) {
            machine.drops.told = dropped;
        }
        let lost = dropped.saturating_sub(told);
        if missed > 0 || lost > 0 {
            self.traffic.summary.missed += u64::from(missed);
            self.traffic.summary.queue_drops += lost;
            self.summarise_soon();
        }
    }
}
