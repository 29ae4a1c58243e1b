//! What a process of ours takes from itself before it serves strangers: its capabilities and the way to get new ones, the
//! system calls that it has no use for (seccomp), the files that it has no business with (Landlock).
//!
//! Each is tried out afterwards, and what was found is said ([`Confined`]): a kernel may lack any of them. It knows nothing
//! of rooms; what the keeper may keep is said by the keeper.

mod files;
mod syscalls;

use std::{
    fmt::Display,
    path::{Path, PathBuf},
};

use rustix::{
    io::Errno,
    process::chdir,
    thread::{
        CapabilitySet, CapabilitySets, capabilities, no_new_privs, remove_capability_from_bounding_set,
        set_capabilities, set_no_new_privs,
    },
};
use serde::{Deserialize, Serialize};

pub use files::Files;

/// How a process is confined, as was found by trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confined {
    /// Capabilities that it still has or can take, a bit each: capabilities(7).
    pub capabilities: u64,
    /// Whether no program that it starts can ever have more than it has.
    pub no_new_privs: bool,
    /// Whether system calls that it has no use for are refused.
    pub syscalls: bool,
    /// Whether files that it has no business with are refused.
    pub files: Files,
}

impl Confined {
    /// The capabilities by name.
    #[must_use]
    pub fn capability_names(&self) -> Vec<String> {
        let held = CapabilitySet::from_bits_retain(self.capabilities);
        held.iter_names().map(|(name, _)| format!("CAP_{name}")).collect()
    }
}

/// Confines the process that serves the page: no capability but those needed, the system calls of rooms and listeners, and of files only
/// those to read, and those of the one folder `kept` that recordings are kept in, where there is one. Must come while it has one thread, since capabilities and files are a thread's own matter, after every
/// port is bound and after [`crate::keeper::Spawner::start`].
///
/// What this kernel lacks is logged and left out.
#[must_use]
pub fn server(readable: &[PathBuf], kept: Option<&Path>, needed: CapabilitySet) -> Confined {
    without_capabilities(needed);
    complain("no_new_privs", set_no_new_privs(true));
    let files = files::server(readable, kept).unwrap_or_else(|error| {
        complain("Landlock", Err::<(), _>(error));
        Files::Open
    });
    complain("seccomp", syscalls::server(kept.is_some()));
    let found = found(files);
    if found.files != Files::Full || !found.syscalls || found.capabilities & !needed.bits() != 0 {
        tracing::warn!(?found, "this kernel does not confine the server as it could");
    }
    found
}

/// Confines a keeper, which has given up its capabilities already.
pub(crate) fn keeper() -> Confined {
    let files = files::keeper().unwrap_or(Files::Open);
    // Where it fails, the answer says so.
    let _said_by_found = syscalls::keeper();
    found(files)
}

/// Confines the process that starts keepers: it goes on needing what they need.
pub(crate) fn spawner() {
    let _best_effort = syscalls::spawner();
}

fn without_capabilities(needed: CapabilitySet) {
    // The bounding set first: taking from it is a capability too. An ordinary user has none and takes nothing.
    for capability in (CapabilitySet::all() - needed).iter() {
        let _not_this_kernel = remove_capability_from_bounding_set(capability);
    }
    let kept = capabilities(None).map_or(CapabilitySet::empty(), |held| held.permitted) & needed;
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    complain("capabilities", set_capabilities(None, sets));
}

fn complain<E: Display>(what: &str, result: Result<(), E>) {
    if let Err(error) = result {
        tracing::warn!(what, %error, "this process could not be confined");
    }
}

/// What holds, by trying: harmless calls that succeed in a process that is not confined.
fn found(files: Files) -> Confined {
    let held = capabilities(None).map_or(CapabilitySet::all(), |held| held.permitted | held.effective);
    Confined {
        capabilities: held.bits(),
        no_new_privs: no_new_privs().unwrap_or(false),
        syscalls: chdir("/") == Err(Errno::PERM),
        files: if files::are_refused() { files } else { Files::Open },
    }
}
