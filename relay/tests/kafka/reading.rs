//! What is read, beside the contract.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use rehydrate::{Begin, Offset, Publisher, Source, SourceError};

use crate::fixture::Topic;
use rehydrate_tests::brokers::{
    PATIENCE, assert_confirmed, message, messages, open, read_all, read_to_end,
};

fn after(text: &str) -> Begin {
    Begin::After(Offset(text.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_has_a_place_in_every_partition() {
    let Some(topic) = Topic::new() else { return };
    let sender = topic.publisher().await;
    assert_confirmed(&sender.publish(&messages(&topic.name, 30, 4)).await);
    let source = topic.source().await;
    let mut reader = open(&source, Begin::Beginning).await;
    let mut read = 0;
    let offset = loop {
        let received = reader.next(7, PATIENCE).await.expect("it can be read");
        read += received.messages.len();
        if received.is_at_end {
            break received.offset;
        }
    };
    assert_eq!(read, 120);
    let places: Vec<u64> = offset
        .0
        .split(',')
        .map(|place| place.split_once(':').expect("it is a place").1)
        .map(|next| next.parse().expect("it is a number"))
        .collect();
    assert_eq!(places.len(), 3, "{offset}");
    assert_eq!(places.iter().sum::<u64>(), 120, "{offset}");
    assert!(places.iter().all(|next| *next > 0), "{offset}");
    // A partition that an offset does not have was added since: it is read from its beginning.
    let (known, _) = offset.0.rsplit_once(',').expect("there are several");
    let mut reader = open(&source, after(known)).await;
    let rest = usize::try_from(places[2]).expect("it is small");
    let mut read = 0;
    while read < rest {
        let received = reader.next(500, PATIENCE).await.expect("it can be read");
        assert!(!received.messages.is_empty());
        read += received.messages.len();
    }
    assert_eq!(read, rest);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_offset_is_refused_and_one_of_another_topic_is_gone() {
    let Some(topic) = Topic::new() else { return };
    let sender = topic.publisher().await;
    assert_confirmed(&sender.publish(&messages(&topic.name, 1, 3)).await);
    let source = topic.source().await;
    for wrong in ["", "17", "0:x"] {
        let opened = source.open(&after(wrong)).await.map(drop);
        assert!(
            matches!(opened, Err(SourceError::Refused { .. })),
            "{opened:?}"
        );
    }
    // It was made anew and is shorter, or has fewer partitions.
    let knowing = topic.options().watermarks(true);
    let source = crate::fixture::source(knowing, &topic.name).await;
    for gone in ["0:99,1:0,2:0", "0:0,1:0,2:0,3:0"] {
        let Err(SourceError::Gone { offset, .. }) = source.open(&after(gone)).await.map(drop)
        else {
            panic!("{gone} is there")
        };
        assert_eq!(offset.0, gone);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_after_the_last_message_is_at_the_end_and_reads_what_comes_then() {
    let Some(topic) = Topic::new() else { return };
    let sender = topic.publisher().await;
    assert_confirmed(&sender.publish(&messages(&topic.name, 1, 3)).await);
    let source = topic.source().await;
    let all = read_to_end(&mut *open(&source, Begin::Beginning).await).await;
    let last = all.iter().map(|message| message.sent_at).max();
    let last = last.expect("there are some");
    let mut reader = open(&source, Begin::At(last + TimeDelta::milliseconds(1))).await;
    let received = reader.next(9, PATIENCE).await;
    let received = received.expect("it can be read");
    assert!(
        received.messages.is_empty() && received.is_at_end,
        "{received:?}"
    );
    assert_confirmed(&sender.publish(&[message(&topic.name, "s1", 4)]).await);
    let received = reader.next(9, PATIENCE).await.expect("it can be read");
    assert_eq!(received.messages.len(), 1);
    // A time to come: what is there before it is not for this reader.
    let mut reader = open(&source, Begin::At(Utc::now() + TimeDelta::hours(1))).await;
    assert_confirmed(&sender.publish(&[message(&topic.name, "s1", 5)]).await);
    let received = reader.next(9, Duration::from_millis(300)).await;
    assert!(received.expect("it can be read").messages.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_loses_nothing() {
    let Some(topic) = Topic::new() else { return };
    let sender = topic.publisher().await;
    let batch = messages(&topic.name, 20, 60);
    assert_confirmed(&sender.publish(&batch).await);
    let source = topic.source().await;
    let mut reader = open(&source, Begin::Beginning).await;
    let (mut events, mut dropped) = (Vec::new(), 0);
    while events.len() < batch.len() {
        let received = tokio::select! {
            biased;
            received = reader.next(7, PATIENCE) => received.expect("it can be read"),
            () = tokio::task::yield_now() => {
                dropped += 1;
                continue;
            }
        };
        let messages = received.messages.into_iter();
        events.extend(messages.map(|message| message.event.expect("it is an event")));
    }
    assert!(dropped > 0, "every call was ready at once");
    assert_eq!(rehydrate_tests::brokers::duplicates(&events, 20, 60), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_a_value_is_handed_over_with_its_place() {
    let Some(topic) = Topic::new() else { return };
    let source = topic.source().await;
    let record = rdkafka::producer::FutureRecord::<str, str>::to(&topic.name).key("a");
    let sent = topic.client().send(record, PATIENCE).await;
    sent.expect("it is stored");
    let mut reader = open(&source, Begin::Beginning).await;
    let received = reader.next(1, PATIENCE).await.expect("it can be read");
    let [message] = &received.messages[..] else {
        panic!("{received:?}")
    };
    assert!(message.event.is_err(), "{message:?}");
    assert!(message.place.contains("offset 0"), "{}", message.place);
    assert!(read_place(&source).await.contains(&topic.name));
}

async fn read_place(source: &dyn Source) -> String {
    let mut reader = open(source, Begin::Beginning).await;
    let received = reader.next(1, PATIENCE).await.expect("it can be read");
    received.messages[0].place.clone()
}

#[test]
fn a_reader_and_a_publisher_do_not_keep_a_program_from_ending() {
    let runtime = tokio::runtime::Runtime::new().expect("there is a runtime");
    let begun = std::time::Instant::now();
    runtime.block_on(async {
        let Some(topic) = Topic::new() else { return };
        let sender = topic.publisher().await;
        let source = topic.source().await;
        let mut reader = open(&source, Begin::Beginning).await;
        let sending = tokio::spawn(async move {
            sender.publish(&messages("elsewhere", 100, 100)).await;
        });
        let _ = reader.next(1, Duration::from_millis(10)).await;
        sending.abort();
        assert!(read_all(&source).await.is_empty());
    });
    drop(runtime);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}
