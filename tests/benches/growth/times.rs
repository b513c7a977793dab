//! How long something took, many times, at each length of the log.

use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// In microseconds: `p50 / p99 (their ratios to the first)`.
    fn beside(&self, first: &Self) -> String {
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

/// What took how long, a row for each length of the log.
pub(crate) struct Table {
    rows: Vec<String>,
    /// Those of a store at its first length.
    first: Vec<(String, Vec<Times>)>,
}

impl Table {
    /// With these columns.
    pub(crate) fn new(columns: &str) -> Self {
        let rule = "|---".repeat(columns.split(" | ").count());
        Self {
            rows: vec![format!("| {columns} |"), format!("{rule}|")],
            first: Vec::new(),
        }
    }

    /// Adds a row, of whatever is compared with its first one.
    pub(crate) fn add(&mut self, of: &str, name: &str, all: Vec<Times>) {
        let known = self.first.iter().find(|(known, _)| known == of);
        let first = known.map_or(&all, |(_, first)| first);
        let cells: Vec<_> = all
            .iter()
            .zip(first)
            .map(|(now, then)| now.beside(then))
            .collect();
        let row = format!("| {name} | {} |", cells.join(" | "));
        println!("{row}");
        self.rows.push(row);
        if known.is_none() {
            self.first.push((of.to_owned(), all));
        }
    }

    pub(crate) fn print(&self) {
        println!("\n{}", self.rows.join("\n"));
    }
}
