//! The contract suite finds a store that breaks a promise about consumers: each fault below fails
//! its test.

#[path = "consumer_contract_bites/transaction.rs"]
mod transaction;

use std::time::Duration;

use async_trait::async_trait;
use rehydrate::{
    Appended, Batch, Checkpoint, CheckpointId, ConsumerStore, Delivery, DeliveryQuery, Diagnosis,
    DiffQuery, EventStore, Expected, FeedPlace, Identity, Leased, LogCount, LogPage, LogQuery,
    MemoryStore, Page, Position, RelayRecord, RowQuery, RowsRead, Snapshot, StoreError, StreamId,
    StreamQuery, StreamRead, TableDiff, Totals, Transaction, contract,
};

use transaction::FaultyTransaction;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    KeepsWhatIsDropped,
    LosesADelivery,
    ForgetsWhenADeliveryIsDue,
    WritesNoRows,
    WritesHalfOfTheRows,
    HidesBadRows,
    CommitsRowsAtOnce,
    IgnoresFilters,
    IgnoresTheOrder,
    StopsAfterTheFirstPart,
    AddsUpThePart,
    GivesALaterPosition,
    MissesAChangedRow,
    GivesALeaseTwice,
    CountsEveryCategory,
    LocksNothing,
    SavesTwice,
    SwapsNothing,
    MakesABuildAnew,
    ForgetsOfEveryShard,
    ForgetsAPlace,
    ForgetsParts,
    TurnsTheQueueRound,
    ForgetsABroker,
    KeepsTheKind,
}

#[derive(Clone, Debug)]
struct Faulty {
    store: MemoryStore,
    fault: Fault,
}

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn consumers(&self) -> &dyn ConsumerStore {
        &self.store
    }
}

#[async_trait]
impl EventStore for Faulty {
    fn identity(&self) -> Identity {
        self.store.identity()
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        self.store.append(stream, expected, batch).await
    }

    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        self.store.read(query).await
    }

    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        self.store.read_log(query).await
    }

    async fn watermark(&self) -> Result<Position, StoreError> {
        self.store.watermark().await
    }

    async fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.store.list_streams(category, after, limit).await
    }

    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        self.store.write_snapshot(stream, snapshot).await
    }

    async fn import(&self, page: &Page) -> Result<(), StoreError> {
        self.store.import(page).await
    }

    async fn wait_past(&self, position: Position, at_most: Duration) -> Result<(), StoreError> {
        self.store.wait_past(position, at_most).await
    }

    async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
        self.store.diagnose().await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let real = self.store.clone();
        // On a store of its own, a transaction holds nobody up.
        let apart = MemoryStore::new();
        let is_apart = self.has(Fault::LocksNothing) || self.has(Fault::CommitsRowsAtOnce);
        let store = if is_apart { apart } else { real };
        Ok(Box::new(FaultyTransaction {
            faulty: self.clone(),
            inner: EventStore::begin(&store).await?,
        }))
    }

    fn consumers(&self) -> Option<&dyn ConsumerStore> {
        Some(self)
    }
}

#[async_trait]
impl ConsumerStore for Faulty {
    async fn checkpoints(&self, consumer: Option<&str>) -> Result<Vec<Checkpoint>, StoreError> {
        self.consumers().checkpoints(consumer).await
    }

    async fn create_build(&self, shards: &[Checkpoint]) -> Result<(), StoreError> {
        if self.has(Fault::MakesABuildAnew) {
            let id = &shards[0].id;
            self.consumers().drop_build(&id.consumer, id.build).await?;
        }
        self.consumers().create_build(shards).await
    }

