//! The grammar's bounds, and CPython's words for what breaks it.

use super::{Expression, Parsed, parse, statements};

fn fault(line: &str) -> (String, usize) {
    let fault = parse(line).expect_err(line);
    (fault.to_string(), fault.column)
}

#[test]
fn an_assignment_to_two_names() {
    let Ok(Parsed::Expression { targets, unpack, node }) = parse("c, addr = s.accept()") else {
        panic!("parsed")
    };
    assert_eq!((targets, unpack), (vec!["c".to_owned(), "addr".to_owned()], true));
    assert!(matches!(node.expression, Expression::Call { .. }));
}

#[test]
fn errors_have_cpythons_words_and_our_column() {
    assert_eq!(fault("s.connect((\"a\",1)"), ("SyntaxError: '(' was never closed".into(), 9));
    assert_eq!(fault("s ="), ("SyntaxError: invalid syntax".into(), 3));
    assert_eq!(fault("= 3"), ("SyntaxError: invalid syntax".into(), 0));
    assert_eq!(fault("s..x"), ("SyntaxError: invalid syntax".into(), 2));
    assert_eq!(fault(".x"), ("SyntaxError: invalid syntax".into(), 0));
    assert_eq!(fault("a b"), ("SyntaxError: invalid syntax".into(), 2));
    assert_eq!(
        fault("print ip").0,
        "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?"
    );
}

#[test]
fn other_python_is_refused_by_name() {
    for (line, words) in [
        ("while True:", "beyond: while"),
        ("for x in y: pass", "beyond: for"),
        ("x ** 2", "beyond: **"),
        ("lambda: 1", "beyond: lambda"),
        ("x == 1", "beyond: =="),
        ("f\"{x}\"", "beyond: f-strings"),
        ("import time", "beyond: import time"),
        ("import socket, os", "beyond: import os"),
        ("from os import path", "beyond: import os"),
        ("from socket import fromfd", "beyond: socket.fromfd"),
        ("import socket as net", "unread"),
        ("x[1:2]", "unread"),
        ("a if b else c", "unread"),
        ("not x", "unread"),
        ("a and b", "unread"),
        ("a = b = c", "unread"),
        ("a < b", "unread"),
        ("a / b", "unread"),
        ("{}", "unread"),
        ("a @ b", "unread"),
        ("f(*a)", "unread"),
        ("s.x = 1", "beyond: assigning to a part of something"),
        ("match x:", "unread"),
        ("...", "unread"),
        ("type X = int", "unread"),
    ] {
        assert_eq!(fault(line).0, words, "{line}");
    }
}

#[test]
fn imports_of_what_is_here() {
    for line in [
        "import socket",
        "import socket, select",
        "from socket import *",
        "from socket import socket, AF_INET",
    ] {
        assert!(matches!(parse(line), Ok(Parsed::Import(_))), "{line}");
    }
}

#[test]
fn nesting_is_bounded() {
    assert!(fault(&"(".repeat(4000)).0.starts_with("lacking: so many brackets"));
    assert!(fault(&"-".repeat(4000)).0.starts_with("lacking: so many brackets"));
    assert!(parse(&format!("{}1", "x.".repeat(10))).is_err());
}

#[test]
fn pasted_text_is_cut_into_statements() {
    let pasted = "import socket\ns = socket.socket(); s.send(b\"a;b\")  # then; this\n\n";
    assert_eq!(
        statements(pasted),
        ["import socket", "s = socket.socket()", "s.send(b\"a;b\")  # then; this"]
    );
}
