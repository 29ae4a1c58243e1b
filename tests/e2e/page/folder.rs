//! A machine's folder: files that people bring and programs read and write, what is refused, and where they are kept.

use super::{LAPTOP, entered, first_visit};
use crate::harness::{
    browser::{Browser, Tab, quote},
    server::TestServer,
};

const PROTOCOL: &str = "import struct\nRECORD = struct.Struct('!HH')\n";
/// Imports a file, reads two, and leaves behind what a folder can and cannot keep.
const WORK: &str = r#"import os, csv, protocol, sys
print(sys.argv)
print(protocol.RECORD.size, [row["city"] for row in csv.DictReader(open("cities.csv", newline=""))])
print(open("icon.png", "rb").read(4), open("crlf.http", "rb").read())
open("out.txt", "w").write("written\n")
open("bytes.bin", "wb").write(bytes(range(256)) * 32)
os.remove("gone.txt")
os.mkdir("cache")
open("big.bin", "wb").write(bytes(2 << 20))
open("a\u202eb.txt", "w").write("x")
for path in ("/tmp/endless", "/endless", "/lib/endless"):
    written = 0
    try:
        with open(path, "wb") as file:
            while True:
                written += file.write(bytes(1 << 20))
    except OSError as error:
        print(error, path, written >> 20)
    os.remove(path)
with open("/tmp/sparse", "wb", 0) as file:
    for grow in (lambda: file.truncate(1 << 30), lambda: os.truncate("/tmp/sparse", 1 << 30), lambda: (file.seek(1 << 30), file.write(b"x"))):
        try:
            grow()
        except OSError as error:
            print(error, "sparse", os.stat("/tmp/sparse").st_size)
    print("truncated", file.truncate(1 << 20))
"#;
/// A picture of one pixel.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// Drops files on a machine, as a person does: each has a name and a JavaScript expression for what is in it.
pub(super) async fn drop_on(tab: &Tab, side: &str, files: &[(&str, &str)]) {
    let files: String = files
        .iter()
        .map(|(name, content)| format!("items.add(new File([{content}], {}));", quote(name)))
        .collect();
    tab.script(&format!(
        "const dataTransfer = new DataTransfer();
         const {{ items }} = dataTransfer;
         {files}
         document.querySelector('#{side} .workspace').dispatchEvent(new DragEvent('drop', {{ dataTransfer, bubbles: true, cancelable: true }}));"
    ))
    .await;
}

/// A condition on the names of a machine's tabs, `names`, those in the menu included.
fn tabs(side: &str, condition: &str) -> String {
    format!(
        "((names) => {condition})([...document.querySelectorAll('#{side} .machine-tab')].map((tab) => tab.textContent))"
    )
}

/// Opens a file's tab, wherever it is.
async fn open(tab: &Tab, side: &str, file: &str) {
    let click = format!("document.querySelector('#{side} .machine-tab[data-key={}]').click()", quote(file));
    tab.script(&click).await;
}

