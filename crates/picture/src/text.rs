//! Text in the picture.

use std::fmt::Display;

pub(crate) use web::view::diagram::shapes::Anchor;

use crate::{colours::colour, svg::Svg};

/// How text is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    pub(crate) size: f64,
    pub(crate) family: &'static str,
    pub(crate) weight: u16,
    pub(crate) italic: bool,
    pub(crate) colour: &'static str,
}

impl Text {
    /// What has this role, in this tone.
    pub(crate) fn of(role: &str, tone: &str) -> Self {
        let (size, family, weight, italic) = match role {
            "words" | "payload" => (13.0, "serif", 400, true),
            "note" => (12.5, "sans-serif", 400, false),
            "state" => (11.0, "monospace", 700, false),
            "small" | "queue" => (11.0, "monospace", 400, false),
            role if role.ends_with("small") => (11.0, "monospace", 400, false),
            _ => (12.5, "monospace", 400, false),
        };
        let tone = match (role, tone) {
            ("words" | "payload", "" | "ink") => "soft",
            (_, "") => "ink",
            (_, tone) => tone,
        };
        Self { size, family, weight, italic, colour: colour(tone) }
    }
}

/// Text with a rim of paper, which keeps it legible where lines cross it.
pub(crate) fn write(svg: &mut Svg, text: &str, (x, y): (f64, f64), anchor: Anchor, how: &Text) {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let style = if how.italic { "italic" } else { "normal" };
    let attributes: [(&str, &dyn Display); 13] = [
        ("x", &x),
        ("y", &y),
        ("text-anchor", &anchor),
        ("font-family", &how.family),
        ("font-size", &how.size),
        ("font-weight", &how.weight),
        ("font-style", &style),
        ("fill", &how.colour),
        ("stroke", &colour("paper")),
        ("stroke-width", &3),
        ("stroke-linejoin", &"round"),
        ("paint-order", &"stroke"),
        ("xml:space", &"preserve"),
    ];
    svg.text(text, &attributes);
}
