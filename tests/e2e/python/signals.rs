//! Signals that a program sends itself, and timers: handlers run while it computes and wherever it waits.

use super::{text, with_and_without_shared_memory};

/// Every way to wait, interrupted by a handler that returns, and by one that raises (PEP 475).
const TIMERS: &str = r#"import asyncio, os, select, signal, socket, threading, time

came = []
def note(number, frame):
    came.append((signal.Signals(number).name, frame.f_code.co_name))
def refuse(number, frame):
    raise InterruptedError("too long")

print(signal.getsignal(signal.SIGALRM) is signal.SIG_DFL, signal.signal(signal.SIGALRM, note) is signal.SIG_DFL, signal.alarm(100), signal.alarm(0))
listener = socket.create_server(("", 9000))

def waits():
    caller = socket.create_connection(("localhost", 9000))
    accepted, _ = listener.accept()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("", 9000))
    yield "accept", listener.accept
    yield "recv", lambda: caller.recv(1)
    yield "recvfrom", lambda: datagrams.recvfrom(1)
    yield "select", lambda: select.select([caller], [], [])
    yield "sendall", lambda: accepted.sendall(bytes(10_000_000))
    yield "sleep", lambda: time.sleep(1000)
    yield "acquire", lambda: (lock := threading.Lock()).acquire() and lock.acquire()
    yield "compute", lambda: [None for _ in iter(int, 1)]

# Handlers that raise.
signal.signal(signal.SIGALRM, refuse)
for name, wait in waits():
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        wait()
    except InterruptedError as problem:
        print(name, problem, end="; ")
print()

# Handlers that return: the call goes on. What it waits for comes from the second handler.
caller = socket.create_connection(("localhost", 9000))
accepted, _ = listener.accept()
def help_it(number, frame):
    came.append("again")
    if len(came) == 3:
        accepted.sendall(b"late")
        signal.setitimer(signal.ITIMER_REAL, 0)
signal.signal(signal.SIGALRM, help_it)
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
print(caller.recv(10), came[:3], signal.getitimer(signal.ITIMER_REAL))

# A timeout goes on where it was.
caller.settimeout(0.2)
signal.signal(signal.SIGALRM, note)
signal.setitimer(signal.ITIMER_REAL, 0.02)
began = time.monotonic()
try:
    caller.recv(1)
except TimeoutError:
    print("timed out", time.monotonic() - began > 0.15, came[-1])

# Waiting for nothing but a signal.
signal.setitimer(signal.ITIMER_REAL, 0.02)
signal.pause()
print("paused", came[-1])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGUSR1})
signal.setitimer(signal.ITIMER_REAL, 0.02)
print(signal.sigwait({signal.SIGALRM}), signal.sigpending(), signal.sigtimedwait([signal.SIGALRM], 0.01))
os.kill(os.getpid(), signal.SIGUSR1)
signal.signal(signal.SIGUSR1, note)
before = len(came)
print(signal.sigpending(), len(came) - before, signal.pthread_sigmask(signal.SIG_SETMASK, ()) == {signal.SIGALRM, signal.SIGUSR1}, came[-1][0])

# From a thread, to the main one; in a loop; in asyncio.
threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR1)).start()
signal.pause()
print(came[-1][0], threading.active_count() > 0)
async def main():
    loop = asyncio.get_running_loop()
    rung = asyncio.Event()
    loop.add_signal_handler(signal.SIGALRM, rung.set)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    await rung.wait()
    return loop.remove_signal_handler(signal.SIGALRM), loop.remove_signal_handler(signal.SIGALRM)
print(asyncio.run(main()))
for wrong in (lambda: signal.setitimer(9, 1), lambda: signal.setitimer(signal.ITIMER_REAL, -1), lambda: os.kill(1, 0),
              lambda: signal.signal(signal.SIGKILL, note), lambda: signal.setitimer(signal.ITIMER_VIRTUAL, 1), lambda: signal.raise_signal(99)):
    try:
        wrong()
    except (OSError, ValueError) as problem:
        print(type(problem).__name__, str(problem).partition(":")[0], end="; ")
print()
signal.alarm(1)
signal.signal(signal.SIGALRM, signal.SIG_DFL)
while True:
    pass
"#;

const PRINTED: &str = "True True 0 100\n\
    accept too long; recv too long; recvfrom too long; select too long; sendall too long; sleep too long; acquire too long; \
    compute too long; \n\
    b'late' ['again', 'again', 'again'] (0.0, 0.0)\n\
    timed out True ('SIGALRM', '<module>')\n\
    paused ('SIGALRM', '<module>')\n\
    14 set() None\n\
    {<Signals.SIGUSR1: 10>} 0 True SIGUSR1\n\
    SIGUSR1 True\n\
    (True, False)\n\
    itimer_error [Errno 22] Invalid argument; itimer_error [Errno 22] Invalid argument; ProcessLookupError [Errno 3] No such process; \
    OSError [Errno 22] Invalid argument; itimer_error [Errno 38] signal.setitimer; ValueError signal number out of range; \n\
    {Alarm clock\n}";

#[tokio::test]
async fn handlers_run_wherever_a_program_is_with_and_without_shared_memory() {
    for run in &with_and_without_shared_memory(TIMERS).await {
        assert_eq!(text(run), PRINTED, "{run}");
        assert_eq!(
            (run["exit"]["status"].as_str(), run["exit"]["code"].as_i64()),
            (Some("terminated"), Some(142))
        );
    }
}
