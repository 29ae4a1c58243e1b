//! Files: what is read, and what is refused with line and reason.

use crate::{Doing, Lesson, Piece, doing, prose, sentences::Sentences};

const HEAD: &str = "---\nid: x\ntitle: X\n---\n";

/// A lesson with this list in its one step, which begins on line 7.
fn with(list: &str) -> Result<Lesson, String> {
    Lesson::read(&format!("{HEAD}\n# Part\n## Step\nDo it.\n\n{list}")).map_err(|error| error.to_string())
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let cases = [
        ("", "line 1: a lesson begins with ---"),
        ("---\nid: x\n", "line 1: the front matter has no end: a second ---"),
        ("---\nid: x\nid: y\n---\n", "line 3: `id` stands there twice"),
        ("---\nid: x\n---\n# P\n## S\nT.\n- check: call=bind\n", "line 1: the front matter lacks `title`"),
        ("---\nid: X y\ntitle: X\n---\n# P\n## S\nT.\n- check: call=bind\n", "line 2: \"X y\" is no id"),
        ("---\ncolour: red\n---\n", "line 2: unknown key `colour`"),
        ("---\nid: x\ntitle: X\n---\n## S\n", "line 5: a step before the first part"),
        ("---\nid: x\ntitle: X\n---\n# P\n- do: it\n", "line 6: a list before the first step"),
        ("---\nid: x\ntitle: X\n---\nHello.\n", "line 5: text before the first part"),
        ("---\nid: x\ntitle: X\n---\n# P\nfor: nobody\n", "line 6: a part is for everybody, owner or guest"),
        ("---\nid: x\ntitle: X\n---\n", "line 1: a lesson has at least one step"),
        (
            "---\nid: x\ntitle: X\nseed: S0\n---\n# P\n## S\nT.\n- check: call=bind\n",
            "line 4: \"S0\" is no sentence",
        ),
        (
            "---\nid: x\ntitle: X\nprograms: server=../etc/passwd\n---\n# P\n## S\nT.\n- check: call=bind\n",
            "line 4: \"../etc/passwd\" is no path",
        ),
    ];
    for (source, expected) in cases {
        let error = Lesson::read(source).expect_err(source).to_string();
        assert!(error.starts_with(expected), "{source:?}: {error}");
    }
}

#[test]
fn what_is_wrong_in_a_step_is_named_with_its_line() {
    let long = format!("- check: call=bind\n\n{}", "word ".repeat(30));
    let cases = [
        ("- check: call=bnd", "line 10: call is never \"bnd\""),
        ("- check: hots=client", "line 10: there is no fact \"hots\""),
        ("- check: port=many", "line 10: port is a number, \"many\" is none"),
        ("- check: host>client", "line 10: host is a word"),
        ("- check: \"call", "line 10: a quote without its second"),
        ("- check: state=OPEN", "line 10: state is never \"OPEN\""),
        ("- else: No.", "line 10: `else` follows the check"),
        ("- choice: Yes", "line 10: a choice before its question"),
        ("- do: fly client: home\n", "line 10: \"fly\" is nothing to do"),
        ("- do: wire cut", "line 10: the wire cannot \"cut\""),
        ("- do: wire delay 99999", "line 10: \"99999\" is no delay"),
        ("- do: put server: ../secret.py", "line 10: \"../secret.py\" is no path"),
        ("- if: call=bind", "line 10: expected `check => sentence`"),
        ("- clue: It took {forever}.", "line 10: there is no fact \"forever\" to stand in braces"),
        ("- clue: Look at {event}.", "line 10: a clue for everybody is about no event"),
        ("- clue: One.\n- clue: Two.", "line 11: one clue is for everybody, not two"),
        ("- more: Think.", "line 10: `clue`, `more`, `most`: they follow one another"),
        (
            "- check: call=bind\n- clue: One.",
            "line 7: the step \"Step\" has clues: one of them is for everybody",
        ),
        ("- hint: an open ` backtick", "line 10: a backtick without its second"),
        ("- hint: [a](https://example.com)", "line 10: a link begins with call:, program: or lesson:"),
        ("- hint: [a](call:server:s.close(", "line 10: the link [a] has no end"),
        ("- exercise: perhaps", "line 10: `exercise` is yes"),
        ("- hint: Nothing is checked.", "line 7: the step \"Step\" needs checks or cards"),
        (
            "- check: call=bind\n- exercise: yes",
            "line 7: the step \"Step\" is an exercise: each check needs an `else`",
        ),
        (
            "- check: call=bind\n- predict: Q?\n- choice: a\n- choice: b",
            "line 7: the step \"Step\" asks a question without",
        ),
        ("- check: call=bind\n- predict: Q?\n- right: a\n- right: b", "line 13: one choice is right"),
        (long.as_str(), "line 12: a step has one sentence"),
    ];
    for (list, expected) in cases {
        let error = with(list).expect_err(list);
        assert!(error.starts_with(expected), "{list:?}: {error}");
    }
    let source = format!("{HEAD}\n# Part\n## Step\n{}\n- check: call=bind\n", "word ".repeat(30));
    let error = Lesson::read(&source).expect_err("too long").to_string();
    assert_eq!(error, "line 8: a step's sentence has at most 120 characters, this has 149");
    let twice = format!("{HEAD}\n# P\n## S\nT.\n- check: call=bind\n## S\nT.\n- check: call=bind\n");
    assert_eq!(Lesson::read(&twice).expect_err("twice").to_string(), "line 10: two steps are called \"S\"");
}