#[tokio::test]
async fn programs_find_the_files_that_people_bring_and_leave_their_own() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    let pixel = format!("Uint8Array.from(atob('{PIXEL}'), (letter) => letter.charCodeAt(0))");
    let brought = [
        ("client.py", &*quote(WORK)),
        ("protocol.py", &*quote(PROTOCOL)),
        ("cities.csv", &*quote("city,people\nOslo,709\nBern,134\n")),
        ("crlf.http", &*quote("GET / HTTP/1.0\r\n\r\n")),
        ("icon.png", &*pixel),
        ("gone.txt", "'soon'"),
        ("film.mp4", "new Uint8Array(2 ** 21)"),
        ("a\u{202e}gnp.exe", "'x'"),
    ];
    drop_on(&tab, "left", &brought).await;
    tab.sees("notice-bar", "6 files are on client now.").await;
    tab.sees("notice-bar", "film.mp4 has 2,097,152 bytes: a file here has at most 1,048,576 (1 MiB).").await;
    tab.sees("notice-bar", "a⟨U+202E⟩gnp.exe: This name has the character U+202E in it").await;
    // Nobody had changed the tutorial's.
    tab.shows(
        "one client.py",
        &tabs("left", "names.includes('client.py') && !names.includes('client-2.py')"),
    )
    .await;

    let arguments = "document.querySelector('#left .program:not([hidden]) .program-arguments')";
    tab.script(&format!("{arguments}.value = \"'a b\"")).await;
    tab.click("#left", "Run client.py on client").await;
    tab.sees("#left .program-fault", "The quote ' at character 1 is not closed.").await;
    tab.script(&format!("{arguments}.value = \"'a b' -c\"")).await;
    tab.click("#left", "Run client.py on client").await;
    // It is said for a while only, and filling the disk takes another.
    tab.sees("notice-bar", "gone.txt on client is deleted by client.py.").await;
    for line in [
        "['client.py', 'a b', '-c']",
        "4 ['Oslo', 'Bern']",
        "b'\\x89PNG' b'GET / HTTP/1.0\\r\\n\\r\\n'",
        "[Errno 28] No space left on device /tmp/endless 61",
        "[Errno 28] No space left on device /endless 61",
        "[Errno 28] No space left on device /lib/endless 61",
        "[Errno 28] No space left on device sparse 0",
        "truncated 1048576",
        "the folder cache. A machine has one folder",
        "big.bin has 2,097,152 bytes",
        "a⟨U+202E⟩b.txt has a name that a file of the page cannot have.",
    ] {
        tab.sees("#left output-log", line).await;
    }
    let made = "names.includes('out.txt') && names.includes('bytes.bin') && !names.includes('gone.txt')";
    tab.shows("what it made", &tabs("left", made)).await;
    let new = "document.querySelector('#left .machine-tab[data-key=\"out.txt\"]').dataset.mark";
    tab.shows("that it is new", &format!("{new} === 'new'")).await;

    open(&tab, "left", "out.txt").await;
    tab.sees("#left .data-head", "text · 8 bytes").await;
    tab.shows("that it was looked at", &format!("{new} === ''")).await;
    open(&tab, "left", "bytes.bin").await;
    tab.sees("#left .data-dump", "0040 40 41 42 43 44 45 46 47 @ABCDEFG").await;
    tab.click("#left", "Show more").await;
    tab.sees("#left .data-dump", "1ff8 f8").await;
    tab.fits().await;
    open(&tab, "left", "icon.png").await;
    tab.shows("the picture", "document.querySelector('#left .data-picture').naturalWidth === 1").await;

    // All of it in one archive.
    let folder = downloads("zip");
    let zip = tab
        .saved_to(&folder, async || {
            tab.click("#left", "New file on client").await;
            tab.click(".file-menu", "Download all as zip").await;
        })
        .await;
    let list = std::process::Command::new("python3")
        .args(["-m", "zipfile", "-t"])
        .arg(&zip)
        .output()
        .expect("python3");
    assert!(String::from_utf8_lossy(&list.stdout).contains("Done testing"), "{list:?}");

    tab.reload().await;
    entered(&tab).await;
    let kept = "['client.py', 'protocol.py', 'cities.csv', 'crlf.http', 'icon.png', 'out.txt', 'bytes.bin'].every((file) => names.includes(file))";
    tab.shows("the files after a reload", &tabs("left", kept)).await;
    tab.shows("the picture again", "document.querySelector('#left .data-picture')?.naturalWidth === 1").await;

    // A copy has the text, and says what it has not.
    tab.click(".top", "Share").await;
    tab.sees("dialog", "Not in it, since links carry text and not much of it: ").await;
    tab.sees("dialog", "icon.png on client").await;
    tab.sees("dialog", "bytes.bin on client").await;
    let copy = tab.read("document.querySelector('[aria-label=\"Link: Give a copy\"]').value").await;
    let pupil = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    pupil.go(&copy).await;
    entered(&pupil).await;
    let texts =
        "names.includes('protocol.py') && names.includes('cities.csv') && !names.includes('icon.png')";
    pupil.shows("the text files", &tabs("left", texts)).await;
    pupil.click("#left", "Run client.py on client").await;
    pupil.sees("#left output-log", "['client.py', 'a b', '-c']").await;
    pupil.sees("#left output-log", "4 ['Oslo', 'Bern']").await;
    pupil
        .sees("#left output-log", "FileNotFoundError: [Errno 2] No such file or directory: 'icon.png'")
        .await;
}

