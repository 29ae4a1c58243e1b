//! What an operator can set, with the defaults.
//!
//! Values only: nothing here reads flags, files or the environment.

use std::{future::Future, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use ipnet::IpNet;
use proto::limits::{self, Limit};
use tokio::net::TcpListener;
use tokio_rustls::rustls::ServerConfig;

use crate::{
    classes::{FirstClass, LessonOutline},
    http::assets::Assets,
    kept::{NoShelf, Shelf},
    kernel_memory::KernelMemory,
};

/// Everything [`crate::Bridge::start`] wants to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of this node, the first part of every room's id: 1 to 16 characters of `a-z0-9`. Default `a`.
    pub node: String,
    /// Names under which the page may be reached, besides loopback and the addresses in fact dialled: `lab.example`
    /// (with the port listened on, or the scheme's own) or `lab.example:8443` (exactly so). Default none.
    pub host_names: Vec<String>,
    /// Further web origins whose pages may use the client, as a browser spells them: `https://blog.example`.
    /// Default none.
    pub origins: Vec<String>,
    /// Web origins whose pages may show recordings and lessons in a frame, or the one word `none`. Default: all.
    pub embed: Vec<String>,
    /// TLS for the page, its WebSocket and everything else. Default none: plain HTTP.
    pub tls: Option<Tls>,
    /// Proxies whose `X-Forwarded-For` is believed. Default none: the header is ignored.
    pub trusted_proxies: Vec<IpNet>,
    /// Who is told version and counts (`/metrics`, all of `/health`) besides this machine's own people. Default none.
    pub metrics_from: Vec<IpNet>,
    /// Where rooms may connect outside. Default: the tutorial's two targets.
    pub outbound: Outbound,
    /// Addresses that no room reaches, whatever [`Config::outbound`] says, besides the private ones: the operator's own public
    /// ones among them. Default none.
    pub refused: Vec<IpNet>,
    /// Where this server itself listens (page, tutorial): never reached from a room, whatever [`Config::outbound`] says.
    /// Default none known.
    pub listeners: Vec<SocketAddr>,
    /// Resolver for outbound names; none takes the system's. Configurable so that a test can play the internet.
    pub resolver: Option<SocketAddr>,
    /// The page's files.
    pub assets: Assets,
    /// The program that is started as the lab's keeper; none takes this one, whose `main` then begins with
    /// [`lab::keeper::run_if_asked`].
    pub keeper: Option<std::path::PathBuf>,
    /// The process that starts keepers, or why there is none; none starts one of [`Config::keeper`].
    pub spawner: Option<Result<lab::keeper::Spawner, lab::keeper::Unavailable>>,
    /// The kernel's memory for TCP, which bounds what sockets of rooms may hold. Default unknown: only the bounds of
    /// [`Limits`].
    pub kernel: Option<Arc<KernelMemory>>,
    /// How this process is confined, for `/health`. Default unknown.
    pub confined: Option<lab::confine::Confined>,
    /// Servers that run on the `tutorial` machine of each room.
    pub services: Vec<Service>,
    /// Where recordings are kept, or why nowhere. Default nowhere.
    pub shelf: Result<Arc<dyn Shelf>, NoShelf>,
    /// Addresses of the page for other machines' browsers, `http://192.168.1.5:8080/`, which a class's teacher hands on.
    /// Default none known.
    pub pages: Vec<String>,
    /// The lessons that rooms tell progress in. Default none known.
    pub lessons: Vec<LessonOutline>,
    /// A class that is there from the start. Default none.
    pub class: Option<FirstClass>,
    /// Whether everybody who comes may make a class; this machine's own people may. Default false.
    pub classes: bool,
    /// Where new rooms are made once this server is going away, an address of `http` or `https`, as it is told to whoever wants one
    /// here. Default nowhere known.
    pub next: Option<String>,
    /// How many of everything.
    pub limits: Limits,
    /// How long everything may take.
    pub deadlines: Deadlines,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            node: "a".to_owned(),
            host_names: Vec::new(),
            origins: Vec::new(),
            embed: Vec::new(),
            tls: None,
            trusted_proxies: Vec::new(),
            metrics_from: Vec::new(),
            outbound: Outbound::default(),
            refused: Vec::new(),
            listeners: Vec::new(),
            resolver: None,
            assets: Assets::default(),
            keeper: None,
            spawner: None,
            kernel: None,
            confined: None,
            services: Vec::new(),
            shelf: Err(NoShelf::Off),
            pages: Vec::new(),
            lessons: Vec::new(),
            class: None,
            classes: false,
            next: None,
            limits: Limits::default(),
            deadlines: Deadlines::default(),
        }
    }
}

