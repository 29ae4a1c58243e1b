//! A recording: kept in one browser, walked through in another, taken home as a room, deleted.

use proto::{
    message::WireCommand,
    trace::{Transport, What},
};
use serde_json::json;

use super::{LAPTOP, PHONE, entered, first_visit};
use crate::{
    harness::{
        browser::{Browser, Tab, quote},
        client::Client,
        http,
        proxy::{Mode, Proxy},
        room::NewRoom,
        server::TestServer,
    },
    packets::tshark,
    recordings::{Data, keep, with_a_run},
};

/// The link in the share dialog's row of this title.
pub(super) async fn link(tab: &Tab, title: &str) -> String {
    let field = format!("document.querySelector('[aria-label={}]')", quote(&format!("Link: {title}")));
    tab.shows(title, &field).await;
    let read = tab.read(&format!("{field}.value")).await;
    read.trim_matches('"').to_owned()
}

pub(super) async fn recorded(tab: &Tab) {
    tab.shows("the recording to be open", "document.body.dataset.state === 'recorded'").await;
}

/// Walks on by the keyboard until something is seen.
async fn walk(tab: &Tab, key: &str, what: &str, condition: &str) {
    for _ in 0..200 {
        if tab.read(&format!("Boolean({condition})")).await == "true" {
            return;
        }
        tab.press(key).await;
        // What it shows now is painted with the next frame, output with one more.
        tab.script(
            "await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))",
        )
        .await;
    }
    panic!("{what} never came");
}

const OUTPUT: &str = "document.querySelector('#left output-log').textContent.includes('Thank you')";
const LIT: &str = "[...document.querySelectorAll('#left .program:not([hidden]) code-editor')]\
                   .flatMap((one) => [...one.shadowRoot.querySelectorAll('.cm-mark-linked')]).map((one) => one.textContent).join()";

#[tokio::test]
async fn what_happened_is_kept_walked_through_and_taken_home() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    tab.click("#right", "Run server.py on server").await;
    tab.sees("#right .machine-state", "waiting in accept()").await;
    tab.click("#left", "Run client.py on client").await;
    tab.sees("#left output-log", "Thank you for connecting").await;
    tab.click(".top", "Share").await;
    tab.sees(".dialog", "Keep what happened").await;
    tab.script("document.querySelector('#keep-title').focus()").await;
    tab.type_text("Hello <b>twice</b>").await;
    tab.press("Enter").await;
    let (kept, deletes) = (link(&tab, "Kept: what happened").await, link(&tab, "Link that deletes it").await);
    tab.screenshot("kept-share-1280").await;
    assert!(deletes.starts_with(&kept) && deletes.contains("#delete="), "{kept} {deletes}");

    // Somebody else, who has nothing but the link.
    let other = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    other.go(&kept).await;
    recorded(&other).await;
    other.sees("#lesson", "A recording of").await;
    other.sees("#lesson", "Hello <b>twice</b>").await;
    other.sees("#left output-log", "Thank you for connecting").await;
    other.sees("#wire", "has no more to send").await;
    other.screenshot("kept-end-1280").await;
    let fetched = "performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)";
    assert_eq!(other.read(&format!("{fetched}.some((path) => path.includes('worker'))")).await, "false");

    // To its beginning and on, by the keyboard alone: it has the focus.
    other
        .shows(
            "what goes back in time to have the focus",
            "document.activeElement.ariaLabel === 'Event shown last'",
        )
        .await;
    other.press("Home").await;
    other.shows("nothing printed yet", &format!("!{OUTPUT}")).await;
    other.sees_no("#wire", "SYN ACK").await;
    walk(&other, "ArrowRight", "connect() in the code", &format!("{LIT}.includes('connect(')")).await;
    other.screenshot("kept-connect-1280").await;
    walk(&other, "ArrowRight", "the output", OUTPUT).await;
    let address = other.address().await;
    assert!(address.starts_with(&format!("{kept}#e=")), "{address}");
    other.press("ArrowLeft").await;
    other.shows("one step back, nothing printed", &format!("!{OUTPUT}")).await;

    // The address leads there again, and others to it.
    let there = other.address().await;
    other.go("about:blank").await;
    other.go(&there).await;
    recorded(&other).await;
    other
        .shows(
            "the same place",
            &format!("!{OUTPUT} && document.querySelector('.wire-at').textContent.includes(' of ')"),
        )
        .await;
    // It says where playing ends, too, and how fast it goes.
    other.go("about:blank").await;
    other.go(&format!("{kept}#e=3&to=5&speed=4")).await;
    recorded(&other).await;
    other.sees("#wire", "4×").await;
    other.click("#wire", "Play").await;
    other
        .shows(
            "playing to stop there",
            "document.querySelector('.wire-play').textContent === 'Play' && location.hash === '#e=5&to=5&speed=4'",
        )
        .await;
    for (width, height) in [PHONE, (768, 1024)] {
        other.resize(width, height).await;
        other.fits().await;
        // What is over can neither be run nor stopped.
        other.sees_no("#wire", "Run server").await;
        other.screenshot(&format!("kept-{width}")).await;
    }
    other.resize(LAPTOP.0, LAPTOP.1).await;

    other.click("#lesson", "Your own copy, live").await;
    entered(&other).await;
    other.shows("its code", "[...document.querySelectorAll('#right code-editor')].some((one) => one.text.includes('accept('))")
        .await;

    other.go(&deletes).await;
    recorded(&other).await;
    other.click("notice-bar", "Delete it").await;
    other.sees("notice-bar", "is deleted").await;
    other.go(&kept).await;
    other.sees("body", "nothing at this address").await;
    browser.forgive(|error| error.contains("404"));
}

