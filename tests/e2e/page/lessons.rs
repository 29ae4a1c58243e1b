//! Every lesson played through by somebody who only clicks and types, and what a lesson may not do.

use super::{LAPTOP, PHONE, entered, type_line};
use crate::harness::{
    browser::{Browser, Tab, quote},
    client::Client,
    room::NewRoom,
    server::TestServer,
};

/// Opens a new room with a lesson, as its link does.
pub(super) async fn open(
    browser: &Browser,
    server: &TestServer,
    (width, height): (u32, u32),
    lesson: &str,
) -> Tab {
    let tab = browser.sparing(width, height).await;
    tab.go(&format!("{}?lesson={lesson}", server.origin())).await;
    entered(&tab).await;
    tab
}

/// Presses what the lesson offers next until its strip says `text`, or has said it: a step can be passed by itself before
/// anybody looks.
pub(super) async fn follow_until(tab: &Tab, text: &str) {
    tab.script(
        "const strip = document.querySelector('#lesson');
        window.said = '';
        const note = () => { window.said = (window.said + strip.innerText).slice(-100000).replaceAll(/\\s+/g, ' '); };
        window.watching ??= new MutationObserver(note).observe(strip, { subtree: true, childList: true, characterData: true }) ?? true;
        note();",
    )
    .await;
    for _ in 0..80 {
        if tab.read("window.said").await.contains(text) || tab.text("#lesson").await.contains(text) {
            return;
        }
        tab.click_next().await;
    }
    panic!("the lesson never comes to {text:?}: {}", tab.text("#lesson").await);
}

/// An exercise says what is missing and is not passed; "do it for me" then solves it.
async fn solve(tab: &Tab, missing: &str, seen: &str) {
    // Who followed the filled button has asked already.
    if !tab.text("#lesson").await.contains("Not so yet") {
        tab.click("#lesson", "What is missing?").await;
    }
    tab.sees("#lesson .hint", missing).await;
    tab.click("#lesson", "Do it for me").await;
    tab.sees("#lesson", seen).await;
}

#[tokio::test]
async fn connect_and_its_three_failures() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "connect").await;
    follow_until(&tab, "What will connect do?").await;
    tab.click("#lesson", "It waits for accept").await;
    tab.sees("#lesson", "Now connect client").await;
    follow_until(&tab, "by three packets").await;
    tab.click("#lesson", "Why?").await;
    tab.sees("#lesson .hint", "You said: It waits for accept. It was: It connects at once.").await;
    tab.press("Escape").await;
    follow_until(&tab, "Exercise: make a connect that fails").await;
    tab.sees("#lesson", "Nobody has that address").await;
    // A no is no silence.
    super::do_line(&tab, "left", "x = socket.socket()").await;
    type_line(&tab, "left", "x.connect((\"server\", 12345))").await;
    tab.sees("#lesson", "That was a no, and a no is an answer").await;
    solve(&tab, "No connect has ended with ETIMEDOUT", "Silence: ETIMEDOUT.").await;
    tab.sees("#lesson .count", "All done").await;
    tab.fits().await;
}

#[tokio::test]
async fn the_seventh_is_not_refused_and_one_accept_lets_it_in() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "backlog").await;
    follow_until(&tab, "Not refused: 6 of 5 wait").await;
    follow_until(&tab, "Exercise: make the waiting seventh").await;
    // Another socket changes nothing.
    super::do_line(&tab, "left", "c8 = socket.socket()").await;
    tab.sees("#lesson", "Exercise: make the waiting seventh").await;
    solve(&tab, "What does such a one wait for?", "In, after").await;
    follow_until(&tab, "All done").await;
    // The evidence leads to the wire.
    tab.click("#lesson", "Those in the queue were broken off.").await;
    tab.sees("#wire", "RST").await;
    tab.screenshot("lesson-backlog-1280").await;
}

