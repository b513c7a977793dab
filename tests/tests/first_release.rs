//! A store of the first release is opened, migrated, read and written by every later one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rehydrate::{
    Batch, Command, EventStore, Expected, Fingerprint, LogQuery, NewEvent, Outcome, Position,
    RecordedTime, SchemaVersion, SnapshotRead, StoreError, StreamId, StreamQuery, Version,
};
use rehydrate_tests::fixtures::{self, FirstEvent, first_events};

async fn migrated(url: &str) -> Arc<dyn EventStore> {
    rehydrate_sqlx::migrate(url).await.unwrap();
    rehydrate_sqlx::connect(url).await.unwrap()
}

/// What the store holds, in the words of the fixture.
async fn log(store: &dyn EventStore) -> Vec<FirstEvent> {
    let mut query = LogQuery::after(Position::ZERO);
    query.limit = 100;
    let mut all = Vec::new();
    loop {
        let page = store.read_log(&query).await.unwrap();
        all.extend(page.events.iter().map(|event| FirstEvent {
            position: event.position.get(),
            category: event.category.to_owned(),
            stream_id: event.stream_id.to_owned(),
            version: event.version.get(),
            event_type: event.event_type.to_owned(),
            schema_version: event.schema_version.get(),
            payload: event.payload.to_owned(),
            metadata: event.metadata.map(ToOwned::to_owned),
            recorded_at: event.recorded_at.timestamp_micros(),
        }));
        if page.read_to == query.after {
            return all;
        }
        query.after = page.read_to;
    }
}

fn fine(id: &str) -> StreamId {
    StreamId::new("fine".to_owned(), id).unwrap()
}

fn batch() -> Batch {
    let event = NewEvent::new("dismissed", SchemaVersion::FIRST, r#"{"code":"@"}"#);
    Batch::new(vec![event], RecordedTime::Clock(Utc::now()))
}

#[tokio::test]
async fn a_store_of_the_first_release_is_read_as_it_was_written() {
    fixtures::on_every_first_release(async |url| {
        let store = migrated(&url).await;
        assert_eq!(log(&*store).await, first_events());
        // A second migration finds nothing to do.
        rehydrate_sqlx::migrate(&url).await.unwrap();
        assert_eq!(log(&*store).await.len(), 240);
    })
    .await;
}

#[tokio::test]
async fn a_server_of_the_first_release_is_not_opened_before_it_is_migrated() {
    fixtures::on_every_first_release(async |url| {
        let opened = rehydrate_sqlx::connect(&url).await;
        if url.starts_with("sqlite:") {
            // The embedded default migrates by itself.
            assert_eq!(log(&*opened.unwrap()).await, first_events());
        } else {
            let error = opened.unwrap_err();
            assert!(
                matches!(error, StoreError::SchemaMismatch { found: 1, .. }),
                "{error}"
            );
            assert!(error.to_string().contains("migrate"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_stream_of_the_first_release_goes_on_where_it_was() {
    fixtures::on_every_first_release(async |url| {
        let store = migrated(&url).await;
        let stream = fine("F-0001");
        let before = first_events();
        let last = before.iter().filter(|event| event.stream_id == "F-0001");
        let version = last.map(|event| event.version).max().unwrap();
        let stale = store
            .append(&stream, Expected::Exactly(Version(version - 1)), &batch())
            .await;
        assert!(
            matches!(stale, Err(StoreError::Conflict { .. })),
            "{stale:?}"
        );
        let appended = store
            .append(&stream, Expected::Exactly(Version(version)), &batch())
            .await
            .unwrap();
        assert_eq!(appended.version, Version(version + 1));
        assert!(appended.position > Position(240), "{appended:?}");
        assert_eq!(log(&*store).await.len(), 241);
    })
    .await;
}

#[tokio::test]
async fn a_command_of_the_first_release_is_not_done_again() {
    fixtures::on_every_first_release(async |url| {
        let store = migrated(&url).await;
        let mut again = batch();
        again.command = Some(Command {
            key: "first/1/2".to_owned(),
            fingerprint: Fingerprint(0),
        });
        let outcome = store.append(&fine("F-0001"), Expected::Any, &again).await;
        let outcome = outcome.unwrap();
        assert_eq!(outcome.outcome, Outcome::Repeated);
        assert_eq!(
            (outcome.version, outcome.position),
            (Version(3), Position(30))
        );
        assert_eq!(log(&*store).await.len(), 240);
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_of_the_first_release_is_found_and_recognised() {
    fixtures::on_every_first_release(async |url| {
        let store = migrated(&url).await;
        let mut query = StreamQuery::new(fine("F-0001"));
        query.snapshot = Some(Fingerprint(1));
        let SnapshotRead::Unusable {
            fingerprint,
            version,
        } = store.read(&query).await.unwrap().snapshot
        else {
            panic!("a snapshot of another state was not recognised")
        };
        query.snapshot = Some(fingerprint);
        let SnapshotRead::Found(snapshot) = store.read(&query).await.unwrap().snapshot else {
            panic!("the snapshot was not found")
        };
        assert_eq!((snapshot.version, version), (Version(4), Version(4)));
        assert!(snapshot.state.contains("\"paid\""), "{}", snapshot.state);
        let at = first_events()
            .into_iter()
            .find(|event| event.stream_id == "F-0001" && event.version == 4)
            .map(|event| DateTime::from_timestamp_micros(event.recorded_at).unwrap());
        assert_eq!(Some(snapshot.recorded_at), at);
    })
    .await;
}
