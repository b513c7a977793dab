use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rehydrate::{EventStore as _, Expected, NewEvent, SchemaVersion, StoreError};
use rehydrate_sqlx::MySqlStore;
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use crate::common::{Database, batch, number, payloads, run, stream};

fn statements() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/mysql");
    let files = |folder: PathBuf| {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    files(folder.clone())
        .chain(files(folder.join("own")))
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path
                .strip_prefix(&folder)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn every_statement_prepares_against_a_migrated_schema() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let mut connection = database.stranger().await;
    let statements = statements();
    assert!(statements.len() > 30);
    for (name, sql) in statements {
        let prepared = connection.prepare(AssertSqlSafe(sql).into_sql_str()).await;
        assert!(prepared.is_ok(), "{name}: {prepared:?}");
    }
}

#[test]
fn every_statement_is_used() {
    let used = include_str!("../../src/mysql/statements.rs");
    for (name, _) in statements() {
        let quoted = format!("\"{}\"", name.trim_end_matches(".sql"));
        assert!(used.contains(&quoted), "{name}");
    }
}

#[test]
fn every_statement_begins_with_a_comment_on_its_binds_and_its_guarantee() {
    for (name, sql) in statements() {
        let comment: String = sql
            .lines()
            .take_while(|line| line.starts_with("--"))
            .collect();
        assert!(comment.contains("Guarantee: "), "{name}");
        let binds = |text: &str| text.matches('?').count();
        assert_eq!(binds(&comment), binds(&sql[comment.len()..]), "{name}");
        assert!(
            !sql.contains(';') || comment.contains(';'),
            "{name} is one statement"
        );
    }
}

#[tokio::test]
async fn events_cannot_be_changed_or_deleted() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let mut stranger = database.stranger().await;
    for (sql, advice) in [
        ("UPDATE rehydrate_events SET payload = '2'", "corrects"),
        ("DELETE FROM rehydrate_events", "takes this one back"),
        (
            "REPLACE INTO rehydrate_events SELECT position, category, stream_id, version, event_type,
            schema_version, '2', metadata, event_id, recorded_at FROM rehydrate_events",
            "takes this one back",
        ),
    ] {
        let error = sqlx::raw_sql(sql).execute(&mut stranger).await.unwrap_err();
        assert!(error.to_string().contains(advice), "{error}");
    }
    assert_eq!(payloads(&store, &stream(1)).await, ["1"]);
}

