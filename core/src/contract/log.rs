//! Promises about reading the log.

use futures_util::TryStreamExt;
use futures_util::future::{join, join_all};
use rehydrate_port::{
    Batch, CensusEntry, EventStore, Expected, LogQuery, NewEvent, Position, SchemaVersion,
    StreamId, StreamQuery, Version,
};
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fixture::{
    append, append_after_whatever_is_there, batch, minutes_past_noon, read_log, seen, stream,
};

pub(super) async fn positions_increase_in_the_order_of_the_log(store: &dyn EventStore) {
    let mut last = Position::ZERO;
    for number in 0..10 {
        let appended = append(store, &stream(number % 3), Expected::Any, &batch(0..3)).await;
        assert!(appended.position > last);
        last = appended.position;
    }
    let events = read_log(store, 4).await;
    assert!(events.is_sorted_by(|one, next| one.position < next.position));
    assert_eq!(events.len(), 30);
    assert_eq!(events[29].position, last.0);
}

pub(super) async fn the_log_never_repeats_and_never_skips(store: &dyn EventStore) {
    assert_eq!(read_log(store, 10).await, [], "an empty log reads as empty");
    for number in 0..10 {
        append(store, &stream(number % 3), Expected::Any, &batch(0..3)).await;
    }
    let whole = read_log(store, 1_000).await;
    assert_eq!(whole.len(), 30);
    for limit in [1, 7, 29, 30, 31] {
        assert_eq!(read_log(store, limit).await, whole, "in pages of {limit}");
    }
}

pub(super) async fn the_log_yields_each_stream_in_version_order(store: &dyn EventStore) {
    let writers = (0..6).map(|number| async move {
        for _ in 0..10 {
            append_after_whatever_is_there(store, &stream(number % 3), number).await;
        }
    });
    join_all(writers).await;
    let mut versions = BTreeMap::new();
    for event in read_log(store, 7).await {
        let last = versions.insert(event.stream, event.version);
        assert_eq!(event.version, last.unwrap_or(0) + 1);
    }
    assert_eq!(versions.into_values().collect::<Vec<_>>(), [20, 20, 20]);
}

pub(super) async fn the_log_can_be_read_by_categories(store: &dyn EventStore) {
    for number in 0..12_u64 {
        let category = ["wanted", "other", "also wanted", "another"]
            [usize::try_from(number % 4).expect("BUG: below 4")];
        let stream = StreamId::new(category, number).expect("BUG: a good name");
        append(store, &stream, Expected::NoStream, &batch(0..2)).await;
    }
    let mut all = Vec::new();
    let mut query = LogQuery {
        categories: vec!["wanted".to_owned(), "also wanted".to_owned()],
        limit: 3,
        ..LogQuery::after(Position::ZERO)
    };
    loop {
        let page = store.read_log(&query).await.expect("the log can be read");
        all.extend(seen(&[page.events]));
        if page.read_to == query.after {
            break;
        }
        query.after = page.read_to;
    }
    assert_eq!(all.len(), 12);
    assert!(all.iter().all(|event| event.stream.contains("wanted/")));
    let watermark = store.watermark().await.expect("the watermark can be read");
    assert_eq!(
        query.after, watermark,
        "the reader has passed what it did not ask for"
    );
}

pub(super) async fn a_reader_who_follows_writers_sees_every_event_once(store: &dyn EventStore) {
    const WRITERS: u64 = 6;
    let busy = AtomicUsize::new(6);
    let busy = &busy;
    let writers = join_all((0..WRITERS).map(|number| async move {
        for _ in 0..20 {
            append(store, &stream(number), Expected::Any, &batch(0..2)).await;
        }
        busy.fetch_sub(1, Ordering::SeqCst);
    }));
    let reader = async {
        let mut positions = Vec::new();
        let mut query = LogQuery {
            limit: 9,
            ..LogQuery::after(Position::ZERO)
        };
        loop {
            let finished = busy.load(Ordering::SeqCst) == 0;
            let page = store.read_log(&query).await.expect("the log can be read");
            positions.extend(page.events.iter().map(|event| event.position));
            if finished && page.read_to == query.after {
                return positions;
            }
            query.after = page.read_to;
            tokio::task::yield_now().await;
        }
    };
    let (_, positions) = join(writers, reader).await;
    assert!(
        positions.is_sorted_by(|one, next| one < next),
        "in order, none twice"
    );
    assert_eq!(positions.len(), 240, "none is missing");
}

