//! Invariants of the tree itself, those that a test can check. `ARCHITECTURE.md` lists them.

mod circles;
mod lengths;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::harness::root;

/// Every file below a folder of the checkout, by its path from the root.
fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    let relative =
        |path: PathBuf| path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
    found.into_iter().map(relative).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let (path, name) = (entry.path(), entry.file_name());
        if name == "target" || name == "node_modules" || name.to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// A Rust file without its comments.
fn code(path: &str) -> String {
    let text = read(path);
    let lines = text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    lines.collect::<Vec<_>>().join("\n")
}

/// The Rust files in `folder` whose code has one of these in it, apart from those that may.
fn naming(folder: &str, names: &[&str], allowed: &[&str]) -> Vec<String> {
    let rust = files(folder).into_iter().filter(|path| path.ends_with(".rs"));
    rust.filter(|path| !allowed.iter().any(|one| path.starts_with(one)))
        .filter(|path| names.iter().any(|name| code(path).contains(name)))
        .collect()
}

fn none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}, but: {}", found.join(", "));
}

/// Our packages: the folder of each, and which of ours it needs. Tests may reach further than what is shipped.
fn packages() -> BTreeMap<String, (PathBuf, BTreeSet<String>)> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let output = Command::new(cargo)
        .current_dir(root())
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .expect("cargo");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |of: &serde_json::Value| of["name"].as_str().expect("a name").to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    let found = packages.iter().map(|package| {
        let manifest = Path::new(package["manifest_path"].as_str().expect("a path"));
        let folder = manifest.parent().and_then(|folder| folder.strip_prefix(root()).ok());
        let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
        let needs =
            dependencies.filter(|one| one["kind"] != "dev").map(name).filter(|name| ours.contains(name));
        (name(package), (folder.expect("below the root").to_owned(), needs.collect()))
    });
    found.collect()
}

#[test]
fn dependencies_point_one_way() {
    let found = packages();
    let allowed = [
        ("proto", &[][..]),
        ("share", &["proto"]),
        ("lesson", &["proto"]),
        ("explain", &["proto"]),
        ("lab", &["proto"]),
        ("picture", &["proto", "share", "web"]),
        ("bridge", &["lab", "picture", "proto", "share"]),
        ("server", &["bridge", "lab", "lesson", "proto"]),
        ("web", &["explain", "lesson", "proto", "share"]),
        ("e2e", &["proto"]),
    ];
    for (package, allowed) in allowed {
        let (_, own) = &found[package];
        assert!(own.iter().all(|name| allowed.contains(&name.as_str())), "{package} depends on {own:?}");
    }
    assert_eq!(found.len(), allowed.len(), "a package without a place in the order: {found:?}");
}

/// Cargo looks only at what the build names: a page of yesterday is worse than none.
#[test]
fn the_build_makes_the_page_anew_with_whatever_is_in_it() {
    let packages = packages();
    let (mut in_it, mut to_follow) = (BTreeSet::new(), vec!["web".to_owned()]);
    while let Some(name) = to_follow.pop() {
        let (folder, needs) = &packages[&name];
        to_follow.extend(needs.iter().cloned());
        in_it.insert(folder.to_string_lossy().into_owned());
    }
    assert!(in_it.len() > 3, "{in_it:?}");
    let build = read("crates/server/build/main.rs");
    let missing: Vec<String> =
        in_it.into_iter().filter(|path| !build.contains(&format!("\"{path}\""))).collect();
    none(&missing, "the build watches every package that the page is made from");
}

#[test]
fn the_protocol_has_no_target_no_clock_and_no_socket() {
    let names = [
        "cfg(target",
        "cfg(unix",
        "cfg(windows",
        "Instant::now",
        "SystemTime",
        "std::net::Tcp",
        "std::net::Udp",
        "std::thread",
        "std::fs",
        "tokio",
        "async fn",
    ];
    none(&naming("crates/core/src", &names, &[]), "proto does no I/O and reads no clock");
    none(&naming("crates/share/src", &names, &[]), "share does no I/O and reads no clock");
    none(&naming("crates/lesson/src", &names, &[]), "lesson does no I/O and reads no clock");
    none(&naming("crates/explain/src", &names, &[]), "explain does no I/O and reads no clock");
}

