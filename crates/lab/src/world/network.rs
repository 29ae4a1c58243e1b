//! The network between the machines: what becomes of each packet on the wire, and how it is written down. It touches no
//! kernel: what arrives is handed to whoever asks.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use proto::{
    call::CallError,
    id::{HostId, MemberId, PacketId},
    limits::{self, Limit},
    room::WireSettings,
    rules::ProtocolRule,
    trace::{Cause, Fate, Link, Packet, PacketFate, Summary, TcpFlags, Transport, What},
};

use super::observer::Observer;
use crate::{
    capture::Capture,
    decode::{Decoded, decode},
    evidence::Control,
    wire::{Flight, Retransmissions, Verdict, Wire},
};

/// Packets that are not recorded one by one are summed up this often.
const SUMMARY_EVERY: Duration = Duration::from_millis(250);

/// What the rate of packet events allows now: a token bucket.
#[derive(Debug)]
struct Budget {
    most: f64,
    per_second: f64,
    left: f64,
    counted: Instant,
}

impl Budget {
    fn new(most: u32, per_second: u32) -> Self {
        let most = f64::from(most);
        Self { most, per_second: f64::from(per_second), left: most, counted: Instant::now() }
    }

    fn spend(&mut self) -> bool {
        let now = Instant::now();
        let earned = now.duration_since(self.counted).as_secs_f64() * self.per_second;
        self.counted = now;
        self.left = self.most.min(self.left + earned);
        let may = self.left >= 1.0;
        if may {
            self.left -= 1.0;
        }
        may
    }
}

/// Where a packet was seen, and between whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) link: Link,
    pub(super) from: Option<HostId>,
    pub(super) to: Option<HostId>,
}

impl Route {
    pub(super) fn wire(from: Option<HostId>, to: Option<HostId>) -> Self {
        Self { link: Link::Wire, from, to }
    }

    pub(super) fn loopback(host: HostId) -> Self {
        Self { link: Link::Loopback(host), from: Some(host), to: Some(host) }
    }
}

/// The network of a room.
#[derive(Debug)]
pub(super) struct Network {
    wire: Wire,
    capture: Arc<Capture>,
    arriving: VecDeque<Flight>,
    /// Packets for the machine with the ready-made servers, from whom: they wait until it is made.
    for_tutorial: Vec<(HostId, Flight)>,
    retransmissions: Retransmissions,
    /// The newest packet of each machine to each address that nobody has.
    unresolved: HashMap<(HostId, IpAddr), Vec<u8>>,
    budget: Budget,
    summary: Summary,
    /// A summary will be recorded then.
    summary_at: Option<Instant>,
    last: u64,
}

impl Network {
    /// Records `at_once` packets one by one at once, and `per_second` more each second.
    pub(super) fn new(wire: Wire, capture: Arc<Capture>, at_once: u32, per_second: u32) -> Self {
        Self {
            wire,
            capture,
            arriving: VecDeque::new(),
            for_tutorial: Vec::new(),
            retransmissions: Retransmissions::default(),
            unresolved: HashMap::new(),
            budget: Budget::new(at_once, per_second),
            summary: Summary::default(),
            summary_at: None,
            last: 0,
        }
    }

    pub(super) fn settings(&self) -> WireSettings {
        self.wire.settings()
    }

    /// Numbers a packet and keeps its bytes.
    pub(super) fn capture(&mut self, interface: &str, bytes: &[u8], observer: &Observer) -> PacketId {
        self.last += 1;
        let id = PacketId(self.last);
        self.capture.keep(id, interface, observer.now(), bytes);
        id
    }

    /// Records a packet, unless the room's budget is spent: then it is counted. Returns the first try of a copy, and
    /// whether it was recorded.
    pub(super) fn record(
        &mut self,
        id: PacketId,
        route: Route,
        decoded: &Decoded,
        cause: Cause,
        fate: Fate,
        observer: &Observer,
    ) -> (Option<PacketId>, bool) {
        let Decoded { src, dst, transport, data } = decoded;
        let Route { link, from, to } = route;
        self.capture.note(id, &fate, to.is_some());
        let copy_of = self.retransmissions.first_try(id, *src, *dst, transport, data);
        // The ready-made servers did not send it again: their machine's kernel did.
        let cause = if copy_of.is_some() && cause == Cause::Service { Cause::Timer } else { cause };
        let recorded = self.budget.spend() || is_always_recorded(transport, &fate);
        if recorded {
            observer.record(What::Packet(Packet {
                id,
                link,
                from,
                to,
                src: *src,
                dst: *dst,
                transport: transport.clone(),
                data: data.clone(),
                cause,
                copy_of,
                fate,
            }));
        } else {
            self.add_up(|summary| {
                summary.packets += 1;
                summary.bytes += u64::from(data.length);
            });
        }
        (copy_of, recorded)
    }

