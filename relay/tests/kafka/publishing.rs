//! What becomes of messages, beside the contract.

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use rehydrate::{PublishError, Publisher};
use rehydrate_relay::ConnectError;
use rehydrate_relay::kafka::{KafkaOptions, KafkaSource};

use crate::fixture::{Topic, publisher};
use rehydrate_tests::brokers::{PATIENCE, assert_confirmed, message, messages, read_all};

/// Key, value and headers of the first message of a topic with one partition.
type Raw = (String, String, Vec<(String, String)>);

async fn first(topic: &Topic) -> Raw {
    let (server, name) = (topic.server.host(), topic.name.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", server)
            .set("group.id", "raw");
        let client: BaseConsumer = config.create().expect("there is a client");
        let mut list = TopicPartitionList::new();
        let added = list.add_partition_offset(&name, 0, Offset::Beginning);
        added.expect("it is a place");
        client.assign(&list).expect("it is read");
        let message = client.poll(PATIENCE).expect("something comes");
        let message = message.expect("it can be read");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it is UTF-8");
        let headers = message.headers().into_iter().flat_map(Headers::iter);
        let mut headers: Vec<_> = headers
            .map(|it| (it.key.to_owned(), text(it.value.unwrap_or_default())))
            .collect();
        headers.sort();
        let value = text(message.payload().expect("it has a value"));
        (text(message.key().expect("it has a key")), value, headers)
    });
    reading.await.expect("it is read")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_and_the_headers_are_those_of_the_documentation() {
    let Some(topic) = Topic::new() else { return };
    let sender = publisher(topic.options().partitions(1)).await;
    let mut sent = message(&topic.name, "é 1", 1);
    sent.event.correlation_id = Some("x".to_owned());
    assert_confirmed(&sender.publish(&[sent]).await);
    let (key, value, headers) = first(&topic).await;
    assert_eq!((&*key, &*value), ("count/é 1", r#"{"number":1}"#));
    let expected = [
        ("ce_category", "count"),
        ("ce_correlationid", "x"),
        ("ce_id", "é 1-1"),
        ("ce_position", "1"),
        ("ce_schemaversion", "1"),
        ("ce_source", "/test"),
        ("ce_specversion", "1.0"),
        ("ce_streamversion", "1"),
        ("ce_subject", "é 1"),
        ("ce_time", "2024-01-02T03:04:05.678901Z"),
        ("ce_type", "counted"),
        ("content-type", "application/json"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_structured_mode_a_message_is_one_object() {
    let Some(topic) = Topic::new() else { return };
    let sender = publisher(topic.options().partitions(1).structured(true)).await;
    let sent = message(&topic.name, "a", 1);
    assert_confirmed(&sender.publish(std::slice::from_ref(&sent)).await);
    let (_, value, headers) = first(&topic).await;
    assert_eq!(value, sent.event.to_json().expect("it is JSON"));
    assert_eq!(headers, []);
    assert_eq!(read_all(&topic.source().await).await, [sent.event]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_missing_is_named_with_what_makes_it() {
    let Some(topic) = Topic::new() else { return };
    let sender = publisher(topic.options().create(false)).await;
    let outcomes = sender
        .publish(&[
            message(&topic.name, "a", 1),
            message("no topic", "b", 1),
            message(&topic.name, "a", 2),
        ])
        .await;
    let [
        Err(PublishError::Rejected { reason, .. }),
        Err(PublishError::Rejected { .. }),
        Err(PublishError::NotSent),
    ] = &outcomes[..]
    else {
        panic!("{outcomes:?}")
    };
    assert!(reason.contains("create=true"), "{reason}");
    let error = KafkaSource::connect(topic.options().create(false), &topic.name).await;
    let error = error.expect_err("there is no topic");
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("create=true"), "{error}");
    // Once it is there, the same publisher sends to it.
    let _made = topic.source().await;
    assert_confirmed(&sender.publish(&[message(&topic.name, "a", 1)]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_enough_for_a_publisher_and_a_source() {
    let Some(topic) = Topic::new() else { return };
    let url = format!(
        "{}&create=true&partitions=2&replication=1",
        topic.server.url()
    );
    let publisher = rehydrate_relay::publisher(&url).await;
    let publisher = publisher.expect("it connects");
    let batch = messages(&topic.name, 10, 3);
    assert_confirmed(&publisher.publish(&batch).await);
    let source = rehydrate_relay::source(&url, &topic.name).await;
    let source = source.expect("it connects");
    assert_eq!(read_all(&source).await.len(), batch.len());
    assert!(source.origin().contains(&topic.name), "{}", source.origin());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_does_not_exist_is_named_without_its_value() {
    let options = KafkaOptions::new("kafka://127.0.0.1:1").expect("it is an address");
    let options = options.option("no.such.setting", "hidden");
    let error = KafkaSource::connect(options.expect("it may exist"), "topic").await;
    let error = error.expect_err("there is none");
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("no.such.setting"), "{shown}");
    assert!(!shown.contains("hidden"), "{shown}");
}
