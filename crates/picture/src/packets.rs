//! Packets: lines, their heads and the marks at their tails, as `web/wire/arrow-forms.js` paints them in the page.

use std::fmt::Display;

use web::view::diagram::shapes::Head;

use crate::{
    colours::colour,
    svg::Svg,
    text::{Anchor, Text, write},
};

type Point = (f64, f64);

/// How the line of a packet is drawn: colour, width, dashes.
struct Stroke {
    colour: &'static str,
    width: f64,
    dashes: &'static str,
}

fn stroke(line: &str) -> Stroke {
    let (name, width, dashes) = match line {
        "data" => ("ink", 2.5, ""),
        "ack" => ("soft", 1.0, ""),
        "other" => ("soft", 1.0, "6 3 1 3"),
        "reset" => ("fault", 2.0, ""),
        "again" => ("ink", 2.0, "6 3"),
        "held" => ("wait", 2.0, "4 3"),
        _ => ("ink", 1.5, ""),
    };
    Stroke { colour: colour(name), width, dashes }
}

fn shaft(svg: &mut Svg, path: &str, Stroke { colour, width, dashes }: &Stroke) {
    let mut attributes: Vec<(&str, &dyn Display)> =
        vec![("d", &path), ("fill", &"none"), ("stroke", colour), ("stroke-width", width)];
    if !dashes.is_empty() {
        attributes.push(("stroke-dasharray", dashes));
    }
    svg.element("path", &attributes);
}

/// What stands at a packet's ends.
pub(crate) struct Ends {
    pub(crate) head: Head,
    pub(crate) kernel: bool,
    pub(crate) again: bool,
}

/// A packet's way; a thin dotted line goes on to `ghost`.
pub(crate) fn arrow(svg: &mut Svg, points: &[Point], line: &str, ends: &Ends, ghost: Option<Point>) {
    let [first, .., before, end] = match *points {
        [first, end] => [first, first, end],
        [first, .., before, end] => [first, before, end],
        _ => return,
    };
    let stroke = stroke(line);
    // The line ends where the head begins, so that a hollow head stays hollow.
    let stop = if matches!(ends.head, Head::Filled | Head::Hollow) { toward(end, before, 7.0) } else { end };
    let through = points[..points.len() - 1].iter().chain([&stop]);
    let path: Vec<String> = through.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    shaft(svg, &format!("M{}", path.join(" L")), &stroke);
    if let Some(ghost) = ghost {
        let dotted = Stroke { colour: colour("soft"), width: 1.0, dashes: "1 3" };
        shaft(svg, &format!("M{},{} L{},{}", end.0, end.1, ghost.0, ghost.1), &dotted);
    }
    head(svg, ends.head, before, end, 8.0, &stroke);
    let side = if end.0 < first.0 { -1.0 } else { 1.0 };
    marks(svg, first, (side * 14.0, 14.0), ends);
}

/// A packet of a machine to itself: out and back on one lifeline.
pub(crate) fn looped(svg: &mut Svg, (x, y1, y2): (f64, f64, f64), side: i8, line: &str, ends: &Ends) {
    let side = f64::from(side);
    let (start, end) = ((x + side * 4.0, y1), (x + side * 4.0, y2));
    let far = x + side * 50.0;
    let stroke = stroke(line);
    let path = format!("M{},{y1} C{far},{y1} {far},{y2} {},{y2}", start.0, end.0 + side * 7.0);
    shaft(svg, &path, &stroke);
    head(svg, ends.head, (end.0 + side * 20.0, y2), end, 8.0, &stroke);
    marks(svg, start, (side * 12.0, -3.0), ends);
}

/// From a packet that was sent again to its first try.
pub(crate) fn arc(svg: &mut Svg, (x, y1, y2): (f64, f64, f64), side: i8) {
    let out = x + f64::from(side) * (14.0 + (y2 - y1) / 6.0).min(46.0);
    let path = format!("M{x},{} C{out},{} {out},{} {x},{}", y1 + 3.0, y1 + 10.0, y2 - 10.0, y2 - 3.0);
    shaft(svg, &path, &Stroke { colour: colour("soft"), width: 1.0, dashes: "1 3" });
}

/// Many segments as one thick arrow.
pub(crate) fn fold(svg: &mut Svg, from: Point, to: Point, text: &str) {
    let side = if to.0 < from.0 { -1.0 } else { 1.0 };
    let thick = Stroke { colour: colour("ink"), width: 6.0, dashes: "" };
    shaft(svg, &format!("M{},{} L{},{}", from.0, from.1, to.0 - side * 10.0, to.1), &thick);
    head(svg, Head::Filled, from, to, 12.0, &thick);
    let at = (f64::midpoint(from.0, to.0), from.1 - 7.0);
    write(svg, text, at, Anchor::Middle, &Text::of("flags", "ink"));
}

fn head(
    svg: &mut Svg,
    head: Head,
    from: Point,
    to: Point,
    size: f64,
    Stroke { colour: ink, width, .. }: &Stroke,
) {
    let angle = (to.1 - from.1).atan2(to.0 - from.0).to_degrees();
    let turned = format!("translate({:.1} {:.1}) rotate({angle:.1})", to.0, to.1);
    let upright = format!("translate({:.1} {:.1})", to.0, to.1);
    let half = size / 2.0;
    let (triangle, cross) = (format!("M0,0 L-{size},-{half} L-{size},{half} Z"), "M-5,-5 L5,5 M-5,5 L5,-5");
    let mut path = |path: &str, place: &str, fill: &str, stroke: &str, width: f64| {
        svg.element(
            "path",
            &[
                ("d", &path),
                ("transform", &place),
                ("fill", &fill),
                ("stroke", &stroke),
                ("stroke-width", &width),
            ],
        );
    };
    match head {
        Head::Filled => path(&triangle, &turned, ink, "none", 0.0),
        Head::Hollow => path(&triangle, &turned, colour("paper"), ink, 1.5),
        Head::Open => path(&format!("M-{size},-{half} L0,0 L-{size},{half}"), &turned, "none", ink, *width),
        Head::Bar => path("M0,-7 L0,7", &turned, "none", ink, 3.0),
        Head::Cross => path(cross, &upright, "none", colour("fault"), 2.0),
        Head::Torn => {
            path(cross, &upright, "none", colour("fault"), 2.0);
            path("M8,-10 h7 l3,4 l-3,2 l3,3 l-10,0 Z", &upright, colour("wait-tint"), colour("wait"), 1.0);
        }
        Head::None => {}
    }
}

/// The kernel by itself, and sent again, at a packet's tail.
fn marks(svg: &mut Svg, (x, y): Point, again_at: Point, ends: &Ends) {
    if ends.kernel {
        let path = format!("M{x},{} l4,4 l-4,4 l-4,-4 Z", y - 4.0);
        svg.element("path", &[("d", &path), ("fill", &colour("paper")), ("stroke", &colour("ink"))]);
    }
    if ends.again {
        let at = (x + again_at.0, y + again_at.1);
        write(
            svg,
            "\u{21bb}",
            at,
            Anchor::Middle,
            &Text { size: 12.0, family: "sans-serif", ..Text::of("small", "ink") },
        );
    }
}

fn toward(from: Point, to: Point, by: f64) -> Point {
    let length = (to.0 - from.0).hypot(to.1 - from.1).max(1e-6);
    (from.0 + (to.0 - from.0) * by / length, from.1 + (to.1 - from.1) * by / length)
}
