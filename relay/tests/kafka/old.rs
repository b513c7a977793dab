//! An Apache Kafka without headers and idempotence, which keeps what it has when it is killed.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use rdkafka::producer::Producer as _;
use rehydrate::broker_contract as promises;
use rehydrate::{Begin, PublishError, Publisher, Source, SourceError};
use rehydrate_tests::brokers::{
    PATIENCE, assert_confirmed, duplicates, message, messages, open, read_all, send_all,
};
use rehydrate_tests::kafka::Server;

use crate::fixture::{Contract, Topic, options, publisher, source};

const STREAMS: u64 = 60;
const VERSIONS: u64 = 50;
const TOPIC: &str = "counts";

mod contract {
    use super::*;

    rehydrate::publisher_contract!(Contract::new(Topic::old()));

    macro_rules! source_contract {
        ($($name:ident,)*) => {
            $(
                #[test]
                fn $name() {
                    rehydrate::contract::run(async {
                        promises::$name(Contract::new(Topic::old()).await).await;
                    });
                }
            )*

            #[test]
            fn all_promises_of_a_source_but_one_are_held() {
                let held = [$(stringify!($name)),*];
                let all = promises::SOURCE_PROMISES.iter();
                let missing: Vec<_> = all.filter(|name| !held.contains(name)).collect();
                assert_eq!(missing, [&"a_source_is_read_from_a_time_on"]);
            }
        };
    }

    source_contract! {
        a_source_is_read_from_its_beginning_without_a_hole_each_key_in_order,
        a_source_is_read_on_after_an_offset_without_a_hole_and_without_a_repetition,
        a_reader_says_when_it_has_read_what_was_there_when_it_was_opened,
        a_reader_sees_what_is_published_later,
        an_empty_source_is_at_its_end_at_once,
        a_reader_waits_no_longer_than_it_is_told,
        what_is_no_event_is_handed_over_with_its_place_and_what_comes_after_it_is_read,
        readers_of_one_source_do_not_disturb_each_other,
    }
}

#[tokio::test]
async fn a_broker_that_keeps_no_times_says_so() {
    let Some(topic) = Topic::old() else { return };
    let source = topic.source().await;
    let opened = source.open(&Begin::At(chrono::Utc::now())).await.map(drop);
    assert!(
        matches!(opened, Err(SourceError::Refused { .. })),
        "{opened:?}"
    );
}

