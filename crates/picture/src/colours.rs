//! The page's colours by name, in light, from where the page has them.

use std::{collections::HashMap, sync::LazyLock};

const TOKENS: &str = include_str!("../../../web/base/tokens.css");

/// A colour of the page, such as `act` or `wait-tint`; ink where there is none of that name.
pub(crate) fn colour(name: &str) -> &'static str {
    COLOURS.get(name).or_else(|| COLOURS.get("ink")).copied().unwrap_or("black")
}

static COLOURS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let token = |line: &'static str| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": light-dark(")?;
        Some((name, value.split(',').next()?))
    };
    TOKENS.lines().filter_map(token).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_drawing_is_painted_with_is_there() {
        for name in ["paper", "panel", "ink", "soft", "rule", "act", "wait", "open", "closing", "fault"] {
            assert!(COLOURS.get(name).is_some_and(|value| value.starts_with('#')), "{name}");
        }
        for tinted in ["act", "wait", "open", "closing", "fault"] {
            assert!(COLOURS.contains_key(format!("{tinted}-tint").as_str()), "{tinted}");
        }
        assert_eq!(colour("none of these"), colour("ink"));
    }
}
