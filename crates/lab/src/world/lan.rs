//! One step of the room: drain a machine, do one thing, drain it again. What the second drain finds was caused by that
//! one thing; everything else the kernel did by itself. What the ready-made servers' machine sends by itself is theirs.
//!
//! Here machines, the network between them and the observer meet. It knows no calls and no people.

use std::{
    net::IpAddr,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use proto::{
    call::CallError,
    id::{HostId, PacketId, SocketId},
    trace::{Cause, Fate, What},
};

use super::{
    machines::{DRAIN, Machines, Plan, Read},
    network::{Network, Route},
    observer::{Look, Observer},
    socket_pool::KEPT,
    timers::{Timer, Timers},
};
use crate::{
    decode::{Decoded, decode},
    diag,
    evidence::Control,
    keeper::{HostFds, SocketSpec},
    wire::Flight,
};

/// How many times a machine is read in one go before something is done to it.
const DRAINS: usize = 8;
/// So many packets in one go mean that a queue of the kernel may have been full: a capture holds 256 at least.
const MANY: usize = 128;
/// Arrivals handled before the room looks after its commands again.
const ARRIVALS: usize = 128;
/// As long as ARP would try before it says that nobody has an address.
const UNRESOLVED_AFTER: Duration = Duration::from_secs(3);
/// A machine's counters of lost packets are read at most this often.
const COUNT_EVERY: Duration = Duration::from_millis(250);

/// The machines, the network between them, and who sees what they do.
#[derive(Debug)]
pub(super) struct Lan {
    pub(super) machines: Machines,
    pub(super) network: Network,
    pub(super) observer: Observer,
    pub(super) timers: Timers,
}

impl Lan {
    pub(super) fn record(&self, what: What) {
        self.observer.record(what);
    }

    /// A machine that the keeper has made joins the network.
    ///
    /// # Errors
    /// As [`Machines::add`].
    pub(super) fn add_host(&mut self, plan: Plan, fds: HostFds) -> Result<HostId, CallError> {
        let info = self.machines.add(plan, fds)?;
        let id = info.id;
        self.observer.appeared(id);
        self.record(What::HostAppeared(info));
        Ok(id)
    }

    /// A machine leaves the network. Nothing on it is left.
    pub(super) fn remove_host(&mut self, id: HostId) {
        self.network.forget_host(id);
        if self.machines.remove(id) {
            self.observer.gone(id);
            self.record(What::HostGone(id));
        }
    }

    /// Destroys every socket of a machine's kernel.
    pub(super) fn destroy_sockets(&mut self, id: HostId) {
        if let Some(host) = self.machines.get(id)
            && let Err(error) = diag::destroy_all(&host.diag)
        {
            tracing::warn!(%error, "sockets could not be destroyed");
        }
        self.drain(id);
    }

    /// Cuts or mends a machine's cable.
    pub(super) fn set_cable(&mut self, id: HostId, plugged: bool) {
        self.network.set_cable(id, plugged);
        if let Some(host) = self.machines.get_mut(id) {
            host.info.cable = plugged;
        }
    }

    /// Takes what a machine has sent by itself.
    pub(super) fn drain(&mut self, host: HostId) {
        let Some(machine) = self.machines.get(host) else { return };
        let cause = if machine.info.ready_made { Cause::Service } else { Cause::Timer };
        for _ in 0..DRAINS {
            let read = self.read_links(host);
            let (on_wire, on_loopback) = (read.0.len(), read.1.len());
            if on_wire > 0 || on_loopback > 0 {
                self.look_and_take(host, cause, None, read);
            }
            if on_wire < DRAIN && on_loopback < DRAIN {
                return;
            }
        }
    }

    /// Takes what a machine sends now as caused by `cause`.
    pub(super) fn collect(&mut self, host: HostId, cause: Cause) {
        let read = self.read_links(host);
        self.look_and_take(host, cause, None, read);
    }

    /// The same after something was done to one socket. Where that one is `outside`, nothing of the machine's own
    /// sockets can have changed, and its kernel is not asked. `caller` is the socket whose connect(2) it was.
    pub(super) fn collect_of_socket(
        &mut self,
        host: HostId,
        cause: Cause,
        caller: Option<SocketId>,
        outside: bool,
    ) {
        let read = self.read_links(host);
        if !outside || !read.0.is_empty() || !read.1.is_empty() {
            self.look_and_take(host, cause, caller, read);
        }
    }

    fn read_links(&self, host: HostId) -> Read {
        self.machines.get(host).map(|machine| machine.read_links()).unwrap_or_default()
    }

    /// States come first, since they changed before it sent.
    fn look_and_take(
        &mut self,
        host: HostId,
        cause: Cause,
        caller: Option<SocketId>,
        (wire, loopback): Read,
    ) {
        if wire.len() >= MANY || loopback.len() >= MANY {
            self.suspect_drops(host);
        }
        let decoded = |packets: Vec<Vec<u8>>| -> Vec<(Decoded, Vec<u8>)> {
            packets.into_iter().filter_map(|bytes| Some((decode(&bytes)?, bytes))).collect()
        };
        let (wire, loopback) = (decoded(wire), decoded(loopback));
        for (packet, _) in wire.iter().chain(&loopback) {
            self.observer.note_control(host, Control::of(packet), caller);
        }
        match self.observer.may_look(host, Instant::now()) {
            Look::Now => self.look(host),
            Look::At(then) => drop(self.timers.set(then, Timer::Look(host))),
            Look::Planned => {}
        }
        self.take_loopback(host, cause, loopback);
        for (packet, bytes) in wire {
            self.take_from(host, cause, &packet, bytes);
        }
    }

    /// Looks at a machine's sockets and records what has changed.
    pub(super) fn look(&mut self, host: HostId) {
        let Some(machine) = self.machines.get(host) else { return };
        let dumped = if self.observer.has_datagrams(host) {
            diag::dump(&machine.diag)
        } else {
            diag::dump_tcp(&machine.diag)
        };
        if let Some(then) = self.observer.compare(host, dumped, &self.machines.tables) {
            self.timers.set(then, Timer::Kernel(host));
        }
    }

    /// A timer of a machine's kernel has run out.
    pub(super) fn kernel_timer_ran_out(&mut self, host: HostId, now: Instant) {
        if self.observer.take_due(host, now) {
            self.drain(host);
            self.look(host);
        }
    }

    /// Many packets came at once: some may be missing.
    fn suspect_drops(&mut self, host: HostId) {
        let Some(machine) = self.machines.get_mut(host) else { return };
        if !machine.drops.suspected {
            machine.drops.suspected = true;
            self.timers.set(Instant::now() + COUNT_EVERY, Timer::Drops(host));
        }
    }

    /// Counts what a machine has lost since it was last asked: `dropped` is its kernel's counter now, none where that
    /// is not known.
    pub(super) fn count_drops(&mut self, host: HostId, dropped: Option<u64>) {
        let Some(machine) = self.machines.get_mut(host) else { return };
        machine.drops.suspected = false;
        let missed = machine.missed();
        let before = machine.drops.recorded;
        machine.drops.recorded = dropped.unwrap_or(before);
        let lost = machine.drops.recorded.saturating_sub(before);
        if missed > 0 || lost > 0 {
            self.network.add_up(|summary| {
                summary.missed += missed;
                summary.queue_drops += lost;
            });
        }
    }

    /// Loopback traffic has arrived by the time it is seen. Each answer within one step is the answer to the last
    /// packet the other way.
    fn take_loopback(&mut self, host: HostId, cause: Cause, packets: Vec<(Decoded, Vec<u8>)>) {
        if packets.is_empty() {
            return;
        }
        let name = self.machines.get(host).map_or("?", |machine| machine.info.name.as_str());
        let interface = format!("lo of {name}");
        let mut before: Option<(PacketId, Decoded)> = None;
        for (decoded, packet) in packets {
            let answers = before.as_ref().filter(|(_, last)| {
                last.transport.ports().map(|(a, b)| (b, a)) == decoded.transport.ports()
                    && (last.src, last.dst) == (decoded.dst, decoded.src)
            });
            let cause = answers.map_or(cause, |(id, _)| Cause::Packet(*id));
            let id = self.network.capture(&interface, &packet, &self.observer);
            let route = Route::loopback(host);
            self.network.record(id, route, &decoded, cause, Fate::Delivered, &self.observer);
            before = Some((id, decoded));
        }
    }

    fn take_from(&mut self, from: HostId, cause: Cause, decoded: &Decoded, bytes: Vec<u8>) {
        let Self { machines, network, observer, .. } = self;
        let id = network.capture("wire", &bytes, observer);
        match machines.at(decoded.dst) {
            Some(to) => network.send(id, (from, to), decoded, cause, bytes, observer),
            None if machines.is_tutorial_to_come(decoded.dst) => {
                network.send_to_tutorial(id, from, decoded, cause, bytes, observer);
            }
            None => {
                network.record(id, Route::wire(Some(from), None), decoded, cause, Fate::NoHost, observer);
                self.keep_unresolved(from, decoded.dst, bytes);
            }
        }
    }

    fn keep_unresolved(&mut self, from: HostId, address: IpAddr, bytes: Vec<u8>) {
        let IpAddr::V4(to) = address else { return };
        if !self.machines.is_plugged(from) || to.is_multicast() || to.octets()[3] == 255 {
            return;
        }
        if self.network.keep_unresolved(from, address, bytes) {
            self.timers.set(Instant::now() + UNRESOLVED_AFTER, Timer::Unresolved(from, address));
        }
    }

    /// Nobody has this address: the wire tells the machine that asked, as a router would.
    pub(super) fn answer_for_unresolved(&mut self, host: HostId, address: IpAddr) {
        if self.machines.at(address).is_some() {
            return self.network.forget_unresolved(host, address);
        }
        let Some((bytes, decoded)) = self.network.host_unreachable(host, address) else { return };
        let id = self.network.capture("wire", &bytes, &self.observer);
        let route = Route::wire(None, Some(host));
        self.network.record(id, route, &decoded, Cause::Wire, Fate::Delivered, &self.observer);
        self.arrive(&Flight { id, to: host, bytes, copy_of: None, control: None, recorded: true });
    }

    /// Writes packets that have arrived, and what they cause, until nothing moves or it is somebody else's turn.
    pub(super) fn settle(&mut self) {
        for _ in 0..ARRIVALS {
            let Some(flight) = self.network.next_arriving() else { return };
            self.arrive(&flight);
        }
    }

    /// A packet arrives at a machine's kernel.
    fn arrive(&mut self, flight: &Flight) {
        self.observer.note_control(flight.to, flight.control, None);
        self.drain(flight.to);
        if let Some(machine) = self.machines.get(flight.to)
            && let Err(error) = machine.write(&flight.bytes)
        {
            tracing::debug!(%error, "a machine did not take a packet");
            self.network.add_up(|summary| summary.queue_drops += 1);
        }
        self.collect(flight.to, Cause::Packet(flight.id));
    }

    /// A packet that the wire had kept arrives now.
    pub(super) fn arrive_late(&mut self, flight: &Flight) {
        self.network.record_fate(flight, Fate::Delivered, &self.observer);
        self.arrive(flight);
    }

    /// Packets whose delay is over arrive.
    pub(super) fn run_wire(&mut self, now: Instant) {
        while let Some(flight) = self.network.next_arrived(now) {
            self.arrive_late(&flight);
        }
        self.network.summarise(now, &self.observer);
    }

    /// Packets that the wire has released arrive, oldest first.
    pub(super) fn arrive_all(&mut self, flights: &[Flight]) {
        for flight in flights {
            self.arrive_late(flight);
            self.settle();
        }
    }

    /// The machine with the ready-made servers is there, or will not come: the packets that waited for it go on.
    pub(super) fn arrive_at_tutorial(&mut self) {
        for (from, mut flight) in self.network.take_for_tutorial() {
            let to = decode(&flight.bytes).and_then(|decoded| self.machines.at(decoded.dst));
            if let Some(to) = to.filter(|_| self.machines.is_plugged(from)) {
                flight.to = to;
                self.arrive_late(&flight);
            } else {
                self.network.record_fate(&flight, Fate::NoHost, &self.observer);
            }
        }
    }

    /// Keeps sockets in a machine's pool for those who ask next, for a while.
    pub(super) fn keep_sockets(&mut self, host: HostId, spec: SocketSpec, sockets: Vec<OwnedFd>) {
        let Some(machine) = self.machines.get_mut(host).filter(|_| !sockets.is_empty()) else { return };
        machine.pool.keep(spec, sockets);
        self.timers.set(Instant::now() + KEPT, Timer::Pool(host));
    }

    /// Closes what nobody takes from a machine's pool any more.
    pub(super) fn close_unwanted_sockets(&mut self, host: HostId, now: Instant) {
        let again = self.machines.get_mut(host).and_then(|host| host.pool.close_unwanted(now));
        if let Some(at) = again {
            self.timers.set(at, Timer::Pool(host));
        }
    }

    /// When something is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.timers.next().into_iter().chain(self.network.next_due()).min()
    }
}
