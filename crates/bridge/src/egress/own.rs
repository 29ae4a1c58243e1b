//! What belongs to this computer and its operator: addresses that are refused besides the table.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;

use super::observed::Observed;
use super::rule::{OPERATOR, OWN_ADDRESS, OWN_LISTENER, RESOLVER, Rule};

/// What the operator's configuration says about its own network.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// Where this server listens: page, tutorial, metrics. An unspecified address stands for all of them.
    pub listeners: Vec<SocketAddr>,
    /// Further ranges that nobody may reach, public addresses in front of this server among them.
    pub refused: Vec<IpNet>,
    /// What turned out to be this server's while it runs.
    pub observed: Arc<Observed>,
}

impl Own {
    /// The rule that refuses an address on any port. `resolvers` are the name servers in use.
    pub(super) fn refused(&self, address: IpAddr, resolvers: &[SocketAddr]) -> Option<Rule> {
        if self.refused.iter().any(|net| net.contains(&address)) {
            return Some(OPERATOR);
        }
        if resolvers.iter().any(|resolver| resolver.ip().to_canonical() == address) {
            return Some(RESOLVER);
        }
        let listens = |listener: &SocketAddr| listener.ip().to_canonical() == address;
        let own = self.listeners.iter().any(listens) || self.observed.has(address) || is_own(address);
        own.then_some(OWN_ADDRESS)
    }

    /// The rule that refuses even an address that the operator spelled out: the lab must not talk to itself, nor
    /// somebody in a room to the name server.
    pub(super) fn refused_literal(&self, address: SocketAddr, resolvers: &[SocketAddr]) -> Option<Rule> {
        if resolvers.contains(&address) {
            return Some(RESOLVER);
        }
        let meets = |listener: &SocketAddr| {
            let ip = listener.ip().to_canonical();
            listener.port() == address.port()
                && (ip == address.ip()
                    || ip.is_unspecified() && (address.ip().is_loopback() || is_own(address.ip())))
        };
        self.listeners.iter().any(meets).then_some(OWN_LISTENER)
    }
}

/// Whether an interface of this computer has the address. Read anew each time: interfaces come and go.
fn is_own(address: IpAddr) -> bool {
    // When the kernel does not tell, nothing is known to be foreign.
    if_addrs::get_if_addrs().map_or(true, |interfaces| {
        interfaces.iter().any(|interface| interface.ip().to_canonical() == address)
    })
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::super::rule::Rule;
    use super::Own;

    fn name(rule: Option<Rule>) -> Option<&'static str> {
        rule.map(|rule| rule.name)
    }

    #[test]
    fn own_addresses_resolvers_and_the_operators_ranges_are_refused() {
        let own = Own {
            listeners: vec![SocketAddr::from(([93, 184, 215, 14], 443))],
            refused: vec!["198.41.0.0/24".parse().unwrap()],
            ..Own::default()
        };
        own.observed.came_to([93, 184, 215, 99].into());
        let resolvers = [SocketAddr::from(([9, 9, 9, 9], 53))];
        let refused = |ip: [u8; 4]| name(own.refused(ip.into(), &resolvers));
        assert_eq!(refused([93, 184, 215, 14]), Some("own_address"));
        assert_eq!(refused([9, 9, 9, 9]), Some("resolver"));
        assert_eq!(refused([198, 41, 0, 4]), Some("operator_refused"));
        assert_eq!(refused([93, 184, 215, 99]), Some("own_address"));
        assert_eq!(refused([127, 0, 0, 1]), Some("own_address"));
        assert_eq!(refused([1, 1, 1, 1]), None);
    }

    #[test]
    fn a_listener_on_every_address_is_met_on_any_of_them() {
        let own = Own { listeners: vec![SocketAddr::from(([0, 0, 0, 0], 8080))], ..Own::default() };
        let refused = |port| name(own.refused_literal(SocketAddr::from(([127, 0, 0, 1], port)), &[]));
        assert_eq!(refused(8080), Some("own_listener"));
        assert_eq!(refused(9999), None);
    }
}
