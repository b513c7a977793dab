//! What is published is what a second program sees, whichever broker is between them and whoever is
//! killed on the way.

mod board;
mod brokers;
mod window;

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use payment_service::relay;
use rehydrate::{CloudEvent, Source};
use serde_json::{Value, json};

use self::brokers::Broker;
use crate::program::{LOGIN, Place};
use crate::real_file::real_file;

/// Publishes the whole file; the relay is killed three times in the middle, and the broker three
/// times.
fn the_whole_history_arrives(mut broker: impl Broker) {
    let Some(file) = real_file() else { return };
    let place = Place::new();
    let url = broker.url();
    let name = relay::name(&url).unwrap();
    assert_eq!(place.run(&["import", file.to_str().unwrap()]).code, 0);
    for round in 1..=3 {
        // The lease of the one that was killed before runs out first.
        let mut relay = place.start(&["relay", "--to", &url]);
        let position = published(&place, name, round * 2_000);
        relay.kill().unwrap();
        relay.wait().unwrap();
        eprintln!(
            "the relay was killed at {position}: {}",
            board(&place, &url)
        );
    }
    for round in 4..=6 {
        let mut relay = place.start(&["relay", "--to", &url]);
        let position = published(&place, name, round * 2_000);
        broker.kill();
        let ended = relay.wait().unwrap();
        assert!(!ended.success(), "the relay says that the broker is away");
        let status = status(&place, name);
        let error = status["last_error"]["error"].as_str().unwrap();
        broker.restart();
        let seen = board(&place, &url);
        eprintln!("the broker was killed at {position} ({error}): {seen}");
    }
    let relay = place.run(&["--json", "relay", "--to", &url]);
    assert_eq!(relay.code, 0, "{}{}", relay.stdout, relay.stderr);
    assert_eq!(relay.json()["waiting"], 0);
    let status = status(&place, name);
    assert_eq!(
        (&status["lag_events"], &status["condition"]),
        (&json!(0), &json!("live"))
    );

    let duplicates = duplicates(&arrived(&broker));
    let anew = Place::new();
    for (place, events) in [(&place, None), (&anew, Some(17_203))] {
        let seen = board(place, &url);
        assert_eq!(seen["fines"], 4_931);
        assert_eq!(seen["paid_cents"], 10_372_665);
        if let Some(events) = events {
            assert_eq!(seen["events"], events);
            assert_eq!(seen["duplicates"], duplicates);
            eprintln!("in the end {duplicates} were there twice: {seen}");
        }
    }
    // A second look takes nothing twice, and a second relay sends nothing.
    assert_eq!(place.run(&["relay", "--to", &url]).code, 0);
    let again = board(&place, &url);
    assert_eq!(
        (&again["events"], &again["paid_cents"]),
        (&json!(0), &json!(10_372_665))
    );
}

#[cfg(feature = "nats")]
#[test]
fn a_second_broker_of_a_kind_is_refused_until_the_relay_is_rewound() {
    let start = rehydrate_tests::nats::Server::start;
    let (Some(one), Some(other)) = (start(), start()) else {
        return;
    };
    let (brokers, one, other) = ((&one, &other), Broker::url(&one), Broker::url(&other));
    let place = Place::new();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/sample.csv");
    assert_eq!(place.run(&["import", sample]).code, 0);
    assert_eq!(place.run(&["relay", "--to", &one]).code, 0);
    let sent = arrived(brokers.0).len();
    assert!(sent > 0);
    let host = |url: &str| rehydrate_tests::engine::host(url).replace("/fines?create=true", "");
    let destination = status(&place, "fines-to-nats")["destination"].clone();
    let destination = destination.as_str().unwrap();
    assert!(destination.contains(&host(&one)), "{destination}");

    let refused = place.run(&["relay", "--to", &other]);
    assert_eq!(refused.code, 1);
    for word in [
        destination,
        &host(&other),
        "ops relay rewind fines-to-nats --to-beginning",
        "relay --to URL --moved-from '",
    ] {
        assert!(refused.stderr.contains(word), "{}", refused.stderr);
    }
    assert_eq!(arrived(brokers.1).len(), 0, "nothing is sent");
    let error = status(&place, "fines-to-nats")["last_error"]["error"].clone();
    assert!(error.as_str().unwrap().contains(&host(&other)), "{error}");

    let rewind = ["--json", "ops", "relay", "rewind", "fines-to-nats"];
    let dry = place.run(&[&rewind[..], &["--to-beginning"]].concat());
    assert_eq!(
        (dry.code, &dry.json()["events"], &dry.json()["dry_run"]),
        (0, &json!(sent), &json!(true))
    );
    let done = place.run(&[&rewind[..], &["--to-beginning", "--yes"]].concat());
    assert_eq!((done.code, &done.json()["events"]), (0, &json!(sent)));
    assert_eq!(place.run(&["relay", "--to", &other]).code, 0);
    assert_eq!(arrived(brokers.1).len(), sent);
    let moved = ["relay", "--to", &one, "--moved-from"];
    let former = destination.replace(&host(&one), &host(&other));
    assert_eq!(place.run(&[&moved[..], &[&former]].concat()).code, 0);
    assert_eq!(arrived(brokers.0).len(), sent, "it has everything already");
}

