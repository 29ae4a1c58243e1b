//! Machines: how they come into being, what they are called, what our ends of them are.
//!
//! A machine is a network namespace that the keeper has made. Nothing here waits, records or moves a packet.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::{IpAddr, Ipv4Addr},
    os::fd::OwnedFd,
    sync::Arc,
    time::Instant,
};

use proto::{
    call::{CallError, Value},
    errno::Errno,
    id::{HostId, MemberId},
    limits::{self, Limit},
    message::Sysctl,
    room::HostInfo,
};
use tokio::{net::TcpListener, task::JoinSet};

use super::{paths::Paths, settings::Settings, socket_pool::SocketPool, tables::Tables};
use crate::{
    account::Charge,
    descriptors::{Descriptors, MACHINE},
    epoll::{Epoll, Token, Wanted},
    keeper::{HostFds, HostSpec, HostSysctl, Namespace, SocketSpec, tap},
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
/// Largest packet: MTU 1500 with room to see that nothing exceeds it.
const PACKET: usize = 2048;
/// Packets read from one machine in one go.
pub(super) const DRAIN: usize = 256;

/// A machine: a network namespace and our ends of everything in it.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) info: HostInfo,
    pub(super) namespace: Namespace,
    pub(super) tun: OwnedFd,
    pub(super) tap: OwnedFd,
    pub(super) diag: OwnedFd,
    pub(super) pool: SocketPool,
    pub(super) paths: Paths,
    pub(super) settings: Settings,
    pub(super) drops: Drops,
    /// Its interfaces, each with the kernel's number.
    interfaces: Vec<(u32, String)>,
    /// Ready-made servers; they end with the machine.
    services: JoinSet<()>,
    _descriptors: Option<Charge>,
}

/// What is known of the packets that a machine has lost before we saw them: in its own queue before the wire, or in the
/// capture of its loopback. Asked for where a queue has been nearly full.
#[derive(Debug, Default)]
pub(super) struct Drops {
    /// Somebody will ask.
    pub(super) suspected: bool,
    /// What is in the trace already.
    pub(super) recorded: u64,
}

/// Packets read from a machine: those for the wire and those of its loopback.
pub(super) type Read = (Vec<Vec<u8>>, Vec<Vec<u8>>);

impl Host {
    /// Packets that the machine has sent.
    pub(super) fn read_links(&self) -> Read {
        let mut buffer = [0; PACKET];
        let mut read_all = |read: &mut dyn FnMut(&mut [u8]) -> Option<usize>| {
            let mut packets = Vec::new();
            while packets.len() < DRAIN
                && let Some(length) = read(&mut buffer)
            {
                packets.push(buffer[..length.min(PACKET)].to_vec());
            }
            packets
        };
        let wire = read_all(&mut |buffer| rustix::io::read(&self.tun, buffer).ok());
        let loopback = read_all(&mut |buffer| tap::read(&self.tap, buffer).ok().flatten());
        (wire, loopback)
    }

    /// A packet from the wire reaches the machine's kernel.
    pub(super) fn write(&self, packet: &[u8]) -> io::Result<()> {
        rustix::io::write(&self.tun, packet)?;
        Ok(())
    }

    /// Packets of the loopback that the capture had no room for since this was last asked.
    pub(super) fn missed(&self) -> u64 {
        u64::from(tap::missed(&self.tap).unwrap_or(0))
    }

    /// Starts a ready-made server.
    pub(super) fn serve(&mut self, service: &Service, listener: TcpListener) {
        self.services.spawn((service.serve)(listener));
    }

    /// if_nameindex(3).
    pub(super) fn interfaces(&self) -> Value {
        Value::Interfaces(self.interfaces.clone())
    }

    fn is_called(&self, name: &str) -> bool {
        std::iter::once(&self.info.name).chain(&self.info.aliases).any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// What a machine is going to be, before the keeper has made it.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) spec: HostSpec,
    name: String,
    aliases: Vec<String>,
    guest: Option<MemberId>,
}

impl Plan {
    fn new(last: u8, name: &str, guest: Option<MemberId>) -> Self {
        let spec = HostSpec { address: address(last), prefix: PREFIX };
        Self { spec, name: name.to_owned(), aliases: Vec::new(), guest }
    }

    /// The two machines that every room begins with.
    pub(super) fn first() -> [Self; 2] {
        [Self::new(1, "server", None), Self::new(2, "client", None)]
    }

