//! The watermark: forced races, each with a second connection that holds its transaction open.

use rehydrate::{EventStore as _, Expected, LogQuery, Position};
use sqlx::PgConnection;

use crate::common::{Place, batch, count, execute, log, stream};

/// Appends one event through the store's own function.
async fn raw_append(connection: &mut PgConnection, id: &str) {
    execute(
        connection,
        &format!(
            "SELECT rehydrate_append('payment', '{id}', NULL, now(), false, NULL, NULL, NULL,
                ARRAY[gen_random_uuid()], ARRAY['captured'], ARRAY[1::bigint], ARRAY['\"{id}\"'])"
        ),
    )
    .await;
}

/// What an append does before its positions are taken, and after.
const PUBLISH: &str = "SELECT rehydrate_hold_above(
    1 + 'rehydrate_events'::regclass::oid::bigint % 65535,
    (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM rehydrate_positions))";
const TAKE: &str = "SELECT nextval('rehydrate_positions')";

#[tokio::test]
async fn readers_stop_below_an_append_that_commits_late_and_then_see_it() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let append = async |id: &str| {
        let (stream, batch) = (stream(id), batch(&[id]));
        let appended = store.append(&stream, Expected::NoStream, &batch).await;
        appended.unwrap().position
    };
    append("1").await;
    let mut late = place.stranger().await;
    execute(&mut late, "BEGIN").await;
    raw_append(&mut late, "late").await;
    // They have positions above the late one, and commit before it.
    append("2").await;
    let last = append("3").await;
    assert_eq!(log(&store).await, ["1"]);
    let page = store.read_log(&LogQuery::after(Position(1))).await.unwrap();
    assert_eq!((page.read_to, page.watermark), (Position(1), Position(1)));
    execute(&mut late, "COMMIT").await;
    assert_eq!(log(&store).await, ["1", "\"late\"", "2", "3"]);
    assert_eq!(store.watermark().await.unwrap(), last);
}

#[tokio::test]
async fn readers_pass_an_append_that_is_rolled_back() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut late = place.stranger().await;
    execute(&mut late, "BEGIN").await;
    raw_append(&mut late, "late").await;
    for id in ["1", "2"] {
        store
            .append(&stream(id), Expected::NoStream, &batch(&[id]))
            .await
            .unwrap();
    }
    assert!(log(&store).await.is_empty());
    execute(&mut late, "ROLLBACK").await;
    assert_eq!(log(&store).await, ["1", "2"]);
    assert_eq!(store.watermark().await.unwrap(), 3);
}

#[tokio::test]
async fn an_append_holds_readers_from_before_it_has_a_position() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut late = place.stranger().await;
    for (id, steps) in [("1", &[PUBLISH][..]), ("2", &[PUBLISH, TAKE])] {
        execute(&mut late, "BEGIN").await;
        for step in steps {
            execute(&mut late, step).await;
        }
        let before = log(&store).await.len();
        store
            .append(&stream(id), Expected::NoStream, &batch(&["1"]))
            .await
            .unwrap();
        assert_eq!(log(&store).await.len(), before);
        execute(&mut late, "COMMIT").await;
        assert_eq!(log(&store).await.len(), before + 1);
    }
}

#[tokio::test]
async fn the_first_event_ever_is_waited_for_too() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut late = place.stranger().await;
    execute(&mut late, "BEGIN").await;
    // The sequence was never used: its last value is 1 and does not count.
    execute(&mut late, PUBLISH).await;
    let mut first = place.stranger().await;
    execute(&mut first, "BEGIN").await;
    raw_append(&mut first, "first").await;
    execute(&mut late, "COMMIT").await;
    assert!(log(&store).await.is_empty());
    assert_eq!(store.watermark().await.unwrap(), 0);
    execute(&mut first, "COMMIT").await;
    assert_eq!(log(&store).await, ["\"first\""]);
    assert_eq!(store.watermark().await.unwrap(), 1);
}