/// TLS that ends here.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate and its key. Offer no protocol but `http/1.1`.
    pub config: Arc<ServerConfig>,
    /// Whether browsers are told to come by HTTPS only for the next day (`Strict-Transport-Security`). Not with a
    /// certificate that nobody vouches for: such an exception could not be made any more.
    pub strict: bool,
}

/// Where rooms may connect outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outbound {
    /// Nowhere.
    Off,
    /// To these `name:port` pairs.
    List(Vec<String>),
    /// To any public address, ports 80 and 443.
    Open,
}

impl Default for Outbound {
    /// Exactly the targets of the tutorial.
    fn default() -> Self {
        Self::List(vec!["www.google.com:80".to_owned(), "example.com:80".to_owned()])
    }
}

/// A server that runs on the `tutorial` machine of each room.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Its name: `echo`.
    pub name: &'static str,
    /// The TCP port it listens on.
    pub port: u16,
    /// Serves until dropped. The listener is one of the room's own sockets; the service does not know that.
    pub run: fn(TcpListener) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// How many of everything. Each refusal names the limit and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// [`Limit::ServerSessions`].
    pub sessions: u32,
    /// [`Limit::ServerRooms`].
    pub rooms: u32,
    /// [`Limit::AddressSessions`].
    pub address_sessions: u32,
    /// [`Limit::AddressRooms`].
    pub address_rooms: u32,
    /// [`Limit::AddressSessionRate`].
    pub address_session_rate: u32,
    /// [`Limit::ServerMemory`].
    pub memory: u64,
    /// [`Limit::ServerHistory`].
    pub history: u64,
    /// [`Limit::ServerDescriptors`].
    pub descriptors: u32,
    /// [`Limit::AddressDescriptors`].
    pub address_descriptors: u32,
    /// [`Limit::ServerSocketMemory`]; bounded by what [`Config::kernel`] knows.
    pub socket_memory: u64,
    /// [`Limit::AddressSocketMemory`].
    pub address_socket_memory: u64,
    /// [`Limit::ServerConnections`].
    pub connections: u32,
    /// [`Limit::AddressConnections`].
    pub address_connections: u32,
    /// [`Limit::ServerDownloads`].
    pub downloads: u32,
    /// [`Limit::AddressDownloads`].
    pub address_downloads: u32,
    /// [`Limit::ServerOpened`].
    pub opened: u32,
    /// [`Limit::AddressOpened`].
    pub address_opened: u32,
    /// [`Limit::AddressKept`].
    pub address_kept: u32,
    /// [`Limit::ServerShelf`]; the shelf itself keeps to it.
    pub shelf: u64,
    /// [`Limit::HeadBytes`].
    pub head_bytes: usize,
    /// [`Limit::BodyBytes`].
    pub body_bytes: usize,
    /// [`Limit::RoomBytesPerSecond`].
    pub room_bytes: u64,
    /// Whether loopback is exempt from the limits of one address. Default true; never with a name of the server's own or
    /// a proxy on this machine, and no more once a request came that somebody has forwarded.
    pub loopback_exempt: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: limits::SERVER_SESSIONS,
            rooms: limits::SERVER_ROOMS,
            address_sessions: limits::ADDRESS_SESSIONS,
            address_rooms: limits::ADDRESS_ROOMS,
            address_session_rate: limits::ADDRESS_SESSION_RATE,
            memory: limits::SERVER_MEMORY,
            history: limits::SERVER_HISTORY,
            descriptors: limits::SERVER_DESCRIPTORS,
            address_descriptors: limits::ADDRESS_DESCRIPTORS,
            socket_memory: limits::SERVER_SOCKET_MEMORY,
            address_socket_memory: limits::ADDRESS_SOCKET_MEMORY,
            connections: limits::SERVER_CONNECTIONS,
            address_connections: limits::ADDRESS_CONNECTIONS,
            downloads: limits::SERVER_DOWNLOADS,
            address_downloads: limits::ADDRESS_DOWNLOADS,
            opened: limits::SERVER_OPENED,
            address_opened: limits::ADDRESS_OPENED,
            address_kept: limits::ADDRESS_KEPT,
            shelf: limits::SERVER_SHELF,
            head_bytes: limits::HEAD_BYTES,
            body_bytes: limits::BODY_BYTES,
            room_bytes: lab::RoomLimits::default().bytes_per_second,
            loopback_exempt: true,
        }
    }
}

