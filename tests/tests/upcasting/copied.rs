//! Copies: of what is stored, and of what it is today.

use std::sync::Arc;

use rehydrate::{
    Aggregate, Event, EventStore, LogQuery, MemoryStore, Position, Repository, UpcastCopy,
    UpcastFate, UpcastReport, Version, checksum, copy,
};
use rehydrate_tests::stores::{mysql, on_every_store, postgres, sqlite_file};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Moved, PaidIn, Wallet, WalletEvent};
use crate::{HISTORY, STREAMS, Stored, history, id, wallets};

#[tokio::test]
async fn a_plain_copy_keeps_every_shape() {
    on_every_store(|target| async move {
        let source: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
        let all = history(&source).await;
        let report = copy(&*source, &*target, |_| ()).await.unwrap();
        assert_eq!(report.copied, all.len() as u64);
        for stream in STREAMS {
            let there = wallets(&target).load(&id(stream)).await.unwrap();
            let here = wallets(&source).load(&id(stream)).await.unwrap();
            assert_eq!(*there, *here);
            assert_eq!(
                (there.version(), there.position()),
                (here.version(), here.position())
            );
        }
    })
    .await;
}

/// The events of the program that has got rid of old shapes and names, after a copy in place.
#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
#[event(retired("frozen"), legacy("moved" = Moved))]
enum InPlaceEvent {
    #[event(history(_))]
    Opened { owner: String, year: i32 },
    #[event(history(_, _))]
    PaidIn(PaidIn),
    #[event(history(_, _))]
    Spent { cents: i64 },
}

/// The events of the program that has got rid of the past altogether, after a renumbered copy.
#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
enum TodaysEvent {
    #[event(history(_))]
    Opened { owner: String, year: i32 },
    #[event(history(_, _))]
    PaidIn(PaidIn),
    #[event(history(_, _))]
    Spent { cents: i64 },
}

impl From<InPlaceEvent> for WalletEvent {
    fn from(event: InPlaceEvent) -> Self {
        match event {
            InPlaceEvent::Opened { owner, year } => Self::Opened { owner, year },
            InPlaceEvent::PaidIn(paid_in) => Self::PaidIn(paid_in),
            InPlaceEvent::Spent { cents } => Self::Spent { cents },
        }
    }
}

impl From<TodaysEvent> for WalletEvent {
    fn from(event: TodaysEvent) -> Self {
        match event {
            TodaysEvent::Opened { owner, year } => Self::Opened { owner, year },
            TodaysEvent::PaidIn(paid_in) => Self::PaidIn(paid_in),
            TodaysEvent::Spent { cents } => Self::Spent { cents },
        }
    }
}

impl From<Moved> for Vec<InPlaceEvent> {
    fn from(old: Moved) -> Self {
        let events = Vec::<WalletEvent>::from(old).into_iter();
        events
            .map(|event| match event {
                WalletEvent::Opened { owner, year } => InPlaceEvent::Opened { owner, year },
                WalletEvent::PaidIn(paid_in) => InPlaceEvent::PaidIn(paid_in),
                WalletEvent::Spent { cents } => InPlaceEvent::Spent { cents },
            })
            .collect()
    }
}

/// A wallet with other events.
#[derive(Debug)]
struct Of<E>(Wallet, std::marker::PhantomData<fn() -> E>);

impl<E> Default for Of<E> {
    fn default() -> Self {
        Self(Wallet::default(), std::marker::PhantomData)
    }
}

impl<E: Event + Into<WalletEvent>> Aggregate for Of<E> {
    type Id = String;
    type Event = E;
    const CATEGORY: &'static str = "wallet";

    fn apply(&mut self, event: E) {
        self.0.take(&event.into());
    }
}

/// A row of the log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) stream: String,
    pub(crate) version: Version,
    pub(crate) position: Position,
    pub(crate) event_type: String,
    pub(crate) schema_version: u32,
    pub(crate) payload: String,
    pub(crate) metadata: Option<String>,
    pub(crate) event_id: Uuid,
    pub(crate) micros: i64,
}

/// The whole log of a small store.
pub(crate) async fn rows(store: &dyn EventStore) -> Vec<Row> {
    let page = store.read_log(&LogQuery::after(Position::ZERO)).await;
    let page = page.unwrap().events;
    page.iter()
        .map(|event| Row {
            stream: event.stream_id.to_owned(),
            version: event.version,
            position: event.position,
            event_type: event.event_type.to_owned(),
            schema_version: event.schema_version.get(),
            payload: event.payload.to_owned(),
            metadata: event.metadata.map(str::to_owned),
            event_id: event.event_id,
            micros: event.recorded_at.timestamp_micros(),
        })
        .collect()
}

