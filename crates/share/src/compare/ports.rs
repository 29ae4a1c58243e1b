//! Ports that the kernel chose, by names that are the same each time: whom the connection went to, and its place among those
//! that went there. Their numbers are new each time, and which of two programs connects first is the kernel's affair.

use std::collections::HashMap;

use proto::trace::{Event, What};

/// Ports from here on are those that Linux chooses by itself (`ip_local_port_range`).
const CHOSEN: u16 = 32_768;

/// Names of ports.
#[derive(Debug, Default)]
pub(super) struct Ports {
    names: HashMap<u16, String>,
    /// How many there are so far, by the port that they went to.
    to: HashMap<u16, usize>,
}

impl Ports {
    /// Those of packets; others have their names in the order of their coming.
    pub(super) fn of(events: &[Event]) -> Self {
        let mut ports = Self::default();
        for event in events {
            let What::Packet(packet) = &event.what else { continue };
            if let Some((from, to)) = packet.transport.ports()
                && from >= CHOSEN
                && to < CHOSEN
            {
                ports.learn(from, to);
            }
        }
        ports
    }

    fn learn(&mut self, from: u16, to: u16) {
        let Self { names, to: counts } = self;
        names.entry(from).or_insert_with(|| {
            let count = counts.entry(to).or_default();
            *count += 1;
            format!("chosen-{to}-{count}")
        });
    }

    /// A port that somebody said, as it is; else its name.
    pub(super) fn name(&mut self, port: u16) -> String {
        if port < CHOSEN {
            return port.to_string();
        }
        let next = self.names.len() + 1;
        self.names.entry(port).or_insert_with(|| format!("chosen-{next}")).clone()
    }

    /// A packet that an ICMP message says on (RFC 792: its IPv4 header and 8 bytes of what is in it), without what is new each
    /// time: its identification, checksums, ports that the kernel chose, TCP's sequence number.
    pub(super) fn quoted(bytes: &[u8]) -> Vec<u8> {
        let mut same = bytes.to_vec();
        let header = usize::from(bytes.first().copied().unwrap_or(0) & 0x0f) * 4;
        if bytes.first().is_none_or(|first| first >> 4 != 4) || bytes.len() < header + 8 || header < 20 {
            return same;
        }
        let mut clear = |range: std::ops::Range<usize>| same[range].fill(0);
        clear(4..6);
        clear(10..12);
        let udp = bytes[9] == 17;
        if bytes[9] != 6 && !udp {
            return same;
        }
        for at in [header, header + 2] {
            if u16::from_be_bytes([bytes[at], bytes[at + 1]]) >= CHOSEN {
                clear(at..at + 2);
            }
        }
        clear(if udp { header + 6..header + 8 } else { header + 4..header + 8 });
        same
    }
}
