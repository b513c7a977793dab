//! Shards that are split and merged while they are written and read.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::{Shard, StreamStatus};
use rehydrate::{Begin, CloudEvent, Message, Publisher};
use rehydrate_tests::brokers::{PATIENCE, assert_confirmed, duplicates, message, open, read_all};
use rehydrate_tests::kinesis::kinesalite;

use crate::fixture::{client, name, options, publisher, source};

const STREAMS: u64 = 40;
/// The middle of all hash keys, and of the upper half.
const HALF: &str = "170141183460469231731687303715884105728";

/// So many versions of every stream, beginning with this one.
fn part(topic: &str, from: u64, count: u64) -> Vec<Message> {
    let versions = from..from + count;
    let all = versions.flat_map(|version| {
        (1..=STREAMS).map(move |it| message(topic, &format!("s{it}"), version))
    });
    all.collect()
}

async fn shards(client: &Client, stream: &str) -> Vec<Shard> {
    let listed = client.list_shards().stream_name(stream).send().await;
    let listed = listed.expect("there are shards");
    listed.shards.unwrap_or_default()
}

/// Until a change of the shards is over.
async fn until_active(client: &Client, stream: &str, count: usize) {
    let begun = std::time::Instant::now();
    loop {
        let asked = client.describe_stream_summary().stream_name(stream);
        let said = asked.send().await.expect("it is there");
        let status = said.stream_description_summary.map(|it| it.stream_status);
        let is_active = status == Some(StreamStatus::Active);
        if is_active && shards(client, stream).await.len() == count {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "it is {status:?}");
    }
}

async fn split(client: &Client, stream: &str) {
    let split = client.split_shard().stream_name(stream);
    let split = split.shard_to_split("shardId-000000000000");
    let split = split.new_starting_hash_key(HALF).send().await;
    split.expect("it can be split");
    until_active(client, stream, 3).await;
}

async fn merge(client: &Client, stream: &str) {
    let merge = client.merge_shards().stream_name(stream);
    let merge = merge.shard_to_merge("shardId-000000000001");
    let merge = merge.adjacent_shard_to_merge("shardId-000000000002");
    merge.send().await.expect("they can be merged");
    until_active(client, stream, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_stay_in_order_when_shards_are_split_and_merged_before_they_are_read() {
    let Some(server) = kinesalite() else { return };
    let (topic, options) = (name(), options(&server.url(), 1));
    let client = client(&server.url());
    let publisher = publisher(options.clone()).await;
    assert_confirmed(&publisher.publish(&part(&topic, 1, 8)).await);
    split(&client, &topic).await;
    assert_confirmed(&publisher.publish(&part(&topic, 9, 8)).await);
    merge(&client, &topic).await;
    assert_confirmed(&publisher.publish(&part(&topic, 17, 8)).await);

    let source = source(options, &topic).await;
    assert_eq!(duplicates(&read_all(&source).await, STREAMS, 24), 0);
    // By many readers, each of which has nothing but the text of the one before.
    let (mut begin, mut events, mut offsets) = (Begin::Beginning, Vec::new(), HashSet::new());
    loop {
        let mut reader = open(&source, begin).await;
        let received = reader.next(70, Duration::from_millis(300)).await;
        let received = received.expect("it can be read");
        let messages = received.messages.into_iter();
        events.extend(messages.map(|it| it.event.expect("it is an event")));
        offsets.insert(received.offset.0.clone());
        begin = Begin::After(received.offset);
        if received.is_at_end {
            break;
        }
    }
    assert_eq!(duplicates(&events, STREAMS, 24), 0);
    assert!(offsets.len() > 10, "{offsets:?}");
    let Begin::After(offset) = begin else { return };
    // The three that are closed, and the one that is not.
    assert_eq!(offset.0.matches(":end").count(), 3, "{offset}");
    assert_eq!(offset.0.matches("shardId-").count(), 4, "{offset}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_stay_in_order_when_shards_are_split_and_merged_while_they_are_read() {
    let Some(server) = kinesalite() else { return };
    let (topic, options) = (name(), options(&server.url(), 1));
    let client = client(&server.url());
    let publisher = publisher(options.clone()).await;
    let source = source(options, &topic).await;
    let mut reader = open(&source, Begin::Beginning).await;
    let to_send = topic.clone();
    let sending = tokio::spawn(async move {
        for version in 1..=60 {
            assert_confirmed(&publisher.publish(&part(&to_send, version, 1)).await);
        }
    });
    let wanted = usize::try_from(STREAMS * 60).expect("it is small");
    let mut events: Vec<CloudEvent> = Vec::new();
    let mut changes = 0;
    while events.len() < wanted {
        let received = reader.next(200, PATIENCE).await.expect("it can be read");
        assert!(!received.messages.is_empty(), "nothing comes any more");
        let messages = received.messages.into_iter();
        events.extend(messages.map(|it| it.event.expect("it is an event")));
        match changes {
            0 => split(&client, &topic).await,
            1 if events.len() > wanted / 3 => merge(&client, &topic).await,
            _ => continue,
        }
        changes += 1;
    }
    sending.await.expect("everything is sent");
    assert_eq!(changes, 2);
    assert_eq!(duplicates(&events, STREAMS, 60), 0);
    assert_eq!(shards(&client, &topic).await.len(), 4);
}
