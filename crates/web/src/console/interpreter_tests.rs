//! Whole conversations with the console, without a network: what each line asks for, what each answer makes of it.

use proto::{
    call::{Call, CallError, Outcome, Value as Returned},
    errno::Errno,
    id::Fd,
};

use super::{
    entry::ShownEntry,
    interpreter::Interpreter,
    room_sockets::{KnownSocket, Machine, RoomSockets},
};

/// Runs a line whose calls end as given.
fn run(interpreter: &mut Interpreter, line: &str, answers: &[(Outcome, &[u8])]) -> ShownEntry {
    let (id, mut request) = interpreter.submit(line);
    for (outcome, bytes) in answers {
        assert!(request.is_some(), "{line} makes as many calls as answered");
        request = interpreter.ended(id, outcome.clone(), bytes);
    }
    assert_eq!(request, None, "{line}");
    interpreter.shown(id, &RoomSockets::default()).expect("shown")
}

fn found(address: &str) -> Outcome {
    Ok(Returned::Addresses { addresses: vec![address.parse().expect("address")], from_room: true })
}

fn lines(interpreter: &Interpreter) -> Vec<String> {
    interpreter.suggestions().into_iter().map(|suggestion| suggestion.line).collect()
}

#[test]
fn the_tutorials_client_by_hand() {
    let mut interpreter = Interpreter::new("client");
    assert_eq!(lines(&interpreter), ["s = socket.socket()", "socket.getaddrinfo(\"tutorial\", 12345)"]);
    let shown =
        run(&mut interpreter, "socket.getaddrinfo(\"tutorial\", 12345)", &[(found("10.0.0.10"), b"")]);
    assert_eq!(shown.result, "\u{2192} 10.0.0.10");
    assert!(shown.value.starts_with(
        "[(<AddressFamily.AF_INET: 2>, <SocketKind.SOCK_STREAM: 1>, 6, '', ('10.0.0.10', 12345))"
    ));
    let shown = run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    assert_eq!((shown.state, shown.result.as_str()), ("done", "\u{2192} fd 3"));
    assert_eq!(lines(&interpreter)[0], "s.connect((\"tutorial\", 12345))");
    let shown = run(
        &mut interpreter,
        "s.connect((\"tutorial\", 12345))",
        &[(found("10.0.0.10"), b""), (Ok(Returned::Done), b"")],
    );
    assert_eq!(shown.result, "connected to 10.0.0.10:12345");
    assert_eq!(shown.steps.len(), 2);
    assert_eq!(shown.steps[0].text, "getaddrinfo(\"tutorial\", 12345)");
    assert_eq!(shown.forms.len(), 2);
    let shown = run(&mut interpreter, "s.recv(1024)", &[(Ok(Returned::Received { length: 5 }), b"Thank")]);
    assert_eq!((shown.result.as_str(), shown.note.as_str()), ("b'Thank'", "5 bytes"));
    assert!(shown.bytes.expect("bytes").hex.starts_with("0000  54 68"));
    let shown = run(&mut interpreter, "s.recv(1024)", &[(Ok(Returned::Received { length: 0 }), b"")]);
    assert_eq!(shown.result, "b''");
    assert!(shown.note.starts_with("End of file"));
    run(&mut interpreter, "s.close()", &[(Ok(Returned::Done), b"")]);
    assert_eq!(lines(&interpreter)[0], "s = socket.socket()");
    let shown = run(&mut interpreter, "s.close()", &[]);
    assert_eq!(shown.state, "note");
    assert!(interpreter.submit("s.recv(1)").1.is_some_and(|request| request.call.fd() == Some(Fd(-1))));
}

#[test]
fn sockets_within_a_machine_have_paths_and_pairs_have_names() {
    let mut interpreter = Interpreter::new("client");
    let made = |fd| (Ok(Returned::Descriptor(Fd(fd))), &b""[..]);
    let done = || (Ok(Returned::Done), &b""[..]);
    run(&mut interpreter, "s = socket.socket(socket.AF_UNIX)", &[made(3)]);
    assert_eq!(lines(&interpreter)[0], "s.bind(\"/tmp/talk\")");
    let shown = run(&mut interpreter, "s.bind(\"/tmp/talk\")", &[done()]);
    assert_eq!(shown.result, "bound to unix:/tmp/talk");
    run(&mut interpreter, "s.listen(5)", &[done()]);
    run(&mut interpreter, "c = socket.socket(socket.AF_UNIX)", &[made(4)]);
    assert_eq!(lines(&interpreter)[0], "c.connect(\"/tmp/talk\")");
    let shown = run(&mut interpreter, "c.connect((\"server\", 12345))", &[]);
    assert_eq!(
        shown.error.expect("a fault").python,
        "TypeError: a bytes-like object is required, not 'tuple'"
    );
    run(&mut interpreter, "c.connect(\"/tmp/talk\")", &[done()]);
    let pair = Ok(Returned::Pair(Fd(5), Fd(6)));
    let shown = run(&mut interpreter, "socket.socketpair()", &[(pair, &b""[..])]);
    assert_eq!(shown.result, "\u{2192} fd 5 and fd 6");
    let names: Vec<String> = interpreter.sockets().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b", "c", "s"]);
    assert_eq!(shown.forms[0].python, "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)");
}

