//! The values a name of the console can have, shown as Python's `repr` shows them.

use proto::id::Fd;
use serde::{Deserialize, Serialize};

use crate::visible::escaped;

/// Longest bytes a value may have, in bytes: what one call may carry.
pub const BYTES: usize = proto::limits::CALL_PAYLOAD as usize;

/// A value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A str.
    Str(String),
    /// Bytes, at most [`BYTES`].
    Bytes(Vec<u8>),
    /// A tuple.
    Tuple(Vec<Self>),
    /// A list.
    List(Vec<Self>),
    /// A socket by its descriptor; -1 once it is closed, as in CPython.
    Socket(Fd),
    /// A named number of the socket module: its `repr` and its value.
    Named(String, i64),
    /// A module.
    Module(String),
}

impl Value {
    /// The type's name in CPython's messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Named(..) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::Tuple(_) => "tuple",
            Self::List(_) => "list",
            Self::Socket(_) => "socket",
            Self::Module(_) => "module",
        }
    }

    /// The number, where Python takes it for an integer.
    pub fn as_int(&self) -> Option<i64> {
        match *self {
            Self::Int(number) | Self::Named(_, number) => Some(number),
            Self::Bool(truth) => Some(i64::from(truth)),
            _ => None,
        }
    }

    /// What Python's `print` writes.
    pub fn printed(&self) -> String {
        match self {
            Self::Str(text) => text.clone(),
            // A family or a kind of socket is a number with a name, and printed as the number.
            Self::Named(_, number) => number.to_string(),
            value => value.repr(),
        }
    }

    /// Python's `repr`.
    pub fn repr(&self) -> String {
        match self {
            Self::None => "None".to_owned(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => float_repr(*number),
            Self::Str(text) => str_repr(text),
            Self::Bytes(bytes) => bytes_repr(bytes),
            Self::Tuple(items) if items.len() == 1 => format!("({},)", items[0].repr()),
            Self::Tuple(items) => format!("({})", list(items)),
            Self::List(items) => format!("[{}]", list(items)),
            Self::Socket(fd) if fd.0 < 0 => "<socket.socket [closed] fd=-1>".to_owned(),
            Self::Socket(fd) => format!("<socket.socket fd={fd}>"),
            Self::Named(repr, _) => repr.clone(),
            Self::Module(name) => format!("<module '{name}'>"),
        }
    }
}

/// As Python writes a float: an exponent has a sign and two digits.
fn float_repr(number: f64) -> String {
    let text = format!("{number:?}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{digits}e{sign}{exponent:0>2}")
}

fn list(items: &[Value]) -> String {
    items.iter().map(Value::repr).collect::<Vec<_>>().join(", ")
}

/// Bytes as Python's `repr` writes them: single quotes unless only those occur inside.
pub fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    let mut shown = String::with_capacity(bytes.len() + 3);
    shown.push('b');
    shown.push(char::from(quote));
    for &byte in bytes {
        match byte {
            b'\n' => shown.push_str("\\n"),
            b'\r' => shown.push_str("\\r"),
            b'\t' => shown.push_str("\\t"),
            b'\\' => shown.push_str("\\\\"),
            byte if byte == quote => {
                shown.push('\\');
                shown.push(char::from(byte));
            }
            b' '..=b'~' => shown.push(char::from(byte)),
            byte => shown.push_str(&format!("\\x{byte:02x}")),
        }
    }
    shown.push(char::from(quote));
    shown
}

/// A str as Python's `repr` writes it; hidden characters as escapes.
pub fn str_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push(quote);
    for c in text.chars() {
        match escaped(c) {
            Some(escaped) => shown.push_str(&escaped),
            None if c == quote => {
                shown.push('\\');
                shown.push(c);
            }
            None => shown.push(c),
        }
    }
    shown.push(quote);
    shown
}

#[cfg(test)]
mod tests {
    use super::{Value, bytes_repr, str_repr};

    #[test]
    fn bytes_are_shown_as_cpython_shows_them() {
        assert_eq!(bytes_repr(b""), "b''");
        assert_eq!(bytes_repr(b"hi\n\t\r\\\x00\xff\x7f"), r"b'hi\n\t\r\\\x00\xff\x7f'");
        assert_eq!(bytes_repr(b"it's"), "b\"it's\"");
        assert_eq!(bytes_repr(b"'\""), "b'\\'\"'");
    }

    #[test]
    fn text_never_hides_anything() {
        assert_eq!(str_repr("a\u{202e}\u{1b}\u{e0041}"), r"'a\u202e\x1b\U000e0041'");
    }

    #[test]
    fn tuples() {
        assert_eq!(Value::Tuple(vec![Value::Int(1)]).repr(), "(1,)");
        assert_eq!(
            Value::Tuple(vec![Value::Str("10.0.0.2".into()), Value::Int(5)]).repr(),
            "('10.0.0.2', 5)"
        );
        for (number, text) in [(2.0, "2.0"), (1e16, "1e+16"), (1e-5, "1e-05"), (1.5e300, "1.5e+300")] {
            assert_eq!(Value::Float(number).repr(), text);
        }
    }
}
