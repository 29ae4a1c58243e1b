//! Runs npm and what it brings, in a folder under the target directory and never in the source tree.
//!
//! `npm ci` installs exactly what the lock file names and checks its hashes. Packages' own install scripts do not run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::compress;

/// What npm, the bundler and CPython read: where it lies in the tree, and its name in npm's folder. A picture of Python's
/// memory is made and tried by the code with which the page reads it, and by the page's own list a Pyodide is refused that lacks
/// what programs rest on.
const INPUT: [(&str, &str); 7] = [
    ("crates/server/build/npm/package.json", "package.json"),
    ("crates/server/build/npm/package-lock.json", "package-lock.json"),
    ("crates/server/build/npm/editor.js", "editor.js"),
    ("crates/server/build/npm/snapshot.mjs", "snapshot.mjs"),
    ("crates/server/build/npm/bundle.mjs", "bundle.mjs"),
    ("web/py/picture.js", "picture.mjs"),
    ("web/py/internals.js", "internals.mjs"),
];

/// The bundler's result.
const BUNDLE: &str = "editor.bundle.js";

/// The memory of a CPython that has just started, so that the page's need not start from nothing.
const PICTURE: &str = "python.memory.bin";

/// CPython's library, every file as it is and none of them compressed: what travels is compressed once, and better.
const LIBRARY: &str = "python_stdlib.zip";

/// What CPython for the browser consists of, as Pyodide has it.
const PYTHON: [&str; 4] = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json"];

/// npm's folder, for this process alone while the value lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Names the input whose result lies there.
    stamp: String,
    _locked: File,
}

impl Folder {
    /// Waits until no other build uses the folder. `root` is the source tree.
    pub(crate) fn open(path: PathBuf, root: &Path) -> Result<Self> {
        fs::create_dir_all(&path).with_context(|| format!("could not make {}", path.display()))?;
        let locked = File::create(path.join("lock"))?;
        locked.lock()?;
        let mut input = Vec::new();
        for (place, _) in INPUT {
            let file = root.join(place);
            input.extend(fs::read(&file).with_context(|| format!("could not read {}", file.display()))?);
        }
        Ok(Self { path, stamp: compress::hash(&input), _locked: locked })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The installed packages.
    pub(crate) fn packages(&self) -> PathBuf {
        self.path.join("node_modules")
    }

    /// The files of CPython for the browser, in the order in which they are named to the page.
    pub(crate) fn python(&self) -> Vec<PathBuf> {
        let package = self.packages().join("pyodide");
        let mut files: Vec<_> = PYTHON.iter().map(|name| package.join(name)).collect();
        files.extend([PICTURE, LIBRARY].map(|name| self.path.join(name)));
        files
    }

    /// The editor, as one module.
    pub(crate) fn editor(&self) -> PathBuf {
        self.path.join(BUNDLE)
    }

    /// Whether the result of just this input is there.
    pub(crate) fn is_current(&self) -> bool {
        fs::read_to_string(self.stamp_file()).is_ok_and(|stamp| stamp == self.stamp)
            && self.editor().is_file()
            && self.python().iter().all(|file| file.is_file())
    }

    /// Installs the packages, bundles the editor and starts CPython once.
    ///
    /// # Errors
    /// With the words of what failed: npm, the bundler, CPython.
    pub(crate) fn install(&self, root: &Path) -> Result<()> {
        let _missing = fs::remove_file(self.stamp_file());
        for (place, name) in INPUT {
            fs::copy(root.join(place), self.path.join(name))?;
        }
        // Where there is no network, npm's own patience is many minutes.
        let patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000"];
        let quiet = ["--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--prefer-offline"];
        self.run(Command::new("npm").arg("ci").args(quiet).args(patience))?;
        self.run(
            Command::new("npm").args(["run", "--silent", "bundle", "--"]).arg(format!("--outfile={BUNDLE}")),
        )?;
        self.run(Command::new("node").args(["snapshot.mjs", PICTURE, LIBRARY]))?;
        fs::write(self.stamp_file(), &self.stamp)?;
        if !self.is_current() {
            bail!("npm ci went well, but files are missing below {}", self.packages().display());
        }
        Ok(())
    }

    /// Puts the page's modules and styles together, few files of many, from the tree's `web` into `served`.
    ///
    /// # Errors
    /// With the bundler's words.
    pub(crate) fn bundle_page(&self, web: &Path, served: &Path) -> Result<()> {
        self.run(Command::new("node").arg("bundle.mjs").args([web, served]))
    }

    fn stamp_file(&self) -> PathBuf {
        self.path.join("stamp")
    }

    fn run(&self, command: &mut Command) -> Result<()> {
        // Captured: cargo reads what this script prints.
        let output = command
            .current_dir(&self.path)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("could not start {}", command.get_program().display()))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let lines =
            said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains("complete log"));
        let said = lines.take(3).collect::<Vec<_>>().join("; ");
        bail!("{said}")
    }
}

/// Whether npm can be started.
pub(crate) fn is_installed() -> bool {
    let version = Command::new("npm").arg("--version").stdin(Stdio::null()).output();
    version.is_ok_and(|output| output.status.success())
}
