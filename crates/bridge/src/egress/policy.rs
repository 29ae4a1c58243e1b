//! Which names, addresses and ports the operator lets rooms reach.
//!
//! Knows nothing of address ranges or of what was resolved: a target that passes here still has to pass the
//! refuse table, except for a literal address and port that the operator spelled out.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::host::{self, Host, Name};
use super::rule::{NOT_LISTED, OPEN_PORTS, OUTBOUND_OFF, Rule};
use super::table;

/// The ports of [`Mode::Open`].
const WEB: [u16; 2] = [80, 443];

/// How much of the outside rooms reach. The operator's choice, shown on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Off,
    /// Exactly these.
    List(Vec<Target>),
    /// Every public address, on ports 80 and 443 only.
    Open,
}

impl Default for Mode {
    /// The tutorial's targets: `www.google.com:80` and `example.com:80`.
    fn default() -> Self {
        let target = |name| Target::Name { name: Name::known(name), port: 80 };
        Self::List(vec![target("www.google.com"), target("example.com")])
    }
}

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A name on a port: wherever it leads, as long as that is public.
    Name {
        /// The name.
        name: Name,
        /// The port.
        port: u16,
    },
    /// This very address and port, be it private or loopback: the operator spelled it out, knowing the network.
    /// For benchmarks and for a class's own server. Refused ports stay refused, and it has no budget.
    Literal(SocketAddr),
}

/// Why a `--allow` value is not a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// There is no `:port` with a number from 1 to 65535.
    #[error("`{0}` does not end in `:port`")]
    Port(String),
    /// The host is neither an address nor a public name.
    #[error("`{0}`: {1}")]
    Host(String, &'static str),
}

impl FromStr for Target {
    type Err = TargetError;

    /// Reads `name:port`, `1.2.3.4:port` or `[2001:db8::1]:port`.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        if let Ok(address) = text.parse::<SocketAddr>()
            && address.port() != 0
        {
            return Ok(Self::Literal(canonical(address)));
        }
        let missing = || TargetError::Port(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(missing)?;
        let port = port.parse().ok().filter(|&port| port != 0).ok_or_else(missing)?;
        let refused = |rule: Rule| TargetError::Host(host.to_owned(), rule.sentence);
        match host::parse(host).map_err(refused)? {
            Host::Name(name) => match table::refused_name(&name) {
                Some(rule) => Err(refused(rule)),
                None => Ok(Self::Name { name, port }),
            },
            Host::Address(_) => Err(missing()),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name { name, port } => write!(f, "{name}:{port}"),
            Self::Literal(address) => address.fmt(f),
        }
    }
}

/// IPv4-mapped addresses as the IPv4 addresses they reach; flow and scope are dropped.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

impl Mode {
    /// The ports on which a name may be reached: judged together with `port`, unless that is 0 (the caller
    /// named none, as gethostbyname(3)).
    pub(super) fn ports(&self, name: &Name, port: u16) -> Result<Vec<u16>, Rule> {
        let (ports, rule) = match self {
            Self::Off => return Err(OUTBOUND_OFF),
            Self::Open => (WEB.to_vec(), OPEN_PORTS),
            Self::List(targets) => (listed(targets, name), NOT_LISTED),
        };
        let permitted = if port == 0 { !ports.is_empty() } else { ports.contains(&port) };
        if permitted { Ok(ports) } else { Err(rule) }
    }

    /// Whether the operator spelled out this address and port.
    pub(super) fn is_literal(&self, address: SocketAddr) -> bool {
        matches!(self, Self::List(targets) if targets.contains(&Target::Literal(address)))
    }

    /// Whether the operator spelled out this address on some port.
    pub(super) fn has_literal(&self, address: IpAddr) -> bool {
        let Self::List(targets) = self else { return false };
        targets.iter().any(|target| matches!(target, Target::Literal(literal) if literal.ip() == address))
    }

    /// Whether any public address may be reached on this port, without having been resolved before.
    pub(super) fn permits_unresolved(&self, port: u16) -> bool {
        matches!(self, Self::Open) && WEB.contains(&port)
    }

    /// The mode's name: `off`, `list` or `open`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::List(_) => "list",
            Self::Open => "open",
        }
    }
}

fn listed(targets: &[Target], wanted: &Name) -> Vec<u16> {
    let port = |target: &Target| match target {
        Target::Name { name, port } if name == wanted => Some(*port),
        _ => None,
    };
    targets.iter().filter_map(port).collect()
}
