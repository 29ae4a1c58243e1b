//! What stands in front of a lesson or the tutorial's sentences, key by key.

use super::Program;
use crate::{Malformed, items::Front, prose};

/// Longest sentence about what a lesson teaches, in characters: two lines of a list on a telephone.
const TEACHES: usize = 100;

/// The id of a file of either kind.
pub(crate) fn id(front: &Front) -> Result<String, Malformed> {
    check_id(front.need("id")?, front.line("id"))
}

fn check_id(id: &str, line: usize) -> Result<String, Malformed> {
    let plain = id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !plain || id.len() > proto::limits::NAME {
        return Err(Malformed::new(line, format!("{id:?} is no id: at most 32 of a-z, 0-9 and -")));
    }
    Ok(id.to_owned())
}

pub(super) fn teaches(front: &Front) -> Result<String, Malformed> {
    if front.get("teaches").is_none() { Ok(String::new()) } else { short(front, "teaches", TEACHES) }
}

/// `socket connect`: ids of lessons.
pub(super) fn needs(front: &Front) -> Result<Vec<String>, Malformed> {
    let line = front.line("needs");
    front.get("needs").unwrap_or_default().split_whitespace().map(|id| check_id(id, line)).collect()
}

pub(crate) fn short(front: &Front, key: &str, most: usize) -> Result<String, Malformed> {
    let text = front.need(key)?;
    if text.chars().count() > most {
        return Err(Malformed::new(front.line(key), format!("`{key}` has at most {most} characters")));
    }
    Ok(text.to_owned())
}

pub(super) fn number(front: &Front, key: &str, default: u32) -> Result<u32, Malformed> {
    let Some(text) = front.get(key) else { return Ok(default) };
    text.parse()
        .map_err(|_| Malformed::new(front.line(key), format!("`{key}` is a whole number, not {text:?}")))
}

pub(super) fn seeds(front: &Front) -> Result<Vec<String>, Malformed> {
    let seeds =
        front.get("seed").unwrap_or_default().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let is_seed = |seed: &&String| !is_sentence(seed);
    match seeds.iter().find(is_seed) {
        Some(seed) => Err(Malformed::new(front.line("seed"), format!("{seed:?} is no sentence: S1 to S99"))),
        None => Ok(seeds),
    }
}

/// `client=connect/client.py, server=programs/server.py`.
pub(super) fn programs(front: &Front) -> Result<Vec<Program>, Malformed> {
    let line = front.line("programs");
    let listed =
        front.get("programs").unwrap_or_default().split(',').map(str::trim).filter(|one| !one.is_empty());
    let read = |one: &str| {
        let (host, path) =
            one.split_once('=').ok_or_else(|| format!("expected machine=path, found {one:?}"))?;
        prose::check_path(path)?;
        let file = path.rsplit('/').next().unwrap_or(path);
        Ok(Program { host: host.to_owned(), file: file.to_owned(), path: path.to_owned() })
    };
    listed.map(|one| read(one).map_err(|reason: String| Malformed::new(line, reason))).collect()
}

/// `server 12345, server 23456`.
pub(super) fn ports(front: &Front) -> Result<Vec<(String, u16)>, Malformed> {
    let line = front.line("ports");
    let listed =
        front.get("ports").unwrap_or_default().split(',').map(str::trim).filter(|one| !one.is_empty());
    let read = |one: &str| {
        let (host, port) = one.split_once(' ')?;
        Some((host.to_owned(), port.trim().parse().ok()?))
    };
    let wrong = |one: &str| Malformed::new(line, format!("expected a machine and a port, found {one:?}"));
    listed.map(|one| read(one).ok_or_else(|| wrong(one))).collect()
}

/// Whether this is the number of a sentence of the tutorial: `S1` to `S99`.
pub(crate) fn is_sentence(text: &str) -> bool {
    let digits = text.strip_prefix('S').unwrap_or_default();
    (1..=2).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit()) && !digits.starts_with('0')
}
