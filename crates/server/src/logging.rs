//! The log, on standard error: standard output belongs to the lines that say where to go.

mod lines;
mod rate;

use std::{
    env,
    io::{self, IsTerminal as _},
    panic,
};

use tracing::Metadata;
use tracing_subscriber::{
    Layer as _,
    filter::{ParseError, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

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
    let (filter, wrong) = how_much(env::var("RUST_LOG").ok().as_deref());
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
    if let Some(error) = wrong {
        tracing::warn!(%error, "RUST_LOG cannot be read, the log is as without it");
    }
    Log { lines, unwritten: Some((unwritten, left_out)) }
}

/// What is written: `info` and above, and what `RUST_LOG` says of that or of a part (`debug`, `bridge=debug,lab=off`).
fn how_much(said: Option<&str>) -> (Targets, Option<ParseError>) {
    let usual = Targets::new().with_default(tracing::Level::INFO);
    match said.filter(|said| !said.is_empty()).map(str::parse::<Targets>).transpose() {
        Ok(None) => (usual, None),
        Ok(Some(targets)) => {
            let level = targets.default_level().unwrap_or(tracing::level_filters::LevelFilter::INFO);
            (usual.with_default(level).with_targets(targets), None)
        }
        Err(error) => (usual, Some(error)),
    }
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

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::how_much;

    #[test]
    fn what_is_written_is_said_by_part_and_info_elsewhere() {
        let writes = |said: &str, target: &str, level| how_much(Some(said)).0.would_enable(target, &level);
        assert!(writes("", "bridge", Level::INFO) && !writes("", "bridge", Level::DEBUG));
        assert!(writes("debug", "bridge", Level::DEBUG));
        assert!(writes("bridge=debug", "bridge::session", Level::DEBUG));
        assert!(writes("bridge=debug", "lab", Level::INFO) && !writes("bridge=debug", "lab", Level::DEBUG));
        assert!(!writes("bridge=off", "bridge", Level::ERROR));
    }

    #[test]
    fn what_cannot_be_read_is_said_and_changes_nothing() {
        let (targets, wrong) = how_much(Some("bridge=loud"));
        assert!(wrong.is_some());
        assert!(
            targets.would_enable("bridge", &Level::INFO) && !targets.would_enable("bridge", &Level::DEBUG)
        );
    }
}
