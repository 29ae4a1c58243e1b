//! The lab makes rooms. It keeps a few pairs of machines warm, so that a room is ready at once.

use std::{io, sync::Arc, time::Duration};

use proto::{
    call::CallError,
    limits::{Limit, SOCKET_MEMORY},
};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    account::Account,
    confine::Confined,
    descriptors::{Descriptors, ROOM},
    history::History,
    keeper::{HostFds, Keeper},
    outside::Outside,
    room::Room,
    service::Service,
    world::{RoomConfig, RoomLimits, first_specs},
};

/// Pairs of machines made before anybody asks.
const WARM: usize = 4;
/// When to try again where one could not be made.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Why a room could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The machines could not be made.
    #[error("the machines could not be made: {0}")]
    Machines(#[from] io::Error),
    /// A limit of ours leaves no room for one more.
    #[error("the limit {} of {value} is reached", limit.name())]
    Limit {
        /// Which.
        limit: Limit,
        /// Its value.
        value: u64,
    },
}

/// Makes rooms.
#[derive(Debug)]
pub struct Lab {
    keeper: Keeper,
    services: Arc<[Service]>,
    limits: RoomLimits,
    memory: Arc<Account>,
    history: Arc<History>,
    warm: tokio::sync::Mutex<mpsc::Receiver<(HostFds, HostFds)>>,
    filling: JoinHandle<()>,
}

impl Lab {
    /// A lab around a keeper that works. Must be called inside a tokio runtime.
    pub fn new(keeper: Keeper, services: Vec<Service>) -> Self {
        let (fill, warm) = mpsc::channel(WARM);
        let filling = tokio::spawn(keep_warm(keeper.clone(), fill));
        let (services, limits) = (services.into(), RoomLimits::default());
        let warm = tokio::sync::Mutex::new(warm);
        let memory = Account::new(Limit::ServerMemory, usize::MAX);
        let history = Arc::new(History::within(&memory, usize::MAX));
        Self { keeper, services, limits, memory, history, warm, filling }
    }

    /// How the keeper is confined.
    pub fn confined(&self) -> Confined {
        self.keeper.confined()
    }

    /// How often a keeper that had died was replaced.
    pub fn keeper_restarts(&self) -> u32 {
        self.keeper.restarts()
    }

    /// What the histories of all rooms take.
    pub fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// The same lab with other limits for its rooms.
    #[must_use]
    pub fn with_limits(mut self, limits: RoomLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The same lab with so many bytes for all that its rooms keep: where they are taken calls are refused by
    /// [`Limit::ServerMemory`], and from `full` bytes on histories do not grow.
    #[must_use]
    pub fn with_memory(mut self, most: usize, full: usize) -> Self {
        self.memory = Account::new(Limit::ServerMemory, most);
        self.history = Arc::new(History::within(&self.memory, full));
        self
    }

    /// What all rooms keep.
    pub fn memory(&self) -> &Arc<Account> {
        &self.memory
    }

    /// Opens a room: two machines and a wire. The handle ends with the room's task.
    ///
    /// # Errors
    /// [`OpenError`] when the kernel has no namespaces or descriptors left.
    pub async fn open_room(
        &self,
        outside: Option<Arc<dyn Outside>>,
    ) -> Result<(Room, JoinHandle<()>), OpenError> {
        self.open_room_within(outside, Descriptors::default(), None).await
    }

    /// The same within what its makers may take of descriptors, and of the kernel's memory for sockets.
    ///
    /// # Errors
    /// [`OpenError`], also for a limit.
    pub async fn open_room_within(
        &self,
        outside: Option<Arc<dyn Outside>>,
        descriptors: Descriptors,
        buffers: Option<Arc<Account>>,
    ) -> Result<(Room, JoinHandle<()>), OpenError> {
        let of_room = descriptors.take(ROOM).map_err(limit)?;
        let (server, client) = self.pair().await?;
        descriptors.check(&client.wire).map_err(limit)?;
        let (keeper, services) = (self.keeper.clone(), Arc::clone(&self.services));
        let buffers = Account::within_any(buffers.as_ref(), Limit::RoomSocketMemory, SOCKET_MEMORY);
        let config = RoomConfig { keeper, outside, services, limits: self.limits, descriptors, buffers };
        Room::start(config, of_room, &self.memory, Arc::clone(&self.history), server, client).map_err(limit)
    }

    async fn pair(&self) -> io::Result<(HostFds, HostFds)> {
        let warm = self.warm.lock().await.try_recv();
        match warm {
            Ok(pair) => Ok(pair),
            Err(_) => make_pair(&self.keeper).await,
        }
    }
}

/// A refusal of ours, where a room cannot be opened; anything else is the kernel's.
fn limit(error: CallError) -> OpenError {
    let reached = match &error {
        CallError::Limit { limit, value } => Limit::named(limit).map(|limit| (limit, *value)),
        _ => None,
    };
    match (reached, error) {
        (Some((limit, value)), _) => OpenError::Limit { limit, value },
        (None, CallError::Errno { errno, .. }) => io::Error::from_raw_os_error(errno.0).into(),
        (None, other) => io::Error::other(format!("{other:?}")).into(),
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.filling.abort();
    }
}

async fn make_pair(keeper: &Keeper) -> io::Result<(HostFds, HostFds)> {
    let [server, client] = first_specs();
    Ok((keeper.create_host(server).await?, keeper.create_host(client).await?))
}

async fn keep_warm(keeper: Keeper, fill: mpsc::Sender<(HostFds, HostFds)>) {
    while let Ok(place) = fill.reserve().await {
        match make_pair(&keeper).await {
            Ok(pair) => place.send(pair),
            Err(error) => {
                // Rooms are then made when they are asked for, and say themselves what is wrong.
                tracing::warn!(%error, "machines cannot be kept warm");
                tokio::time::sleep(TRY_AGAIN).await;
            }
        }
    }
}
