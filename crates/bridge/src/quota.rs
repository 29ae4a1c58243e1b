//! Who may have how many: counts for this server and for each address.
//!
//! Counts are given out as permits and come back when those are dropped. Rates only delay.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use proto::limits::{self, Limit};

use crate::{config::Limits, limit_reached::LimitReached};

/// What is counted: a kind of thing that visitors take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// TCP connections to the page.
    Connection,
    /// Sessions: WebSockets, as long as they are attached.
    Session,
    /// Rooms, counted for the address that made them.
    Room,
    /// Recordings of packets that are being sent, and pictures that are painted.
    Download,
    /// Kept recordings that are being sent.
    Opened,
}

impl Resource {
    /// How many more of it an address may have for each seat of a class whose people come from there.
    const fn of_seat(self) -> u32 {
        match self {
            // A browser's six, and some that linger.
            Self::Connection => 8,
            // The pupil's, another device's, a neighbour's, the teacher's.
            Self::Session => 4,
            // Those of seats are not counted for an address.
            Self::Room => 0,
            Self::Download => 1,
            // The pupil's, and one that they are shown.
            Self::Opened => 2,
        }
    }
}

/// The counts. Clones are the same counts.
#[derive(Clone, Debug)]
pub(crate) struct Quota {
    counts: Arc<Mutex<Counts>>,
    limits: Limits,
    /// Somebody forwards requests of others from this machine.
    forwarded: Arc<AtomicBool>,
}

/// An address may have more for the seats of a class, as long as this is kept.
#[derive(Debug)]
pub(crate) struct RaisedLimits {
    quota: Quota,
    network: IpAddr,
    seats: u32,
}

/// One counted thing. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Permit {
    quota: Quota,
    resource: Resource,
    network: Option<IpAddr>,
}

#[derive(Debug, Default)]
struct Counts {
    total: [u32; RESOURCES],
    networks: HashMap<IpAddr, Network>,
    /// Number of networks at which those that matter no more are cleared away.
    sweep_at: usize,
}

#[derive(Debug)]
struct Network {
    used: [u32; RESOURCES],
    /// Seats of classes whose people come from there.
    seats: u32,
    /// When the next session is due at the steady rate (the "theoretical arrival time" of GCRA); none before the
    /// first.
    due: Option<Instant>,
    /// The same of the next question for a class that is none.
    miss_due: Option<Instant>,
}

/// An address may miss one more class after each of these.
const MISS: Duration = Duration::from_secs(1);
const SWEEP_AT_LEAST: usize = 1024;
/// How many [`Resource`]s there are.
const RESOURCES: usize = 5;

