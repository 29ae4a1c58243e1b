//! No other code finds its own way out.

use std::path::{Path, PathBuf};

/// What resolves with the C library, or connects to whatever it is given.
const FORBIDDEN: [&str; 4] = ["lookup_host", "ToSocketAddrs", "to_socket_addrs", "TcpStream::connect("];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Tests connect to what they test.
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn only_the_egress_module_resolves_and_connects() {
    let bridge = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "../lab/src"] {
        sources(&bridge.join(folder), &mut files);
    }
    let ours = |path: &PathBuf| path.starts_with(bridge.join("src/egress"));
    let mut found = Vec::new();
    for path in files.iter().filter(|path| !ours(path)) {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().enumerate();
        let hits = lines.filter(|(_, line)| FORBIDDEN.iter().any(|word| line.contains(word)));
        found.extend(hits.map(|(number, line)| format!("{}:{}: {line}", path.display(), number + 1)));
    }
    assert!(files.len() > 10, "the sources are where this test looks for them");
    assert_eq!(found, Vec::<String>::new());
}
