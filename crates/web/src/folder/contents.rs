//! What a file is: text that can be edited, a picture, or bytes.

/// Bytes in a line of a dump: as many as a narrow column shows.
pub const ROW: usize = 8;

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 whose lines all end alike: an editor gives back what it took.
    Text {
        /// The lines end as on Windows, and in HTTP.
        crlf: bool,
    },
    /// A picture that browsers show, by its media type.
    Picture(&'static str),
    /// Anything else.
    Bytes,
}

/// What a file is, by what is in it.
pub fn kind(bytes: &[u8]) -> Kind {
    if let Some(picture) = picture(bytes) {
        return Kind::Picture(picture);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => lines_of(text),
        Err(_) => Kind::Bytes,
    }
}

/// By the first bytes, as each format has them.
fn picture(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

fn lines_of(text: &str) -> Kind {
    let hidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(hidden) {
        return Kind::Bytes;
    }
    let returns = text.matches('\r').count();
    let pairs = text.matches("\r\n").count();
    let ends = text.matches('\n').count();
    match (returns, pairs == returns && pairs == ends) {
        (0, _) => Kind::Text { crlf: false },
        (_, true) => Kind::Text { crlf: true },
        // An editor would make all of them alike.
        _ => Kind::Bytes,
    }
}

/// Some lines of a dump, from a byte on: the place, the bytes in hexadecimal, and those that are letters.
pub fn dump(bytes: &[u8], from: usize, rows: usize) -> String {
    let rest = bytes.get(from..).unwrap_or_default();
    let mut shown = String::new();
    for (at, row) in rest.chunks(ROW).take(rows).enumerate() {
        let hex: String = row.iter().map(|byte| format!(" {byte:02x}")).collect();
        let letters: String = row
            .iter()
            .map(|&byte| if matches!(byte, 0x20..=0x7e) { char::from(byte) } else { '.' })
            .collect();
        shown.push_str(&format!("{:06x} {hex:<24}  {letters}\n", from + at * ROW));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Kind, dump, kind};

    #[test]
    fn text_is_what_an_editor_gives_back_as_it_was() {
        assert_eq!(kind(b""), Kind::Text { crlf: false });
        assert_eq!(kind("caf\u{e9}\n\tx".as_bytes()), Kind::Text { crlf: false });
        assert_eq!(kind(b"GET / HTTP/1.0\r\n\r\n"), Kind::Text { crlf: true });
        for bytes in [&b"a\r\nb\n"[..], b"a\rb", b"a\0b", b"\x1b[31m", b"\xff\xfe"] {
            assert_eq!(kind(bytes), Kind::Bytes, "{bytes:?}");
        }
    }

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n\0\0"), Kind::Picture("image/png"));
        assert_eq!(kind(b"\xff\xd8\xff\xe0"), Kind::Picture("image/jpeg"));
        assert_eq!(kind(b"GIF89a"), Kind::Picture("image/gif"));
        assert_eq!(kind(b"RIFF\x01\x02\x03\x04WEBPVP8 "), Kind::Picture("image/webp"));
        // Its scripts would be another matter.
        assert_eq!(kind(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Kind::Text { crlf: false });
    }

    #[test]
    fn a_dump_has_places_bytes_and_letters() {
        let bytes: Vec<u8> = (0x3a..0x46).chain([0x7f]).collect();
        let all = "000000  3a 3b 3c 3d 3e 3f 40 41  :;<=>?@A\n000008  42 43 44 45 7f           BCDE.\n";
        assert_eq!(dump(&bytes, 0, 9), all);
        assert_eq!(
            dump(&bytes, 8, 1),
            all.lines().nth(1).map(|line| format!("{line}\n")).unwrap_or_default()
        );
        assert_eq!(dump(&bytes, 99, 1), "");
    }
}
