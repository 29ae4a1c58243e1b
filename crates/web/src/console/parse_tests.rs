//! The prompt's words against CPython 3.11's, recorded from it.

use proto::{
    call::{Family, Flags, How, Kind as SocketKind, OptionName, OptionValue, PollEvents, Wait},
    id::Fd,
};

use super::{
    evaluate::Variables,
    fault::{Fault, FaultKind},
    operation::{Action, Address, Operation, Statement, Then},
    parse::{Scope, parse},
    value::Value,
};

fn variables() -> Variables {
    let mut variables = Variables::new();
    variables.insert("s".into(), Value::Socket(Fd(3)));
    variables.insert("port".into(), Value::Int(12345));
    variables.insert("data".into(), Value::Bytes(b"x".to_vec()));
    variables
}

fn statement(line: &str) -> Statement {
    parse(line, &variables()).unwrap_or_else(|fault| panic!("{line}: {fault}"))
}

fn operation(line: &str) -> Operation {
    match statement(line).action {
        Action::Operation(operation) => operation,
        action => panic!("{line}: {action:?}"),
    }
}

fn value(line: &str) -> String {
    match statement(line).action {
        Action::Value(value) => value.repr(),
        action => panic!("{line}: {action:?}"),
    }
}

fn fault(line: &str) -> String {
    parse(line, &variables()).expect_err(line).to_string()
}

fn to(host: &str, port: u16) -> Address {
    Address::Host { host: host.into(), port }
}

const S: Fd = Fd(3);

#[test]
fn sockets() {
    let tcp = Operation::Socket { family: Family::Inet, kind: SocketKind::Stream };
    let udp = Operation::Socket { family: Family::Inet, kind: SocketKind::Datagram };
    for line in [
        "s = socket.socket()",
        "socket()",
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
        "socket.socket(AF_INET)",
    ] {
        assert_eq!(operation(line), tcp, "{line}");
    }
    assert_eq!(operation("s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"), udp);
    assert_eq!(operation("s = socket.socket(type=socket.SOCK_DGRAM)"), udp);
    assert_eq!(statement("s = socket.socket()").targets, ["s"]);
}

#[test]
fn every_method() {
    let none = Flags::default();
    let cases = [
        ("s.bind(('', 12345))", Operation::Bind { fd: S, address: to("", 12345) }),
        ("s.bind(('', port))", Operation::Bind { fd: S, address: to("", 12345) }),
        ("s.listen(5)", Operation::Listen { fd: S, backlog: 5 }),
        ("s.listen()", Operation::Listen { fd: S, backlog: 128 }),
        ("c, addr = s.accept()", Operation::Accept { fd: S }),
        ("s.connect((\"server\", 12345))", Operation::Connect { fd: S, address: to("server", 12345) }),
        ("s.send(b\"hi\\n\")", Operation::Send { fd: S, bytes: b"hi\n".to_vec(), flags: none }),
        ("s.sendall('é'.encode())", Operation::SendAll { fd: S, bytes: "é".into(), flags: none }),
        (
            "s.send(data * 3, socket.MSG_OOB)",
            Operation::Send { fd: S, bytes: b"xxx".to_vec(), flags: Flags::OOB },
        ),
        (
            "s.sendto(b\"..\", (\"server\", 9))",
            Operation::SendTo { fd: S, bytes: b"..".to_vec(), flags: none, address: to("server", 9) },
        ),
        ("s.recv(1024)", Operation::Recv { fd: S, max: 1024, flags: none }),
        ("print(s.recv(10, socket.MSG_PEEK))", Operation::Recv { fd: S, max: 10, flags: Flags::PEEK }),
        ("s.recvfrom(1024)", Operation::RecvFrom { fd: S, max: 1024, flags: none }),
        ("s.shutdown(socket.SHUT_WR)", Operation::Shutdown { fd: S, how: How::Write }),
        ("s.close()", Operation::Close { fd: S }),
        ("s.getsockname()", Operation::GetSockName { fd: S }),
        ("s.getpeername()", Operation::GetPeerName { fd: S }),
        (
            "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)",
            Operation::SetSockOpt { fd: S, name: OptionName::ReuseAddr, value: OptionValue::Bool(true) },
        ),
        (
            "s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))",
            Operation::SetSockOpt { fd: S, name: OptionName::Linger, value: OptionValue::Linger(Some(0)) },
        ),
        (
            "s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)",
            Operation::GetSockOpt { fd: S, name: OptionName::Error },
        ),
        ("s.settimeout(2.5)", Operation::SetTimeout { fd: S, wait: Wait::Millis(2500) }),
        ("s.settimeout(None)", Operation::SetTimeout { fd: S, wait: Wait::Forever }),
        ("s.setblocking(False)", Operation::SetTimeout { fd: S, wait: Wait::No }),
    ];
    for (line, expected) in cases {
        assert_eq!(operation(line), expected, "{line}");
    }
}

