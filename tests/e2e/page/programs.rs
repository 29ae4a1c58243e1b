//! The tutorial's programs on the page: two clicks, what goes wrong, and what becomes of the code.

use super::{LAPTOP, PHONE, do_line, entered, first_visit, folder::drop_on};
use crate::harness::{
    browser::{Browser, Tab, quote},
    server::TestServer,
};

/// Waits until a program has come to wait in a call.
async fn waits(tab: &Tab, side: &str, call: &str) {
    tab.sees(&format!("#{side} .machine-state"), &format!("waiting in {call}()")).await;
}

async fn prints(tab: &Tab, side: &str, text: &str) {
    tab.sees(&format!("#{side} output-log"), text).await;
}

/// The tutorial's server waits, and its client has been thanked.
async fn thanked(tab: &Tab) {
    tab.click("#right", "Run server.py on server").await;
    waits(tab, "right", "accept").await;
    tab.click("#left", "Run client.py on client").await;
    prints(tab, "left", "Thank you for connecting").await;
    tab.click("#right", "Stop server.py on server").await;
    tab.shows("the server to be stopped", "called('#right', 'Run server.py on server')").await;
}

/// Replaces what stands in a machine's editor, as somebody types it.
pub(super) async fn write_program(tab: &Tab, side: &str, text: &str) {
    tab.shows("an editor", &format!("document.querySelector('#{side} .program:not([hidden]) code-editor')"))
        .await;
    let put = format!(
        "document.querySelector('#{side} .program:not([hidden]) code-editor').text = {}",
        quote(text)
    );
    tab.script(&put).await;
}

#[tokio::test]
async fn two_clicks_and_the_greeting_has_crossed_the_wire() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    tab.click("#right", "Run server.py on server").await;
    waits(&tab, "right", "accept").await;
    // The line that waits is marked, the wire shows what it waits for.
    tab.sees("#wire", "accept()").await;
    tab.sees("#right .sockets", "LISTEN").await;
    tab.click("#left", "Run client.py on client").await;
    prints(&tab, "left", "Thank you for connecting").await;
    prints(&tab, "right", "connection from ('10.0.0.2'").await;
    for text in ["Thank you for", "has no more to send"] {
        tab.sees("#wire", text).await;
    }
    tab.fits().await;
    tab.screenshot("programs-1280").await;
    // The handshake stands above what is in sight at the end.
    tab.region("wire").await;
    tab.press("Home").await;
    tab.sees("#wire", "asks to connect").await;
}

/// Who presses Run before the program has come means that program.
#[tokio::test]
async fn a_click_is_kept_that_comes_before_the_program() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    let hasty = "const look = () => {
            const run = document.querySelector('#left .machine-run .button:not([disabled])');
            if (run) run.click(); else setTimeout(look);
        };
        look();";
    tab.prepare(hasty).await;
    tab.go(&server.origin()).await;
    prints(&tab, "left", "ConnectionRefusedError").await;
}

#[tokio::test]
async fn on_a_telephone_both_run_from_the_wire() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, PHONE).await;
    tab.click("#runners", "Run server.py on server").await;
    tab.sees("#wire", "accept()").await;
    tab.click("#runners", "Run client.py on client").await;
    tab.sees("#wire", "has no more to send").await;
    tab.fits().await;
    tab.screenshot("programs-320").await;
    // Two lines of the strip are not enough for what it says now.
    tab.click("#lesson", "more of the sentence").await;
    tab.sees("#lesson .hint", "Want to stop one in mid-air?").await;
    tab.press("Escape").await;
    tab.shows("it to be closed", "!document.querySelector('#lesson .hint')").await;
    tab.click("#views", "client…").await;
    prints(&tab, "left", "Thank you for connecting").await;
    tab.fits().await;
    tab.screenshot("programs-320-client").await;
    // A machine's other files, and its calls by hand, are at hand as well.
    tab.click("#left", "By hand").await;
    do_line(&tab, "left", "s = socket.socket()").await;
    tab.fits().await;
    tab.screenshot("programs-320-by-hand").await;
}

