//! The wire between machines: what happens to each packet on it. Decisions only; it moves no bytes.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use proto::{
    id::{HostId, PacketId},
    limits,
    room::WireSettings,
    trace::{Data, TcpFlags, Transport},
};

use crate::evidence::Control;

/// How far a room's traffic may run ahead of its rate, as time.
const BURST: Duration = Duration::from_millis(50);

/// A packet on its way.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub(crate) id: PacketId,
    pub(crate) to: HostId,
    pub(crate) bytes: Vec<u8>,
    /// The first try of the same segment.
    pub(crate) copy_of: Option<PacketId>,
    /// What it does to a connection, if it opens or ends one.
    pub(crate) control: Option<Control>,
    /// It is in the trace, and what becomes of it belongs there too.
    pub(crate) recorded: bool,
}

/// What the wire does with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Deliver,
    Delay(Instant),
    Hold,
    Lose,
    Unplugged,
}

/// The wire of one room.
#[derive(Debug)]
pub(crate) struct Wire {
    settings: WireSettings,
    random: SplitMix,
    travelling: BTreeMap<(Instant, PacketId), Flight>,
    held: VecDeque<Flight>,
    held_since: Option<Instant>,
    unplugged: HashSet<HostId>,
    hold: Duration,
    rate: Rate,
}

/// A room's share of the machine: what comes faster travels longer, and nothing is refused.
#[derive(Debug)]
struct Rate {
    bytes_per_second: u64,
    /// When everything so far would have gone through at that rate.
    free_at: Option<Instant>,
}

impl Rate {
    /// How much later a packet arrives.
    fn delay(&mut self, now: Instant, bytes: usize) -> Duration {
        if self.bytes_per_second == 0 {
            return Duration::ZERO;
        }
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        let begins = self.free_at.map_or(earliest, |free| free.max(earliest));
        let nanoseconds = (bytes as u64).saturating_mul(1_000_000_000) / self.bytes_per_second;
        let free = begins + Duration::from_nanos(nanoseconds);
        self.free_at = Some(free);
        free.saturating_duration_since(now)
    }
}

impl Wire {
    /// A wire that holds packets for at most `hold`, and carries `bytes_per_second` (0: as many as come).
    pub(crate) fn new(hold: Duration, bytes_per_second: u64) -> Self {
        Self {
            settings: WireSettings::default(),
            random: SplitMix(0),
            travelling: BTreeMap::new(),
            held: VecDeque::new(),
            held_since: None,
            unplugged: HashSet::new(),
            hold,
            rate: Rate { bytes_per_second, free_at: None },
        }
    }

    pub(crate) fn settings(&self) -> WireSettings {
        self.settings
    }

    /// Sets delay, loss and seed; the losses begin anew, so that a run can be repeated.
    pub(crate) fn set(&mut self, delay_ms: Option<u32>, loss: Option<f64>, seed: Option<u64>) {
        self.settings.delay_ms = delay_ms.unwrap_or(self.settings.delay_ms);
        self.settings.loss = loss.unwrap_or(self.settings.loss);
        self.settings.seed = seed.unwrap_or(self.settings.seed);
        self.random = SplitMix(self.settings.seed);
    }

    pub(crate) fn hold(&mut self, now: Instant) {
        self.settings.held = true;
        self.held_since.get_or_insert(now);
    }

    /// Lets everything through, oldest first.
    pub(crate) fn release(&mut self) -> Vec<Flight> {
        self.settings.held = false;
        self.held_since = None;
        self.held.drain(..).collect()
    }

    pub(crate) fn set_cable(&mut self, host: HostId, plugged: bool) {
        if plugged {
            self.unplugged.remove(&host);
        } else {
            self.unplugged.insert(host);
        }
    }

    /// A machine is gone, and its cable with it.
    pub(crate) fn forget_host(&mut self, host: HostId) {
        self.unplugged.remove(&host);
        self.forget_packets(host);
    }

