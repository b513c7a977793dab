//! One append, inside a transaction that somebody else begins and ends.

use chrono::{DateTime, Utc};
use rehydrate_port::{
    Appended, Batch, Command, CommittedCommand, Expected, NewEvent, Outcome, Position, StoreError,
    StreamId, Version,
};
use sqlx::SqliteConnection;

use super::error::{Meaning, explain, meaning};
use super::statements;
use crate::dialect::rows::{self, Fault, RawCommand};

/// The size of a page of SQLite's, in bytes.
const PAGE: u64 = 4_096;

/// About how many bytes of the table and its indexes a row takes beside its payload and metadata.
const BESIDE: usize = 200;

/// An append that outlives the call that asked for it.
#[derive(Debug)]
pub(super) struct Append {
    stream: StreamId,
    expected: Expected,
    batch: Batch,
}

/// A stream's last event.
pub(super) struct Head {
    pub(super) version: Version,
    position: Position,
    recorded_at: DateTime<Utc>,
}

/// What an append comes to.
pub(super) enum Step {
    /// There is nothing to write.
    Answer(Appended),
    /// The events are to be written, from this version on and with this time.
    Insert {
        first: Version,
        recorded_at: DateTime<Utc>,
    },
}

impl Head {
    /// Of a row of `stream_head.sql`.
    pub(super) fn of((version, position, micros): (i64, i64, i64)) -> Result<Self, Fault> {
        Ok(Self {
            version: rows::version(version)?,
            position: rows::position(position)?,
            recorded_at: rows::time(micros)?,
        })
    }
}

impl Append {
    pub(super) fn new(stream: &StreamId, expected: Expected, batch: &Batch) -> Self {
        Self {
            stream: stream.clone(),
            expected,
            batch: batch.clone(),
        }
    }

    pub(super) fn stream(&self) -> &StreamId {
        &self.stream
    }

    pub(super) fn events(&self) -> &[NewEvent] {
        &self.batch.events
    }

    /// About how many pages of the file it changes: one of the table and one of each of its indexes,
    /// and what its rows fill.
    pub(super) fn pages(&self) -> u64 {
        let metadata = self.metadata().map_or(0, str::len);
        let rows = self.events().iter();
        let bytes: usize = rows
            .map(|event| event.payload.len() + metadata + BESIDE)
            .sum();
        3 + bytes as u64 / PAGE
    }

    pub(super) fn metadata(&self) -> Option<&str> {
        self.batch.metadata.as_deref()
    }

    /// The command to look for and to remember, if something is written.
    pub(super) fn command(&self) -> Option<&Command> {
        let command = self.batch.command.as_ref();
        command.filter(|_| !self.batch.events.is_empty())
    }

    /// What it comes to, if this is the stream's last event.
    pub(super) fn step(&self, head: Option<&Head>) -> Result<Step, StoreError> {
        let actual = head.map_or(Version::ZERO, |head| head.version);
        if !self.expected.is_met_by(actual) {
            return Err(self.conflict(actual));
        }
        if self.batch.events.is_empty() {
            return self.nothing_to_write(head).map(Step::Answer);
        }
        Ok(Step::Insert {
            first: actual.next(),
            recorded_at: self.recorded_at(head)?,
        })
    }

    pub(super) fn written(
        &self,
        version: Version,
        position: Position,
        recorded_at: DateTime<Utc>,
    ) -> Appended {
        Appended {
            version,
            position,
            recorded_at,
            outcome: Outcome::Written,
        }
    }

    pub(super) fn conflict(&self, actual: Version) -> StoreError {
        StoreError::Conflict {
            stream: self.stream.clone(),
            expected: self.expected,
            actual,
        }
    }

    /// Appends on the driver's connection, or refuses without a trace.
    pub(super) async fn run(
        &self,
        connection: &mut SqliteConnection,
        store: &str,
    ) -> Result<Appended, StoreError> {
        if let Some(command) = self.command()
            && let Some(committed) = find_command(connection, command, store).await?
        {
            return committed.repeated(command, &self.stream);
        }
        let head = head(connection, &self.stream, store).await?;
        let (first, recorded_at) = match self.step(head.as_ref())? {
            Step::Answer(appended) => return Ok(appended),
            Step::Insert { first, recorded_at } => (first, recorded_at),
        };
        let position = self.insert(connection, first, recorded_at, store).await?;
        let last = first.get() + self.batch.events.len() as u64 - 1;
        let appended = self.written(Version::new(last), position, recorded_at);
        if let Some(command) = self.command() {
            self.record(connection, command, appended, store).await?;
        }
        Ok(appended)
    }

    fn nothing_to_write(&self, head: Option<&Head>) -> Result<Appended, StoreError> {
        let (version, position, recorded_at) = match head {
            Some(head) => (head.version, head.position, head.recorded_at),
            None => (Version::ZERO, Position::ZERO, self.recorded_at(None)?),
        };
        Ok(self.written(version, position, recorded_at))
    }

    /// The time to store, as exactly as it is stored.
    fn recorded_at(&self, head: Option<&Head>) -> Result<DateTime<Utc>, StoreError> {
        let last = head.map(|head| head.recorded_at);
        let time = self.batch.time.after(last, &self.stream)?;
        Ok(DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time))
    }

    /// The events as JSON, for one statement however many they are.
    fn encoded(&self) -> Result<String, StoreError> {
        let events = self.batch.events.iter().map(|event| {
            let NewEvent {
                id,
                event_type,
                schema_version,
                payload,
            } = event;
            (id, event_type, schema_version, payload)
        });
        let events: Vec<_> = events.collect();
        serde_json::to_string(&events).map_err(|error| StoreError::Backend {
            action: "encode the events",
            source: error.into(),
        })
    }

    async fn insert(
        &self,
        connection: &mut SqliteConnection,
        first: Version,
        recorded_at: DateTime<Utc>,
        store: &str,
    ) -> Result<Position, StoreError> {
        let events = self.encoded()?;
        let inserted = sqlx::query(statements::APPEND_EVENTS)
            .bind(self.stream.category())
            .bind(self.stream.id())
            .bind(rows::clamp(first.get()))
            .bind(self.metadata())
            .bind(recorded_at.timestamp_micros())
            .bind(events)
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
    row.map(Head::of)
        .transpose()
        .map_err(|fault| fault.explain(stream))
}
