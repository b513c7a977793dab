//! What becomes of messages, beside the contract.

use async_nats::jetstream::stream::{Config, DiscardPolicy};
use rehydrate::{PublishError, Publisher};
use rehydrate_relay::nats::NatsPublisher;

use crate::fixture::{Stream, jetstream, options};
use rehydrate_tests::brokers::{assert_confirmed, message, read_all};

#[tokio::test]
async fn an_event_that_is_sent_twice_is_in_a_topic_once() {
    let Some(stream) = Stream::new() else { return };
    let publisher = stream.publisher().await;
    let (one, other) = (stream.topic("one"), stream.topic("other"));
    for topic in [&one, &one, &other] {
        assert_confirmed(&publisher.publish(&[message(topic, "a", 1)]).await);
    }
    assert_eq!(read_all(&stream.source("one").await).await.len(), 1);
    assert_eq!(read_all(&stream.source("other").await).await.len(), 1);
}

#[tokio::test]
async fn the_headers_are_those_of_the_documentation() {
    let Some(stream) = Stream::new() else { return };
    let publisher = stream.publisher().await;
    let topic = stream.topic("one");
    let mut sent = message(&topic, "a b", 1);
    sent.key = "count/a.b c".to_owned();
    sent.event.correlation_id = Some("x".to_owned());
    assert_confirmed(&publisher.publish(&[sent]).await);
    let jetstream = jetstream(&stream.server).await;
    let kept = jetstream
        .get_stream(&stream.name)
        .await
        .expect("it is there");
    let kept = kept.get_raw_message(1).await.expect("the message is there");
    assert_eq!(kept.subject.as_str(), format!("{topic}.count/a%2Eb%20c"));
    assert_eq!(&kept.payload[..], br#"{"number":1}"#);
    let mut headers: Vec<(String, String)> = kept
        .headers
        .iter()
        .map(|(name, values)| (name.to_string(), values[0].to_string()))
        .collect();
    headers.sort();
    let id = format!("a%20b-1@{topic}");
    let expected = [
        ("Nats-Expected-Stream", &*stream.name),
        ("Nats-Msg-Id", &id),
        ("ce-category", "count"),
        ("ce-correlationid", "x"),
        ("ce-datacontenttype", "application/json"),
        ("ce-id", "a%20b-1"),
        ("ce-position", "1"),
        ("ce-schemaversion", "1"),
        ("ce-source", "/test"),
        ("ce-specversion", "1.0"),
        ("ce-streamversion", "1"),
        ("ce-subject", "a%20b"),
        ("ce-time", "2024-01-02T03:04:05.678901Z"),
        ("ce-type", "counted"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_rejected_with_its_size_and_the_limit() {
    let Some(stream) = Stream::new() else { return };
    let config = Config {
        max_message_size: 2_000,
        ..Config::default()
    };
    stream.make(config).await;
    let publisher = stream.publisher().await;
    let topic = stream.topic("one");
    for (size, limit) in [
        (3_000, "2000 are the most"),
        (2_000_000, "2000 are the most"),
    ] {
        let mut large = message(&topic, "a", 1);
        large.event.data = format!("\"{}\"", "x".repeat(size));
        let outcome = publisher.publish(&[large]).await.remove(0);
        let Err(PublishError::Rejected { reason, .. }) = outcome else {
            panic!("{outcome:?}")
        };
        assert!(reason.contains(limit), "{reason}");
        assert!(reason.contains("max_msg_size"), "{reason}");
    }
    // As much as the stream takes, to the byte, is taken.
    let empty = message(&topic, "a", 1);
    let taken = (1_000..2_000).rev().map(|size| {
        let mut fits = empty.clone();
        fits.event.data = "1".repeat(size);
        fits
    });
    for fits in taken {
        match publisher.publish(&[fits]).await.remove(0) {
            Ok(()) => return,
            Err(PublishError::Rejected { source: None, .. }) => {}
            Err(error) => panic!("the server was asked: {error:?}"),
        }
    }
    panic!("nothing fits");
}

#[tokio::test]
async fn a_topic_that_the_stream_does_not_have_is_rejected_with_what_to_do() {
    let Some(stream) = Stream::new() else { return };
    let publisher = stream.publisher().await;
    let outcomes = publisher
        .publish(&[
            message(&format!("other-{}", stream.name), "a", 1),
            message(&stream.topic("one"), "b", 1),
            message("no topic", "c", 1),
        ])
        .await;
    let [
        Err(PublishError::Rejected { reason, .. }),
        Ok(()),
        Err(PublishError::Rejected { .. }),
    ] = &outcomes[..]
    else {
        panic!("{outcomes:?}")
    };
    assert!(reason.contains("nats stream edit"), "{reason}");
}

#[tokio::test]
async fn a_topic_of_another_stream_is_rejected() {
    let (Some(stream), Some(other)) = (Stream::new(), Stream::new()) else {
        return;
    };
    let (publisher, _other) = (stream.publisher().await, other.publisher().await);
    let outcomes = publisher
        .publish(&[message(&other.topic("one"), "a", 1)])
        .await;
    assert!(
        matches!(&outcomes[..], [Err(PublishError::Rejected { .. })]),
        "{outcomes:?}"
    );
    assert!(read_all(&other.source("one").await).await.is_empty());
}

#[tokio::test]
async fn a_stream_that_is_full_fails_a_key_and_not_the_others() {
    let Some(stream) = Stream::new() else { return };
    let config = Config {
        max_messages_per_subject: 2,
        discard: DiscardPolicy::New,
        discard_new_per_subject: true,
        ..Config::default()
    };
    stream.make(config).await;
    let publisher = stream.publisher().await;
    let topic = stream.topic("one");
    let mut batch: Vec<_> = (1..=4)
        .map(|version| message(&topic, "a", version))
        .collect();
    batch.push(message(&topic, "b", 1));
    let outcomes = publisher.publish(&batch).await;
    assert!(
        matches!(
            &outcomes[..],
            [
                Ok(()),
                Ok(()),
                Err(PublishError::Failed { .. }),
                Err(PublishError::NotSent),
                Ok(())
            ]
        ),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn a_stream_that_is_deleted_makes_everything_wait() {
    let Some(stream) = Stream::new() else { return };
    let publisher = stream.publisher().await;
    let jetstream = jetstream(&stream.server).await;
    let deleted = jetstream.delete_stream(&stream.name).await;
    deleted.expect("it is deleted");
    let batch = [message(&stream.topic("one"), "a", 1)];
    let outcome = publisher.publish(&batch).await.remove(0);
    let Err(PublishError::Unavailable { reason, .. }) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(reason.contains(&stream.name), "{reason}");
    // And once it is there again, it is sent.
    let _again = NatsPublisher::connect(options(&stream.server, &stream.name)).await;
    assert_confirmed(&publisher.publish(&batch).await);
}
