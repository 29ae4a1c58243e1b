//! By the keyboard alone, on a laptop and at the width of a telephone: F6 between regions, Tab within them.

use super::{LAPTOP, PHONE, do_line, new_room, newest_is, type_line};
use crate::harness::{browser::Browser, server::TestServer};

async fn both_sides(size: (u32, u32), name: &str) {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, size).await;
    let (left, right) = ("left", "right");

    // A ready-made server.
    do_line(&tab, left, "socket.getaddrinfo(\"tutorial\", 12345)").await;
    do_line(&tab, left, "s = socket.socket()").await;
    do_line(&tab, left, "s.connect((\"tutorial\", 12345))").await;
    do_line(&tab, left, "s.recv(1024)").await;
    tab.sees("#left .cc-log", "b'Thank you for connecting'").await;
    do_line(&tab, left, "s.recv(1024)").await;
    tab.sees("#left .cc-log", "b''").await;
    do_line(&tab, left, "s.close()").await;

    // A server of one's own.
    do_line(&tab, right, "s = socket.socket()").await;
    do_line(&tab, right, "s.bind((\"\", 12345))").await;
    do_line(&tab, right, "s.listen(5)").await;
    type_line(&tab, right, "conn, addr = s.accept()").await;
    newest_is(&tab, right, "conn, addr = s.accept()", "waiting").await;
    do_line(&tab, left, "s = socket.socket()").await;
    do_line(&tab, left, "s.connect((\"server\", 12345))").await;
    newest_is(&tab, right, "conn, addr = s.accept()", "done").await;
    do_line(&tab, left, "s.sendall(b\"Hello, server\")").await;
    do_line(&tab, right, "conn.recv(1024)").await;
    tab.sees("#right .cc-log", "b'Hello, server'").await;
    do_line(&tab, right, "conn.sendall(b\"Hello, client\")").await;
    do_line(&tab, left, "s.recv(1024)").await;
    tab.sees("#left .cc-log", "b'Hello, client'").await;
    do_line(&tab, left, "s.shutdown(socket.SHUT_WR)").await;
    do_line(&tab, right, "conn.recv(1024)").await;
    do_line(&tab, right, "conn.close()").await;
    do_line(&tab, left, "s.close()").await;

    // Nobody listens there.
    do_line(&tab, left, "s = socket.socket()").await;
    type_line(&tab, left, "s.connect((\"server\", 54321))").await;
    newest_is(&tab, left, "s.connect((\"server\", 54321))", "failed").await;
    tab.sees("#left .cc-log", "ECONNREFUSED 111").await;
    tab.fits().await;
    tab.screenshot(&format!("keyboard-{name}")).await;
}

#[tokio::test]
async fn both_sides_on_a_laptop() {
    both_sides(LAPTOP, "1280").await;
}

#[tokio::test]
async fn both_sides_on_a_telephone() {
    both_sides(PHONE, "320").await;
}

#[tokio::test]
async fn the_lessons_button_is_reached_and_pressed() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    tab.region("left").await;
    tab.tab_to("socket.getaddrinfo(\"tutorial\", 12345)").await;
    tab.press("Enter").await;
    tab.sees("#left .cc-log", "10.0.0.10").await;
    tab.sees("#lesson .count", "2 of 17").await;
}

#[tokio::test]
async fn the_wire_is_walked_through_and_its_details_opened() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    do_line(&tab, "left", "s = socket.socket()").await;
    do_line(&tab, "left", "s.connect((\"tutorial\", 12345))").await;
    tab.sees("#wire", "SYN").await;
    tab.region("wire").await;
    tab.press("Tab").await;
    let row = "document.activeElement?.closest('[role=row]') !== null";
    for _ in 0..20 {
        if tab.read(row).await == "true" {
            break;
        }
        tab.press("Tab").await;
    }
    tab.shows("a row of the events to have the focus", row).await;
    tab.press("Home").await;
    let first = tab.focus().await;
    for _ in 0..12 {
        tab.press("ArrowDown").await;
    }
    assert_ne!(tab.focus().await, first);
    // Up to the last packet, which is one that somebody caused.
    tab.press("End").await;
    tab.arrow_to("ArrowUp", "Packet").await;
    tab.press("Enter").await;
    tab.sees("#wire", "sequence number").await;
    tab.screenshot("details-1280").await;
    tab.press("Escape").await;
    tab.shows("the focus to be back on the row", row).await;
}

#[tokio::test]
async fn history_and_what_cannot_be_read() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    // Within one machine: by path, and as a pair.
    do_line(&tab, "left", "u = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)").await;
    do_line(&tab, "left", "u.bind(\"/tmp/talk\")").await;
    do_line(&tab, "left", "a, b = socket.socketpair(type=socket.SOCK_DGRAM)").await;
    do_line(&tab, "left", "a.sendto(b\"by path\", \"/tmp/talk\")").await;
    do_line(&tab, "left", "u.recv(10)").await;
    tab.sees("#left .cc-entry:last-child", "b'by path'").await;
    do_line(&tab, "left", "b.send(b\"to a\")").await;
    do_line(&tab, "left", "a.recv(10)").await;
    tab.sees("#left .cc-entry:last-child", "b'to a'").await;
    do_line(&tab, "left", "s = socket.socket()").await;
    let value = "active().value";
    tab.press("ArrowUp").await;
    assert_eq!(tab.read(value).await, "s = socket.socket()");
    tab.press("ArrowDown").await;
    assert_eq!(tab.read(value).await, "");
    for line in ["s.bind((\"\", 65536))", "s.bind((\"\", -1))", "s.conect((\"server\", 1))", "x.send(b\"\")"]
    {
        type_line(&tab, "left", line).await;
        newest_is(&tab, "left", line, "failed").await;
        // A line that could not be read stays to be corrected.
        tab.press("End").await;
        for _ in line.chars() {
            tab.press("Backspace").await;
        }
        assert_eq!(tab.read(value).await, "", "what was typed can be taken away: {line}");
    }
    tab.screenshot("faults-1280").await;
    // Nothing of it was a call.
    let calls = tab.text("#wire").await;
    assert!(!calls.contains("bind"), "{calls}");
    // What Python can do and one call a line cannot is no error of Python's.
    type_line(&tab, "left", "while True: pass").await;
    newest_is(&tab, "left", "while True: pass", "failed").await;
    tab.sees("#left .cc-entry:last-child", "Not by hand: while.").await;
    tab.click("#left .cc-entry:last-child", "Put it into a program").await;
    tab.shows(
        "a program of what was done and of the line",
        "document.querySelector('#left .program:not([hidden]) code-editor').text === \"import socket\\n\\ns = socket.socket()\\nwhile True: pass\\n\"",
    )
    .await;
}
