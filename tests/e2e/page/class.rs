//! A class in real pages: a teacher with a board, two pupils who come by the typed link.

use super::{LAPTOP, PHONE, entered};
use crate::harness::{
    browser::{Browser, Tab},
    class::NewClass,
    server::TestServer,
};

/// A pupil comes by the link that stands on the board, gives a name, and is in their room.
async fn comes(browser: &Browser, link: &str, name: &str, (width, height): (u32, u32)) -> Tab {
    let tab = browser.sparing(width, height).await;
    tab.go(link).await;
    tab.sees("body", "Your name").await;
    tab.shows("the field to have the focus", "document.activeElement.id === 'name'").await;
    tab.fits().await;
    tab.type_text(name).await;
    tab.press("Enter").await;
    entered(&tab).await;
    tab.sees(".top", "Hand up").await;
    tab
}

/// Types into the dialog's field, which has the focus.
async fn types(tab: &Tab, text: &str) {
    tab.shows("a field to have the focus", "document.activeElement.tagName === 'TEXTAREA'").await;
    tab.type_text(text).await;
}

/// What a page says of a failure is found in the log.
async fn class_is_full(server: &TestServer, browser: &Browser) {
    let small = NewClass::make(server, &serde_json::json!({ "seats": 1 })).await;
    small.join("Ada").await;
    let late = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    late.go(&format!("{}/c/{}", server.origin(), small.id)).await;
    late.shows("the field to have the focus", "document.activeElement.id === 'name'").await;
    late.type_text("Late").await;
    late.press("Enter").await;
    late.sees("body", "(request a-").await;
    let said = late.text("body").await;
    let id = said.split_once("(request ").and_then(|(_, rest)| rest.split_once(')')).expect("a name").0;
    server.logs("that request", |log| log.contains(&format!("request{{id={id}}}"))).await;
    browser.forgive(|error| error.contains("503"));
}

#[tokio::test]
async fn a_teacher_makes_a_class_and_leads_it_to_its_end() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let teacher = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    teacher.go(&format!("{}/?lesson=two-scripts", server.origin())).await;
    entered(&teacher).await;
    teacher
        .shows("a lesson to be open", "document.querySelector('lesson-strip').lesson === 'two-scripts'")
        .await;
    teacher.click(".top", "More").await;
    teacher.click(".top", "Make a class").await;
    teacher.click(".dialog", "Make it").await;
    teacher.sees(".board-head", "Pupils come in at").await;
    teacher.sees("main", "Nobody is here yet").await;
    // The key is not where others see it.
    assert!(teacher.address().await.ends_with("/board"), "{}", teacher.address().await);
    let link = format!("http://{}", teacher.text("#link").await);
    teacher.click(".board-head", "Show the link large").await;
    teacher.shows("a code for cameras", "document.querySelector('.large-code')?.width > 300").await;
    teacher.press("Escape").await;

    let ada = comes(&browser, &link, "Ada <b>", LAPTOP).await;
    let bob = comes(&browser, &link, "Bob", PHONE).await;
    bob.fits().await;
    teacher.sees("#tiles", "Ada <b>").await;
    teacher.sees("#tiles", "Bob").await;
    bob.click(".top", "Hand up").await;
    bob.sees(".top", "Hand down").await;
    teacher.sees("#tiles", "hand up").await;
    teacher.sees("#order", "One hand is up; first Bob.").await;

    // A reload comes back to the same seat, on both sides.
    ada.reload().await;
    entered(&ada).await;
    teacher.reload().await;
    teacher.sees("#tiles", "Ada <b>").await;
    teacher.shows("two seats", "document.querySelectorAll('#tiles li').length === 2").await;
    let again = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    again.go(&format!("{link}/board")).await;
    again.sees("body", "needs the teacher's own link").await;

    // To all.
    teacher.click("#acts", "Note to all").await;
    types(&teacher, "Look at <i>line 4</i>").await;
    teacher.click(".dialog", "Send").await;
    for pupil in [&ada, &bob] {
        pupil.sees("#lesson", "Your teacher: Look at <i>line 4</i>").await;
    }
    bob.fits().await;
    ada.click("#lesson .class-note", "Close").await;
    ada.sees_no("#lesson", "line 4").await;
    teacher.click("#acts", "Hold all wires").await;
    teacher.sees("#acts", "Let all wires go (2 held)").await;
    ada.sees("#lesson", "Your teacher holds all wires.").await;
    ada.sees("#wire", "by the teacher").await;
    teacher.click("#acts", "Let all wires go (2 held)").await;
    ada.sees_no("#lesson", "holds all wires").await;
    teacher.sees("#acts", "Hold all wires").await;
    teacher.click("#acts", "Everybody to a step").await;
    teacher.click("#acts", "3. …").await;
    ada.sees("#lesson .count", "3 of").await;
    teacher.sees("#acts", "Everybody is sent to step 3").await;
    teacher.click("#acts", "Give a file").await;
    types(&teacher, "print('from the teacher')").await;
    teacher.click(".dialog", "Give it to all").await;
    ada.sees("#left .machine-tabs", "task.py").await;

    // The wire was held by the teacher: that was nobody's step.
    let passed = teacher.read("document.querySelectorAll('#tiles [data-step=passed]').length").await;
    assert_eq!(passed, "0");

    // One of them: looked at, and told.
    teacher.click("#tiles", "Ada <b>…").await;
    teacher.sees("#seat", "Seat 1").await;
    teacher.fits().await;
    let look = "[...document.querySelectorAll('#seat a')].find((one) => one.textContent === 'Look into the room').href";
    let looking = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    looking.go(&teacher.read(look).await).await;
    entered(&looking).await;
    ada.sees("#lesson", "Your teacher is looking at this room.").await;
    ada.screenshot("class-pupil-1280").await;
    assert!(!looking.address().await.contains('#'), "the key is not where others see it");
    looking.go("about:blank").await;
    ada.sees_no("#lesson", "is looking").await;
    teacher.click(".board-head", "Hide names").await;
    teacher.sees_no("main", "Ada").await;
    teacher.sees("#tiles", "Seat 2").await;

    // Whoever comes to a full class is told what the log calls that.
    class_is_full(&server, &browser).await;

    // The end, which everybody is told.
    teacher.click("#acts", "End").await;
    teacher.click("#acts", "Keep this class").await;
    teacher.click(".dialog", "Keep it").await;
    teacher.sees(".dialog", "2 of 2 kept.").await;
    teacher.press("Escape").await;
    teacher.click("#acts", "End").await;
    teacher.click("#acts", "Close the class").await;
    teacher.sees(".dialog", "but for the 2 that you kept").await;
    teacher.click(".dialog", "Close it").await;
    teacher.sees("body", "The class is closed.").await;
    ada.sees("#lesson", "The class is over.").await;
    bob.go(&link).await;
    bob.sees("body", "There is no class at this address").await;
    browser.forgive(|error| error.contains("404"));
}
