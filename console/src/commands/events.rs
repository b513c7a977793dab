//! Stored events, as they are shown.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use rehydrate::{Page, StoredEvent, StreamId, StreamQuery};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::console::Console;
use crate::error::OpsError;
use crate::table::{Column, Grid, plain, shortened};
use crate::time;

#[derive(Serialize)]
pub(crate) struct Event {
    pub(crate) stream: String,
    pub(crate) version: u64,
    pub(crate) position: u64,
    pub(crate) recorded_at: DateTime<Utc>,
    #[serde(rename = "type")]
    pub(crate) event_type: String,
    pub(crate) schema_version: u32,
    pub(crate) event_id: String,
    pub(crate) payload: Stored,
    pub(crate) metadata: Option<Stored>,
}

/// A text that is JSON, unless somebody has damaged it.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Stored {
    Json(Box<RawValue>),
    Text(String),
}

impl Stored {
    fn new(text: &str) -> Self {
        // What has several lines would not be one line of JSON.
        let one_line = if text.contains(['\n', '\r']) {
            serde_json::from_str::<Value>(text).map(|value| value.to_string())
        } else {
            Ok(text.to_owned())
        };
        match one_line.and_then(RawValue::from_string) {
            Ok(value) => Self::Json(value),
            Err(_) => Self::Text(text.to_owned()),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Json(value) => value.get(),
            Self::Text(text) => text,
        }
    }
}

impl Event {
    pub(crate) fn new(stored: &StoredEvent<'_>) -> Self {
        Self {
            stream: format!("{}/{}", stored.category, stored.stream_id),
            version: stored.version.get(),
            position: stored.position.get(),
            recorded_at: stored.recorded_at,
            event_type: stored.event_type.to_owned(),
            schema_version: stored.schema_version.get(),
            event_id: stored.event_id.to_string(),
            payload: Stored::new(stored.payload),
            metadata: stored.metadata.map(Stored::new),
        }
    }

    /// On one line, and whole.
    pub(crate) fn line(&self) -> String {
        let mut line = format!(
            "{}  {}  {} {}  {} v{}  {}",
            self.position,
            time::moment(self.recorded_at),
            self.stream,
            self.version,
            self.event_type,
            self.schema_version,
            self.payload.text()
        );
        if let Some(metadata) = &self.metadata {
            line = format!("{line}  {}", metadata.text());
        }
        plain(&line)
    }
}

/// The events of a stream, as they are stored.
pub(crate) async fn of_stream(
    console: &Console,
    stream: &StreamId,
) -> Result<Vec<Event>, OpsError> {
    let query = StreamQuery::new(stream.clone());
    let pages: Vec<Page> = console
        .store
        .read(&query)
        .await?
        .pages
        .try_collect()
        .await?;
    let events = pages.iter().flat_map(Page::iter);
    let events: Vec<Event> = events.map(|event| Event::new(&event)).collect();
    if events.is_empty() {
        return Err(OpsError::Missing(format!("{stream} has no events")));
    }
    Ok(events)
}

pub(crate) fn table(events: &[Event]) -> Grid {
    use Column::{Number, Text};
    let mut grid = Grid::new(&[
        Number("VERSION"),
        Number("POSITION"),
        Text("TIME"),
        Text("TYPE"),
        Text("PAYLOAD"),
    ]);
    for event in events {
        grid.row([
            event.version.to_string(),
            event.position.to_string(),
            time::moment(event.recorded_at),
            event.event_type.clone(),
            shortened(event.payload.text()),
        ]);
    }
    grid
}
