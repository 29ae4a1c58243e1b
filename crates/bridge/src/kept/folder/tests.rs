use std::{fs, io::Read as _, path::PathBuf};

use super::*;

/// A folder that is gone afterwards.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wireside-shelf-{name}-{}", std::process::id()));
        let _none_yet = fs::remove_dir_all(&path);
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

const KEY: [u8; 16] = [7; 16];

fn label(packed: &[u8]) -> Label {
    Label::new(&KEY, 100, packed.len())
}

fn bytes(shelf: &Folder, id: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    shelf.get(id).unwrap()?.packed.read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

#[test]
fn what_was_put_is_there_until_it_is_deleted_also_after_a_restart() {
    let place = Place::new("put");
    let shelf = Folder::open(&place.0, 10_000, "a").unwrap();
    shelf.put("abc", &label(b"packed\n\0"), b"packed\n\0").unwrap();
    drop(shelf);
    let shelf = Folder::open(&place.0, 10_000, "a").unwrap();
    assert_eq!(bytes(&shelf, "abc").unwrap(), b"packed\n\0");
    let stored = shelf.get("abc").unwrap().unwrap();
    assert!(stored.label.is_key(&KEY) && !stored.label.is_key(&[8; 16]));
    assert!(bytes(&shelf, "abcd").is_none());
    assert!(shelf.delete("abc").unwrap() && !shelf.delete("abc").unwrap());
    assert!(bytes(&shelf, "abc").is_none() && place.names().is_empty());
    assert_eq!(*shelf.used(), 0);
}

#[test]
fn the_key_that_deletes_stands_nowhere() {
    let place = Place::new("key");
    let shelf = Folder::open(&place.0, 10_000, "a").unwrap();
    shelf.put("abc", &label(b"packed"), b"packed").unwrap();
    let file = fs::read(place.0.join("abc.share")).unwrap();
    assert!(!file.windows(4).any(|four| four == &KEY[..4]));
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(place.0.join("abc.share")).unwrap());
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn a_full_shelf_says_so_and_has_room_again_after_a_deletion() {
    let place = Place::new("full");
    let shelf = Folder::open(&place.0, 500, "a").unwrap();
    let many = [0; 300];
    shelf.put("a", &label(&many), &many).unwrap();
    let error = shelf.put("b", &label(&many), &many).unwrap_err();
    assert!(matches!(error, PutError::Full { most: 500 }), "{error}");
    assert_eq!(place.names(), ["a.share"]);
    shelf.delete("a").unwrap();
    shelf.put("b", &label(&many), &many).unwrap();
}

#[test]
fn an_id_is_given_once() {
    let place = Place::new("twice");
    let shelf = Folder::open(&place.0, 10_000, "a").unwrap();
    fs::write(place.0.join(".begun-a.share"), "somebody else writes it").unwrap();
    assert!(shelf.put("a", &label(b"x"), b"x").is_err());
}

#[test]
fn the_last_of_a_room_takes_the_place_of_the_one_before() {
    let place = Place::new("last");
    let shelf = Folder::open(&place.0, 1_000, "a").unwrap();
    let last = |shelf: &Folder| shelf.last("a-room").unwrap().map(|found| found.label.packed);
    for bytes in [&b"one"[..], b"two and more", b"3"] {
        shelf.put_last("a-room", &label(bytes), bytes).unwrap();
        assert_eq!(last(&shelf), Some(bytes.len() as u64));
    }
    // What was replaced is not counted any more.
    for _ in 0..100 {
        shelf.put_last("a-room", &label(&[7; 300]), &[7; 300]).unwrap();
    }
    assert!(bytes(&shelf, "a-room").is_none(), "no id opens it");
    let again = Folder::open(&place.0, 1_000, "a").unwrap();
    assert_eq!((again.lasts().unwrap(), last(&again)), (vec!["a-room".to_owned()], Some(300)));
    assert!(again.delete_last("a-room").unwrap() && !again.delete_last("a-room").unwrap());
    assert!(again.put("abc", &label(&[7; 700]), &[7; 700]).is_ok(), "and its room is free");
}

#[test]
fn what_was_left_unfinished_is_nobodys_and_is_removed_later() {
    let place = Place::new("begun");
    drop(Folder::open(&place.0, 10_000, "a").unwrap());
    let begun = place.0.join(".begun-abc");
    fs::write(&begun, "half").unwrap();
    let shelf = Folder::open(&place.0, 10_000, "a").unwrap();
    assert!(bytes(&shelf, "abc").is_none());
    assert_eq!(place.names(), [".begun-abc"], "another server may be writing it");
    let old = SystemTime::now() - 2 * ABANDONED;
    File::options().write(true).open(&begun).unwrap().set_modified(old).unwrap();
    drop(Folder::open(&place.0, 10_000, "a").unwrap());
    assert!(place.names().is_empty());
}

/// A folder that nodes share has a clock of its own: by a node's whose clock is two hours ahead, nothing is old.
#[test]
fn what_is_unfinished_is_judged_by_the_clock_of_the_folder() {
    let place = Place::new("clock");
    let shelf = Folder::open(&place.0, 10_000, "a").unwrap();
    let write = |name: &str, ago: Duration| {
        fs::write(place.0.join(name), "half").unwrap();
        let file = File::options().write(true).open(place.0.join(name)).unwrap();
        file.set_modified(SystemTime::now() - ago).unwrap();
    };
    let behind = 2 * ABANDONED;
    write(".begun-now", behind);
    write(".begun-old", behind + 2 * ABANDONED);
    shelf.sweep(SystemTime::now() - behind).unwrap();
    assert_eq!(place.names(), [".begun-now"]);
    let written = |name: &str| {
        fs::write(place.0.join(name), "x").unwrap();
        fs::metadata(place.0.join(name)).unwrap().modified().unwrap()
    };
    let (before, now, after) = (written("before"), shelf.now().unwrap(), written("after"));
    assert!(before <= now && now <= after, "{before:?} {now:?} {after:?}");
    assert_eq!(place.names().len(), 3, "what it was asked of is gone");
}

#[test]
fn a_file_that_was_cut_is_not_handed_out() {
    let place = Place::new("cut");
    let shelf = Folder::open(&place.0, 10_000, "a").unwrap();
    shelf.put("abc", &label(b"packed"), b"packed").unwrap();
    let path = place.0.join("abc.share");
    let whole = fs::read(&path).unwrap();
    for end in 0..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        assert_eq!(shelf.get("abc").unwrap_err().kind(), io::ErrorKind::InvalidData);
        // Who may delete it is known as long as its first line is whole.
        let label = shelf.label("abc");
        match whole.iter().position(|byte| *byte == b'\n').is_some_and(|line| end >= line) {
            true => assert!(label.unwrap().unwrap().is_key(&KEY)),
            false => assert_eq!(label.unwrap_err().kind(), io::ErrorKind::InvalidData),
        }
    }
    assert!(shelf.delete("abc").unwrap() && shelf.label("abc").unwrap().is_none());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let place = Place::new("none");
    fs::write(&place.0, "a file").unwrap();
    let error = Folder::open(&place.0.join("below"), 1, "a").unwrap_err().to_string();
    assert!(error.contains("wireside-shelf-none") && error.contains("cannot be used"), "{error}");
    fs::remove_file(&place.0).unwrap();
}

