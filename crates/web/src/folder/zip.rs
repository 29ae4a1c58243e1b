//! All files of a machine as one archive. Nothing is compressed: what is taken away is small, and read by everything.
//!
//! The form is PKWARE's APPNOTE 6.3: local headers with the files, the central directory, its end.

/// Version 2.0 is needed to read it: the oldest that everybody has.
const VERSION: u16 = 20;
/// Names are UTF-8.
const UTF8: u16 = 1 << 11;

/// A file of the archive.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
}

/// When the files were changed, in the form of MS-DOS.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stamp {
    /// Hours, minutes and two seconds each.
    pub time: u16,
    /// Years from 1980, months and days.
    pub date: u16,
}

impl Stamp {
    /// Of a moment in local time. What MS-DOS could not say becomes the nearest that it could.
    pub fn new(year: u16, month: u16, day: u16, hour: u16, minute: u16, second: u16) -> Self {
        let year = year.clamp(1980, 2107) - 1980;
        Self {
            time: (hour.min(23) << 11) | (minute.min(59) << 5) | (second.min(59) / 2),
            date: (year << 9) | (month.clamp(1, 12) << 5) | day.clamp(1, 31),
        }
    }
}

/// The archive; nothing where it would be larger than the form can say.
pub fn archive(entries: &[Entry<'_>], stamp: Stamp) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let at = u32::try_from(out.len()).ok()?;
        let described = describe(entry, stamp)?;
        out.extend(b"PK\x03\x04");
        out.extend(&described);
        out.extend(entry.name.as_bytes());
        out.extend(entry.bytes);
        directory.extend(b"PK\x01\x02");
        directory.extend(VERSION.to_le_bytes());
        directory.extend(&described);
        // No comment, the first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let at = u32::try_from(out.len()).ok()?;
    let length = u32::try_from(directory.len()).ok()?;
    let count = u16::try_from(entries.len()).ok()?;
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0, 0]);
    Some(out)
}

/// What both headers of a file say of it.
fn describe(entry: &Entry<'_>, stamp: Stamp) -> Option<Vec<u8>> {
    let length = u32::try_from(entry.bytes.len()).ok()?;
    let name = u16::try_from(entry.name.len()).ok()?;
    let mut said = Vec::with_capacity(26);
    // Stored: method 0. No extra field.
    for short in [VERSION, UTF8, 0, stamp.time, stamp.date] {
        said.extend(short.to_le_bytes());
    }
    for long in [crc32(entry.bytes), length, length] {
        said.extend(long.to_le_bytes());
    }
    said.extend(name.to_le_bytes());
    said.extend([0, 0]);
    Some(said)
}

/// The checksum of IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::{Entry, Stamp, archive, crc32};

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn another_program_reads_it() {
        let entries = [
            Entry { name: "server.py", bytes: b"print('hello')\n" },
            Entry { name: "\u{e9}t\u{e9}.bin", bytes: &[0, 255, 13, 10] },
            Entry { name: "empty", bytes: b"" },
        ];
        let zip = archive(&entries, Stamp::new(2026, 11, 28, 10, 40, 6)).expect("it is small");
        let path = std::env::temp_dir().join(format!("wireside-zip-{}.zip", std::process::id()));
        std::fs::write(&path, zip).expect("a file");
        let script = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
            print([(i.filename, i.date_time, z.read(i)) for i in z.infolist()])";
        let read =
            std::process::Command::new("python3").args(["-c", script]).arg(&path).output().expect("python3");
        std::fs::remove_file(&path).expect("it was there");
        let time = "(2026, 11, 28, 10, 40, 6)";
        let told = format!(
            "[('server.py', {time}, b\"print('hello')\\n\"), ('\u{e9}t\u{e9}.bin', {time}, b'\\x00\\xff\\r\\n'), ('empty', {time}, b'')]"
        );
        assert_eq!(
            String::from_utf8_lossy(&read.stdout).trim(),
            told,
            "{}",
            String::from_utf8_lossy(&read.stderr)
        );
    }
}
