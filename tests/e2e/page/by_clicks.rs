//! By clicks alone.

use super::{LAPTOP, PHONE, new_room};
use crate::harness::{
    browser::{Browser, Tab},
    server::TestServer,
};

#[tokio::test]
async fn a_first_visit_opens_a_room_whose_link_is_in_the_address_bar() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let narrow = [((1024, 768), "first-1024"), ((768, 1024), "first-768"), (PHONE, "first-320")];
    for (size, name) in [(LAPTOP, "first-1280")].into_iter().chain(narrow) {
        let tab = new_room(&browser, &server, size).await;
        let condition = "location.pathname.startsWith('/r/') && location.hash.length === 23";
        tab.shows("a room's address", condition).await;
        tab.sees("#lesson", "Ask where tutorial is").await;
        tab.fits().await;
        tab.screenshot(name).await;
        if size.0 >= 1024 {
            tab.click("#right", "server.py").await;
            let program = "document.querySelector('#right .program:not([hidden]) .program-arguments')";
            tab.shows("a program", program).await;
            tab.fits().await;
        }
        if size == LAPTOP {
            for (side, machine, address) in
                [("#left", "client", "10.0.0.2"), ("#right", "server", "10.0.0.1")]
            {
                tab.sees(side, machine).await;
                tab.sees(side, address).await;
            }
        }
    }
}

/// Presses what the lesson offers next until its strip says `text`.
async fn follow_until(tab: &Tab, text: &str) {
    for _ in 0..60 {
        if tab.text("#lesson").await.contains(text) {
            return;
        }
        tab.click_next().await;
    }
    panic!("the lesson never comes to {text:?}: {}", tab.text("#lesson").await);
}

async fn whole_lesson(size: (u32, u32), name: &str) {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, size).await;
    let small = size.0 < 640;
    let look_at = async |view: &str| {
        if small {
            tab.click("#views", &format!("{view}…")).await;
        }
    };

    // The client of the tutorial.
    follow_until(&tab, "Now be the server").await;
    look_at("client").await;
    for text in ["10.0.0.10", "b'Thank you for connecting'", "b''"] {
        tab.sees("#left .cc-log", text).await;
    }
    look_at("Wire").await;
    tab.sees("#wire", "TIME_WAIT").await;
    tab.fits().await;
    tab.screenshot(&format!("lesson-client-{name}")).await;

    // Its server.
    follow_until(&tab, "On client, make a new socket").await;
    look_at("server").await;
    tab.sees("#right .cc-log", "accept() has been waiting").await;
    tab.screenshot(&format!("lesson-accept-{name}")).await;
    follow_until(&tab, "Last, call port 54321").await;
    look_at("server").await;
    tab.sees("#right .cc-log", "b'Hello, server'").await;
    tab.sees("#right .cc-log", "b''").await;
    look_at("client").await;
    tab.sees("#left .cc-log", "s.shutdown(socket.SHUT_WR)").await;

    // Nobody listens there.
    follow_until(&tab, "All done").await;
    look_at("client").await;
    tab.sees("#left .cc-log", "ECONNREFUSED 111").await;
    look_at("Wire").await;
    tab.sees("#wire", "RST").await;
    tab.fits().await;
    tab.screenshot(&format!("lesson-end-{name}")).await;
}

#[tokio::test]
async fn the_lesson_from_the_first_call_to_the_refusal() {
    whole_lesson(LAPTOP, "1280").await;
}

#[tokio::test]
async fn the_lesson_on_a_telephone() {
    whole_lesson(PHONE, "320").await;
}

#[tokio::test]
async fn do_it_for_me_does_the_lesson_too() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    for step in 1..=6 {
        tab.sees("#lesson .count", &format!("{step} of 17")).await;
        tab.click("#lesson", "Do it for me").await;
    }
    tab.sees("#lesson", "Now be the server").await;
    tab.sees("#left .cc-log", "b'Thank you for connecting'").await;
}

#[tokio::test]
async fn a_waiting_call_is_cancelled_by_its_button() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    for line in ["s = socket.socket()", "s.bind((\"\", 12345))", "s.listen(5)"] {
        super::do_line(&tab, "right", line).await;
    }
    super::type_line(&tab, "right", "conn, addr = s.accept()").await;
    tab.sees("#right .cc-log", "accept() has been waiting").await;
    tab.sees("#right .machine-state", "waiting in accept()").await;
    tab.click("#right .cc-log", "Cancel accept()").await;
    super::newest_is(&tab, "right", "conn, addr = s.accept()", "failed").await;
    tab.sees("#right .cc-log", "EINTR").await;
}

#[tokio::test]
async fn sockets_and_calls_have_their_details() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    for line in ["s = socket.socket()", "s.bind((\"\", 12345))", "s.listen(5)"] {
        super::do_line(&tab, "right", line).await;
    }
    tab.sees("#right socket-list", "LISTEN").await;
    tab.click("#right socket-list", "Table").await;
    tab.sees("#right .socket-table", "0.0.0.0:12345").await;
    tab.sees("#right .socket-table", "backlog 5").await;
    tab.screenshot("socket-table-1280").await;
    tab.press("Escape").await;
    tab.sees_no("#right socket-list", "backlog 5").await;
    tab.click("#right .cc-entry:last-child", "Same step in Python, Rust, C").await;
    tab.sees("#right .cc-entry:last-child", "listen(").await;
    tab.sees("#right .cc-entry:last-child", "Rust, socket2").await;
}
