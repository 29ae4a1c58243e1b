//! What has no room in a file is left out of it, oldest first, and counted.

use proto::{
    id::{HostId, MemberId, PacketId, ProgramId},
    limits,
    trace::{Event, Fate, PacketFate, What},
};
use share::{Header, ReadError};

use super::written;

fn event(seq: u64, what: What) -> Event {
    Event { seq, time: seq, what }
}

fn source(seq: u64) -> Event {
    let text = Some("print('still here')\n".to_owned());
    event(seq, What::Source { by: MemberId(1), host: HostId(1), name: "a.py".into(), text })
}

#[test]
fn of_too_many_events_the_newest_stay_and_the_text_they_came_from() {
    let delivered = |id| What::Fate(PacketFate { id: PacketId(id), fate: Fate::Delivered });
    let most = limits::SHARE_EVENTS as u64;
    let mut events = vec![source(1)];
    events.extend((2..most + 500).map(|seq| event(seq, delivered(seq))));
    let (lines, left_out) = share::select(&events).unwrap();
    assert_eq!((lines.len() as u64, left_out), (most, 499));
    let found = share::read(share::write(&Header::default(), &lines).unwrap().as_bytes()).unwrap();
    assert_eq!(found.events[0], source(1));
    assert_eq!(found.events[1].seq, 501, "there is a gap, and it can be seen");
    assert_eq!(found.events.last().unwrap().seq, most + 499);
}

#[test]
fn of_too_many_bytes_the_newest_stay() {
    let text = "\u{1}".repeat(limits::OUTPUT);
    let output = |_| What::Output { program: ProgramId(1), error: false, text: text.clone() };
    let events: Vec<_> = (1..300).map(|seq| event(seq, output(seq))).collect();
    let file = written(&Header::default(), &events);
    assert!(file.len() <= limits::SHARE_BYTES && file.len() > limits::SHARE_BYTES - 2 * limits::SHARE_LINE);
    let found = share::read(file.as_bytes()).unwrap();
    assert_eq!(found.events.last().unwrap().seq, 299);
    assert_eq!(found.events, events[events.len() - found.events.len()..]);
}

#[test]
fn the_longest_text_of_a_program_is_one_line() {
    let text = Some("\0".repeat(limits::SOURCE));
    let long = event(1, What::Source { by: MemberId(1), host: HostId(1), name: "a.py".into(), text });
    let (lines, left_out) = share::select(std::slice::from_ref(&long)).unwrap();
    assert_eq!((lines.len(), left_out), (1, 0));
}

#[test]
fn what_is_too_large_is_not_read() {
    let error = share::read(&vec![b'{'; limits::SHARE_BYTES + 1]).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge(limits::Limit::ShareBytes)), "{error}");
    let head = written(&Header::default(), &[]);
    let many = head.replace("\"events\":0", "\"events\":10001");
    let error = share::read(many.as_bytes()).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge(limits::Limit::ShareEvents)), "{error}");
    let long = head.replace("\"events\":0", "\"events\":1") + &" ".repeat(limits::SHARE_LINE + 1) + "\n";
    let error = share::read(long.as_bytes()).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge(limits::Limit::ShareLine)), "{error}");
}
