//! A resolved address permits connections from the room that asked, on that name's ports, for a minute.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use proto::call::CallError;

use super::host::Name;
use super::limits::{self, OutsideLimit};

#[derive(Debug)]
struct Grant {
    name: Name,
    address: IpAddr,
    ports: Vec<u16>,
    ends: Instant,
}

/// Every grant in force. Bounded: see [`limits::ROOM_GRANTS`] and [`limits::ROOMS`].
#[derive(Debug, Default)]
pub(super) struct Grants {
    rooms: Mutex<HashMap<String, VecDeque<Grant>>>,
}

impl Grants {
    /// Permits `addresses` on `ports` for a while.
    ///
    /// # Errors
    /// `outbound-rooms` when too many rooms hold grants.
    pub(super) fn add(
        &self,
        room: &str,
        name: &Name,
        addresses: &[IpAddr],
        ports: &[u16],
        now: Instant,
    ) -> Result<(), CallError> {
        let mut rooms = self.lock();
        if rooms.len() >= limits::ROOMS && !rooms.contains_key(room) {
            rooms.retain(|_, grants| grants.iter().any(|grant| now < grant.ends));
            if rooms.len() >= limits::ROOMS {
                return Err(OutsideLimit::Rooms.reached());
            }
        }
        let grants = rooms.entry(room.to_owned()).or_default();
        grants
            .retain(|grant| now < grant.ends && (grant.name != *name || !addresses.contains(&grant.address)));
        for &address in addresses {
            if grants.len() >= limits::ROOM_GRANTS {
                grants.pop_front();
            }
            let ends = now + limits::GRANT;
            grants.push_back(Grant { name: name.clone(), address, ports: ports.to_vec(), ends });
        }
        Ok(())
    }

    /// The name under which the room may connect to `address` now.
    pub(super) fn find(&self, room: &str, address: SocketAddr, now: Instant) -> Option<Name> {
        let rooms = self.lock();
        let fits = |grant: &&Grant| {
            grant.address == address.ip() && grant.ports.contains(&address.port()) && now < grant.ends
        };
        rooms.get(room)?.iter().find(fits).map(|grant| grant.name.clone())
    }

    /// Withdraws everything the room was granted.
    pub(super) fn forget(&self, room: &str) {
        self.lock().remove(room);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, VecDeque<Grant>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Instant;

    use super::super::host::Name;
    use super::super::limits;
    use super::Grants;

    const ADDRESS: [u8; 4] = [93, 184, 215, 14];

    fn granted() -> (Grants, Instant) {
        let (grants, now) = (Grants::default(), Instant::now());
        grants.add("room", &Name::known("example.com"), &[ADDRESS.into()], &[80], now).unwrap();
        (grants, now)
    }

    #[test]
    fn a_grant_is_for_one_room_one_address_its_ports_and_a_minute() {
        let (grants, now) = granted();
        let find = |room, address: [u8; 4], port, now| {
            grants.find(room, SocketAddr::from((address, port)), now).is_some()
        };
        assert!(find("room", ADDRESS, 80, now));
        assert!(!find("other", ADDRESS, 80, now));
        assert!(!find("room", ADDRESS, 443, now));
        assert!(!find("room", [93, 184, 215, 15], 80, now));
        assert!(!find("room", ADDRESS, 80, now + limits::GRANT));
        grants.forget("room");
        assert!(!find("room", ADDRESS, 80, now));
    }

    #[test]
    fn a_room_keeps_its_newest_grants() {
        let (grants, now) = granted();
        for last in 0..limits::ROOM_GRANTS {
            let address = [93, 184, 100, u8::try_from(last).unwrap()];
            grants.add("room", &Name::known("example.com"), &[address.into()], &[80], now).unwrap();
        }
        assert!(grants.find("room", SocketAddr::from((ADDRESS, 80)), now).is_none());
        assert!(grants.find("room", SocketAddr::from(([93, 184, 100, 0], 80)), now).is_some());
    }

    #[test]
    fn rooms_whose_grants_ended_make_place_and_others_do_not() {
        let (grants, now) = (Grants::default(), Instant::now());
        let add = |room: &str, now| {
            grants.add(room, &Name::known("example.com"), &[ADDRESS.into()], &[80], now).is_ok()
        };
        assert!((0..limits::ROOMS).all(|room| add(&room.to_string(), now)));
        assert!(!add("one more", now));
        assert!(add("one more", now + limits::GRANT));
    }
}
