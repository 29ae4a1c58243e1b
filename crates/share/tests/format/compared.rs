//! Any two recordings can be laid side by side.

use proptest::prelude::*;
use share::{compare, read};

use super::extreme;

proptest! {
    #[test]
    fn whatever_is_in_them_two_recordings_compare(before in extreme::file(), now in extreme::file()) {
        let (before, now) = (read(before.as_bytes()).unwrap(), read(now.as_bytes()).unwrap());
        prop_assert_eq!((before.unknown, now.unknown), (0, 0), "a file of these has nothing that is not known");
        prop_assert!(compare(&before, &before).is_equal());
        let found = compare(&before, &now);
        prop_assert!(found.before.len() <= before.events.len() && found.now.len() <= now.events.len());
        prop_assert!(found.per_mille() <= 1000);
    }
}
