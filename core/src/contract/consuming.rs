//! Promises about what a consumer does in a transaction.

use std::cell::Cell;

use chrono::TimeDelta;
use futures_util::future::join;
use rehydrate_port::{
    Ahead, Checkpoint, CheckpointId, Column, Condition, ConsumerStore, Delivery, DeliveryQuery,
    DeliveryState, EventStore, Expected, Leased, Locked, Position, Role, SchemaVersion, Table,
    Transaction, Version, Wait,
};
use serde_json::{Value, json};

use super::consumer_fixture::{
    CONSUMER, advance, begin, consumers, create, id, lock, named, normals, query, select, small,
    texts, within, write, write_in,
};
use super::fixture::{batch, noon, read_log, stream};

fn parked() -> Delivery {
    Delivery {
        consumer: CONSUMER.to_owned(),
        build: 1,
        position: Position(2),
        stream: stream(1),
        version: Version(1),
        event_type: "numbered".to_owned(),
        schema_version: SchemaVersion(1),
        state: DeliveryState::Parked,
        error: None,
        attempts: 1,
        first_at: noon(),
        last_at: noon(),
    }
}

fn ahead(number: u64) -> Ahead {
    Ahead {
        stream: stream(number),
        version: Version(number),
        position: Position(number + 10),
    }
}

/// Everything that a consumer can do in a transaction.
async fn take_a_batch(transaction: &mut Box<dyn Transaction>, table: &Table) {
    advance(transaction, &id(1, 0), 5).await;
    let rows = [named("old", 2), named("new", 1)];
    write_in(
        transaction,
        (table, 1, Role::Live),
        &rows,
        &[json!(["gone"])],
    )
    .await;
    let appended = transaction
        .append(&stream(1), Expected::NoStream, &batch(0..1))
        .await;
    appended.expect("the append succeeds");
    let consumers = within(transaction);
    let put = consumers.put_delivery(&parked()).await;
    put.expect("a delivery is written");
    for number in [1, 2, 3] {
        let noted = consumers.put_ahead(&id(1, 0), &ahead(number)).await;
        noted.expect("it is noted");
    }
    let forgotten = consumers.forget_ahead(&id(1, 0), Position(12)).await;
    forgotten.expect("it is forgotten");
}

/// What others see: rows, position, deliveries and events.
async fn seen(store: &dyn EventStore, table: &Table) -> (Vec<Value>, Position, usize, usize) {
    let consumers = store.consumers().expect("a store with consumers");
    let deliveries = consumers.deliveries(&DeliveryQuery::default()).await;
    (
        select(consumers, &query(table, None)).await,
        kept(consumers, &id(1, 0)).await.position,
        deliveries.expect("deliveries can be read").len(),
        read_log(store, 10).await.len(),
    )
}

async fn kept(consumers: &dyn ConsumerStore, id: &CheckpointId) -> Checkpoint {
    let all = consumers.checkpoints(Some(&id.consumer)).await;
    let mut all = all.expect("the checkpoints can be read").into_iter();
    all.find(|it| it.id == *id)
        .expect("the checkpoint is there")
}

pub(super) async fn rows_and_checkpoint_commit_together_or_not_at_all(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = small(&[]);
    create(consumers, 1, Role::Live, &table).await;
    let old = [named("gone", 1), named("old", 1)];
    write(store, (&table, 1, Role::Live), &old, &[]).await;
    let before = (normals(&table, &old), Position::ZERO, 0, 0);

    let mut dropped = begin(store).await;
    take_a_batch(&mut dropped, &table).await;
    assert_eq!(
        seen(store, &table).await,
        before,
        "nobody sees what is open"
    );
    drop(dropped);
    assert_eq!(seen(store, &table).await, before);
    let mut rolled_back = begin(store).await;
    take_a_batch(&mut rolled_back, &table).await;
    rolled_back.rollback().await.expect("the rollback succeeds");
    assert_eq!(seen(store, &table).await, before);

    let mut committed = begin(store).await;
    take_a_batch(&mut committed, &table).await;
    let own = within(&mut committed);
    let keys = texts(&[json!(["gone"]), json!(["old"]), json!(["new"])]);
    let rows = own.read_rows(&table, "contract_small", &keys).await;
    assert_eq!(
        rows.expect("rows can be read").len(),
        2,
        "it sees its own rows"
    );
    let notes = own.ahead(&id(1, 0)).await;
    assert_eq!(notes.expect("it can be read"), [ahead(3)]);
    let deliveries = own.deliveries(&DeliveryQuery::default()).await;
    assert_eq!(deliveries.expect("deliveries can be read"), [parked()]);
    assert_eq!(lock(&mut committed, &id(1, 0)).await.position, Position(5));
    committed.commit().await.expect("the commit succeeds");
    let rows = normals(&table, &[named("new", 1), named("old", 2)]);
    assert_eq!(seen(store, &table).await, (rows, Position(5), 1, 1));

    let mut after = begin(store).await;
    let further = Ahead {
        version: Version(8),
        position: Position(20),
        ..ahead(3)
    };
    let consumers = within(&mut after);
    let noted = consumers.put_ahead(&id(1, 0), &further).await;
    noted.expect("it is noted");
    let noted = consumers.ahead(&id(1, 0)).await;
    assert_eq!(
        noted.expect("it can be read"),
        [further],
        "a stream is noted once"
    );
    let others = consumers.ahead(&id(2, 0)).await;
    assert_eq!(others.expect("it can be read"), []);
}

