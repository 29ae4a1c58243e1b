//! The steps of making a machine, by which a failure is named.

use serde::{Deserialize, Serialize};

/// What the keeper was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Step {
    /// Starting the keeper's process.
    Spawn,
    /// Making a user namespace.
    UserNamespace,
    /// Mapping this user to root inside it.
    IdentityMap,
    /// Giving up privileges.
    Confine,
    /// Making a network namespace.
    NetworkNamespace,
    /// Entering a network namespace.
    EnterNamespace,
    /// Setting or reading a kernel setting of a host.
    Sysctl,
    /// Opening /dev/net/tun.
    TunDevice,
    /// Making a TUN.
    Tun,
    /// Switching on links.
    Links,
    /// Giving a host its address.
    Address,
    /// Switching segmentation offload off.
    Offloads,
    /// Capturing loopback.
    Capture,
    /// Listing sockets.
    SockDiag,
    /// Making a socket.
    Socket,
    /// Carrying a connection from one host to another.
    Traffic,
    /// Understanding a request.
    Request,
    /// Receiving descriptors.
    Receive,
}

impl Step {
    /// In words, after "while".
    pub fn words(self) -> &'static str {
        match self {
            Self::Spawn => "starting the keeper's process",
            Self::UserNamespace => "making a user namespace",
            Self::IdentityMap => "becoming root inside a user namespace",
            Self::Confine => "giving up privileges",
            Self::NetworkNamespace => "making a network namespace",
            Self::EnterNamespace => "entering a network namespace",
            Self::Sysctl => "changing a host's kernel settings under /proc/sys/net",
            Self::TunDevice => "opening /dev/net/tun",
            Self::Tun => "making a TUN device",
            Self::Links => "switching a host's network devices on",
            Self::Address => "giving a host its address",
            Self::Offloads => "switching segmentation offload off",
            Self::Capture => "capturing a host's loopback",
            Self::SockDiag => "listing a host's sockets",
            Self::Socket => "making a socket on a host",
            Self::Traffic => "carrying a connection from one host to another",
            Self::Request => "talking to the keeper",
            Self::Receive => "receiving descriptors from the keeper",
        }
    }
}
