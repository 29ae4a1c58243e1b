use std::{cell::Cell, sync::Mutex};

use tokio::time::Instant;

use super::*;

/// Gives one scripted result after the other.
struct Scripted(Mutex<Vec<io::Result<()>>>);

impl Listener for Scripted {
    type Stream = ();

    async fn accept(&self) -> io::Result<((), SocketAddr)> {
        self.0.lock().unwrap().pop().unwrap().map(|()| ((), "127.0.0.1:1".parse().unwrap()))
    }
}

const EMFILE: i32 = 24;
const ECONNABORTED: i32 = 103;

fn scripted(errors: usize, errno: i32) -> Scripted {
    let mut results = vec![Ok(())];
    results.extend((0..errors).map(|_| Err(io::Error::from_raw_os_error(errno))));
    Scripted(Mutex::new(results))
}

#[tokio::test(start_paused = true)]
async fn out_of_descriptors_the_loop_pauses_longer_and_longer() {
    let failures = Cell::new(0);
    let mut backoff = Backoff::default();
    let began = Instant::now();
    accept(&scripted(12, EMFILE), &mut backoff, || failures.set(failures.get() + 1)).await;
    assert_eq!(failures.get(), 12);
    // 5 + 10 + ... + 640 ms, then 1 s each.
    assert_eq!(began.elapsed(), Duration::from_millis(5 * 255 + 4 * 1000));
    assert_eq!(backoff.next, Duration::from_millis(5));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_went_away_costs_no_pause() {
    let began = Instant::now();
    accept(&scripted(1000, ECONNABORTED), &mut Backoff::default(), || {}).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}
