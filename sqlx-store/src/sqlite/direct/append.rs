//! One append, inside a transaction that somebody else begins and ends.

use chrono::{DateTime, Utc};
use rehydrate_port::{Appended, NewEvent, Position, StoreError, Version};
use rusqlite::{Connection, params};

use super::read::{find_command, one, prepared};
use super::rows::integer;
use crate::dialect::rows::{clamp, position};
use crate::sqlite::append::{Append, Head, Step};
use crate::sqlite::error::{Meaning, explain, meaning, of_rusqlite};
use crate::sqlite::statements;

/// How many events one statement takes.
const TOGETHER: usize = 10;

/// Appends, or refuses without a trace.
pub(super) fn append(
    connection: &Connection,
    append: &Append,
    store: &str,
) -> Result<Appended, StoreError> {
    if let Some(command) = append.command()
        && let Some(committed) = find_command(connection, command, store)?
    {
        return committed.repeated(command, append.stream());
    }
    let head = head(connection, append, store)?;
    let (first, recorded_at) = match append.step(head.as_ref())? {
        Step::Answer(appended) => return Ok(appended),
        Step::Insert { first, recorded_at } => (first, recorded_at),
    };
    let mut version = first;
    // Each is a statement, which leaves nothing behind if it fails.
    let (tens, ones) = append.events().as_chunks();
    for ten in tens {
        let inserted = insert_ten(connection, append, ten, version, recorded_at);
        let is_first = version == first;
        inserted.map_err(|error| refused(connection, append, is_first, error, store))?;
        version = Version::new(version.get() + TOGETHER as u64);
    }
    for event in ones {
        let inserted = insert_one(connection, append, event, version, recorded_at);
        let is_first = version == first;
        inserted.map_err(|error| refused(connection, append, is_first, error, store))?;
        version = version.next();
    }
    let position =
        position(connection.last_insert_rowid()).map_err(|fault| fault.explain(append.stream()))?;
    let appended = append.written(Version::new(version.get() - 1), position, recorded_at);
    if append.command().is_some() {
        record(connection, append, appended, store)?;
    }
    Ok(appended)
}

fn insert_ten(
    connection: &Connection,
    append: &Append,
    events: &[NewEvent; TOGETHER],
    first: Version,
    recorded_at: DateTime<Utc>,
) -> Result<(), rusqlite::Error> {
    let mut insert = prepared(connection, statements::APPEND_TEN_EVENTS)?;
    insert.raw_bind_parameter(1, append.stream().category())?;
    insert.raw_bind_parameter(2, append.stream().id())?;
    insert.raw_bind_parameter(3, clamp(first.get()))?;
    insert.raw_bind_parameter(4, append.metadata())?;
    insert.raw_bind_parameter(5, recorded_at.timestamp_micros())?;
    for (next, event) in (6..).step_by(4).zip(events) {
        insert.raw_bind_parameter(next, &event.event_type)?;
        insert.raw_bind_parameter(next + 1, event.schema_version.get())?;
        insert.raw_bind_parameter(next + 2, &event.payload)?;
        insert.raw_bind_parameter(next + 3, event.id.as_bytes())?;
    }
    insert.raw_execute().map(drop)
}

fn insert_one(
    connection: &Connection,
    append: &Append,
    event: &NewEvent,
    version: Version,
    recorded_at: DateTime<Utc>,
) -> Result<(), rusqlite::Error> {
    let mut insert = prepared(connection, statements::APPEND_EVENT)?;
    let inserted = insert.execute(params![
        append.stream().category(),
        append.stream().id(),
        clamp(version.get()),
        event.event_type,
        event.schema_version.get(),
        event.payload,
        append.metadata(),
        event.id.as_bytes(),
        recorded_at.timestamp_micros(),
    ]);
    inserted.map(drop)
}

/// Another transaction may have been faster only if this one does not hold the file, which it does;
/// but a file can be written to by anybody.
fn refused(
    connection: &Connection,
    append: &Append,
    is_first: bool,
    error: rusqlite::Error,
    store: &str,
) -> StoreError {
    let error = of_rusqlite(error);
    if !is_first || meaning(&error) != Meaning::Taken {
        return explain(store, "append events", error);
    }
    match head(connection, append, store) {
        Ok(head) => append.conflict(head.map_or(Version::ZERO, |head| head.version)),
        Err(error) => error,
    }
}

fn head(connection: &Connection, append: &Append, store: &str) -> Result<Option<Head>, StoreError> {
    let stream = append.stream();
    let read = |row: &rusqlite::Row<'_>| Ok((integer(row, 0)?, integer(row, 1)?, integer(row, 2)?));
    let binds: [&dyn rusqlite::ToSql; 2] = [&stream.category(), &stream.id()];
    let row = one(connection, statements::STREAM_HEAD, &binds, read);
    let row = row.map_err(|error| explain(store, "look for the end of a stream", error))?;
    row.map(Head::of)
        .transpose()
        .map_err(|fault| fault.explain(stream))
}

fn record(
    connection: &Connection,
    append: &Append,
    appended: Appended,
    store: &str,
) -> Result<(), StoreError> {
    let Some(command) = append.command() else {
        return Ok(());
    };
    let recorded = prepared(connection, statements::RECORD_COMMAND).and_then(|mut record| {
        record.execute(params![
            command.key,
            command.fingerprint.0.cast_signed(),
            append.stream().category(),
            append.stream().id(),
            clamp(appended.version.get()),
            clamp(Position::get(appended.position)),
            appended.recorded_at.timestamp_micros(),
        ])
    });
    match recorded {
        Ok(_) => Ok(()),
        Err(error) => Err(explain(store, "record a command", of_rusqlite(error))),
    }
}
