//! Medians and percentiles.

/// The middle one.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value below which that share of all lies; 0 without any.
pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index, from 0 on")]
    let index = (values.len().saturating_sub(1) as f64 * share).round() as usize;
    values.get(index).copied().unwrap_or(0.0)
}

/// One figure of both peers over the rounds.
#[derive(Debug, Default)]
pub(crate) struct Pair {
    /// The plain relay's.
    pub(crate) relay: Vec<f64>,
    /// Ours.
    pub(crate) ours: Vec<f64>,
}

impl Pair {
    /// The medians: relay, ours.
    pub(crate) fn medians(&mut self) -> (f64, f64) {
        (median(&mut self.relay), median(&mut self.ours))
    }
}
