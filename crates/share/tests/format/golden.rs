//! A file that was kept opens for ever: this one was written by the first version.

use proto::{
    call::{Call, Value},
    trace::{Transport, What},
};

/// Never to be changed. A later version gets a file of its own.
const FIRST: &str = include_str!("../files/first.wireside-share");

#[test]
fn the_first_version_opens() {
    let found = share::read(FIRST.as_bytes()).unwrap();
    assert_eq!(found.unknown, 0);
    let header = &found.header;
    assert_eq!((header.title.as_str(), header.made), ("Hello, lost once", 1_764_355_200));
    assert_eq!(header.lesson.as_ref().unwrap().passed, ["Connect it"]);
    assert_eq!(header.hosts.len(), 2);
    assert_eq!(header.notes[0].text, "Here the wire loses it.");
    let whats: Vec<_> = found.events.iter().map(|event| &event.what).collect();
    assert_eq!(whats.len(), 24, "one of every kind");
    let connects = whats.iter().filter_map(|what| match what {
        What::CallBegin(begin) => Some((&begin.call, begin.line)),
        _ => None,
    });
    let connects: Vec<_> = connects.collect();
    assert!(matches!(connects[0], (Call::Connect { .. }, Some(8))), "{connects:?}");
    let tcp = whats.iter().find_map(|what| match what {
        What::Packet(packet) => match &packet.transport {
            Transport::Tcp(tcp) => Some(tcp),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(tcp.unwrap().options.len(), 6);
    let done = whats.iter().any(|what| matches!(what, What::CallEnd(end) if end.outcome == Ok(Value::Done)));
    assert!(done);
}

#[test]
fn it_is_written_as_it_was() {
    let found = share::read(FIRST.as_bytes()).unwrap();
    let (lines, left_out) = share::select(&found.events).unwrap();
    assert_eq!(left_out, 0);
    let again = share::write(&found.header, &lines).unwrap();
    for (now, then) in again.lines().zip(FIRST.lines()) {
        assert_eq!(now, then);
    }
    assert_eq!(again, FIRST);
}
