//! Decides whether npm is asked. It only decides, so that `tests/vendor.rs` can try every case.

/// What the operator said in `WIRESIDE_NPM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Nothing: Python where it can be had, a warning where not.
    Auto,
    /// `on`: a build without Python is a failure.
    On,
    /// `off`: a build without Python is wanted.
    Off,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Use what an earlier build got.
    Keep,
    /// Run npm.
    Install,
    /// Build without Python; the page tells its visitors why.
    Without(&'static str),
    /// Do not build.
    Fail(&'static str),
}

/// Said where npm was told not to run.
pub(crate) const OFF: &str = "this server was built with WIRESIDE_NPM=off";
/// Said where there is no npm.
pub(crate) const NO_NPM: &str = "npm was missing when this server was built";
/// Said where npm failed; what it said itself is the operator's to read.
pub(crate) const REFUSED: &str = "npm could not get it when this server was built";

/// Reads the variable.
///
/// # Errors
/// A sentence, where it has another value.
pub(crate) fn setting(value: Option<&str>) -> Result<Setting, String> {
    match value {
        None | Some("" | "auto") => Ok(Setting::Auto),
        Some("on") => Ok(Setting::On),
        Some("off") => Ok(Setting::Off),
        Some(other) => Err(format!("WIRESIDE_NPM is {other:?}; it can be on, off or auto")),
    }
}

/// What to do, given whether an earlier build's result is there and current, and whether npm is.
pub(crate) fn plan(setting: Setting, current: bool, npm: bool) -> Plan {
    match (setting, current, npm) {
        (Setting::Off, ..) => Plan::Without(OFF),
        (_, true, _) => Plan::Keep,
        (_, false, true) => Plan::Install,
        (Setting::On, false, false) => Plan::Fail("WIRESIDE_NPM is on, and npm is not installed"),
        (Setting::Auto, false, false) => Plan::Without(NO_NPM),
    }
}
