//! Promises about read models that are kept from a source.

use rehydrate_port::{
    ConsumerTransaction, EventStore, FeedPlace, LastFed, Offset, Position, Role, StreamId,
    Transaction, Version, WaitingEvent,
};
use serde_json::{Value, json};

use super::consumer_fixture::{
    CONSUMER, advance, begin, consumers, create, id, named, query, select, small, within, write_in,
};
use super::fixture::stream;

fn place(build: u32, offset: Option<&str>) -> FeedPlace {
    FeedPlace {
        consumer: CONSUMER.to_owned(),
        build,
        origin: "it's \"there\" \\ ünï 🦀".repeat(30),
        offset: offset.map(|offset| Offset(offset.repeat(200))),
    }
}

fn last(stream: StreamId, version: u64, part: u32) -> LastFed {
    LastFed {
        stream,
        version: Version(version),
        part,
    }
}

fn waiting(position: u64, stream: StreamId, event: &str) -> WaitingEvent {
    WaitingEvent {
        position: Position(position),
        stream,
        event: event.to_owned(),
    }
}

/// Everything that a build can keep of a source.
pub(super) async fn feed(consumers: &mut dyn ConsumerTransaction, build: u32) {
    let put = consumers.put_feed(&place(build, Some("1"))).await;
    put.expect("it is noted");
    let last = [last(stream(1), 3, 0)];
    let put = consumers.put_last_fed(CONSUMER, build, &last).await;
    put.expect("it is noted");
    let waiting = waiting(4, stream(1), "{}");
    let put = consumers.put_waiting(CONSUMER, build, &waiting).await;
    put.expect("it is kept");
}

/// Whether a build keeps all of that, or nothing.
pub(super) async fn has_fed(consumers: &mut dyn ConsumerTransaction, build: u32) -> bool {
    let place = consumers.feed(CONSUMER, build).await;
    let last = consumers.last_fed(CONSUMER, build, &[stream(1)]).await;
    let own = stream(1);
    let waiting = consumers.waiting(CONSUMER, build, &own, Position::ZERO, 9);
    let waiting = waiting.await.expect("it can be read").len();
    let place = place.expect("it can be read").is_some();
    let last = last.expect("it can be read").len();
    match (place, last, waiting) {
        (true, 1, 1) => true,
        (false, 0, 0) => false,
        other => panic!("a part of what is kept is there: {other:?}"),
    }
}

async fn take(transaction: &mut Box<dyn Transaction>) {
    let table = small(&[]);
    advance(transaction, &id(1, 0), 1).await;
    let rows = [named("row", 1)];
    write_in(transaction, (&table, 1, Role::Live), &rows, &[]).await;
    feed(within(transaction), 1).await;
}

pub(super) async fn a_feed_commits_its_place_and_what_it_has_taken_with_its_rows_or_not_at_all(
    store: &dyn EventStore,
) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = small(&[]);
    create(consumers, 1, Role::Live, &table).await;
    create(consumers, 2, Role::Building, &table).await;
    for ends_with_a_rollback in [false, true] {
        let mut open = begin(store).await;
        take(&mut open).await;
        let feeds = consumers.feeds(Some(CONSUMER)).await;
        assert_eq!(
            feeds.expect("it can be read"),
            [],
            "nobody sees what is open"
        );
        if ends_with_a_rollback {
            open.rollback().await.expect("the rollback succeeds");
        } else {
            drop(open);
        }
        let mut after = begin(store).await;
        assert!(!has_fed(within(&mut after), 1).await);
        after.rollback().await.expect("the rollback succeeds");
        let rows = select(consumers, &query(&table, None)).await;
        assert_eq!(rows, [] as [Value; 0]);
    }
    let mut committed = begin(store).await;
    take(&mut committed).await;
    assert!(has_fed(within(&mut committed), 1).await, "it sees its own");
    committed.commit().await.expect("the commit succeeds");
    let feeds = consumers.feeds(None).await;
    assert_eq!(feeds.expect("it can be read"), [place(1, Some("1"))]);
    assert_eq!(select(consumers, &query(&table, None)).await.len(), 1);

    let mut after = begin(store).await;
    let own = within(&mut after);
    assert!(has_fed(own, 1).await);
    assert!(!has_fed(own, 2).await, "another build has its own");
    for offset in [None, Some("2")] {
        let put = own.put_feed(&place(1, offset)).await;
        put.expect("it is noted");
        let now = own.feed(CONSUMER, 1).await.expect("it can be read");
        assert_eq!(now, Some(place(1, offset)));
    }
    after.commit().await.expect("the commit succeeds");
    let feeds = consumers.feeds(Some(CONSUMER)).await;
    assert_eq!(feeds.expect("it can be read"), [place(1, Some("2"))]);
    let others = consumers.feeds(Some("nobody")).await;
    assert_eq!(others.expect("it can be read"), []);
}

