//! `relay`.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use rehydrate::{MemoryBroker, Message, PublishError, Publisher, Relay, Retries, Runner, Start};
use rehydrate_console::Exit;
use serde_json::json;

use crate::town::{Fine, FineEvent, Letters, Town, towns, words};

const NAME: &str = "fines-out";

/// Four events, of which the broker has those that it takes.
async fn published(town: Town, broker: &MemoryBroker) -> Town {
    let town = town.with_payments().await;
    publish(&town, broker).await;
    town
}

async fn publish(town: &Town, broker: &MemoryBroker) {
    let retries = Retries {
        first: Duration::from_secs(1),
        ..Retries::NEVER
    };
    let relay = Relay::new(NAME, Start::Beginning, broker.clone())
        .aggregate::<Fine>()
        .retries(retries);
    let runner = Runner::new(Arc::clone(&town.store)).with_clock(Arc::clone(&town.clock));
    // It fails while the broker is away.
    let _ = runner.relay(relay).drain().await;
}

/// What has arrived: fine and version.
fn arrived(broker: &MemoryBroker) -> Vec<(String, u64)> {
    let events = broker.events("fine").into_iter();
    events
        .map(|event| (event.stream_id.clone(), event.version.get()))
        .collect()
}

#[tokio::test]
async fn a_relay_is_shown_with_its_destination_and_its_lag() {
    for town in towns().await {
        let none = town.ops("relay status --check").await;
        assert_eq!(
            (none.exit, none.out.trim()),
            (Exit::Fine, "No relay has run on this store.")
        );
        let broker = MemoryBroker::new();
        let town = published(town, &broker).await;
        let status = town.ops("relay status --check").await;
        assert_eq!(status.exit, Exit::Fine);
        #[rustfmt::skip]
        assert_eq!(words(&status.out), [
            vec!["NAME", "DESTINATION", "POSITION", "EVENTS", "LAG", "CONDITION", "PARKED", "CONFIRMED"],
            vec!["fines-out", "memory", "4", "0", "-", "live", "0", "2026-03-01T12:04:00Z"],
        ]);
        town.record("B2", FineEvent::Paid { cents: 1 }).await;
        let one = town.json("relay status fines-out").await;
        let one = &one["relays"][0];
        assert_eq!(one["lag_events"], 1);
        assert_eq!(one["lag_seconds"], 60.0);
        assert_eq!(one["categories"], json!(["fine"]));
        assert_eq!(one["last_error"], json!(null));
        let lag = town.ops("lag --fail-above 0").await;
        assert_eq!(lag.exit, Exit::Attention);

        let all = town.json("status").await;
        assert_eq!(all["consumers"][1]["kind"], "relay");
        let unknown = town.ops("relay status balances").await;
        assert_eq!(unknown.exit, Exit::Usage);
        assert!(
            unknown.err.contains("there are: fines-out"),
            "{}",
            unknown.err
        );
    }
}

#[tokio::test]
async fn a_relay_shows_its_last_error_also_when_it_is_over() {
    for town in towns().await {
        let broker = MemoryBroker::new();
        let town = published(town, &broker).await;
        broker.set_available(false);
        town.record("B2", FineEvent::Paid { cents: 1 }).await;
        publish(&town, &broker).await;
        let away = town.json("relay status").await;
        let last = away["relays"][0]["last_error"].clone();
        assert_eq!(last["at"], "2026-03-01T12:05:00Z");
        let error = last["error"].as_str().unwrap();
        assert!(error.contains("the broker is unavailable"), "{error}");
        assert_eq!(away["relays"][0]["confirmed_at"], "2026-03-01T12:04:00Z");

        broker.set_available(true);
        town.clock.advance(chrono::TimeDelta::minutes(1));
        publish(&town, &broker).await;
        let over = town.json("relay status").await;
        assert_eq!(over["relays"][0]["last_error"], last);
        assert_eq!(over["relays"][0]["confirmed_at"], "2026-03-01T12:06:00Z");
        let text = town.ops("relay status --check").await;
        assert_eq!(text.exit, Exit::Fine, "it is over");
        assert!(
            text.out.contains("last error at 2026-03-01T12:05:00Z"),
            "{}",
            text.out
        );
    }
}

