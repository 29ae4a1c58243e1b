//! Cuts a line of the prompt into Python's tokens. Knows no names and no calls.

use super::fault::Fault;

/// Longest line, in bytes.
pub const LINE: usize = 4096;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name or keyword.
    Name(String),
    /// An integer literal.
    Int(i64),
    /// A float literal.
    Float(f64),
    /// A str literal, unescaped.
    Str(String),
    /// A bytes literal, unescaped.
    Bytes(Vec<u8>),
    /// An operator or delimiter.
    Mark(char),
    /// `**`, `==` and the like: Python, but not of this prompt.
    Foreign(&'static str),
}

/// A token and its column, in Unicode scalar values from 0.
pub type Placed = (Token, usize);

/// The tokens of a line, without its comment.
pub fn tokens(line: &str) -> Result<Vec<Placed>, Fault> {
    if line.len() > LINE {
        return Err(Fault::lacking(format!("a line of more than {LINE} bytes"), 0)
            .hint("Repeat bytes instead: b\"x\" * 100000"));
    }
    let mut lexer = Lexer { text: line.chars().collect(), at: 0 };
    let mut found = Vec::new();
    while let Some(token) = lexer.next()? {
        found.push(token);
    }
    Ok(found)
}

struct Lexer {
    text: Vec<char>,
    at: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Result<Option<Placed>, Fault> {
        while self.peek(0).is_some_and(|c| matches!(c, ' ' | '\t' | '\r')) {
            self.at += 1;
        }
        let column = self.at;
        let Some(c) = self.peek(0) else { return Ok(None) };
        let token = match c {
            '#' => return Ok(None),
            '"' | '\'' => self.string(column, false, false)?,
            '0'..='9' => self.number(column)?,
            '.' if self.peek(1).is_some_and(|next| next.is_ascii_digit()) => self.number(column)?,
            c if c == '_' || c.is_alphabetic() => self.word(column)?,
            '(' | ')' | '[' | ']' | ',' | '.' | '*' | '+' | '-' | '|' | ';' | '\n' | ':' | '=' => {
                self.mark(c)
            }
            c => return Err(invalid(c, column)),
        };
        Ok(Some((token, column)))
    }

    fn mark(&mut self, c: char) -> Token {
        self.at += 1;
        let foreign = match (c, self.peek(0)) {
            ('*', Some('*')) => "**",
            ('=', Some('=')) => "==",
            (':', Some('=')) => ":=",
            ('+', Some('=')) => "+=",
            _ => return Token::Mark(c),
        };
        self.at += 1;
        Token::Foreign(foreign)
    }

    fn word(&mut self, column: usize) -> Result<Token, Fault> {
        let mut word = String::new();
        while let Some(c) = self.peek(0).filter(|c| *c == '_' || c.is_alphanumeric()) {
            word.push(c);
            self.at += 1;
        }
        if !matches!(self.peek(0), Some('"' | '\'')) {
            return Ok(Token::Name(word));
        }
        match word.to_ascii_lowercase().as_str() {
            "b" => self.string(column, true, false),
            "rb" | "br" => self.string(column, true, true),
            "r" => self.string(column, false, true),
            "u" => self.string(column, false, false),
            "f" | "fr" | "rf" => Err(Fault::beyond("f-strings", column)),
            "t" | "tr" | "rt" => Err(Fault::beyond("template strings", column)),
            _ => Err(Fault::syntax("invalid syntax", self.at)),
        }
    }

