//! The packets of a room as they were, byte by byte, for tools like Wireshark: the last few megabytes, as pcapng.
//!
//! Knows nothing of what packets mean; the trace does.

use std::{
    borrow::Cow,
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

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
    comments::{self, Comments},
    id::PacketId,
    trace::Fate,
};

use crate::{account::Charge, history::History};

/// Bytes of packets that a room keeps; older ones are evicted.
const KEPT: usize = 4 * 1024 * 1024;
/// What a kept packet costs beside its bytes, for counting.
const OVERHEAD: usize = 64;
/// Nanoseconds, as a power of ten (pcapng option if_tsresol).
const NANOSECONDS: u8 = 9;
/// What interfaces are called before their machine's name when they are a loopback.
const LOOPBACK: &str = "lo";
/// Why tools find wrong checksums there, for whoever reads the file.
const PARTIAL: &str =
    "The kernel leaves checksums on loopback partial, as with checksum offload: they are not wrong.";

#[derive(Debug, Default)]
struct CapturedPackets {
    /// Names of interfaces, in the order of their numbers.
    interfaces: Vec<String>,
    packets: VecDeque<Captured>,
    /// Number of the first of them.
    first: u64,
    bytes: usize,
    /// What all of it takes.
    charge: Option<Charge>,
}

impl CapturedPackets {
    /// Lets the oldest packets go until what is left is within `most`.
    fn evict(&mut self, most: usize) {
        while self.bytes > most
            && let Some(old) = self.packets.pop_front()
        {
            self.bytes -= old.bytes.len() + OVERHEAD;
            self.first += 1;
        }
        let bytes = self.bytes;
        self.charge.iter_mut().for_each(|charge| charge.set(bytes));
    }
}

#[derive(Debug)]
struct Captured {
    id: PacketId,
    comment: Option<&'static str>,
    interface: u32,
    time: Duration,
    bytes: Vec<u8>,
}

/// How far somebody has read.
#[derive(Clone, Debug)]
pub struct Reading {
    next: u64,
    end: u64,
    /// What is said beside packets.
    comments: Arc<Comments>,
    /// How many interfaces the file has so far; none where it has not begun.
    interfaces: Option<usize>,
}

fn interface(name: &str) -> InterfaceDescriptionBlock<'_> {
    let mut interface = InterfaceDescriptionBlock::new(DataLink::RAW, 0);
    interface.options.push(InterfaceDescriptionOption::IfName(Cow::Borrowed(name)));
    if name.starts_with(LOOPBACK) {
        interface.options.push(InterfaceDescriptionOption::IfDescription(Cow::Borrowed(PARTIAL)));
    }
    interface.options.push(InterfaceDescriptionOption::IfTsResol(NANOSECONDS));
    interface
}

/// The packets of one room. Only the room's task writes; anybody may read.
#[derive(Debug)]
pub struct Capture {
    kept: Mutex<CapturedPackets>,
    began: SystemTime,
    history: Arc<History>,
}

impl Capture {
    pub(crate) fn new(history: Arc<History>) -> Self {
        let kept = CapturedPackets { charge: Some(history.charge()), ..CapturedPackets::default() };
        Self { kept: Mutex::new(kept), began: SystemTime::now(), history }
    }

    /// Keeps a packet seen at `time` nanoseconds since the room began. Numbers only grow.
    pub(crate) fn keep(&self, id: PacketId, interface: &str, time: u64, bytes: &[u8]) {
        let mut kept = self.lock();
        let number = kept.interfaces.iter().position(|name| name == interface).unwrap_or_else(|| {
            kept.interfaces.push(interface.to_owned());
            kept.interfaces.len() - 1
        });
        let since_epoch = self.began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let time = since_epoch + Duration::from_nanos(time);
        let interface = u32::try_from(number).unwrap_or(u32::MAX);
        let most = self.history.bound(kept.bytes).min(KEPT);
        kept.bytes += bytes.len() + OVERHEAD;
        kept.packets.push_back(Captured { id, comment: None, interface, time, bytes: bytes.to_vec() });
        kept.evict(most);
    }

    /// Remembers what became of a packet on its way to somebody (`addressed`) or to nobody, if it is still kept.
    pub(crate) fn note(&self, id: PacketId, fate: &Fate, addressed: bool) {
        let comment = comments::of_fate(fate, addressed);
        let mut kept = self.lock();
        if let Ok(at) = kept.packets.binary_search_by_key(&id, |packet| packet.id)
            && let Some(packet) = kept.packets.get_mut(at)
        {
            packet.comment = comment;
        }
    }

    /// Lets old packets go until what is left is within what rooms may keep now.
    pub fn trim(&self) {
        self.lock().evict(self.most());
    }

    /// As many bytes as each kind of events has.
    fn most(&self) -> usize {
        self.history.of_kind().min(KEPT)
    }

    /// Begins to read what is kept now, as a pcapng file: one interface for the wire and one for each loopback, link type
    /// RAW. The description of a loopback says that its checksums are partial, and comments what became of a packet that
    /// did not arrive, and what these say beside it.
    pub fn begin_reading(&self, comments: Arc<Comments>) -> Reading {
        let kept = self.lock();
        Reading { next: kept.first, end: kept.first + kept.packets.len() as u64, comments, interfaces: None }
    }

