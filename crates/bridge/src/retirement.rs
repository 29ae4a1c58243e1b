//! The first step of going away: the rooms there are live on, and with the last one, or at the limit, sessions are closed.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use proto::message::Notice;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::{quota::Resource, shared::Shared};

/// How often it is looked whether a room is left. A room that is being made counts, so nothing wakes for the last one.
const LOOK: Duration = Duration::from_millis(200);

/// Waits for the server to retire, and then begins its drain when nothing is left to wait for.
pub(crate) async fn supervise(shared: Weak<Shared>) {
    let Some(drain) = shared.upgrade().map(|shared| shared.drain.clone()) else { return };
    drain.retiring().await;
    let Some(shared) = shared.upgrade() else { return };
    let deadlines = shared.config.deadlines;
    let end = Instant::now() + deadlines.retirement;
    tracing::info!(
        rooms = shared.quota.count(Resource::Room),
        limit_seconds = deadlines.retirement.as_secs(),
        "no new rooms; ends with the last one"
    );
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut warned = false;
    loop {
        tokio::select! {
            _ = look.tick() => if shared.quota.count(Resource::Room) == 0 { break },
            () = sleep_until(end - deadlines.room_notice.min(deadlines.retirement)), if !warned => {
                warned = true;
                announce(&shared, end);
            }
            () = sleep_until(end) => break,
            () = drain.begun() => return,
        }
    }
    drain.begin();
}

/// Tells everybody in every room when their room ends.
fn announce(shared: &Arc<Shared>, end: Instant) {
    let left = end.saturating_duration_since(Instant::now());
    let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    for room in shared.rooms.alive() {
        room.notice.send_replace(Some(Notice::Draining { left_ms }));
    }
}
