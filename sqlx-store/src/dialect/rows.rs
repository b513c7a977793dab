//! Rows, and the numbers in them, which anybody with the database could have changed.

use chrono::{DateTime, Utc};
use rehydrate_port::{
    Command, CommittedCommand, EventRow, Fingerprint, Page, Position, SchemaVersion, Snapshot,
    SnapshotRead, StoreError, StreamId, StreamQuery, Version,
};
use uuid::Uuid;

/// What no store writes.
#[derive(Debug)]
pub(crate) enum Fault {
    Unreadable(sqlx::Error),
    Absurd { column: &'static str, value: i64 },
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::ColumnDecode { source, .. } => match source.downcast_ref::<NoTime>() {
                Some(NoTime(micros)) => absurd("recorded time", *micros),
                None => Self::Unreadable(error),
            },
            _ => Self::Unreadable(error),
        }
    }
}

/// A number of microseconds that is beyond any calendar.
#[derive(Debug)]
struct NoTime(i64);

impl std::fmt::Display for NoTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} microseconds are no time", self.0)
    }
}

impl std::error::Error for NoTime {}

impl Fault {
    pub(crate) fn explain(self, stream: &StreamId) -> StoreError {
        match self {
            Self::Unreadable(error) => StoreError::Backend {
                action: "read a row",
                source: error.into(),
            },
            Self::Absurd { column, value } => StoreError::Corrupt {
                stream: stream.clone(),
                reason: format!("{column} {value} is stored, which cannot be"),
            },
        }
    }
}

/// An event as it stands in its row.
#[derive(Debug)]
pub(crate) struct RawEvent<'r> {
    pub(crate) version: i64,
    pub(crate) position: i64,
    pub(crate) event_type: &'r str,
    pub(crate) schema_version: i64,
    pub(crate) payload: &'r str,
    pub(crate) metadata: Option<&'r str>,
    pub(crate) event_id: Uuid,
    pub(crate) recorded_at: DateTime<Utc>,
}

/// A command as it stands in its row, beside its key.
#[derive(Debug)]
pub(crate) struct RawCommand {
    pub(crate) fingerprint: i64,
    pub(crate) category: String,
    pub(crate) stream_id: String,
    pub(crate) version: i64,
    pub(crate) position: i64,
    pub(crate) recorded_at: DateTime<Utc>,
}

/// A snapshot as it stands in its row; without its state if the fingerprint is not the asked one.
#[derive(Debug)]
pub(crate) struct RawSnapshot {
    pub(crate) version: i64,
    pub(crate) position: i64,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) fingerprint: i64,
    pub(crate) state: Option<String>,
}

/// Adds an event to the page.
pub(crate) fn push_event(
    page: &mut Page,
    event: &RawEvent<'_>,
    category: &str,
    stream_id: &str,
) -> Result<Version, Fault> {
    let version = version(event.version)?;
    page.push(&EventRow {
        category,
        stream_id,
        version,
        position: position(event.position)?,
        event_type: event.event_type,
        schema_version: schema_version(event.schema_version)?,
        payload: event.payload,
        metadata: event.metadata,
        event_id: event.event_id,
        recorded_at: event.recorded_at,
    });
    Ok(version)
}

/// The stream that a row names.
pub(crate) fn stream(category: &str, id: &str) -> Result<StreamId, StoreError> {
    StreamId::new(category.to_owned(), id).map_err(|error| StoreError::Backend {
        action: "read the name of a stream",
        source: error.into(),
    })
}

pub(crate) fn committed(key: &str, raw: &RawCommand) -> Result<CommittedCommand, StoreError> {
    let stream = stream(&raw.category, &raw.stream_id)?;
    let read = || -> Result<_, Fault> { Ok((version(raw.version)?, position(raw.position)?)) };
    let (version, position) = read().map_err(|fault| fault.explain(&stream))?;
    Ok(CommittedCommand {
        command: Command {
            key: key.to_owned(),
            fingerprint: fingerprint(raw.fingerprint),
        },
        stream,
        version,
        position,
        recorded_at: raw.recorded_at,
    })
}

/// What a read makes of the stream's snapshot.
pub(crate) fn snapshot(query: &StreamQuery, raw: RawSnapshot) -> Result<SnapshotRead, StoreError> {
    let read = || -> Result<_, Fault> { Ok((version(raw.version)?, position(raw.position)?)) };
    let (version, position) = read().map_err(|fault| fault.explain(&query.stream))?;
    if !query.admits(version, raw.recorded_at) {
        return Ok(SnapshotRead::None);
    }
    let fingerprint = fingerprint(raw.fingerprint);
    Ok(match raw.state {
        None => SnapshotRead::Unusable {
            fingerprint,
            version,
        },
        Some(state) => SnapshotRead::Found(Snapshot {
            version,
            position,
            recorded_at: raw.recorded_at,
            fingerprint,
            state,
        }),
    })
}

pub(crate) fn version(value: i64) -> Result<Version, Fault> {
    match u64::try_from(value) {
        Ok(number) if number > 0 => Ok(Version::new(number)),
        _ => Err(absurd("version", value)),
    }
}

pub(crate) fn position(value: i64) -> Result<Position, Fault> {
    match u64::try_from(value) {
        Ok(number) if number > 0 => Ok(Position::new(number)),
        _ => Err(absurd("position", value)),
    }
}

/// The time in a column of microseconds.
pub(crate) fn time(micros: i64) -> Result<DateTime<Utc>, sqlx::Error> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: "recorded_at".to_owned(),
        source: NoTime(micros).into(),
    })
}

/// The same bits, in a column that has a sign.
pub(crate) fn fingerprint(value: i64) -> Fingerprint {
    Fingerprint(value.cast_unsigned())
}

pub(crate) fn schema_version(value: i64) -> Result<SchemaVersion, Fault> {
    u32::try_from(value)
        .map(SchemaVersion::new)
        .map_err(|_| absurd("schema version", value))
}

pub(crate) fn absurd(column: &'static str, value: i64) -> Fault {
    Fault::Absurd { column, value }
}

/// A number to compare with or to write; no database has a greater one, so nothing is beyond it.
pub(crate) fn clamp(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// Names as a JSON array, to be one bind.
#[cfg(feature = "sqlite")]
pub(crate) fn json_array(names: &[String]) -> String {
    serde_json::Value::from(names).to_string()
}
