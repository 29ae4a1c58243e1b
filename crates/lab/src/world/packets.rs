//! Packets: read from a machine, judged by the wire, written to another, each recorded once and in order.
//!
//! One step is: drain the machine, do one thing, drain again. What the second drain finds was caused by that one
//! thing; everything else the kernel did by itself. What the ready-made servers' machine sends by itself is theirs.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    time::{Duration, Instant},
};

use proto::{
    call::Call,
    id::{HostId, PacketId, SocketId},
    trace::{Cause, Fate, Link, Packet, PacketFate, Summary, Transport, What},
};

use super::{Control, Timer, World};
use crate::{
    decode::{Decoded, decode},
    keeper::tap,
    wire::{Flight, Retransmissions, Verdict},
};

/// Largest packet: MTU 1500 with room to see that nothing exceeds it.
const PACKET: usize = 2048;
/// Packets read from one machine in one go, and how many times before something is done to it.
const DRAIN: usize = 256;
const DRAINS: usize = 8;
/// So many packets in one go mean that a queue of the kernel may have been full: a capture holds 256 at least.
const MANY: usize = 128;
/// Arrivals handled before the room looks after its commands again.
const ARRIVALS: usize = 128;
/// Packets above the budget are summed up this often.
const SUMMARY_EVERY: Duration = Duration::from_millis(250);
/// As long as ARP would try before it says that nobody has an address.
const ABSENT_AFTER: Duration = Duration::from_secs(3);

/// What is on its way through the room's own hands.
#[derive(Debug)]
pub(super) struct Traffic {
    arriving: VecDeque<Flight>,
    /// Packets for the machine with the ready-made servers, which they wake.
    for_sleeper: Vec<(HostId, Flight)>,
    retransmissions: Retransmissions,
    absent: HashMap<(HostId, IpAddr), Vec<u8>>,
    /// Packets that may be recorded one by one: at most, a second, and now.
    most: f64,
    per_second: f64,
    budget: f64,
    counted: Instant,
    pub(super) summary: Summary,
    summary_due: bool,
}

impl Traffic {
    /// Records so many packets one by one at once, and so many more each second.
    pub(super) fn new(at_once: u32, per_second: u32) -> Self {
        let most = f64::from(at_once);
        Self {
            arriving: VecDeque::new(),
            for_sleeper: Vec::new(),
            retransmissions: Retransmissions::default(),
            absent: HashMap::new(),
            most,
            per_second: f64::from(per_second),
            budget: most,
            counted: Instant::now(),
            summary: Summary::default(),
            summary_due: false,
        }
    }

    fn may_record(&mut self) -> bool {
        let now = Instant::now();
        let earned = now.duration_since(self.counted).as_secs_f64() * self.per_second;
        self.counted = now;
        self.budget = self.most.min(self.budget + earned);
        let may = self.budget >= 1.0;
        if may {
            self.budget -= 1.0;
        }
        may
    }
}

impl World {
    /// One step: drains the machine, does `act`, and takes what the machine sends then as caused by `cause`.
    pub(super) fn step<T>(&mut self, host: HostId, cause: Cause, act: impl FnOnce(&mut Self) -> T) -> T {
        self.drain(host);
        let result = act(self);
        self.collect(host, cause);
        result
    }

    /// The same for what is done to one socket. Where that one is outside, before and after or closed since, nothing of
    /// the machine's own sockets can have changed, and its kernel is not asked.
    pub(super) fn step_on<T>(
        &mut self,
        socket: SocketId,
        host: HostId,
        cause: Cause,
        act: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let was_outside = self.is_outside(socket);
        self.drain(host);
        let result = act(self);
        let outside = self.sockets.get(&socket).map_or(was_outside, |socket| socket.end.is_outside());
        let (wire, loopback) = self.read_links(host);
        if !outside || !wire.is_empty() || !loopback.is_empty() {
            self.look_and_take(host, cause, wire, loopback);
        }
        result
    }

