//! What a check once let through, refused for nothing, or said wrongly.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    reason = "the shipped types and today's are there to be compared"
)]

use rehydrate::schema::{Check, CheckError};
use rehydrate::{Decoded, Event, EventRow, Page};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The same events as they were shipped and as they are now.
macro_rules! versions {
    (was { $($was:item)* } now { $($now:item)* }) => {
        mod was {
            #[allow(unused_imports, reason = "some versions are empty")]
            use super::*;
            $($was)*
        }
        mod now {
            #[allow(unused_imports, reason = "some versions are empty")]
            use super::*;
            $($now)*
        }
    };
}

#[path = "found/compatible.rs"]
mod compatible;
#[path = "found/defaults.rs"]
mod defaults;
#[path = "found/files.rs"]
mod files;
#[path = "found/flattened.rs"]
mod flattened;
#[path = "found/names.rs"]
mod names;
#[path = "found/odd_names.rs"]
mod odd_names;
#[path = "found/suggested_types.rs"]
mod suggested_types;
#[path = "found/suggested_upcasts.rs"]
mod suggested_upcasts;
#[path = "found/untagged.rs"]
mod untagged;

fn update<E: Event>(folder: &tempfile::TempDir) -> Result<(), CheckError> {
    Check::in_folder(folder.path())
        .event::<E>()
        .update()
        .map(drop)
}

fn check<E: Event>(folder: &tempfile::TempDir) -> Result<(), CheckError> {
    Check::in_folder(folder.path())
        .event::<E>()
        .check()
        .map(drop)
}

/// A folder in which this enum was shipped.
fn shipped<E: Event>() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    update::<E>(&folder).unwrap_or_else(|error| panic!("it cannot be shipped: {error}"));
    check::<E>(&folder).unwrap_or_else(|error| panic!("an update is not enough: {error}"));
    folder
}

/// Reads a payload of the first version.
fn read<E: Event>(event_type: &str, payload: &str) -> Result<Decoded<E>, String> {
    let mut page = Page::new();
    page.push(&EventRow {
        category: "c",
        stream_id: "s",
        version: rehydrate::Version::new(1),
        position: rehydrate::Position::new(1),
        event_type,
        schema_version: rehydrate::SchemaVersion::FIRST,
        payload,
        metadata: None,
        event_id: uuid::Uuid::nil(),
        recorded_at: chrono::DateTime::UNIX_EPOCH,
    });
    let stored = page.iter().next().unwrap();
    E::decode(&stored).map_err(|error| match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })
}

/// What `Was` has written is read by `Is` as it was, or the check does not let `Is` pass.
#[track_caller]
fn reads_or_refuses<Was: Event, Is: Event>(written: Was) {
    let folder = shipped::<Was>();
    let payload = written.encode().unwrap();
    if let Err(CheckError::Incompatible { .. }) = update::<Is>(&folder) {
        return;
    }
    let event_type = written.event_type();
    let now = match read::<Is>(event_type, &payload) {
        Ok(Decoded::One(now)) => now,
        Ok(_) => panic!("the check passes, but {payload} is read as none or many"),
        Err(error) => panic!("the check passes, but {payload} is not read: {error}"),
    };
    let again = now.encode().unwrap();
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(
        json(&again),
        json(&payload),
        "the check passes, but it is read as something else"
    );
}

/// `Is` is compatible, so an update is all it takes.
#[track_caller]
fn accepts<Was: Event, Is: Event>() {
    let folder = shipped::<Was>();
    update::<Is>(&folder).unwrap_or_else(|error| panic!("it is compatible, but: {error}"));
    check::<Is>(&folder).unwrap();
}

/// The message about an incompatible change.
#[track_caller]
fn message<Was: Event, Is: Event>() -> String {
    let folder = shipped::<Was>();
    match update::<Is>(&folder) {
        Err(error @ CheckError::Incompatible { .. }) => error.to_string(),
        other => panic!("it is incompatible, and: {other:?}"),
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What today's program has of a shipped event: nothing.
mod bare {
    use super::{Deserialize, Event, Serialize};

    #[derive(Event, Serialize, Deserialize)]
    pub enum PaidEvent {
        Paid {},
    }
}
