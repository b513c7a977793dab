//! Appends of many callers, of which one statement writes several.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use rehydrate::{
    Appended, Batch, EventStore as _, Expected, LogQuery, NewEvent, Position, RecordedTime,
    SchemaVersion, StoreError, StreamQuery, Version,
};
use rehydrate_sqlx::{PostgresOptions, PostgresStore};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::common::{Place, batch, count, execute, stream};

/// So few connections that one statement at a time appends, and everybody else gathers.
pub(crate) const CONNECTIONS: usize = 3;
/// What takes longer hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn open(place: &Place) -> PostgresStore {
    let options = place.options().max_connections(CONNECTIONS);
    PostgresStore::connect(options).await.unwrap()
}

pub(crate) type Appending = JoinHandle<Result<Appended, StoreError>>;

pub(crate) fn append(
    store: &PostgresStore,
    id: u64,
    expected: Expected,
    batch: Batch,
) -> Appending {
    let (store, stream) = (store.clone(), stream(id));
    tokio::spawn(async move { store.append(&stream, expected, &batch).await })
}

pub(crate) async fn outcome(appending: Appending) -> Result<Appended, StoreError> {
    let joined = timeout(PATIENCE, appending).await;
    joined.expect("it comes to an end").unwrap()
}

/// How many events each stream has.
pub(crate) async fn lengths(place: &Place) -> BTreeMap<String, i64> {
    let mut connection = place.stranger().await;
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT stream_id, max(version) FROM rehydrate_events GROUP BY 1")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    rows.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_of_many_callers_share_statements_and_each_is_there_once() {
    let Some(place) = Place::new().await else {
        return;
    };
    share(&place, place.options()).await;
}

/// The plan is kept then.
#[tokio::test(flavor = "multi_thread")]
async fn appends_to_a_long_log_share_statements_and_each_is_there_once() {
    let Some(place) = Place::new().await else {
        return;
    };
    let mut stranger = place.stranger().await;
    execute(&mut stranger, "SELECT setval('rehydrate_positions', 20000)").await;
    share(&place, place.options()).await;
}

/// Other texts of the same statements, and other plans, from the middle on.
#[tokio::test(flavor = "multi_thread")]
async fn appends_while_the_log_becomes_long_share_statements_and_each_is_there_once() {
    let Some(place) = Place::new().await else {
        return;
    };
    let mut stranger = place.stranger().await;
    execute(&mut stranger, "SELECT setval('rehydrate_positions', 9500)").await;
    share(&place, place.options()).await;
}

/// Each statement is in a transaction of its own then, as behind a pooler.
#[tokio::test(flavor = "multi_thread")]
async fn appends_that_are_pooled_by_transaction_share_statements_and_each_is_there_once() {
    let Some(place) = Place::new().await else {
        return;
    };
    share(&place, place.options().transaction_pooling(true)).await;
}

