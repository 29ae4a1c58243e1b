//! Programs in Python, in a real browser: what a call costs, how fast bytes go from one to the other, what one that waits
//! takes, and what a first visit moves until Python is ready.

use std::{
    fs,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    Bench, ROUNDS,
    harness::browser::{Browser, Tab},
    report::Report,
    rounds::{Pair, median},
};

/// Programs that wait, for the memory of one.
const WAITING: usize = 4;
const KIB: f64 = 1024.0;

/// `text(host, name, source)` is what a program printed; `waits` resolves when it waits in a call.
const TOOLS: &str = "const { openRoom } = await import('/client/wireside.js');
    const python = await import('/client/python.js');
    await python.preload();
    const room = await openRoom(undefined, { trace: false });
    const begin = async (host, name, source) => {
      const run = await room.run(host, name, source);
      const held = { run, text: '' };
      held.waits = new Promise((resolve) => (run.onchange = ({ state }) => (state === 'waiting' || state === 'ended') && resolve()));
      held.read = (async () => { for await (const { text } of run.output) held.text += text; return held.text; })();
      return held;
    };
    const both = async (server, client) => {
      const waiting = await begin('server', 'server.py', server);
      await waiting.waits;
      const text = await (await begin('client', 'client.py', client)).read;
      await waiting.run.end();
      return Number(text);
    };";

const ECHO_SERVER: &str = "import socket\nl = socket.create_server(('', 9000))\nc, _ = l.accept()\nwhile data := c.recv(64):\n    c.send(data)\n";
/// Half of a round: in each round both programs make a send and a recv.
fn echo_client(rounds: usize) -> String {
    format!(
        "import socket, time\ns = socket.create_connection(('server', 9000))\ntook = []\nfor _ in range({rounds}):\n    \
         began = time.perf_counter()\n    s.send(bytes(64))\n    s.recv(64)\n    took.append(time.perf_counter() - began)\n\
         print(sorted(took)[len(took) // 2] * 500)\n"
    )
}
/// Calls of both programs in a round.
const CALLS: usize = 4;
const ECHOES: usize = 400;

/// Calls in a turn of a program, and turns.
const TURN: usize = 400;
const TURNS: usize = 40;

/// The page's browser cannot suspend WebAssembly, so nothing of threads is armed in its programs: their calls are those of a
/// program of one thread, and there are no others. In the programs' workers that is said before their first module.
const NO_THREADS: &str = "delete WebAssembly.Suspending; delete WebAssembly.promising;
    window.Worker = class extends Worker {
      constructor(url, options) {
        if (options?.name !== 'python') return super(url, options);
        const first = 'data:text/javascript,delete WebAssembly.Suspending; delete WebAssembly.promising;';
        const modules = `import ${JSON.stringify(first)}; import ${JSON.stringify(new URL(url, location.href).href)};`;
        super(URL.createObjectURL(new Blob([modules], { type: 'text/javascript' })), options);
      }
    };";

/// Measures all rows.
pub(crate) async fn measure(bench: &Bench, report: &mut Report) {
    let browser = Browser::open().await;
    echoes(bench, &browser, report).await;
    processor_time(bench, &browser, report).await;
    without_a_thread(bench, &browser, report).await;
    for (size, name, bytes) in [(64 * 1024, "64 KiB", 10), (1024 * 1024, "1 MiB", 10), (1024, "1 KiB", 4)] {
        let title = format!("{bytes} MiB from one program to another, recv of {name}");
        if report.wants(&title) {
            let rate = one_way(bench, &browser, size, bytes).await;
            report.ours(&title, "MiB/s", rate, "8 (the wire's own limit)");
        }
    }
    let title = "memory of a program that waits, browser's processes";
    if report.wants(title) {
        report.ours(title, "MiB", waiting(bench, &browser).await, "<= 60");
    }
    first_visit(bench, report).await;
}

/// A document of the server that has no script of its own.
async fn bare(bench: &Bench, browser: &Browser) -> Tab {
    let tab = browser.visitor(800, 600).await;
    tab.go(&format!("{}/limits", bench.server.origin())).await;
    tab.shows("the document", "document.readyState === 'complete'").await;
    tab
}

