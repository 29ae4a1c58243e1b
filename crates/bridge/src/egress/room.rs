//! One room's door to the outside, as the lab wants it: the policy with the room's name filled in, and a clock for
//! each connection.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use lab::{Bounds, Outside, OutsideSocket};
use proto::call::{CallError, Family};
use proto::errno::Errno;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::{Egress, Pending, Watch, dial, limits};

/// The way out of one room. Dropping it ends the room's grants.
#[derive(Debug)]
pub struct RoomEgress {
    egress: Arc<Egress>,
    room: Arc<str>,
}

impl RoomEgress {
    /// The way out of `room`.
    pub fn new(egress: Arc<Egress>, room: impl Into<Arc<str>>) -> Self {
        Self { egress, room: room.into() }
    }

    /// The same for a room that was made from a network.
    #[must_use]
    pub fn made_by(self, network: Option<IpAddr>) -> Self {
        self.egress.made_by(&self.room, network);
        self
    }
}

impl Drop for RoomEgress {
    fn drop(&mut self) {
        self.egress.forget(&self.room);
    }
}

impl Outside for RoomEgress {
    fn resolve(
        &self,
        name: String,
        port: u16,
        family: Option<Family>,
    ) -> BoxFuture<'static, Result<Vec<IpAddr>, CallError>> {
        let (egress, room) = (Arc::clone(&self.egress), Arc::clone(&self.room));
        Box::pin(async move { egress.resolve(&room, &name, port, family).await })
    }

    /// Needs a runtime: the connection's clock is a task.
    fn connect(&self, address: SocketAddr) -> Result<OutsideSocket, CallError> {
        let permitted = self.egress.judge(&self.room, address)?;
        // The lab sets the options itself, when it swaps the socket.
        let Pending { socket, watch } = self.egress.begin_connect(permitted)?;
        let link = Arc::new(Link::new(&socket, watch)?);
        let bounds = Box::new(Guard { clock: link.start_clock(), link });
        Ok(OutsideSocket { socket, bounds })
    }
}

/// A connection with what bounds it.
#[derive(Debug)]
struct Link {
    watch: Watch,
    /// A second descriptor of a limited connection, so that the clock can cut it. It lives exactly as long as the
    /// guard: the program's own close still ends the connection.
    second: Option<OwnedFd>,
    /// The limit that cut it.
    cut: OnceLock<&'static str>,
    /// The peer was found to be the right one.
    verified: OnceLock<()>,
    began: Instant,
    /// When bytes last moved.
    active: Mutex<Instant>,
}

impl Link {
    fn new(socket: &OwnedFd, watch: Watch) -> Result<Self, CallError> {
        let second = watch.budget().is_limited().then(|| socket.try_clone()).transpose();
        let second =
            second.map_err(|error| CallError::errno(error.raw_os_error().map_or(Errno::EMFILE, Errno)))?;
        let (began, active) = (Instant::now(), Mutex::new(Instant::now()));
        Ok(Self { watch, second, cut: OnceLock::new(), verified: OnceLock::new(), began, active })
    }

    fn check(&self, socket: BorrowedFd<'_>) -> Result<(), CallError> {
        if let Some(limit) = self.cut.get() {
            return Err(limits::reached(limit));
        }
        if self.verified.get().is_some() {
            return Ok(());
        }
        match self.watch.verify(socket) {
            Ok(()) => {
                self.verified.get_or_init(|| ());
                Ok(())
            }
            // Not there yet, or never: the kernel's own answer is the program's.
            Err(CallError::Errno { errno: Errno::ENOTCONN, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Cuts the connection, with the reason that [`Bounds::check`] gives from now on.
    fn cut(&self, limit: &'static str) {
        self.cut.get_or_init(|| limit);
        if let Some(socket) = &self.second {
            // That it may be gone already changes nothing.
            let _ = rustix::net::connect_unspec(socket);
        }
    }

    /// Whether the kernel still waits for an answer. A connection that ended has no peer either, but is decided.
    fn is_undecided(&self) -> bool {
        self.second.as_ref().is_some_and(|socket| {
            rustix::net::getpeername(socket).is_err() && dial::is_writable(socket.as_fd()) == Ok(false)
        })
    }

    fn start_clock(self: &Arc<Self>) -> Option<AbortHandle> {
        let connect = self.watch.time()?;
        Some(tokio::spawn(clock(Arc::downgrade(self), connect)).abort_handle())
    }
}

impl Link {
    fn moved(&self) {
        *self.active.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// When the connection has to end, and by which limit: it has lived too long, or been silent too long.
    fn ends(&self) -> (Instant, &'static str) {
        let active = *self.active.lock().unwrap_or_else(PoisonError::into_inner);
        let (life, idle) = (self.began + limits::LIFE, active + limits::IDLE);
        if idle < life { (idle, "outbound-idle-seconds") } else { (life, "outbound-life-seconds") }
    }
}

/// Cuts a connection that does not come about, that stays silent, or that lives too long.
async fn clock(link: Weak<Link>, connect: Duration) {
    tokio::time::sleep(connect).await;
    let Some(undecided) = link.upgrade().map(|link| link.is_undecided()) else { return };
    if undecided {
        link.upgrade().inspect(|link| link.cut("outbound-connect-seconds"));
        return;
    }
    while let Some((end, limit)) = link.upgrade().map(|link| link.ends()) {
        if end <= Instant::now() {
            link.upgrade().inspect(|link| link.cut(limit));
            return;
        }
        tokio::time::sleep_until(end).await;
    }
}

/// What the lab holds as long as the connection.
#[derive(Debug)]
struct Guard {
    clock: Option<AbortHandle>,
    link: Arc<Link>,
}

impl Bounds for Guard {
    fn check(&self, socket: BorrowedFd<'_>) -> Result<(), CallError> {
        self.link.check(socket)
    }

    fn may_send(&self) -> Result<u64, CallError> {
        self.link.watch.budget().may_send()
    }

    fn may_receive(&self) -> Result<u64, CallError> {
        self.link.watch.budget().may_receive()
    }

    fn spend(&self, up: u64, down: u64) {
        if up > 0 || down > 0 {
            self.link.moved();
            // What there is no budget for was not moved; the next call is told.
            let _spent = self.link.watch.budget().spend(up, down);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(clock) = &self.clock {
            clock.abort();
        }
    }
}
