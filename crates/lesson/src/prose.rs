//! A sentence as pieces: text, code in backticks, and links that put a call or a program in place. Whatever else a
//! lesson's author writes (`<b>`, `&amp;`) is text and stays text.

use serde::Serialize;

/// One piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[allow(missing_docs, reason = "the fields are what the variants say")]
pub enum Piece {
    /// As it stands.
    Text { text: String },
    /// What the machine says, or is told.
    Code { text: String },
    /// Puts a line into a machine's prompt: `[listen(5)](call:server:s.listen(5))`.
    Call { text: String, host: String, line: String },
    /// Puts a source into a machine's editor: `[server.py](program:server:programs/server.py)`.
    Program { text: String, host: String, path: String },
    /// Opens another lesson: `[by hand](lesson:by-hand)`.
    Lesson { text: String, id: String },
    /// Shows an event of the recording. No author writes one: it comes of what was done.
    Event { text: String, seq: u64 },
}

impl Piece {
    /// Text of ours, as it stands.
    pub(crate) fn said(text: &str) -> Self {
        Self::Text { text: text.to_owned() }
    }

    /// What the machine says, or a name in it.
    pub(crate) fn code(text: &str) -> Self {
        Self::Code { text: text.to_owned() }
    }

    /// What a person reads of it.
    pub fn text(&self) -> &str {
        match self {
            Self::Text { text }
            | Self::Code { text }
            | Self::Call { text, .. }
            | Self::Program { text, .. }
            | Self::Lesson { text, .. }
            | Self::Event { text, .. } => text,
        }
    }
}

/// What a person reads of a sentence.
pub fn plain(pieces: &[Piece]) -> String {
    pieces.iter().map(Piece::text).collect()
}

/// Reads a sentence.
///
/// # Errors
/// One sentence: a backtick or a link without its end, or a link of an unknown kind.
pub fn parse(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '[']) {
        push_text(&mut pieces, &rest[..at]);
        let found = &rest[at..];
        rest = if let Some(code) = found.strip_prefix('`') {
            let (code, after) = code.split_once('`').ok_or("a backtick without its second")?;
            pieces.push(Piece::Code { text: code.to_owned() });
            after
        } else if let Some((piece, after)) = link(found)? {
            pieces.push(piece);
            after
        } else {
            push_text(&mut pieces, "[");
            &found[1..]
        };
    }
    push_text(&mut pieces, rest);
    Ok(pieces)
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text { text: before }) => before.push_str(text),
        _ if text.is_empty() => {}
        _ => pieces.push(Piece::Text { text: text.to_owned() }),
    }
}

/// `[text](target)` and what follows; none where a bracket is only a bracket.
fn link(found: &str) -> Result<Option<(Piece, &str)>, String> {
    let Some((text, after)) = found[1..].split_once("](") else { return Ok(None) };
    if text.contains(['[', ']', '`']) {
        return Ok(None);
    }
    let end = closing(after).ok_or_else(|| format!("the link [{text}] has no end"))?;
    Ok(Some((target(text, &after[..end])?, &after[end + 1..])))
}

/// Where the bracket that is open before `text` is closed: calls have brackets of their own.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn target(text: &str, target: &str) -> Result<Piece, String> {
    let text = text.to_owned();
    let (kind, rest) = target.split_once(':').unwrap_or((target, ""));
    let on_host = || {
        let (host, what) =
            rest.split_once(':').filter(|(host, what)| !host.is_empty() && !what.is_empty())?;
        Some((host.to_owned(), what.to_owned()))
    };
    let incomplete = || format!("the link to {target:?} lacks a machine or what to put there");
    match kind {
        "call" => on_host().map(|(host, line)| Piece::Call { text, host, line }).ok_or_else(incomplete),
        "program" => {
            let (host, path) = on_host().ok_or_else(incomplete)?;
            check_path(&path)?;
            Ok(Piece::Program { text, host, path })
        }
        "lesson" if !rest.is_empty() => Ok(Piece::Lesson { text, id: rest.to_owned() }),
        _ => Err(format!("a link begins with call:, program: or lesson:, not {target:?}")),
    }
}

/// A path below the lessons' folder, by its plain parts.
pub(crate) fn check_path(path: &str) -> Result<(), String> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    if path.len() <= 128 && path.split('/').all(plain) {
        Ok(())
    } else {
        Err(format!("{path:?} is no path below the lesson's folder: letters, digits, - _ . and /"))
    }
}
