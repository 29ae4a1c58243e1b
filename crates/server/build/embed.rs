//! Writes the table of served files, which `src/assets.rs` includes.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// What is served, by the ending of its name. Anything else in `web/` (notes, scripts of the editor) stays out.
const SERVED: [&str; 14] =
    ["html", "css", "js", "mjs", "ts", "svg", "md", "py", "json", "txt", "png", "woff2", "wasm", "zip"];

/// Endings that do not get smaller.
const COMPRESSED_ALREADY: [&str; 3] = ["png", "woff2", "zip"];

/// Brotli's quality from 0 to 11: 9 is within 5 % of 11 and ten times as fast.
const QUALITY: u32 = 9;

/// One file on its way into the program.
struct Found {
    /// Path of its address, `/client/web.js`.
    address: String,
    file: PathBuf,
}

/// Writes `OUT_DIR/table.rs`: an array of `Embedded` sorted by address.
pub(crate) fn write_table(web: &Path, client: &Path, out: &Path) -> Result<()> {
    let mut found = Vec::new();
    walk(web, "", &mut found)?;
    walk(client, "/client", &mut found)?;
    found.sort_by(|a, b| a.address.cmp(&b.address));

    let compressed = out.join("compressed");
    fs::create_dir_all(&compressed)?;
    let mut table = String::from("[\n");
    for found in &found {
        write_row(&mut table, found, &compressed)?;
    }
    table.push_str("]\n");
    fs::write(out.join("table.rs"), table).context("could not write the table of served files")
}

/// Collects the files under `folder`; one that does not exist yet has none.
fn walk(folder: &Path, prefix: &str, found: &mut Vec<Found>) -> Result<()> {
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
            found.push(Found { address, file: entry.path() });
        }
    }
    Ok(())
}

fn write_row(table: &mut String, found: &Found, folder: &Path) -> Result<()> {
    let bytes = fs::read(&found.file).with_context(|| format!("could not read {}", found.file.display()))?;
    let digest = Sha256::digest(&bytes);
    // 64 bits tell the versions of one file apart; nothing secret hangs on it.
    let hash = digest.iter().take(8).fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    let brotli = if worth_compressing(ending(&found.address)) {
        let file = folder.join(format!("{hash}.br"));
        if !file.exists() {
            fs::write(&file, compress(&bytes)?)?;
        }
        format!("Some(include_bytes!({file:?}))")
    } else {
        "None".to_owned()
    };
    writeln!(
        table,
        "Embedded {{ path: {:?}, hash: {hash:?}, bytes: include_bytes!({:?}), brotli: {brotli} }},",
        found.address, found.file
    )?;
    Ok(())
}

/// Everything that shrinks in release builds; only the client, by far the largest, in builds made to be made often.
fn worth_compressing(ending: &str) -> bool {
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    !COMPRESSED_ALREADY.contains(&ending) && (release || ending == "wasm")
}

fn compress(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: QUALITY as i32, ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed)
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}
