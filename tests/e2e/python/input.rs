//! Standard input and output.

use super::{in_a_page, js, text};

#[tokio::test]
async fn input_comes_from_a_person() {
    let script = js(r#"import sys
name = input("Your name? ")
print("Hello,", name)
for line in sys.stdin:
    print("read", repr(line))
try:
    input()
except EOFError as error:
    print(error)
"#);
    let result = in_a_page(&format!(
        "const held = await start('client', 'script.py', {script});
        const asked = await until(held, ({{ state }}) => state === 'input');
        const prompt = held.text;
        held.run.input('Ada Lovelace \\u20ac');
        await until(held, (state, text) => text.includes('Hello') && state.state === 'input');
        for (const line of ['one', '', null, null]) held.run.input(line);
        const full = (() => {{ try {{ held.run.input('x'.repeat(70000)); return 'taken'; }} catch (e) {{ return e.name; }} }})();
        return {{ asked, prompt, full, ended: await all(held) }};"
    ))
    .await;
    assert_eq!(result["asked"]["line"], 2);
    assert_eq!(result["prompt"], "Your name? ");
    assert_eq!(result["full"], "RangeError");
    let expected =
        "Your name? Hello, Ada Lovelace \u{20ac}\nread 'one\\n'\nread '\\n'\nEOF when reading a line\n";
    assert_eq!(text(&result["ended"]), expected);
}

/// Whoever shows it decides what becomes of it: here it stays what it was.
#[tokio::test]
async fn output_is_handed_on_as_it_is() {
    let script = js(r#"import sys
print("<b>bold</b> \x1b[31mred\x07 \u202egnp.exe \x00 end")
print("no newline", end="")
print("to stderr", file=sys.stderr)
sys.stdout.buffer.write(b"\xff\xe2\x82\xac\n")
"#);
    let result = in_a_page(&format!("return run('client', {script});")).await;
    let expected =
        "<b>bold</b> \u{1b}[31mred\u{7} \u{202e}gnp.exe \0 end\nno newline{to stderr\n}\u{fffd}\u{20ac}\n";
    assert_eq!(text(&result), expected);
}

/// Descriptor 0 beside sockets: what is typed ends a wait for both, whoever waits.
#[tokio::test]
async fn what_is_typed_can_be_waited_for_beside_sockets() {
    let script = js(r#"import os, select, selectors, socket, sys, threading
print(sys.argv)
a, b = socket.socketpair()
print("nothing", select.select([sys.stdin, a], [], [], 0.05))
print(select.select([sys.stdin, a], [], [])[0] == [sys.stdin], repr(sys.stdin.readline()))
b.send(b"x")
print(select.select([sys.stdin, a], [], [])[0] == [a], a.recv(1))
poll = select.poll()
poll.register(0, select.POLLIN)
print(poll.poll())
print(os.read(0, 2), select.select([0], [], [], 0)[0], os.read(0, 9))
with selectors.DefaultSelector() as selector:
    selector.register(sys.stdin, selectors.EVENT_READ, "keyboard")
    print([key.data for key, _ in selector.select()], repr(input()))
def read():
    for line in sys.stdin:
        print("reader", repr(line))
reader = threading.Thread(target=read, name="reader")
reader.start()
a.settimeout(0.05)
try:
    a.recv(1)
except TimeoutError as error:
    print(error)
reader.join()
print(select.select([0], [], [])[0], repr(sys.stdin.read()))
select.select([sys.stdin, a], [], [])
"#);
    let result = in_a_page(&format!(
        "const held = await start('client', 'script.py', {script}, {{ args: ['a b', '-c'] }});
        const asked = [];
        const typed = async (line, ready, by) => {{
          await until(held, (state, text) => text.includes(ready) && state.reads?.some(by));
          asked.push(held.run.state.reads[0]);
          held.run.input(line);
        }};
        await typed('one', 'nothing', ({{ line }}) => line === 5);
        await typed('two', 'True b', ({{ line }}) => line === 10);
        await typed('three', `b'tw'`, ({{ line }}) => line === 14);
        await typed('four', 'keyboard', ({{ thread }}) => thread === 'reader');
        await typed(null, 'four', ({{ thread }}) => thread === 'reader');
        await typed(null, 'timed out', ({{ line }}) => line === 26);
        await until(held, (state, text) => text.includes(`''`) && state.call === 'poll');
        held.run.stop();
        return {{ asked, ended: await all(held) }};"
    ))
    .await;
    let told = text(&result["ended"]);
    let expected = "['script.py', 'a b', '-c']\nnothing ([], [], [])\nTrue 'one\\n'\nTrue b'x'\n[(0, 1)]\nb'tw' [0] b'o\\n'\n\
        ['keyboard'] 'three'\n";
    assert!(told.starts_with(expected), "{told}");
    for line in ["reader 'four\\n'\n", "timed out\n", "[0] ''\n", "KeyboardInterrupt"] {
        assert!(told.contains(line), "{told}");
    }
    assert_eq!(result["asked"][0], serde_json::json!({ "thread": null, "call": "poll", "line": 5 }));
    assert_eq!(result["ended"]["exit"]["status"], "stopped");
}