impl Quota {
    /// Nobody has anything yet.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { counts: Arc::default(), limits, forwarded: Arc::default() }
    }

    /// A proxy that nobody has declared forwards requests from this machine: from now on loopback is an address like
    /// any other, since it may be anybody.
    pub(crate) fn is_forwarded(&self) {
        if self.limits.loopback_exempt && !self.forwarded.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a proxy on this machine forwards requests: all its visitors share the limits of one address; name it with \
                 --trusted-proxy"
            );
        }
    }

    /// Takes one of `resource` for the client at `address`.
    ///
    /// # Errors
    /// The limit, of the address or of the server, that leaves no room for it.
    pub(crate) fn take(&self, resource: Resource, address: IpAddr) -> Result<Permit, LimitReached> {
        let network = self.network(address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (total, of_address) = self.bounds(resource);
        if counts.total[resource as usize] >= total.1 {
            return Err(LimitReached { limit: total.0, value: total.1.into() });
        }
        if let Some(network) = network {
            let entry = counts.entry(network);
            let most = of_address.1.saturating_add(entry.seats.saturating_mul(resource.of_seat()));
            let used = &mut entry.used[resource as usize];
            if *used >= most {
                return Err(LimitReached { limit: of_address.0, value: most.into() });
            }
            *used += 1;
        }
        counts.total[resource as usize] += 1;
        Ok(Permit { quota: self.clone(), resource, network })
    }

    /// Counts one of `resource` for the server alone: a trusted proxy's connections are those of many clients.
    ///
    /// # Errors
    /// The server's limit.
    pub(crate) fn take_shared(&self, resource: Resource) -> Result<Permit, LimitReached> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (total, _) = self.bounds(resource);
        if counts.total[resource as usize] >= total.1 {
            return Err(LimitReached { limit: total.0, value: total.1.into() });
        }
        counts.total[resource as usize] += 1;
        Ok(Permit { quota: self.clone(), resource, network: None })
    }

    /// Whether the server has one of `resource` left.
    ///
    /// # Errors
    /// The server's limit.
    pub(crate) fn check(&self, resource: Resource) -> Result<(), LimitReached> {
        let ((limit, most), _) = self.bounds(resource);
        if self.count(resource) < most { Ok(()) } else { Err(LimitReached { limit, value: most.into() }) }
    }

    /// People of a class of so many seats come from this network: one school is one address.
    pub(crate) fn raise_limits(&self, network: IpAddr, seats: u32) -> RaisedLimits {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = counts.entry(network);
        entry.seats = entry.seats.saturating_add(seats);
        RaisedLimits { quota: self.clone(), network, seats }
    }

    /// How long a new session of `address` has to wait at `now`, so that it keeps to the rate. One minute's worth may
    /// come at once.
    pub(crate) fn session_delay(&self, address: IpAddr, now: Instant) -> Duration {
        let Some(network) = self.network(address) else { return Duration::ZERO };
        let minute = Duration::from_secs(60);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = counts.entry(network);
        let raised = entry.seats.saturating_mul(Resource::Session.of_seat());
        let each = minute / self.limits.address_session_rate.saturating_add(raised).max(1);
        let due = entry.due.map_or(now, |due| due.max(now));
        entry.due = Some(due + each);
        (due + each).saturating_duration_since(now + minute)
    }

    /// Somebody at `address` has asked at `now` for a class that is none.
    pub(crate) fn missed_class(&self, address: IpAddr, now: Instant) {
        let Some(network) = self.network(address) else { return };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = counts.entry(network);
        entry.miss_due = Some(entry.miss_due.map_or(now, |due| due.max(now)) + MISS);
    }

    /// Whether whoever is at `address` may still try what classes there are.
    ///
    /// # Errors
    /// `address-class-misses`.
    pub(crate) fn check_missed_classes(&self, address: IpAddr, now: Instant) -> Result<(), LimitReached> {
        let Some(network) = self.network(address) else { return Ok(()) };
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let due = counts.networks.get(&network).and_then(|entry| entry.miss_due);
        if due.is_some_and(|due| due >= now + MISS * limits::ADDRESS_CLASS_MISSES) {
            let limit = Limit::AddressClassMisses;
            return Err(LimitReached { limit, value: limit.value() });
        }
        Ok(())
    }

    /// How many of `resource` there are now.
    pub(crate) fn count(&self, resource: Resource) -> u32 {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).total[resource as usize]
    }

    fn bounds(&self, resource: Resource) -> ((Limit, u32), (Limit, u32)) {
        let limits = &self.limits;
        match resource {
            Resource::Connection => (
                (Limit::ServerConnections, limits.connections),
                (Limit::AddressConnections, limits.address_connections),
            ),
            Resource::Session => {
                ((Limit::ServerSessions, limits.sessions), (Limit::AddressSessions, limits.address_sessions))
            }
            Resource::Download => (
                (Limit::ServerDownloads, limits.downloads),
                (Limit::AddressDownloads, limits.address_downloads),
            ),
            Resource::Opened => {
                ((Limit::ServerOpened, limits.opened), (Limit::AddressOpened, limits.address_opened))
            }
            Resource::Room => {
                ((Limit::ServerRooms, limits.rooms), (Limit::AddressRooms, limits.address_rooms))
            }
        }
    }

    /// What an address is counted as; none if it is not counted.
    pub(crate) fn network(&self, address: IpAddr) -> Option<IpAddr> {
        let network = match address.to_canonical() {
            // One customer has a /64 or more: single IPv6 addresses cost nothing.
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            v4 => v4,
        };
        (!self.is_exempt(address)).then_some(network)
    }

    /// Whether an address is this machine's own people, whom no limit of one address holds.
    pub(crate) fn is_exempt(&self, address: IpAddr) -> bool {
        self.limits.loopback_exempt
            && !self.forwarded.load(Ordering::Relaxed)
            && address.to_canonical().is_loopback()
    }
}

