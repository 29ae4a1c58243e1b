//! What belongs together is raised together: lines of code, calls and packets.

use super::{LAPTOP, do_line, first_visit, new_room, wire::set};
use crate::harness::{
    browser::{Browser, Tab, quote},
    server::TestServer,
};

/// Where a line of a program stands that contains `part`.
fn line_of_code(side: &str, part: &str) -> String {
    format!(
        "(() => {{
            const editor = document.querySelector('#{side} .program:not([hidden]) code-editor');
            const lines = [...editor.shadowRoot.querySelectorAll('.cm-line')];
            const line = lines.find((one) => one.textContent.includes({}));
            const {{ left, top, height }} = line.getBoundingClientRect();
            return {{ x: left + 40, y: top + height / 2 }};
        }})()",
        quote(part)
    )
}

/// The marked lines of a machine's program are exactly those that contain these.
async fn marked(tab: &Tab, side: &str, parts: &[&str]) {
    let all = parts.iter().map(|part| quote(part)).collect::<Vec<_>>().join(", ");
    let condition = format!(
        "(() => {{
            const editor = document.querySelector('#{side} .program:not([hidden]) code-editor');
            const lines = [...editor.shadowRoot.querySelectorAll('.cm-mark-linked')].map((one) => one.textContent);
            const parts = [{all}];
            return lines.length === parts.length && parts.every((part, at) => lines[at].includes(part));
        }})()"
    );
    tab.shows(&format!("{parts:?} to be marked on {side}"), &condition).await;
}

/// Whether words on the wire are raised, one of them at least.
fn raised(words: &str) -> String {
    format!(
        "document.querySelector('.wire-drawing.lowered') &&
         [...document.querySelectorAll('.wire-drawing .text.lit')].some((one) => one.textContent.startsWith({}))",
        quote(words)
    )
}

/// Where words on the wire stand, the newest of them.
fn words_on_the_wire(words: &str) -> String {
    let words = quote(words);
    format!(
        "(() => {{
            const texts = [...document.querySelectorAll('.wire-drawing .text')];
            const {{ left, top, width, height }} = texts.findLast((one) => one.textContent.startsWith({words})).getBoundingClientRect();
            return {{ x: left + width / 2, y: top + height / 2 }};
        }})()"
    )
}

const NOTHING: &str = "({ x: 2, y: 2 })";
const THREADS: &str = "document.querySelectorAll('.code-thread').length";

#[tokio::test]
async fn a_line_of_code_raises_what_it_did_and_a_packet_its_lines() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    // So tall that all of it is seen at once.
    let tab = first_visit(&browser, &server, (1280, 1600)).await;
    tab.shows("the editors", "[...document.querySelectorAll('#left code-editor, #right code-editor')].every((one) => one.dataset.editor === 'full')").await;
    tab.click("#right", "Run server.py on server").await;
    tab.sees("#right .machine-state", "waiting in accept()").await;
    // A way so long that recv() waits before anything comes.
    set(&tab, "wire-delay", "300").await;
    tab.sees("#wire .wire-head", "300 ms each way").await;
    tab.click("#left", "Run client.py on client").await;
    tab.sees("#left output-log", "Thank you for connecting").await;
    tab.sees("#wire", "TIME_WAIT").await;

    tab.point_at("the line with connect()", &line_of_code("left", "connect(")).await;
    for words in ["SYN", "SYN ACK", "connect()", "ESTABLISHED"] {
        tab.shows(&format!("{words} to be raised"), &raised(words)).await;
    }
    assert_eq!(tab.read(&format!("{} || false", raised("PSH ACK"))).await, "false");
    marked(&tab, "left", &["connect("]).await;
    // accept() waited for that.
    marked(&tab, "right", &["accept("]).await;
    tab.shows("threads from both", &format!("{THREADS} === 2")).await;
    tab.screenshot("links-1280").await;

    tab.point_at("the data", &words_on_the_wire("PSH ACK 24 B")).await;
    marked(&tab, "left", &["recv("]).await;
    marked(&tab, "right", &["sendall("]).await;

    tab.point_at("nothing", NOTHING).await;
    tab.shows("everything as usual", "!document.querySelector('.wire-drawing.lowered')").await;
    marked(&tab, "left", &[]).await;
    tab.shows("no thread", &format!("{THREADS} === 0")).await;

    // The same by the keyboard: an event that has the focus.
    tab.region("wire").await;
    for _ in 0..40 {
        if tab.focus().await.contains("PSH ACK") {
            break;
        }
        tab.press("ArrowUp").await;
    }
    marked(&tab, "right", &["sendall("]).await;

    // A text that has changed since says nothing of what ran.
    tab.script("document.querySelector('#right .program:not([hidden]) code-editor').text += '\\n# changed'")
        .await;
    tab.point_at("the line with sendall()", &line_of_code("right", "sendall(")).await;
    tab.press("ArrowUp").await;
    tab.press("ArrowDown").await;
    marked(&tab, "right", &[]).await;
}

#[tokio::test]
async fn a_line_by_hand_raises_what_it_did() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    do_line(&tab, "left", "s = socket.socket()").await;
    do_line(&tab, "left", "s.connect((\"tutorial\", 12345))").await;
    let entry = |part: &str| {
        format!(
            "place([...document.querySelectorAll('#left .cc-line')].find((one) => one.textContent.includes({})))",
            quote(part)
        )
    };
    tab.point_at("the line with connect()", &entry("connect(")).await;
    for words in ["SYN", "connect()", "getaddrinfo"] {
        tab.shows(&format!("{words} to be raised"), &raised(words)).await;
    }
    tab.point_at("the call", &words_on_the_wire("socket()")).await;
    let linked = "[...document.querySelectorAll('#left .cc-entry.linked .cc-line')].map((one) => one.textContent).join()";
    tab.shows("its line to be marked", &format!("{linked} === 's = socket.socket()'")).await;
    tab.shows("a thread", &format!("{THREADS} === 1")).await;
    tab.screenshot("links-by-hand-1280").await;
}