#[test]
fn websockets_have_their_places() {
    let allowed =
        ["crates/bridge/src/ws.rs", "crates/bridge/src/session", "crates/bridge/src/http/socket.rs"];
    let names = ["extract::ws", "ws::WebSocket", "WebSocketUpgrade"];
    none(
        &naming("crates/bridge/src", &names, &allowed),
        "only ws.rs, session.rs and http/socket.rs name axum's WebSocket",
    );
    let own = ["crates/web/src/transport.rs"];
    none(&naming("crates", &["web_sys::WebSocket"], &own), "only transport.rs names the browser's WebSocket");
    let scripts = files("web").into_iter().filter(|path| path.ends_with(".js"));
    let naming: Vec<_> = scripts.filter(|path| read(path).contains("new WebSocket")).collect();
    none(&naming, "the page has no WebSocket of its own");
}

#[test]
fn unsafe_is_the_keepers_alone() {
    let found = naming(
        "crates",
        &["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code"],
        &["crates/lab/src/keeper"],
    );
    none(&found, "unsafe stands only under crates/lab/src/keeper");
    none(&naming("tests", &["unsafe fn", "unsafe impl"], &["tests/e2e/tidy"]), "tests need no unsafe");
}

#[test]
fn only_egress_dials() {
    let names = ["TcpStream::connect", "TcpSocket::new"];
    let allowed = ["crates/bridge/src/egress"];
    let found = naming("crates/bridge/src", &names, &allowed);
    let found: Vec<_> = found.into_iter().filter(|path| !path.contains("tests")).collect();
    none(&found, "only egress connects to addresses outside");
}

#[test]
fn nothing_from_outside_becomes_markup_or_code() {
    let served = files("web");
    let forbidden = [
        "innerHTML",
        "outerHTML =",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function(",
        ".style.cssText",
    ];
    let scripts = served.iter().filter(|path| path.ends_with(".js"));
    let found: Vec<_> = scripts
        .flat_map(|path| {
            let text = read(path);
            let code: Vec<&str> = text.lines().map(|line| line.split("// ").next().unwrap_or(line)).collect();
            let code = code.join("\n");
            forbidden
                .iter()
                .filter(move |name| code.contains(**name))
                .map(move |name| format!("{path}: {name}"))
        })
        .collect();
    none(&found, "scripts set text, never markup or code");
    let pages = served.iter().filter(|path| path.ends_with(".html"));
    let inline: Vec<_> = pages
        .filter(|path| {
            let text = read(path);
            text.contains(" style=")
                || text.contains(" onclick=")
                || text.contains("<script>")
                // The frame that visited pages stand in is a document of its own, and takes nothing from this origin.
                || (text.contains("<style") && path.as_str() != "web/browser/frame.html")
        })
        .cloned()
        .collect();
    none(&inline, "pages have no inline style and no inline script");
}

#[test]
fn tests_do_not_sleep() {
    let names = ["thread::sleep(", "time::sleep("];
    let mut found = naming("tests/e2e", &names, &["tests/e2e/tidy"]);
    let of_crates = naming("crates", &names, &[]);
    found.extend(of_crates.into_iter().filter(|path| path.contains("/tests/")));
    none(&found, "a test waits for something to happen, not for time to pass");
}

#[test]
fn a_rooms_world_never_waits() {
    let waiting =
        naming("crates/lab/src/world", &[".await", "async fn"], &["crates/lab/src/world/effects.rs"]);
    none(&waiting, "what takes time is work for the room's task, made in effects.rs");
    assert!(!code("crates/lab/src/world.rs").contains("async "), "the same");
}

/// The methods of each type of a crate, in whichever of its files they stand.
fn methods(folder: &str) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for path in files(folder).into_iter().filter(|path| path.ends_with(".rs")) {
        let mut of = None;
        for line in code(&path).lines() {
            if let Some(head) = line.strip_prefix("impl") {
                let generic = head.strip_prefix('<').and_then(|head| head.split_once("> "));
                let head = generic.map_or(head, |(_, head)| head);
                let name = head.rsplit_once(" for ").map_or(head, |(_, of)| of).trim();
                of = name.split(['<', ' ', '{']).next().map(str::to_owned);
            } else if line == "}" {
                of = None;
            } else if let Some(of) = &of {
                let is_method =
                    line.starts_with("    ") && !line.starts_with("     ") && line.contains("fn ");
                *count.entry(of.clone()).or_default() += usize::from(is_method);
            }
        }
    }
    count
}

