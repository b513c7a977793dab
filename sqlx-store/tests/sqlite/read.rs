use chrono::DateTime;
use futures_util::TryStreamExt as _;
use rehydrate::{
    EventStore as _, Expected, Fingerprint, LogQuery, Page, Position, Snapshot, SnapshotRead,
    StoreError, StreamQuery, Version,
};
use rehydrate_sqlx::{SqliteOptions, SqliteStore};

use crate::common::{Place, batch, execute, payloads, stream, try_read};

#[tokio::test]
async fn a_stream_that_is_still_being_read_takes_no_connection() {
    let place = Place::new();
    let options = SqliteOptions::new(place.file()).readers(1);
    let store = SqliteStore::connect(options).await.unwrap();
    let (long, other) = (stream(1), stream(2));
    for (stream, count) in [(&long, 9_000), (&other, 1)] {
        let content = batch(&vec!["1"; count]);
        let appended = store.append(stream, Expected::Any, &content);
        appended.await.unwrap();
    }
    let mut read = store.read(&StreamQuery::new(long.clone())).await.unwrap();
    let first = read.pages.try_next().await.unwrap().unwrap().len();
    assert!(first < 9_000, "{first}");
    assert_eq!(payloads(&store, &other).await, ["1"]);
    let rest: Vec<Page> = read.pages.try_collect().await.unwrap();
    assert_eq!(first + rest.iter().map(Page::len).sum::<usize>(), 9_000);
}

#[tokio::test]
async fn a_long_stream_is_read_as_it_was_when_the_read_began() {
    let store = SqliteStore::in_memory().await.unwrap();
    let payment = stream(1);
    store
        .append(&payment, Expected::Any, &batch(&vec!["1"; 9_000]))
        .await
        .unwrap();
    let query = StreamQuery::new(payment.clone());
    let mut pages = store.read(&query).await.unwrap().pages;
    let first = pages.try_next().await.unwrap().unwrap();
    store
        .append(&payment, Expected::Any, &batch(&["2"]))
        .await
        .unwrap();
    let rest: Vec<Page> = pages.try_collect().await.unwrap();
    let lengths = rest.iter().map(Page::len).sum::<usize>();
    assert_eq!(first.len() + lengths, 9_000);
    assert_eq!(payloads(&store, &payment).await.len(), 9_001);
}

#[tokio::test]
async fn a_page_ends_when_its_text_is_large() {
    let store = SqliteStore::in_memory().await.unwrap();
    let payment = stream(1);
    let large = "x".repeat(300_000);
    store
        .append(&payment, Expected::Any, &batch(&[large.as_str(); 10]))
        .await
        .unwrap();
    let pages = crate::common::read(&store, &payment).await;
    let lengths: Vec<_> = pages.iter().map(Page::len).collect();
    // The first page is read on the spot, as long as that is quick, the next one handed over in
    // slices, the others whole.
    let (first, rest) = lengths.split_first().unwrap();
    assert!(matches!(first, 1 | 2), "{lengths:?}");
    assert!(rest.starts_with(&[1, 1, 1, 1, 4]), "{lengths:?}");
    assert_eq!(lengths.iter().sum::<usize>(), 10);
    let log = store
        .read_log(&LogQuery::after(Position::ZERO))
        .await
        .unwrap();
    assert_eq!((log.events.len(), log.read_to), (4, Position::new(4)));
    assert_eq!(log.watermark, 10);
}

#[tokio::test]
async fn a_reader_of_a_category_gets_past_the_others() {
    let store = SqliteStore::in_memory().await.unwrap();
    store
        .append(&stream(1), Expected::Any, &batch(&["1", "2"]))
        .await
        .unwrap();
    let query = LogQuery {
        categories: vec!["invoice".to_owned()],
        ..LogQuery::after(Position::ZERO)
    };
    let log = store.read_log(&query).await.unwrap();
    assert!(log.events.is_empty());
    assert_eq!(log.read_to, 2);
}

