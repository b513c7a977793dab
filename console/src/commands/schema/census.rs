//! `ops schema census`.

use std::fmt::{self, Display};

use chrono::{DateTime, Utc};
use rehydrate::CensusEntry;
use serde::Serialize;

use super::Read;
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
    category: String,
    #[serde(rename = "type")]
    event_type: String,
    schema_version: u32,
    events: u64,
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
    let knows_types = !console.registry.readers.is_empty();
    let report = Report {
        events: types.iter().map(|found| found.events).sum(),
        is_fine: knows_types.then(|| types.iter().all(Type::is_readable)),
        types,
    };
    output.show(&report)?;
    Ok(Exit::attention_if(report.is_fine == Some(false)))
}

/// An entry, and its meaning in a program that has aggregates.
fn of(console: &Console, entry: CensusEntry) -> Type {
    let readers = &console.registry.readers;
    let version = entry.schema_version.get();
    let read = (!readers.is_empty()).then(|| {
        let reader = readers.get(entry.category.as_str());
        Read::of(reader, &entry.event_type, version)
    });
    Type {
        category: entry.category,
        event_type: entry.event_type,
        schema_version: version,
        events: entry.events,
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
        unreadable.map(|found| found.events).sum()
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
        let mut columns = vec![
            Text("CATEGORY"),
            Text("TYPE"),
            Number("V"),
            Number("EVENTS"),
            Text("FIRST SEEN"),
            Text("LAST SEEN"),
            Number("FIRST POSITION"),
        ];
        if self.is_fine.is_some() {
            columns.push(Text("MEANING"));
        }
        let mut grid = Grid::new(&columns);
        for found in &self.types {
            let cells = [
                found.category.clone(),
                found.event_type.clone(),
                found.schema_version.to_string(),
                found.events.to_string(),
                moment(found.first_recorded_at),
                moment(found.last_recorded_at),
                found.first_position.to_string(),
            ];
            grid.row(cells.into_iter().chain(found.read.as_ref().map(Read::text)));
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
