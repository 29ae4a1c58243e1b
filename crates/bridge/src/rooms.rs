//! The rooms of this node: made, found, ended. Nothing of a room lives outside its entry here.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    time::Duration,
};

use ipnet::IpNet;
use lab::{Descriptors, Lab, OpenError, RoomLimits, confine::Confined, keeper::Keeper};
use proto::limits::Limit;
use proto::message::{Features, Notice, Secret};
use tokio_util::sync::CancellationToken;

use crate::{
    accounts::Accounts,
    config::{Config, Deadlines, Limits, Outbound},
    drain::Drain,
    egress::{Egress, EgressConfig, Mode, NameServers, Own, RoomEgress, Target},
    kept::Recordings,
    limit_reached::LimitReached,
    memory,
    quota::Permit,
    room::{Keys, Room},
    secret::{secret, spell},
};

/// How long a request waits until it is known whether there are rooms.
const FINDING_OUT: Duration = Duration::from_secs(10);

/// How often it is looked up where the server's names lead.
const FOLLOW: Duration = Duration::from_secs(300);

/// Out of descriptors: this process, or the whole machine (errno(3)).
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

/// The rooms alive.
#[derive(Debug)]
pub(crate) struct Rooms {
    lab: Arc<LabCheck>,
    egress: Arc<Egress>,
    descriptors: Accounts,
    buffers: Accounts,
    limits: Limits,
    node: String,
    features: Features,
    drain: Drain,
    deadlines: Deadlines,
    alive: Arc<Mutex<HashMap<String, Arc<Room>>>>,
    kept: Arc<Recordings>,
}

/// What this machine can do, once that is found out. The page does not wait for it: where another server has just ended,
/// the kernel may be busy with its devices for many seconds.
#[derive(Debug, Default)]
struct LabCheck {
    lab: OnceLock<Result<Lab, Missing>>,
    done: CancellationToken,
}

impl LabCheck {
    fn now(&self) -> Option<&Result<Lab, Missing>> {
        self.lab.get()
    }

    /// Waits for it as long as somebody who asked may have to.
    async fn soon(&self) -> Option<&Result<Lab, Missing>> {
        let _late = tokio::time::timeout(FINDING_OUT, self.done.cancelled()).await;
        self.now()
    }
}

#[derive(Clone, Debug)]
struct Missing {
    step: String,
    remedy: String,
}

/// What this server can do, found out once by a complete self-test room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Availability {
    /// Rooms with network namespaces.
    Full,
    /// Not found out yet.
    Starting,
    /// No rooms.
    Missing {
        /// The step that failed, as a sentence without its full stop.
        step: String,
        /// What to do about it, as a sentence.
        remedy: String,
    },
}

/// A room that was made.
#[derive(Clone, Debug)]
pub(crate) struct Created {
    /// Its id, as in its address.
    pub(crate) room: String,
    /// Key of the owner's role.
    pub(crate) owner: Secret,
    /// Key of the participant's role.
    pub(crate) join: Secret,
    /// Key of the viewer's role.
    pub(crate) watch: Secret,
}

/// Why there is no new room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CreateError {
    /// The server is going away.
    Draining,
    /// It is not known yet whether there can be rooms.
    Starting,
    /// This server cannot make rooms.
    Missing {
        /// The step that failed.
        step: String,
        /// What to do about it.
        remedy: String,
    },
    /// A limit of this server or of those who want it leaves no room.
    Limit(LimitReached),
    /// Something went wrong that is ours to find out; the log has it.
    Failed,
}