    /// Takes what a machine has sent by itself.
    pub(crate) fn drain(&mut self, host: HostId) {
        let cause = match self.hosts.get(&host) {
            Some(machine) if machine.info.ready_made => Cause::Service,
            _ => Cause::Timer,
        };
        for _ in 0..DRAINS {
            let (wire, loopback) = self.read_links(host);
            let (on_wire, on_loopback) = (wire.len(), loopback.len());
            if on_wire > 0 || on_loopback > 0 {
                self.look_and_take(host, cause, wire, loopback);
            }
            if on_wire < DRAIN && on_loopback < DRAIN {
                return;
            }
        }
    }

    /// Takes what a machine sends now as caused by `cause`.
    pub(super) fn collect(&mut self, host: HostId, cause: Cause) {
        let (wire, loopback) = self.read_links(host);
        self.look_and_take(host, cause, wire, loopback);
    }

    /// States come first, since they changed before it sent.
    fn look_and_take(&mut self, host: HostId, cause: Cause, wire: Vec<Vec<u8>>, loopback: Vec<Vec<u8>>) {
        if wire.len() >= MANY || loopback.len() >= MANY {
            self.suspect_drops(host);
        }
        let decoded = |packets: Vec<Vec<u8>>| -> Vec<(Decoded, Vec<u8>)> {
            packets.into_iter().filter_map(|bytes| Some((decode(&bytes)?, bytes))).collect()
        };
        let (wire, loopback) = (decoded(wire), decoded(loopback));
        let caller = self.connecting(cause);
        for (packet, _) in wire.iter().chain(&loopback) {
            self.note_control(host, Control::of(packet), caller);
        }
        self.states_may_have_changed(host);
        self.take_loopback(host, cause, loopback);
        for (packet, bytes) in wire {
            self.take_from(host, cause, &packet, bytes);
        }
    }

    /// The socket whose connect(2) this is.
    fn connecting(&self, cause: Cause) -> Option<SocketId> {
        let Cause::Call(id) = cause else { return None };
        self.waiting.get(&id).filter(|waiting| matches!(waiting.call, Call::Connect { .. }))?.socket
    }