#[tokio::test]
async fn a_stream_has_no_edges() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "stream").await;
    follow_until(&tab, "What does one recv(1024) return?").await;
    tab.click("#lesson", "b'onetwo'").await;
    follow_until(&tab, "Exercise: new connections").await;
    tab.sees("#lesson", "Cut into segments of 1,448.").await;
    tab.click("#lesson", "What is missing?").await;
    tab.sees("#lesson .hint", "No third connection was closed after exactly 10,000 bytes in this part.")
        .await;
    // By hand: first too early, then three times what is missing, however it is cut.
    for line in ["c.close()", "conn.close()"] {
        let side = if line == "c.close()" { "left" } else { "right" };
        super::do_line(&tab, side, line).await;
    }
    for cut in [0, 10_000, 4_000, 1_000] {
        super::do_line(&tab, "left", "k = socket.socket()").await;
        super::do_line(&tab, "left", "k.connect((\"server\", 12345))").await;
        super::do_line(&tab, "right", "m, a = l.accept()").await;
        if cut == 0 {
            super::do_line(&tab, "right", "m.sendall(b\"x\" * 5000)").await;
            super::do_line(&tab, "left", "k.recv(10000)").await;
            super::do_line(&tab, "left", "k.close()").await;
            super::do_line(&tab, "right", "m.close()").await;
            tab.sees("#lesson", "Closed too early").await;
            tab.sees("#lesson .hint", "No first connection was closed").await;
            continue;
        }
        super::do_line(&tab, "right", "m.sendall(b\"x\" * 10000)").await;
        let mut left = 10_000;
        while left > 0 {
            super::do_line(&tab, "left", &format!("k.recv({}, socket.MSG_WAITALL)", cut.min(left))).await;
            left -= cut.min(left);
        }
        super::do_line(&tab, "left", "k.close()").await;
        super::do_line(&tab, "right", "m.close()").await;
    }
    tab.sees("#lesson", "10,000, three times.").await;
    tab.sees("#lesson .count", "All done").await;
}

/// Every *Show me* of the tutorial's sentences shows itself, and links what was just recorded.
#[tokio::test]
async fn the_tutorial_sentence_by_sentence() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = super::new_room(&browser, &server, LAPTOP).await;
    tab.click("#lesson", "All lessons").await;
    tab.click("#lesson", "The tutorial, sentence by sentence").await;
    for number in 1..=28 {
        let row = format!("[data-sentence=S{number}]");
        tab.click(&row, &format!("Show me S{number}")).await;
        if number == 24 {
            // One at a time: who presses another one meanwhile is told so, and what that one has shown stays.
            tab.click("[data-sentence=S1]", "Show me S1").await;
            tab.sees("[data-sentence=S1]", "S24 is being shown. Press again when it has ended.").await;
        }
        tab.sees(&row, "Recorded just now: event").await;
        // It tidies up before the next one may begin.
        let rested = format!("!document.querySelector('{row} [aria-label^=\"Show me\"]').disabled");
        tab.shows("it to have tidied up", &rested).await;
    }
    tab.sees("[data-sentence=S1]", "Recorded just now: event").await;
    tab.sees("[data-sentence=S24] .badge", "not so on Linux").await;
    tab.click("[data-sentence=S24]", "event …").await;
    tab.sees("#wire", "SYN").await;
}

#[tokio::test]
async fn a_lesson_is_chosen_and_back_leads_to_the_one_before() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = super::new_room(&browser, &server, LAPTOP).await;
    tab.click("#lesson", "All lessons").await;
    tab.click("#lesson", "Is the sixth connection refused?").await;
    tab.sees("#lesson", "On server, listen with a backlog of 5").await;
    assert!(tab.address().await.contains("lesson=backlog"), "{}", tab.address().await);
    tab.click("#lesson", "Skip").await;
    tab.sees("#lesson .count", "2 of 6").await;
    tab.reload().await;
    entered(&tab).await;
    tab.sees("#lesson .count", "2 of 6").await;
    tab.script("history.back()").await;
    tab.sees("#lesson", "Ask where tutorial is").await;
}

/// What somebody passes and skips is in the room's record, for whoever watches.
#[tokio::test]
async fn progress_is_in_the_trace() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = super::new_room(&browser, &server, LAPTOP).await;
    tab.click_next().await;
    tab.click("#lesson", "Skip").await;
    tab.click("#wire", "As a list").await;
    tab.sees("#wire", "passed: Ask for an address").await;
    tab.sees("#wire", "skipped: Make a socket").await;
}

#[tokio::test]
async fn lessons_on_a_telephone_keep_to_its_width() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, PHONE, "connect").await;
    let height = "document.querySelector('#lesson').getBoundingClientRect().height";
    let before = tab.read(height).await;
    follow_until(&tab, "What will connect do?").await;
    tab.fits().await;
    assert_eq!(tab.read(height).await, before, "the strip does not jump");
    tab.screenshot("lesson-predict-320").await;
    tab.click("#lesson", "Guess first").await;
    tab.fits().await;
    tab.click("#lesson .hint", "It connects at once").await;
    tab.sees("#lesson", "Now connect client").await;
    tab.click("#views", "Lesson").await;
    tab.sees("#lesson-view", "Is the sixth connection refused?").await;
    tab.fits().await;
}

