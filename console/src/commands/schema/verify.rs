//! `ops schema verify`.

use std::fmt::{self, Display};

use rehydrate::{LogVerified, Position, TypeVerified, VerifyLog};
use serde::Serialize;

use super::Read;
use crate::args::schema::Verify;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::table::{Column, Grid, count, plain};

#[derive(Serialize)]
struct Report {
    is_fine: bool,
    events: u64,
    failed: u64,
    after: u64,
    read_to: u64,
    types: Vec<Type>,
}

#[derive(Serialize)]
struct Type {
    category: String,
    #[serde(rename = "type")]
    event_type: String,
    schema_version: u32,
    #[serde(flatten)]
    read: Read,
    events: u64,
    /// How many of today's events they are.
    decoded_to: u64,
    failed: u64,
    first_failure: Option<Failure>,
}

#[derive(Serialize)]
struct Failure {
    position: u64,
    stream: String,
    version: u64,
    error: String,
}

pub(crate) async fn run(
    console: &Console,
    args: Verify,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let verify = prepare(console, &args)?;
    let bar = output.bar(0);
    let verified = verify.run(|progress| {
        bar.set_length(progress.until.get().saturating_sub(args.after));
        bar.set_position(progress.position.get().saturating_sub(args.after));
    });
    let verified = verified.await;
    bar.finish_and_clear();
    let report = Report::new(verified?, args.after);
    output.show(&report)?;
    Ok(Exit::attention_if(!report.is_fine))
}

/// What is to be verified, if this program can.
fn prepare(console: &Console, args: &Verify) -> Result<VerifyLog, OpsError> {
    let readers = &console.registry.readers;
    let known: Vec<&str> = readers.keys().copied().collect();
    if known.is_empty() {
        return Err(OpsError::Usage(
            "this program knows no types of events, so it cannot decode any: run `schema verify` of the application's own `ops`, with its aggregates in its console".to_owned(),
        ));
    }
    if let Some(unknown) = args
        .categories
        .iter()
        .find(|name| !known.contains(&name.as_str()))
    {
        return Err(OpsError::Usage(format!(
            "this program has no aggregate of the category {unknown}; it has: {}",
            known.join(", ")
        )));
    }
    let verify = VerifyLog::new(console.store.clone())
        .after(Position::new(args.after))
        .only(&args.categories);
    Ok(readers.values().copied().fold(verify, VerifyLog::reader))
}

impl Report {
    fn new(verified: LogVerified, after: u64) -> Self {
        Self {
            is_fine: verified.is_fine(),
            events: verified.events,
            failed: verified.failed(),
            after,
            read_to: verified.read_to.get(),
            types: verified.by_type.into_iter().map(Type::new).collect(),
        }
    }
}

impl Type {
    fn new(found: TypeVerified) -> Self {
        Self {
            read: Read::new(found.meaning),
            category: found.category,
            event_type: found.event_type,
            schema_version: found.schema_version.get(),
            events: found.events,
            decoded_to: found.decoded_to,
            failed: found.failed,
            first_failure: found.first_failure.map(|failure| Failure {
                position: failure.position.get(),
                stream: failure.stream,
                version: failure.version.get(),
                error: failure.error,
            }),
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Column::{Number, Text};
        if !self.types.is_empty() {
            let mut grid = Grid::new(&[
                Text("CATEGORY"),
                Text("TYPE"),
                Number("V"),
                Number("EVENTS"),
                Number("DECODED TO"),
                Number("FAILED"),
                Text("MEANING"),
            ]);
            for found in &self.types {
                grid.row([
                    found.category.clone(),
                    found.event_type.clone(),
                    found.schema_version.to_string(),
                    found.events.to_string(),
                    found.decoded_to.to_string(),
                    found.failed.to_string(),
                    found.read.text(),
                ]);
            }
            writeln!(f, "{grid}")?;
            writeln!(f)?;
        }
        for found in &self.types {
            if let Some(failure) = &found.first_failure {
                writeln!(f, "{}", plain(&failing(found, failure)))?;
                writeln!(f, "  it {}", plain(&failure.error))?;
            }
        }
        let Self { read_to, .. } = self;
        match (self.events, self.failed) {
            (0, _) => write!(f, "There is nothing to verify up to position {read_to}."),
            (events, 0) => write!(
                f,
                "This program can read all of the {} up to position {read_to}. `--after {read_to}` verifies what comes later.",
                count(events, "event")
            ),
            (events, failed) => write!(
                f,
                "This program CANNOT READ {failed} of the {} up to position {read_to}: do not run it on this store.",
                count(events, "event")
            ),
        }
    }
}

/// Which events, and where the first one is.
fn failing(found: &Type, failure: &Failure) -> String {
    format!(
        "{} `{}` v{}: {} of {} cannot be read, first event {} of {} at position {}",
        found.category,
        found.event_type,
        found.schema_version,
        found.failed,
        count(found.events, "event"),
        failure.version,
        failure.stream,
        failure.position
    )
}
