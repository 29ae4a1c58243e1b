//! CPython's own tests of what stands on threads, run in the page by the page's Python, from an installed CPython's library.
//!
//! They take minutes: `script/test suites` runs them, and nothing else does. What is known to fail, or cannot be run, stands
//! in `tests/suites/expected.txt`, and that list only becomes shorter.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::python::bare;
use crate::harness::{
    browser::{Browser, Tab},
    root,
    server::TestServer,
};

/// The version whose tests the list is of: Debian 13 has it.
const VERSION: &str = "3.13";

/// Modules, and the class that tests stand on where only a part of them needs threads.
const MODULES: [(&str, Option<&str>); 12] = [
    ("test.test_thread", None),
    ("test.test_threading", None),
    ("test.test_threading_local", None),
    ("test.test_queue", None),
    ("test.test_sched", None),
    ("test.test_concurrent_futures.test_thread_pool", Some("Thread")),
    ("test.test_concurrent_futures.test_as_completed", Some("Thread")),
    ("test.test_concurrent_futures.test_wait", Some("Thread")),
    ("test.test_concurrent_futures.test_future", None),
    ("test.test_concurrent_futures.test_init", Some("Thread")),
    ("test.test_concurrent_futures.test_shutdown", Some("Thread")),
    ("test.test_socket", Some("ThreadableTest")),
];

/// What else of the package these need.
const NEEDED: [&str; 5] =
    ["__init__.py", "lock_tests.py", "support", "test_concurrent_futures", "libregrtest/__init__.py"];

/// Where the tests are: an installed CPython's, or `WIRESIDE_SUITES`, a folder with the package `test` in it.
fn library() -> PathBuf {
    let usual = PathBuf::from(format!("/usr/lib/python{VERSION}"));
    let found = std::env::var_os("WIRESIDE_SUITES").map_or(usual, PathBuf::from);
    assert!(
        found.join("test/test_threading.py").is_file(),
        "{} has no tests: Debian 13's libpython3-testsuite has those of CPython {VERSION}",
        found.display()
    );
    found
}

/// Files of the package by their names in a machine's folder, which has no folders.
fn files(library: &Path, module: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let own = module.split('.').nth(1).map(|name| format!("{name}.py"));
    for name in NEEDED.into_iter().map(str::to_owned).chain(own) {
        collect(&library.join("test").join(&name), &format!("test%{}", name.replace('/', "%")), &mut files);
    }
    files
}

fn collect(path: &Path, name: &str, files: &mut BTreeMap<String, String>) {
    if path.is_file() {
        if let Ok(text) = std::fs::read_to_string(path) {
            files.insert(name.to_owned(), text);
        }
        return;
    }
    for entry in path.read_dir().into_iter().flatten().filter_map(Result::ok) {
        let below = entry.file_name().to_string_lossy().into_owned();
        if below.ends_with(".py") || entry.path().is_dir() && below == "interpreters" {
            collect(&entry.path(), &format!("{name}%{below}"), files);
        }
    }
}

/// The list: tests, or whole classes of them, that are known to fail, those that are left out since they never end, each with a reason, and how many of a
/// module are skipped at most.
struct Expected {
    fails: BTreeMap<String, String>,
    left_out: BTreeMap<String, String>,
    skips: BTreeMap<String, String>,
}

impl Expected {
    fn read() -> Self {
        let text = std::fs::read_to_string(root().join("tests/suites/expected.txt")).expect("the list");
        let mut expected = Self { fails: BTreeMap::new(), left_out: BTreeMap::new(), skips: BTreeMap::new() };
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (kind, rest) = line.split_once(' ').expect("a kind");
            let (test, why) = rest.split_once(": ").unwrap_or_else(|| panic!("no reason: {line}"));
            let list = match kind {
                "fails" => &mut expected.fails,
                "out" => &mut expected.left_out,
                "skips" => &mut expected.skips,
                other => panic!("{other} is no kind: {line}"),
            };
            assert_eq!(list.insert(test.to_owned(), why.to_owned()), None, "twice: {line}");
        }
        expected
    }
}

/// How many tests of a module came to what.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: Vec<String>,
    skipped: usize,
    over: bool,
}

