//! How fast it is, beside the client's own way: printed, never a promise.

use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use rehydrate::{Begin, Message, Publisher};

use crate::fixture::{Stream, assert_confirmed, jetstream, messages, open};

const STREAMS: u64 = 2_000;
const VERSIONS: u64 = 5;

fn rate(count: usize, time: Duration) -> String {
    let count = u32::try_from(count).expect("it is small");
    format!("{:.0}/s", f64::from(count) / time.as_secs_f64())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_go_out_and_come_back() {
    let Some(stream) = Stream::new() else { return };
    let publisher = stream.publisher().await;
    let client = jetstream(&stream.server).await;
    let version = client.client().server_info().version;
    let batch = messages(&stream.topic("ours"), STREAMS, VERSIONS);

    let topic = stream.topic("theirs");
    let send = |message: &Message, time: &str| {
        let mut headers = HeaderMap::new();
        for (name, value) in message.event.headers() {
            headers.insert(format!("ce-{name}"), value);
        }
        headers.insert("Nats-Msg-Id", format!("{}@{time}", message.event.id));
        let data = message.event.data.clone().into();
        client.publish_with_headers(format!("{topic}.{}", message.key), headers, data)
    };
    let begun = Instant::now();
    for message in &batch {
        let stored = send(message, "first").await.expect("it is sent").await;
        stored.expect("it is stored");
    }
    let one_by_one = begun.elapsed();

    // As fast as the client goes, whatever becomes of the order when something fails.
    let begun = Instant::now();
    for some in batch.chunks(1_000) {
        let mut sent = Vec::new();
        for message in some {
            sent.push(send(message, "second").await.expect("it is sent"));
        }
        for sent in sent {
            sent.await.expect("it is stored");
        }
    }
    let unsafe_order = begun.elapsed();

    let begun = Instant::now();
    // As a relay hands them over.
    for some in batch.chunks(1_000) {
        assert_confirmed(&publisher.publish(some).await);
    }
    let ours = begun.elapsed();

    let begun = Instant::now();
    let mut reader = open(&stream.source("ours").await, Begin::Beginning).await;
    let mut read = 0;
    while read < batch.len() {
        let received = reader.next(1_000, Duration::from_secs(20)).await;
        read += received.expect("it can be read").messages.len();
    }
    let reading = begun.elapsed();
    eprintln!(
        "nats-server {version}, {} messages: sent {} in batches of 1000; by the client itself {} \
         one by one ({:.1} times as fast as that), {} without waiting ({:.2} times); read {}",
        batch.len(),
        rate(batch.len(), ours),
        rate(batch.len(), one_by_one),
        one_by_one.as_secs_f64() / ours.as_secs_f64(),
        rate(batch.len(), unsafe_order),
        unsafe_order.as_secs_f64() / ours.as_secs_f64(),
        rate(batch.len(), reading)
    );
    assert_eq!(read, batch.len());
}
