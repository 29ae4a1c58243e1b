//! The blocking conversation with the keeper process: start it, ask it, replace it when it dies.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use super::{
    message::{self, Answer, At as _, Begin, Failure, Reply, Request},
    spawner::Spawner,
    step::Step,
};
use crate::confine::Confined;

/// The main process's end.
pub(super) struct Link {
    spawner: Spawner,
    running: Running,
    confined: Confined,
    /// Where hosts belong to. None: the keeper works with its own privileges.
    user_namespace: Option<OwnedFd>,
}

/// What an answer brings.
pub(super) type KeeperAnswer = Result<(Reply, Vec<OwnedFd>), Failure>;

impl Link {
    /// Starts a keeper, in a user namespace of its own or with the privileges it has.
    pub(super) fn start(spawner: &Spawner, user_namespace: bool) -> Result<Self, Failure> {
        let running = Running::spawn(spawner)?;
        let how = if user_namespace { Begin::Fresh } else { Begin::Privileged };
        let (reply, descriptors) = running.ask(Request::Begin(how), &[]).map_err(Trouble::into_failure)?;
        let Reply::Confined(confined) = reply else { return Err(Errno::BADMSG).at(Step::Confine) };
        let user_namespace = descriptors.into_iter().next();
        Ok(Self { spawner: spawner.clone(), running, confined, user_namespace })
    }

    /// How the keeper is confined.
    pub(super) fn confined(&self) -> Confined {
        self.confined
    }

    /// Asks once; where the keeper turns out to be dead, starts another and asks that.
    pub(super) fn ask(&mut self, request: Request, descriptors: &[BorrowedFd<'_>]) -> KeeperAnswer {
        match self.running.ask(request, descriptors) {
            Err(Trouble::Gone(errno)) => {
                tracing::warn!(%errno, "the keeper is gone; starting another");
                self.restart()?;
                self.running.ask(request, descriptors).map_err(Trouble::into_failure)
            }
            answered => answered.map_err(Trouble::into_failure),
        }
    }

    /// Number of the keeper's process.
    pub(super) fn process_id(&self) -> u32 {
        self.running.process
    }

    fn restart(&mut self) -> Result<(), Failure> {
        let running = Running::spawn(&self.spawner)?;
        let begun = match &self.user_namespace {
            Some(namespace) => running.ask(Request::Begin(Begin::Inside), &[namespace.as_fd()]),
            None => running.ask(Request::Begin(Begin::Privileged), &[]),
        };
        begun.map_err(Trouble::into_failure)?;
        self.running = running;
        Ok(())
    }
}

/// One keeper process.
struct Running {
    socket: OwnedFd,
    process: u32,
}

impl Running {
    fn spawn(spawner: &Spawner) -> Result<Self, Failure> {
        let (socket, process) = spawner.keeper()?;
        Ok(Self { socket, process })
    }

    fn ask(
        &self,
        request: Request,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<(Reply, Vec<OwnedFd>), Trouble> {
        message::send(self.socket.as_fd(), &request, descriptors).map_err(Trouble::of_sending)?;
        let mut parcel = Ok(Vec::new());
        loop {
            match message::receive::<Answer>(self.socket.as_fd()) {
                Ok(Some((Ok(Reply::Parcel), descriptors))) => parcel = Ok(descriptors),
                // No room here for the parcel; its answer follows all the same.
                Err(errno @ Errno::MFILE) => parcel = Err(errno).at(Step::Receive),
                Ok(Some((Ok(reply), _))) => return Ok((reply, parcel.map_err(Trouble::Refused)?)),
                Ok(Some((Err(failure), _))) => return Err(Trouble::Refused(failure)),
                Ok(None) => return Err(Trouble::Gone(Errno::PIPE)),
                // Silence among them: what it might say later would answer another request.
                Err(errno) => return Err(Trouble::Gone(errno)),
            }
        }
    }
}

/// Why there is no answer.
enum Trouble {
    /// The keeper could not do it.
    Refused(Failure),
    /// There is no keeper to ask.
    Gone(Errno),
}

impl Trouble {
    fn of_sending(errno: Errno) -> Self {
        match errno {
            // Ours: the keeper has heard nothing.
            Errno::TOOMANYREFS | Errno::NOMEM => {
                Self::Refused(Failure { step: Step::Request, errno: errno.raw_os_error() })
            }
            errno => Self::Gone(errno),
        }
    }

    fn into_failure(self) -> Failure {
        match self {
            Self::Refused(failure) => failure,
            Self::Gone(errno) => Failure { step: Step::Spawn, errno: errno.raw_os_error() },
        }
    }
}