#[tokio::test]
async fn a_folder_refuses_bad_names_and_what_it_does_not_hold() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    tab.go(&server.origin()).await;
    entered(&tab).await;
    tab.shows("a file", &tabs("right", "names.includes('server.py')")).await;
    let try_name = async |name: &str| {
        tab.script(&format!(
            "const field = document.querySelector('.file-menu input.field');
             field.value = {};
             field.form.requestSubmit();",
            quote(name)
        ))
        .await;
    };
    tab.click("#right", "New file on server").await;
    tab.click(".file-menu", "New file").await;
    tab.shows("a field", "document.querySelector('.file-menu input.field')").await;
    for (name, said) in [
        ("", "A file needs a name."),
        ("a/b.py", "A name has no / in it"),
        ("..", "are folders"),
        ("a\0b.txt", "U+0000"),
        ("a\u{202e}b.txt", "U+202E"),
        ("a\u{7f}b.txt", "U+007F"),
        ("my server.py", "A program has a name like server.py"),
        ("server.py", "There is a server.py already."),
    ] {
        try_name(name).await;
        tab.sees(".file-menu", said).await;
    }
    try_name(&"x".repeat(300)).await;
    tab.sees(".file-menu", "This name has 303 bytes; a file's name has at most 255.").await;
    try_name("notes.txt").await;
    tab.shows("a file that is no program", &tabs("right", "names.includes('notes.txt')")).await;

    // Up to the hundredth.
    tab.script(
        "const dataTransfer = new DataTransfer();
         for (let at = 0; at < 99; at += 1) dataTransfer.items.add(new File([String(at)], `data-${at}.csv`));
         document.querySelector('#right .workspace').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));",
    )
    .await;
    tab.sees(
        "notice-bar",
        "98 files are on server now. data-98.csv finds no room: a machine has at most 100 files.",
    )
    .await;
    tab.shows("a hundred files and By hand", &tabs("right", "names.length === 101")).await;
    tab.fits().await;
    tab.click("#right", "New file on server").await;
    tab.sees(".file-menu", "a machine has at most 100 files").await;
    tab.press("Escape").await;

    // A folder, dropped with a file.
    tab.script(
        "const entry = { isDirectory: true, name: 'photos' };
         const folder = { kind: 'file', webkitGetAsEntry: () => entry, getAsFile: () => new File([], 'photos') };
         const event = new Event('drop', { bubbles: true, cancelable: true });
         event.dataTransfer = { types: ['Files'], items: [folder] };
         document.querySelector('#right .workspace').dispatchEvent(event);",
    )
    .await;
    tab.sees("notice-bar", "photos is a folder: open it and bring its files.").await;
}

/// By the menus: a file is opened from the computer, duplicated, handed back, and there at the next visit in another room.
#[tokio::test]
async fn a_file_is_opened_duplicated_downloaded_and_there_in_a_new_room() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    tab.go(&server.origin()).await;
    entered(&tab).await;
    let room = tab.read("location.pathname").await;
    tab.click("#right", "New file on server").await;
    // In the place of the person who chooses a file.
    tab.script(
        "const picker = document.querySelector('.file-menu input[type=file]');
         picker.addEventListener('click', (event) => {
           event.preventDefault();
           const chosen = new DataTransfer();
           chosen.items.add(new File([Uint8Array.from({ length: 200_000 }, (_, at) => at % 251)], 'photo.bin'));
           picker.files = chosen.files;
           picker.dispatchEvent(new Event('change'));
         });",
    )
    .await;
    tab.click(".file-menu", "Open from this computer").await;
    tab.sees("#right .data-head", "200,000 bytes").await;
    tab.click("#right", "photo.bin: rename, duplicate, download, delete").await;
    tab.click(".file-menu", "Duplicate").await;
    tab.shows("the copy", &tabs("right", "names.includes('photo-2.bin')")).await;
    let folder = downloads("one");
    let saved = tab
        .saved_to(&folder, async || {
            tab.click("#right", "photo-2.bin: rename, duplicate, download, delete").await;
            tab.click(".file-menu", "Download").await;
        })
        .await;
    let expected: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
    assert_eq!(saved.file_name().and_then(|name| name.to_str()), Some("photo-2.bin"));
    assert!(std::fs::read(&saved).expect("the file") == expected, "its bytes");

    tab.go(&server.origin()).await;
    entered(&tab).await;
    assert_ne!(tab.read("location.pathname").await, room, "another room");
    tab.shows("both files", &tabs("right", "names.includes('photo.bin') && names.includes('photo-2.bin')"))
        .await;
    open(&tab, "right", "photo-2.bin").await;
    tab.sees("#right .data-head", "200,000 bytes").await;
    tab.sees("#right .data-dump", "0040 40 41 42 43 44 45 46 47 @ABCDEFG").await;
}

/// A folder for a download.
fn downloads(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("wireside-folder-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}