/// An event as it is written today, by hand.
fn written(event: &WalletEvent) -> (String, u32, String) {
    let (event_type, version, payload) = match event {
        WalletEvent::Opened { owner, year } => (
            "opened",
            2,
            format!(r#"{{"owner":"{owner}","year":{year}}}"#),
        ),
        WalletEvent::PaidIn(PaidIn { cents, note }) => (
            "paid_in",
            3,
            format!(r#"{{"cents":{cents},"note":"{note}"}}"#),
        ),
        WalletEvent::Spent { cents } => ("spent", 3, format!(r#"{{"cents":{cents}}}"#)),
    };
    (event_type.to_owned(), version, payload)
}

/// Whether an event of the history has today's name and version, and stays as it is.
fn is_current(index: usize) -> bool {
    [5, 16, 17, 18].contains(&index)
}

/// The source's rows as they are to be after a copy in place.
fn in_place(source: &[Row], all: &[Stored]) -> Vec<Row> {
    let mut rows = source.to_vec();
    for (index, (row, stored)) in rows.iter_mut().zip(all).enumerate() {
        if let ([event], false) = (&stored.today[..], is_current(index)) {
            (row.event_type, row.schema_version, row.payload) = written(event);
        }
    }
    rows
}

/// The same with new numbers, but for the ids of the parts.
fn renumbered(source: &[Row], all: &[Stored]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (index, (row, stored)) in source.iter().zip(all).enumerate() {
        for (part, event) in stored.today.iter().enumerate() {
            let before = rows.iter().filter(|it| it.stream == row.stream).count();
            let mut new = row.clone();
            new.version = Version::new(before as u64 + 1);
            new.position = Position::new(rows.len() as u64 + 1);
            if !is_current(index) {
                (new.event_type, new.schema_version, new.payload) = written(event);
            }
            if part > 0 {
                new.event_id = Uuid::nil();
            }
            rows.push(new);
        }
    }
    rows
}

fn fates(report: &UpcastReport) -> Vec<(&str, u32, UpcastFate, u64)> {
    let types = report.types.iter();
    let types = types.map(|it| {
        assert_eq!(it.category, "wallet");
        (&*it.event_type, it.schema_version.get(), it.fate, it.events)
    });
    types.collect()
}

/// Every store as a source and as a target, and some of them to each other.
async fn on_pairs<F: Future<Output = ()>>(
    test: impl Fn(Arc<dyn EventStore>, Arc<dyn EventStore>) -> F,
) {
    on_every_store(|source| {
        let test = &test;
        async move { test(source, Arc::new(MemoryStore::new())).await }
    })
    .await;
    on_every_store(|target| {
        let test = &test;
        async move { test(Arc::new(MemoryStore::new()), target).await }
    })
    .await;
    let (_folder, source) = sqlite_file().await;
    if let Some((_place, target)) = postgres().await {
        test(Arc::new(source), target).await;
    }
    if let (Some((_one, source)), Some((_other, target))) = (postgres().await, mysql().await) {
        test(source, target).await;
    }
}

#[tokio::test]
async fn a_copy_in_place_has_todays_shapes_at_the_same_places() {
    on_pairs(|source, target| async move {
        let all = history(&source).await;
        let until = source.watermark().await.unwrap();
        let before = checksum(&*source, until).await.unwrap();
        let stored = rows(&*source).await;
        let copying = UpcastCopy::new().aggregate::<Wallet>();
        let mut last = None;
        let report = copying
            .run(&*source, &*target, |progress| {
                last = Some(progress.to_string())
            })
            .await
            .unwrap();
        assert_eq!(rows(&*target).await, in_place(&stored, &all));
        assert_eq!(last.as_deref(), Some("7 states compared"));
        let count = HISTORY.len() as u64;
        assert_eq!(
            (report.written, report.source, report.target),
            (count, count, count)
        );
        assert_eq!(
            (report.streams, report.differing, report.until),
            (7, 0, until)
        );
        assert!(!report.is_renumbered);
        let expected = [
            ("created", 1, UpcastFate::Rewritten, 1),
            ("created", 2, UpcastFate::Rewritten, 1),
            ("frozen", 1, UpcastFate::KeptRetired, 3),
            ("frozen", 7, UpcastFate::KeptRetired, 1),
            ("moved", 1, UpcastFate::Rewritten, 1),
            ("moved", 1, UpcastFate::KeptLegacy, 6),
            ("opened", 1, UpcastFate::Rewritten, 1),
            ("opened", 2, UpcastFate::Current, 1),
            ("paid_in", 1, UpcastFate::Rewritten, 1),
            ("paid_in", 2, UpcastFate::Rewritten, 1),
            ("paid_in", 3, UpcastFate::Current, 2),
            ("spent", 2, UpcastFate::Rewritten, 1),
            ("spent", 3, UpcastFate::Current, 1),
        ];
        assert_eq!(fates(&report), expected);
        let kept: Vec<String> = report.kept().map(ToString::to_string).collect();
        let expected = [
            "`retired` for frozen of wallet, schema version 1: 3 kept as stored",
            "`retired` for frozen of wallet, schema version 7: 1 kept as stored",
            "`legacy` for moved of wallet, schema version 1: 6 kept as stored",
        ];
        assert_eq!(kept, expected);

        let again = copying.run(&*source, &*target, |_| ()).await.unwrap();
        assert_eq!((again.written, again.target), (0, count));
        assert_eq!(fates(&again), fates(&report));
        assert_eq!(checksum(&*source, until).await.unwrap(), before);

        let todays: Repository<Of<InPlaceEvent>> = Repository::new(Arc::clone(&target));
        for stream in STREAMS {
            let here = wallets(&source).load(&id(stream)).await.unwrap();
            let there = todays.load(&id(stream)).await.unwrap();
            assert_eq!(there.0, *here, "{stream}");
            assert_eq!(there.version(), here.version(), "{stream}");
            assert_eq!(there.position(), here.position(), "{stream}");
        }
        wallets(&target)
            .execute(&id("ada"), |it| it.pay_in(1))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_renumbered_copy_has_nothing_of_the_past() {
    on_pairs(|source, target| async move {
        let all = history(&source).await;
        let until = source.watermark().await.unwrap();
        let before = checksum(&*source, until).await.unwrap();
        let stored = rows(&*source).await;
        let copying = UpcastCopy::new().aggregate::<Wallet>().renumber();
        let report = copying.run(&*source, &*target, |_| ()).await.unwrap();
        let mut found = rows(&*target).await;
        let mut ids: Vec<Uuid> = found.iter().map(|row| row.event_id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), found.len(), "every event has an id of its own");
        let sources: Vec<Uuid> = stored.iter().map(|row| row.event_id).collect();
        for row in found
            .iter_mut()
            .filter(|row| !sources.contains(&row.event_id))
        {
            assert_eq!(row.event_id.get_version_num(), 8);
            row.event_id = Uuid::nil();
        }
        let expected = renumbered(&stored, &all);
        assert_eq!(found, expected);
        assert!(report.is_renumbered);
        assert_eq!(report.target, expected.len() as u64);
        assert_eq!(
            (report.written, report.source),
            (report.target, HISTORY.len() as u64)
        );
        let expected = [
            ("created", 1, UpcastFate::Rewritten, 1),
            ("created", 2, UpcastFate::Rewritten, 1),
            ("frozen", 1, UpcastFate::LeftOut, 3),
            ("frozen", 7, UpcastFate::LeftOut, 1),
            ("moved", 1, UpcastFate::Rewritten, 1),
            ("moved", 1, UpcastFate::LeftOut, 2),
            ("moved", 1, UpcastFate::Split, 4),
            ("opened", 1, UpcastFate::Rewritten, 1),
            ("opened", 2, UpcastFate::Current, 1),
            ("paid_in", 1, UpcastFate::Rewritten, 1),
            ("paid_in", 2, UpcastFate::Rewritten, 1),
            ("paid_in", 3, UpcastFate::Current, 2),
            ("spent", 2, UpcastFate::Rewritten, 1),
            ("spent", 3, UpcastFate::Current, 1),
        ];
        assert_eq!(fates(&report), expected);
        assert_eq!(report.kept().count(), 0);

        assert_eq!(
            copying
                .run(&*source, &*target, |_| ())
                .await
                .unwrap()
                .written,
            0
        );
        assert_eq!(checksum(&*source, until).await.unwrap(), before);
        // A repetition into another store is the same log.
        let other = MemoryStore::new();
        copying.run(&*source, &other, |_| ()).await.unwrap();
        assert_eq!(rows(&other).await, rows(&*target).await);

        let todays: Repository<Of<TodaysEvent>> = Repository::new(Arc::clone(&target));
        for stream in STREAMS {
            let here = wallets(&source).load(&id(stream)).await.unwrap();
            let there = todays.load(&id(stream)).await.unwrap();
            assert_eq!(there.0, *here, "{stream}");
            assert_eq!(there.version().get(), u64::from(here.applied), "{stream}");
        }
    })
    .await;
}
