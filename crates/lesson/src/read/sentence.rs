//! Sentences of a lesson.

use crate::{Malformed, Piece, prose};

/// Longest sentence of a step, in characters as people read them: two lines of the strip.
pub const SENTENCE: usize = 120;

/// Prose, or the line and reason.
pub(crate) fn said(line: usize, text: &str) -> Result<Vec<Piece>, Malformed> {
    prose::parse(text).map_err(|reason| Malformed::new(line, reason))
}
