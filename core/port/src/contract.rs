//! What the contract suite takes for a store.
//!
//! The suite is in `rehydrate`; this trait is here because only the crate of [`EventStore`] can say
//! that a pair or an option is no store.

use crate::store::EventStore;

/// A store under test: itself, a pair `(guard, store)` with something that lives as long, or an
/// `Option` of one, `None` where there is nothing to test because a server is missing; whoever makes
/// it says so.
pub trait ContractStore {
    /// The store.
    fn store(&self) -> Option<&dyn EventStore>;
}

impl<S: EventStore> ContractStore for S {
    fn store(&self) -> Option<&dyn EventStore> {
        Some(self)
    }
}

impl<G, S: EventStore> ContractStore for (G, S) {
    fn store(&self) -> Option<&dyn EventStore> {
        Some(&self.1)
    }
}

impl<C: ContractStore> ContractStore for Option<C> {
    fn store(&self) -> Option<&dyn EventStore> {
        self.as_ref()?.store()
    }
}
