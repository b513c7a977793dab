//! One store or transaction, told from another.

use std::sync::atomic::{AtomicU64, Ordering};

/// Tells one store, or one transaction, of this process from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity(u64);

impl Identity {
    /// An identity that nothing else in this process has.
    #[must_use]
    pub fn unique() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