async fn share(place: &Place, options: PostgresOptions) {
    // Several statements at a time, so that one commits later than another with higher positions.
    let options = options.max_connections(6);
    let store = PostgresStore::connect(options).await.unwrap();
    let (writers, each) = (60, 20);
    let writing = (0..writers).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0..each {
                let expected = Expected::Exactly(Version(number));
                let batch = batch(&[&number.to_string()]);
                let appended = store.append(&stream(writer), expected, &batch).await;
                assert_eq!(appended.unwrap().version, number + 1);
            }
        })
    });
    let writing: Vec<_> = writing.collect();
    // A reader follows, and never passes over what is written beside what it sees.
    let (mut seen, mut after) = (BTreeMap::<String, u64>::new(), Position::ZERO);
    while seen.values().sum::<u64>() < writers * each {
        let query = LogQuery::after(after);
        let page = timeout(PATIENCE, store.read_log(&query)).await;
        let page = page.unwrap().unwrap();
        for event in page.events.iter() {
            let last = seen.entry(event.stream_id.to_owned()).or_default();
            *last += 1;
            assert_eq!(event.version.get(), *last, "of {}", event.stream_id);
        }
        after = page.read_to;
    }
    for writer in join_all(writing).await {
        writer.unwrap();
    }
    let mut connection = place.stranger().await;
    let sql = "SELECT count(DISTINCT xmin::text) FROM rehydrate_events";
    let transactions = count(&mut connection, sql).await;
    let events = i64::try_from(writers * each).unwrap();
    assert!(
        transactions < events / 2,
        "{transactions} transactions for {events} events"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_a_group_has_an_answer_of_its_own() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = open(&place).await;
    let first = append(&store, 1, Expected::NoStream, batch(&["0"]));
    outcome(first).await.unwrap();
    for round in 0..20_u64 {
        let bad = NewEvent::new("captured", SchemaVersion(1), "no JSON");
        let bad = Batch::new(vec![bad], batch(&["1"]).time);
        let late = RecordedTime::Clock(chrono::DateTime::UNIX_EPOCH);
        let id = |number: u64| 1_000 * (round + 1) + number;
        let good = (0..20).map(|it| append(&store, id(it), Expected::NoStream, batch(&["1"])));
        let good: Vec<_> = good.collect();
        let stale = append(&store, 1, Expected::NoStream, batch(&["1"]));
        let ahead = Expected::Exactly(Version(5));
        let ahead = append(&store, id(300), ahead, batch(&["1"]));
        // With it nobody's is written together.
        let bad = (round % 2 == 0).then(|| append(&store, id(100), Expected::NoStream, bad));
        let same = (0..3).map(|_| append(&store, id(200), Expected::NoStream, batch(&["1"])));
        let same: Vec<_> = same.collect();
        let behind = Batch {
            time: late,
            ..batch(&["1"])
        };
        let behind = append(&store, 1, Expected::Exactly(Version(round + 1)), behind);
        for good in good {
            assert_eq!(outcome(good).await.unwrap().version, 1);
        }
        for refused in [stale, ahead] {
            let refused = outcome(refused).await.unwrap_err();
            assert!(
                matches!(refused, StoreError::Conflict { .. }),
                "{refused:?}"
            );
        }
        if let Some(bad) = bad {
            let bad = outcome(bad).await.unwrap_err();
            assert!(matches!(bad, StoreError::Backend { .. }), "{bad:?}");
        }
        let same = join_all(same.into_iter().map(outcome)).await;
        assert_eq!(same.iter().filter(|it| it.is_ok()).count(), 1, "{same:?}");
        // A clock that is behind is moved up to the stream's last event, here, too.
        let behind = outcome(behind).await.unwrap();
        assert_eq!(behind.version, round + 2);
        assert!(behind.recorded_at > chrono::DateTime::UNIX_EPOCH);
    }
    let lengths = lengths(&place).await;
    assert_eq!(lengths.len(), 1 + 20 * 21);
    assert!(lengths.iter().all(|(id, length)| id == "1" || *length == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_a_transaction_of_others_holds_nobody_up() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = open(&place).await;
    for end in ["ROLLBACK", "COMMIT"] {
        let taken = if end == "COMMIT" { 10 } else { 20 };
        let mut stranger = place.stranger().await;
        execute(&mut stranger, "BEGIN").await;
        let insert = format!(
            "INSERT INTO rehydrate_events (category, stream_id, version, event_type,
                schema_version, payload, event_id, recorded_at)
            VALUES ('payment', '{taken}', 1, 'captured', 1, '1', gen_random_uuid(), now())"
        );
        execute(&mut stranger, &insert).await;
        // Before it and behind it, so that it comes into a group.
        let other = |it| {
            append(
                &store,
                1_000 * taken + it,
                Expected::NoStream,
                batch(&["1"]),
            )
        };
        let mut others: Vec<_> = (0..20).map(other).collect();
        let held = append(&store, taken, Expected::NoStream, batch(&["2"]));
        others.extend((20..200).map(other));
        for other in others {
            outcome(other).await.unwrap();
        }
        assert!(!held.is_finished(), "it cannot know yet");
        execute(&mut stranger, end).await;
        let held = outcome(held).await;
        match end {
            "COMMIT" => assert!(matches!(held, Err(StoreError::Conflict { .. })), "{held:?}"),
            _ => assert_eq!(held.unwrap().version, 1),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_gives_up_takes_nobody_along() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = open(&place).await;
    for round in 1..=10_u64 {
        let all =
            (0..60).map(|it| append(&store, 100 * round + it, Expected::NoStream, batch(&["1"])));
        let all: Vec<_> = all.collect();
        tokio::time::sleep(Duration::from_micros(300 * round)).await;
        for (number, appending) in all.into_iter().enumerate() {
            if number % 3 == 0 {
                appending.abort();
            } else {
                outcome(appending).await.unwrap();
            }
        }
    }
    // Nothing that was cut short is counted as under way for ever.
    let last = (0..20).map(|it| append(&store, 9_000 + it, Expected::NoStream, batch(&["1"])));
    for last in last.collect::<Vec<_>>() {
        outcome(last).await.unwrap();
    }
    assert!(lengths(&place).await.values().all(|length| *length == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_and_nothing_twice_when_connections_are_cut() {
    let Some(place) = Place::new().await else {
        return;
    };
    let name = format!("cut{}", place.schema);
    let url = format!("{}?application_name={name}", place.url);
    let options = url.parse::<PostgresOptions>().unwrap();
    let options = options.schema(&place.schema).max_connections(CONNECTIONS);
    let store = PostgresStore::connect(options).await.unwrap();
    let writing = (0..30_u64).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let (mut version, mut unknown) = (0, 0);
            for number in 0..60_u64 {
                let batch = batch(&[&number.to_string()]);
                let expected = Expected::Exactly(Version(version));
                match store.append(&stream(writer), expected, &batch).await {
                    Ok(appended) => {
                        assert_eq!(appended.version, version + 1);
                        version += 1;
                    }
                    Err(StoreError::OutcomeUnknown { .. }) => {
                        unknown += 1;
                        let query = StreamQuery::new(stream(writer));
                        version = loop {
                            if let Ok(version) = read(&store, &query).await {
                                break version;
                            }
                        };
                    }
                    Err(StoreError::Unavailable { .. }) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            (writer, version, unknown)
        })
    });
    let writing: Vec<_> = writing.collect();
    let mut stranger = place.stranger().await;
    let cut = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE application_name = '{name}'"
    );
    let mut cuts = 0;
    while writing.iter().any(|writer| !writer.is_finished()) {
        cuts += count(&mut stranger, &cut).await;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    assert!(cuts > 0);
    let lengths = lengths(&place).await;
    for writer in writing {
        let (writer, version, _) = timeout(PATIENCE, writer).await.unwrap().unwrap();
        let stored = lengths.get(&writer.to_string()).copied().unwrap_or(0);
        assert_eq!(stored, i64::try_from(version).unwrap(), "of {writer}");
    }
}

async fn read(store: &PostgresStore, query: &StreamQuery) -> Result<u64, StoreError> {
    use futures_util::TryStreamExt as _;
    let pages: Vec<_> = store.read(query).await?.pages.try_collect().await?;
    let last = pages.iter().rev().find_map(|page| page.last());
    Ok(last.map_or(0, |event| event.version.get()))
}
