//! The log, on standard error: standard output belongs to the lines that say where to go.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::flags::Log;

/// Starts the log. `RUST_LOG` says how much is written, `info` where it does not.
pub(crate) fn start(log: Log) {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match log {
        Log::Text => lines.with_ansi(io::stderr().is_terminal()).init(),
        Log::Json => lines.json().init(),
    }
}
