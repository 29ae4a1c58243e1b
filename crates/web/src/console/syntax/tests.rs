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
    assert_eq!(fault("a b"), ("SyntaxError: invalid syntax".into(), 2));
    assert_eq!(
        fault("print ip").0,
        "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?"
    );
    assert_eq!(fault("import os").0, "ModuleNotFoundError: No module named 'os'");
}

#[test]
fn other_python_is_refused_by_name() {
    for line in ["while True:", "for x in y: pass", "x ** 2", "lambda: 1", "x == 1", "f\"{x}\"", "(yield)"] {
        let fault = parse(line);
        if let Ok(parsed) = fault {
            assert!(matches!(parsed, Parsed::Expression { .. }), "{line}");
        }
    }
    assert!(fault("while True:").0.starts_with("NotImplementedError"));
}

#[test]
fn nesting_is_bounded() {
    assert_eq!(fault(&"(".repeat(4000)).0, "SyntaxError: too many nested parentheses");
    assert_eq!(fault(&"-".repeat(4000)).0, "SyntaxError: too many nested parentheses");
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
