//! What is in a store.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rehydrate::{
    Appended, Batch, CensusEntry, Diagnosis, EventStore, Expected, Identity, Inline, LogPage,
    LogQuery, Page, Position, SchemaVersion, Snapshot, StoreError, StreamId, StreamQuery,
    StreamRead, Transaction,
};
use rehydrate_tests::stores::on_every_store;
use rehydrate_tests::watched::Watched;

use crate::past::{at, many, whole_past};

/// What a store has to bring, and nothing else.
#[derive(Debug)]
struct Plain(Arc<dyn EventStore>);

#[async_trait]
impl EventStore for Plain {
    fn identity(&self) -> Identity {
        self.0.identity()
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        self.0.append(stream, expected, batch).await
    }

    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        self.0.read(query).await
    }

    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        self.0.read_log(query).await
    }

    async fn watermark(&self) -> Result<Position, StoreError> {
        self.0.watermark().await
    }

    async fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.0.list_streams(category, after, limit).await
    }

    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        self.0.write_snapshot(stream, snapshot).await
    }

    async fn import(&self, page: &Page) -> Result<(), StoreError> {
        self.0.import(page).await
    }

    async fn wait_past(&self, position: Position, at_most: Duration) -> Result<(), StoreError> {
        self.0.wait_past(position, at_most).await
    }

    async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
        self.0.diagnose().await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        self.0.begin().await
    }
}

mod plain_memory {
    use std::sync::Arc;

    use rehydrate::{MemoryStore, contract};

    use super::Plain;

    fn store() -> Plain {
        Plain(Arc::new(MemoryStore::new()))
    }

    #[tokio::test]
    async fn a_census_counts_every_type_and_version_of_every_category_in_order() {
        contract::a_census_counts_every_type_and_version_of_every_category_in_order(store()).await;
    }

    #[tokio::test]
    async fn an_open_transaction_is_not_in_the_census() {
        contract::an_open_transaction_is_not_in_the_census(store()).await;
    }
}

#[tokio::test]
async fn a_census_tells_every_type_and_version_of_a_long_past() {
    on_every_store(|store| async move {
        let positions = whole_past(store.clone()).await;
        let entry = |category: &str, event_type: &str, version, events: &[usize]| {
            let minute = |event: Option<&usize>| at(i64::try_from(*event.unwrap()).unwrap());
            CensusEntry {
                category: category.to_owned(),
                event_type: event_type.to_owned(),
                schema_version: SchemaVersion(version),
                events: events.len() as u64,
                first: positions[events[0]],
                last: positions[events[events.len() - 1]],
                first_recorded_at: minute(events.first()),
                last_recorded_at: minute(events.last()),
            }
        };
        let expected = [
            entry("car", "sold", 1, &[19, 20]),
            entry("fine", "Flagged", 1, &[17]),
            entry("fine", "flagged", 1, &[2]),
            entry("fine", "issued", 1, &[0, 7, 9, 12]),
            entry("fine", "issued", 2, &[4, 10]),
            entry("fine", "issued", 3, &[6, 11]),
            entry("fine", "paid", 1, &[13]),
            entry("fine", "paid", 2, &[1, 14]),
            entry("fine", "paid", 4, &[15]),
            entry("fine", "paid_and_closed", 1, &[3]),
            entry("fine", "settled", 3, &[5, 18]),
            entry("fine", "towed", 1, &[16]),
            entry("note", "scribbled", 4, &[8]),
        ];
        assert_eq!(store.census().await.unwrap(), expected);
    })
    .await;
}

#[tokio::test]
async fn a_store_that_cannot_count_has_the_same_census_page_by_page() {
    on_every_store(|store| async move {
        assert_eq!(Plain(store.clone()).census().await.unwrap(), []);
        whole_past(store.clone()).await;
        many(&*store, 2_500, &[]).await;
        let counted = store.census().await.unwrap();
        assert_eq!(counted.iter().map(|entry| entry.events).sum::<u64>(), 2_521);
        assert_eq!(Plain(store).census().await.unwrap(), counted);
    })
    .await;
}

#[tokio::test]
async fn a_store_around_a_store_leaves_the_counting_to_it() {
    on_every_store(|store| async move {
        whole_past(store.clone()).await;
        let counted = store.census().await.unwrap();
        let watched = Watched::new(store);
        let boxed: Box<dyn EventStore> = Box::new(watched.clone());
        let shared: Arc<dyn EventStore> = Arc::new(Inline::new(boxed));
        assert_eq!(shared.census().await.unwrap(), counted);
        assert_eq!(watched.calls(), ["census"]);
    })
    .await;
}