    fn read_links(&mut self, host: HostId) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let Some(machine) = self.hosts.get(&host) else { return Default::default() };
        let mut buffer = [0; PACKET];
        let mut read_all = |read: &mut dyn FnMut(&mut [u8]) -> Option<usize>| {
            let mut packets = Vec::new();
            while packets.len() < DRAIN
                && let Some(length) = read(&mut buffer)
            {
                packets.push(buffer[..length.min(PACKET)].to_vec());
            }
            packets
        };
        let wire = read_all(&mut |buffer| rustix::io::read(&machine.tun, buffer).ok());
        let loopback = read_all(&mut |buffer| tap::read(&machine.tap, buffer).ok().flatten());
        (wire, loopback)
    }

    /// Loopback traffic has arrived by the time it is seen. Each answer within one step is the answer to the last
    /// packet the other way.
    fn take_loopback(&mut self, host: HostId, cause: Cause, packets: Vec<(Decoded, Vec<u8>)>) {
        let mut before: Option<(PacketId, Decoded)> = None;
        for (decoded, packet) in packets {
            let answers = before.as_ref().filter(|(_, last)| {
                last.transport.ports().map(|(a, b)| (b, a)) == decoded.transport.ports()
                    && (last.src, last.dst) == (decoded.dst, decoded.src)
            });
            let cause = answers.map_or(cause, |(id, _)| Cause::Packet(*id));
            let id = self.numbers.packet();
            let link = (Link::Loopback(host), Some(host), Some(host));
            self.capture_packet(id, Link::Loopback(host), &packet);
            self.record_packet(id, link, &decoded, cause, Fate::Delivered);
            before = Some((id, decoded));
        }
    }

    fn take_from(&mut self, from: HostId, cause: Cause, decoded: &Decoded, bytes: Vec<u8>) {
        let id = self.numbers.packet();
        self.capture_packet(id, Link::Wire, &bytes);
        let Some(to) = self.host_at(decoded.dst) else {
            return self.take_for_nobody(from, id, decoded, cause, bytes);
        };
        let now = Instant::now();
        let verdict = self.wire.judge(now, from, to, bytes.len());
        let fate = match verdict {
            Verdict::Deliver => Fate::Delivered,
            Verdict::Delay(_) => Fate::Travelling,
            Verdict::Hold => Fate::Held,
            Verdict::Lose => Fate::Lost,
            Verdict::Unplugged => Fate::NoHost,
        };
        let link = (Link::Wire, Some(from), Some(to));
        let (copy_of, recorded) = self.record_packet(id, link, decoded, cause, fate);
        let flight = Flight { id, to, bytes, copy_of, control: Control::of(decoded), recorded };
        match verdict {
            Verdict::Deliver => self.traffic.arriving.push_back(flight),
            Verdict::Delay(arrives) => self.wire.keep_travelling(arrives, flight),
            Verdict::Hold => self.wire.keep_held(flight),
            Verdict::Lose | Verdict::Unplugged => {}
        }
    }

    fn take_for_nobody(
        &mut self,
        from: HostId,
        id: PacketId,
        decoded: &Decoded,
        cause: Cause,
        bytes: Vec<u8>,
    ) {
        if self.is_tutorial(decoded.dst) {
            // Only ever before that machine is awake: from then on it has its address.
            let link = (Link::Wire, Some(from), None);
            let (copy_of, recorded) = self.record_packet(id, link, decoded, cause, Fate::Travelling);
            let control = Control::of(decoded);
            let flight = Flight { id, to: from, bytes, copy_of, control, recorded };
            return self.traffic.for_sleeper.push((from, flight));
        }
        self.record_packet(id, (Link::Wire, Some(from), None), decoded, cause, Fate::NoHost);
        let IpAddr::V4(to) = decoded.dst else { return };
        let plugged = self.hosts.get(&from).is_some_and(|host| host.info.cable);
        if !plugged || to.is_multicast() || to.octets()[3] == 255 {
            return;
        }
        let waiting = self.traffic.absent.insert((from, decoded.dst), bytes);
        if waiting.is_none() {
            self.timers.set(Instant::now() + ABSENT_AFTER, Timer::Absent(from, decoded.dst));
        }
    }

    fn capture_packet(&self, id: PacketId, link: Link, bytes: &[u8]) {
        let of = |host: HostId| self.hosts.get(&host).map_or("?", |machine| machine.info.name.as_str());
        match link {
            Link::Wire => self.capture.keep(id, "wire", self.log.now(), bytes),
            Link::Loopback(host) => {
                self.capture.keep(id, &format!("lo of {}", of(host)), self.log.now(), bytes)
            }
        }
    }

    /// Records a packet, unless the room's budget is spent: then it is counted. Returns the first try of a copy, and
    /// whether it was recorded.
    fn record_packet(
        &mut self,
        id: PacketId,
        (link, from, to): (Link, Option<HostId>, Option<HostId>),
        decoded: &Decoded,
        cause: Cause,
        fate: Fate,
    ) -> (Option<PacketId>, bool) {
        let Decoded { src, dst, transport, data } = decoded;
        self.capture.note(id, &fate, to.is_some());
        let copy_of = self.traffic.retransmissions.first_try(id, *src, *dst, transport, data);
        let cause = if copy_of.is_some() && cause == Cause::Service { Cause::Timer } else { cause };
        let recorded = self.traffic.may_record() || self.never_summed_up(transport, &fate);
        if recorded {
            self.record(What::Packet(Packet {
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
            self.traffic.summary.packets += 1;
            self.traffic.summary.bytes += u64::from(data.length);
            self.summarise_soon();
        }
        (copy_of, recorded)
    }

    fn never_summed_up(&self, transport: &Transport, fate: &Fate) -> bool {
        use proto::trace::TcpFlags;
        let opens_or_ends = matches!(transport, Transport::Tcp(tcp)
            if tcp.flags.0 & (TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0) != 0);
        opens_or_ends || *fate == Fate::Held
    }

    pub(super) fn summarise_soon(&mut self) {
        if !self.traffic.summary_due {
            self.traffic.summary_due = true;
            self.timers.set(Instant::now() + SUMMARY_EVERY, Timer::Summary);
        }
    }

    pub(super) fn record_summary(&mut self) {
        self.traffic.summary_due = false;
        let summary = std::mem::take(&mut self.traffic.summary);
        if summary != Summary::default() {
            self.record(What::Summary(summary));
        }
    }

    /// Whether packets wait for the machine with the ready-made servers.
    pub(crate) fn is_sleeper_wanted(&self) -> bool {
        !self.traffic.for_sleeper.is_empty()
    }

    /// Wakes that machine and lets the packets arrive that woke it.
    pub(crate) async fn wake_sleeper(&mut self) {
        self.wake_tutorial().await;
        for (from, mut flight) in std::mem::take(&mut self.traffic.for_sleeper) {
            let to = decode(&flight.bytes).and_then(|decoded| self.host_at(decoded.dst));
            let plugged = self.hosts.get(&from).is_some_and(|host| host.info.cable);
            if let Some(to) = to.filter(|_| plugged) {
                flight.to = to;
                self.arrive_late(&flight);
            } else {
                self.record_fate(&flight, Fate::NoHost);
            }
        }
    }

    /// Whether packets wait to be written: the room's task then comes back before it waits.
    pub(crate) fn is_busy(&self) -> bool {
        !self.traffic.arriving.is_empty()
    }

    /// Writes packets that have arrived, and what they cause, until nothing moves or it is somebody else's turn.
    pub(crate) fn settle(&mut self) {
        for _ in 0..ARRIVALS {
            let Some(flight) = self.traffic.arriving.pop_front() else { return };
            self.arrive(&flight);
        }
    }

    /// A packet arrives at a machine's kernel.
    pub(super) fn arrive(&mut self, flight: &Flight) {
        self.note_control(flight.to, flight.control, None);
        self.step(flight.to, Cause::Packet(flight.id), |world| {
            let Some(machine) = world.hosts.get(&flight.to) else { return };
            if let Err(error) = rustix::io::write(&machine.tun, &flight.bytes) {
                tracing::debug!(%error, "a machine did not take a packet");
                world.traffic.summary.queue_drops += 1;
                world.summarise_soon();
            }
        });
    }

    /// A packet that the wire had kept arrives now.
    pub(super) fn arrive_late(&mut self, flight: &Flight) {
        self.record_fate(flight, Fate::Delivered);
        self.arrive(flight);
    }

    /// What became of a packet that the trace has.
    pub(super) fn record_fate(&self, flight: &Flight, fate: Fate) {
        self.capture.note(flight.id, &fate, true);
        if flight.recorded {
            self.record(What::Fate(PacketFate { id: flight.id, fate }));
        }
    }

    /// Nobody has this address: the wire tells the machine that asked, as a router would.
    pub(super) fn answer_for_absent(&mut self, host: HostId, address: IpAddr) {
        let Some(original) = self.traffic.absent.remove(&(host, address)) else { return };
        if self.host_at(address).is_some() {
            return;
        }
        let Some(bytes) = crate::icmp::host_unreachable(&original) else { return };
        let Some(decoded) = decode(&bytes) else { return };
        let id = self.numbers.packet();
        self.capture_packet(id, Link::Wire, &bytes);
        self.record_packet(id, (Link::Wire, None, Some(host)), &decoded, Cause::Wire, Fate::Delivered);
        self.arrive(&Flight { id, to: host, bytes, copy_of: None, control: None, recorded: true });
    }
}
