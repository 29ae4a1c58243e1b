//! What became of a packet, in words.

use proto::trace::{Fate, Packet, TcpFlags};

use crate::{
    amounts::bytes,
    answer::Answer,
    connection::{has, is_syn},
};

/// Why a packet has not arrived, as the end of a sentence that begins with it; none where it has.
pub(crate) fn not_arrived(answer: &Answer<'_, '_>, fate: &Fate, packet: &Packet) -> Option<String> {
    Some(match fate {
        Fate::Delivered => return None,
        Fate::Travelling => "is still on its way".to_owned(),
        Fate::Held => "stands on the wire, held by hand".to_owned(),
        Fate::Dropped(_) => "was taken off the wire by hand".to_owned(),
        Fate::Lost => "was lost by the wire".to_owned(),
        Fate::Superseded => "was put away when a copy of it was let through".to_owned(),
        Fate::NoHost => match packet.to {
            Some(to) => format!("did not reach {}: a cable is cut", answer.host(to)),
            None => format!("reached nobody: no machine has the address {}", packet.dst),
        },
    })
}

/// The same about a time that is over.
pub(crate) fn had_not_arrived(answer: &Answer<'_, '_>, fate: &Fate, packet: &Packet) -> Option<String> {
    let words = not_arrived(answer, fate, packet)?;
    Some(words.replacen("stands ", "stood ", 1).replacen("is still ", "was still ", 1))
}

/// What a segment carries, in words: `A segment with 24 B`, `The FIN`, `The SYN`.
pub(crate) fn load(packet: &Packet) -> String {
    if packet.data.length > 0 {
        format!("A segment with {}", bytes(packet.data.length.into()))
    } else if is_syn(packet) {
        "The SYN".to_owned()
    } else if has(packet, TcpFlags::SYN) {
        "The SYN ACK".to_owned()
    } else if has(packet, TcpFlags::FIN) {
        "The FIN".to_owned()
    } else if has(packet, TcpFlags::RST) {
        "The RST".to_owned()
    } else {
        "The packet".to_owned()
    }
}
