//! The log's lines on their way to standard error: written by a thread of their own.
//!
//! Whoever logs hands the line over and goes on. What cannot be written (a full disk, a pipe whose reader has ended or
//! does not read) costs lines and nothing else; how many is said with the next line that can be.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written; those beyond are left out.
const WAITING: usize = 4096;
/// How long the end of the program waits for the last lines.
const LAST: Duration = Duration::from_secs(1);

/// Where lines go. Clones lead to the same place.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    sender: SyncSender<Piece>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Piece {
    Line(Vec<u8>),
    /// Told when everything before it is written.
    Last(SyncSender<()>),
}

/// The lines' other end, until there is a thread that writes them.
#[derive(Debug)]
pub(crate) struct Unwritten {
    pieces: Receiver<Piece>,
    lost: Arc<AtomicU64>,
}

impl Unwritten {
    /// Starts the thread that writes to `out`. `left_out` words that so many lines are missing.
    pub(crate) fn write_to(
        self,
        out: impl Write + Send + 'static,
        left_out: fn(u64) -> String,
    ) -> io::Result<()> {
        let writing = move || write(&self.pieces, out, &self.lost, left_out);
        thread::Builder::new().name("log".to_owned()).spawn(writing).map(drop)
    }
}

impl Lines {
    /// Lines that wait for a thread to write them.
    pub(crate) fn open() -> (Self, Unwritten) {
        let (sender, pieces) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        (Self { sender, lost: Arc::clone(&lost) }, Unwritten { pieces, lost })
    }

    /// Hands a line over; never waits.
    pub(crate) fn hand_over(&self, line: Vec<u8>) {
        if self.sender.try_send(Piece::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything is written, but not for long.
    pub(crate) fn finish(&self) {
        let (written, wait) = sync_channel(1);
        if self.sender.try_send(Piece::Last(written)).is_ok() {
            let _late = wait.recv_timeout(LAST);
        }
    }
}

fn write(pieces: &Receiver<Piece>, mut out: impl Write, lost: &AtomicU64, left_out: fn(u64) -> String) {
    for piece in pieces {
        let line = match piece {
            Piece::Line(line) => line,
            Piece::Last(written) => {
                let _nobody_waits = written.try_send(());
                continue;
            }
        };
        let missing = lost.swap(0, Ordering::Relaxed);
        if missing > 0 && out.write_all(left_out(missing).as_bytes()).is_err() {
            lost.fetch_add(missing, Ordering::Relaxed);
        }
        if out.write_all(&line).is_err() {
            lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<'lines> MakeWriter<'lines> for Lines {
    type Writer = &'lines Self;

    fn make_writer(&'lines self) -> Self::Writer {
        self
    }
}

/// Each write is one line: that is how tracing-subscriber writes.
impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.hand_over(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;

    fn words(count: u64) -> String {
        format!("{count} left out\n")
    }

    fn start(out: impl Write + Send + 'static) -> Lines {
        let (lines, unwritten) = Lines::open();
        unwritten.write_to(out, words).unwrap();
        lines
    }

    /// A disk that is full until it is told otherwise.
    struct Disk {
        full: Arc<Mutex<bool>>,
        written: mpsc::Sender<String>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if *self.full.lock().unwrap() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.written.send(String::from_utf8_lossy(bytes).into_owned()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_full_disk_did_not_take_is_counted_and_told() {
        let full = Arc::new(Mutex::new(true));
        let (written, lines_written) = mpsc::channel();
        let lines = start(Disk { full: Arc::clone(&full), written });
        for _ in 0..3 {
            lines.hand_over(b"a line\n".to_vec());
        }
        lines.finish();
        *full.lock().unwrap() = false;
        lines.hand_over(b"another\n".to_vec());
        lines.finish();
        assert_eq!(lines_written.try_iter().collect::<String>(), "3 left out\nanother\n");
    }

    #[test]
    fn nobody_waits_for_a_reader_that_does_not_read() {
        /// Says that it has the first line and never returns, until the test ends.
        struct Deaf(mpsc::Sender<()>, Receiver<()>);
        impl Write for Deaf {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                self.0.send(()).unwrap();
                let _ended = self.1.recv();
                Err(io::ErrorKind::BrokenPipe.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (says, first_line_taken) = mpsc::channel();
        let (_until, hears) = mpsc::channel();
        let lines = start(Deaf(says, hears));
        lines.hand_over(b"the first line\n".to_vec());
        first_line_taken.recv().unwrap();
        for _ in 0..2 * WAITING {
            lines.hand_over(b"a line\n".to_vec());
        }
        assert_eq!(lines.lost.load(Ordering::Relaxed), WAITING as u64);
    }
}