fn js(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

async fn echoes(bench: &Bench, browser: &Browser, report: &mut Report) {
    let title = "a send and a recv of 64 bytes between two programs, beside a WebSocket's echo";
    if !report.wants(title) {
        return;
    }
    let (mut bare_echoes, mut ours) = (Vec::new(), Vec::new());
    let address = websocket_echo().await;
    for _ in 0..ROUNDS {
        bare_echoes.push(bare_echo(browser, address).await);
        let tab = bare(bench, browser).await;
        let script = format!("{TOOLS} return both({}, {});", js(ECHO_SERVER), js(&echo_client(ECHOES)));
        ours.push(tab.script(&script).await.as_f64().expect("milliseconds"));
    }
    report.compare(title, "ms", median(&mut bare_echoes), median(&mut ours), "<= 2.4");
}

/// Processor time of the browser for each call of these programs: what many rounds cost more than few, which has no start
/// and no end in it.
async fn processor_time(bench: &Bench, browser: &Browser, report: &mut Report) {
    let title = "processor time of the browser for a call of a program";
    if !report.wants(title) {
        return;
    }
    let mut each = Vec::new();
    for _ in 0..ROUNDS {
        let mut spent = Vec::new();
        for rounds in [ECHOES, 5 * ECHOES] {
            let tab = bare(bench, browser).await;
            let before = of_browser(processor_seconds);
            let script = format!("{TOOLS} return both({}, {});", js(ECHO_SERVER), js(&echo_client(rounds)));
            tab.script(&script).await;
            spent.push(of_browser(processor_seconds) - before);
        }
        each.push((spent[1] - spent[0]) * 1000.0 / (4 * ECHOES * CALLS) as f64);
    }
    report.ours(title, "ms", median(&mut each), "<= 0.6");
}

/// Calls a second of a program that starts no thread: where threads are ready for it, beside the same program where the
/// browser has none to offer. Both wait in pages of their own and make their calls in turns.
async fn without_a_thread(bench: &Bench, browser: &Browser, report: &mut Report) {
    let title = "calls of a program that starts no thread, beside one without support for threads";
    if !report.wants(title) {
        return;
    }
    let (plain, ready) = (bare(bench, browser).await, bare(bench, browser).await);
    // The document's policy lets no worker begin with other modules than ours.
    for tab in [&plain, &ready] {
        tab.command("Page.setBypassCSP", serde_json::json!({ "enabled": true })).await;
        tab.reload().await;
    }
    plain.script(NO_THREADS).await;
    for (tab, threads) in [(&plain, false), (&ready, true)] {
        let source = format!(
            "import socket, sys, time\ns = socket.socket()\nprint('_stacks' in sys.modules)\nwhile input():\n    \
             began = time.perf_counter()\n    for _ in range({TURN}):\n        s.getsockname()\n    \
             print({TURN} / (time.perf_counter() - began))\n"
        );
        let script = format!(
            "{TOOLS}
             const run = await room.run('client', 'calls.py', {});
             let came = '';
             const output = run.output[Symbol.asyncIterator]();
             window.line = async () => {{
               while (!came.includes('\\n')) came += (await output.next()).value.text;
               const [line, ...rest] = came.split('\\n');
               came = rest.join('\\n');
               return line;
             }};
             window.turn = () => (run.input('go'), window.line());
             return window.line();",
            js(&source)
        );
        let said = tab.script(&script).await;
        assert_eq!(said, if threads { "True" } else { "False" }, "threads are ready in one of them");
    }
    let mut calls = Pair::default();
    for turn in 0..2 * TURNS {
        // One, the other, the other, the one: whatever grows or fades meets both.
        let (tab, rates) =
            if matches!(turn % 4, 0 | 3) { (&plain, &mut calls.relay) } else { (&ready, &mut calls.ours) };
        let rate = tab.script("return Number(await window.turn());").await;
        rates.push(rate.as_f64().expect("calls a second"));
    }
    let (plain, ready) = calls.medians();
    report.compare(title, "/s", plain, ready, ">= 0.97");
}

/// A WebSocket server that sends back what comes.
async fn websocket_echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                stream.set_nodelay(true).expect("an option");
                let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a WebSocket");
                while let Some(Ok(message)) = socket.next().await {
                    if matches!(message, Message::Binary(_)) && socket.send(message).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

/// The median of 400 echoes, in milliseconds, from a document without a policy of ours.
async fn bare_echo(browser: &Browser, address: SocketAddr) -> f64 {
    let tab = browser.visitor(800, 600).await;
    let script = format!(
        "const socket = new WebSocket('ws://{address}/');
         socket.binaryType = 'arraybuffer';
         await new Promise((resolve) => (socket.onopen = resolve));
         const took = [];
         for (let round = 0; round < 400; round += 1) {{
           const began = performance.now();
           socket.send(new Uint8Array(64));
           await new Promise((resolve) => (socket.onmessage = resolve));
           took.push(performance.now() - began);
         }}
         socket.close();
         return took.sort((a, b) => a - b)[200];"
    );
    tab.script(&script).await.as_f64().expect("milliseconds")
}

/// MiB a second.
async fn one_way(bench: &Bench, browser: &Browser, size: usize, mebibytes: usize) -> f64 {
    let reader = format!(
        "import socket, time\nl = socket.create_server(('', 9001))\nc, _ = l.accept()\nbegan = time.perf_counter()\ntotal = 0\n\
         while data := c.recv({size}):\n    total += len(data)\nc.send(str(total / 2**20 / (time.perf_counter() - began)).encode())\n"
    );
    let writer = format!(
        "import socket\ns = socket.create_connection(('server', 9001))\ns.sendall(bytes({mebibytes} * 2**20))\n\
         s.shutdown(socket.SHUT_WR)\nprint(s.recv(100).decode())\n"
    );
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let tab = bare(bench, browser).await;
        let script = format!("{TOOLS} return both({}, {});", js(&reader), js(&writer));
        rates.push(tab.script(&script).await.as_f64().expect("a rate"));
    }
    median(&mut rates)
}

/// MiB of each of some programs that wait, with what the browser shares between its processes counted once.
async fn waiting(bench: &Bench, browser: &Browser) -> f64 {
    let tab = bare(bench, browser).await;
    let script = "import socket\nl = socket.socket()\nl.listen()\nl.accept()\n";
    // Two more are kept ready, before as after.
    let one = format!(
        "const one = await begin('server', 'waits.py', {}); await one.waits; await python.preload();",
        js(script)
    );
    tab.script(&format!("{TOOLS} window.begin = begin; {one}")).await;
    let before = of_browser(proportional);
    for _ in 0..WAITING {
        tab.script(&format!(
            "const python = await import('/client/python.js'); const begin = window.begin; {one}"
        ))
        .await;
    }
    (of_browser(proportional) - before) / WAITING as f64 / KIB
}

/// The sum over all processes of this program's browser.
fn of_browser(of: impl Fn(u32) -> Option<f64>) -> f64 {
    let numbers = fs::read_dir("/proc").expect("proc").filter_map(Result::ok);
    let pids = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|&pid| is_browsers(pid)).filter_map(of).sum()
}

