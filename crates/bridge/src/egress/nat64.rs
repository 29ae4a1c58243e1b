//! The translator of the operator's own network: IPv6 addresses through which it would reach any IPv4 address,
//! private ones too. Found as in RFC 7050, so that they can be refused.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::Ipv6Net;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::dns::RecordType;
use super::host::Name;
use super::{limits, resolver};

/// The name that has only these two IPv4 addresses: an IPv6 address of it was made by a translator.
const NAME: &str = "ipv4only.arpa";
const ADDRESSES: [[u8; 4]; 2] = [[192, 0, 0, 170], [192, 0, 0, 171]];
/// Lengths of a translator's prefix, RFC 6052 section 2.2.
const LENGTHS: [u8; 6] = [32, 40, 48, 56, 64, 96];
/// The byte that is skipped: bits 64 to 71 are always zero.
const SKIPPED: usize = 8;

/// The prefixes of this network's translators, once they are known.
#[derive(Debug, Default)]
pub(super) struct Nat64 {
    prefixes: OnceCell<Vec<Ipv6Net>>,
}

impl Nat64 {
    /// Asks, unless it is known already. A failure leaves it unknown.
    pub(super) async fn find(&self, servers: &[SocketAddr]) {
        let ask = async {
            match timeout(limits::ATTEMPT, resolver::ask(servers, &Name::known(NAME), RecordType::Aaaa)).await
            {
                Ok(Ok(addresses)) => Ok(prefixes(&addresses.unwrap_or_default())),
                _ => Err(()),
            }
        };
        if self.prefixes.get_or_try_init(|| ask).await.is_err() {
            tracing::debug!(target: "egress", "no answer about translators: IPv6 stays closed");
        }
    }

    /// Whether the address goes through a translator; none while that is unknown.
    pub(super) fn covers(&self, address: Ipv6Addr) -> Option<bool> {
        self.prefixes.get().map(|prefixes| prefixes.iter().any(|prefix| prefix.contains(&address)))
    }
}

fn prefixes(addresses: &[IpAddr]) -> Vec<Ipv6Net> {
    let found = |address: &IpAddr| {
        let IpAddr::V6(address) = *address else { return Vec::new() };
        let embeds = |&length: &u8| embedded(address, length).is_some_and(|v4| ADDRESSES.contains(&v4));
        let prefix = |length| Ipv6Net::new(address, length).ok().map(|net| net.trunc());
        LENGTHS.into_iter().filter(embeds).filter_map(prefix).collect()
    };
    addresses.iter().flat_map(found).collect()
}

/// The four bytes after a prefix of `length` bits.
fn embedded(address: Ipv6Addr, length: u8) -> Option<[u8; 4]> {
    let bytes = address.octets();
    let from = usize::from(length / 8);
    let mut after = (from..bytes.len()).filter(|&at| at != SKIPPED).map(|at| bytes[at]);
    Some([after.next()?, after.next()?, after.next()?, after.next()?])
}

#[cfg(test)]
mod tests {
    use super::prefixes;

    fn found(address: &str) -> Vec<String> {
        prefixes(&[address.parse().unwrap()]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn prefixes_of_every_length_are_found() {
        assert_eq!(found("2001:67c:27e4:64::c000:aa"), ["2001:67c:27e4:64::/96"]);
        assert_eq!(found("2a01:4f8:c000:aa::"), ["2a01:4f8::/32"]);
        assert_eq!(found("2a01:4f8:1:2:c0:0:ab00:0"), ["2a01:4f8:1:2::/64"]);
        assert_eq!(found("2606:2800:220:1:248:1893:25c8:1946"), Vec::<String>::new());
    }
}
