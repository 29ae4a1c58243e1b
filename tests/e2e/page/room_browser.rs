//! The room's browser: a learner's web server is tried from another machine, and neither a page nor a server does anything
//! to whoever looks at it.

use super::{LAPTOP, first_visit};
use crate::harness::{
    browser::{Browser, Tab, quote},
    root,
    server::TestServer,
    site::Site,
};

/// A server that redirects for ever, says half of what HTTP wants, or never answers.
const HOSTILE: &str = r#"import socket
with socket.create_server(("", 8080)) as srv:
    print("hostile")
    while True:
        conn, _ = srv.accept()
        with conn:
            path = conn.recv(4096).split()[1]
            print(path)
            try:
                if path == b"/loop":
                    conn.sendall(b"HTTP/1.1 302 Found\r\nLocation: /loop\r\n\r\n")
                elif path == b"/bare":
                    conn.sendall(b"<h1>Hello</h1>")
                elif path == b"/short":
                    conn.sendall(b"HTTP/1.1 200 OK\nContent-Length: 500\n\nhello")
                else:
                    conn.recv(4096)
                    print("it gave up")
            except OSError as error:
                print(type(error).__name__)
"#;

/// A server that answers each connection on a thread of a pool, and says which pool.
const POOL: &str = r#"import concurrent.futures, socket, threading
def answer(connection):
    with connection:
        name = connection.recv(4096).split()[1].decode().lstrip("/")
        kind = "image/png" if name.endswith(".png") else "text/html"
        with open(name, "rb") as file:
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode() + file.read())
    print(threading.current_thread().name.partition("_")[0], "sent", name)
with socket.create_server(("", 8000)) as listener, concurrent.futures.ThreadPoolExecutor(4) as pool:
    print("pool")
    while True:
        pool.submit(answer, listener.accept()[0])
"#;

/// A picture of one pixel, in JavaScript.
const PIXEL: &str = "Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='), (letter) => letter.charCodeAt(0))";

/// A page that tries to run, to fetch and to lead away, and has a picture, a style and links. `SPY` is another site.
const EVIL: &str = r#"<!doctype html>
<title>Evil</title>
<base target="_top">
<meta http-equiv="refresh" content="0; url=SPY/refresh">
<link rel="stylesheet" href="SPY/style.css"><link rel="preconnect" href="SPY">
<style>h1 { color: rgb(1, 2, 3) }</style>
<h1 onclick="top.document.title = 'stolen'">Look</h1>
<script>top.document.title = "stolen"; fetch("SPY/fetch")</script>
<script src="SPY/script.js"></script>
<img src="dot.png" onload="top.document.title = 'stolen'"><img src="SPY/picture.png">
<iframe src="SPY/frame.html"></iframe><object data="SPY/object"></object>
<template><img src="SPY/template.png"></template>
<svg><style><img src="SPY/svg.png"></style><image href="SPY/image.png"/></svg>
<video src="SPY/film.mp4" poster="SPY/poster.png" autoplay></video>
<form action="SPY/form"><input autofocus></form>
<a href="HelloWorld.html">home</a> <a href="https://server/">safe</a> <a href="javascript:top.document.title='stolen'">js</a>
"#;

/// Puts files on a machine, as somebody who drops them; each has a JavaScript expression for what is in it.
async fn drop_on(tab: &Tab, side: &str, files: &[(&str, String)]) {
    let files: String = files
        .iter()
        .map(|(name, content)| format!("items.add(new File([{content}], {}));", quote(name)))
        .collect();
    tab.script(&format!(
        "const dataTransfer = new DataTransfer();
         const {{ items }} = dataTransfer;
         {files}
         document.querySelector('#{side} .workspace').dispatchEvent(new DragEvent('drop', {{ dataTransfer, bubbles: true, cancelable: true }}));"
    ))
    .await;
}

/// Opens an address in place of the one that stands there, as somebody who pastes it and presses Enter.
async fn open(tab: &Tab, address: &str) {
    tab.shows("nothing to be opened", "called('.browser-bar', 'Open')").await;
    let address = quote(address);
    tab.script(&format!(
        "const field = document.querySelector('.browser-address');
         field.focus();
         field.value = {address};"
    ))
    .await;
    tab.press("Enter").await;
}

