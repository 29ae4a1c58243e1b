//! What the world needs and cannot do without waiting: the keeper's work, and names outside. Each piece of work is a
//! future that the room's task waits for; what comes of it is a [`WorkResult`] for the world.
//!
//! Nothing here waits for longer than [`limits::KEEPER_MS`]: a keeper that says nothing is a limit of ours, told to
//! whoever needs it, and holds up nobody else.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::fd::OwnedFd,
    sync::Arc,
    time::Duration,
};

use futures_util::future::{AbortHandle, AbortRegistration, Abortable, BoxFuture, FutureExt};
use proto::{
    call::{CallError, Family, Kind},
    id::{CallRef, HostId, MemberId},
    limits::{self, Limit},
    room::Role,
};
use tokio::{net::TcpListener, sync::oneshot};

use super::machines::Plan;
use crate::{
    delivery::Mailbox,
    keeper::{HostFds, HostSpec, HostSysctl, Keeper, Namespace, SocketFamily, SocketKind, SocketSpec},
    service::Service,
    syscall,
};

/// Something to be waited for.
pub(crate) type Work = BoxFuture<'static, WorkResult>;

/// What came of it.
#[derive(Debug)]
pub(crate) enum WorkResult {
    /// A name was asked for outside; none when its call had ended.
    Resolved(CallRef, Option<Result<Vec<IpAddr>, CallError>>),
    /// Sockets for a call; none when it had ended.
    Sockets(SocketOrder, Option<Result<Vec<OwnedFd>, CallError>>),
    /// A guest's machine.
    Guest(Joining, Result<HostFds, CallError>),
    /// A new network for a machine, by the number of the command that asked for it.
    Network(u64, Result<HostFds, CallError>),
    /// The machine with the ready-made servers, and what they listen on.
    Tutorial(Result<(HostFds, Vec<TcpListener>), CallError>),
    /// Settings were told to kernels.
    Settings(Vec<SettingResult>),
    /// How many packets a machine's kernel has dropped; none where that is not known.
    Drops(HostId, Option<u64>),
}

/// Which sockets are wanted.
#[derive(Clone, Debug)]
pub(crate) struct SocketOrder {
    pub(super) call: CallRef,
    pub(super) host: HostId,
    pub(super) namespace: Namespace,
    pub(super) spec: SocketSpec,
    /// How many, one of them for the call.
    pub(super) count: u8,
}

/// Somebody who comes and brings a machine.
#[derive(Debug)]
pub(crate) struct Joining {
    pub(super) member: MemberId,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) mailbox: Mailbox,
    pub(super) answer: oneshot::Sender<Result<MemberId, CallError>>,
    /// Their machine, for those who bring one.
    pub(super) plan: Option<Plan>,
}

/// A setting that a machine's kernel was told.
#[derive(Debug)]
pub(crate) struct SettingResult {
    pub(super) host: HostId,
    pub(super) name: HostSysctl,
    pub(super) value: u32,
    pub(super) outcome: Result<(), CallError>,
}

/// Whether this is what [`asked`] says of a keeper that does not answer.
pub(super) fn is_no_answer(error: &CallError) -> bool {
    *error == no_answer()
}

fn no_answer() -> CallError {
    Limit::KeeperMs.reached()
}

/// Waits for the keeper, not for ever.
async fn asked<T>(asking: impl Future<Output = io::Result<T>>) -> Result<T, CallError> {
    match tokio::time::timeout(Duration::from_millis(limits::KEEPER_MS), asking).await {
        Ok(answer) => answer.map_err(|error| syscall::making_failed(syscall::errno_of(&error))),
        Err(_) => Err(no_answer()),
    }
}

/// What stops work that nobody waits for any more, and the other end of it.
pub(super) fn abortable() -> (AbortHandle, AbortRegistration) {
    AbortHandle::new_pair()
}

/// Has a name resolved outside.
pub(super) fn resolve(
    call: CallRef,
    question: BoxFuture<'static, Result<Vec<IpAddr>, CallError>>,
    abort: AbortRegistration,
) -> Work {
    Abortable::new(question, abort).map(move |answer| WorkResult::Resolved(call, answer.ok())).boxed()
}