#[cfg(feature = "nats")]
#[test]
fn a_service_starts_without_its_broker_and_publishes_when_it_comes() {
    let Some(mut broker) = rehydrate_tests::nats::Server::start() else {
        return;
    };
    let url = Broker::url(&broker);
    Broker::kill(&mut broker);
    let place = Place::new();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/sample.csv");
    assert_eq!(place.run(&["import", sample]).code, 0);
    let serving = place.serve_with(&["--relay", &url]);
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut error = Value::Null;
    while error.is_null() {
        assert!(Instant::now() < deadline, "nobody says that it is away");
        error = status(&place, "fines-to-nats")["last_error"]["error"].clone();
    }
    assert!(error.as_str().unwrap().contains("NATS at"), "{error}");
    Broker::restart(&mut broker);
    published(&place, "fines-to-nats", 1);
    serving.kill();
    assert!(!arrived(&broker).is_empty());
}

#[cfg(not(feature = "kafka"))]
#[test]
fn a_program_without_a_client_says_what_to_build() {
    let place = Place::new();
    let relay = place.run(&["relay", "--to", "kafka://user:hidden@127.0.0.1"]);
    assert_eq!(relay.code, 1);
    let advice = "cargo build -p payment-service --features kafka";
    assert!(relay.stderr.contains(advice), "{}", relay.stderr);
    assert!(!relay.stderr.contains("hidden"), "{}", relay.stderr);
}

#[test]
fn a_relay_is_called_after_the_kind_of_broker_however_that_is_written() {
    for (url, name) in [
        ("kafka://host", "fines-to-kafka"),
        ("KAFKA+TLS://host", "fines-to-kafka"),
        ("Kinesis://eu-west-1", "fines-to-kinesis"),
        ("tls://host/fines", "fines-to-nats"),
    ] {
        assert_eq!(relay::name(url), Some(name), "{url}");
    }
    for url in ["amqp://host", "natsy://host", "nats", ""] {
        assert_eq!(relay::name(url), None, "{url}");
    }
}

#[test]
fn a_span_that_ends_before_it_begins_is_refused() {
    for until in ["2024-01-01", "2024-02-01"] {
        let span = ["--since", "2024-02-01", "--until", until];
        let output = Command::new(env!("CARGO_BIN_EXE_payment-board"))
            .args(["--from", "nats://127.0.0.1:1/fines"])
            .args(span)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("is not after --since"), "{said}");
    }
}

/// What the second program says, with a store of its own.
fn board(place: &Place, url: &str) -> Value {
    let store = format!("sqlite://{}", place.path("board.db").display());
    ask(&["--from", url, "--store", &store])
}

/// Asks the second program.
fn ask(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_payment-board"))
        .envs(LOGIN)
        .arg("--json")
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What an operator sees of a relay; nothing of one that has never run.
fn status(place: &Place, name: &str) -> Value {
    let run = place.run(&["--json", "ops", "relay", "status"]);
    let all = run.json()["relays"].clone();
    let mut all = all.as_array().unwrap().iter();
    all.find(|relay| relay["name"] == name)
        .cloned()
        .unwrap_or_default()
}

/// Waits until so much was published.
fn published(place: &Place, name: &str, position: u64) -> u64 {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let reached = status(place, name)["position"].as_u64().unwrap_or(0);
        if reached >= position {
            return reached;
        }
        assert!(Instant::now() < deadline, "it is at {reached}");
    }
}

fn arrived(broker: &impl Broker) -> Vec<CloudEvent> {
    block_on(async {
        let source = broker.source().await;
        rehydrate_tests::brokers::read_all(&source as &dyn Source).await
    })
}

/// How many events are there more than once; each fine's are there without a hole and in order.
fn duplicates(events: &[CloudEvent]) -> usize {
    let mut reached: BTreeMap<&str, u64> = BTreeMap::new();
    let mut duplicates = 0;
    for event in events {
        let reached = reached.entry(&event.stream_id).or_default();
        let version = event.version.get();
        assert!(
            version <= *reached + 1,
            "{}: {version} after {reached}",
            event.stream_id
        );
        duplicates += usize::from(version <= *reached);
        *reached = version.max(*reached);
    }
    duplicates
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}
