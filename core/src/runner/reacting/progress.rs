//! What was delivered and is not written down yet.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rehydrate_port::{Checkpoint, Condition, Delivery, Position, StoredEvent, StreamId};
use tokio::time::Instant;

/// So many events are delivered at most before they are written down, so that a crash repeats
/// little …
const MOST_EVENTS: usize = 100;
/// … and they are after this time.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// How far a reactor is, in the database and in truth.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Where the checkpoint stands.
    pub(super) written: Position,
    /// Everything up to here is delivered, or in `outcomes`, or waits in its stream.
    pub(super) position: Position,
    /// The recorded time of the last event that was delivered.
    pub(super) event_at: Option<DateTime<Utc>>,
    /// What is to be kept of events that were not just answered.
    pub(super) outcomes: Vec<Delivery>,
    /// Streams of which events were passed over because one before them waits, with what is to be
    /// kept of the first of them if that one does not wait any more.
    pub(super) passed: HashMap<StreamId, Delivery>,
    /// The end of the log, when it was last read.
    pub(super) watermark: Position,
    /// Delivered and not written.
    pub(super) events: usize,
    is_caught_up: bool,
    /// The checkpoint has a condition that is not true any more once everything is delivered.
    is_stale: bool,
    /// When this is to be written.
    due: Option<Instant>,
}

impl Progress {
    /// What is known when one begins to lead.
    ///
    /// What could not be written the last time still can if nobody else has gone on in between.
    pub(super) fn stand_at(&mut self, checkpoint: &Checkpoint) {
        if self.written != checkpoint.position || !self.has_news() {
            *self = Self {
                written: checkpoint.position,
                position: checkpoint.position,
                ..Self::default()
            };
        }
        // Whatever has stood in the way does not any more.
        self.is_stale = !matches!(
            checkpoint.condition,
            Condition::New | Condition::Live | Condition::Paused
        );
    }

    /// An event was delivered.
    pub(super) fn deliver(&mut self, event: &StoredEvent<'_>, outcome: Option<Delivery>) {
        self.position = event.position;
        self.event_at = Some(event.recorded_at);
        self.events += 1;
        let wait = if outcome.is_some() || self.events >= MOST_EVENTS {
            Duration::ZERO
        } else {
            LONGEST_WAIT
        };
        self.outcomes.extend(outcome);
        self.write_within(wait);
    }

    /// An event waits, because one before it in its stream does.
    pub(super) fn pass_over(&mut self, event: &StoredEvent<'_>, waits: Delivery, wait: Duration) {
        self.position = event.position;
        self.passed.entry(waits.stream.clone()).or_insert(waits);
        self.write_within(wait);
    }

    /// The log was read up to a position.
    pub(super) fn see(&mut self, read_to: Position, watermark: Position) {
        self.is_caught_up = read_to >= watermark;
        self.watermark = watermark;
    }

    /// There is nothing more for the reactor up to a position.
    pub(super) fn move_to(&mut self, position: Position, wait: Duration) {
        if position > self.position {
            self.position = position;
            self.write_within(wait);
        }
        if self.is_caught_up && (self.events > 0 || self.is_stale) {
            // Nothing better to do.
            self.write_within(Duration::ZERO);
        }
    }

    /// When it is to be written, if there is anything to write.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn is_due(&self) -> bool {
        self.due.is_some_and(|due| due <= Instant::now())
    }

    /// Whether there is something that must not be forgotten.
    pub(super) fn has_news(&self) -> bool {
        self.position > self.written
    }

    /// The next try to write it is not made at once.
    pub(super) fn put_off(&mut self, wait: Duration) {
        self.due = Some(Instant::now() + wait);
    }

    /// Moves a checkpoint that is to be saved.
    pub(super) fn apply_to(&self, checkpoint: &mut Checkpoint) {
        checkpoint.position = self.position;
        checkpoint.event_at = self.event_at.or(checkpoint.event_at);
        if checkpoint.condition != Condition::Paused {
            checkpoint.condition = if self.is_caught_up {
                Condition::Live
            } else {
                Condition::CatchingUp
            };
        }
    }

    /// It is written.
    pub(super) fn settle(&mut self) {
        *self = Self {
            written: self.position,
            position: self.position,
            watermark: self.watermark,
            is_caught_up: self.is_caught_up,
            ..Self::default()
        };
    }

    fn write_within(&mut self, wait: Duration) {
        let by = Instant::now() + wait;
        self.due = Some(self.due.map_or(by, |due| due.min(by)));
    }
}
