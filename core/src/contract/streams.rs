//! Promises about reading a stream.

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use rehydrate_port::{Batch, EventStore, Expected, Page, StreamId, StreamQuery, Version};

use super::fixture::{
    append, batch, minutes_past_noon, noon, payloads, read, read_all, stream, versions,
};

pub(super) async fn a_missing_stream_reads_as_empty(store: &dyn EventStore) {
    append(store, &stream(1), Expected::NoStream, &batch(1..2)).await;
    assert_eq!(read_all(store, &stream(2)).await, []);
}

pub(super) async fn a_read_ends_at_the_asked_version(store: &dyn EventStore) {
    let payment = stream(1);
    append(store, &payment, Expected::NoStream, &batch(1..8)).await;
    for (after, until, limit, expected) in [
        (0, Some(3), None, vec![1, 2, 3]),
        (2, Some(5), None, vec![3, 4, 5]),
        (5, None, None, vec![6, 7]),
        (0, Some(100), None, vec![1, 2, 3, 4, 5, 6, 7]),
        (7, None, None, vec![]),
        (3, Some(3), None, vec![]),
        (1, None, Some(2), vec![2, 3]),
        (1, None, Some(0), vec![]),
    ] {
        let query = StreamQuery {
            after: Version(after),
            until: until.map(Version),
            limit,
            ..StreamQuery::new(payment.clone())
        };
        let (_, events) = read(store, &query).await;
        assert_eq!(versions(&events), expected, "{query:?}");
    }
}

pub(super) async fn a_read_ends_at_the_asked_time(store: &dyn EventStore) {
    let payment = stream(1);
    for (version, minutes) in [(0, 0), (1, 10), (2, 10), (3, 20)] {
        let batch = Batch {
            time: minutes_past_noon(minutes),
            ..batch(version..version + 1)
        };
        append(store, &payment, Expected::Exactly(Version(version)), &batch).await;
    }
    for (minutes, expected) in [(-1, 0), (0, 1), (9, 1), (10, 3), (19, 3), (20, 4), (99, 4)] {
        let query = StreamQuery {
            as_of: Some(noon() + TimeDelta::minutes(minutes)),
            ..StreamQuery::new(payment.clone())
        };
        let (_, events) = read(store, &query).await;
        assert_eq!(events.len(), expected, "{minutes} minutes past noon");
    }
}

pub(super) async fn a_long_stream_is_read_in_pages_in_order_without_a_hole(store: &dyn EventStore) {
    let payment = stream(1);
    append(store, &payment, Expected::NoStream, &batch(1..2_001)).await;
    append(store, &stream(2), Expected::NoStream, &batch(1..2)).await;
    append(
        store,
        &payment,
        Expected::Exactly(Version(2_000)),
        &batch(2_001..5_001),
    )
    .await;
    let query = StreamQuery::new(payment);
    let read = store.read(&query).await.expect("the stream can be read");
    let pages: Vec<Page> = read
        .pages
        .try_collect()
        .await
        .expect("every page can be read");
    let longest = pages.iter().map(Page::len).max().unwrap_or(0);
    assert!(
        longest <= 2_000,
        "memory is bound by the page, not by the stream: {longest}"
    );
    let events = super::fixture::seen(&pages);
    assert_eq!(versions(&events), (1..=5_000).collect::<Vec<_>>());
    let numbers: Vec<String> = (1..=5_000).map(|number: u64| number.to_string()).collect();
    assert_eq!(payloads(&events), numbers);
}

pub(super) async fn streams_are_told_apart_by_category_and_by_every_byte_of_their_id(
    store: &dyn EventStore,
) {
    let names = [
        ("contract", "a"),
        ("contract", "A"),
        ("contract", "á"),
        ("contract", "a/b"),
        ("contract", "a b"),
        ("contract", "a%"),
        ("Contract", "a"),
        ("contracta", "a"),
    ];
    for (number, (category, id)) in (0_u64..).zip(names) {
        let stream = StreamId::new(category, id).expect("BUG: a good name");
        append(
            store,
            &stream,
            Expected::NoStream,
            &batch(number..number + 1),
        )
        .await;
    }
    for (number, (category, id)) in (0_u64..).zip(names) {
        let stream = StreamId::new(category, id).expect("BUG: a good name");
        let events = read_all(store, &stream).await;
        assert_eq!(payloads(&events), [number.to_string()], "{stream}");
    }
}
