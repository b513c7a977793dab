//! The versions of one projection that a program has.

use std::sync::Arc;

use crate::projection::AnyProjection;

/// The versions of one projection that are registered.
#[derive(Default)]
pub(super) struct Versions {
    /// Those that are built where they are the newest, in ascending order.
    own: Vec<Arc<dyn AnyProjection>>,
    /// Those that are run only while they are live.
    standby: Vec<Arc<dyn AnyProjection>>,
}

impl Versions {
    pub(super) fn add(&mut self, projection: Arc<dyn AnyProjection>) {
        self.own.push(projection);
        self.own
            .sort_by_key(|projection| projection.definition().version);
    }

    pub(super) fn add_standby(&mut self, projection: Arc<dyn AnyProjection>) {
        self.standby.push(projection);
    }

    /// The version that a new read model is built with, and an older one is upgraded to.
    pub(super) fn newest(&self) -> Option<&Arc<dyn AnyProjection>> {
        self.own.last()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<dyn AnyProjection>> {
        self.own.iter().chain(&self.standby)
    }

    pub(super) fn of(&self, version: u32) -> Option<&Arc<dyn AnyProjection>> {
        self.all()
            .find(|projection| projection.definition().version == version)
    }
}
