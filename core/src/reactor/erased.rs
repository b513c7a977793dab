//! A reactor without its types, for those who run many of them.

use std::panic::AssertUnwindSafe;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use rehydrate_port::{BoxError, StoredEvent};

use super::{Attempt, Failure, Reaction, Reactor, Retries, Start};
use crate::error::panic_text;
use crate::event::decode_guarded;
use crate::event_set::{EventSet, Recorded};

/// A reactor, as far as it can be told without its types.
#[derive(Clone, Debug)]
pub(crate) struct ReactorDefinition {
    pub(crate) name: &'static str,
    pub(crate) start: Start,
    pub(crate) retries: Retries,
    pub(crate) categories: Vec<String>,
}

/// Where a relay sends events.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    /// The broker, as its publisher calls itself.
    pub(crate) name: String,
    /// What the same broker was called before.
    pub(crate) former: Option<String>,
}

/// A reactor of some type.
#[async_trait]
pub(crate) trait AnyReactor: Send + Sync {
    fn definition(&self) -> &ReactorDefinition;

    /// Where it sends events, if that is all it does.
    fn destination(&self) -> Option<Destination> {
        None
    }

    /// How many events it takes at once, at most.
    fn at_once(&self) -> usize {
        1
    }

    /// Delivers stored events, each with the number of its attempt; one outcome for each of them.
    ///
    /// After an event that was not answered, the outcomes of later ones of its stream do not count:
    /// they wait, and are delivered again.
    async fn react(&self, events: &[(StoredEvent<'_>, u32)], now: DateTime<Utc>) -> Vec<Outcome>;
}

/// What has come of the delivery of a stored event.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was answered, or that has failed.
    Known(Result<Reaction, Failure>),
    /// It is nobody's business, so that nothing was sent.
    Ignored,
    /// Nobody is there to whom anything could be delivered.
    Unreachable(BoxError),
}

pub(crate) struct ErasedReactor<R> {
    definition: ReactorDefinition,
    reactor: R,
}

impl<R: Reactor> ErasedReactor<R> {
    pub(crate) fn new(reactor: R) -> Self {
        let categories = R::Events::categories();
        Self {
            definition: ReactorDefinition {
                name: R::NAME,
                start: R::START,
                retries: R::RETRIES,
                categories: categories.into_iter().map(str::to_owned).collect(),
            },
            reactor,
        }
    }

    async fn deliver(
        &self,
        event: Recorded<'_, <R::Events as EventSet>::Event>,
        number: u32,
        now: DateTime<Utc>,
    ) -> Result<Reaction, Failure> {
        let attempt = Attempt::new(R::NAME, &event, number, now).map_err(Failure::poison)?;
        // A part of what it does may come before its first await, or before there is a future.
        let reaction = async { self.reactor.react(&event, &attempt).await };
        match AssertUnwindSafe(reaction).catch_unwind().await {
            Ok(reaction) => reaction,
            Err(panic) => Err(Failure::poison(panic_text(&*panic))),
        }
    }
}

#[async_trait]
impl<R: Reactor> AnyReactor for ErasedReactor<R> {
    fn definition(&self) -> &ReactorDefinition {
        &self.definition
    }

    async fn react(&self, events: &[(StoredEvent<'_>, u32)], now: DateTime<Utc>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(events.len());
        for (stored, number) in events {
            outcomes.push(Outcome::Known(self.answer(stored, *number, now).await));
        }
        outcomes
    }
}

impl<R: Reactor> ErasedReactor<R> {
    /// Delivers all that a stored event means today, in order, up to the first failure.
    ///
    /// If any of it is to come again all of it is, at the earliest of the times: a delivery is of a
    /// stored event.
    async fn answer(
        &self,
        stored: &StoredEvent<'_>,
        number: u32,
        now: DateTime<Utc>,
    ) -> Result<Reaction, Failure> {
        let events = decode_guarded(stored, R::Events::decode);
        let events = events.map_err(Failure::poison)?;
        let mut again: Option<DateTime<Utc>> = None;
        for (part, event) in events.into_iter().enumerate() {
            let recorded = Recorded {
                part,
                ..Recorded::new(event, *stored)
            };
            match self.deliver(recorded, number, now).await? {
                Reaction::Done => {}
                Reaction::Again(at) => again = Some(again.map_or(at, |other| other.min(at))),
            }
        }
        Ok(again.map_or(Reaction::Done, Reaction::Again))
    }
}
