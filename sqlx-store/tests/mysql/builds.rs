//! Builds are made, swapped and removed by statements that commit by themselves, so each of them may
//! be cut short anywhere.

use std::sync::atomic::{AtomicBool, Ordering};

use rehydrate::{
    Column, ConsumerStore, ConsumerTransaction, Locked, Position, Role, RowQuery, StoreError,
    Table, Wait,
};
use rehydrate_sqlx::MySqlStore;
use serde_json::json;

use crate::common::{Database, number, poll_once, run};
use crate::consumers::{CONSUMER, create, lock, rows, shard, table, write};

const RENAME: &str = "RENAME TABLE balances TO balances__build_1, balances__build_2 TO balances";
const NOTED: &str = "SELECT COUNT(*) FROM rehydrate_checkpoints WHERE next_role IS NOT NULL";

/// What a swap has committed before it goes on to the tables.
const NOTE: &str = "UPDATE rehydrate_checkpoints
    SET next_role = CASE build WHEN 1 THEN 'retired' ELSE 'live' END WHERE build IN (1, 2)";

/// A live build with one row and one at its side with two, further on.
async fn two_builds(database: &Database) -> MySqlStore {
    let store = database.open().await;
    create(&store, 1, Role::Live).await;
    create(&store, 2, Role::Building).await;
    let row = |order: i64| json!({"id": "x", "order": order});
    write(&store, (1, Role::Live), &[row(1)]).await.unwrap();
    let next = [row(1), row(2)];
    write(&store, (2, Role::Building), &next).await.unwrap();
    for (build, position) in [(1, 5), (2, 7)] {
        let mut transaction = store.begin().await.unwrap();
        let mut checkpoint = lock(&mut transaction, build).await;
        checkpoint.position = Position::new(position);
        transaction.save(&checkpoint).await.unwrap();
        transaction.commit().await.unwrap();
    }
    store
}

async fn swap(store: &MySqlStore, live: u32, next: u32) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    lock(&mut transaction, live).await;
    lock(&mut transaction, next).await;
    let swapped = transaction.swap(CONSUMER, &table(), live, next).await;
    match swapped {
        Ok(()) => transaction.commit().await,
        Err(error) => {
            transaction.rollback().await?;
            Err(error)
        }
    }
}

async fn roles(store: &MySqlStore) -> Vec<Role> {
    let all = store.checkpoints(Some(CONSUMER)).await.unwrap();
    all.iter().map(|checkpoint| checkpoint.role).collect()
}

/// How a swap that was cut short is come upon.
#[derive(Clone, Copy, Debug)]
enum By {
    Checkpoints,
    Lock(Wait),
    Opening,
    Diff,
    Drop,
}

async fn come_upon(by: By, database: &Database, store: &MySqlStore) {
    match by {
        By::Checkpoints => assert_eq!(roles(store).await, [Role::Retired, Role::Live]),
        By::Lock(wait) => {
            let mut transaction = store.begin().await.unwrap();
            let id = shard(1, Role::Live, table()).id;
            match transaction.lock(&id, wait).await.unwrap() {
                Locked::Taken(checkpoint) => assert_eq!(checkpoint.role, Role::Retired),
                other => panic!("{other:?}"),
            }
            transaction.commit().await.unwrap();
        }
        By::Opening => drop(database.open().await),
        By::Diff => {
            let query = rehydrate::DiffQuery {
                consumer: CONSUMER.to_owned(),
                live: (1, table()),
                next: (2, table()),
                limit: 10,
                keys: Vec::new(),
            };
            assert_eq!(store.diff(&query).await.unwrap().added, 1);
        }
        By::Drop => {
            store.drop_build(CONSUMER, 2).await.unwrap_err();
        }
    }
}