#[test]
fn no_type_does_everything() {
    let mut large = Vec::new();
    for (package, (folder, _)) in packages() {
        let methods = methods(&folder.join("src").to_string_lossy());
        let world = methods.get("World").copied().unwrap_or_default();
        assert!(package != "lab" || world > 20, "they are found: {methods:?}");
        large.extend(
            methods.into_iter().filter(|(_, n)| *n > 60).map(|(of, n)| format!("{package} {of}: {n}")),
        );
    }
    none(&large, "a type has at most 60 methods");
}

/// What a module of the page imports, as paths from `web/`: static, dynamic, and types in comments.
fn imports(path: &str) -> Vec<PathBuf> {
    let text = read(path);
    let beginnings = text.match_indices("import").chain(text.match_indices("from"));
    let named = beginnings.filter_map(|(at, word)| {
        let rest = text[at + word.len()..].trim_start().trim_start_matches('(');
        rest.strip_prefix('"')?.split_once('"').map(|(name, _)| name)
    });
    let folder = Path::new(path).parent().expect("a folder");
    named.filter(|name| name.starts_with('.')).map(|name| normal(&folder.join(name))).collect()
}

/// Without `..` in the middle.
fn normal(path: &Path) -> PathBuf {
    let mut kept = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(kept.pop()),
            std::path::Component::CurDir => {}
            part => kept.push(part),
        }
    }
    kept
}

#[test]
fn the_pages_folders_import_one_way() {
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let folder =
        |path: &Path| path.components().nth(1).map(|part| part.as_os_str().to_string_lossy().into_owned());
    for path in files("web").iter().filter(|path| path.ends_with(".js") && !path.contains("/vendor/")) {
        let from = folder(Path::new(path)).expect("a folder");
        let to =
            imports(path).iter().filter_map(|to| folder(to)).filter(|to| *to != from).collect::<Vec<_>>();
        arrows.entry(from).or_default().extend(to);
        let absolute =
            read(path).lines().any(|line| line.contains("from \"/") || line.contains("import(\"/"));
        assert!(!absolute, "imports are relative, so that an editor can follow them, but: {path}");
    }
    assert!(arrows.len() > 5 && arrows["page"].contains("base"), "found: {arrows:?}");
    // Takes away whoever imports nobody that is left, until nobody is left, or only those in a circle.
    while let Some(lowest) = arrows.iter().find(|(_, to)| to.iter().all(|to| !arrows.contains_key(to))) {
        let lowest = lowest.0.clone();
        arrows.remove(&lowest);
    }
    none(&arrows.into_keys().collect::<Vec<_>>(), "folders of the page have no circle");
}

