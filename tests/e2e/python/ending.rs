//! Stop, and what becomes of a program and its descriptors.

use super::{in_a_page, js, text};

#[tokio::test]
async fn stop_interrupts_whatever_a_program_does() {
    let scripts = [
        ("loop", "print('on')\nn = 0\nwhile True:\n    n += 1\n", "(_, text) => text.includes('on')"),
        ("sleep", "import time\nprint('on')\ntime.sleep(1000)\n", "waits('sleep')"),
        ("input", "name = input()\n", "({ state }) => state === 'input'"),
        (
            "recv",
            "import socket\nl = socket.create_server(('', 9))\ns = socket.create_connection(('localhost', 9))\ns.recv(1)\n",
            "waits('recv')",
        ),
        (
            "poll",
            "import select\nimport socket\nselect.select([socket.create_server(('', 10))], [], [])\n",
            "waits('poll')",
        ),
        (
            "asyncio",
            "import asyncio\nasync def main():\n    await (await asyncio.start_server(print, '', 11)).serve_forever()\nasyncio.run(main())\n",
            "waits('poll')",
        ),
        ("print", "print('on')\nwhile True:\n    print('more')\n", "(_, text) => text.includes('on')"),
    ];
    let table: Vec<String> = scripts
        .iter()
        .map(|(name, source, ready)| format!("[{}, {}, {ready}]", js(name), js(source)))
        .collect();
    let result = in_a_page(&format!(
        "const result = {{}};
        for (const [name, source, ready] of [{}]) {{
          const held = await start('client', 'script.py', source);
          await until(held, ready);
          await held.run.stop();
          result[name] = await all(held);
          result[name].text = result[name].text.slice(-400);
        }}
        return result;",
        table.join(", ")
    ))
    .await;
    for (name, ..) in scripts {
        let run = &result[name];
        assert_eq!(run["exit"]["status"], "stopped", "{name}: {run}");
        assert!(text(run).ends_with("KeyboardInterrupt\n}"), "{name}: {run}");
        assert!(text(run).contains("File \"script.py\", line "), "{name}: {run}");
    }
}

/// As PEP 475 has it: a handler that returns lets the call go on, and each call gets its own answer.
#[tokio::test]
async fn a_call_goes_on_after_a_signal_whose_handler_returns() {
    let script = js(r#"import signal
import socket
signal.signal(signal.SIGINT, lambda number, frame: print("noted", number))
l = socket.create_server(("", 9))
c, _ = l.accept()
print(c.recv(5), c.getsockname())
"#);
    let result = in_a_page(&format!(
        "const held = await start('server', 'script.py', {script});
        await until(held, waits('accept'));
        const caller = await (await room.program('client')).socket();
        const ended = held.run.stop();
        await until(held, (_, text) => text.includes('noted'));
        await caller.connect(['server', 9]);
        await caller.sendall('hello');
        await ended;
        return all(held);"
    ))
    .await;
    assert_eq!(text(&result), "noted 2\nb'hello' ('10.0.0.1', 9)\n", "{result}");
    assert_eq!(result["exit"]["status"], "exited", "{result}");
}

#[tokio::test]
async fn a_program_that_will_not_end_is_terminated_and_its_descriptors_close() {
    let stubborn = js(r#"import socket
l = socket.create_server(("", 9))
print("on")
while True:
    try:
        l.accept()
    except KeyboardInterrupt:
        print("no")
"#);
    let after = js("import socket\nsocket.create_server(('', 9))\nprint('free')\n");
    let result = in_a_page(&format!(
        "const held = await start('server', 'script.py', {stubborn});
        await until(held, waits('accept'));
        const exit = await held.run.stop();
        const after = await run('server', {after});
        await gone('script.py');
        return {{ exit, ended: await all(held), after }};"
    ))
    .await;
    assert_eq!(result["exit"]["status"], "terminated", "{result}");
    assert_eq!(result["exit"]["code"], 137);
    assert_eq!(text(&result["ended"]), "on\nno\n");
    assert_eq!(text(&result["after"]), "free\n");
}

#[tokio::test]
async fn a_program_can_be_stopped_before_it_has_begun() {
    let result = in_a_page(
        "const controller = new AbortController();
        const early = await start('client', 'early.py', 'print(1)', { signal: controller.signal });
        controller.abort();
        const ended = await all(early);
        const next = await run('client', 'print(2)');
        return { ended, next };",
    )
    .await;
    assert_eq!(result["ended"]["exit"]["status"], "stopped", "{result}");
    assert_eq!(text(&result["next"]), "2\n");
}