#[tokio::test]
async fn a_message_that_is_not_taken_is_a_dead_letter_that_is_retried_with_what_waits_behind_it() {
    for town in towns().await {
        let broker = MemoryBroker::new();
        broker.refuse("fine/A1");
        let town = published(town, &broker).await;
        assert_eq!(arrived(&broker), [("B2".to_owned(), 1)], "the others flow");
        let status = town.ops("relay status --check").await;
        assert_eq!(status.exit, Exit::Attention);
        assert!(
            status
                .out
                .contains("parked since 2026-03-01T12:04:00Z: 1 stream")
        );
        let letters = town.json("dead-letters list fines-out").await;
        let letters = letters["dead_letters"].as_array().unwrap();
        assert_eq!(letters.len(), 1);
        assert_eq!(
            (&letters[0]["stream"], &letters[0]["state"]),
            (&json!("fine/A1"), &json!("parked"))
        );
        broker.accept("fine/A1");
        let retry = town.ops("dead-letters retry fines-out 1").await;
        assert_eq!(retry.exit, Exit::Fine, "{}", retry.err);
        publish(&town, &broker).await;
        let places = ["B2/1", "A1/1", "A1/2", "A1/3"];
        let found = arrived(&broker);
        let found: Vec<String> = found.iter().map(|(it, at)| format!("{it}/{at}")).collect();
        assert_eq!(found, places);
        assert_eq!(town.ops("relay status --check").await.exit, Exit::Fine);
    }
}

#[tokio::test]
async fn a_rewind_says_first_how_many_events_would_be_sent_again() {
    for town in towns().await {
        let broker = MemoryBroker::new();
        let town = published(town, &broker).await;
        for (to, events, after) in [
            ("--to-beginning", 4, 0),
            ("--to-position 3", 1, 3),
            ("--to-time 2026-03-01T12:02:00Z", 2, 2),
            ("--to-time 2026-03-01", 4, 0),
            ("--to-time 2026-03-02", 0, 4),
        ] {
            let dry = town.json(&format!("relay rewind fines-out {to}")).await;
            assert_eq!(dry["dry_run"], true);
            assert_eq!(
                (&dry["events"], &dry["to_position"]),
                (&json!(events), &json!(after))
            );
        }
        publish(&town, &broker).await;
        assert_eq!(arrived(&broker).len(), 4, "a dry run does nothing");
        let dry = town.ops("relay rewind fines-out --to-position 3").await.out;
        assert!(
            dry.contains("publish 1 event again to memory, after position 3"),
            "{dry}"
        );
        let done = town
            .ops("relay rewind fines-out --to-position 2 --yes")
            .await;
        assert_eq!(done.exit, Exit::Fine, "{}", done.err);
        publish(&town, &broker).await;
        assert_eq!(arrived(&broker)[4..], arrived(&broker)[2..4]);
        let ahead = town
            .ops("relay rewind fines-out --to-position 9 --yes")
            .await;
        assert_eq!(ahead.exit, Exit::Attention);
        assert!(ahead.err.contains("it can only go back"), "{}", ahead.err);
    }
}

#[tokio::test]
async fn only_a_relay_is_rewound() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        let runner = Runner::new(Arc::clone(&town.store)).reactor(Letters);
        let runner = runner.with_clock(Arc::clone(&town.clock));
        runner.drain().await.unwrap();
        for name in ["letters", "balances"] {
            let line = format!("relay rewind {name} --to-beginning --yes");
            let refused = town.ops(&line).await;
            assert_eq!(refused.exit, Exit::Attention);
            assert!(refused.err.contains("is no relay"), "{}", refused.err);
        }
        let unknown = town.ops("relay rewind nobody --to-beginning --yes").await;
        assert_eq!(unknown.exit, Exit::Usage);
    }
}

