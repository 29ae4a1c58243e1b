use proto::{
    call::{Call, Value},
    id::{CallRef, Fd, PacketId, ProgramId},
    trace::{Cause, Event, Fate, TcpState, What},
};

use super::{CAPACITY, PushError, TraceStore};
use crate::view::{
    belonging::{self, CodeLine},
    details,
    filter::{Filter, FilteredEvents},
    script::{ACK, CLIENT, SERVER, SYN, SYN_ACK, Script},
    sockets, table, text,
    words::{self, Meaning},
};

#[test]
fn events_come_in_the_wire_format_and_repeated_ones_do_no_harm() {
    let mut script = Script::new();
    script.conversation();
    let bytes = script.bytes();
    let mut store = TraceStore::new();
    assert_eq!(store.push_bytes(&bytes), Ok(script.events.len()));
    assert_eq!(store.push_bytes(&bytes), Ok(0));
    assert_eq!(store.len(), script.events.len());
}

#[test]
fn bytes_that_are_no_events_are_refused_and_what_came_before_is_kept() {
    let mut script = Script::new();
    script.server_waits();
    let mut bytes = script.bytes();
    bytes.extend([0xff; 40]);
    let mut store = TraceStore::new();
    assert_eq!(store.push_bytes(&bytes), Err(PushError::Malformed));
    assert_eq!(store.len(), script.events.len());
    for cut in 0..bytes.len() {
        let _ = TraceStore::new().push_bytes(&bytes[..cut]);
    }
}

#[test]
fn the_store_is_bounded_and_says_where_something_is_missing() {
    let mut store = TraceStore::new();
    let mut script = Script::new();
    let connect = script.client_connects();
    script.segment(CLIENT, SYN, b"", Cause::Call(connect), Fate::Delivered);
    let packet = script.events.pop().unwrap();
    for seq in 0..(CAPACITY as u64 + 10) {
        let mut event = packet.clone();
        event.seq = 5 + seq + u64::from(seq > 100) * 7;
        if let What::Packet(packet) = &mut event.what {
            packet.id = PacketId(seq);
        }
        store.push(event);
    }
    assert!(store.len() <= CAPACITY);
    assert!(store.generation() > 0);
    assert!(store.note(PacketId(0)).is_none());
    let mut fresh = TraceStore::new();
    script.events.iter().filter(|event| event.seq < 3 || event.seq > 4).for_each(|event| {
        fresh.push(event.clone());
    });
    assert_eq!(fresh.missing_before(5), 2);
}

#[test]
fn who_comes_late_sees_that_the_beginning_is_missing() {
    let mut script = Script::new();
    script.conversation();
    let mut late = TraceStore::new();
    let whole = script.events.iter().cloned();
    whole.map(|event| Event { seq: event.seq + 1200, ..event }).for_each(|event| {
        late.push(event);
    });
    assert_eq!(late.missing_before(1201), 1200);
    let rows = table::rows(&late, &FilteredEvents::new(Filter::default(), &late), 0, 2);
    assert!(rows[0].what.starts_with("1,200 missing before: "), "{}", rows[0].what);
    assert!(
        rows[0].sentence.starts_with("1,200 events before this are not here. 1201. "),
        "{}",
        rows[0].sentence
    );
    assert!(!rows[1].sentence.contains("not here"), "said once: {}", rows[1].sentence);
    assert_eq!(words::missing_before(1), "1 event before this is not here");
}

#[test]
fn numbers_are_relative_and_packets_say_what_they_mean() {
    let mut script = Script::new();
    script.conversation();
    let store = script.store();
    let notes: Vec<_> = (1..=7).map(|id| store.note(PacketId(id)).unwrap()).collect();
    let meanings: Vec<_> = notes.iter().map(|note| note.meaning).collect();
    assert_eq!(
        meanings,
        [
            Meaning::Asks,
            Meaning::Agrees,
            Meaning::Confirms,
            Meaning::Data,
            Meaning::Acknowledges,
            Meaning::Finishes,
            Meaning::Finishes,
        ]
    );
    assert_eq!((notes[3].relative, notes[3].acknowledged), (1, 1));
    assert_eq!((notes[5].relative, notes[6].acknowledged), (25, 26));
}