/// Waits until so many messages are there, and kills the broker.
async fn restart_after(server: &mut Server, count: usize) {
    let source = source(options(&server.url()), TOPIC).await;
    let mut reader = open(&source, Begin::Beginning).await;
    let mut read = 0;
    while read < count {
        match reader.next(count - read, PATIENCE).await {
            Ok(received) => read += received.messages.len(),
            Err(SourceError::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    server.kill();
    server.restart();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missing_and_every_key_is_in_order_when_the_broker_is_killed_three_times() {
    let Some(mut server) = Server::old() else {
        return;
    };
    let options = options(&server.url()).timeout(Duration::from_secs(2));
    let sender = publisher(options.clone()).await;
    assert_confirmed(&sender.publish(&[message(TOPIC, "first", 1)]).await);
    let sending = tokio::spawn(async move {
        let mut interruptions = 0;
        for some in messages(TOPIC, STREAMS, VERSIONS).chunks(100) {
            interruptions += send_all(&sender, some.to_vec()).await;
        }
        interruptions
    });
    let quarter = usize::try_from(STREAMS * VERSIONS / 4).expect("it is small");
    for number in 1..=3 {
        restart_after(&mut server, quarter * number).await;
    }
    let interruptions = sending.await.expect("everything is sent in the end");
    let source = source(options, TOPIC).await;
    let mut events = read_all(&source).await;
    events.retain(|event| event.stream_id != "first");
    let duplicates = duplicates(&events, STREAMS, VERSIONS);
    eprintln!(
        "Kafka 0.9 killed 3 times, {interruptions} batches broke off: {} messages, {duplicates} \
         duplicates",
        events.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_everything_is_unavailable_and_comes_back_with_it() {
    let Some(mut server) = Server::old() else {
        return;
    };
    let options = options(&server.url()).timeout(Duration::from_secs(1));
    let sender = publisher(options.clone()).await;
    let batch = messages(TOPIC, 1, 3);
    assert_confirmed(&sender.publish(&batch[..1]).await);
    let source = source(options, TOPIC).await;
    let mut reader = open(&source, Begin::Beginning).await;
    let first = reader.next(1, PATIENCE).await.expect("it can be read");
    assert_eq!(first.messages.len(), 1);
    server.kill();
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
    server.restart();
    send_all(&sender, batch[1..].to_vec()).await;
    let mut read = 0;
    while read < 2 {
        match reader.next(9, PATIENCE).await {
            Ok(received) => read += received.messages.len(),
            Err(SourceError::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(read, 2);
}

/// Waits until the broker has heard of partitions.
async fn wait_for_partitions(topic: &Topic, count: usize) {
    let (client, name) = (topic.client(), topic.name.clone());
    let waiting = tokio::task::spawn_blocking(move || {
        loop {
            let known = client.client().fetch_metadata(Some(&name), PATIENCE);
            let known = known.expect("it says what it has");
            let led = known.topics()[0].partitions().iter();
            if led.filter(|partition| partition.leader() >= 0).count() == count {
                return;
            }
        }
    });
    waiting.await.expect("it has them in the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_are_added_are_read() {
    let Some(topic) = Topic::old() else { return };
    let sender = topic.publisher().await;
    assert_confirmed(&sender.publish(&messages(&topic.name, 20, 1)).await);
    let source = topic.source().await;
    let mut reader = open(&source, Begin::Beginning).await;
    let before = reader.next(20, PATIENCE).await.expect("it can be read");
    topic
        .server
        .topics(&format!("--alter --topic {} --partitions 7", topic.name));
    wait_for_partitions(&topic, 7).await;
    // Another publisher, which knows of them.
    let sender = topic.publisher().await;
    let more: Vec<_> = (1..=40)
        .map(|stream| message(&topic.name, &format!("later{stream}"), 1))
        .collect();
    assert_confirmed(&sender.publish(&more).await);
    let mut reader_of_old = open(&source, Begin::After(before.offset.clone())).await;
    let mut read = before.messages.len();
    while read < 60 {
        let received = reader_of_old.next(60, PATIENCE).await;
        let received = received.expect("it can be read");
        assert!(!received.messages.is_empty(), "only {read} came");
        read += received.messages.len();
        if read == 60 {
            assert_eq!(
                received.offset.0.split(',').count(),
                7,
                "{}",
                received.offset
            );
        }
    }
    // The reader that was there before sees them, too, within half a minute.
    let mut read = before.messages.len();
    while read < 60 {
        let received = reader.next(60, Duration::from_secs(60)).await;
        let received = received.expect("it can be read");
        assert!(!received.messages.is_empty(), "only {read} came");
        read += received.messages.len();
    }
    assert_eq!(read, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_has_thrown_away_is_gone() {
    let Some(topic) = Topic::old() else { return };
    topic.server.topics(&format!(
        "--create --topic {} --partitions 1 --replication-factor 1 --config segment.bytes=20000 \
         --config retention.bytes=20000",
        topic.name
    ));
    let sender = topic.publisher().await;
    let source = topic.source().await;
    assert_confirmed(&sender.publish(&messages(&topic.name, 1, 5)).await);
    let mut reader = open(&source, Begin::Beginning).await;
    let first = reader.next(1, PATIENCE).await.expect("it can be read");
    let mut version = 5;
    let gone = loop {
        let more: Vec<_> = (version + 1..=version + 100)
            .map(|version| message(&topic.name, "s1", version))
            .collect();
        version += 100;
        assert_confirmed(&sender.publish(&more).await);
        match source.open(&Begin::After(first.offset.clone())).await {
            Ok(_) => assert!(version < 100_000, "everything is kept"),
            Err(error) => break error,
        }
    };
    let SourceError::Gone { reason, offset, .. } = gone else {
        panic!("{gone}")
    };
    assert!(reason.contains("begins with"), "{reason}");
    assert_eq!(offset, first.offset);
    // From the beginning there is something, up to the end.
    let events = read_all(&source).await;
    assert_eq!(
        events.last().map(|event| event.version.get()),
        Some(version)
    );
}

/// Sends a line by the console of Kafka.
fn produce_with_gzip(topic: &Topic, line: &str) {
    let folder = std::env::var("REHYDRATE_KAFKA_09").expect("there is a Kafka 0.9");
    let mut console = Command::new("java")
        .args(["-cp", &format!("{folder}/libs/*")])
        .arg("kafka.tools.ConsoleProducer")
        .args(["--broker-list", &topic.server.host()])
        .args([
            "--topic",
            &topic.name,
            "--compression-codec",
            "gzip",
            "--sync",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("Java is installed");
    let mut input = console.stdin.take().expect("it was piped");
    writeln!(input, "{line}").expect("it reads");
    drop(input);
    assert!(console.wait().expect("it ends").success());
}

/// How many messages there are in three partitions.
fn stored(topic: &Topic) -> i64 {
    let (client, name) = (topic.client(), &topic.name);
    let ends = (0..3).map(|number| client.client().fetch_watermarks(name, number, PATIENCE));
    ends.map(|ends| ends.expect("it says where it ends").1)
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_cannot_unpack_is_no_hole() {
    let Some(topic) = Topic::old() else { return };
    let sender = topic.publisher().await;
    assert_confirmed(&sender.publish(&messages(&topic.name, 1, 1)).await);
    // The console gives up early on a slow machine, and does not say so.
    while stored(&topic) < 2 {
        produce_with_gzip(&topic, "any");
    }
    assert_confirmed(&sender.publish(&messages(&topic.name, 9, 1)).await);
    let source = topic.source().await;
    let mut reader = open(&source, Begin::Beginning).await;
    let error = loop {
        match reader.next(9, PATIENCE).await {
            Ok(received) => assert!(!received.messages.is_empty(), "nothing is said"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SourceError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("compressed"), "{error}");
}