#[tokio::test]
async fn a_room_that_has_ended_shows_what_happened_in_it() {
    let data = Data::new("ended");
    let server = TestServer::start(&["--data", data.flag(), "--room-idle", "2"]);
    let (room, owner) = with_a_run(&server).await;
    owner.leave().await;
    server.logs("the end of the room", |log| log.contains("a room ended")).await;
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    let link = room.watch();
    tab.go(&format!("{}/r/{}#{}", server.origin(), link.room, link.key_text())).await;
    tab.sees("notice-bar", "This room has ended").await;
    tab.click("notice-bar", "See what happened").await;
    recorded(&tab).await;
    tab.sees("#lesson", "A recording of").await;
    tab.sees("#wire", "end of the recording").await;
    tab.screenshot("kept-ended-1280").await;
    tab.press("ArrowLeft").await;
    tab.sees("#wire", "shown up to here").await;
    tab.click(".top", "Share").await;
    tab.sees(".dialog", "for an hour").await;
    browser.forgive(|error| error.contains("404"));
}

/// A guest's machine is not there when a recording is done again, so what it did happened only then.
#[tokio::test]
async fn done_again_both_are_in_one_drawing() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let program = owner.program("client").await;
    owner.connected(program, "tutorial", 7).await;
    let mut guest = Client::join(&room.join(), "Bob").await;
    let own = guest.own_host();
    let theirs = guest.program_on(own).await.expect("a program");
    guest.connected(theirs, "tutorial", 7).await;
    let made = keep(&room.owner(), &json!({})).await.json();
    let id = made["id"].as_str().expect("an id");

    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("{}/s/{id}", server.origin())).await;
    recorded(&tab).await;
    tab.click("#lesson", "Do it again for real").await;
    tab.sees(".dialog", "only then").await;
    // What was left out is counted.
    tab.sees(".dialog", " made; left out: ").await;
    tab.sees(".dialog", "on machines of guests").await;
    tab.click(".dialog", "Show both in the drawing").await;
    tab.sees("notice-bar", "in red what happened only then").await;
    tab.shows(
        "what happened only then, marked",
        "[...document.querySelectorAll('.wire-drawing text.only-then')].some((one) => one.textContent.includes('only then'))",
    )
    .await;
    let red = "(one) => getComputedStyle(one).fill === getComputedStyle(document.querySelector('.wire-drawing text.only-then')).fill";
    let same = format!("[...document.querySelectorAll('.wire-drawing text.only-then')].every({red})");
    assert_eq!(tab.read(&same).await, "true");
    for (width, height) in [PHONE, (768, 1024), LAPTOP] {
        tab.resize(width, height).await;
        tab.fits().await;
        tab.screenshot(&format!("kept-compared-{width}")).await;
    }
    tab.click("notice-bar", "The list").await;
    tab.sees(".dialog", "connect(").await;
    tab.press("Escape").await;
    tab.click("notice-bar", "Only the recording").await;
    tab.shows("nothing marked", "!document.querySelector('.wire-drawing .only-then')").await;
}

