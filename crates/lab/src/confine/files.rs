//! Landlock: which files a process can reach from now on. It never gives back, and what is open stays open.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
};
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
};

use serde::{Deserialize, Serialize};

/// The newest of which we ask something: signals stay among processes confined alike.
const NEWEST: ABI = ABI::V6;

/// How much of Landlock this kernel has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Files {
    /// All that we ask of it.
    Full,
    /// An older Landlock: files are confined, devices' ioctl(2) or signals are not.
    Part,
    /// None.
    Open,
}

impl Files {
    /// In a word: `full`, `part` or `none`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Part => "part",
            Self::Open => "none",
        }
    }
}

/// Nothing but reading from these files, and from all files below these folders; and in one folder, making, reading and
/// removing files.
pub(super) fn server(readable: &[PathBuf], kept: Option<&Path>) -> Result<Files, RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let keep = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile;
    let readable = readable.iter().map(|path| (path.as_path(), read));
    // Abstract sockets do not: those of rooms are the keeper's, and in the server's own namespace it can have none that
    // leads anywhere (seccomp).
    restrict(readable.chain(kept.map(|path| (path, keep))), Scope::Signal.into())
}

/// What makes hosts: settings of network namespaces, the namespaces' own files, the TUN device.
pub(super) fn keeper() -> Result<Files, RulesetError> {
    let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
    let settings = AccessFs::ReadFile | AccessFs::WriteFile;
    // The settings' folder is another one in each network namespace; only what is above is the same in all.
    let rules = [
        (Path::new("/proc"), BitFlags::from(AccessFs::ReadFile)),
        (Path::new("/proc/sys"), settings),
        (Path::new("/dev/net/tun"), device),
    ];
    restrict(rules.into_iter(), Scope::from_all(NEWEST))
}

fn restrict<'path>(
    rules: impl Iterator<Item = (&'path Path, BitFlags<AccessFs>)>,
    scopes: BitFlags<Scope>,
) -> Result<Files, RulesetError> {
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(scopes)?;
    let mut created = ruleset.create()?;
    for (path, access) in rules {
        // What is not there cannot be opened either.
        let Ok(opened) = PathFd::new(path) else { continue };
        // A file has no rights of a folder.
        let access = if path.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
        created = created.add_rule(PathBeneath::new(opened, access))?;
    }
    Ok(match created.restrict_self()?.ruleset {
        RulesetStatus::FullyEnforced => Files::Full,
        RulesetStatus::PartiallyEnforced => Files::Part,
        RulesetStatus::NotEnforced => Files::Open,
    })
}

/// Whether something is refused that everybody else may do.
pub(super) fn are_refused() -> bool {
    openat(CWD, "/", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).err()
        == Some(Errno::ACCESS)
}
