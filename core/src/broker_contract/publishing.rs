//! The promises of a publisher.

use chrono::DateTime;

use super::fixture::{ContractBroker, event, kinds, message, publish, read_all, versions};
use crate::publish::Message;

pub(super) async fn every_message_gets_an_outcome_in_the_order_of_the_batch(
    broker: &dyn ContractBroker,
) {
    let mut large = message(broker, "large", 1);
    large.event.data = format!("\"{}\"", "x".repeat(broker.too_large()));
    let batch = [
        message(broker, "a", 1),
        large.clone(),
        message(broker, "b", 1),
        large,
    ];
    let outcomes = kinds(&broker.publisher().publish(&batch).await);
    assert_eq!(outcomes, ["confirmed", "rejected", "confirmed", "not sent"]);
}

pub(super) async fn a_confirmed_message_is_in_the_broker(broker: &dyn ContractBroker) {
    let sent = message(broker, "a", 1);
    publish(broker, std::slice::from_ref(&sent)).await;
    assert_eq!(read_all(broker).await, [sent.event]);
}

pub(super) async fn a_message_arrives_as_it_was_sent(broker: &dyn ContractBroker) {
    let mut odd = event("id with / and é and 😀", u64::from(u32::MAX) + 7);
    odd.source = "https://example.org/source?x=1".to_owned();
    odd.event_type = "typ-é".to_owned();
    odd.correlation_id = Some("corr \"1\"".to_owned());
    odd.causation_id = Some("cause".to_owned());
    odd.extensions
        .insert("shade".to_owned(), "blau, grün".to_owned());
    odd.recorded_at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap_or_default();
    odd.data =
        r#"{ "b" : 1.10, "a":"é\n\u0000😀", "n": 18446744073709551615, "x":null }"#.to_owned();
    let plain = event("plain", 1);
    let all = [odd.clone(), plain.clone()];
    let messages = all.map(|event| Message::new(broker.topic(), "contract/one key", event));
    publish(broker, &messages).await;
    assert_eq!(read_all(broker).await, [odd, plain]);
}

pub(super) async fn messages_of_one_key_arrive_in_the_order_of_the_batch(
    broker: &dyn ContractBroker,
) {
    let mut batch = Vec::new();
    for version in 1..=60 {
        for stream in ["a", "b", "c"] {
            batch.push(message(broker, stream, version));
        }
    }
    publish(broker, &batch).await;
    let events = read_all(broker).await;
    for stream in ["a", "b", "c"] {
        assert_eq!(versions(&events, stream), (1..=60).collect::<Vec<_>>());
    }
}

pub(super) async fn batches_arrive_in_the_order_in_which_they_were_sent(
    broker: &dyn ContractBroker,
) {
    for version in 1..=10 {
        publish(broker, &[message(broker, "a", version)]).await;
    }
    let events = read_all(broker).await;
    assert_eq!(versions(&events, "a"), (1..=10).collect::<Vec<_>>());
}

pub(super) async fn an_empty_batch_sends_nothing(broker: &dyn ContractBroker) {
    assert!(broker.publisher().publish(&[]).await.is_empty());
    assert!(read_all(broker).await.is_empty());
}

pub(super) async fn a_message_that_is_too_large_is_rejected_and_those_of_other_keys_are_sent(
    broker: &dyn ContractBroker,
) {
    let mut large = message(broker, "large", 1);
    large.event.data = format!("\"{}\"", "x".repeat(broker.too_large()));
    let batch = [large, message(broker, "a", 1), message(broker, "b", 1)];
    let outcomes = broker.publisher().publish(&batch).await;
    assert_eq!(kinds(&outcomes), ["rejected", "confirmed", "confirmed"]);
    let events = read_all(broker).await;
    let streams: Vec<&str> = events.iter().map(|event| &*event.stream_id).collect();
    assert_eq!(streams.len(), 2);
    assert!(streams.contains(&"a") && streams.contains(&"b"));
}

pub(super) async fn after_a_message_that_failed_no_later_one_of_its_key_in_the_batch_is_sent(
    broker: &dyn ContractBroker,
) {
    let mut second = message(broker, "a", 2);
    second.event.data = format!("\"{}\"", "x".repeat(broker.too_large()));
    let batch = [
        message(broker, "a", 1),
        second,
        message(broker, "a", 3),
        message(broker, "b", 1),
        message(broker, "a", 4),
    ];
    let outcomes = broker.publisher().publish(&batch).await;
    let expected = ["confirmed", "rejected", "not sent", "confirmed", "not sent"];
    assert_eq!(kinds(&outcomes), expected);
    let events = read_all(broker).await;
    assert_eq!(versions(&events, "a"), [1]);
    assert_eq!(versions(&events, "b"), [1]);
}

pub(super) async fn a_message_that_is_sent_twice_has_the_same_id(broker: &dyn ContractBroker) {
    let sent = message(broker, "a", 1);
    publish(broker, std::slice::from_ref(&sent)).await;
    publish(broker, std::slice::from_ref(&sent)).await;
    let events = read_all(broker).await;
    // Brokers that know ids keep one of them.
    assert!((1..=2).contains(&events.len()), "{}", events.len());
    assert!(events.iter().all(|event| *event == sent.event));
}