impl Drop for RaisedLimits {
    fn drop(&mut self) {
        let mut counts = self.quota.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = counts.networks.get_mut(&self.network) else { return };
        entry.seats = entry.seats.saturating_sub(self.seats);
        if entry.is_forgettable(Instant::now()) {
            counts.networks.remove(&self.network);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.quota.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total[self.resource as usize] -= 1;
        let Some(network) = self.network else { return };
        let Some(entry) = counts.networks.get_mut(&network) else { return };
        entry.used[self.resource as usize] -= 1;
        if entry.is_forgettable(Instant::now()) {
            counts.networks.remove(&network);
        }
    }
}

impl Counts {
    fn entry(&mut self, network: IpAddr) -> &mut Network {
        if self.networks.len() >= self.sweep_at.max(SWEEP_AT_LEAST) {
            let now = Instant::now();
            self.networks.retain(|_, entry| !entry.is_forgettable(now));
            self.sweep_at = 2 * self.networks.len();
        }
        self.networks.entry(network).or_insert_with(|| Network {
            used: [0; RESOURCES],
            seats: 0,
            due: None,
            miss_due: None,
        })
    }
}

impl Network {
    fn is_forgettable(&self, now: Instant) -> bool {
        self.used == [0; RESOURCES]
            && self.seats == 0
            && [self.due, self.miss_due].iter().flatten().all(|due| *due <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHOOL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn quota() -> Quota {
        Quota::new(Limits { rooms: 5, address_rooms: 2, ..Limits::default() })
    }

    #[test]
    fn a_dropped_permit_is_given_back() {
        let quota = quota();
        let first = quota.take(Resource::Room, SCHOOL).unwrap();
        let _second = quota.take(Resource::Room, SCHOOL).unwrap();
        let reached = quota.take(Resource::Room, SCHOOL).unwrap_err();
        assert_eq!(reached, LimitReached { limit: Limit::AddressRooms, value: 2 });
        drop(first);
        quota.take(Resource::Room, SCHOOL).unwrap();
    }

    #[test]
    fn loopback_is_bounded_by_the_server_alone() {
        let quota = quota();
        let permits: Vec<_> =
            (0..5).map(|_| quota.take(Resource::Room, "127.0.0.1".parse().unwrap()).unwrap()).collect();
        let reached = quota.take(Resource::Room, "::1".parse().unwrap()).unwrap_err();
        assert_eq!(reached, LimitReached { limit: Limit::ServerRooms, value: 5 });
        drop(permits);
        assert_eq!(quota.count(Resource::Room), 0);
    }

    #[test]
    fn loopback_counts_once_somebody_forwards_from_it() {
        let quota = quota();
        let loopback = "127.0.0.1".parse().unwrap();
        let _uncounted = quota.take(Resource::Room, loopback).unwrap();
        quota.is_forwarded();
        let _counted =
            [quota.take(Resource::Room, loopback).unwrap(), quota.take(Resource::Room, loopback).unwrap()];
        let reached = quota.take(Resource::Room, loopback).unwrap_err();
        assert_eq!(reached, LimitReached { limit: Limit::AddressRooms, value: 2 });
    }

    #[test]
    fn one_network_is_one_client_however_its_address_is_written() {
        let quota = quota();
        let _first = quota.take(Resource::Room, "2001:db8::1".parse().unwrap()).unwrap();
        let _second = quota.take(Resource::Room, "2001:db8::ffff:1".parse().unwrap()).unwrap();
        quota.take(Resource::Room, "2001:db8::2".parse().unwrap()).unwrap_err();
        let _other = quota.take(Resource::Room, "2001:db8:0:1::2".parse().unwrap()).unwrap();
        let _v4 = quota.take(Resource::Room, SCHOOL).unwrap();
        assert_eq!(quota.network("::ffff:192.0.2.1".parse().unwrap()), Some(SCHOOL));
    }

    #[test]
    fn sessions_beyond_a_minutes_worth_are_spread_out() {
        let quota = quota();
        let now = Instant::now();
        for _ in 0..240 {
            assert_eq!(quota.session_delay(SCHOOL, now), Duration::ZERO);
        }
        assert_eq!(quota.session_delay(SCHOOL, now), Duration::from_millis(250));
        assert_eq!(quota.session_delay(SCHOOL, now), Duration::from_millis(500));
        assert_eq!(quota.session_delay(SCHOOL, now + Duration::from_secs(1)), Duration::ZERO);
    }

    #[test]
    fn a_class_lifts_the_limits_of_its_address_while_it_lasts() {
        let quota = Quota::new(Limits { address_sessions: 1, ..Limits::default() });
        let raised = quota.raise_limits(SCHOOL, 2);
        let taken: Vec<_> = std::iter::from_fn(|| quota.take(Resource::Session, SCHOOL).ok()).collect();
        assert_eq!(taken.len(), 1 + 2 * 4);
        drop(raised);
        quota.take(Resource::Session, SCHOOL).unwrap_err();
        drop(taken);
        assert_eq!(quota.counts.lock().unwrap().networks.len(), 0);
    }

    #[test]
    fn a_school_that_opens_recordings_may_still_have_its_packets() {
        let quota = Quota::new(Limits::default());
        let opened: Vec<_> = std::iter::from_fn(|| quota.take(Resource::Opened, SCHOOL).ok()).collect();
        assert_eq!(opened.len(), 64);
        let reached = quota.take(Resource::Opened, SCHOOL).unwrap_err();
        assert_eq!(reached.limit, Limit::AddressOpened);
        quota.take(Resource::Download, SCHOOL).unwrap();
        let _class = quota.raise_limits(SCHOOL, 30);
        let more: Vec<_> = std::iter::from_fn(|| quota.take(Resource::Opened, SCHOOL).ok()).collect();
        assert_eq!(more.len(), 60);
    }

    #[test]
    fn networks_are_forgotten() {
        let quota = quota();
        for number in 0..10_000_u32 {
            drop(quota.take(Resource::Connection, IpAddr::V4((0x0b00_0000 + number).into())).unwrap());
        }
        assert_eq!(quota.counts.lock().unwrap().networks.len(), 0);
    }
}
