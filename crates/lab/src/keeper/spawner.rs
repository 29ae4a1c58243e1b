//! The process that starts keepers, as the main process sees it.

use std::{
    os::{
        fd::{AsFd as _, BorrowedFd, OwnedFd},
        unix::process::CommandExt as _,
    },
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, SocketFlags, SocketType, socketpair,
        sockopt::{Timeout, set_socket_timeout},
    },
    thread::{CapabilitySet, capabilities},
};

use super::{
    ARGUMENT,
    message::{self, Answer, At as _, Failure, Reply, Spawn},
    step::Step,
    unavailable::Unavailable,
};

/// How long fork(2) may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// A handle on that process, which ends with the last handle. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Spawner(Arc<Mutex<Running>>);

#[derive(Debug)]
struct Running {
    socket: Option<OwnedFd>,
    child: Child,
    privileged: bool,
}

impl Spawner {
    /// Starts `program` once more; its `main` must begin with [`super::run_if_asked`].
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(program: &Path) -> Result<Self, Unavailable> {
        let (socket, its) = pair()?;
        let child = Command::new(program)
            .arg0("wireside-keeper")
            .arg(ARGUMENT)
            .env_clear()
            .current_dir("/")
            // Ctrl-C in a terminal is for main, which ends the keeper when it has drained.
            .process_group(0)
            .stdin(its)
            .stdout(Stdio::null())
            .spawn()
            .at(Step::Spawn)?;
        let privileged =
            capabilities(None).is_ok_and(|held| held.effective.contains(CapabilitySet::SYS_ADMIN));
        Ok(Self(Arc::new(Mutex::new(Running { socket: Some(socket), child, privileged }))))
    }

    /// The same for this program itself.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start_own() -> Result<Self, Unavailable> {
        Self::start(Path::new("/proc/self/exe"))
    }

    /// Whether a keeper could work with the privileges that this process was started with.
    pub(super) fn is_privileged(&self) -> bool {
        self.running().privileged
    }

    /// What the main process has to keep for rooms. Where keepers have a user namespace of their own, which this user owns,
    /// it is nothing; where they have not, ending a room's sockets (SOCK_DESTROY) is a matter of CAP_NET_ADMIN.
    #[must_use]
    pub fn needed_capabilities(&self) -> CapabilitySet {
        if !self.is_privileged() || self.has_user_namespaces().unwrap_or(true) {
            return CapabilitySet::empty();
        }
        CapabilitySet::NET_ADMIN
    }

    /// Whether keepers can make machines in a user namespace.
    fn has_user_namespaces(&self) -> Result<bool, Failure> {
        Ok(self.ask(Spawn::Try, &[])? == 1)
    }

    /// A new keeper in the place of the one before: main's end of its socket, and its number.
    pub(super) fn keeper(&self) -> Result<(OwnedFd, u32), Failure> {
        let (socket, its) = pair()?;
        let process = self.ask(Spawn::Keeper, &[its.as_fd()])?;
        Ok((socket, u32::try_from(process).map_err(|_| Errno::OVERFLOW).at(Step::Spawn)?))
    }

    fn ask(&self, what: Spawn, with: &[BorrowedFd<'_>]) -> Result<u64, Failure> {
        let running = self.running();
        let socket = running.socket.as_ref().ok_or(Errno::PIPE).at(Step::Spawn)?.as_fd();
        message::send(socket, &what, with).at(Step::Spawn)?;
        match message::receive::<Answer>(socket).at(Step::Spawn)? {
            Some((Ok(Reply::Value(value)), _)) => Ok(value),
            Some((Err(failure), _)) => Err(failure),
            Some((Ok(_), _)) => Err(Errno::BADMSG).at(Step::Spawn),
            None => Err(Errno::PIPE).at(Step::Spawn),
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its end: it hears that nobody is there, and waits for nothing.
        self.socket = None;
        let _gone = self.child.wait();
    }
}

fn pair() -> Result<(OwnedFd, OwnedFd), Failure> {
    let flags = SocketFlags::CLOEXEC;
    let (ours, its) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).at(Step::Spawn)?;
    set_socket_timeout(&ours, Timeout::Recv, Some(PATIENCE)).at(Step::Spawn)?;
    Ok((ours, its))
}