    async fn drop_build(&self, consumer: &str, build: u32) -> Result<(), StoreError> {
        if self.has(Fault::KeepsWhatIsDropped) && build > 1 {
            return Ok(());
        }
        self.consumers().drop_build(consumer, build).await
    }

    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        let mut query = query.clone();
        if self.has(Fault::ForgetsWhenADeliveryIsDue) {
            query.due_by = None;
        }
        self.consumers().deliveries(&query).await
    }

    async fn feeds(&self, consumer: Option<&str>) -> Result<Vec<FeedPlace>, StoreError> {
        self.consumers().feeds(consumer).await
    }

    async fn relays(&self, consumer: Option<&str>) -> Result<Vec<RelayRecord>, StoreError> {
        self.consumers().relays(consumer).await
    }

    async fn select_rows(&self, query: &RowQuery) -> Result<RowsRead, StoreError> {
        let mut query = query.clone();
        match self.fault {
            Fault::IgnoresFilters => query.filters.clear(),
            Fault::IgnoresTheOrder => query.order_by = None,
            Fault::StopsAfterTheFirstPart if query.after.is_some() => query.limit = Some(0),
            _ => {}
        }
        let mut read = self.consumers().select_rows(&query).await?;
        if self.has(Fault::GivesALaterPosition) {
            read.position.0 += 1;
        }
        Ok(read)
    }

    async fn total_rows(&self, query: &RowQuery, columns: &[&str]) -> Result<Totals, StoreError> {
        let totals = self.consumers().total_rows(query, columns).await?;
        match query.limit {
            Some(limit) if self.has(Fault::AddsUpThePart) => Ok(Totals {
                rows: totals.rows.min(limit as u64),
                ..totals
            }),
            _ => Ok(totals),
        }
    }

    async fn diff(&self, query: &DiffQuery) -> Result<TableDiff, StoreError> {
        let mut diff = self.consumers().diff(query).await?;
        if self.has(Fault::MissesAChangedRow) && diff.changed > 0 {
            diff.changed -= 1;
        }
        Ok(diff)
    }

    async fn count_log(&self, count: &LogCount) -> Result<u64, StoreError> {
        let mut count = count.clone();
        if self.has(Fault::CountsEveryCategory) {
            count.categories.clear();
        }
        self.consumers().count_log(&count).await
    }

    async fn lease(
        &self,
        id: &CheckpointId,
        owner: &str,
        duration: Duration,
    ) -> Result<Leased, StoreError> {
        let leased = self.consumers().lease(id, owner, duration).await?;
        match leased {
            Leased::Held { owner: holder, .. } if self.has(Fault::GivesALeaseTwice) => {
                self.consumers().release(id, &holder).await?;
                self.consumers().lease(id, owner, duration).await
            }
            leased => Ok(leased),
        }
    }

    async fn release(&self, id: &CheckpointId, owner: &str) -> Result<(), StoreError> {
        self.consumers().release(id, owner).await
    }
}

macro_rules! bites {
    ($($fault:ident => $($promise:ident),+;)*) => {
        #[test]
        fn every_fault_fails_the_tests_of_the_promises_that_it_breaks() {
            $($(
                let broken = std::thread::spawn(|| {
                    contract::run(contract::$promise(Faulty {
                        store: MemoryStore::new(),
                        fault: Fault::$fault,
                    }));
                });
                assert!(
                    broken.join().is_err(),
                    "{} passes on a store that {:?}", stringify!($promise), Fault::$fault
                );
                contract::run(contract::$promise(MemoryStore::new()));
            )+)*
        }
    };
}

bites! {
    KeepsWhatIsDropped => a_dropped_build_leaves_nothing_behind;
    LosesADelivery => deliveries_are_found_by_consumer_state_and_time;
    ForgetsWhenADeliveryIsDue => deliveries_are_found_by_consumer_state_and_time;
    WritesNoRows =>
        rows_come_back_as_they_were_written,
        rows_and_checkpoint_commit_together_or_not_at_all,
        a_row_that_its_table_cannot_hold_is_a_bad_row;
    WritesHalfOfTheRows => rows_come_back_as_they_were_written;
    HidesBadRows => a_row_that_its_table_cannot_hold_is_a_bad_row;
    CommitsRowsAtOnce => rows_and_checkpoint_commit_together_or_not_at_all;
    IgnoresFilters => rows_are_read_by_filter_in_order_in_parts;
    IgnoresTheOrder => rows_are_read_by_filter_in_order_in_parts;
    StopsAfterTheFirstPart => rows_are_read_by_filter_in_order_in_parts;
    AddsUpThePart => rows_are_read_by_filter_in_order_in_parts;
    GivesALaterPosition => rows_come_with_the_position_of_their_checkpoint;
    MissesAChangedRow => a_diff_names_what_was_added_removed_and_changed;
    GivesALeaseTwice => a_lease_is_given_to_one_and_runs_out;
    CountsEveryCategory => the_events_of_the_log_are_counted_by_category;
    MakesABuildAnew => a_build_is_created_whole_by_one_creator;
    ForgetsOfEveryShard => a_shard_forgets_only_what_is_noted_of_itself;
    ForgetsAPlace =>
        a_feed_commits_its_place_and_what_it_has_taken_with_its_rows_or_not_at_all;
    ForgetsParts =>
        the_last_event_of_each_stream_is_remembered_byte_for_byte,
        a_build_that_is_behind_another_one_is_told;
    TurnsTheQueueRound => what_waits_for_its_stream_comes_back_as_it_was_in_order;
    ForgetsABroker => a_relay_is_remembered_as_it_was_with_its_checkpoint_or_not_at_all;
    KeepsTheKind => a_relay_is_remembered_as_it_was_with_its_checkpoint_or_not_at_all;
    LocksNothing => a_locked_checkpoint_is_busy_for_others;
    SavesTwice => a_saved_checkpoint_has_a_new_revision;
    SwapsNothing =>
        a_swap_takes_effect_with_its_commit,
        what_was_swapped_out_is_kept_under_its_own_name;
}
