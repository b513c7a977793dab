//! `dead-letters`.

use std::sync::Arc;

use rehydrate::Runner;
use rehydrate_console::Exit;
use serde_json::{Value, json};

use crate::town::{FineEvent, Letters, Town, run, towns, words};

/// The fifth event is one that `balances` cannot take, and the sixth waits behind it.
async fn parked(town: Town) -> Town {
    let town = town.with_payments().await;
    town.record("B2", FineEvent::Paid { cents: 666 }).await;
    town.record("B2", FineEvent::Paid { cents: 1 }).await;
    town.caught_up().await
}

#[tokio::test]
async fn dead_letters_are_listed_and_shown() {
    for town in towns().await {
        let town = parked(town).await;
        let list = town.ops("dead-letters list").await;
        assert_eq!(list.exit, Exit::Fine);
        #[rustfmt::skip]
        assert_eq!(words(&list.out), [
            vec!["NAME", "BUILD", "POSITION", "STREAM", "VERSION", "TYPE", "STATE", "ATTEMPTS", "ERROR"],
            vec!["balances", "1", "5", "fine/B2", "2", "paid", "parked", "1", "a", "beast's", "number"],
        ]);
        let letters = town.json("dead-letters list balances").await;
        assert_eq!(letters["dead_letters"][0]["position"], 5);
        let none = town.json("dead-letters list last_payments").await;
        assert_eq!(none, json!({ "dead_letters": [] }));

        let shown = town.json("dead-letters show balances 5").await;
        assert_eq!(shown["state"], "parked");
        assert_eq!(shown["error"], "a beast's number");
        assert_eq!(shown["event"]["payload"], json!({ "cents": 666 }));
        let text = town.ops("dead-letters show balances 5").await.out;
        assert!(text.contains(r#"payload   {"cents":666}"#), "{text}");
        let other = town.ops("dead-letters show balances 4").await;
        assert_eq!(other.exit, Exit::Attention);
        assert!(other.err.contains("dead-letters list balances"));
    }
}

#[tokio::test]
async fn a_dead_letter_is_skipped_with_a_reason() {
    for town in towns().await {
        let town = parked(town).await;
        let console = town.console();
        let ran = run(&console, "dead-letters skip balances 5 --reason typo").await;
        assert_eq!(ran.exit, Exit::Fine, "{}", ran.err);
        let shown = town.json("dead-letters show balances 5").await;
        assert_eq!(shown["state"], "skipped");
        assert_eq!(shown["reason"], "typo");
        let twice = town.ops("dead-letters skip balances 5 --reason typo").await;
        assert_eq!(twice.exit, Exit::Attention);
        town.catch_up().await;
        assert_eq!(town.ops("status --check").await.exit, Exit::Fine);
    }
}

#[tokio::test]
async fn one_dead_letter_or_all_are_tried_again() {
    for town in towns().await {
        let town = parked(town).await;
        let one = town.json("dead-letters retry balances 5").await;
        assert_eq!(one["retried"], 1);
        let shown = town.json("dead-letters show balances 5").await;
        assert_eq!(shown["state"], "retrying");
        town.catch_up().await;
        let all = town.json("dead-letters retry balances --all").await;
        assert_eq!(all["retried"], 1);
        let none = town.json("dead-letters retry last_payments --all").await;
        assert_eq!(none["retried"], 0);
    }
}

#[tokio::test]
async fn a_reactor_has_dead_letters_too() {
    for town in towns().await {
        let town = parked(town).await;
        let runner = Runner::new(Arc::clone(&town.store)).reactor(Letters);
        let runner = runner.with_clock(Arc::clone(&town.clock));
        runner.drain().await.unwrap();
        let console = town.console().reactor(Letters);
        let list = run(&console, "dead-letters list letters --json")
            .await
            .json();
        assert_eq!(list["dead_letters"][0]["position"], 5);
        let status = run(&console, "status --json").await.json();
        let letters = status["consumers"].as_array().unwrap().iter();
        let letters: Vec<&Value> = letters
            .filter(|consumer| consumer["name"] == "letters")
            .collect();
        assert_eq!(letters[0]["kind"], "reactor");
        assert_eq!(letters[0]["builds"][0]["parked"], 1);
        let rebuild = run(&console, "projections rebuild letters").await;
        assert_eq!(rebuild.exit, Exit::Usage);
        assert!(rebuild.err.contains("is a reactor"), "{}", rebuild.err);
    }
}