#[test]
fn a_refusal_is_told_from_a_break() {
    let mut script = Script::new();
    script.refused();
    let store = script.store();
    assert_eq!(store.note(PacketId(2)).unwrap().meaning, Meaning::Refuses);
}

#[test]
fn causes_and_effects_are_found_both_ways() {
    let mut script = Script::new();
    script.refused();
    let store = script.store();
    let begin = store.call(CallRef(2)).begin.unwrap();
    let syn = store.note(PacketId(1)).unwrap().seq;
    let rst = store.note(PacketId(2)).unwrap().seq;
    assert_eq!(store.cause_of(rst), Some(syn));
    assert_eq!(store.cause_of(syn), Some(begin));
    assert!(store.effects_of(begin).contains(&syn));
    assert!(belonging::related(&store, begin).contains(&rst));
    assert_eq!(details::details(&store, rst).unwrap().caused_by.len(), 2);
}

#[test]
fn a_line_of_code_belongs_to_its_calls_and_what_they_led_to() {
    let mut script = Script::new();
    script.conversation();
    let store = script.store();
    let connect = store.call_begins().find(|(_, begin)| matches!(begin.call, Call::Connect { .. })).unwrap();
    let (begin, line) = (connect.0, connect.1.line.unwrap());
    let all = belonging::related_to_line(&store, connect.1.program, line);
    let handshake = [1, 2, 3].map(|id| store.note(PacketId(id)).unwrap().seq);
    assert!(all.contains(&begin) && handshake.iter().all(|seq| all.contains(seq)), "{all:?}");
    // And back: from the SYN, and from the state that changed with it.
    let states = store.events_from(0).filter(|event| matches!(event.what, What::State(_)));
    let syn_sent = states.map(|event| event.seq).find(|seq| all.contains(seq)).unwrap();
    for seq in [handshake[0], syn_sent] {
        let lines = belonging::code_lines(&store, &belonging::related(&store, seq));
        let end = store.call(connect.1.id).end;
        let expected = CodeLine { host: CLIENT, program: connect.1.program, line, seq: begin, end };
        assert!(lines.contains(&expected), "{lines:?}");
    }
    assert!(belonging::related_to_line(&store, connect.1.program, 999).is_empty());
}

#[test]
fn a_packet_belongs_to_the_call_that_waited_for_it() {
    let mut script = Script::new();
    script.conversation();
    let store = script.store();
    let line_of = |wanted: fn(&Call) -> bool| {
        store.call_begins().find(|(_, begin)| wanted(&begin.call)).unwrap().1.line.unwrap()
    };
    let recv = line_of(|call| matches!(call, Call::Recv { .. }));
    let send = line_of(|call| matches!(call, Call::Send { .. }));
    let accept = line_of(|call| matches!(call, Call::Accept { .. }));
    let lines = |seq| {
        let lines = belonging::code_lines(&store, &belonging::related(&store, seq));
        lines.into_iter().map(|line| line.line).collect::<Vec<_>>()
    };
    let data = store.note(PacketId(4)).unwrap().seq;
    assert_eq!(lines(data), [recv, send]);
    assert!(lines(store.note(PacketId(3)).unwrap().seq).contains(&accept));
    // And from the call back to its packet, and to who sent it.
    let all = belonging::related_to_line(&store, ProgramId(CLIENT.0), recv);
    assert!(all.contains(&data), "{all:?}");
    assert!(belonging::code_lines(&store, &all).iter().any(|line| line.line == send));
}

