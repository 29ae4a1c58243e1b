//! Threads: CPython's own modules on stacks that the browser suspends.

use super::{case, in_a_page, js, text, with_and_without_shared_memory};

/// One thread waits in epoll, and another registers what is ready.
#[tokio::test]
async fn what_a_thread_registers_counts_for_one_that_waits_in_epoll() {
    let program = js(r#"import select, socket, threading
epoll = select.epoll()
quiet, one = socket.socketpair(), socket.socketpair()
epoll.register(quiet[0], select.EPOLLIN)
def register():
    epoll.register(one[0], select.EPOLLIN)
    one[1].send(b"x")
for late in (False, True):
    threading.Timer(0.2, register if not late else lambda: epoll.modify(quiet[0], select.EPOLLOUT)).start()
    print(epoll.poll() == [(quiet[0].fileno(), select.EPOLLOUT)] if late else one[0].fileno() == epoll.poll()[0][0])
    if not late:
        one[0].recv(1)
print(select.select([], [], [], 0.01))
"#);
    let result = in_a_page(&format!("return await run('client', {program});")).await;
    assert_eq!(text(&result), "True\nTrue\n([], [], [])\n");
}

/// Everything that stands on `threading`, each with one line of output.
const MODULES: &str = r#"import asyncio, concurrent.futures, http.server, logging, queue, socket, socketserver, sys, threading, time, urllib.request
def echo(connection):
    with connection:
        while data := connection.recv(100):
            connection.sendall(data.upper())
listener = socket.create_server(("", 9000))
def serve():
    for _ in range(3):
        threading.Thread(target=echo, args=(listener.accept()[0],)).start()
threading.Thread(target=serve, name="acceptor").start()
callers = [socket.create_connection(("localhost", 9000)) for _ in range(3)]
for number, caller in enumerate(callers):
    caller.sendall(b"caller %d" % number)
print([caller.recv(100) for caller in reversed(callers)])
for caller in callers:
    caller.close()
numbers = queue.Queue(maxsize=2)
def produce():
    for number in range(5):
        numbers.put(number)
    numbers.put(None)
threading.Thread(target=produce).start()
print(list(iter(numbers.get, None)))
with concurrent.futures.ThreadPoolExecutor(3) as pool:
    print(list(pool.map(lambda n: n * n, range(5))))
class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.request.recv(10)[::-1])
class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    pass
with Server(("", 9001), Handler) as server:
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    with socket.create_connection(("localhost", 9001)) as s:
        s.sendall(b"olleh")
        print(s.recv(10))
    server.shutdown()
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(threading.current_thread().name.encode())
    def log_message(self, *args):
        pass
with http.server.ThreadingHTTPServer(("", 9002), Page) as web:
    threading.Thread(target=web.serve_forever, args=(0.01,)).start()
    print(urllib.request.urlopen("http://localhost:9002/").read() != b"MainThread")
    web.shutdown()
async def main():
    barrier = threading.Barrier(3)
    await asyncio.gather(*(asyncio.to_thread(barrier.wait) for _ in range(3)))
    return (await asyncio.get_running_loop().getaddrinfo("localhost", 80, type=socket.SOCK_STREAM))[0][4]
print(asyncio.run(main()))
logging.basicConfig(format="%(threadName)s: %(message)s", stream=sys.stdout)
threading.Thread(target=logging.warning, args=("logged",), name="writer").start()
own = threading.local()
own.value = "main's"
def look():
    print(hasattr(own, "value"))
looker = threading.Thread(target=look)
looker.start()
looker.join()
flag = []
threading.Timer(0.02, flag.append, (1,)).start()
rounds = 0
while not flag:
    rounds += 1
print("preempted", rounds > 0)
def wrong():
    raise ValueError("in a thread")
broken = threading.Thread(target=wrong, name="Broken")
broken.start()
broken.join()
print("end of main", threading.main_thread() is threading.current_thread())
threading.Thread(target=lambda: (time.sleep(0.05), print("a thread outlives main"))).start()
"#;

const PRINTED: &str = "[b'CALLER 2', b'CALLER 1', b'CALLER 0']\n[0, 1, 2, 3, 4]\n[0, 1, 4, 9, 16]\nb'hello'\nTrue\n('127.0.0.1', 80)\n\
    writer: logged\nFalse\npreempted True\n{Exception in thread Broken:\nTraceback (most recent call last):\n";

