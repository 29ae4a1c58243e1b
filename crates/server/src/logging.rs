//! The log, on standard error: standard output belongs to the lines that say where to go.

mod lines;
mod rate;

use std::{
    io::{self, IsTerminal as _},
    panic,
};

use tracing::Metadata;
use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use self::{
    lines::{Lines, Unwritten},
    rate::Rate,
};
use crate::flags::Form;

/// The log. Dropping it waits for the last lines, but not for long.
#[derive(Debug)]
pub(crate) struct Log {
    lines: Lines,
    unwritten: Option<(Unwritten, LeftOut)>,
}

impl Log {
    /// Starts to write; until then lines wait.
    ///
    /// # Errors
    /// Where no thread can be made.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        let Some((unwritten, left_out)) = self.unwritten.take() else { return Ok(()) };
        unwritten.write_to(io::stderr(), left_out)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if self.begin().is_ok() {
            self.lines.finish();
        }
    }
}

/// How many lines were lost, as a line of the log's form.
type LeftOut = fn(u64) -> String;
/// How many lines of a kind were left out, as a line of the log's form.
type LeftOutOfKind = fn(u64, &Metadata<'_>) -> String;

/// Opens the log. `RUST_LOG` says how much is written, `info` where it does not. [`Log::begin`] starts the thread that
/// writes it, which may be later than the first lines.
pub(crate) fn open(form: Form) -> Log {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    let (left_out, of_kind): (LeftOut, LeftOutOfKind) = match form {
        Form::Text => (text, text_of_kind),
        Form::Json => (json, json_of_kind),
    };
    let (lines, unwritten) = Lines::open();
    let rate = Rate::new(lines.clone(), of_kind);
    let layer = tracing_subscriber::fmt::layer().with_writer(lines.clone()).log_internal_errors(false);
    let layer = match form {
        Form::Text => layer.with_ansi(io::stderr().is_terminal()).boxed(),
        Form::Json => layer.json().boxed(),
    };
    tracing_subscriber::registry().with(filter).with(layer.with_filter(rate)).init();
    // A task that panics says so here, and does not wait for whoever reads standard error.
    panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a task has ended by a fault of ours")));
    Log { lines, unwritten: Some((unwritten, left_out)) }
}

fn text(count: u64) -> String {
    format!("wireside: {count} lines of this log could not be written\n")
}

fn json(count: u64) -> String {
    format!(
        "{{\"level\":\"WARN\",\"fields\":{{\"message\":\"lines could not be written\",\"count\":{count}}}}}\n"
    )
}

fn text_of_kind(count: u64, kind: &Metadata<'_>) -> String {
    format!(
        "wireside: {count} lines of {} ({}) were left out, there were too many\n",
        kind.target(),
        kind.name()
    )
}

fn json_of_kind(count: u64, kind: &Metadata<'_>) -> String {
    let (target, name) = (kind.target(), kind.name());
    format!(
        "{{\"level\":\"WARN\",\"fields\":{{\"message\":\"lines were left out\",\"count\":{count},\"kind\":\"{name}\"}},\
         \"target\":\"{target}\"}}\n"
    )
}
