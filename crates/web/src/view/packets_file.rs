//! A recording's packets as a pcapng file, for tools like Wireshark. A recording has no packets as they were: their headers are
//! built anew from what it tells of them, and of long payloads it has the beginning. The file says so.

use std::{borrow::Cow, io, time::Duration};

use etherparse::{PacketBuilder, PacketBuilderStep, TcpHeader, TcpOptionElement};
use pcap_file::{
    DataLink,
    pcapng::{
        PcapNgWriter,
        blocks::{
            enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption},
            interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption},
        },
    },
};
use proto::{
    comments::{CommentWriter, of_fate},
    trace::{Event, Link, Packet, Tcp, TcpFlags, TcpOption, Transport, What},
};

use super::store::TraceStore;

/// Nanoseconds, as a power of ten (pcapng option if_tsresol).
const NANOSECONDS: u8 = 9;
/// Longest payload that is built: an IP packet has 65,535 bytes with its headers.
const LONGEST: usize = 65_000;
/// No room began later, since 1970: what is added to it fits into the format.
const LATEST: Duration = Duration::from_secs(8_000_000_000);
/// What stands in a time to live that was not recorded: Linux's own.
const TIME_TO_LIVE: u8 = 64;
/// What the file is, for whoever reads it.
const REBUILT: &str = "Wireside: from a recording. Headers are built anew from what it tells; of a payload it has the first \
                       512 bytes, and the packet's length is the true one. Checksums and what is not recorded of IP are made up.";

/// The file: an interface for the wire and one for each loopback; comments say what became of a packet that did not arrive, and
/// what happened around it.
///
/// # Errors
/// A packet that the format cannot hold; none is.
pub fn pcapng(store: &TraceStore, began: Duration) -> io::Result<Vec<u8>> {
    let invalid = |error: pcap_file::PcapError| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
    let mut writer = CommentWriter::default();
    store.hosts().values().for_each(|host| writer.host(host));
    store.programs().values().for_each(|program| writer.program(program));
    store.events_from(0).for_each(|event| writer.add(&event.what));
    let around = writer.end();
    let mut writer = PcapNgWriter::new(Vec::new()).map_err(invalid)?;
    let mut interfaces: Vec<Link> = Vec::new();
    for event in store.events_from(0) {
        let Event { time, what: What::Packet(packet), .. } = event else { continue };
        let interface = match interfaces.iter().position(|link| *link == packet.link) {
            Some(number) => number,
            None => {
                let name = match packet.link {
                    Link::Wire => "wire".to_owned(),
                    Link::Loopback(host) => format!("lo of {}", store.names().host(host)),
                };
                let mut block = InterfaceDescriptionBlock::new(DataLink::RAW, 0);
                block.options.push(InterfaceDescriptionOption::IfName(Cow::Owned(name)));
                block.options.push(InterfaceDescriptionOption::IfDescription(Cow::Borrowed(REBUILT)));
                block.options.push(InterfaceDescriptionOption::IfTsResol(NANOSECONDS));
                writer.write_pcapng_block(block).map_err(invalid)?;
                interfaces.push(packet.link);
                interfaces.len() - 1
            }
        };
        let Some((bytes, length)) = built(packet) else { continue };
        let (fate, _) = store.fate(packet, u64::MAX);
        let comments = of_fate(&fate, packet.to.is_some()).into_iter();
        let comments = comments.chain(around.at(packet.id).iter().map(String::as_str));
        let block = EnhancedPacketBlock {
            interface_id: u32::try_from(interface).unwrap_or(u32::MAX),
            timestamp: began.min(LATEST) + Duration::from_nanos(*time),
            original_len: length,
            data: Cow::Owned(bytes),
            options: comments.map(|text| EnhancedPacketOption::Comment(Cow::Borrowed(text))).collect(),
        };
        writer.write_pcapng_block(block).map_err(invalid)?;
    }
    Ok(writer.into_inner())
}

/// A packet's bytes as far as they are recorded, and how many it had; none where its addresses are no pair.
fn built(packet: &Packet) -> Option<(Vec<u8>, u32)> {
    let step = match (packet.src, packet.dst) {
        (std::net::IpAddr::V4(src), std::net::IpAddr::V4(dst)) => {
            PacketBuilder::ipv4(src.octets(), dst.octets(), TIME_TO_LIVE)
        }
        (std::net::IpAddr::V6(src), std::net::IpAddr::V6(dst)) => {
            PacketBuilder::ipv6(src.octets(), dst.octets(), TIME_TO_LIVE)
        }
        _ => return None,
    };
    // As long as it was, so that the headers' lengths are true; what is not known is cut off again.
    let length = (packet.data.length as usize).min(LONGEST);
    let known = packet.data.bytes.len().min(length);
    let mut payload = packet.data.bytes.clone();
    payload.resize(length, 0);
    let mut bytes = Vec::new();
    with_transport(step, packet, &payload, &mut bytes)?;
    let whole = u32::try_from(bytes.len()).ok()?;
    bytes.truncate(bytes.len() - (length - known));
    Some((bytes, whole))
}

fn with_transport(
    step: PacketBuilderStep<etherparse::IpHeaders>,
    packet: &Packet,
    payload: &[u8],
    bytes: &mut Vec<u8>,
) -> Option<()> {
    match &packet.transport {
        Transport::Tcp(header) => step.tcp_header(tcp(header)).write(bytes, payload).ok(),
        Transport::Udp { src_port, dst_port } => step.udp(*src_port, *dst_port).write(bytes, payload).ok(),
        Transport::Icmp { kind, code, .. } if packet.src.is_ipv4() => {
            step.icmpv4_raw(*kind, *code, [0; 4]).write(bytes, payload).ok()
        }
        Transport::Icmp { kind, code, .. } => {
            step.icmpv6_raw(*kind, *code, [0; 4]).write(bytes, payload).ok()
        }
        Transport::Other(number) => step.write(bytes, etherparse::IpNumber(*number), payload).ok(),
    }
}

fn tcp(header: &Tcp) -> TcpHeader {
    let mut tcp = TcpHeader::new(header.src_port, header.dst_port, header.sequence, header.window);
    let has = |flag| header.flags.contains(flag);
    tcp.acknowledgment_number = header.acknowledgment;
    (tcp.syn, tcp.ack, tcp.fin) = (has(TcpFlags::SYN), has(TcpFlags::ACK), has(TcpFlags::FIN));
    (tcp.rst, tcp.psh, tcp.urg) = (has(TcpFlags::RST), has(TcpFlags::PSH), has(TcpFlags::URG));
    tcp.urgent_pointer = header.urgent;
    let option = |option: &TcpOption| match option {
        TcpOption::MaximumSegmentSize(bytes) => Some(TcpOptionElement::MaximumSegmentSize(*bytes)),
        TcpOption::WindowScale(power) => Some(TcpOptionElement::WindowScale(*power)),
        TcpOption::SackPermitted => Some(TcpOptionElement::SelectiveAcknowledgementPermitted),
        TcpOption::Timestamps(value, echo) => Some(TcpOptionElement::Timestamp(*value, *echo)),
        TcpOption::Sack(blocks) => {
            let (first, rest) = blocks.split_first()?;
            let mut more = [None; 3];
            more.iter_mut().zip(rest).for_each(|(place, block)| *place = Some(*block));
            Some(TcpOptionElement::SelectiveAcknowledgement(*first, more))
        }
        TcpOption::Other(_) => None,
    };
    let options: Vec<_> = header.options.iter().filter_map(option).collect();
    // More than have room are left out, all of them.
    let _fits = tcp.set_options(&options);
    tcp
}