/// What the scrubber is at is said for those who do not see it, and notes can be met by whatever finger.
#[tokio::test]
async fn what_is_shown_is_said_and_flags_stand_apart() {
    let data = Data::new("said");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, _owner) = with_a_run(&server).await;
    let notes = [4, 5, 6, 9, 12].map(|seq| json!({ "seq": seq, "text": format!("look at {seq}") }));
    let made = keep(&room.owner(), &json!({ "notes": notes })).await.json();
    let id = made["id"].as_str().expect("an id");
    let browser = Browser::open().await;
    let tab = browser.visitor(PHONE.0, PHONE.1).await;
    tab.go(&format!("{}/s/{id}#e=3", server.origin())).await;
    recorded(&tab).await;
    let range = "document.querySelector('.wire-range').ariaValueText";
    tab.shows("the event in words", &format!("/^3\\. .+ Event 3 of /.test({range})")).await;
    tab.shows("flags", "document.querySelector('.wire-flag')").await;
    let apart = "const all = [...document.querySelectorAll('.wire-flag')].map((one) => one.getBoundingClientRect()); \
                 return all.every((one) => one.width >= 24 && one.height >= 24) && \
                 all.every((one, at) => at === 0 || one.left >= all[at - 1].right - 0.5)";
    assert_eq!(tab.script(apart).await, json!(true), "large enough, and none upon another");
    tab.press("ArrowRight").await;
    tab.sees(".wire-note", "look at 4").await;
    tab.shows(
        "the note to be said",
        "document.querySelector('#status').textContent.includes('Note: look at 4')",
    )
    .await;
    // A flag of several leads from one to the next.
    for seq in [5, 6, 9, 12] {
        let next = format!(
            "const flags = [...document.querySelectorAll('.wire-flag')]; \
             flags.find((one) => one.title.split('\\n').includes('look at {seq}')).click()"
        );
        tab.script(&next).await;
        tab.sees(".wire-note", &format!("look at {seq}")).await;
    }
}

/// A copy begins where the recording did, however long its code is: more than a link can carry.
#[tokio::test]
async fn your_own_copy_begins_where_the_recording_did() {
    let data = Data::new("copied");
    let server = TestServer::start(&["--data", data.flag()]);
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let host = owner.host("client");
    // Letters that no compression makes much fewer of.
    let mut chance = 1_u64;
    let mut letters = || {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + u8::try_from((chance >> 40) % 26).expect("a letter"))
    };
    let wire = async |owner: &mut Client, command: WireCommand| {
        let set = owner.endpoint().wire(command).expect("a request");
        owner.result(set).await.0.expect("set");
    };
    let set = WireCommand::Set { delay_ms: Some(70.0), loss: Some(0.0), seed: Some(7) };
    wire(&mut owner, set).await;
    wire(&mut owner, WireCommand::Hold).await;
    for file in ["one.py", "two.py", "three.py"] {
        let text: String = (0..20_000).map(|_| letters()).collect();
        assert!(owner.endpoint().source(host, file, &format!("# {text}")));
        let program = owner.program_of(host, file).await.expect("a program");
        owner.socket(program).await;
        assert!(owner.endpoint().source(host, file, "# later"));
    }
    wire(&mut owner, WireCommand::Release).await;
    let made = keep(&room.owner(), &json!({})).await.json();
    let id = made["id"].as_str().expect("an id");
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("{}/s/{id}", server.origin())).await;
    recorded(&tab).await;
    tab.click("#lesson", "Your own copy, live").await;
    entered(&tab).await;
    let first =
        "[...document.querySelectorAll('#left code-editor')].some((one) => one.text.length === 20_002)";
    tab.shows("a text as it ran first", first).await;
    tab.sees("#wire", "delay 70 ms").await;
    tab.sees("#wire", "held").await;
}

