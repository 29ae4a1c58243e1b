//! The lab makes rooms. It keeps a few pairs of machines warm, so that a room is ready at once.

use std::{io, sync::Arc};

use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    keeper::{HostFds, Keeper},
    outside::Outside,
    room::Room,
    service::Service,
    world::{RoomLimits, Setting, first_specs},
};

/// Pairs of machines made before anybody asks.
const WARM: usize = 4;

/// Why a room could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The machines could not be made.
    #[error("the machines could not be made: {0}")]
    Machines(#[from] io::Error),
}

/// Makes rooms.
#[derive(Debug)]
pub struct Lab {
    keeper: Keeper,
    services: Arc<[Service]>,
    limits: RoomLimits,
    warm: tokio::sync::Mutex<mpsc::Receiver<(HostFds, HostFds)>>,
    filling: JoinHandle<()>,
}

impl Lab {
    /// A lab around a keeper that works. Must be called inside a tokio runtime.
    pub fn new(keeper: Keeper, services: Vec<Service>) -> Self {
        let (fill, warm) = mpsc::channel(WARM);
        let filling = tokio::spawn(keep_warm(keeper.clone(), fill));
        let (services, limits) = (services.into(), RoomLimits::default());
        Self { keeper, services, limits, warm: tokio::sync::Mutex::new(warm), filling }
    }

    /// The same lab with other limits for its rooms.
    #[must_use]
    pub fn with_limits(mut self, limits: RoomLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Opens a room: two machines and a wire. The handle ends with the room's task.
    ///
    /// # Errors
    /// [`OpenError`] when the kernel has no namespaces or descriptors left.
    pub async fn open_room(
        &self,
        outside: Option<Arc<dyn Outside>>,
    ) -> Result<(Room, JoinHandle<()>), OpenError> {
        let (server, client) = self.pair().await?;
        let (keeper, services) = (self.keeper.clone(), Arc::clone(&self.services));
        let setting = Setting { keeper, outside, services, limits: self.limits };
        Ok(Room::start(setting, server, client)?)
    }

    async fn pair(&self) -> io::Result<(HostFds, HostFds)> {
        let warm = self.warm.lock().await.try_recv();
        match warm {
            Ok(pair) => Ok(pair),
            Err(_) => make_pair(&self.keeper).await,
        }
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
                return;
            }
        }
    }
}
