//! What the operator's signals mean.

use std::io;
use std::process;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code where sessions were cut off.
const AT_ONCE: i32 = 1;

/// What the signals have asked for so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown {
    /// No new rooms, and the end with the last one: the first SIGTERM.
    pub(crate) retire: CancellationToken,
    /// The end, within the time that sessions have for it: SIGINT, SIGHUP, or the second SIGTERM. One more ends the process
    /// at once.
    pub(crate) end: CancellationToken,
}

/// Follows the signals. A supervisor sends SIGTERM, and rooms may outlive that; a person at a terminal presses Ctrl-C and
/// wants the end.
///
/// A terminal that is closed sends SIGHUP; whoever started this with nohup(1) has it ignored, and it stays so.
///
/// # Errors
/// Where a handler cannot be installed.
pub(crate) fn follow(hangs_up: bool) -> io::Result<Shutdown> {
    let mut signals = Signals {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
        hang_up: if hangs_up { Some(signal(SignalKind::hangup())?) } else { None },
    };
    let asked = Shutdown::default();
    let told = asked.clone();
    tokio::spawn(async move {
        loop {
            let came = signals.recv().await;
            match came {
                _ if told.end.is_cancelled() => process::exit(AT_ONCE),
                Came::Terminate if !told.retire.is_cancelled() => {
                    tracing::info!(
                        "going away: SIGTERM once more closes what is open, a third time ends at once"
                    );
                    told.retire.cancel();
                }
                Came::Terminate | Came::Interrupt => {
                    tracing::info!("shutting down; once more to end at once");
                    told.end.cancel();
                }
            }
        }
    });
    Ok(asked)
}

#[derive(Clone, Copy, Debug)]
enum Came {
    Terminate,
    /// Or the terminal was closed.
    Interrupt,
}

/// The signals that end the program.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Option<Signal>,
}

impl Signals {
    async fn recv(&mut self) -> Came {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => Came::Terminate,
            _ = self.interrupt.recv() => Came::Interrupt,
            _ = hang_up => Came::Interrupt,
        }
    }
}

/// Whether this process was started with SIGHUP ignored, proc_pid_status(5). To be asked before it is confined.
pub(crate) fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // SIGHUP is the first signal.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