fn last_of(shelf: &Folder, room: &str) -> Option<u64> {
    shelf.last(room).unwrap().map(|found| found.label.packed)
}

#[test]
fn of_a_folder_that_nodes_share_each_has_its_own_rooms() {
    let place = Place::new("nodes");
    let [one, other] = ["a", "ab"].map(|node| Folder::open(&place.0, 10_000, node).unwrap());
    one.put_last("a-room", &label(b"one"), b"one").unwrap();
    other.put_last("ab-room", &label(b"other"), b"other").unwrap();
    one.put("a-share", &label(b"kept"), b"kept").unwrap();
    assert_eq!(one.lasts().unwrap(), ["a-room"]);
    assert_eq!(Folder::open(&place.0, 10_000, "ab").unwrap().lasts().unwrap(), ["ab-room"]);
    // What a node has left that never came back goes after a day, and nothing else.
    for name in ["a-room.last", "ab-room.last", "a-share.share"] {
        let old = SystemTime::now() - FORGOTTEN - Duration::from_secs(60);
        File::options().write(true).open(place.0.join(name)).unwrap().set_modified(old).unwrap();
    }
    other.tidy().unwrap();
    assert_eq!((last_of(&other, "a-room"), last_of(&other, "ab-room")), (None, Some(5)));
    assert_eq!(bytes(&other, "a-share").unwrap(), b"kept");
}

