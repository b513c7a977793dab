//! `ops dead-letters`.

use std::fmt::{self, Display};

use chrono::{DateTime, Utc};
use rehydrate::{Delivery, DeliveryState};
use serde::Serialize;
use serde_json::json;

use super::Done;
use super::consumers;
use super::events::{self, Event};
use crate::args::letters::{Letter, Letters};
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::table::{Column, Grid, count, or_dash, plain, shortened};
use crate::time;

pub(crate) async fn run(
    console: &Console,
    args: Letters,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    match args {
        Letters::List { name } => list(console, name.as_deref(), output).await,
        Letters::Show(letter) => show(console, &letter, output).await,
        Letters::Retry {
            name,
            position: Some(position),
            ..
        } => retry(console, &Letter { name, position }, output).await,
        Letters::Retry {
            name,
            position: None,
            ..
        } => retry_all(console, &name, output).await,
        Letters::Skip { letter, reason, .. } => skip(console, &letter, &reason, output).await,
    }
}

#[derive(Serialize)]
struct Shown {
    consumer: String,
    build: u32,
    position: u64,
    stream: String,
    version: u64,
    #[serde(rename = "type")]
    event_type: String,
    schema_version: u32,
    state: &'static str,
    reason: Option<String>,
    retry_at: Option<DateTime<Utc>>,
    attempts: u32,
    error: Option<String>,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    /// The event itself, where one of them is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Event>,
}

impl Shown {
    fn new(letter: Delivery) -> Self {
        let (state, reason, retry_at) = match letter.state {
            DeliveryState::Parked => ("parked", None, None),
            DeliveryState::Retrying { at } => ("retrying", None, Some(at)),
            DeliveryState::Scheduled { at } => ("scheduled", None, Some(at)),
            DeliveryState::Skipped { reason } => ("skipped", Some(reason), None),
        };
        Self {
            consumer: letter.consumer,
            build: letter.build,
            position: letter.position.get(),
            stream: letter.stream.to_string(),
            version: letter.version.get(),
            event_type: letter.event_type,
            schema_version: letter.schema_version.get(),
            state,
            reason,
            retry_at,
            attempts: letter.attempts,
            error: letter.error,
            first_at: letter.first_at,
            last_at: letter.last_at,
            event: None,
        }
    }
}

#[derive(Serialize)]
struct List {
    dead_letters: Vec<Shown>,
}

async fn list(
    console: &Console,
    name: Option<&str>,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    if let Some(name) = name {
        consumers::one(console, name).await?;
    }
    let letters = console.operations.dead_letters(name).await?;
    let dead_letters = letters.into_iter().map(Shown::new).collect();
    output.show(&List { dead_letters })?;
    Ok(Exit::Fine)
}

impl Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Column::{Number, Text};
        if self.dead_letters.is_empty() {
            return f.write_str("There are no dead letters.");
        }
        let mut grid = Grid::new(&[
            Text("NAME"),
            Number("BUILD"),
            Number("POSITION"),
            Text("STREAM"),
            Number("VERSION"),
            Text("TYPE"),
            Text("STATE"),
            Number("ATTEMPTS"),
            Text("ERROR"),
        ]);
        for letter in &self.dead_letters {
            grid.row([
                letter.consumer.clone(),
                letter.build.to_string(),
                letter.position.to_string(),
                letter.stream.clone(),
                letter.version.to_string(),
                letter.event_type.clone(),
                letter.state.to_owned(),
                letter.attempts.to_string(),
                or_dash(letter.error.as_deref().map(shortened)),
            ]);
        }
        write!(f, "{grid}")
    }
}

