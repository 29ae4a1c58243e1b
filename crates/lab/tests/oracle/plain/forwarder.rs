//! The wire of the plain run: two TUNs, packets from one to the other, and what was seen.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use lab::keeper::{HostFds, Namespace, tap};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::{
    account::{Seen, What},
    script::Side,
};

pub(super) struct Forwarder {
    hosts: [HostFds; 2],
    pub(super) delay: Duration,
    pub(super) plugged: [bool; 2],
    pub(super) seen: Vec<Seen>,
    travelling: VecDeque<(Instant, Side, Vec<u8>)>,
}

impl Forwarder {
    pub(super) fn new(hosts: [HostFds; 2]) -> Self {
        Self {
            hosts,
            delay: Duration::ZERO,
            plugged: [true; 2],
            seen: Vec::new(),
            travelling: VecDeque::new(),
        }
    }

    pub(super) fn namespace(&self, side: Side) -> &Namespace {
        &self.hosts[side.index()].namespace
    }

    /// Moves packets until none moves.
    pub(super) fn settle(&mut self) {
        while self.read() | self.write() {}
    }

    fn read(&mut self) -> bool {
        let mut buffer = [0; 2048];
        let before = self.seen.len();
        for side in Side::BOTH {
            let host = &self.hosts[side.index()];
            while let Ok(length) = rustix::io::read(&host.wire, &mut buffer) {
                self.seen.extend(seen(side.way(), &buffer[..length]));
                if self.plugged == [true; 2] {
                    let packet = buffer[..length].to_vec();
                    self.travelling.push_back((Instant::now() + self.delay, other(side), packet));
                }
            }
            while let Ok(Some(length)) = tap::read(&host.loopback, &mut buffer) {
                self.seen.extend(seen("lo", &buffer[..length]));
            }
        }
        self.seen.len() > before
    }

    fn write(&mut self) -> bool {
        match self.travelling.front() {
            Some((arrives, ..)) if *arrives <= Instant::now() => {}
            _ => return false,
        }
        let Some((_, to, packet)) = self.travelling.pop_front() else { return false };
        if packet[16..20] == to.address().octets() {
            rustix::io::write(&self.hosts[to.index()].wire, &packet).unwrap();
        }
        true
    }

    /// Waits for a packet, at most a millisecond: a call may end without one.
    pub(super) fn wait(&self) {
        let mut fds: Vec<PollFd<'_>> = self
            .hosts
            .iter()
            .flat_map(|host| [&host.wire, &host.loopback])
            .map(|fd| PollFd::new(fd, PollFlags::IN))
            .collect();
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 1_000_000 })).unwrap();
    }

    /// Ends both hosts with everything in them.
    pub(super) fn end(self) {
        for host in &self.hosts {
            lab::diag::destroy_all(&host.diag).unwrap();
        }
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Server => Side::Client,
        Side::Client => Side::Server,
    }
}

fn seen(way: &'static str, packet: &[u8]) -> Option<Seen> {
    let sliced = SlicedPacket::from_ip(packet).ok()?;
    let NetSlice::Ipv4(_) = sliced.net.as_ref()? else { return None };
    let length = |payload: &[u8]| u32::try_from(payload.len()).unwrap();
    let what = match &sliced.transport {
        Some(TransportSlice::Tcp(tcp)) => What::Tcp {
            // RFC 9293: the octet after the data offset.
            flags: tcp.slice()[13],
            sequence: tcp.sequence_number(),
            ports: (tcp.source_port(), tcp.destination_port()),
            length: length(tcp.payload()),
        },
        Some(TransportSlice::Udp(udp)) => What::Udp { length: length(udp.payload()) },
        Some(TransportSlice::Icmpv4(icmp)) => What::Icmp { kind: icmp.type_u8(), code: icmp.code_u8() },
        _ => return None,
    };
    Some(Seen { way, what })
}
