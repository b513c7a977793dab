//! Which events a consumer of the log reads.

use std::ops::Deref;

use chrono::{DateTime, Utc};
use rehydrate_port::{DecodeError, StoredEvent};

use crate::aggregate::{Aggregate, AggregateId, InvalidId};
use crate::event::{Decoded, Event};

/// The events that a consumer reads: those of one aggregate, or of several.
///
/// Every aggregate is the set of its own events. For several, `#[derive(EventSet)]` on an enum with
/// one newtype variant for each of their event enums; the store then reads only their categories.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of events",
    label = "needs an aggregate, or `#[derive(EventSet)]`",
    note = "name the aggregate whose events are wanted, not its event enum; for the events of several aggregates write `#[derive(rehydrate::EventSet)]` on an enum with a variant for each of their event enums"
)]
pub trait EventSet: 'static {
    /// What is handed to the consumer.
    type Event: Send + Sync + 'static;

    /// The categories to be read.
    fn categories() -> Vec<&'static str>;

    /// Reads a stored event of one of the categories, as [`Event::decode`] does.
    ///
    /// # Errors
    /// As for [`Event::decode`].
    fn decode(stored: &StoredEvent<'_>) -> Result<Decoded<Self::Event>, DecodeError>;
}

// What is no set at all is told of both ways, not only that it is no aggregate.
#[diagnostic::do_not_recommend]
impl<A: Aggregate> EventSet for A {
    type Event = A::Event;

    fn categories() -> Vec<&'static str> {
        vec![A::CATEGORY]
    }

    fn decode(stored: &StoredEvent<'_>) -> Result<Decoded<A::Event>, DecodeError> {
        A::Event::decode(stored)
    }
}

/// That an event enum is the one of an aggregate; `derive(Aggregate)` writes it.
///
/// `derive(EventSet)` finds the aggregate of an event enum with it, and so its category.
#[diagnostic::on_unimplemented(
    message = "no aggregate has `{Self}` as its events",
    label = "not the event enum of an aggregate",
    note = "`#[derive(Aggregate)]` says which enum is whose; for an aggregate that is written by hand, say it on the variant: `#[event_set(aggregate = …)]`"
)]
pub trait EventsOf<A> {}

/// An event as a consumer gets it, with where and when it was recorded.
///
/// It derefs to the [`StoredEvent`], so `event.position` and `event.stream_id` are there.
#[derive(Debug)]
#[non_exhaustive]
pub struct Recorded<'a, E> {
    /// What happened, in today's shape.
    pub event: E,
    /// How it is stored.
    pub stored: StoredEvent<'a>,
    /// Its number among the events that the stored one was split into: 0, unless it was.
    pub part: usize,
}

impl<'a, E> Recorded<'a, E> {
    /// An event with how it is stored.
    pub fn new(event: E, stored: StoredEvent<'a>) -> Self {
        Self {
            event,
            stored,
            part: 0,
        }
    }

    /// The id of the aggregate.
    ///
    /// # Errors
    /// The stored id is no id of this type.
    pub fn id<I: AggregateId>(&self) -> Result<I, InvalidId> {
        I::parse(self.stored.stream_id)
    }

    /// When it was recorded.
    #[must_use]
    pub fn recorded_at(&self) -> DateTime<Utc> {
        self.stored.recorded_at
    }
}

impl<'a, E> Deref for Recorded<'a, E> {
    type Target = StoredEvent<'a>;

    fn deref(&self) -> &StoredEvent<'a> {
        &self.stored
    }
}
