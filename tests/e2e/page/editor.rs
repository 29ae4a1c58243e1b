//! The editor for programs: a plain text field first, CodeMirror when it has come, and nothing typed is lost between.

use std::path::PathBuf;

use serde_json::json;

use super::{LAPTOP, PHONE, entered};
use crate::harness::{
    browser::{Browser, Tab},
    http, profile,
    server::TestServer,
};

/// A folder whose files are served instead of the program's own; gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn with_manifest(name: &str, manifest: &str) -> Self {
        let folder = profile().join("e2e-web").join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("vendor")).expect("a folder");
        std::fs::write(folder.join("vendor/manifest.js"), manifest).expect("a file");
        Self(folder)
    }

    fn serve(&self) -> TestServer {
        TestServer::start_within(&format!("export WIRESIDE_WEB='{}'; exec \"$@\"", self.0.display()), &[])
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

/// Puts an editor with a button after it at the top of the page, and the focus into it.
async fn with_editor(browser: &Browser, server: &TestServer, size: (u32, u32)) -> Tab {
    let tab = browser.visitor(size.0, size.1).await;
    tab.go(&server.origin()).await;
    entered(&tab).await;
    tab.script(
        "await customElements.whenDefined('code-editor');
         const editor = document.createElement('code-editor');
         const after = document.createElement('button');
         editor.label = 'server.py';
         editor.text = 'import socket\\n';
         after.id = 'after';
         window.editor = editor;
         window.said = [];
         for (const name of ['change', 'run']) editor.addEventListener(name, () => said.push(name));
         document.body.prepend(editor, after);
         editor.focus();",
    )
    .await;
    tab
}

/// Ctrl and a key.
async fn control(tab: &Tab, key: &str, code: u32) {
    for kind in ["rawKeyDown", "keyUp"] {
        let event =
            json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": 2 });
        tab.command("Input.dispatchKeyEvent", event).await;
    }
}

/// Escape, then Tab: the keyboard is not caught in the editor.
async fn leaves_by_tab(tab: &Tab) {
    tab.press("Escape").await;
    tab.press("Tab").await;
    tab.shows("Tab to leave", "document.activeElement.id === 'after'").await;
}

#[tokio::test]
async fn what_is_typed_before_the_editor_has_come_stays() {
    let shared = TestServer::shared();
    let manifest = http::get(shared.page, "/vendor/manifest.js").await.body;
    let late = format!("await new Promise((come) => (window.come = come));\n{manifest}");
    let folder = Folder::with_manifest("late", &late);
    let server = folder.serve();
    let browser = Browser::open().await;
    for (size, pixels) in [(LAPTOP, "13px"), (PHONE, "16px")] {
        let tab = with_editor(&browser, &server, size).await;
        tab.shows("the plain field", "editor.dataset.editor === 'plain' && window.come").await;
        tab.script("editor.shadowRoot.querySelector('textarea').setSelectionRange(7, 13)").await;
        tab.type_text("os").await;
        tab.script("editor.markLine(1, 'waiting'); come()").await;
        tab.shows("CodeMirror (a build by npm)", "editor.dataset.editor === 'full'").await;
        // The caret is where it was, and so is the focus.
        tab.type_text(", sys").await;
        tab.shows("both halves", "editor.text === 'import os, sys\\n'").await;
        tab.shows(
            "the mark",
            "editor.shadowRoot.querySelector('.cm-mark-waiting')?.innerText === 'import os, sys'",
        )
        .await;
        tab.shows("its name", "editor.shadowRoot.activeElement.getAttribute('aria-label') === 'server.py'")
            .await;
        let size = format!("getComputedStyle(editor.shadowRoot.activeElement).fontSize === '{pixels}'");
        tab.shows("its size", &size).await;
        // Styles have come although the page's policy allows no inline ones.
        let gutter = "getComputedStyle(editor.shadowRoot.querySelector('.cm-gutters')).display === 'flex'";
        tab.shows("its styles", gutter).await;
        control(&tab, "Enter", 13).await;
        tab.shows(
            "Ctrl+Enter to run",
            "said.at(-1) === 'run' && said.filter((one) => one === 'run').length === 1",
        )
        .await;
        tab.shows("no line of it", "editor.text === 'import os, sys\\n'").await;
        tab.script("editor.readOnly = true").await;
        tab.type_text("x").await;
        tab.shows("no letter of it", "editor.text === 'import os, sys\\n'").await;
        leaves_by_tab(&tab).await;
        tab.shows(
            "nobody to be told of what the page sets",
            "(editor.text = 'x = 1', said.at(-1) === 'run')",
        )
        .await;
        tab.script("editor.remove(); await 0; await 0; document.body.prepend(editor)").await;
        tab.shows("it to come back", "editor.dataset.editor === 'full' && editor.text === 'x = 1'").await;
    }
}

#[tokio::test]
async fn without_the_bundle_it_is_a_text_field_that_does_the_same() {
    let none = "export const python = null; export const editor = null; export const why = 'a test';";
    let folder = Folder::with_manifest("none", none);
    let server = folder.serve();
    let browser = Browser::open().await;
    let tab = with_editor(&browser, &server, LAPTOP).await;
    tab.script("editor.shadowRoot.querySelector('textarea').setSelectionRange(0, 0)").await;
    tab.type_text("#").await;
    tab.shows("a letter", "editor.text === '#import socket\\n'").await;
    tab.shows("its name", "editor.shadowRoot.activeElement.getAttribute('aria-label') === 'server.py'").await;
    control(&tab, "Enter", 13).await;
    tab.shows("Ctrl+Enter to run", "said.join() === 'change,run' && editor.text === '#import socket\\n'")
        .await;
    tab.script("editor.markLine(1, 'error'); editor.markLine(null)").await;
    leaves_by_tab(&tab).await;
    tab.shows("the plain field still", "editor.dataset.editor === 'plain'").await;
}