#[tokio::test]
async fn a_swap_that_was_cut_short_is_completed_by_whoever_comes_next() {
    for is_renamed in [false, true] {
        for by in [
            By::Checkpoints,
            By::Lock(Wait::ForOthers),
            By::Lock(Wait::ForNobody),
            By::Opening,
            By::Diff,
            By::Drop,
        ] {
            let Some(database) = Database::migrated().await else {
                return;
            };
            let store = two_builds(&database).await;
            let mut stranger = database.stranger().await;
            run(&mut stranger, NOTE).await;
            if is_renamed {
                run(&mut stranger, RENAME).await;
            }
            // Readers go on, with a position that is true of either table.
            let read = store.select_rows(&RowQuery::all(CONSUMER, table())).await;
            let read = read.unwrap();
            assert_eq!(read.rows.len(), 1 + usize::from(is_renamed));
            assert_eq!(read.position, Position::new(5));
            come_upon(by, &database, &store).await;
            assert_eq!(number(&mut stranger, NOTED).await, 0, "{by:?} {is_renamed}");
            assert_eq!(roles(&store).await, [Role::Retired, Role::Live]);
            let read = store.select_rows(&RowQuery::all(CONSUMER, table())).await;
            let read = read.unwrap();
            assert_eq!((read.rows.len(), read.position), (2, Position::new(7)));
            swap(&store, 2, 1).await.unwrap();
            assert_eq!(rows(&store).await.len(), 1);
        }
    }
}

#[tokio::test]
async fn many_who_come_upon_a_swap_complete_it_once() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = two_builds(&database).await;
    let mut stranger = database.stranger().await;
    run(&mut stranger, NOTE).await;
    let revision = "SELECT MAX(revision) FROM rehydrate_checkpoints";
    let before = number(&mut stranger, revision).await;
    let all = (0..6).map(|_| roles(&store));
    for roles in futures_util::future::join_all(all).await {
        assert_eq!(roles, [Role::Retired, Role::Live]);
    }
    assert_eq!(number(&mut stranger, revision).await, before + 1);
}

#[tokio::test]
async fn a_lock_in_a_transaction_with_work_in_it_asks_for_another_attempt() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = two_builds(&database).await;
    let mut transaction = store.begin().await.unwrap();
    let keys = [json!(["x", 1]).to_string()];
    let physical = "balances__build_2";
    let written = transaction.write_rows(&table(), physical, &[], &keys).await;
    written.unwrap();
    let mut stranger = database.stranger().await;
    run(&mut stranger, NOTE).await;
    let id = shard(1, Role::Live, table()).id;
    let locked = transaction.lock(&id, Wait::ForOthers).await;
    let error = locked.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    transaction.rollback().await.unwrap();
    assert_eq!(roles(&store).await, [Role::Retired, Role::Live]);
    assert_eq!(rows(&store).await.len(), 2, "nothing is left of the work");
}

#[tokio::test]
async fn readers_of_the_live_name_always_find_a_whole_table() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = two_builds(&database).await;
    let is_over = AtomicBool::new(false);
    let swaps = async {
        for number in 0..20 {
            let (live, next) = if number % 2 == 0 { (1, 2) } else { (2, 1) };
            swap(&store, live, next).await.unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let reads = async {
        let mut found = [0, 0];
        while !is_over.load(Ordering::Relaxed) {
            let read = store.select_rows(&RowQuery::all(CONSUMER, table())).await;
            let read = read.unwrap();
            match (read.rows.len(), read.position.get()) {
                (1, 5) => found[0] += 1,
                (2, 5 | 7) => found[1] += 1,
                other => panic!("rows and a position of no build: {other:?}"),
            }
            tokio::task::yield_now().await;
        }
        found
    };
    let (found, ()) = futures_util::future::join(reads, swaps).await;
    assert!(found.iter().all(|&times| times > 0), "{found:?}");
}

#[tokio::test]
async fn a_swap_of_a_table_in_use_is_taken_back() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = two_builds(&database).await;
    let mut stranger = database.stranger().await;
    run(&mut stranger, "START TRANSACTION; SELECT * FROM balances").await;
    let error = swap(&store, 1, 2).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("balances"), "{error}");
    run(&mut stranger, "COMMIT").await;
    assert_eq!(number(&mut stranger, NOTED).await, 0);
    assert_eq!(roles(&store).await, [Role::Live, Role::Building]);
    swap(&store, 1, 2).await.unwrap();
    assert_eq!(rows(&store).await.len(), 2);
}

