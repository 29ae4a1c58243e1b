//! Counts for the operator, in the text format of Prometheus.
//!
//! Labels are names from our own source, never anything a stranger sent.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::StatusCode;

/// The counters. They only rise.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Answers by the first digit of their status.
    answers: [AtomicU64; 5],
    refusals: Mutex<BTreeMap<&'static str, u64>>,
    accepted: AtomicU64,
    accept_errors: AtomicU64,
    kept: AtomicU64,
    received: AtomicU64,
}

impl Metrics {
    /// An answer was given.
    pub(crate) fn answered(&self, status: StatusCode) {
        if let Some(count) = self.answers.get(usize::from(status.as_u16() / 100).wrapping_sub(1)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Somebody was refused because of the rule or the limit `reason`.
    pub(crate) fn refused(&self, reason: &'static str) {
        *self.refusals.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
    }

    /// A connection was accepted.
    pub(crate) fn accepted(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// The kernel gave an error instead of a connection.
    pub(crate) fn accept_failed(&self) {
        self.accept_errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Somebody kept a recording.
    pub(crate) fn recording_kept(&self) {
        self.kept.fetch_add(1, Ordering::Relaxed);
    }

    /// So many bytes of messages came from pages.
    pub(crate) fn received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Everything as text, with the gauges and the counters of others as `(name, value, help)`.
    pub(crate) fn text(&self, gauges: &[(&str, u64, &str)], counters: &[(&str, u64, &str)]) -> String {
        let mut text = String::new();
        for (name, value, help) in gauges {
            family(&mut text, name, "gauge", help, [(String::new(), *value)]);
        }
        let value = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let own = [
            ("accepted_total", value(&self.accepted), "TCP connections accepted."),
            ("accept_errors_total", value(&self.accept_errors), "Errors of accept(2)."),
            ("received_bytes_total", value(&self.received), "Bytes of messages from pages."),
            ("recordings_kept_total", value(&self.kept), "Recordings that people kept."),
        ];
        for (name, value, help) in own.iter().chain(counters) {
            family(&mut text, name, "counter", help, [(String::new(), *value)]);
        }
        let answers = self
            .answers
            .iter()
            .zip(1..)
            .map(|(count, digit)| (format!("{{status=\"{digit}xx\"}}"), count.load(Ordering::Relaxed)));
        family(&mut text, "answers_total", "counter", "HTTP answers by status.", answers);
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let refusals = refusals.iter().map(|(reason, count)| (format!("{{reason=\"{reason}\"}}"), *count));
        family(&mut text, "refusals_total", "counter", "Refusals by rule or limit.", refusals);
        text
    }
}

fn family(
    text: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    samples: impl IntoIterator<Item = (String, u64)>,
) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# HELP wireside_{name} {help}\n# TYPE wireside_{name} {kind}");
    for (labels, value) in samples {
        let _ = writeln!(text, "wireside_{name}{labels} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.answered(StatusCode::OK);
        metrics.refused("origin");
        let text = metrics.text(&[("rooms", 2, "Rooms alive now.")], &[("calls_total", 7, "Calls begun.")]);
        for line in [
            "# TYPE wireside_rooms gauge",
            "wireside_rooms 2",
            "# TYPE wireside_calls_total counter",
            "wireside_calls_total 7",
            "wireside_answers_total{status=\"2xx\"} 1",
            "wireside_refusals_total{reason=\"origin\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