#[test]
fn what_is_counted_is_what_is_there_whoever_writes_and_deletes_at_once() {
    let place = Place::new("count");
    let shelf = Folder::open(&place.0, 1 << 30, "a").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let shelf = &shelf;
            scope.spawn(move || {
                for size in (0..50).map(|step| 1 + (step * 97 + thread * 31) % 5_000) {
                    let packed = vec![7; size];
                    shelf.put_last("a-room", &label(&packed), &packed).unwrap();
                    shelf.delete_last("a-room").unwrap();
                }
            });
        }
    });
    assert!(!shelf.delete_last("a-room").unwrap() && place.names().is_empty());
    assert_eq!(*shelf.used(), 0);
}

#[test]
fn where_a_name_may_not_last_a_rooms_last_is_there_all_the_same_and_nothing_else() {
    let place = Place::new("unsettled");
    let mut shelf = Folder::open(&place.0, 10_000, "a").unwrap();
    shelf.put_last("a-room", &label(b"one"), b"one").unwrap();
    // With this, names can be given and not made to last.
    let named = rustix::fs::open(&place.0, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
    let usual = std::mem::replace(&mut shelf.folder, named);
    assert!(matches!(shelf.put("abc", &label(b"kept"), b"kept"), Err(PutError::Disk(_))));
    assert!(matches!(shelf.put_last("a-room", &label(b"second"), b"second"), Err(PutError::Disk(_))));
    assert_eq!((last_of(&shelf, "a-room"), bytes(&shelf, "abc")), (Some(6), None));
    assert_eq!(place.names(), ["a-room.last"]);
    let there = fs::metadata(place.0.join("a-room.last")).unwrap().len();
    assert_eq!(*shelf.used(), there, "and that is what is counted");
    shelf.folder = usual;
    assert!(shelf.delete_last("a-room").unwrap());
    assert_eq!(*shelf.used(), 0);
}

#[test]
fn a_full_shelf_lets_go_what_nobody_has_read_for_longest_where_it_is_told_to() {
    let place = Place::new("evict");
    let shelf = Folder::open(&place.0, 2_000, "a").unwrap().when_full(WhenFull::EvictOldest);
    let many = [0; 400];
    let put = |id: &str| shelf.put(id, &label(&many), &many);
    shelf.put_last("a-room", &label(b"last"), b"last").unwrap();
    for (hours, id) in [(9, "read"), (8, "oldest"), (7, "old")] {
        put(id).unwrap();
        let then = SystemTime::now() - Duration::from_secs(hours * 3600);
        let file = File::options().write(true).open(place.0.join(format!("{id}.share"))).unwrap();
        file.set_modified(then).unwrap();
    }
    assert_eq!(bytes(&shelf, "read").unwrap(), many);
    put("new").unwrap();
    let there = || ["read", "oldest", "old", "new"].map(|id| place.0.join(format!("{id}.share")).exists());
    assert_eq!(there(), [true, false, true, true], "as many as it takes");
    put("newer").unwrap();
    assert_eq!(there(), [true, false, false, true]);
    assert_eq!(last_of(&shelf, "a-room"), Some(4), "rooms' last ones go by themselves");
    // What never has room makes nobody go, and neither does a room's last.
    let names = place.names().len();
    assert!(matches!(shelf.put("large", &label(&[7; 1_900]), &[7; 1_900]), Err(PutError::Full { .. })));
    assert!(matches!(shelf.put_last("a-other", &label(&[7; 900]), &[7; 900]), Err(PutError::Full { .. })));
    assert_eq!(place.names().len(), names);
    let sizes = fs::read_dir(&place.0).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
    assert_eq!(*shelf.used(), sizes.sum::<u64>());
}