/// Every path that `ARCHITECTURE.md` names is there.
#[test]
fn the_code_map_is_true() {
    let text = read("ARCHITECTURE.md");
    let named = text.split('`').skip(1).step_by(2);
    let paths =
        named.filter(|word| word.contains('/') && !word.contains([' ', '{', '*', '<', '→', ':', '"', '(']));
    let paths: Vec<&str> = paths.filter(|word| !word.starts_with('/')).collect();
    assert!(paths.len() > 5, "the map names its places: {paths:?}");
    let places = [
        "",
        "crates",
        "crates/lab/src",
        "crates/bridge/src",
        "crates/core/src",
        "crates/web/src",
        "crates/server/src",
    ];
    let is_there = |path: &str| places.iter().any(|place| root().join(place).join(path).exists());
    let missing: Vec<String> = paths.into_iter().filter(|path| !is_there(path)).map(str::to_owned).collect();
    none(&missing, "every file in the code map exists");
}

#[test]
fn files_keep_to_one_job() {
    let rust = files("crates").into_iter().chain(files("tests")).filter(|path| path.ends_with(".rs"));
    let forbidden = ["utils.rs", "util.rs", "common.rs", "types.rs", "helpers.rs", "misc.rs"];
    let found: Vec<_> =
        rust.filter(|path| forbidden.iter().any(|name| path.ends_with(&format!("/{name}")))).collect();
    none(&found, "a file is called after its job");
}

fn is_test(path: &str) -> bool {
    path.contains("tests/") || path.ends_with("tests.rs")
}

/// Code of the product: without tests, lessons, programs and what a build or a package made.
fn product() -> impl Iterator<Item = String> {
    let rust = files("crates").into_iter().filter(|path| path.ends_with(".rs") && !is_test(path));
    let page = files("web").into_iter().filter(|path| {
        let is_code = [".js", ".ts", ".py"].iter().any(|end| path.ends_with(end));
        is_code && ["web/lessons/", "web/programs/", "web/vendor/"].iter().all(|part| !path.starts_with(part))
    });
    rust.chain(page)
}

/// What stands before a file's tests, without comments.
fn product_code(path: &str) -> String {
    let text = if path.ends_with(".rs") { code(path) } else { read(path) };
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

#[test]
fn the_vocabulary_of_sockets_stands_once() {
    let words = ["SO_REUSEADDR", "ReuseAddr", "TCP_QUICKACK", "QuickAck", "MSG_WAITALL"];
    let allowed = [
        "crates/core/src/vocabulary.rs",
        // Written from it, and compared with it by a test.
        "web/py/vocabulary.js",
        "web/py/vocabulary.d.ts",
        "web/py/_vocabulary.py",
        // Sentences to people, and examples for them to type.
        "crates/core/src/errno.rs",
        "crates/web/src/console/causes.rs",
        "crates/web/src/console/suggest.rs",
        "crates/explain/src/calls/opening.rs",
        "crates/explain/src/calls/unix.rs",
        "crates/explain/src/calls/waiting.rs",
        "crates/explain/src/calls/failed/address.rs",
        "web/base/glossary.js",
        // Lessons ask whether a socket was told it.
        "crates/lesson/src/scene/calls.rs",
    ];
    let found: Vec<String> = product()
        .filter(|path| !allowed.contains(&path.as_str()))
        .filter(|path| words.iter().any(|word| product_code(path).contains(word)))
        .collect();
    none(&found, "a word of sockets and its number stand in crates/core/src/vocabulary.rs alone");
}

#[test]
fn limits_are_named_by_their_enums() {
    let names = proto::limits::Limit::ALL.iter().map(|limit| limit.name());
    // One word is many other things too.
    let literals: Vec<String> =
        names.filter(|name| name.contains('-')).map(|name| format!("\"{name}\"")).collect();
    let rust = |path: &String| path.ends_with(".rs") && !path.starts_with("crates/web/");
    let tables = ["crates/core/src/limits.rs", "crates/bridge/src/egress/limits.rs"];
    let found: Vec<String> = product()
        .filter(|path| rust(path) && !tables.contains(&path.as_str()))
        .filter(|path| {
            let code = product_code(path);
            code.contains("Limit { limit: \"") || literals.iter().any(|name| code.contains(name.as_str()))
        })
        .collect();
    none(&found, "a limit's name stands in its table alone");
}