impl Rooms {
    /// Begins to find out what this server can do.
    pub(crate) fn start(config: &Config, drain: &Drain, kept: Arc<Recordings>) -> Self {
        let lab = Arc::new(LabCheck::default());
        tokio::spawn(find_out(config.clone(), Arc::clone(&lab)));
        let egress = Arc::new(Egress::new(egress_config(config)));
        if config.outbound != Outbound::Off {
            tokio::spawn(follow_names(Arc::downgrade(&egress), config.host_names.clone()));
        }
        Self {
            features: features(config),
            lab,
            egress,
            descriptors: Accounts::of_descriptors(config.limits.address_descriptors),
            buffers: Accounts::of_socket_memory(
                config.limits.socket_memory,
                config.limits.address_socket_memory,
            ),
            limits: config.limits,
            node: config.node.clone(),
            drain: drain.clone(),
            deadlines: config.deadlines,
            alive: Arc::default(),
            kept,
        }
    }

    /// What was found out.
    pub(crate) async fn availability(&self) -> Availability {
        match self.lab.soon().await {
            None => Availability::Starting,
            Some(Ok(_)) => Availability::Full,
            Some(Err(Missing { step, remedy })) => {
                Availability::Missing { step: step.clone(), remedy: remedy.clone() }
            }
        }
    }

    /// How the keeper is confined, where there is one.
    pub(crate) fn confined(&self) -> Option<Confined> {
        Some(self.lab.now()?.as_ref().ok()?.confined())
    }

    /// What pages are told that this server can do.
    pub(crate) fn features(&self) -> Features {
        let packets = self.lab.now().is_some_and(Result::is_ok);
        Features { packets, ..self.features.clone() }
    }

    /// A connection came to this address of the server's: no room may reach it.
    pub(crate) fn came_to(&self, address: IpAddr) {
        self.egress.config().own.observed.came_to(address);
    }

    /// How many rooms there are.
    pub(crate) fn count(&self) -> usize {
        lock(&self.alive).len()
    }

    /// All rooms there are.
    pub(crate) fn alive(&self) -> Vec<Arc<Room>> {
        lock(&self.alive).values().cloned().collect()
    }

    /// Connections outside that are open now, and lookups of names under way.
    pub(crate) fn outside_in_use(&self) -> (usize, usize) {
        self.egress.in_use()
    }

    /// How often a keeper that had died was replaced.
    pub(crate) fn keeper_restarts(&self) -> u32 {
        self.lab().map_or(0, Lab::keeper_restarts)
    }

    /// What makes rooms, where there can be any.
    pub(crate) fn lab(&self) -> Option<&Lab> {
        self.lab.now()?.as_ref().ok()
    }

