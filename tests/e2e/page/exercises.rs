//! The middle of the course with real Python, by somebody who only clicks and types: each lesson to its exercise, past what
//! is meant to break and breaks for the reason that is said; the exercise with what it begins with, which does not pass,
//! then with a program of one's own, and then with the lesson's own solution, which is another one.

use super::{
    LAPTOP,
    lessons::{choose, follow_until, open},
};
use crate::harness::{
    browser::{Browser, Tab, quote},
    server::TestServer,
};

/// A program that is started, on `client` or on `server`.
#[derive(Clone, Copy)]
enum Run {
    /// Ends by itself.
    Client(&'static str),
    /// Ends by itself.
    Server(&'static str),
    /// The same, and it is the exercise's sentence that brings it.
    Linked(&'static str),
    /// Goes on, and is ready once this is in its output.
    Serves(&'static str, &'static str),
}

/// A lesson with its exercise.
struct Written {
    title: &'static str,
    /// What is said when something has broken as it was meant to, and what the event behind it says.
    broken: (&'static str, &'static str),
    /// The exercise's step, as the list of lessons has it.
    step: &'static str,
    /// What does not pass it, and what is said to whoever is stuck then.
    begins: (&'static [Run], &'static str),
    /// The file that is changed, on `server`, and a solution of one's own.
    own: (&'static str, &'static str),
    /// How that is tried out.
    tried: &'static [Run],
    /// What is said once it is passed.
    seen: &'static str,
}

const BIND: Written = Written {
    title: "Bind: who may call",
    broken: ("A server that nobody can visit.", "ECONNREFUSED"),
    step: "Fix it: let others in",
    begins: (
        &[Run::Serves("home_only.py", "listening at"), Run::Client("visit.py")],
        "asked for 10.0.0.1, and was refused",
    ),
    // Two doors, where the lesson's own solution has one for all addresses.
    own: (
        "home_only.py",
        "import select\nimport socket\ndoors = []\nfor address in [\"127.0.0.1\", \"10.0.0.1\"]:\n    s = socket.socket()\n    \
         s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n    s.bind((address, 12345))\n    s.listen(5)\n    doors.append(s)\n\
         print(\"two doors\")\nwhile True:\n    for s in select.select(doors, [], [])[0]:\n        c, addr = s.accept()\n        \
         c.sendall(b\"Welcome\")\n        c.recv(1)\n        c.close()\n",
    ),
    tried: &[
        Run::Serves("home_only.py", "two doors"),
        Run::Client("visit.py"),
        Run::Linked("from_inside.py"),
    ],
    seen: "Both were let in.",
};

const LISTEN: Written = Written {
    title: "Listen: the kernel answers for you",
    broken: ("It listens, on a port nobody knows.", "getsockname()"),
    step: "Fix it: be heard",
    begins: (
        &[Run::Serves("deaf.py", "busy for ten minutes"), Run::Client("says_hello.py")],
        "On server nobody listened",
    ),
    // It notices that somebody has called, and never accepts.
    own: (
        "deaf.py",
        "import select\nimport socket\nimport time\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n\
         s.bind((\"\", 12345))\ns.listen(1)\nprint(\"not deaf\")\nselect.select([s], [], [])\n\
         while True:\n    time.sleep(1)\n",
    ),
    tried: &[Run::Serves("deaf.py", "not deaf"), Run::Client("says_hello.py")],
    seen: "Heard, by the kernel.",
};

const ACCEPT: Written = Written {
    title: "Accept gives a second socket",
    broken: ("Failed: EPIPE.", "EPIPE"),
    step: "Fix it: a letter for each",
    begins: (&[Run::Serves("letters.py", "listening"), Run::Client("two_callers.py")], "Caller 2 waited"),
    // A loop that closes each caller at once, where the lesson's own solution keeps both until they hang up.
    own: (
        "letters.py",
        "import socket\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\ns.bind((\"\", 12345))\n\
         s.listen(5)\nprint(\"a loop\")\nfor letter in [b\"A\", b\"B\"]:\n    c, addr = s.accept()\n    c.sendall(letter)\n    c.close()\n\
         s.close()\n",
    ),
    tried: &[Run::Serves("letters.py", "a loop"), Run::Client("two_callers.py")],
    seen: "A letter for each.",
};

const CLOSE: Written = Written {
    title: "Close, end of file, reset",
    broken: ("RST: broken off.", "RST"),
    step: "Fix it: end in peace",
    begins: (
        &[Run::Serves("rude.py", "listening"), Run::Client("asks.py")],
        "After 24 bytes the connection was broken off",
    ),
    // It says that it has finished, and reads up to the end, where the lesson's own solution reads the question first.
    own: (
        "rude.py",
        "import socket\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\ns.bind((\"\", 12345))\n\
         s.listen(5)\nprint(\"half closed\")\nwhile True:\n    c, addr = s.accept()\n    c.sendall(b\"It is me\")\n    \
         c.shutdown(socket.SHUT_WR)\n    while c.recv(1024):\n        pass\n    c.close()\n",
    ),
    tried: &[Run::Serves("rude.py", "half closed"), Run::Client("asks.py")],
    seen: "An answer, and then the end.",
};

/// Opens a file's tab, whose name says what has become of it, or takes it from those that have no room in the row.
async fn bring(tab: &Tab, side: &str, file: &str) {
    let own = format!("called('#{side} .tab-list', '{file}…')");
    let others = format!("document.querySelector('#{side} .tab-hidden')");
    tab.shows(&format!("{file}, or that there are more"), &format!("{own} || !{others}.hidden")).await;
    if tab.read(&format!("Boolean({own})")).await == "true" {
        return tab.click(&format!("#{side} .tab-list"), &format!("{file}…")).await;
    }
    tab.click_middle(&format!("#{side} .tab-hidden")).await;
    tab.click(".popover", &format!("{file}…")).await;
}

/// Types a program in place of the one that stands in a machine's editor, line by line: the editor indents, and where a block
/// ends Backspace takes a step back. It has no empty lines.
pub(super) async fn type_program(tab: &Tab, side: &str, text: &str) {
    let editor = format!("#{side} .program:not([hidden]) code-editor");
    let full = format!("document.querySelector('{editor}')?.dataset.editor === 'full'");
    tab.shows("the editor (a build by npm)", &full).await;
    tab.click_middle(&editor).await;
    tab.chord("a").await;
    tab.press("Backspace").await;
    let mut offered = 0;
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            tab.press("Enter").await;
        }
        let code = line.trim_start();
        let wanted = line.len() - code.len();
        for _ in (wanted..offered).step_by(STEP) {
            tab.press("Backspace").await;
        }
        tab.put_text(code).await;
        offered = if code.ends_with(':') { wanted + STEP } else { wanted };
    }
    let typed = format!("document.querySelector('{editor}').text.trimEnd() === {}", quote(text.trim_end()));
    tab.shows("what was typed", &typed).await;
}

/// Spaces of one step of indentation.
const STEP: usize = 4;

/// Whether a button with this name can be pressed on a machine.
fn offers(side: &str, name: &str) -> String {
    format!("called('#{side}', '{name}')")
}

async fn start(tab: &Tab, run: Run) {
    let (side, machine, file) = match run {
        Run::Client(file) => ("left", "client", file),
        Run::Server(file) | Run::Linked(file) | Run::Serves(file, _) => ("right", "server", file),
    };
    match run {
        Run::Linked(_) => tab.click("#lesson .sentence", file).await,
        _ => bring(tab, side, file).await,
    }
    let (begin, end) = (format!("Run {file} on {machine}"), format!("Stop {file} on {machine}"));
    if let Run::Serves(_, ready) = run {
        // What broke on purpose may run still.
        if tab.read(&format!("Boolean({})", offers(side, &end))).await == "false" {
            tab.click(&format!("#{side}"), &begin).await;
        }
        tab.sees(&format!("#{side} .program:not([hidden]) output-log"), ready).await;
    } else {
        tab.click(&format!("#{side}"), &begin).await;
        tab.shows(&format!("{file} to have ended"), &offers(side, &begin)).await;
    }
}

/// Stops what still serves.
async fn stop(tab: &Tab, runs: &[Run]) {
    for run in runs {
        let Run::Serves(file, _) = run else { continue };
        bring(tab, "right", file).await;
        let (begin, end) = (format!("Run {file} on server"), format!("Stop {file} on server"));
        if tab.read(&format!("Boolean({})", offers("right", &end))).await == "true" {
            tab.click("#right", &end).await;
        }
        tab.shows(&format!("{file} to have stopped"), &offers("right", &begin)).await;
    }
}

/// What is said to whoever is stuck.
async fn ask(tab: &Tab) {
    if !tab.text("#lesson").await.contains("Not so yet") {
        tab.click("#lesson", "What is missing?").await;
    }
    tab.sees("#lesson .hint", "Not so yet").await;
}

/// To the exercise, past what breaks on the way.
async fn to_the_exercise(tab: &Tab, (said, evidence): (&str, &str)) {
    follow_until(tab, said).await;
    tab.click("#lesson", said).await;
    tab.sees("#wire .wire-details", evidence).await;
    tab.press("Escape").await;
    follow_until(tab, "Exercise:").await;
}

/// An exercise that was passed is taken up again, and the lesson's own solution passes it too, on clean machines.
async fn again(tab: &Tab, step: &str) {
    tab.click("#lesson", "All lessons").await;
    tab.click(".steps", &format!("✓ {step}…")).await;
    tab.sees("#lesson", "Exercise:").await;
    ask(tab).await;
    tab.click("#lesson", "Do it for me").await;
    tab.sees("#lesson .count", "All done").await;
}

/// All of a lesson that is open.
async fn whole(tab: &Tab, lesson: &Written) {
    to_the_exercise(tab, lesson.broken).await;
    let (begins, clue) = lesson.begins;
    for run in begins {
        start(tab, *run).await;
    }
    ask(tab).await;
    tab.sees("#lesson .hint", clue).await;
    stop(tab, begins).await;
    let (file, text) = lesson.own;
    bring(tab, "right", file).await;
    type_program(tab, "right", text).await;
    for run in lesson.tried {
        start(tab, *run).await;
    }
    tab.sees("#lesson", lesson.seen).await;
    tab.sees("#lesson .count", "All done").await;
    again(tab, lesson.step).await;
}

#[tokio::test]
async fn bind_listen_and_accept_in_one_room() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "bind").await;
    whole(&tab, &BIND).await;
    for lesson in [&LISTEN, &ACCEPT] {
        choose(&tab, lesson.title).await;
        whole(&tab, lesson).await;
    }
}

