//! Copies that are interrupted, refused, or not the same.

use std::sync::Arc;

use rehydrate::{
    Batch, EventRow, EventStore, Expected, LogQuery, MemoryStore, NewEvent, Page, Position,
    RecordedTime, SchemaVersion, StoreError, StreamId, UpcastCopy, UpcastCopyError, Version,
    checksum, copy,
};
use rehydrate_tests::stores::on_every_store;
use rehydrate_tests::watched::{Watched, unavailable};

use crate::copied::rows;
use crate::domain::{Early, Wallet};
use crate::{HISTORY, append, day, history};

/// 130 times the history, under other names, so that it fills pages.
async fn long_history() -> Arc<dyn EventStore> {
    let short: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    history(&short).await;
    let page = short.read_log(&LogQuery::after(Position::ZERO)).await;
    let page = page.unwrap().events;
    let long = MemoryStore::new();
    for round in 0..130 {
        let mut copied = Page::new();
        for event in &page {
            let stream_id = format!("{}{round}", event.stream_id);
            copied.push(&EventRow {
                stream_id: &stream_id,
                // With holes, as a log has them.
                position: Position::new(event.position.get() * 2 + round * 100),
                event_id: uuid::Uuid::now_v7(),
                ..event.row()
            });
        }
        long.import(&copied).await.unwrap();
    }
    Arc::new(long)
}

fn both() -> [UpcastCopy; 2] {
    let copying = || UpcastCopy::new().aggregate::<Wallet>();
    [copying(), copying().renumber()]
}

async fn whole(store: &dyn EventStore) -> rehydrate::Checksum {
    let until = store.watermark().await.unwrap();
    checksum(store, until).await.unwrap()
}

