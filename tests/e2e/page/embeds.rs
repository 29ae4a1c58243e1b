//! Recordings and lessons in frames of somebody else's page.

use serde_json::json;

use super::{LAPTOP, PHONE, entered};
use crate::{
    harness::{
        browser::{Browser, Tab, quote},
        client::Client,
        http,
        server::TestServer,
        site::Site,
    },
    recordings::{Data, keep, with_a_run},
};

/// A policy that lets a page do nothing but show these frames and run these scripts.
fn strict(server: &str) -> String {
    format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; frame-src {server}; \
         script-src {server} 'self'; require-trusted-types-for 'script'\">"
    )
}

/// Notes everything that frames say, by their numbers in the document, and has the element's events too.
pub(super) const EARS: &str = "
window.said = [];
const frames = () => [...document.querySelectorAll('iframe')];
addEventListener('message', ({ source, origin, data }) => said.push({ frame: frames().findIndex((one) => one.contentWindow === source), origin, ...data }));
const element = document.querySelector('wireside-replay');
for (const what of ['ready', 'event', 'ended', 'state', 'step', 'resize']) element?.addEventListener(what, ({ detail }) => said.push({ frame: 'element', ...detail }));
";

pub(super) async fn rooms(server: &TestServer) -> u64 {
    let metrics = http::get(server.page, "/metrics").await.body;
    let line = metrics.lines().find_map(|line| line.strip_prefix("wireside_rooms "));
    line.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("no count of rooms in {metrics}"))
}

/// Keeps a run, and lets its room end.
async fn kept(server: &TestServer) -> String {
    let (room, owner): (_, Client) = with_a_run(server).await;
    let notes = json!([{ "seq": 8, "text": "Look <b>here</b>" }, { "seq": 9_000_000, "text": "never" }]);
    let made = keep(&room.owner(), &json!({ "title": "Hello <b>", "notes": notes })).await.json();
    assert_eq!(made["notes"], 1, "{made}");
    owner.leave().await;
    server.logs("the end of the room", |log| log.contains("a room ended")).await;
    made["id"].as_str().expect("an id").to_owned()
}

pub(super) async fn says(tab: &Tab, what: &str, condition: &str) {
    tab.shows(what, &format!("said.some((one) => {condition})")).await;
}

