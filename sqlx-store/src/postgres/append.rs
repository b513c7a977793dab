//! One append, in one statement.

use chrono::{DateTime, Utc};
use rehydrate_port::{
    Appended, Batch, Command, Expected, Outcome, Position, RecordedTime, StoreError, StreamId,
    Version,
};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row as _};
use uuid::Uuid;

use super::error::explain;
use super::group::Single;
use super::rows::{raw_command, time};
use super::statements::Statements;
use crate::dialect::rows::{self, Fault, clamp};

/// An append with everything encoded, so that it can be sent again.
#[derive(Debug)]
pub(super) struct Append<'a> {
    stream: &'a StreamId,
    expected: Expected,
    time: RecordedTime,
    metadata: Option<&'a str>,
    command: Option<&'a Command>,
    ids: Vec<Uuid>,
    types: Vec<&'a str>,
    schema_versions: Vec<i64>,
    payloads: Vec<&'a str>,
}

/// Whether a lost race is an error or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Race {
    Error,
    Answer,
}

impl<'a> Append<'a> {
    pub(super) fn new(stream: &'a StreamId, expected: Expected, batch: &'a Batch) -> Self {
        let events = &batch.events;
        Self {
            stream,
            expected,
            time: batch.time,
            metadata: batch.metadata.as_deref(),
            command: batch.command.as_ref(),
            ids: events.iter().map(|event| event.id).collect(),
            types: events
                .iter()
                .map(|event| event.event_type.as_str())
                .collect(),
            schema_versions: events
                .iter()
                .map(|event| i64::from(event.schema_version.get()))
                .collect(),
            payloads: events.iter().map(|event| event.payload.as_str()).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether it can be sent again when nobody knows whether it was committed.
    pub(super) fn can_be_repeated(&self) -> bool {
        self.command.is_some()
    }

    /// Appends, or says why not.
    pub(super) async fn run(
        &self,
        connection: &mut PgConnection,
        statements: &Statements,
        race: Race,
    ) -> Result<Result<Appended, StoreError>, sqlx::Error> {
        let answer = self.send(connection, statements, race).await?;
        if let Ok(appended) = &answer {
            statements.see(appended.position);
        }
        Ok(answer)
    }

    async fn send(
        &self,
        connection: &mut PgConnection,
        statements: &Statements,
        race: Race,
    ) -> Result<Result<Appended, StoreError>, sqlx::Error> {
        if race == Race::Error
            && let Some(plain) = self.plain(statements)
            && let Some(row) = plain.fetch_optional(&mut *connection).await?
        {
            return self.written(&row, 0);
        }
        let row = self.query(statements, race).fetch_one(connection).await?;
        self.answer(&row)
    }

    /// The statement for the usual append, at a fraction of the cost of a function, which has an
    /// answer for everything; no row if that is what it takes.
    fn plain<'q>(&'q self, statements: &Statements) -> Option<Query<'q, Postgres, PgArguments>> {
        let expected = self.plainly_expected()?;
        let [id] = self.ids.as_slice() else {
            let several: Query<'q, Postgres, PgArguments> = statements.append_several();
            let several = self.begin_plain(several, expected);
            let several = several
                .bind(self.ids.as_slice())
                .bind(self.types.as_slice());
            let several = several.bind(self.schema_versions.as_slice());
            return Some(several.bind(self.payloads.as_slice()));
        };
        let one = self.begin_plain(statements.append_event(), expected);
        let one = one
            .bind(*id)
            .bind(self.types[0])
            .bind(self.schema_versions[0]);
        Some(one.bind(self.payloads[0]))
    }

    /// The expected version, if nothing else needs an answer.
    fn plainly_expected(&self) -> Option<i64> {
        let is_plain = matches!(self.time, RecordedTime::Clock(_)) && self.command.is_none();
        self.expected().filter(|_| is_plain)
    }

    /// The append as others may take it along, if they may.
    pub(super) fn single(&self) -> Option<impl FnOnce() -> Single> {
        let expected = self.plainly_expected()?;
        let ([id], [event_type], [schema_version], [payload]) = (
            self.ids.as_slice(),
            self.types.as_slice(),
            self.schema_versions.as_slice(),
            self.payloads.as_slice(),
        ) else {
            return None;
        };
        Single::is_short(payload, self.metadata).then_some(move || Single {
            stream: self.stream.clone(),
            expected,
            time: self.time(),
            metadata: self.metadata.map(str::to_owned),
            id: *id,
            event_type: (*event_type).to_owned(),
            schema_version: *schema_version,
            payload: (*payload).to_owned(),
        })
    }

