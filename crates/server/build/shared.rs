//! Where results lie that debug, release and clippy share: each of them runs this script with an `OUT_DIR` of its own,
//! and there is only one client and one Python.

use std::env;
use std::path::{Path, PathBuf};

/// A folder beside the profiles' own, `target/NAME`. It may not exist yet.
pub(crate) fn folder(out: &Path, name: &str) -> PathBuf {
    // OUT_DIR is target/PROFILE/build/server-HASH/out. Should cargo ever change that, its own folder will do.
    let profile = out.ancestors().find(|folder| folder.ends_with("build")).and_then(Path::parent);
    profile.and_then(Path::parent).unwrap_or(out).join(name)
}

/// Whether this is a build to be shipped, and not one that is made to be made often.
pub(crate) fn is_release() -> bool {
    env::var("PROFILE").is_ok_and(|profile| profile == "release")
}
