//! Build script of `server`: makes the page's client and puts the page into the program.
//!
//! `cargo run -p server` is the only command a newcomer types, so this script does what would otherwise be a tool to
//! install and a step to remember: it compiles `crates/web` to WebAssembly, runs wasm-bindgen over it as a library
//! (so that library and tool cannot drift apart), gets Python and the editor by npm where there is one, and writes a
//! table of everything to be served.
//!
//! It knows nothing about what the client or the page do.

mod client;
mod compress;
mod embed;
mod modules;
mod shared;
mod target;
mod vendor;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};

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
    let client = client::build(root, &out)?;
    let vendor = vendor::build(&manifest.join("build/npm"), &out)?;
    embed::write_table(&[(&root.join("web"), ""), (&client, "/client"), (&vendor, "/vendor")], &out)
}

/// The whole input: without these lines cargo would watch the server's own folder and miss the page.
fn rerun_if_changed(root: &Path) {
    for path in [
        "crates/web",
        "crates/core",
        "crates/lesson",
        "web",
        "crates/server/build",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    println!("cargo::rerun-if-env-changed={}", vendor::SETTING);
}
