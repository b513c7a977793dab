//! Reading far behind the end of the log.

use rehydrate::{EventStore as _, Expected, LogPage, LogQuery, Position, StreamId};
use rehydrate_sqlx::{PostgresOptions, PostgresStore};

use crate::common::{Place, batch, stream};
use crate::proxy::Proxy;

/// A store with one connection, by way of a proxy.
async fn open(place: &Place, proxy: &Proxy) -> PostgresStore {
    let options = PostgresOptions::new(proxy.connect_options())
        .schema(&place.schema)
        .max_connections(1)
        .wake_others(false);
    PostgresStore::connect(options).await.unwrap()
}

async fn append(store: &PostgresStore, id: u32, payloads: &[String]) {
    let payloads: Vec<&str> = payloads.iter().map(String::as_str).collect();
    let appended = store
        .append(&stream(id), Expected::NoStream, &batch(&payloads))
        .await;
    appended.unwrap();
}

async fn page(store: &PostgresStore, after: Position, limit: usize) -> LogPage {
    let query = LogQuery {
        limit,
        ..LogQuery::after(after)
    };
    store.read_log(&query).await.unwrap()
}

/// The positions of the rest of the log, with the pages' lengths.
async fn rest(store: &PostgresStore, mut after: Position, limit: usize) -> (Vec<u64>, Vec<usize>) {
    let (mut positions, mut lengths) = (Vec::new(), Vec::new());
    loop {
        let page = page(store, after, limit).await;
        positions.extend(page.events.iter().map(|event| event.position.get()));
        lengths.push(page.events.len());
        after = page.read_to;
        if page.read_to >= page.watermark {
            return (positions, lengths);
        }
    }
}

#[tokio::test]
async fn a_backlog_is_read_to_its_end_and_looks_for_that_end_only_when_it_is_near() {
    let Some(place) = Place::new().await else {
        return;
    };
    let proxy = Proxy::start().await;
    let store = open(&place, &proxy).await;
    let numbers = |range: std::ops::Range<u32>| range.map(|n| n.to_string()).collect::<Vec<_>>();
    append(&store, 1, &numbers(0..500)).await;
    let first = page(&store, Position::ZERO, 100).await;
    assert_eq!((first.read_to.get(), first.watermark.get()), (100, 500));
    // After the watermark was found that the next pages are read by.
    append(&store, 2, &numbers(0..7)).await;
    proxy.trips();
    let (positions, _) = rest(&store, first.read_to, 100).await;
    assert!(positions.into_iter().eq(101..=507));
    let trips = proxy.trips();
    let backlog = trips.iter().filter(|trip| *trip == "read backlog").count();
    let log = trips.iter().filter(|trip| *trip == "read log").count();
    // Where nobody has been slow; otherwise a watermark may have become too old.
    assert!(backlog + log >= 5, "{trips:?}");
    assert!(log >= 1, "{trips:?}");
}

#[tokio::test]
async fn the_pages_of_a_backlog_of_large_events_are_no_larger_than_others() {
    let Some(place) = Place::new().await else {
        return;
    };
    let proxy = Proxy::start().await;
    let store = open(&place, &proxy).await;
    let large = format!("\"{}\"", "x".repeat(300_000));
    append(&store, 1, &vec![large; 20]).await;
    let (positions, lengths) = rest(&store, Position::ZERO, 5).await;
    assert!(positions.into_iter().eq(1..=20));
    // The first is weighed by the server, as it stores them, which is in less room.
    assert!(
        lengths.iter().skip(1).all(|length| *length <= 4),
        "{lengths:?}"
    );
}

#[tokio::test]
async fn a_backlog_of_one_category_is_that_of_all_without_the_others() {
    let Some(place) = Place::new().await else {
        return;
    };
    let proxy = Proxy::start().await;
    let store = open(&place, &proxy).await;
    let numbers: Vec<String> = (0..60).map(|number: u32| number.to_string()).collect();
    for id in 0..20 {
        append(&store, id, &numbers[..30]).await;
        let other = StreamId::new("refund", id).unwrap();
        let payloads: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let payloads = batch(&payloads);
        let appended = store.append(&other, Expected::NoStream, &payloads);
        appended.await.unwrap();
    }
    let read = async |categories: Vec<String>| {
        let (mut found, mut after) = (Vec::new(), Position::ZERO);
        loop {
            let query = LogQuery {
                limit: 70,
                categories: categories.clone(),
                ..LogQuery::after(after)
            };
            let page = store.read_log(&query).await.unwrap();
            found.extend(page.events.iter().map(|event| {
                let stream = format!("{}/{}", event.category, event.stream_id);
                (event.position, stream, event.payload.to_owned())
            }));
            after = page.read_to;
            if page.read_to >= page.watermark {
                return found;
            }
        }
    };
    let all = read(Vec::new()).await;
    assert_eq!(all.len(), 20 * 90);
    proxy.trips();
    let payments = read(vec!["payment".to_owned()]).await;
    assert!(proxy.trips().iter().any(|trip| trip == "read backlog"));
    let expected = all.iter().filter(|event| event.1.starts_with("payment/"));
    assert!(expected.eq(&payments));
}
