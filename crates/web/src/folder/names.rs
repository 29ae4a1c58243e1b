//! Names of files: those that Linux takes, less what hides or reorders the text around it.
//!
//! A program's name is shorter and plainer: the room and everybody in it call the running program by it.

use std::fmt;

use crate::visible::{excerpt, is_hidden};

/// Longest name of a file, in bytes: Linux's `NAME_MAX`.
pub const NAME_BYTES: usize = 255;
/// Longest name of a program, its `.py` included: fits what the protocol takes for a name.
pub const PROGRAM: usize = 31;
/// What a program's name ends in.
pub const PYTHON: &str = ".py";

/// Why something is no name for a file here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadName {
    /// There is nothing.
    Empty,
    /// More than [`NAME_BYTES`].
    Long {
        /// Its length.
        bytes: usize,
    },
    /// `.` and `..`, which are folders.
    Folder,
    /// It has a `/`: the name of something in another folder.
    Slash,
    /// A control, or a character that is not seen or turns the text around it.
    Hidden(char),
    /// It begins or ends with a space, which nobody sees.
    Space,
    /// It ends in `.py`, and is none of the names that programs have here.
    Program,
}

impl fmt::Display for BadName {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(to, "A file needs a name."),
            Self::Long { bytes } => {
                write!(to, "This name has {bytes} bytes; a file's name has at most {NAME_BYTES}.")
            }
            Self::Folder => write!(
                to,
                "\u{201c}.\u{201d} and \u{201c}..\u{201d} are folders. A machine has one folder, without others in it."
            ),
            Self::Slash => {
                write!(to, "A name has no / in it: a machine has one folder, without others in it.")
            }
            Self::Hidden(hidden) => write!(
                to,
                "This name has the character U+{:04X} in it, which nobody would see.",
                u32::from(*hidden)
            ),
            Self::Space => write!(to, "A name neither begins nor ends with a space."),
            Self::Program => write!(
                to,
                "A program has a name like server.py: letters, digits, _ . and -, at most {PROGRAM} characters, and .py at the end."
            ),
        }
    }
}

/// Whether a file may be called so.
pub fn check(name: &str) -> Result<(), BadName> {
    if name.is_empty() {
        return Err(BadName::Empty);
    }
    if name.len() > NAME_BYTES {
        return Err(BadName::Long { bytes: name.len() });
    }
    if matches!(name, "." | "..") {
        return Err(BadName::Folder);
    }
    if name.contains('/') {
        return Err(BadName::Slash);
    }
    if let Some(hidden) = name.chars().find(|&c| is_hidden(c)) {
        return Err(BadName::Hidden(hidden));
    }
    if name.trim() != name {
        return Err(BadName::Space);
    }
    Ok(())
}

/// Whether somebody may give a file this name: one that ends in `.py` is a program's.
pub fn check_given(name: &str) -> Result<(), BadName> {
    check(name)?;
    if name.ends_with(PYTHON) && !is_program(name) { Err(BadName::Program) } else { Ok(()) }
}

/// Whether a file of this name is a program, which can be run. Any other is data, also where it has Python in it.
pub fn is_program(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(PYTHON) else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    name.len() <= PROGRAM
        && stem.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && stem.chars().all(plain)
}

/// The name that a file of another computer gets here: a program's is made plain, any other stays.
pub fn brought(name: &str) -> Result<String, BadName> {
    let lower = name.to_ascii_lowercase();
    let Some(stem) = lower.strip_suffix(PYTHON).map(|stem| &name[..stem.len()]) else {
        check(name)?;
        return Ok(name.to_owned());
    };
    check(name)?;
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') { c } else { '_' };
    let stem: String = stem.chars().map(plain).collect();
    let stem = stem.trim_start_matches(['.', '-']);
    let own = format!("{}{PYTHON}", &stem[..stem.len().min(PROGRAM - PYTHON.len())]);
    if is_program(&own) { Ok(own) } else { Err(BadName::Program) }
}

/// The `number`-th name like this one, from 2: `server-2.py`, `cities-2.csv`.
pub fn like(name: &str, number: usize) -> String {
    let (stem, ending) = match name.rfind('.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, ""),
    };
    let stem = without_number(stem);
    let added = format!("-{number}{ending}");
    let most = if is_program(name) { PROGRAM } else { NAME_BYTES };
    let mut length = stem.len().min(most.saturating_sub(added.len()));
    while !stem.is_char_boundary(length) {
        length -= 1;
    }
    format!("{}{added}", &stem[..length])
}

