//! `ops verify`.

use std::error::Error;
use std::fmt::{self, Display};

use rehydrate::{RebuildError, RowScope, SnapshotCheck, Verified};
use serde::Serialize;
use serde_json::Value;

use super::consumers;
use crate::args;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::registry::{AnyAggregate, Registered};
use crate::table::{count, plain};

/// So many names of streams are read at once.
const NAMES: usize = 1_000;

#[derive(Serialize)]
struct Report {
    sample: usize,
    is_fine: bool,
    aggregates: Vec<Aggregate>,
    projections: Vec<Projection>,
}

#[derive(Serialize)]
struct Aggregate {
    category: String,
    /// How many aggregates were looked at, of how many.
    checked: usize,
    streams: usize,
    same: usize,
    without_snapshot: usize,
    different: Vec<Different>,
    unreadable: Vec<Unreadable>,
}

#[derive(Serialize)]
struct Different {
    stream: String,
    snapshot_version: u64,
    from_snapshot: Value,
    from_events: Value,
}

#[derive(Serialize)]
struct Unreadable {
    stream: String,
    error: String,
}

#[derive(Serialize)]
struct Projection {
    projection: String,
    version: Option<u32>,
    streams: usize,
    events: usize,
    wrong: Vec<Wrong>,
    /// Why it was not verified.
    not_verified: Option<String>,
    /// What was met instead of an answer.
    error: Option<String>,
}

#[derive(Serialize)]
struct Wrong {
    stream: String,
    live: Option<Value>,
    refolded: Option<Value>,
}

pub(crate) async fn run(
    console: &Console,
    args: &args::Verify,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let mut aggregates = Vec::new();
    for (category, aggregate) in &console.registry.aggregates {
        let found = snapshots(console, category, &**aggregate, args.sample, output).await?;
        aggregates.push(found);
    }
    let mut projections = Vec::new();
    for (name, versions) in &console.registry.projections {
        projections.push(rows(console, name, versions, args.sample).await?);
    }
    let is_fine =
        aggregates.iter().all(Aggregate::is_fine) && projections.iter().all(Projection::is_fine);
    output.show(&Report {
        sample: args.sample,
        is_fine,
        aggregates,
        projections,
    })?;
    Ok(Exit::attention_if(!is_fine))
}

async fn snapshots(
    console: &Console,
    category: &str,
    aggregate: &dyn AnyAggregate,
    sample: usize,
    output: &Output<'_>,
) -> Result<Aggregate, OpsError> {
    let names = names(console, category).await?;
    let step = names.len().div_ceil(sample.max(1)).max(1);
    let mut found = Aggregate {
        category: category.to_owned(),
        checked: 0,
        streams: names.len(),
        same: 0,
        without_snapshot: 0,
        different: Vec::new(),
        unreadable: Vec::new(),
    };
    let bar = output.bar(u64::try_from(names.len() / step).unwrap_or(0));
    for id in names.iter().step_by(step) {
        let stream = format!("{category}/{id}");
        found.checked += 1;
        bar.inc(1);
        match aggregate.verify(id).await {
            Ok(SnapshotCheck::Same { .. }) => found.same += 1,
            Ok(SnapshotCheck::Different {
                snapshot,
                from_snapshot,
                from_events,
            }) => found.different.push(Different {
                stream,
                snapshot_version: snapshot.get(),
                from_snapshot,
                from_events,
            }),
            Ok(_) => found.without_snapshot += 1,
            Err(OpsError::Load(rehydrate::LoadError::Store(error))) => return Err(error.into()),
            Err(error) => found.unreadable.push(Unreadable {
                stream,
                error: whole(&error),
            }),
        }
    }
    bar.finish_and_clear();
    Ok(found)
}

async fn names(console: &Console, category: &str) -> Result<Vec<String>, OpsError> {
    let mut names: Vec<String> = Vec::new();
    loop {
        let after = names.last().map(String::as_str);
        let page = console.store.list_streams(category, after, NAMES).await?;
        if page.is_empty() {
            return Ok(names);
        }
        names.extend(page);
    }
}

