//! What goes wrong, and in whose words.

use super::{in_a_page, js, text};

#[tokio::test]
async fn errors_are_cpythons_with_linuxs_numbers() {
    let refused = js("import socket\ns = socket.socket()\ns.connect((\"server\", 1))\n");
    let arguments = js("import socket\ns = socket.socket()\ns.connect(\"127.0.0.1\", 80)\n");
    let syntax = js("import socket\nprint \"hello\"\n");
    let ssl = js("import ssl\n");
    let full = js("import socket\nheld = []\nwhile True:\n    held.append(socket.socket())\n");
    let exit = js("import sys\nsys.exit(3)\n");
    let result = in_a_page(&format!(
        "const result = {{}};
        for (const [name, source] of Object.entries({{ refused: {refused}, arguments: {arguments}, syntax: {syntax},
          ssl: {ssl}, full: {full}, exit: {exit} }})) result[name] = await run('client', source);
        return result;"
    ))
    .await;
    let told = "{Traceback (most recent call last):\n  File \"script.py\", line 3, in <module>\n    \
        s.connect((\"server\", 1))\n    ~~~~~~~~~^^^^^^^^^^^^^^^\nConnectionRefusedError: [Errno 111] Connection refused\n}";
    assert_eq!(text(&result["refused"]), told);
    let error = &result["refused"]["exit"]["error"];
    assert_eq!(error["type"], "ConnectionRefusedError");
    assert_eq!((error["errno"].as_i64(), error["line"].as_i64()), (Some(111), Some(3)));
    for (name, last) in [
        ("arguments", "TypeError: socket.connect() takes exactly one argument (2 given)\n}"),
        ("syntax", "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?\n}"),
        ("ssl", "Use http, not https.\n}"),
        ("full", "OSError: [Errno 24] Too many open files\n}"),
    ] {
        let run = &result[name];
        assert!(text(run).ends_with(last), "{name}: {run}");
        assert_eq!(
            (run["exit"]["status"].as_str(), run["exit"]["code"].as_i64()),
            (Some("error"), Some(1)),
            "{name}"
        );
    }
    assert!(!text(&result["syntax"]).contains("Traceback"), "{}", result["syntax"]);
    assert_eq!(result["full"]["exit"]["error"]["errno"], 24);
    assert_eq!((text(&result["exit"]), result["exit"]["exit"]["code"].as_i64()), ("", Some(3)));
}

#[tokio::test]
async fn a_rule_of_the_lab_is_no_errno() {
    let script = js("import socket\ns = socket.socket()\ns.connect((\"192.168.1.10\", 22))\n");
    let result = in_a_page(&format!(
        "const refused = await run('client', {script});
        const watcher = await openRoom(room.links.watch);
        const viewer = await watcher.run('client', 'a.py', 'print(1)').then(() => 'runs', (error) => error.name);
        const long = await room.run('client', 'a.py', 'x = 1\\n'.repeat(200000)).then(() => 'runs', (error) => [error.name, error.code]);
        return {{ refused, viewer, long, programs: room.programs.filter(({{ name }}) => name === 'a.py').length }};"
    ))
    .await;
    let refused = &result["refused"];
    assert!(
        text(refused).contains("wireside.PolicyError: This lab does not connect to 192.168.1.10:22 (rule: "),
        "{refused}"
    );
    assert!(text(refused).contains("The network was not asked"), "{refused}");
    assert_eq!(refused["exit"]["error"]["errno"], serde_json::Value::Null);
    assert_eq!(result["viewer"], "PolicyError");
    assert_eq!(result["long"], serde_json::json!(["PythonError", "source"]));
    assert_eq!(result["programs"], 0);
}
