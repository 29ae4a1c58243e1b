//! A lesson's file cut into numbered items: front matter, headings, paragraphs and `- key: value` lists. It does not
//! know what they mean.

use std::collections::BTreeMap;

use crate::Malformed;

/// Longest file, in bytes.
pub(crate) const FILE: usize = 128 * 1024;

/// One item with the line it begins on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) line: usize,
    pub(crate) kind: ItemKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// `# text`
    Part(String),
    /// `## text`
    Step(String),
    /// `- key: value`
    Pair(String, String),
    /// Anything else that is not blank, its lines joined.
    Text(String),
}

/// The front matter by key, each value with its line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Front(BTreeMap<String, (usize, String)>);

impl Front {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|(_, value)| value.as_str())
    }

    /// The line of a key, or that of the file's beginning.
    pub(crate) fn line(&self, key: &str) -> usize {
        self.0.get(key).map_or(1, |(line, _)| *line)
    }

    pub(crate) fn need(&self, key: &str) -> Result<&str, Malformed> {
        self.get(key)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Malformed::new(1, format!("the front matter lacks `{key}`")))
    }

    /// Only these keys may stand there.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Malformed> {
        match self.0.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            Some((key, (line, _))) => {
                Err(Malformed::new(*line, format!("unknown key `{key}`; known are {}", known.join(", "))))
            }
            None => Ok(()),
        }
    }
}

/// Cuts a file.
pub(crate) fn cut(source: &str) -> Result<(Front, Vec<Item>), Malformed> {
    if source.len() > FILE {
        return Err(Malformed::new(
            1,
            format!("a lesson has at most {FILE} bytes, this has {}", source.len()),
        ));
    }
    let lines: Vec<&str> = source.lines().collect();
    if lines.first().map(|line| line.trim_end()) != Some("---") {
        return Err(Malformed::new(1, "a lesson begins with ---"));
    }
    let end = lines.iter().skip(1).position(|line| line.trim_end() == "---").map(|at| at + 1);
    let end = end.ok_or_else(|| Malformed::new(1, "the front matter has no end: a second ---"))?;
    let mut front = Front::default();
    for (at, line) in lines.iter().enumerate().take(end).skip(1) {
        let (key, value) = pair(line, at + 1)?;
        if front.0.insert(key.clone(), (at + 1, value)).is_some() {
            return Err(Malformed::new(at + 1, format!("`{key}` stands there twice")));
        }
    }
    let mut items = Vec::new();
    let mut open = false;
    for (at, line) in lines.iter().enumerate().skip(end + 1) {
        open = take(&mut items, line, at + 1, open)?;
    }
    Ok((front, items))
}

/// Takes one line; `open` says whether it may go on with what came before. Returns the same for the next line.
fn take(items: &mut Vec<Item>, line: &str, number: usize, open: bool) -> Result<bool, Malformed> {
    let text = line.trim();
    if text.is_empty() {
        return Ok(false);
    }
    let kind = if let Some(title) = line.strip_prefix("## ") {
        ItemKind::Step(title.trim().to_owned())
    } else if let Some(title) = line.strip_prefix("# ") {
        ItemKind::Part(title.trim().to_owned())
    } else if let Some(rest) = line.strip_prefix("- ") {
        let (key, value) = pair(rest, number)?;
        ItemKind::Pair(key, value)
    } else {
        match items.last_mut().map(|item| &mut item.kind) {
            // A value goes on where the next line is indented, a paragraph until a blank line.
            Some(ItemKind::Pair(_, value)) if open && line.starts_with("  ") => {
                value.push(' ');
                value.push_str(text);
                return Ok(true);
            }
            Some(ItemKind::Text(before)) if open => {
                before.push(' ');
                before.push_str(text);
                return Ok(true);
            }
            _ => ItemKind::Text(text.to_owned()),
        }
    };
    items.push(Item { line: number, kind });
    Ok(true)
}

/// `key: value`.
pub(crate) fn pair(text: &str, line: usize) -> Result<(String, String), Malformed> {
    let found = text.split_once(':').filter(|(key, _)| !key.trim().is_empty());
    let (key, value) =
        found.ok_or_else(|| Malformed::new(line, format!("expected `key: value`, found {text:?}")))?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}
