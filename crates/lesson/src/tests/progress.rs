//! Facts, checks and how far somebody has come, over events made by hand.

use proto::{
    call::{Call, Flags, Value},
    id::{Fd, MemberId},
    room::StepOutcome,
    trace::{Cause, Fate, TcpFlags},
};

use super::room::{CLIENT, Room, SERVER, refused};
use crate::{
    Check, Doing,
    doing::WireDoing,
    facts::{Fact, Field},
    plan::Next,
    progress::Mark,
    prose,
};

const LESSON: &str = "---
id: x
title: X
---
# One
## Make it
Make a socket.
- do: client: s = socket.socket()
- check: call=socket host=client result=ok

## Connect it
Connect.
- if: call=connect result=ECONNREFUSED => Nobody listens there.
- check: call=connect host=client result=ok
- else: Not connected yet.
- see: In {took}.

# Two
## Make another
Make a socket again.
- check: call=socket host=client result=ok
";

fn holds(check: &str, facts: &crate::Facts) -> bool {
    Check::parse(check).expect(check).holds(facts)
}

fn syn_ack() -> TcpFlags {
    TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0)
}

#[test]
fn any_order_within_a_part_and_only_what_happens_in_it() {
    let mut room = Room::new(LESSON);
    let call = room.connect(7);
    room.ends(call, Ok(Value::Done), b"", Some(7));
    assert_eq!(room.progress.current_at(), Some((0, 0)), "the second step is passed, the first comes next");
    let evidence = room.seq();
    assert_eq!(room.progress.last().and_then(|last| last.evidence), Some(evidence));
    room.socket(CLIENT, 8);
    assert_eq!(room.progress.current_at(), Some((1, 0)), "that socket passed one step, not two");
    room.socket(SERVER, 9);
    assert_eq!(room.progress.current_at(), Some((1, 0)), "another machine's");
    room.socket(CLIENT, 10);
    assert_eq!(room.progress.current_at(), None);
}

#[test]
fn what_happens_on_the_way_is_said_until_the_step_is_passed() {
    let mut room = Room::new(LESSON);
    room.socket(CLIENT, 7);
    assert!(room.progress.aside().is_none());
    let call = room.connect(7);
    room.ends(call, refused(), b"", Some(7));
    assert_eq!(prose::plain(room.progress.aside().expect("something")), "Nobody listens there.");
    let call = room.connect(8);
    room.ends(call, Ok(Value::Done), b"", Some(8));
    assert!(room.progress.aside().is_none());
    assert!(room.progress.parts()[0].standings[1].took.is_some_and(|took| took > 0));
}

#[test]
fn a_step_of_the_wire_is_offered_until_the_packet_that_matters_has_gone() {
    let lesson = "---\nid: x\ntitle: X\n---\n# One\n## Through\nLet it through.\n- do: wire hold\n- do: wire step\n\
                  - check: kind=packet flags=SYN+ACK held=yes fate=delivered\n";
    let mut room = Room::new(lesson);
    assert_eq!(room.left().len(), 2);
    room.holds();
    for _ in 0..3 {
        assert_eq!(room.left(), [Doing::Wire { command: WireDoing::Step }]);
        room.progress.did(&Doing::Wire { command: WireDoing::Step });
    }
}

#[test]
fn what_the_browser_remembers_goes_on_in_the_same_room_only() {
    let mut room = Room::new(LESSON);
    room.socket(CLIENT, 7);
    room.progress.skip();
    let (marks, since) = (room.progress.marks(), room.progress.since());
    assert_eq!(marks["Make it"], Mark::Passed(2));
    assert_eq!(marks["Connect it"], Mark::Skipped);

    let mut again = Room::new(LESSON);
    again.progress.remember(&marks, Some(since));
    assert_eq!(again.progress.current_at(), Some((1, 0)));
    again.socket(CLIENT, 7);
    assert_eq!(
        again.progress.current_at(),
        Some((1, 0)),
        "this socket is history: it belongs to the first part"
    );
    again.socket(CLIENT, 8);
    assert_eq!(again.progress.current_at(), None);

    let mut elsewhere = Room::new(LESSON);
    elsewhere.progress.remember(&marks, None);
    assert_eq!(elsewhere.progress.current_at(), Some((1, 0)), "a whole part counts");
    let half = marks.into_iter().take(1).collect();
    let mut elsewhere = Room::new(LESSON);
    elsewhere.progress.remember(&half, None);
    assert_eq!(elsewhere.progress.current_at(), Some((0, 0)), "half a part does not");
}

