//! The command line.

use std::{
    convert::Infallible, ffi::OsString, fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration,
};

use anyhow::{Result, bail};
use bridge::{Deadlines, Outbound, WhenFull, egress::Target};
use clap::{Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use server::{Class, Config, KeptIn, SharedPlace, tls};

use crate::memory;

/// Most seats of a class.
const SEATS: i64 = bridge::FirstClass::MOST as i64;

/// Real TCP sockets in a web page, for learning.
///
/// Serves the page, and the tutorial's server on a port of its own. Prints the addresses of both and runs until it is
/// told to stop (Ctrl-C; twice: at once).
#[derive(Debug, Parser)]
#[command(name = "wireside", version)]
pub(crate) struct Flags {
    /// Where to serve the page; port 0 takes a free one, 0.0.0.0 all addresses of this machine
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Where the tutorial's server listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:12345")]
    tutorial: SocketAddr,

    /// Where rooms may connect outside: nowhere, to the tutorial's two targets and those of --allow, or to any public
    /// address (ports 80 and 443)
    #[arg(long, value_enum, default_value_t = Reach::List)]
    outbound: Reach,

    /// One more target outside, with --outbound list; may be given several times
    #[arg(long, value_name = "NAME:PORT")]
    allow: Vec<String>,

    /// Addresses that rooms never reach, besides private and reserved ones and this machine's own: behind a NAT its public
    /// address, your other servers; may be given several times
    #[arg(long, value_name = "ADDRESS[/BITS]", value_parser = network)]
    refuse: Vec<IpNet>,

    /// Name under which the page is reached besides loopback and this machine's addresses; may be given several times
    #[arg(long, value_name = "NAME[:PORT]")]
    host_name: Vec<String>,

    /// Serve the page by HTTPS with this certificate (PEM, with its chain); goes with --tls-key
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Serve the page by HTTPS with a certificate made at start, for localhost, this machine's addresses and --host-name.
    /// Each visitor's browser warns once
    #[arg(long, value_enum, conflicts_with = "tls_cert")]
    tls: Option<OwnTls>,

    /// Web origin of somebody else whose pages may use the client, as https://blog.example; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    origin: Vec<String>,

    /// Web origin whose pages may show recordings and lessons of this server in a frame, as https://course.example, or
    /// none; may be given several times. Default: all
    #[arg(long, value_name = "ORIGIN")]
    embed: Vec<String>,

    /// Proxy whose X-Forwarded-For is believed; may be given several times
    #[arg(long, value_name = "ADDRESS[/BITS]", value_parser = network)]
    trusted_proxy: Vec<IpNet>,

    /// Who may read version and counts (/metrics, all of /health) besides this machine's own people; may be given several
    /// times. Behind a proxy on this machine, or with --host-name, loopback is named like any other
    #[arg(long, value_name = "ADDRESS[/BITS]", value_parser = network)]
    metrics_from: Vec<IpNet>,

    /// Name of this node, the first part of every room's address: 1 to 16 characters of a-z and 0-9
    #[arg(long, value_name = "NAME", default_value = "a")]
    node: String,

    /// Where a load balancer asks how much more this server takes: to each connection one line, `ready 63%` (of all rooms
    /// there may be, free) or `drain`
    #[arg(long, value_name = "ADDRESS:PORT")]
    agent: Option<SocketAddr>,

    /// Seconds that rooms live on after the first SIGTERM, while nobody can make new ones; then, or with the last room, the
    /// server ends. 0: sessions are closed at once, as a second SIGTERM or Ctrl-C does
    #[arg(long, value_name = "SECONDS", default_value_t = 28_800)]
    drain_limit: u32,

    /// Where new rooms are made after the first SIGTERM, as https://lab2.example/: whoever wants one here is told so
    #[arg(long, value_name = "URL", value_parser = web_address)]
    next: Option<String>,

    /// Folder of lessons of your own (.md, and .py beside them); one with the id of a shipped lesson takes its place
    #[arg(long, value_name = "FOLDER")]
    lessons: Option<PathBuf>,

    /// Seconds from the moment the last page leaves a room to the end of the room; a page whose connection broke may
    /// come back within a minute, or within this time if it is shorter
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    room_idle: u32,

    /// Seconds without a sign of life after which a page's connection is given up; one that takes nothing is given up
    /// after two thirds of them. The page may come back
    #[arg(long, value_name = "SECONDS", default_value_t = 45, value_parser = clap::value_parser!(u32).range(3..=3600))]
    silence: u32,

    /// Mebibytes that are kept for visitors in all, about: beyond four fifths there are no new rooms, then no recordings of
    /// packets are sent, then old history goes. Default: three quarters of what this machine, or this control group, has
    #[arg(long, value_name = "MEBIBYTES", value_parser = clap::value_parser!(u32).range(16..))]
    memory: Option<u32>,

    /// Mebibytes of the kernel's memory for TCP that sockets of rooms may come to hold. Default, and most: three fifths of
    /// what the kernel has before it begins to save (the second of net.ipv4.tcp_mem)
    #[arg(long, value_name = "MEBIBYTES", value_parser = clap::value_parser!(u32).range(1..))]
    socket_memory: Option<u32>,

    /// Folder for what this server keeps: recordings that people share by link. Default: wireside in $XDG_STATE_HOME, which
    /// is usually ~/.local/state
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// Keep recordings in this bucket instead, for several servers; needs --database. Endpoint and credentials come from the
    /// environment: AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
    #[arg(long, value_name = "s3://BUCKET[/PREFIX]", requires = "database", conflicts_with = "data")]
    store: Option<String>,

    /// PostgreSQL database that says what is in --store. The password may come in PGPASSWORD or PGPASSFILE, where nobody sees
    /// it in a list of processes
    #[arg(long, value_name = "postgres://USER@HOST/NAME", requires = "store")]
    database: Option<Database>,

    /// Whether recordings can be kept
    #[arg(long, value_enum, default_value_t = Shares::On)]
    shares: Shares,

    /// Mebibytes that all kept recordings may take on the disk
    #[arg(long, value_name = "MEBIBYTES", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    shares_size: u32,

    /// What to do when one more recording is to be kept and there is no room for it
    #[arg(long, value_enum, default_value_t = SharesFull::Refuse)]
    shares_full: SharesFull,

    /// Seconds from something that happens in a room to its being written for those who come after its end: for tests,
    /// which would wait long otherwise
    #[arg(long, hide = true, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    written: u32,

    /// Begin with a class of so many seats (30 where none is said), and print a link for its pupils and one for its teacher
    #[arg(long, value_name = "SEATS", num_args = 0..=1, default_missing_value = "30",
        value_parser = clap::value_parser!(u16).range(1..=SEATS))]
    class: Option<u16>,

    /// The lesson of that class, by its id
    #[arg(long, value_name = "LESSON", requires = "class")]
    class_lesson: Option<String>,

    /// Who may make further classes, on the page
    #[arg(long, value_enum, default_value_t = Classes::Own)]
    classes: Classes,

    /// What to do instead of serving
    #[command(subcommand)]
    pub(crate) instead: Option<Instead>,

    /// How to write the log, on standard error; RUST_LOG says how much (default: info)
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub(crate) log: Form,
}

