//! The client in a page of another origin: imported from the server, and copied beside the page.

use crate::harness::{
    browser::{Browser, Tab},
    http::download,
    root,
    server::TestServer,
    site::Site,
};

/// What `docs/library.md` says to developers.
fn documentation() -> String {
    std::fs::read_to_string(root().join("docs/library.md")).expect("the library's documentation")
}

/// The first block of code of this kind.
fn block<'a>(text: &'a str, kind: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("```{kind}\n")).expect("a block of code");
    rest.split_once("```").expect("its end").0
}

/// The example's lines as a page runs them, with `client` in the place of the address it names.
fn example(text: &str, client: &str) -> String {
    let code = block(text, "js").replace("http://127.0.0.1:8080/client/wireside.js", client);
    code.replace("import { openRoom } from", "const { openRoom } = await import(")
        .replacen("wireside.js\";", "wireside.js\");", 1)
        .replace("console.log(text)", "return text")
}

async fn page_of(site: &Site, browser: &Browser) -> Tab {
    let tab = browser.visitor(800, 600).await;
    tab.go(&format!("{}/", site.origin())).await;
    tab.shows("the document", "document.readyState === 'complete'").await;
    tab
}

#[tokio::test]
async fn the_example_works_in_a_page_of_another_origin() {
    let site = Site::open().await;
    let server = TestServer::start(&["--origin", &site.origin()]);
    let browser = Browser::open().await;
    let tab = page_of(&site, &browser).await;
    let client = format!("{}/client/wireside.js", server.origin());
    let text = tab.script(&example(&documentation(), &client)).await;
    assert_eq!(text, "Thank you for connecting");
    // What it shows of Python there is the same: its worker comes by the same way.
    let python = format!("{}/client/python.js", server.origin());
    let found = tab.script(&format!("return (await import('{python}')).available()")).await;
    assert!(found["ok"] == true || found["reason"] == "not-built", "{found}");
}

#[tokio::test]
async fn the_files_that_are_listed_are_all_that_a_copy_needs() {
    let site = Site::open().await;
    let server = TestServer::start(&["--origin", &site.origin()]);
    let browser = Browser::open().await;
    let text = documentation();
    let listed: Vec<String> = block(&text, "text").lines().map(|file| format!("/{file}")).collect();
    for path in &listed {
        site.put(path, download(server.page, path, "").await);
    }
    let copied = example(&text, "/client/wireside.js")
        .replace("openRoom()", &format!("openRoom(undefined, {{ server: '{}' }})", server.origin()));
    let tab = page_of(&site, &browser).await;
    assert_eq!(tab.script(&copied).await, "Thank you for connecting");
    assert_eq!(site.asked().into_iter().collect::<Vec<_>>(), listed, "each of them is needed");

    // Without one of them it says so, whichever it is.
    for missing in ["/client/web_bg.wasm", "/client/worker.js", "/py/pane-memory.js"] {
        let bytes = site.remove(missing);
        let tab = page_of(&site, &browser).await;
        let outcome =
            format!("try {{ {copied} }} catch (error) {{ return error.code ?? `import: ${{error.name}}`; }}");
        let code = tab.script(&outcome).await;
        // A module that the page itself imports fails with the import.
        let imported = missing == "/py/pane-memory.js";
        assert_eq!(code, if imported { "import: TypeError" } else { "NOT_LOADED" }, "{missing}");
        site.put(missing, bytes);
    }
    browser.forgive(|complaint| complaint.contains("404") || complaint.contains("WebAssembly"));
}
