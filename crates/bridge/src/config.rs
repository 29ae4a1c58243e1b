//! What an operator can set, with the defaults.
//!
//! Values only: nothing here reads flags, files or the environment.

use std::{future::Future, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio_rustls::rustls::ServerConfig;

use crate::{http::assets::Assets, kernel_memory::KernelMemory};

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
    /// Sessions of this server. Default 1000.
    pub sessions: u32,
    /// Rooms of this server. Default 1000.
    pub rooms: u32,
    /// Sessions of one address (IPv6: one /64); often a whole school. Default 128.
    pub address_sessions: u32,
    /// Rooms made by one address (IPv6: one /64). Default 64.
    pub address_rooms: u32,
    /// New sessions a minute of one address. What comes faster waits and is not refused. Default 240.
    pub address_session_rate: u32,
    /// Bytes that are kept for visitors in all, about. Beyond four fifths of it there are no new rooms, beyond nine tenths
    /// no recordings of packets are sent, beyond 95 percent old history goes. Default 4 GiB.
    pub memory: u64,
    /// Bytes that the histories of all rooms take together, about: beyond it each room's becomes shorter. Default 1.5 GiB.
    pub history: u64,
    /// Descriptors of this process up to which rooms may open more: those beyond are the page's. Never more than three
    /// quarters of what there are, the default.
    pub descriptors: u32,
    /// Descriptors of all rooms made from one address (IPv6: one /64); a socket counts twice. Never more than half of what
    /// rooms may have, the default.
    pub address_descriptors: u32,
    /// Bytes that the kernel's buffers of all rooms' sockets may come to hold. Never more than three fifths of the kernel's
    /// pressure mark for TCP where [`Config::kernel`] knows it, the default.
    pub socket_memory: u64,
    /// The same of all rooms made from one address (IPv6: one /64). Never more than half of that, the default.
    pub address_socket_memory: u64,
    /// TCP connections to the page. Default 4096; never more than a quarter of the descriptors this process may have.
    pub connections: u32,
    /// TCP connections of one address (IPv6: one /64). Default 512.
    pub address_connections: u32,
    /// Recordings of packets (`/pcap`) that are sent at once. Default 64.
    pub downloads: u32,
    /// The same of one address (IPv6: one /64). Default 8.
    pub address_downloads: u32,
    /// Bytes of a request's head. Default 16 KiB.
    pub head_bytes: usize,
    /// Bytes of a request's body. Default 64 KiB.
    pub body_bytes: usize,
    /// Bytes of packets a second between the machines of one room, 0 for as many as come. What comes faster is
    /// delayed, never refused. Default 8 MiB.
    pub room_bytes: u64,
    /// Whether loopback is exempt from the limits of one address. Default true; never with a name of the server's own or
    /// a proxy on this machine, and no more once a request came that somebody has forwarded.
    pub loopback_exempt: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 1000,
            rooms: 1000,
            address_sessions: 128,
            address_rooms: 64,
            address_session_rate: 240,
            memory: 4 << 30,
            history: 3 << 29,
            descriptors: u32::MAX,
            address_descriptors: u32::MAX,
            socket_memory: u64::MAX,
            address_socket_memory: u64::MAX,
            connections: 4096,
            address_connections: 512,
            downloads: 64,
            address_downloads: 8,
            head_bytes: 16 * 1024,
            body_bytes: 64 * 1024,
            room_bytes: lab::RoomLimits::default().bytes_per_second,
            loopback_exempt: true,
        }
    }
}

impl Limits {
    /// Name and value of each limit, for `/limits` and error messages.
    pub(crate) fn table(&self) -> [(&'static str, u64); 18] {
        [
            ("server-sessions", self.sessions.into()),
            ("server-rooms", self.rooms.into()),
            ("address-sessions", self.address_sessions.into()),
            ("address-rooms", self.address_rooms.into()),
            ("address-session-rate", self.address_session_rate.into()),
            ("server-memory", self.memory),
            ("server-history", self.history),
            ("server-descriptors", self.descriptors.into()),
            ("address-descriptors", self.address_descriptors.into()),
            ("server-socket-memory", self.socket_memory),
            ("address-socket-memory", self.address_socket_memory),
            ("server-downloads", self.downloads.into()),
            ("address-downloads", self.address_downloads.into()),
            ("server-connections", self.connections.into()),
            ("address-connections", self.address_connections.into()),
            ("head-bytes", self.head_bytes as u64),
            ("body-bytes", self.body_bytes as u64),
            ("room-bytes-per-second", self.room_bytes),
        ]
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
    /// From the shutdown to the end, however many sessions are left. Default 10 s.
    pub drain: Duration,
    /// For a page whose connection broke to come back. Default [`proto::limits::RESUME_WINDOW_MS`].
    pub resume: Duration,
    /// From the moment the last session of a room is over to the end of the room. Default 10 minutes.
    pub room_idle: Duration,
    /// From a room's beginning, or from the last time somebody kept it open, to its end. Default 8 hours.
    pub room_life: Duration,
    /// Notice given before a room's end. Default 5 minutes.
    pub room_notice: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            body: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            silence: Duration::from_secs(45),
            drain: Duration::from_secs(10),
            resume: Duration::from_millis(proto::limits::RESUME_WINDOW_MS),
            room_idle: Duration::from_secs(10 * 60),
            room_life: Duration::from_secs(8 * 60 * 60),
            room_notice: Duration::from_secs(5 * 60),
        }
    }
}
