//! What the operator's signals mean.

use std::io;
use std::process;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code after a second signal: sessions were cut off.
const AT_ONCE: i32 = 1;

/// A future that is ready at the first SIGTERM, SIGINT or SIGHUP: finish what is open and end. The second one ends the
/// process at once.
///
/// A terminal that is closed sends SIGHUP; whoever started this with nohup(1) has it ignored, and it stays so.
///
/// # Errors
/// Where a handler cannot be installed.
pub(crate) fn shutdown(hangs_up: bool) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut ends = Ends {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
        hang_up: if hangs_up { Some(signal(SignalKind::hangup())?) } else { None },
    };
    Ok(async move {
        ends.recv().await;
        tracing::info!("shutting down; once more to end at once");
        tokio::spawn(async move {
            ends.recv().await;
            process::exit(AT_ONCE);
        });
    })
}

/// The signals that end the program.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Option<Signal>,
}

impl Ends {
    async fn recv(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = hang_up => {}
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