#[test]
fn accept_waits_and_names_its_child() {
    let mut interpreter = Interpreter::new("server");
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    run(&mut interpreter, "s.bind(('', 12345))", &[(Ok(Returned::Done), b"")]);
    run(&mut interpreter, "s.listen(5)", &[(Ok(Returned::Done), b"")]);
    let (id, request) = interpreter.submit("s.accept()");
    assert!(request.is_some());
    let shown = interpreter.shown(id, &RoomSockets::default()).expect("shown");
    assert_eq!(
        shown.waiting.map(|waiting| waiting.sentence),
        Some("It returns when somebody connects.".into())
    );
    // While it waits, other lines run, and accept is not offered twice.
    assert!(!lines(&interpreter).iter().any(|line| line.contains("accept")));
    let peer = "10.0.0.2:40000".parse().expect("address");
    interpreter.ended(id, Ok(Returned::Accepted { fd: Fd(4), peer }), b"");
    assert_eq!(lines(&interpreter)[0], "conn.recv(1024)");
}

#[test]
fn a_waiting_call_holds_its_socket_over_close() {
    let mut interpreter = Interpreter::new("client");
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    run(&mut interpreter, "s.connect(('10.0.0.1', 1))", &[(Ok(Returned::Done), b"")]);
    let (recv, _) = interpreter.submit("s.recv(10)");
    let shown = run(&mut interpreter, "s.close()", &[(Ok(Returned::Done), b"")]);
    assert!(shown.note.starts_with("recv() still waits on it."), "{}", shown.note);
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    // The old call's end says nothing about the new socket with the same number.
    interpreter.ended(recv, Ok(Returned::Received { length: 0 }), b"");
    assert_eq!(lines(&interpreter)[0], "s.connect((\"tutorial\", 12345))");
}

#[test]
fn a_failed_resolve_makes_no_connect() {
    let mut interpreter = Interpreter::new("client");
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    let failed = Err(CallError::Resolve(proto::call::ResolveError::NoName));
    let shown = run(&mut interpreter, "s.connect((\"nowhere\", 1))", &[(failed, b"")]);
    let card = shown.error.expect("card");
    assert_eq!((card.class.as_str(), card.name.as_str()), ("resolve", "EAI_NONAME"));
    assert_eq!(lines(&interpreter)[0], "s.connect((\"tutorial\", 12345))");
}

#[test]
fn refused_shows_its_card() {
    let mut interpreter = Interpreter::new("client");
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    let refused = Err(CallError::errno(Errno::ECONNREFUSED));
    let shown = run(&mut interpreter, "s.connect((\"10.0.0.1\", 54321))", &[(refused, b"")]);
    assert_eq!(shown.error.expect("card").number, Some(111));
    assert_eq!(lines(&interpreter)[0], "s.close()");
}

#[test]
fn values_of_names() {
    let mut interpreter = Interpreter::new("client");
    assert_eq!(run(&mut interpreter, "port = 12345", &[]).result, "");
    assert_eq!(run(&mut interpreter, "port", &[]).result, "12345");
    assert_eq!(run(&mut interpreter, "print('a\\u202eb')", &[]).result, "a\u{27e8}U+202E\u{27e9}b");
    run(&mut interpreter, "ip = socket.gethostbyname('tutorial')", &[(found("10.0.0.10"), b"")]);
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    let (_, request) = interpreter.submit("s.connect((ip, port))");
    assert!(matches!(request.map(|request| request.call), Some(Call::Connect { .. })));
    assert_eq!(run(&mut interpreter, "del port", &[]).state, "done");
    assert_eq!(run(&mut interpreter, "port", &[]).column, Some(0));
}

#[test]
fn an_overwritten_socket_can_still_be_spoken_of() {
    let mut interpreter = Interpreter::new("client");
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(4))), b"")]);
    assert!(interpreter.names().iter().any(|(name, text)| name == "fd3" && text.contains("fd=3")));
}

#[test]
fn print_writes_what_python_writes() {
    let mut interpreter = Interpreter::new("client");
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    assert_eq!(run(&mut interpreter, "print(socket.AF_INET)", &[]).result, "2");
    assert_eq!(run(&mut interpreter, "print('a', 1, b'x', None)", &[]).result, "a 1 b'x' None");
    let got =
        run(&mut interpreter, "print('got', s.recv(10))", &[(Ok(Returned::Received { length: 2 }), b"hi")]);
    assert_eq!(got.result, "got b'hi'");
    let own = || Ok(Returned::Address("10.0.0.2:40000".parse().expect("address")));
    assert_eq!(run(&mut interpreter, "s.getsockname()[1]", &[(own(), b"")]).result, "40000");
    assert_eq!(
        run(&mut interpreter, "print(s.getsockname())", &[(own(), b"")]).result,
        "('10.0.0.2', 40000)"
    );
    assert_eq!(run(&mut interpreter, "s.getsockname()", &[(own(), b"")]).result, "\u{2192} 10.0.0.2:40000");
}