    /// Packets on their way to a machine have nowhere to arrive.
    pub(crate) fn forget_packets(&mut self, host: HostId) {
        self.held.retain(|flight| flight.to != host);
        self.travelling.retain(|_, flight| flight.to != host);
    }

    pub(crate) fn judge(&mut self, now: Instant, from: HostId, to: HostId, bytes: usize) -> Verdict {
        if self.unplugged.contains(&from) || self.unplugged.contains(&to) {
            Verdict::Unplugged
        } else if self.settings.loss > 0.0 && self.random.fraction() < self.settings.loss {
            Verdict::Lose
        } else if self.held.len() + self.travelling.len() >= limits::WIRE_PACKETS {
            // A full wire loses, as a full queue of a real network does.
            Verdict::Lose
        } else if self.settings.held {
            Verdict::Hold
        } else {
            let delay = self.rate.delay(now, bytes) + Duration::from_millis(self.settings.delay_ms.into());
            if delay.is_zero() { Verdict::Deliver } else { Verdict::Delay(now + delay) }
        }
    }

    pub(crate) fn keep_held(&mut self, flight: Flight) {
        self.held.push_back(flight);
    }

    pub(crate) fn keep_travelling(&mut self, arrives: Instant, flight: Flight) {
        self.travelling.insert((arrives, flight.id), flight);
    }

    /// The oldest packet held.
    pub(crate) fn oldest_held(&self) -> Option<PacketId> {
        self.held.front().map(|flight| flight.id)
    }

    /// Takes a held packet off the wire, together with all its copies: the packet first.
    pub(crate) fn take_held(&mut self, id: PacketId) -> Option<(Flight, Vec<PacketId>)> {
        let at = self.held.iter().position(|flight| flight.id == id)?;
        let flight = self.held.remove(at)?;
        let first = flight.copy_of.unwrap_or(flight.id);
        let mut copies = Vec::new();
        self.held.retain(|other| {
            let same = other.id == first || other.copy_of == Some(first);
            if same {
                copies.push(other.id);
            }
            !same
        });
        Some((flight, copies))
    }

    /// Takes just one held packet off the wire.
    pub(crate) fn drop_held(&mut self, id: PacketId) -> Option<Flight> {
        let at = self.held.iter().position(|flight| flight.id == id)?;
        self.held.remove(at)
    }

    /// When something is due: a packet arrives, or holding has lasted too long.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let arrival = self.travelling.keys().next().map(|(at, _)| *at);
        arrival.into_iter().chain(self.hold_ends()).min()
    }

    /// The next packet that has arrived by `now`.
    pub(crate) fn arrived(&mut self, now: Instant) -> Option<Flight> {
        let (at, id) = *self.travelling.keys().next()?;
        if at > now {
            return None;
        }
        self.travelling.remove(&(at, id))
    }

    /// Whether holding has lasted longer than it may.
    pub(crate) fn hold_is_over(&self, now: Instant) -> bool {
        self.hold_ends().is_some_and(|end| end <= now)
    }

    fn hold_ends(&self) -> Option<Instant> {
        self.held_since.map(|since| since + self.hold)
    }
}

/// What makes two packets the same segment sent again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Segment {
    src: std::net::IpAddr,
    dst: std::net::IpAddr,
    ports: (u16, u16),
    sequence: u32,
    syn_fin: u8,
    length: u32,
}

/// Recognises segments that are sent again. Remembers the last few thousand.
#[derive(Debug, Default)]
pub(crate) struct Retransmissions {
    seen: HashMap<Segment, PacketId>,
    order: VecDeque<Segment>,
}

impl Retransmissions {
    const REMEMBERED: usize = 4096;

