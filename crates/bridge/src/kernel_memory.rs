//! The kernel's memory for TCP, which all rooms, the page's connections and everything else on the machine share: how much
//! there may be before the kernel begins to save (its pressure mark), and how much is taken now.

use std::{fs, fs::File, os::unix::fs::FileExt as _};

use proto::limits::Limit;

use crate::limit_reached::LimitReached;

/// What socket buffers of all rooms may come to hold of it: the rest is for connections to the page, and for who else is on
/// this machine.
const OF_ROOMS: (u64, u64) = (3, 5);
/// How much more than that there may be, as the kernel counts, before the room that holds the most has to end: four fifths
/// of the mark.
const TOO_MUCH: (u64, u64) = (4, 3);

/// The kernel's memory for TCP.
#[derive(Debug)]
pub struct KernelMemory {
    pressure: u64,
    /// `/proc/net/sockstat`, open: it cannot be opened once the server is confined.
    counts: File,
    page: u64,
}

impl KernelMemory {
    /// Reads the mark, and opens what is counted. None where the kernel says nothing.
    #[must_use]
    pub fn open() -> Option<Self> {
        let page = page_size(&fs::read("/proc/self/auxv").ok()?)?;
        let marks = fs::read_to_string("/proc/sys/net/ipv4/tcp_mem").ok()?;
        let pressure = pressure(&marks)?.saturating_mul(page);
        let counts = File::open("/proc/net/sockstat").ok()?;
        Some(Self { pressure, counts, page })
    }

    /// Bytes that socket buffers of all rooms may come to hold.
    pub(crate) fn for_rooms(&self) -> u64 {
        part(self.pressure, OF_ROOMS)
    }

    /// Bytes that are taken now, by whomever.
    pub(crate) fn taken(&self) -> u64 {
        let mut text = [0; 1024];
        let length = self.counts.read_at(&mut text, 0).unwrap_or(0);
        let pages = std::str::from_utf8(&text[..length]).ok().and_then(pages);
        pages.unwrap_or(0).saturating_mul(self.page)
    }

    /// Whether so much is more than there should ever be, where rooms' sockets may come to hold `of_rooms`.
    pub(crate) fn is_too_much(taken: u64, of_rooms: u64) -> Option<LimitReached> {
        let most = part(of_rooms, TOO_MUCH);
        (taken > most).then_some(LimitReached { limit: Limit::ServerSocketMemory, value: most })
    }
}

fn part(whole: u64, (of, parts): (u64, u64)) -> u64 {
    whole / parts * of
}

/// AT_PAGESZ of the vector that the kernel starts a program with (getauxval(3)).
fn page_size(vector: &[u8]) -> Option<u64> {
    const WORD: usize = size_of::<usize>();
    const AT_PAGESZ: usize = 6;
    let word = |bytes: &[u8]| bytes.try_into().ok().map(usize::from_ne_bytes);
    let mut pairs = vector.chunks_exact(2 * WORD).map(|pair| pair.split_at(WORD));
    let (_, value) = pairs.find(|(key, _)| word(key) == Some(AT_PAGESZ))?;
    word(value).map(|bytes| bytes as u64)
}

/// The second of three numbers (tcp(7)).
fn pressure(marks: &str) -> Option<u64> {
    marks.split_whitespace().nth(1)?.parse().ok()
}

/// From `TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0`.
fn pages(counts: &str) -> Option<u64> {
    let line = counts.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    line.split_once(" mem ")?.1.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_files_are_read() {
        assert_eq!(pressure("287898\t383866\t575796\n"), Some(383_866));
        assert_eq!(
            pages("sockets: used 9\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 42\nUDP: inuse 0 mem 7\n"),
            Some(42)
        );
        assert_eq!(pages("nothing"), None);
        let memory = KernelMemory::open().unwrap();
        let of_rooms = memory.for_rooms();
        assert!(of_rooms < memory.pressure && memory.taken() < memory.pressure);
        assert_eq!(KernelMemory::is_too_much(of_rooms, of_rooms), None);
        let reached = KernelMemory::is_too_much(memory.pressure, of_rooms).unwrap();
        assert!(reached.limit == Limit::ServerSocketMemory && reached.value < memory.pressure);
    }
}
