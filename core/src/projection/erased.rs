//! A projection without its types, for those who run many of them.

use std::sync::Arc;

use async_trait::async_trait;
use rehydrate_port::{BoxError, ConsumerTransaction, StoreError, StoredEvent};
use serde_json::Value;

use super::folder::TableFolder;
use super::{Definition, Projection};

/// A projection of some type.
pub(crate) trait AnyProjection: Send + Sync {
    fn definition(&self) -> &Definition;

    /// Something that folds events into one table.
    fn folder(&self) -> Box<dyn Folder>;
}

/// Folds events into one table, and remembers rows while nobody else changes it.
#[async_trait]
pub(crate) trait Folder: Send + Sync {
    /// Applies events in order, inside a transaction; each of them whole or not at all.
    ///
    /// An event that fails is in the result; the events of its stream that come after it are not
    /// applied.
    async fn project(
        &mut self,
        transaction: &mut dyn ConsumerTransaction,
        physical: &str,
        events: &[StoredEvent<'_>],
    ) -> Result<Vec<Poisoned>, StoreError>;

    /// Drops what it remembers: somebody else may have changed the table, or a commit failed.
    fn forget(&mut self);

    /// The table is empty, so what it does not remember is not there.
    fn begin_empty(&mut self);

    /// The keys of the rows that events concern, as JSON arrays; those of faulty events are left
    /// out.
    fn keys(&self, events: &[StoredEvent<'_>]) -> Vec<String>;

    /// Folds events into rows outside of any store: the rows that were given and those that have
    /// come to be, by key.
    fn fold(
        &self,
        rows: &[String],
        events: &[StoredEvent<'_>],
    ) -> Result<Vec<(String, Option<Value>)>, BoxError>;
}

/// An event that could not be applied.
#[derive(Debug)]
pub(crate) struct Poisoned {
    /// Which of the events.
    pub(crate) index: usize,
    /// Why.
    pub(crate) error: BoxError,
}

pub(crate) struct Erased<P> {
    definition: Definition,
    projection: Arc<P>,
}

impl<P: Projection> Erased<P> {
    pub(crate) fn new(projection: P) -> Self {
        Self {
            definition: Definition::of::<P>(),
            projection: Arc::new(projection),
        }
    }
}

impl<P: Projection> AnyProjection for Erased<P> {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn folder(&self) -> Box<dyn Folder> {
        Box::new(TableFolder::new(
            Arc::clone(&self.projection),
            self.definition.table.clone(),
        ))
    }
}
