//! `copy --upcast`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rehydrate::{Aggregate, EventStore};
use rehydrate_console::{Console, Exit};
use rehydrate_sqlx::SqliteStore;
use serde::Serialize;
use serde_json::json;

use crate::street::{LampEvent, Street, append};
use crate::town::{run, words};

/// A lamp with a state that depends on more than its events.
#[derive(Debug, Default, Serialize)]
struct Broken {
    stray: u64,
}

impl Aggregate for Broken {
    type Id = String;
    type Event = LampEvent;
    const CATEGORY: &'static str = "lamp";

    fn apply(&mut self, _: LampEvent) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        self.stray = NEXT.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_log_is_copied_as_it_would_be_written_today() {
    let street = Street::new().await;
    let console = street.console();
    let line = format!("{} --upcast", street.copy("today.db"));
    let ran = run(&console, &format!("{line} --json")).await;
    assert_eq!(ran.exit, Exit::Fine, "{}{}", ran.out, ran.err);
    let report = ran.json();
    assert_eq!(report["written"], 5);
    assert_eq!(report["target_events"], 5);
    assert_eq!(
        (&report["is_same"], &report["streams"]),
        (&json!(true), &json!(2))
    );
    let kept = json!({
        "category": "lamp", "type": "dimmed", "schema_version": 1, "events": 1,
        "fate": "kept_retired", "needs": "retired",
    });
    assert_eq!(report["types"][0], kept);
    let rewritten = json!({
        "category": "lamp", "type": "lit_up", "schema_version": 1, "events": 1,
        "fate": "rewritten", "needs": null,
    });
    assert_eq!(report["types"][3], rewritten);
    let types = report["types"].as_array().unwrap();
    let fates: Vec<_> = types.iter().map(|ty| &ty["fate"]).collect();
    assert_eq!(
        fates,
        ["kept_retired", "kept_legacy", "current", "rewritten"]
    );
    let again = run(&console, &line).await;
    assert_eq!(again.exit, Exit::Fine);
    assert!(again.out.starts_with("Wrote 0 events to "), "{}", again.out);
    let lines = words(&again.out);
    assert_eq!(lines[2][..4], ["CATEGORY", "TYPE", "V", "EVENTS"]);
    let dimmed = [
        "lamp",
        "dimmed",
        "1",
        "1",
        "kept",
        "as",
        "stored:",
        "`retired`",
        "is",
        "still",
        "needed",
    ];
    assert!(lines.contains(&dimmed.to_vec()), "{}", again.out);
    assert!(again.out.contains("All 2 aggregates have the same state"));
    let lamp = json!({ "watts": 8, "times": 4 });
    assert_eq!(street.lamp_in("today.db", "a").await, (4, lamp));
}

#[tokio::test]
async fn a_renumbered_copy_says_that_numbers_are_new() {
    let street = Street::new().await;
    let line = format!("{} --upcast --renumber", street.copy("new.db"));
    let ran = run(&street.console(), &line).await;
    assert_eq!(ran.exit, Exit::Fine, "{}{}", ran.out, ran.err);
    assert!(ran.out.starts_with("Wrote 6 events to "), "{}", ran.out);
    assert!(
        ran.out.contains("Positions and versions are new"),
        "{}",
        ran.out
    );
    let lamp = json!({ "watts": 8, "times": 4 });
    assert_eq!(street.lamp_in("new.db", "a").await, (6, lamp));
    assert_eq!(street.lamp_in("new.db", "b").await.0, 0);
    // A copy of the other kind is none of this.
    let other = run(
        &street.console(),
        &format!("{} --upcast", street.copy("new.db")),
    )
    .await;
    assert_eq!(other.exit, Exit::Attention);
    assert!(
        other.err.contains("copy into an empty store"),
        "{}",
        other.err
    );
}

#[tokio::test]
async fn states_that_differ_are_exit_code_1_and_shown() {
    let street = Street::new().await;
    let console = Console::new(Arc::clone(&street.store)).aggregate::<Broken>();
    let line = format!("{} --upcast", street.copy("broken.db"));
    let ran = run(&console, &line).await;
    assert_eq!(ran.exit, Exit::Attention);
    assert!(
        ran.out.contains("1 of 2 aggregates are not the same"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("lamp/a"), "{}", ran.out);
    let report = run(&console, &format!("{line} --json")).await;
    assert_eq!(report.exit, Exit::Attention);
    let report = report.json();
    assert_eq!(
        (&report["is_same"], &report["differing"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(report["different"][0]["stream"], "lamp/a");
    assert_ne!(
        report["different"][0]["source"]["stray"],
        report["different"][0]["target"]["stray"]
    );
}

#[tokio::test]
async fn a_program_that_does_not_know_all_aggregates_copies_nothing() {
    let street = Street::new().await;
    let line = format!("{} --upcast", street.copy("none.db"));
    let none = run(&Console::new(Arc::clone(&street.store)), &line).await;
    assert_eq!(none.exit, Exit::Usage);
    assert!(none.err.contains("knows no aggregates"), "{}", none.err);
    assert!(!street.path("none.db").exists());
    append(&street.store, "door/1", ("opened", 1, "{}")).await;
    let some = run(&street.console(), &line).await;
    assert_eq!(some.exit, Exit::Attention);
    assert!(some.err.contains("events of door"), "{}", some.err);
    let store = SqliteStore::open(street.path("none.db")).await.unwrap();
    assert_eq!(store.watermark().await.unwrap(), 0);
}
