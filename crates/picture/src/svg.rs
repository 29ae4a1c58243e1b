//! Writes SVG. Text only ever becomes text.

use std::fmt::{Display, Write as _};

/// Elements, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Svg(String);

impl Svg {
    /// An element without children.
    pub(crate) fn element(&mut self, tag: &str, attributes: &[(&str, &dyn Display)]) {
        self.begin(tag, attributes);
        self.0.push_str("/>");
    }

    /// Text in an element of its own.
    pub(crate) fn text(&mut self, text: &str, attributes: &[(&str, &dyn Display)]) {
        self.begin("text", attributes);
        self.0.push('>');
        self.0.push_str(&escaped(text));
        self.0.push_str("</text>");
    }

    /// What `within` writes, in a group.
    pub(crate) fn group(&mut self, attributes: &[(&str, &dyn Display)], within: impl FnOnce(&mut Self)) {
        self.begin("g", attributes);
        self.0.push('>');
        within(self);
        self.0.push_str("</g>");
    }

    /// Markup of ours.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// What was written.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    fn begin(&mut self, tag: &str, attributes: &[(&str, &dyn Display)]) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            // Writing to a String does not fail.
            let _always = write!(self.0, " {name}=\"{}\"", escaped(&value.to_string()));
        }
    }
}

/// Without what would be markup, and without what XML 1.0 does not have (section 2.2, Char).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let mut svg = Svg::default();
        svg.text("<script>&\"\0\u{ffff}", &[("x", &1.5), ("class", &"\"><b")]);
        assert_eq!(
            svg.into_text(),
            "<text x=\"1.5\" class=\"&quot;&gt;&lt;b\">&lt;script&gt;&amp;&quot;</text>"
        );
    }
}
