//! The read model of the replay.

use crate::domain::{Event, event};
use crate::id::{Id, Kind};

/// Events by kind, and a sum: small, and wrong if one event is missed or seen twice.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counts {
    pub opened: u64,
    pub deposited: u64,
    pub withdrawn: u64,
    pub sum: i64,
}

impl Counts {
    /// Takes an [`Event::Opened`].
    #[inline]
    pub fn opened(&mut self) {
        self.opened += 1;
    }

    /// Takes an [`Event::Deposited`].
    #[inline]
    pub fn deposited(&mut self, amount: i64) {
        self.deposited += 1;
        self.sum += amount;
    }

    /// Takes an [`Event::Withdrawn`].
    #[inline]
    pub fn withdrawn(&mut self, amount: i64) {
        self.withdrawn += 1;
        self.sum -= amount;
    }

    /// Takes an event.
    #[inline]
    pub fn count(&mut self, event: &Event) {
        match event {
            Event::Opened { .. } => self.opened(),
            Event::Deposited { amount, .. } => self.deposited(*amount),
            Event::Withdrawn { amount, .. } => self.withdrawn(*amount),
        }
    }

    /// How many events that were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.opened + self.deposited + self.withdrawn
    }

    /// What a replay of so many streams has to come to.
    #[must_use]
    pub fn expected(streams: u64, events_of_each: u64) -> Self {
        let mut counts = Self::default();
        for stream in 0..streams {
            let id = Id::new(Kind::Replay, stream);
            for number in 0..events_of_each {
                counts.count(&event(&id, number));
            }
        }
        counts
    }
}
