//! Addresses that turned out to be this server's own: those to which visitors' connections came, and those to which its
//! names lead. Behind a NAT, or where the kernel takes connections for a whole range, no interface has them.

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{PoisonError, RwLock},
};

/// Addresses of each kind that are remembered: beyond them the first ones stay.
const MOST: usize = 256;

/// Addresses found so far.
#[derive(Debug, Default)]
pub struct Observed {
    came_to: RwLock<HashSet<IpAddr>>,
    named: RwLock<HashSet<IpAddr>>,
}

impl Observed {
    /// A connection came to this address.
    pub fn came_to(&self, address: IpAddr) {
        add(&self.came_to, address);
    }

    /// A name of this server's leads to this address. It stays one: an old address may be in use for a while.
    pub fn named(&self, address: IpAddr) {
        add(&self.named, address);
    }

    /// Whether the address is known to be this server's.
    pub fn has(&self, address: IpAddr) -> bool {
        has(&self.came_to, address) || has(&self.named, address)
    }
}

fn has(set: &RwLock<HashSet<IpAddr>>, address: IpAddr) -> bool {
    set.read().unwrap_or_else(PoisonError::into_inner).contains(&address.to_canonical())
}

fn add(set: &RwLock<HashSet<IpAddr>>, address: IpAddr) {
    if has(set, address) {
        return;
    }
    let mut set = set.write().unwrap_or_else(PoisonError::into_inner);
    if set.len() < MOST {
        set.insert(address.to_canonical());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_stays_and_is_bounded() {
        let observed = Observed::default();
        observed.came_to("::ffff:192.0.2.1".parse().unwrap());
        observed.named("2001:db8::1".parse().unwrap());
        assert!(observed.has("192.0.2.1".parse().unwrap()) && observed.has("2001:db8::1".parse().unwrap()));
        for number in 0..1000_u32 {
            observed.came_to(IpAddr::V4((0x0b00_0000 + number).into()));
        }
        assert!(observed.has("192.0.2.1".parse().unwrap()) && !observed.has("11.0.3.0".parse().unwrap()));
    }
}
