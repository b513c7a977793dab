//! A pointer to a store is a store.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{
    AfterCommit, Appended, Batch, CensusEntry, ConsumerStore, ConsumerTransaction, Diagnosis,
    EventStore, Identity, LogPage, LogQuery, Snapshot, StreamQuery, StreamRead, Transaction,
};
use crate::error::StoreError;
use crate::page::Page;
use crate::stream::{Expected, Position, StreamId};

macro_rules! forward_store {
    ($($pointer:ident),*) => {$(
        #[async_trait]
        impl<S: EventStore + ?Sized> EventStore for $pointer<S> {
            fn identity(&self) -> Identity {
                (**self).identity()
            }

            async fn append(
                &self,
                stream: &StreamId,
                expected: Expected,
                batch: &Batch,
            ) -> Result<Appended, StoreError> {
                (**self).append(stream, expected, batch).await
            }

            async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
                (**self).read(query).await
            }

            async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
                (**self).read_log(query).await
            }

            async fn watermark(&self) -> Result<Position, StoreError> {
                (**self).watermark().await
            }

            async fn list_streams(
                &self,
                category: &str,
                after: Option<&str>,
                limit: usize,
            ) -> Result<Vec<String>, StoreError> {
                (**self).list_streams(category, after, limit).await
            }

            async fn census(&self) -> Result<Vec<CensusEntry>, StoreError> {
                (**self).census().await
            }

            async fn write_snapshot(
                &self,
                stream: &StreamId,
                snapshot: &Snapshot,
            ) -> Result<(), StoreError> {
                (**self).write_snapshot(stream, snapshot).await
            }

            async fn import(&self, page: &Page) -> Result<(), StoreError> {
                (**self).import(page).await
            }

            async fn wait_past(
                &self,
                position: Position,
                at_most: Duration,
            ) -> Result<(), StoreError> {
                (**self).wait_past(position, at_most).await
            }

            async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
                (**self).diagnose().await
            }

            async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
                (**self).begin().await
            }

            fn consumers(&self) -> Option<&dyn ConsumerStore> {
                (**self).consumers()
            }
        }
    )*};
}

forward_store!(Arc, Box);

#[async_trait]
impl<T: Transaction + ?Sized> Transaction for Box<T> {
    fn identity(&self) -> Identity {
        (**self).identity()
    }

    fn store(&self) -> Identity {
        (**self).store()
    }

    async fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        (**self).append(stream, expected, batch).await
    }

    async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        (**self).read(query).await
    }

    fn consumers(&mut self) -> Option<&mut dyn ConsumerTransaction> {
        (**self).consumers()
    }

    fn after_commit(&mut self, action: AfterCommit) {
        (**self).after_commit(action);
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        (*self).commit().await
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        (*self).rollback().await
    }
}
