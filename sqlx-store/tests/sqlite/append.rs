use rehydrate::{Command, EventStore as _, Expected, Fingerprint, Page, StoreError, StreamId};
use rehydrate_sqlx::{SqliteOptions, SqliteStore};

use crate::common::{Place, batch, count, execute, payloads, stream};

#[tokio::test]
async fn texts_come_back_byte_for_byte() {
    let store = SqliteStore::in_memory().await.unwrap();
    let payment = StreamId::new("pay'ment", "é / \" ' 🦀").unwrap();
    let texts = [
        r#"{"a":"\u0000\n\"\\ / é 🦀","b":[1.0,1e300,null],"c":{}}"#,
        r#""a plain string""#,
        "null",
        "12345678901234567890.10",
        "  { \"spaces\" : \"stay\" }  ",
        "",
        "not JSON at all '; DROP TABLE rehydrate_events; --",
    ];
    let mut written = batch(&texts);
    written.metadata = Some(r#"{"actor":"\"é\""}"#.to_owned());
    for event in &mut written.events {
        event.event_type = "type with ' and \"".to_owned();
    }
    store
        .append(&payment, Expected::NoStream, &written)
        .await
        .unwrap();
    assert_eq!(payloads(&store, &payment).await, texts);
    let pages = crate::common::read(&store, &payment).await;
    for (stored, new) in pages.iter().flatten().zip(&written.events) {
        assert_eq!(stored.event_type, new.event_type);
        assert_eq!(stored.event_id, new.id);
        assert_eq!(stored.schema_version, new.schema_version);
        assert_eq!(stored.metadata, written.metadata.as_deref());
        assert_eq!(stored.category, payment.category());
        assert_eq!(stored.stream_id, payment.id());
    }
}

#[tokio::test]
async fn a_large_batch_keeps_its_order() {
    let store = SqliteStore::in_memory().await.unwrap();
    let payment = stream(1);
    let texts: Vec<_> = (0..5_000).map(|number| number.to_string()).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let appended = store
        .append(&payment, Expected::NoStream, &batch(&texts))
        .await
        .unwrap();
    assert_eq!(appended.version, 5_000);
    assert_eq!(appended.position, 5_000);
    let pages = crate::common::read(&store, &payment).await;
    assert_eq!(pages.iter().map(Page::len).sum::<usize>(), 5_000);
    let events: Vec<_> = pages.iter().flatten().collect();
    assert!(events.iter().map(|event| event.payload).eq(texts));
    assert!(
        events
            .iter()
            .zip(1_u64..)
            .all(|(event, number)| event.position == number)
    );
}

#[tokio::test]
async fn a_version_that_another_process_added_since_the_load_is_a_conflict() {
    let place = Place::new();
    let store = place.open().await;
    let payment = stream(1);
    let loaded = store
        .append(&payment, Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let added = "INSERT INTO rehydrate_events (category, stream_id, version, event_type,
            schema_version, payload, event_id, recorded_at)
        SELECT category, stream_id, version + 1, event_type, schema_version, '2', event_id,
            recorded_at FROM rehydrate_events";
    execute(&mut place.stranger().await, added).await;
    let appended = store
        .append(&payment, Expected::Exactly(loaded.version), &batch(&["3"]))
        .await;
    match appended.unwrap_err() {
        StoreError::Conflict { stream, actual, .. } => {
            assert_eq!(stream, payment);
            assert_eq!(actual, 2);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(payloads(&store, &payment).await, ["1", "2"]);
}

#[tokio::test]
async fn a_command_is_remembered_with_all_bits_of_its_fingerprint() {
    let store = SqliteStore::in_memory().await.unwrap();
    let payment = stream(1);
    let mut first = batch(&["1", "2"]);
    first.command = Some(Command {
        key: "key".to_owned(),
        fingerprint: Fingerprint(u64::MAX - 1),
    });
    let written = store
        .append(&payment, Expected::NoStream, &first)
        .await
        .unwrap();
    let repeated = store
        .append(&payment, Expected::NoStream, &first)
        .await
        .unwrap();
    assert_eq!(repeated.outcome, rehydrate::Outcome::Repeated);
    assert_eq!(
        (repeated.version, repeated.position, repeated.recorded_at),
        (written.version, written.position, written.recorded_at)
    );
}

#[tokio::test]
async fn a_full_store_says_so_keeps_nothing_by_halves_and_works_again_with_more_room() {
    let place = Place::new();
    let store = place.open().await;
    let payment = stream(1);
    store
        .append(&payment, Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    // Room for what is small, beside a table that can be done without.
    let mut transaction = store.begin().await.unwrap();
    let ballast = "CREATE TABLE ballast AS SELECT zeroblob(1000000) AS content";
    execute(transaction.connection(), ballast).await;
    transaction.commit().await.unwrap();
    drop(store);
    let mut stranger = place.stranger().await;
    let pages = count(&mut stranger, "PRAGMA page_count").await + 10;
    let options = SqliteOptions::new(place.file()).pragma("max_page_count", pages.to_string());
    let store = SqliteStore::connect(options).await.unwrap();
    let large = format!("\"{}\"", "x".repeat(100_000));
    let full = store
        .append(&payment, Expected::Any, &batch(&["2", &large]))
        .await;
    assert!(matches!(full, Err(StoreError::Full { .. })), "{full:?}");
    assert_eq!(payloads(&store, &payment).await, ["1"]);

    // In one group with one that fits, on its own, and in a transaction.
    let other = stream(2);
    let batches = (batch(&[&large]), batch(&["3"]));
    let (full, fits) = tokio::join!(
        store.append(&payment, Expected::Any, &batches.0),
        store.append(&other, Expected::Any, &batches.1),
    );
    assert!(matches!(full, Err(StoreError::Full { .. })), "{full:?}");
    assert_eq!(fits.unwrap().version, 1);
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&other, Expected::Any, &batch(&["4"]))
        .await
        .unwrap();
    let full = transaction
        .append(&other, Expected::Any, &batch(&[&large]))
        .await;
    assert!(matches!(full, Err(StoreError::Full { .. })), "{full:?}");
    let after = transaction
        .append(&other, Expected::Any, &batch(&["5"]))
        .await;
    assert!(
        matches!(after, Err(StoreError::Backend { .. })),
        "{after:?}"
    );
    assert!(transaction.commit().await.is_err());
    assert_eq!(payloads(&store, &other).await, ["3"]);

    let mut transaction = store.begin().await.unwrap();
    execute(transaction.connection(), "DROP TABLE ballast").await;
    transaction
        .append(&payment, Expected::Any, &batch(&[&large]))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    store
        .append(&payment, Expected::Any, &batch(&[&large]))
        .await
        .unwrap();
    assert_eq!(payloads(&store, &payment).await.len(), 3);
    assert_eq!(
        count(&mut stranger, "SELECT max(position) FROM rehydrate_events").await,
        4
    );
}
