//! What the operator's signals mean.

use std::io;
use std::process;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code after a second signal: sessions were cut off.
const AT_ONCE: i32 = 1;

/// A future that is ready at the first SIGTERM or SIGINT: finish what is open and end. The second one ends the process
/// at once.
///
/// # Errors
/// Where a handler cannot be installed.
pub(crate) fn shutdown() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("shutting down; once more to end at once");
        tokio::spawn(async move {
            either(&mut terminate, &mut interrupt).await;
            process::exit(AT_ONCE);
        });
    })
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