#[test]
fn an_end_of_file_of_ones_own_making_is_not_put_down_to_the_other_side() {
    let mut interpreter = Interpreter::new("client");
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    run(&mut interpreter, "s.connect(('10.0.0.1', 1))", &[(Ok(Returned::Done), b"")]);
    run(&mut interpreter, "s.shutdown(socket.SHUT_RD)", &[(Ok(Returned::Done), b"")]);
    let shown = run(&mut interpreter, "s.recv(10)", &[(Ok(Returned::Received { length: 0 }), b"")]);
    assert!(shown.note.starts_with("Empty: this program has shut"), "{}", shown.note);
}

#[test]
fn why_a_call_failed_stays_what_it_was_when_it_failed() {
    let mut interpreter = Interpreter::new("client");
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    let (id, _) = interpreter.submit("s.connect(('127.0.0.1', 9999))");
    interpreter.ended(id, Err(CallError::errno(Errno::ECONNREFUSED)), b"");
    let machine =
        |name: &str, own, sockets| Machine { name: name.into(), own, sockets, ..Machine::default() };
    let listens =
        KnownSocket { state: "LISTEN".into(), local: "0.0.0.0:9999".into(), ..KnownSocket::default() };
    interpreter.explain(id, &RoomSockets(vec![machine("client", true, Vec::new())]));
    let later = RoomSockets(vec![machine("client", true, vec![listens])]);
    let sentence = interpreter.shown(id, &later).and_then(|shown| shown.error).expect("card").sentence;
    assert!(sentence.ends_with("nothing listens on port 9999 here."), "{sentence}");
}

#[test]
fn names_of_open_sockets_are_known_and_others_can_be_forgotten() {
    let mut interpreter = Interpreter::new("client");
    run(&mut interpreter, "port = 12345", &[]);
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    run(&mut interpreter, "t = s", &[]);
    assert_eq!(interpreter.sockets(), [("s".to_owned(), Fd(3)), ("t".to_owned(), Fd(3))]);
    interpreter.forget();
    assert_eq!(interpreter.names().len(), 2, "open sockets can still be spoken of");
    run(&mut interpreter, "s.close()", &[(Ok(Returned::Done), b"")]);
    assert!(interpreter.sockets().is_empty());
    interpreter.forget();
    assert!(interpreter.names().is_empty());
}

#[test]
fn a_reload_brings_everything_back() {
    let mut interpreter = Interpreter::new("server");
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    run(&mut interpreter, "gone = socket.socket()", &[(Ok(Returned::Descriptor(Fd(4))), b"")]);
    let (accept, _) = interpreter.submit("conn, addr = s.accept()");
    let (recv, _) = interpreter.submit("gone.recv(1)");
    let saved = interpreter.save();
    let mut back = Interpreter::new("server");
    let entries = back.restore(&saved, &[Fd(3), Fd(9)], &[Call::Accept { fd: Fd(3) }]);
    assert_eq!(entries, [accept]);
    assert_eq!(back.shown(recv, &RoomSockets::default()).expect("shown").state, "note");
    let peer = "10.0.0.2:40000".parse().expect("address");
    back.ended(accept, Ok(Returned::Accepted { fd: Fd(4), peer }), b"");
    let names: Vec<String> = back.names().into_iter().map(|(name, text)| format!("{name}={text}")).collect();
    assert!(names.contains(&"conn=<socket.socket fd=4>".to_owned()), "{names:?}");
    assert!(names.iter().any(|name| name.ends_with("fd=9>")), "{names:?}");
    assert!(names.contains(&"gone=<socket.socket [closed] fd=-1>".to_owned()), "{names:?}");
}

#[test]
fn a_reload_without_memory_adopts_what_waits() {
    let mut interpreter = Interpreter::new("server");
    let waiting = [Call::Accept { fd: Fd(3) }];
    let entries = interpreter.restore("not json", &[Fd(3)], &waiting);
    let shown = interpreter.shown(entries[0], &RoomSockets::default()).expect("shown");
    assert_eq!((shown.line.as_str(), shown.state), ("s.accept()", "waiting"));
}

#[test]
fn what_is_saved_is_bounded() {
    let mut interpreter = Interpreter::new("client");
    run(&mut interpreter, "s = socket.socket()", &[(Ok(Returned::Descriptor(Fd(3))), b"")]);
    for _ in 0..300 {
        run(&mut interpreter, "s.recv(9999)", &[(Ok(Returned::Received { length: 9999 }), &[0xff; 9999])]);
    }
    assert!(interpreter.save().len() <= 128 * 1024);
    assert!(interpreter.history(&RoomSockets::default()).len() <= 200);
}
