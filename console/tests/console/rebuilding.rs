//! `projections`.

use std::sync::Arc;

use rehydrate::Rows;
use rehydrate_console::Exit;
use serde_json::{Value, json};

use crate::town::{Balances, FineEvent, Town, towns, words};

async fn paid(town: &Town) -> i64 {
    let rows = Rows::<Balances<2>>::new(Arc::clone(&town.store));
    rows.all().total(["paid"]).await.unwrap().sums[0]
}

async fn builds(town: &Town) -> Vec<Value> {
    let list = town.json("projections list").await;
    list["projections"][0]["builds"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_rebuild_goes_from_plan_to_swap() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        let plan = town.json("projections plan balances").await;
        assert_eq!(plan["projection"], "balances");
        let live = json!({ "build": 1, "version": 1, "position": 4 });
        assert_eq!(plan["live"], live);
        assert_eq!(plan["build"], 2);
        assert_eq!(plan["version"], 2);
        assert_eq!(plan["from"], 0);
        assert_eq!(plan["until"], 4);
        assert_eq!(plan["events"], 4);
        assert!(plan["estimate_seconds"].is_number());
        assert_eq!(builds(&town).await.len(), 1);

        let built = town.json("projections rebuild balances").await;
        assert_eq!(built["build"], 2);
        assert_eq!(built["events"], 4);
        assert_eq!(paid(&town).await, 2000);

        let diff = town.ops("projections diff balances --json").await;
        assert_eq!(diff.exit, Exit::Fine);
        let expected = json!({
            "added": 0,
            "removed": 0,
            "changed": 1,
            "rows": [{
                "key": { "fine": "A1" },
                "live": { "fine": "A1", "owed": 5000, "paid": 2000 },
                "shadow": { "fine": "A1", "owed": 5000, "paid": 5000 },
            }],
        });
        assert_eq!(diff.json(), expected);
        assert!(
            diff.out
                .starts_with(r#"{"added":0,"removed":0,"changed":1,"rows":[{"key":{"#)
        );

        let swapped = town.json("projections swap balances").await;
        assert_eq!(swapped["live_build"], 2);
        assert_eq!(swapped["old_build"], 1);
        assert_eq!(swapped["old_table"], "balances__build_1");
        assert_eq!(paid(&town).await, 5000);
    }
}

#[tokio::test]
async fn the_table_of_a_diff_shows_what_differs_alone() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        town.ops("projections rebuild balances").await;
        let diff = town.ops("projections diff balances").await;
        #[rustfmt::skip]
        assert_eq!(words(&diff.out), [
            vec!["fine", "CHANGE", "paid"],
            vec!["A1", "changed", "2000", "->", "5000"],
            vec![],
            vec!["0", "added,", "0", "removed,", "1", "changed", "(live", "->", "shadow)"],
        ]);
        town.ops("projections rebuild balances --version 1 --restart --yes")
            .await;
        let diff = town.ops("projections diff balances --version 1").await;
        assert_eq!(diff.out, "No row differs.\n", "{}", diff.err);
    }
}

#[tokio::test]
async fn what_loses_something_is_a_dry_run_unless_it_is_meant() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        town.ops("projections rebuild balances").await;
        let before = builds(&town).await;
        assert_eq!(before.len(), 2);
        for line in [
            "projections discard balances",
            "projections swap balances --drop-old",
            "projections rebuild balances --restart",
            "projections rebuild balances --version 1 --stream A1",
            "projections replay last_payments --type paid",
        ] {
            let ran = town.ops(&format!("{line} --json")).await;
            assert_eq!(ran.exit, Exit::Fine, "{line}: {}", ran.err);
            assert_eq!(ran.json()["dry_run"], true, "{line}");
            assert!(ran.json()["would"].is_string());
            let text = town.ops(line).await.out;
            assert!(
                text.starts_with("Dry run, nothing has been done."),
                "{text}"
            );
            assert_eq!(builds(&town).await, before, "{line}");
        }
        let gone = town.json("projections discard balances --yes").await;
        assert_eq!(gone["builds"], json!([2]));
        assert_eq!(builds(&town).await.len(), 1);
        let nothing = town.ops("projections swap balances --drop-old").await;
        assert_eq!(nothing.exit, Exit::Attention);
        assert!(nothing.err.contains("rebuild it first"), "{}", nothing.err);
    }
}

#[tokio::test]
async fn the_old_table_is_dropped_when_it_is_meant() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        town.ops("projections rebuild balances").await;
        town.ops("projections swap balances --yes").await;
        let would = town.json("projections drop-old balances").await;
        assert_eq!(would["dry_run"], true);
        assert_eq!(would["tables"], json!(["balances__build_1"]));
        assert_eq!(builds(&town).await.len(), 2);
        let dropped = town.json("projections drop-old balances --yes").await;
        assert_eq!(dropped["builds"], json!([1]));
        assert!(dropped.get("dry_run").is_none());
        assert_eq!(builds(&town).await.len(), 1);

        town.ops("projections rebuild balances").await;
        let swapped = town
            .json("projections swap balances --drop-old --yes")
            .await;
        assert_eq!(swapped["old_table"], Value::Null);
        assert_eq!(builds(&town).await.len(), 1);
        assert_eq!(paid(&town).await, 5000);
    }
}

#[tokio::test]
async fn a_part_of_the_log_is_replayed_for_idempotent_projections_only() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        let replay = "projections replay last_payments --type paid --since 2026-03-01T12:03:00Z";
        let would = town.json(replay).await;
        assert_eq!(would["events"], 1);
        let replayed = town.json(&format!("{replay} --yes")).await;
        assert_eq!(replayed["events"], 1);
        let part = town.json("projections replay last_payments --after 1 --up-to 3 --yes");
        assert_eq!(part.await["events"], 2);
        let day = town.json("projections replay last_payments --until 2026-02-28");
        assert_eq!(day.await["events"], 0);
        let refused = town.ops("projections replay balances --yes").await;
        assert_eq!(refused.exit, Exit::Attention);
        assert!(refused.err.contains("rebuild it"), "{}", refused.err);
    }
}

#[tokio::test]
async fn a_stream_is_refolded_by_itself() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        town.ops("projections rebuild balances").await;
        town.ops("projections swap balances").await;
        let refolded = town
            .json("projections rebuild balances --stream fine/A1 --yes")
            .await;
        assert_eq!(refolded["events"], 3);
        assert_eq!(refolded["stream"], "fine/A1");
        assert_eq!(paid(&town).await, 5000);
    }
}

#[tokio::test]
async fn a_projection_is_paused_and_resumed() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        let paused = town.json("projections pause balances").await;
        assert_eq!(paused, json!({ "paused": "balances" }));
        assert_eq!(builds(&town).await[0]["condition"], "paused");
        town.ops("projections resume balances --yes").await;
        assert_eq!(builds(&town).await[0]["condition"], "catching up");
        town.record("B2", FineEvent::Paid { cents: 1 }).await;
        town.catch_up().await;
        assert_eq!(builds(&town).await[0]["position"], 5);
    }
}

#[tokio::test]
async fn a_throttled_rebuild_in_small_batches_gives_the_same() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        let line = "projections rebuild balances --throttle 100000 --batch 1";
        assert_eq!(town.json(line).await["events"], 4);
        let again = town.json("projections rebuild balances").await;
        assert_eq!(again["events"], 0);
    }
}
