//! The whole picture: what it is of, the machines' names, and as much of the drawing as fits, from the first packet on.

use proto::trace::What;
use web::view::{
    diagram::{
        Diagram,
        shapes::{Options, Scene},
    },
    recording::OpenedRecording,
    store::TraceStore,
};

use crate::{
    colours::colour,
    forms,
    svg::Svg,
    text::{Anchor, Text, write},
};

/// Width and height in pixels: what sites that show links ask for (ogp.me).
pub const SIZE: (u32, u32) = (1200, 630);
/// Pixels of the picture for one of the layout.
const SCALE: f64 = 2.0;
/// Heights in the layout's pixels: what it is of, and the machines' names below.
const HEAD: f64 = 44.0;
const NAMES: f64 = 26.0;
/// Of the drawing above the first packet.
const BEFORE: f64 = 70.0;
/// Above its first row.
const ABOVE: f64 = 4.0;
/// The edge.
const EDGE: f64 = 12.0;
/// Letters of a title, at most.
const TITLE: usize = 52;

/// The patterns that bands and bars are filled with, as `web/wire/svg.js` has them.
fn patterns() -> String {
    let hatch = |id: &str, size: u32, tint: &str, solid: &str| {
        let half = size / 2;
        format!(
            "<pattern id=\"{id}\" width=\"{size}\" height=\"{size}\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><rect width=\"{size}\" height=\"{size}\" fill=\"{tint}\"/>\
             <rect width=\"{half}\" height=\"{size}\" fill=\"{solid}\"/></pattern>"
        )
    };
    let (wait, wait_tint) = (colour("wait"), colour("wait-tint"));
    format!(
        "<defs>{}{}{}<pattern id=\"dots\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\">\
         <rect width=\"4\" height=\"4\" fill=\"{wait_tint}\"/><circle cx=\"2\" cy=\"2\" r=\"1\" fill=\"{wait}\"/></pattern></defs>",
        hatch("stripes", 6, wait_tint, wait),
        hatch("hatch", 4, colour("closing-tint"), colour("closing")),
        hatch("lane", 8, "none", colour("rule")),
    )
}

/// The picture of a recording, as SVG.
pub(crate) fn of(kept: &OpenedRecording) -> String {
    let mut store = TraceStore::new();
    kept.fill(&mut store, u64::MAX);
    let (width, height) = (f64::from(SIZE.0) / SCALE, f64::from(SIZE.1) / SCALE);
    let (scene, top) = scene(&store, width, height - HEAD - NAMES);
    let mut svg = Svg::default();
    svg.raw(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\">",
        SIZE.0, SIZE.1
    ));
    svg.raw(&patterns());
    svg.element("rect", &[("width", &width), ("height", &height), ("fill", &colour("paper"))]);
    let place = format!("translate(0 {:.1})", HEAD + NAMES - top);
    svg.group(&[("transform", &place)], |svg| drawing(svg, &scene, top));
    svg.element("rect", &[("width", &width), ("height", &(HEAD + NAMES)), ("fill", &colour("paper"))]);
    head(&mut svg, kept, width);
    names(&mut svg, &scene);
    svg.element(
        "path",
        &[("d", &format!("M{EDGE},{0} H{1}", HEAD + NAMES, width - EDGE)), ("stroke", &colour("rule"))],
    );
    svg.raw("</svg>");
    svg.into_text()
}

/// What fits, and where it begins.
fn scene(store: &TraceStore, width: f64, height: f64) -> (Scene, f64) {
    let ends = store.get(store.last_seq()).map_or(0, |event| event.time);
    let options = |top: f64| Options {
        width,
        now_ns: ends as f64,
        top,
        eye: top,
        bottom: top + height,
        ..Options::default()
    };
    let mut diagram = Diagram::default();
    let all = diagram.scene(store, &options(0.0));
    let packet = store.events_from(0).find(|event| matches!(event.what, What::Packet(_)));
    let wanted = packet.and_then(|event| diagram.place(event.seq)).map_or(0.0, |(y, _)| y - BEFORE);
    // Where a row begins: nothing at the top is cut in two.
    let rows = store.events_from(0).filter_map(|event| diagram.place(event.seq)).map(|(y, _)| y - ABOVE);
    let begins = rows.take_while(|y| *y <= wanted + BEFORE).find(|y| *y >= wanted).unwrap_or(wanted);
    let top = begins.min(all.height - height).max(0.0);
    (diagram.scene(store, &options(top)), top)
}

fn drawing(svg: &mut Svg, scene: &Scene, top: f64) {
    let mut shapes: Vec<_> =
        scene.shapes.iter().map(|shape| (forms::layer(&shape.what), &shape.what)).collect();
    shapes.sort_by_key(|(layer, _)| *layer);
    let after_areas = shapes.partition_point(|(layer, _)| *layer == 0);
    let (areas, others) = shapes.split_at(after_areas);
    areas.iter().for_each(|(_, form)| forms::paint(svg, form, scene.width));
    for line in &scene.lifelines {
        let path = format!("M{},{} V{}", line.x, top.max(0.0), scene.height.max(top + f64::from(SIZE.1)));
        svg.element("path", &[("d", &path), ("stroke", &colour("rule"))]);
    }
    others.iter().for_each(|(_, form)| forms::paint(svg, form, scene.width));
}

fn head(svg: &mut Svg, kept: &OpenedRecording, width: f64) {
    // The product's mark: two machines and the wire.
    svg.raw(&format!(
        "<g transform=\"translate({EDGE} 10) scale(0.75)\" fill=\"{}\" stroke=\"{}\" stroke-width=\"2.5\">\
         <rect x=\"2\" y=\"8\" width=\"8\" height=\"16\"/><rect x=\"22\" y=\"8\" width=\"8\" height=\"16\"/>\
         <path d=\"M10 16h3M19 16h3\"/></g><circle cx=\"{}\" cy=\"22\" r=\"2.25\" fill=\"{}\"/>",
        colour("paper"),
        colour("act"),
        EDGE + 12.0,
        colour("wait"),
    ));
    let events = if kept.events() == 1 { "1 event".to_owned() } else { format!("{} events", kept.events()) };
    let title = web::visible::visible(kept.header().title.trim());
    let title = if title.is_empty() { "A recording of real sockets".to_owned() } else { title };
    let title: String = if title.chars().count() > TITLE {
        title.chars().take(TITLE - 1).chain(['\u{2026}']).collect()
    } else {
        title
    };
    let bold = Text { size: 15.0, family: "sans-serif", weight: 700, italic: false, colour: colour("ink") };
    write(svg, &title, (EDGE + 34.0, 27.0), Anchor::Start, &bold);
    let said = format!("Wireside, {events}");
    write(
        svg,
        &said,
        (width - EDGE, 27.0),
        Anchor::End,
        &Text { size: 11.0, weight: 400, colour: colour("soft"), ..bold },
    );
}

fn names(svg: &mut Svg, scene: &Scene) {
    let bold = Text { size: 13.0, family: "sans-serif", weight: 700, italic: false, colour: colour("ink") };
    let y = HEAD + 17.0;
    let hidden = scene.hidden.len();
    for line in &scene.lifelines {
        write(svg, &line.name, (line.x, y), Anchor::Middle, &bold);
    }
    if hidden > 0 {
        let more = format!("{hidden} more");
        let x = scene.width - EDGE - forms::small_width(&more);
        write(svg, &more, (x, y), Anchor::Start, &Text::of("small", "soft"));
    }
}