/// A lesson of one's own by flag; what its author wrote is text, whatever it looks like.
#[tokio::test]
async fn hostile_text_of_a_lesson_becomes_no_markup() {
    let folder = std::env::temp_dir().join(format!("wireside-e2e-lessons-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let markup = "<img src=x onerror=alert(1)> <b>bold</b>";
    let lesson = format!(
        "---\nid: mine\ntitle: {markup}\norder: 1\n---\n# {markup}\n## <i>Step</i>\nDo `<b>it</b>` {markup}\n\n\
         - hint: {markup}\n- do: client: s = socket.socket()\n- check: call=socket host=client result=ok\n- see: {markup}\n"
    );
    std::fs::write(folder.join("mine.md"), lesson).expect("a lesson");
    let server = TestServer::start(&["--lessons", &folder.display().to_string()]);
    std::fs::remove_dir_all(&folder).expect("it was read at the start");
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "mine").await;
    tab.sees("#lesson", "Do <b>it</b> <img src=x onerror=alert(1)> <b>bold</b>").await;
    tab.click("#lesson", "Stuck?").await;
    tab.sees("#lesson .hint", "<img src=x").await;
    tab.click_next().await;
    tab.sees("#lesson", "<b>bold</b>").await;
    tab.click("#lesson", "All lessons").await;
    tab.sees(".steps", "<i>Step</i>").await;
    let found =
        tab.read("String(document.querySelectorAll('#lesson img, #lesson b, #lesson i').length)").await;
    assert_eq!(found, "0");
}

/// The two scripts, client first.
#[tokio::test]
async fn the_two_scripts_whatever_comes_first() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "two-scripts").await;
    tab.sees("#lesson", "Run the server. It will wait: that is its job.").await;
    tab.click("#left", "Run client.py on client").await;
    tab.sees("#lesson", "Nobody listened there yet. Run the server first.").await;
    follow_until(&tab, "You lost a packet and nothing broke. That is TCP.").await;
    solve(&tab, "no other greeting than the old one", "Your own words.").await;
    tab.click("#lesson", "Sort the cards").await;
    // What runs a program is not under them, however wide the window is.
    for (width, height) in [(768, 1024), (640, 800), (1024, 768), (320, 640), LAPTOP] {
        tab.resize(width, height).await;
        let free = "[...document.querySelectorAll('button[aria-label^=\"Run \"], button[aria-label^=\"Stop \"]')].some((one) => { \
            const { x, y, width, height } = one.getBoundingClientRect(); \
            return width > 0 && one.contains(document.elementFromPoint(x + width / 2, y + height / 2)); })";
        tab.shows(&format!("a button that runs, at {width} x {height}"), free).await;
    }
    for card in 0..12 {
        // Each card up to its place.
        let here = format!(
            "[...document.querySelectorAll('.card')].findIndex((one) => one.dataset.card === '{card}')"
        );
        // Each press brings it one place up, and there are twelve.
        for _ in 0..12 {
            if tab.read(&here).await == card.to_string() {
                break;
            }
            tab.click(&format!(".card[data-card='{card}']"), "Earlier: card …").await;
        }
        assert_eq!(tab.read(&here).await, card.to_string(), "the place of card {card}");
    }
    tab.press("Escape").await;
    tab.click("#lesson", "Do it for me").await;
    tab.sees("#lesson", "All are in the order of the run.").await;
    solve(&tab, "from another port of server than 12345", "Moved, both.").await;
    tab.sees("#lesson .count", "All done").await;
}

/// Programs that serve many, a race, and where a message ends: one after the other in one room, in what each has left.
#[tokio::test]
async fn many_callers_a_race_and_framing() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "many").await;
    to_its_end(&tab, "many").await;
    for (lesson, title, first) in
        [("turns", "Whose turn is it?", "1 of 5"), ("framing", "Framing: where a message ends", "1 of 7")]
    {
        choose(&tab, title).await;
        tab.sees("#lesson .count", first).await;
        to_its_end(&tab, lesson).await;
    }
    // All lessons in the list keep to a telephone's width.
    tab.resize(PHONE.0, PHONE.1).await;
    tab.click("#views", "Lesson").await;
    tab.sees("#lesson-view", "✓ all 12 steps of One at a time, or many").await;
    tab.fits().await;
    tab.screenshot("lesson-list-320").await;
}

