//! Each SQLSTATE, forced on the server.

use futures_util::future::join;
use rehydrate::{ErrorKind, EventStore as _, Expected, Outcome, StoreError};
use rehydrate_sqlx::{PostgresOptions, PostgresStore};

use crate::common::{
    Place, URL, batch, batch_with_key, execute, log, payloads, stream, until_blocked_by,
};

/// Appends event 1 of stream 1, with the key `key`, and does not commit.
const WINNER: &str =
    "BEGIN; SELECT rehydrate_append('payment', '1', 0, now(), false, NULL, 'key', 7,
    ARRAY[gen_random_uuid()], ARRAY['captured'], ARRAY[1::bigint], ARRAY['\"winner\"'])";

async fn open_with(place: &Place, options: &str) -> PostgresStore {
    let options = PostgresOptions::from_url(&format!("{}?{options}", *URL)).unwrap();
    PostgresStore::connect(options.schema(&place.schema))
        .await
        .unwrap()
}

#[tokio::test]
async fn unique_violation_of_a_version_is_a_conflict_with_the_actual_version() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let (mut winner, mut observer) = (place.stranger().await, place.stranger().await);
    execute(&mut winner, WINNER).await;
    let payment = stream(1);
    let one = batch(&["0"]);
    let append = store.append(&payment, Expected::NoStream, &one);
    let commit = async {
        until_blocked_by(&mut winner, &mut observer).await;
        execute(&mut winner, "COMMIT").await;
    };
    match join(append, commit).await.0 {
        Err(StoreError::Conflict { actual, .. }) => assert_eq!(actual, 1),
        other => panic!("{other:?}"),
    }
    assert_eq!(log(&store).await, ["\"winner\""]);
}

#[tokio::test]
async fn unique_violation_of_a_version_is_none_for_those_who_append_after_whatever_is_there() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let (mut winner, mut observer) = (place.stranger().await, place.stranger().await);
    execute(&mut winner, WINNER).await;
    let payment = stream(1);
    let one = batch(&["2"]);
    let append = store.append(&payment, Expected::Any, &one);
    let commit = async {
        until_blocked_by(&mut winner, &mut observer).await;
        execute(&mut winner, "COMMIT").await;
    };
    assert_eq!(join(append, commit).await.0.unwrap().version, 2);
    assert_eq!(log(&store).await, ["\"winner\"", "2"]);
}

#[tokio::test]
async fn unique_violation_of_a_key_is_a_repetition() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    for (id, is_same) in [(1, true), (2, false)] {
        let (mut winner, mut observer) = (place.stranger().await, place.stranger().await);
        let sql = WINNER.replace("'1'", &format!("'{id}'"));
        let sql = sql.replace("'key'", &format!("'key {id}'"));
        execute(&mut winner, &sql).await;
        // The first one meets the winner at the version, the second at the key.
        let payment = stream(if is_same { id } else { 99 });
        let command = batch_with_key(&["0"], &format!("key {id}"));
        let append = store.append(&payment, Expected::NoStream, &command);
        let commit = async {
            until_blocked_by(&mut winner, &mut observer).await;
            execute(&mut winner, "COMMIT").await;
        };
        match join(append, commit).await.0 {
            Ok(appended) if is_same => assert_eq!(appended.outcome, Outcome::Repeated),
            Err(StoreError::KeyReused { stream, .. }) if !is_same => {
                assert_eq!(stream, crate::common::stream(id));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(log(&store).await, ["\"winner\""; 2]);
}

#[tokio::test]
async fn a_race_that_is_lost_leaves_a_transaction_usable() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let (mut winner, mut observer) = (place.stranger().await, place.stranger().await);
    execute(&mut winner, WINNER).await;
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&stream(2), Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    let payment = stream(1);
    let one = batch(&["0"]);
    let append = transaction.append(&payment, Expected::NoStream, &one);
    let commit = async {
        until_blocked_by(&mut winner, &mut observer).await;
        execute(&mut winner, "COMMIT").await;
    };
    match join(append, commit).await.0 {
        Err(StoreError::Conflict { actual, .. }) => assert_eq!(actual, 1),
        other => panic!("{other:?}"),
    }
    transaction
        .append(&payment, Expected::Exactly(1.into()), &batch(&["3"]))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(payloads(&store, &payment).await, ["\"winner\"", "3"]);
    assert_eq!(payloads(&store, &stream(2)).await, ["2"]);
}

#[tokio::test]
async fn deadlock_can_be_tried_again() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut other = place.stranger().await;
    // So that it is ours that the server gives up.
    execute(&mut other, "SET deadlock_timeout = '1h'").await;
    let first = WINNER.replace("'key'", "NULL");
    execute(&mut other, &first).await;
    let mut transaction = store.begin().await.unwrap();
    let two = batch(&["2"]);
    transaction
        .append(&stream(2), Expected::NoStream, &two)
        .await
        .unwrap();
    let second = first.replace("BEGIN;", "").replace("'1'", "'2'");
    let other = async {
        execute(&mut other, &second).await;
        execute(&mut other, "COMMIT").await;
    };
    let ours = async {
        let payment = stream(1);
        let refused = transaction.append(&payment, Expected::NoStream, &two).await;
        assert!(
            matches!(refused, Err(StoreError::Unavailable { .. })),
            "{refused:?}"
        );
        assert!(transaction.commit().await.is_err());
    };
    join(other, ours).await;
    assert_eq!(log(&store).await.len(), 2);
}

