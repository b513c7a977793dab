//! W5: the whole log into a read model in memory.

use std::future::Future;
use std::time::Instant;

use crate::counts::Counts;
use crate::machine::{Memory, processor_seconds};
use crate::peer::Outcome;
use crate::report::Measurement;
use crate::sizes::Sizes;

/// Measures a replay: events a second, processor time, and the greatest amount of memory that this
/// process has had.
///
/// # Errors
/// The contestant failed, or it came to a wrong result.
pub async fn measure<F>(sizes: &Sizes, replay: F) -> Outcome
where
    F: Future<Output = Outcome<Counts>>,
{
    Memory::forget_peak();
    let before = Memory::of_this_process()?;
    let used = processor_seconds()?;
    let begun = Instant::now();
    let counts = replay.await?;
    let seconds = begun.elapsed().as_secs_f64();
    let used = processor_seconds()? - used;
    let after = Memory::of_this_process()?;
    let expected = Counts::expected(sizes.streams, sizes.events_of_a_stream);
    if counts != expected {
        return Err(format!("wrong counts: {counts:?} in place of {expected:?}").into());
    }
    Measurement::new(
        "w5",
        &[
            ("events", counts.total() as f64),
            ("events_s", counts.total() as f64 / seconds),
            ("processor_s", used),
            ("mib_before", before.now),
            ("mib_peak", after.peak),
        ],
    )
    .print()
}
