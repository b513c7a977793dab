//! `verify` and `copy`.

use std::sync::Arc;

use rehydrate::{Batch, EventStore as _, Expected, NewEvent, RecordedTime, SchemaVersion};
use rehydrate::{Snapshot, SnapshotRead, StreamId, StreamQuery, Version};
use rehydrate_console::Exit;
use rehydrate_sqlx::SqliteStore;
use serde_json::json;

use crate::town::{Balances, Fine, noon, run, towns};

#[tokio::test]
async fn verify_compares_snapshots_and_rows_with_the_events() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        let ran = town.ops("verify --json").await;
        assert_eq!(ran.exit, Exit::Fine, "{}", ran.out);
        let report = ran.json();
        assert_eq!(report["is_fine"], true);
        let fines = &report["aggregates"][0];
        assert_eq!(fines["category"], "fine");
        assert_eq!(fines["checked"], 2);
        assert_eq!(fines["same"], 1);
        assert_eq!(fines["without_snapshot"], 1);
        let balances = &report["projections"][0];
        assert_eq!(balances["streams"], 2);
        assert_eq!(balances["events"], 4);
        assert_eq!(balances["wrong"], json!([]));
        let shared = report["projections"][1]["not_verified"].as_str().unwrap();
        assert!(shared.contains("projections rebuild last_payments"));

        let sample = town.json("verify --sample 1").await;
        assert_eq!(sample["aggregates"][0]["checked"], 1);
        assert_eq!(sample["aggregates"][0]["streams"], 2);
    }
}

#[tokio::test]
async fn a_wrong_snapshot_is_exit_code_1() {
    for town in towns().await {
        let town = town.with_payments().await;
        let stream = StreamId::new("fine", "A1").unwrap();
        let fingerprint = <Fine as rehydrate::Aggregate>::SNAPSHOTS.fingerprint();
        let query = StreamQuery {
            snapshot: fingerprint,
            ..StreamQuery::new(stream.clone())
        };
        let SnapshotRead::Found(right) = town.store.read(&query).await.unwrap().snapshot else {
            panic!("there is a snapshot");
        };
        let wrong = Snapshot {
            version: Version(3),
            state: r#"{"owed":1,"paid":1}"#.to_owned(),
            ..right
        };
        town.store.write_snapshot(&stream, &wrong).await.unwrap();
        let ran = town.ops("verify").await;
        assert_eq!(ran.exit, Exit::Attention);
        assert!(
            ran.out
                .contains("fine/A1 has a wrong snapshot at version 3")
        );
        let different = &town.json("verify").await["aggregates"][0]["different"][0];
        assert_eq!(different["from_snapshot"], json!({ "owed": 1, "paid": 1 }));
        assert_eq!(
            different["from_events"],
            json!({ "owed": 5000, "paid": 5000 })
        );
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_named() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        let event = NewEvent::new("melted", SchemaVersion::FIRST, "{}");
        let batch = Batch::new(vec![event], RecordedTime::Clock(noon()));
        let stream = StreamId::new("fine", "C3").unwrap();
        let appended = town.store.append(&stream, Expected::NoStream, &batch);
        appended.await.unwrap();
        let ran = town.ops("verify").await;
        assert_eq!(ran.exit, Exit::Attention);
        assert!(ran.out.contains("fine/C3 cannot be read"), "{}", ran.out);
        assert!(ran.out.contains("melted"));
    }
}

#[tokio::test]
async fn a_row_that_is_not_what_its_events_say_is_exit_code_1() {
    for town in towns().await {
        let town = town.with_payments().await.caught_up().await;
        // Version 1 as somebody changed it without a new VERSION: the rows are still the old ones.
        let console = rehydrate_console::Console::new(Arc::clone(&town.store));
        let console = console.projection(crate::verifying::changed::Balances);
        let ran = run(&console, "verify --json").await;
        assert_eq!(ran.exit, Exit::Attention, "{}", ran.out);
        let wrong = &ran.json()["projections"][0]["wrong"][0];
        assert_eq!(wrong["stream"], "fine/A1");
        assert_eq!(wrong["live"]["paid"], 2000);
        assert_eq!(wrong["refolded"]["paid"], 5000);
    }
}

/// The right definition under the wrong version.
mod changed {
    use rehydrate::{BoxError, EventOf, Projection, Recorded, RowScope};

    use super::Balances as Versioned;

    type Right = Versioned<2>;

    pub(crate) struct Balances;

    impl Projection for Balances {
        type Events = <Right as Projection>::Events;
        type Row = <Right as Projection>::Row;
        const NAME: &'static str = "balances";
        const ROWS: RowScope = RowScope::PerStream;

        fn keys(
            &self,
            event: &Recorded<'_, EventOf<Self>>,
        ) -> Result<impl IntoIterator<Item = String>, BoxError> {
            Ok([event.stream_id.to_owned()])
        }

        fn apply(
            &self,
            row: &mut Option<Self::Row>,
            event: &Recorded<'_, EventOf<Self>>,
        ) -> Result<(), BoxError> {
            Versioned::<2>.apply(row, event)
        }
    }
}

#[tokio::test]
async fn a_log_is_copied_and_the_copy_goes_on() {
    for town in towns().await {
        let town = town.with_payments().await;
        let path = town.folder.path().join("copy.db");
        let line = format!("copy sqlite://{}", path.display());
        let first = town.json(&line).await;
        assert_eq!(first["copied"], 4);
        assert_eq!(first["events"], 4);
        let again = town.ops(&line).await;
        assert!(
            again.out.starts_with("Copied 0 events to "),
            "{}",
            again.out
        );
        let copied = SqliteStore::open(&path).await.unwrap();
        assert_eq!(copied.watermark().await.unwrap(), 4);
        let refused = town.ops("copy ftp://ada:secret@example.com/x --json").await;
        assert_eq!(refused.exit, Exit::Attention);
        assert!(!format!("{}{}", refused.out, refused.err).contains("secret"));
    }
}