async fn rows(
    console: &Console,
    name: &str,
    versions: &[Registered],
    sample: usize,
) -> Result<Projection, OpsError> {
    let consumer = consumers::one(console, name).await?;
    let live = consumer.live().map(|live| live.version);
    let ours = versions
        .iter()
        .find(|registered| Some(registered.rebuild.version()) == live);
    let mut found = Projection {
        projection: name.to_owned(),
        version: live,
        streams: 0,
        events: 0,
        wrong: Vec::new(),
        not_verified: None,
        error: None,
    };
    let Some(ours) = ours else {
        found.not_verified = Some(match live {
            None => "it has never run on this store".to_owned(),
            Some(live) => format!("version {live} is live, which this program does not have"),
        });
        return Ok(found);
    };
    if ours.rows == RowScope::Shared {
        found.not_verified = Some(format!(
            "its rows are made of the events of many streams: `projections rebuild {name}`, then `projections diff {name}`"
        ));
        return Ok(found);
    }
    match ours.rebuild.verify(sample).await {
        Ok(verified) => found.take(verified),
        Err(RebuildError::Store(error)) => return Err(error.into()),
        Err(error) => found.error = Some(whole(&error)),
    }
    Ok(found)
}

/// An error with its causes.
fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl Aggregate {
    fn is_fine(&self) -> bool {
        self.different.is_empty() && self.unreadable.is_empty()
    }
}

impl Projection {
    fn take(&mut self, verified: Verified) {
        self.streams = verified.streams;
        self.events = verified.events;
        self.wrong = verified
            .wrong
            .into_iter()
            .map(|wrong| Wrong {
                stream: wrong.stream.to_string(),
                live: wrong.live,
                refolded: wrong.refolded,
            })
            .collect();
    }

    fn is_fine(&self) -> bool {
        self.wrong.is_empty() && self.error.is_none()
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for aggregate in &self.aggregates {
            writeln!(f, "{aggregate}")?;
        }
        for projection in &self.projections {
            writeln!(f, "{projection}")?;
        }
        f.write_str(if self.is_fine {
            "No difference was found."
        } else {
            "There is something to look at."
        })
    }
}

fn counted(number: usize, one: &str) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX), one)
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            category,
            checked,
            streams,
            ..
        } = self;
        write!(
            f,
            "aggregate {category}: {checked} of {streams} checked, {} right, {} wrong, {} without one",
            counted(self.same, "snapshot"),
            self.different.len(),
            self.without_snapshot
        )?;
        for different in &self.different {
            let Different {
                stream,
                snapshot_version,
                from_snapshot,
                from_events,
            } = different;
            write!(
                f,
                "\n  {} has a wrong snapshot at version {snapshot_version}: raise `snapshot(version = …)`\n    from the snapshot  {from_snapshot}\n    from its events    {from_events}",
                plain(stream)
            )?;
        }
        for Unreadable { stream, error } in &self.unreadable {
            write!(f, "\n  {} cannot be read: {}", plain(stream), plain(error))?;
        }
        Ok(())
    }
}

impl Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.projection;
        if let Some(why) = &self.not_verified {
            return write!(f, "projection {name}: not verified, {why}");
        }
        if let Some(error) = &self.error {
            return write!(f, "projection {name}: {}", plain(error));
        }
        write!(
            f,
            "projection {name}: {} with {} refolded, {} wrong",
            counted(self.streams, "stream"),
            counted(self.events, "event"),
            counted(self.wrong.len(), "row")
        )?;
        for wrong in &self.wrong {
            let shown = |row: &Option<Value>| match row {
                Some(row) => row.to_string(),
                None => "no row".to_owned(),
            };
            write!(
                f,
                "\n  {} has a wrong row: `projections rebuild {name} --stream {0} --yes` mends it\n    live      {}\n    refolded  {}",
                plain(&wrong.stream),
                shown(&wrong.live),
                shown(&wrong.refolded)
            )?;
        }
        Ok(())
    }
}
