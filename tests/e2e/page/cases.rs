//! Programs of the kinds that learners and teachers publish, run by the page as a person would: files dropped, arguments and
//! input typed. What they print is compared with what plain CPython printed on two Linux machines (`oracle.txt`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{LAPTOP, first_visit};
use crate::harness::{browser::Browser, root, server::TestServer};

/// How long anything may take in the page, in milliseconds.
const PATIENCE_MS: u32 = 200_000;

/// What `cases.js` takes.
fn case(entry: &Value) -> Value {
    let folder = root().join("tests/cases").join(entry["case"].as_str().expect("a name"));
    let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("a text");
    let files: BTreeMap<String, String> = folder
        .read_dir()
        .expect("the case")
        .filter_map(Result::ok)
        .map(|file| (file.file_name().to_string_lossy().into_owned(), read(&file.path())))
        .filter(|(name, _)| name != "oracle.txt")
        .collect();
    let pair = json!([{ "on": "server", "file": "server.py" }, { "on": "client", "file": "client.py" }]);
    json!({
        "files": files,
        "runs": entry.get("runs").unwrap_or(&pair),
        // Which of several connections is done first is nobody's to say, nor which of two threads' words where both print.
        "anyOrder": entry.get("anyOrder"),
        "stop": entry.get("stop").unwrap_or(&json!([])),
        "oracle": read(&folder.join("oracle.txt")),
    })
}

#[tokio::test]
async fn published_programs_print_what_they_print_elsewhere() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    let list: Value =
        serde_json::from_slice(&std::fs::read(root().join("tests/cases/cases.json")).expect("the list"))
            .expect("JSON");
    for entry in list.as_array().expect("a list") {
        let name = &entry["case"];
        let play = format!("return ({})({}, {PATIENCE_MS});", include_str!("cases.js"), case(entry));
        let runs = tab.script(&play).await;
        for run in runs.as_array().unwrap_or_else(|| panic!("{name}: {runs}")) {
            assert_eq!(run["printed"], run["expected"], "{name}: {}", run["run"]);
        }
    }
}

/// What developers paste into the page's tools: the same sockets from JavaScript, half-closed, and listening for Python.
#[tokio::test]
async fn pasted_scripts_say_what_they_say_on_any_sockets() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    for case in ["48-js-half-close", "49-js-listens-python-connects"] {
        let folder = root().join("tests/cases").join(case);
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a text");
        let said = tab
            .script(&format!(
                "const said = [];
                const console = {{ log: (...words) => said.push(words.join(' ')) }};
                await (async () => {{ {} }})();
                return said.join('\\n') + '\\n';",
                read("page.js")
            ))
            .await;
        assert_eq!(said, read("oracle.txt"), "{case}");
    }
}
