//! Says on the terminal of whoever builds what takes long: what a build script prints itself cargo keeps until it fails.

use std::{
    fs::{File, OpenOptions},
    io::{IsTerminal as _, Write as _},
    os::unix::process::parent_id,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// How often it is said. What is done sooner is not said.
const EVERY: Duration = Duration::from_secs(4);
/// How many steps there are.
pub(crate) const STEPS: usize = 4;

/// Does a step, and says now and then which of [`STEPS`] it is and for how long.
pub(crate) fn step<T>(number: usize, what: &'static str, doing: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let (done, is_done) = mpsc::channel::<()>();
    let saying = thread::spawn(move || {
        let Some(mut terminal) = terminal() else { return };
        while is_done.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            let seconds = began.elapsed().as_secs();
            // In the place of cargo's bar, which cargo draws anew below. A terminal that has gone away is no failure of the
            // build.
            let line =
                format!("\r\x1b[K{:>12} {number} of {STEPS}: {what}, {seconds} s so far\n", "The page");
            let _gone = terminal.write_all(line.as_bytes());
        }
    });
    let made = doing();
    drop(done);
    // It cannot fail but by a panic, which would have been seen.
    let _panicked = saying.join();
    made
}

/// The terminal on which cargo, which started this script, says what it does. None where that is a file, an editor or CI.
fn terminal() -> Option<File> {
    let errors = format!("/proc/{}/fd/2", parent_id());
    let file = OpenOptions::new().write(true).open(errors).ok()?;
    file.is_terminal().then_some(file)
}
