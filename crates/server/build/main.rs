//! Build script of `server`: makes the page's client and puts the page into the program.
//!
//! `cargo run -p server` is the only command a newcomer types, so this script does what would otherwise be a tool to
//! install and a step to remember: it compiles `crates/web` to WebAssembly, runs wasm-bindgen over it as a library
//! (so that library and tool cannot drift apart), gets Python, the editor and a bundler for the page's modules by npm where
//! there is one, and writes a table of everything to be served.
//!
//! It knows nothing about what the client or the page do.

mod client;
mod compress;
mod embed;
mod modules;
mod progress;
mod shared;
mod target;
mod vendor;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use progress::{STEPS, step};

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Cargo shows this line and not the script's whole output, which is what a newcomer can act on.
            println!("cargo::error={}", format!("{error:#}").replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<()> {
    let out = PathBuf::from(env::var("OUT_DIR").context("cargo sets OUT_DIR")?);
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR").context("cargo sets CARGO_MANIFEST_DIR")?);
    let root = manifest.ancestors().nth(2).context("the server lies in crates/server")?;

    rerun_if_changed(root);
    target::ensure_installed()?;
    let client = step(1, "compiling its client to WebAssembly", || client::build(root, &out))?;
    let web = root.join("web");
    let vendor = step(2, "getting Python and the editor by npm", || vendor::build(root, &out))?;
    let bundled = out.join("bundled");
    step(3, "putting its modules together", || bundle(&vendor, &web, &bundled))?;
    // The bundled documents stand in the place of the tree's.
    let folders: [(&Path, &str); 4] =
        [(&web, ""), (&client, "/client"), (&vendor.served, "/vendor"), (&bundled, "")];
    step(STEPS, "compressing it into the program", || embed::write_table(&folders, &out))
}

/// Fills `bundled` with what stands in the place of the page's many files: nothing where npm brought no bundler, and then
/// the page is served as it is in the tree.
fn bundle(vendor: &vendor::Vendor, web: &Path, bundled: &Path) -> Result<()> {
    if bundled.exists() {
        fs::remove_dir_all(bundled)?;
    }
    match &vendor.folder {
        Some(folder) => folder.bundle_page(web, bundled).context("the page could not be bundled"),
        None => Ok(()),
    }
}

/// The whole input: without these lines cargo would watch the server's own folder and miss the page.
fn rerun_if_changed(root: &Path) {
    for path in [
        "crates/web",
        "crates/core",
        "crates/explain",
        "crates/lesson",
        "crates/share",
        "web",
        "crates/server/build",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    println!("cargo::rerun-if-env-changed={}", vendor::SETTING);
}
