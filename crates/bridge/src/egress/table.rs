//! The refuse table: address ranges, ports and names that nobody reaches from a room, whatever the mode.
//!
//! Ranges, not the predicates of `std`: those do not see through the IPv4 addresses that some IPv6 ranges embed.
//! The operator's own additions and this computer's addresses are not here; `own.rs` has them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::host::Name;
use super::rule::{REFUSED_PORT, Rule, SINGLE_LABEL, SPECIAL_NAME};

const fn v4(octets: [u8; 4], length: u8, rule: Rule) -> (Ipv4Net, Rule) {
    let [a, b, c, d] = octets;
    (Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length), rule)
}

const fn v6(segments: [u16; 8], length: u8, rule: Rule) -> (Ipv6Net, Rule) {
    let [a, b, c, d, e, f, g, h] = segments;
    (Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length), rule)
}

const THIS_NETWORK: Rule = Rule::new("this_network", "Addresses from 0 mean \"this computer, here\".");
const PRIVATE: Rule =
    Rule::new("private", "A private address: it means a different machine in every network.");
const SHARED: Rule = Rule::new("shared", "An address inside a provider's own network.");
const LOOPBACK: Rule = Rule::new("loopback", "A loopback address: the lab's own computer.");
const LINK_LOCAL: Rule = Rule::new("link_local", "An address that is valid on one cable only.");
const IETF: Rule = Rule::new("ietf_assignments", "A range set aside for protocols, not for machines.");
const DOCUMENTATION: Rule = Rule::new("documentation", "An address for examples in books; nobody has it.");
const AS112: Rule = Rule::new("as112", "An address of the servers that absorb misdirected name queries.");
const AMT: Rule = Rule::new("amt", "An address of relays for multicast.");
const ANYCAST_6TO4: Rule = Rule::new("6to4_anycast", "An address of old relays between IPv4 and IPv6.");
const BENCHMARKING: Rule = Rule::new("benchmarking", "A range for measuring equipment in a laboratory.");
const MULTICAST: Rule = Rule::new("multicast", "An address of a group, not of a machine.");
const RESERVED: Rule =
    Rule::new("reserved", "A reserved address; 255.255.255.255 is everybody on the cable.");
const CLOUD_AGENT: Rule = Rule::new("cloud_agent", "The address of a cloud's own agent on its machines.");
const UNSPECIFIED: Rule = Rule::new("unspecified", "The address that means \"no address\".");
const COMPATIBLE: Rule = Rule::new("ipv4_compatible", "An old way to write an IPv4 address in IPv6.");
const MAPPED: Rule = Rule::new("ipv4_mapped", "An IPv4 address written in IPv6.");
const SIIT: Rule = Rule::new("ipv4_translated", "An IPv4 address written in IPv6 by a translator.");
pub(super) const NAT64: Rule = Rule::new("nat64", "An IPv4 address as a translator writes it in IPv6.");
const DISCARD: Rule = Rule::new("discard", "A range whose packets are thrown away.");
const SRV6: Rule = Rule::new("srv6", "A range for routers to talk among themselves.");
const UNIQUE_LOCAL: Rule = Rule::new("unique_local", "A private IPv6 address.");
const SITE_LOCAL: Rule = Rule::new("site_local", "An old kind of private IPv6 address.");
const TEREDO: Rule = Rule::new("teredo", "An IPv6 address that hides an IPv4 address behind a tunnel.");
const ORCHID: Rule = Rule::new("orchid", "Not an address but a name in the form of one.");
const DRIP: Rule = Rule::new("drip", "The number of a drone in the form of an address.");
const SIX_TO_FOUR: Rule = Rule::new("6to4", "An IPv6 address that embeds an IPv4 address.");
const SIX_BONE: Rule = Rule::new("6bone", "A range of an experiment that ended.");
const NOT_GLOBAL: Rule = Rule::new("not_global_unicast", "Public IPv6 addresses begin with 2 or 3.");

