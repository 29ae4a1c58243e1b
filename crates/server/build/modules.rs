//! Tells the page's document which modules it will need, so that a browser asks for all of them at once instead of one
//! generation of imports after the other (HTML, "modulepreload").
//!
//! It reads imports as the page's own files write them, an address in double quotes; it is no parser of JavaScript.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};

/// Where the document wants the list.
const PLACE: &str = "<!-- The build lists the modules here. -->";
/// What stands before an imported address, whether it is imported at once or later. What only some visits need is written
/// `import(/* later */ "…")`, and left out.
const BEFORE: [&str; 3] = ["from \"", "import \"", "import(\""];

/// The document with a line for every module that those it begins with import, directly or not. `source` finds a
/// module's text by its address; addresses that it does not know are left out.
///
/// # Errors
/// Where the document has no place for the list.
pub(crate) fn list(document: &str, source: impl Fn(&str) -> Option<String>) -> Result<String> {
    let Some((before, after)) = document.split_once(PLACE) else {
        bail!("the document has no line {PLACE:?}");
    };
    let first: BTreeSet<String> = document
        .split("<script type=\"module\" src=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().context("an address ends"))
        .map(|address| address.map(str::to_owned))
        .collect::<Result<_>>()?;
    let mut known = BTreeSet::new();
    let mut waiting: Vec<String> = first.iter().cloned().collect();
    while let Some(address) = waiting.pop() {
        if known.contains(&address) {
            continue;
        }
        let Some(text) = source(&address) else { continue };
        waiting.extend(imports(&address, &text));
        known.insert(address);
    }
    let lines: Vec<String> = known
        .into_iter()
        .filter(|address| !first.contains(address))
        .map(|address| format!("<link rel=\"modulepreload\" href=\"{address}\">"))
        .collect();
    Ok(format!("{before}{}{after}", lines.join("\n    ")))
}

/// Addresses that a module imports, as seen from the server's root.
fn imports(address: &str, text: &str) -> Vec<String> {
    let code =
        text.lines().filter(|line| !line.trim_start().starts_with(['*', '/'])).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for before in BEFORE {
        for (at, _) in code.match_indices(before) {
            // A brace stands before the name of a type in a comment.
            if code[..at].ends_with('{') {
                continue;
            }
            let quoted = code[at + before.len()..].split('"').next();
            found.extend(quoted.and_then(|import| resolve(address, import)));
        }
    }
    found
}

/// `./x.js` and `../x.js` in a module's folder, `/x.js` as it is; none for anything else.
fn resolve(address: &str, import: &str) -> Option<String> {
    if import.starts_with('/') {
        return Some(import.to_owned());
    }
    let mut folder: Vec<&str> = address.split('/').collect();
    folder.pop();
    for part in import.strip_prefix("./").unwrap_or(import).split('/') {
        match part {
            ".." => drop(folder.pop()?),
            part => folder.push(part),
        }
    }
    import.starts_with('.').then(|| folder.join("/"))
}
