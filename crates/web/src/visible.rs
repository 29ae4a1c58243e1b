//! Makes characters that hide, move or reorder text visible. Everything from outside passes here before it is shown.

/// Whether a character would be invisible or change how its neighbours are shown: C0 and C1 controls,
/// bidirectional controls, zero-width characters, tags, variation selectors and line separators.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text with every hidden character as a mark: `␊` for controls, `⟨U+202E⟩` for the others.
pub fn visible(text: &str) -> String {
    marked(text, &[])
}

/// What a program has printed, as it may be shown: lines and tabs stay, every other hidden character becomes a mark.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen::prelude::wasm_bindgen(js_name = visibleOutput))]
pub fn visible_output(text: &str) -> String {
    marked(text, &['\n', '\t'])
}

fn marked(text: &str, kept: &[char]) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match u32::from(c) {
            _ if !is_hidden(c) || kept.contains(&c) => shown.push(c),
            code @ 0..=0x1f => shown.push(char::from_u32(0x2400 + code).unwrap_or('\u{fffd}')),
            0x7f => shown.push('\u{2421}'),
            code => shown.push_str(&format!("\u{27e8}U+{code:04X}\u{27e9}")),
        }
    }
    shown
}

/// A character as Python writes it within quotes, where that is not the character itself. Quotes are the caller's affair.
pub fn escaped(c: char) -> Option<String> {
    match c {
        '\n' => Some("\\n".to_owned()),
        '\r' => Some("\\r".to_owned()),
        '\t' => Some("\\t".to_owned()),
        '\\' => Some("\\\\".to_owned()),
        c if is_hidden(c) => Some(match u32::from(c) {
            code @ 0..=0xff => format!("\\x{code:02x}"),
            code @ 0x100..=0xffff => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        }),
        _ => None,
    }
}

/// The first `most` characters of the text, with an ellipsis where it was cut, and hidden characters visible.
pub fn excerpt(text: &str, most: usize) -> String {
    let mut cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() {
        cut.push('\u{2026}');
    }
    visible(&cut)
}

#[cfg(test)]
mod tests {
    use super::{excerpt, visible, visible_output};

    #[test]
    fn controls_become_marks() {
        assert_eq!(
            visible("a\u{1b}[31m\nb\u{7f}\u{85}"),
            "a\u{241b}[31m\u{240a}b\u{2421}\u{27e8}U+0085\u{27e9}"
        );
    }

    #[test]
    fn bidi_and_zero_width_become_marks_and_letters_stay() {
        assert_eq!(visible("x\u{202e}y\u{200b}é漢"), "x\u{27e8}U+202E\u{27e9}y\u{27e8}U+200B\u{27e9}é漢");
    }

    #[test]
    fn output_keeps_its_lines_and_tabs() {
        assert_eq!(
            visible_output("a\tb\n\n\u{1b}[2J\u{202e}\r\n"),
            "a\tb\n\n\u{241b}[2J\u{27e8}U+202E\u{27e9}\u{240d}\n"
        );
        assert_eq!(visible_output(""), "");
    }

    #[test]
    fn an_excerpt_says_that_it_was_cut() {
        assert_eq!(excerpt("abc", 3), "abc");
        assert_eq!(excerpt("abcd", 3), "abc\u{2026}");
    }
}
