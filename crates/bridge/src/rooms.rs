//! The rooms of this node: made, found, ended. Nothing of a room lives outside its entry here.

use std::{
    collections::HashMap,
    net::IpAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lab::{History, Lab, OpenError, RoomLimits, keeper::Keeper};
use proto::message::{Features, Notice, Secret};

use crate::{
    config::{Config, Deadlines, Limits, Outbound},
    descriptors::Accounts,
    drain::Drain,
    egress::{Egress, EgressConfig, Mode, NameServers, Own, RoomEgress, Target},
    quota::{Permit, Reached},
    room::{Keys, Room},
};

/// Out of descriptors: this process, or the whole machine (errno(3)).
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

/// The rooms alive.
#[derive(Debug)]
pub(crate) struct Rooms {
    lab: Result<Lab, Missing>,
    egress: Arc<Egress>,
    descriptors: Accounts,
    limits: Limits,
    node: String,
    features: Features,
    drain: Drain,
    deadlines: Deadlines,
    alive: Arc<Mutex<HashMap<String, Arc<Room>>>>,
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
    /// This server cannot make rooms.
    Missing {
        /// The step that failed.
        step: String,
        /// What to do about it.
        remedy: String,
    },
    /// A limit of this server or of those who want it leaves no room.
    Limit(Reached),
    /// Something went wrong that is ours to find out; the log has it.
    Failed,
}

impl Rooms {
    /// Finds out what this server can do.
    pub(crate) async fn start(config: &Config, drain: &Drain) -> Self {
        let lab = start_lab(config).await;
        if let Err(missing) = &lab {
            tracing::warn!(step = missing.step, remedy = missing.remedy, "this server cannot make rooms");
        }
        Self {
            features: features(config, lab.is_ok()),
            lab,
            egress: Arc::new(Egress::new(egress_config(config))),
            descriptors: Accounts::default(),
            limits: config.limits,
            node: config.node.clone(),
            drain: drain.clone(),
            deadlines: config.deadlines,
            alive: Arc::default(),
        }
    }

    /// What was found out.
    pub(crate) fn availability(&self) -> Availability {
        match &self.lab {
            Ok(_) => Availability::Full,
            Err(Missing { step, remedy }) => {
                Availability::Missing { step: step.clone(), remedy: remedy.clone() }
            }
        }
    }

    /// What pages are told that this server can do.
    pub(crate) fn features(&self) -> &Features {
        &self.features
    }

    /// How many rooms there are.
    pub(crate) fn count(&self) -> usize {
        lock(&self.alive).len()
    }

    /// All rooms there are.
    pub(crate) fn alive(&self) -> Vec<Arc<Room>> {
        lock(&self.alive).values().cloned().collect()
    }

    /// What the histories of all rooms take, where there can be rooms.
    pub(crate) fn history(&self) -> Option<&History> {
        self.lab.as_ref().ok().map(|lab| &**lab.history())
    }

    /// The room with this id.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Room>> {
        lock(&self.alive).get(id).cloned()
    }

    /// Makes a room for somebody from `network`. It keeps `permit` as long as it lives.
    pub(crate) async fn create(
        &self,
        permit: Permit,
        network: Option<IpAddr>,
    ) -> Result<Created, CreateError> {
        if self.drain.is_begun() {
            return Err(CreateError::Draining);
        }
        let lab = self.lab.as_ref().map_err(|Missing { step, remedy }| CreateError::Missing {
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
        };
        let id = format!("{}-{}", self.node, spell(&secret().map_err(|error| failed(&error))?));
        let way_out = RoomEgress::new(Arc::clone(&self.egress), id.as_str()).made_by(network);
        let descriptors =
            self.descriptors.of_room(network, self.limits.address_descriptors, self.limits.descriptors);
        let opened = lab.open_room_within(Some(Arc::new(way_out)), descriptors).await;
        let (opened, _task) = opened.map_err(|error| match error {
            OpenError::Limit { limit, value } if limit == "address-descriptors" => {
                CreateError::Limit(Reached { limit: "address-descriptors", value })
            }
            OpenError::Limit { value, .. } => {
                CreateError::Limit(Reached { limit: "server-descriptors", value })
            }
            // The kernel has no descriptors left, before our own limit.
            OpenError::Machines(error) if matches!(error.raw_os_error(), Some(EMFILE | ENFILE)) => {
                let (limit, value) = ("server-descriptors", self.limits.descriptors.into());
                CreateError::Limit(Reached { limit, value })
            }
            error => failed(&error),
        })?;
        let room = Arc::new(Room::new(id.clone(), keys.clone(), opened, permit));
        lock(&self.alive).insert(id.clone(), Arc::clone(&room));
        tokio::spawn(live(room, self.deadlines, Arc::clone(&self.alive)));
        tracing::info!(room = id, "a room began");
        Ok(Created { room: id, owner: keys.owner, join: keys.join, watch: keys.watch })
    }
}

/// A room's life: until it has to end, then everybody is told and nothing of it is left.
async fn live(room: Arc<Room>, deadlines: Deadlines, alive: Arc<Mutex<HashMap<String, Arc<Room>>>>) {
    room.watch_over(deadlines).await;
    room.notice.send_replace(Some(Notice::RoomEnded));
    lock(&alive).remove(&room.id);
    room.ended.cancel();
    room.lab.end().await;
    tracing::info!(room = room.id, "a room ended");
}

fn lock(alive: &Mutex<HashMap<String, Arc<Room>>>) -> MutexGuard<'_, HashMap<String, Arc<Room>>> {
    alive.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn start_lab(config: &Config) -> Result<Lab, Missing> {
    let program = config.keeper.clone();
    let started = tokio::task::spawn_blocking(move || match program {
        Some(program) => Keeper::start_with(Path::new(&program)),
        None => Keeper::start(),
    });
    match started.await {
        Ok(Ok(keeper)) => {
            let limits = RoomLimits { bytes_per_second: config.limits.room_bytes, ..RoomLimits::default() };
            Ok(Lab::new(keeper, config.services.iter().map(service).collect()).with_limits(limits))
        }
        Ok(Err(missing)) => {
            let error = std::io::Error::from_raw_os_error(missing.errno);
            Err(Missing { step: format!("{error} while {}", missing.step.words()), remedy: missing.remedy })
        }
        Err(error) => Err(Missing { step: format!("the self-test failed: {error}"), remedy: String::new() }),
    }
}

fn service(service: &crate::config::Service) -> lab::Service {
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
    let own = Own { listeners: config.listeners.clone(), refused: Vec::new() };
    EgressConfig { mode, name_servers, own, allow_refused_ports: false }
}

fn parse_target(target: &str) -> Option<Target> {
    target
        .parse()
        .inspect_err(|error| tracing::error!(target, %error, "an outbound target makes no sense"))
        .ok()
}

fn features(config: &Config, packets: bool) -> Features {
    let (outbound, targets) = match &config.outbound {
        Outbound::Off => ("off", Vec::new()),
        Outbound::List(targets) => ("list", targets.clone()),
        Outbound::Open => ("open", Vec::new()),
    };
    Features { packets, outbound: outbound.to_owned(), targets }
}

fn secret() -> Result<Secret, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A room's id in letters and digits that nobody mistakes for one another when reading aloud; 128 bits.
fn spell(secret: &Secret) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut number = u128::from_be_bytes(*secret);
    (0..26)
        .map(|_| {
            let digit = usize::try_from(number % 32).unwrap_or(0);
            number /= 32;
            char::from(ALPHABET[digit])
        })
        .collect()
}