/// The two about ends: how a connection comes to one, and what is left of it for a minute.
#[tokio::test]
async fn close_and_restart_in_one_room() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "close").await;
    whole(&tab, &CLOSE).await;

    choose(&tab, "Restart: address already in use").await;
    to_the_exercise(&tab, ("Failed, with SO_REUSEADDR.", "EADDRINUSE")).await;
    // The old connection still rests: what the exercise begins with cannot even start.
    start(&tab, Run::Server("again.py")).await;
    ask(&tab).await;
    tab.sees("#lesson .hint", "the socket was not told to reuse the address").await;
    tab.click("#right .failure", "Fresh network").await;
    // A server that lets its caller finish first, without the option that the lesson's own solution sets.
    let own = "import socket\ns = socket.socket()\ns.bind((\"\", 12345))\ns.listen(5)\nprint(\"waits for its caller\")\n\
               while True:\n    c, addr = s.accept()\n    c.sendall(b\"Goodbye\")\n    while c.recv(1024):\n        pass\n    c.close()\n";
    bring(&tab, "right", "again.py").await;
    type_program(&tab, "right", own).await;
    let serves = Run::Serves("again.py", "waits for its caller");
    start(&tab, serves).await;
    start(&tab, Run::Client("call_once.py")).await;
    stop(&tab, &[serves]).await;
    start(&tab, serves).await;
    tab.sees("#lesson", "Started again within a minute.").await;
    tab.sees("#lesson .count", "All done").await;
    again(&tab, "Fix it: again, at once").await;
}
