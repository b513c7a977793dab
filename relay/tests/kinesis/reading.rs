//! What is read, beside the contract.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use rehydrate::{Begin, CloudEvent, Offset, Publisher, Reader, Source, SourceError};
use rehydrate_tests::brokers::{
    PATIENCE, assert_confirmed, duplicates, event, message, messages, open, read_all,
};
use rehydrate_tests::kinesis::{Server, kinesalite};

use crate::fixture::{client, name, options, publisher, put, source};
use crate::proxy::{Fault, Proxy, Seen};

const SHARD: &str = "shardId-000000000000";

fn after(offset: impl Into<String>) -> Begin {
    Begin::After(Offset(offset.into()))
}

/// The next messages until one call brings none.
async fn drain(reader: &mut dyn Reader) -> Vec<CloudEvent> {
    let mut events = Vec::new();
    loop {
        let received = reader.next(100, Duration::from_millis(600)).await;
        let received = received.expect("it can be read");
        if received.messages.is_empty() {
            return events;
        }
        let messages = received.messages.into_iter();
        events.extend(messages.map(|it| it.event.expect("it is an event")));
    }
}

#[tokio::test]
async fn an_offset_has_every_shard_and_is_enough_to_go_on() {
    let Some(server) = kinesalite() else { return };
    let (topic, options) = (name(), options(&server.url(), 4));
    let publisher = publisher(options.clone()).await;
    assert_confirmed(&publisher.publish(&messages(&topic, 30, 10)).await);
    let source = source(options, &topic).await;
    let (mut begin, mut events) = (Begin::Beginning, Vec::new());
    loop {
        let mut reader = open(&source, begin).await;
        let received = reader.next(47, PATIENCE).await.expect("it can be read");
        assert_eq!(received.offset.0.matches("shardId-").count(), 4);
        let messages = received.messages.into_iter();
        events.extend(messages.map(|it| it.event.expect("it is an event")));
        if received.is_at_end {
            break;
        }
        begin = Begin::After(received.offset);
    }
    assert_eq!(duplicates(&events, 30, 10), 0);
}

#[tokio::test]
async fn a_reader_that_is_not_asked_for_longer_than_a_request_may_take_reads_on() {
    let Some(server) = kinesalite() else { return };
    let timeout = Duration::from_secs(3);
    let proxy = Proxy::start(&server.url(), move |seen| match seen.action.as_str() {
        "GetRecords" if seen.number > 1 => Fault::Late(timeout / 30),
        _ => Fault::Pass,
    });
    let topic = name();
    let publisher = publisher(options(&server.url(), 16)).await;
    let mut batch = messages(&topic, 60, 2);
    for message in &mut batch {
        // More than the network holds.
        message.event.data = format!("\"{}\"", "x".repeat(50_000));
    }
    assert_confirmed(&publisher.publish(&batch).await);
    let options = options(&proxy.url(), 16).timeout(timeout);
    let mut reader = open(&source(options, &topic).await, Begin::Beginning).await;
    let mut received = reader.next(1, PATIENCE).await.expect("it can be read");
    // Whoever reads is busy with what it has got.
    tokio::time::sleep(timeout * 4 / 3).await;
    let mut events = Vec::new();
    loop {
        let messages = received.messages.into_iter();
        events.extend(messages.map(|it| it.event.expect("it is an event")));
        if received.is_at_end {
            break;
        }
        let next = reader.next(1_000, PATIENCE).await;
        received = next.expect("the service is well");
    }
    assert_eq!(duplicates(&events, 60, 2), 0);
}

#[tokio::test]
async fn a_reader_at_its_end_changes_its_offset_only_now_and_then() {
    let Some(server) = kinesalite() else { return };
    let (topic, options) = (name(), options(&server.url(), 2));
    let mut reader = open(&source(options, &topic).await, Begin::Beginning).await;
    let mut offsets = Vec::new();
    for _ in 0..4 {
        let received = reader.next(1, Duration::from_millis(300)).await;
        let received = received.expect("it can be read");
        assert!(received.is_at_end && received.messages.is_empty());
        offsets.push(received.offset);
    }
    offsets.dedup();
    // Ten minutes may be over in the middle of it.
    assert!(offsets.len() <= 2, "{offsets:?}");
}

