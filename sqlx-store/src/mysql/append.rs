//! One append: everything is handed to the session, then one script runs it.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use rehydrate_port::{
    Appended, Batch, Command, CommittedCommand, Expected, NewEvent, Outcome, Position,
    RecordedTime, StoreError, StreamId, Version,
};
use sqlx::mysql::MySqlRow;
use sqlx::{Either, MySqlConnection, Row as _};

use super::dialect;
use super::error::explain;
use super::statements::{self, Script};
use crate::dialect::rows::{self, Fault};

/// An append with everything encoded, so that the counter is locked as shortly as can be.
#[derive(Debug)]
pub(super) struct Append<'a> {
    stream: &'a StreamId,
    expected: Expected,
    time: RecordedTime,
    metadata: Option<&'a str>,
    command: Option<&'a Command>,
    events: String,
    count: i64,
}

/// What the statements say, after the script has run to its end.
#[derive(Debug)]
struct Verdict {
    has_written: bool,
    version: i64,
    last_time: Option<DateTime<Utc>>,
    is_known: bool,
    position: i64,
}

/// How a script came to nothing.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: sqlx::Error,
    /// Whether it was the last statement, which is the commit if there is one.
    pub(super) at_last: bool,
}

/// A stream's last event.
struct Head {
    version: Version,
    position: Position,
    recorded_at: DateTime<Utc>,
}

impl<'a> Append<'a> {
    pub(super) fn new(
        stream: &'a StreamId,
        expected: Expected,
        batch: &'a Batch,
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
                (id.simple(), event_type, schema_version, payload)
            })
            .collect();
        Ok(Self {
            stream,
            expected,
            time: batch.time,
            metadata: batch.metadata.as_deref(),
            command: batch.command.as_ref(),
            events: serde_json::to_string(&events).map_err(|error| StoreError::Backend {
                action: "encode the events",
                source: error.into(),
            })?,
            count: rows::clamp(events.len()),
        })
    }

    /// The bytes of the packet that hands it to the session.
    pub(super) fn bytes(&self) -> usize {
        self.events.len() + self.metadata.map_or(0, str::len)
    }

    /// Hands the append to the session; nothing happens yet.
    pub(super) async fn bind(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        let expected = match self.expected {
            Expected::Any => None,
            Expected::NoStream => Some(0),
            Expected::Exactly(version) => Some(rows::clamp(version.get())),
        };
        let (time, is_import) = match self.time {
            RecordedTime::Clock(time) => (time, 0_i64),
            RecordedTime::Import(time) => (time, 1),
        };
        let key = self.command.map(|command| command.key.as_bytes());
        let fingerprint = self
            .command
            .map(|command| command.fingerprint.0.cast_signed());
        sqlx::query(statements::BIND_APPEND)
            .bind(self.stream.category().as_bytes())
            .bind(self.stream.id().as_bytes())
            .bind(expected)
            .bind(self.count)
            .bind(time.timestamp_micros())
            .bind(is_import)
            .bind(key)
            .bind(fingerprint)
            .bind(self.metadata)
            .bind(self.events.as_str())
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Runs what was bound.
    pub(super) async fn run(
        &self,
        connection: &mut MySqlConnection,
        script: &'static Script,
        store: &str,
    ) -> Result<Result<Appended, StoreError>, Failed> {
        let verdict = run(connection, script).await?;
        Ok(self.outcome(connection, &verdict, store).await)
    }

    async fn outcome(
        &self,
        connection: &mut MySqlConnection,
        verdict: &Verdict,
        store: &str,
    ) -> Result<Appended, StoreError> {
        if verdict.has_written {
            return self.written(verdict);
        }
        if verdict.is_known
            && let Some(repeated) = self.repeated(connection, store).await?
        {
            return Ok(repeated);
        }
        let actual = Version::new(u64::try_from(verdict.version).unwrap_or(0));
        if !self.expected.is_met_by(actual) {
            return Err(self.conflict(actual));
        }
        self.recorded_at(verdict.last_time)?;
        Err(StoreError::Backend {
            action: "append events",
            source: "BUG: nothing was written, for no reason".into(),
        })
    }

    fn written(&self, verdict: &Verdict) -> Result<Appended, StoreError> {
        let read = || -> Result<_, Fault> {
            let version = rows::version(verdict.version + self.count)?;
            let position = rows::position(verdict.position + self.count)?;
            Ok((version, position))
        };
        let (version, position) = read().map_err(|fault| fault.explain(self.stream))?;
        Ok(Appended {
            version,
            position,
            recorded_at: self.recorded_at(verdict.last_time)?,
            outcome: Outcome::Written,
        })
    }

    /// What a duplicate key means, told by what is there and not by the key's name: it can only
    /// come from somebody who has written past the counter.
    pub(super) async fn taken(
        &self,
        connection: &mut MySqlConnection,
        error: sqlx::Error,
        store: &str,
    ) -> Result<Appended, StoreError> {
        if let Some(repeated) = self.repeated(connection, store).await? {
            return Ok(repeated);
        }
        let head = head(connection, self.stream, store).await?;
        let actual = head.map_or(Version::ZERO, |head| head.version);
        if self.expected.is_met_by(actual) {
            Err(explain(store, "append events", error))
        } else {
            Err(self.conflict(actual))
        }
    }

    async fn repeated(
        &self,
        connection: &mut MySqlConnection,
        store: &str,
    ) -> Result<Option<Appended>, StoreError> {
        let Some(command) = self.command else {
            return Ok(None);
        };
        let committed = find_command(connection, command, store).await?;
        let repeated = committed.map(|committed| committed.repeated(command, self.stream));
        repeated.transpose()
    }

    fn conflict(&self, actual: Version) -> StoreError {
        StoreError::Conflict {
            stream: self.stream.clone(),
            expected: self.expected,
            actual,
        }
    }

    /// The time to store, as exactly as it is stored.
    fn recorded_at(&self, last: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, StoreError> {
        let time = self.time.after(last, self.stream)?;
        Ok(DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time))
    }

    /// The outcome of an append without events, which only compares its expectation.
    pub(super) async fn compare(
        &self,
        connection: &mut MySqlConnection,
        store: &str,
    ) -> Result<Appended, StoreError> {
        let head = head(connection, self.stream, store).await?;
        let actual = head.as_ref().map_or(Version::ZERO, |head| head.version);
        if !self.expected.is_met_by(actual) {
            return Err(self.conflict(actual));
        }
        let (position, recorded_at) = match head {
            Some(head) => (head.position, head.recorded_at),
            None => (Position::ZERO, self.recorded_at(None)?),
        };
        Ok(Appended {
            version: actual,
            position,
            recorded_at,
            outcome: Outcome::Written,
        })
    }
}

