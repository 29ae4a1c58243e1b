//! ICMP messages of our own making (RFC 792): the wire's answer for an absent machine, and echo requests.

use etherparse::{IcmpEchoHeader, Icmpv4Type, PacketBuilder, icmpv4::DestUnreachableHeader};

/// Last octet of the address under which the wire itself speaks, as a router of the network would.
const WIRE: u8 = 254;
/// What of the original packet an error carries: its header and eight bytes (RFC 792).
const QUOTED: usize = 28;

/// "Destination host unreachable" for a packet that nobody took, or none if that was no IPv4 packet.
pub(crate) fn host_unreachable(original: &[u8]) -> Option<Vec<u8>> {
    let [a, b, c, d]: [u8; 4] = original.get(12..16)?.try_into().ok()?;
    let quoted = original.get(..QUOTED.min(original.len()))?;
    let builder = PacketBuilder::ipv4([a, b, c, WIRE], [a, b, c, d], 64)
        .icmpv4(Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::Host));
    let mut bytes = Vec::with_capacity(builder.size(quoted.len()));
    builder.write(&mut bytes, quoted).ok()?;
    Some(bytes)
}

/// An echo request for a SOCK_DGRAM ICMP socket: the kernel fills in identifier and checksum.
pub(crate) fn echo_request(sequence: u16) -> Vec<u8> {
    let request = Icmpv4Type::EchoRequest(IcmpEchoHeader { id: 0, seq: sequence });
    let mut message = etherparse::Icmpv4Header::new(request).to_bytes().to_vec();
    message.extend_from_slice(b"Wireside");
    message
}

/// The sequence number of an echo reply, or none if it is something else.
pub(crate) fn echo_reply(message: &[u8]) -> Option<u16> {
    match etherparse::Icmpv4Slice::from_slice(message).ok()?.icmp_type() {
        Icmpv4Type::EchoReply(echo) => Some(echo.seq),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{echo_request, host_unreachable};

    #[test]
    fn an_answer_goes_back_to_the_sender_and_quotes_its_packet() {
        let builder = etherparse::PacketBuilder::ipv4([10, 0, 0, 2], [10, 0, 0, 77], 64).udp(40_000, 9);
        let mut original = Vec::new();
        builder.write(&mut original, b"anybody there?").unwrap();
        let answer = host_unreachable(&original).expect("an IPv4 packet");
        let sliced = etherparse::SlicedPacket::from_ip(&answer).expect("a valid packet");
        let Some(etherparse::NetSlice::Ipv4(ip)) = sliced.net else { panic!("not IPv4") };
        assert_eq!(ip.header().destination(), [10, 0, 0, 2]);
        assert!(answer.ends_with(&original[..28]));
        assert!(host_unreachable(&[0x45, 0]).is_none());
    }

    #[test]
    fn an_echo_request_carries_its_sequence_number() {
        assert_eq!(echo_request(7)[..8], [8, 0, echo_request(7)[2], echo_request(7)[3], 0, 0, 0, 7]);
    }
}
