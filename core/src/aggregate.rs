//! The trait behind `derive(Aggregate)`.

use std::fmt::Display;

use rehydrate_port::{BoxError, DecodeError, Fingerprint, StoredEvent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::Event;

/// A consistency boundary whose state is the fold of its own events.
///
/// `Default` is the state before the first event. `#[derive(Aggregate)]` implements the trait; a
/// hand-written fold implements it directly.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate",
    label = "needs `#[derive(Aggregate)]`",
    note = "write `#[derive(rehydrate::Aggregate, Default)]` and `#[aggregate(id = …, event = …)]` on the type"
)]
pub trait Aggregate: Default + Send + Sync + 'static {
    /// What tells one aggregate from another.
    type Id: AggregateId;
    /// What can happen to it.
    type Event: Event;

    /// The stored type name, the first half of each stream's name.
    const CATEGORY: &'static str;

    /// When the state is written as a snapshot, and how.
    const SNAPSHOTS: SnapshotPolicy<Self> = SnapshotPolicy::never();

    /// Takes one event into the state. It cannot fail: what is stored has happened.
    fn apply(&mut self, event: Self::Event);

    /// Takes a stored event into the state: the same as [`Event::decode`] and then
    /// [`Aggregate::apply`] for each event that it means today.
    ///
    /// `derive(Aggregate)` writes one that makes no `String` of the texts of an event enum with
    /// `#[event(borrow)]`.
    ///
    /// # Errors
    /// The event cannot be decoded; the state is as it was.
    fn replay(&mut self, stored: &StoredEvent<'_>) -> Result<(), DecodeError> {
        Self::Event::decode(stored)?.each(|event| self.apply(event));
        Ok(())
    }
}

/// An aggregate's id: text in the store, a type of its own in the code.
///
/// `#[derive(AggregateId)]` makes one of a newtype.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate id",
    label = "needs `#[derive(AggregateId)]`",
    note = "use `Uuid`, `String`, an integer, or a newtype around one with `#[derive(rehydrate::AggregateId)]`"
)]
pub trait AggregateId: Display + Sized + Send + Sync + 'static {
    /// The id whose text this is.
    ///
    /// # Errors
    /// It is no id's text.
    fn parse(text: &str) -> Result<Self, InvalidId>;
}

/// Why a text is not an id.
#[derive(Debug, thiserror::Error)]
#[error("not a valid {type_name}")]
pub struct InvalidId {
    type_name: &'static str,
    source: BoxError,
}

impl InvalidId {
    /// An error about the id type of this name.
    pub fn new(type_name: &'static str, source: impl Into<BoxError>) -> Self {
        Self {
            type_name,
            source: source.into(),
        }
    }
}

macro_rules! ids {
    ($($id:ty),*) => {
        $(impl AggregateId for $id {
            fn parse(text: &str) -> Result<Self, InvalidId> {
                text.parse()
                    .map_err(|error| InvalidId::new(stringify!($id), error))
            }
        })*
    };
}

ids!(Uuid, String, i32, i64, u32, u64, u128);

/// How an event enum hands an event to the handler of its variant; `derive(Event)` writes it.
#[diagnostic::on_unimplemented(
    message = "`{Aggregate}` does not handle the events of `{Self}`",
    label = "this event enum has no handlers in the aggregate",
    note = "implement the trait `Apply{Self}`, which `#[derive(Event)]` generated, for `{Aggregate}`"
)]
pub trait ApplyTo<Aggregate> {
    /// Calls the handler.
    fn apply_to(self, aggregate: &mut Aggregate);

    /// Reads a stored event, and calls the handler of each event that it means today.
    ///
    /// # Errors
    /// As for [`Event::decode`]; no handler has been called.
    #[inline]
    fn replay_to(stored: &StoredEvent<'_>, aggregate: &mut Aggregate) -> Result<(), DecodeError>
    where
        Self: Event,
    {
        crate::__private::replay::<Self, _>(stored, aggregate)
    }
}

/// When a state is written as a snapshot, and how: [`Aggregate::SNAPSHOTS`].
#[derive(Debug)]
pub struct SnapshotPolicy<A> {
    codec: Option<SnapshotCodec<A>>,
}

impl<A> Clone for SnapshotPolicy<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for SnapshotPolicy<A> {}

#[derive(Debug)]
pub(crate) struct SnapshotCodec<A> {
    pub(crate) every: u64,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) encode: fn(&A) -> serde_json::Result<String>,
    pub(crate) decode: fn(&str) -> serde_json::Result<A>,
}

impl<A> Clone for SnapshotCodec<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for SnapshotCodec<A> {}

impl<A> SnapshotPolicy<A> {
    /// No snapshots: every load replays the whole stream.
    #[must_use]
    pub const fn never() -> Self {
        Self { codec: None }
    }

    /// The fingerprint of the state, if there are snapshots of it.
    #[must_use]
    pub const fn fingerprint(self) -> Option<Fingerprint> {
        match self.codec {
            Some(codec) => Some(codec.fingerprint),
            None => None,
        }
    }

    pub(crate) const fn codec(self) -> Option<SnapshotCodec<A>> {
        self.codec
    }
}

impl<A: Serialize + for<'de> Deserialize<'de>> SnapshotPolicy<A> {
    /// A snapshot after the first commit that is `every` or more events past the last one.
    ///
    /// # Panics
    /// `every` is 0. In a constant, where it belongs, that is a compile error.
    #[must_use]
    pub const fn every(every: u64, fingerprint: Fingerprint) -> Self {
        assert!(every > 0, "a snapshot every 0 events makes no sense");
        Self {
            codec: Some(SnapshotCodec {
                every,
                fingerprint,
                encode: |state| serde_json::to_string(state),
                decode: |text| serde_json::from_str(text),
            }),
        }
    }
}
