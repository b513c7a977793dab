//! Measurements, as lines of JSON.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::machine::nanoseconds_of_a_decode;
use crate::peer::Outcome;

/// What a contestant has measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was done, such as `w1`.
    pub workload: String,
    /// The figures, by name: `ops_s`, `events_s`, `ms`, `ns`, …
    pub values: Map<String, Value>,
}

impl Measurement {
    /// A measurement with these figures.
    #[must_use]
    pub fn new(workload: &str, values: &[(&str, f64)]) -> Self {
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        Self {
            workload: workload.to_owned(),
            values: values.collect(),
        }
    }

    /// Operations in a time: how many a second, and how long each took.
    #[must_use]
    pub fn of_latencies(workload: &str, mut microseconds: Vec<f64>, seconds: f64) -> Self {
        microseconds.sort_by(f64::total_cmp);
        let count = microseconds.len();
        let quantile = |part: usize| microseconds[(count - 1) * part / 100];
        Self::new(
            workload,
            &[
                ("ops_s", count as f64 / seconds),
                ("p50_us", quantile(50)),
                ("p99_us", quantile(99)),
            ],
        )
    }

    /// A figure.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        self.values.get(name).and_then(Value::as_f64)
    }

    /// Prints it, with how fast this core is at the moment.
    ///
    /// # Errors
    /// Nobody reads the output any more.
    pub fn print(mut self) -> Outcome {
        let speed = Value::from(nanoseconds_of_a_decode());
        self.values.insert("decode_ns".to_owned(), speed);
        let line = serde_json::to_string(&self)?;
        writeln!(io::stdout().lock(), "{line}")?;
        Ok(())
    }
}
