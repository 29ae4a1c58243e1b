//! Writes the table of served files, which `src/assets.rs` includes.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::compress::{self, Coding, Effort, hash};
use crate::{modules, shared};

/// What is served, by the ending of its name. Anything else in `web/` (notes, scripts of the editor) stays out.
const SERVED: [&str; 15] = [
    "html", "css", "js", "mjs", "ts", "svg", "md", "py", "json", "txt", "png", "woff2", "wasm", "zip", "bin",
];

/// The page itself, and what of it stands in frames of other sites.
const DOCUMENTS: [&str; 2] = ["/index.html", "/embed/embed.html"];

/// Endings that do not get smaller.
const COMPRESSED_ALREADY: [&str; 2] = ["png", "woff2"];

/// Of what npm brought, files of so many bytes are kept compressed alone.
const COMPRESSED_ALONE: usize = 1 << 20;

/// One file on its way into the program.
struct SourceFile {
    /// Path of its address, `/client/web.js`.
    address: String,
    file: PathBuf,
}

/// Writes `OUT_DIR/table.rs`: an array of `Embedded` sorted by address, from folders and the address each has. Of files with
/// the same address the last folder's is served.
pub(crate) fn write_table(folders: &[(&Path, &str)], out: &Path) -> Result<()> {
    let mut found = Vec::new();
    for (folder, prefix) in folders {
        walk(folder, prefix, &mut found)?;
    }
    // The sort is stable and the last of an address stands first then; the others are taken out.
    found.reverse();
    found.sort_by(|a, b| a.address.cmp(&b.address));
    found.dedup_by(|later, earlier| later.address == earlier.address);
    list_modules(&mut found, out)?;

    let compressed = compress::folder(out)?;
    let mut table = String::from("[\n");
    for found in &found {
        write_row(&mut table, found, &compressed)?;
    }
    table.push_str("]\n");
    fs::write(out.join("table.rs"), table).context("could not write the table of served files")
}

/// Puts documents in the place of the page's own that list the modules they need.
fn list_modules(found: &mut [SourceFile], out: &Path) -> Result<()> {
    DOCUMENTS.into_iter().try_for_each(|document| list_modules_of(document, found, out))
}

fn list_modules_of(address: &str, found: &mut [SourceFile], out: &Path) -> Result<()> {
    let text = |address: &str| {
        let file = found.iter().find(|file| file.address == address)?;
        fs::read_to_string(&file.file).ok()
    };
    let document = text(address).with_context(|| format!("the page has no {address}"))?;
    let listed = out.join(address.replace('/', "-").trim_start_matches('-'));
    fs::write(&listed, modules::list(&document, text)?).context("could not write the document")?;
    if let Some(document) = found.iter_mut().find(|file| file.address == address) {
        document.file = listed;
    }
    Ok(())
}

/// Collects the files under `folder`; one that does not exist yet has none.
fn walk(folder: &Path, prefix: &str, found: &mut Vec<SourceFile>) -> Result<()> {
    let Ok(entries) = folder.read_dir() else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        if name.starts_with('.') || name == "node_modules" {
            continue;
        }
        let address = format!("{prefix}/{name}");
        if kind.is_dir() {
            walk(&entry.path(), &address, found)?;
        } else if kind.is_file() && SERVED.contains(&ending(&name)) {
            found.push(SourceFile { address, file: entry.path() });
        }
    }
    Ok(())
}

fn write_row(table: &mut String, found: &SourceFile, folder: &Path) -> Result<()> {
    let bytes = fs::read(&found.file).with_context(|| format!("could not read {}", found.file.display()))?;
    let content = hash(&bytes);
    let worth = worth_compressing(&found.address);
    let from_npm = found.address.starts_with("/vendor/");
    let effort = Effort::of_this_build();
    let compressed = |coding| -> Result<String> {
        if !worth {
            return Ok("None".to_owned());
        }
        let file = compress::file(&bytes, folder, coding, effort)?;
        Ok(format!("Some(include_bytes!({file:?}))"))
    };
    let (brotli, gzip) = (compressed(Coding::Brotli)?, compressed(Coding::Gzip)?);
    // Whoever takes neither is no browser.
    let plain = if worth && from_npm && bytes.len() >= COMPRESSED_ALONE {
        "None".to_owned()
    } else {
        format!("Some(include_bytes!({:?}))", found.file)
    };
    let hash = named_hash(&found.address).unwrap_or(&content);
    writeln!(
        table,
        "Embedded {{ path: {:?}, hash: {hash:?}, bytes: {plain}, brotli: {brotli}, gzip: {gzip} }},",
        found.address
    )?;
    Ok(())
}

/// The hash that an address names: of a file, or of a folder for everything in it. It stands for the content just as
/// well as the file's own, and whoever serves it sees that the address never changes its meaning.
fn named_hash(address: &str) -> Option<&str> {
    address.split('/').find_map(|part| {
        let stem = part.split('.').next()?;
        let (_, hash) = stem.rsplit_once('-')?;
        (hash.len() == compress::HASH_DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then_some(hash)
    })
}

/// Everything that shrinks in release builds; only the large files that seldom change in builds made to be made often.
fn worth_compressing(address: &str) -> bool {
    let ending = ending(address);
    !COMPRESSED_ALREADY.contains(&ending)
        && (shared::is_release() || ending == "wasm" || address.starts_with("/vendor/"))
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}