/// A condition on the page in the frame: `page`, as it was given to the browser of whoever looks.
fn page(condition: &str) -> String {
    format!(
        "((page) => page && {condition})(document.querySelector('.browser-frame').contentDocument.querySelector('iframe')?.srcdoc)"
    )
}

#[tokio::test]
async fn a_learners_server_is_tried_from_another_machine() {
    let server = TestServer::shared();
    let spy = Site::open().await;
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    let own = std::fs::read_to_string(root().join("tests/cases/19-web-server-one-at-a-time/server.py"))
        .expect("the case");
    let evil = EVIL.replace("SPY", &spy.origin());
    drop_on(
        &tab,
        "right",
        &[
            ("hostile.py", quote(HOSTILE)),
            ("server.py", quote(&own)),
            ("evil.html", quote(&evil)),
            ("dot.png", PIXEL.to_owned()),
        ],
    )
    .await;
    tab.sees("notice-bar", "4 files are on server now.").await;

    // Before anybody listens.
    tab.click("#left", "New file on client").await;
    tab.click(".file-menu", "Browser").await;
    open(&tab, "https://server/").await;
    tab.sees("#left .browser .program-fault", "This browser opens http:// only, not https://").await;
    tab.script("document.querySelector('.browser-address').select()").await;
    tab.type_text("server:6789").await;
    tab.press("Enter").await;
    tab.sees("#left .browser .failure", "ECONNREFUSED 111").await;
    tab.sees("#left .browser .failure", "server answered, but nothing listens on port 6789").await;
    tab.sees("#left .browser-status", "No page came.").await;
    // Its calls are on the wire as any program's.
    for call in ["getaddrinfo()", "connect()", "SYN", "nobody there"] {
        tab.sees("#wire", call).await;
    }

    tab.script("document.querySelector('#right .machine-tab[data-key=\"server.py\"]').click()").await;
    tab.click("#right", "Run server.py on server").await;
    tab.sees("#right output-log", "Ready to serve on server:6789").await;
    open(&tab, "server:6789/HelloWorld.html").await;
    tab.sees("#left .browser-status", "Hi · 200 OK · text/html · 54 bytes").await;
    tab.shows("the page", &page("page.includes('<h1>Hello, World</h1>')")).await;
    tab.sees("#right output-log", "10.0.0.2 GET /HelloWorld.html -> 200 OK").await;
    tab.sees("#wire", "recv(65536)").await;
    tab.click("#left", "As it went over the wire…").await;
    tab.sees("#left .browser-drawer", "GET /HelloWorld.html HTTP/1.1␍ Host: server:6789␍").await;
    tab.sees("#left .browser-drawer", "HTTP/1.1 200 OK␍ Content-Type: text/html; charset=utf-8␍").await;
    tab.fits().await;
    tab.screenshot("browser-1280").await;
    open(&tab, "server:6789/nowhere.html").await;
    tab.sees("#left .browser-status", "404 Not Found · text/html").await;

    looks_at_an_evil_page(&tab, &spy).await;

    tab.click("#right", "Stop server.py on server").await;
    tab.sees("#right output-log", "KeyboardInterrupt").await;
    tries_a_hostile_server(&tab).await;
    tab.click("#left", "Close the browser").await;
    tab.shows("no browser", "!document.querySelector('.browser')").await;
    // That handlers of a page were refused is said in the console, and nothing else.
    browser.forgive(|complaint| complaint.contains("inline event handler violates"));
}