#[tokio::test]
async fn a_client_that_comes_first_is_refused_and_told_why() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    tab.click("#left", "Run client.py on client").await;
    prints(&tab, "left", "ConnectionRefusedError: [Errno 111] Connection refused").await;
    tab.sees("#left .failure", "ECONNREFUSED 111").await;
    tab.sees("#left .failure", "nothing listens on port 12345").await;
    tab.sees("#wire", "RST").await;
    tab.screenshot("programs-refused-1280").await;
}

#[tokio::test]
async fn a_restart_meets_an_address_in_use_and_a_fresh_network_helps() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    thanked(&tab).await;
    tab.click("#right", "Run server.py on server").await;
    tab.sees("#right .failure", "EADDRINUSE 98").await;
    tab.sees("#right .failure", "rests in TIME_WAIT for").await;
    tab.screenshot("programs-in-use-1280").await;
    tab.click("#right .failure", "Fresh network").await;
    tab.sees("#right .failure", "Run it again").await;
    tab.click("#right", "Run server.py on server").await;
    waits(&tab, "right", "accept").await;
}

#[tokio::test]
async fn a_reload_keeps_the_code_and_what_was_printed() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    write_program(
        &tab,
        "left",
        "name = input('who? ')\nprint('hello', name)\nimport time\ntime.sleep(1000)\n",
    )
    .await;
    tab.click("#left", "Run client.py on client").await;
    tab.sees("#left .machine-state", "waiting for input").await;
    tab.shows("the input line", "called('#left', 'Input for the program')").await;
    tab.script("document.querySelector('#left .program-input').focus()").await;
    tab.type_text("Ada").await;
    tab.press("Enter").await;
    prints(&tab, "left", "hello Ada").await;
    waits(&tab, "left", "sleep").await;
    tab.reload().await;
    entered(&tab).await;
    prints(&tab, "left", "hello Ada").await;
    prints(&tab, "left", "The page was left, and the program ended with it.").await;
    tab.shows("its code", "document.querySelector('#left code-editor').text.includes('hello')").await;
    tab.shows("it is not running", "called('#left', 'Run client.py on client')").await;
}

#[tokio::test]
async fn output_without_end_is_bounded_and_can_be_stopped() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    write_program(&tab, "left", "n = 0\nwhile True:\n    print('line', n)\n    n += 1\n").await;
    tab.click("#left", "Run client.py on client").await;
    tab.sees("#left .output-cut", "showing the last 1,000 of").await;
    tab.click("#left", "Stop client.py on client").await;
    tab.shows("its end", "called('#left', 'Run client.py on client')").await;
    tab.shows("no more lines than fit", "document.querySelectorAll('#left .output-line').length <= 1000")
        .await;
    prints(&tab, "left", "KeyboardInterrupt").await;
}

#[tokio::test]
async fn what_a_program_prints_is_text_and_its_controls_are_seen() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    write_program(&tab, "left", "print('<b id=evil>\\x1b[2J\\u202eabc</b>')\n").await;
    tab.click("#left", "Run client.py on client").await;
    prints(&tab, "left", "<b id=evil>␛[2J⟨U+202E⟩abc</b>").await;
    tab.shows("no markup", "document.querySelector('#evil') === null").await;
}