#[tokio::test]
async fn a_copy_that_was_interrupted_goes_on_and_is_the_same_in_the_end() {
    for (index, copying) in both().into_iter().enumerate() {
        on_every_store(|target| {
            let copying = &copying;
            async move {
                let source = long_history().await;
                let at_once = MemoryStore::new();
                let whole_report = copying.run(&*source, &at_once, |_| ()).await.unwrap();
                assert_eq!(whole_report.streams, 130 * 7);
                let before = whole(&*source).await;

                let watched = Watched::new(Arc::clone(&target));
                let mut written = 0;
                for pages in [1, 0, 1] {
                    watched.fail_an_import_after(pages, unavailable());
                    let mut last = 0;
                    let failed = copying
                        .run(&*source, &watched, |progress| {
                            if let rehydrate::UpcastProgress::Copying { written, .. } = progress {
                                last = written;
                            }
                        })
                        .await;
                    let error = failed.unwrap_err();
                    let is_unavailable = matches!(
                        error,
                        UpcastCopyError::Store(StoreError::Unavailable { .. })
                    );
                    assert!(is_unavailable, "{error}");
                    written += last;
                    assert_eq!(whole(&*target).await.events, written);
                }
                assert!(written > 0 && written < whole_report.target);
                let report = copying.run(&*source, &*target, |_| ()).await.unwrap();
                assert_eq!(
                    report.written,
                    whole_report.target - written,
                    "mode {index}"
                );
                assert_eq!(report.types, whole_report.types);
                assert_eq!(whole(&*target).await, whole(&at_once).await);
                assert_eq!(whole(&*source).await, before);

                // What has come since is copied by the next call.
                append(&source, "ada0", ("moved", 1), r#"{"parts":[1,-1]}"#, 99).await;
                append(&source, "new", ("created", 1), r#"{"owner":"New"}"#, 99).await;
                let report = copying.run(&*source, &*target, |_| ()).await.unwrap();
                assert_eq!(
                    (report.written, report.streams),
                    (2 + index as u64, 130 * 7 + 1)
                );
            }
        })
        .await;
    }
}

/// A log in which one row is another.
async fn tampered(
    store: &dyn EventStore,
    at: usize,
    change: impl for<'a> Fn(EventRow<'a>) -> EventRow<'a>,
) -> MemoryStore {
    let page = store.read_log(&LogQuery::after(Position::ZERO)).await;
    let page = page.unwrap().events;
    let mut changed = Page::new();
    for (index, event) in page.iter().enumerate() {
        let row = event.row();
        changed.push(&if index == at { change(row) } else { row });
    }
    let target = MemoryStore::new();
    target.import(&changed).await.unwrap();
    target
}

/// One change for each column.
const TAMPERING: [fn(EventRow<'_>) -> EventRow<'_>; 9] = [
    |row| EventRow {
        payload: r#"{"owner":"Eva","year":2016}"#,
        ..row
    },
    |row| EventRow {
        event_type: "created",
        ..row
    },
    |row| EventRow {
        schema_version: SchemaVersion::FIRST,
        ..row
    },
    |row| EventRow {
        category: "purse",
        ..row
    },
    |row| EventRow {
        stream_id: "adb",
        ..row
    },
    |row| EventRow {
        metadata: None,
        ..row
    },
    |row| EventRow {
        event_id: uuid::Uuid::nil(),
        ..row
    },
    |row| EventRow {
        recorded_at: day(-1),
        ..row
    },
    |row| EventRow {
        version: Version::new(2),
        ..row
    },
];

async fn assert_refused(copying: &UpcastCopy, source: &dyn EventStore, target: &dyn EventStore) {
    let before = whole(target).await;
    let error = copying.run(source, target, |_| ()).await.unwrap_err();
    assert!(
        matches!(error, UpcastCopyError::NotThisCopy { .. }),
        "{error}"
    );
    assert_eq!(whole(target).await, before, "nothing was written");
}

#[tokio::test]
async fn a_target_that_is_not_an_earlier_part_of_the_copy_is_refused() {
    let source: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    history(&source).await;
    for copying in both() {
        let target = MemoryStore::new();
        copying.run(&*source, &target, |_| ()).await.unwrap();
        append(&source, "ada", ("frozen", 1), "{}", 70).await;
        append(&source, "ada", ("spent", 3), r#"{"cents":1}"#, 70).await;
        for change in TAMPERING {
            let changed = tampered(&target, 0, change).await;
            assert_refused(&copying, &*source, &changed).await;
        }
        // The last event stands elsewhere.
        let last = rows(&target).await.len() - 1;
        let moved = tampered(&target, last, |row| EventRow {
            position: Position::new(90),
            ..row
        });
        assert_refused(&copying, &*source, &moved.await).await;
        // It has a life of its own.
        let alive: Arc<dyn EventStore> = Arc::new(tampered(&target, 0, |row| row).await);
        append(&alive, "zoe", ("spent", 3), r#"{"cents":1}"#, 80).await;
        assert_refused(&copying, &*source, &*alive).await;
        // Untouched, it is gone on with.
        let untouched = tampered(&target, 0, |row| row).await;
        let report = copying.run(&*source, &untouched, |_| ()).await.unwrap();
        assert_eq!(report.written, if report.is_renumbered { 1 } else { 2 });
    }
    let [in_place, renumbered] = both();
    let target = MemoryStore::new();
    copy(&*source, &target, |_| ()).await.unwrap();
    assert_refused(&in_place, &*source, &target).await;
    assert_refused(&renumbered, &*source, &target).await;
    let target = MemoryStore::new();
    in_place.run(&*source, &target, |_| ()).await.unwrap();
    assert_refused(&renumbered, &*source, &target).await;
    // An empty log has no part of which a target could be a copy.
    assert_refused(&in_place, &MemoryStore::new(), &target).await;
}

#[tokio::test]
async fn categories_that_nobody_has_named_are_refused_all_of_them() {
    on_every_store(|source| async move {
        history(&source).await;
        for category in ["invoice", "basket", "invoice"] {
            let stream = StreamId::new(category, "1").unwrap();
            let event = NewEvent::new("opened", SchemaVersion::FIRST, "{}");
            let batch = Batch::new(vec![event], RecordedTime::Import(day(50)));
            source.append(&stream, Expected::Any, &batch).await.unwrap();
        }
        let target = MemoryStore::new();
        for copying in both() {
            let error = copying.run(&*source, &target, |_| ()).await.unwrap_err();
            let UpcastCopyError::UnknownCategories { categories } = &error else {
                panic!("{error}");
            };
            assert_eq!(*categories, ["basket", "invoice"]);
            assert!(error.to_string().contains("basket, invoice"), "{error}");
        }
        assert_eq!(target.watermark().await.unwrap(), Position::ZERO);
    })
    .await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stops_the_copy_and_what_came_before_it_is_kept() {
    on_every_store(|target| async move {
        let source: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
        history(&source).await;
        let early = UpcastCopy::new().aggregate::<Early>();
        let error = early.run(&*source, &*target, |_| ()).await.unwrap_err();
        let UpcastCopyError::Decode(problem) = &error else {
            panic!("{error}");
        };
        assert_eq!(problem.event.position, 2);
        assert!(error.to_string().contains("wallet/ada"), "{error}");
        assert_eq!(rows(&*target).await.len(), 1);
        // The program learns what it did not know.
        let [copying, _] = both();
        let report = copying.run(&*source, &*target, |_| ()).await.unwrap();
        assert_eq!(report.written, HISTORY.len() as u64 - 1);
    })
    .await;
}

#[tokio::test]
async fn an_event_that_the_census_of_its_store_does_not_count_is_the_stores_fault() {
    let log: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    let stream = StreamId::new("invoice", "1").unwrap();
    let event = NewEvent::new("opened", SchemaVersion::FIRST, "{}");
    let batch = Batch::new(vec![event], RecordedTime::Import(day(50)));
    log.append(&stream, Expected::Any, &batch).await.unwrap();
    let source = Watched::new(log);
    source.leave_out_of_the_census("invoice");
    let target = MemoryStore::new();
    for copying in both() {
        let error = copying.run(&source, &target, |_| ()).await.unwrap_err();
        let UpcastCopyError::Store(StoreError::Backend { source, .. }) = &error else {
            panic!("{error}");
        };
        assert!(source.to_string().contains("invoice/1"), "{source}");
    }
    assert_eq!(target.watermark().await.unwrap(), Position::ZERO);
}