    fn number(&mut self, column: usize) -> Result<Token, Fault> {
        let mut text = String::new();
        while let Some(c) = self.peek(0).filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_')) {
            text.push(c);
            self.at += 1;
        }
        let digits = text.replace('_', "").to_ascii_lowercase();
        let radix = match digits.get(..2) {
            Some("0x") => 16,
            Some("0o") => 8,
            Some("0b") => 2,
            _ => return decimal(&digits, column),
        };
        let digits = &digits[2..];
        if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
            return Err(Fault::syntax("invalid number literal", column));
        }
        i64::from_str_radix(digits, radix).map(Token::Int).map_err(|_| large(column))
    }

    fn string(&mut self, column: usize, bytes: bool, raw: bool) -> Result<Token, Fault> {
        let quote = self.peek(0).unwrap_or('"');
        if self.peek(1) == Some(quote) && self.peek(2) == Some(quote) {
            return Err(Fault::beyond("triple-quoted strings", column));
        }
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek(0) {
                None | Some('\n') => {
                    return Err(Fault::syntax("unterminated string literal (detected at line 1)", column)
                        .hint(format!("It begins with {quote} and needs another {quote} at its end.")));
                }
                Some('\\') => self.at += 2,
                Some(c) if c == quote => break,
                Some(_) => self.at += 1,
            }
        }
        let body = &self.text[start..self.at];
        self.at += 1;
        if bytes {
            unescape_bytes(body, raw, column, start).map(Token::Bytes)
        } else {
            unescape_str(body, raw, column).map(Token::Str)
        }
    }
}

fn decimal(digits: &str, column: usize) -> Result<Token, Fault> {
    if digits.contains('.') || digits.contains('e') {
        return digits
            .parse()
            .map(Token::Float)
            .map_err(|_| Fault::syntax("invalid decimal literal", column));
    }
    if !digits.chars().all(|c| c.is_ascii_digit()) {
        let imaginary = digits.strip_suffix('j').is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()));
        return Err(if imaginary {
            Fault::beyond("complex numbers", column)
        } else {
            Fault::syntax("invalid decimal literal", column)
        });
    }
    if digits.len() > 1 && digits.starts_with('0') && digits.chars().any(|c| c != '0') {
        return Err(Fault::syntax(
            "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
            column,
        ));
    }
    digits.parse().map(Token::Int).map_err(|_| large(column))
}

fn large(column: usize) -> Fault {
    Fault::beyond("integers of more than 64 bits", column)
}

fn invalid(c: char, column: usize) -> Fault {
    if matches!(c, '$' | '?' | '`') {
        return Fault::syntax("invalid syntax", column);
    }
    if c.is_ascii() && !c.is_control() {
        return Fault::unread(column);
    }
    let shown = if c.is_control() || crate::visible::is_hidden(c) { '\u{fffd}' } else { c };
    let fault = Fault::syntax(format!("invalid character '{shown}' (U+{:04X})", u32::from(c)), column);
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{201e}' => {
            fault.hint("Those are typographic quotes. Python wants straight ones: \" or '")
        }
        _ => fault,
    }
}

/// The escapes that mean the same in str and bytes.
fn simple_escape(c: char) -> Option<u8> {
    Some(match c {
        '\\' => b'\\',
        '\'' => b'\'',
        '"' => b'"',
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        _ => return None,
    })
}

/// Digits of a numeric escape that starts at `from`.
fn digits(body: &[char], from: usize, radix: u32, most: usize) -> (u32, usize) {
    let found: Vec<u32> =
        body[from.min(body.len())..].iter().take(most).map_while(|c| c.to_digit(radix)).collect();
    (found.iter().fold(0, |sum, digit| sum * radix + digit), found.len())
}

fn unescape_bytes(body: &[char], raw: bool, column: usize, start: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(&c) = body.get(at) {
        let Some(plain) = u8::try_from(u32::from(c)).ok().filter(u8::is_ascii) else {
            return Err(Fault::syntax("bytes can only contain ASCII literal characters", start + at)
                .hint("Write \"…\".encode() to turn text into UTF-8 bytes."));
        };
        at += 1;
        if plain != b'\\' || raw {
            bytes.push(plain);
            continue;
        }
        let Some(&escape) = body.get(at) else { break };
        if let Some(byte) = simple_escape(escape) {
            bytes.push(byte);
            at += 1;
        } else if escape == 'x' {
            let (value, length) = digits(body, at + 1, 16, 2);
            if length < 2 {
                return Err(Fault::syntax(
                    format!("(value error) invalid \\x escape at position {}", at - 1),
                    column,
                )
                .hint("\\x needs two hexadecimal digits: \\x0a"));
            }
            bytes.push(value.to_le_bytes()[0]);
            at += 3;
        } else if escape.is_digit(8) {
            let (value, length) = digits(body, at, 8, 3);
            bytes.push(value.to_le_bytes()[0]);
            at += length;
        } else {
            bytes.push(b'\\');
        }
    }
    Ok(bytes)
}

