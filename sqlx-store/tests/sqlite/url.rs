use std::error::Error as _;

use rehydrate::{EventStore as _, Expected, StoreError};
use rehydrate_sqlx::{SqliteOptions, SqliteStore, connect};

use crate::common::{Place, batch, stream};

#[tokio::test]
async fn a_url_with_two_slashes_or_none_names_the_same_file() {
    let place = Place::new();
    let path = place.file().display().to_string();
    let created = connect(&format!("sqlite:{path}")).await.unwrap();
    created
        .append(&stream(1), Expected::Any, &batch(&["1"]))
        .await
        .unwrap();
    for url in [
        format!("sqlite://{path}"),
        format!("sqlite://{path}?mode=rwc"),
        format!("sqlite://{path}?mode=rw"),
        format!("sqlite:{path}?mode=ro"),
    ] {
        assert_eq!(
            connect(&url).await.unwrap().watermark().await.unwrap(),
            1,
            "{url}"
        );
    }
}

#[tokio::test]
async fn the_mode_says_whether_to_write_and_to_create() {
    let place = Place::new();
    let path = place.file().display().to_string();
    let missing = connect(&format!("sqlite://{path}?mode=rw")).await;
    assert!(
        matches!(missing, Err(StoreError::CannotOpen { .. })),
        "{missing:?}"
    );
    place.open().await;
    let reading = connect(&format!("sqlite://{path}?mode=ro")).await.unwrap();
    let written = reading
        .append(&stream(1), Expected::Any, &batch(&["1"]))
        .await;
    assert!(
        matches!(written, Err(StoreError::ReadOnly { .. })),
        "{written:?}"
    );
}

#[tokio::test]
async fn a_store_in_memory_has_several_urls() {
    for url in [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite://?mode=memory",
    ] {
        assert_eq!(
            connect(url).await.unwrap().watermark().await.unwrap(),
            0,
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_path_may_be_percent_encoded() {
    let place = Place::new();
    let file = place.file().with_file_name("what?.db");
    let url = format!("sqlite://{}", file.display()).replace('?', "%3F");
    connect(&url).await.unwrap();
    assert!(file.exists());
}

#[tokio::test]
async fn a_path_is_never_taken_for_a_uri() {
    let place = Place::new();
    let file = place.file().with_file_name("file:a?mode=memory");
    SqliteStore::connect(SqliteOptions::new(&file))
        .await
        .unwrap();
    assert!(file.exists());
}

#[tokio::test]
async fn a_url_that_no_store_answers_to_is_refused_with_what_is_supported() {
    for (url, wanted) in [
        (
            "postgres://me:secret@host/db",
            "the PostgreSQL store is not built in",
        ),
        (
            "mysql://me:secret@host/db",
            "the MySQL store is not built in",
        ),
        ("redis://me:secret@host", "its scheme is unknown"),
        ("me secret:host", "its scheme is unknown"),
        ("secret.db", "is not a URL"),
        ("sqlite:", "names no file"),
        ("sqlite://a.db?mode=wr", "mode=rwc"),
        ("sqlite://a.db?cache=shared", "mode=rwc"),
        ("sqlite::memory:?mode=ro", "cannot be read-only"),
    ] {
        let is_built_in = cfg!(feature = "postgres") && url.starts_with("postgres")
            || cfg!(feature = "mysql") && url.starts_with("mysql");
        if is_built_in {
            continue;
        }
        let error = connect(url).await.unwrap_err();
        assert!(matches!(error, StoreError::CannotOpen { .. }), "{error:?}");
        assert!(error.source().is_none());
        let text = error.to_string();
        assert!(text.contains(wanted), "{text}");
        assert!(!text.contains("secret"), "{text}");
        assert!(
            url.starts_with("sqlite") || text.contains("sqlite"),
            "{text}"
        );
    }
}
