//! The keeper as the main process sees it.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use rustix::io::Errno;
use tokio::sync::{mpsc, oneshot};

use super::{
    host::WIRE,
    link::{KeeperAnswer, Link},
    message::{DESCRIPTORS, HostSpec, Reply, Request, SocketSpec, exactly},
    option,
    rtnetlink::LOOPBACK,
    self_test,
    spawner::Spawner,
    sysctl::HostSysctl,
    unavailable::Unavailable,
};
use crate::confine::Confined;

/// Requests that wait for the keeper; more callers wait for room.
const QUEUE: usize = 64;

/// A handle on the keeper. Cheap to clone; the keeper ends with the last handle.
#[derive(Clone, Debug)]
pub struct Keeper {
    jobs: mpsc::Sender<Job>,
    process: Arc<Process>,
    confined: Confined,
}

/// A host's network namespace. It lives while a handle, a socket or a device in it is open.
#[derive(Clone, Debug)]
pub struct Namespace {
    descriptor: Arc<OwnedFd>,
    cookie: Option<u64>,
}

/// A host: what the keeper made for it. Closing these ends it, which takes the kernel 20 to 40 ms for the capture
/// and the TUN: never on a reactor's thread. Destroy its sockets first, [`crate::diag::destroy_all`]: an orphan with
/// unacknowledged data would keep the namespace alive for minutes.
#[derive(Debug)]
pub struct HostFds {
    /// To make sockets in.
    pub namespace: Namespace,
    /// The host's end of the wire: a TUN, non-blocking; one read or write is one IP packet of at most 1500 bytes,
    /// without anything before its header.
    pub wire: OwnedFd,
    /// The capture of its loopback, non-blocking; see [`super::tap`].
    pub loopback: OwnedFd,
    /// A sock_diag socket, non-blocking; see [`crate::diag`].
    pub diag: OwnedFd,
    /// Its interfaces, each with the kernel's number.
    pub interfaces: Vec<(u32, String)>,
}

impl Keeper {
    /// Most sockets made at once.
    pub const MOST_SOCKETS: u8 = DESCRIPTORS as u8;

    /// Starts this program once more as the keeper, and has it prove in a complete room that everything works
    /// here. Its `main` must begin with [`super::run_if_asked`]. Blocks for some tens of milliseconds; call it
    /// before the runtime begins.
    pub fn start() -> Result<Self, Unavailable> {
        Self::start_by(&Spawner::start_own()?)
    }

    /// Like [`Self::start`], with another program as the keeper.
    pub fn start_with(program: &Path) -> Result<Self, Unavailable> {
        Self::start_by(&Spawner::start(program)?)
    }

    /// Like [`Self::start`], with what was started for it before.
    pub fn start_by(spawner: &Spawner) -> Result<Self, Unavailable> {
        let link = self_test::tested(spawner)?;
        let confined = link.confined();
        let process =
            Arc::new(Process { id: AtomicU32::new(link.process_id()), restarts: AtomicU32::new(0) });
        let (jobs, queue) = mpsc::channel(QUEUE);
        let shared = Arc::clone(&process);
        std::thread::Builder::new()
            .name("keeper".to_owned())
            .spawn(move || converse(link, queue, &shared))
            .map_err(|error| Unavailable::thread(&error))?;
        Ok(Self { jobs, process, confined })
    }

    /// How it is confined, as it found by trying.
    pub fn confined(&self) -> Confined {
        self.confined
    }

    /// Makes a host. Half a millisecond on a quiet machine. Errors are the kernel's; EMFILE where this process
    /// has no descriptors left.
    pub async fn create_host(&self, spec: HostSpec) -> io::Result<HostFds> {
        let (reply, descriptors) = self.ask(Request::CreateHost(spec), None).await?;
        let Reply::Value(index) = reply else { return Err(Errno::BADMSG.into()) };
        let wired = u32::try_from(index).map_err(|_| Errno::BADMSG)?;
        let interfaces = vec![(LOOPBACK, "lo".to_owned()), (wired, WIRE.to_owned())];
        let [namespace, wire, loopback, diag] = exactly(descriptors)?;
        // Older kernels have no cookies; then sockets are not compared.
        let cookie = option::namespace_cookie(&diag).ok();
        Ok(HostFds {
            namespace: Namespace { descriptor: Arc::new(namespace), cookie },
            wire,
            loopback,
            diag,
            interfaces,
        })
    }

    /// Makes a socket on a host, non-blocking and close-on-exec.
    pub async fn socket(&self, namespace: &Namespace, spec: SocketSpec) -> io::Result<OwnedFd> {
        let [socket] = exactly(self.sockets(namespace, spec, 1).await?)?;
        Ok(socket)
    }

