//! The first lessons of the course, by somebody who only clicks and types: to the exercise, which the program that it begins
//! with does not pass, and past it with a program of their own. What "do it for me" writes is another one. All exercises, with
//! two solutions each, are in `lesson_walk/exercises.rs`.

use super::{
    LAPTOP, PHONE,
    exercises::type_program,
    lessons::{choose, follow_until, open},
};
use crate::harness::{
    browser::{Browser, Tab},
    server::TestServer,
};

/// A lesson with its exercise.
struct Written {
    title: &'static str,
    /// What the exercise is about, on `client`.
    file: &'static str,
    /// What is said about the program as it comes.
    clue: &'static str,
    /// A solution of one's own.
    own: &'static str,
    /// What is said once that has run.
    seen: &'static str,
}

const SOCKET: Written = Written {
    title: "Make a socket",
    file: "three_sockets.py",
    clue: "Line 11 made socket number 5 while the others were open: look at event",
    own: "import socket\nb = socket.socket()\nwith socket.socket() as a:\n    print(a.fileno())\nc = socket.socket()\nprint(c.fileno())\n",
    seen: "A free number was used again.",
};

const NAMES: Written = Written {
    title: "From name to address",
    file: "by_name.py",
    clue: "Line 10 connected to 10.0.0.1, and that gave ECONNREFUSED",
    own: "import socket\nfor family, kind, proto, _, address in socket.getaddrinfo('tutorial', 12345, type=socket.SOCK_STREAM):\n    \
          s = socket.socket(family, kind, proto)\n    s.connect(address)\n    print(s.recv(100))\n    s.close()\n    break\n",
    seen: "It asked first, and connected.",
};

/// Opens a file's tab, whose name says what has become of it.
async fn bring(tab: &Tab, file: &str) {
    tab.click("#left .tab-list", &format!("{file}…")).await;
}

/// Opens a file's tab, presses Run, and waits until the program has ended.
async fn run(tab: &Tab, file: &str) {
    bring(tab, file).await;
    tab.click("#left", &format!("Run {file} on client")).await;
    tab.shows("it to have ended", &format!("called('#left', 'Run {file} on client')")).await;
}

/// To the exercise, through what does not pass it, and past it.
async fn whole(tab: &Tab, lesson: &Written) {
    follow_until(tab, "Exercise:").await;
    run(tab, lesson.file).await;
    if !tab.text("#lesson").await.contains("Not so yet") {
        tab.click("#lesson", "What is missing?").await;
    }
    tab.sees("#lesson .hint", lesson.clue).await;
    bring(tab, lesson.file).await;
    type_program(tab, "left", lesson.own).await;
    run(tab, lesson.file).await;
    tab.sees("#lesson", lesson.seen).await;
    tab.sees("#lesson .count", "All done").await;
}

#[tokio::test]
async fn a_socket_and_a_name_with_help_in_three_strengths() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "socket").await;
    tab.sees("#lesson", "How many packets does that send?").await;
    follow_until(&tab, "Exercise:").await;
    run(&tab, SOCKET.file).await;
    // The first strength leads to the event, on the smallest telephone too.
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
    choose(&tab, NAMES.title).await;
    whole(&tab, &NAMES).await;
}
