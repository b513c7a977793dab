use rehydrate::{EventStore as _, Expected, Fingerprint, Position, Snapshot, StoreError, Version};
use rehydrate_sqlx::{PostgresOptions, PostgresStore};

use crate::common::{Place, URL, batch_with_key, execute, log, payloads, stream, try_execute};

const ROLES: &str = include_str!("../../migrations/postgres/roles.sql");

/// The roles of one test, gone with it.
async fn with_roles(place: &Place, test: impl AsyncFnOnce(PostgresStore, PostgresStore)) {
    let reader = format!("{}_reader", place.schema);
    let appender = format!("{}_appender", place.schema);
    let mut owner = place.stranger().await;
    execute(
        &mut owner,
        &format!("CREATE ROLE {reader} LOGIN; CREATE ROLE {appender} LOGIN"),
    )
    .await;
    let grants: String = ROLES
        .lines()
        .filter(|line| !line.starts_with("--"))
        .map(|line| format!("{line}\n"))
        .collect();
    let grants = grants
        .replace(":\"schema\"", &place.schema)
        .replace(":\"reader\"", &reader)
        .replace(":\"appender\"", &appender);
    execute(&mut owner, &grants).await;
    let open = async |role: &str| {
        let connect: sqlx::postgres::PgConnectOptions = URL.parse().unwrap();
        let options = PostgresOptions::new(connect.username(role)).schema(&place.schema);
        PostgresStore::connect(options).await
    };
    let (reading, appending) = (open(&reader).await, open(&appender).await);
    if let (Ok(reading), Ok(appending)) = (reading, appending) {
        test(reading, appending).await;
        execute(
            &mut owner,
            &format!("DROP OWNED BY {reader}, {appender}; DROP ROLE {reader}, {appender}"),
        )
        .await;
    } else {
        execute(
            &mut owner,
            &format!("DROP OWNED BY {reader}, {appender}; DROP ROLE {reader}, {appender}"),
        )
        .await;
        panic!("the server lets no other roles in");
    }
}

#[tokio::test]
async fn an_appender_appends_and_a_reader_reads_and_neither_changes_anything() {
    let Some(place) = Place::new().await else {
        return;
    };
    with_roles(&place, async |reader, appender| {
        let command = batch_with_key(&["1"], "key");
        let payment = stream(1);
        appender
            .append(&payment, Expected::NoStream, &command)
            .await
            .unwrap();
        let snapshot = Snapshot {
            version: Version(1),
            position: Position(1),
            recorded_at: chrono::DateTime::UNIX_EPOCH,
            fingerprint: Fingerprint(1),
            state: "{}".to_owned(),
        };
        for _ in 0..2 {
            appender.write_snapshot(&payment, &snapshot).await.unwrap();
        }
        for store in [&reader, &appender] {
            assert_eq!(log(store).await, ["1"]);
            assert_eq!(payloads(store, &payment).await, ["1"]);
            assert_eq!(store.list_streams("payment", None, 9).await.unwrap(), ["1"]);
            assert_eq!(store.diagnose().await.unwrap().head, Position(1));
        }
        let refused = [
            reader.append(&payment, Expected::Any, &command).await,
            reader
                .append(&stream(2), Expected::Any, &crate::common::batch(&["2"]))
                .await,
        ];
        // A repetition writes nothing, so it is not refused.
        assert!(refused[0].is_ok());
        assert!(
            matches!(refused[1], Err(StoreError::ReadOnly { .. })),
            "{refused:?}"
        );
        let refused = reader.write_snapshot(&payment, &snapshot).await;
        assert!(
            matches!(refused, Err(StoreError::ReadOnly { .. })),
            "{refused:?}"
        );
        let mut transaction = appender.begin().await.unwrap();
        for sql in [
            "UPDATE rehydrate_events SET payload = '2'",
            "DELETE FROM rehydrate_events",
            "TRUNCATE rehydrate_events",
            "DELETE FROM rehydrate_commands",
            "SELECT setval('rehydrate_positions', 1)",
            "ALTER TABLE rehydrate_events DISABLE TRIGGER ALL",
        ] {
            let sql = format!("SET LOCAL search_path = {}; {sql}", place.schema);
            execute(transaction.connection(), "SAVEPOINT before").await;
            let error = try_execute(transaction.connection(), &sql)
                .await
                .unwrap_err();
            let code = error.as_database_error().and_then(|error| error.code());
            assert_eq!(code.as_deref(), Some("42501"), "{sql}: {error}");
            execute(transaction.connection(), "ROLLBACK TO SAVEPOINT before").await;
        }
        transaction.rollback().await.unwrap();
    })
    .await;
}
