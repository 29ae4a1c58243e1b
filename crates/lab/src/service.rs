//! Ready-made servers: what runs on a room's `tutorial` machine. The lab gives them listeners and nothing else.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::net::TcpListener;

/// A server on a TCP port of the `tutorial` machine.
#[derive(Clone)]
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// The TCP port.
    pub port: u16,
    /// Serves until it is dropped.
    pub serve: Arc<dyn Fn(TcpListener) -> BoxFuture<'static, ()> + Send + Sync>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("name", &self.name).field("port", &self.port).finish_non_exhaustive()
    }
}