async fn run(connection: &mut MySqlConnection, script: &'static Script) -> Result<Verdict, Failed> {
    let mut answered = 0;
    let mut verdict = None;
    {
        let mut answers = sqlx::raw_sql(script.text()).fetch_many(connection);
        loop {
            match answers.try_next().await {
                Ok(Some(Either::Left(_))) => answered += 1,
                Ok(Some(Either::Right(row))) => verdict = Some(row),
                Ok(None) => break,
                Err(error) => {
                    let at_last = answered + 1 >= script.len();
                    return Err(Failed { error, at_last });
                }
            }
        }
    }
    let read = match &verdict {
        Some(row) => Verdict::read(row),
        None => Err(sqlx::Error::RowNotFound),
    };
    read.map_err(|error| Failed {
        error,
        at_last: true,
    })
}

impl Verdict {
    fn read(row: &MySqlRow) -> Result<Self, sqlx::Error> {
        let turn: Option<i64> = row.try_get(0)?;
        let last_time: Option<i64> = row.try_get(2)?;
        let is_known: i64 = row.try_get(3)?;
        let position: Option<i64> = row.try_get(4)?;
        Ok(Self {
            has_written: turn.is_some(),
            version: row.try_get(1)?,
            last_time: last_time.map(rows::time).transpose()?,
            is_known: is_known != 0,
            position: position.unwrap_or(0),
        })
    }
}

pub(super) async fn find_command(
    connection: &mut MySqlConnection,
    command: &Command,
    store: &str,
) -> Result<Option<CommittedCommand>, StoreError> {
    let failed = |error| explain(store, "look for a command", error);
    let row = sqlx::query(statements::FIND_COMMAND)
        .bind(command.key.as_bytes())
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    match row {
        None => Ok(None),
        Some(row) => {
            let raw = dialect::command(&row).map_err(failed)?;
            rows::committed(&command.key, &raw).map(Some)
        }
    }
}

async fn head(
    connection: &mut MySqlConnection,
    stream: &StreamId,
    store: &str,
) -> Result<Option<Head>, StoreError> {
    let row: Option<(i64, i64, i64)> = sqlx::query_as(statements::STREAM_HEAD)
        .bind(stream.category().as_bytes())
        .bind(stream.id().as_bytes())
        .fetch_optional(connection)
        .await
        .map_err(|error| explain(store, "look for the end of a stream", error))?;
    let read = |(version, position, micros)| -> Result<Head, Fault> {
        Ok(Head {
            version: rows::version(version)?,
            position: rows::position(position)?,
            recorded_at: rows::time(micros).map_err(Fault::from)?,
        })
    };
    row.map(read)
        .transpose()
        .map_err(|fault| fault.explain(stream))
}
