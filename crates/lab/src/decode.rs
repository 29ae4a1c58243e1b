//! IP packets, decoded for the trace. A well-kept library reads the headers; nothing here trusts their lengths.

use std::net::IpAddr;

use etherparse::{Icmpv4Slice, NetSlice, SlicedPacket, TcpOptionElement, TcpSlice, TransportSlice};
use proto::trace::{Data, Tcp, TcpFlags, TcpOption, Transport};

/// What a packet says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) src: IpAddr,
    pub(crate) dst: IpAddr,
    pub(crate) transport: Transport,
    pub(crate) data: Data,
}

/// Decodes an IP packet, or none if it is not one.
pub(crate) fn decode(packet: &[u8]) -> Option<Decoded> {
    let sliced = SlicedPacket::from_ip(packet).ok()?;
    let (src, dst, protocol) = match sliced.net.as_ref()? {
        NetSlice::Ipv4(ip) => {
            let header = ip.header();
            (header.source_addr().into(), header.destination_addr().into(), header.protocol().0)
        }
        NetSlice::Ipv6(ip) => {
            let header = ip.header();
            (header.source_addr().into(), header.destination_addr().into(), header.next_header().0)
        }
        NetSlice::Arp(_) => return None,
    };
    let (transport, payload) = match &sliced.transport {
        Some(TransportSlice::Tcp(tcp)) => (Transport::Tcp(tcp_header(tcp)), tcp.payload()),
        Some(TransportSlice::Udp(udp)) => {
            let ports = Transport::Udp { src_port: udp.source_port(), dst_port: udp.destination_port() };
            (ports, udp.payload())
        }
        Some(TransportSlice::Icmpv4(icmp)) => (icmp_header(icmp), icmp.payload()),
        _ => (Transport::Other(protocol), &[][..]),
    };
    Some(Decoded { src, dst, transport, data: Data::of(payload) })
}

fn tcp_header(tcp: &TcpSlice<'_>) -> Tcp {
    let bits = [
        (tcp.fin(), TcpFlags::FIN),
        (tcp.syn(), TcpFlags::SYN),
        (tcp.rst(), TcpFlags::RST),
        (tcp.psh(), TcpFlags::PSH),
        (tcp.ack(), TcpFlags::ACK),
        (tcp.urg(), TcpFlags::URG),
        (tcp.ece(), TcpFlags::ECE),
        (tcp.cwr(), TcpFlags::CWR),
    ];
    let flags = bits.into_iter().filter(|(set, _)| *set).fold(0, |all, (_, flag)| all | flag.0);
    Tcp {
        src_port: tcp.source_port(),
        dst_port: tcp.destination_port(),
        sequence: tcp.sequence_number(),
        acknowledgment: tcp.acknowledgment_number(),
        flags: TcpFlags(flags),
        window: tcp.window_size(),
        urgent: tcp.urgent_pointer(),
        options: tcp
            .options_iterator()
            .map_while(Result::ok)
            .filter_map(|option| tcp_option(&option))
            .collect(),
    }
}

fn tcp_option(option: &TcpOptionElement) -> Option<TcpOption> {
    Some(match *option {
        TcpOptionElement::Noop => return None,
        TcpOptionElement::MaximumSegmentSize(size) => TcpOption::MaximumSegmentSize(size),
        TcpOptionElement::WindowScale(shift) => TcpOption::WindowScale(shift),
        TcpOptionElement::SelectiveAcknowledgementPermitted => TcpOption::SackPermitted,
        TcpOptionElement::SelectiveAcknowledgement(first, more) => {
            TcpOption::Sack(std::iter::once(first).chain(more.into_iter().flatten()).collect())
        }
        TcpOptionElement::Timestamp(value, echo) => TcpOption::Timestamps(value, echo),
    })
}

fn icmp_header(icmp: &Icmpv4Slice<'_>) -> Transport {
    let (kind, code) = (icmp.type_u8(), icmp.code_u8());
    Transport::Icmp { kind, code, words: icmp_words(kind, code).to_owned() }
}

/// RFC 792 in plain words.
fn icmp_words(kind: u8, code: u8) -> &'static str {
    match (kind, code) {
        (0, _) => "echo reply: I am here",
        (3, 0) => "destination network unreachable",
        (3, 1) => "destination host unreachable: no such machine",
        (3, 3) => "destination port unreachable: nobody there",
        (3, 4) => "fragmentation needed",
        (3, _) => "destination unreachable",
        (8, _) => "echo request: are you there?",
        (11, _) => "time exceeded",
        _ => "ICMP",
    }
}