#[test]
fn a_handshake_in_somebodys_hand_belongs_together_as_a_quick_one_does() {
    let mut script = Script::new();
    let accept = script.server_waits();
    let connect = script.client_connects();
    let syn = script.segment(CLIENT, SYN, b"", Cause::Call(connect), Fate::Held);
    // The kernel sends it again, and the copy is delivered.
    let again = script.packet(CLIENT, SYN, (1000, 0), b"", Cause::Timer, Some(syn), Fate::Held);
    script.fate(again, Fate::Delivered);
    let agrees = script.segment(SERVER, SYN_ACK, b"", Cause::Packet(again), Fate::Held);
    script.fate(agrees, Fate::Delivered);
    let confirms = script.segment(CLIENT, ACK, b"", Cause::Packet(agrees), Fate::Held);
    script.end(connect, Ok(Value::Done));
    script.fate(confirms, Fate::Delivered);
    let peer = std::net::SocketAddr::from(([10, 0, 0, 2], 40000)).into();
    script.end_with(accept, Ok(Value::Accepted { fd: Fd(4), peer }), Some(3), b"");
    let store = script.store();
    let all = belonging::related(&store, store.call(connect).begin.unwrap());
    for packet in [syn, again, agrees, confirms] {
        assert!(all.contains(&store.note(packet).unwrap().seq), "{packet:?}");
    }
    assert!(all.contains(&store.call(accept).begin.unwrap()), "it waited for that");
    let back = belonging::related(&store, store.call(accept).begin.unwrap());
    assert!(back.contains(&store.call(connect).begin.unwrap()));
}

#[test]
fn rows_are_sentences() {
    let mut script = Script::new();
    script.refused();
    let store = script.store();
    let sentences: Vec<_> =
        table::rows(&store, &FilteredEvents::default(), 5, 100).into_iter().map(|row| row.sentence).collect();
    insta::assert_snapshot!(sentences.join("\n"));
}

#[test]
fn packets_as_tcpdump_writes_them() {
    let mut script = Script::new();
    script.conversation();
    script.held();
    insta::assert_snapshot!(text::text(&script.store()));
}

#[test]
fn an_errno_is_explained() {
    let mut script = Script::new();
    script.refused();
    let store = script.store();
    let end = store.call(CallRef(2)).end.unwrap();
    let error = details::details(&store, end).unwrap().error.unwrap();
    assert_eq!((error.name.as_str(), error.number), ("ECONNREFUSED", Some(111)));
    assert_eq!(error.sentence, "The machine answered, but nothing listens on that port there.");
}

#[test]
fn a_closed_descriptor_is_nobodys_and_a_datagram_socket_goes_with_it() {
    let mut script = Script::new();
    script.state(CLIENT, 2, Some(TcpState::FinWait2), TcpState::TimeWait);
    script.state(CLIENT, 3, None, TcpState::Datagram);
    let of = |script: &Script| {
        let rows = sockets::sockets(&script.store(), CLIENT, script.now());
        rows.iter().map(|row| (row.socket, row.fd)).collect::<Vec<_>>()
    };
    assert_eq!(of(&script), [(2, Some(4)), (3, Some(5))]);
    for (fd, socket) in [(4, 2), (5, 3)] {
        let close = script.begin(CLIENT, Call::Close { fd: Fd(fd) });
        script.end_with(close, Ok(Value::Done), Some(socket), b"");
    }
    assert_eq!(of(&script), [(2, None)]);
}

#[test]
fn a_closed_socket_is_gone_when_its_descriptor_is() {
    let mut script = Script::new();
    script.refused();
    script.state(CLIENT, 2, Some(TcpState::SynSent), TcpState::Closed);
    assert_eq!(sockets::sockets(&script.store(), CLIENT, script.now()).len(), 1, "fd 4 still names it");
    let close = script.begin(CLIENT, Call::Close { fd: Fd(4) });
    script.end_with(close, Ok(Value::Done), Some(2), b"");
    assert!(sockets::sockets(&script.store(), CLIENT, script.now()).is_empty());
}

#[test]
fn a_socket_with_two_descriptors_is_there_until_both_are_closed() {
    let mut script = Script::new();
    script.state(CLIENT, 3, None, TcpState::Datagram);
    let close = script.begin(CLIENT, Call::Close { fd: Fd(5) });
    script.state(CLIENT, 3, Some(TcpState::Datagram), TcpState::Datagram).owner =
        Some((ProgramId(CLIENT.0), Fd(6)));
    script.end_with(close, Ok(Value::Done), Some(3), b"");
    let rows = sockets::sockets(&script.store(), CLIENT, script.now());
    assert_eq!(rows.iter().map(|row| row.fd).collect::<Vec<_>>(), [Some(6)]);
    let close = script.begin(CLIENT, Call::Close { fd: Fd(6) });
    script.end_with(close, Ok(Value::Done), Some(3), b"");
    assert!(sockets::sockets(&script.store(), CLIENT, script.now()).is_empty());
}