#[test]
fn the_room_is_told_once() {
    let mut room = Room::new(LESSON);
    room.socket(CLIENT, 7);
    assert_eq!(room.progress.take_news(), [("Make it".to_owned(), StepOutcome::Passed { evidence: 2 })]);
    assert!(room.progress.take_news().is_empty());
    room.progress.skip();
    room.progress.hear("other", "Connect it", StepOutcome::Skipped);
    room.progress.hear("x", "Connect it", StepOutcome::Skipped);
    assert!(room.progress.take_news().is_empty(), "the trace says so already");
}

#[test]
fn without_a_browsers_memory_the_trace_tells_what_was_skipped() {
    let mut room = Room::new(LESSON);
    room.progress.hear("x", "Make it", StepOutcome::Skipped);
    room.progress.hear("x", "Connect it", StepOutcome::Passed { evidence: 9 });
    room.progress.hear("x", "No such step", StepOutcome::Skipped);
    assert_eq!(room.progress.current_at(), Some((1, 0)));
}

#[test]
fn going_to_a_step_begins_it_anew() {
    let mut room = Room::new(LESSON);
    room.socket(CLIENT, 7);
    room.progress.go_to((0, 0));
    assert_eq!(room.progress.current_at(), Some((0, 0)));
    room.progress.go_to((1, 0));
    assert_eq!(room.progress.current_at(), Some((1, 0)));
    assert_eq!(room.progress.parts()[0].standings[1].mark(), Some(Mark::Skipped));
}

#[test]
fn a_connect_says_how_many_syns_it_took_and_what_came_back() {
    let mut room = Room::new(LESSON);
    room.listens(1, 6, 5);
    let call = room.connect(7);
    let first = room.packet(CLIENT, TcpFlags::SYN, Cause::Call(call), None);
    room.packet(CLIENT, TcpFlags::SYN, Cause::Timer, Some(first));
    room.packet(SERVER, syn_ack(), Cause::Packet(first), None);
    let facts = room.ends(call, Ok(Value::Done), b"", Some(7));
    assert!(
        holds("call=connect result=ok syns=2 full=yes answer=SYN+ACK to=server port=12345", &facts),
        "{facts:?}"
    );
    let call = room.connect(8);
    room.packet(CLIENT, TcpFlags::SYN, Cause::Call(call), None);
    let facts = room.ends(call, refused(), b"", Some(8));
    assert!(holds("result=ECONNREFUSED syns=1 answer=none", &facts), "{facts:?}");
}

#[test]
fn a_close_says_what_its_socket_received() {
    let mut room = Room::new(LESSON);
    for length in [4000, 5999] {
        room.received(CLIENT, 7, &vec![b'x'; length]);
    }
    assert!(holds("call=close received=9999 recvs=2", &room.closes(CLIENT, 7)));
    room.received(CLIENT, 8, &[b'x'; 10_000]);
    let facts = room.closes(CLIENT, 8);
    assert!(holds("call=close host=client result=ok received=10000 received>=10000 received<10001", &facts));
    assert!(!holds("received!=10000", &facts));
}

#[test]
fn a_packets_later_fate_has_the_packets_facts() {
    let mut room = Room::new(LESSON);
    let packet = room.packet(CLIENT, TcpFlags::SYN, Cause::Timer, None);
    let facts = room.fate(packet, Fate::Dropped(None)).expect("a known packet");
    assert!(holds("kind=packet flags=SYN source=client to=server fate=dropped", &facts));
}

