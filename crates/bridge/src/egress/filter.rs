//! Whether the kernel itself keeps this process from networks that no room may reach, as by `deploy/egress.nft`. Its rules
//! cannot be read without privileges, but they can be met: a datagram that a rule refuses on its way out is EPERM.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
};

/// A cloud's metadata, and an address that is nobody's (RFC 7600), on the port where everything is discarded: what no rule
/// refuses is an empty datagram that does nothing.
const PROBES: [Ipv4Addr; 2] = [Ipv4Addr::new(169, 254, 169, 254), Ipv4Addr::new(192, 0, 0, 8)];
const DISCARD: u16 = 9;

/// Whether it does, for both.
pub(crate) fn is_there() -> bool {
    PROBES.into_iter().all(|address| refuses(address.into()).unwrap_or(false))
}

fn refuses(address: IpAddr) -> io::Result<bool> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    match socket.send_to(&[], SocketAddr::new(address, DISCARD)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(true),
        Err(error) => Err(error),
        Ok(_) => Ok(false),
    }
}
