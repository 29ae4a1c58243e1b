//! What a snippet needs besides the call: names, the payload, and text that is safe inside a literal.

use proto::{call::Wait, id::Fd};

use crate::console::{evaluate::Variables, suggest::name_of};

/// What a call does not say about itself: names, payload, waiting.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Names of the console, which become the snippets' names.
    pub variables: &'a Variables,
    /// The bytes of a send, or the first of them.
    pub payload: &'a [u8],
    /// Names that get the result.
    pub targets: &'a [String],
    /// How long the call may wait.
    pub wait: Wait,
}

impl Default for Context<'_> {
    fn default() -> Self {
        static NONE: Variables = Variables::new();
        Self { variables: &NONE, payload: &[], targets: &[], wait: Wait::Forever }
    }
}

impl Context<'_> {
    /// The name of a descriptor: the console's own, where it is an identifier in all three languages.
    pub(super) fn name(&self, fd: Fd) -> String {
        name_of(self.variables, fd).filter(|name| portable(name)).unwrap_or_else(|| "s".to_owned())
    }

    /// Name `at` of those that get the result, or `otherwise`.
    pub(super) fn target(&self, at: usize, otherwise: &str) -> String {
        self.targets.get(at).filter(|name| portable(name)).cloned().unwrap_or_else(|| otherwise.to_owned())
    }
}

/// Whether a name is an identifier, and no keyword, in Python, Rust and C.
pub(super) fn portable(name: &str) -> bool {
    const KEYWORDS: [&str; 30] = [
        "as", "auto", "box", "break", "case", "char", "const", "continue", "crate", "do", "double", "dyn",
        "enum", "extern", "float", "fn", "int", "let", "long", "loop", "match", "mod", "move", "mut", "pub",
        "ref", "self", "static", "struct", "type",
    ];
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&name)
}

/// Longest payload that is written out as a literal, in bytes.
const LITERAL: usize = 64;

/// A payload as one of three things a snippet can write.
pub(super) enum Payload<'a> {
    Literal(&'a [u8]),
    Repeated(u8, usize),
    /// More than a snippet should hold: it stands in a variable.
    Variable,
}

pub(super) fn payload<'a>(context: &Context<'a>, length: u32) -> Payload<'a> {
    let length = length as usize;
    match context.payload {
        bytes if bytes.len() == length && length <= LITERAL => Payload::Literal(bytes),
        bytes if bytes.first().is_some_and(|first| bytes.iter().all(|byte| byte == first)) => {
            Payload::Repeated(bytes[0], length)
        }
        _ => Payload::Variable,
    }
}

/// A host name inside a string literal of any of the three languages.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                shown.push('\\');
                shown.push(c);
            }
            c if crate::visible::is_hidden(c) => shown.push('\u{fffd}'),
            c => shown.push(c),
        }
    }
    shown.push('"');
    shown
}
