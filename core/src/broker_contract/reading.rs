//! The promises of a source.

use std::time::Duration;

use futures_util::future::join;
use rehydrate_port::Offset;
use tokio::time::Instant;

use super::fixture::{ContractBroker, PATIENCE, message, open, publish, read, versions, whole};
use crate::publish::CloudEvent;
use crate::source::Begin;

/// Three streams with so many events each, version by version.
async fn fill(broker: &dyn ContractBroker, from: u64, to: u64) {
    let mut batch = Vec::new();
    for version in from..=to {
        for stream in ["a", "b", "c"] {
            batch.push(message(broker, stream, version));
        }
    }
    publish(broker, &batch).await;
}

fn assert_whole(events: &[CloudEvent], from: u64, to: u64) {
    for stream in ["a", "b", "c"] {
        let wanted: Vec<u64> = (from..=to).collect();
        assert_eq!(versions(events, stream), wanted, "of stream {stream}");
    }
}

pub(super) async fn a_source_is_read_from_its_beginning_without_a_hole_each_key_in_order(
    broker: &dyn ContractBroker,
) {
    fill(broker, 1, 50).await;
    let mut reader = open(broker, &Begin::Beginning).await;
    let events: Vec<CloudEvent> = read(&mut *reader, 150)
        .await
        .into_iter()
        .map(whole)
        .collect();
    assert_whole(&events, 1, 50);
}

pub(super) async fn a_source_is_read_on_after_an_offset_without_a_hole_and_without_a_repetition(
    broker: &dyn ContractBroker,
) {
    fill(broker, 1, 10).await;
    let mut events = Vec::new();
    let mut begin = Begin::Beginning;
    let mut opened = 0;
    // Each part by a reader of its own, which knows nothing but a text.
    while events.len() < 30 {
        let mut reader = open(broker, &begin).await;
        let received = reader.next(7, PATIENCE).await.expect("it can be read");
        assert!(received.messages.len() <= 7, "more than the limit");
        assert!(!received.messages.is_empty(), "only {} came", events.len());
        events.extend(received.messages.into_iter().map(whole));
        begin = Begin::After(Offset(received.offset.to_string()));
        opened += 1;
    }
    assert!(opened >= 5);
    assert_eq!(events.len(), 30, "without a repetition");
    assert_whole(&events, 1, 10);
    let mut reader = open(broker, &begin).await;
    let rest = reader.next(7, Duration::from_millis(50)).await;
    let rest = rest.expect("it can be read");
    assert!(rest.messages.is_empty() && rest.is_at_end, "{rest:?}");
}

pub(super) async fn a_source_is_read_from_a_time_on(broker: &dyn ContractBroker) {
    fill(broker, 1, 1).await;
    let mut reader = open(broker, &Begin::Beginning).await;
    let first = read(&mut *reader, 3).await;
    let last_of_first = first.iter().map(|message| message.sent_at).max();
    // Brokers count milliseconds or seconds: go on until the next event is of another time.
    let mut version = 1;
    let time = loop {
        version += 1;
        publish(broker, &[message(broker, "a", version)]).await;
        let mut next = read(&mut *reader, 1).await;
        let next = next.pop().map(|message| message.sent_at);
        if next > last_of_first {
            break next.expect("a message was read");
        }
    };
    publish(broker, &[message(broker, "a", version + 1)]).await;
    let mut reader = open(broker, &Begin::At(time)).await;
    let events: Vec<CloudEvent> = read(&mut *reader, 2).await.into_iter().map(whole).collect();
    assert_eq!(versions(&events, "a"), [version, version + 1]);
}

pub(super) async fn a_reader_says_when_it_has_read_what_was_there_when_it_was_opened(
    broker: &dyn ContractBroker,
) {
    fill(broker, 1, 5).await;
    let mut reader = open(broker, &Begin::Beginning).await;
    let mut count = 0;
    loop {
        let received = reader.next(4, PATIENCE).await.expect("it can be read");
        count += received.messages.len();
        if received.is_at_end {
            break;
        }
        assert!(!received.messages.is_empty(), "it ends nowhere");
    }
    assert_eq!(count, 15);
}

pub(super) async fn a_reader_sees_what_is_published_later(broker: &dyn ContractBroker) {
    fill(broker, 1, 1).await;
    let mut reader = open(broker, &Begin::Beginning).await;
    let mut events: Vec<CloudEvent> = Vec::new();
    events.extend(read(&mut *reader, 3).await.into_iter().map(whole));
    let (later, ()) = join(read(&mut *reader, 6), fill(broker, 2, 3)).await;
    events.extend(later.into_iter().map(whole));
    assert_whole(&events, 1, 3);
}

pub(super) async fn an_empty_source_is_at_its_end_at_once(broker: &dyn ContractBroker) {
    let mut reader = open(broker, &Begin::Beginning).await;
    let received = reader.next(10, Duration::from_millis(50)).await;
    let received = received.expect("it can be read");
    assert!(received.messages.is_empty() && received.is_at_end);
    // And its offset is one to go on from.
    publish(broker, &[message(broker, "a", 1)]).await;
    let mut reader = open(broker, &Begin::After(received.offset)).await;
    assert_eq!(read(&mut *reader, 1).await.len(), 1);
}

pub(super) async fn a_reader_waits_no_longer_than_it_is_told(broker: &dyn ContractBroker) {
    let mut reader = open(broker, &Begin::Beginning).await;
    let begun = Instant::now();
    let received = reader.next(10, Duration::from_millis(100)).await;
    assert!(received.expect("it can be read").messages.is_empty());
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

pub(super) async fn what_is_no_event_is_handed_over_with_its_place_and_what_comes_after_it_is_read(
    broker: &dyn ContractBroker,
) {
    publish(broker, &[message(broker, "a", 1)]).await;
    broker.put_garbage("not an event").await;
    publish(broker, &[message(broker, "a", 2)]).await;
    let mut reader = open(broker, &Begin::Beginning).await;
    let messages = read(&mut *reader, 3).await;
    let (events, others): (Vec<_>, Vec<_>) = messages
        .into_iter()
        .partition(|message| message.event.is_ok());
    let events: Vec<CloudEvent> = events.into_iter().map(whole).collect();
    assert_eq!(versions(&events, "a"), [1, 2]);
    let [garbage] = others.as_slice() else {
        panic!("{others:?}")
    };
    assert!(!garbage.place.is_empty());
}

pub(super) async fn readers_of_one_source_do_not_disturb_each_other(broker: &dyn ContractBroker) {
    fill(broker, 1, 10).await;
    let mut one = open(broker, &Begin::Beginning).await;
    let mut other = open(broker, &Begin::Beginning).await;
    let mut of_one = read(&mut *one, 10).await;
    let of_other = read(&mut *other, 30).await;
    of_one.extend(read(&mut *one, 20).await);
    for messages in [of_one, of_other] {
        let events: Vec<CloudEvent> = messages.into_iter().map(whole).collect();
        assert_whole(&events, 1, 10);
    }
}