/// The packets of a recording, as tshark reads them: as many as there are, with their flags and their bytes.
#[tokio::test]
async fn a_recordings_packets_are_saved() {
    let data = Data::new("packets");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, mut owner) = with_a_run(&server).await;
    let pair = owner.pair(7000).await;
    owner.send(pair.client, pair.theirs, &[b'y'; 900]).await.expect("sent");
    owner.recv(pair.server, pair.ours, 900).await.expect("received");
    let made = keep(&room.owner(), &json!({})).await.json();
    let id = made["id"].as_str().expect("an id");
    let text = http::get(server.page, &format!("/s/{id}/events")).await.body;
    let events = share::read(text.as_bytes()).expect("a recording").events;
    let told: Vec<(u16, u32)> = events
        .iter()
        .filter_map(|event| match &event.what {
            What::Packet(packet) => match &packet.transport {
                Transport::Tcp(tcp) => Some((u16::from(tcp.flags.0), packet.data.length)),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("{}/s/{id}", server.origin())).await;
    recorded(&tab).await;
    let folder = data.path().join("saved");
    std::fs::create_dir_all(&folder).expect("a folder");
    let save = async || {
        tab.click(".top", "More").await;
        tab.click("body", "Save packets (pcapng)").await;
    };
    let file = tab.saved_to(&folder, save).await;
    tab.shows("what it is", "document.querySelector('#status').textContent.includes('built anew')").await;
    assert_eq!(tshark(&file, &["-Y", "_ws.malformed"]), "", "malformed");
    let read = tshark(&file, &["-Y", "tcp", "-T", "fields", "-e", "tcp.flags", "-e", "tcp.len"]);
    let read: Vec<(u16, u32)> = read
        .lines()
        .map(|line| {
            let (flags, length) = line.split_once('\t').expect("two fields");
            let flags = u16::from_str_radix(flags.trim_start_matches("0x"), 16).expect("flags");
            (flags, length.parse().expect("a length"))
        })
        .collect();
    assert!(told.len() > 5 && told.contains(&(0x18, 900)), "{told:?}");
    assert_eq!(read, told);
    for (what, filter) in [
        ("the bytes", "tcp.payload contains \"yyyyyyyy\""),
        ("its length, of which less is there", "tcp.len == 900 && frame.cap_len < 600 && frame.len > 900"),
        ("the call", "frame.comment contains \"connect(\""),
    ] {
        assert_ne!(tshark(&file, &["-Y", filter]), "", "{what}");
    }
}

/// A recording needs no room: it opens where WebSockets are refused.
#[tokio::test]
async fn a_recording_opens_where_websockets_are_refused() {
    let data = Data::new("refused");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, _owner) = with_a_run(&server).await;
    let made = keep(&room.owner(), &json!({})).await.json();
    let id = made["id"].as_str().expect("an id");
    let proxy = Proxy::bind().await;
    proxy.forward_to(server.page);
    proxy.set(Mode::NoWebSocket);
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("http://{}/s/{id}", proxy.address)).await;
    recorded(&tab).await;
    tab.sees("#wire", "SYN ACK").await;
    tab.sees_no("body", "live connection was blocked").await;
}
