//! What "do it for me" does, a line each. Who does it is the page.

use proto::message::Sysctl;
use serde::Serialize;

use crate::prose::check_path;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Doing {
    /// A line for a machine's console: `client: s.recv(1024)`. `&` at its end: nobody waits for it; `!`: it is meant to
    /// fail.
    Line {
        /// Which machine.
        host: String,
        /// The line.
        line: String,
        /// Nobody waits for its end.
        background: bool,
        /// It may fail.
        fails: bool,
    },
    /// Starts a program: `run server: server.py &`. `!` at its end: it may fail, and what an old connection holds of its
    /// port is not in its way.
    Run {
        /// Which machine.
        host: String,
        /// The file in its editor.
        file: String,
        /// Nobody waits for its end.
        background: bool,
        /// It may fail.
        fails: bool,
    },
    /// Stops a program: `stop server: server.py`, or all that run there: `stop server: all`.
    Stop {
        /// Which machine.
        host: String,
        /// The file; none for all.
        file: Option<String>,
    },
    /// Makes the machines of the lesson as they were at the beginning, but for the learner's files: no program runs, no
    /// socket is open, the wire is free and the cables are in.
    Clean,
    /// Puts a source into a machine's editor: `put server: stream/chunks.py`, or `put client: backlog/nine.py as client.py`.
    Put {
        /// Which machine.
        host: String,
        /// The source's path.
        path: String,
        /// What the file is called in the editor.
        file: String,
    },
    /// The wire: `wire hold`, `wire release`, `wire step`, `wire drop`, `wire delay 50`.
    Wire {
        /// The command.
        command: WireDoing,
    },
    /// A fresh network: `fresh server`.
    Fresh {
        /// Which machine.
        host: String,
    },
    /// A machine's cable: `cable server: cut` or `mended`.
    Cable {
        /// Which machine.
        host: String,
        /// Whether it is plugged in.
        plugged: bool,
    },
    /// A setting of a machine's kernel: `kernel client: tcp_syn_retries 1`.
    Kernel {
        /// Which machine.
        host: String,
        /// The setting, as the page's client names it.
        name: Sysctl,
        /// Its value.
        value: u32,
    },
}

/// A command to the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WireDoing {
    /// Packets stop half-way.
    Hold,
    /// All go through.
    Release,
    /// The oldest goes through.
    Step,
    /// The oldest is taken off.
    Drop,
    /// Milliseconds one way.
    Delay(u32),
}

impl Doing {
    /// The machine it is about.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Line { host, .. }
            | Self::Run { host, .. }
            | Self::Stop { host, .. }
            | Self::Put { host, .. }
            | Self::Fresh { host }
            | Self::Cable { host, .. }
            | Self::Kernel { host, .. } => Some(host),
            Self::Wire { .. } | Self::Clean => None,
        }
    }

    /// Whether it needs Python.
    pub fn needs_python(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Stop { .. } | Self::Put { .. })
    }

    /// The call that a console's line makes last, as the trace names it.
    pub fn call(&self) -> Option<&str> {
        let Self::Line { line, .. } = self else { return None };
        let call = line.split_once('(')?.0;
        let name = call.rsplit(['.', ' ', '=']).next()?;
        Some(match name {
            "sendall" => "send",
            "gethostbyname" => "getaddrinfo",
            name => name,
        })
    }
}

/// Reads one thing to do.
///
/// # Errors
/// One sentence.
pub fn parse(text: &str) -> Result<Doing, String> {
    if text == "clean" {
        return Ok(Doing::Clean);
    }
    if let Some(rest) = text.strip_prefix("wire ") {
        return wire(rest.trim()).map(|command| Doing::Wire { command });
    }
    if let Some(host) = text.strip_prefix("fresh ") {
        return Ok(Doing::Fresh { host: machine(host)? });
    }
    let (head, rest) =
        text.split_once(':').ok_or_else(|| format!("expected `machine: line`, found {text:?}"))?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Err(format!("{head:?} has nothing to do"));
    }
    match head.split_once(' ') {
        None => Ok(line(machine(head)?, rest)),
        Some(("run", host)) => {
            let (file, background, fails) = marks(rest);
            Ok(Doing::Run { host: machine(host)?, file: path(file)?, background, fails })
        }
        Some(("stop", host)) => {
            let file = if rest == "all" { None } else { Some(path(rest)?) };
            Ok(Doing::Stop { host: machine(host)?, file })
        }
        Some(("put", host)) => put(machine(host)?, rest),
        Some(("cable", host)) => Ok(Doing::Cable { host: machine(host)?, plugged: plugged(rest)? }),
        Some(("kernel", host)) => kernel(machine(host)?, rest),
        Some((verb, _)) => Err(format!(
            "{verb:?} is nothing to do; there are run, stop, put, cable, kernel, wire, fresh, clean"
        )),
    }
}

fn line(host: String, rest: &str) -> Doing {
    let (line, background, fails) = marks(rest);
    Doing::Line { host, line: line.to_owned(), background, fails }
}

/// The text without `&` and `!` at its end, and whether they stood there.
fn marks(text: &str) -> (&str, bool, bool) {
    let (mut text, mut background, mut fails) = (text, false, false);
    loop {
        if let Some(before) = text.strip_suffix(" &") {
            (text, background) = (before.trim_end(), true);
        } else if let Some(before) = text.strip_suffix(" !") {
            (text, fails) = (before.trim_end(), true);
        } else {
            return (text, background, fails);
        }
    }
}

fn put(host: String, rest: &str) -> Result<Doing, String> {
    let (from, file) = rest.split_once(" as ").unwrap_or((rest, rest));
    let file = file.trim().rsplit('/').next().unwrap_or(file);
    Ok(Doing::Put { host, path: path(from.trim())?, file: path(file)? })
}

fn wire(text: &str) -> Result<WireDoing, String> {
    match text.split_once(' ') {
        None if text == "hold" => Ok(WireDoing::Hold),
        None if text == "release" => Ok(WireDoing::Release),
        None if text == "step" => Ok(WireDoing::Step),
        None if text == "drop" => Ok(WireDoing::Drop),
        Some(("delay", ms)) => ms
            .trim()
            .parse()
            .ok()
            .filter(|ms| *ms <= proto::limits::WIRE_DELAY_MS)
            .map(WireDoing::Delay)
            .ok_or_else(|| format!("{ms:?} is no delay: 0 to {} milliseconds", proto::limits::WIRE_DELAY_MS)),
        _ => Err(format!("the wire cannot {text:?}; it can hold, release, step, drop, delay N")),
    }
}

fn plugged(text: &str) -> Result<bool, String> {
    match text {
        "cut" => Ok(false),
        "mended" => Ok(true),
        _ => Err(format!("a cable is cut or mended, not {text:?}")),
    }
}

fn kernel(host: String, rest: &str) -> Result<Doing, String> {
    let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
    let name = match name {
        "tcp_syn_retries" => Sysctl::SynRetries,
        "tcp_abort_on_overflow" => Sysctl::AbortOnOverflow,
        "tcp_syncookies" => Sysctl::SynCookies,
        _ => return Err(format!("{name:?} is no setting that can be changed here")),
    };
    let value = value.trim().parse().map_err(|_| format!("{value:?} is no number"))?;
    Ok(Doing::Kernel { host, name, value })
}

fn machine(text: &str) -> Result<String, String> {
    let text = text.trim();
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if plain { Ok(text.to_owned()) } else { Err(format!("{text:?} is no machine's name")) }
}

fn path(text: &str) -> Result<String, String> {
    check_path(text)?;
    Ok(text.to_owned())
}
