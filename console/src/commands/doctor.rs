//! `ops doctor`.

mod findings;

use std::fmt::{self, Display};
use std::time::Duration;

use rehydrate::Diagnosis;
use serde::Serialize;

use self::findings::Finding;
use super::consumers::{self, Consumer};
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::table::{Column, Grid, plain, shortened};
use crate::time;

#[derive(Serialize)]
struct Report {
    store: String,
    database: String,
    schema_version: u32,
    head: u64,
    watermark: u64,
    held_by: Vec<Holder>,
    missing_indexes: Vec<String>,
    longest_streams: Vec<Longest>,
    snapshots: Snapshots,
    tables: Vec<Size>,
    consumers: Vec<Consumer>,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Holder {
    pid: i64,
    age_seconds: f64,
    query: String,
}

#[derive(Serialize)]
struct Longest {
    stream: String,
    version: u64,
}

/// Of this process, so it says something in an application that also serves only.
#[derive(Serialize)]
struct Snapshots {
    asked: u64,
    found: u64,
    hit_ratio: Option<f64>,
}

#[derive(Serialize)]
struct Size {
    name: String,
    rows: u64,
    bytes: u64,
}

pub(crate) async fn run(console: &Console, output: &mut Output<'_>) -> Result<Exit, OpsError> {
    let diagnosis = console.store.diagnose().await?;
    let consumers = consumers::all(console).await?;
    let checkpoints = match console.store.consumers() {
        Some(consumers) => consumers.checkpoints(None).await?,
        None => Vec::new(),
    };
    let mut findings = findings::of_store(console, &diagnosis);
    findings.extend(findings::of_consumers(console, &consumers));
    findings.extend(findings::of_leases(&checkpoints, console.clock.now()));
    findings.sort_by_key(|finding| !finding.needs_person);
    let needs_person = findings.iter().any(|finding| finding.needs_person);
    output.show(&report(diagnosis, consumers, findings))?;
    Ok(Exit::attention_if(needs_person))
}

fn report(diagnosis: Diagnosis, consumers: Vec<Consumer>, findings: Vec<Finding>) -> Report {
    let seconds = |age: Duration| age.as_secs_f64();
    let holders = diagnosis.held_by.into_iter().map(|holder| Holder {
        pid: holder.pid,
        age_seconds: seconds(holder.age),
        query: holder.query,
    });
    let longest = diagnosis.longest_streams.into_iter();
    let tables = diagnosis.tables.into_iter().map(|table| Size {
        name: table.name,
        rows: table.rows,
        bytes: table.bytes,
    });
    Report {
        store: diagnosis.store,
        database: diagnosis.database,
        schema_version: diagnosis.schema_version,
        head: diagnosis.head.get(),
        watermark: diagnosis.watermark.get(),
        held_by: holders.collect(),
        missing_indexes: diagnosis.missing_indexes,
        longest_streams: longest
            .map(|(stream, version)| Longest {
                stream: stream.to_string(),
                version: version.get(),
            })
            .collect(),
        snapshots: Snapshots {
            asked: diagnosis.snapshots.asked,
            found: diagnosis.snapshots.found,
            hit_ratio: diagnosis.snapshots.hit_ratio(),
        },
        tables: tables.collect(),
        consumers,
        findings,
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Column::{Number, Text};
        writeln!(f, "store      {}", self.store)?;
        if !self.database.is_empty() {
            writeln!(f, "database   {}", self.database)?;
        }
        writeln!(f, "schema     {}", self.schema_version)?;
        writeln!(f, "head       {}", self.head)?;
        writeln!(f, "watermark  {}", self.watermark)?;
        for holder in &self.held_by {
            let age = time::length(holder.age_seconds);
            let query = plain(&shortened(&holder.query));
            writeln!(f, "held by    pid {}, for {age}: {query}", holder.pid)?;
        }
        if !self.tables.is_empty() {
            let mut grid = Grid::new(&[Text("TABLE"), Number("ROWS"), Number("BYTES")]);
            for table in &self.tables {
                grid.row([
                    table.name.clone(),
                    table.rows.to_string(),
                    table.bytes.to_string(),
                ]);
            }
            writeln!(f, "\n{grid}")?;
        }
        if !self.longest_streams.is_empty() {
            let mut grid = Grid::new(&[Text("LONGEST STREAMS"), Number("EVENTS")]);
            for longest in &self.longest_streams {
                grid.row([longest.stream.clone(), longest.version.to_string()]);
            }
            writeln!(f, "\n{grid}")?;
        }
        if !self.consumers.is_empty() {
            writeln!(f, "\n{}", consumers::table(&self.consumers))?;
        }
        if self.findings.is_empty() {
            return write!(f, "\nNothing needs a person.");
        }
        let findings: Vec<String> = self.findings.iter().map(Finding::to_string).collect();
        write!(f, "\n{}", findings.join("\n"))
    }
}
