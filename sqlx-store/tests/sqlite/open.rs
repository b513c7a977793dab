use std::error::Error as _;
use std::fs;

use rehydrate::{EventStore as _, Expected, StoreError};
use rehydrate_sqlx::{SqliteOptions, SqliteStore};

use crate::common::{Place, batch, execute, payloads, stream};

fn reason(error: &StoreError) -> &str {
    match error {
        StoreError::CannotOpen { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_that_is_not_a_database_is_refused_and_left_as_it_is() {
    let place = Place::new();
    let text = "this is not a database ".repeat(100);
    fs::write(place.file(), &text).unwrap();
    let error = SqliteStore::open(place.file()).await.unwrap_err();
    assert_eq!(reason(&error), "it is not an SQLite database");
    assert!(error.source().is_some());
    assert_eq!(fs::read_to_string(place.file()).unwrap(), text);
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let place = Place::new();
    let file = place.file().join("missing/events.db");
    let error = SqliteStore::open(&file).await.unwrap_err();
    assert!(reason(&error).contains("create it first"), "{error}");
}

#[tokio::test]
async fn a_folder_is_not_a_store() {
    let place = Place::new();
    fs::create_dir(place.file()).unwrap();
    let error = SqliteStore::open(place.file()).await.unwrap_err();
    assert!(reason(&error).contains("is a folder"), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_for_writing_and_for_reading() {
    let place = Place::new();
    place.open().await;
    let newer = "INSERT INTO rehydrate_migrations VALUES (99, 'newer', 0)";
    execute(&mut place.stranger().await, newer).await;
    for options in [
        SqliteOptions::new(place.file()),
        SqliteOptions::new(place.file()).read_only(),
    ] {
        match SqliteStore::connect(options).await.unwrap_err() {
            StoreError::SchemaMismatch {
                found: 99,
                known: 4,
                advice,
                ..
            } => {
                assert!(advice.contains("newer program"), "{advice}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_read_only_store_reads_and_refuses_to_write() {
    let place = Place::new();
    let store = place.open().await;
    let payment = stream(1);
    store
        .append(&payment, Expected::Any, &batch(&["1"]))
        .await
        .unwrap();
    let options = SqliteOptions::new(place.file()).read_only();
    let reading = SqliteStore::connect(options).await.unwrap();
    assert_eq!(payloads(&reading, &payment).await, ["1"]);
    assert_eq!(
        reading
            .append(&payment, Expected::Any, &batch(&[]))
            .await
            .unwrap()
            .version,
        1
    );
    let written = reading
        .append(&payment, Expected::Any, &batch(&["2"]))
        .await;
    assert!(
        matches!(written, Err(StoreError::ReadOnly { .. })),
        "{written:?}"
    );
    let begun = reading.begin().await;
    assert!(
        matches!(begun, Err(StoreError::ReadOnly { .. })),
        "{begun:?}"
    );
    let migrated = reading.migrate().await;
    assert!(
        matches!(migrated, Err(StoreError::ReadOnly { .. })),
        "{migrated:?}"
    );
}

#[tokio::test]
async fn a_read_only_store_is_neither_created_nor_migrated() {
    let place = Place::new();
    let options = SqliteOptions::new(place.file()).read_only();
    let error = SqliteStore::connect(options.clone()).await.unwrap_err();
    assert!(reason(&error).contains("no such file"), "{error}");
    assert!(!place.file().exists());
    execute(
        &mut place.stranger().await,
        "CREATE TABLE invoices (number INTEGER)",
    )
    .await;
    match SqliteStore::connect(options).await.unwrap_err() {
        StoreError::SchemaMismatch {
            found: 0, known: 4, ..
        } => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_that_sqlite_opens_for_reading_only_is_refused_for_writing() {
    let place = Place::new();
    drop(place.open().await);
    // Stands for a file without the right to write, which does not bind the superuser.
    let options = SqliteOptions::new(place.file()).pragma("query_only", "ON");
    let opened = SqliteStore::connect(options).await;
    assert!(
        matches!(opened, Err(StoreError::ReadOnly { .. })),
        "{opened:?}"
    );
}

#[tokio::test]
async fn a_store_in_memory_is_its_own_and_seen_by_all_its_clones() {
    let first = SqliteStore::in_memory().await.unwrap();
    let second = SqliteStore::in_memory().await.unwrap();
    let payment = stream(1);
    first
        .append(&payment, Expected::Any, &batch(&["1"]))
        .await
        .unwrap();
    assert_eq!(payloads(&first.clone(), &payment).await, ["1"]);
    assert!(payloads(&second, &payment).await.is_empty());
}

#[tokio::test]
async fn two_stores_on_one_file_see_what_the_other_appends() {
    let place = Place::new();
    let (first, second) = (place.open().await, place.open().await);
    let payment = stream(1);
    first
        .append(&payment, Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    assert_eq!(payloads(&second, &payment).await, ["1"]);
    let conflict = second
        .append(&payment, Expected::NoStream, &batch(&["2"]))
        .await;
    assert!(matches!(conflict, Err(StoreError::Conflict { actual, .. }) if actual == 1));
    second
        .append(&payment, Expected::Any, &batch(&["2"]))
        .await
        .unwrap();
    assert_eq!(payloads(&first, &payment).await, ["1", "2"]);
}