#[tokio::test]
async fn a_relay_is_paused_and_resumed_as_everybody_else() {
    for town in towns().await {
        let broker = MemoryBroker::new();
        let town = published(town, &broker).await;
        town.record("B2", FineEvent::Paid { cents: 1 }).await;
        for (word, condition, sent) in [("pause", "paused", 4), ("resume", "live", 5)] {
            let done = town.ops(&format!("projections {word} fines-out")).await;
            assert_eq!(done.exit, Exit::Fine, "{}", done.err);
            publish(&town, &broker).await;
            let status = town.ops("relay status --check --json").await;
            let is_well = status.exit == Exit::Fine;
            assert_eq!(is_well, word == "resume", "nobody overlooks a pause");
            assert_eq!(status.json()["relays"][0]["condition"], condition);
            assert_eq!(arrived(&broker).len(), sent);
        }
    }
}

/// The same broker at another address.
#[derive(Debug)]
struct Elsewhere(MemoryBroker);

#[async_trait::async_trait]
impl Publisher for Elsewhere {
    fn destination(&self) -> String {
        "elsewhere".to_owned()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        self.0.publish(batch).await
    }
}

#[tokio::test]
async fn a_relay_that_was_refused_is_not_well_until_something_is_confirmed() {
    for town in towns().await {
        let broker = MemoryBroker::new();
        let town = published(town, &broker).await;
        town.record("B2", FineEvent::Paid { cents: 1 }).await;
        let relay = Relay::new(NAME, Start::Beginning, Elsewhere(broker.clone()));
        let runner = Runner::new(Arc::clone(&town.store)).with_clock(Arc::clone(&town.clock));
        let runner = runner.relay(relay.aggregate::<Fine>());
        assert!(runner.drain().await.is_err());
        assert_eq!(town.ops("relay status").await.exit, Exit::Fine);
        let status = town.ops("relay status --check --json").await;
        assert_eq!(status.exit, Exit::Attention);
        let shown = &status.json()["relays"][0];
        assert_eq!(
            (&shown["condition"], &shown["is_last_error_present"]),
            (&json!("live"), &json!(true))
        );
        let doctor = town.ops("doctor").await;
        assert_eq!(doctor.exit, Exit::Attention);
        for words in [
            "PROBLEM  fines-out: its last error, at 2026-03-01T12:05:00Z, is not over",
            "elsewhere",
            "remove the cause, and run the program that publishes",
        ] {
            assert!(doctor.out.contains(words), "{}", doctor.out);
        }

        town.clock.advance(TimeDelta::minutes(1));
        publish(&town, &broker).await;
        let status = town.ops("relay status --check --json").await;
        assert_eq!(status.exit, Exit::Fine, "it is over");
        let shown = &status.json()["relays"][0];
        assert_eq!(shown["is_last_error_present"], false);
        assert!(shown["last_error"]["error"].is_string());
        let doctor = town.ops("doctor").await.out;
        assert!(!doctor.contains("fines-out: its last error"), "{doctor}");
    }
}

#[tokio::test]
async fn a_relay_is_well_again_once_what_it_could_not_send_is_skipped() {
    for town in towns().await {
        let broker = MemoryBroker::new();
        let town = published(town, &broker).await;
        broker.refuse("fine/B2");
        town.record("B2", FineEvent::Paid { cents: 1 }).await;
        publish(&town, &broker).await;
        assert_eq!(town.ops("relay status --check").await.exit, Exit::Attention);
        town.clock.advance(TimeDelta::minutes(1));
        let skip = town.ops("dead-letters skip fines-out 5 --reason why").await;
        assert_eq!(skip.exit, Exit::Fine, "{}", skip.err);
        let status = town.ops("relay status --check").await;
        assert_eq!(status.exit, Exit::Fine, "{}", status.out);
    }
}

#[tokio::test]
async fn a_store_without_relays_says_that_there_are_none() {
    for town in towns().await {
        let nobody = rehydrate::Operations::new(Arc::clone(&town.store))
            .pause("nobody")
            .await;
        let text = nobody.unwrap_err().to_string();
        assert!(
            text.ends_with("nobody has ever run on this store, nor any other"),
            "{text}"
        );
        publish(&town, &MemoryBroker::new()).await;
        let nobody = rehydrate::Operations::new(Arc::clone(&town.store))
            .pause("nobody")
            .await;
        let text = nobody.unwrap_err().to_string();
        assert!(text.ends_with("; there are: fines-out"), "{text}");
    }
}
