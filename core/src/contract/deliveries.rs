//! Promises about the deliveries of consumers.

use chrono::TimeDelta;
use rehydrate_port::{
    ConsumerStore, Delivery, DeliveryQuery, DeliveryState, EventStore, Position, SchemaVersion,
    Version,
};

use super::consumer_fixture::{begin, consumers, within};
use super::fixture::{noon, stream};

pub(super) fn delivery(
    consumer: &str,
    build: u32,
    position: u64,
    state: DeliveryState,
) -> Delivery {
    Delivery {
        consumer: consumer.to_owned(),
        build,
        position: Position(position),
        stream: stream("ünï 'quoted' \"id\""),
        version: Version(position * 2),
        event_type: "type with 'quotes' and ünï".to_owned(),
        schema_version: SchemaVersion(4_000_000),
        state,
        error: Some("it's \"broken\" \\ 🦀 ".repeat(300)),
        attempts: 12,
        first_at: noon() + TimeDelta::microseconds(123_456),
        last_at: noon() + TimeDelta::days(1),
    }
}

fn some_deliveries() -> Vec<Delivery> {
    let at = |minutes| noon() + TimeDelta::minutes(minutes);
    let reason = "nobody's \"business\" 🦀".to_owned();
    let skipped = Delivery {
        error: None,
        attempts: 0,
        ..delivery("a", 1, 5, DeliveryState::Skipped { reason })
    };
    vec![
        delivery("a", 1, 2, DeliveryState::Parked),
        delivery("a", 1, 3, DeliveryState::Retrying { at: at(5) }),
        delivery("a", 1, 4, DeliveryState::Scheduled { at: at(3) }),
        skipped,
        delivery("a", 1, 10, DeliveryState::Scheduled { at: at(9) }),
        delivery("a", 2, 2, DeliveryState::Parked),
        delivery("b", 1, 1, DeliveryState::Retrying { at: at(4) }),
    ]
}

pub(super) async fn found(
    store: &dyn ConsumerStore,
    query: &DeliveryQuery,
) -> Vec<(String, u32, u64)> {
    let read = store.deliveries(query).await;
    let read = read.expect("deliveries can be read").into_iter();
    read.map(|it| (it.consumer, it.build, it.position.0))
        .collect()
}

fn of(consumer: &str) -> DeliveryQuery {
    DeliveryQuery {
        consumer: Some(consumer.to_owned()),
        ..DeliveryQuery::default()
    }
}

/// Queries, with the indices of what they find.
fn queries() -> Vec<(DeliveryQuery, &'static [usize])> {
    let with = |mut query: DeliveryQuery, change: fn(&mut DeliveryQuery)| {
        change(&mut query);
        query
    };
    let any = |change| with(DeliveryQuery::default(), change);
    let of_a = |change| with(of("a"), change);
    let due = |mut query: DeliveryQuery, minutes| {
        query.due_by = Some(noon() + TimeDelta::minutes(minutes));
        query
    };
    vec![
        (any(|_| ()), &[0, 1, 2, 3, 4, 5, 6]),
        (of_a(|_| ()), &[0, 1, 2, 3, 4, 5]),
        (of_a(|it| it.build = Some(1)), &[0, 1, 2, 3, 4]),
        (of_a(|it| it.build = Some(3)), &[]),
        (any(|it| it.build = Some(1)), &[0, 1, 2, 3, 4, 6]),
        (any(|it| it.position = Some(Position(2))), &[0, 5]),
        (any(|it| it.blocking_only = true), &[0, 1, 5, 6]),
        (due(any(|_| ()), 5), &[1, 2, 6]),
        (due(of("a"), 4), &[2]),
        (due(any(|_| ()), 2), &[]),
        (due(any(|it| it.blocking_only = true), 4), &[6]),
        (any(|it| it.limit = Some(2)), &[0, 1]),
        (due(any(|it| it.limit = Some(2)), 60), &[1, 2]),
        (of("A"), &[]),
    ]
}

pub(super) async fn deliveries_are_found_by_consumer_state_and_time(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let all = some_deliveries();
    let mut transaction = begin(store).await;
    for delivery in all.iter().rev() {
        let first = Delivery {
            attempts: 1,
            ..delivery.clone()
        };
        for delivery in [&first, delivery] {
            let put = within(&mut transaction).put_delivery(delivery).await;
            put.expect("a delivery is written");
        }
    }
    let own = within(&mut transaction)
        .deliveries(&DeliveryQuery::default())
        .await;
    assert_eq!(own.expect("deliveries can be read"), all);
    transaction.commit().await.expect("the commit succeeds");
    for (query, expected) in queries() {
        let expected: Vec<_> = expected
            .iter()
            .map(|&index: &usize| all[index].clone())
            .collect();
        let read = consumers.deliveries(&query).await;
        assert_eq!(read.expect("deliveries can be read"), expected, "{query:?}");
        let mut transaction = begin(store).await;
        let read = within(&mut transaction).deliveries(&query).await;
        assert_eq!(read.expect("deliveries can be read"), expected, "{query:?}");
        transaction.rollback().await.expect("the rollback succeeds");
    }
    let mut transaction = begin(store).await;
    for position in [2, 77] {
        let removed = within(&mut transaction)
            .remove_delivery("a", 1, Position(position))
            .await;
        removed.expect("a delivery is removed");
    }
    transaction.commit().await.expect("the commit succeeds");
    assert_eq!(found(consumers, &DeliveryQuery::default()).await.len(), 6);
    let left = found(consumers, &DeliveryQuery::default()).await;
    assert_eq!(left[0], ("a".to_owned(), 1, 3));
}
