//! What is explained of an event, the cards of words, and the course, which leads to a lesson's step.

use super::{LAPTOP, PHONE, do_line, entered, new_room, newest_is, type_line};
use crate::harness::{browser::Browser, server::TestServer};

#[tokio::test]
async fn an_event_is_explained_by_other_events_and_words_by_their_cards() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    do_line(&tab, "left", "s = socket.socket()").await;
    let line = "s.connect((\"server\", 12345))";
    type_line(&tab, "left", line).await;
    newest_is(&tab, "left", line, "failed").await;
    // The answer is there before the events have all come, and they are shown one after the other.
    tab.sees("#wire", "ECONNREFUSED").await;
    tab.region("wire").await;
    let row = "document.activeElement?.closest('[role=row]') !== null";
    for _ in 0..60 {
        if tab.read(row).await != "false" {
            break;
        }
        tab.press("Tab").await;
    }
    tab.press("End").await;
    tab.arrow_to("ArrowUp", "ECONNREFUSED").await;
    tab.press("Enter").await;
    tab.sees("#wire .explained", "nothing listens on port 12345 there. So its kernel answered with a RST.")
        .await;
    tab.click("#wire .explained", "The whole connection").await;
    tab.sees("#wire .explained-whole", "client called port 12345 of server and was refused.").await;
    tab.screenshot("explained-1280").await;
    // Each sentence leads to the events it rests on.
    tab.click("#wire .explained", "event…").await;
    tab.sees("#wire .wire-details h3", "SYN").await;
    tab.sees("#wire .explained", "server refused it with a RST.").await;

    // A word of the field, by the keyboard.
    tab.tab_to("RST").await;
    tab.press("Enter").await;
    tab.sees(".term-card", "breaks a connection off").await;
    tab.sees(".term-card", "RFC 9293, section 3.5.2").await;
    tab.fits().await;
    tab.press("Escape").await;
    tab.shows("the word to have the focus again", "document.activeElement.className === 'term'").await;
    tab.sees("#wire .explained", "server refused it with a RST.").await;
}

#[tokio::test]
async fn the_course_leads_to_a_lessons_step_in_a_room() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    let course = format!("{}/learn/", server.origin());
    tab.go(&course).await;
    tab.sees("#course", "Connect: three packets").await;
    for (width, height) in [LAPTOP, (768, 1024), PHONE] {
        tab.resize(width, height).await;
        tab.fits().await;
        tab.screenshot(&format!("course-{width}")).await;
    }
    tab.resize(LAPTOP.0, LAPTOP.1).await;
    tab.click("#connect", "Steps").await;
    tab.click("#connect", "Be refused").await;
    entered(&tab).await;
    // The step asks before it is done.
    tab.sees("#lesson", "The machine is there, and nobody listens. What comes back?").await;
    let address = tab.address().await;
    assert!(address.contains("/r/") && address.contains("?lesson=connect#"), "{address}");

    tab.go(&format!("{course}nothing-of-the-kind")).await;
    entered(&tab).await;
    tab.sees("notice-bar", "There is no lesson \u{201c}nothing-of-the-kind\u{201d} here.").await;
    tab.go(&format!("{course}glossary#time-wait")).await;
    tab.shows("the word to be found", "document.activeElement.id === 'time-wait'").await;
    tab.sees("#time-wait", "rests for 60 seconds").await;
    tab.fits().await;
}
