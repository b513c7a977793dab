//! Promises about builds, leases and deliveries.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use rehydrate_port::{
    Ahead, Checkpoint, CheckpointId, Column, ConsumerKind, ConsumerStore, DeliveryQuery,
    DeliveryState, EventStore, Expected, Leased, LogCount, Position, Role, StreamId, Table,
    Version,
};
use serde_json::Value;

use super::consumer_fixture::{
    CONSUMER, advance, begin, checkpoint, consumers, create, id, named, normals, query, select,
    small, within, write,
};
use super::deliveries::{delivery, found};
use super::feeding::{feed, has_fed};
use super::fixture::{append, batch, noon, stream};
use super::relaying::{has_relayed, relay};

/// The checkpoints, but for the time at which they were written.
async fn checkpoints(store: &dyn ConsumerStore, consumer: Option<&str>) -> Vec<Checkpoint> {
    let read = store.checkpoints(consumer).await;
    let mut read = read.expect("the checkpoints can be read");
    for checkpoint in &mut read {
        checkpoint.changed_at = noon();
    }
    read
}

pub(super) async fn a_build_is_created_once(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = small(&[]);
    let shards = [0, 1].map(|shard| checkpoint(id(1, shard), Role::Live, &table));
    let other = Checkpoint {
        kind: ConsumerKind::Reactor,
        definition: 1,
        table: None,
        ..checkpoint(
            CheckpointId {
                consumer: "another 'consumer'".to_owned(),
                ..id(1, 0)
            },
            Role::Live,
            &table,
        )
    };
    let reactor = [other.clone()];
    let creators = (0..4).map(|_| async {
        for build in [&shards[..], &reactor] {
            let created = consumers.create_build(build).await;
            created.expect("a build is created");
        }
    });
    join_all(creators).await;
    create(consumers, 10, Role::Building, &table).await;
    create(consumers, 9, Role::Building, &table).await;
    let building = [9, 10].map(|build| checkpoint(id(build, 0), Role::Building, &table));
    let own = [&shards[..], &building].concat();
    assert_eq!(checkpoints(consumers, Some(CONSUMER)).await, own);
    let all = [&reactor[..], &own].concat();
    assert_eq!(checkpoints(consumers, None).await, all);
    assert_eq!(checkpoints(consumers, Some("nobody")).await, []);

    let mut transaction = begin(store).await;
    advance(&mut transaction, &id(1, 1), 7).await;
    transaction.commit().await.expect("the commit succeeds");
    write(store, (&table, 1, Role::Live), &[named("row", 1)], &[]).await;
    let before = checkpoints(consumers, None).await;
    let again = consumers.create_build(&shards).await;
    again.expect("what is there stays as it is");
    assert_eq!(checkpoints(consumers, None).await, before);
    assert_eq!(
        select(consumers, &query(&table, None)).await,
        normals(&table, &[named("row", 1)])
    );
}

pub(super) async fn a_build_is_created_whole_by_one_creator(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = small(&[]);
    let wider = small(&[Column::of::<Option<i64>>("more")]);
    let shards = |definition: u32, count: u32, table: &Table| -> Vec<Checkpoint> {
        let shard = |shard| Checkpoint {
            definition,
            ..checkpoint(id(1, shard), Role::Building, table)
        };
        (0..count).map(shard).collect()
    };
    let candidates = [
        shards(2, 1, &table),
        shards(3, 2, &wider),
        shards(4, 4, &table),
    ];
    let creators = candidates.iter().map(|candidate| async {
        let created = consumers.create_build(candidate).await;
        created.expect("a build is created, or there already");
    });
    join_all(creators).await;
    let made = checkpoints(consumers, None).await;
    assert!(candidates.contains(&made), "{made:?} is of one creator");
    for candidate in candidates.iter().rev() {
        let again = consumers.create_build(candidate).await;
        again.expect("it is there already");
    }
    assert_eq!(checkpoints(consumers, None).await, made);
    let shape = made[0].table.clone().expect("a build with a table");
    let rows = select(consumers, &query(&shape, Some((1, Role::Building)))).await;
    assert_eq!(rows, [] as [Value; 0], "the table has this shape");
}

