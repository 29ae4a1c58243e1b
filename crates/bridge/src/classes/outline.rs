//! What a class knows of lessons: their names and those of their steps.

/// A lesson's id, title and steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonOutline {
    /// Its id, as rooms tell it in `Progress`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The titles of the steps of whoever has the say in a room, in order.
    pub steps: Vec<String>,
}