#[tokio::test]
async fn a_later_bound_of_the_same_transaction_does_not_replace_the_first() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut late = place.stranger().await;
    execute(&mut late, "BEGIN").await;
    raw_append(&mut late, "1").await;
    execute(&mut late, "SAVEPOINT inner_one").await;
    raw_append(&mut late, "2").await;
    execute(&mut late, "ROLLBACK TO SAVEPOINT inner_one").await;
    let held = "SELECT count(*) FROM pg_locks
        WHERE locktype = 'advisory' AND mode = 'ShareLock' AND pid = pg_backend_pid()";
    assert_eq!(count(&mut late, held).await, 1);
    execute(&mut late, "ROLLBACK; BEGIN; SAVEPOINT inner_two").await;
    raw_append(&mut late, "3").await;
    // Takes the lock back together with the note of it.
    execute(&mut late, "ROLLBACK TO SAVEPOINT inner_two").await;
    raw_append(&mut late, "4").await;
    assert_eq!(count(&mut late, held).await, 1);
    store
        .append(&stream("5"), Expected::NoStream, &batch(&["5"]))
        .await
        .unwrap();
    assert!(log(&store).await.is_empty());
    execute(&mut late, "COMMIT").await;
    assert_eq!(log(&store).await, ["\"4\"", "5"]);
}

#[tokio::test]
async fn nobody_else_holds_the_log_up() {
    let (Some(place), Some(elsewhere)) = (Place::new().await, Place::new().await) else {
        return;
    };
    let store = place.open().await;
    let mut other_table = place.stranger().await;
    execute(&mut other_table, "CREATE TABLE invoices (number int)").await;
    execute(
        &mut other_table,
        "BEGIN; INSERT INTO invoices VALUES (1);
        SELECT pg_advisory_xact_lock_shared(1), pg_advisory_xact_lock_shared(1, 1);",
    )
    .await;
    let mut other_log = elsewhere.stranger().await;
    execute(&mut other_log, "BEGIN").await;
    raw_append(&mut other_log, "late").await;
    let appended = store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    assert_eq!(store.watermark().await.unwrap(), appended.position);
    assert_eq!(log(&store).await, ["1"]);
}

#[tokio::test]
async fn a_position_that_was_only_given_out_is_not_passed() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let mut undecided = place.stranger().await;
    execute(&mut undecided, "BEGIN").await;
    raw_append(&mut undecided, "2").await;
    execute(&mut undecided, "ROLLBACK").await;
    // After a crash the server may give it out again.
    assert_eq!(store.watermark().await.unwrap(), 1);
    let page = store.read_log(&LogQuery::after(Position(1))).await.unwrap();
    assert_eq!(page.read_to, Position(1));
}

#[tokio::test]
async fn the_log_is_not_read_where_its_statements_share_a_snapshot() {
    let Some(place) = Place::new().await else {
        return;
    };
    let mut stranger = place.stranger().await;
    execute(&mut stranger, "BEGIN ISOLATION LEVEL REPEATABLE READ").await;
    let read = crate::common::try_execute(&mut stranger, "SELECT rehydrate_progress()").await;
    let error = read.unwrap_err();
    let code = error.as_database_error().and_then(|error| error.code());
    assert_eq!(code.as_deref(), Some("25001"));
}

#[tokio::test]
async fn a_diagnosis_names_what_holds_the_log_up() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut late = place.stranger().await;
    let pid = count(&mut late, "SELECT pg_backend_pid()::bigint").await;
    execute(&mut late, "BEGIN").await;
    raw_append(&mut late, "late").await;
    execute(&mut late, "SELECT 'the last thing it did'").await;
    let diagnosis = store.diagnose().await.unwrap();
    assert_eq!(
        (diagnosis.head, diagnosis.watermark),
        (Position(1), Position(0))
    );
    let [holder] = diagnosis.held_by.as_slice() else {
        panic!("{:?}", diagnosis.held_by);
    };
    assert_eq!(holder.pid, pid);
    assert!(holder.query.contains("the last thing it did"));
    execute(&mut late, "ROLLBACK; DROP INDEX IF EXISTS nothing").await;
    execute(
        &mut late,
        "ALTER TABLE rehydrate_events DROP CONSTRAINT rehydrate_events_stream_version",
    )
    .await;
    let diagnosis = store.diagnose().await.unwrap();
    assert_eq!(diagnosis.held_by, []);
    assert_eq!(
        diagnosis.missing_indexes,
        ["rehydrate_events_stream_version"]
    );
    assert!(diagnosis.database.starts_with("PostgreSQL 1"));
}