/// What this program does besides serving.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Instead {
    /// Makes the calls of a recording anew, in a fresh room of real machines, and says whether the same happened. Ends with
    /// 0 where it did, with 1 where it did not, and says where; with 2 where it could not be done
    Replay {
        /// The recording, as `/s/ID/events` gives it (docs/share-format.md); - is standard input
        file: PathBuf,
    },
}

/// The address of a database, never written out: a password may be in it.
#[derive(Clone)]
struct Database(String);

impl FromStr for Database {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database")
    }
}

/// Where rooms may connect outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Reach {
    /// Nowhere.
    Off,
    /// To listed targets.
    List,
    /// To any public address.
    Open,
}

/// Whether recordings can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shares {
    /// By the owners of rooms, in a folder of this server's.
    On,
    /// By nobody.
    Off,
}

/// What to do when there is no room for one more recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SharesFull {
    /// It is not kept.
    Refuse,
    /// Those that nobody has read for longest are deleted, as many as it takes.
    EvictOldest,
}

/// Who may make classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Classes {
    /// Whoever comes from this machine.
    Own,
    /// Everybody: the limits of one address do not hold for the rooms of a class.
    All,
}

/// Certificates that need no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OwnTls {
    /// One that nobody vouches for.
    SelfSigned,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Form {
    /// Lines to read.
    Text,
    /// One JSON object a line.
    Json,
}

