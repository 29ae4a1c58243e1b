//! Counts now and then what the server keeps, and shortens histories where that is too much; and what the kernel keeps for
//! TCP, of which nobody's sockets may take what the others need.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::timeout;

use crate::{kernel_memory::KernelMemory, memory::Fullness, quota::Resource, shared::Shared};

/// What an idle session costs.
const SESSION: u64 = 64 * 1024;
/// A room whose sockets hold less of the kernel's memory does not end for it.
const LEAST: usize = 8 << 20;
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Looks at it as long as the server is there.
pub(crate) async fn watch(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(shared) = shared.upgrade() else { return };
        look(&shared);
        look_at_the_kernel(&shared).await;
    }
}

/// What sockets may come to hold is charged before, so this is for what no charge stands for: connections that nobody has
/// accepted, or that their programs have closed. Where the kernel has given too much, the room with the most of it ends.
async fn look_at_the_kernel(shared: &Shared) {
    let Some(kernel) = &shared.config.kernel else { return };
    let taken = kernel.taken();
    let of_rooms = shared.config.limits.socket_memory;
    let Some(reached) = KernelMemory::is_too_much(taken, of_rooms) else { return };
    let mut most = None;
    for room in shared.rooms.alive() {
        let held = timeout(LOOK, room.lab.socket_memory()).await.ok().and_then(Result::ok).unwrap_or(0);
        if most.as_ref().is_none_or(|(most, _)| held > *most) {
            most = Some((held, room));
        }
    }
    // With less it is not the one.
    let Some((held, room)) = most.filter(|(held, _)| *held >= LEAST) else { return };
    tracing::warn!(
        room = room.id,
        held,
        taken,
        limit = reached.limit.name(),
        value = reached.value,
        "a room has to end"
    );
    shared.metrics.refused(reached.limit.name());
    room.takes_too_much();
}

fn look(shared: &Arc<Shared>) {
    let Some(lab) = shared.rooms.lab() else { return };
    let (rooms, history) = (shared.rooms.alive(), lab.history());
    let sessions = u64::from(shared.quota.count(Resource::Session));
    let used = lab.memory().taken() as u64 + sessions * SESSION;
    let fullness = shared.memory.is(used);
    // However much memory there is: the more rooms, the shorter their histories.
    let (taken, most) = (history.taken() as u64, shared.config.limits.history);
    if fullness == Fullness::History || taken > most {
        history.shrink();
        for room in &rooms {
            room.lab.trace().trim();
            room.lab.capture().trim();
        }
    } else if fullness == Fullness::Enough && taken < most / 5 * 4 {
        history.grow();
    }
}