    /// The room with this id.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Room>> {
        lock(&self.alive).get(id).cloned()
    }

    /// A room of nobody's, for as long as somebody from `network` waits for what is done in it.
    pub(crate) async fn for_a_while(&self, network: Option<IpAddr>) -> Result<lab::Room, CreateError> {
        let Some(Ok(lab)) = self.lab.now() else { return Err(CreateError::Starting) };
        let account = self.descriptors.of_address(network);
        let descriptors = Descriptors { ceiling: Some(self.limits.descriptors), account };
        let buffers = self.buffers.of_address(network);
        let opened = lab.open_room_within(None, descriptors, buffers).await;
        opened.map(|(room, _task)| room).map_err(|error| {
            tracing::warn!(%error, "no room for doing a recording again");
            CreateError::Failed
        })
    }

    /// Makes a room for somebody from `network`. It keeps `permit` as long as it lives.
    pub(crate) async fn create(
        &self,
        permit: Permit,
        network: Option<IpAddr>,
    ) -> Result<Created, CreateError> {
        if self.drain.is_retiring() {
            return Err(CreateError::Draining);
        }
        let room = self.open(permit, network, None).await?;
        let Keys { owner, join, watch, .. } = room.keys;
        Ok(Created { room: room.id.clone(), owner, join, watch })
    }

    /// Makes a room for a seat of a class, which no address is counted for.
    pub(crate) async fn create_for_class(&self, permit: Permit) -> Result<Arc<Room>, CreateError> {
        let look = secret().map_err(|error| {
            tracing::error!(%error, "no randomness");
            CreateError::Failed
        })?;
        self.open(permit, None, Some(look)).await
    }

    /// Also while the server retires: a class that is on it stays whole.
    async fn open(
        &self,
        permit: Permit,
        network: Option<IpAddr>,
        look: Option<Secret>,
    ) -> Result<Arc<Room>, CreateError> {
        if self.drain.is_begun() {
            return Err(CreateError::Draining);
        }
        let lab = self.lab.soon().await.ok_or(CreateError::Starting)?;
        let lab = lab.as_ref().map_err(|Missing { step, remedy }| CreateError::Missing {
            step: step.clone(),
            remedy: remedy.clone(),
        })?;
        let failed = |what: &dyn std::fmt::Display| {
            tracing::error!(error = %what, "a room could not be made");
            CreateError::Failed
        };
        let keys = Keys {
            owner: secret().map_err(|error| failed(&error))?,
            join: secret().map_err(|error| failed(&error))?,
            watch: secret().map_err(|error| failed(&error))?,
            look,
        };
        let id = format!("{}-{}", self.node, spell(&secret().map_err(|error| failed(&error))?));
        let way_out = RoomEgress::new(Arc::clone(&self.egress), id.as_str()).made_by(network);
        let account = self.descriptors.of_address(network);
        let descriptors = Descriptors { ceiling: Some(self.limits.descriptors), account };
        let buffers = self.buffers.of_address(network);
        let opened = lab.open_room_within(Some(Arc::new(way_out)), descriptors, buffers).await;
        let (opened, _task) = opened.map_err(|error| match error {
            OpenError::Limit { limit, value } => CreateError::Limit(LimitReached { limit, value }),
            // The kernel has no descriptors left, before our own limit.
            OpenError::Machines(error) if matches!(error.raw_os_error(), Some(EMFILE | ENFILE)) => {
                let (limit, value) = (Limit::ServerDescriptors, self.limits.descriptors.into());
                CreateError::Limit(LimitReached { limit, value })
            }
            error => failed(&error),
        })?;
        let room = Arc::new(Room::new(id.clone(), keys, opened, permit));
        lock(&self.alive).insert(id.clone(), Arc::clone(&room));
        tokio::spawn(live(
            Arc::clone(&room),
            self.deadlines,
            Arc::clone(&self.alive),
            Arc::clone(&self.kept),
        ));
        tracing::info!(room = id, "a room began");
        Ok(room)
    }
}

/// A room's life: until it has to end, then everybody is told and nothing of it is left.
async fn live(
    room: Arc<Room>,
    deadlines: Deadlines,
    alive: Arc<Mutex<HashMap<String, Arc<Room>>>>,
    kept: Arc<Recordings>,
) {
    room.watch_over(deadlines).await;
    // Before anybody is told, so that they find it.
    kept.ends(&room).await;
    room.notice.send_replace(Some(Notice::RoomEnded));
    lock(&alive).remove(&room.id);
    room.ended.cancel();
    room.lab.end().await;
    tracing::info!(room = room.id, "a room ended");
}

fn lock(alive: &Mutex<HashMap<String, Arc<Room>>>) -> MutexGuard<'_, HashMap<String, Arc<Room>>> {
    alive.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn find_out(config: Config, found: Arc<LabCheck>) {
    let lab = start_lab(&config).await;
    if let Err(missing) = &lab {
        tracing::warn!(step = missing.step, remedy = missing.remedy, "this server cannot make rooms");
    }
    let _only_once = found.lab.set(lab);
    found.done.cancel();
}

