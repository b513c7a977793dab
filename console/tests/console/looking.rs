//! `status`, `lag`, `streams`, `stream`, `doctor`.

use rehydrate_console::Exit;
use serde_json::{Value, json};

use crate::town::{Balances, FineEvent, Letters, run, towns, words};

#[tokio::test]
async fn status_shows_how_far_everybody_is() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        town.record("B2", FineEvent::Paid { cents: 900 }).await;
        let status = town.json("status").await;
        assert_eq!(status["watermark"], 5);
        let balances = &status["consumers"][0];
        assert_eq!(balances["name"], "balances");
        assert_eq!(balances["kind"], "projection");
        assert_eq!(balances["registered_versions"], json!([1, 2]));
        let build = &balances["builds"][0];
        for (field, value) in [
            ("build", json!(1)),
            ("version", json!(1)),
            ("role", json!("live")),
            ("table", json!("balances")),
            ("position", json!(4)),
            ("lag_events", json!(1)),
            ("lag_seconds", json!(60.0)),
            ("error", Value::Null),
            ("parked", json!(0)),
            ("scheduled", json!(0)),
        ] {
            assert_eq!(build[field], value, "{field}");
        }
    }
}

#[tokio::test]
async fn the_table_of_status_reads_well() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        let ran = run(&town.console().reactor(Letters), "status").await;
        assert_eq!(ran.exit, Exit::Fine);
        let table = &words(&ran.out)[1..];
        #[rustfmt::skip]
        assert_eq!(table, [
            vec!["watermark", "4"],
            vec![],
            vec!["NAME", "KIND", "BUILD", "VERSION", "ROLE", "POSITION", "LAG", "CONDITION", "PARKED", "SCHEDULED"],
            vec!["balances", "projection", "1", "1", "live", "4", "-", "live", "0", "0"],
            vec!["last_payments", "projection", "1", "1", "live", "4", "-", "live", "0", "0"],
            vec!["letters", "reactor", "-", "-", "-", "-", "-", "never", "run", "-", "-"],
        ]);
        assert!(ran.out.lines().all(|line| line.trim_end() == line));
    }
}

#[tokio::test]
async fn a_lag_above_the_limit_is_exit_code_1() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        assert_eq!(town.ops("lag --fail-above 0").await.exit, Exit::Fine);
        town.record("B2", FineEvent::Paid { cents: 900 }).await;
        assert_eq!(town.ops("lag").await.exit, Exit::Fine);
        assert_eq!(town.ops("lag --fail-above 1").await.exit, Exit::Fine);
        let ran = town.ops("lag --fail-above 0 --json").await;
        assert_eq!(ran.exit, Exit::Attention);
        let balances = &ran.json()["consumers"][0];
        assert_eq!(balances["lag_events"], 1);
        assert_eq!(balances["is_above"], true);
        let late = town.ops("lag --fail-above-seconds 59").await;
        assert_eq!(late.exit, Exit::Attention);
        assert!(late.out.contains("above the limit"));
        let patient = town.ops("lag --fail-above-seconds 60").await;
        assert_eq!(patient.exit, Exit::Fine);
    }
}

#[tokio::test]
async fn streams_are_listed_in_parts() {
    for town in towns().await {
        let town = town.with_payments().await;
        let categories = town.json("streams").await;
        let fines = json!([{ "category": "fine", "events": 4 }]);
        assert_eq!(categories["categories"], fines);
        assert_eq!(categories["other_events"], 0);
        let first = town.json("streams fine --limit 1").await;
        assert_eq!(first["streams"], json!(["A1"]));
        assert_eq!(first["next_after"], "A1");
        let rest = town.ops("streams fine --after A1").await;
        assert_eq!(rest.out, "fine/B2\n");
    }
}