async fn show(
    console: &Console,
    letter: &Letter,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    // A build that is not live may have the same event as a dead letter; one of them is enough.
    let found = find(console, letter).await?.swap_remove(0);
    let stream = found.stream.clone();
    let mut shown = Shown::new(found);
    let events = events::of_stream(console, &stream).await?;
    shown.event = events
        .into_iter()
        .find(|event| event.version == shown.version);
    output.show(&shown)?;
    Ok(Exit::Fine)
}

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "consumer  {}, build {}", self.consumer, self.build)?;
        let (stream, version) = (plain(&self.stream), self.version);
        writeln!(
            f,
            "event     {stream} version {version}, position {}",
            self.position
        )?;
        writeln!(
            f,
            "type      {} v{}",
            plain(&self.event_type),
            self.schema_version
        )?;
        write!(f, "state     {}", self.state)?;
        if let Some(at) = self.retry_at {
            write!(f, ", to be tried at {}", time::moment(at))?;
        }
        if let Some(reason) = &self.reason {
            write!(f, ": {}", plain(reason))?;
        }
        let (first, last) = (time::moment(self.first_at), time::moment(self.last_at));
        let attempts = count(u64::from(self.attempts), "attempt");
        write!(f, "\ntried     {attempts}, first {first}, last {last}")?;
        if let Some(error) = &self.error {
            write!(f, "\nerror     {}", plain(error))?;
        }
        if let Some(event) = &self.event {
            write!(f, "\nrecorded  {}", time::moment(event.recorded_at))?;
            write!(f, "\npayload   {}", plain(event.payload.text()))?;
            if let Some(metadata) = &event.metadata {
                write!(f, "\nmetadata  {}", plain(metadata.text()))?;
            }
        }
        Ok(())
    }
}

async fn retry(
    console: &Console,
    letter: &Letter,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    for found in open(find(console, letter).await?) {
        console.operations.retry(&found).await?;
    }
    let Letter { name, position } = letter;
    let text = format!("The event at {position} is tried again by the program that runs {name}.");
    let details = json!({ "consumer": name, "position": position, "retried": 1 });
    output.show(&Done::new(text, details))?;
    Ok(Exit::Fine)
}

async fn retry_all(
    console: &Console,
    name: &str,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    consumers::one(console, name).await?;
    let retried = console.operations.retry_all(Some(name)).await?;
    let events = count(u64::try_from(retried).unwrap_or(u64::MAX), "event");
    let text = format!("{events} to be tried again by the program that runs {name}.");
    let details = json!({ "consumer": name, "retried": retried });
    output.show(&Done::new(text, details))?;
    Ok(Exit::Fine)
}

async fn skip(
    console: &Console,
    letter: &Letter,
    reason: &str,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    for found in open(find(console, letter).await?) {
        console.operations.skip(&found, reason).await?;
    }
    let Letter { name, position } = letter;
    let text = format!("{name} goes on without the event at {position}; the reason is on file.");
    let details = json!({ "consumer": name, "position": position, "reason": reason.trim() });
    output.show(&Done::new(text, details))?;
    Ok(Exit::Fine)
}

/// Those that are not skipped yet; if all of them are, the first, for the error.
fn open(mut found: Vec<Delivery>) -> Vec<Delivery> {
    let is_open = |found: &Delivery| !matches!(found.state, DeliveryState::Skipped { .. });
    if found.iter().any(is_open) {
        found.retain(is_open);
    } else {
        found.truncate(1);
    }
    found
}

/// The dead letters of a position, that of the live build first.
async fn find(console: &Console, letter: &Letter) -> Result<Vec<Delivery>, OpsError> {
    let Letter { name, position } = letter;
    let consumer = consumers::one(console, name).await?;
    let mut found = console.operations.dead_letters(Some(name)).await?;
    found.retain(|found| found.position == *position);
    let live = consumer.live().map(|live| live.build);
    found.sort_by_key(|found| (Some(found.build) != live, found.build));
    if found.is_empty() {
        return Err(OpsError::Missing(format!(
            "{name} has no dead letter at position {position}; `dead-letters list {name}` lists them"
        )));
    }
    Ok(found)
}
