//! What is known about the sockets around a call: why a port is taken, whether a queue is full. It only makes
//! sentences more exact; without it they are general.

use std::net::{IpAddr, SocketAddr};

use proto::address::Address;
use serde::Deserialize;
use tsify::Tsify;

/// A machine and its sockets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its address on the wire.
    pub address: String,
    /// Whether it is the console's own.
    #[serde(default)]
    pub own: bool,
    /// Whether it has the ready-made servers, and nobody works on it.
    #[serde(default)]
    pub ready_made: bool,
    /// Whether the wire is held: nothing that is sent comes there, so that its queues explain no wait.
    #[serde(default)]
    pub held: bool,
    /// Its sockets.
    #[serde(default)]
    pub sockets: Vec<KnownSocket>,
}

/// A socket as last heard of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct KnownSocket {
    /// State in RFC capitals.
    pub state: String,
    /// Local address.
    pub local: String,
    /// The program that owns it.
    #[serde(default)]
    pub program: Option<String>,
    /// For a listener, connections waiting to be accepted.
    #[serde(default)]
    pub unread: Option<u32>,
    /// For a listener, the backlog.
    #[serde(default)]
    pub unacknowledged: Option<u32>,
    /// Milliseconds its timer has left.
    #[serde(default)]
    pub timer_left_ms: Option<u64>,
}

impl KnownSocket {
    fn has_port(&self, port: u16) -> bool {
        self.port() == Some(port)
    }

    /// Its port.
    pub fn port(&self) -> Option<u16> {
        self.local.rsplit_once(':')?.1.parse().ok()
    }

    /// Its address; that of every address is unspecified.
    pub fn ip(&self) -> Option<IpAddr> {
        self.local.parse::<SocketAddr>().ok().map(|address| address.ip())
    }
}

/// All machines of the room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct RoomSockets(pub Vec<Machine>);

impl RoomSockets {
    /// The listener's queue at an address, if it is full: connections in it and places. Linux keeps one more than the
    /// backlog.
    pub fn full_queue(&self, address: &Address) -> Option<(u32, u32)> {
        let address = address.inet()?;
        let ip = address.ip().to_string();
        let machine = self.0.iter().find(|machine| machine.address == ip && !machine.held)?;
        let listener =
            machine.sockets.iter().find(|seen| seen.state == "LISTEN" && seen.has_port(address.port()))?;
        let (queued, places) = (listener.unread?, listener.unacknowledged?.saturating_add(1));
        (queued >= places).then_some((queued, places))
    }

    /// The machine that a call to this address comes to.
    pub fn machine_at(&self, ip: IpAddr) -> Option<&Machine> {
        if ip.is_loopback() || ip.is_unspecified() {
            return self.0.iter().find(|machine| machine.own);
        }
        let ip = ip.to_string();
        self.0.iter().find(|machine| machine.address == ip)
    }

    /// What listens on this port of the console's own machine.
    pub fn own_listener(&self, port: u16) -> Option<&KnownSocket> {
        self.own().find(|seen| seen.state == "LISTEN" && seen.has_port(port))
    }

    /// Seconds until the last old connection on this port of the console's own machine is forgotten.
    pub fn time_wait_left(&self, port: u16) -> Option<u64> {
        let resting = self.own().filter(|seen| seen.state == "TIME_WAIT" && seen.has_port(port));
        resting.map(|seen| seen.timer_left_ms.unwrap_or(60_000).div_ceil(1000)).max()
    }

    fn own(&self) -> impl Iterator<Item = &KnownSocket> {
        self.0.iter().filter(|machine| machine.own).flat_map(|machine| &machine.sockets)
    }
}
