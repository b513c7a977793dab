//! Where relays send, and how that went.

use chrono::DateTime;
use rehydrate_port::{BoxError, RelayRecord, StoreError};
use serde::Deserialize;
use serde_json::json;

use super::raw::{storable, time, unreadable};
use crate::dialect::session::{Answer, Bind, Kept, Session};

#[derive(Debug, Deserialize)]
struct RawRelay {
    consumer: String,
    build: u32,
    destination: Option<String>,
    categories: String,
    confirmed_at: Option<i64>,
    last_error: Option<String>,
    last_error_at: Option<i64>,
}

pub(crate) async fn relays(
    session: &mut impl Session,
    consumer: Option<&str>,
) -> Result<Vec<RelayRecord>, StoreError> {
    records(session, consumer, None).await
}

pub(crate) async fn relay(
    session: &mut impl Session,
    consumer: &str,
    build: u32,
) -> Result<Option<RelayRecord>, StoreError> {
    Ok(records(session, Some(consumer), Some(build)).await?.pop())
}

async fn records(
    session: &mut impl Session,
    consumer: Option<&str>,
    build: Option<u32>,
) -> Result<Vec<RelayRecord>, StoreError> {
    const ACTION: &str = "read where a relay sends";
    let binds = vec![
        Bind::Name(consumer.map(ToOwned::to_owned)),
        Bind::Integer(build.map(i64::from)),
    ];
    let answers = session.read(ACTION, Kept::ReadRelays, binds).await?;
    let records = answers.iter().map(record);
    let records: Result<_, BoxError> = records.collect();
    records.map_err(|error| unreadable(ACTION, error))
}

fn record(answer: &Answer) -> Result<RelayRecord, BoxError> {
    let raw: RawRelay = serde_json::from_str(answer.1.as_deref().unwrap_or_default())?;
    Ok(RelayRecord {
        consumer: raw.consumer,
        build: raw.build,
        destination: raw.destination,
        categories: serde_json::from_str(&raw.categories)?,
        confirmed_at: raw.confirmed_at.map(time).transpose()?,
        last_error: match (raw.last_error, raw.last_error_at) {
            (Some(error), Some(at)) => Some((error, time(at)?)),
            _ => None,
        },
    })
}

pub(crate) async fn put_relay(
    session: &mut impl Session,
    record: &RelayRecord,
) -> Result<(), StoreError> {
    let (error, error_at) = match &record.last_error {
        Some((error, at)) => (Some(storable(error)), Some(at)),
        None => (None, None),
    };
    let binds = vec![
        Bind::name(&record.consumer),
        record.build.into(),
        Bind::Text(record.destination.as_deref().map(storable)),
        Bind::text(&json!(record.categories).to_string()),
        Bind::Integer(record.confirmed_at.map(|at| at.timestamp_micros())),
        Bind::Text(error),
        Bind::Integer(error_at.map(DateTime::timestamp_micros)),
    ];
    session
        .write("note where a relay sends", Kept::PutRelay, binds)
        .await?;
    Ok(())
}