    /// The machine with the ready-made servers.
    pub(super) fn tutorial() -> Self {
        Self { aliases: vec![STAND_IN.to_owned()], ..Self::new(TUTORIAL, "tutorial", None) }
    }
}

/// The address of the machine with this last octet.
fn address(last: u8) -> Ipv4Addr {
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

/// What the first two machines are made from, so that they can be made before anybody asks.
pub(crate) fn first_specs() -> [HostSpec; 2] {
    Plan::first().map(|plan| plan.spec)
}

/// All machines of a room, with the programs on them.
#[derive(Debug)]
pub(super) struct Machines {
    pub(super) tables: Tables,
    hosts: BTreeMap<HostId, Host>,
    /// Guests' addresses whose machines are being made.
    promised: BTreeSet<Ipv4Addr>,
    services: Arc<[Service]>,
    descriptors: Descriptors,
    epoll: Arc<Epoll>,
    last: u32,
}

impl Machines {
    pub(super) fn new(services: Arc<[Service]>, descriptors: Descriptors, epoll: Arc<Epoll>) -> Self {
        Self {
            tables: Tables::default(),
            hosts: BTreeMap::new(),
            promised: BTreeSet::new(),
            services,
            descriptors,
            epoll,
            last: 0,
        }
    }

    pub(super) fn get(&self, id: HostId) -> Option<&Host> {
        self.hosts.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: HostId) -> Option<&mut Host> {
        self.hosts.get_mut(&id)
    }

    pub(super) fn ids(&self) -> Vec<HostId> {
        self.hosts.keys().copied().collect()
    }

    pub(super) fn infos(&self) -> impl Iterator<Item = &HostInfo> {
        self.hosts.values().map(|host| &host.info)
    }

    /// Plans a guest's machine; its address is theirs until [`Self::add`] or [`Self::give_up`].
    ///
    /// # Errors
    /// [`CallError::Limit`] where there are too many.
    pub(super) fn plan_guest(&mut self, guest: MemberId) -> Result<Plan, CallError> {
        let taken =
            |last: u8| self.promised.contains(&address(last)) || self.at(address(last).into()).is_some();
        let free = (FIRST_GUEST..=254).find(|&last| !taken(last));
        let too_many = || Limit::Hosts.reached();
        let there = self.hosts.len() + self.promised.len();
        let last = free.filter(|_| there < limits::HOSTS).ok_or_else(too_many)?;
        let plan = Plan::new(last, &format!("guest-{}", last - FIRST_GUEST + 1), Some(guest));
        self.promised.insert(plan.spec.address);
        Ok(plan)
    }

    /// A planned machine will not be made.
    pub(super) fn give_up(&mut self, plan: &Plan) {
        self.promised.remove(&plan.spec.address);
    }

    /// A machine that the keeper has made.
    ///
    /// # Errors
    /// A limit of descriptors, or as epoll_ctl(2).
    pub(super) fn add(&mut self, plan: Plan, fds: HostFds) -> Result<HostInfo, CallError> {
        self.give_up(&plan);
        self.descriptors.check(&fds.wire)?;
        let descriptors = self.descriptors.take(MACHINE)?;
        self.last += 1;
        let id = HostId(self.last);
        let Plan { spec, name, aliases, guest } = plan;
        let info = HostInfo {
            id,
            name,
            aliases,
            address: spec.address.into(),
            guest,
            ready_made: spec.address == address(TUTORIAL),
            cable: true,
            sysctls: Sysctl::ALL.map(|(name, value, _)| (name, value)).into(),
        };
        self.watch_links(id, &fds).map_err(|error| CallError::errno(syscall::errno_of(&error)))?;
        let host = Host {
            info: info.clone(),
            namespace: fds.namespace,
            tun: fds.wire,
            tap: fds.loopback,
            diag: fds.diag,
            interfaces: fds.interfaces,
            pool: SocketPool::default(),
            paths: Paths::default(),
            settings: Settings::default(),
            drops: Drops::default(),
            services: JoinSet::new(),
            _descriptors: descriptors,
        };
        self.hosts.insert(id, host);
        Ok(info)
    }

    fn watch_links(&self, id: HostId, fds: &HostFds) -> io::Result<()> {
        self.epoll.want(&fds.wire, Token::Tun(id), Wanted::default(), Wanted::READ)?;
        self.epoll.want(&fds.loopback, Token::Tap(id), Wanted::default(), Wanted::READ)
    }

    /// What a machine's network is made anew from.
    pub(super) fn spec(&self, id: HostId) -> Option<HostSpec> {
        match self.get(id)?.info.address {
            IpAddr::V4(address) => Some(HostSpec { address, prefix: PREFIX }),
            IpAddr::V6(_) => None,
        }
    }

    /// Whether a room may have these.
    ///
    /// # Errors
    /// A limit of descriptors.
    pub(super) fn check(&self, fds: &HostFds) -> Result<(), CallError> {
        self.descriptors.check(&fds.wire)
    }

    /// Puts a new network in the place of a machine's. Settings that people have changed are to be made again.
    ///
    /// # Errors
    /// As epoll_ctl(2), or ENODEV.
    pub(super) fn replace(&mut self, id: HostId, fds: HostFds) -> Result<(), CallError> {
        self.watch_links(id, &fds).map_err(|error| CallError::errno(syscall::errno_of(&error)))?;
        let host = self.hosts.get_mut(&id).ok_or(CallError::errno(Errno::ENODEV))?;
        let old = (
            std::mem::replace(&mut host.namespace, fds.namespace),
            std::mem::replace(&mut host.tun, fds.wire),
            std::mem::replace(&mut host.tap, fds.loopback),
            std::mem::replace(&mut host.diag, fds.diag),
            std::mem::take(&mut host.pool),
        );
        host.interfaces = fds.interfaces;
        host.settings.renew();
        host.paths.forget_files();
        close_elsewhere(old);
        Ok(())
    }

    /// Takes a machine away. False where there is none.
    pub(super) fn remove(&mut self, id: HostId) -> bool {
        let host = self.hosts.remove(&id);
        let there = host.is_some();
        host.into_iter().for_each(close_elsewhere);
        there
    }

    pub(super) fn at(&self, address: IpAddr) -> Option<HostId> {
        self.hosts.values().find(|host| host.info.address == address).map(|host| host.info.id)
    }

    /// The room's own table of names.
    pub(super) fn look_up(&self, name: &str) -> Option<IpAddr> {
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.eq_ignore_ascii_case("localhost") {
            return Some(Ipv4Addr::LOCALHOST.into());
        }
        self.hosts.values().find(|host| host.is_called(name)).map(|host| host.info.address)
    }

    pub(super) fn services(&self) -> &Arc<[Service]> {
        &self.services
    }

    /// Whether this address is the ready-made servers', and their machine is not there yet.
    pub(super) fn is_tutorial_to_come(&self, address: IpAddr) -> bool {
        address == self::address(TUTORIAL) && !self.services.is_empty() && self.at(address).is_none()
    }

    /// Whether this name is the ready-made servers', and their machine is not there yet.
    pub(super) fn names_tutorial_to_come(&self, name: &str) -> bool {
        (name == "tutorial" || name == STAND_IN) && self.is_tutorial_to_come(address(TUTORIAL).into())
    }

    /// Whether a machine's cable is plugged in.
    pub(super) fn is_plugged(&self, id: HostId) -> bool {
        self.get(id).is_some_and(|host| host.info.cable)
    }

    /// A socket out of a machine's pool, or the namespace in which so many are to be made.
    ///
    /// # Errors
    /// ENODEV where there is no such machine.
    pub(super) fn take_socket(
        &mut self,
        id: HostId,
        spec: SocketSpec,
    ) -> Result<Result<OwnedFd, (Namespace, u8)>, CallError> {
        let host = self.hosts.get_mut(&id).ok_or(CallError::errno(Errno::ENODEV))?;
        Ok(host.pool.take(spec, Instant::now()).map_err(|count| (host.namespace.clone(), count)))
    }

    /// What the kernels of all machines are to be told now.
    pub(super) fn settings_to_tell(&self, held: bool) -> Vec<(HostId, Namespace, HostSysctl, u32)> {
        let of = |host: &Host| {
            let (id, namespace) = (host.info.id, host.namespace.clone());
            let told = host.settings.differences(held).into_iter();
            told.map(move |(name, value)| (id, namespace.clone(), name, value)).collect::<Vec<_>>()
        };
        self.hosts.values().flat_map(of).collect()
    }
}

/// Closing a packet socket waits for the kernel's readers (3 to 28 ms), so never on the room's task.
pub(super) fn close_elsewhere(what: impl Send + 'static) {
    tokio::task::spawn_blocking(move || drop(what));
}
