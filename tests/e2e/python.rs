//! Python programs in the page: real CPython on the room's real sockets, driven through `room.run` as the page does.

mod bounds;
mod confined;
mod descriptors;
mod ending;
mod epolls;
mod input;
mod machine;
mod passing;
mod refusals;
mod signals;
mod sockets;
mod thread_mistakes;
mod threads;

use std::process::Command;

use serde_json::Value;

use crate::harness::{
    browser::{Browser, Tab},
    server::TestServer,
};

/// The tutorial's server, in Python 3.
const SERVER: &str = r#"import socket
s = socket.socket()
s.bind(("", 12345))
s.listen(5)
print("listening")
while True:
    c, addr = s.accept()
    print("got a call from", addr[0])
    c.send(b"Thank you for connecting")
    c.close()
"#;

/// The tutorial's client, in Python 3.
const CLIENT: &str = r#"import socket
s = socket.socket()
s.connect(("server", 12345))
print(s.recv(1024).decode())
s.close()
"#;

/// What the scripts in the page are written with: `room`; `start(host, name, source)` gives a run that collects what it
/// prints in `run.text` (standard error in braces); `until(run, test)` waits for a state; `all(run)` waits for its end; `gone(name)` until
/// no program of that name is left in the room.
const TOOLS: &str = r"
    const { openRoom } = await import('/client/wireside.js');
    const python = await import('/client/python.js');
    const room = await openRoom();
    const runs = new Map();
    const start = async (host, name, source, options) => {
      const run = await room.run(host, name, source, options);
      const held = { run, text: '', states: [], listeners: new Set() };
      run.onchange = (state) => {
        held.states.push(state);
        for (const listener of held.listeners) listener();
      };
      let last = null;
      held.read = (async () => {
        for await (const { stream, text } of run.output) {
          if (stream === last) held.text = held.text.replace(/}$/, '');
          else if (stream === 'stderr') held.text += '{';
          held.text += stream === 'stderr' ? `${text}}` : text;
          last = stream === 'stderr' ? stream : null;
          for (const listener of held.listeners) listener();
        }
      })();
      return held;
    };
    const until = (held, test) => new Promise((resolve, reject) => {
      const look = () => {
        if (test(held.run.state, held.text)) resolve(held.run.state);
        else if (held.run.state.state === 'ended') reject(new Error(`it ended: ${held.text}`));
        else return;
        held.listeners.delete(look);
      };
      held.listeners.add(look);
      look();
    });
    const all = async (held) => {
      const exit = await held.run.exit;
      await held.read;
      return { text: held.text, exit, states: held.states.map(({ state }) => state) };
    };
    const run = async (host, source, name = 'script.py') => all(await start(host, name, source));
    const gone = (ending) => new Promise((resolve) => {
      const look = () => room.programs.some(({ name }) => name.endsWith(ending)) || resolve();
      room.on('change', look);
      look();
    });
    const waits = (call) => (state) => state.state === 'waiting' && state.call === call;
    await python.preload();
";

/// Runs a script of JavaScript with [`TOOLS`] in a document of the server that has no script of its own.
async fn in_a_page(script: &str) -> Value {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = bare(&browser, &server).await;
    tab.script(&format!("{TOOLS} {script}")).await
}

/// Runs a program of Python in a page with shared memory and then in one without, where calls go by messages from the
/// first on; what each printed and how it ended.
async fn with_and_without_shared_memory(program: &str) -> Vec<Value> {
    let script = js(program);
    let result = in_a_page(&format!(
        "const isolated = await run('client', {script});
        Object.defineProperty(globalThis, 'crossOriginIsolated', {{ value: false }});
        return [isolated, await run('server', {script})];"
    ))
    .await;
    result.as_array().expect("two runs").clone()
}

pub(crate) async fn bare(browser: &Browser, server: &TestServer) -> Tab {
    let tab = browser.visitor(800, 600).await;
    tab.go(&format!("{}/limits", server.origin())).await;
    tab.shows("the document", "document.readyState === 'complete'").await;
    tab
}

/// A program of `tests/cases`.
fn case(name: &str) -> String {
    std::fs::read_to_string(crate::harness::root().join("tests/cases").join(name)).expect("a case")
}

/// A string of JavaScript.
fn js(text: &str) -> String {
    Value::from(text).to_string()
}

/// What a finished run printed.
fn text(run: &Value) -> &str {
    run["text"].as_str().unwrap_or_else(|| panic!("a run: {run}"))
}

/// A program on `client` prints what it prints in this computer's own CPython.
async fn prints_what_plain_cpython_prints(program: &str) {
    let plain = Command::new("python3").args(["-c", program]).output().expect("python3");
    let expected = String::from_utf8_lossy(&plain.stdout).into_owned();
    assert!(plain.status.success(), "{expected}{}", String::from_utf8_lossy(&plain.stderr));
    let run = in_a_page(&format!("return run('client', {});", js(program))).await;
    assert_eq!(text(&run), expected);
}
