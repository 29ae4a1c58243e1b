//! One shape of the layout as SVG, by its form, as `web/wire/forms.js` and `web/wire/wire-drawing.css` have it in the page.

use std::fmt::Display;

use web::view::diagram::shapes::Form;

use crate::{
    colours::colour,
    packets::{self, Ends},
    svg::Svg,
    text::{Anchor, Text, write},
};

/// From one square of a queue to the next, as in the layout.
const SQUARE: f64 = 7.0;
/// Advance of a letter of small text, pixels.
const SMALL: f64 = 6.8;

/// A rectangle.
fn area(svg: &mut Svg, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str, stroke: &str) {
    let (width, height) = (width.max(0.0), height.max(0.0));
    let attributes: [(&str, &dyn Display); 6] =
        [("x", &x), ("y", &y), ("width", &width), ("height", &height), ("fill", &fill), ("stroke", &stroke)];
    svg.element("rect", &attributes);
}

fn line(svg: &mut Svg, from: (f64, f64), to: (f64, f64), stroke: &str, width: f64, dashes: &str) {
    let attributes: [(&str, &dyn Display); 7] = [
        ("x1", &from.0),
        ("y1", &from.1),
        ("x2", &to.0),
        ("y2", &to.1),
        ("stroke", &stroke),
        ("stroke-width", &width),
        ("stroke-dasharray", &dashes),
    ];
    svg.element("line", if dashes.is_empty() { &attributes[..6] } else { &attributes });
}

/// Which layer a shape is in, from the back; as `web/wire/painter.js`.
pub(crate) fn layer(form: &Form) -> usize {
    match form {
        Form::Row { .. } | Form::Lane { .. } => 0,
        Form::Band { .. } | Form::Bar { .. } => 1,
        Form::Hairline { .. }
        | Form::Arc { .. }
        | Form::Arrow { .. }
        | Form::Loop { .. }
        | Form::Fold { .. } => 2,
        Form::Patch { .. } => 3,
        Form::Card { .. } | Form::Now { .. } => 5,
        _ => 4,
    }
}

/// Paints one shape in a drawing of this width.
pub(crate) fn paint(svg: &mut Svg, form: &Form, width: f64) {
    match form {
        Form::Row { .. } => {}
        Form::Gap { y, x1, x2, text, .. } => {
            let (middle, half) = (f64::midpoint(*x1, *x2), text.chars().count() as f64 * 3.4 + 6.0);
            line(svg, (*x1, *y), (middle - half, *y), colour("rule"), 1.0, "1 3");
            line(svg, (middle + half, *y), (*x2, *y), colour("rule"), 1.0, "1 3");
            write(svg, text, (middle, y + 4.0), Anchor::Middle, &Text::of("small", "soft"));
        }
        Form::Arrow { points, line, head, kernel, again, ghost } => {
            packets::arrow(svg, points, line, &Ends { head: *head, kernel: *kernel, again: *again }, *ghost);
        }
        Form::Loop { x, y1, y2, side, line, head, kernel, again } => {
            packets::looped(
                svg,
                (*x, *y1, *y2),
                *side,
                line,
                &Ends { head: *head, kernel: *kernel, again: *again },
            );
        }
        Form::Arc { x, y1, y2, side } => packets::arc(svg, (*x, *y1, *y2), *side),
        Form::Fold { x1, y1, x2, y2, text } => packets::fold(svg, (*x1, *y1), (*x2, *y2), text),
        Form::Text { x, y, anchor, role, tone, text, fit } => {
            let usual = Text::of(role, tone);
            let wide = text.chars().count() as f64 * usual.size * 0.6;
            // Where the letters would stand closer in the page they are smaller here.
            let size = fit.map_or(usual.size, |fit| usual.size * (fit / wide.max(1.0)).min(1.0));
            write(svg, text, (*x, *y), *anchor, &Text { size, ..usual });
        }
        Form::Patch { x, y, width, height } => {
            area(svg, (*x, *y), (*width, *height), colour("paper"), "none")
        }
        Form::Hairline { x1, y1, x2, y2 } => line(svg, (*x1, *y1), (*x2, *y2), colour("rule"), 1.0, "1 2"),
        Form::Bar { x, y1, style: "tick", tone, .. } => {
            line(svg, (x - 5.0, *y1), (x + 5.0, *y1), colour(tone), 2.0, "");
        }
        Form::Bar { x, y1, y2, style, tone, .. } => {
            let (fill, stroke) = match (*style, *tone) {
                ("waiting" | "waited", _) => ("url(#stripes)", "none"),
                (_, "act") => (colour("act-tint"), colour("act")),
                (_, "fault") => (colour("fault-tint"), colour("fault")),
                _ => (colour("paper"), colour("soft")),
            };
            area(svg, (x - 3.0, *y1), (6.0, (y2 - y1).max(2.0)), fill, stroke);
        }
        Form::Band { .. } => band(svg, form),
        Form::Unread { x, y, text, side } => {
            let side = f64::from(*side);
            area(svg, (if side > 0.0 { *x } else { x - 4.0 }, y - 9.0), (4.0, 10.0), colour("act"), "none");
            write(svg, text, (x + side * 7.0, *y), start_if(side > 0.0), &Text::of("small", "soft"));
        }
        Form::Card { .. } => card(svg, form),
        Form::Queue { x, y, filled, places, squares, side } => {
            queue(svg, (*x, *y), (*filled, *places, *squares), f64::from(*side));
        }
        Form::Lane { x, width } => {
            svg.group(&[("opacity", &0.5)], |svg| area(svg, (*x, -1e4), (*width, 2e4), "url(#lane)", "none"));
        }
        Form::Note { x, y, text, tone } => {
            write(svg, text, (*x, *y), Anchor::Middle, &Text::of("note", tone))
        }
        Form::Now { x, y } => {
            line(svg, (0.0, *y), (width, *y), colour("rule"), 1.0, "6 6");
            write(svg, "end of the recording", (*x, y + 4.0), Anchor::Middle, &Text::of("small", "soft"));
        }
    }
}

