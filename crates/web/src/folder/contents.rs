//! What a file is: text that can be edited, a picture, or bytes.

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
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
pub fn kind(bytes: &[u8]) -> FileKind {
    if let Some(picture) = picture(bytes) {
        return FileKind::Picture(picture);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => lines_of(text),
        Err(_) => FileKind::Bytes,
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

fn lines_of(text: &str) -> FileKind {
    let hidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(hidden) {
        return FileKind::Bytes;
    }
    let returns = text.matches('\r').count();
    let pairs = text.matches("\r\n").count();
    let ends = text.matches('\n').count();
    match (returns, pairs == returns && pairs == ends) {
        (0, _) => FileKind::Text { crlf: false },
        (_, true) => FileKind::Text { crlf: true },
        // An editor would make all of them alike.
        _ => FileKind::Bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::{FileKind, kind};

    #[test]
    fn text_is_what_an_editor_gives_back_as_it_was() {
        assert_eq!(kind(b""), FileKind::Text { crlf: false });
        assert_eq!(kind("caf\u{e9}\n\tx".as_bytes()), FileKind::Text { crlf: false });
        assert_eq!(kind(b"GET / HTTP/1.0\r\n\r\n"), FileKind::Text { crlf: true });
        for bytes in [&b"a\r\nb\n"[..], b"a\rb", b"a\0b", b"\x1b[31m", b"\xff\xfe"] {
            assert_eq!(kind(bytes), FileKind::Bytes, "{bytes:?}");
        }
    }

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n\0\0"), FileKind::Picture("image/png"));
        assert_eq!(kind(b"\xff\xd8\xff\xe0"), FileKind::Picture("image/jpeg"));
        assert_eq!(kind(b"GIF89a"), FileKind::Picture("image/gif"));
        assert_eq!(kind(b"RIFF\x01\x02\x03\x04WEBPVP8 "), FileKind::Picture("image/webp"));
        // Its scripts would be another matter.
        assert_eq!(kind(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), FileKind::Text { crlf: false });
    }
}