#[tokio::test]
async fn a_database_without_tables_is_refused_and_its_sql_is_printed() {
    let Some(database) = Database::new().await else {
        return;
    };
    let error = MySqlStore::connect(database.options()).await.unwrap_err();
    assert!(
        matches!(error, StoreError::SchemaMismatch { found: 0, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("MySqlStore::migrate"), "{error}");
    let mut stranger = database.stranger().await;
    let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()";
    assert_eq!(
        number(&mut stranger, tables).await,
        0,
        "nothing was created"
    );

    let sql = MySqlStore::verify(&database.options()).await.unwrap();
    assert!(sql.contains("CREATE TABLE IF NOT EXISTS rehydrate_events"));
    run(&mut stranger, sql).await;
    assert_eq!(MySqlStore::verify(&database.options()).await.unwrap(), "");
    let store = database.open().await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_newer_programs_tables_are_refused() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let mut stranger = database.stranger().await;
    run(
        &mut stranger,
        "INSERT INTO rehydrate_migrations VALUES (99, 'newer', 0)",
    )
    .await;
    for error in [
        MySqlStore::connect(database.options()).await.unwrap_err(),
        MySqlStore::migrate(&database.options()).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, StoreError::SchemaMismatch { found: 99, .. }),
            "{error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_migrate_at_once_migrate_once() {
    let Some(database) = Database::new().await else {
        return;
    };
    let migrating: Vec<_> = (0..8)
        .map(|_| {
            let options = database.options();
            tokio::spawn(async move { MySqlStore::migrate(&options).await })
        })
        .collect();
    for migrated in migrating {
        migrated.await.unwrap().unwrap();
    }
    let mut stranger = database.stranger().await;
    let applied = "SELECT COUNT(*) FROM rehydrate_migrations";
    assert_eq!(number(&mut stranger, applied).await, 4);
    assert_eq!(
        number(&mut stranger, "SELECT COUNT(*) FROM rehydrate_counter").await,
        1
    );
}

#[tokio::test]
async fn a_migration_that_was_cut_short_is_completed() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let mut stranger = database.stranger().await;
    run(
        &mut stranger,
        "DELETE FROM rehydrate_migrations; DROP TABLE rehydrate_commands;
        DROP TRIGGER rehydrate_events_refuse_delete",
    )
    .await;
    MySqlStore::migrate(&database.options()).await.unwrap();
    let store = database.open().await;
    store
        .append(&stream(1), Expected::Any, &batch(&["2"]))
        .await
        .unwrap();
    assert_eq!(payloads(&store, &stream(1)).await, ["1", "2"]);
}

/// Each character that JSON or SQL writes in some other way, in a database of another charset.
#[tokio::test]
async fn every_text_comes_back_to_the_letter() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut texts: Vec<String> = (1_u32..0x300)
        .chain([
            0x2028, 0x2029, 0xfeff, 0xfffd, 0xffff, 0x1_0000, 0x1_f980, 0x10_ffff,
        ])
        .filter_map(char::from_u32)
        .map(|letter| format!("{{\"{letter}\": 1.000 }}  "))
        .collect();
    texts.extend(
        [
            r"\u0000 \\ \' \n \\u0000 \ud83e\udd80",
            "",
            " ",
            "''",
            "`--; %_?",
            "[[[[",
        ]
        .map(ToOwned::to_owned),
    );
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    store
        .append(&stream(1), Expected::NoStream, &batch(&texts))
        .await
        .unwrap();
    assert_eq!(payloads(&store, &stream(1)).await, texts);
}

#[tokio::test]
async fn an_event_type_is_kept_to_the_letter_and_one_that_is_too_long_is_refused() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut batch = batch(&[]);
    for name in ["ünï 🦀 \\ \" '", "Captured", "captured ", "captured"] {
        batch
            .events
            .push(NewEvent::new(name, SchemaVersion::FIRST, "{}"));
    }
    store
        .append(&stream(1), Expected::NoStream, &batch)
        .await
        .unwrap();
    let pages = crate::common::try_read(&store, &stream(1)).await.unwrap();
    let read: Vec<_> = pages
        .iter()
        .flatten()
        .map(|event| event.event_type.to_owned())
        .collect();
    let written: Vec<_> = batch
        .events
        .iter()
        .map(|event| event.event_type.clone())
        .collect();
    assert_eq!(read, written);
    let different: BTreeSet<_> = read.iter().collect();
    assert_eq!(different.len(), 4);
    batch.events[0].event_type = "x".repeat(256);
    let error = store
        .append(&stream(2), Expected::NoStream, &batch)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Backend { .. }), "{error:?}");
    assert_eq!(
        payloads(&store, &stream(2)).await,
        Vec::<String>::new(),
        "nothing was written"
    );
}

#[tokio::test]
async fn a_diagnosis_has_every_table_of_the_store() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    let sql = "SELECT CONVERT(table_name USING utf8mb4) FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_name LIKE 'rehydrate%'
            AND table_name <> 'rehydrate_migrations'";
    let tables = sqlx::query_scalar(sql).fetch_all(&mut stranger).await;
    let tables: BTreeSet<String> = tables.unwrap().into_iter().collect();
    assert!(tables.contains("rehydrate_relays"), "{tables:?}");
    let found = store.diagnose().await.unwrap().tables.into_iter();
    assert_eq!(
        found.map(|table| table.name).collect::<BTreeSet<_>>(),
        tables
    );
}
