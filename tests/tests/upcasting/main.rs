//! Ten years of history: every reader, on every store, makes the same of what is stored.

mod copied;
mod copied_faults;
mod copied_states;
mod domain;
mod faults;
mod law;
mod models;
mod projected;
mod reacted;
mod replayed;
mod repositories;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rehydrate::{
    Batch, EventStore, Expected, NewEvent, Position, RecordedTime, Repository, SchemaVersion,
    StreamId, Version,
};
use serde_json::json;

use crate::domain::{Wallet, WalletEvent, opened, paid_in, spent};

/// A stored event, and what it is today, made by hand.
#[derive(Clone, Debug)]
struct Stored {
    stream: &'static str,
    version: Version,
    position: Position,
    recorded_at: DateTime<Utc>,
    today: Vec<WalletEvent>,
}

fn day(number: i64) -> DateTime<Utc> {
    let begin: DateTime<Utc> = "2016-12-30T12:00:00Z".parse().unwrap();
    begin + TimeDelta::days(number)
}

/// Appends an event as a program of the past did.
async fn append(
    store: &Arc<dyn EventStore>,
    stream: &str,
    (event_type, schema_version): (&str, u32),
    payload: &str,
    number: i64,
) -> (Version, Position) {
    let stream = StreamId::new("wallet", stream).unwrap();
    let event = NewEvent::new(event_type, SchemaVersion::new(schema_version), payload);
    let mut batch = Batch::new(vec![event], RecordedTime::Import(day(number)));
    batch.metadata = Some(json!({ "actor": format!("clerk {number}") }).to_string());
    let appended = store.append(&stream, Expected::Any, &batch).await.unwrap();
    (appended.version, appended.position)
}

/// What the past has written, in the order of the log: stream, type, schema version, payload.
const HISTORY: [(&str, &str, u32, &str); 21] = [
    // Three schema versions, an alias, a retired type that is last, and a type that was split into
    // three, none and one, in a row.
    ("ada", "created", 1, r#"{"owner":"Ada"}"#),
    ("ada", "paid_in", 1, r#"{"euros":5}"#),
    ("bob", "moved", 1, r#"{"parts":[10,-3,20]}"#),
    ("ada", "paid_in", 2, r#"{"cents":70}"#),
    ("cem", "frozen", 1, "{}"),
    ("ada", "paid_in", 3, r#"{"cents":1,"note":"as it is"}"#),
    ("ada", "frozen", 1, "{}"),
    ("ada", "moved", 1, r#"{"parts":[10,-3,20]}"#),
    ("ada", "moved", 1, r#"{"parts":[]}"#),
    ("dot", "created", 2, r#"{"owner":"Dot","year":1999}"#),
    ("ada", "moved", 1, r#"{"parts":[4]}"#),
    ("ada", "spent", 2, r#"{"amount":"6"}"#),
    ("eve", "moved", 1, r#"{"parts":[]}"#),
    ("dot", "moved", 1, r#"{"parts":[1,2,3]}"#),
    ("dot", "moved", 1, r#"{"parts":[100,-50,-5]}"#),
    ("ada", "frozen", 7, r#"["of any shape"]"#),
    // All of it as it would be written today, spaces and all.
    ("fay", "opened", 2, r#"{ "owner": "Fay", "year": 2020 }"#),
    ("fay", "paid_in", 3, r#"{"note":"x","cents":9}"#),
    ("fay", "spent", 3, r#"{"cents":2}"#),
    ("gus", "opened", 1, r#"{"owner":"Gus"}"#),
    ("gus", "frozen", 1, "{}"),
];

/// What an event of the history is today. The upcasts see where and when it is stored.
fn today(index: usize, stream: &str, version: Version, position: Position) -> Vec<WalletEvent> {
    let number = i64::try_from(index).unwrap();
    let year = day(number).format("%Y").to_string().parse().unwrap();
    let seen = format!("wallet/{stream} {version} at {position} in {year} by clerk {number}");
    match index {
        0 => vec![opened("Ada", year)],
        1 => vec![paid_in(500, &seen)],
        2 | 7 => vec![paid_in(10, "moved"), spent(3), paid_in(20, "moved")],
        3 => vec![paid_in(70, &seen)],
        5 => vec![paid_in(1, "as it is")],
        9 => vec![opened("Dot", 1999)],
        10 => vec![paid_in(4, "moved")],
        11 => vec![spent(6)],
        13 => [1, 2, 3].map(|cents| paid_in(cents, "moved")).into(),
        14 => vec![paid_in(100, "moved"), spent(50), spent(5)],
        16 => vec![opened("Fay", 2020)],
        17 => vec![paid_in(9, "x")],
        18 => vec![spent(2)],
        19 => vec![opened("Gus", year)],
        _ => Vec::new(),
    }
}

/// Writes the history, and says what each of it is today.
async fn history(store: &Arc<dyn EventStore>) -> Vec<Stored> {
    let mut all = Vec::new();
    for (index, (stream, event_type, schema_version, payload)) in HISTORY.into_iter().enumerate() {
        let number = i64::try_from(index).unwrap();
        let kind = (event_type, schema_version);
        let (version, position) = append(store, stream, kind, payload, number).await;
        all.push(Stored {
            stream,
            version,
            position,
            recorded_at: day(number),
            today: today(index, stream, version, position),
        });
    }
    all
}

/// The stored events of a stream.
fn of<'a>(all: &'a [Stored], stream: &str) -> Vec<&'a Stored> {
    all.iter()
        .filter(|stored| stored.stream == stream)
        .collect()
}

/// The streams of the history, in order.
const STREAMS: [&str; 7] = ["ada", "bob", "cem", "dot", "eve", "fay", "gus"];

/// The state after stored events, by hand.
fn folded<'a>(stored: impl IntoIterator<Item = &'a Stored>) -> Wallet {
    let mut wallet = Wallet::default();
    for event in stored.into_iter().flat_map(|stored| &stored.today) {
        wallet.take(event);
    }
    wallet
}

fn wallets(store: &Arc<dyn EventStore>) -> Repository<Wallet> {
    Repository::new(Arc::clone(store))
}

fn id(stream: &str) -> String {
    stream.to_owned()
}
