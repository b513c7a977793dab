//! A store, or a transaction on one: what a command reads from and appends to.

use rehydrate_port::{
    Appended, Batch, EventStore, Expected, Identity, StoreError, StreamId, StreamQuery, StreamRead,
    Transaction,
};

pub(crate) enum Session<'a> {
    Store(&'a dyn EventStore),
    Transaction(&'a mut dyn Transaction),
}

impl Session<'_> {
    /// The transaction, if it is one.
    pub(crate) fn transaction(&self) -> Option<Identity> {
        match self {
            Self::Store(_) => None,
            Self::Transaction(transaction) => Some(transaction.identity()),
        }
    }

    pub(crate) async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        match self {
            Self::Store(store) => store.read(query).await,
            Self::Transaction(transaction) => transaction.read(query).await,
        }
    }

    pub(crate) async fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        match self {
            Self::Store(store) => store.append(stream, expected, batch).await,
            Self::Transaction(transaction) => transaction.append(stream, expected, batch).await,
        }
    }
}
