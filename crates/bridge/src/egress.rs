//! The way out: the only code that connects to an address outside the rooms.
//!
//! One policy in one order, closed at every step: read the host, refuse special names, ask the operator's mode,
//! look the name up, refuse the whole answer if any address of it is not public, dial only what was answered,
//! and look at the peer before anybody uses the connection. A program's text never reaches the C library's
//! resolver, and nothing but [`Permitted`], which only [`Egress::judge`] makes, can be dialled.
//!
//! It knows rooms as opaque names, and neither sessions nor the wire: names and addresses of a room's own
//! network must not come here.

mod budget;
mod decision;
mod dial;
mod dns;
pub(crate) mod filter;
mod grant;
pub mod host;
pub mod limits;
mod nat64;
mod observed;
mod own;
pub mod policy;
mod resolver;
mod room;
pub mod rule;
pub mod rules;
pub mod table;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use proto::call::{CallError, Family, ResolveError};

pub use self::budget::Budget;
pub use self::decision::{Decision, Step};
pub use self::dial::{Outbound, Pending, Permitted, Progress, Watch};
pub use self::observed::Observed;
pub use self::own::Own;
pub use self::policy::{Mode, Target, TargetError};
pub use self::resolver::NameServers;
pub use self::room::RoomEgress;

use self::host::{Host, Name};
use self::resolver::Failure;
use self::rule::Rule;

/// What the operator decides.
#[derive(Clone, Debug, Default)]
pub struct EgressConfig {
    /// How much of the outside rooms reach.
    pub mode: Mode,
    /// Which name servers are asked.
    pub name_servers: NameServers,
    /// This server's own addresses, and ranges refused besides the table.
    pub own: Own,
}

/// The outbound policy at work.
#[derive(Debug)]
pub struct Egress {
    config: EgressConfig,
    grants: grant::Grants,
    budgets: Arc<budget::Budgets>,
    records: decision::Records,
    nat64: nat64::Nat64,
}

/// A refusal, with what the log may know and the room may not.
struct Refusal {
    error: CallError,
    inside: Option<(IpAddr, Rule)>,
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        Self { error, inside: None }
    }
}

