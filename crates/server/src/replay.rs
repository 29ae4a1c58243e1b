//! `replay FILE`: makes the calls of a recording anew and says whether the same happened.

use std::{
    fs::File,
    io::{self, Read, Write as _},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context as _, Result, anyhow};
use bridge::{Calls, LeftOut};
use lab::keeper::Keeper;
use server::services::services;

/// Most differences that are told of each recording.
const TOLD: usize = 20;

/// Does it. The first line of the answer says how much is equal; then which calls were made and which left out; then what happened only the first time (`-`) and only now
/// (`+`), with the numbers of the events.
///
/// # Errors
/// A file that is none, or a machine that can make no rooms.
pub(crate) fn replay(file: &Path) -> Result<ExitCode> {
    let bytes = read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let keeper = Keeper::start().map_err(|missing| anyhow!("no room can be made here: {missing}"))?;
    let comparison = runtime.block_on(bridge::replay(keeper, &services(), &bytes));
    let (comparison, calls) = comparison.map_err(|error| anyhow!("{error}"))?;
    let mut out = io::stdout().lock();
    let per_mille = comparison.per_mille();
    let (equal, before, now) = (comparison.equal, &comparison.before, &comparison.now);
    if comparison.is_equal() {
        writeln!(out, "equal: the same {equal} things happened again")?;
        tell(&mut out, &calls)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(
        out,
        "not equal: {}.{} % of what happened is the same; {} happened only then, {} only now",
        per_mille / 10,
        per_mille % 10,
        before.len(),
        now.len()
    )?;
    tell(&mut out, &calls)?;
    for (sign, all) in [('-', before), ('+', now)] {
        for difference in all.iter().take(TOLD) {
            writeln!(out, "{sign} {} {}", difference.seq, visible(&difference.text))?;
        }
        if all.len() > TOLD {
            writeln!(out, "{sign} and {} more", all.len() - TOLD)?;
        }
    }
    Ok(ExitCode::FAILURE)
}

/// Which calls that was.
fn tell(out: &mut impl io::Write, calls: &Calls) -> io::Result<()> {
    writeln!(out, "calls made: {}", calls.made)?;
    if calls.filled > 0 {
        writeln!(out, "with dots for bytes that the recording does not have: {}", calls.filled)?;
    }
    let left_out = calls.left_out();
    if left_out.is_empty() {
        writeln!(out, "calls left out: none")?;
    }
    for LeftOut { count, why } in left_out {
        writeln!(out, "calls left out: {count} {why}")?;
    }
    Ok(())
}

/// No more than a recording may have, and one byte.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = bridge::SHARE_BYTES as u64 + 1;
    if file == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Names are somebody's: nothing in them moves a terminal's cursor.
fn visible(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}