pub(super) async fn a_locked_checkpoint_is_busy_for_others(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    create(consumers, 1, Role::Live, &small(&[])).await;
    let mut position = 0;
    for wait in [Wait::ForNobody, Wait::ForOthers] {
        position += 1;
        let mut first = begin(store).await;
        advance(&mut first, &id(1, 0), position).await;
        let is_released = Cell::new(false);
        let second = async {
            let mut second = begin(store).await;
            let locked = within(&mut second).lock(&id(1, 0), wait).await;
            let was_early = !is_released.get();
            second.rollback().await.expect("the rollback succeeds");
            (locked.expect("a lock can be asked for"), was_early)
        };
        let release = async {
            // The other one has time to be told that it is busy, or to wait in vain.
            for _ in 0..50 {
                kept(consumers, &id(1, 0)).await;
                tokio::task::yield_now().await;
            }
            is_released.set(true);
            first.commit().await.expect("the commit succeeds");
        };
        match join(second, release).await.0 {
            (Locked::Busy, _) if wait == Wait::ForNobody => {}
            (Locked::Taken(checkpoint), false) => {
                assert_eq!(
                    checkpoint.position,
                    Position(position),
                    "it has what was committed"
                );
            }
            (locked, was_early) => {
                panic!("{wait:?} gives {locked:?}, while it was locked: {was_early}")
            }
        }
    }
    drop_frees(store).await;
    let mut other = begin(store).await;
    let locked = within(&mut other).lock(&id(1, 9), Wait::ForNobody).await;
    assert_eq!(locked.expect("a lock can be asked for"), Locked::Missing);
}

/// What was locked by a transaction that is gone can be locked.
async fn drop_frees(store: &dyn EventStore) {
    let mut dropped = begin(store).await;
    advance(&mut dropped, &id(1, 0), 99).await;
    drop(dropped);
    let mut next = begin(store).await;
    assert_eq!(lock(&mut next, &id(1, 0)).await.position, Position(2));
    next.rollback().await.expect("the rollback succeeds");
    let mut last = begin(store).await;
    let locked = within(&mut last).lock(&id(1, 0), Wait::ForNobody).await;
    assert!(matches!(locked, Ok(Locked::Taken(_))), "{locked:?}");
}

pub(super) async fn a_saved_checkpoint_has_a_new_revision(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = small(&[]);
    create(consumers, 1, Role::Live, &table).await;
    create(consumers, 2, Role::Building, &table).await;
    let hour = std::time::Duration::from_secs(3_600);
    let leased = consumers.lease(&id(1, 0), "owner", hour).await;
    let Ok(Leased::Given(leased)) = leased else {
        panic!("a lease is given, not {leased:?}");
    };
    let error = "it's \"broken\" 🦀 ".repeat(300);
    let at = noon() + TimeDelta::microseconds(1);
    let (attempts, text) = (3, error.clone());
    let conditions = [
        Condition::CatchingUp,
        Condition::Live,
        Condition::Retrying {
            at,
            attempts,
            error,
        },
        Condition::Paused,
        Condition::Failed { error: text },
        Condition::New,
    ];
    for (number, condition) in (1_u64..).zip(conditions) {
        let before = kept(consumers, &id(1, 0)).await;
        let expected = Checkpoint {
            position: Position(i64::MAX.cast_unsigned() - number),
            condition,
            event_at: (number % 2 == 0).then_some(at),
            revision: before.revision + 1,
            ..before.clone()
        };
        let mut transaction = begin(store).await;
        let locked = lock(&mut transaction, &id(1, 0)).await;
        assert_eq!(locked, before);
        let saved = Checkpoint {
            revision: before.revision,
            // Neither of these is written.
            role: Role::Retired,
            definition: 77,
            lease: None,
            ..expected.clone()
        };
        let save = within(&mut transaction).save(&saved).await;
        save.expect("a checkpoint is saved");
        let own = lock(&mut transaction, &id(1, 0)).await;
        assert_eq!(own.revision, expected.revision);
        transaction.commit().await.expect("the commit succeeds");
        let after = kept(consumers, &id(1, 0)).await;
        let changed_at = after.changed_at;
        assert_eq!(
            after,
            Checkpoint {
                changed_at,
                ..expected
            }
        );
        assert_eq!(after.lease, leased.lease, "a lease is left alone");
    }
    let other = kept(consumers, &id(2, 0)).await;
    assert_eq!((other.position, other.revision), (Position::ZERO, 0));
}

