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
use proto::{call::CallError, limits::Limit};

use crate::egress::limits::OutsideLimit;

/// The counters. They only rise.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Answers by the first digit of their status.
    answers: [AtomicU64; 5],
    refusals: Mutex<BTreeMap<&'static str, u64>>,
    accepted: AtomicU64,
    accept_errors: AtomicU64,
    kept: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
}

impl Default for Metrics {
    /// Nothing yet, which is said of what alerts look at: a series that is born with its first refusal has never risen.
    fn default() -> Self {
        let watched = limits().filter(|name| name.starts_with("server-") || name.starts_with("address-"));
        Self {
            answers: Default::default(),
            refusals: Mutex::new(watched.map(|name| (name, 0)).collect()),
            accepted: AtomicU64::default(),
            accept_errors: AtomicU64::default(),
            kept: AtomicU64::default(),
            received: AtomicU64::default(),
            sent: AtomicU64::default(),
        }
    }
}

/// The names of all limits.
fn limits() -> impl Iterator<Item = &'static str> {
    let outside = OutsideLimit::ALL.iter().map(|limit| limit.name());
    Limit::ALL.iter().map(|limit| limit.name()).chain(outside)
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

    /// Somebody was refused in a room because of this limit, by its name.
    pub(crate) fn refused_by(&self, limit: &str) {
        if let Some(name) = limits().find(|name| *name == limit) {
            self.refused(name);
        }
    }

    /// What somebody asked for in a room ended so.
    pub(crate) fn ended(&self, error: &CallError) {
        if let CallError::Limit { limit, .. } = error {
            self.refused_by(limit);
        }
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

    /// So many bytes of messages went to pages.
    pub(crate) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
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
            ("sent_bytes_total", value(&self.sent), "Bytes of messages to pages."),
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
        metrics.ended(&Limit::RoomMemory.reached());
        metrics.refused_by("a stranger's text");
        let text = metrics.text(&[("rooms", 2, "Rooms alive now.")], &[("calls_total", 7, "Calls begun.")]);
        for line in [
            "# TYPE wireside_rooms gauge",
            "wireside_rooms 2",
            "# TYPE wireside_calls_total counter",
            "wireside_calls_total 7",
            "wireside_answers_total{status=\"2xx\"} 1",
            "wireside_refusals_total{reason=\"origin\"} 1",
            "wireside_refusals_total{reason=\"room-memory\"} 1",
            "wireside_refusals_total{reason=\"server-rooms\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("stranger"));
    }
}
