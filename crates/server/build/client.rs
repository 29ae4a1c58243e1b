//! Makes the page's client: `crates/web` through cargo, then wasm-bindgen.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::shared;
use crate::target::TRIPLE;

/// Variables with which the outer cargo would change what the inner one builds: lints of `cargo clippy`, flags and
/// targets meant for the machine the server runs on.
const NOT_FOR_THE_CLIENT: [&str; 7] = [
    "RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "RUSTC_WORKSPACE_WRAPPER",
    "CLIPPY_ARGS",
];

/// Builds the client and returns the folder with `web.js`, `web_bg.wasm` and `web.d.ts`.
pub(crate) fn build(root: &Path, out: &Path) -> Result<PathBuf> {
    let wasm = compile(root, &shared::folder(out, "client"))?;
    let client = out.join("client");
    Bindgen::new()
        .input_path(&wasm)
        .web(true)?
        .typescript(true)
        .omit_default_module_path(false)
        // The functions' names are a quarter of the file; only whoever works on it reads them, in a trace of a panic.
        .remove_name_section(shared::is_release())
        .out_name("web")
        .generate(&client)
        .with_context(|| format!("wasm-bindgen could not read {}", wasm.display()))?;
    Ok(client)
}

/// Compiles `crates/web` in a target folder of its own: in the outer one it would wait for ever on cargo's lock, which
/// the cargo that runs this script holds.
fn compile(root: &Path, target: &Path) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").context("cargo sets CARGO")?;
    let mut command = Command::new(cargo);
    command.current_dir(root).stdin(Stdio::null());
    for name in NOT_FOR_THE_CLIENT {
        command.env_remove(name);
    }
    command
        .env("CARGO_ENCODED_RUSTFLAGS", without_local_paths(root))
        .args(profile().into_iter().flat_map(|setting| ["--config", setting]))
        .args(["build", "--package", "web", "--lib", "--release", "--locked", "--target", TRIPLE])
        .arg("--target-dir")
        .arg(target);
    let status = command.status().context("could not start cargo for the page's client")?;
    ensure!(
        status.success(),
        "the page's client (crates/web) does not compile; its messages are above or below"
    );
    Ok(target.join(TRIPLE).join("release").join("web.wasm"))
}

/// How the client is compiled. No `strip`: it would remove the section in which wasm-bindgen finds the target's features.
fn profile() -> [&'static str; 5] {
    let debug = "profile.release.debug=false";
    if shared::is_release() {
        // The client travels to every visitor: size before the last few per cent of speed.
        return [
            debug,
            "profile.release.opt-level=\"s\"",
            "profile.release.lto=\"fat\"",
            "profile.release.codegen-units=1",
            "profile.release.incremental=false",
        ];
    }
    // Whoever works on it waits for it, and fetches it from this computer.
    [
        debug,
        "profile.release.opt-level=1",
        "profile.release.lto=\"off\"",
        "profile.release.codegen-units=16",
        "profile.release.incremental=true",
    ]
}

/// Flags that keep this machine's folders out of the client, so that the same source gives the same bytes anywhere.
fn without_local_paths(root: &Path) -> OsString {
    let mut flags = OsString::from("--remap-path-prefix=");
    flags.push(root);
    flags.push("=/wireside");
    if let Some(home) = env::var_os("CARGO_HOME") {
        // Cargo's separator in this variable is the unit separator, because flags may hold spaces.
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(home);
        flags.push("=/cargo");
    }
    flags
}
