//! Packets as tcpdump(1) writes them, one line each, for copying and for people who know it.

use proto::trace::{Event, Fate, Packet, TcpFlags, TcpOption, Transport, What};

use super::{
    store::TraceStore,
    words::{ToMany, bounded, ordinal},
};

/// Every packet of the trace, one line each.
pub fn text(store: &TraceStore) -> String {
    let mut lines = String::new();
    for event in store.events_from(0) {
        if let Some(line) = line(store, event) {
            lines.push_str(&line);
            lines.push('\n');
        }
    }
    lines
}

/// A packet's line; none for any other event.
pub fn line(store: &TraceStore, event: &Event) -> Option<String> {
    let What::Packet(packet) = &event.what else { return None };
    let seconds = event.time / 1_000_000_000;
    let micros = event.time % 1_000_000_000 / 1_000;
    let (source, target) = match packet.transport.ports() {
        Some((from, to)) => (format!("{}.{from}", packet.src), format!("{}.{to}", packet.dst)),
        None => (packet.src.to_string(), packet.dst.to_string()),
    };
    let link = match packet.link {
        proto::trace::Link::Wire => "wire".to_owned(),
        proto::trace::Link::Loopback(host) => format!("lo@{}", store.names().host(host)),
    };
    let head = transport(store, packet);
    let mut line = format!("{seconds:>4}.{micros:06} {link} IP {source} > {target}: {head}");
    line.push_str(&remark(store, packet));
    Some(line)
}

fn transport(store: &TraceStore, packet: &Packet) -> String {
    let length = packet.data.length;
    match &packet.transport {
        Transport::Tcp(tcp) => {
            let note = store.note(packet.id);
            let relative = note.map_or(tcp.sequence, |note| note.relative);
            // tcpdump shows the absolute number on a SYN and relative ones from then on.
            let sequence = match (tcp.flags.contains(TcpFlags::SYN), length) {
                (true, _) => format!(", seq {}", tcp.sequence),
                (false, 0) if !tcp.flags.contains(TcpFlags::FIN) => String::new(),
                (false, 0) => format!(", seq {relative}"),
                (false, _) => format!(", seq {relative}:{}", relative.wrapping_add(length)),
            };
            let acknowledged = note.map_or(tcp.acknowledgment, |note| note.acknowledged);
            let ack = if tcp.flags.contains(TcpFlags::ACK) {
                format!(", ack {acknowledged}")
            } else {
                String::new()
            };
            let options: Vec<_> = tcp.options.iter().map(option).collect();
            let options =
                if options.is_empty() { String::new() } else { format!(", options [{}]", options.join(",")) };
            let flags = letters(tcp.flags);
            format!("Flags [{flags}]{sequence}{ack}, win {}{options}, length {length}", tcp.window)
        }
        Transport::Udp { .. } => format!("UDP, length {length}"),
        Transport::Icmp { words, .. } => format!("ICMP {}, length {length}", bounded(words, 120)),
        Transport::Other(number) => format!("ip-proto-{number} {length}"),
    }
}

/// tcpdump's letters: `S`, `S.`, `P.`, `F.`, `R`, `.`.
pub fn letters(flags: TcpFlags) -> String {
    let known = [
        (TcpFlags::FIN, 'F'),
        (TcpFlags::SYN, 'S'),
        (TcpFlags::RST, 'R'),
        (TcpFlags::PSH, 'P'),
        (TcpFlags::ACK, '.'),
        (TcpFlags::URG, 'U'),
        (TcpFlags::ECE, 'E'),
        (TcpFlags::CWR, 'W'),
    ];
    let letters: String =
        known.into_iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, letter)| letter).collect();
    if letters.is_empty() { "none".to_owned() } else { letters }
}

/// A TCP option as tcpdump names it.
pub fn option(option: &TcpOption) -> String {
    match option {
        TcpOption::MaximumSegmentSize(size) => format!("mss {size}"),
        TcpOption::WindowScale(power) => format!("wscale {power}"),
        TcpOption::SackPermitted => "sackOK".to_owned(),
        TcpOption::Sack(blocks) => {
            let blocks: Vec<_> = blocks.iter().map(|(from, to)| format!("{{{from}:{to}}}")).collect();
            format!("sack {} {}", blocks.len(), blocks.join(""))
        }
        TcpOption::Timestamps(value, echo) => format!("TS val {value} ecr {echo}"),
        TcpOption::Other(kind) => format!("unknown-{kind}"),
    }
}

fn remark(store: &TraceStore, packet: &Packet) -> String {
    let mut remark = String::new();
    if let Some(note) = store.note(packet.id).filter(|note| note.attempt > 1) {
        remark.push_str(&format!("  ({} try)", ordinal(note.attempt)));
    }
    match store.fate(packet, u64::MAX).0 {
        Fate::Delivered | Fate::Travelling => {}
        Fate::Held => remark.push_str("  (held)"),
        Fate::Dropped(_) => remark.push_str("  (dropped by hand)"),
        Fate::Lost => remark.push_str("  (lost by the wire)"),
        Fate::NoHost if packet.to.is_some() => remark.push_str("  (cable cut)"),
        Fate::NoHost => match ToMany::of(packet) {
            Some(many) => remark.push_str(&format!("  ({}, not carried)", many.name())),
            None => remark.push_str("  (no machine there)"),
        },
        Fate::Superseded => remark.push_str("  (a copy was let through instead)"),
    }
    remark
}
