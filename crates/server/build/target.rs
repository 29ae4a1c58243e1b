//! Sees to it that the compiler can make WebAssembly.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The platform of the page's client.
pub(crate) const TRIPLE: &str = "wasm32-unknown-unknown";

/// Adds the target with rustup where it is missing.
///
/// # Errors
/// One sentence saying what to install, where rustup is absent or refuses.
pub(crate) fn ensure_installed() -> Result<()> {
    if installed()? {
        return Ok(());
    }
    let added = Command::new("rustup").args(["target", "add", TRIPLE]).stdin(Stdio::null()).status();
    if added.is_ok_and(|status| status.success()) && installed()? {
        return Ok(());
    }
    bail!(
        "the page needs Rust's standard library for {TRIPLE}, which is not installed and could not be added: \
         run `rustup target add {TRIPLE}`, or install that target with your system's package manager"
    )
}

/// Asks the compiler itself, since a compiler from a package manager knows no rustup.
fn installed() -> Result<bool> {
    let rustc = env::var_os("RUSTC").context("cargo sets RUSTC")?;
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TRIPLE]).output()?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let mut files = match folder.read_dir() {
        Ok(files) => files.flatten(),
        Err(_) => return Ok(false),
    };
    Ok(files.any(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
}
