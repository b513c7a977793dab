//! What is done on a connection.

use std::time::Duration;

use peers_harness::{
    Account, Counts, Deposit, Event, Id, Outcome, Source, event, expected_account,
};
use rusqlite::Connection;

/// The statements for one of the tables.
struct Statements {
    insert: &'static str,
    load: &'static str,
    replay: &'static str,
}

macro_rules! statements {
    ($events:literal, $of:literal) => {
        Statements {
            insert: concat!(
                "INSERT INTO ",
                $events,
                " (stream_id, version, event_type, payload)
                VALUES (?1, ?2, ?3, ?4)"
            ),
            load: concat!(
                "SELECT version, payload FROM ",
                $events,
                "
                WHERE ",
                $of,
                "stream_id = ?1 AND version > ?2 ORDER BY version"
            ),
            replay: concat!(
                "SELECT position, stream_id, version, payload FROM ",
                $events,
                " ORDER BY position"
            ),
        }
    };
}

const PLAIN: Statements = statements!("ev", "");
/// With the columns and indexes of Rehydrate's table, whose values SQLite makes up.
const COLUMNS: Statements = statements!("ev_columns", "category = 'account' AND ");

const WRITE_SNAPSHOT: &str = "INSERT INTO snap (stream_id, version, state) VALUES (?1, ?2, ?3)
    ON CONFLICT (stream_id) DO UPDATE SET version = excluded.version, state = excluded.state";
const LOAD_SNAPSHOT: &str = "SELECT version, state FROM snap WHERE stream_id = ?1";

/// A connection, and the statements for its table.
pub(crate) struct Hand {
    connection: Connection,
    statements: &'static Statements,
}

pub(crate) fn open(path: &str, variant: &str) -> Outcome<Hand> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(64);
    let statements = match variant {
        "columns" => &COLUMNS,
        _ => &PLAIN,
    };
    Ok(Hand {
        connection,
        statements,
    })
}

/// A state, and the version that the stream has.
pub(crate) struct Found {
    pub(crate) account: Account,
    pub(crate) version: i64,
}

pub(crate) fn load(on: &Hand, id: &Id, source: Source) -> Outcome<Found> {
    let mut account = Account::default();
    let mut version = 0_i64;
    if source == Source::Snapshot {
        let mut statement = on.connection.prepare_cached(LOAD_SNAPSHOT)?;
        let mut rows = statement.query([&id.text])?;
        if let Some(row) = rows.next()? {
            version = row.get(0)?;
            account = serde_json::from_str(row.get_ref(1)?.as_str()?)?;
        }
    }
    let mut statement = on.connection.prepare_cached(on.statements.load)?;
    let mut rows = statement.query((&id.text, version))?;
    while let Some(row) = rows.next()? {
        version = row.get(0)?;
        // The text stays where SQLite has it.
        let event: Event = serde_json::from_str(row.get_ref(1)?.as_str()?)?;
        account.apply(&event);
    }
    Ok(Found { account, version })
}

pub(crate) fn insert(on: &Hand, id: &Id, version: i64, event: &Event) -> Outcome {
    let payload = serde_json::to_string(event)?;
    let values = (&id.text, version, event.kind(), payload);
    let mut insert = on.connection.prepare_cached(on.statements.insert)?;
    insert.execute(values)?;
    Ok(())
}

/// Decides and appends.
pub(crate) fn decide(
    on: &Hand,
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
    let transaction = on.connection.unchecked_transaction()?;
    insert(on, id, version, &event)?;
    write_snapshot(on, id, version, &account)?;
    transaction.commit()?;
    Ok(())
}

pub(crate) fn batch(on: &Hand, id: &Id, source: Source, from: u64, events: u64) -> Outcome {
    let transaction = on.connection.unchecked_transaction()?;
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

pub(crate) fn replay(on: &Hand) -> Outcome<Counts> {
    let mut counts = Counts::default();
    let mut statement = on.connection.prepare(on.statements.replay)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        counts.count(&serde_json::from_str(row.get_ref(3)?.as_str()?)?);
    }
    Ok(counts)
}

fn write_snapshot(on: &Hand, id: &Id, version: i64, state: &Account) -> Outcome {
    let state = serde_json::to_string(state)?;
    let mut write = on.connection.prepare_cached(WRITE_SNAPSHOT)?;
    write.execute((&id.text, version, state))?;
    Ok(())
}