#[tokio::test]
async fn what_is_no_event_says_why() {
    let Some(server) = kinesalite() else { return };
    let (topic, options) = (name(), options(&server.url(), 1));
    let source = source(options, &topic).await;
    let plain = event("é", 3);
    let text = plain.to_json().expect("it is JSON");
    let aggregated = [&[0xF3, 0x89, 0x9A, 0xC2][..], &[10, 3, 97]].concat();
    for data in [&aggregated[..], &[0xFF], b"{}", text.as_bytes()] {
        put(&server.url(), &topic, "k", data).await;
    }
    let mut reader = open(&source, Begin::Beginning).await;
    let received = reader.next(9, PATIENCE).await.expect("it can be read");
    let [aggregated, binary, other, event] = &received.messages[..] else {
        panic!("{received:?}")
    };
    let said = |it: &rehydrate::ReceivedMessage| match &it.event {
        Ok(event) => panic!("{event:?}"),
        Err(error) => error.to_string(),
    };
    assert!(said(aggregated).contains("AggregationEnabled"));
    assert!(said(binary).contains("UTF-8"));
    assert!(said(other).contains("missing"));
    assert!(event.event.as_ref().is_ok_and(|it| *it == plain));
    assert!(
        aggregated
            .place
            .contains(&format!("shard {SHARD}, sequence 4"))
    );
    let age = Utc::now() - event.sent_at;
    assert!(age < TimeDelta::minutes(1), "{age}");
}

