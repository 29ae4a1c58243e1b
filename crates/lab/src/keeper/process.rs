//! The keeper's own loop: one thread, blocking, one answer to every request, until main is gone.

use std::{
    io::Write as _,
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
};

use rustix::io::Errno;

use super::{
    confine, host,
    message::{self, Answer, At as _, Begin, Failure, Reply, Request},
    step::Step,
    sysctl,
};

type Served = Result<(Reply, Vec<OwnedFd>), Failure>;

/// Runs the keeper on standard input. Gives the exit status.
pub(super) fn run() -> i32 {
    confine::close_inherited();
    let input = std::io::stdin();
    match serve(input.as_fd()) {
        Ok(()) => 0,
        Err(errno) => {
            let error = std::io::Error::from(errno);
            let _unheard = writeln!(std::io::stderr(), "wireside keeper: {error}");
            1
        }
    }
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
        let (made, user) = begin(how, passed.first())?;
        *base = Some(made);
        return Ok((Reply::Done, user.into_iter().collect()));
    }
    let base = base.as_ref().ok_or(Errno::PROTO).at(Step::Request)?.as_fd();
    let served = match (request, passed.first()) {
        (Request::CreateHost(spec), _) => host::create(base, spec).map(|made| (Reply::Done, made)),
        (request, Some(namespace)) => {
            host::enter(namespace.as_fd()).at(Step::EnterNamespace)?;
            inside(request)
        }
        (_, None) => Err(Errno::PROTO).at(Step::Request),
    };
    host::enter(base).at(Step::EnterNamespace)?;
    served
}

fn begin(how: Begin, user: Option<&OwnedFd>) -> Result<(OwnedFd, Option<OwnedFd>), Failure> {
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
    let base = host::new_namespace()?;
    sysctl::prepare_base().at(Step::Sysctl)?;
    Ok((base, user))
}

/// Serves a request about the current namespace.
fn inside(request: Request) -> Served {
    match request {
        Request::Sockets(spec, count) => {
            let made: Result<_, _> = (0..count).map(|_| host::socket(spec)).collect();
            made.map(|sockets| (Reply::Done, sockets)).at(Step::Socket)
        }
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
