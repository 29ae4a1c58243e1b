//! Wireside's program as a library: both listeners bound, run, shut down. `main` is one user of it, the tests from
//! outside are the other.
//!
//! | module | does |
//! | --- | --- |
//! | [`tutorial`] | the tutorial's TCP servers, written to be read |
//! | [`assets`] | the page's files and the built client |
//! | [`addresses`] | which addresses to type into a browser |
//! | `kept` | opens the place where recordings are kept |
//! | [`lessons`] | reads the lessons at start-up, and lists them |
//! | [`tls`] | certificates for the page |
//! | `activation` | takes listeners that whoever started this program had opened |
//! | [`services`] | lends the tutorial's servers to rooms |
//!
//! It knows no HTTP, no room and no system call: those belong to the bridge and the lab.

mod activation;
pub mod addresses;
pub mod assets;
mod kept;
pub mod lessons;
pub mod services;
pub mod tls;
pub mod tutorial;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bridge::{Bridge, StartError};
use kept::Opened;
use lessons::{Shelf, ShelfError};
use rustix::io::fcntl_dupfd_cloexec;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

pub use kept::{KeptIn, SharedPlace};

/// Connections that may wait in the kernel for accept, on each port; the kernel's own limit (`somaxconn`) may be lower.
/// A class of learners presses Run at the same moment.
const BACKLOG: i32 = 1024;

/// The lesson of a class whose teacher names none: the tutorial's two programs.
const FIRST_LESSON: &str = "two-scripts";

/// Where listeners are, at most; and how many numbers are tried from there down.
const HIGHEST: u64 = 65_536;
const SPARE: u64 = 8;

/// What an operator can set.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the page is served. Default 127.0.0.1:8080; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the tutorial's server listens. Default 127.0.0.1:12345; port 0 takes a free one.
    pub tutorial: SocketAddr,
    /// Where a load balancer asks how much more this server takes. Default nowhere.
    pub agent: Option<SocketAddr>,
    /// A folder of lessons of one's own. Default none.
    pub lessons: Option<PathBuf>,
    /// Where recordings are kept. Default nowhere.
    pub kept: KeptIn,
    /// What is done when there is no room for one more. Default: it is not kept.
    pub when_full: bridge::WhenFull,
    /// A class from the start. Default none.
    pub class: Option<Class>,
    /// Everything about the page, rooms and policy. `assets`, `listeners` and `services` are set by [`Server::run`].
    pub bridge: bridge::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            tutorial: SocketAddr::from((Ipv4Addr::LOCALHOST, tutorial::thanks::PORT)),
            agent: None,
            lessons: None,
            kept: KeptIn::Nowhere,
            when_full: bridge::WhenFull::Refuse,
            class: None,
            bridge: bridge::Config::default(),
        }
    }
}

/// A class that is there from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its seats.
    pub seats: usize,
    /// The id of its lesson; none takes the first one.
    pub lesson: Option<String>,
}

/// An address that could not be bound, or lessons that cannot be served there.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// A lesson is malformed, or a folder of lessons cannot be read.
    #[error("lessons: {0}")]
    Lessons(#[from] ShelfError),
    /// A class is to have a lesson that there is not.
    #[error("there is no lesson {wanted:?}; there are {known}")]
    ClassLesson {
        /// What was asked for.
        wanted: String,
        /// The ids of those that there are.
        known: String,
    },
    /// A store or a database that cannot be used, as it was named.
    #[error("{0}")]
    SharedPlace(String),
    /// A class needs keys that nobody guesses.
    #[error("no random numbers for a class: {0}")]
    Random(io::Error),
    /// Somebody else listens there.
    #[error("{address} is in use by another program; choose another address with {flag}")]
    InUse {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
    },
    /// Anything else the kernel said.
    #[error("cannot listen on {address} ({flag}): {error}")]
    Kernel {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// What the kernel said.
        error: io::Error,
    },
}

