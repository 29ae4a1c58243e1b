//! The first lessons of the course, by somebody who only clicks and types: to the exercise, which the program that it begins
//! with does not pass, and past it with a program of their own. What "do it for me" writes is another one.

use super::{
    LAPTOP, PHONE,
    lessons::{choose, follow_until, open},
    programs::write_program,
};
use crate::harness::{
    browser::{Browser, Tab},
    server::TestServer,
};

/// A program on a side of the page, and what it prints once others may go on.
struct Run {
    side: &'static str,
    file: &'static str,
    /// It is a server.
    prints: Option<&'static str>,
    /// It ends by itself: nobody has to stop it.
    ends: bool,
}

const fn server(file: &'static str, prints: &'static str) -> Run {
    Run { side: "right", file, prints: Some(prints), ends: false }
}

const fn client(file: &'static str) -> Run {
    Run { side: "left", file, prints: None, ends: true }
}

/// A lesson with its exercise.
struct Written {
    title: &'static str,
    /// What is run, the first being what the exercise is about.
    runs: &'static [Run],
    /// What is said about the program as it comes.
    clue: &'static str,
    /// A solution of one's own.
    own: &'static str,
    /// What is said once that has run.
    seen: &'static str,
}

const SOCKET: Written = Written {
    title: "Make a socket",
    runs: &[client("three_sockets.py")],
    clue: "Line 11 made socket number 5 while the others were open: look at event",
    own: "import socket\nb = socket.socket()\nwith socket.socket() as a:\n    print(a.fileno())\nc = socket.socket()\nprint(c.fileno())\n",
    seen: "A free number was used again.",
};

const NAMES: Written = Written {
    title: "From name to address",
    runs: &[client("by_name.py")],
    clue: "Line 10 connected to 10.0.0.1, and that gave ECONNREFUSED",
    own: "import socket\nfor family, kind, proto, _, address in socket.getaddrinfo('tutorial', 12345, type=socket.SOCK_STREAM):\n    \
          s = socket.socket(family, kind, proto)\n    s.connect(address)\n    print(s.recv(100))\n    s.close()\n    break\n",
    seen: "It asked first, and connected.",
};

const BIND: Written = Written {
    title: "Bind: who may call",
    runs: &[server("home_only.py", "listening at"), client("visit.py")],
    clue: "client asked for 10.0.0.1, and was refused: look at event",
    own: "import socket\ns = socket.create_server(('0.0.0.0', 12345))\nprint('listening at', s)\nwhile True:\n    c, addr = s.accept()\n    \
          c.sendall(b'Welcome')\n    c.recv(1)\n    c.close()\n",
    seen: "Both were let in.",
};

const LISTEN: Written = Written {
    title: "Listen: the kernel answers for you",
    runs: &[server("deaf.py", "busy for ten minutes"), client("says_hello.py")],
    clue: "Your connect was refused after 1 SYN, with RST+ACK: look at event",
    own: "import socket, time\ns = socket.create_server(('', 12345))\nprint('busy for ten minutes')\ntime.sleep(600)\n",
    seen: "Heard, by the kernel.",
};

const ACCEPT: Written = Written {
    title: "Accept gives a second socket",
    runs: &[
        Run { side: "right", file: "letters.py", prints: Some("listening"), ends: true },
        client("two_callers.py"),
    ],
    clue: "Caller 2 waited 2,0",
    own: "import socket\ns = socket.create_server(('', 12345))\nprint('listening')\nfor letter in [b'A', b'B']:\n    c, addr = s.accept()\n    \
          c.sendall(letter)\n    c.close()\n",
    seen: "A letter for each.",
};

const CLOSE: Written = Written {
    title: "Close, end of file, reset",
    runs: &[server("rude.py", "listening"), client("asks.py")],
    clue: "After 24 bytes the connection was broken off: look at event",
    own: "import socket\ns = socket.create_server(('', 12345))\nprint('listening')\nwhile True:\n    c, addr = s.accept()\n    \
          c.sendall(b'You are welcome')\n    c.shutdown(socket.SHUT_WR)\n    while c.recv(1024):\n        pass\n    c.close()\n",
    seen: "An answer, and then the end.",
};

/// Opens a file's tab, whose name says what has become of it.
async fn bring(tab: &Tab, side: &str, file: &str) {
    tab.click(&format!("#{side} .tab-list"), &format!("{file}…")).await;
}