#[test]
fn a_call_counts_at_its_end_unless_its_begin_is_asked_for() {
    let mut room = Room::new(LESSON);
    let call = room.begins(SERVER, Call::Accept { fd: Fd(3) }, Some(1));
    let peer = "10.0.0.2:40000".parse().expect("one");
    let end = room.ends(call, Ok(Value::Accepted { fd: Fd(4), peer }), b"", Some(2));
    assert!(holds("call=accept made=4", &end));
    assert!(!holds("call=accept phase=begin", &end));
    assert!(holds("data~you data=\"thank you\"|x", &room.received(CLIENT, 5, b"thank you")));
}

const CARDS: &str = "---
id: x
title: X
---
# One
## Sort
Sort them.
- card: call=socket host=server => first
- card: call=socket host=client => second
- card: call=close host=client => third
- see: Sorted.
";

#[test]
fn cards_are_marked_by_the_run_whatever_was_guessed() {
    let mut room = Room::new(CARDS);
    room.progress.arrange(&[2, 1, 0]);
    room.progress.arrange(&[0, 0, 0]);
    room.socket(SERVER, 1);
    room.socket(CLIENT, 2);
    assert_eq!(room.progress.current().expect("not passed").cards.places(), None, "not all have happened");
    room.closes(CLIENT, 2);
    let cards = &room.progress.current().expect("in the wrong order").cards;
    assert_eq!(cards.order(), [2, 1, 0], "an order that is none changes nothing");
    assert_eq!(cards.places(), Some(vec![0, 1, 2]));
    room.progress.arrange(&[0, 1, 2]);
    assert_eq!(room.progress.current_at(), None);
    assert_eq!(room.progress.last().and_then(|last| last.evidence), Some(room.seq()));
}

#[test]
fn a_run_begins_with_the_first_card_and_may_begin_anew() {
    let mut room = Room::new(CARDS);
    // What the run before left behind.
    room.closes(CLIENT, 9);
    room.socket(CLIENT, 10);
    assert_eq!(room.progress.current().expect("not begun").cards.seen(), [None; 3]);
    room.socket(SERVER, 1);
    room.closes(CLIENT, 10);
    // The server again: the close belonged to the run that was given up.
    room.socket(SERVER, 2);
    room.socket(CLIENT, 3);
    assert_eq!(room.progress.current().expect("not whole").cards.places(), None);
    room.closes(CLIENT, 3);
    let cards = &room.progress.current().expect("in another order").cards;
    assert_eq!(cards.places(), Some(vec![0, 1, 2]));
    // A whole run stays as it was.
    room.socket(SERVER, 4);
    assert_eq!(room.progress.current().expect("in another order").cards.places(), Some(vec![0, 1, 2]));
}

#[test]
fn facts_tell_whether_a_packet_was_held_and_how_many_were_dropped() {
    let mut room = Room::new(CARDS);
    let connect = room.connect(1);
    let syn = room.packet(CLIENT, TcpFlags::SYN, Cause::Call(connect), None);
    let delivered = room.fate(syn, Fate::Delivered).expect("facts");
    assert!(delivered.is(Field::Held, "no"));
    let copy = room.packet(CLIENT, TcpFlags::SYN, Cause::Timer, Some(syn));
    room.fate(copy, Fate::Held);
    let dropped = room.fate(copy, Fate::Dropped(Some(MemberId(1)))).expect("facts");
    assert!(dropped.is(Field::Held, "yes"));
    room.ends(connect, Ok(Value::Done), b"", Some(1));
    let received = room.received(CLIENT, 1, b"x");
    assert_eq!(received.get(Field::Dropped), Some(&Fact::Number(1)));
    room.connect(2);
    assert_eq!(room.received(CLIENT, 2, b"x").get(Field::Dropped), Some(&Fact::Number(0)));
}

#[test]
fn cards_begin_shuffled() {
    for count in 3..=16 {
        let cards: String =
            (0..count).map(|card| format!("- card: call=bind port={card} => {card}\n")).collect();
        let room = Room::new(&format!("---\nid: x\ntitle: X\n---\n# P\n## S\nT.\n{cards}"));
        let order = room.progress.current().expect("cards").cards.order();
        assert!(!order.is_sorted(), "{count}: {order:?}");
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..count), "{count}");
    }
}