/// Why a server whose ports were bound does not serve.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A setting makes no sense.
    #[error(transparent)]
    Setting(#[from] StartError),
    /// The kernel refused something.
    #[error("cannot serve: {0}")]
    Kernel(#[from] io::Error),
}

/// A server whose ports are bound: clients can connect already, and are served once it runs.
#[derive(Debug)]
pub struct Server {
    page: std::net::TcpListener,
    tutorial: std::net::TcpListener,
    agent: Option<std::net::TcpListener>,
    shelf: Shelf,
    /// The folder of recordings, where they are kept.
    kept: Option<PathBuf>,
    /// Whether they are kept by other machines.
    connects: bool,
    settings: bridge::Config,
}

impl Server {
    /// Reads the lessons and binds both ports, but for listeners that were opened for it (`LISTEN_FDS`). Nothing of a file or a port is needed afterwards.
    ///
    /// # Errors
    /// With the address and flag in question, where one cannot be bound; with file, line and reason, where a lesson is
    /// malformed.
    pub fn bind(config: Config) -> Result<Self, BindError> {
        let shelf = Shelf::open(config.lessons.as_deref())?;
        let given = activation::listeners();
        let page = given.page.map_or_else(|| listen(config.listen, "--listen"), Ok)?;
        let tutorial = given.tutorial.map_or_else(|| listen(config.tutorial, "--tutorial"), Ok)?;
        let agent = config.agent.map(|address| listen(address, "--agent")).transpose()?;
        let kernel = bridge::KernelMemory::open().map(Arc::new);
        let Opened { folder, shelf: recordings, connects } =
            kept::open(&config.kept, config.bridge.limits.shelf, config.when_full, &config.bridge.node)
                .map_err(BindError::SharedPlace)?;
        let lessons = shelf.outlines().to_vec();
        let class =
            config.class.map(|class| first_class(class, &lessons, &config.bridge.node)).transpose()?;
        let settings = bridge::Config { kernel, shelf: recordings, lessons, class, ..config.bridge };
        Ok(Self { page, tutorial, agent, shelf, kept: folder, connects, settings })
    }

    /// The one folder in which it will make files, if any.
    #[must_use]
    pub fn kept(&self) -> Option<&Path> {
        self.kept.as_deref()
    }

    /// Whether it asks other machines, by name and by TLS, to keep recordings: it needs to read what says who they are.
    #[must_use]
    pub fn connects(&self) -> bool {
        self.connects
    }

    /// The same server in a process that is confined so: it cannot start the process that starts keepers any more, and gets
    /// it, or why there is none.
    #[must_use]
    pub fn confined(
        mut self,
        spawner: Result<lab::keeper::Spawner, lab::keeper::Unavailable>,
        confined: lab::confine::Confined,
    ) -> Self {
        self.settings.spawner = Some(spawner);
        self.settings.confined = Some(confined);
        self
    }

    /// The address in fact bound for the page.
    ///
    /// # Errors
    /// As getsockname(2).
    pub fn page_address(&self) -> io::Result<SocketAddr> {
        self.page.local_addr()
    }

    /// Every address of the page to type into a browser, the best one first, with whether browsers treat it as secure.
    ///
    /// # Errors
    /// As getsockname(2).
    pub fn pages(&self) -> io::Result<Vec<(String, bool)>> {
        let bound = self.page_address()?;
        Ok(match &self.settings.tls {
            None => {
                let reachable = addresses::reachable(bound).into_iter();
                reachable.map(|page| (format!("http://{page}/"), addresses::is_secure(page))).collect()
            }
            Some(tls) => {
                let names =
                    self.settings.host_names.iter().map(|name| addresses::with_port(name, bound.port()));
                let reachable = addresses::reachable(bound).into_iter().map(|page| page.to_string());
                // An operator's certificate is made out to names, our own to everything.
                let pages: Vec<String> = if tls.strict {
                    names.chain(reachable).collect()
                } else {
                    reachable.chain(names).collect()
                };
                pages.into_iter().map(|page| (format!("https://{page}/"), true)).collect()
            }
        })
    }

    /// The ways to the class that is there from the start, below each page's address: for its pupils, and for its teacher.
    #[must_use]
    pub fn class(&self) -> Option<(String, String)> {
        let class = self.settings.class.as_ref()?;
        let link = format!("c/{}", class.id);
        let board = format!("{link}/board#{}", class.teacher_text());
        Some((link, board))
    }

    /// Whether the page shows a certificate that nobody vouches for.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.settings.tls.as_ref().is_some_and(|tls| !tls.strict)
    }

    /// The address in fact bound for the tutorial's server.
    ///
    /// # Errors
    /// As getsockname(2).
    pub fn tutorial_address(&self) -> io::Result<SocketAddr> {
        self.tutorial.local_addr()
    }

    /// Serves. From the moment `retire` is ready it makes no new rooms, and ends with the last one or after
    /// [`bridge::Deadlines::retirement`]; once `shutdown` is ready it lets sessions end (see [`Bridge::serve`]).
    ///
    /// # Errors
    /// A setting that makes no sense, or an error of the kernel. Missing privileges are none: then there are no rooms,
    /// and page and log say why.
    pub async fn run(
        self,
        retire: impl Future<Output = ()> + Send,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), RunError> {
        let pages = self.pages()?.into_iter().map(|(page, _)| page).collect();
        let mut listeners = vec![self.page.local_addr()?, self.tutorial.local_addr()?];
        let agent = self.agent.map(TcpListener::from_std).transpose()?;
        if let Some(agent) = &agent {
            let address = agent.local_addr()?;
            tracing::info!(%address, "answers load balancers");
            listeners.push(address);
        }
        // First, and a task of its own: whatever the page's side does, who connects to the tutorial's port is greeted.
        let tutorial = TcpListener::from_std(self.tutorial)?;
        let _tutorial = AbortOnDropHandle::new(tokio::spawn(tutorial::thanks::serve(tutorial)));
        let shelf = self.shelf;
        let settings = bridge::Config {
            listeners,
            pages,
            assets: bridge::Assets::new(move |path| shelf.find(path).or_else(|| assets::find(path))),
            services: services::services(),
            ..self.settings
        };
        let bridge = Bridge::start(settings).await?;
        if let Some(agent) = agent {
            bridge.serve_agent(agent);
        }
        let retiring = async {
            retire.await;
            bridge.retire();
            std::future::pending().await
        };
        let page = TcpListener::from_std(self.page)?;
        tokio::select! {
            served = bridge.serve(page, shutdown) => Ok(served?),
            never = retiring => never,
        }
    }
}

