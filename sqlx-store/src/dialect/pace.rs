//! How fast the log grows.
//!
//! Whoever follows a log that grows by thousands of events a second would ask for each handful of
//! them, and those who write would pay for it. When it grows like that, a follower is told of news a
//! moment later, and takes what has come together. Where events come one by one, nobody waits.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rehydrate_port::Position;

/// How long a follower of a busy log lets events gather.
const GATHER: Duration = Duration::from_millis(50);
/// A log is busy if so many events come while a follower waits.
const MANY: u64 = 25;
/// Whoever is further behind has enough to read.
const FAR: u64 = 1_000;
/// How long it takes to tell how fast the log grows.
const WINDOW: Duration = Duration::from_millis(50);
/// What was seen so long ago says nothing any more.
const STALE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<Option<Seen>>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    begun: Instant,
    from: Position,
    latest: Position,
    is_busy: bool,
}

impl Pace {
    /// Somebody has looked how far the log goes.
    pub(crate) fn see(&self, watermark: Position) {
        self.see_at(watermark, Instant::now());
    }

    fn see_at(&self, watermark: Position, now: Instant) {
        let mut seen = self.seen();
        let last = seen.get_or_insert(Seen {
            begun: now,
            from: watermark,
            latest: watermark,
            is_busy: false,
        });
        last.latest = last.latest.max(watermark);
        let elapsed = now.saturating_duration_since(last.begun);
        if elapsed >= WINDOW {
            let events = last.latest.get().saturating_sub(last.from.get());
            *last = Seen {
                begun: now,
                from: last.latest,
                latest: last.latest,
                is_busy: GATHER.mul_f64(events as f64) >= elapsed.mul_f64(MANY as f64),
            };
        }
    }

    /// Leaves a busy log alone for a moment after what was read up to this position; false, at once,
    /// if it is not busy.
    pub(crate) async fn gathered(&self, position: Position, at_most: Duration) -> bool {
        let pause = self.pause(position);
        if let Some(pause) = pause {
            tokio::time::sleep(pause.min(at_most)).await;
        }
        pause.is_some()
    }

    /// How long to leave it alone.
    fn pause(&self, position: Position) -> Option<Duration> {
        let seen = (*self.seen())?;
        let behind = seen.latest.get().saturating_sub(position.get());
        let is_news = seen.begun.elapsed() < STALE;
        (seen.is_busy && is_news && behind < FAR).then_some(GATHER)
    }

    fn seen(&self) -> MutexGuard<'_, Option<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rehydrate_port::Position;

    use super::{GATHER, Pace};

    #[test]
    fn a_log_is_busy_while_it_grows_fast_and_only_for_those_who_are_near_its_end() {
        let pace = Pace::default();
        let begin = Instant::now();
        let after = |millis| begin + Duration::from_millis(millis);
        pace.see_at(Position::new(1_000), begin);
        assert_eq!(pace.pause(Position::new(1_000)), None);
        pace.see_at(Position::new(1_010), after(60));
        assert_eq!(
            pace.pause(Position::new(1_010)),
            None,
            "170 events a second"
        );
        pace.see_at(Position::new(1_100), after(120));
        assert_eq!(pace.pause(Position::new(1_090)), Some(GATHER));
        assert_eq!(pace.pause(Position::new(50)), None, "a backlog");
        pace.see_at(Position::new(1_101), after(180));
        assert_eq!(pace.pause(Position::new(1_101)), None);
    }
}