    fn begin_plain<'q>(
        &'q self,
        query: Query<'q, Postgres, PgArguments>,
        expected: i64,
    ) -> Query<'q, Postgres, PgArguments> {
        query
            .bind(self.stream.category())
            .bind(self.stream.id())
            .bind(expected)
            .bind(self.time())
            .bind(self.metadata)
    }

    /// The expected version, where one is; 0 before the first event.
    fn expected(&self) -> Option<i64> {
        match self.expected {
            Expected::Any => None,
            Expected::NoStream => Some(0),
            Expected::Exactly(version) => Some(clamp(version.get())),
        }
    }

    /// Looks whether the stream is what was expected, and writes nothing.
    pub(super) async fn check(
        &self,
        connection: &mut PgConnection,
        statements: &Statements,
        store: &str,
    ) -> Result<Appended, StoreError> {
        let failed = |error| explain(store, "look at a stream", error);
        let row = statements
            .stream_head()
            .bind(self.stream.category())
            .bind(self.stream.id())
            .fetch_optional(connection)
            .await
            .map_err(failed)?;
        let (version, position, recorded_at) = match row {
            None => (0, 0, self.time()),
            Some(row) => (
                row.try_get(0).map_err(failed)?,
                row.try_get(1).map_err(failed)?,
                row.try_get(2).map_err(failed)?,
            ),
        };
        let version = Version::new(unsigned(version));
        if self.expected.is_met_by(version) {
            Ok(Appended {
                version,
                position: Position::new(unsigned(position)),
                recorded_at,
                outcome: Outcome::Written,
            })
        } else {
            Err(self.conflict(version))
        }
    }

    fn query<'q>(
        &'q self,
        statements: &Statements,
        race: Race,
    ) -> Query<'q, Postgres, PgArguments> {
        let query: Query<'q, Postgres, PgArguments> = match race {
            Race::Error => statements.append_events(),
            Race::Answer => statements.append_events_or_answer(),
        };
        query
            .bind(self.stream.category())
            .bind(self.stream.id())
            .bind(self.expected())
            .bind(self.time())
            .bind(matches!(self.time, RecordedTime::Import(_)))
            .bind(self.metadata)
            .bind(self.command.map(|command| command.key.as_str()))
            .bind(
                self.command
                    .map(|command| command.fingerprint.0.cast_signed()),
            )
            .bind(self.ids.as_slice())
            .bind(self.types.as_slice())
            .bind(self.schema_versions.as_slice())
            .bind(self.payloads.as_slice())
    }

    fn answer(&self, row: &PgRow) -> Result<Result<Appended, StoreError>, sqlx::Error> {
        let outcome: &str = row.try_get(0)?;
        Ok(match outcome {
            "written" => self.written(row, 1)?,
            "conflict" => {
                let actual: i64 = row.try_get(1)?;
                Err(self.conflict(Version::new(unsigned(actual))))
            }
            "time_reversed" => Err(StoreError::TimeReversed {
                stream: self.stream.clone(),
                recorded_at: self.time(),
                last: row.try_get(3)?,
            }),
            _ => self.repeated(row)?,
        })
    }

    fn written(
        &self,
        row: &PgRow,
        first: usize,
    ) -> Result<Result<Appended, StoreError>, sqlx::Error> {
        Ok(written(row, first)?.map_err(|fault| fault.explain(self.stream)))
    }

    fn repeated(&self, row: &PgRow) -> Result<Result<Appended, StoreError>, sqlx::Error> {
        let raw = raw_command(row, row.try_get("stream")?, 5)?;
        let Some(command) = self.command else {
            return Err(sqlx::Error::RowNotFound);
        };
        Ok(rows::committed(&command.key, &raw)
            .and_then(|committed| committed.repeated(command, self.stream)))
    }

    /// The time to store, as exactly as it is stored, unless the stream's last event is later.
    fn time(&self) -> DateTime<Utc> {
        let (RecordedTime::Clock(time) | RecordedTime::Import(time)) = self.time;
        DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
    }

    fn conflict(&self, actual: Version) -> StoreError {
        StoreError::Conflict {
            stream: self.stream.clone(),
            expected: self.expected,
            actual,
        }
    }
}

/// The version, position and time in a row, from this column on.
pub(super) fn written(row: &PgRow, first: usize) -> Result<Result<Appended, Fault>, sqlx::Error> {
    // Unchecked, as an event is read.
    let version = row.try_get_unchecked(first)?;
    let position = row.try_get_unchecked(first + 1)?;
    let recorded_at = time(row.try_get_unchecked(first + 2)?)?;
    let numbers = rows::version(version).and_then(|it| Ok((it, rows::position(position)?)));
    Ok(numbers.map(|(version, position)| Appended {
        version,
        position,
        recorded_at,
        outcome: Outcome::Written,
    }))
}

/// A number that is 0 before the first event.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// Whether an append that was answered like this has left its transaction as it was.
pub(super) fn is_refusal(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Conflict { .. }
            | StoreError::KeyReused { .. }
            | StoreError::TimeReversed { .. }
            | StoreError::Corrupt { .. }
    )
}
