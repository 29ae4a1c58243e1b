//! The arguments of a program, as somebody types them behind its name: split as a shell does, by spaces, quotes and
//! backslashes. There is no shell, so what only a shell could carry out is refused and not passed on as if it had been.

use std::fmt;

/// Longest line of arguments, in bytes.
pub const LINE: usize = 4096;

/// Why a line is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadArguments {
    /// A quote that is not closed.
    OpenQuote {
        /// `'` or `"`.
        quote: char,
        /// Its place in the line, from 1, in characters.
        place: usize,
    },
    /// A backslash with nothing behind it.
    Backslash,
    /// Something that only a shell could do.
    Shell(char),
    /// More than [`LINE`].
    Long,
    /// A NUL, which ends an argument.
    Nul,
}

impl fmt::Display for BadArguments {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenQuote { quote, place } => {
                write!(to, "The quote {quote} at character {place} is not closed.")
            }
            Self::Backslash => write!(to, "Nothing stands behind the \\ at the end."),
            Self::Shell(c) => write!(
                to,
                "{c} is for a shell, and there is none here: write '{c}' in quotes to hand it to the program."
            ),
            Self::Long => write!(to, "Arguments have at most {LINE} bytes."),
            Self::Nul => write!(to, "Arguments have no NUL in them."),
        }
    }
}

/// The arguments of a line.
pub fn split(line: &str) -> Result<Vec<String>, BadArguments> {
    if line.len() > LINE {
        return Err(BadArguments::Long);
    }
    if line.contains('\0') {
        return Err(BadArguments::Nul);
    }
    let mut arguments = Vec::new();
    let mut current: Option<String> = None;
    let mut characters = line.chars().enumerate();
    while let Some((at, c)) = characters.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => arguments.extend(current.take()),
            '\'' | '"' => {
                let word = current.get_or_insert_default();
                if !quoted(c, &mut characters, word)? {
                    return Err(BadArguments::OpenQuote { quote: c, place: at + 1 });
                }
            }
            '\\' => {
                let (_, escaped) = characters.next().ok_or(BadArguments::Backslash)?;
                current.get_or_insert_default().push(escaped);
            }
            '|' | '&' | ';' | '<' | '>' | '(' | ')' | '`' | '$' => return Err(BadArguments::Shell(c)),
            c => current.get_or_insert_default().push(c),
        }
    }
    arguments.extend(current);
    Ok(arguments)
}

/// What stands in quotes. Answers whether they are closed.
fn quoted(
    quote: char,
    characters: &mut impl Iterator<Item = (usize, char)>,
    word: &mut String,
) -> Result<bool, BadArguments> {
    while let Some((_, c)) = characters.next() {
        match c {
            c if c == quote => return Ok(true),
            '$' | '`' if quote == '"' => return Err(BadArguments::Shell(c)),
            '\\' if quote == '"' => match characters.next() {
                // Before anything else it stands for itself.
                Some((_, escaped @ ('"' | '\\' | '$' | '`'))) => word.push(escaped),
                Some((_, other)) => word.extend(['\\', other]),
                None => return Ok(false),
            },
            c => word.push(c),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::{BadArguments, LINE, split};

    fn words(line: &str) -> Vec<String> {
        split(line).expect("a line of arguments")
    }

    /// What a real shell makes of the same lines.
    #[test]
    fn it_splits_as_a_shell_does() {
        let lines = [
            "",
            "   ",
            "ada",
            "  -c server  -t 1 ",
            "'a b' \"c d\"",
            "a'b'\"c\"d",
            "'' \"\"",
            r"a\ b \' \\",
            r#""say \"hi\" \n \\""#,
            r"'a\b'",
            "--name=\"Ada Lovelace\"",
            "caf\u{e9} \u{6f22}",
            r"'|' \> '$HOME'",
        ];
        for line in lines {
            let script =
                format!("set -f; set -- {line}; for a; do printf '%s\\n' \"$a\"; done; printf '%s' \"$#\"");
            let shell = std::process::Command::new("sh").args(["-c", &script]).output().expect("sh");
            let mut said: Vec<String> = words(line);
            said.push(said.len().to_string());
            assert_eq!(said.join("\n"), String::from_utf8_lossy(&shell.stdout), "{line:?}");
        }
    }

    #[test]
    fn what_is_not_closed_is_said_with_its_place() {
        assert_eq!(split("a 'b c"), Err(BadArguments::OpenQuote { quote: '\'', place: 3 }));
        assert_eq!(split("\"b\\\""), Err(BadArguments::OpenQuote { quote: '"', place: 1 }));
        assert_eq!(split("a\\"), Err(BadArguments::Backslash));
    }

    #[test]
    fn there_is_no_shell() {
        for (line, c) in
            [("a | b", '|'), ("> out", '>'), ("$HOME", '$'), ("\"$HOME\"", '$'), ("a;b", ';'), ("a &", '&')]
        {
            assert_eq!(split(line), Err(BadArguments::Shell(c)), "{line}");
        }
        assert_eq!(words("what? *.txt ~ #1"), ["what?", "*.txt", "~", "#1"]);
    }

    #[test]
    fn a_line_is_bounded() {
        assert_eq!(split(&"x".repeat(LINE)).map(|words| words.len()), Ok(1));
        assert_eq!(split(&"x".repeat(LINE + 1)), Err(BadArguments::Long));
        assert_eq!(split("a\0b"), Err(BadArguments::Nul));
    }
}