    /// Counts what is not recorded one by one.
    pub(super) fn add_up(&mut self, add: impl FnOnce(&mut Summary)) {
        add(&mut self.summary);
        self.summary_at.get_or_insert_with(|| Instant::now() + SUMMARY_EVERY);
    }

    /// What became of a packet that the trace has.
    pub(super) fn record_fate(&self, flight: &Flight, fate: Fate, observer: &Observer) {
        self.capture.note(flight.id, &fate, true);
        if flight.recorded {
            observer.record(What::Fate(PacketFate { id: flight.id, fate }));
        }
    }

    /// A packet from one machine to another: the wire decides.
    pub(super) fn send(
        &mut self,
        id: PacketId,
        (from, to): (HostId, HostId),
        decoded: &Decoded,
        cause: Cause,
        bytes: Vec<u8>,
        observer: &Observer,
    ) {
        let verdict = self.wire.judge(Instant::now(), from, to, bytes.len());
        let fate = match verdict {
            Verdict::Deliver => Fate::Delivered,
            Verdict::Delay(_) => Fate::Travelling,
            Verdict::Hold => Fate::Held,
            Verdict::Lose => Fate::Lost,
            Verdict::Unplugged => Fate::NoHost,
        };
        let route = Route::wire(Some(from), Some(to));
        let (copy_of, recorded) = self.record(id, route, decoded, cause, fate, observer);
        let flight = Flight { id, to, bytes, copy_of, control: Control::of(decoded), recorded };
        match verdict {
            Verdict::Deliver => self.arriving.push_back(flight),
            Verdict::Delay(arrives) => self.wire.keep_travelling(arrives, flight),
            Verdict::Hold => self.wire.keep_held(flight),
            Verdict::Lose | Verdict::Unplugged => {}
        }
    }

    /// A packet for the machine with the ready-made servers, which has to be made first.
    pub(super) fn send_to_tutorial(
        &mut self,
        id: PacketId,
        from: HostId,
        decoded: &Decoded,
        cause: Cause,
        bytes: Vec<u8>,
        observer: &Observer,
    ) {
        let route = Route::wire(Some(from), None);
        let (copy_of, recorded) = self.record(id, route, decoded, cause, Fate::Travelling, observer);
        let flight = Flight { id, to: from, bytes, copy_of, control: Control::of(decoded), recorded };
        if self.for_tutorial.len() < limits::WIRE_PACKETS {
            self.for_tutorial.push((from, flight));
        } else {
            self.record_fate(&flight, Fate::Lost, observer);
        }
    }

    /// Whether packets wait for the machine with the ready-made servers.
    pub(super) fn is_tutorial_wanted(&self) -> bool {
        !self.for_tutorial.is_empty()
    }

    /// Takes the packets that waited for it, with the machines that sent them.
    pub(super) fn take_for_tutorial(&mut self) -> Vec<(HostId, Flight)> {
        std::mem::take(&mut self.for_tutorial)
    }

    /// Keeps a packet to an address that nobody has, to be answered for. False where one is kept already.
    pub(super) fn keep_unresolved(&mut self, from: HostId, to: IpAddr, bytes: Vec<u8>) -> bool {
        self.unresolved.insert((from, to), bytes).is_none()
    }

    /// A router's answer to the packet that was kept.
    pub(super) fn host_unreachable(&mut self, host: HostId, address: IpAddr) -> Option<(Vec<u8>, Decoded)> {
        let original = self.unresolved.remove(&(host, address))?;
        let bytes = crate::icmp::host_unreachable(&original)?;
        let decoded = decode(&bytes)?;
        Some((bytes, decoded))
    }

    /// Forgets the packet that was kept.
    pub(super) fn forget_unresolved(&mut self, host: HostId, address: IpAddr) {
        self.unresolved.remove(&(host, address));
    }

