//! Bytes that are no recording, or no whole one: one error each, and never a panic.

use proptest::prelude::*;
use proto::{
    id::MemberId,
    trace::{Event, What},
};
use share::{Header, ReadError, read};

use super::{any, written};

fn three() -> String {
    let left = |seq| Event { seq, time: seq, what: What::Left(MemberId(1)) };
    written(&Header::default(), &[left(1), left(2), left(3)])
}

#[test]
fn what_does_not_begin_as_a_recording_is_none() {
    for bytes in
        [&b""[..], b"\n", b"{}", b"[]", b"null\n", b"\xff\xfe\n", b"{\"format\":\"other/1\"}\n", b"<html>"]
    {
        assert_eq!(read(bytes), Err(ReadError::NoRecording), "{bytes:?}");
    }
}

#[test]
fn a_newer_version_is_named() {
    let newer = three().replace("wireside-share/1", "wireside-share/2");
    assert_eq!(read(newer.as_bytes()), Err(ReadError::Newer("wireside-share/2".into())));
}

#[test]
fn a_cut_file_says_how_much_is_missing() {
    let whole = three();
    for (end, _) in whole.match_indices('\n').take(3) {
        let lines = whole[..=end].lines().count() as u64;
        let missing = 4 - lines;
        assert_eq!(read(&whole.as_bytes()[..=end]), Err(ReadError::Cut { missing }));
        // In the middle of the next line.
        assert_eq!(read(&whole.as_bytes()[..end + 5]), Err(ReadError::Cut { missing }));
    }
}

#[test]
fn a_damaged_line_is_named() {
    let lines: Vec<String> = three().lines().map(str::to_owned).collect();
    for bad in [
        "",
        "{",
        "[]",
        "7",
        r#"{"seq":"2","time":2,"kind":"left","id":1}"#,
        r#"{"seq":-2,"time":2,"kind":"left","id":1}"#,
        r#"{"seq":2,"time":2,"kind":"left","id":4294967296}"#,
        r#"{"seq":2,"time":2,"kind":"left"}"#,
        r#"{"seq":2,"time":2,"id":1}"#,
        r#"{"seq":2,"time":2,"kind":7,"id":1}"#,
        // Out of order.
        r#"{"seq":1,"time":2,"kind":"left","id":1}"#,
        r#"{"seq":2,"time":0,"kind":"left","id":1}"#,
        r#"{"seq":9007199254740993,"time":2,"kind":"left","id":1}"#,
        // Said twice.
        r#"{"seq":2,"seq":3,"time":2,"kind":"left","id":1}"#,
    ] {
        let mut lines = lines.clone();
        bad.clone_into(&mut lines[2]);
        let text = lines.join("\n") + "\n";
        assert_eq!(read(text.as_bytes()), Err(ReadError::Malformed { line: 3 }), "{bad}");
    }
    let more = three() + &lines[3] + "\n";
    assert_eq!(read(more.as_bytes()), Err(ReadError::Malformed { line: 5 }), "more than the header says");
}

#[test]
fn what_a_newer_wireside_adds_is_passed_over_and_counted() {
    let text = three();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[0] = lines[0].replacen('{', "{\"mood\":\"good\",", 1);
    lines[1] = lines[1].replacen('{', "{\"colour\":[1,{}],", 1);
    for unknown in [
        r#"{"seq":2,"time":2,"kind":"telepathy","id":1}"#,
        r#"{"seq":2,"time":2,"kind":"call","id":1,"by":null,"machine":1,"program":1,"call":"sendfile","fds":[]}"#,
        r#"{"seq":2,"time":2,"kind":"return","id":1,"elapsed":1,"returned":{"is":"delegated","to":2}}"#,
        r#"{"seq":2,"time":2,"kind":"call","id":1,"by":null,"machine":1,"program":1,"call":"socket","family":"AF_PACKET","type":"SOCK_STREAM"}"#,
    ] {
        let mut lines = lines.clone();
        unknown.clone_into(&mut lines[2]);
        let found = read((lines.join("\n") + "\n").as_bytes()).unwrap();
        let seqs: Vec<u64> = found.events.iter().map(|event| event.seq).collect();
        assert_eq!((seqs, found.unknown), (vec![1, 3], 1), "{unknown}");
    }
}

proptest! {
    /// Whatever the bytes.
    #[test]
    fn any_bytes_end_with_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _one_of_both = read(&bytes);
        let mut after_a_head = written(&Header::default(), &[]).replace("\"events\":0", "\"events\":9").into_bytes();
        after_a_head.extend(bytes);
        prop_assert!(read(&after_a_head).is_err());
    }

    /// A recording with some of its bytes changed.
    #[test]
    fn damage_ends_with_an_answer(events in any::events(), places in proptest::collection::vec(any::<(u16, u8)>(), 1..4)) {
        let mut bytes = written(&Header::default(), &events).into_bytes();
        for (place, byte) in places {
            let place = usize::from(place) % bytes.len();
            bytes[place] = byte;
        }
        if let Ok(found) = read(&bytes) {
            prop_assert!(found.events.len() + found.unknown as usize == events.len());
        }
    }

    /// Wherever it is cut.
    #[test]
    fn a_cut_is_always_found(events in any::events(), place in any::<u16>()) {
        let bytes = written(&Header::default(), &events).into_bytes();
        let place = usize::from(place) % bytes.len();
        prop_assert!(read(&bytes[..place]).is_err());
    }
}