#[test]
fn what_stays_inside_a_machine_is_said_to() {
    let mut script = Script::new();
    let at: proto::address::Address = "unix:/tmp/talk".parse().unwrap();
    let connect = script.begin(CLIENT, Call::Connect { fd: Fd(3), address: at });
    let change = script.state(CLIENT, 2, None, TcpState::Unix);
    (change.local, change.remote) = (Some("unix:".parse().unwrap()), Some(at));
    let store = script.store();
    let waiting = sockets::waiting(&store, None);
    assert!(waiting[0].sentence.ends_with("both are on this machine, and no packet goes."), "{waiting:?}");
    let row = &sockets::sockets(&store, CLIENT, script.now())[0];
    assert_eq!((row.local.as_str(), row.peer.as_str(), row.label), ("(no name)", "/tmp/talk", "UNIX"));
    assert_eq!((row.unread, row.unacknowledged), (None, None), "nobody tells");
    let call = details::details(&store, store.call(connect).begin.unwrap()).unwrap();
    assert!(call.fields.iter().any(|field| field.name == "inside"), "{call:?}");
    let state = details::details(&store, store.last_seq()).unwrap();
    assert!(state.fields.iter().all(|field| field.name != "unread"), "{state:?}");
    assert!(state.sentence.contains("UNIX"), "{}", state.sentence);
}

#[test]
fn sockets_waiting_and_time_wait() {
    let mut script = Script::new();
    script.conversation();
    let store = script.store();
    let rows = sockets::sockets(&store, SERVER, script.now());
    let states: Vec<_> = rows.iter().map(|row| (row.socket, row.state, row.timer.as_str())).collect();
    assert_eq!(states, [(1, "LISTEN", ""), (3, "TIME_WAIT", "rests for 60.0 s more")]);
    let later = script.now() + 61_000_000_000;
    assert_eq!(sockets::sockets(&store, SERVER, later).len(), 1);
    assert!(sockets::waiting(&store, None).is_empty());
    let mut waits = Script::new();
    waits.server_waits();
    let waiting = sockets::waiting(&waits.store(), None);
    assert_eq!(waiting[0].text, "accept()");
    assert_eq!(waiting[0].sentence, "It returns when somebody connects.");
}

#[test]
fn payload_never_becomes_markup_or_turns_text_around() {
    use crate::view::words::quoted;
    assert_eq!(quoted(b"<b>\n\x00\xff", 6, 20), "\u{201c}<b>\\n\\x00\\xff\u{201d}");
    assert_eq!(quoted("\u{202e}abc".as_bytes(), 6, 20), "\u{201c}\\u202eabc\u{201d}");
    assert_eq!(quoted(&[b'a'; 30], 30, 20).chars().count(), 23);
}

/// Writes traces for looking at the drawing in a browser: `VIEW_TRACES=folder cargo test -p web -- --ignored`.
#[test]
#[ignore = "writes files where the environment says"]
fn write_traces() {
    let Ok(folder) = std::env::var("VIEW_TRACES") else { return };
    let mut all: Vec<(&str, Script)> = Vec::new();
    for name in ["conversation", "held", "refused", "waiting", "bulk", "many"] {
        let mut script = Script::new();
        match name {
            "conversation" => script.conversation(),
            "held" => drop(script.held()),
            "refused" => script.refused(),
            "waiting" => drop(script.server_waits()),
            "bulk" => crate::view::diagram::bulk_into(&mut script, 9),
            _ => (0..1_100).for_each(|_| script.refused()),
        }
        all.push((name, script));
    }
    for (name, script) in all {
        std::fs::write(format!("{folder}/{name}.trace"), script.bytes()).unwrap();
    }
}