pub(super) async fn nothing_above_the_watermark_is_read(store: &dyn EventStore) {
    let mut transaction = store.begin().await.expect("a transaction begins");
    let appended = transaction
        .append(&stream(1), Expected::NoStream, &batch(0..2))
        .await
        .expect("the append succeeds");
    let query = LogQuery::after(Position::ZERO);
    let page = store.read_log(&query).await.expect("the log can be read");
    assert!(
        page.events.is_empty(),
        "an open transaction is not in the log"
    );
    assert!(page.watermark < appended.position);
    assert_eq!(page.read_to, page.watermark);
    transaction.commit().await.expect("the commit succeeds");
    let page = store.read_log(&query).await.expect("the log can be read");
    assert_eq!(page.events.len(), 2);
    assert_eq!(page.watermark, appended.position);
    assert!(
        page.events
            .iter()
            .all(|event| event.position <= page.watermark)
    );
}

pub(super) async fn streams_are_listed_once_each_in_order(store: &dyn EventStore) {
    let ids = ["b", "a", "ü", "a/1", "B", "z"];
    for id in ids {
        append(store, &stream(id), Expected::NoStream, &batch(0..3)).await;
    }
    let other = StreamId::new("other", "a").expect("BUG: a good name");
    append(store, &other, Expected::NoStream, &batch(0..1)).await;
    let mut listed = Vec::new();
    loop {
        let after = listed.last().map(String::as_str);
        let page = store.list_streams("contract", after, 2).await;
        let page = page.expect("the streams can be listed");
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed, ["B", "a", "a/1", "b", "z", "ü"]);
    let unique: HashSet<_> = listed.iter().collect();
    assert_eq!(unique.len(), ids.len());
    let query = StreamQuery {
        after: Version(2),
        ..StreamQuery::new(stream(&listed[0]))
    };
    let read = store
        .read(&query)
        .await
        .expect("a listed stream can be read");
    let pages: Vec<_> = read
        .pages
        .try_collect()
        .await
        .expect("every page can be read");
    assert_eq!(seen(&pages).len(), 1);
}

async fn census(store: &dyn EventStore) -> Vec<CensusEntry> {
    let census = store.census().await;
    census.expect("the events can be counted")
}

pub(super) async fn a_census_counts_every_type_and_version_of_every_category_in_order(
    store: &dyn EventStore,
) {
    assert_eq!(census(store).await, [], "an empty log has no types");
    // Written in no order; the minutes go back from stream to stream, as in an imported history.
    let appends = [
        ("fine", "1", "paid", 2, 7),
        ("fine", "2", "Paid", 1, 6),
        ("fine", "3", "paid", 10, 5),
        ("Fine", "1", "paid", 1, 4),
        ("fine", "4", "paid", 2, 3),
        ("car", "1", "überholt", 1, 2),
        ("car", "2", "sold", 1, 1),
        ("car", "1", "zulassung", 1, 9),
        ("fine", "5", "paid", 2, 8),
    ];
    let mut positions = Vec::new();
    for (category, id, event_type, version, minute) in appends {
        let stream = StreamId::new(category, id).expect("BUG: a good name");
        let event = NewEvent::new(event_type, SchemaVersion(version), "{}");
        let batch = Batch::new(vec![event], minutes_past_noon(minute));
        let appended = append(store, &stream, Expected::Any, &batch).await;
        positions.push((appended.position, appended.recorded_at));
    }
    let entry = |category: &str, event_type: &str, version, appends: &[usize]| {
        let found = || appends.iter().map(|append| positions[*append]);
        let times: Vec<_> = found().map(|(_, time)| time).collect();
        CensusEntry {
            category: category.to_owned(),
            event_type: event_type.to_owned(),
            schema_version: SchemaVersion(version),
            events: appends.len() as u64,
            first: found()
                .map(|(position, _)| position)
                .min()
                .unwrap_or_default(),
            last: found()
                .map(|(position, _)| position)
                .max()
                .unwrap_or_default(),
            first_recorded_at: *times.iter().min().expect("BUG: at least one"),
            last_recorded_at: *times.iter().max().expect("BUG: at least one"),
        }
    };
    let expected = [
        entry("Fine", "paid", 1, &[3]),
        entry("car", "sold", 1, &[6]),
        entry("car", "zulassung", 1, &[7]),
        entry("car", "überholt", 1, &[5]),
        entry("fine", "Paid", 1, &[1]),
        entry("fine", "paid", 2, &[0, 4, 8]),
        entry("fine", "paid", 10, &[2]),
    ];
    let counted = census(store).await;
    assert_eq!(counted, expected);
}

pub(super) async fn an_open_transaction_is_not_in_the_census(store: &dyn EventStore) {
    append(store, &stream(1), Expected::NoStream, &batch(0..2)).await;
    let mut transaction = store.begin().await.expect("a transaction begins");
    transaction
        .append(&stream(2), Expected::NoStream, &batch(0..3))
        .await
        .expect("the append succeeds");
    let before = census(store).await;
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].events, 2, "what is not committed is not counted");
    transaction.commit().await.expect("the commit succeeds");
    let after = census(store).await;
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].events, 5);
    assert_eq!(after[0].first, before[0].first);
    let watermark = store.watermark().await.expect("the watermark can be read");
    assert_eq!(after[0].last, watermark);
}
