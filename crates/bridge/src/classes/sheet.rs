//! The table of steps, as CSV (RFC 4180): a line a seat.

use super::view::{ClassView, SeatView};

/// For whoever opens it in a spreadsheet: UTF-8.
const MARK: char = '\u{feff}';

/// The table. `origin` stands before the links of what was kept.
pub(crate) fn sheet(class: &ClassView, seats: &[SeatView], origin: &str) -> String {
    let mut table = String::from(MARK);
    let head =
        ["seat", "name", "passed", "skipped"].into_iter().chain(class.steps.iter().map(String::as_str));
    line(&mut table, head.chain(["recording"]));
    for seat in seats {
        let count = |letter: char| seat.steps.chars().filter(|&one| one == letter).count().to_string();
        let (number, passed, skipped) = (seat.number.to_string(), count('p'), count('s'));
        let steps = seat.steps.chars().map(|step| match step {
            'p' => "passed",
            's' => "skipped",
            _ => "",
        });
        let kept = seat.kept.as_ref().map(|link| format!("{origin}{link}")).unwrap_or_default();
        let own = [number.as_str(), seat.name.as_str(), passed.as_str(), skipped.as_str()];
        line(&mut table, own.into_iter().chain(steps).chain([kept.as_str()]));
    }
    table
}

fn line<'a>(table: &mut String, cells: impl Iterator<Item = &'a str>) {
    let cells: Vec<String> = cells.map(cell).collect();
    table.push_str(&cells.join(","));
    table.push_str("\r\n");
}

/// A cell in quotes. What a spreadsheet would take for a formula is text: a pupil chose it.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_formula_and_never_ends_its_cell() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell("Ada, \"the first\""), "\"Ada, \"\"the first\"\"\"");
    }
}
