//! What rooms of a class begin with, in real pages: the files of whoever made it, another lesson, a new room for all.

use super::{LAPTOP, entered, programs::write_program};
use crate::harness::{
    browser::{Browser, Tab, quote},
    server::TestServer,
};

/// Waits until a pupil has this text in the program of the machine on the right.
async fn has(pupil: &Tab, text: &str) {
    let has = format!(
        "document.querySelector('#right .program:not([hidden]) code-editor')?.text.includes({})",
        quote(text)
    );
    pupil.shows(text, &has).await;
}

/// Writes a program that prints this, and runs it.
async fn writes(tab: &Tab, text: &str) {
    write_program(tab, "right", &format!("print('{text}')\n")).await;
    tab.click("#right", "Run server.py on server").await;
    tab.sees("#right output-log", text).await;
}

/// The room that a tab is in.
async fn room(tab: &Tab) -> String {
    tab.read("location.pathname").await
}

async fn comes(browser: &Browser, link: &str, name: &str) -> Tab {
    let pupil = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    pupil.go(link).await;
    pupil.shows("the field to have the focus", "document.activeElement.id === 'name'").await;
    pupil.type_text(name).await;
    pupil.press("Enter").await;
    entered(&pupil).await;
    pupil.sees(".top", "Hand up").await;
    pupil
}

#[tokio::test]
async fn rooms_begin_with_the_teachers_files_and_anew_for_all() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let teacher = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    teacher.go(&format!("{}/?lesson=two-scripts", server.origin())).await;
    entered(&teacher).await;
    teacher
        .shows("a lesson to be open", "document.querySelector('lesson-strip').lesson === 'two-scripts'")
        .await;
    has(&teacher, "s.accept()").await;
    writes(&teacher, "from the teacher").await;
    teacher.click(".top", "More").await;
    teacher.click(".top", "Make a class").await;
    teacher.click(".dialog", "Rooms begin with the files that are here").await;
    teacher.click(".dialog", "Make it").await;
    teacher.sees("main", "Nobody is here yet").await;
    let link = format!("http://{}", teacher.text("#link").await);

    let pupils = [comes(&browser, &link, "Ada").await, comes(&browser, &link, "Bob").await];
    for pupil in &pupils {
        has(pupil, "from the teacher").await;
    }
    // What they make of it is theirs, also in another room.
    writes(&pupils[0], "from Ada").await;

    teacher.click("#acts", "Another lesson").await;
    teacher.click("#acts", "Connect: three packets").await;
    teacher.sees("#acts", "Everybody takes: Connect: three packets.").await;
    for pupil in &pupils {
        pupil.shows("the lesson", "document.querySelector('lesson-strip').lesson === 'connect'").await;
    }

    let before = [room(&pupils[0]).await, room(&pupils[1]).await];
    teacher.click("#acts", "Start clean, all").await;
    teacher.click(".dialog", "Start clean").await;
    teacher.sees("#acts", "Everybody has a new room.").await;
    for (pupil, before) in pupils.iter().zip(before) {
        pupil.shows("another room", &format!("location.pathname !== {}", quote(&before))).await;
        entered(pupil).await;
        pupil.shows("the lesson", "document.querySelector('lesson-strip').lesson === 'connect'").await;
    }
    pupils[0].click("#right", "server.py").await;
    has(&pupils[0], "from Ada").await;
    pupils[1].click("#right", "server.py").await;
    has(&pupils[1], "from the teacher").await;
    teacher.shows("two seats", "document.querySelectorAll('#tiles li').length === 2").await;

    // Who comes late has the lesson of now, and the files of then.
    let late = comes(&browser, &link, "Late").await;
    late.shows("the lesson", "document.querySelector('lesson-strip').lesson === 'connect'").await;
    late.click("#right", "server.py").await;
    has(&late, "from the teacher").await;
}