/// Two builds, of which the second has one column more.
async fn two_builds(store: &dyn EventStore, consumers: &dyn ConsumerStore) -> (Table, Table) {
    let (old, new) = (small(&[]), small(&[Column::of::<Option<String>>("more")]));
    create(consumers, 1, Role::Live, &old).await;
    create(consumers, 2, Role::Building, &new).await;
    write(store, (&old, 1, Role::Live), &[named("row", 1)], &[]).await;
    write(store, (&new, 2, Role::Building), &[second()], &[]).await;
    (old, new)
}

fn second() -> Value {
    json!({ "name": "row", "number": 2, "more": "more" })
}

async fn swap(transaction: &mut Box<dyn Transaction>, table: &Table, live: u32, next: u32) {
    for build in [live, next] {
        lock(transaction, &id(build, 0)).await;
    }
    let swapped = within(transaction).swap(CONSUMER, table, live, next).await;
    swapped.expect("builds are swapped");
}

async fn roles(consumers: &dyn ConsumerStore) -> Vec<Role> {
    let all = consumers.checkpoints(Some(CONSUMER)).await;
    let all = all.expect("the checkpoints can be read");
    all.iter().map(|checkpoint| checkpoint.role).collect()
}

pub(super) async fn a_swap_takes_effect_with_its_commit(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let (old, new) = two_builds(store, consumers).await;
    let mut transaction = begin(store).await;
    swap(&mut transaction, &new, 1, 2).await;
    transaction.rollback().await.expect("the rollback succeeds");
    // A store that has to commit at once has done so now, but has done all of it.
    let roles_now = roles(consumers).await;
    let live = select(consumers, &query(&old, None)).await;
    let numbers: Vec<_> = live.iter().map(|row| row["number"].as_i64()).collect();
    if roles_now == [Role::Retired, Role::Live] {
        assert_eq!(numbers, [Some(2)], "all of the swap was done");
    } else {
        assert_eq!(roles_now, [Role::Live, Role::Building]);
        assert_eq!(numbers, [Some(1)], "nothing of the swap was done");
        let mut transaction = begin(store).await;
        swap(&mut transaction, &new, 1, 2).await;
        transaction.commit().await.expect("the commit succeeds");
    }
    assert_eq!(roles(consumers).await, [Role::Retired, Role::Live]);
    let live = select(consumers, &query(&new, None)).await;
    assert_eq!(live, normals(&new, &[second()]));
    assert_eq!(
        select(consumers, &query(&new, Some((2, Role::Live)))).await,
        live
    );
    let third = json!({ "name": "third", "number": 3, "more": null });
    write(
        store,
        (&new, 2, Role::Live),
        std::slice::from_ref(&third),
        &[],
    )
    .await;
    let live = select(consumers, &query(&new, None)).await;
    assert_eq!(live, normals(&new, &[second(), third]));
}

pub(super) async fn what_was_swapped_out_is_kept_under_its_own_name(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let (old, new) = two_builds(store, consumers).await;
    let mut transaction = begin(store).await;
    advance(&mut transaction, &id(1, 0), 11).await;
    advance(&mut transaction, &id(2, 0), 12).await;
    transaction.commit().await.expect("the commit succeeds");
    for (live, next, table) in [(1, 2, &new), (2, 1, &old), (1, 2, &new)] {
        let mut transaction = begin(store).await;
        swap(&mut transaction, table, live, next).await;
        transaction.commit().await.expect("the commit succeeds");
        for (build, table, row, position) in
            [(1, &old, named("row", 1), 11), (2, &new, second(), 12)]
        {
            let role = if build == next {
                Role::Live
            } else {
                Role::Retired
            };
            let query = query(table, Some((build, role)));
            let read = consumers.select_rows(&query).await;
            assert_eq!(read.expect("rows can be read").position, Position(position));
            assert_eq!(select(consumers, &query).await, normals(table, &[row]));
        }
    }
    write(store, (&old, 1, Role::Retired), &[named("later", 1)], &[]).await;
    let retired = query(&old, Some((1, Role::Retired)));
    assert_eq!(select(consumers, &retired).await.len(), 2);
    let dropped = consumers.drop_build(CONSUMER, 1).await;
    dropped.expect("a retired build is dropped");
    assert_eq!(
        select(consumers, &query(&new, None)).await,
        normals(&new, &[second()])
    );
}
