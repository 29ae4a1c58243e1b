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