/// A server with a pool of threads, and a page of several pictures: each is fetched over a connection of its own.
#[tokio::test]
async fn a_pool_of_threads_serves_a_page_with_pictures() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    let album = "<title>Album</title><img src=one.png><img src=two.png><img src=three.png>";
    let mut files = vec![("server.py", quote(POOL)), ("album.html", quote(album))];
    files.extend(["one.png", "two.png", "three.png"].map(|name| (name, PIXEL.to_owned())));
    drop_on(&tab, "right", &files).await;
    tab.sees("notice-bar", "5 files are on server now.").await;
    tab.script("document.querySelector('#right .machine-tab[data-key=\"server.py\"]').click()").await;
    tab.click("#right", "Run server.py on server").await;
    tab.sees("#right output-log", "pool").await;
    tab.click("#left", "New file on client").await;
    tab.click(".file-menu", "Browser").await;
    open(&tab, "server:8000/album.html").await;
    tab.sees("#left .browser-status", "Album · 200 OK").await;
    tab.shows("three pictures", &page("page.split('data:image/png;base64,iVBOR').length === 4")).await;
    for file in ["album.html", "one.png", "two.png", "three.png"] {
        tab.sees("#right output-log", &format!("ThreadPoolExecutor-0 sent {file}")).await;
    }
    tab.click("#right", "Stop server.py on server").await;
    tab.shows("its end", "called('#right', 'Run server.py on server')").await;
}

async fn looks_at_an_evil_page(tab: &Tab, spy: &Site) {
    open(tab, "server:6789/evil.html").await;
    tab.shows(
        "its picture, fetched by a second connection",
        &page("page.includes('data:image/png;base64,iVBOR')"),
    )
    .await;
    for request in ["GET /evil.html -> 200 OK", "GET /dot.png -> 200 OK"] {
        tab.sees("#right output-log", request).await;
    }
    for said in [
        "4 scripts on this page were not run",
        "A style sheet was not asked for",
        "2 frames in this page were left out.",
        "Its form cannot be sent from here.",
        "2 pictures of other places were not asked for",
    ] {
        tab.sees("#left .browser-left", said).await;
    }
    let shown = page(&format!("page.includes('rgb(1, 2, 3)') && !page.includes({})", quote(&spy.origin())));
    tab.shows("its own style, and no address of elsewhere", &shown).await;
    assert_eq!(tab.read("document.title").await, "Wireside");
    assert_eq!(spy.visits(), 0, "nobody came from that page to another site");
    tab.click("#left", "3 links on this page").await;
    tab.sees("#left .browser-links", "https://server/ This browser opens http:// only, not https://").await;
    tab.sees("#left .browser-links", "this is a script, and it runs none").await;
    tab.click("#left .browser-links", "home").await;
    tab.sees("#left .browser-status", "Hi · 200 OK").await;
    tab.click("#left", "Back").await;
    tab.sees("#left .browser-status", "Evil · 200 OK").await;
}

async fn tries_a_hostile_server(tab: &Tab) {
    tab.script("document.querySelector('#right .machine-tab[data-key=\"hostile.py\"]').click()").await;
    tab.click("#right", "Run hostile.py on server").await;
    tab.sees("#right output-log", "hostile").await;
    open(tab, "server:8080/bare").await;
    tab.sees("#left .browser-status", "No status line · 14 bytes").await;
    tab.sees("#left .browser-notes", "There is no status line: the answer begins with “<h1>Hello</h1>”")
        .await;
    open(tab, "server:8080/short").await;
    tab.sees(
        "#left .browser-notes",
        "The connection ended after 5 of the 500 bytes that Content-Length says.",
    )
    .await;
    tab.sees("#left .browser-notes", "The lines of the head end with \\n alone.").await;
    open(tab, "server:8080/loop").await;
    tab.sees("#left .browser-notes", "has sent this browser on 6 times, and it follows 5 times at most")
        .await;
    tab.sees("#left .browser-drawer", "6 requests").await;
    open(tab, "server:8080/never").await;
    tab.sees("#left .browser-waiting", "The request is sent. Waiting").await;
    tab.sees("#left .browser-waiting", "for the first byte of the answer.").await;
    tab.click("#left .browser-bar", "Stop").await;
    tab.sees("#left .browser-status", "Stopped. Nothing had come.").await;
    tab.sees("#right output-log", "it gave up").await;
    tab.fits().await;
    tab.screenshot("browser-stopped").await;
    tab.click("#right", "Stop hostile.py on server").await;
}
