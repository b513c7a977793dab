//! The files of golden events.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rehydrate_port::{EventRow, Position, SchemaVersion, StoredEvent, Version};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// What the names of golden events must look like, for messages.
const NAMES: &str = "`<type>.v<schema version>.json` or `<type>.v<schema version>.<anything>.json`";

/// A stored event from a file.
#[derive(Debug)]
pub(in crate::schema) struct Golden {
    pub(in crate::schema) path: PathBuf,
    pub(in crate::schema) event_type: String,
    pub(in crate::schema) schema_version: u32,
    /// Whether it is the one that the check writes, and no other one beside it.
    pub(in crate::schema) is_first: bool,
    event: Stored,
}

/// A file that holds no golden event, and why.
#[derive(Debug)]
pub(in crate::schema) struct Misplaced {
    pub(in crate::schema) path: PathBuf,
    pub(in crate::schema) reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(rename = "type")]
    event_type: String,
    schema_version: u32,
    payload: Box<RawValue>,
    category: Option<String>,
    stream_id: Option<String>,
    stream: Option<String>,
    version: Option<u64>,
    position: Option<u64>,
    recorded_at: Option<DateTime<Utc>>,
    event_id: Option<Uuid>,
    metadata: Option<Box<RawValue>>,
}

impl Golden {
    /// An event that is in no file yet; the payload must be JSON.
    pub(super) fn new(path: PathBuf, event_type: &str, version: u32, payload: &str) -> Self {
        Self {
            path,
            event_type: event_type.to_owned(),
            schema_version: version,
            is_first: true,
            event: Stored {
                event_type: event_type.to_owned(),
                schema_version: version,
                payload: RawValue::from_string(payload.to_owned()).unwrap_or_default(),
                category: None,
                stream_id: None,
                stream: None,
                version: None,
                position: None,
                recorded_at: None,
                event_id: None,
                metadata: None,
            },
        }
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, Misplaced> {
        let event: Stored = match serde_json::from_str(text) {
            Ok(event) => event,
            Err(error) => {
                let reason = format!("it is not a stored event: {error}");
                return Err(Misplaced { path, reason });
            }
        };
        let start = start_of_name(&event.event_type, event.schema_version);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let rest = name.strip_prefix(&start);
        let is_first = rest == Some(".json");
        if !is_first && !rest.is_some_and(|rest| rest.starts_with('.')) {
            let reason = format!(
                "its name does not fit its content, type `{}` and version {}: a golden event is \
                 called {NAMES}, so {start}.json or {start}.<anything>.json",
                event.event_type, event.schema_version
            );
            return Err(Misplaced { path, reason });
        }
        Ok(Self {
            path,
            event_type: event.event_type.clone(),
            schema_version: event.schema_version,
            is_first,
            event,
        })
    }

    /// The event as a store would hand it over.
    pub(super) fn stored(&self) -> StoredEvent<'_> {
        let event = &self.event;
        let stream = event
            .stream
            .as_deref()
            .and_then(|stream| stream.split_once('/'));
        let (category, id) = stream.unwrap_or(("golden", "golden"));
        StoredEvent::from(EventRow {
            category: event.category.as_deref().unwrap_or(category),
            stream_id: event.stream_id.as_deref().unwrap_or(id),
            version: Version(event.version.unwrap_or(1)),
            position: Position(event.position.unwrap_or(1)),
            event_type: &event.event_type,
            schema_version: SchemaVersion(event.schema_version),
            payload: event.payload.get(),
            metadata: event.metadata.as_deref().map(RawValue::get),
            event_id: event.event_id.unwrap_or(Uuid::from_u128(1)),
            recorded_at: event.recorded_at.unwrap_or(DateTime::UNIX_EPOCH),
        })
    }
}

/// How the name of a golden event starts.
pub(in crate::schema) fn start_of_name(event_type: &str, version: u32) -> String {
    let mut name = String::new();
    for byte in event_type.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if is_plain {
            name.push(char::from(byte));
        } else {
            // A stored name may hold what a file's may not.
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{name}.v{version}")
}

/// The text of a file.
pub(super) fn print(event_type: &str, version: u32, payload: &str) -> String {
    let event_type = serde_json::Value::from(event_type);
    format!(
        "{{\n  \"type\": {event_type},\n  \"schema_version\": {version},\n  \"payload\": {payload}\n}}\n"
    )
}

/// All golden events in a folder; and what is there and is none.
pub(in crate::schema) fn read(folder: &Path) -> io::Result<(Vec<Golden>, Vec<Misplaced>)> {
    let (mut golden, mut misplaced) = (Vec::new(), Vec::new());
    for path in entries(folder)? {
        let is_json = path
            .extension()
            .is_some_and(|extension| extension == "json");
        if path.is_dir() {
            let reason = "it is a folder within the folder of an enum, and nothing in it is read: \
                          move it away";
            misplaced.push(Misplaced {
                path,
                reason: reason.to_owned(),
            });
        } else if is_json {
            let text = fs::read_to_string(&path)?;
            match Golden::parse(path, &text) {
                Ok(found) => golden.push(found),
                Err(found) => misplaced.push(found),
            }
        }
    }
    Ok((golden, misplaced))
}

/// What is in a folder, sorted; nothing if it does not exist.
pub(in crate::schema) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let paths: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}
