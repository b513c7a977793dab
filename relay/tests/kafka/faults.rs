//! Brokers that fail when they are told.

use std::time::Duration;

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rehydrate::{Begin, CloudEvent, PublishError, Publisher, SourceError};
use rehydrate_relay::kafka::KafkaOptions;
use rehydrate_tests::brokers::{
    PATIENCE, assert_confirmed, duplicates, message, messages, open, read_all, send_all,
};

use crate::fixture::{publisher, source};

const TOPIC: &str = "counts";
const STREAMS: u64 = 20;
const VERSIONS: u64 = 20;

type Cluster = MockCluster<'static, DefaultProducerContext>;

fn cluster(partitions: i32) -> (Cluster, KafkaOptions) {
    let cluster = MockCluster::new(1).expect("there is a cluster");
    let created = cluster.create_topic(TOPIC, partitions, 1);
    created.expect("there is a topic");
    let url = format!("kafka://{}", cluster.bootstrap_servers());
    let options = KafkaOptions::new(&url).expect("it is an address");
    (cluster, options.timeout(Duration::from_secs(3)))
}

async fn everything(options: KafkaOptions) -> Vec<CloudEvent> {
    read_all(&source(options, TOPIC).await).await
}

/// Fails requests to produce, and sends all the same.
async fn send_through(errors: &[RDKafkaRespErr]) -> (usize, usize) {
    let (cluster, options) = cluster(3);
    let sender = publisher(options.clone()).await;
    assert_confirmed(&sender.publish(&[message(TOPIC, "first", 1)]).await);
    cluster.request_errors(RDKafkaApiKey::Produce, errors);
    let mut interruptions = 0;
    for some in messages(TOPIC, STREAMS, VERSIONS).chunks(50) {
        interruptions += send_all(&sender, some.to_vec()).await;
    }
    let mut events = everything(options).await;
    events.retain(|event| event.stream_id != "first");
    (interruptions, duplicates(&events, STREAMS, VERSIONS))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_tried_again_by_the_client_without_a_duplicate() {
    use RDKafkaRespErr as Error;
    for errors in [
        vec![Error::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS; 5],
        vec![Error::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION; 3],
        vec![Error::RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR; 2],
        vec![Error::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT; 3],
        // The connection breaks.
        vec![Error::RD_KAFKA_RESP_ERR__TRANSPORT; 3],
    ] {
        let (_, duplicates) = send_through(&errors).await;
        assert_eq!(duplicates, 0, "{errors:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_every_key_holds_whatever_a_broker_refuses() {
    use RDKafkaRespErr as Error;
    for errors in [
        vec![Error::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE; 4],
        vec![Error::RD_KAFKA_RESP_ERR_INVALID_RECORD; 4],
        vec![Error::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 4],
        vec![Error::RD_KAFKA_RESP_ERR_UNKNOWN; 4],
        vec![Error::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER; 4],
        vec![Error::RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID; 4],
        vec![
            Error::RD_KAFKA_RESP_ERR_NO_ERROR,
            Error::RD_KAFKA_RESP_ERR_INVALID_RECORD,
            Error::RD_KAFKA_RESP_ERR__TRANSPORT,
            Error::RD_KAFKA_RESP_ERR_INVALID_RECORD,
        ],
    ] {
        let (interruptions, duplicates) = send_through(&errors).await;
        eprintln!("{errors:?}: {interruptions} batches broke off, {duplicates} duplicates");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_is_told_apart_from_those_beside_it() {
    let (cluster, options) = cluster(1);
    let sender = publisher(options.clone()).await;
    assert_confirmed(&sender.publish(&[message(TOPIC, "first", 1)]).await);
    // All of the request is refused, and then one message of it.
    let invalid = RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_RECORD;
    cluster.request_errors(RDKafkaApiKey::Produce, &[invalid; 2]);
    let outcomes = sender.publish(&messages(TOPIC, 3, 2)).await;
    let rejected: Vec<usize> = (0..6)
        .filter(|number| matches!(outcomes[*number], Err(PublishError::Rejected { .. })))
        .collect();
    let [rejected] = rejected[..] else {
        panic!("{outcomes:?}")
    };
    assert!(rejected < 3, "{outcomes:?}");
    assert!(
        matches!(outcomes[rejected + 3], Err(PublishError::NotSent)),
        "{outcomes:?}"
    );
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 4);
    // And the next batch goes out by another producer.
    let rest = [rejected, rejected + 3].map(|number| messages(TOPIC, 3, 2)[number].clone());
    assert_confirmed(&sender.publish(&rest).await);
    let mut events = everything(options).await;
    events.retain(|event| event.stream_id != "first");
    assert_eq!(duplicates(&events, 3, 2), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_that_are_down_are_unavailable_until_they_are_up() {
    let (cluster, options) = cluster(3);
    let options = options.timeout(Duration::from_secs(1));
    let sender = publisher(options.clone()).await;
    let source = source(options.clone(), TOPIC).await;
    let batch = messages(TOPIC, 1, 3);
    assert_confirmed(&sender.publish(&batch[..1]).await);
    let mut reader = open(&source, Begin::Beginning).await;
    let first = reader.next(1, PATIENCE).await.expect("it can be read");
    assert_eq!(first.messages.len(), 1);
    cluster.broker_down(-1).expect("they are down");
    let outcomes = sender.publish(&batch[1..]).await;
    assert!(
        matches!(
            &outcomes[..],
            [
                Err(PublishError::Unavailable { .. }),
                Err(PublishError::NotSent)
            ]
        ),
        "{outcomes:?}"
    );
    let error = reader.next(1, PATIENCE).await.map(drop);
    assert!(
        matches!(error, Err(SourceError::Unavailable { .. })),
        "{error:?}"
    );
    cluster.broker_up(-1).expect("they are up");
    send_all(&sender, batch[1..].to_vec()).await;
    let mut read = 0;
    while read < 2 {
        match reader.next(9, PATIENCE).await {
            Ok(received) => read += received.messages.len(),
            Err(SourceError::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(duplicates(&everything(options).await, 1, 3), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_too_slow_is_unavailable_and_the_order_holds() {
    let (cluster, options) = cluster(1);
    let sender = publisher(options.clone().timeout(Duration::from_millis(800))).await;
    assert_confirmed(&sender.publish(&[message(TOPIC, "first", 1)]).await);
    let slow = Duration::from_millis(1_500);
    cluster.broker_round_trip_time(1, slow).expect("it is slow");
    let batch = messages(TOPIC, 5, 10);
    let outcomes = sender.publish(&batch).await;
    assert!(
        matches!(outcomes[0], Err(PublishError::Unavailable { .. })),
        "{outcomes:?}"
    );
    assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
    cluster
        .broker_round_trip_time(1, Duration::ZERO)
        .expect("it is fast");
    send_all(&sender, batch).await;
    let mut events = everything(options).await;
    events.retain(|event| event.stream_id != "first");
    let duplicates = duplicates(&events, 5, 10);
    eprintln!("a slow broker: {duplicates} duplicates");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_does_not_break_the_order_of_the_next() {
    let (cluster, options) = cluster(3);
    let sender = publisher(options.clone()).await;
    let batch = messages(TOPIC, STREAMS, VERSIONS);
    assert_confirmed(&sender.publish(&batch[..1]).await);
    let slow = Duration::from_millis(200);
    cluster.broker_round_trip_time(1, slow).expect("it is slow");
    for time in [0, 1, 5, 15, 100, 150] {
        let sending = sender.publish(&batch[1..]);
        let dropped = tokio::time::timeout(Duration::from_millis(time), sending).await;
        assert!(dropped.is_err(), "it was sent within {time} ms");
    }
    cluster
        .broker_round_trip_time(1, Duration::ZERO)
        .expect("it is fast");
    send_all(&sender, batch[1..].to_vec()).await;
    let duplicates = duplicates(&everything(options).await, STREAMS, VERSIONS);
    assert!(
        duplicates > 0,
        "nothing of the dropped calls was on its way"
    );
    eprintln!("6 calls dropped: {duplicates} duplicates");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_goes_to_two_topics_waits_for_the_first() {
    let (cluster, options) = cluster(1);
    let created = cluster.create_topic("others", 1, 1);
    created.expect("there is a topic");
    let sender = publisher(options.clone()).await;
    assert_confirmed(&sender.publish(&[message(TOPIC, "first", 1)]).await);
    let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_RECORD; 2];
    cluster.request_errors(RDKafkaApiKey::Produce, &errors);
    let batch = [message(TOPIC, "a", 1), message("others", "a", 2)];
    let outcomes = sender.publish(&batch).await;
    assert!(
        matches!(
            &outcomes[..],
            [
                Err(PublishError::Rejected { .. }),
                Err(PublishError::NotSent)
            ]
        ),
        "{outcomes:?}"
    );
    let others = source(options, "others").await;
    assert!(read_all(&others).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_before_a_message_to_no_topic_is_sent() {
    let (_cluster, options) = cluster(1);
    let sender = publisher(options.clone()).await;
    let batch = [
        message(TOPIC, "s1", 1),
        message("no topic", "s1", 2),
        message(TOPIC, "s1", 3),
    ];
    let outcomes = sender.publish(&batch).await;
    assert!(
        matches!(
            &outcomes[..],
            [
                Ok(()),
                Err(PublishError::Rejected { .. }),
                Err(PublishError::NotSent)
            ]
        ),
        "{outcomes:?}"
    );
    assert_eq!(duplicates(&everything(options).await, 1, 1), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reader_has_not_read_in_time_is_gone() {
    let (_cluster, options) = cluster(1);
    let options = options.option("message.max.bytes", "2000000");
    let options = options.expect("it can be set");
    let sender = publisher(options.clone()).await;
    let source = source(options, TOPIC).await;
    assert_confirmed(&sender.publish(&messages(TOPIC, 1, 2)).await);
    let mut reader = open(&source, Begin::Beginning).await;
    let first = reader.next(1, PATIENCE).await.expect("it can be read");
    // The cluster keeps 5 MB of a partition, and a reader reads 16 MB ahead, so it begins anew.
    for version in 3..=12 {
        let mut large = message(TOPIC, "s1", version);
        large.event.data = format!("\"{}\"", "x".repeat(900_000));
        assert_confirmed(&sender.publish(&[large]).await);
    }
    let gone = rehydrate::Source::open(&source, &Begin::After(first.offset)).await;
    let gone = gone.map(drop);
    assert!(matches!(gone, Err(SourceError::Gone { .. })), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_key_follows_a_request_that_was_refused() {
    use RDKafkaRespErr as Error;
    for (name, value) in [
        ("batch.num.messages", "2"),
        ("batch.size", "300"),
        ("linger.ms", "0"),
    ] {
        let (cluster, options) = cluster(1);
        let options = options.option(name, value).expect("it can be set");
        let sender = publisher(options.clone()).await;
        assert_confirmed(&sender.publish(&[message(TOPIC, "first", 1)]).await);
        // This cluster does not look at sequence numbers, as one that does not know a producer yet.
        let invalid = Error::RD_KAFKA_RESP_ERR_INVALID_RECORD;
        cluster.request_errors(RDKafkaApiKey::Produce, &[invalid]);
        let outcomes = sender.publish(&messages(TOPIC, 1, 40)).await;
        assert_confirmed(&outcomes);
        let mut events = everything(options).await;
        events.retain(|event| event.stream_id != "first");
        assert_eq!(duplicates(&events, 1, 40), 0, "{name}={value}");
    }
}
