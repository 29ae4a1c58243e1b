//! Names of pupils: what one may be, and how equal ones are told apart.

use proto::{limits, room::is_hidden};

/// Why something is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameError {
    /// Nothing to be seen in it.
    Empty,
    /// Longer than a name may be.
    Long,
    /// Characters that cannot be seen, or turn what is around them.
    Hidden,
}

/// The name that somebody gave, with single spaces.
///
/// # Errors
/// [`NameError`].
pub(crate) fn checked(given: &str) -> Result<String, NameError> {
    let given = given.trim();
    if given.chars().count() > limits::NAME {
        return Err(NameError::Long);
    }
    if given.chars().any(is_hidden) {
        return Err(NameError::Hidden);
    }
    let name = given.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { Err(NameError::Empty) } else { Ok(name) }
}

/// The name, with a number behind it where somebody has it already.
pub(crate) fn told_apart<'a>(name: &str, taken: &(impl Iterator<Item = &'a str> + Clone)) -> String {
    let is_taken = |wanted: &str| taken.clone().any(|one| one.to_lowercase() == wanted.to_lowercase());
    if !is_taken(name) {
        return name.to_owned();
    }
    let numbered = |number: usize| {
        let end = format!(" ({number})");
        let kept: String = name.chars().take(limits::NAME - end.len()).collect();
        format!("{}{end}", kept.trim_end())
    };
    (2..).map(numbered).find(|one| !is_taken(one)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_can_be_seen() {
        assert_eq!(checked("  Ada   Lovelace "), Ok("Ada Lovelace".to_owned()));
        assert_eq!(checked("<b>Ada</b> & co"), Ok("<b>Ada</b> & co".to_owned()), "shown as it is");
        assert_eq!(checked("محمد"), Ok("محمد".to_owned()));
        assert_eq!(checked(" \u{a0} "), Err(NameError::Empty));
        assert_eq!(checked(&"a".repeat(1000)), Err(NameError::Long));
        for hidden in ["a\u{202e}b", "a\u{200b}b", "a\0b", "a\nb", "\u{feff}a"] {
            assert_eq!(checked(hidden), Err(NameError::Hidden), "{hidden:?}");
        }
    }

    #[test]
    fn equal_names_are_told_apart_within_their_bound() {
        let taken = ["Ada", "ada (2)"];
        assert_eq!(told_apart("ADA", &taken.into_iter()), "ADA (3)");
        assert_eq!(told_apart("Bob", &taken.into_iter()), "Bob");
        let long = "x".repeat(limits::NAME);
        let second = told_apart(&long, &[long.as_str()].into_iter());
        assert_eq!(second.chars().count(), limits::NAME);
        assert!(second.ends_with("x (2)"));
    }
}
