//! What the page gets from npm: CPython for the browser (Pyodide), and the editor.
//!
//! They are large, not ours and change seldom, so they are fetched at build time and not kept in the source tree. A
//! build without them works: the page then has everything but Python, and its visitors are told why.
//!
//! `WIRESIDE_NPM` decides: `off` asks nobody, `on` makes a failure of what otherwise is a warning.

mod licences;
mod npm;
mod plan;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::compress::{self, Coding, Effort};
use crate::shared;
use npm::Folder;
use plan::{Plan, Setting};

/// The variable's name.
pub(crate) const SETTING: &str = "WIRESIDE_NPM";

/// What npm brought.
pub(crate) struct Vendor {
    /// The folder that is served as `/vendor`.
    pub(crate) served: PathBuf,
    /// Where its programs are; none where npm was not there.
    pub(crate) folder: Option<Folder>,
}

/// Gets it, for the source tree at `root`.
pub(crate) fn build(root: &Path, out: &Path) -> Result<Vendor> {
    let setting = plan::setting(env::var(SETTING).ok().as_deref()).map_err(|sentence| anyhow!(sentence))?;
    let served = out.join("vendor");
    if served.exists() {
        fs::remove_dir_all(&served)?;
    }
    fs::create_dir_all(&served)?;
    let source = root.join("crates/server/build/npm");
    let folder = Folder::open(shared::folder(out, "npm"), root)?;
    let is_there = match plan::plan(setting, folder.is_current(), npm::is_installed()) {
        Plan::Keep => true,
        Plan::Install => match folder.install(root) {
            Ok(()) => true,
            Err(error) if setting == Setting::On => return Err(error.context("npm failed")),
            Err(error) => {
                without(&served, plan::REFUSED, Some(&format!("npm failed ({error:#})")))?;
                false
            }
        },
        Plan::Without(why) => {
            let warning = (setting == Setting::Auto).then_some("npm is not installed");
            without(&served, why, warning)?;
            false
        }
        Plan::Fail(sentence) => bail!(sentence),
    };
    if is_there {
        lay_out(&folder, &source, &served, out)?;
    }
    Ok(Vendor { served, folder: is_there.then_some(folder) })
}

/// Puts the files where they are served. They are links into npm's folder where the file system has them, so that each
/// profile has a whole set and the disk has one.
fn lay_out(folder: &Folder, source: &Path, served: &Path, out: &Path) -> Result<()> {
    let cache = compress::folder(folder.path())?;
    let own = compress::folder(out)?;
    let mut all = Vec::new();
    let mut sizes = String::new();
    let files = folder.python();
    for file in &files {
        let (name, bytes) = (name_of(file)?, read(file)?);
        let effort = Effort::of_this_build();
        let compress = |coding| -> Result<u64> {
            let smaller = compress::file(&bytes, &cache, coding, effort)?;
            link(&smaller, &own.join(compress::name(&bytes, coding, effort)))?;
            Ok(smaller.metadata()?.len())
        };
        let (brotli, gzip) = (compress(Coding::Brotli)?, compress(Coding::Gzip)?);
        writeln!(sizes, "    {name:?}: {{ size: {}, brotli: {brotli}, gzip: {gzip} }},", bytes.len())?;
        all.extend(compress::hash(&bytes).bytes());
    }
    let python = format!("pyodide-{}", compress::hash(&all));
    fs::create_dir_all(served.join(&python))?;
    for file in &files {
        link(file, &served.join(&python).join(name_of(file)?))?;
    }
    let editor = format!("editor-{}.js", compress::hash(&read(&folder.editor())?));
    link(&folder.editor(), &served.join(&editor))?;
    fs::write(served.join("LICENSES.txt"), licences::gather(source, &folder.packages())?)?;
    let python = format!("{{\n  base: \"/vendor/{python}/\",\n  files: {{\n{sizes}  }},\n}}");
    write_manifest(served, &python, &format!("\"/vendor/{editor}\""), "")
}

/// Says that nothing is there.
fn without(served: &Path, why: &str, warning: Option<&str>) -> Result<()> {
    if let Some(missing) = warning {
        let missing = missing.replace('\n', " ");
        println!(
            "cargo::warning={missing}: this build has no Python and a plain editor, and everything else works; \
             `{SETTING}=on cargo run -p server` tries again"
        );
    }
    write_manifest(served, "null", "null", why)
}

/// The module that tells the page what there is. Its values are JavaScript, but for the sentence.
fn write_manifest(served: &Path, python: &str, editor: &str, why: &str) -> Result<()> {
    let text = format!(
        "// What this build got from npm; `why` says why there is nothing.\n\
         export const python = {python};\n\
         export const editor = {editor};\n\
         export const why = {why:?};\n"
    );
    fs::write(served.join("manifest.js"), text).context("could not write the manifest of /vendor")
}

fn name_of(file: &Path) -> Result<&str> {
    file.file_name().and_then(|name| name.to_str()).with_context(|| format!("{} has no name", file.display()))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("could not read {}", file.display()))
}

fn link(from: &Path, to: &Path) -> Result<()> {
    if to.exists() || fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).with_context(|| format!("could not copy {}", from.display()))?;
    Ok(())
}
