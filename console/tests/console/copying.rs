//! `copy --upcast`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rehydrate::{
    Aggregate, Batch, BoxError, Event, EventOf, EventStore, Expected, MemoryStore, NewEvent,
    Projection, ReadModel, Recorded, RecordedTime, Repository, RowScope, Rows, Runner,
    SchemaVersion, StreamId,
};
use rehydrate_console::{Console, Exit};
use rehydrate_sqlx::SqliteStore;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::town::{noon, run, words};

#[derive(Debug, Event, Serialize, Deserialize)]
#[event(retired("dimmed"), legacy("flickered" = Flickered))]
enum LampEvent {
    #[event(history(LitV1), alias = "lit_up")]
    Lit {
        watts: u64,
    },
    Doused,
}

#[derive(Deserialize)]
struct LitV1 {
    candles: u64,
}

impl From<LitV1> for LampEvent {
    fn from(old: LitV1) -> Self {
        Self::Lit {
            watts: old.candles * 5,
        }
    }
}

#[derive(Deserialize)]
struct Flickered {
    times: usize,
}

impl From<Flickered> for Vec<LampEvent> {
    fn from(old: Flickered) -> Self {
        let mut events = Vec::new();
        for _ in 0..old.times {
            events.extend([LampEvent::Lit { watts: 1 }, LampEvent::Doused]);
        }
        events
    }
}

#[derive(Aggregate, Debug, Default, Serialize)]
#[aggregate(id = String, event = LampEvent)]
struct Lamp {
    watts: u64,
    times: u64,
}

impl ApplyLampEvent for Lamp {
    fn lit(&mut self, watts: u64) {
        self.watts = watts;
        self.times += 1;
    }
    fn doused(&mut self) {
        self.watts = 0;
    }
}

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

#[derive(ReadModel, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[read_model(table = "usage")]
struct Usage {
    #[read_model(key)]
    lamp: String,
    times: i64,
    parts: i64,
}

struct Usages;

impl Projection for Usages {
    type Events = Lamp;
    type Row = Usage;
    const NAME: &'static str = "usage";
    const ROWS: RowScope = RowScope::PerStream;