#[tokio::test]
async fn from_a_time_that_is_still_to_come_on_nothing_earlier_is_read() {
    let Some(server) = kinesalite() else { return };
    let (topic, options) = (name(), options(&server.url(), 1));
    let publisher = publisher(options.clone()).await;
    assert_confirmed(&publisher.publish(&messages(&topic, 3, 2)).await);
    let source = source(options, &topic).await;
    let time = Utc::now() + TimeDelta::seconds(2);
    let mut reader = open(&source, Begin::At(time)).await;
    let first = reader.next(9, Duration::from_millis(50)).await;
    let first = first.expect("it can be read");
    assert!(first.messages.is_empty() && first.is_at_end, "{first:?}");
    let mut version = 2;
    while Utc::now() <= time {
        version += 1;
        assert_confirmed(&publisher.publish(&[message(&topic, "s1", version)]).await);
    }
    assert_confirmed(
        &publisher
            .publish(&[message(&topic, "s1", version + 1)])
            .await,
    );
    // Whoever goes on has the time, too.
    let mut again = open(&source, Begin::After(first.offset)).await;
    for reader in [&mut reader, &mut again] {
        let events = drain(&mut **reader).await;
        let last = events.last().expect("the last one is late enough");
        assert_eq!(last.version.get(), version + 1);
        assert!(events.len() < 20, "{} events", events.len());
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_loses_nothing() {
    let Some(server) = kinesalite() else { return };
    let (topic, options) = (name(), options(&server.url(), 3));
    let publisher = publisher(options.clone()).await;
    let source = source(options, &topic).await;
    let mut reader = open(&source, Begin::Beginning).await;
    assert_confirmed(&publisher.publish(&messages(&topic, 50, 20)).await);
    let (mut events, mut dropped) = (Vec::new(), 0);
    while events.len() < 1_000 {
        let patience = Duration::from_micros(200 + 50 * dropped % 7_000);
        match tokio::time::timeout(patience, reader.next(90, PATIENCE)).await {
            Err(_) => dropped += 1,
            Ok(received) => {
                let messages = received.expect("it can be read").messages.into_iter();
                events.extend(messages.map(|it| it.event.expect("it is an event")));
            }
        }
    }
    assert!(dropped > 0);
    assert_eq!(duplicates(&events, 50, 20), 0);
}

/// A proxy with faults in what is read, before a stream of one shard with 3 messages.
async fn with_faults(
    plan: impl Fn(&Seen) -> Fault + Send + Sync + 'static,
) -> Option<(Proxy, String)> {
    let server = kinesalite()?;
    let topic = name();
    let publisher = publisher(options(&server.url(), 1)).await;
    assert_confirmed(&publisher.publish(&messages(&topic, 1, 3)).await);
    let proxy = Proxy::start(&server.url(), move |seen| match seen.action.as_str() {
        "GetRecords" | "GetShardIterator" => plan(seen),
        _ => Fault::Pass,
    });
    Some((proxy, topic))
}

#[tokio::test]
async fn faults_that_pass_are_waited_for_and_an_iterator_that_has_expired_is_made_anew() {
    let Some((proxy, topic)) = with_faults(|seen| match (seen.action.as_str(), seen.number) {
        ("GetRecords", 1) => Fault::Say(400, "ProvisionedThroughputExceededException"),
        ("GetRecords", 2) => Fault::Say(400, "ExpiredIteratorException"),
        ("GetRecords", 3) => Fault::Say(500, "InternalFailure"),
        ("GetRecords", 4) => Fault::LoseAnswer,
        _ => Fault::Pass,
    })
    .await
    else {
        return;
    };
    let source = source(options(&proxy.url(), 1), &topic).await;
    assert_eq!(read_all(&source).await.len(), 3);
    assert!(proxy.count("GetRecords") >= 5);
}

#[tokio::test]
async fn an_answer_without_records_is_no_end_while_there_is_more() {
    let Some((proxy, topic)) = with_faults(|seen| match (seen.action.as_str(), seen.number) {
        ("GetRecords", 1..=3) => Fault::SayNothing,
        _ => Fault::Pass,
    })
    .await
    else {
        return;
    };
    let source = source(options(&proxy.url(), 1), &topic).await;
    let mut reader = open(&source, Begin::Beginning).await;
    let received = reader.next(9, Duration::from_millis(10)).await;
    let received = received.expect("it can be read");
    assert!(received.messages.is_empty() && !received.is_at_end);
    assert_eq!(read_all(&source).await.len(), 3);
}

#[tokio::test]
async fn what_does_not_pass_is_an_error_that_names_the_fix() {
    for (code, advice) in [
        ("AccessDeniedException", "allow `kinesis:Get"),
        ("KMSAccessDeniedException", "kms:Decrypt"),
        ("ExpiredTokenException", "AWS_SESSION_TOKEN"),
        ("ResourceNotFoundException", "create=true"),
    ] {
        let Some((proxy, topic)) = with_faults(move |_| Fault::Say(400, code)).await else {
            return;
        };
        let source = source(options(&proxy.url(), 1), &topic).await;
        let mut reader = open(&source, Begin::Beginning).await;
        let error = reader.next(9, PATIENCE).await.expect_err("it is refused");
        assert!(matches!(error, SourceError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains(advice), "{error}");
    }
    let Some((proxy, topic)) = with_faults(|_| Fault::HangUp).await else {
        return;
    };
    let source = source(options(&proxy.url(), 1), &topic).await;
    let mut reader = open(&source, Begin::Beginning).await;
    let error = reader.next(9, PATIENCE).await.expect_err("nobody answers");
    assert!(
        matches!(error, SourceError::Unavailable { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_offset_that_is_none_of_the_stream_is_refused_or_gone() {
    let Some(server) = kinesalite() else { return };
    let (topic, options) = (name(), options(&server.url(), 1));
    let source = source(options.clone(), &topic).await;
    for wrong in ["", "17", "shardId-000000000000:x"] {
        let error = source.open(&after(wrong)).await.map(drop);
        let error = error.expect_err("it is no offset");
        assert!(matches!(error, SourceError::Refused { .. }), "{error:?}");
        assert!(
            error.to_string().contains("shardId-000000000000:<seq"),
            "{error}"
        );
    }
    // A shard that is not there, and was not read to its end.
    let error = source.open(&after("shardId-000000000007:5")).await;
    let error = error.map(drop).expect_err("there is no such shard");
    assert!(matches!(error, SourceError::Gone { .. }), "{error:?}");
    assert!(
        source
            .open(&after("shardId-000000000007:end"))
            .await
            .is_ok()
    );
    // A number that the shard does not know.
    let mut reader = open(&source, after(format!("{SHARD}:5"))).await;
    let error = reader
        .next(9, PATIENCE)
        .await
        .expect_err("it does not know");
    assert!(matches!(error, SourceError::Gone { .. }), "{error:?}");
}

/// The clock of the server is set forward, and the offset is dated back, as if a reader had been
/// away for longer than anything is kept.
#[tokio::test]
async fn what_has_expired_since_the_offset_is_gone_and_what_has_not_is_not() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let (topic, options) = (name(), options(&server.url(), 1));
    let publisher = publisher(options.clone()).await;
    assert_confirmed(&publisher.publish(&messages(&topic, 1, 5)).await);
    let source = source(options.clone(), &topic).await;
    let mut reader = open(&source, Begin::Beginning).await;
    let received = reader.next(3, PATIENCE).await.expect("it can be read");
    assert_eq!(received.messages.len(), 3);
    let (place, _) = received.offset.0.split_once('@').expect("it has a time");
    let long_ago = (Utc::now() - TimeDelta::days(2)).timestamp();
    let old = after(format!("{place}@{long_ago}"));

    // Away for long, but what was read last is still there, so nothing is missing.
    let mut reader = open(&source, old.clone()).await;
    assert_eq!(drain(&mut *reader).await.len(), 2);

    server.kill();
    server.restart_later(25);
    assert_confirmed(&publisher.publish(&[message(&topic, "s1", 6)]).await);
    let mut reader = open(&source, old).await;
    let error = loop {
        match reader.next(9, PATIENCE).await {
            Ok(received) => assert!(received.messages.is_empty(), "{received:?}"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SourceError::Gone { .. }), "{error:?}");
    // From the beginning there is what there is.
    let events = read_all(&source).await;
    let versions: Vec<u64> = events.iter().map(|event| event.version.get()).collect();
    assert_eq!(versions, [6]);
}

#[tokio::test]
async fn a_stream_that_is_deleted_is_named() {
    let Some(server) = kinesalite() else { return };
    let (topic, options) = (name(), options(&server.url(), 1));
    let source = source(options, &topic).await;
    let mut reader = open(&source, Begin::Beginning).await;
    let delete = client(&server.url()).delete_stream().stream_name(&topic);
    delete.send().await.expect("it is deleted");
    let error = loop {
        if let Err(error) = reader.next(1, Duration::from_millis(50)).await {
            break error;
        }
    };
    assert!(matches!(error, SourceError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains(&topic), "{error}");
}
