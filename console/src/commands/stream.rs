//! `ops stream`.

use std::fmt::{self, Display};

use chrono::{DateTime, Utc};
use rehydrate::{StreamId, Version};
use serde::Serialize;
use serde_json::Value;

use super::events::{self, Event};
use crate::args;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::registry::At;
use crate::table::{count, plain};
use crate::time;

pub(crate) async fn run(
    console: &Console,
    args: args::Stream,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let stream = named(console, &args.stream)?;
    if args.raw {
        return raw(console, &args, &stream, output).await;
    }
    let Some(aggregate) = console.registry.aggregates.get(stream.category()) else {
        return Err(unknown_category(console, stream.category()));
    };
    let at = match (args.at_version, args.as_of) {
        (Some(version), _) => At::Version(Version(version)),
        (None, Some(time)) => At::Time(time),
        (None, None) => At::Now,
    };
    let mut all = events::of_stream(console, &stream).await?;
    let loaded = aggregate.load(stream.id(), at).await?;
    // What came after it is not in the state.
    all.retain(|event| event.version <= loaded.version.get());
    output.show(&Shown {
        stream: stream.to_string(),
        category: stream.category().to_owned(),
        id: stream.id().to_owned(),
        version: loaded.version.get(),
        position: loaded.position.get(),
        recorded_at: loaded.recorded_at,
        state: loaded.state,
        events: all,
    })?;
    Ok(Exit::Fine)
}

async fn raw(
    console: &Console,
    args: &args::Stream,
    stream: &StreamId,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let mut events = events::of_stream(console, stream).await?;
    let asked = args.at_version.unwrap_or(u64::MAX);
    events.retain(|event| {
        event.version <= asked && args.as_of.is_none_or(|time| event.recorded_at <= time)
    });
    output.show(&Raw {
        stream: stream.to_string(),
        events,
    })?;
    Ok(Exit::Fine)
}

/// A stream by its name; by its id, if there is one category only.
pub(crate) fn named(console: &Console, name: &str) -> Result<StreamId, OpsError> {
    let mut known = console.registry.aggregates.keys();
    let stream = match (known.next(), known.next()) {
        (Some(only), None) => {
            // An id may have a `/` of its own.
            let id = name.strip_prefix(&format!("{only}/")[..]);
            match (id, name.parse::<StreamId>()) {
                (None, Ok(stream)) if name.contains('/') => Ok(stream),
                (id, _) => StreamId::new(*only, id.unwrap_or(name)),
            }
        }
        _ => name.parse(),
    };
    stream.map_err(|error| OpsError::Usage(error.to_string()))
}

fn unknown_category(console: &Console, category: &str) -> OpsError {
    let known: Vec<&str> = console.registry.aggregates.keys().copied().collect();
    let known = match &known[..] {
        [] => "none".to_owned(),
        known => known.join(", "),
    };
    OpsError::Usage(format!(
        "this program does not know the category {category}, only: {known}; with --raw its events are shown as they are stored"
    ))
}

#[derive(Serialize)]
struct Raw {
    stream: String,
    events: Vec<Event>,
}

impl Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.events.iter().map(Event::line).collect();
        f.write_str(&lines.join("\n"))
    }
}

#[derive(Serialize)]
struct Shown {
    stream: String,
    category: String,
    id: String,
    version: u64,
    position: u64,
    recorded_at: Option<DateTime<Utc>>,
    state: Value,
    events: Vec<Event>,
}

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at version {}", plain(&self.stream), self.version)?;
        match self.recorded_at {
            Some(time) => writeln!(f, ", {}", time::moment(time))?,
            None => writeln!(f, ", before its first event")?,
        }
        for line in format!("{:#}", self.state).lines() {
            writeln!(f, "{}", plain(line))?;
        }
        let events = u64::try_from(self.events.len()).unwrap_or(u64::MAX);
        writeln!(f, "\n{}", count(events, "event"))?;
        write!(f, "{}", events::table(&self.events))
    }
}
