//! Bytes of recordings that were asked for lately: a link that a class opens is fetched from the store once.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;

/// Bytes that are kept, together.
const MOST: usize = 16 << 20;

/// The newest, in the order in which they were fetched.
#[derive(Debug, Default)]
pub(super) struct Known {
    kept: Mutex<VecDeque<(String, Bytes)>>,
}

impl Known {
    pub(super) fn get(&self, object: &str) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(name, _)| name == object).map(|(_, bytes)| bytes.clone())
    }

    pub(super) fn keep(&self, object: &str, bytes: Bytes) {
        if bytes.len() > MOST {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(name, _)| name != object);
        kept.push_back((object.to_owned(), bytes));
        while kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > MOST {
            kept.pop_front();
        }
    }

    pub(super) fn forget(&self, object: &str) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).retain(|(name, _)| name != object);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room() {
        let known = Known::default();
        let third = Bytes::from(vec![0; MOST / 3]);
        for name in ["a", "b", "c", "d"] {
            known.keep(name, third.clone());
        }
        let has = |name| known.get(name).is_some();
        assert_eq!(["a", "b", "c", "d"].map(has), [false, true, true, true]);
        known.keep("large", Bytes::from(vec![0; MOST + 1]));
        assert_eq!(["b", "large"].map(has), [true, false]);
        known.forget("b");
        assert!(!has("b"));
    }
}
