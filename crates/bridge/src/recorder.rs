//! Writes what happens in rooms while they live, one room at a time, so that a crash loses no more than the last of it.

use std::{sync::Weak, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    kept::{WriteSchedule, has_more, not_written},
    shared::Shared,
};

/// How often it is looked which rooms have something to write.
const LOOK: Duration = Duration::from_secs(1);
/// How often it is looked what has been offered for long enough, and what somebody left unfinished.
const TIDY: Duration = Duration::from_secs(30);
/// After each the others rest so many times as long as it took: with many rooms it is written less often.
const REST: u32 = 9;

/// Writes what happens in all rooms, and deletes what has been offered for long enough, for as long as the server is there.
pub(crate) async fn watch(shared: Weak<Shared>) {
    let Some(within) = shared.upgrade().map(|shared| shared.config.deadlines.written) else { return };
    let (mut due, mut left_known, mut tidied) = (WriteSchedule::new(within), false, Instant::now());
    loop {
        let Some(strong) = shared.upgrade() else { return };
        left_known = left_known || find_left(&strong).await;
        let rest = write_next(&strong, &mut due).await;
        if tidied.elapsed() >= TIDY {
            strong.kept.tidy().await;
            tidied = Instant::now();
        }
        drop(strong);
        sleep(rest).await;
    }
}

/// Writes the room whose turn it is; how long to rest then.
async fn write_next(shared: &Shared, due: &mut WriteSchedule) -> Duration {
    if shared.kept.shelf().is_err() {
        return TIDY;
    }
    let rooms = shared.rooms.alive();
    let unwritten = rooms.iter().filter(|room| has_more(room)).map(|room| room.id.as_str());
    let next = due.next(unwritten, Instant::now());
    let Some(room) = next.and_then(|id| rooms.iter().find(|room| room.id == id)) else { return LOOK };
    match shared.kept.write_last(room).await {
        Ok(took) => {
            due.written(&room.id);
            took * REST
        }
        Err(error) => {
            not_written(room, &error);
            due.failed(&room.id, Instant::now());
            LOOK
        }
    }
}

/// What an earlier process left has ended by now, and goes after a while. False where nobody can say what that is.
async fn find_left(shared: &Shared) -> bool {
    if shared.kept.shelf().is_err() {
        return true;
    }
    let Ok(left) = shared.kept.ask(|shelf| shelf.lasts()).await else { return false };
    for room in left.iter().filter(|room| shared.rooms.find(room).is_none()) {
        shared.kept.offer(room);
    }
    true
}