#[tokio::test]
async fn a_strangers_page_shows_recordings_and_lessons_and_makes_no_room() {
    let data = Data::new("embeds");
    let server = TestServer::start(&["--data", data.flag(), "--room-idle", "2"]);
    let (id, origin) = (kept(&server).await, server.origin());
    let site = Site::open().await;
    let frame = |path: &str, more: &str| {
        format!("<iframe src=\"{origin}{path}\" width=\"700\" height=\"300\" {more}></iframe>")
    };
    let recording = format!("/embed/s/{id}");
    let mut frames = vec![
        frame(&format!("{recording}?event=5"), ""),
        frame(&recording, "sandbox=\"allow-scripts\""),
        frame(&format!("{recording}?view=both&theme=dark"), ""),
        frame("/embed/lesson/two-scripts", ""),
    ];
    frames.extend((0..6).map(|_| frame(&recording, "")));
    let element = format!("<wireside-replay src=\"{origin}/s/{id}\" height=\"300\"></wireside-replay>");
    let page = format!(
        "<!doctype html>{}<title>A course</title>{}{element}\
         <script type=\"module\" src=\"{origin}/embed/replay.js\"></script><script src=\"/ears.js\"></script>",
        strict(&origin),
        frames.concat()
    );
    site.put("/course.html", page.into_bytes());
    site.put("/ears.js", EARS.into());
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("{}/course.html", site.origin())).await;
    for (at, from) in [(0, &*origin), (1, "null"), (2, &*origin), (9, &*origin)] {
        says(&tab, "a frame is ready", &format!("one.frame === {at} && one.type === 'ready' && one.origin === '{from}' && one.title === 'Hello <b>'")).await;
    }
    says(&tab, "the element is ready", "one.frame === 'element' && one.type === 'ready' && one.events > 10")
        .await;
    says(
        &tab,
        "the first begins where it was asked to",
        "one.frame === 0 && one.type === 'event' && one.event === 5",
    )
    .await;
    tab.screenshot("embeds-1280").await;

    // What is none of the messages that there are changes nothing; what is one does, also without an origin.
    let hostile = "for (const one of frames()) for (const data of [null, 'play', { wireside: 2, type: 'seek', event: 2 }, \
         { wireside: 1, type: 'seek', event: '<img>' }, { wireside: 1, type: '__proto__' }]) one.contentWindow.postMessage(data, '*'); \
         said.length = 0; element.seek(7); frames()[1].contentWindow.postMessage({ wireside: 1, type: 'seek', event: 3 }, '*');";
    tab.script(hostile).await;
    says(&tab, "the element's frame does what it is told", "one.frame === 'element' && one.event === 7")
        .await;
    says(&tab, "one without an origin as well", "one.frame === 1 && one.event === 3").await;
    assert_eq!(tab.read("said.filter(({ event }) => event === 2).length").await, "0");
    // It plays to the note, and from there to the end.
    tab.script("element.play()").await;
    says(&tab, "it plays to the note", "one.frame === 'element' && one.event === 8").await;
    tab.script("element.play()").await;
    says(&tab, "it comes to its end", "one.frame === 'element' && one.type === 'ended'").await;
    assert_eq!(rooms(&server).await, 0, "eleven frames and no room");

    full_is_what_is_shown(&tab, &server, &recording).await;
    // Rooms of this one wait longer for their page.
    a_lesson_begins_at_a_press(&tab, &TestServer::start(&["--data", data.flag()])).await;
    browser.forgive(|error| error.contains("404"));
}

async fn full_is_what_is_shown(tab: &Tab, server: &TestServer, recording: &str) {
    let origin = server.origin();
    tab.go(&format!("{origin}{recording}?event=6&view=both")).await;
    tab.sees(".embed-head", "Hello <b>").await;
    tab.sees(".wire-at", " of ").await;
    tab.shows("its machines", "seen('#wire .wire-names') !== ''").await;
    let (at, drawn) = (tab.text(".wire-at").await, tab.text("#wire .wire-names").await);
    tab.fits().await;
    tab.screenshot("embed-both-1280").await;
    for (width, height) in [PHONE, (768, 600)] {
        tab.resize(width, height).await;
        tab.fits().await;
        tab.screenshot(&format!("embed-both-{width}")).await;
    }
    tab.resize(LAPTOP.0, LAPTOP.1).await;
    let full = tab.read("document.querySelector('#full').href").await;
    tab.go(&full).await;
    tab.shows("the recording to be open", "document.body.dataset.state === 'recorded'").await;
    tab.shows(
        "the same moment",
        &format!("document.querySelector('.wire-at').textContent === {}", quote(&at)),
    )
    .await;
    tab.shows("the same machines", &format!("seen('#wire .wire-names') === {}", quote(&drawn))).await;
    // What others are told of it is in its head, as text.
    let head = tab.read("document.querySelector('[property=\"og:title\"]').content").await;
    assert_eq!(head, "Hello <b>");
    let asked = tab.read("document.querySelector('[type=\"application/json+oembed\"]').href").await;
    let answer = tab.script(&format!("return (await fetch({})).json()", quote(&asked))).await;
    assert_eq!((&answer["type"], &answer["title"]), (&json!("rich"), &json!("Hello <b>")), "{answer}");
    let html = answer["html"].as_str().expect("a frame");
    assert!(
        html.starts_with(&format!("<iframe src=\"{origin}{recording}?view=wire\" title=\"Hello &lt;b&gt;\"")),
        "{html}"
    );
    // Of lessons, those that are here.
    let lesson = |name: &str| format!("/oembed?url={origin}/?lesson={name}");
    let told = http::get(server.page, &lesson("two-scripts")).await;
    assert_eq!(
        (told.status, &told.json()["title"]),
        (200, &json!("A lesson of Wireside: The two scripts")),
        "{told:?}"
    );
    assert_eq!(http::get(server.page, &lesson("none")).await.status, 404);
    for gone in ["/embed/s/abcdefghijkmnpqrstuvwxyz23", "/embed/lesson/none"] {
        tab.go(&format!("{origin}{gone}")).await;
        tab.sees(".embed-start", "There is no").await;
    }
}