#[tokio::test]
async fn cpythons_own_modules_have_threads_with_and_without_shared_memory() {
    for run in &with_and_without_shared_memory(MODULES).await {
        assert!(text(run).starts_with(PRINTED), "{run}");
        assert!(
            text(run).ends_with("ValueError: in a thread\n}end of main True\na thread outlives main\n"),
            "{run}"
        );
        assert_eq!(run["exit"]["status"], "exited", "{run}");
    }
}

#[tokio::test]
async fn sixty_four_threads_live_and_a_thousand_start() {
    let script = js(r#"import threading
go = threading.Event()
living = []
try:
    while True:
        thread = threading.Thread(target=go.wait)
        thread.start()
        living.append(thread)
except RuntimeError as error:
    print(len(living), error)
go.set()
for thread in living:
    thread.join()
total = 0
def add():
    global total
    total += 1
for _ in range(1000):
    thread = threading.Thread(target=add)
    thread.start()
    thread.join()
print(total, threading.active_count())
"#);
    let result = in_a_page(&format!("return run('client', {script});")).await;
    let told = "64 can't start new thread: a program of this lab has at most 64 threads beside the main one\n1000 1\n";
    assert_eq!(text(&result), told);
}

/// Stop is Ctrl-C, for the main thread, whatever it and the others wait for; then the descriptors are closed.
#[tokio::test]
async fn stop_ends_a_program_with_threads() {
    let others = r#"import os, queue, select, socket, threading, time
listener, other = socket.create_server(("", 9100)), socket.create_server(("", 9102))
caller = socket.create_connection(("localhost", 9102))
accepted = other.accept()[0]
lock, event = threading.Lock(), threading.Event()
lock.acquire()
def compute():
    while True:
        pass
for waits in (listener.accept, caller.recv, time.sleep, compute):
    args = {"recv": (1,), "sleep": (1000,)}.get(waits.__name__, ())
    threading.Thread(target=waits, args=args, daemon=True).start()
"#;
    // The call in which the main thread waits, by the name that the page has for it, and how it gets there.
    let scripts = [
        ("accept", "other.accept()"),
        ("recv", "accepted.recv(1)"),
        // Nobody has this address, and so nobody answers.
        ("connect", "socket.create_connection(('10.0.0.77', 80))"),
        ("send", "caller.sendall(bytes(10_000_000))"),
        ("poll", "select.select([accepted], [], [])"),
        ("poll", "p = select.poll()\np.register(accepted, select.POLLIN)\np.poll()"),
        ("sleep", "time.sleep(1000)"),
        ("acquire", "lock.acquire()"),
        ("wait", "event.wait()"),
        ("get", "queue.Queue().get()"),
        ("input", "input()"),
        ("join", "threading.enumerate()[-1].join()"),
        ("recvfrom", "u = socket.socket(type=socket.SOCK_DGRAM)\nu.bind(('', 9101))\nu.recvfrom(9)"),
        ("computes", "compute()"),
        ("at exit", "threading.Thread(target=time.sleep, args=(1000,)).start()"),
    ];
    let table: Vec<String> = scripts
        .iter()
        .map(|(name, last)| format!("[{}, {}]", js(name), js(&format!("{others}print('on')\n{last}\n"))))
        .collect();
    let result = in_a_page(&format!(
        "const stopped = [];
        for (const [name, source] of [{}]) {{
          const held = await start('client', 'script.py', source);
          await until(held, ({{ threads }}, text) => text.includes('on\\n') && threads?.length >= 5);
          if (name === 'at exit') await until(held, ({{ threads }}) => threads[0].call !== null);
          else if (name !== 'computes') await until(held, ({{ threads }}) => threads[0].call === name);
          const began = performance.now();
          await held.run.stop();
          const took = performance.now() - began;
          const ended = await all(held);
          await gone('script.py');
          const after = await run('client', {}, 'after.py');
          await gone('after.py');
          stopped.push({{ ...ended, took, after: after.text }});
        }}
        return stopped;",
        table.join(", "),
        js("import socket\nfor port in (9100, 9102):\n    socket.create_server(('', port))\nprint('free', socket.socket().fileno())\n")
    ))
    .await;
    for ((name, _), run) in scripts.iter().zip(result.as_array().expect("runs")) {
        // On a quiet machine it is 1.2 s; whoever does not go by itself is ended then.
        let took = run["took"].as_f64().expect("milliseconds");
        assert!(took < 4000.0, "{name} took {took} ms");
        assert_eq!(run["after"], "free 3\n", "{name} has closed what it had");
        if *name == "at exit" {
            let told = "on\n{Exception ignored while joining a thread in _thread._shutdown():\nKeyboardInterrupt: \n}";
            assert_eq!((text(run), run["exit"]["status"].as_str()), (told, Some("exited")), "{run}");
            continue;
        }
        assert_eq!(run["exit"]["status"], "stopped", "{name}: {run}");
        assert!(text(run).ends_with("KeyboardInterrupt\n}"), "{name}: {run}");
    }
}

/// A thread that is no daemon holds up the end, as everywhere; Stop does not wait for it.
#[tokio::test]
async fn stop_does_not_wait_for_threads_and_a_deadlock_is_told() {
    let waiting = js(
        "import socket, threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\nsocket.create_server(('', 9200)).accept()\n",
    );
    let deadlock = js(r#"import threading
left, right = threading.Lock(), threading.Lock()
both = threading.Barrier(2)
def one():
    with left:
        both.wait()
        with right:
            pass
def other():
    with right:
        both.wait()
        with left:
            pass
for work in (one, other):
    threading.Thread(target=work).start()
"#);
    let result = in_a_page(&format!(
        "const held = await start('client', 'script.py', {waiting});
        await until(held, ({{ threads }}) => threads?.[0].call === 'accept');
        await held.run.stop();
        const stuck = await start('client', 'script.py', {deadlock});
        const state = await until(stuck, ({{ deadlock }}) => deadlock);
        await stuck.run.stop();
        return {{ stopped: await all(held), state, ended: await all(stuck) }};"
    ))
    .await;
    let stopped = &result["stopped"];
    assert_eq!(
        (stopped["exit"]["status"].as_str(), stopped["exit"]["code"].as_i64()),
        (Some("stopped"), Some(130))
    );
    let told: Vec<String> = result["state"]["threads"]
        .as_array()
        .expect("threads")
        .iter()
        .map(|one| {
            let awaits = &one["awaits"];
            format!("{} {}:{} {}:{}", one["name"], one["call"], one["line"], awaits["thread"], awaits["line"])
        })
        .collect();
    let expected = [
        r#""MainThread" "join":null "Thread-1 (one)":null"#,
        r#""Thread-1 (one)" "acquire":7 "Thread-2 (other)":10"#,
        r#""Thread-2 (other)" "acquire":12 "Thread-1 (one)":5"#,
    ];
    assert_eq!(told, expected);
}

/// All wait for locks, and yet a signal's handler lets them go on: no deadlock until none is to come.
#[tokio::test]
async fn a_handler_that_is_to_come_is_no_deadlock() {
    let head = "import signal, threading\nlock = threading.Lock()\nlock.acquire()\n\
        other = threading.Thread(target=lambda: lock.acquire() and lock.release())\nother.start()\n";
    let alarm = js(&format!(
        "{head}signal.signal(signal.SIGALRM, lambda *_: lock.release())\nsignal.alarm(1)\nother.join()\nprint('free')\n"
    ));
    let in_vain = js(&format!(
        "{head}signal.signal(signal.SIGALRM, lambda *_: print('rang'))\nsignal.alarm(1)\nother.join()\n"
    ));
    let interrupt = js(&format!(
        "{head}signal.signal(signal.SIGINT, lambda *_: lock.release())\nother.join()\nprint('free')\n"
    ));
    let result = in_a_page(&format!(
        "const joins = ({{ threads }}) => threads?.length === 2 && threads.every(({{ call }}) => call !== null);
        const told = (held) => held.states.filter(({{ deadlock }}) => deadlock);
        const alarm = await start('client', 'script.py', {alarm});
        await until(alarm, joins);
        const helped = await all(alarm);
        const vain = await start('client', 'script.py', {in_vain});
        await until(vain, ({{ deadlock }}, text) => deadlock && text.trim() === 'rang');
        await vain.run.stop();
        const interrupt = await start('client', 'script.py', {interrupt});
        await until(interrupt, joins);
        interrupt.run.interrupt();
        return {{ alarm: [told(alarm), helped.text], interrupt: [told(interrupt), (await all(interrupt)).text] }};"
    ))
    .await;
    assert_eq!(result["alarm"], serde_json::json!([[], "free\n"]));
    assert_eq!(result["interrupt"], serde_json::json!([[], "free\n"]));
}

/// Where C's recursion cannot be stopped in time the program ends with its own line, and Python is not said to have failed.
#[tokio::test]
async fn deep_recursion_of_c_is_an_error_of_the_script() {
    let caught = js(
        "class Same:\n    def __eq__(self, other):\n        return [self] == [other]\ntry:\n    Same() == Same()\nexcept RecursionError:\n    print('caught')\n",
    );
    let ended = js("import json\ndef load():\n    return json.loads('[' * 100000)\nload()\n");
    let result = in_a_page(&format!(
        "return {{ caught: await run('client', {caught}), ended: await run('client', {ended}) }};"
    ))
    .await;
    assert_eq!(text(&result["caught"]), "caught\n");
    let told = text(&result["ended"]);
    assert!(told.contains("line 3, in load") && told.contains("RecursionError: C functions"), "{told}");
    assert_eq!(result["ended"]["exit"]["error"]["line"], 3);
}

/// The chat of most tutorials, with a thread for each client and one beside the keyboard; one is stopped, not quit.
#[tokio::test]
async fn three_clients_chat_and_peers_listen_and_speak() {
    let parts = [
        "28-chat-thread-each/server.py",
        "28-chat-thread-each/client.py",
        "55-peer-both-server-and-client/peer.py",
    ];
    let [server, client, peer] = parts.map(|name| js(&case(name)));
    let result = in_a_page(&format!(
        "const server = await start('server', 'server.py', {server});
        await until(server, waits('accept'));
        const talkers = [];
        for (const [at, name] of ['ada', 'bob', 'cyd'].entries()) {{
          const talker = await start('client', 'client.py', {client});
          await until(talker, ({{ state }}) => state === 'input');
          talker.run.input(name);
          await until(server, (_, text) => text.includes(`threads: ${{at + 2}}`));
          await until(talker, ({{ state, threads }}) => state === 'input' && threads.length === 2);
          talkers.push(talker);
        }}
        const [ada, bob, cyd] = talkers;
        await until(ada, (_, text) => text.includes('cyd has come'));
        ada.run.input('hello all');
        for (const other of [bob, cyd]) await until(other, (_, text) => text.includes('ada: hello all'));
        bob.run.input('/quit');
        await until(cyd, (_, text) => text.includes('bob has left'));
        const stopped = cyd.run.stop();
        await until(ada, (_, text) => text.includes('cyd has left'));
        ada.run.input('/quit');
        const peers = await Promise.all(['server', 'client'].map((host) => start(host, 'peer.py', {peer})));
        let thread = null;
        for await (const event of room.trace()) {{
          // The clients have threads as well, and any of them may be the first.
          thread = event.kind === 'call' ? event.thread : null;
          if (thread?.startsWith('client ')) break;
        }}
        return [...(await Promise.all([server, ada, bob, cyd, ...peers].map(all))), thread];"
    ))
    .await;
    let thread = result[6].as_str().unwrap_or_default();
    assert!(thread.starts_with("client "), "the recording says which thread made a call, not {thread:?}");
    let told = [
        "chat on 5555\nthreads: 2\nthreads: 3\nthreads: 4\nnobody is left\n",
        "Your name: * bob has come\n* cyd has come\n* bob has left\n* cyd has left\n",
        "Your name: * cyd has come\nada: hello all\n",
        "Your name: ada: hello all\n* bob has left\n{Traceback (most recent call last):\n",
    ];
    for (run, told) in result.as_array().expect("runs").iter().zip(told) {
        assert!(text(run).starts_with(told), "{run}");
    }
    for (at, other) in [(4, "client"), (5, "server")] {
        let me = if other == "client" { "server" } else { "client" };
        let thanks = format!("{other} says thanks {me}\n").repeat(3);
        let got = format!("{thanks}got ['{other} 0', '{other} 1', '{other} 2']\n");
        assert_eq!(text(&result[at]), got);
    }
}