/// Presses what is filled, whatever it is, until all of the lesson is done.
pub(super) async fn to_its_end(tab: &Tab, lesson: &str) {
    // What was passed last stands there until this one has been fetched.
    let begun = format!(
        "document.querySelector('lesson-strip').lesson === {}
            && !document.querySelector('#lesson .count').textContent.includes('All done')",
        quote(lesson)
    );
    tab.shows("its beginning", &begun).await;
    for _ in 0..120 {
        // A program may end the lesson while nothing is to be pressed; what is filled then is another thing.
        tab.shows("what to press, or the end", "filled().length === 1").await;
        if tab.text("#lesson .count").await.contains("All done") {
            return;
        }
        tab.click_next().await;
    }
    panic!("{lesson} never ends: {}", tab.text("#lesson").await);
}

/// Opens a lesson from the list.
pub(super) async fn choose(tab: &Tab, title: &str) {
    tab.click("#lesson", "All lessons").await;
    tab.click(".steps", title).await;
}

/// In one room, one after the other, with what each leaves behind: port 12345 held, sockets open, the wire as it was.
#[tokio::test]
async fn lessons_stand_in_nobodys_way() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "by-hand").await;
    to_its_end(&tab, "by-hand").await;
    for (lesson, title) in [
        ("connect", "Connect: three packets"),
        ("two-scripts", "The two scripts"),
        ("backlog", "Is the sixth connection refused?"),
        ("stream", "A stream of bytes"),
    ] {
        choose(&tab, title).await;
        to_its_end(&tab, lesson).await;
    }
    tab.fits().await;
    tab.screenshot("lessons-all-1280").await;
    // What was passed is known at the next visit, and can be forgotten.
    tab.go(&format!("{}?lesson=backlog", server.origin())).await;
    entered(&tab).await;
    tab.click("#lesson", "All lessons").await;
    tab.sees(".steps", "✓ all 17 steps of The tutorial, by hand").await;
    let first = "document.querySelector('.steps li .done').textContent";
    tab.shows("what was passed before", &format!("{first} === '✓'")).await;
    tab.click(".steps", "Start over").await;
    tab.click("#lesson", "All lessons").await;
    tab.shows("nothing passed", &format!("{first} === ''")).await;
}

/// A port that somebody holds who has nothing to do with the lesson: it is said who, and one press clears it.
#[tokio::test]
async fn a_port_that_is_taken_is_said_and_cleared() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "connect").await;
    for line in ["x = socket.socket()", "x.bind((\"\", 12345))"] {
        super::do_line(&tab, "right", line).await;
    }
    follow_until(&tab, "Port 12345 of server is taken by a socket made by hand.").await;
    tab.screenshot("lesson-blocked-1280").await;
    tab.click("#lesson", "Start clean").await;
    follow_until(&tab, "What will connect do?").await;
    // A listener that is closed in between is made anew, and nothing fails twice.
    tab.click("#lesson", "It connects at once").await;
    tab.click_next().await;
    super::do_line(&tab, "right", "l.close()").await;
    tab.sees("#lesson", "No socket of server that is open is called l now.").await;
    follow_until(&tab, "by three packets").await;
    tab.sees("#lesson", "As you said.").await;
}

/// The same where others hold it: a guest on their own machine hinders nobody, and of whoever else is in charge it is said.
#[tokio::test]
async fn a_port_that_others_hold_is_no_dead_end() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut second = Client::join(&room.owner(), "Bea").await;
    let mut guest = Client::join(&room.join(), "Eve").await;
    let program = second.program("server").await;
    second.listener(program, 12345, 5).await;
    let own = guest.own_host();
    let program = guest.program_on(own).await.expect("a program on one's own machine");
    guest.listener(program, 12345, 5).await;
    let browser = Browser::open().await;
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("{}/r/{}?lesson=backlog#{}", server.origin(), room.id, room.owner().key_text())).await;
    entered(&tab).await;
    tab.sees("#lesson", ", of another page.").await;
    to_its_end(&tab, "backlog").await;
}

/// Programs end with their page: the lesson says so, and offers the step that needs them.
#[tokio::test]
async fn a_reload_in_the_middle_goes_on() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = open(&browser, &server, LAPTOP, "two-scripts").await;
    follow_until(&tab, "Run the client again").await;
    tab.reload().await;
    entered(&tab).await;
    // Whichever stands in the way first: a program that ended with the page, or what its connection has left. The client may run
    // already when the lesson is seen to ask for it.
    tab.shows(
        "why a program does not run",
        "/(server|client)\\.py does not run on (server|client) now\\. It ended before this page was loaded|an old connection is in TIME_WAIT/
            .test(document.querySelector('#lesson').innerText)",
    )
    .await;
    tab.screenshot("lesson-reloaded-1280").await;
    follow_until(&tab, "You lost a packet and nothing broke. That is TCP.").await;
}
