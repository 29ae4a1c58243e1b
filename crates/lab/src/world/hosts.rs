//! Machines: how they come into being, what they are called, how they end.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::fd::OwnedFd,
    sync::Arc,
};

use proto::{
    call::CallError,
    errno::Errno,
    id::{HostId, MemberId},
    limits,
    message::Sysctl,
    room::HostInfo,
    trace::What,
};
use tokio::task::JoinSet;

use super::{World, drops::Drops, spares::Spares, states::States};
use crate::{
    account::Charge,
    descriptors::MACHINE,
    diag,
    epoll::{Token, Wanted},
    keeper::{HostFds, HostSpec, HostSysctl, Namespace, SocketFamily, SocketKind, SocketSpec},
    service::Service,
    syscall,
};

/// Network part of a room's addresses.
const NETWORK: [u8; 3] = [10, 0, 0];
const PREFIX: u8 = 24;
/// Last octet of the machine with the ready-made servers.
const TUTORIAL: u8 = 10;
/// Guests' machines are numbered from here.
const FIRST_GUEST: u8 = 11;
/// The name under which the stand-in web server is known.
const STAND_IN: &str = "www.example.test";

/// A machine: a network namespace and our ends of everything in it.
#[derive(Debug)]
pub(crate) struct Host {
    pub(super) info: HostInfo,
    pub(super) namespace: Namespace,
    pub(super) tun: OwnedFd,
    pub(super) tap: OwnedFd,
    pub(super) diag: OwnedFd,
    pub(super) states: States,
    pub(super) drops: Drops,
    pub(super) spares: Spares,
    /// Kernel settings to be restored when the wire is released.
    pub(super) before_hold: HashMap<HostSysctl, u32>,
    /// Ready-made servers; they end with the machine.
    services: JoinSet<()>,
    _descriptors: Option<Charge>,
}

/// The address of the machine with this last octet.
pub(super) fn address(last: u8) -> Ipv4Addr {
    let [a, b, c] = NETWORK;
    Ipv4Addr::new(a, b, c, last)
}

/// Whether an address belongs to the room's own network (or to a machine's loopback), not to the outside.
pub(super) fn is_inside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.octets()[..3] == NETWORK
                || v4.is_loopback()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast()
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unspecified(),
    }
}

fn spec(address: Ipv4Addr) -> HostSpec {
    HostSpec { address, prefix: PREFIX }
}

/// What the first two machines are made from, so that they can be made before anybody asks.
pub(crate) fn first_specs() -> [HostSpec; 2] {
    [spec(address(1)), spec(address(2))]
}

impl World {
    /// Puts the two machines every room begins with in place.
    pub(crate) fn begin_room(&mut self, server: HostFds, client: HostFds) -> Result<(), CallError> {
        self.add_host("server", &[], address(1), None, server)?;
        self.add_host("client", &[], address(2), None, client)?;
        Ok(())
    }

    fn add_host(
        &mut self,
        name: &str,
        aliases: &[&str],
        address: Ipv4Addr,
        guest: Option<MemberId>,
        fds: HostFds,
    ) -> Result<HostId, CallError> {
        self.setting.descriptors.check(&fds.wire)?;
        let descriptors = self.setting.descriptors.take(MACHINE)?;
        let id = self.numbers.host();
        let info = HostInfo {
            id,
            name: name.to_owned(),
            aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
            address: address.into(),
            guest,
            ready_made: address == self::address(TUTORIAL),
            cable: true,
            sysctls: Sysctl::ALL.map(|(name, value, _)| (name, value)).into(),
        };
        self.watch_links(id, &fds).map_err(|error| CallError::errno(syscall::errno_of(&error)))?;
        self.hosts.insert(
            id,
            Host {
                info: info.clone(),
                namespace: fds.namespace,
                tun: fds.wire,
                tap: fds.loopback,
                diag: fds.diag,
                states: States::default(),
                drops: Drops::default(),
                spares: Spares::default(),
                before_hold: HashMap::new(),
                services: JoinSet::new(),
                _descriptors: descriptors,
            },
        );
        self.record(What::HostAppeared(info));
        Ok(id)
    }

    fn watch_links(&self, id: HostId, fds: &HostFds) -> std::io::Result<()> {
        self.epoll.want(&fds.wire, Token::Tun(id), Wanted::default(), Wanted::READ)?;
        self.epoll.want(&fds.loopback, Token::Tap(id), Wanted::default(), Wanted::READ)
    }

    /// Makes a machine for a guest.
    pub(super) async fn add_guest_host(&mut self, guest: MemberId) -> Result<HostId, CallError> {
        let taken = |last: u8| self.host_at(address(last).into()).is_some();
        let free = (FIRST_GUEST..=254).find(|&last| !taken(last));
        let too_many = || CallError::Limit { limit: "hosts".to_owned(), value: limits::HOSTS as u64 };
        let last = free.filter(|_| self.hosts.len() < limits::HOSTS).ok_or_else(too_many)?;
        let name = format!("guest-{}", last - FIRST_GUEST + 1);
        let made = self.setting.keeper.create_host(spec(address(last))).await;
        let fds = made.map_err(|error| syscall::making_failed(syscall::errno_of(&error)))?;
        let id = self.add_host(&name, &[], address(last), Some(guest), fds)?;
        self.be_patient_while_held(id).await;
        Ok(id)
    }

    /// The machine with the ready-made servers, made at the first look-up or packet for it.
    pub(super) async fn wake_tutorial(&mut self) {
        if self.setting.services.is_empty() || self.host_at(address(TUTORIAL).into()).is_some() {
            return;
        }
        if let Err(error) = self.make_tutorial().await {
            tracing::warn!(%error, "the machine with the ready-made servers could not be made");
        }
    }

