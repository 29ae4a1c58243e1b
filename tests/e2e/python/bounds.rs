//! Programs that want too much: memory, output and time are bounded, and the page goes on.

use super::{in_a_page, js, text};

/// More than the page keeps for a reader is not taken from a program: it waits, as on a pipe.
#[tokio::test]
async fn an_endless_print_loop_waits_for_its_reader() {
    let result = in_a_page(&format!(
        "const endless = await room.run('client', 'script.py', {});
        const reader = endless.output[Symbol.asyncIterator]();
        const pieces = [(await reader.next()).value];
        // Nobody reads any more, until it has had all the time it wants: its machine answers another program meanwhile.
        for (let i = 0; i < 20; i++) await (await room.program('client')).getaddrinfo('server', 80);
        const exit = endless.stop();
        for (;;) {{
          const {{ done, value }} = await reader.next();
          if (done) break;
          pieces.push(value);
        }}
        const printed = pieces.filter(({{ stream }}) => stream === 'stdout').reduce((sum, {{ text }}) => sum + text.length, 0);
        return {{ exit: await exit, printed, most: Math.max(...pieces.map(({{ text }}) => text.length)) }};",
        js("while True:\n    print('x' * 99)\n")
    ))
    .await;
    assert!(
        ["stopped", "terminated"].contains(&result["exit"]["status"].as_str().unwrap_or_default()),
        "{result}"
    );
    let printed = result["printed"].as_u64().expect("a number");
    assert!(printed > 0 && printed <= 3 * 64 * 1024, "{printed} characters for nobody");
    assert!(result["most"].as_u64() <= Some(64 * 1024), "{result}");
}

/// A line of 6 MB is a hundred times what a page keeps unread: who prints it waits in its midst, and nothing of it is lost. With
/// shared memory and without, where the page says by messages what it has taken.
#[tokio::test]
async fn a_line_of_six_megabytes_waits_for_its_reader_and_comes_whole() {
    let result = in_a_page(&format!(
        "const line = Array.from({{ length: 750_000 }}, (_, n) => `${{String(n).padStart(7, '0')}} `).join('');
        const slowly = async (host) => {{
          const long = await room.run(host, 'long.py', {});
          const reader = long.output[Symbol.asyncIterator]();
          let {{ done, value }} = await reader.next();
          const pieces = [];
          // It has all the time it wants to print the rest: its machine answers another program meanwhile.
          for (let i = 0; i < 20; i++) await (await room.program(host)).getaddrinfo('server', 80);
          const unread = long.state.state;
          for (; !done; {{ done, value }} = await reader.next()) pieces.push(value.text);
          const text = pieces.join('');
          return {{ unread, whole: text === `${{line}}\\n`, length: text.length, most: Math.max(...pieces.map((piece) => piece.length)),
            exit: await long.exit }};
        }};
        const isolated = await slowly('client');
        Object.defineProperty(globalThis, 'crossOriginIsolated', {{ value: false }});
        return [isolated, await slowly('server')];",
        js("print(''.join('%07d ' % n for n in range(750_000)))\n")
    ))
    .await;
    for result in result.as_array().expect("two runs") {
        assert_eq!(result["unread"], "running", "{result}");
        assert_eq!(result["whole"], true, "{result}");
        assert_eq!(result["exit"]["status"], "exited", "{result}");
        // What a page holds at once: a full ring, or one piece more than is allowed to be on its way.
        assert!(result["most"].as_u64() <= Some(2 * 64 * 1024), "{result}");
    }
}

#[tokio::test]
async fn what_is_recorded_of_much_output_is_bounded_and_says_so() {
    let script =
        js("import time\nfor _ in range(3000):\n    print('x' * 99)\ntime.sleep(0.3)\nprint('the end')\n");
    let result = in_a_page(&format!(
        "const ended = await run('client', {script});
        const mark = await room.program('server', {{ name: 'mark' }});
        await mark.socket();
        let recorded = '';
        for await (const event of room.trace()) {{
          if (event.kind === 'output') recorded += event.text;
          if (event.kind === 'call') break;
        }}
        return {{ shown: ended.text.length, end: ended.text.slice(-8), recorded: recorded.length,
          said: recorded.includes('characters are not in the recording') }};"
    ))
    .await;
    assert_eq!(result["shown"], 3000 * 100 + 8);
    assert_eq!(result["end"], "the end\n");
    assert_eq!(result["said"], true, "{result}");
    assert!(result["recorded"].as_u64() < Some(200_000), "{result}");
}

#[tokio::test]
async fn deep_recursion_is_an_error_of_the_script() {
    let script = js(
        "def down(n):\n    return down(n + 1)\ntry:\n    down(0)\nexcept RecursionError as e:\n    print(e)\ndown(0)\n",
    );
    let result = in_a_page(&format!("return run('client', {script});")).await;
    assert!(text(&result).starts_with("maximum recursion depth exceeded\n{Traceback"), "{result}");
    assert_eq!(result["exit"]["error"]["type"], "RecursionError");
}

/// As under a shell: 1,024 descriptors, of which three are standard input, output and error; one wait takes all of them.
#[tokio::test]
async fn a_program_has_as_many_descriptors_as_a_shell_gives_it() {
    let script = js("import select, socket\n\
        held = []\n\
        try:\n    while True:\n        held.append(socket.socket())\n\
        except OSError as problem:\n    print(len(held), held[-1].fileno(), problem)\n\
        held.pop(100).close()\n\
        again = socket.socket()\n\
        print(again.fileno(), len(select.select([], held + [again], [], 0)[1]))\n");
    let result = in_a_page(&format!("return run('client', {script});")).await;
    assert_eq!(text(&result), "1021 1023 [Errno 24] Too many open files\n103 1021\n", "{result}");
}
