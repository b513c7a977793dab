//! A server that is killed and started again.

use std::time::Duration;

use futures_util::StreamExt;
use rehydrate::{Begin, PublishError, Publisher, SourceError};
use rehydrate_relay::nats::{NatsPublisher, NatsSource};

use crate::fixture::options;
use rehydrate_tests::brokers::{
    PATIENCE, assert_confirmed, duplicates, message, messages, open, read_all, send_all,
};
use rehydrate_tests::nats::Server;

const STREAMS: u64 = 60;
const VERSIONS: u64 = 50;
const TOPIC: &str = "events.counts";

/// Kills the server as soon as it has stored so many messages, and starts it again.
async fn restart_after(server: &mut Server, count: usize) {
    let client = async_nats::connect(server.url()).await;
    let client = client.expect("the client connects");
    let subjects = client.subscribe(format!("{TOPIC}.*")).await;
    let seen = subjects.expect("it subscribes").take(count);
    let seen = tokio::time::timeout(PATIENCE, seen.count()).await;
    assert_eq!(seen, Ok(count), "so many were to be stored");
    server.kill();
    server.restart();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missing_and_every_key_is_in_order_when_the_server_is_killed_three_times() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let publisher = NatsPublisher::connect(options(&server.url(), "events")).await;
    let publisher = publisher.expect("the publisher connects");
    let batch = messages(TOPIC, STREAMS, VERSIONS);
    let sender = publisher.clone();
    let sending = tokio::spawn(async move { send_all(&sender, batch).await });
    let third = usize::try_from(STREAMS * VERSIONS / 4).expect("it is small");
    for _ in 0..3 {
        restart_after(&mut server, third).await;
    }
    let interruptions = sending.await.expect("everything is sent in the end");
    assert!(interruptions >= 3, "only {interruptions} batches broke off");
    let source = NatsSource::connect(options(&server.url(), "events"), TOPIC).await;
    let events = read_all(&source.expect("the source connects")).await;
    let duplicates = duplicates(&events, STREAMS, VERSIONS);
    eprintln!(
        "killed 3 times, {interruptions} batches broke off: {} messages, {duplicates} duplicates",
        events.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_goes_on_without_a_hole_when_the_server_is_killed() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let options = options(&server.url(), "events");
    let publisher = NatsPublisher::connect(options.clone()).await;
    let publisher = publisher.expect("the publisher connects");
    let source = NatsSource::connect(options, TOPIC).await;
    let source = source.expect("the source connects");
    // More than a reader asks for at once, so that it does not have all of it already.
    assert_confirmed(&publisher.publish(&messages(TOPIC, STREAMS, 20)).await);
    let mut reader = open(&source, Begin::Beginning).await;
    let (mut events, mut reopened) = (Vec::new(), 0);
    let mut begin = Begin::Beginning;
    for round in 0..4 {
        let wanted = events.len() + 200;
        while events.len() < wanted {
            match reader.next(50, PATIENCE).await {
                Ok(received) => {
                    assert!(!received.messages.is_empty(), "nothing comes any more");
                    let messages = received.messages.into_iter();
                    events.extend(messages.map(|it| it.event.expect("it is an event")));
                    begin = Begin::After(received.offset);
                }
                Err(SourceError::Unavailable { .. }) => {
                    reopened += 1;
                    reader = open(&source, begin.clone()).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
        if round < 3 {
            server.kill();
            server.restart();
        }
    }
    let rest: Vec<_> = (21..=VERSIONS)
        .flat_map(|version| (1..=STREAMS).map(move |it| message(TOPIC, &format!("s{it}"), version)))
        .collect();
    send_all(&publisher, rest).await;
    loop {
        let received = reader.next(500, Duration::from_millis(200)).await;
        let received = received.expect("it can be read");
        if received.messages.is_empty() {
            break;
        }
        let messages = received.messages.into_iter();
        events.extend(messages.map(|it| it.event.expect("it is an event")));
    }
    // The publisher may have sent something twice; the reader has not read anything twice.
    assert_eq!(events, read_all(&source).await);
    assert!(duplicates(&events, STREAMS, VERSIONS) <= events.len());
    eprintln!("killed 3 times, opened again {reopened} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_everything_is_unavailable_and_comes_back_with_it() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let options = options(&server.url(), "events");
    let publisher = NatsPublisher::connect(options.clone()).await;
    let publisher = publisher.expect("the publisher connects");
    let source = NatsSource::connect(options, TOPIC).await;
    let source = source.expect("the source connects");
    let batch = messages(TOPIC, 1, 3);
    assert_confirmed(&publisher.publish(&batch[..1]).await);
    let mut reader = open(&source, Begin::Beginning).await;
    let first = reader.next(1, PATIENCE).await.expect("it can be read");
    assert_eq!(first.messages.len(), 1);
    server.kill();
    let outcomes = publisher.publish(&batch[1..]).await;
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
    let error = reader.next(1, Duration::from_millis(50)).await.map(drop);
    assert!(
        matches!(error, Err(SourceError::Unavailable { .. })),
        "{error:?}"
    );
    server.restart();
    send_all(&publisher, batch[1..].to_vec()).await;
    let mut read = 0;
    while read < 2 {
        let received = reader.next(9, PATIENCE).await.expect("it can be read");
        assert!(!received.messages.is_empty(), "nothing comes any more");
        read += received.messages.len();
    }
    assert_eq!(read, 2);
}