    async fn make_tutorial(&mut self) -> std::io::Result<()> {
        let own = address(TUTORIAL);
        let fds = self.setting.keeper.create_host(spec(own)).await?;
        let id = self
            .add_host("tutorial", &[STAND_IN], own, None, fds)
            .map_err(|error| std::io::Error::other(format!("{error:?}")))?;
        self.be_patient_while_held(id).await;
        for service in Arc::clone(&self.setting.services).iter() {
            self.start_service(id, service).await?;
        }
        self.dump_states(id);
        Ok(())
    }

    async fn start_service(&mut self, id: HostId, service: &Service) -> std::io::Result<()> {
        let Some(host) = self.hosts.get(&id) else { return Ok(()) };
        let spec = SocketSpec { family: SocketFamily::Inet, kind: SocketKind::Stream };
        let socket = self.setting.keeper.socket(&host.namespace, spec).await?;
        rustix::net::sockopt::set_socket_reuseaddr(&socket, true)?;
        rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::UNSPECIFIED, service.port)))?;
        rustix::net::listen(&socket, limits::SOMAXCONN)?;
        let listener = tokio::net::TcpListener::from_std(socket.into())?;
        if let Some(host) = self.hosts.get_mut(&id) {
            host.services.spawn((service.serve)(listener));
        }
        Ok(())
    }

    /// Whether this address is the ready-made servers', awake or not.
    pub(super) fn is_tutorial(&self, address: IpAddr) -> bool {
        address == IpAddr::V4(self::address(TUTORIAL)) && !self.setting.services.is_empty()
    }

    /// Whether this name is the ready-made servers', awake or not.
    pub(super) fn names_tutorial(&self, name: &str) -> bool {
        !self.setting.services.is_empty() && (name == "tutorial" || name == STAND_IN)
    }

    pub(super) fn host_at(&self, address: IpAddr) -> Option<HostId> {
        self.hosts.values().find(|host| host.info.address == address).map(|host| host.info.id)
    }

    /// The room's own table of names.
    pub(super) fn look_up(&self, name: &str) -> Option<IpAddr> {
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.eq_ignore_ascii_case("localhost") {
            return Some(Ipv4Addr::LOCALHOST.into());
        }
        let named = |host: &&Host| {
            std::iter::once(&host.info.name)
                .chain(&host.info.aliases)
                .any(|own| own.eq_ignore_ascii_case(name))
        };
        self.hosts.values().find(named).map(|host| host.info.address)
    }

    /// Cuts or mends a machine's cable.
    pub(super) fn set_cable(&mut self, id: HostId, plugged: bool) {
        self.wire.set_cable(id, plugged);
        if let Some(host) = self.hosts.get_mut(&id) {
            host.info.cable = plugged;
        }
    }

    /// A new network namespace under the same name and address: every socket, TIME_WAIT included, is gone. Kernel
    /// settings that people have changed stay changed.
    pub(super) async fn fresh_network(&mut self, id: HostId) -> Result<(), CallError> {
        let failed = |error: std::io::Error| CallError::errno(syscall::errno_of(&error));
        let Some(host) = self.hosts.get(&id) else { return Err(CallError::errno(Errno::ENODEV)) };
        let IpAddr::V4(own) = host.info.address else { return Err(CallError::errno(Errno::EAFNOSUPPORT)) };
        let fds = self.setting.keeper.create_host(spec(own)).await.map_err(failed)?;
        self.setting.descriptors.check(&fds.wire)?;
        self.destroy_sockets(id);
        self.watch_links(id, &fds).map_err(failed)?;
        let Some(host) = self.hosts.get_mut(&id) else { return Err(CallError::errno(Errno::ENODEV)) };
        let old = (
            std::mem::replace(&mut host.namespace, fds.namespace),
            std::mem::replace(&mut host.tun, fds.wire),
            std::mem::replace(&mut host.tap, fds.loopback),
            std::mem::replace(&mut host.diag, fds.diag),
            std::mem::take(&mut host.spares),
        );
        close_elsewhere(old);
        self.wire.forget_packets(id);
        self.restore_settings(id).await;
        Ok(())
    }

    /// Destroys every socket of a machine and lets the calls that waited on them see it.
    fn destroy_sockets(&mut self, id: HostId) {
        if let Some(host) = self.hosts.get(&id)
            && let Err(error) = diag::destroy_all(&host.diag)
        {
            tracing::warn!(%error, "sockets could not be destroyed");
        }
        self.drain(id);
        let affected: Vec<_> =
            self.sockets.iter().filter(|(_, socket)| socket.host == id).map(|(&socket, _)| socket).collect();
        for socket in affected {
            self.socket_ready(socket);
        }
        self.dump_states(id);
    }

    /// Takes a machine away, with everything on it.
    pub(super) fn remove_host(&mut self, id: HostId) {
        let programs: Vec<_> =
            self.programs.values().filter(|program| program.info.host == id).map(|p| p.info.id).collect();
        for program in programs {
            self.end_program(program);
        }
        self.destroy_sockets(id);
        self.wire.forget_host(id);
        if let Some(host) = self.hosts.remove(&id) {
            close_elsewhere(host);
            self.record(What::HostGone(id));
        }
    }

    /// Ends every machine. Nothing of the room is left in the kernel afterwards.
    pub(crate) fn end_room(&mut self) {
        let hosts: Vec<_> = self.hosts.keys().copied().collect();
        for host in hosts {
            self.remove_host(host);
        }
    }
}

/// Closing a packet socket waits for the kernel's readers (3 to 28 ms), so never on the room's task.
fn close_elsewhere(what: impl Send + 'static) {
    tokio::task::spawn_blocking(move || drop(what));
}