#[tokio::test]
async fn a_copy_opens_in_a_room_of_its_own_and_runs_nothing() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let teacher = first_visit(&browser, &server, LAPTOP).await;
    write_program(&teacher, "right", "print('from the teacher')\n").await;
    teacher.click("#right", "Run server.py on server").await;
    prints(&teacher, "right", "from the teacher").await;
    teacher.click(".top", "Share").await;
    teacher.sees("dialog", "Give a copy").await;
    let copy = teacher.read("document.querySelector('[aria-label=\"Link: Give a copy\"]').value").await;
    teacher.screenshot("share-copy-1280").await;

    let pupil = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    pupil.go(&copy).await;
    entered(&pupil).await;
    pupil
        .shows("the teacher's code", "document.querySelector('#right code-editor').text.includes('teacher')")
        .await;
    assert_ne!(
        pupil.address().await.split('#').next().map(|address| address.split('?').next().map(str::to_owned)),
        teacher.address().await.split('#').next().map(|address| address.split('?').next().map(str::to_owned)),
        "a room of their own"
    );
    assert!(!pupil.text("#right output-log").await.contains("from the teacher"), "nothing runs until asked");
    pupil.click("#right", "Run server.py on server").await;
    prints(&pupil, "right", "from the teacher").await;
    // It is the pupil's now: a reload has it, and a new room of theirs has their own.
    pupil.reload().await;
    entered(&pupil).await;
    pupil.shows("the code", "document.querySelector('#right code-editor').text.includes('teacher')").await;
    pupil.go(&server.origin()).await;
    entered(&pupil).await;
    pupil
        .shows("their own code", "document.querySelector('#right code-editor')?.text.includes('s.accept()')")
        .await;
}

#[tokio::test]
async fn a_link_that_is_no_copy_says_so_and_opens_a_fresh_room() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    // A bomb: 2 MiB of JSON in some kilobytes.
    let maker = first_visit(&browser, &server, LAPTOP).await;
    let bomb = maker
        .script(
            "const json = JSON.stringify({ lesson: null, code: { server: { open: 'a.py', files: { 'a.py': ' '.repeat(2 ** 21) } } } });
             const packed = new Response(new Blob([json]).stream().pipeThrough(new CompressionStream('deflate-raw')));
             const bytes = new Uint8Array(await packed.arrayBuffer());
             return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');",
        )
        .await;
    let packed = |json: &str| {
        let json = json.to_owned();
        let maker = &maker;
        async move {
            let source = format!(
                "const packed = new Response(new Blob([{}]).stream().pipeThrough(new CompressionStream('deflate-raw')));
                 const bytes = new Uint8Array(await packed.arrayBuffer());
                 return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');",
                quote(&json)
            );
            maker.script(&source).await.as_str().expect("text").to_owned()
        }
    };
    let path = packed(r#"{"lesson":null,"code":{"server":{"open":"a.py","files":{"../../x":"1"}}}}"#).await;
    let unknown = packed(r#"{"lesson":null,"code":{},"run":true}"#).await;
    let lesson = packed(r#"{"lesson":"../evil","code":{}}"#).await;
    let damaged = "This link is damaged, or not all of it arrived.";
    for (fragment, said) in [
        ("copy=1.q1bKSS0".to_owned(), damaged),
        ("copy=1.<script>".to_owned(), damaged),
        (format!("copy=1.{}", bomb.as_str().expect("text")), damaged),
        (format!("copy=1.{path}"), damaged),
        (format!("copy=1.{unknown}"), damaged),
        (format!("copy=1.{lesson}"), damaged),
        ("copy=9.AAAA".to_owned(), "This link was made by a newer Wireside than this one."),
        (format!("copy=1.{}", "A".repeat(40_000)), "This link is longer than a copy may be."),
    ] {
        let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
        tab.go(&format!("{}/#{fragment}", server.origin())).await;
        entered(&tab).await;
        tab.sees("notice-bar", said).await;
        tab.shows(
            "our own code",
            "document.querySelector('#right code-editor')?.text.includes('s.accept()')",
        )
        .await;
    }
}

#[tokio::test]
async fn a_watcher_sees_the_code_and_what_it_prints() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let owner = first_visit(&browser, &server, LAPTOP).await;
    owner.click(".top", "Share").await;
    owner.sees("dialog", "Let them watch").await;
    let watch = owner.read("document.querySelector('[aria-label=\"Link: Let them watch\"]').value").await;
    owner.press("Escape").await;
    let watcher = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    watcher.go(&watch).await;
    entered(&watcher).await;
    write_program(&owner, "right", "print('seen by all')\nimport time\ntime.sleep(1000)\n").await;
    owner.click("#right", "Run server.py on server").await;
    watcher.sees("#right output-log", "seen by all").await;
    watcher.sees("#right .program-note", "Runs in the owner's page.").await;
    watcher.shows("the code", "document.querySelector('#right .program:not([hidden]) code-editor').text.includes('seen by all')").await;
    watcher.shows("no Run, no Stop", "!called('#right', 'Run…') && !called('#right', 'Stop…')").await;
    watcher.screenshot("programs-watched-1280").await;
}

#[tokio::test]
async fn of_two_who_edit_at_once_the_last_counts_and_is_named() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let one = first_visit(&browser, &server, LAPTOP).await;
    // The same person in a second tab, as owner once more: with the owner's key and no session of its own.
    let key = one.read("localStorage.getItem(`wireside.owner.${location.pathname.split('/')[2]}`)").await;
    let room = one.read("location.pathname").await;
    let two = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    two.go(&format!("{}{room}#{key}", server.origin())).await;
    entered(&two).await;
    let typed = |text: &str| {
        format!(
            "const editor = document.querySelector('#right .program:not([hidden]) code-editor');
             editor.text = {}; editor.dispatchEvent(new Event('change', {{ bubbles: true }}));",
            quote(text)
        )
    };
    one.shows("an editor", "document.querySelector('#right .program:not([hidden]) code-editor')").await;
    two.shows("an editor", "document.querySelector('#right .program:not([hidden]) code-editor')").await;
    one.script(&typed("print('one')\n")).await;
    two.shows("the first one's text", "document.querySelector('#right code-editor').text.includes('one')")
        .await;
    two.sees("#right .program-note", "changed by").await;
    two.script(&typed("print('two')\n")).await;
    one.shows("the last one's text", "document.querySelector('#right code-editor').text.includes('two')")
        .await;
    one.sees("#right .program-note", "changed by").await;
}

