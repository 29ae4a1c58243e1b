//! The bridge as a whole: started once, serving any number of listening sockets.

use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use axum::Router;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    accept, agent,
    classes::Classes,
    config::{Config, Outbound},
    descriptors,
    drain::Drain,
    egress, http,
    kept::Recordings,
    lag::{self, Lag},
    memory::Memory,
    memory_watch,
    metrics::Metrics,
    origin::{self, Names},
    quota::Quota,
    recorder, retirement,
    rooms::Rooms,
    shared::Shared,
};

/// A running bridge. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Bridge {
    shared: Arc<Shared>,
    router: Router,
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// A host name or an origin that is none.
    #[error(
        "{0:?} is neither a host name (lab.example, lab.example:8443) nor an origin (https://lab.example)"
    )]
    Name(String),
    /// The node's name goes into every room's address.
    #[error("the node's name {0:?} has to be 1 to 16 characters of a-z and 0-9")]
    Node(String),
}

impl Bridge {
    /// Reads the settings and finds out what this machine can do.
    ///
    /// # Errors
    /// A setting that makes no sense. Missing privileges are no error: `/health` and the page say so.
    pub async fn start(mut config: Config) -> Result<Self, StartError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !(1..=16).contains(&config.node.len()) || !config.node.bytes().all(plain) {
            return Err(StartError::Node(config.node));
        }
        let limits = &mut config.limits;
        limits.connections = limits.connections.min(descriptors::for_connections());
        limits.descriptors = limits.descriptors.min(descriptors::for_rooms().unwrap_or(u32::MAX));
        limits.address_descriptors = limits.address_descriptors.min(descriptors::for_address());
        let kernel = config.kernel.as_ref().map_or(u64::MAX, |kernel| kernel.for_rooms());
        limits.socket_memory = limits.socket_memory.min(kernel);
        limits.address_socket_memory = limits.address_socket_memory.min(limits.socket_memory / 2);
        let names = Names::new(&config).map_err(StartError::Name)?;
        let sites = origin::sites(&config.embed).map_err(StartError::Name)?;
        let embedded = http::headers::embedded_policy(&sites).map_err(|_| StartError::Name(sites))?;
        count_loopback(&mut config, &names);
        let drain = Drain::new(config.deadlines.drain);
        let kept = Arc::new(Recordings::new(config.shelf.clone(), config.limits.address_kept));
        let shared = Arc::new(Shared {
            names,
            embedded,
            filtered: filtered(&config),
            quota: Quota::new(config.limits),
            metrics: Metrics::default(),
            memory: Memory::new(config.limits.memory),
            lag: Arc::new(Lag::default()),
            rooms: Rooms::start(&config, &drain, Arc::clone(&kept)),
            classes: Classes::start(&config, &drain),
            kept,
            drain,
            config,
        });
        let router = http::router(Arc::clone(&shared));
        tokio::spawn(memory_watch::watch(Arc::downgrade(&shared)));
        tokio::spawn(lag::measure(Arc::downgrade(&shared.lag)));
        tokio::spawn(retirement::supervise(Arc::downgrade(&shared)));
        tokio::spawn(recorder::watch(Arc::downgrade(&shared)));
        Ok(Self { shared, router })
    }

    /// Makes no new rooms from now on. Those there are live on; with the last one, or after
    /// [`crate::Deadlines::retirement`], everything ends as at a shutdown (see [`Self::serve`]).
    pub fn retire(&self) {
        self.shared.drain.retire();
    }

    /// Tells a load balancer how much more this server takes: to each connection one line, `ready 63%` or `drain`.
    pub fn serve_agent(&self, listener: TcpListener) {
        tokio::spawn(agent::serve(listener, Arc::downgrade(&self.shared)));
    }

    /// Serves HTTP, within TLS where [`Config::tls`] says so, until `shutdown` is ready, then drains: nobody new is let in, sessions are told and closed.
    /// Returns when all have left, at the latest after [`crate::Deadlines::drain`].
    ///
    /// May be called for several listeners; the first shutdown is everybody's.
    ///
    /// # Errors
    /// The listener's address cannot be read.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> io::Result<()> {
        match &self.shared.config.tls {
            None => self.serve_with(listener, false, |stream| async { Ok(stream) }, shutdown).await,
            Some(tls) => {
                let acceptor = TlsAcceptor::from(Arc::clone(&tls.config));
                let wrap = move |stream| accept::tls::accept(acceptor.clone(), stream);
                self.serve_with(listener, true, wrap, shutdown).await
            }
        }
    }

    /// Serves with something between TCP and HTTP. `secure` says that it protects from eavesdroppers, so that only
    /// `https` origins are ours. `wrap` has [`crate::Deadlines::head`] to finish.
    async fn serve_with<S, F, W>(
        &self,
        listener: TcpListener,
        secure: bool,
        wrap: W,
        shutdown: impl Future<Output = ()> + Send,
    ) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        W: Fn(TcpStream) -> F + Send + Sync + 'static,
    {
        let local = listener.local_addr()?;
        accept::bound_buffers(&listener);
        tracing::debug!(%local, secure, "listening");
        let acceptor = accept::Acceptor::new(Arc::clone(&self.shared), self.router.clone(), secure);
        let drain = &self.shared.drain;
        let draining = async {
            tokio::select! {
                () = shutdown => drain.begin(),
                () = drain.begun() => {}
            }
            // Rooms do not outlive the program; what happened in them is offered by the next one.
            let rooms = self.shared.rooms.alive();
            let written = async {
                for room in &rooms {
                    self.shared.kept.ends(room).await;
                }
            };
            let (in_time, _late) =
                tokio::join!(drain.finished(), tokio::time::timeout(self.shared.drain.left(), written));
            in_time
        };
        tokio::select! {
            () = acceptor.run(&listener, wrap) => {}
            in_time = draining => tracing::info!(%local, in_time, "drained"),
        }
        drop(listener);
        acceptor.shutdown().await;
        Ok(())
    }
}

/// Finds out whether there is a second layer below the outbound policy. Looking sends two datagrams where there is none:
/// that is for servers whose rooms may reach any public address, not for everybody who starts one.
fn filtered(config: &Config) -> Option<bool> {
    if config.outbound != Outbound::Open {
        return None;
    }
    let filtered = egress::filter::is_there();
    if !filtered {
        tracing::warn!(
            "the kernel would let this server's user reach private networks: only the outbound policy does not; \
             deploy/egress.nft has rules for it"
        );
    }
    Some(filtered)
}

/// Loopback is this machine's own people only where nobody else can come from there: not behind a proxy on this machine,
/// declared or not. A server with a name of its own is for others, and they come through something.
fn count_loopback(config: &mut Config, names: &Names) {
    let declared =
        [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()].map(|own| names.is_proxy(own));
    let proxied = declared.contains(&true);
    if config.limits.loopback_exempt && (proxied || !config.host_names.is_empty()) {
        config.limits.loopback_exempt = false;
        if config.trusted_proxies.is_empty() && config.tls.is_none() {
            tracing::warn!(
                "with --host-name, whoever comes from this machine counts as one visitor: a proxy in front is named with \
                 --trusted-proxy"
            );
        }
    }
}

#[cfg(test)]
mod tests;