impl Limits {
    /// The value of a limit that an operator may set; none of the others.
    pub(crate) fn value(&self, limit: Limit) -> Option<u64> {
        Some(match limit {
            Limit::ServerSessions => self.sessions.into(),
            Limit::ServerRooms => self.rooms.into(),
            Limit::AddressSessions => self.address_sessions.into(),
            Limit::AddressRooms => self.address_rooms.into(),
            Limit::AddressSessionRate => self.address_session_rate.into(),
            Limit::ServerMemory => self.memory,
            Limit::ServerHistory => self.history,
            Limit::ServerDescriptors => self.descriptors.into(),
            Limit::AddressDescriptors => self.address_descriptors.into(),
            Limit::ServerSocketMemory => self.socket_memory,
            Limit::AddressSocketMemory => self.address_socket_memory,
            Limit::ServerDownloads => self.downloads.into(),
            Limit::AddressDownloads => self.address_downloads.into(),
            Limit::ServerConnections => self.connections.into(),
            Limit::AddressConnections => self.address_connections.into(),
            Limit::ServerOpened => self.opened.into(),
            Limit::AddressOpened => self.address_opened.into(),
            Limit::AddressKept => self.address_kept.into(),
            Limit::ServerShelf => self.shelf,
            Limit::HeadBytes => self.head_bytes as u64,
            Limit::BodyBytes => self.body_bytes as u64,
            Limit::RoomBytesPerSecond => self.room_bytes,
            _ => return None,
        })
    }
}

/// How long everything may take, measured by the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From the connection, or from the end of the last answer, to the end of a request's head. This bounds the first
    /// byte, slow heads and idle keep-alive connections alike. Default 5 s.
    pub head: Duration,
    /// For a request's body. Default 10 s.
    pub body: Duration,
    /// For the client to take some bytes of an answer, or of what a WebSocket has for it. Default 30 s.
    pub stall: Duration,
    /// For a page to give a sign of life on its WebSocket; it is asked for one after four ninths of this time.
    /// Default 45 s.
    pub silence: Duration,
    /// From the moment the server retires to the moment its sessions are closed, however many rooms are left. Zero: at
    /// once. Default 8 hours, a room's life.
    pub retirement: Duration,
    /// From the moment sessions are closed to the end, however many are left. Default 10 s.
    pub drain: Duration,
    /// For a page whose connection broke to come back. Default [`proto::limits::RESUME_WINDOW_MS`].
    pub resume: Duration,
    /// From the moment the last session of a room is over to the end of the room. Default 10 minutes.
    pub room_idle: Duration,
    /// From a room's beginning, or from the last time somebody kept it open, to its end. Default 8 hours.
    pub room_life: Duration,
    /// Notice given before a room's end. Default 5 minutes.
    pub room_notice: Duration,
    /// From something that happens in a room to its being written, where nothing else is to be written. Default 30 s.
    pub written: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            body: Duration::from_millis(limits::BODY_MS),
            stall: Duration::from_secs(30),
            silence: Duration::from_secs(45),
            retirement: Duration::from_secs(8 * 60 * 60),
            drain: Duration::from_secs(10),
            resume: Duration::from_millis(limits::RESUME_WINDOW_MS),
            room_idle: Duration::from_secs(10 * 60),
            room_life: Duration::from_secs(8 * 60 * 60),
            room_notice: Duration::from_secs(5 * 60),
            written: Duration::from_secs(30),
        }
    }
}