    /// When something is due: a packet arrives, a hold has lasted too long, a summary is to be written.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.wire.next_due().into_iter().chain(self.summary_at).min()
    }

    /// Writes a summary that is due.
    pub(super) fn summarise(&mut self, now: Instant, observer: &Observer) {
        if self.summary_at.take_if(|at| *at <= now).is_some() {
            let summary = std::mem::take(&mut self.summary);
            observer.record(What::Summary(summary));
        }
    }

    /// The next packet that arrives at once.
    pub(super) fn next_arriving(&mut self) -> Option<Flight> {
        self.arriving.pop_front()
    }

    /// The next packet whose delay is over.
    pub(super) fn next_arrived(&mut self, now: Instant) -> Option<Flight> {
        self.wire.arrived(now)
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.arriving.is_empty()
    }

    /// Holds every packet from now on.
    pub(super) fn hold(&mut self, by: Option<MemberId>, rule: Option<&str>, observer: &Observer) {
        if !self.settings().held {
            self.wire.hold(Instant::now());
        }
        self.record_settings(by, rule, observer);
    }

    /// Whether a hold has lasted longer than it may.
    pub(super) fn is_hold_over(&self, now: Instant) -> bool {
        self.wire.hold_is_over(now)
    }

    /// Lets everything through that was held: all copies, the receiver's kernel sorts them out, as on a real network
    /// that was slow.
    pub(super) fn release(
        &mut self,
        by: Option<MemberId>,
        rule: Option<&str>,
        observer: &Observer,
    ) -> Vec<Flight> {
        let flights = self.wire.release();
        self.record_settings(by, rule, observer);
        flights
    }

    /// The packet that was held for longest.
    ///
    /// # Errors
    /// Where nothing is held.
    pub(super) fn oldest_held(&self) -> Result<PacketId, CallError> {
        self.wire.oldest_held().ok_or_else(|| ProtocolRule::NothingHeld.broken())
    }

    /// Takes one held packet off the wire to let it through; its copies are superseded.
    ///
    /// # Errors
    /// Where it is not held.
    pub(super) fn take_held(&mut self, packet: PacketId, observer: &Observer) -> Result<Flight, CallError> {
        let (flight, copies) =
            self.wire.take_held(packet).ok_or_else(|| ProtocolRule::PacketNotHeld.broken())?;
        for id in copies {
            self.capture.note(id, &Fate::Superseded, true);
            observer.record(What::Fate(PacketFate { id, fate: Fate::Superseded }));
        }
        Ok(flight)
    }

    /// Drops one held packet.
    ///
    /// # Errors
    /// Where it is not held.
    pub(super) fn drop_held(
        &mut self,
        packet: PacketId,
        by: MemberId,
        observer: &Observer,
    ) -> Result<(), CallError> {
        let flight = self.wire.drop_held(packet).ok_or_else(|| ProtocolRule::PacketNotHeld.broken())?;
        let fate = Fate::Dropped(Some(by));
        self.capture.note(flight.id, &fate, true);
        observer.record(What::Fate(PacketFate { id: flight.id, fate }));
        Ok(())
    }

    /// Sets delay, loss and seed.
    ///
    /// # Errors
    /// Where they are out of range.
    pub(super) fn set(
        &mut self,
        by: MemberId,
        (delay_ms, loss, seed): (Option<f64>, Option<f64>, Option<u64>),
        observer: &Observer,
    ) -> Result<(), CallError> {
        let most = f64::from(limits::WIRE_DELAY_MS);
        // A comparison with NaN is false, so NaN is refused by both.
        if delay_ms.is_some_and(|delay| !(0.0..=most).contains(&delay)) {
            let value = limits::WIRE_DELAY_MS.into();
            return Err(Limit::WireDelayMs.reached_at(value));
        }
        if loss.is_some_and(|loss| !(0.0..=1.0).contains(&loss)) {
            return Err(ProtocolRule::Loss.broken());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
        self.wire.set(delay_ms.map(|delay| delay.round() as u32), loss, seed);
        self.record_settings(Some(by), None, observer);
        Ok(())
    }

    fn record_settings(&self, by: Option<MemberId>, rule: Option<&str>, observer: &Observer) {
        let settings = self.wire.settings();
        observer.record(What::Wire { by, settings, rule: rule.map(str::to_owned) });
    }

    /// Cuts or mends a machine's cable.
    pub(super) fn set_cable(&mut self, host: HostId, plugged: bool) {
        self.wire.set_cable(host, plugged);
    }

    /// A machine has a new network: packets on their way to the old one have nowhere to arrive.
    pub(super) fn forget_packets(&mut self, host: HostId) {
        self.wire.forget_packets(host);
    }

    /// A machine is gone.
    pub(super) fn forget_host(&mut self, host: HostId) {
        self.wire.forget_host(host);
    }
}

