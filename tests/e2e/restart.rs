//! From one server's sudden end to the next one's first answer.

use std::{
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener},
    process::{Command, Stdio},
};

use rustix::process::Signal;

use crate::harness::{
    http, in_time,
    room::NewRoom,
    server::{TestServer, program},
};

/// How many rooms; the row of issues is asked for with `WIRESIDE_ROOMS=300`.
fn rooms() -> usize {
    std::env::var("WIRESIDE_ROOMS").ok().and_then(|count| count.parse().ok()).unwrap_or(30)
}

#[tokio::test]
async fn a_killed_server_gives_its_port_back_before_its_rooms_are_gone() {
    let server = TestServer::start(&[]);
    for _ in 0..rooms() {
        NewRoom::create(&server).await;
    }
    let port = server.page;
    server.signal(Signal::KILL);
    let began = std::time::Instant::now();
    // The kernel takes some 40 ms for the devices of each machine.
    let free = async {
        loop {
            let dying = !server.has_ended();
            if let Ok(listener) = TcpListener::bind(port) {
                return (listener, dying);
            }
            assert!(dying, "the port was held to the end");
            tokio::task::yield_now().await;
        }
    };
    let (listener, dying) = in_time("the port", free).await;
    eprintln!("port free after {:?}, the process was there still: {dying}", began.elapsed());
    drop(listener);
    let next = TestServer::start_on(port, &[]);
    eprintln!("next server printed its address after {:?}", began.elapsed());
    assert_eq!(http::get(port, "/").await.status, 200);
    eprintln!("next server answered after {:?}", began.elapsed());
    drop(next);
}

/// Holds a listener as systemd does and starts the program with it, again whenever it ends.
const HOLDER: &str = r#"
import ctypes, os, socket, sys
ctypes.CDLL(None).prctl(1, 15)
page = socket.create_server(("127.0.0.1", 0), backlog=64)
print(page.getsockname()[1], flush=True)
while True:
    child = os.fork()
    if child == 0:
        os.dup2(page.fileno(), 3)
        os.set_inheritable(3, True)
        environment = {**os.environ, "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "page"}
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        ctypes.CDLL(None).prctl(1, 15)
        os.execve(sys.argv[1], [sys.argv[1], "--tutorial", "127.0.0.1:0"], environment)
    print(child, flush=True)
    if os.waitpid(child, 0)[1] != 9:
        break
"#;

#[tokio::test]
async fn with_a_listener_that_outlives_it_nobody_is_refused() {
    let mut holder = Command::new("python3")
        .args(["-c", HOLDER])
        .arg(program())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut said = BufReader::new(holder.stdout.take().expect("piped")).lines();
    let mut number = || said.next().expect("a line").expect("text").parse::<i32>().expect("a number");
    let page = SocketAddr::from(([127, 0, 0, 1], u16::try_from(number()).expect("a port")));
    let first = number();
    assert_eq!(http::get(page, "/health").await.json()["isolation"], "namespaces");
    let kill = |process: i32, signal| {
        let process = rustix::process::Pid::from_raw(process).expect("a number");
        rustix::process::kill_process(process, signal).expect("ours");
    };
    kill(first, Signal::KILL);
    // At once, and while nobody is there: it waits in the kernel for the next one.
    assert_eq!(http::get(page, "/").await.status, 200);
    let second = number();
    assert_ne!(first, second);
    kill(second, Signal::TERM);
    assert!(holder.wait().expect("it ends").success());
}