pub(super) async fn a_dropped_build_leaves_nothing_behind(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = small(&[]);
    create(consumers, 1, Role::Live, &table).await;
    create(consumers, 2, Role::Building, &table).await;
    let ahead = Ahead {
        stream: stream(1),
        version: Version(2),
        position: Position(9),
    };
    for (build, role) in [(1, Role::Live), (2, Role::Building)] {
        write(store, (&table, build, role), &[named("row", 1)], &[]).await;
        let mut transaction = begin(store).await;
        advance(&mut transaction, &id(build, 0), 5).await;
        let within = within(&mut transaction);
        let parked = delivery(CONSUMER, build, 3, DeliveryState::Parked);
        within.put_delivery(&parked).await.expect("it is written");
        let noted = within.put_ahead(&id(build, 0), &ahead).await;
        noted.expect("it is noted");
        feed(within, build).await;
        relay(within, build).await;
        transaction.commit().await.expect("the commit succeeds");
    }
    let dropped = consumers.drop_build(CONSUMER, 1).await;
    dropped.expect_err("the live build is not dropped");
    for _ in 0..2 {
        let dropped = consumers.drop_build(CONSUMER, 2).await;
        dropped.expect("a build is dropped");
    }
    let dropped = consumers.drop_build("nobody", 1).await;
    dropped.expect("what is not there is dropped already");
    let left = checkpoints(consumers, None).await;
    assert_eq!(
        left.iter().map(|it| it.id.clone()).collect::<Vec<_>>(),
        [id(1, 0)]
    );
    assert_eq!(select(consumers, &query(&table, None)).await.len(), 1);
    let building = query(&table, Some((2, Role::Building)));
    let rows = consumers.select_rows(&building).await;
    rows.expect_err("there are no rows of what was dropped");

    create(consumers, 2, Role::Building, &table).await;
    assert_eq!(select(consumers, &building).await, [] as [Value; 0]);
    let again = checkpoints(consumers, None).await;
    assert_eq!(again[1], checkpoint(id(2, 0), Role::Building, &table));
    let left = found(consumers, &DeliveryQuery::default()).await;
    assert_eq!(left, [(CONSUMER.to_owned(), 1, 3)]);
    let feeds = consumers.feeds(None).await.expect("it can be read");
    assert_eq!(feeds.iter().map(|it| it.build).collect::<Vec<_>>(), [1]);
    let mut transaction = begin(store).await;
    for (build, expected) in [(1, vec![ahead]), (2, vec![])] {
        let within = within(&mut transaction);
        assert_eq!(has_fed(within, build).await, !expected.is_empty());
        assert_eq!(has_relayed(within, build).await, !expected.is_empty());
        let noted = within.ahead(&id(build, 0)).await;
        assert_eq!(noted.expect("it can be read"), expected);
    }
}

pub(super) async fn a_shard_forgets_only_what_is_noted_of_itself(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = small(&[]);
    let shards = [0, 1].map(|shard| checkpoint(id(1, shard), Role::Live, &table));
    let created = consumers.create_build(&shards).await;
    created.expect("a build is created");
    let ahead = |number: u64| Ahead {
        stream: stream(number),
        version: Version(number),
        position: Position(number + 10),
    };
    let mut transaction = begin(store).await;
    for (shard, number) in [(0, 1), (1, 2), (1, 3)] {
        let consumers = within(&mut transaction);
        let noted = consumers.put_ahead(&id(1, shard), &ahead(number)).await;
        noted.expect("it is noted");
    }
    transaction.commit().await.expect("the commit succeeds");
    let mut transaction = begin(store).await;
    let consumers = within(&mut transaction);
    for (shard, up_to, expected) in [
        (0, 10, [vec![ahead(1)], vec![ahead(2), ahead(3)]]),
        (0, 100, [vec![], vec![ahead(2), ahead(3)]]),
        (1, 12, [vec![], vec![ahead(3)]]),
    ] {
        let forgotten = consumers.forget_ahead(&id(1, shard), Position(up_to)).await;
        forgotten.expect("it is forgotten");
        for (shard, expected) in [0, 1].into_iter().zip(expected) {
            let noted = consumers.ahead(&id(1, shard)).await;
            assert_eq!(noted.expect("it can be read"), expected, "of shard {shard}");
        }
    }
}