/// The card is for the call whose own failure ended the program, and knows what the room knows.
#[tokio::test]
async fn a_card_explains_what_ended_the_program_and_nothing_else() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    tab.click("#right", "Run server.py on server").await;
    waits(&tab, "right", "accept").await;
    let failure = "document.querySelector('#left .failure').hidden";
    let caught = "import socket\ns = socket.socket()\ns.settimeout(0.1)\ns.connect(('server', 12345))\nprint(s.recv(100))\n\
                  try:\n    socket.socket().connect(('localhost', 1))\nexcept OSError:\n    pass\nnothing_of_that_name\n";
    write_program(&tab, "left", caught).await;
    tab.click("#left", "Run client.py on client").await;
    prints(&tab, "left", "NameError").await;
    tab.shows("its end", "called('#left', 'Run client.py on client')").await;
    // What is shown with the end is shown now; the next program's card proves that cards come at all.
    tab.shows("no card", failure).await;
    write_program(&tab, "left", "import socket\ns = socket.socket()\ns.connect(('localhost', 12345))\nprint('greeted:', s.recv(100))\n").await;
    tab.click("#left", "Run client.py on client").await;
    tab.sees("#left .failure", "You called your own machine, client: nothing listens on port 12345 here.")
        .await;
    tab.sees("#left .failure", "server.py listens on server, port 12345.").await;
    tab.screenshot("programs-own-machine-1280").await;
    tab.click("#left .failure", "Run both on server").await;
    tab.sees("#left .failure", "A copy of it runs on server now, as client.py.").await;
    prints(&tab, "right", "greeted: b'Thank you for connecting'").await;
    // The other program goes on beside it.
    tab.shows("the server", "called('#right .machine-files', 'server.py, running')").await;
}