/// Python takes a while from Run to listen: whoever presses what is offered must not stop it meanwhile.
#[test]
fn a_program_on_its_way_is_waited_for_and_one_that_waits_elsewhere_is_stopped() {
    let lesson = "---\nid: x\ntitle: X\n---\n# One\n## Call\nCall.\n\
                  - needs: listening server 12345 => run server: server.py &\n- do: run client: client.py\n\
                  - check: call=recv host=client result=ok\n";
    let mut room = Room::new(lesson);
    let start = Doing::Run {
        host: "server".to_owned(),
        file: "server.py".to_owned(),
        background: true,
        fails: false,
    };
    assert_eq!(room.left(), std::slice::from_ref(&start));
    let id = room.begins_program(SERVER, "server.py");
    assert_eq!(room.left(), []);
    let said = match room.progress.next(&room.scene, &room.hands) {
        Some(Next::Do { because: Some(because), .. }) => prose::plain(&because),
        other => panic!("{other:?}"),
    };
    assert_eq!(said, "Nobody listens on server, port 12345, now. server.py runs, and has not come so far.");
    room.begins_in(id, SERVER, Call::Recv { fd: Fd(3), flags: Flags::default(), max: 1024 }, Some(9));
    let stop = Doing::Stop { host: "server".to_owned(), file: Some("server.py".to_owned()) };
    assert_eq!(room.left(), [stop, start]);
}

/// The same where the step is to run it: more help is offered once it waits for others, and not before.
#[test]
fn a_server_that_is_being_started_is_waited_for() {
    let lesson = "---\nid: x\ntitle: X\n---\n# One\n## Run\nRun it.\n- do: run server: server.py &\n\
                  - check: call=accept host=server phase=begin\n";
    let mut room = Room::new(lesson);
    let id = room.begins_program(SERVER, "server.py");
    assert_eq!(room.progress.next(&room.scene, &room.hands), Some(Next::Wait));
    room.begins_in(id, SERVER, Call::Recv { fd: Fd(3), flags: Flags::default(), max: 1024 }, Some(9));
    assert_eq!(room.progress.next(&room.scene, &room.hands), Some(Next::Again));
}

/// Nothing stands on a wire that is not held, however often a program is run.
#[test]
fn a_packet_can_only_be_let_through_or_dropped_where_the_wire_is_held() {
    for command in ["step", "drop"] {
        let lesson = format!(
            "---\nid: x\ntitle: X\n---\n# One\n## Hold\nHold.\n- do: wire hold\n- check: kind=wire held=yes\n\
             ## One\nOne.\n- needs: held => run client: client.py &\n- do: wire {command}\n\
             - check: kind=packet held=yes fate=dropped\n"
        );
        let mut room = Room::new(&lesson);
        room.progress.skip();
        assert_eq!(room.left(), [Doing::Wire { command: WireDoing::Hold }], "{command}");
    }
}

/// Two steps run the same program: the end of the run that passed the first is no run of the second.
#[test]
fn a_program_is_run_where_it_began_in_the_step() {
    let lesson = "---\nid: x\ntitle: X\n---\n# One\n## Once\nOnce.\n- do: run client: client.py\n\
                  - check: call=recv host=client result=ok\n## Again\nAgain.\n- do: run client: client.py\n\
                  - check: call=recv host=client result=ok\n";
    let mut room = Room::new(lesson);
    let run = Doing::Run {
        host: "client".to_owned(),
        file: "client.py".to_owned(),
        background: false,
        fails: false,
    };
    let first = room.begins_program(CLIENT, "client.py");
    room.received(CLIENT, 7, b"hi");
    assert_eq!(room.progress.current_at(), Some((0, 1)));
    assert_eq!(room.left(), [], "it runs still");
    room.ends_program(first);
    assert_eq!(room.left(), [run]);
    let second = room.begins_program(CLIENT, "client.py");
    room.ends_program(second);
    assert_eq!(
        room.progress.next(&room.scene, &room.hands),
        Some(Next::Again),
        "it was run, and nothing came of it"
    );
}