    /// The next bytes of the file, about as many as `most`; none at its end. Packets that were evicted since it was begun
    /// are missing.
    ///
    /// # Errors
    /// A packet that the format cannot hold; none is.
    pub fn read(&self, reading: &mut Reading, most: usize) -> io::Result<Vec<u8>> {
        let kept = self.lock();
        reading.next = reading.next.max(kept.first);
        if reading.interfaces.is_some() && reading.next >= reading.end {
            return Ok(Vec::new());
        }
        let invalid =
            |error: pcap_file::PcapError| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
        // The writer has to know the interfaces; those that are in the file already are cut off again.
        let mut writer = PcapNgWriter::new(Vec::new()).map_err(invalid)?;
        let mut written = 0;
        for (number, name) in kept.interfaces.iter().enumerate() {
            if reading.interfaces == Some(number) {
                written = writer.get_ref().len();
            }
            writer.write_pcapng_block(interface(name)).map_err(invalid)?;
        }
        if reading.interfaces == Some(kept.interfaces.len()) {
            written = writer.get_ref().len();
        }
        reading.interfaces = Some(kept.interfaces.len());
        while reading.next < reading.end && writer.get_ref().len() - written < most {
            let position = usize::try_from(reading.next - kept.first).unwrap_or(usize::MAX);
            let Some(packet) = kept.packets.get(position) else { break };
            let block = EnhancedPacketBlock {
                interface_id: packet.interface,
                timestamp: packet.time,
                original_len: u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX),
                data: Cow::Borrowed(&packet.bytes),
                options: packet
                    .comment
                    .into_iter()
                    .chain(reading.comments.at(packet.id).iter().map(String::as_str))
                    .map(|text| EnhancedPacketOption::Comment(Cow::Borrowed(text)))
                    .collect(),
            };
            writer.write_pcapng_block(block).map_err(invalid)?;
            reading.next += 1;
        }
        let mut bytes = writer.into_inner();
        drop(bytes.drain(..written));
        Ok(bytes)
    }

    fn lock(&self) -> MutexGuard<'_, CapturedPackets> {
        // A panic while the lock was held leaves whole packets.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proto::{id::PacketId, trace::Fate};

    use super::{Capture, KEPT, comments::of_fate};

    /// All of the file, in pieces of about `most` bytes.
    fn file(capture: &Capture, most: usize) -> Vec<u8> {
        let mut reading = capture.begin_reading(std::sync::Arc::default());
        let mut file = Vec::new();
        loop {
            match capture.read(&mut reading, most).unwrap() {
                piece if piece.is_empty() => return file,
                piece => file.extend_from_slice(&piece),
            }
        }
    }

    #[test]
    fn old_packets_make_room_for_new_ones() {
        let capture = Capture::new(std::sync::Arc::default());
        for number in 0..4000 {
            capture.keep(PacketId(number), "wire", number, &[0x45; 1500]);
        }
        assert!(file(&capture, usize::MAX).len() < KEPT + KEPT / 4);
    }

    #[test]
    fn each_link_is_an_interface_with_its_name() {
        let capture = Capture::new(std::sync::Arc::default());
        capture.keep(PacketId(1), "wire", 1, b"first");
        capture.keep(PacketId(2), "lo of server", 2, b"second");
        let file = file(&capture, usize::MAX);
        let has = |text: &[u8]| file.windows(text.len()).any(|window| window == text);
        assert!(has(b"wire") && has(b"lo of server") && has(b"first") && has(b"second"));
    }

    #[test]
    fn what_did_not_arrive_has_a_comment() {
        let capture = Capture::new(std::sync::Arc::default());
        for number in 1..=4 {
            capture.keep(PacketId(number), "wire", number, b"packet");
        }
        capture.note(PacketId(1), &Fate::Lost, true);
        capture.note(PacketId(2), &Fate::Held, true);
        capture.note(PacketId(3), &Fate::Held, true);
        let words = |fate: &Fate| of_fate(fate, true).unwrap();
        let (dropped, held, lost) = (words(&Fate::Dropped(None)), words(&Fate::Held), words(&Fate::Lost));
        let has = |text: &str| {
            let file = file(&capture, usize::MAX);
            file.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
        };
        assert_eq!((has(lost), has(held), has(dropped)), (1, 2, 0));
        capture.note(PacketId(2), &Fate::Delivered, true);
        capture.note(PacketId(3), &Fate::Dropped(None), true);
        capture.note(PacketId(9), &Fate::Lost, true);
        assert_eq!((has(lost), has(held), has(dropped)), (1, 0, 1));
    }

    #[test]
    fn in_pieces_it_is_the_same_file_and_what_was_let_go_meanwhile_is_missing() {
        let capture = Capture::new(std::sync::Arc::default());
        assert!(!file(&capture, 1).is_empty(), "a file without packets has a head");
        for number in 0..50 {
            let interface = if number % 2 == 0 { "wire" } else { "lo of server" };
            capture.keep(PacketId(number), interface, number, &[0x45; 100]);
        }
        assert_eq!(file(&capture, 1), file(&capture, usize::MAX));
        let mut reading = capture.begin_reading(std::sync::Arc::default());
        let begun = capture.read(&mut reading, 1).unwrap();
        assert!(!begun.is_empty());
        // Everything goes, and another interface comes.
        for number in 0..4000 {
            capture.keep(PacketId(100 + number), "lo of client", number, &[0x46; 1500]);
        }
        assert!(capture.read(&mut reading, usize::MAX).unwrap().is_empty());
    }
}
