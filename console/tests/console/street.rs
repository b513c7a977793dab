//! A street with lamps whose events have changed over the years, and its console.

use std::sync::Arc;

use rehydrate::{
    Aggregate, Batch, Event, EventStore, Expected, MemoryStore, NewEvent, RecordedTime, Repository,
    SchemaVersion, StreamId,
};
use rehydrate_console::Console;
use rehydrate_sqlx::SqliteStore;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;

use crate::town::noon;

#[derive(Debug, Event, Serialize, Deserialize)]
#[event(retired("dimmed"), legacy("flickered" = Flickered))]
pub(crate) enum LampEvent {
    #[event(history(LitV1), alias = "lit_up")]
    Lit {
        watts: u64,
    },
    Doused,
}

#[derive(Deserialize)]
pub(crate) struct LitV1 {
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
pub(crate) struct Flickered {
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
pub(crate) struct Lamp {
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

pub(crate) async fn append(store: &Arc<dyn EventStore>, stream: &str, stored: (&str, u32, &str)) {
    let (event_type, version, payload) = stored;
    let event = NewEvent::new(event_type, SchemaVersion::new(version), payload);
    let batch = Batch::new(vec![event], RecordedTime::Import(noon()));
    let stream: StreamId = stream.parse().unwrap();
    let appended = store.append(&stream, Expected::Any, &batch).await;
    appended.unwrap();
}

pub(crate) struct Street {
    pub(crate) store: Arc<dyn EventStore>,
    folder: TempDir,
}

impl Street {
    pub(crate) async fn new() -> Self {
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

    pub(crate) fn console(&self) -> Console {
        Console::new(Arc::clone(&self.store)).aggregate::<Lamp>()
    }

    pub(crate) fn copy(&self, name: &str) -> String {
        format!("copy sqlite://{}", self.path(name).display())
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn lamp_in(&self, name: &str, id: &str) -> (u64, Value) {
        let store = SqliteStore::open(self.path(name)).await.unwrap();
        let lamps: Repository<Lamp> = Repository::new(store);
        let lamp = lamps.load(&id.to_owned()).await.unwrap();
        (lamp.version().get(), serde_json::to_value(&*lamp).unwrap())
    }
}