/// A pair that says `localhost`: what runs on the other machine has its arguments and its modules, and each is told apart.
#[tokio::test]
async fn a_program_goes_to_the_other_machine_as_it_ran_here() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    let listens = "import socket\nl = socket.create_server(('localhost', 6000))\nc, _ = l.accept()\nprint('heard:', c.recv(100).decode())\nc.recv(1)\n";
    let speaks = "import socket, sys, words\ns = socket.create_connection((sys.argv[2], 6000))\n\
        s.sendall(words.greeting(sys.argv[1]).encode())\ninput()\n";
    let words = "def greeting(name):\n    return f'hello from {name}'\n";
    drop_on(&tab, "right", &[("server.py", &quote(listens)), ("own.txt", "'the server\\'s'")]).await;
    tab.sees("notice-bar", "2 files are on server now.").await;
    drop_on(
        &tab,
        "left",
        &[("client.py", &quote(speaks)), ("words.py", &quote(words)), ("own.txt", "'mine'")],
    )
    .await;
    tab.sees("notice-bar", "3 files are on client now.").await;
    tab.click("#right", "Run server.py on server").await;
    waits(&tab, "right", "accept").await;
    tab.script(
        "document.querySelector('#left .program:not([hidden]) .program-arguments').value = 'Ada localhost'",
    )
    .await;
    tab.click("#left", "Run client.py on client").await;
    tab.click("#left .failure", "Run both on server").await;
    let said =
        "A copy of it runs on server now, as client.py. With it went words.py. server keeps its own own.txt.";
    tab.sees("#left .failure", said).await;
    tab.shows(
        "two that run",
        "called('#right .machine-files', 'server.py, running') && called('#right .machine-files', 'client.py, running')",
    )
    .await;
    for whose in ["server.py fd 3", "client.py fd 3"] {
        tab.sees("#right .sockets", whose).await;
    }
    for program in ["server.py", "client.py"] {
        let named = format!(
            "[...document.querySelectorAll('.wire-drawing *')].some((one) => one.textContent === {})",
            quote(program)
        );
        tab.shows(&format!("{program} on the wire"), &named).await;
    }
    tab.fits().await;
    tab.screenshot("programs-one-machine-1280").await;
    tab.click("#right .machine-files", "server.py, running").await;
    prints(&tab, "right", "heard: hello from Ada").await;
}

#[tokio::test]
async fn files_are_made_renamed_deleted_and_had_back_and_nobodys_work_is_replaced() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    let tabs = |expected: &'static str| {
        let seen =
            "[...document.querySelectorAll('#right .machine-tab')].map(one => one.textContent).join(' ')";
        format!("{seen} === {}", quote(expected))
    };
    // What stands behind the tabs moves until they are there.
    tab.shows("the tabs", &tabs("server.py By hand")).await;
    tab.click("#right", "New file on server").await;
    tab.shows(
        "the menu under its button",
        "Math.abs(document.querySelector('.popover').getBoundingClientRect().top
            - document.querySelector('#right .tab-more').getBoundingClientRect().bottom) < 8",
    )
    .await;
    tab.click(".file-menu", "New file").await;
    tab.type_text("proxy").await;
    tab.press("Enter").await;
    tab.shows("a new tab", &tabs("server.py proxy.py By hand")).await;
    tab.type_text("print('mine')").await;
    tab.click("#right", "proxy.py: rename, duplicate, download, delete").await;
    tab.click(".file-menu", "Rename").await;
    tab.type_text("other").await;
    tab.press("Enter").await;
    tab.shows("its new name", &tabs("server.py other.py By hand")).await;
    tab.click("#right", "other.py: rename, duplicate, download, delete").await;
    tab.click(".file-menu", "Delete").await;
    tab.shows("it to be gone", &tabs("server.py By hand")).await;
    tab.click("notice-bar", "Undo").await;
    tab.shows("it to be back", &tabs("server.py other.py By hand")).await;
    // Somebody's own work stays; what nobody has changed gives way.
    let put = |file: &str, text: &str| {
        format!(
            "document.querySelector('#right machine-pane').put({}, {}, {{ keep: true }})",
            quote(file),
            quote(text)
        )
    };
    for (file, text, name) in [
        ("other.py", "print('theirs')", "other-2.py"),
        ("other.py", "print('theirs too')", "other-2.py"),
        ("server.py", "print('theirs')", "server.py"),
        ("other.py", "print('mine')", "other.py"),
    ] {
        let named = tab.script(&format!("return await {}", put(file, text))).await;
        assert_eq!(named.as_str(), Some(name), "{file} with {text}");
    }
    tab.reload().await;
    entered(&tab).await;
    tab.shows("all of them after a reload", &tabs("server.py other.py other-2.py By hand")).await;
    tab.click("#right", "other.py").await;
    tab.shows(
        "the text",
        "[...document.querySelectorAll('#right code-editor')].some(
            (one) => one.checkVisibility() && one.text === \"print('mine')\")",
    )
    .await;
    tab.screenshot("programs-files-1280").await;
}