#[tokio::test]
async fn a_snapshot_is_replaced_by_a_later_one_or_by_another_shape_only() {
    let store = SqliteStore::in_memory().await.unwrap();
    let payment = stream(1);
    let snapshot = |version, fingerprint, state: &str| Snapshot {
        version: Version::new(version),
        position: Position::new(version),
        recorded_at: DateTime::UNIX_EPOCH,
        fingerprint: Fingerprint(fingerprint),
        state: state.to_owned(),
    };
    let (old, new) = (u64::MAX, 7);
    for (written, expected) in [
        (snapshot(5, old, "a"), snapshot(5, old, "a")),
        (snapshot(4, new, "b"), snapshot(5, old, "a")),
        (snapshot(5, old, "c"), snapshot(5, old, "a")),
        (snapshot(5, new, "d"), snapshot(5, new, "d")),
        (snapshot(6, old, "e"), snapshot(6, old, "e")),
    ] {
        store.write_snapshot(&payment, &written).await.unwrap();
        let query = StreamQuery {
            snapshot: Some(expected.fingerprint),
            ..StreamQuery::new(payment.clone())
        };
        match store.read(&query).await.unwrap().snapshot {
            SnapshotRead::Found(found) => assert_eq!(found, expected),
            other => panic!("{other:?}"),
        }
    }
    let query = StreamQuery {
        snapshot: Some(Fingerprint(1)),
        ..StreamQuery::new(payment)
    };
    match store.read(&query).await.unwrap().snapshot {
        SnapshotRead::Unusable {
            fingerprint,
            version,
        } => {
            assert_eq!((fingerprint, version), (Fingerprint(old), Version::new(6)));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_no_store_writes_is_reported_as_damage_of_its_stream() {
    for (values, wanted) in [
        (
            "1, 'captured', 1, '', x'00112233445566778899aabbccddeeff', 0",
            None,
        ),
        (
            "-1, 'captured', 1, '', x'00112233445566778899aabbccddeeff', 0",
            Some("version -1"),
        ),
        (
            "2, 'captured', 1, '', x'00112233445566778899aabbccddeeff', 0",
            Some("event 1 is missing"),
        ),
        (
            "1, 'captured', -1, '', x'00112233445566778899aabbccddeeff', 0",
            Some("schema version -1"),
        ),
        (
            "1, 'captured', 1, '', x'00112233445566778899aabbccddeeff', 9223372036854775807",
            Some("recorded time"),
        ),
    ] {
        let place = Place::new();
        let store = place.open().await;
        let mut stranger = place.stranger().await;
        let insert = format!(
            "INSERT INTO rehydrate_events (category, stream_id, version, event_type,
                schema_version, payload, event_id, recorded_at)
             VALUES ('payment', '1', {values})"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(insert))
            .execute(&mut stranger)
            .await
            .unwrap();
        let log = store.read_log(&LogQuery::after(Position::ZERO)).await;
        let pages = try_read(&store, &stream(1)).await;
        match wanted {
            None => assert_eq!(pages.unwrap().len(), 1),
            Some(wanted) => {
                let errors = [pages.err(), log.err()];
                let mut damage = errors.iter().flatten().peekable();
                assert!(damage.peek().is_some(), "{wanted}");
                for error in damage {
                    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
                    assert!(error.to_string().contains(wanted), "{error}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_damaged_end_of_a_stream_refuses_appends_to_it_alone() {
    let place = Place::new();
    let store = place.open().await;
    let damage = "INSERT INTO rehydrate_events (category, stream_id, version, event_type,
            schema_version, payload, event_id, recorded_at)
        VALUES ('payment', '1', -5, 'captured', 1, '', x'00', 0)";
    execute(&mut place.stranger().await, damage).await;
    let refused = store
        .append(&stream(1), Expected::Any, &batch(&["1"]))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Corrupt { .. })),
        "{refused:?}"
    );
    store
        .append(&stream(2), Expected::Any, &batch(&["1"]))
        .await
        .unwrap();
}