/// First match wins.
const V4: &[(Ipv4Net, Rule)] = &[
    v4([0, 0, 0, 0], 8, THIS_NETWORK),
    v4([10, 0, 0, 0], 8, PRIVATE),
    v4([100, 64, 0, 0], 10, SHARED),
    v4([127, 0, 0, 0], 8, LOOPBACK),
    v4([169, 254, 0, 0], 16, LINK_LOCAL),
    v4([172, 16, 0, 0], 12, PRIVATE),
    v4([192, 0, 0, 0], 24, IETF),
    v4([192, 0, 2, 0], 24, DOCUMENTATION),
    v4([192, 31, 196, 0], 24, AS112),
    v4([192, 52, 193, 0], 24, AMT),
    v4([192, 88, 99, 0], 24, ANYCAST_6TO4),
    v4([192, 168, 0, 0], 16, PRIVATE),
    v4([192, 175, 48, 0], 24, AS112),
    v4([198, 18, 0, 0], 15, BENCHMARKING),
    v4([198, 51, 100, 0], 24, DOCUMENTATION),
    v4([203, 0, 113, 0], 24, DOCUMENTATION),
    v4([224, 0, 0, 0], 4, MULTICAST),
    v4([240, 0, 0, 0], 4, RESERVED),
    v4([168, 63, 129, 16], 32, CLOUD_AGENT),
];

/// Those outside 2000::/3 are here for their names only: [`NOT_GLOBAL`] would refuse them too.
const V6: &[(Ipv6Net, Rule)] = &[
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, UNSPECIFIED),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, LOOPBACK),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96, COMPATIBLE),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, MAPPED),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, SIIT),
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, NAT64),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, NAT64),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, DISCARD),
    v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64, DISCARD),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, SRV6),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, UNIQUE_LOCAL),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, LINK_LOCAL),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, SITE_LOCAL),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, MULTICAST),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, TEREDO),
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, BENCHMARKING),
    v6([0x2001, 3, 0, 0, 0, 0, 0, 0], 32, AMT),
    v6([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48, AS112),
    v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28, ORCHID),
    v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, ORCHID),
    v6([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28, DRIP),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, IETF),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, DOCUMENTATION),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, SIX_TO_FOUR),
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, AS112),
    v6([0x3ffe, 0, 0, 0, 0, 0, 0, 0], 16, SIX_BONE),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, DOCUMENTATION),
];

/// The one IPv6 range that is public at all.
const GLOBAL_UNICAST: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Every refused range with its rule, for the page and the documentation. What is left of IPv6 outside 2000::/3
/// is refused too, under the last rule.
pub fn ranges() -> impl Iterator<Item = (IpNet, Rule)> {
    let everything = Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0);
    let v4 = V4.iter().map(|&(net, rule)| (IpNet::V4(net), rule));
    let v6 = V6.iter().map(|&(net, rule)| (IpNet::V6(net), rule));
    v4.chain(v6).chain(std::iter::once((IpNet::V6(everything), NOT_GLOBAL)))
}

/// The rule that refuses an address, or none for a public one.
pub fn refused_address(address: IpAddr) -> Option<Rule> {
    match address.to_canonical() {
        IpAddr::V4(address) => V4.iter().find(|(net, _)| net.contains(&address)).map(|&(_, rule)| rule),
        IpAddr::V6(address) => V6
            .iter()
            .find(|(net, _)| net.contains(&address))
            .map(|&(_, rule)| rule)
            .or_else(|| (!GLOBAL_UNICAST.contains(&address)).then_some(NOT_GLOBAL)),
    }
}

/// Remote shells, mail, names, files, databases, chat and the control ports of clusters.
const PORTS: &[RangeInclusive<u16>] = &[
    0..=0,
    22..=23,
    25..=25,
    53..=53,
    110..=111,
    135..=139,
    143..=143,
    389..=389,
    445..=445,
    465..=465,
    587..=587,
    993..=993,
    995..=995,
    1433..=1433,
    2375..=2376,
    2379..=2379,
    3306..=3306,
    3389..=3389,
    5060..=5061,
    5432..=5432,
    5900..=5900,
    6379..=6379,
    6443..=6443,
    6660..=6669,
    9200..=9200,
    10250..=10250,
    11211..=11211,
    27017..=27017,
];

/// The rule that refuses a port, if one does. Port 0 is refused: nothing can listen there.
pub fn refused_port(port: u16) -> Option<Rule> {
    PORTS.iter().any(|ports| ports.contains(&port)).then_some(REFUSED_PORT)
}

/// Top-level names that never lead to a public machine (RFC 6761 and its followers).
const SPECIAL: &[&str] = &["localhost", "local", "internal", "arpa", "onion", "test", "invalid", "alt"];

/// The rule that refuses a name without asking anybody, if one does. `home.arpa` is under `arpa`.
pub fn refused_name(name: &Name) -> Option<Rule> {
    let last = name.labels().next_back().unwrap_or_default();
    if SPECIAL.contains(&last) {
        return Some(SPECIAL_NAME);
    }
    (name.labels().nth(1).is_none()).then_some(SINGLE_LABEL)
}