async fn a_lesson_begins_at_a_press(tab: &Tab, server: &TestServer) {
    // Straight to where it would begin leads to where it can.
    tab.go(&format!("{}/embed/live?lesson=by-hand", server.origin())).await;
    tab.sees(".embed-start", "a room of your own").await;
    tab.screenshot("embed-lesson-1280").await;
    assert_eq!(rooms(server).await, 0);
    tab.click(".embed-start", "Start").await;
    entered(tab).await;
    tab.sees(".top", "Open full").await;
    tab.screenshot("embed-live-1280").await;
    assert_eq!(rooms(server).await, 1);
    let kept =
        tab.read("Object.keys(localStorage).filter((key) => key.startsWith('wireside.owner')).length").await;
    assert_eq!(kept, "0", "no key is left in a frame");
}

/// Nothing of what somebody did in a frame is kept by their browser.
async fn remembers_nothing(framed: &Tab) {
    let kept = framed
        .script(
            "return [...Object.keys(localStorage), ...Object.keys(sessionStorage), \
             ...(await indexedDB.databases()).map(({ name }) => name)].filter((one) => one.startsWith('wireside'))",
        )
        .await;
    assert_eq!(kept, json!([]), "a frame remembers nothing");
}

/// A lesson in a course page of another site: from its press on, Python runs in the frame.
#[tokio::test]
async fn python_runs_in_a_frame_of_another_site() {
    let data = Data::new("framed");
    let server = TestServer::start(&["--data", data.flag()]);
    let site = Site::open().await;
    let frame = format!(
        "<!doctype html><title>A course</title><iframe src=\"{}/embed/lesson/two-scripts\" width=\"1200\" height=\"700\"></iframe>",
        server.origin()
    );
    site.put("/course.html", frame.into_bytes());
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    // By another name: what browsers call another site.
    tab.go(&format!("{}/course.html", site.origin().replace("127.0.0.1", "localhost"))).await;
    let framed = tab.frame("/embed/lesson/two-scripts").await;
    framed.sees(".embed-start", "a room of your own").await;
    framed.script("document.querySelector('.embed-start .button').click()").await;
    let framed = tab.frame("/embed/live").await;
    entered(&framed).await;
    let run = |side: &str| {
        let button = format!("document.querySelector('#{side} .machine-run .button')");
        (format!("!{button}.disabled"), format!("{button}.click()"))
    };
    for (side, said) in [("right", "listening on 12345"), ("left", "Thank you for connecting")] {
        let (ready, press) = run(side);
        framed.shows("Run", &ready).await;
        framed.script(&press).await;
        framed.sees(&format!("#{side} output-log"), said).await;
    }
    tab.screenshot("embed-python-1280").await;
    // Programs have run, and a step of the lesson is passed; now something is typed.
    framed
        .shows("a step passed", "!document.querySelector('lesson-strip').textContent.includes('1 of ')")
        .await;
    let typed = "const editor = [...document.querySelectorAll('#left code-editor')].find((one) => one.checkVisibility()); \
                 editor.shadowRoot.querySelector('.cm-content').focus()";
    tab.script("document.querySelector('iframe').focus()").await;
    framed.script(typed).await;
    tab.put_text("# mine").await;
    framed
        .shows(
            "what was typed",
            "[...document.querySelectorAll('#left code-editor')].some((one) => one.text.includes('# mine'))",
        )
        .await;
    // As when the page goes: what would be written is written by then.
    framed.script("dispatchEvent(new Event('pagehide'))").await;
    remembers_nothing(&framed).await;
}
