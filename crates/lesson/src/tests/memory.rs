//! Facts that tell of what was before: numbers that were used, names that were asked for, callers that were accepted.

use proto::{
    call::{Call, Family, Flags, Kind, OptionName, OptionValue, Value},
    errno::Errno,
    id::Fd,
};

use super::room::{CLIENT, Room, SERVER, refused};
use crate::{Check, Facts, prose};

const LESSON: &str = "---\nid: x\ntitle: X\n---\n# One\n## Ask\nAsk.\n- exercise: yes\n- clue: Run it.\n- more: Think.\n- most: Do it.\n\
    - clue: call=connect result=ECONNREFUSED => Port {port} said no: look at {event}.\n- do: client: s.recv(1)\n\
    - check: call=recv host=server\n- else: Nobody has.\n";

fn holds(check: &str, facts: &Facts) -> bool {
    Check::parse(check).expect(check).holds(facts)
}

/// A socket of `client` with this number.
fn socket(room: &mut Room, fd: i32, id: u32) -> Facts {
    let call = room.begins(CLIENT, Call::Socket { family: Family::Inet, kind: Kind::Stream }, None);
    room.ends(call, Ok(Value::Descriptor(Fd(fd))), b"", Some(id))
}

#[test]
fn a_number_that_is_used_again_is_known_and_how_many_are_open() {
    let mut room = Room::new(LESSON);
    assert!(holds("family=AF_INET reused=no open=1", &socket(&mut room, 3, 7)));
    assert!(holds("reused=no open=2", &socket(&mut room, 4, 8)));
    let close = room.begins(CLIENT, Call::Close { fd: Fd(3) }, Some(7));
    room.ends(close, Ok(Value::Done), b"", Some(7));
    assert!(holds("made=3 reused=yes open=2", &socket(&mut room, 3, 9)));
}

#[test]
fn a_connect_knows_the_name_that_had_its_address_and_whether_somebody_listens() {
    let mut room = Room::new(LESSON);
    socket(&mut room, 3, 7);
    let call = room.connect(7);
    let facts = room.ends(call, refused(), b"", Some(7));
    assert!(!holds("name=server", &facts) && holds("listens=no", &facts));
    let name = Call::Resolve { name: "server".into(), family: None, port: 12345 };
    let ask = room.begins(CLIENT, name, None);
    let addresses = vec!["10.0.0.1".parse().expect("an address")];
    let told = room.ends(ask, Ok(Value::Addresses { addresses, from_room: true }), b"", None);
    assert!(holds("address=10.0.0.1", &told));
    room.listens(20, 0, 5);
    socket(&mut room, 4, 8);
    let call = room.connect(8);
    let facts = room.ends(call, Ok(Value::Done), b"", Some(8));
    assert!(holds("name=server listens=yes", &facts));
    assert!(holds("nth=1", &room.received(CLIENT, 8, b"hi")));
}

#[test]
fn a_bind_knows_when_somebody_was_accepted_on_its_port() {
    let mut room = Room::new(LESSON);
    let address = "0.0.0.0:12345".parse().expect("one");
    let bind = |room: &mut Room, id: u32, outcome| {
        let call = room.begins(SERVER, Call::Bind { fd: Fd(3), address }, Some(id));
        room.ends(call, outcome, b"", Some(id))
    };
    let first = bind(&mut room, 20, Ok(Value::Done));
    assert!(holds("reuse=no result=ok", &first) && !holds("after<60000", &first));
    let accept = room.begins(SERVER, Call::Accept { fd: Fd(3) }, Some(20));
    let peer = "10.0.0.2:40000".parse().expect("one");
    room.ends(accept, Ok(Value::Accepted { fd: Fd(4), peer }), b"", Some(21));
    let call = Call::Recv { fd: Fd(4), flags: Flags::default(), max: 10 };
    let call = room.begins(SERVER, call, Some(21));
    assert!(holds("nth=1", &room.ends(call, Ok(Value::Received { length: 0 }), b"", Some(21))));
    let option = Call::SetSockOpt { fd: Fd(3), name: OptionName::ReuseAddr, value: OptionValue::Bool(true) };
    let call = room.begins(SERVER, option, Some(22));
    assert!(holds("option=SO_REUSEADDR", &room.ends(call, Ok(Value::Done), b"", Some(22))));
    let taken = Err(proto::call::CallError::errno(Errno::EADDRINUSE));
    assert!(holds("reuse=yes result=EADDRINUSE after<60000", &bind(&mut room, 22, taken)));
}

#[test]
fn a_clue_is_of_the_step_that_goes_on() {
    let mut room = Room::new(LESSON);
    let said = |room: &Room| room.progress.clues().iter().map(|said| prose::plain(said)).collect::<Vec<_>>();
    assert_eq!(said(&room), ["Run it.", "Think.", "Do it."]);
    socket(&mut room, 3, 7);
    let call = room.connect(7);
    room.ends(call, refused(), b"", Some(7));
    assert_eq!(said(&room)[0], format!("Port 12345 said no: look at event {}.", room.seq()));
    room.begins_program(CLIENT, "client.py");
    assert_eq!(said(&room)[0], "Run it.");
}