/// A lesson leads, but never out of a tab that somebody is at work in.
#[tokio::test]
async fn a_lesson_does_not_take_a_half_typed_line_out_of_sight() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    tab.click("#left .machine-files", "By hand").await;
    tab.script("document.querySelector('#left .cc-input').focus()").await;
    tab.type_text("s = sock").await;
    // The server comes to wait, and the lesson goes on to the client's program.
    tab.script("document.querySelector('#right machine-pane').run('server.py')").await;
    waits(&tab, "right", "accept").await;
    tab.sees("#lesson", "Now run the client").await;
    tab.shows(
        "the line where it was typed",
        "document.activeElement.value === 's = sock' && document.activeElement.checkVisibility()",
    )
    .await;
}

#[tokio::test]
async fn threads_are_named_where_they_wait_and_a_deadlock_is_told() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    let waiting = "import socket\nimport threading\nl = socket.create_server((\"\", 9999))\ndef knock():\n    \
        socket.create_connection((\"localhost\", 9999)).recv(1)\nfor _ in range(2):\n    \
        threading.Thread(target=knock, daemon=True).start()\nheld = [l.accept() for _ in range(3)]\n";
    write_program(&tab, "right", waiting).await;
    tab.click("#right", "Run server.py on server").await;
    tab.sees("#right .threads summary", "3 threads").await;
    let named = "document.querySelector('#right .program:not([hidden]) code-editor').shadowRoot\
        .querySelector('[data-threads=\"Thread-1, Thread-2\"]') !== null";
    tab.shows("the line's threads", named).await;
    tab.script("document.querySelector('#right .threads').open = true").await;
    tab.sees("#right .threads", "waits in recv(), line 5").await;
    // Whoever points at a thread sees what its line does on the wire.
    let thread = "(({ left, top }) => ({ x: left + 4, y: top + 4 }))(document.querySelector('#right .thread-line[data-line=\"5\"]').getBoundingClientRect())";
    tab.point_at("a thread", thread).await;
    tab.shows("its call to be raised", "document.querySelector('.wire-drawing.lowered')").await;
    tab.fits().await;
    tab.screenshot("programs-threads-1280").await;
    tab.click("#right", "Stop server.py on server").await;
    tab.shows("it to be stopped", "called('#right', 'Run server.py on server')").await;
    let stuck = "import threading\nlock = threading.Lock()\n\
        worker = threading.Thread(target=lambda: lock.acquire())\nwith lock:\n    worker.start()\n    worker.join()\n";
    write_program(&tab, "right", stuck).await;
    tab.click("#right", "Run server.py on server").await;
    tab.sees("#right .deadlock", "waits in acquire(), line 3, for a lock that MainThread holds since line 4")
        .await;
    tab.fits().await;
    tab.click(
        "#right .deadlock",
        "Thread-1 (<lambda>) waits in acquire(), line 3, for a lock that MainThread holds since line 4.",
    )
    .await;
    tab.shows("the line", "document.querySelector('#right .program:not([hidden]) code-editor').shadowRoot.activeElement !== null").await;
}