impl Flags {
    /// The settings these flags stand for.
    ///
    /// # Errors
    /// Flags that contradict each other, a target that is none, or a certificate that cannot be used.
    pub(crate) fn into_config(self) -> Result<Config> {
        let usual = Deadlines::default();
        let room_idle = Duration::from_secs(self.room_idle.into());
        let silence = Duration::from_secs(self.silence.into());
        let deadlines = Deadlines {
            room_idle,
            resume: usual.resume.min(room_idle),
            silence,
            stall: silence * 2 / 3,
            written: Duration::from_secs(self.written.into()),
            retirement: Duration::from_secs(self.drain_limit.into()),
            ..usual
        };
        let tls = match (self.tls, self.tls_cert.zip(self.tls_key)) {
            (Some(OwnTls::SelfSigned), _) => Some(tls::self_signed(self.listen, &self.host_name)?),
            (None, Some((certificate, key))) => Some(tls::from_files(&certificate, &key)?),
            (None, None) => None,
        };
        Ok(Config {
            listen: self.listen,
            tutorial: self.tutorial,
            agent: self.agent,
            lessons: self.lessons,
            kept: match self.store.zip(self.database) {
                Some((store, Database(database))) if self.shares == Shares::On => {
                    KeptIn::Shared(SharedPlace { store, database })
                }
                _ => kept_in(self.shares, self.data, |name| std::env::var_os(name)),
            },
            when_full: match self.shares_full {
                SharesFull::Refuse => WhenFull::Refuse,
                SharesFull::EvictOldest => WhenFull::EvictOldest,
            },
            class: self.class.map(|seats| Class { seats: seats.into(), lesson: self.class_lesson }),
            bridge: bridge::Config {
                outbound: outbound(self.outbound, self.allow)?,
                refused: self.refuse,
                node: self.node,
                host_names: self.host_name,
                origins: self.origin,
                embed: self.embed,
                tls,
                trusted_proxies: self.trusted_proxy,
                metrics_from: self.metrics_from,
                classes: self.classes == Classes::All,
                next: self.next,
                deadlines,
                limits: limits(self.memory, self.socket_memory, self.shares_size),
                ..bridge::Config::default()
            },
        })
    }
}

/// Where recordings are kept, by the flags and the environment (XDG base directories).
fn kept_in(shares: Shares, data: Option<PathBuf>, variable: impl Fn(&str) -> Option<OsString>) -> KeptIn {
    // What is relative there is to be ignored, says the specification.
    let folder = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = || folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
    match shares {
        Shares::Off => KeptIn::Nowhere,
        Shares::On => data.or_else(|| Some(state()?.join("wireside"))).map_or(KeptIn::NoHome, KeptIn::Folder),
    }
}

fn limits(memory: Option<u32>, socket_memory: Option<u32>, shares_size: u32) -> bridge::Limits {
    let usual = bridge::Limits::default();
    let bytes = |mebibytes: u32| u64::from(mebibytes) << 20;
    bridge::Limits {
        memory: memory.map(bytes).or_else(memory::default).unwrap_or(usual.memory),
        socket_memory: socket_memory.map_or(usual.socket_memory, bytes),
        shelf: bytes(shares_size),
        ..usual
    }
}

fn outbound(reach: Reach, allowed: Vec<String>) -> Result<Outbound> {
    if reach != Reach::List && !allowed.is_empty() {
        bail!("--allow extends a list: it goes with --outbound list");
    }
    // By the policy itself: what it would leave out later, nobody should believe to be allowed.
    for target in &allowed {
        if let Err(error) = target.parse::<Target>() {
            bail!(
                "--allow {target:?}: {error}; a target is a public name or an address, and a port, as example.com:80"
            );
        }
    }
    Ok(match (reach, Outbound::default()) {
        (Reach::Off, _) => Outbound::Off,
        (Reach::Open, _) => Outbound::Open,
        (Reach::List, Outbound::List(mut targets)) => {
            targets.extend(allowed);
            Outbound::List(targets)
        }
        (Reach::List, _) => Outbound::List(allowed),
    })
}

/// An address of a web page, in letters that need no care wherever it is written.
fn web_address(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&byte);
    match rest {
        Some(rest) if (1..=200).contains(&rest.len()) && rest.bytes().all(plain) => Ok(text.to_owned()),
        _ => Err("expected an address as https://lab2.example/".to_owned()),
    }
}