/// Has sockets made.
pub(super) fn sockets(keeper: Keeper, wanted: SocketOrder, abort: AbortRegistration) -> Work {
    let (namespace, spec, count) = (wanted.namespace.clone(), wanted.spec, wanted.count);
    let made = asked(async move {
        match keeper.sockets(&namespace, spec, count).await {
            // EMFILE where there is no room for so many: there may be for one.
            Err(_) if count > 1 => keeper.sockets(&namespace, spec, 1).await,
            made => made,
        }
    });
    Abortable::new(made, abort).map(move |made| WorkResult::Sockets(wanted, made.ok())).boxed()
}

/// Has two sockets made that are connected to each other.
pub(super) fn pair(keeper: Keeper, wanted: SocketOrder, abort: AbortRegistration) -> Work {
    let (namespace, spec) = (wanted.namespace.clone(), wanted.spec);
    let made = asked(async move { keeper.pair(&namespace, spec).await });
    Abortable::new(made, abort).map(move |made| WorkResult::Sockets(wanted, made.ok())).boxed()
}

/// Has a guest's machine made.
pub(super) fn guest(keeper: Keeper, joining: Joining, spec: HostSpec) -> Work {
    async move { WorkResult::Guest(joining, asked(keeper.create_host(spec)).await) }.boxed()
}

/// Has a new network made for a machine.
pub(super) fn network(keeper: Keeper, command: u64, spec: HostSpec) -> Work {
    async move { WorkResult::Network(command, asked(keeper.create_host(spec)).await) }.boxed()
}

/// Has the machine with the ready-made servers made.
pub(super) fn tutorial(keeper: Keeper, services: Arc<[Service]>) -> Work {
    let make = async move {
        let fds = keeper.create_host(Plan::tutorial().spec).await?;
        let mut listeners = Vec::new();
        for service in services.iter() {
            listeners.push(listener(&keeper, &fds.namespace, service.port).await?);
        }
        Ok((fds, listeners))
    };
    async move { WorkResult::Tutorial(asked(make).await) }.boxed()
}

async fn listener(keeper: &Keeper, namespace: &Namespace, port: u16) -> io::Result<TcpListener> {
    let spec = SocketSpec { family: SocketFamily::Inet, kind: SocketKind::Stream };
    let socket = keeper.socket(namespace, spec).await?;
    rustix::net::sockopt::set_socket_reuseaddr(&socket, true)?;
    rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))?;
    rustix::net::listen(&socket, limits::SOMAXCONN)?;
    TcpListener::from_std(socket.into())
}

/// Has settings told to kernels, one after the other. Where the keeper does not answer, the rest is not asked for.
pub(super) fn settings(keeper: Keeper, all: Vec<(HostId, Namespace, HostSysctl, u32)>) -> Work {
    let tell = async move {
        let mut told = Vec::with_capacity(all.len());
        let mut silent = false;
        for (host, namespace, name, value) in all {
            let outcome = if silent {
                Err(no_answer())
            } else {
                asked(keeper.set_sysctl(&namespace, name, value)).await
            };
            silent = outcome.as_ref().is_err_and(is_no_answer);
            told.push(SettingResult { host, name, value, outcome });
        }
        WorkResult::Settings(told)
    };
    tell.boxed()
}

/// Asks how many packets a machine's kernel has dropped.
pub(super) fn drops(keeper: Keeper, host: HostId, namespace: Namespace) -> Work {
    let count = async move {
        let dropped = asked(keeper.link_drops(&namespace)).await;
        if let Err(error) = &dropped {
            tracing::debug!(?error, "a machine's losses are not known");
        }
        WorkResult::Drops(host, dropped.ok())
    };
    count.boxed()
}

/// What the keeper is asked for where a program wants such a socket.
pub(super) fn spec_of(family: Family, kind: Kind) -> SocketSpec {
    let kind = match kind {
        Kind::Stream => SocketKind::Stream,
        Kind::Datagram => SocketKind::Datagram,
    };
    let family = match family {
        Family::Inet => SocketFamily::Inet,
        Family::Inet6 => SocketFamily::Inet6,
        Family::Unix => SocketFamily::Unix,
    };
    SocketSpec { family, kind }
}
