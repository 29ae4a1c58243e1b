//! The table.

use std::fmt::Write as _;

/// One row after another, as they are measured.
#[derive(Debug)]
pub(crate) struct Report {
    words: Vec<String>,
    rows: Vec<String>,
}

impl Report {
    /// Of the rows whose titles have one of `words`; of all if there are none.
    pub(crate) fn new(words: &[String]) -> Self {
        Self { words: words.to_vec(), rows: Vec::new() }
    }

    /// Whether a row is wanted.
    pub(crate) fn wants(&self, title: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| title.contains(word.as_str()))
    }

    /// A figure of both peers and its goal.
    pub(crate) fn compare(&mut self, title: &str, unit: &str, relay: f64, ours: f64, goal: &str) {
        let ratio = if relay > 0.0 { number(ours / relay) } else { "-".to_owned() };
        self.push(title, unit, &number(relay), &number(ours), &ratio, goal);
    }

    /// A figure that a relay does not have.
    pub(crate) fn ours(&mut self, title: &str, unit: &str, ours: f64, goal: &str) {
        self.push(title, unit, "-", &number(ours), "-", goal);
    }

    fn push(&mut self, title: &str, unit: &str, relay: &str, ours: &str, ratio: &str, goal: &str) {
        let row = format!("| {title} | {unit} | {relay} | {ours} | {ratio} | {goal} |");
        eprintln!("{row}");
        self.rows.push(row);
    }

    /// The table in Markdown.
    pub(crate) fn table(&self) -> String {
        let mut table = "| figure | unit | plain relay | Wireside | ratio | goal |\n".to_owned();
        table.push_str("| --- | --- | ---: | ---: | ---: | --- |\n");
        for row in &self.rows {
            let _written = writeln!(table, "{row}");
        }
        table
    }
}

/// Three digits.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