/// What `run.py` has printed.
fn count(printed: &str) -> Count {
    let mut count = Count::default();
    for line in printed.lines() {
        match line.split_once(' ') {
            Some(("ok", _)) => count.passed += 1,
            Some(("bad", test)) => count.failed.push(test.to_owned()),
            Some(("skip", _)) => count.skipped += 1,
            Some(("done", _)) => count.over = true,
            _ => {}
        }
    }
    count
}

/// Runs one module to its end, in a worker of its own.
async fn run(tab: &Tab, files: &BTreeMap<String, String>, args: &[&str]) -> String {
    let start = format!(
        "const {{ openRoom }} = await import('/client/wireside.js');
        const room = await openRoom(undefined, {{ trace: false }});
        const text = new TextEncoder();
        const files = Object.entries({}).map(([name, source]) => ({{ name, bytes: text.encode(source) }}));
        const run = await room.run('client', 'run.py', {}, {{ args: {}, files }});
        window.suite = (async () => {{
          let printed = '';
          for await (const {{ text }} of run.output) printed += text;
          room.close();
          return printed;
        }})();",
        json!(files),
        Value::from(include_str!("../suites/run.py")),
        json!(args),
    );
    tab.script(&start).await;
    loop {
        let slice = "return Promise.race([window.suite, new Promise((resolve) => setTimeout(() => resolve(null), 10000))]);";
        if let Value::String(printed) = tab.script(slice).await {
            return printed;
        }
    }
}

#[tokio::test]
#[ignore = "takes minutes: script/test suites"]
async fn cpythons_own_tests_pass_but_for_a_list_that_becomes_shorter() {
    let (library, expected) = (library(), Expected::read());
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let only = std::env::var("WIRESIDE_SUITE").ok();
    let (mut wrong, mut table) = (String::new(), String::new());
    for (module, class) in MODULES {
        if only.as_ref().is_some_and(|only| !module.ends_with(only.as_str())) {
            continue;
        }
        let left_out: Vec<&str> =
            expected.left_out.keys().map(String::as_str).filter(|test| test.starts_with(module)).collect();
        let args: Vec<&str> =
            [module].into_iter().chain(class).chain(["without"]).chain(left_out.iter().copied()).collect();
        let tab = bare(&browser, &server).await;
        let printed = run(&tab, &files(&library, module), &args).await;
        let count = count(&printed);
        let name = class.map_or_else(|| module.to_owned(), |class| format!("{module} ({class})"));
        let _ = writeln!(
            table,
            "| {name} | {} | {} | {} | {} |",
            count.passed,
            count.failed.len(),
            count.skipped,
            left_out.len()
        );
        let skips = expected.skips.get(module).map_or(Ok(0), |most| most.parse()).expect("a number");
        if count.skipped > skips {
            let _ =
                writeln!(wrong, "{name} skips {} tests, and {skips} at most are in the list", count.skipped);
        }
        if !count.over {
            let _ = writeln!(wrong, "{name} did not come to its end:\n{}", tail(&printed));
        }
        let is_known = |test: &&String| {
            let of_class = test.rsplit_once('.').is_some_and(|(class, _)| expected.fails.contains_key(class));
            of_class || expected.fails.contains_key(*test)
        };
        for test in count.failed.iter().filter(|test| !is_known(test)) {
            let _ = writeln!(wrong, "{test} fails and is not in the list:\n{}", said_of(&printed, test));
        }
        let known = expected.fails.keys().filter(|test| test.starts_with(&format!("{module}.")));
        let fails = |known: &String| {
            let is_it = |test: &String| test == known || test.starts_with(&format!("{known}."));
            count.failed.iter().any(is_it)
        };
        for test in known.filter(|known| count.over && !fails(known)) {
            let _ = writeln!(wrong, "{test} does not fail any more: take it out of the list");
        }
    }
    println!(
        "| CPython {VERSION}'s | passed | failed | skipped | left out |\n| --- | ---: | ---: | ---: | ---: |\n{table}"
    );
    assert!(wrong.is_empty(), "{wrong}");
}

fn tail(printed: &str) -> String {
    let lines: Vec<&str> = printed.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// What stands between a test's beginning and its end.
fn said_of<'a>(printed: &'a str, test: &str) -> &'a str {
    let begin = printed.find(&format!("begin {test}\n")).unwrap_or(0);
    let rest = &printed[begin..];
    &rest[..rest.find(&format!("bad {test}\n")).unwrap_or(rest.len())]
}