fn start_if(start: bool) -> Anchor {
    if start { Anchor::Start } else { Anchor::End }
}

fn band(svg: &mut Svg, form: &Form) {
    let Form::Band { x, width, y1, y2, tone, fill, inferred, ends, left, .. } = form else { return };
    let height = (y2 - y1).max(1.0);
    let (solid, tint) = match *tone {
        "act" | "wait" | "open" | "closing" => (colour(tone), colour(&format!("{tone}-tint"))),
        _ => (colour("soft"), colour("panel")),
    };
    let (within, stroke) = match *fill {
        "dots" => ("url(#dots)", solid),
        "hatch" => ("url(#hatch)", solid),
        "solid" => (tint, solid),
        "plain" => (colour("panel"), colour("rule")),
        _ => (colour("paper"), solid),
    };
    let dashes: [(&str, &dyn Display); 1] = [("stroke-dasharray", if *inferred { &"3 2" } else { &"none" })];
    svg.group(&dashes, |svg| area(svg, (x + 0.5, *y1), (width - 1.0, height), within, stroke));
    match *fill {
        // The page mixes a third of the tone into its tint.
        "solid" => svg.group(&[("opacity", &0.35)], |svg| {
            area(svg, (x + 0.5, *y1), (width - 1.0, height), solid, "none")
        }),
        "double" => {
            area(svg, (x + 2.5, y1 + 2.0), ((width - 5.0).max(1.0), (height - 4.0).max(1.0)), tint, solid)
        }
        "drain" => {
            let full = height * left.clamp(0.0, 1.0);
            svg.group(&[("opacity", &0.55)], |svg| {
                area(svg, (x + 1.5, y1 + height - full), (width - 3.0, full), solid, "none");
            });
        }
        _ => {}
    }
    if *ends {
        line(svg, (x - 2.0, *y2), (x + width + 2.0, *y2), solid, 2.0, "");
    }
}

fn card(svg: &mut Svg, form: &Form) {
    let Form::Card { x, y, width, height, title, words, copies, .. } = form else { return };
    for copy in (0..(*copies).clamp(1, 3)).rev() {
        let by = copy as f64 * 3.0;
        area(svg, (x + by, y + by), (*width, *height), colour("wait-tint"), colour("wait"));
    }
    let middle = x + width / 2.0;
    for (text, at, role) in [(title, 19.0, "flags"), (words, 36.0, "words")] {
        let how = Text::of(role, "ink");
        let wide = text.chars().count() as f64 * how.size * 0.6;
        let size = how.size * ((width - 8.0) / wide.max(1.0)).min(1.0);
        write(svg, text, (middle, y + at), Anchor::Middle, &Text { size, ..how });
    }
}

fn queue(svg: &mut Svg, (x, y): (f64, f64), (filled, places, squares): (u32, u32, u32), side: f64) {
    for place in 0..squares.min(64) {
        let at = x + side * f64::from(place) * SQUARE - if side < 0.0 { 5.0 } else { 0.0 };
        let (fill, stroke) = if place < filled { (colour("act"), "none") } else { ("none", colour("act")) };
        area(svg, (at, y + 1.5), (5.0, 5.0), fill, stroke);
    }
    let after = f64::from(squares) * SQUARE + if squares > 0 { 2.0 } else { 0.0 };
    let text = format!("{filled} of {places}");
    write(svg, &text, (x + side * after, y + 8.0), start_if(side > 0.0), &Text::of("small", "act"));
}

/// About as wide as small text is.
pub(crate) fn small_width(text: &str) -> f64 {
    text.chars().count() as f64 * SMALL
}