#[tokio::test]
async fn a_commit_after_a_swap_succeeds_without_the_server() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = two_builds(&database).await;
    let mut transaction = store.begin().await.unwrap();
    let id = number(
        transaction.connection(),
        "SELECT CAST(CONNECTION_ID() AS SIGNED)",
    )
    .await;
    let swapped = transaction.swap(CONSUMER, &table(), 1, 2).await;
    swapped.unwrap();
    let mut stranger = database.stranger().await;
    run(&mut stranger, format!("KILL {id}")).await;
    transaction.commit().await.unwrap();
    assert_eq!(roles(&store).await, [Role::Retired, Role::Live]);
}

#[tokio::test]
async fn what_a_crash_leaves_behind_is_made_anew_and_a_table_of_others_is_left_alone() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = two_builds(&database).await;
    let mut stranger = database.stranger().await;
    let crash = "DELETE FROM rehydrate_checkpoints WHERE build = 2";
    run(&mut stranger, crash).await;
    create(&store, 2, Role::Building).await;
    let query = RowQuery {
        build: Some((2, Role::Building)),
        ..RowQuery::all(CONSUMER, table())
    };
    assert!(store.select_rows(&query).await.unwrap().rows.is_empty());

    run(
        &mut stranger,
        "CREATE TABLE invoices (id INT); INSERT INTO invoices VALUES (1)",
    )
    .await;
    for name in ["invoices", "balances"] {
        let mut other = shard(
            1,
            Role::Live,
            Table {
                name: name.into(),
                ..table()
            },
        );
        other.id.consumer = "another".to_owned();
        let error = store.create_build(&[other]).await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(name), "{source}");
    }
    let kept = number(&mut stranger, "SELECT COUNT(*) FROM invoices").await;
    assert_eq!((kept, rows(&store).await.len()), (1, 1));
}

#[tokio::test]
async fn a_key_that_the_server_cannot_hold_is_refused_with_its_size() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let names = ["a", "b", "c", "d"];
    let keyed = |count: usize| Table {
        name: format!("keyed_{count}").into(),
        columns: names[..count]
            .iter()
            .map(|name| Column::of::<String>(name).key())
            .collect(),
    };
    let mut three = shard(1, Role::Live, keyed(3));
    store
        .create_build(std::slice::from_ref(&three))
        .await
        .unwrap();
    three.table = Some(keyed(4));
    three.id.build = 2;
    let error = store.create_build(&[three]).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        source.contains("4080") && source.contains("3072"),
        "{source}"
    );
}

#[tokio::test]
async fn a_swap_that_is_dropped_on_its_way_leaves_no_lock_behind() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = two_builds(&database).await;
    let mut stranger = database.stranger().await;
    run(&mut stranger, "START TRANSACTION; SELECT * FROM balances").await;
    let mut transaction = store.begin().await.unwrap();
    let table = table();
    {
        let mut swap = Box::pin(transaction.swap(CONSUMER, &table, 1, 2));
        let mut watcher = database.stranger().await;
        // It is at the tables once its note can be seen by others.
        while number(&mut watcher, NOTED).await == 0 {
            assert!(!poll_once(&mut swap).await, "it waits for the table");
        }
    }
    transaction.rollback().await.unwrap();
    run(&mut stranger, "COMMIT").await;
    assert_eq!(roles(&store).await, [Role::Retired, Role::Live]);
    assert_eq!(rows(&store).await.len(), 2);
    swap(&store, 2, 1).await.unwrap();
}