pub(super) async fn the_last_event_of_each_stream_is_remembered_byte_for_byte(
    store: &dyn EventStore,
) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    create(consumers, 1, Role::Live, &small(&[])).await;
    let named = |category: &str, id: &str| {
        StreamId::new(category.to_owned(), id).expect("a stream can be called so")
    };
    let longest = "é".repeat(127);
    let streams = [
        named("a", "x"),
        named("a", "X"),
        named("A", "x"),
        named("a", "x x"),
        named("a", "é"),
        named("a", "e"),
        named("a", "it's \"broken\" \\ 🦀 %_"),
        named("a", &longest),
    ];
    let all: Vec<LastFed> = streams
        .iter()
        .zip(1..)
        .map(|(stream, number)| last(stream.clone(), number, 0))
        .collect();
    let mut transaction = begin(store).await;
    let own = within(&mut transaction);
    let found = own.last_fed(CONSUMER, 1, &streams).await;
    assert_eq!(found.expect("it can be read"), []);
    own.put_last_fed(CONSUMER, 1, &[])
        .await
        .expect("nothing is noted");
    own.put_last_fed(CONSUMER, 1, &all)
        .await
        .expect("it is noted");
    transaction.commit().await.expect("the commit succeeds");

    let mut transaction = begin(store).await;
    let own = within(&mut transaction);
    for last in &all {
        let one = std::slice::from_ref(&last.stream);
        let found = own.last_fed(CONSUMER, 1, one).await;
        assert_eq!(found.expect("it can be read"), std::slice::from_ref(last));
    }
    let strangers = [named("a", "nobody"), named("b", "x")];
    let found = own.last_fed(CONSUMER, 1, &strangers).await;
    assert_eq!(found.expect("it can be read"), []);
    let found = own.last_fed(CONSUMER, 1, &[]).await;
    assert_eq!(found.expect("it can be read"), []);
    let found = own.last_fed(CONSUMER, 2, &streams).await;
    assert_eq!(found.expect("it can be read"), []);

    let later = [
        last(streams[1].clone(), i64::MAX.unsigned_abs(), 0),
        last(streams[3].clone(), 4, 4_000_000_000),
    ];
    own.put_last_fed(CONSUMER, 1, &later)
        .await
        .expect("it is noted");
    let found = own.last_fed(CONSUMER, 1, &streams).await;
    let mut found = found.expect("it can be read");
    found.sort_by_key(|it| streams.iter().position(|stream| *stream == it.stream));
    let mut expected = all.clone();
    expected[1] = later[0].clone();
    expected[3] = later[1].clone();
    assert_eq!(found, expected);
}

pub(super) async fn what_waits_for_its_stream_comes_back_as_it_was_in_order(
    store: &dyn EventStore,
) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    create(consumers, 1, Role::Live, &small(&[])).await;
    let event = json!({ "data": "it's \"broken\" \\ \u{0} ünï 🦀 ".repeat(2_000) }).to_string();
    let one = [
        waiting(2, stream("one"), &event),
        waiting(5, stream("one"), "{\"b\": 1.0, \"a\":2}"),
        waiting(10, stream("one"), "{}"),
    ];
    let other = waiting(3, stream("other"), "{}");
    let mut transaction = begin(store).await;
    let own = within(&mut transaction);
    for event in [&one[2], &one[0], &other, &one[1]] {
        own.put_waiting(CONSUMER, 1, event)
            .await
            .expect("it is kept");
    }
    transaction.commit().await.expect("the commit succeeds");

    let mut transaction = begin(store).await;
    let own = within(&mut transaction);
    for (after, limit, expected) in [
        (0, 9, &one[..]),
        (0, 2, &one[..2]),
        (2, 9, &one[1..]),
        (10, 9, &[]),
        (0, 0, &[]),
    ] {
        let found = own
            .waiting(CONSUMER, 1, &stream("one"), Position(after), limit)
            .await;
        assert_eq!(found.expect("it can be read"), expected, "after {after}");
    }
    let again = waiting(5, stream("one"), "{\"again\": true}");
    own.put_waiting(CONSUMER, 1, &again)
        .await
        .expect("it is kept");
    for _ in 0..2 {
        let removed = own.remove_waiting(CONSUMER, 1, Position(2)).await;
        removed.expect("it is removed");
    }
    for (of, expected) in [("one", vec![again, one[2].clone()]), ("other", vec![other])] {
        let found = own
            .waiting(CONSUMER, 1, &stream(of), Position::ZERO, 9)
            .await;
        assert_eq!(found.expect("it can be read"), expected);
    }
    let name = stream("one");
    let found = own.waiting(CONSUMER, 2, &name, Position::ZERO, 9);
    assert_eq!(found.await.expect("it can be read"), []);
}

pub(super) async fn a_build_that_is_behind_another_one_is_told(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = small(&[]);
    create(consumers, 1, Role::Live, &table).await;
    create(consumers, 2, Role::Building, &table).await;
    let mut transaction = begin(store).await;
    let own = within(&mut transaction);
    let (a, b, c) = (stream("a"), stream("b"), stream("c"));
    let live = [
        last(a.clone(), 3, 1),
        last(b.clone(), 2, 0),
        last(c.clone(), 7, 0),
    ];
    own.put_last_fed(CONSUMER, 1, &live)
        .await
        .expect("it is noted");
    for (next, further, back) in [
        (None, 3, 0),
        (Some(last(a.clone(), 3, 0)), 3, 0),
        (Some(last(a.clone(), 3, 1)), 2, 0),
        (Some(last(b.clone(), 3, 0)), 1, 1),
        (Some(last(c.clone(), 7, 1)), 0, 2),
        (Some(last(stream("d"), 1, 0)), 0, 3),
    ] {
        let next: Vec<LastFed> = next.into_iter().collect();
        own.put_last_fed(CONSUMER, 2, &next)
            .await
            .expect("it is noted");
        let live = own.fed_further(CONSUMER, 1, 2).await;
        assert_eq!(live.expect("it can be counted"), further, "{next:?}");
        let other = own.fed_further(CONSUMER, 2, 1).await;
        assert_eq!(other.expect("it can be counted"), back, "{next:?}");
    }
    let others = own.fed_further("nobody", 1, 2).await;
    assert_eq!(others.expect("it can be counted"), 0);
}
