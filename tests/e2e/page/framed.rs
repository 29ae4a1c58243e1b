//! Lessons and copies in frames of somebody else's page: what the page around is told and may ask for, and what there is where
//! nothing can run in the frame.

use super::{
    LAPTOP, PHONE,
    embeds::{EARS, rooms, says},
    first_visit,
    kept::link,
};
use crate::{
    harness::{
        browser::{Browser, Tab},
        http,
        proxy::{Mode, Proxy},
        server::TestServer,
        site::Site,
    },
    recordings::{Data, keep, with_a_run, written},
};

/// A page of a course with this in its body, at another origin.
async fn course(tab: &Tab, site: &Site, body: &str) {
    let page = format!("<!doctype html><title>A course</title>{body}<script src=\"/ears.js\"></script>");
    site.put("/course.html", page.into_bytes());
    site.put("/ears.js", EARS.into());
    // By another name: what browsers call another site.
    tab.go(&format!("{}/course.html", site.origin().replace("127.0.0.1", "localhost"))).await;
}

/// Presses a button in a frame by what it is called.
async fn press(framed: &Tab, name: &str) {
    let button =
        format!("[...document.querySelectorAll('button')].find((one) => one.textContent === '{name}')");
    framed.shows(name, &format!("Boolean({button}) && !{button}.disabled")).await;
    framed.script(&format!("{button}.click()")).await;
}

#[tokio::test]
async fn the_page_around_a_lesson_starts_it_and_is_told_how_it_goes() {
    let server = TestServer::start(&[]);
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    let origin = server.origin();
    let element = format!(
        "<wireside-replay src=\"{origin}/?lesson=by-hand\" view=\"wire\" theme=\"dark\" height=\"500\"></wireside-replay>\
         <script type=\"module\" src=\"{origin}/embed/replay.js\"></script>"
    );
    let site = Site::open().await;
    course(&tab, &site, &element).await;
    says(
        &tab,
        "it can be started",
        "one.frame === 'element' && one.type === 'ready' && one.live === true && one.title",
    )
    .await;
    says(&tab, "it waits", "one.frame === 'element' && one.type === 'state' && one.state === 'waits'").await;
    assert_eq!(rooms(&server).await, 0);

    tab.script("element.start()").await;
    says(&tab, "its room is open", "one.frame === 'element' && one.type === 'state' && one.state === 'open'")
        .await;
    says(&tab, "where its lesson is", "one.frame === 'element' && one.type === 'step' && one.lesson === 'by-hand' && one.step === 1 && !one.done").await;
    says(&tab, "how high it is", "one.frame === 'element' && one.type === 'resize' && one.height >= 500")
        .await;
    assert_eq!(rooms(&server).await, 1);
    let framed = tab.frame("/embed/live").await;
    framed.shows("the wire alone", "!document.querySelector('#left').checkVisibility() && document.querySelector('#wire').checkVisibility()").await;
    framed.shows("the theme that was asked for", "document.documentElement.dataset.theme === 'dark'").await;
    framed.sees(".top", "Open full").await;
    press(&framed, "Do it for me").await;
    says(
        &tab,
        "the next step",
        "one.frame === 'element' && one.type === 'step' && one.step === 2 && one.title",
    )
    .await;
    says(&tab, "what happened", "one.frame === 'element' && one.type === 'event' && one.event > 3").await;
    tab.screenshot("framed-wire-1280").await;
}

#[tokio::test]
async fn the_programs_alone_and_the_page_around_chooses_the_machine() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    let site = Site::open().await;
    let frame = format!(
        "<iframe src=\"{}/embed/lesson/two-scripts?view=code\" width=\"1200\" height=\"600\"></iframe>",
        server.origin()
    );
    course(&tab, &site, &frame).await;
    press(&tab.frame("/embed/lesson/").await, "Start").await;
    says(&tab, "its room is open", "one.type === 'state' && one.state === 'open'").await;
    let framed = tab.frame("/embed/live").await;
    let both = "['left', 'right'].every((side) => document.getElementById(side).checkVisibility())";
    framed
        .shows(
            "both machines, no wire",
            &format!("{both} && !document.querySelector('#wire').checkVisibility()"),
        )
        .await;
    tab.screenshot("framed-code-1280").await;
    // Where there is room for one, the page around says which.
    tab.script("frames()[0].width = 320").await;
    tab.script("frames()[0].contentWindow.postMessage({ wireside: 1, type: 'show', view: 'server' }, '*')")
        .await;
    framed.shows("the server", "document.querySelector('#right').checkVisibility() && !document.querySelector('#left').checkVisibility()").await;
    tab.script("frames()[0].contentWindow.postMessage({ wireside: 1, type: 'show', view: 'client' }, '*')")
        .await;
    framed.shows("the client", "!document.querySelector('#right').checkVisibility() && document.querySelector('#left').checkVisibility()").await;
    tab.screenshot("framed-code-320").await;
}

