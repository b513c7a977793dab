//! `ops schema verify`.

use std::fmt::{self, Display};

use rehydrate::{Position, VerifiedLog, VerifiedType, VerifyLog};
use serde::Serialize;

use super::Read;
use crate::args::schema::Verify;
use crate::commands::kind::Kind;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::quiet::Quiet;
use crate::table::{Column, Grid, count, plain};

#[derive(Serialize)]
struct Report {
    is_fine: bool,
    events: u64,
    failed: u64,
    /// Of all if there are none.
    categories: Vec<String>,
    after: u64,
    read_to: u64,
    types: Vec<Type>,
}

#[derive(Serialize)]
struct Type {
    #[serde(flatten)]
    kind: Kind,
    #[serde(flatten)]
    read: Read,
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
    // An upcast that panics does so for each event, and the report has the first one's words.
    let quiet = Quiet::new();
    let verified = verify.run(&*console.store, |progress| {
        bar.set_length(progress.until.get().saturating_sub(args.after));
        bar.set_position(progress.position.get().saturating_sub(args.after));
    });
    let verified = verified.await;
    drop(quiet);
    bar.finish_and_clear();
    let report = Report::new(verified?, args);
    output.show(&report)?;
    Ok(Exit::attention_if(!report.is_fine))
}

/// What is to be verified, if this program can.
fn prepare(console: &Console, args: &Verify) -> Result<VerifyLog, OpsError> {
    let known: Vec<&str> = console.registry.aggregates.keys().copied().collect();
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
    let verify = console.registry.verify_log.clone();
    Ok(verify
        .after(Position::new(args.after))
        .only(&args.categories))
}

impl Report {
    fn new(verified: VerifiedLog, args: Verify) -> Self {
        Self {
            is_fine: verified.is_fine(),
            events: verified.events,
            failed: verified.failed(),
            categories: args.categories,
            after: args.after,
            read_to: verified.read_to.get(),
            types: verified.by_type.into_iter().map(Type::new).collect(),
        }
    }

    /// Which part of the log it is about.
    fn part(&self) -> String {
        let mut part = String::new();
        if !self.categories.is_empty() {
            part += &format!(" of {}", self.categories.join(", "));
        }
        if self.after > 0 {
            part += &format!(", after position {}", self.after);
        }
        let comma = if part.is_empty() { "" } else { "," };
        format!("{part}{comma} up to position {}", self.read_to)
    }

    /// What verifies the same of what comes later.
    fn later(&self) -> String {
        let categories = self.categories.iter();
        let categories = categories.map(|category| format!("--category {category} "));
        format!("{}--after {}", categories.collect::<String>(), self.read_to)
    }
}

impl Type {
    fn new(found: VerifiedType) -> Self {
        Self {
            read: Read::new(found.meaning),
            kind: Kind::new(
                found.category,
                found.event_type,
                found.schema_version,
                found.events,
            ),
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
            let mut columns = Kind::COLUMNS.to_vec();
            columns.extend([Number("DECODED TO"), Number("FAILED"), Text("MEANING")]);
            let mut grid = Grid::new(&columns);
            for found in &self.types {
                let cells = [
                    found.decoded_to.to_string(),
                    found.failed.to_string(),
                    found.read.text(),
                ];
                grid.row(found.kind.cells().into_iter().chain(cells));
            }
            writeln!(f, "{grid}")?;
            writeln!(f)?;
        }
        for found in &self.types {
            if let Some(failure) = &found.first_failure {
                writeln!(f, "{}", plain(&failing(found)))?;
                writeln!(f, "  {}", plain(&first(failure)))?;
            }
        }
        let (part, later) = (self.part(), self.later());
        match (self.events, self.failed) {
            (0, _) => write!(f, "There is nothing to verify{part}."),
            (events, 0) => write!(
                f,
                "This program can read all of the {}{part}. `{later}` verifies what comes later.",
                count(events, "event")
            ),
            (events, failed) => write!(
                f,
                "This program CANNOT READ {failed} of the {}{part}: do not run it on this store.",
                count(events, "event")
            ),
        }
    }
}

/// Which events.
fn failing(found: &Type) -> String {
    let kind = &found.kind;
    format!(
        "{} `{}` v{}: {} of {} cannot be read",
        kind.category,
        kind.event_type,
        kind.schema_version,
        found.failed,
        count(kind.events, "event"),
    )
}

/// Where the first one is, and what is wrong with it.
fn first(failure: &Failure) -> String {
    format!(
        "first: {} version {}, position {}: {}",
        failure.stream, failure.version, failure.position, failure.error
    )
}