#[test]
fn functions() {
    let inet = |kind| Operation::GetAddrInfo { host: "tutorial".into(), port: 12345, family: None, kind };
    assert_eq!(operation("socket.getaddrinfo(\"tutorial\", 12345)"), inet(None));
    assert_eq!(
        operation("getaddrinfo('tutorial', 12345, proto=socket.IPPROTO_TCP)"),
        inet(Some(SocketKind::Stream))
    );
    assert_eq!(
        operation("ip = socket.gethostbyname(\"tutorial\")"),
        Operation::GetHostByName { host: "tutorial".into() }
    );
    assert_eq!(
        operation("poll([(s, POLLIN)], 500)"),
        Operation::Poll { fds: vec![(S, PollEvents::IN)], wait: Wait::Millis(500) }
    );
    assert_eq!(
        operation("poll([(s, select.POLLIN | select.POLLOUT)])"),
        Operation::Poll { fds: vec![(S, PollEvents(5))], wait: Wait::Forever }
    );
    assert_eq!(
        operation("select.select([s],[],[],0.5)"),
        Operation::Select { read: vec![S], write: vec![], except: vec![], wait: Wait::Millis(500) }
    );
    assert_eq!(operation("ping(\"tutorial\", 3)"), Operation::Ping { host: "tutorial".into(), count: 3 });
}

/// A line about `s`, which is of AF_UNIX.
fn unix(line: &str) -> Result<Statement, Fault> {
    parse(line, Scope { variables: &variables(), unix: &[S] })
}

