//! A class that is there from the start, and how classes are called.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proto::{limits, message::Secret};

use crate::secret::{secret, spell};

/// Letters of a class's id beside its node's name: typed by hand, and a thousand million of them, so that nobody finds one by trying who
/// may miss once a second (`address-class-misses`).
const LETTERS: usize = 6;

/// A class that is there from the start, with the ways to it.
#[derive(Clone, Debug)]
pub struct FirstClass {
    /// Its id, as in `/c/<id>`.
    pub id: String,
    /// The teacher's key.
    pub teacher: Secret,
    /// Its seats.
    pub seats: usize,
    /// The lesson it begins with.
    pub lesson: Option<String>,
}

impl FirstClass {
    /// Seats that a class may have.
    pub const MOST: usize = limits::CLASS_SEATS;

    /// One on the node of this name.
    ///
    /// # Errors
    /// As getrandom(2).
    pub fn new(node: &str, seats: usize, lesson: Option<String>) -> Result<Self, std::io::Error> {
        let random = || secret().map_err(|error| std::io::Error::other(error.to_string()));
        Ok(Self { id: id(node, &random()?), teacher: random()?, seats, lesson })
    }

    /// The teacher's key as it stands in a link.
    pub fn teacher_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.teacher)
    }
}

/// An id for a class on the node of this name.
pub(super) fn id(node: &str, random: &Secret) -> String {
    format!("{node}-{}", &spell(random)[..LETTERS])
}
