//! What is known of programs beyond their open sockets: descriptors they have used, connections they have made, addresses
//! they have asked for. And when somebody was last accepted on a port.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use proto::id::{Fd, HostId, ProgramId};

use crate::remembered::{REMEMBERED, evict};

/// Programs as their calls tell of them. Bounded, whatever they do.
#[derive(Clone, Debug, Default)]
pub(super) struct Programs {
    /// Descriptors that named a socket at some time.
    used: BTreeSet<(ProgramId, Fd)>,
    /// How many connections each has connected or accepted.
    connections: BTreeMap<ProgramId, u64>,
    /// The name that was asked for, by who asked and the address that was answered.
    names: BTreeMap<(ProgramId, IpAddr), String>,
    /// When somebody was accepted last, in nanoseconds since the room began.
    accepted: BTreeMap<(HostId, u16), u64>,
}

impl Programs {
    /// A descriptor names a socket from now on; whether it has named another one before.
    pub(super) fn uses(&mut self, program: ProgramId, fd: Fd) -> bool {
        let reused = !self.used.insert((program, fd));
        if self.used.len() > REMEMBERED {
            self.used.pop_first();
        }
        reused
    }

    /// A program has one connection more; which one that is, from 1.
    pub(super) fn connects(&mut self, program: ProgramId) -> u64 {
        let count = self.connections.entry(program).or_default();
        *count += 1;
        let nth = *count;
        evict(&mut self.connections);
        nth
    }

    /// A program asked for a name and was told these addresses.
    pub(super) fn asked(&mut self, program: ProgramId, name: &str, addresses: &[IpAddr]) {
        for address in addresses {
            self.names.insert((program, *address), name.to_owned());
        }
        while self.names.len() > REMEMBERED {
            self.names.pop_first();
        }
    }

    /// The name whose answer had this address in this program.
    pub(super) fn name_of(&self, program: ProgramId, address: IpAddr) -> Option<&str> {
        self.names.get(&(program, address)).map(String::as_str)
    }

    /// Somebody was accepted on a port of a machine.
    pub(super) fn accepts(&mut self, host: HostId, port: u16, time: u64) {
        self.accepted.insert((host, port), time);
        evict(&mut self.accepted);
    }

    /// Milliseconds since somebody was accepted on a port of a machine; none where that never was in its network.
    pub(super) fn since_accept(&self, host: HostId, port: u16, time: u64) -> Option<u64> {
        let last = self.accepted.get(&(host, port))?;
        Some(time.saturating_sub(*last) / 1_000_000)
    }

    /// A machine has a fresh network.
    pub(super) fn network_ends(&mut self, host: HostId) {
        self.accepted.retain(|(of, _), _| *of != host);
    }
}
