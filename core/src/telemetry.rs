//! What can be watched of those who replay the log: spans and metrics.
//!
//! Spans and events go to [`tracing`]; metrics go to the recorder of the
//! [`metrics`](https://docs.rs/metrics) crate, with the feature `metrics`. The lag of everything
//! else, such as a program that does not run, is in [`Operations::status`](crate::Operations).
//!
//! | metric | kind | labels | is |
//! |---|---|---|---|
//! | `rehydrate_events_total` | counter | `consumer`, `build`, `shard` | events that were taken or delivered |
//! | `rehydrate_lag_events` | gauge | `consumer`, `build`, `shard` | positions between the checkpoint and the end of the log |
//! | `rehydrate_lag_seconds` | gauge | `consumer`, `build`, `shard` | age of the last event that was taken, 0 at the end of the log |
//! | `rehydrate_parked_streams` | gauge | `consumer`, `build`, `shard` | streams that wait because one of their events has failed |
//! | `rehydrate_batch_seconds` | histogram | `consumer`, `build`, `shard` | how long a transaction took |
//! | `rehydrate_rebuild_ratio` | gauge | `consumer`, `build` | the part of a rebuild's present run that is done, 0 to 1 |
//! | `rehydrate_deliveries_total` | counter | `consumer`, `outcome` | what has come of a reactor's deliveries: `done`, `again`, `retrying`, `parked` |
//!
//! | span | level | fields | is |
//! |---|---|---|---|
//! | `take` | debug | `consumer`, `build`, `shard`, `from`, `to`, `events` | a batch, taken into a projection |
//! | `rebuild` | info | `consumer`, `version`, `step` | a rebuild's run or swap |
//! | `react` | debug | `reactor`, `event`, `events`, `attempt` | a delivery to a reactor: the first event, and how many |

use std::time::Duration;

use chrono::{DateTime, Utc};
use rehydrate_port::{CheckpointId, Position};

/// A batch that was taken.
#[cfg_attr(
    not(feature = "metrics"),
    expect(dead_code, reason = "without the feature nobody is told")
)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) id: &'a CheckpointId,
    pub(crate) events: usize,
    pub(crate) read_to: Position,
    pub(crate) watermark: Position,
    pub(crate) event_at: Option<DateTime<Utc>>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) parked: usize,
    pub(crate) elapsed: Duration,
}

#[cfg(feature = "metrics")]
pub(crate) fn taken(batch: Batch<'_>) {
    let mut labels = labels(batch.id);
    labels.push(metrics::Label::new("shard", batch.id.shard.to_string()));
    metrics::counter!("rehydrate_events_total", labels.clone()).increment(batch.events as u64);
    let behind = batch.watermark.get().saturating_sub(batch.read_to.get());
    metrics::gauge!("rehydrate_lag_events", labels.clone()).set(float(behind));
    let age = batch.event_at.filter(|_| behind > 0).map(|time| {
        let age = (batch.now - time).to_std();
        age.unwrap_or_default().as_secs_f64()
    });
    metrics::gauge!("rehydrate_lag_seconds", labels.clone()).set(age.unwrap_or(0.0));
    metrics::gauge!("rehydrate_parked_streams", labels.clone()).set(float(batch.parked as u64));
    metrics::histogram!("rehydrate_batch_seconds", labels.clone())
        .record(batch.elapsed.as_secs_f64());
}

#[cfg(not(feature = "metrics"))]
pub(crate) fn taken(batch: Batch<'_>) {
    let _ = batch;
}

/// How far a rebuild is.
pub(crate) fn rebuilt(consumer: &str, build: u32, done: u64, total: u64) {
    #[cfg(feature = "metrics")]
    {
        let id = CheckpointId {
            consumer: consumer.to_owned(),
            build,
            shard: 0,
        };
        let ratio = if total == 0 {
            1.0
        } else {
            (float(done) / float(total)).min(1.0)
        };
        metrics::gauge!("rehydrate_rebuild_ratio", labels(&id)).set(ratio);
    }
    #[cfg(not(feature = "metrics"))]
    let _ = (consumer, build, done, total);
}

/// What has come of a delivery to a reactor.
pub(crate) fn delivered(consumer: &str, outcome: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!(
        "rehydrate_deliveries_total",
        "consumer" => consumer.to_owned(),
        "outcome" => outcome
    )
    .increment(1);
    #[cfg(not(feature = "metrics"))]
    let _ = (consumer, outcome);
}

#[cfg(feature = "metrics")]
fn labels(id: &CheckpointId) -> Vec<metrics::Label> {
    vec![
        metrics::Label::new("consumer", id.consumer.clone()),
        metrics::Label::new("build", id.build.to_string()),
    ]
}

#[cfg(feature = "metrics")]
#[expect(
    clippy::cast_precision_loss,
    reason = "what is watched needs no more digits"
)]
fn float(count: u64) -> f64 {
    count as f64
}
