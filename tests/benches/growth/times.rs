//! How long something took, many times.

use std::time::Duration;

#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// In microseconds: `p50 / p99 (ratio of the p50)`.
    pub(crate) fn beside(&self, first: &Self) -> String {
        let (middle, late) = (self.part(50), self.part(99));
        format!(
            "{:.0} / {:.0} ({:.2}, {:.2})",
            middle,
            late,
            middle / first.part(50),
            late / first.part(99)
        )
    }

    fn part(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(f64::NAN, Duration::as_secs_f64) * 1e6
    }
}