    fn keys(
        &self,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<impl IntoIterator<Item = String>, BoxError> {
        Ok([event.stream_id.to_owned()])
    }

    fn apply(
        &self,
        row: &mut Option<Usage>,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<(), BoxError> {
        let row = row.get_or_insert_with(|| Usage {
            lamp: event.stream_id.to_owned(),
            times: 0,
            parts: 0,
        });
        row.times += i64::from(matches!(event.event, LampEvent::Lit { .. }));
        row.parts += i64::try_from(event.part)?;
        Ok(())
    }
}

async fn append(store: &Arc<dyn EventStore>, stream: &str, stored: (&str, u32, &str)) {
    let (event_type, version, payload) = stored;
    let event = NewEvent::new(event_type, SchemaVersion::new(version), payload);
    let batch = Batch::new(vec![event], RecordedTime::Import(noon()));
    let stream: StreamId = stream.parse().unwrap();
    let appended = store.append(&stream, Expected::Any, &batch).await;
    appended.unwrap();
}

struct Street {
    store: Arc<dyn EventStore>,
    folder: TempDir,
}

impl Street {
    async fn new() -> Self {
        let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
        for stored in [
            ("lit_up", 1, r#"{"candles":3}"#),
            ("dimmed", 1, "{}"),
            ("flickered", 1, r#"{"times":2}"#),
            ("lit", 2, r#"{ "watts": 8 }"#),
        ] {
            append(&store, "lamp/a", stored).await;
        }
        append(&store, "lamp/b", ("flickered", 1, r#"{"times":0}"#)).await;
        let folder = tempfile::tempdir().unwrap();
        Self { store, folder }
    }

    fn console(&self) -> Console {
        Console::new(Arc::clone(&self.store)).aggregate::<Lamp>()
    }

    fn copy(&self, name: &str) -> String {
        format!("copy sqlite://{}", self.path(name).display())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    async fn lamp_in(&self, name: &str, id: &str) -> (u64, Value) {
        let store = SqliteStore::open(self.path(name)).await.unwrap();
        let lamps: Repository<Lamp> = Repository::new(store);
        let lamp = lamps.load(&id.to_owned()).await.unwrap();
        (lamp.version().get(), serde_json::to_value(&*lamp).unwrap())
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
        "category": "lamp", "event_type": "dimmed", "schema_version": 1, "events": 1,
        "fate": "kept", "needs": "retired",
    });
    assert_eq!(report["types"][0], kept);
    let rewritten = json!({
        "category": "lamp", "event_type": "lit_up", "schema_version": 1, "events": 1,
        "fate": "rewritten", "needs": null,
    });
    assert_eq!(report["types"][3], rewritten);
    let again = run(&console, &line).await;
    assert_eq!(again.exit, Exit::Fine);
    assert!(again.out.starts_with("Wrote 0 events to "), "{}", again.out);
    let lines = words(&again.out);
    let dimmed = [
        "lamp",
        "dimmed",
        "1",
        "1",
        "kept:",
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

#[tokio::test]
async fn what_is_stored_in_old_shapes_is_shown_and_verified() {
    let street = Street::new().await;
    let shown = run(&street.console(), "stream a --json").await.json();
    assert_eq!(
        (&shown["version"], &shown["state"]["times"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(shown["events"].as_array().unwrap().len(), 4);
    let split = run(&street.console(), "stream a --at-version 3 --json")
        .await
        .json();
    assert_eq!(split["state"], json!({ "watts": 0, "times": 3 }));
    let retired = run(&street.console(), "stream a --at-version 2").await;
    assert!(
        retired.out.starts_with("lamp/a at version 2"),
        "{}",
        retired.out
    );
    let raw = run(&street.console(), "stream a --raw").await;
    assert!(
        raw.out.contains(r#"lit_up v1  {"candles":3}"#),
        "{}",
        raw.out
    );
    assert_eq!(run(&street.console(), "verify").await.exit, Exit::Fine);
    append(&street.store, "lamp/a", ("melted", 1, "{}")).await;
    let unknown = run(&street.console(), "stream a").await;
    assert_eq!(unknown.exit, Exit::Attention);
    let place = "event 5 of lamp/a (position 6, type `melted`, schema version 1)";
    assert!(unknown.err.contains(place), "{}", unknown.err);
    assert_eq!(
        run(&street.console(), "stream a --raw").await.exit,
        Exit::Fine
    );
}

#[tokio::test]
async fn read_models_of_old_shapes_are_rebuilt_compared_and_verified() {
    let street = Street::new().await;
    let runner = Runner::new(Arc::clone(&street.store)).projection(Usages);
    runner.catch_up().await.unwrap();
    let rows = Rows::<Usages>::new(Arc::clone(&street.store));
    let right = vec![Usage {
        lamp: "a".to_owned(),
        times: 4,
        parts: 1 + 2 + 3,
    }];
    assert_eq!(rows.all().read().await.unwrap().rows, right);
    let console = street.console().projection(Usages);
    let json = async |line: &str| run(&console, &format!("{line} --json")).await.json();
    assert_eq!(json("projections plan usage").await["events"], 5);
    assert_eq!(json("projections rebuild usage").await["events"], 5);
    let diff = run(&console, "projections diff usage").await;
    assert_eq!(diff.exit, Exit::Fine, "{}{}", diff.out, diff.err);
    let one = json("projections rebuild usage --stream lamp/a --yes").await;
    assert_eq!((&one["events"], &one["rows"]), (&json!(4), &json!(1)));
    let verified = json("verify").await;
    assert_eq!(verified["is_fine"], true);
    assert_eq!(verified["projections"][0]["events"], 5);
    assert_eq!(rows.all().read().await.unwrap().rows, right);
}
