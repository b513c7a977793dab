//! The contract suite finds a store that breaks a promise: each fault below fails its test.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use rehydrate::{
    Appended, Batch, CensusEntry, Diagnosis, EventRow, EventStore, Expected, Identity, LogPage,
    LogQuery, MemoryStore, Page, Position, RecordedTime, Snapshot, SnapshotRead, StoreError,
    StreamId, StreamQuery, StreamRead, Transaction, contract,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    IgnoresExpectedVersions,
    TreatsNoStreamAsAny,
    WritesHalfOfTheBatch,
    ForgetsKeys,
    RoundsTimes,
    ReadsOneTooMany,
    UsesAnySnapshot,
    SkipsInTheLog,
    RepeatsInTheLog,
    ListsTwice,
    MergesVersionsInTheCensus,
    SortsTheCensusByLanguage,
    CountsSeldom,
    CommitsAtOnce,
    ImportsWithNewPositions,
}

#[derive(Debug)]
struct Faulty {
    store: MemoryStore,
    fault: Fault,
    counted: Mutex<Vec<CensusEntry>>,
}

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
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
        let mut batch = batch.clone();
        let mut expected = expected;
        match (self.fault, expected) {
            (Fault::IgnoresExpectedVersions, _)
            | (Fault::TreatsNoStreamAsAny, Expected::NoStream) => {
                expected = Expected::Any;
            }
            (Fault::WritesHalfOfTheBatch, _) if batch.events.len() > 20 => {
                batch.events.truncate(20);
            }
            (Fault::ForgetsKeys, _) => batch.command = None,
            (Fault::RoundsTimes, _) => {
                if let RecordedTime::Clock(time) = &mut batch.time {
                    *time -= TimeDelta::microseconds(i64::from(time.timestamp_subsec_micros()));
                }
            }
            _ => {}
        }
        self.store.append(stream, expected, &batch).await
    }

    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        let mut query = query.clone();
        if self.has(Fault::ReadsOneTooMany) {
            query.until = query.until.map(rehydrate::Version::next);
        }
        let read = self.store.read(&query).await?;
        match read.snapshot {
            SnapshotRead::Unusable { .. } if self.has(Fault::UsesAnySnapshot) => {
                query.after = rehydrate::Version(5);
                self.store.read(&query).await
            }
            _ => Ok(read),
        }
    }

    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        let mut page = self.store.read_log(query).await?;
        if self.has(Fault::SkipsInTheLog) && page.events.len() == query.limit {
            page.read_to.0 += 1;
        }
        if self.has(Fault::RepeatsInTheLog) && page.events.len() == query.limit && query.limit > 1 {
            page.read_to.0 -= 1;
        }
        Ok(page)
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
        let mut ids = self.store.list_streams(category, after, limit).await?;
        if self.has(Fault::ListsTwice) && after.is_some() {
            ids.truncate(1);
            ids.extend(ids.clone());
        }
        Ok(ids)
    }

    async fn census(&self) -> Result<Vec<CensusEntry>, StoreError> {
        let mut census = self.store.census().await?;
        if self.has(Fault::MergesVersionsInTheCensus) {
            census.dedup_by(|next, entry| {
                let is_same = next.event_type == entry.event_type;
                if is_same {
                    entry.events += next.events;
                }
                is_same
            });
        }
        if self.has(Fault::SortsTheCensusByLanguage) {
            census.sort_by_key(|entry| {
                let names = (
                    entry.category.to_lowercase(),
                    entry.event_type.to_lowercase(),
                );
                (names, entry.schema_version)
            });
        }
        let mut counted = self.counted.lock().unwrap();
        if self.has(Fault::CountsSeldom) && !counted.is_empty() {
            return Ok(counted.clone());
        }
        counted.clone_from(&census);
        Ok(census)
    }

    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        self.store.write_snapshot(stream, snapshot).await
    }

    async fn import(&self, page: &Page) -> Result<(), StoreError> {
        if !self.has(Fault::ImportsWithNewPositions) {
            return self.store.import(page).await;
        }
        let mut renumbered = Page::new();
        let after = self.store.watermark().await?;
        for (number, event) in (1..).zip(page) {
            renumbered.push(&EventRow {
                position: Position(after.0 + number),
                ..event.row()
            });
        }
        self.store.import(&renumbered).await
    }

    async fn wait_past(&self, position: Position, at_most: Duration) -> Result<(), StoreError> {
        self.store.wait_past(position, at_most).await
    }

    async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
        self.store.diagnose().await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        if self.has(Fault::CommitsAtOnce) {
            return Ok(Box::new(AtOnce(self.store.clone())));
        }
        EventStore::begin(&self.store).await
    }
}

#[derive(Debug)]
struct AtOnce(MemoryStore);

#[async_trait]
impl Transaction for AtOnce {
    fn identity(&self) -> Identity {
        Identity::unique()
    }

    fn store(&self) -> Identity {
        self.0.identity()
    }

    async fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        self.0.append(stream, expected, batch).await
    }

    async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        self.0.read(query).await
    }

    fn after_commit(&mut self, _: rehydrate::AfterCommit) {}

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

fn faulty(fault: Fault) -> Faulty {
    Faulty {
        store: MemoryStore::new(),
        fault,
        counted: Mutex::default(),
    }
}

macro_rules! bites {
    ($($fault:ident => $($promise:ident),+;)*) => {
        #[test]
        fn every_fault_fails_the_tests_of_the_promises_that_it_breaks() {
            $($(
                let broken = std::thread::spawn(|| {
                    contract::run(contract::$promise(faulty(Fault::$fault)));
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
    IgnoresExpectedVersions =>
        an_append_is_all_or_nothing,
        a_stale_expected_version_is_a_conflict_that_names_the_actual_version_and_writes_nothing,
        an_unexpected_stream_is_a_conflict,
        of_many_concurrent_creators_one_wins_and_the_others_get_a_conflict;
    TreatsNoStreamAsAny => an_unexpected_stream_is_a_conflict;
    WritesHalfOfTheBatch =>
        an_append_is_all_or_nothing,
        a_long_stream_is_read_in_pages_in_order_without_a_hole;
    ForgetsKeys =>
        the_same_idempotency_key_commits_once,
        the_same_idempotency_key_commits_once_under_concurrency,
        a_key_used_for_another_command_is_refused;
    RoundsTimes => events_come_back_as_they_were_written;
    ReadsOneTooMany => a_read_ends_at_the_asked_version, a_snapshot_later_than_asked_is_not_used;
    UsesAnySnapshot => a_snapshot_of_another_fingerprint_is_reported_and_not_used;
    SkipsInTheLog => the_log_never_repeats_and_never_skips, the_log_can_be_read_by_categories;
    RepeatsInTheLog => the_log_never_repeats_and_never_skips;
    ListsTwice => streams_are_listed_once_each_in_order;
    MergesVersionsInTheCensus =>
        a_census_counts_every_type_and_version_of_every_category_in_order;
    SortsTheCensusByLanguage =>
        a_census_counts_every_type_and_version_of_every_category_in_order;
    CountsSeldom => an_open_transaction_is_not_in_the_census;
    CommitsAtOnce =>
        a_dropped_transaction_leaves_nothing_behind,
        nobody_else_reads_an_open_transactions_appends,
        nothing_above_the_watermark_is_read,
        an_open_transaction_is_not_in_the_census,
        after_commit_actions_run_after_a_commit_only;
    ImportsWithNewPositions =>
        an_import_keeps_positions_versions_times_and_ids,
        an_import_goes_on_after_the_log_and_not_inside_it;
}
