//! `ops schema census`.

use std::fmt::{self, Display};

use chrono::{DateTime, Utc};
use rehydrate::CensusEntry;
use serde::Serialize;

use super::Read;
use crate::commands::kind::Kind;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::table::{Column, Grid, count};
use crate::time::moment;

#[derive(Serialize)]
struct Report {
    types: Vec<Type>,
    events: u64,
    /// Whether this program knows every type and version; absent if it knows none by design.
    is_fine: Option<bool>,
}

#[derive(Serialize)]
struct Type {
    #[serde(flatten)]
    kind: Kind,
    first_recorded_at: DateTime<Utc>,
    last_recorded_at: DateTime<Utc>,
    first_position: u64,
    last_position: u64,
    #[serde(flatten)]
    read: Option<Read>,
}

pub(crate) async fn run(console: &Console, output: &mut Output<'_>) -> Result<Exit, OpsError> {
    let census = console.store.census().await?;
    let types: Vec<Type> = census.into_iter().map(|entry| of(console, entry)).collect();
    let knows_types = !console.registry.verify_log.is_empty();
    let report = Report {
        events: types.iter().map(|found| found.kind.events).sum(),
        is_fine: knows_types.then(|| types.iter().all(Type::is_readable)),
        types,
    };
    output.show(&report)?;
    Ok(Exit::attention_if(report.is_fine == Some(false)))
}

/// An entry, and its meaning in a program that has aggregates.
fn of(console: &Console, entry: CensusEntry) -> Type {
    let verify_log = &console.registry.verify_log;
    let version = entry.schema_version;
    let read = (!verify_log.is_empty())
        .then(|| Read::new(verify_log.meaning(&entry.category, &entry.event_type, version)));
    Type {
        kind: Kind::new(entry.category, entry.event_type, version, entry.events),
        first_recorded_at: entry.first_recorded_at,
        last_recorded_at: entry.last_recorded_at,
        first_position: entry.first.get(),
        last_position: entry.last.get(),
        read,
    }
}

impl Report {
    /// How many events are of a type or version that this program does not read.
    fn unreadable(&self) -> u64 {
        let unreadable = self.types.iter().filter(|found| !found.is_readable());
        unreadable.map(|found| found.kind.events).sum()
    }
}

impl Type {
    fn is_readable(&self) -> bool {
        self.read.as_ref().is_none_or(|read| read.is_readable)
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Column::{Number, Text};
        if self.types.is_empty() {
            return write!(f, "The log is empty.");
        }
        let mut columns = Kind::COLUMNS.to_vec();
        columns.extend([
            Text("FIRST SEEN"),
            Text("LAST SEEN"),
            Number("FIRST POSITION"),
        ]);
        if self.is_fine.is_some() {
            columns.push(Text("MEANING"));
        }
        let mut grid = Grid::new(&columns);
        for found in &self.types {
            let cells = [
                moment(found.first_recorded_at),
                moment(found.last_recorded_at),
                found.first_position.to_string(),
            ];
            let cells = found.kind.cells().into_iter().chain(cells);
            grid.row(cells.chain(found.read.as_ref().map(Read::text)));
        }
        writeln!(f, "{grid}")?;
        writeln!(f)?;
        let events = count(self.events, "event");
        match self.is_fine {
            None => write!(
                f,
                "{events}. What they mean is known to the application's own `ops`."
            ),
            Some(true) => write!(
                f,
                "{events}. This program knows every type and version; `schema verify` decodes them."
            ),
            Some(false) => write!(
                f,
                "{events}, {} of them of types or versions that this program cannot read: `schema verify` says what to do.",
                self.unreadable()
            ),
        }
    }
}
