use std::sync::{
    Condvar, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use super::*;

/// A shelf with nothing but a room's last recording, which answers as a test wants.
#[derive(Debug, Default)]
struct Slow {
    away: AtomicBool,
    deleted: AtomicUsize,
    /// Whoever asks waits until the second of these: how many do now, and whether they may go on.
    asking: Mutex<(usize, bool)>,
    changed: Condvar,
}

impl Slow {
    fn wait(&self) {
        let mut asking = self.asking.lock().unwrap();
        asking.0 += 1;
        self.changed.notify_all();
        while !asking.1 {
            asking = self.changed.wait(asking).unwrap();
        }
    }

    fn until_asked_by(&self, count: usize) {
        let asking = self.asking.lock().unwrap();
        drop(self.changed.wait_while(asking, |(now, _)| *now < count).unwrap());
    }

    fn go_on(&self) {
        self.asking.lock().unwrap().1 = true;
        self.changed.notify_all();
    }
}

impl Shelf for Slow {
    fn put(&self, _id: &str, _label: &Label, _packed: &[u8]) -> Result<(), PutError> {
        Ok(())
    }

    fn get(&self, _id: &str) -> io::Result<Option<Stored>> {
        self.wait();
        Ok(None)
    }

    fn label(&self, _id: &str) -> io::Result<Option<Label>> {
        Ok(None)
    }

    fn delete(&self, _id: &str) -> io::Result<bool> {
        Ok(false)
    }

    fn put_last(&self, _room: &str, _label: &Label, _packed: &[u8]) -> Result<(), PutError> {
        Ok(())
    }

    fn last(&self, _room: &str) -> io::Result<Option<Stored>> {
        Ok(None)
    }

    fn delete_last(&self, _room: &str) -> io::Result<bool> {
        if self.away.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        self.deleted.fetch_add(1, Ordering::SeqCst);
        Ok(true)
    }

    fn lasts(&self) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }
}

fn kept(shelf: &Arc<Slow>) -> Arc<Recordings> {
    Arc::new(Recordings::new(Ok(Arc::clone(shelf) as Arc<dyn Shelf>), 1))
}

#[tokio::test]
async fn a_shelf_is_asked_by_few_at_a_time_also_where_nobody_waits_for_the_answer() {
    let shelf = Arc::new(Slow::default());
    let kept = kept(&shelf);
    let ask = || {
        let kept = Arc::clone(&kept);
        tokio::spawn(async move { kept.find("abc").await })
    };
    let first: Vec<_> = (0..ASKING).map(|_| ask()).collect();
    let asked = Arc::clone(&shelf);
    tokio::task::spawn_blocking(move || asked.until_asked_by(ASKING)).await.unwrap();
    // They go away; their threads do not.
    first.iter().for_each(tokio::task::JoinHandle::abort);
    for gone in first {
        assert!(gone.await.is_err());
    }
    let next = ask();
    assert_eq!(kept.asking.available_permits(), 0);
    assert_eq!(shelf.asking.lock().unwrap().0, ASKING);
    shelf.go_on();
    assert!(next.await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn what_could_not_be_deleted_is_given_to_nobody_and_goes_later() {
    let shelf = Arc::new(Slow::default());
    let kept = kept(&shelf);
    shelf.away.store(true, Ordering::SeqCst);
    assert!(kept.forget("a-room").await.is_err());
    assert!(kept.is_expired("a-room") && !kept.is_expired("a-other"));
    kept.tidy().await;
    assert!(kept.is_expired("a-room"), "still there");
    shelf.away.store(false, Ordering::SeqCst);
    kept.tidy().await;
    assert_eq!(shelf.deleted.load(Ordering::SeqCst), 1);
    assert!(!kept.is_expired("a-room"));
    kept.tidy().await;
    assert_eq!(shelf.deleted.load(Ordering::SeqCst), 1, "nothing is left to delete");
}
