//! Stored events in files, one at least for each type and version, which are decoded at every
//! check, forever.

mod candidates;
mod example;
mod file;
mod same;
mod search;

use std::path::{Path, PathBuf};

use rehydrate_port::{DecodeError, DecodeProblem, StoredEvent};
use serde_json::Value;

use super::AnyEvent;
use super::lock::{EventEnum, EventType, Lock, Node};
use crate::error::{no_panic, whole_text};

pub(super) use self::file::{Golden, Misplaced, entries, read, start_of_name};

/// A version that has no golden event yet.
#[derive(Debug)]
pub(super) struct Missing<'a> {
    pub(super) event: &'a AnyEvent,
    pub(super) event_type: &'a str,
    pub(super) version: u32,
    pub(super) shape: &'a Node,
    pub(super) is_today: bool,
    pub(super) path: PathBuf,
}

/// The versions with a known shape that have no golden event.
pub(super) fn missing<'a>(
    folder: &Path,
    lock: &'a Lock,
    events: &'a [AnyEvent],
    found: &[Golden],
) -> Vec<Missing<'a>> {
    let mut missing = Vec::new();
    for event in events {
        let name = event.schema().name;
        let types = lock.enums.get(name).into_iter().flat_map(|of| &of.types);
        for (event_type, of) in types {
            for (version, shape) in &of.versions {
                let Some(shape) = shape.shape() else { continue };
                let file = format!("{}.json", start_of_name(event_type, *version));
                let path = folder.join(name).join(file);
                if !found.iter().any(|golden| golden.path == path) {
                    missing.push(Missing {
                        event,
                        event_type,
                        version: *version,
                        shape,
                        is_today: is_today(of, *version),
                        path,
                    });
                }
            }
        }
    }
    missing
}

/// Whether the version is the one that is written.
fn is_today(of: &EventType, version: u32) -> bool {
    !of.is_retired && !of.is_legacy && of.newest() == version
}

impl Missing<'_> {
    /// The file's text.
    pub(super) fn write(&self) -> Result<String, String> {
        let payload = search::search(self.shape, |payload| {
            let golden = Golden::new(self.path.clone(), self.event_type, self.version, payload);
            decode(self.event, &golden)?;
            if !self.is_today {
                return Ok(payload.to_owned());
            }
            let Err(refused) = rewrites(self.event, &golden, self.shape) else {
                return Ok(payload.to_owned());
            };
            // What the program writes itself is its own best example.
            let own = rewrite(self.event, &golden).map_err(Refused::at_the_end)?;
            let golden = Golden::new(self.path.clone(), self.event_type, self.version, &own);
            decode(self.event, &golden)?;
            rewrites(self.event, &golden, self.shape).map_err(|_| refused)?;
            Ok(own)
        })?;
        Ok(file::print(self.event_type, self.version, &payload))
    }
}

/// Why a payload was refused.
#[derive(Debug)]
struct Refused {
    /// How much of the payload was not reached.
    rest: usize,
    reason: String,
}

impl Refused {
    fn at_the_end(reason: String) -> Self {
        Self { rest: 0, reason }
    }
}

/// What is wrong with a golden event, if anything is.
pub(super) fn check(golden: &Golden, event: &AnyEvent, lock: &EventEnum) -> Result<(), String> {
    decode(event, golden).map_err(|refused| refused.reason)?;
    let types = lock.find(&golden.event_type);
    let Some((_, of)) = types.filter(|_| golden.is_first) else {
        return Ok(());
    };
    let shape = of.versions.get(&golden.schema_version);
    match shape.and_then(super::lock::Version::shape) {
        Some(shape) if is_today(of, golden.schema_version) => {
            rewrites(event, golden, shape).map_err(|refused| refused.reason)
        }
        _ => Ok(()),
    }
}

fn decode(event: &AnyEvent, golden: &Golden) -> Result<(), Refused> {
    let stored = golden.stored();
    match no_panic(|| event.decode(&stored)) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(Refused {
            rest: rest(&stored, &error),
            reason: explain(&error),
        }),
        Err(panic) => Err(Refused::at_the_end(format!("reading it {panic}"))),
    }
}

/// Whether the payload that was read is written as it stood there.
fn rewrites(event: &AnyEvent, golden: &Golden, shape: &Node) -> Result<(), Refused> {
    let written = rewrite(event, golden).map_err(Refused::at_the_end)?;
    let parse = |text: &str| {
        serde_json::from_str::<Value>(text)
            .map_err(|error| Refused::at_the_end(format!("it is not JSON: {error}")))
    };
    let (stored, now) = (parse(golden.stored().payload)?, parse(&written)?);
    match same::differ(&stored, &now, shape) {
        None => Ok(()),
        Some(difference) => Err(Refused::at_the_end(format!(
            "it is read, and then written differently: {difference}"
        ))),
    }
}

fn rewrite(event: &AnyEvent, golden: &Golden) -> Result<String, String> {
    let stored = golden.stored();
    match no_panic(|| event.rewrite(&stored)) {
        Ok(Ok(payloads)) => match <[String; 1]>::try_from(payloads) {
            Ok([payload]) => Ok(payload),
            Err(payloads) => Err(format!("it is read as {} events", payloads.len())),
        },
        Ok(Err(error)) => Err(whole_text(&*error)),
        Err(panic) => Err(format!("writing it again {panic}")),
    }
}

fn rest(stored: &StoredEvent<'_>, error: &DecodeError) -> usize {
    match &error.problem {
        // The length of what was read says nothing: the same error comes later in a longer text.
        DecodeProblem::Payload(error) => stored.payload.len().saturating_sub(error.column()),
        _ => 0,
    }
}

fn explain(error: &DecodeError) -> String {
    format!("it {}", whole_text(&error.problem))
}