fn is_browsers(pid: u32) -> bool {
    let own = std::process::id();
    let (mut one, mut chromium) = (pid, false);
    while one > 1 && one != own {
        let Ok(stat) = fs::read_to_string(format!("/proc/{one}/stat")) else { return false };
        let Some((name, fields)) = stat.rsplit_once(')') else { return false };
        chromium |= name.contains("chrom");
        let parent = fields.split_whitespace().nth(1).and_then(|parent| parent.parse().ok());
        one = parent.unwrap_or(0);
    }
    chromium && one == own
}

/// User and system time so far (proc_pid_stat(5): fields 14 and 15, in hundredths of a second).
fn processor_seconds(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Some(ticks.sum::<Result<f64, _>>().ok()? / 100.0)
}

/// Proportional set size, KiB.
fn proportional(pid: u32) -> Option<f64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What a first visit asks for until Python is ready, and how long that takes.
async fn first_visit(bench: &Bench, report: &mut Report) {
    let titles = ["first visit to Python ready", "bytes of a first visit", "requests of a first visit"];
    if !titles.iter().any(|title| report.wants(title)) {
        return;
    }
    let counting = Counting::start(bench.server.page).await;
    // It runs before anybody comes.
    let browser = Browser::open().await;
    let (mut times, mut bytes, mut requests) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = counting.so_far();
        let tab = browser.visitor(1280, 800).await;
        tab.go(&format!("http://{}/", counting.address)).await;
        tab.shows("the page", "document.body?.dataset.view").await;
        let ready = "const { body } = document;
            await new Promise((resolve) => {
              const look = () => body.dataset.python === 'ready' && resolve();
              new MutationObserver(look).observe(body, { attributes: true });
              look();
            });
            return performance.now() / 1000;";
        times.push(tab.script(ready).await.as_f64().expect("seconds"));
        let after = counting.so_far();
        bytes.push((after.0 - before.0) as f64 / 1e6);
        requests.push((after.1 - before.1) as f64);
        tab.go("about:blank").await;
        tab.shows("nothing", "location.href === 'about:blank'").await;
    }
    report.ours(titles[0], "s", median(&mut times), "<= 2");
    report.ours(titles[1], "MB", median(&mut bytes), "<= 8");
    report.ours(titles[2], "", median(&mut requests), "");
}

/// Stands before the server, and counts what goes to the browser and what it asks for.
struct Counting {
    address: SocketAddr,
    counted: Arc<(AtomicU64, AtomicU64)>,
}

impl Counting {
    async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let counted = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
        let counting = Arc::clone(&counted);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, server, Arc::clone(&counting)));
            }
        });
        Self { address, counted }
    }

    fn so_far(&self) -> (u64, u64) {
        (self.counted.0.load(Ordering::Relaxed), self.counted.1.load(Ordering::Relaxed))
    }
}

async fn forward(client: TcpStream, server: SocketAddr, counted: Arc<(AtomicU64, AtomicU64)>) {
    let Ok(far) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = far.into_split();
    let asking = Arc::clone(&counted);
    let up = async move {
        let mut piece = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_client.read(&mut piece).await {
            // A browser asks for one thing after another on a connection: each request begins what is sent.
            if piece[..length].starts_with(b"GET ") {
                asking.1.fetch_add(1, Ordering::Relaxed);
            }
            if to_server.write_all(&piece[..length]).await.is_err() {
                break;
            }
        }
    };
    let down = async move {
        let mut piece = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_server.read(&mut piece).await {
            counted.0.fetch_add(length as u64, Ordering::Relaxed);
            if to_client.write_all(&piece[..length]).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(up, down);
}