/// What `--class` asks for, with its keys.
fn first_class(
    class: Class,
    lessons: &[bridge::LessonOutline],
    node: &str,
) -> Result<bridge::FirstClass, BindError> {
    let id = class.lesson.unwrap_or_else(|| FIRST_LESSON.to_owned());
    if !lessons.iter().any(|lesson| lesson.id == id) {
        let known: Vec<&str> = lessons.iter().map(|lesson| lesson.id.as_str()).collect();
        return Err(BindError::ClassLesson { wanted: id, known: known.join(", ") });
    }
    bridge::FirstClass::new(node, class.seats, Some(id)).map_err(BindError::Random)
}

/// As `TcpListener::bind` does it, with a backlog of our own. It sets SO_REUSEADDR too: without it a restart would fail for
/// a minute, while connections we closed first are in TIME_WAIT. On Linux that does not let two programs listen on one port.
fn listen(address: SocketAddr, flag: &'static str) -> Result<std::net::TcpListener, BindError> {
    let listening = || {
        let listener = std::net::TcpListener::bind(address)?;
        rustix::net::listen(&listener, BACKLOG)?;
        listener.set_nonblocking(true)?;
        Ok(above_all(listener))
    };
    listening().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse { address, flag },
        _ => BindError::Kernel { address, flag, error },
    })
}

/// The same listener under the highest number there may be. The kernel closes what a killed process had open from the
/// highest number down, and each machine's devices take it 40 ms: a listener below them would hold the port until the last
/// of them is gone, and no other server could begin.
fn above_all(listener: std::net::TcpListener) -> std::net::TcpListener {
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(HIGHEST);
    // The kernel's table is as long as the highest number: at most half a mebibyte.
    (0..SPARE)
        .filter_map(|below| i32::try_from(most.min(HIGHEST).checked_sub(1 + below)?).ok())
        .find_map(|number| fcntl_dupfd_cloexec(&listener, number).ok())
        .map_or(listener, std::net::TcpListener::from)
}