#[test]
fn names_of_af_unix() {
    let named = |line: &str| match unix(line).map(|found| found.action) {
        Ok(Action::Operation(
            Operation::Bind { address, .. }
            | Operation::Connect { address, .. }
            | Operation::SendTo { address, .. },
        )) => match address {
            Address::Unix(name) => name.to_string(),
            other => panic!("{line}: {other:?}"),
        },
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!(named("s.bind(\"/tmp/talk\")"), "unix:/tmp/talk");
    assert_eq!(named("s.connect(b\"/tmp/talk\\0more\")"), "unix:/tmp/talk");
    assert_eq!(named("s.bind(\"here\")"), "unix:here");
    assert_eq!(named("s.connect(\"\\0talk\")"), "unix:@talk");
    assert_eq!(named("s.bind(\"\")"), "unix:");
    assert_eq!(named("s.sendto(b\"x\", \"/home/user/talk\")"), "unix:/home/user/talk");
    let fault = |line: &str| unix(line).expect_err(line).to_string();
    assert_eq!(fault("s.bind((\"\", 80))"), "TypeError: a bytes-like object is required, not 'tuple'");
    assert_eq!(fault("s.bind(5)"), "TypeError: a bytes-like object is required, not 'int'");
    assert_eq!(fault("s.bind(\"/tmp/\" + \"x\" * 103)"), "OSError: AF_UNIX path too long");
    assert_eq!(named("s.bind(\"/tmp/\" + \"x\" * 102)").len(), 112);
    assert_eq!(fault("s.bind(\"/srv/talk\")"), "beyond: a socket in that folder");
}

#[test]
fn pairs_of_sockets() {
    let pair = |family, kind| Operation::SocketPair { family, kind };
    for line in ["a, b = socket.socketpair()", "socketpair()", "socket.socketpair(None)"] {
        assert_eq!(operation(line), pair(Family::Unix, SocketKind::Stream), "{line}");
    }
    assert_eq!(operation("socket.socketpair(AF_UNIX, SOCK_DGRAM)"), pair(Family::Unix, SocketKind::Datagram));
    assert_eq!(operation("socketpair(type=SOCK_DGRAM)"), pair(Family::Unix, SocketKind::Datagram));
    assert_eq!(
        fault("a, b, c = socketpair()"),
        "ValueError: not enough values to unpack (expected 3, got 2)"
    );
    assert_eq!(fault("socketpair(1, 1, 0, 0)").split(':').next(), Some("TypeError"));
    let unix = Operation::Socket { family: Family::Unix, kind: SocketKind::Stream };
    assert_eq!(operation("socket.socket(socket.AF_UNIX)"), unix);
}

#[test]
fn what_stands_behind_a_call() {
    assert_eq!(statement("print(s.recv(1024).decode())").then, [Then::Decode]);
    assert_eq!(statement("socket.getaddrinfo('tutorial', 1)[0][4]").then, [Then::Index(0), Then::Index(4)]);
}

#[test]
fn plain_values() {
    assert_eq!(value("port"), "12345");
    assert_eq!(value("b'a' + b'b'"), "b'ab'");
    assert_eq!(value("len(data)"), "1");
    assert_eq!(value("(1, 'a')[1]"), "'a'");
    assert_eq!(value("socket.AF_INET"), "<AddressFamily.AF_INET: 2>");
    assert_eq!(value("print(s)"), "<socket.socket fd=3>");
    assert_eq!(value("x = -5"), "-5");
}

#[test]
fn type_errors_in_cpythons_words() {
    for (line, words) in [
        ("s.connect(\"server\",12345)", "TypeError: socket.connect() takes exactly one argument (2 given)"),
        ("s.connect(\"server\")", "TypeError: connect(): AF_INET address must be tuple, not str"),
        ("s.connect((\"server\",))", "TypeError: AF_INET address must be a pair (host, port)"),
        ("s.connect((\"server\",\"12345\"))", "TypeError: 'str' object cannot be interpreted as an integer"),
        ("s.connect((1,12345))", "TypeError: str, bytes or bytearray expected, not int"),
        ("s.connect((\"127.0.0.1\",65536))", "OverflowError: connect(): port must be 0-65535."),
        ("s.connect((\"127.0.0.1\",-1))", "OverflowError: connect(): port must be 0-65535."),
        ("s.bind((\"\",65536))", "OverflowError: bind(): port must be 0-65535."),
        ("s.bind()", "TypeError: socket.bind() takes exactly one argument (0 given)"),
        ("s.listen(\"5\")", "TypeError: 'str' object cannot be interpreted as an integer"),
        ("s.listen(1099511627776)", "OverflowError: signed integer is greater than maximum"),
        ("s.listen(5,6)", "TypeError: listen() takes at most 1 argument (2 given)"),
        ("s.listen(backlog=5)", "TypeError: socket.listen() takes no keyword arguments"),
        ("s.accept(1)", "TypeError: socket.accept() takes 1 positional argument but 2 were given"),
        ("s.send(\"hi\")", "TypeError: a bytes-like object is required, not 'str'"),
        ("s.send()", "TypeError: send() takes at least 1 argument (0 given)"),
        ("s.send(b\"a\",0,3)", "TypeError: send() takes at most 2 arguments (3 given)"),
        ("s.sendall(None)", "TypeError: a bytes-like object is required, not 'NoneType'"),
        ("s.sendto(b\"hi\")", "TypeError: sendto() takes 2 or 3 arguments (1 given)"),
        ("s.sendto(b\"hi\", \"server\")", "TypeError: sendto(): AF_INET address must be tuple, not str"),
        ("s.recv()", "TypeError: recv() takes at least 1 argument (0 given)"),
        ("s.recv(-1)", "ValueError: negative buffersize in recv"),
        ("s.recv(1.5)", "TypeError: 'float' object cannot be interpreted as an integer"),
        ("s.shutdown()", "TypeError: socket.shutdown() takes exactly one argument (0 given)"),
        ("s.shutdown(7)", "OSError: [Errno 22] Invalid argument"),
        ("s.close(1)", "TypeError: socket.close() takes 1 positional argument but 2 were given"),
        ("s.settimeout(-1)", "ValueError: Timeout value out of range"),
        ("s.getsockname(1)", "TypeError: socket.getsockname() takes no arguments (1 given)"),
        ("s.setsockopt(1)", "TypeError: setsockopt() takes exactly 3 arguments (1 given)"),
        ("s.setsockopt(1,2,\"x\")", "TypeError: a bytes-like object is required, not 'str'"),
        ("s.getsockopt(1)", "TypeError: getsockopt() takes at least 2 arguments (1 given)"),
        ("socket.socket(foo=5)", "TypeError: socket.__init__() got an unexpected keyword argument 'foo'"),
        ("socket.gethostbyname()", "TypeError: gethostbyname() takes exactly 1 argument (0 given)"),
        ("select.select([1])", "TypeError: select expected at least 3 arguments, got 1"),
        ("\"hi\"+b\"x\"", "TypeError: can only concatenate str (not \"bytes\") to str"),
        ("c, addr = socket.socket()", "TypeError: cannot unpack non-iterable socket object"),
    ] {
        assert_eq!(fault(line), words, "{line}");
    }
}

#[test]
fn names_that_do_not_exist() {
    for (line, words) in [
        ("c.close()", "NameError: name 'c' is not defined"),
        ("s.conect((\"a\",1))", "AttributeError: 'socket' object has no attribute 'conect'"),
        ("socket.foo()", "AttributeError: module 'socket' has no attribute 'foo'"),
        ("sockett.socket()", "NameError: name 'sockett' is not defined"),
        ("connect(\"tutorial\", 12345)", "NameError: name 'connect' is not defined"),
        ("frobnicate(1)", "NameError: name 'frobnicate' is not defined"),
    ] {
        assert_eq!(fault(line), words, "{line}");
    }
    let hint = |line: &str| parse(line, &variables()).expect_err(line).hint.unwrap_or_default();
    assert_eq!(
        hint("connect(\"tutorial\", 12345)"),
        "connect() belongs to a socket: s.connect(('tutorial', 12345))"
    );
    assert_eq!(hint("s.conect((\"a\",1))"), "Did you mean connect()?");
    assert_eq!(hint("c.close()"), "Make a socket first: c = socket.socket()");
    assert!(hint("s.connect(\"server\", 12345)").ends_with("connect(('server', 12345))"));
}

/// What Python has and this prompt does not do is never called an error of Python's.
#[test]
fn nothing_false_is_said_about_python() {
    for line in [
        "help",
        "help()",
        "exit()",
        "quit",
        "import time",
        "time.sleep(1)",
        "range(3)",
        "eval('1')",
        "yield",
        "socket.gethostname()",
        "socket.inet_pton(2, '10.0.0.1')",
        "gethostname()",
        "s.family",
        "s.makefile()",
        "s.connect_ex(('a', 1))",
        "'a'.upper()",
        "data.hex()",
        "data.decode(errors='ignore')",
        "s.recv(1).decode('utf-8', 'ignore')",
        "data[1:2]",
        "data == b'x'",
        "x = y = 1",
        "1 if data else 2",
        "[1] + [2]",
        "99999999999999999999",
        "9223372036854775807 + 1",
        "'\\N{BULLET}'",
        "socket.getaddrinfo('tutorial', 'http')",
        "print(1, sep='')",
        "print(s.recv(1), s.recv(2))",
        "a, b = 'xy'",
        "s.timeout",
        "data.__class__",
        "assert data",
        "x: int = 5",
        "f'{data}'",
        "b = {}",
        "-data if 1 else 2",
        "select.epoll()",
        "socket.create_connection(('server', 1))",
        "socket.IP_RECVTOS",
    ] {
        let mut interpreter = super::interpreter::Interpreter::new("client");
        interpreter.submit("data = b'x'");
        let found = parse(line, &variables()).err().or_else(|| {
            let (id, _) = interpreter.submit(line);
            match &interpreter.shown(id, &super::room_sockets::RoomSockets::default())?.error {
                Some(card) if card.class == "beyond" => Some(Fault::unread(0)),
                _ => None,
            }
        });
        let fault = found.unwrap_or_else(|| panic!("{line} was carried out"));
        assert_ne!(fault.kind, FaultKind::Python, "{line}: {fault}");
    }
}

/// And what is wrong in Python is said in its words.
#[test]
fn what_is_wrong_is_called_wrong() {
    for (line, words) in [
        ("a b", "SyntaxError: invalid syntax"),
        ("s.connect((server, 12345))", "NameError: name 'server' is not defined"),
        ("data.foo", "AttributeError: 'bytes' object has no attribute 'foo'"),
        ("data[5]", "IndexError: index out of range"),
        ("'abc'[5]", "IndexError: string index out of range"),
        (
            "b'\\xff'.decode()",
            "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
        ),
        (
            "b'a\\xe2\\x82'.decode()",
            "UnicodeDecodeError: 'utf-8' codec can't decode bytes in position 1-2: unexpected end of data",
        ),
        ("a, b = s.send(b'x')", "TypeError: cannot unpack non-iterable int object"),
        ("-'a'", "TypeError: bad operand type for unary -: 'str'"),
    ] {
        assert_eq!(fault(line), words, "{line}");
    }
    let hint = |line: &str| parse(line, &variables()).expect_err(line).hint.unwrap_or_default();
    assert_eq!(hint("s.connect((server, 12345))"), "The name of a machine is text, in quotes: \"server\"");
    assert_eq!(hint("server.listen()"), "Make a socket first: server = socket.socket()");
}

#[test]
fn more_of_python_than_a_call() {
    assert_eq!(value("'abc'[1]"), "'b'");
    assert_eq!(value("1 + 0.5"), "1.5");
    assert_eq!(value("socket.inet_aton('10.0.0.1')"), "b'\\n\\x00\\x00\\x01'");
    assert_eq!(value("s.fileno()"), "3");
    let printed = statement("print('got', s.recv(10), port)");
    assert!(matches!(printed.action, Action::Operation(Operation::Recv { max: 10, .. })));
    let beside = printed.print.expect("print");
    assert_eq!((beside.before, beside.after), (vec![Value::Str("got".into())], vec![Value::Int(12345)]));
}

#[test]
fn hosts_are_bounded() {
    assert!(fault(&format!("s.connect(('{}', 1))", "a".repeat(300))).starts_with("UnicodeError"));
    assert!(fault("s.connect(('a\\0b', 1))").starts_with("TypeError"));
}

#[test]
fn no_line_panics() {
    let pieces = [
        "s", ".", "(", ")", "b\"\\x", "\"", ",", "=", "socket", "[", "]", "9", "*", "-", "|", "\u{202e}",
        ";", "é", "\\",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut line = String::new();
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            line.push_str(pieces[usize::try_from(state >> 33).unwrap_or(0) % pieces.len()]);
        }
        let _ = parse(&line, &variables());
    }
}