/// A network, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    network.map_err(|_| "expected an address or a network, as 10.0.0.7 or 10.0.0.0/24".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(arguments: &[&str]) -> Result<Config> {
        Flags::try_parse_from([&["wireside"], arguments].concat())?.into_config()
    }

    #[test]
    fn flags_are_consistent() {
        Flags::command().debug_assert();
    }

    #[test]
    fn defaults_are_the_library_s() {
        let (config, default) = (parse(&[]).unwrap(), Config::default());
        assert_eq!((config.listen, config.tutorial), (default.listen, default.tutorial));
        assert_eq!(config.bridge.outbound, Outbound::default());
        assert_eq!(config.bridge.node, default.bridge.node);
        assert_eq!(config.bridge.deadlines, default.bridge.deadlines);
    }

    #[test]
    fn targets_are_added_to_the_tutorial_s() {
        let config = parse(&["--allow", "lab.example:8080"]).unwrap();
        let Outbound::List(targets) = config.bridge.outbound else { panic!("a list") };
        assert_eq!(targets.len(), 3);
        assert_eq!(targets[2], "lab.example:8080");
        assert_eq!(parse(&["--outbound", "off"]).unwrap().bridge.outbound, Outbound::Off);
        assert_eq!(parse(&["--outbound", "open"]).unwrap().bridge.outbound, Outbound::Open);
    }

    #[test]
    fn recordings_are_kept_where_the_user_s_state_is() {
        let of = |home: Option<&str>, state: Option<&str>| {
            kept_in(Shares::On, None, |name| {
                if name == "HOME" { home.map(OsString::from) } else { state.map(OsString::from) }
            })
        };
        let folder = |path: &str| KeptIn::Folder(path.into());
        assert_eq!(of(Some("/home/ada"), None), folder("/home/ada/.local/state/wireside"));
        assert_eq!(of(Some("/home/ada"), Some("/var/state")), folder("/var/state/wireside"));
        assert_eq!(of(None, Some("relative")), KeptIn::NoHome);
        assert_eq!(kept_in(Shares::Off, None, |_| None), KeptIn::Nowhere);
        assert_eq!(parse(&["--data", "/srv/wireside"]).unwrap().kept, folder("/srv/wireside"));
        assert_eq!(parse(&["--shares", "off"]).unwrap().kept, KeptIn::Nowhere);
        assert_eq!(parse(&["--shares-size", "5"]).unwrap().bridge.limits.shelf, 5 << 20);
        assert_eq!(parse(&[]).unwrap().when_full, WhenFull::Refuse);
        assert_eq!(parse(&["--shares-full", "evict-oldest"]).unwrap().when_full, WhenFull::EvictOldest);
    }

    #[test]
    fn a_store_needs_a_database_and_the_password_is_written_nowhere() {
        let (store, database) = ("s3://bucket/lab", "postgres://ada:secret@db.example/lab");
        let config = parse(&["--store", store, "--database", database]).unwrap();
        let place = SharedPlace { store: store.to_owned(), database: database.to_owned() };
        assert_eq!(config.kept, KeptIn::Shared(place));
        assert!(!format!("{config:?}").contains("secret"));
        for arguments in [
            &["--store", store][..],
            &["--database", database],
            &["--store", store, "--database", database, "--data", "/srv"],
        ] {
            let said = parse(arguments).unwrap_err().to_string();
            assert!(!said.contains("secret"), "{said}");
        }
        let off = parse(&["--store", store, "--database", database, "--shares", "off"]).unwrap();
        assert_eq!(off.kept, KeptIn::Nowhere);
    }

    #[test]
    fn a_class_has_thirty_seats_where_nobody_says_how_many() {
        let class = |arguments: &[&str]| parse(arguments).unwrap().class;
        assert_eq!(class(&[]), None);
        assert_eq!(class(&["--class"]), Some(Class { seats: 30, lesson: None }));
        let named = Class { seats: 200, lesson: Some("by-hand".to_owned()) };
        assert_eq!(class(&["--class", "200", "--class-lesson", "by-hand"]), Some(named));
        assert!(!parse(&["--class"]).unwrap().bridge.classes, "only this machine's own people");
    }

    #[test]
    fn a_wrong_target_is_named() {
        let said = parse(&["--allow", "lab.example:80", "--allow", "exa mple:80"]).unwrap_err().to_string();
        assert!(said.contains("exa mple:80") && !said.contains("lab.example"), "{said}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for arguments in [
            &["--outbound", "off", "--allow", "a.example:1"][..],
            &["--outbound", "some"],
            &["--allow", "a.example"],
            &["--allow", "a.example:0"],
            &["--allow", ":80"],
            &["--allow", "a.example:65536"],
            &["--allow", "exa mple:80"],
            &["--allow", "localhost:80"],
            &["--allow", "0177.1:80"],
            &["--trusted-proxy", "a.example"],
            &["--listen", "8080"],
            &["--class", "0"],
            &["--class", "201"],
            &["--class-lesson", "two-scripts"],
            &["--tls", "mine"],
            &["--next", "lab2.example"],
            &["--next", "javascript:alert(1)"],
            &["--next", "https://lab2.example/\"><script>"],
            &["--tls-cert", "cert.pem"],
            &["--tls-key", "key.pem"],
            &["--tls", "self-signed", "--tls-cert", "cert.pem", "--tls-key", "key.pem"],
        ] {
            assert!(parse(arguments).is_err(), "{arguments:?}");
        }
    }
}
