//! What is wrong with a line before any call is made: an exception as CPython would raise it, or what this prompt does not
//! do, and where. The two are never dressed as one another: what Python can do is not called an error of Python's.

use serde::{Deserialize, Serialize};

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultKind {
    /// CPython would raise this exception.
    Python,
    /// It is Python, and this prompt does not do it.
    Beyond,
    /// It may be Python; this prompt cannot read it.
    Unread,
    /// It is more, or something else, than this lab takes.
    Lacking,
}

/// A line that cannot be carried out. The network was not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Whose fault it is.
    pub kind: FaultKind,
    /// The exception's class in CPython, `TypeError`; empty where it is not Python's.
    pub exception: String,
    /// What CPython says after the colon; otherwise what it is that this prompt does not do.
    pub message: String,
    /// What to write instead, where we know.
    pub hint: Option<String>,
    /// Where in the line, in Unicode scalar values from 0.
    pub column: usize,
}

impl Fault {
    /// An exception at a column.
    pub fn new(exception: &str, message: impl Into<String>, column: usize) -> Self {
        Self {
            kind: FaultKind::Python,
            exception: exception.to_owned(),
            message: message.into(),
            hint: None,
            column,
        }
    }

    fn ours(kind: FaultKind, message: impl Into<String>, column: usize) -> Self {
        Self { kind, exception: String::new(), message: message.into(), hint: None, column }
    }

    /// `SyntaxError`.
    pub fn syntax(message: impl Into<String>, column: usize) -> Self {
        Self::new("SyntaxError", message, column)
    }

    /// `TypeError`.
    pub fn type_error(message: impl Into<String>, column: usize) -> Self {
        Self::new("TypeError", message, column)
    }

    /// `ValueError`.
    pub fn value(message: impl Into<String>, column: usize) -> Self {
        Self::new("ValueError", message, column)
    }

    /// `OverflowError`.
    pub fn overflow(message: impl Into<String>, column: usize) -> Self {
        Self::new("OverflowError", message, column)
    }

    /// `AttributeError`.
    pub fn attribute(message: impl Into<String>, column: usize) -> Self {
        Self::new("AttributeError", message, column)
    }

    /// `NameError` for a name nobody defined.
    pub fn name(name: &str, column: usize) -> Self {
        Self::new("NameError", format!("name '{name}' is not defined"), column)
    }

    /// Valid Python that this prompt does not carry out.
    pub fn beyond(what: &str, column: usize) -> Self {
        Self::ours(FaultKind::Beyond, what, column)
    }

    /// What may be Python and cannot be read here.
    pub fn unread(column: usize) -> Self {
        Self::ours(FaultKind::Unread, "", column)
    }

    /// What this lab does not have, or not so much of.
    pub fn lacking(what: impl Into<String>, column: usize) -> Self {
        Self::ours(FaultKind::Lacking, what, column)
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            FaultKind::Python => write!(f, "{}: {}", self.exception, self.message),
            FaultKind::Beyond => write!(f, "beyond: {}", self.message),
            FaultKind::Unread => write!(f, "unread"),
            FaultKind::Lacking => write!(f, "lacking: {}", self.message),
        }
    }
}

/// The name in `known` that is closest to a misspelt one, if any is close.
pub(super) fn closest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // One or two letters are close to every other name of one or two letters.
    let known = known.into_iter().filter(|_| written.chars().count() > 2);
    known
        .map(|name| (distance(written, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Edit distance with adjacent transpositions, bounded by the lengths of names.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(40).collect(), b.chars().take(40).collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_typo_finds_its_name_and_nonsense_finds_none() {
        assert_eq!(closest("conect", ["accept", "connect", "close"]), Some("connect"));
        assert_eq!(closest("scoket", ["socket", "select"]), Some("socket"));
        assert_eq!(closest("frobnicate", ["accept", "connect", "close"]), None);
    }
}