    /// Makes several that are alike, for the price of one: at most [`Self::MOST_SOCKETS`]. All of them or none.
    pub async fn sockets(
        &self,
        namespace: &Namespace,
        spec: SocketSpec,
        count: u8,
    ) -> io::Result<Vec<OwnedFd>> {
        let (_, sockets) = self.ask(Request::Sockets(spec, count), Some(namespace)).await?;
        if sockets.len() != usize::from(count) {
            return Err(Errno::BADMSG.into());
        }
        sockets.iter().try_for_each(|socket| namespace.check(socket))?;
        Ok(sockets)
    }

    /// Makes two sockets on a host that are connected to each other. EOPNOTSUPP in families without pairs.
    pub async fn pair(&self, namespace: &Namespace, spec: SocketSpec) -> io::Result<Vec<OwnedFd>> {
        let (_, sockets) = self.ask(Request::Pair(spec), Some(namespace)).await?;
        let pair: [OwnedFd; 2] = exactly(sockets)?;
        pair.iter().try_for_each(|socket| namespace.check(socket))?;
        Ok(pair.into())
    }

    /// Changes a setting of a host. ENOENT where this kernel does not have it, EINVAL where it rejects the value.
    pub async fn set_sysctl(&self, namespace: &Namespace, sysctl: HostSysctl, value: u32) -> io::Result<()> {
        self.ask(Request::SetSysctl(sysctl, value), Some(namespace)).await.map(|_| ())
    }

    /// Reads a setting of a host. ENOENT where this kernel does not have it.
    pub async fn get_sysctl(&self, namespace: &Namespace, sysctl: HostSysctl) -> io::Result<u32> {
        let value = self.value(Request::GetSysctl(sysctl), namespace).await?;
        u32::try_from(value).map_err(|_| Errno::OVERFLOW.into())
    }

    /// Packets that a host has dropped so far because its end of the wire was not read in time.
    pub async fn link_drops(&self, namespace: &Namespace) -> io::Result<u64> {
        self.value(Request::LinkDrops, namespace).await
    }

    /// Number of the keeper's process at present.
    pub fn process_id(&self) -> u32 {
        self.process.id.load(Ordering::Relaxed)
    }

    /// How often a keeper that had died was replaced.
    pub fn restarts(&self) -> u32 {
        self.process.restarts.load(Ordering::Relaxed)
    }

    async fn value(&self, request: Request, namespace: &Namespace) -> io::Result<u64> {
        match self.ask(request, Some(namespace)).await?.0 {
            Reply::Value(value) => Ok(value),
            Reply::Parcel | Reply::Done | Reply::Confined(_) => Err(Errno::BADMSG.into()),
        }
    }

    async fn ask(
        &self,
        request: Request,
        namespace: Option<&Namespace>,
    ) -> io::Result<(Reply, Vec<OwnedFd>)> {
        let (answer, answered) = oneshot::channel();
        let job = Job { request, namespace: namespace.cloned(), answer };
        // The thread ends only with the last handle, or by a panic.
        self.jobs.send(job).await.map_err(|_| Errno::PIPE)?;
        Ok(answered.await.map_err(|_| Errno::PIPE)??)
    }
}

impl Namespace {
    /// The kernel's number for it, where it has numbers (Linux 5.14). Never reused.
    pub fn cookie(&self) -> Option<u64> {
        self.cookie
    }

    /// Whether both are handles on the same.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.descriptor, &other.descriptor)
    }

    /// A socket of another namespace would be a hole between rooms: it is closed, and the call fails with EXDEV.
    fn check(&self, socket: &OwnedFd) -> io::Result<()> {
        match self.cookie {
            Some(cookie) if option::namespace_cookie(socket)? != cookie => {
                tracing::error!("the keeper gave a socket of another namespace");
                Err(Errno::XDEV.into())
            }
            _ => Ok(()),
        }
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// One request on its way through the thread.
#[derive(Debug)]
struct Job {
    request: Request,
    namespace: Option<Namespace>,
    answer: oneshot::Sender<KeeperAnswer>,
}

/// The process that is the keeper at present.
#[derive(Debug)]
struct Process {
    id: AtomicU32,
    restarts: AtomicU32,
}

/// The thread that owns the conversation: one request at a time, in order.
fn converse(mut link: Link, mut queue: mpsc::Receiver<Job>, process: &Process) {
    while let Some(job) = queue.blocking_recv() {
        let namespace = job.namespace.as_ref().map(AsFd::as_fd);
        let asked = link.ask(job.request, namespace.as_slice());
        if process.id.swap(link.process_id(), Ordering::Relaxed) != link.process_id() {
            process.restarts.fetch_add(1, Ordering::Relaxed);
        }
        // Nobody waits any longer: what was made is closed here.
        let _ = job.answer.send(asked);
    }
}
