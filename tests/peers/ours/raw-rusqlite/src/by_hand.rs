//! What is done on a connection.

use std::time::Duration;

use peers_harness::{
    Account, Counts, Deposit, Event, Id, Outcome, Source, event, expected_account,
};
use rusqlite::Connection;

const INSERT: &str =
    "INSERT INTO ev (stream_id, version, event_type, payload) VALUES (?1, ?2, ?3, ?4)";
const WRITE_SNAPSHOT: &str = "INSERT INTO snap (stream_id, version, state) VALUES (?1, ?2, ?3)
    ON CONFLICT (stream_id) DO UPDATE SET version = excluded.version, state = excluded.state";
const LOAD: &str =
    "SELECT version, payload FROM ev WHERE stream_id = ?1 AND version > ?2 ORDER BY version";
const LOAD_SNAPSHOT: &str = "SELECT version, state FROM snap WHERE stream_id = ?1";
const REPLAY: &str = "SELECT position, stream_id, version, payload FROM ev ORDER BY position";

pub(crate) fn open(path: &str) -> Outcome<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// A state, and the version that the stream has.
pub(crate) struct Found {
    pub(crate) account: Account,
    pub(crate) version: i64,
}

pub(crate) fn load(on: &Connection, id: &Id, source: Source) -> Outcome<Found> {
    let mut account = Account::default();
    let mut version = 0_i64;
    if source == Source::Snapshot {
        let mut statement = on.prepare_cached(LOAD_SNAPSHOT)?;
        let mut rows = statement.query([&id.text])?;
        if let Some(row) = rows.next()? {
            version = row.get(0)?;
            account = serde_json::from_str(row.get_ref(1)?.as_str()?)?;
        }
    }
    let mut statement = on.prepare_cached(LOAD)?;
    let mut rows = statement.query((&id.text, version))?;
    while let Some(row) = rows.next()? {
        version = row.get(0)?;
        // The text stays where SQLite has it.
        let event: Event = serde_json::from_str(row.get_ref(1)?.as_str()?)?;
        account.apply(&event);
    }
    Ok(Found { account, version })
}

pub(crate) fn insert(on: &Connection, id: &Id, version: i64, event: &Event) -> Outcome {
    let payload = serde_json::to_string(event)?;
    let values = (&id.text, version, event.kind(), payload);
    on.prepare_cached(INSERT)?.execute(values)?;
    Ok(())
}

/// Decides and appends.
pub(crate) fn decide(
    on: &Connection,
    found: Found,
    id: &Id,
    source: Source,
    deposit: Deposit,
) -> Outcome {
    let mut account = found.account;
    account.may_deposit(deposit.amount)?;
    let event = deposit.into_event(id);
    let version = found.version + 1;
    if source != Source::Snapshot || version % 50 != 0 {
        return insert(on, id, version, &event);
    }
    account.apply(&event);
    let transaction = on.unchecked_transaction()?;
    insert(on, id, version, &event)?;
    write_snapshot(on, id, version, &account)?;
    transaction.commit()?;
    Ok(())
}

pub(crate) fn batch(on: &Connection, id: &Id, source: Source, from: u64, events: u64) -> Outcome {
    let transaction = on.unchecked_transaction()?;
    for number in from..from + events {
        insert(on, id, i64::try_from(number)? + 1, &event(id, number))?;
    }
    let version = from + events;
    if source == Source::Snapshot && version.is_multiple_of(50) {
        let state = expected_account(id, version);
        write_snapshot(on, id, i64::try_from(version)?, &state)?;
    }
    transaction.commit()?;
    Ok(())
}

pub(crate) fn replay(on: &Connection) -> Outcome<Counts> {
    let mut counts = Counts::default();
    let mut statement = on.prepare(REPLAY)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        counts.count(&serde_json::from_str(row.get_ref(3)?.as_str()?)?);
    }
    Ok(counts)
}

fn write_snapshot(on: &Connection, id: &Id, version: i64, state: &Account) -> Outcome {
    let state = serde_json::to_string(state)?;
    on.prepare_cached(WRITE_SNAPSHOT)?
        .execute((&id.text, version, state))?;
    Ok(())
}