async fn start_lab(config: &Config) -> Result<Lab, Missing> {
    let (program, spawner) = (config.keeper.clone(), config.spawner.clone());
    let started = tokio::task::spawn_blocking(move || match (spawner, program) {
        (Some(spawner), _) => Keeper::start_by(&spawner?),
        (None, Some(program)) => Keeper::start_with(Path::new(&program)),
        (None, None) => Keeper::start(),
    });
    match started.await {
        Ok(Ok(keeper)) => {
            let limits = RoomLimits { bytes_per_second: config.limits.room_bytes, ..RoomLimits::default() };
            let lab = Lab::new(keeper, config.services.iter().map(service).collect());
            let (most, full) = memory::of_rooms(config.limits.memory);
            Ok(lab.with_limits(limits).with_memory(most, full))
        }
        Ok(Err(missing)) => {
            let error = std::io::Error::from_raw_os_error(missing.errno);
            Err(Missing { step: format!("{error} while {}", missing.step.words()), remedy: missing.remedy })
        }
        Err(error) => Err(Missing { step: format!("the self-test failed: {error}"), remedy: String::new() }),
    }
}

pub(crate) fn service(service: &crate::config::Service) -> lab::Service {
    let run = service.run;
    lab::Service { name: service.name, port: service.port, serve: Arc::new(move |listener| run(listener)) }
}

/// With outbound off there is a policy all the same: it refuses by name what the rooms have no way to.
fn egress_config(config: &Config) -> EgressConfig {
    let mode = match &config.outbound {
        Outbound::Off => Mode::Off,
        Outbound::Open => Mode::Open,
        Outbound::List(targets) => {
            Mode::List(targets.iter().filter_map(|target| parse_target(target)).collect())
        }
    };
    let name_servers =
        config.resolver.map_or_else(NameServers::default, |resolver| NameServers::Fixed(vec![resolver]));
    // Behind a NAT no interface has the address that visitors come by; the operator's name for it may say it.
    let named = config.host_names.iter().filter_map(|name| address_in(name)).map(IpNet::from);
    let refused = config.refused.iter().copied().chain(named).collect();
    let own = Own { listeners: config.listeners.clone(), refused, ..Own::default() };
    EgressConfig { mode, name_servers, own }
}

/// Looks up the server's names now and then: where they lead is its own, even if no interface has the address.
async fn follow_names(egress: Weak<Egress>, host_names: Vec<String>) {
    while let Some(egress) = egress.upgrade().filter(|_| !host_names.is_empty()) {
        for name in &host_names {
            egress.find_own(name.rsplit_once(':').map_or(name, |(name, _)| name)).await;
        }
        drop(egress);
        tokio::time::sleep(FOLLOW).await;
    }
}

/// The address in `ADDRESS[:PORT]`, where it is no name.
fn address_in(name: &str) -> Option<IpAddr> {
    let with_port = name.parse::<SocketAddr>().map(|address| address.ip());
    with_port.or_else(|_| name.trim_start_matches('[').trim_end_matches(']').parse()).ok()
}

fn parse_target(target: &str) -> Option<Target> {
    target
        .parse()
        .inspect_err(|error| tracing::error!(target, %error, "an outbound target makes no sense"))
        .ok()
}

/// But for what is not known yet.
fn features(config: &Config) -> Features {
    let (outbound, targets) = match &config.outbound {
        Outbound::Off => ("off", Vec::new()),
        Outbound::List(targets) => ("list", targets.clone()),
        Outbound::Open => ("open", Vec::new()),
    };
    Features { packets: false, outbound: outbound.to_owned(), targets }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_s_public_address_is_refused_by_its_name() {
        let host_names = ["203.0.113.5:8443", "[2001:db8::5]", "lab.example"].map(str::to_owned).to_vec();
        let refused = vec!["198.51.100.0/24".parse().unwrap()];
        let own = egress_config(&Config { host_names, refused, ..Config::default() }).own.refused;
        let refuses = |address: &str| own.iter().any(|net| net.contains(&address.parse::<IpAddr>().unwrap()));
        assert!(refuses("203.0.113.5") && refuses("2001:db8::5") && refuses("198.51.100.9"));
        assert!(!refuses("203.0.113.6") && own.len() == 3);
    }
}
