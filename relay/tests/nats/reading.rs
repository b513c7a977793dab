//! What is read, beside the contract.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::stream::Config;
use rehydrate::{Begin, Offset, Publisher, Source, SourceError};

use crate::fixture::{Stream, jetstream};
use rehydrate_tests::brokers::{
    PATIENCE, assert_confirmed, event, message, messages, open, read_all,
};

fn after(sequence: u64) -> Begin {
    Begin::After(Offset(sequence.to_string()))
}

#[tokio::test]
async fn topics_of_a_stream_are_read_apart_and_together() {
    let Some(stream) = Stream::new() else { return };
    let publisher = stream.publisher().await;
    for version in 1..=5 {
        for topic in ["one", "other", "one.more"] {
            let message = message(&stream.topic(topic), topic, version);
            assert_confirmed(&publisher.publish(&[message]).await);
        }
    }
    for topic in ["one", "other", "one.more"] {
        let events = read_all(&stream.source(topic).await).await;
        assert_eq!(events.len(), 5, "of {topic}");
        assert!(events.iter().all(|event| event.stream_id == topic));
    }
    assert_eq!(read_all(&stream.source(">").await).await.len(), 15);
    assert_eq!(read_all(&stream.source("one.>").await).await.len(), 10);
    // Behind its last message there are those of others: the offset is behind them, too.
    let mut reader = open(&stream.source("one").await, Begin::Beginning).await;
    let received = reader.next(5, PATIENCE).await.expect("it can be read");
    assert!(received.is_at_end);
    assert_eq!(received.offset, Offset("15".to_owned()));
}

#[tokio::test]
async fn events_in_structured_mode_are_read() {
    let Some(stream) = Stream::new() else { return };
    let _publisher = stream.publisher().await;
    let jetstream = jetstream(&stream.server).await;
    let sent = event("é", 3);
    let text = sent.to_json().expect("it is JSON");
    let mut headers = HeaderMap::new();
    headers.insert(
        "Content-Type",
        "application/cloudevents+json; charset=UTF-8",
    );
    for headers in [headers, HeaderMap::new()] {
        let subject = format!("{}.x", stream.topic("one"));
        let sending = jetstream.publish_with_headers(subject, headers, text.clone().into());
        let stored = sending.await.expect("it is sent").await;
        stored.expect("it is stored");
    }
    let events = read_all(&stream.source("one").await).await;
    assert_eq!(events, [sent.clone(), sent]);
}

#[tokio::test]
async fn what_the_stream_has_thrown_away_is_gone_and_what_was_deleted_alone_is_not() {
    let Some(stream) = Stream::new() else { return };
    let jetstream = jetstream(&stream.server).await;
    let config = Config {
        max_messages: 5,
        ..Config::default()
    };
    stream.make(config).await;
    let publisher = stream.publisher().await;
    let source = stream.source("one").await;
    let topic = stream.topic("one");
    assert_confirmed(&publisher.publish(&messages(&topic, 1, 5)).await);
    let mut early = open(&source, Begin::Beginning).await;
    let received = early.next(1, PATIENCE).await.expect("it can be read");
    assert_eq!(received.messages.len(), 1);
    let kept = jetstream
        .get_stream(&stream.name)
        .await
        .expect("it is there");
    kept.delete_message(4).await.expect("it is deleted");

    // One is deleted in the middle, and everything from it on is read.
    let mut reader = open(&source, after(3)).await;
    let received = reader.next(9, PATIENCE).await.expect("it can be read");
    assert_eq!(received.messages.len(), 1);
    assert!(received.is_at_end);

    let more: Vec<_> = (6..=10)
        .map(|version| message(&topic, "s1", version))
        .collect();
    assert_confirmed(&publisher.publish(&more).await);
    let gone = source.open(&after(3)).await.map(drop);
    assert!(matches!(gone, Err(SourceError::Gone { .. })), "{gone:?}");
    let beyond = source.open(&after(99)).await.map(drop);
    assert!(
        matches!(beyond, Err(SourceError::Gone { .. })),
        "{beyond:?}"
    );
    let no_offset = source.open(&Begin::After(Offset("x".to_owned()))).await;
    assert!(matches!(
        no_offset.map(drop),
        Err(SourceError::Refused { .. })
    ));
    // The first one that is there follows the offset.
    let mut reader = open(&source, after(5)).await;
    let received = reader.next(9, PATIENCE).await.expect("it can be read");
    assert_eq!(received.messages.len(), 5);
}