/// A copy of somebody's code: its frame has that code, and runs nothing before the press.
#[tokio::test]
async fn a_copy_in_a_frame_has_the_code_that_was_given() {
    let server = TestServer::start(&[]);
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    tab.click(".top", "Share").await;
    let copy = link(&tab, "Give a copy").await;
    assert!(copy.contains("/#copy="), "{copy}");
    let site = Site::open().await;
    let frame =
        format!("<iframe src=\"{}\" width=\"1200\" height=\"600\"></iframe>", copy.replace("/#", "/embed/#"));
    let before = rooms(&server).await;
    course(&tab, &site, &frame).await;
    says(&tab, "it can be started", "one.type === 'ready' && one.live === true").await;
    assert_eq!(rooms(&server).await, before);
    press(&tab.frame("/embed/").await, "Start").await;
    says(&tab, "its room is open", "one.type === 'state' && one.state === 'open'").await;
    let framed = tab.frame("/embed/live").await;
    framed
        .shows("its code", "[...document.querySelectorAll('#right code-editor')].some((one) => one.text.includes('accept('))")
        .await;
    tab.screenshot("framed-copy-1280").await;
}

/// A page that frames a page that frames a recording: only the one in between is spoken with.
#[tokio::test]
async fn a_frame_in_a_frame_speaks_with_the_page_around_it_alone() {
    let data = Data::new("nested");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, _owner) = with_a_run(&server).await;
    let made = keep(&room.owner(), &serde_json::json!({})).await.json();
    let id = made["id"].as_str().expect("an id");
    let site = Site::open().await;
    let inner = format!(
        "<!doctype html><iframe src=\"{0}/embed/s/{id}\"></iframe><iframe src=\"{0}/embed/lesson/by-hand\"></iframe>\
         <script src=\"/ears.js\"></script><script src=\"/pass.js\"></script>",
        server.origin()
    );
    site.put("/inner.html", inner.into_bytes());
    // What the page in between hears it says on, under a name of its own.
    site.put("/pass.js", "addEventListener('message', ({ data, origin }) => parent.postMessage({ passed: data, origin }, '*'))".into());
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    course(
        &tab,
        &site,
        &format!("<iframe src=\"{}/inner.html\" width=\"900\" height=\"500\"></iframe>", site.origin()),
    )
    .await;
    says(&tab, "the recording within is drawn", "one.passed?.type === 'ready' && one.passed.events > 10")
        .await;
    says(&tab, "the lesson within waits", "one.passed?.state === 'waits'").await;
    assert_eq!(tab.read("said.filter((one) => one.wireside !== undefined).length").await, "0");
    // And nobody but the one in between is listened to.
    tab.script("for (const one of [frames()[0].contentWindow[0], frames()[0].contentWindow[1]]) \
                for (const data of [{ wireside: 1, type: 'seek', event: 3 }, { wireside: 1, type: 'start' }]) one.postMessage(data, '*')")
        .await;
    let deep = tab.frame("/embed/s/").await;
    deep.shows(
        "the end still",
        "document.body.dataset.state === 'recorded' && document.querySelector('#full').href.includes('/s/')",
    )
    .await;
    assert_eq!(deep.read("document.querySelector('#full').hash").await, "");
    assert_eq!(rooms(&server).await, 1, "only the one that was kept");
}

