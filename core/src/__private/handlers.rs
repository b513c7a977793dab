//! Whether an aggregate has handlers for its events, asked of the compiler.

use std::marker::PhantomData;

use rehydrate_port::{DecodeError, StoredEvent};

use crate::aggregate::ApplyTo;
use crate::event::Event;

/// The handlers that an aggregate has for an event enum: `Handlers::<E, A>::replay` calls them, or
/// else is that of [`Unhandled`], because what a type has itself goes before what a trait gives it.
#[derive(Debug)]
pub struct Handlers<E, A>(PhantomData<(E, A)>);

impl<E: Event + ApplyTo<A>, A> Handlers<E, A> {
    /// Reads a stored event, and calls the handler of each event that it means today.
    #[inline]
    pub fn replay(stored: &StoredEvent<'_>, aggregate: &mut A) -> Result<(), DecodeError> {
        E::replay_to(stored, aggregate)
    }
}

/// What there is without handlers, so that the one mistake is shown once: where events are applied.
pub trait Unhandled<A> {
    /// Is looked at by the compiler, but never called.
    fn replay(_: &StoredEvent<'_>, _: &mut A) -> Result<(), DecodeError> {
        unreachable!("BUG: an aggregate without handlers was compiled")
    }
}

impl<E, A> Unhandled<A> for Handlers<E, A> {}