/// Whether a packet is recorded also where there are too many: it opens or ends a connection, or somebody holds it in
/// their hands.
fn is_always_recorded(transport: &Transport, fate: &Fate) -> bool {
    let opens_or_ends = matches!(transport, Transport::Tcp(tcp)
        if tcp.flags.0 & (TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0) != 0);
    opens_or_ends || *fate == Fate::Held
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proto::trace::{Data, Event, Tcp};

    use super::*;
    use crate::{history::History, log::TraceLog};

    const FROM: HostId = HostId(1);
    const TO: HostId = HostId(2);
    const SOMEBODY: MemberId = MemberId(1);

    fn network(at_once: u32) -> (Network, Observer, Arc<TraceLog>) {
        let history = Arc::new(History::default());
        let (log, capture) = (Arc::new(TraceLog::new(Arc::clone(&history))), Arc::new(Capture::new(history)));
        let wire = Wire::new(Duration::from_secs(600), 0);
        (Network::new(wire, capture, at_once, 0), Observer::new(Arc::clone(&log)), log)
    }

    fn segment(sequence: u32) -> Decoded {
        let transport = Transport::Tcp(Tcp {
            src_port: 40_000,
            dst_port: 12_345,
            sequence,
            acknowledgment: 0,
            flags: TcpFlags::ACK,
            window: 0,
            urgent: 0,
            options: Vec::new(),
        });
        let (src, dst) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        Decoded { src, dst, transport, data: Data::of(b"x") }
    }

    fn send(network: &mut Network, observer: &Observer, sequence: u32) -> PacketId {
        let id = network.capture("wire", b"x", observer);
        network.send(id, (FROM, TO), &segment(sequence), Cause::Timer, b"x".to_vec(), observer);
        id
    }

    fn recorded(log: &TraceLog) -> Vec<What> {
        let bytes = log.read(0, usize::MAX).events;
        let mut rest = &bytes[..];
        let mut events = Vec::new();
        while !rest.is_empty() {
            let (event, after) = postcard::take_from_bytes::<Event>(rest).unwrap();
            rest = after;
            events.push(event.what);
        }
        events
    }

    #[test]
    fn what_is_held_arrives_only_when_it_is_let_through() {
        let (mut network, observer, log) = network(100);
        network.hold(Some(SOMEBODY), None, &observer);
        let (first, second) = (send(&mut network, &observer, 1), send(&mut network, &observer, 2));
        assert!(!network.is_busy());
        assert_eq!(network.oldest_held(), Ok(first));
        assert_eq!(network.take_held(first, &observer).map(|flight| flight.id), Ok(first));
        assert_eq!(network.drop_held(first, SOMEBODY, &observer), Err(ProtocolRule::PacketNotHeld.broken()));
        let released: Vec<_> =
            network.release(Some(SOMEBODY), None, &observer).into_iter().map(|flight| flight.id).collect();
        assert_eq!(released, [second]);
        send(&mut network, &observer, 3);
        assert!(network.next_arriving().is_some());
        let fates: Vec<_> = recorded(&log)
            .into_iter()
            .filter_map(|what| if let What::Packet(packet) = what { Some(packet.fate) } else { None })
            .collect();
        assert_eq!(fates, [Fate::Held, Fate::Held, Fate::Delivered]);
    }

    #[test]
    fn packets_beyond_the_budget_are_counted_and_no_less_delivered() {
        let (mut network, observer, log) = network(2);
        for sequence in 0..5 {
            send(&mut network, &observer, sequence);
        }
        assert_eq!(std::iter::from_fn(|| network.next_arriving()).count(), 5);
        let due = network.next_due().expect("a summary is to be written");
        network.summarise(due, &observer);
        assert_eq!(network.next_due(), None);
        let Some(What::Summary(summary)) = recorded(&log).pop() else { panic!("no summary") };
        assert_eq!((summary.packets, summary.bytes), (3, 3));
    }
}
