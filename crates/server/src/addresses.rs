//! Which addresses to type into a browser, given the one the page is bound to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Every address under which a listener bound to `bound` can be reached from this machine's networks, the one to use
/// here first. More than one only where it is bound to all addresses (`0.0.0.0`, `::`).
#[must_use]
pub fn reachable(bound: SocketAddr) -> Vec<SocketAddr> {
    if !bound.ip().is_unspecified() {
        return vec![bound];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    select(bound, interfaces.into_iter().map(|interface| interface.ip()))
}

/// Of the machine's own addresses those that a browser can use. A listener on `::` takes IPv4 too; link-local IPv6
/// addresses need a zone, which no URL has.
fn select(bound: SocketAddr, own: impl Iterator<Item = IpAddr>) -> Vec<SocketAddr> {
    let mut addresses: Vec<IpAddr> = own
        .filter(|address| match address {
            IpAddr::V4(_) => true,
            IpAddr::V6(address) => bound.is_ipv6() && !address.is_unicast_link_local(),
        })
        .collect();
    addresses.push(Ipv4Addr::LOCALHOST.into());
    // Loopback first: there the page is a secure context, and Python is at its best. Then IPv4, which is easier to type.
    addresses
        .sort_by_key(|address| (address.to_canonical() != Ipv4Addr::LOCALHOST, address.is_ipv6(), *address));
    addresses.dedup();
    addresses.into_iter().map(|address| SocketAddr::new(address, bound.port())).collect()
}

/// A name of the operator's (`lab.example`, `lab.example:8443`) as it stands in a URL, where the page listens on `port`.
#[must_use]
pub fn with_port(name: &str, port: u16) -> String {
    let has_one = name.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_one { name.to_owned() } else { format!("{name}:{port}") }
}

/// Whether a browser treats plain HTTP from this address as secure, which shared memory (and with it Python at full
/// speed), the clipboard and cryptography need.
#[must_use]
pub fn is_secure(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(bound: &str, own: &[&str]) -> Vec<String> {
        let own = own.iter().map(|address| address.parse().unwrap());
        select(bound.parse().unwrap(), own).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn loopback_comes_first_and_once() {
        let own = ["192.168.1.5", "127.0.0.1", "::1", "fe80::1", "2001:db8::5"];
        assert_eq!(selected("0.0.0.0:8080", &own), ["127.0.0.1:8080", "192.168.1.5:8080"]);
        assert_eq!(
            selected("[::]:80", &own),
            ["127.0.0.1:80", "192.168.1.5:80", "[::1]:80", "[2001:db8::5]:80"]
        );
    }

    #[test]
    fn one_address_is_itself() {
        let bound = "127.0.0.2:4000".parse().unwrap();
        assert_eq!(reachable(bound), [bound]);
    }

    #[test]
    fn names_get_the_port_they_lack() {
        assert_eq!(with_port("lab.example", 8443), "lab.example:8443");
        assert_eq!(with_port("lab.example:443", 8443), "lab.example:443");
        assert_eq!(with_port("[2001:db8::5]", 80), "[2001:db8::5]:80");
    }

    #[test]
    fn only_loopback_is_secure() {
        assert!(is_secure("127.0.0.1:1".parse().unwrap()));
        assert!(is_secure("[::1]:1".parse().unwrap()));
        assert!(!is_secure("192.168.1.5:1".parse().unwrap()));
    }
}