#[tokio::test]
async fn a_hole_that_the_stream_tears_before_a_reader_is_gone() {
    let Some(stream) = Stream::new() else { return };
    let jetstream = jetstream(&stream.server).await;
    let publisher = stream.publisher().await;
    let topic = stream.topic("one");
    // More than a reader asks for at once.
    let batch = messages(&topic, 100, 11);
    assert_confirmed(&publisher.publish(&batch).await);
    let mut reader = open(&stream.source("one").await, Begin::Beginning).await;
    let received = reader.next(1, PATIENCE).await.expect("it can be read");
    assert_eq!(received.messages.len(), 1);
    let kept = jetstream
        .get_stream(&stream.name)
        .await
        .expect("it is there");
    let purged = kept.purge().sequence(1_000).await;
    purged.expect("what comes before it is deleted");
    let mut read = 1;
    let error = loop {
        match reader.next(50, Duration::from_secs(1)).await {
            Ok(received) => read += received.messages.len(),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SourceError::Gone { .. }), "{error:?}");
    assert!(read < 1_000, "{read}");
}

#[tokio::test]
async fn a_reader_of_what_is_purged_before_it_comes_to_its_end() {
    let Some(stream) = Stream::new() else { return };
    let jetstream = jetstream(&stream.server).await;
    let publisher = stream.publisher().await;
    let topic = stream.topic("one");
    assert_confirmed(&publisher.publish(&messages(&topic, 1, 3)).await);
    let mut reader = open(&stream.source("one").await, Begin::Beginning).await;
    let kept = jetstream
        .get_stream(&stream.name)
        .await
        .expect("it is there");
    kept.purge().await.expect("it is emptied");
    let received = reader.next(9, Duration::from_millis(50)).await;
    let received = received.expect("it can be read");
    assert!(received.messages.is_empty() && received.is_at_end);
}

#[tokio::test]
async fn a_time_after_the_last_message_is_at_the_end_and_reads_what_comes_then() {
    let Some(stream) = Stream::new() else { return };
    let publisher = stream.publisher().await;
    let topic = stream.topic("one");
    assert_confirmed(&publisher.publish(&messages(&topic, 1, 3)).await);
    let source = stream.source("one").await;
    let mut reader = open(&source, Begin::At(chrono::Utc::now())).await;
    let received = reader.next(9, Duration::from_millis(10)).await;
    let received = received.expect("it can be read");
    assert!(received.messages.is_empty() && received.is_at_end);
    assert_eq!(received.offset, Offset("3".to_owned()));
    assert_confirmed(&publisher.publish(&[message(&topic, "s1", 4)]).await);
    let received = reader.next(9, PATIENCE).await.expect("it can be read");
    assert_eq!(received.messages.len(), 1);
    // A time to come: what is there before it is not for this reader.
    let later = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    let mut reader = open(&source, Begin::At(later)).await;
    assert_confirmed(&publisher.publish(&[message(&topic, "s1", 5)]).await);
    let received = reader.next(9, Duration::from_millis(50)).await;
    assert!(received.expect("it can be read").messages.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_loses_nothing() {
    let Some(stream) = Stream::new() else { return };
    let publisher = stream.publisher().await;
    let batch = messages(&stream.topic("one"), 20, 60);
    assert_confirmed(&publisher.publish(&batch).await);
    let source = stream.source("one").await;
    let expected = read_all(&source).await;
    assert_eq!(expected.len(), batch.len());
    let mut reader = open(&source, Begin::Beginning).await;
    let (mut read, mut dropped) = (0, 0);
    while read < expected.len() {
        let received = tokio::select! {
            biased;
            received = reader.next(7, PATIENCE) => received.expect("it can be read"),
            () = tokio::task::yield_now() => {
                dropped += 1;
                continue;
            }
        };
        for message in received.messages {
            let event = message.event.expect("it is an event");
            assert_eq!(event, expected[read], "number {read}");
            read += 1;
        }
    }
    assert!(dropped > 0, "every call was ready at once");
}