impl Egress {
    /// The policy as configured.
    pub fn new(config: EgressConfig) -> Self {
        Self {
            config,
            grants: grant::Grants::default(),
            budgets: Arc::default(),
            records: decision::Records::default(),
            nat64: nat64::Nat64::default(),
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> &EgressConfig {
        &self.config
    }

    /// Outbound connections now open and lookups under way, for `/metrics`.
    pub fn in_use(&self) -> (usize, usize) {
        self.budgets.in_use()
    }

    /// Withdraws the room's grants and forgets its budget: when the room ends.
    pub fn forget(&self, room: &str) {
        self.grants.forget(room);
        self.budgets.forget(room);
        self.records.forget(room);
    }

    /// The network that the room was made from: budgets for one network are its rooms' together. A room that was made
    /// from no network in particular (this machine itself) has its own alone.
    pub fn made_by(&self, room: &str, network: Option<IpAddr>) {
        if let Some(network) = network {
            self.budgets.made_by(room, network);
        }
    }

    /// Looks up a name outside the room and grants the room its addresses for [`limits::GRANT`]. Port 0 stands
    /// for "none named". IPv4 addresses come first.
    ///
    /// # Errors
    /// `Policy` with the rule, `Limit`, or `Resolve` with what the name servers said.
    pub async fn resolve(
        &self,
        room: &str,
        name: &str,
        port: u16,
        family: Option<Family>,
    ) -> Result<Vec<IpAddr>, CallError> {
        let result = self.look_up(room, name, port, family).await;
        let inside = result.as_ref().err().and_then(|refusal| refusal.inside);
        let rule = match (&result, inside) {
            (_, Some((_, rule))) => rule.name.to_owned(),
            (Ok(_), None) => self.config.mode.name().to_owned(),
            (Err(refusal), None) => decision::rule_of(&refusal.error),
        };
        let address = match &result {
            Ok(addresses) => addresses.first().copied(),
            Err(_) => inside.map(|(address, _)| address),
        };
        let (name, allowed) = (&rule::bounded(name), result.is_ok());
        let decision = Decision { room, step: Step::Resolve, name, address, port, rule: &rule, allowed };
        self.records.log(&decision);
        result.map_err(|refusal| refusal.error)
    }

    async fn look_up(
        &self,
        room: &str,
        name: &str,
        port: u16,
        family: Option<Family>,
    ) -> Result<Vec<IpAddr>, Refusal> {
        let name = match host::parse(name).map_err(|rule| rule.refuse(name))? {
            Host::Address(address) => return Ok(self.literal(address, family)?),
            Host::Name(name) => name,
        };
        let ports = self.ports(&name, port)?;
        let _lookup = self.budgets.lookup(room, Instant::now())?;
        let servers = self.config.name_servers.addresses();
        let (answer, ()) = tokio::join!(resolver::lookup(&servers, &name), self.nat64.find(&servers));
        let answer = answer.map_err(|failure| match failure {
            Failure::Resolve(error) => CallError::Resolve(error),
            Failure::Rule(rule) => rule.refuse(&name),
        })?;
        let addresses = self.public(&name, answer, &servers)?;
        self.grants.add(room, &name, &addresses, &ports, Instant::now())?;
        Ok(of_family(addresses, family)?)
    }

    /// Steps 3 and 4: the ports on which the name may be reached.
    fn ports(&self, name: &Name, port: u16) -> Result<Vec<u16>, CallError> {
        self.refuse_if_off(name)?;
        if let Some(rule) = table::refused_name(name) {
            return Err(rule.refuse(name));
        }
        let value = || if port == 0 { name.to_string() } else { format!("{name}:{port}") };
        let mut ports = self.config.mode.ports(name, port).map_err(|rule| rule.refuse(value()))?;
        ports.retain(|&port| self.refused_port(port).is_none());
        if ports.is_empty() || port != 0 && !ports.contains(&port) {
            return Err(rule::REFUSED_PORT.refuse(value()));
        }
        Ok(ports)
    }

    /// All of an answer is public, or none of it is used.
    fn public(
        &self,
        name: &Name,
        answer: Vec<IpAddr>,
        servers: &[SocketAddr],
    ) -> Result<Vec<IpAddr>, Refusal> {
        let mut addresses = Vec::with_capacity(answer.len());
        for address in answer {
            match self.refused_address(address, servers) {
                None => addresses.push(address),
                // Not refused, only not known to be public: the rest of the answer stands.
                Some(rule) if rule == rule::NAT64_UNKNOWN => {}
                Some(rule) => {
                    let error = rule::NON_PUBLIC_ANSWER.refuse(name);
                    return Err(Refusal { error, inside: Some((address, rule)) });
                }
            }
        }
        if addresses.is_empty() {
            return Err(rule::NAT64_UNKNOWN.refuse(name).into());
        }
        Ok(addresses)
    }

    /// A literal needs no lookup; whether it may be dialled is judged when it is.
    fn literal(&self, address: IpAddr, family: Option<Family>) -> Result<Vec<IpAddr>, CallError> {
        self.refuse_if_off(address)?;
        if !self.config.mode.has_literal(address)
            && let Some(rule) = table::refused_address(address)
        {
            return Err(rule.refuse(address));
        }
        of_family(vec![address], family)
    }

    /// Whether the room may dial the address now. A yes takes a place in the room's budget.
    ///
    /// # Errors
    /// `Policy` with the rule, or `Limit`.
    pub fn judge(&self, room: &str, address: SocketAddr) -> Result<Permitted, CallError> {
        let result = self.permit(room, policy::canonical(address));
        let (name, rule) = match &result {
            Ok(permitted) => (permitted.name.as_str(), self.config.mode.name().to_owned()),
            Err(error) => ("", decision::rule_of(error)),
        };
        let (ip, port, allowed) = (Some(address.ip()), address.port(), result.is_ok());
        let decision = Decision { room, step: Step::Connect, name, address: ip, port, rule: &rule, allowed };
        self.records.log(&decision);
        result
    }

    fn permit(&self, room: &str, address: SocketAddr) -> Result<Permitted, CallError> {
        self.refuse_if_off(address)?;
        let refuse = |rule: Rule| Err(rule.refuse(address));
        if let Some(rule) = self.refused_port(address.port()) {
            return refuse(rule);
        }
        let servers = self.config.name_servers.addresses();
        let now = Instant::now();
        let permitted =
            |name, literal, budget| Permitted { room: room.to_owned(), name, address, literal, budget };
        if self.config.mode.is_literal(address) {
            return match self.config.own.refused_literal(address, &servers) {
                Some(rule) => refuse(rule),
                None => Ok(permitted(String::new(), true, Budget::unlimited(now))),
            };
        }
        if let Some(rule) = self.refused_address(address.ip(), &servers) {
            return refuse(rule);
        }
        let name = match self.grants.find(room, address, now) {
            Some(name) => name.to_string(),
            None if self.config.mode.permits_unresolved(address.port()) => String::new(),
            None if self.config.mode == Mode::Open => return refuse(rule::OPEN_PORTS),
            None => return refuse(rule::NO_GRANT),
        };
        Ok(permitted(name, false, self.budgets.connection(room, now)?))
    }

    fn refuse_if_off(&self, value: impl std::fmt::Display) -> Result<(), CallError> {
        if self.config.mode == Mode::Off {
            return Err(rule::OUTBOUND_OFF.refuse(value));
        }
        Ok(())
    }

    fn refused_port(&self, port: u16) -> Option<Rule> {
        table::refused_port(port)
    }

    fn refused_address(&self, address: IpAddr, servers: &[SocketAddr]) -> Option<Rule> {
        let address = address.to_canonical();
        let translated = || match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => match self.nat64.covers(address) {
                None => Some(rule::NAT64_UNKNOWN),
                Some(true) => Some(table::NAT64),
                Some(false) => None,
            },
        };
        table::refused_address(address)
            .or_else(|| self.config.own.refused(address, servers))
            .or_else(translated)
    }

    /// The refusal of an address of IPv6, which machines do not have.
    pub(super) fn refuse_ipv6(&self, address: SocketAddr) -> CallError {
        self.refuse_if_off(address).err().unwrap_or_else(|| rule::IPV6_OFF.refuse(address))
    }

    /// Looks up where a name of this server's leads: these addresses are its own.
    pub async fn find_own(&self, name: &str) {
        let Ok(Host::Name(name)) = host::parse(name) else { return };
        let servers = self.config.name_servers.addresses();
        let found = resolver::lookup(&servers, &name).await.unwrap_or_default();
        found.into_iter().for_each(|address| self.config.own.observed.named(address));
    }

    /// Starts to connect, non-blocking: the socket can take its place at once, see [`Pending`].
    ///
    /// # Errors
    /// The kernel's errno.
    pub fn begin_connect(&self, permitted: Permitted) -> Result<Pending, CallError> {
        dial::begin(permitted)
    }

    /// Judges, connects and waits for the outcome. Dropping the future ends the attempt.
    ///
    /// # Errors
    /// `Policy` and `Limit` as [`Egress::judge`]; else the kernel's errno.
    pub async fn connect(&self, room: &str, address: SocketAddr) -> Result<Outbound, CallError> {
        let permitted = self.judge(room, address)?;
        self.begin_connect(permitted)?.wait().await
    }
}

fn of_family(addresses: Vec<IpAddr>, family: Option<Family>) -> Result<Vec<IpAddr>, CallError> {
    let fits = |address: &IpAddr| match family {
        None => true,
        Some(Family::Inet) => address.is_ipv4(),
        Some(Family::Inet6) => address.is_ipv6(),
        Some(Family::Unix) => false,
    };
    let addresses: Vec<_> = addresses.into_iter().filter(fits).collect();
    if addresses.is_empty() { Err(CallError::Resolve(ResolveError::NoData)) } else { Ok(addresses) }
}
