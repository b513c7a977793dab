//! One append, inside a transaction that somebody else begins and ends.

use rehydrate::{Appended, Position, StoreError, Version};
use rusqlite::{Connection, params};

use super::read::{find_command, one, prepared};
use super::rows::integer;
use crate::dialect::rows::{clamp, position};
use crate::sqlite::append::{Append, Head, Step};
use crate::sqlite::error::{Meaning, explain, meaning, of_rusqlite};
use crate::sqlite::statements;

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
    let failed = |error| explain(store, "append events", of_rusqlite(error));
    let mut insert = prepared(connection, statements::APPEND_EVENT).map_err(failed)?;
    let mut version = first.get();
    for event in append.events() {
        let inserted = insert.execute(params![
            append.stream().category(),
            append.stream().id(),
            clamp(version),
            event.event_type,
            event.schema_version.get(),
            event.payload,
            append.metadata(),
            event.id.as_bytes(),
            recorded_at.timestamp_micros(),
        ]);
        if let Err(error) = inserted {
            let is_first = version == first.get();
            return Err(refused(connection, append, is_first, error, store));
        }
        version += 1;
    }
    let position =
        position(connection.last_insert_rowid()).map_err(|fault| fault.explain(append.stream()))?;
    let appended = append.written(Version::new(version - 1), position, recorded_at);
    if append.command().is_some() {
        record(connection, append, appended, store)?;
    }
    Ok(appended)
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