#[test]
fn hostile_text_is_text() {
    let text = "<img src=x onerror=alert(1)> &amp; `<b>` [x] javascript:alert(1)";
    let pieces = prose::parse(text).expect("text");
    assert_eq!(pieces[1], Piece::Code { text: "<b>".into() });
    assert_eq!(pieces.len(), 3);
    assert_eq!(prose::plain(&pieces), text.replace('`', ""));
    for link in
        ["[x](javascript:alert(1))", "[x](data:text/html,x)", "[x](//evil)", "[x](program:server:../../x)"]
    {
        assert!(prose::parse(link).is_err(), "{link}");
    }
}

#[test]
fn a_link_puts_a_call_with_brackets_of_its_own() {
    let pieces = prose::parse("Then [listen(5)](call:server:s.bind((\"\", 12345))).").expect("prose");
    let line = "s.bind((\"\", 12345))".to_owned();
    assert_eq!(pieces[1], Piece::Call { text: "listen(5)".into(), host: "server".into(), line });
    assert_eq!(pieces[2], Piece::Text { text: ".".into() });
}

#[test]
fn what_is_to_be_done_is_read() {
    let line = |background, fails| Doing::Line {
        host: "client".into(),
        line: "s.connect((\"server\", 1))".into(),
        background,
        fails,
    };
    let text = "client: s.connect((\"server\", 1))";
    assert_eq!(doing::parse(text), Ok(line(false, false)));
    assert_eq!(doing::parse(&format!("{text} &")), Ok(line(true, false)));
    assert_eq!(doing::parse(&format!("{text} ! &")), Ok(line(true, true)));
    assert_eq!(line(false, false).call(), Some("connect"));
    let run = Doing::Run { host: "server".into(), file: "server.py".into(), background: true, fails: false };
    assert_eq!(doing::parse("run server: server.py &"), Ok(run));
    let put = Doing::Put { host: "server".into(), path: "a/x.py".into(), file: "y.py".into() };
    assert_eq!(doing::parse("put server: a/x.py as y.py"), Ok(put));
    assert_eq!(doing::parse("fresh server"), Ok(Doing::Fresh { host: "server".into() }));
}

#[test]
fn a_value_goes_on_where_the_next_line_is_indented() {
    let lesson = with("- hint: One\n  and two.\n- check: call=bind\n").expect("a lesson");
    assert_eq!(prose::plain(&lesson.parts[0].steps[0].hint), "One and two.");
}

#[test]
fn sentences_need_all_their_parts() {
    let head = "---\nkind: sentences\nid: t\ntitle: T\n---\n";
    let whole = "## S1\nClaim.\n\n- verdict: true\n- truth: So.\n- do: client: s = socket.socket()\n- check: call=socket\n";
    assert_eq!(Sentences::read(&format!("{head}{whole}")).expect("sentences").sentences.len(), 1);
    for (list, expected) in [
        (whole.replace("verdict: true", "verdict: maybe"), "line 9: \"maybe\" is no verdict"),
        (whole.replace("- verdict: true\n", ""), "line 6: S1 lacks a verdict"),
        (whole.replace("- check: call=socket\n", ""), "line 6: S1 lacks something to do and a check"),
        (format!("{whole}{whole}"), "line 13: \"S1\" is no new sentence"),
    ] {
        let error = Sentences::read(&format!("{head}{list}")).expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
