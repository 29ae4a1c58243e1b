//! The keeper's own loop: one thread, blocking, one answer to every request, until main is gone. And the process it comes
//! from, which starts a new one by fork(2) when main asks: main itself, once confined, can start no program.

use std::{
    io::Write as _,
    net::Ipv4Addr,
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitOptions, kill_process, waitpid},
};

use super::{
    confine::{self, Forked},
    host,
    message::{self, Answer, At as _, Begin, Failure, HostSpec, Reply, Request, Spawn},
    step::Step,
    sysctl,
};
use crate::confine::Confined;

/// A machine that is made to see whether one can be.
const TRIAL: HostSpec = HostSpec { address: Ipv4Addr::new(10, 0, 0, 1), prefix: 24 };

type Served = Result<(Reply, Vec<OwnedFd>), Failure>;

/// Starts keepers as standard input asks for them. Gives the exit status.
pub(super) fn run() -> i32 {
    confine::close_inherited();
    status(confine::drop_to_spawner_s().and_then(|()| {
        crate::confine::spawner();
        spawn_keepers(std::io::stdin().as_fd())
    }))
}

fn status(ended: Result<(), Errno>) -> i32 {
    let Err(errno) = ended else { return 0 };
    let error = std::io::Error::from(errno);
    let _unheard = writeln!(std::io::stderr(), "wireside keeper: {error}");
    1
}

fn spawn_keepers(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    let mut keeper = None;
    while let Some((asked, passed)) = message::receive(socket)? {
        let value = match asked {
            Spawn::Keeper => {
                // Whatever became of it: its number is its own until it is waited for.
                if let Some(before) = keeper.take() {
                    let _gone = kill_process(before, Signal::KILL);
                    let _gone = waitpid(Some(before), WaitOptions::empty());
                }
                let its = passed.into_iter().next().ok_or(Errno::PROTO)?;
                let process = child(|| keep(&its))?;
                keeper = Some(process);
                process.as_raw_nonzero().get().unsigned_abs().into()
            }
            Spawn::Try => {
                let ended = waitpid(Some(child(try_user_namespace)?), WaitOptions::empty())?;
                u64::from(ended.is_some_and(|(_, how)| how.exit_status() == Some(0)))
            }
        };
        message::send(socket, &Answer::Ok(Reply::Value(value)), &[])?;
    }
    Ok(())
}

/// A process like this one, which does this and ends with what it gives.
fn child(what: impl FnOnce() -> i32) -> Result<Pid, Errno> {
    match confine::fork()? {
        Forked::Child => std::process::exit(what()),
        Forked::Parent(process) => Ok(process),
    }
}

/// Some machines let a user namespace be made and then nothing in it, or, as containers do, no setting be written: only a
/// whole machine shows that keepers can work there.
fn try_user_namespace() -> i32 {
    let tried = begin(Begin::Fresh, None).and_then(|begun| host::create(begun.base.as_fd(), TRIAL));
    i32::from(tried.is_err())
}

/// A keeper's life. Its socket takes the place of the other process's, whose end nobody may hold but that one.
fn keep(socket: &OwnedFd) -> i32 {
    let serving = confine::replace_input(socket).and_then(|()| {
        let input = std::io::stdin();
        serve(input.as_fd())
    });
    status(serving)
}

fn serve(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    let mut base = None;
    loop {
        let served = match message::receive::<Request>(socket) {
            Ok(None) => return Ok(()),
            Ok(Some((request, passed))) => answer(&mut base, request, &passed),
            // Too many descriptors are open here: this request's trouble alone.
            Err(Errno::MFILE) => Err(Errno::MFILE).at(Step::Request),
            Err(errno) => return Err(errno),
        };
        reply(socket, served)?;
    }
}

fn reply(socket: BorrowedFd<'_>, served: Served) -> Result<(), Errno> {
    let answer = match served {
        Ok((reply, descriptors)) => match hand_over(socket, descriptors) {
            // More of this user's descriptors are in flight than its limit allows.
            Err(Errno::TOOMANYREFS) => Err(Errno::TOOMANYREFS).at(Step::Request),
            result => {
                result?;
                Ok(reply)
            }
        },
        Err(failure) => Err(failure),
    };
    message::send(socket, &answer, &[])
}

/// Sends descriptors and closes them here.
fn hand_over(socket: BorrowedFd<'_>, descriptors: Vec<OwnedFd>) -> Result<(), Errno> {
    if descriptors.is_empty() {
        return Ok(());
    }
    let borrowed: Vec<_> = descriptors.iter().map(OwnedFd::as_fd).collect();
    message::send(socket, &Answer::Ok(Reply::Parcel), &borrowed)?;
    drop(descriptors);
    Ok(())
}

/// `base` is the namespace from which hosts are made, and the one in which the keeper waits: standing in a host's
/// would keep it alive.
fn answer(base: &mut Option<OwnedFd>, request: Request, passed: &[OwnedFd]) -> Served {
    if let Request::Begin(how) = request {
        let begun = begin(how, passed.first())?;
        *base = Some(begun.base);
        return Ok((Reply::Confined(begun.confined), begun.user.into_iter().collect()));
    }
    let base = base.as_ref().ok_or(Errno::PROTO).at(Step::Request)?.as_fd();
    let served = match (request, passed.first()) {
        (Request::CreateHost(spec), _) => {
            host::create(base, spec).map(|(index, made)| (Reply::Value(index.into()), made))
        }
        (request, Some(namespace)) => {
            host::enter(namespace.as_fd()).at(Step::EnterNamespace)?;
            inside(request)
        }
        (_, None) => Err(Errno::PROTO).at(Step::Request),
    };
    host::enter(base).at(Step::EnterNamespace)?;
    served
}

/// What a keeper has when it has begun.
struct Begun {
    base: OwnedFd,
    user: Option<OwnedFd>,
    confined: Confined,
}

fn begin(how: Begin, user: Option<&OwnedFd>) -> Result<Begun, Failure> {
    let user = match (how, user) {
        (Begin::Fresh, _) => Some(confine::new_user_namespace()?),
        (Begin::Privileged, _) => {
            confine::make_sysctls_writable()?;
            None
        }
        (Begin::Inside, Some(user)) => {
            confine::enter_user_namespace(user)?;
            None
        }
        (Begin::Inside, None) => return Err(Errno::PROTO).at(Step::Request),
    };
    confine::drop_privileges()?;
    let confined = crate::confine::keeper();
    let base = host::new_namespace()?;
    sysctl::prepare_base().at(Step::Sysctl)?;
    Ok(Begun { base, user, confined })
}

/// Serves a request about the current namespace.
fn inside(request: Request) -> Served {
    match request {
        Request::Sockets(spec, count) => {
            let made: Result<_, _> = (0..count).map(|_| host::socket(spec)).collect();
            made.map(|sockets| (Reply::Done, sockets)).at(Step::Socket)
        }
        Request::Pair(spec) => host::pair(spec).map(|sockets| (Reply::Done, sockets)).at(Step::Socket),
        Request::SetSysctl(sysctl, value) => {
            sysctl::set(sysctl, value).map(|()| (Reply::Done, Vec::new())).at(Step::Sysctl)
        }
        Request::GetSysctl(sysctl) => {
            sysctl::get(sysctl).map(|value| (Reply::Value(value.into()), Vec::new())).at(Step::Sysctl)
        }
        Request::LinkDrops => host::link_drops().map(|drops| (Reply::Value(drops), Vec::new())),
        Request::Begin(_) | Request::CreateHost(_) => Err(Errno::PROTO).at(Step::Request),
    }
}
