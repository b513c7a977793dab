//! Without the feature `cache` nothing is kept.

use std::marker::PhantomData;

use rehydrate_port::StreamId;

use crate::aggregate::Aggregate;
use crate::repository::folded::Folded;

pub(in crate::repository) struct Shelf<A>(PhantomData<A>);

impl<A: Aggregate> Shelf<A> {
    pub(in crate::repository) fn none() -> Self {
        Self(PhantomData)
    }

    pub(in crate::repository) fn is_there(&self) -> bool {
        false
    }

    pub(in crate::repository) fn may_be_stale(&self) -> bool {
        false
    }

    pub(in crate::repository) fn get(&self, _: &StreamId) -> Option<Folded<A>> {
        None
    }

    pub(in crate::repository) fn put(&self, _: &Folded<A>) {}

    pub(in crate::repository) fn forget(&self, _: &StreamId) {}
}

impl<A> Clone for Shelf<A> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}
