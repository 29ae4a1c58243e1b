//! Counts now and then what the server keeps, and shortens histories where that is too much.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use crate::{memory::Fullness, quota::Kind, shared::Shared};

/// What a room without any history costs, and what an idle session does.
const ROOM: u64 = 192 * 1024;
const SESSION: u64 = 64 * 1024;
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Looks at it as long as the server is there.
pub(crate) async fn watch(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(shared) = shared.upgrade() else { return };
        look(&shared);
    }
}

fn look(shared: &Arc<Shared>) {
    let Some(history) = shared.rooms.history() else { return };
    let rooms = shared.rooms.alive();
    let kept: usize = rooms.iter().map(|room| room.lab.memory().taken()).sum();
    let sessions = u64::from(shared.quota.count(Kind::Session));
    let used = (history.taken() + kept) as u64 + rooms.len() as u64 * ROOM + sessions * SESSION;
    match shared.memory.is(used) {
        Fullness::History => {
            history.shrink();
            for room in &rooms {
                room.lab.trace().trim();
                room.lab.capture().trim();
            }
        }
        Fullness::Enough => history.grow(),
        Fullness::Rooms | Fullness::Answers => {}
    }
}
