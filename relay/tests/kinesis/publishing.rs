//! What becomes of messages, beside the contract.

use aws_sdk_kinesis::types::{Record, ShardIteratorType};
use rehydrate::{CloudEvent, Message, PublishError, Publisher};
use rehydrate_tests::brokers::{assert_confirmed, event, message, messages, read_all};
use rehydrate_tests::kinesis::kinesalite;

use crate::fixture::{client, name, options, publisher, source};
use crate::proxy::{Fault, Proxy};

/// What is in the only shard of a stream, by the client itself.
async fn records(endpoint: &str, stream: &str) -> Vec<Record> {
    let client = client(endpoint);
    let iterator = client
        .get_shard_iterator()
        .stream_name(stream)
        .shard_id("shardId-000000000000")
        .shard_iterator_type(ShardIteratorType::TrimHorizon)
        .send()
        .await;
    let iterator = iterator.expect("there is a shard").shard_iterator;
    let answer = client.get_records().set_shard_iterator(iterator).send();
    answer.await.expect("it can be read").records
}

#[tokio::test]
async fn a_record_is_a_cloud_event_and_its_partition_key_is_the_key() {
    let Some(server) = kinesalite() else { return };
    let topic = name();
    let publisher = publisher(options(&server.url(), 1)).await;
    let long = "é".repeat(300);
    for key in ["count/a b", "", &long, &long] {
        let sent = Message::new(&topic, key, event("a", 1));
        assert_confirmed(&publisher.publish(&[sent]).await);
    }
    let records = records(&server.url(), &topic).await;
    let keys: Vec<&str> = records.iter().filter_map(Record::partition_key).collect();
    assert_eq!(keys[..2], ["count/a b", "-"]);
    assert_eq!(keys[2], keys[3]);
    assert!(keys[2].starts_with('é') && keys[2].chars().count() <= 256);
    let data = records[0].data.as_ref();
    let text = std::str::from_utf8(data).expect("it is text");
    assert_eq!(CloudEvent::from_json(text).unwrap(), event("a", 1));
    assert!(text.contains(r#""specversion":"1.0""#), "{text}");
}

#[tokio::test]
async fn a_message_that_is_too_large_is_rejected_with_its_size_and_the_limit() {
    let Some(server) = kinesalite() else { return };
    let topic = name();
    let options = options(&server.url(), 1);
    let small = publisher(options.clone().largest(2_000)).await;
    let sized = |size: usize| {
        let mut sent = message(&topic, "a", 1);
        let empty = sent.event.to_json().unwrap().len() - sent.event.data.len();
        sent.event.data = "1".repeat(size - empty - sent.key.len());
        sent
    };
    for (publisher, limit) in [(&small, 2_000), (&publisher(options).await, 1024 * 1024)] {
        let outcomes = publisher.publish(&[sized(limit)]).await;
        assert_confirmed(&outcomes);
        let outcome = publisher.publish(&[sized(limit + 1)]).await.remove(0);
        let Err(PublishError::Rejected { reason, .. }) = outcome else {
            panic!("{outcome:?}")
        };
        assert!(reason.contains(&format!("{} bytes", limit + 1)), "{reason}");
        assert!(reason.contains("update-max-record-size"), "{reason}");
    }
}

#[tokio::test]
async fn a_record_that_was_too_large_is_measured_anew_when_it_is_sent_again() {
    let Some(server) = kinesalite() else { return };
    let proxy = Proxy::start(&server.url(), |_| Fault::Pass);
    let topic = name();
    let publisher = publisher(options(&proxy.url(), 1)).await;
    assert_confirmed(&publisher.publish(&[message(&topic, "a", 1)]).await);
    let mut large = message(&topic, "b", 1);
    large.event.data = format!("\"{}\"", "x".repeat(1024 * 1024));
    let asked = proxy.count("DescribeStreamSummary");
    for _ in 0..2 {
        let outcome = publisher.publish(std::slice::from_ref(&large)).await;
        assert!(matches!(outcome[..], [Err(PublishError::Rejected { .. })]));
    }
    // Somebody may have raised what the stream takes in between, as the error says.
    assert_eq!(proxy.count("DescribeStreamSummary"), asked + 1);
}

#[tokio::test]
async fn a_batch_of_any_size_is_sent_in_requests_that_are_not_too_large() {
    let Some(server) = kinesalite() else { return };
    let proxy = Proxy::start(&server.url(), |seen| match seen.keys.len() {
        0..=500 => Fault::Pass,
        _ => Fault::Say(400, "ValidationException"),
    });
    let topic = name();
    let options = options(&proxy.url(), 3);
    let publisher = publisher(options.clone()).await;
    assert_confirmed(&publisher.publish(&messages(&topic, 1_700, 1)).await);
    assert_eq!(proxy.count("PutRecords"), 4);
    let large = (1..=12).map(|number| {
        let mut sent = message(&topic, &format!("large-{number}"), 1);
        sent.event.data = format!("\"{}\"", "x".repeat(900_000));
        sent
    });
    let large: Vec<Message> = large.collect();
    assert_confirmed(&publisher.publish(&large).await);
    // 5 of them fit into 5 MiB.
    assert_eq!(proxy.count("PutRecords"), 4 + 3);
    assert_eq!(read_all(&source(options, &topic).await).await.len(), 1_712);
}

#[tokio::test]
async fn topics_are_streams_and_one_that_is_missing_is_rejected_with_what_to_do() {
    let Some(server) = kinesalite() else { return };
    let (one, other, missing) = (name(), name(), name());
    let options = options(&server.url(), 1);
    let making = publisher(options.clone()).await;
    let batch = [message(&one, "a", 1), message(&other, "b", 1)];
    assert_confirmed(&making.publish(&batch).await);
    let publisher = publisher(options.clone().create(false)).await;
    let outcomes = publisher
        .publish(&[
            message(&missing, "a", 2),
            message(&one, "a", 3),
            message(&one, "b", 2),
            message("no stream", "c", 1),
        ])
        .await;
    let [
        Err(PublishError::Rejected { reason, .. }),
        Err(PublishError::NotSent),
        Ok(()),
        Err(PublishError::Rejected { reason: name, .. }),
    ] = &outcomes[..]
    else {
        panic!("{outcomes:?}")
    };
    assert!(reason.contains("aws kinesis create-stream"), "{reason}");
    assert!(
        reason.contains("create=true") && reason.contains(&missing),
        "{reason}"
    );
    assert!(name.contains("no stream"), "{name}");
    assert_eq!(
        read_all(&source(options.clone(), &one).await).await.len(),
        2
    );
    assert_eq!(read_all(&source(options, &other).await).await.len(), 1);
}

#[tokio::test]
async fn a_stream_that_was_deleted_is_made_again_if_that_was_said() {
    let Some(server) = kinesalite() else { return };
    let topic = name();
    let options = options(&server.url(), 1);
    let publisher = publisher(options.clone()).await;
    assert_confirmed(&publisher.publish(&[message(&topic, "a", 1)]).await);
    let delete = client(&server.url()).delete_stream().stream_name(&topic);
    delete.send().await.expect("it is deleted");
    assert_confirmed(&publisher.publish(&[message(&topic, "a", 2)]).await);
    let events = read_all(&source(options, &topic).await).await;
    let versions: Vec<u64> = events.iter().map(|event| event.version.get()).collect();
    assert_eq!(versions, [2]);
}