    /// The first try of this segment, if there was one. Segments that take no sequence space are never copies.
    pub(crate) fn first_try(
        &mut self,
        id: PacketId,
        src: std::net::IpAddr,
        dst: std::net::IpAddr,
        transport: &Transport,
        data: &Data,
    ) -> Option<PacketId> {
        let Transport::Tcp(tcp) = transport else { return None };
        let syn_fin = tcp.flags.0 & (TcpFlags::SYN.0 | TcpFlags::FIN.0);
        if syn_fin == 0 && data.length == 0 {
            return None;
        }
        let segment = Segment {
            src,
            dst,
            ports: (tcp.src_port, tcp.dst_port),
            sequence: tcp.sequence,
            syn_fin,
            length: data.length,
        };
        if let Some(first) = self.seen.get(&segment) {
            return Some(*first);
        }
        if self.order.len() == Self::REMEMBERED
            && let Some(old) = self.order.pop_front()
        {
            self.seen.remove(&old);
        }
        self.order.push_back(segment.clone());
        self.seen.insert(segment, id);
        None
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, seedable, the same on every machine.
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in 0.0..1.0.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proto::id::{HostId, PacketId};

    use super::{Flight, Verdict, Wire};

    const HOLD: Duration = Duration::from_secs(600);

    fn flight(id: u64, copy_of: Option<u64>) -> Flight {
        Flight {
            id: PacketId(id),
            to: HostId(2),
            bytes: vec![],
            copy_of: copy_of.map(PacketId),
            control: None,
            recorded: true,
        }
    }

    #[test]
    fn the_same_seed_loses_the_same_packets() {
        let run = || {
            let mut wire = Wire::new(HOLD, 0);
            wire.set(None, Some(0.3), Some(7));
            (0..100)
                .map(|_| wire.judge(Instant::now(), HostId(1), HostId(2), 100) == Verdict::Lose)
                .collect::<Vec<_>>()
        };
        assert_eq!(run(), run());
        assert!(run().contains(&true) && run().contains(&false));
    }

    #[test]
    fn delivering_one_copy_ends_the_others() {
        let mut wire = Wire::new(HOLD, 0);
        wire.hold(Instant::now());
        for flight in [flight(1, None), flight(2, None), flight(3, Some(1)), flight(4, Some(1))] {
            wire.keep_held(flight);
        }
        let (taken, copies) = wire.take_held(PacketId(3)).expect("it is held");
        assert_eq!(taken.id, PacketId(3));
        assert_eq!(copies, [PacketId(1), PacketId(4)]);
        assert_eq!(wire.oldest_held(), Some(PacketId(2)));
        assert!(wire.take_held(PacketId(3)).is_none(), "a packet already gone is said so");
    }

    #[test]
    fn a_cut_cable_delivers_nothing() {
        let mut wire = Wire::new(HOLD, 0);
        wire.set_cable(HostId(2), false);
        assert_eq!(wire.judge(Instant::now(), HostId(1), HostId(2), 100), Verdict::Unplugged);
        wire.set_cable(HostId(2), true);
        assert_eq!(wire.judge(Instant::now(), HostId(1), HostId(2), 100), Verdict::Deliver);
    }

    #[test]
    fn what_comes_faster_than_the_rate_travels_longer_and_stays_in_order() {
        let mut wire = Wire::new(HOLD, 1_000_000);
        let now = Instant::now();
        let verdicts: Vec<_> = (0..100).map(|_| wire.judge(now, HostId(1), HostId(2), 1000)).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Deliver).count(), 50, "the burst");
        let last = now + Duration::from_millis(50);
        assert_eq!(verdicts[99], Verdict::Delay(last), "a hundred kilobytes take a hundred milliseconds");
        assert!(verdicts[50..].windows(2).all(|pair| match pair {
            [Verdict::Delay(first), Verdict::Delay(second)] => first < second,
            _ => false,
        }));
        let rested = now + Duration::from_secs(1);
        assert_eq!(wire.judge(rested, HostId(1), HostId(2), 1000), Verdict::Deliver);
    }

    #[test]
    fn a_hold_is_over_after_its_time() {
        let mut wire = Wire::new(HOLD, 0);
        let now = Instant::now();
        wire.hold(now);
        assert_eq!(wire.next_due(), Some(now + HOLD), "also without a packet");
        assert!(!wire.hold_is_over(now) && wire.hold_is_over(now + HOLD));
    }
}