fn unescape_str(body: &[char], raw: bool, column: usize) -> Result<String, Fault> {
    let mut text = String::new();
    let mut at = 0;
    while let Some(&c) = body.get(at) {
        at += 1;
        if c != '\\' || raw {
            text.push(c);
            continue;
        }
        let Some(&escape) = body.get(at) else { break };
        if let Some(byte) = simple_escape(escape) {
            text.push(char::from(byte));
            at += 1;
            continue;
        }
        let (value, used, wanted) = match escape {
            'x' => widen(digits(body, at + 1, 16, 2), 2),
            'u' => widen(digits(body, at + 1, 16, 4), 4),
            'U' => widen(digits(body, at + 1, 16, 8), 8),
            c if c.is_digit(8) => {
                let (value, length) = digits(body, at, 8, 3);
                (value, length, length)
            }
            'N' => return Err(Fault::beyond("characters by their names", column)),
            _ => {
                text.push('\\');
                continue;
            }
        };
        let Some(c) = char::from_u32(value).filter(|_| used == wanted) else {
            return Err(Fault::syntax(
                "(unicode error) 'unicodeescape' codec can't decode the escape",
                column,
            ));
        };
        text.push(c);
        at += used;
    }
    Ok(text)
}

/// A numeric escape with its letter counted in.
fn widen((value, length): (u32, usize), wanted: usize) -> (u32, usize, usize) {
    (value, length + 1, wanted + 1)
}

#[cfg(test)]
mod tests {
    use super::{LINE, Token, tokens};
    use crate::console::fault::FaultKind;

    fn only(line: &str) -> Token {
        let mut found = tokens(line).expect("tokens");
        assert_eq!(found.len(), 1, "{line}");
        found.remove(0).0
    }

    #[test]
    fn bytes_literals_unescape_as_cpython_does() {
        assert_eq!(only(r#"b"hi\n""#), Token::Bytes(b"hi\n".to_vec()));
        assert_eq!(only(r"b'\x00\xff\101\q\400'"), Token::Bytes(b"\x00\xffA\\q\x00".to_vec()));
        assert_eq!(only(r#"rb"\n""#), Token::Bytes(b"\\n".to_vec()));
        assert_eq!(
            tokens(r#"b"\x4""#).expect_err("fault").message,
            "(value error) invalid \\x escape at position 0"
        );
        let fault = tokens("b\"é\"").expect_err("fault");
        assert_eq!(
            (fault.message.as_str(), fault.column),
            ("bytes can only contain ASCII literal characters", 2)
        );
    }

    #[test]
    fn text_literals_unescape() {
        assert_eq!(only(r#""\u00e9\x41\t""#), Token::Str("éA\t".to_owned()));
        assert!(tokens(r#""\x4""#).is_err());
        assert!(tokens(r#""\ud800""#).is_err());
    }

    #[test]
    fn numbers() {
        assert_eq!(only("12_345"), Token::Int(12345));
        assert_eq!(only("0x10"), Token::Int(16));
        assert_eq!(only("0.5"), Token::Float(0.5));
        assert_eq!(tokens("99999999999999999999").expect_err("fault").kind, FaultKind::Beyond);
        assert_eq!(tokens("1j").expect_err("fault").kind, FaultKind::Beyond);
        assert!(tokens("0123").is_err());
        assert!(tokens("1abc").is_err());
    }

    #[test]
    fn errors_point_at_the_column() {
        let fault = tokens("s.connect((\u{201c}server\u{201d}, 1))").expect_err("fault");
        assert_eq!((fault.message.as_str(), fault.column), ("invalid character '\u{201c}' (U+201C)", 11));
        assert_eq!(tokens("s.send(b\"hi)").expect_err("fault").column, 7);
        assert_eq!(tokens("s\u{202e}").expect_err("fault").message, "invalid character '\u{fffd}' (U+202E)");
    }

    #[test]
    fn a_line_is_bounded() {
        assert!(tokens(&"#".repeat(LINE)).is_ok());
        assert!(tokens(&"#".repeat(LINE + 1)).is_err());
    }
}
