//! Runs npm and what it brings, in a folder under the target directory and never in the source tree.
//!
//! `npm ci` installs exactly what the lock file names and checks its hashes. Packages' own install scripts do not run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::compress;

/// What npm and the bundler read.
const INPUT: [&str; 4] = ["package.json", "package-lock.json", "editor.js", "snapshot.mjs"];

/// The bundler's result.
const BUNDLE: &str = "editor.bundle.js";

/// The memory of a CPython that has just started, so that the page's need not start from nothing.
const SNAPSHOT: &str = "python.snapshot.gz";

/// What CPython for the browser consists of, as Pyodide has it.
const PYTHON: [&str; 5] =
    ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"];

/// npm's folder, for this process alone while the value lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Names the input whose result lies there.
    stamp: String,
    _locked: File,
}

impl Folder {
    /// Waits until no other build uses the folder.
    pub(crate) fn open(path: PathBuf, source: &Path) -> Result<Self> {
        fs::create_dir_all(&path).with_context(|| format!("could not make {}", path.display()))?;
        let locked = File::create(path.join("lock"))?;
        locked.lock()?;
        let mut input = Vec::new();
        for name in INPUT {
            let file = source.join(name);
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
        files.push(self.path.join(SNAPSHOT));
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
    pub(crate) fn install(&self, source: &Path) -> Result<()> {
        let _missing = fs::remove_file(self.stamp_file());
        for name in INPUT {
            fs::copy(source.join(name), self.path.join(name))?;
        }
        // Where there is no network, npm's own patience is many minutes.
        let patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000"];
        let quiet = ["--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--prefer-offline"];
        self.run(Command::new("npm").arg("ci").args(quiet).args(patience))?;
        self.run(
            Command::new("npm").args(["run", "--silent", "bundle", "--"]).arg(format!("--outfile={BUNDLE}")),
        )?;
        self.run(Command::new("node").args(["snapshot.mjs", SNAPSHOT]))?;
        fs::write(self.stamp_file(), &self.stamp)?;
        if !self.is_current() {
            bail!("npm ci went well, but files are missing below {}", self.packages().display());
        }
        Ok(())
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