/// Without the number that [`like`] has put behind it.
fn without_number(stem: &str) -> &str {
    match stem.rsplit_once('-') {
        Some((before, number))
            if !before.is_empty()
                && (1..=3).contains(&number.len())
                && number.bytes().all(|c| c.is_ascii_digit()) =>
        {
            before
        }
        _ => stem,
    }
}

/// A name as it may be shown in a sentence.
pub fn shown(name: &str) -> String {
    excerpt(name, 60)
}

#[cfg(test)]
mod tests {
    use super::{BadName, brought, check, check_given, is_program, like, shown};

    #[test]
    fn a_name_is_one_that_linux_takes_and_people_see() {
        for name in [
            "server.py",
            "cities.csv",
            "Makefile",
            ".env",
            "a b.txt",
            "\u{e9}t\u{e9}.txt",
            "my server.py",
            "...",
        ] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        assert_eq!(check(""), Err(BadName::Empty));
        for name in [".", ".."] {
            assert_eq!(check(name), Err(BadName::Folder), "{name}");
        }
        for name in ["a/b", "/etc/passwd", "../up", "a/"] {
            assert_eq!(check(name), Err(BadName::Slash), "{name}");
        }
        assert_eq!(check(&"x".repeat(255)), Ok(()));
        assert_eq!(check(&"x".repeat(300)), Err(BadName::Long { bytes: 300 }));
        assert_eq!(check(&"\u{e9}".repeat(128)), Err(BadName::Long { bytes: 256 }));
        for hidden in ['\0', '\n', '\u{1b}', '\u{7f}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}'] {
            assert_eq!(check(&format!("a{hidden}b.txt")), Err(BadName::Hidden(hidden)), "{hidden:?}");
        }
        for name in [" a", "a ", " "] {
            assert_eq!(check(name), Err(BadName::Space), "{name:?}");
        }
    }

    #[test]
    fn a_program_has_a_plain_name() {
        for name in ["server.py", "a.py", "_x-2.py", "9.py", "a.b.py"] {
            assert!(is_program(name), "{name}");
        }
        for name in [
            "server",
            ".py",
            "-a.py",
            "my server.py",
            "\u{e9}.py",
            "server.PY",
            &format!("{}.py", "x".repeat(29)),
        ] {
            assert!(!is_program(name), "{name}");
        }
        assert_eq!(check_given("my server.py"), Err(BadName::Program));
        assert_eq!(check_given("my notes.txt"), Ok(()));
    }

    #[test]
    fn a_program_that_is_brought_gets_a_plain_name_and_data_keeps_its_own() {
        assert_eq!(brought("my server (1).py").as_deref(), Ok("my_server__1_.py"));
        assert_eq!(brought("Server.PY").as_deref(), Ok("Server.py"));
        assert_eq!(
            brought(&format!("{}.py", "x".repeat(90))).as_deref(),
            Ok(format!("{}.py", "x".repeat(28)).as_str())
        );
        assert_eq!(brought("my cities (1).csv").as_deref(), Ok("my cities (1).csv"));
        assert_eq!(brought("..py"), Err(BadName::Program));
        assert_eq!(brought("a\u{202e}yp.exe"), Err(BadName::Hidden('\u{202e}')));
        assert_eq!(brought("a\u{202e}b.py"), Err(BadName::Hidden('\u{202e}')));
        assert_eq!(brought("a/b.py"), Err(BadName::Slash));
    }

    #[test]
    fn names_beside_others_are_numbered() {
        assert_eq!(like("server.py", 2), "server-2.py");
        assert_eq!(like("server-2.py", 3), "server-3.py");
        assert_eq!(like("cities.csv", 2), "cities-2.csv");
        assert_eq!(like("Makefile", 2), "Makefile-2");
        assert_eq!(like(".env", 2), ".env-2");
        let long = like(&format!("{}.py", "x".repeat(28)), 10);
        assert!(is_program(&long), "{long}");
        assert_eq!(check(&like(&"\u{e9}".repeat(127), 2)), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_a_sentence_without_the_character_itself() {
        let said = BadName::Hidden('\u{202e}').to_string();
        assert!(said.contains("U+202E") && !said.contains('\u{202e}'), "{said}");
        assert_eq!(shown("a\u{202e}b"), "a\u{27e8}U+202E\u{27e9}b");
    }
}
