//! Gathers the notices of what is served from npm.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Our own note on what carries no licence file, then each package's.
pub(crate) fn gather(source: &Path, packages: &Path) -> Result<String> {
    let note = source.join("NOTICE.txt");
    let mut text = fs::read_to_string(&note).with_context(|| format!("could not read {}", note.display()))?;
    for (name, file) in files(packages)? {
        let licence =
            fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))?;
        text.push_str(&format!("\n{}\n{name}\n\n{}\n", "-".repeat(80), licence.trim()));
    }
    Ok(text)
}

/// Packages and their licence files, in order: `NAME/LICENSE` and `@SCOPE/NAME/LICENSE`.
fn files(packages: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for (name, folder) in folders(packages)? {
        if name.starts_with('@') {
            for (inner, folder) in folders(&folder)? {
                found.extend(licence_in(&folder)?.map(|file| (format!("{name}/{inner}"), file)));
            }
        } else {
            found.extend(licence_in(&folder)?.map(|file| (name, file)));
        }
    }
    found.sort();
    Ok(found)
}

fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() && !name.starts_with('.') {
            found.push((name, entry.path()));
        }
    }
    Ok(found)
}

fn licence_in(folder: &Path) -> Result<Option<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if entry.file_type()?.is_file() && (name.starts_with("license") || name.starts_with("licence")) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files.into_iter().next())
}