/// Where the page around lets nothing run, where the live connection is blocked, or the browser cannot run Python in a frame: it
/// is said, the whole page is a press away, and so is the recording that the page around has named.
#[tokio::test]
async fn where_nothing_can_run_it_is_said_and_a_recording_is_shown() {
    let data = Data::new("instead");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, _owner) = with_a_run(&server).await;
    let made = keep(&room.owner(), &serde_json::json!({ "title": "Instead" })).await.json();
    let id = made["id"].as_str().expect("an id");
    let text = http::get(server.page, &format!("/s/{id}/events")).await.body;
    let id = written::put(&data, "a", &text.replacen("\"evicted\":0", "\"evicted\":7", 1));
    let proxy = Proxy::bind().await;
    proxy.forward_to(server.page);
    proxy.set(Mode::NoWebSocket);
    let lesson = format!("/embed/lesson/two-scripts?recording={id}&view=both");
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    let site = Site::open().await;
    let shown = |from: &str| {
        format!(
            "one.type === 'ready' && one.title === 'Instead' && one.evicted === 7 && one.origin === '{from}'"
        )
    };

    let sandbox = format!(
        "<iframe src=\"{}{lesson}\" sandbox=\"allow-scripts\" width=\"900\" height=\"400\"></iframe>",
        server.origin()
    );
    course(&tab, &site, &sandbox).await;
    says(
        &tab,
        "that it cannot run",
        "one.type === 'state' && one.state === 'refused' && one.sentence.includes('sandbox')",
    )
    .await;
    let framed = tab.frame("/embed/lesson/").await;
    framed.sees(".embed-start", "does not let anything run").await;
    framed.sees_no(".embed-start", "Start").await;
    tab.screenshot("framed-sandbox-1280").await;
    press(&framed, "See a recording of it").await;
    says(&tab, "the recording", &shown("null")).await;
    tab.frame("/embed/s/").await.sees(".embed-head", "7 events were let go before it was kept.").await;
    tab.screenshot("framed-evicted-1280").await;

    let blocked =
        format!("<iframe src=\"http://{}{lesson}\" width=\"900\" height=\"400\"></iframe>", proxy.address);
    course(&tab, &site, &blocked).await;
    press(&tab.frame("/embed/lesson/").await, "Start").await;
    says(
        &tab,
        "that it is blocked",
        "one.type === 'state' && one.state === 'refused' && one.sentence.includes('blocked')",
    )
    .await;
    let framed = tab.frame("/embed/live").await;
    framed.sees("notice-bar", "live connection was blocked").await;
    framed.sees("notice-bar", "Open full").await;
    tab.screenshot("framed-blocked-1280").await;
    press(&framed, "See a recording of it").await;
    says(&tab, "the recording", &shown(&format!("http://{}", proxy.address))).await;
    browser.forgive(|error| error.contains("WebSocket") || error.contains("403"));
}

/// As in a browser that isolates whole pages alone and cannot suspend a program; the frame is drawn anew.
const NO_PYTHON: &str = "
    Object.defineProperty(globalThis, 'crossOriginIsolated', { value: false });
    delete WebAssembly.Suspending;
    const { showStart } = await import('/embed/start.js');
    const id = location.pathname.split('/').pop();
    await showStart({ kind: 'lesson', id }, document.querySelector('#start'));
";

#[tokio::test]
async fn where_python_runs_in_whole_pages_alone_the_frame_says_so_before_the_press() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = browser.visitor(PHONE.0, PHONE.1).await;
    let site = Site::open().await;
    for (lesson, is_missing) in [("two-scripts", true), ("by-hand", false)] {
        let frame = format!(
            "<iframe src=\"{}/embed/lesson/{lesson}?recording=abcdefghijkmnpqrstuvwxyz23\" width=\"300\" height=\"400\"></iframe>",
            server.origin()
        );
        course(&tab, &site, &frame).await;
        says(&tab, "it can be started", "one.state === 'waits' && one.sentence === undefined").await;
        let framed = tab.frame(&format!("/embed/lesson/{lesson}")).await;
        tab.script("said.length = 0").await;
        framed.script(NO_PYTHON).await;
        let told = if is_missing {
            "one.sentence?.includes('only in a whole page')"
        } else {
            "one.sentence === undefined"
        };
        says(&tab, "what is missing", &format!("one.state === 'waits' && {told}")).await;
        framed.sees(".embed-start", "Start").await;
        if is_missing {
            framed.sees(".embed-start", "opened full, Python runs, too").await;
            framed.sees(".embed-start", "See a recording of it").await;
        } else {
            framed.sees_no(".embed-start", "See a recording of it").await;
        }
        tab.screenshot(&format!("framed-no-python-{lesson}-320")).await;
    }
}
