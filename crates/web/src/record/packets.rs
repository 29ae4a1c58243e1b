//! Packets and what became of them in the JSON form.

use std::net::{IpAddr, SocketAddr};

use super::{
    Names,
    json::{CauseRecord, DataRecord, IcmpRecord, OptionText, PacketRecord},
};
use proto::{
    id::MemberId,
    trace::{Cause, Fate, Link, Packet, PacketFate, TcpOption, Transport},
};

pub(super) fn packet(packet: &Packet, names: &Names) -> PacketRecord {
    let (fate, by) = fate(&packet.fate);
    let mut record = PacketRecord {
        id: packet.id.0,
        link: Some(match packet.link {
            Link::Wire => "wire",
            Link::Loopback(_) => "lo",
        }),
        host: match packet.link {
            Link::Wire => None,
            Link::Loopback(host) => Some(names.host(host)),
        },
        from: packet.from.map(|host| names.host(host)),
        to: packet.to.map(|host| names.host(host)),
        src: Some(address(packet.src, packet.transport.ports().map(|(src, _)| src))),
        dst: Some(address(packet.dst, packet.transport.ports().map(|(_, dst)| dst))),
        data: Some(DataRecord::of(&packet.data)),
        cause: Some(cause(packet.cause)),
        copy_of: packet.copy_of.map(|id| id.0),
        fate,
        by: by.map(|by| names.member(by)),
        ..PacketRecord::default()
    };
    transport(&mut record, &packet.transport);
    record
}

fn transport(record: &mut PacketRecord, transport: &Transport) {
    match transport {
        Transport::Tcp(tcp) => {
            record.protocol = Some("TCP".into());
            record.flags = Some(tcp.flags.names().collect());
            record.sequence = Some(tcp.sequence);
            record.acknowledgment = Some(tcp.acknowledgment);
            record.window = Some(tcp.window);
            record.urgent = (tcp.urgent != 0).then_some(tcp.urgent);
            record.options = tcp.options.iter().map(tcp_option).collect();
        }
        Transport::Udp { .. } => record.protocol = Some("UDP".into()),
        Transport::Icmp { kind, code, words } => {
            record.protocol = Some("ICMP".into());
            record.icmp = Some(IcmpRecord { r#type: *kind, code: *code, words: words.clone() });
        }
        Transport::Other(number) => record.protocol = Some(format!("IP protocol {number}")),
    }
}

fn tcp_option(option: &TcpOption) -> OptionText {
    match option {
        TcpOption::MaximumSegmentSize(bytes) => OptionText::Mss(*bytes),
        TcpOption::WindowScale(power) => OptionText::WindowScale(*power),
        TcpOption::SackPermitted => OptionText::SackPermitted,
        TcpOption::Sack(blocks) => OptionText::Sack(blocks.clone()),
        TcpOption::Timestamps(value, echo) => OptionText::Timestamps { value: *value, echo: *echo },
        TcpOption::Other(kind) => OptionText::Other(*kind),
    }
}

pub(super) fn packet_fate(later: &PacketFate, names: &Names) -> PacketRecord {
    let (fate, by) = fate(&later.fate);
    PacketRecord { id: later.id.0, fate, by: by.map(|by| names.member(by)), ..PacketRecord::default() }
}

fn fate(fate: &Fate) -> (&'static str, Option<MemberId>) {
    match fate {
        Fate::Travelling => ("travelling", None),
        Fate::Held => ("held", None),
        Fate::Delivered => ("delivered", None),
        Fate::Dropped(by) => ("dropped", *by),
        Fate::Lost => ("lost", None),
        Fate::NoHost => ("no_host", None),
        Fate::Superseded => ("superseded", None),
    }
}

fn cause(cause: Cause) -> CauseRecord {
    match cause {
        Cause::Call(id) => CauseRecord::Call(id.0),
        Cause::Packet(id) => CauseRecord::Packet(id.0),
        Cause::Timer => CauseRecord::Timer,
        Cause::Wire => CauseRecord::Wire,
        Cause::Service => CauseRecord::Service,
    }
}

fn address(ip: IpAddr, port: Option<u16>) -> String {
    port.map_or_else(|| ip.to_string(), |port| SocketAddr::new(ip, port).to_string())
}