pub(super) async fn a_lease_is_given_to_one_and_runs_out(store: &dyn EventStore) {
    const LONG: Duration = Duration::from_secs(3_600);
    let Some(consumers) = consumers(store) else {
        return;
    };
    create(consumers, 1, Role::Live, &small(&[])).await;
    create(consumers, 2, Role::Building, &small(&[])).await;
    let lease = |owner: &'static str, duration| async move {
        let leased = consumers.lease(&id(1, 0), owner, duration).await;
        leased.expect("a lease can be asked for")
    };
    let askers = ["a", "b", "c", "d"].map(|owner| async move { (owner, lease(owner, LONG).await) });
    let given = join_all(askers).await;
    let given: Vec<_> = given
        .into_iter()
        .filter(|(_, leased)| matches!(leased, Leased::Given(_)))
        .collect();
    let [(winner, Leased::Given(checkpoint))] = &given[..] else {
        panic!("one gets the lease: {given:?}");
    };
    let (owner, until) = checkpoint.lease.clone().expect("a lease that was given");
    assert_eq!((&*owner, &checkpoint.id), (*winner, &id(1, 0)));
    match lease("it's another", LONG).await {
        Leased::Held { owner, until: end } => assert_eq!((&*owner, end), (*winner, until)),
        other => panic!("the lease is held, not {other:?}"),
    }
    match lease(winner, 2 * LONG).await {
        Leased::Given(again) => assert!(again.lease.is_some_and(|(_, end)| end > until)),
        other => panic!("it is given again, not {other:?}"),
    }
    let other = consumers.lease(&id(2, 0), "b", LONG).await;
    assert!(matches!(other, Ok(Leased::Given(_))), "{other:?}");
    let missing = consumers.lease(&id(1, 7), "b", LONG).await;
    assert!(matches!(missing, Ok(Leased::Missing)), "{missing:?}");
    for (owner, is_free) in [("it's another", false), (*winner, true)] {
        let released = consumers.release(&id(1, 0), owner).await;
        released.expect("a lease can be released");
        let kept = checkpoints(consumers, Some(CONSUMER)).await;
        assert_eq!(kept[0].lease.is_none(), is_free, "released by {owner}");
    }
    let short = lease("short", Duration::from_millis(200)).await;
    assert!(matches!(short, Leased::Given(_)), "{short:?}");
    let began = Instant::now();
    while !matches!(lease("patient", LONG).await, Leased::Given(_)) {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "a lease runs out"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    match lease("short", LONG).await {
        Leased::Held { owner, until } => {
            assert_eq!(owner, "patient");
            assert!(until - Utc::now() > TimeDelta::minutes(30));
        }
        other => panic!("what has run out is given to another, not {other:?}"),
    }
}

pub(super) async fn the_events_of_the_log_are_counted_by_category(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let mut positions = vec![Position::ZERO];
    for number in 0..12_usize {
        let category = ["one", "two", "three's"][number % 3];
        let stream = StreamId::new(category, number).expect("BUG: a good name");
        let appended = append(store, &stream, Expected::NoStream, &batch(0..2)).await;
        positions.push(appended.position);
    }
    for (categories, after, until, expected) in [
        (&[][..], 0, 12, 24),
        (&["one"], 0, 12, 8),
        (&["one", "three's"], 0, 12, 16),
        (&["One", "four"], 0, 12, 0),
        (&[], 3, 6, 6),
        (&["two"], 3, 6, 2),
        (&["two", "two"], 5, 8, 2),
        (&[], 6, 6, 0),
    ] {
        let count = LogCount {
            categories: categories
                .iter()
                .map(|&name: &&str| name.to_owned())
                .collect(),
            after: positions[after],
            until: positions[until],
        };
        let counted = consumers.count_log(&count).await;
        assert_eq!(
            counted.expect("the log can be counted"),
            expected,
            "{count:?}"
        );
    }
}
