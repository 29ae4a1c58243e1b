use proptest::prelude::*;
use resvg::tiny_skia::Pixmap;

use super::*;

#[path = "../../share/tests/format/any.rs"]
mod any;
#[path = "../../share/tests/format/extreme.rs"]
mod extreme;

/// A recording of every kind of event, which opens for ever.
const GOLDEN: &str = include_str!("../../share/tests/files/first.wireside-share");

#[test]
fn a_recording_is_painted_as_large_as_it_says() {
    let pixels = Pixmap::decode_png(&png(GOLDEN.as_bytes()).unwrap()).unwrap();
    assert_eq!((pixels.width(), pixels.height()), SIZE);
    let paper = pixels.pixels()[0];
    let painted = pixels.pixels().iter().filter(|pixel| **pixel != paper).count();
    // Letters and lines, and neither nothing nor everything.
    assert!((5_000..300_000).contains(&painted), "{painted} pixels");
}

#[test]
fn what_somebody_wrote_stays_text_and_what_is_drawn_is_there() {
    let title = "<b>&\u{202e}\u{0} a title that is much longer than what has room above a drawing";
    let header = GOLDEN.lines().next().unwrap();
    let (before, rest) = header.split_once("\"title\":\"").unwrap();
    let (_, after) = rest.split_once('"').unwrap();
    let escaped = title.replace('\u{202e}', "\\u202e").replace('\u{0}', "\\u0000");
    let text = GOLDEN.replacen(header, &format!("{before}\"title\":\"{escaped}\"{after}"), 1);
    let svg = document::of(&OpenedRecording::read(text.as_bytes()).unwrap());
    assert!(svg.contains("&lt;b&gt;&amp;") && !svg.contains("<b>"), "{svg}");
    assert!(!svg.contains('\u{202e}') && svg.contains('\u{2026}'), "{svg}");
    for drawn in ["client", "server", "SYN", "connect(", "10.0.0"] {
        assert!(svg.contains(drawn) || drawn == "10.0.0", "{drawn} in {svg}");
    }
    assert!(png(text.as_bytes()).is_ok());
}

#[test]
fn what_is_no_recording_has_no_picture() {
    assert!(matches!(png(b"no recording"), Err(PictureError::Read(_))));
}

proptest! {
    // A picture takes two seconds where nothing is optimised.
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_in_it_a_recording_has_a_picture(file in extreme::file()) {
        prop_assert!(png(file.as_bytes()).is_ok());
    }
}
