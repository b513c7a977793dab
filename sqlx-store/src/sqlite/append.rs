//! One append, inside a transaction that somebody else begins and ends.

use chrono::{DateTime, Utc};
use rehydrate::{
    Appended, Batch, Command, CommittedCommand, Expected, NewEvent, Outcome, Position,
    RecordedTime, StoreError, StreamId, Version,
};
use sqlx::SqliteConnection;

use super::error::{Meaning, explain, meaning};
use super::statements;
use crate::dialect::rows::{self, Fault, RawCommand};

/// An append with everything encoded, so that the transaction is as short as can be.
#[derive(Debug)]
pub(super) struct Append {
    stream: StreamId,
    expected: Expected,
    time: RecordedTime,
    metadata: Option<String>,
    command: Option<Command>,
    events: String,
    count: usize,
}

/// A stream's last event.
struct Head {
    version: Version,
    position: Position,
    recorded_at: DateTime<Utc>,
}

impl Append {
    pub(super) fn new(
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Self, StoreError> {
        let events: Vec<_> = batch
            .events
            .iter()
            .map(|event| {
                let NewEvent {
                    id,
                    event_type,
                    schema_version,
                    payload,
                } = event;
                (id, event_type, schema_version, payload)
            })
            .collect();
        Ok(Self {
            stream: stream.clone(),
            expected,
            time: batch.time,
            metadata: batch.metadata.clone(),
            command: batch.command.clone(),
            events: serde_json::to_string(&events).map_err(|error| StoreError::Backend {
                action: "encode the events",
                source: error.into(),
            })?,
            count: events.len(),
        })
    }

    pub(super) fn events(&self) -> usize {
        self.count
    }

    /// Appends, or refuses without a trace.
    pub(super) async fn run(
        &self,
        connection: &mut SqliteConnection,
        store: &str,
    ) -> Result<Appended, StoreError> {
        if self.count > 0
            && let Some(command) = &self.command
            && let Some(committed) = find_command(connection, command, store).await?
        {
            return committed.repeated(command, &self.stream);
        }
        let head = head(connection, &self.stream, store).await?;
        let actual = head.as_ref().map_or(Version::ZERO, |head| head.version);
        if !self.expected.is_met_by(actual) {
            return Err(self.conflict(actual));
        }
        if self.count == 0 {
            return self.nothing_to_write(head);
        }
        let recorded_at = self.recorded_at(head.as_ref())?;
        let position = self.insert(connection, actual, recorded_at, store).await?;
        let appended = Appended {
            version: Version::new(actual.get() + self.count as u64),
            position,
            recorded_at,
            outcome: Outcome::Written,
        };
        if let Some(command) = &self.command {
            self.record(connection, command, appended, store).await?;
        }
        Ok(appended)
    }

    fn conflict(&self, actual: Version) -> StoreError {
        StoreError::Conflict {
            stream: self.stream.clone(),
            expected: self.expected,
            actual,
        }
    }

    fn nothing_to_write(&self, head: Option<Head>) -> Result<Appended, StoreError> {
        let (version, position, recorded_at) = match head {
            Some(head) => (head.version, head.position, head.recorded_at),
            None => (Version::ZERO, Position::ZERO, self.recorded_at(None)?),
        };
        Ok(Appended {
            version,
            position,
            recorded_at,
            outcome: Outcome::Written,
        })
    }

    /// The time to store, as exactly as it is stored.
    fn recorded_at(&self, head: Option<&Head>) -> Result<DateTime<Utc>, StoreError> {
        let last = head.map(|head| head.recorded_at);
        let time = self.time.after(last, &self.stream)?;
        Ok(DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time))
    }

    async fn insert(
        &self,
        connection: &mut SqliteConnection,
        actual: Version,
        recorded_at: DateTime<Utc>,
        store: &str,
    ) -> Result<Position, StoreError> {
        let inserted = sqlx::query(statements::APPEND_EVENTS)
            .bind(self.stream.category())
            .bind(self.stream.id())
            .bind(rows::clamp(actual.next().get()))
            .bind(self.metadata.as_deref())
            .bind(recorded_at.timestamp_micros())
            .bind(self.events.as_str())
            .execute(&mut *connection)
            .await;
        match inserted {
            Ok(done) => rows::position(done.last_insert_rowid())
                .map_err(|fault| fault.explain(&self.stream)),
            Err(error) if meaning(&error) == Meaning::Taken => {
                let head = head(connection, &self.stream, store).await?;
                Err(self.conflict(head.map_or(Version::ZERO, |head| head.version)))
            }
            Err(error) => Err(explain(store, "append events", error)),
        }
    }

    async fn record(
        &self,
        connection: &mut SqliteConnection,
        command: &Command,
        appended: Appended,
        store: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(statements::RECORD_COMMAND)
            .bind(command.key.as_str())
            .bind(command.fingerprint.0.cast_signed())
            .bind(self.stream.category())
            .bind(self.stream.id())
            .bind(rows::clamp(appended.version.get()))
            .bind(rows::clamp(appended.position.get()))
            .bind(appended.recorded_at.timestamp_micros())
            .execute(connection)
            .await
            .map_err(|error| explain(store, "record a command", error))?;
        Ok(())
    }
}

/// Whether an append that failed like this has left its transaction as it was.
pub(super) fn is_refusal(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Conflict { .. }
            | StoreError::KeyReused { .. }
            | StoreError::TimeReversed { .. }
            | StoreError::Corrupt { .. }
    )
}

pub(super) async fn find_command(
    connection: &mut SqliteConnection,
    command: &Command,
    store: &str,
) -> Result<Option<CommittedCommand>, StoreError> {
    let row: Option<(i64, String, String, i64, i64, i64)> =
        sqlx::query_as(statements::FIND_COMMAND)
            .bind(command.key.as_str())
            .fetch_optional(connection)
            .await
            .map_err(|error| explain(store, "look for a command", error))?;
    let Some((fingerprint, category, id, version, position, micros)) = row else {
        return Ok(None);
    };
    let recorded_at =
        rows::time(micros).map_err(|error| explain(store, "look for a command", error))?;
    let raw = RawCommand {
        fingerprint,
        category,
        stream_id: id,
        version,
        position,
        recorded_at,
    };
    rows::committed(&command.key, &raw).map(Some)
}

async fn head(
    connection: &mut SqliteConnection,
    stream: &StreamId,
    store: &str,
) -> Result<Option<Head>, StoreError> {
    let row: Option<(i64, i64, i64)> = sqlx::query_as(statements::STREAM_HEAD)
        .bind(stream.category())
        .bind(stream.id())
        .fetch_optional(connection)
        .await
        .map_err(|error| explain(store, "look for the end of a stream", error))?;
    let read = |(version, position, micros)| -> Result<Head, Fault> {
        Ok(Head {
            version: rows::version(version)?,
            position: rows::position(position)?,
            recorded_at: rows::time(micros)?,
        })
    };
    row.map(read)
        .transpose()
        .map_err(|fault| fault.explain(stream))
}