#[tokio::test]
async fn serialization_failure_can_be_tried_again() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut other = place.stranger().await;
    let table = format!("{}.invoices", place.schema);
    execute(&mut other, &format!("CREATE TABLE {table} (number bigint)")).await;
    let begin = format!(
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
        SELECT sum(number) FROM {table}; INSERT INTO {table} VALUES (1)"
    );
    let mut transaction = store.begin().await.unwrap();
    execute(transaction.connection(), &begin).await;
    transaction
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    execute(&mut other, &format!("BEGIN; {begin}; COMMIT")).await;
    let failed = transaction.commit().await.unwrap_err();
    assert!(
        matches!(failed, StoreError::Unavailable { .. }),
        "{failed:?}"
    );
    assert!(log(&store).await.is_empty());
}

#[tokio::test]
async fn a_lock_or_a_statement_that_takes_too_long_can_be_tried_again() {
    let Some(place) = Place::new().await else {
        return;
    };
    for limit in ["lock_timeout", "statement_timeout"] {
        let store = open_with(&place, &format!("options[{limit}]=50")).await;
        let mut blocker = place.stranger().await;
        execute(
            &mut blocker,
            "BEGIN; LOCK TABLE rehydrate_events IN EXCLUSIVE MODE",
        )
        .await;
        let refused = store
            .append(&stream(1), Expected::Any, &batch(&["1"]))
            .await;
        assert!(
            matches!(refused, Err(StoreError::Unavailable { .. })),
            "{refused:?}"
        );
        execute(&mut blocker, "ROLLBACK").await;
        store
            .append(&stream(1), Expected::Any, &batch(&["1"]))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_server_that_only_reads_is_read_only() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = open_with(&place, "options[default_transaction_read_only]=on").await;
    let refused = store
        .append(&stream(1), Expected::Any, &batch(&["1"]))
        .await;
    assert!(
        matches!(refused, Err(StoreError::ReadOnly { .. })),
        "{refused:?}"
    );
    assert!(log(&store).await.is_empty());
}

/// What cannot be brought about by itself, raised by the server with its own code.
#[tokio::test]
async fn each_code_has_its_own_meaning() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut stranger = place.stranger().await;
    for (code, kind) in [
        ("53100", ErrorKind::Operator),
        ("53200", ErrorKind::TryAgain),
        ("40001", ErrorKind::TryAgain),
        ("40P01", ErrorKind::TryAgain),
        ("25006", ErrorKind::Operator),
        ("22000", ErrorKind::Bug),
        ("23505", ErrorKind::Bug),
    ] {
        execute(
            &mut stranger,
            &format!(
                "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'unique violation, deadlock' USING ERRCODE = '{code}'; END $$;
                CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON rehydrate_events
                EXECUTE FUNCTION fail()"
            ),
        )
        .await;
        let refused = store
            .append(&stream(1), Expected::NoStream, &batch(&["1"]))
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), kind, "{code}: {refused:?}");
        assert_eq!(matches!(refused, StoreError::Full { .. }), code == "53100");
        assert_eq!(
            matches!(refused, StoreError::ReadOnly { .. }),
            code == "25006"
        );
    }
}

#[tokio::test]
async fn who_may_not_in_is_told_apart_from_who_has_to_wait() {
    let Some(place) = Place::new().await else {
        return;
    };
    let role = format!("{}_crowd", place.schema);
    let mut owner = place.stranger().await;
    execute(
        &mut owner,
        &format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 0"),
    )
    .await;
    let open = async |connect: sqlx::postgres::PgConnectOptions| {
        let options = PostgresOptions::new(connect).schema(&place.schema);
        PostgresStore::connect(options).await.unwrap_err()
    };
    let connect: sqlx::postgres::PgConnectOptions = URL.parse().unwrap();
    let crowded = open(connect.clone().username(&role)).await;
    execute(&mut owner, &format!("DROP ROLE {role}")).await;
    assert!(
        matches!(crowded, StoreError::Unavailable { .. }),
        "{crowded:?}"
    );
    let unknown = open(connect.clone().username("rehydrate_nobody")).await;
    assert!(
        matches!(unknown, StoreError::CannotOpen { .. }),
        "{unknown:?}"
    );
    let nowhere = open(connect.database("rehydrate_nowhere")).await;
    assert!(
        matches!(nowhere, StoreError::CannotOpen { .. }),
        "{nowhere:?}"
    );
}