#[tokio::test]
async fn a_stream_is_shown_as_it_is_and_as_it_was() {
    for town in towns().await {
        let town = town.with_payments().await;
        let now = town.json("stream A1").await;
        assert_eq!(now["stream"], "fine/A1");
        assert_eq!(now["version"], 3);
        assert_eq!(now["state"], json!({ "owed": 5000, "paid": 5000 }));
        let types: Vec<&Value> = now["events"].as_array().unwrap().iter().collect();
        assert_eq!(types.len(), 3);
        assert_eq!(types[2]["type"], "paid");
        assert_eq!(types[2]["payload"], json!({ "cents": 3000 }));

        let before = town.json("stream fine/A1 --at-version 2").await;
        assert_eq!(before["state"], json!({ "owed": 5000, "paid": 2000 }));
        assert_eq!(before["events"].as_array().unwrap().len(), 2);
        let then = town.json("stream A1 --as-of 2026-03-01T12:00:30Z").await;
        assert_eq!(then["state"], json!({ "owed": 5000, "paid": 0 }));

        let raw = town.json("stream A1 --raw").await;
        assert_eq!(raw["events"][1]["schema_version"], 1);
        assert_eq!(raw["events"][1]["metadata"], Value::Null);
        assert!(raw.get("state").is_none());

        let ran = town.ops("stream A1").await;
        let lines = words(&ran.out);
        assert_eq!(
            lines[0],
            ["fine/A1", "at", "version", "3,", "2026-03-01T12:03:00Z"]
        );
        let last = [
            "3",
            "4",
            "2026-03-01T12:03:00Z",
            "paid",
            r#"{"cents":3000}"#,
        ];
        assert_eq!(lines.last().unwrap(), &last);
    }
}

#[tokio::test]
async fn what_does_not_exist_is_named_and_the_error_is_json_too() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        let missing = town.ops("stream Z9 --json").await;
        assert_eq!(missing.exit, Exit::Attention);
        let expected = json!({ "error": "fine/Z9 has no events", "causes": [] });
        assert_eq!(missing.json(), expected);
        assert_eq!(missing.err, "error: fine/Z9 has no events\n");

        let later = town.ops("stream A1 --at-version 9").await;
        assert_eq!(later.exit, Exit::Attention);
        assert!(later.err.contains("its last one is 3"), "{}", later.err);
        assert_eq!(later.out, "");

        let unknown = town.ops("stream car/A1").await;
        assert_eq!(unknown.exit, Exit::Usage);
        assert!(unknown.err.contains("only: fine; with --raw"));

        let projection = town.ops("projections plan balance").await;
        assert_eq!(projection.exit, Exit::Usage);
        assert!(projection.err.contains("it has: balances, last_payments"));
        let version = town.ops("projections plan balances --version 7").await;
        assert_eq!(version.exit, Exit::Usage);
        assert!(
            version
                .err
                .contains("no version 7 of balances; it has: 1, 2")
        );
        let consumer = town.ops("projections pause nobody").await;
        assert_eq!(consumer.exit, Exit::Usage);
        assert!(consumer.err.contains("balances"), "{}", consumer.err);
    }
}

#[tokio::test]
async fn a_doctor_says_what_to_do() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        let well = town.ops("doctor --json").await;
        assert_eq!(well.exit, Exit::Fine);
        let report = well.json();
        assert_eq!(report["watermark"], 4);
        assert_eq!(report["longest_streams"][0]["stream"], "fine/A1");
        let newer = &report["findings"][0];
        assert_eq!(newer["about"], "balances");
        assert_eq!(newer["needs_person"], false);
        assert!(
            newer["advice"]
                .as_str()
                .unwrap()
                .contains("projections rebuild balances")
        );

        town.record("B2", FineEvent::Paid { cents: 666 }).await;
        town.record("A1", FineEvent::Paid { cents: 1 }).await;
        town.catch_up().await;
        let ill = town.ops("doctor").await;
        assert_eq!(ill.exit, Exit::Attention);
        assert!(ill.out.contains("PROBLEM  balances"), "{}", ill.out);
        assert!(ill.out.contains("dead-letters list balances"));
        assert_eq!(town.ops("status").await.exit, Exit::Fine);
        assert_eq!(town.ops("status --check").await.exit, Exit::Attention);
    }
}

#[tokio::test]
async fn a_console_without_projections_lists_what_it_knows() {
    for town in towns().await {
        let console = rehydrate_console::Console::new(std::sync::Arc::clone(&town.store));
        let ran = run(&console, "projections list").await;
        assert_eq!(ran.out, "There are no projections.\n");
        let ran = run(&console, "streams").await;
        assert_eq!(ran.out, "The log is empty.\n");
        let console = console.projection(Balances::<1>);
        let list = run(&console, "projections list --json").await.json();
        assert_eq!(list["projections"][0]["registered_versions"], json!([1]));
        assert_eq!(list["projections"][0]["builds"], json!([]));
    }
}