/// Opens a file's tab and presses Run.
async fn run(tab: &Tab, Run { side, file, prints, .. }: &Run) {
    let machine = if *side == "left" { "client" } else { "server" };
    bring(tab, side, file).await;
    tab.click(&format!("#{side}"), &format!("Run {file} on {machine}")).await;
    match prints {
        Some(text) => tab.sees(&format!("#{side} .program:not([hidden])"), text).await,
        None => {
            let ended = format!("called('#{side}', 'Run {file} on {machine}')");
            tab.shows("it to have ended", &ended).await;
        }
    }
}

/// Stops a server, or waits until it has ended.
async fn stop(tab: &Tab, Run { side, file, ends, .. }: &Run) {
    bring(tab, side, file).await;
    if !ends {
        tab.click(&format!("#{side}"), &format!("Stop {file} on server")).await;
    }
    tab.shows("it to be stopped", &format!("called('#{side}', 'Run {file} on server')")).await;
}

/// To the exercise, through what does not pass it, and past it.
async fn whole(tab: &Tab, lesson: &Written) {
    follow_until(tab, "Exercise:").await;
    for one in lesson.runs {
        run(tab, one).await;
    }
    if !tab.text("#lesson").await.contains("Not so yet") {
        tab.click("#lesson", "What is missing?").await;
    }
    tab.sees("#lesson .hint", lesson.clue).await;
    let [exercise, ..] = lesson.runs else { return };
    if exercise.prints.is_some() {
        stop(tab, exercise).await;
    }
    bring(tab, exercise.side, exercise.file).await;
    write_program(tab, exercise.side, lesson.own).await;
    for one in lesson.runs {
        run(tab, one).await;
    }
    if lesson.title == BIND.title {
        tab.click("#lesson .hint", "from_inside.py").await;
        run(tab, &Run { side: "right", file: "from_inside.py", prints: Some("Welcome"), ends: true }).await;
    }
    tab.sees("#lesson", lesson.seen).await;
    tab.sees("#lesson .count", "All done").await;
    if exercise.prints.is_some() {
        stop(tab, exercise).await;
    }
}

#[tokio::test]
async fn a_socket_a_name_and_who_may_call() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "socket").await;
    tab.sees("#lesson", "How many packets does that send?").await;
    follow_until(&tab, "Exercise:").await;
    run(&tab, &SOCKET.runs[0]).await;
    // Help in three strengths, of which the first leads to the event, on the smallest telephone too.
    tab.click("#lesson", "What is missing?").await;
    tab.sees("#lesson .hint", SOCKET.clue).await;
    tab.sees_no("#lesson .hint", "Write a.close()").await;
    tab.click("#lesson .hint", "A stronger hint").await;
    tab.click("#lesson .hint", "How it goes").await;
    tab.sees("#lesson .hint", "Write a.close() on a line of its own").await;
    tab.click("#lesson .hint", "event …").await;
    tab.sees("#wire", "socket() → fd 5").await;
    tab.resize(PHONE.0, PHONE.1).await;
    tab.fits().await;
    tab.screenshot("course-hint-320").await;
    tab.resize(LAPTOP.0, LAPTOP.1).await;
    whole(&tab, &SOCKET).await;
    for lesson in [&NAMES, &BIND, &LISTEN] {
        choose(&tab, lesson.title).await;
        whole(&tab, lesson).await;
    }
}

#[tokio::test]
async fn a_letter_each_an_end_in_peace_and_a_second_start() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "accept").await;
    whole(&tab, &ACCEPT).await;
    choose(&tab, CLOSE.title).await;
    whole(&tab, &CLOSE).await;
    choose(&tab, "Restart: address already in use").await;
    follow_until(&tab, "Exercise:").await;
    // As it was, it cannot be started again; in a fresh network and with the option it can.
    let again = self::server("again.py", "listening");
    run(&tab, &again).await;
    run(&tab, &client("call_once.py")).await;
    stop(&tab, &again).await;
    tab.click("#right", "Run again.py on server").await;
    tab.sees("#right .failure", "EADDRINUSE 98").await;
    tab.click("#lesson", "What is missing?").await;
    tab.sees("#lesson .hint", "the socket was not told to reuse the address").await;
    tab.click("#right .failure", "Fresh network").await;
    write_program(
        &tab,
        "right",
        "import socket\ns = socket.create_server(('', 12345))\nprint('listening')\nwhile True:\n    c, addr = s.accept()\n    \
         c.sendall(b'Thanks')\n    c.close()\n",
    )
    .await;
    run(&tab, &again).await;
    run(&tab, &client("call_once.py")).await;
    stop(&tab, &again).await;
    run(&tab, &again).await;
    tab.sees("#lesson", "Started again within a minute.").await;
    tab.sees("#lesson .count", "All done").await;
}
