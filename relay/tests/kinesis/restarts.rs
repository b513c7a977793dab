//! A server that is killed and started again.

use std::time::Duration;

use rehydrate::{Begin, PublishError, Publisher, SourceError};
use rehydrate_tests::brokers::{
    PATIENCE, assert_confirmed, duplicates, messages, open, read_all, send_all,
};
use rehydrate_tests::kinesis::Server;

use crate::fixture::{name, options, publisher, source};
use crate::proxy::{Fault, Proxy};

const STREAMS: u64 = 60;
const VERSIONS: u64 = 50;

/// Kills the server as soon as so many requests were made, and starts it again.
async fn restart_after(server: &mut Server, proxy: &Proxy, requests: u64) {
    let begun = std::time::Instant::now();
    while proxy.count("PutRecords") < requests {
        assert!(begun.elapsed() < PATIENCE, "so much was to be sent");
        tokio::task::yield_now().await;
    }
    server.kill();
    server.restart();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missing_and_every_key_is_in_order_when_the_server_is_killed_three_times() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let proxy = Proxy::start(&server.url(), |_| Fault::Pass);
    let topic = name();
    let sender = publisher(options(&proxy.url(), 3)).await;
    let batch = messages(&topic, STREAMS, VERSIONS);
    let sending = tokio::spawn(async move { send_all(&sender, batch).await });
    for _ in 0..3 {
        let so_far = proxy.count("PutRecords");
        restart_after(&mut server, &proxy, so_far + 10).await;
    }
    let interruptions = sending.await.expect("everything is sent in the end");
    proxy.assert_one_record_of_a_key_in_a_request();
    let source = source(options(&server.url(), 3), &topic).await;
    let events = read_all(&source).await;
    let duplicates = duplicates(&events, STREAMS, VERSIONS);
    eprintln!(
        "{} killed 3 times, {interruptions} batches broke off: {} messages, \
         {duplicates} duplicates",
        server.version(),
        events.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_goes_on_without_a_hole_when_the_server_is_killed() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let (topic, options) = (name(), options(&server.url(), 3));
    let publisher = publisher(options.clone()).await;
    let source = source(options, &topic).await;
    assert_confirmed(
        &publisher
            .publish(&messages(&topic, STREAMS, VERSIONS))
            .await,
    );
    let mut reader = open(&source, Begin::Beginning).await;
    let (mut begin, mut events, mut reopened) = (Begin::Beginning, Vec::new(), 0);
    let mut kills = 0;
    while events.len() < usize::try_from(STREAMS * VERSIONS).expect("it is small") {
        match reader.next(300, PATIENCE).await {
            Ok(received) => {
                assert!(!received.messages.is_empty(), "nothing comes any more");
                let messages = received.messages.into_iter();
                events.extend(messages.map(|it| it.event.expect("it is an event")));
                begin = Begin::After(received.offset);
            }
            Err(SourceError::Unavailable { .. }) => reader = open(&source, begin.clone()).await,
            Err(error) => panic!("{error}"),
        }
        if kills < 3 && events.len() > kills * 700 {
            kills += 1;
            server.kill();
            server.restart();
            // What it has in hand already would hide what this is about.
            reopened += 1;
            reader = open(&source, begin.clone()).await;
        }
    }
    assert_eq!(duplicates(&events, STREAMS, VERSIONS), 0);
    eprintln!("killed {kills} times, opened again {reopened} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_everything_is_unavailable_and_comes_back_with_it() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let (topic, options) = (name(), options(&server.url(), 1));
    let publisher = publisher(options.clone()).await;
    let source = source(options, &topic).await;
    let batch = messages(&topic, 1, 3);
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
    let error = loop {
        match reader.next(1, Duration::from_millis(50)).await {
            // It is tried again for a while.
            Ok(received) => assert!(received.messages.is_empty()),
            Err(error) => break error,
        }
    };
    assert!(
        matches!(error, SourceError::Unavailable { .. }),
        "{error:?}"
    );
    assert!(!format!("{error:?} {outcomes:?}").contains("hidden"));
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
