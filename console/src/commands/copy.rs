//! `ops copy`.

use std::fmt::{self, Display};

use rehydrate::{
    EventStore, UpcastCopyError, UpcastCount, UpcastDifference, UpcastProgress, UpcastReport,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::Done;
use super::kind::Kind;
use super::status::store_name;
use crate::args::Copy;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::{Output, counting};
use crate::table::{Column, Grid, beginning, count, plain};

/// The longest state that is printed; `--json` has all of it.
const LONGEST: usize = 1_000;

pub(crate) async fn run(
    console: &Console,
    args: &Copy,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    if args.upcast {
        return upcast(console, args, output).await;
    }
    let target = open(&args.target_url).await?;
    let bar = output.bar(0);
    let copied = rehydrate::copy(&*console.store, &*target, |progress| {
        bar.set_length(progress.until.get());
        bar.set_position(progress.position.get());
    });
    let copied = copied.await;
    bar.finish_and_clear();
    let report = copied?;
    let text = format!(
        "Copied {} to {}. Both logs hold {} with checksum {}.",
        count(report.copied, "event"),
        store_name(&*target),
        count(report.checksum.events, "event"),
        report.checksum
    );
    let details = json!({
        "target": store_name(&*target),
        "copied": report.copied,
        "events": report.checksum.events,
        "checksum": report.checksum.to_string(),
    });
    output.show(&Done::new(text, details))?;
    Ok(Exit::Fine)
}

async fn open(url: &str) -> Result<std::sync::Arc<dyn EventStore>, OpsError> {
    rehydrate_sqlx::migrate(url).await?;
    Ok(rehydrate_sqlx::connect(url).await?)
}

async fn upcast(console: &Console, args: &Copy, output: &mut Output<'_>) -> Result<Exit, OpsError> {
    let mut copy = console.registry.upcast_copy.clone();
    if copy.is_empty() {
        return Err(OpsError::Usage(
            "this program knows no aggregates, so it does not know what events are today: run `copy --upcast` of the application's own `ops`".into(),
        ));
    }
    if args.renumber {
        copy = copy.renumber();
    }
    let target = open(&args.target_url).await?;
    let bar = output.bar(0);
    let mut is_comparing = false;
    let copied = copy.run(&*console.store, &*target, |progress| match progress {
        UpcastProgress::Copying {
            position, until, ..
        } => {
            bar.set_length(until.get());
            bar.set_position(position.get());
        }
        UpcastProgress::Comparing { streams } => {
            if !is_comparing {
                is_comparing = true;
                counting(&bar, "states compared");
            }
            bar.set_position(streams);
        }
        _ => {}
    });
    let copied = copied.await;
    bar.finish_and_clear();
    let report = match copied {
        Ok(report) => report,
        Err(UpcastCopyError::Different { report }) => *report,
        Err(error) => return Err(error.into()),
    };
    let shown = Upcast::new(store_name(&*target), &report);
    output.show(&shown)?;
    Ok(Exit::attention_if(!shown.is_same))
}

/// What a copy of today's events has done.
#[derive(Serialize)]
struct Upcast {
    target: String,
    is_renumbered: bool,
    written: u64,
    source_events: u64,
    target_events: u64,
    until: u64,
    types: Vec<Type>,
    streams: u64,
    is_same: bool,
    differing: u64,
    different: Vec<Different>,
}

#[derive(Serialize)]
struct Type {
    #[serde(flatten)]
    kind: Kind,
    fate: &'static str,
    /// The fate for people.
    #[serde(skip)]
    text: String,
    /// What of the program is needed as long as they are stored.
    needs: Option<&'static str>,
}

#[derive(Serialize)]
struct Different {
    stream: String,
    source_version: u64,
    source: Value,
    target_version: u64,
    target: Value,
}

impl Upcast {
    fn new(target: String, report: &UpcastReport) -> Self {
        Self {
            target,
            is_renumbered: report.is_renumbered,
            written: report.written,
            source_events: report.source,
            target_events: report.target,
            until: report.until.get(),
            types: report.types.iter().map(Type::new).collect(),
            streams: report.streams,
            is_same: report.differing == 0,
            differing: report.differing,
            different: report.different.iter().map(Different::new).collect(),
        }
    }
}

impl Type {
    fn new(count: &UpcastCount) -> Self {
        Self {
            kind: Kind::new(
                count.category.clone(),
                count.event_type.clone(),
                count.schema_version,
                count.events,
            ),
            fate: count.fate.name(),
            text: count.fate.to_string(),
            needs: count.fate.attribute(),
        }
    }
}

impl Different {
    fn new(different: &UpcastDifference) -> Self {
        Self {
            stream: different.stream.to_string(),
            source_version: different.source_version.get(),
            source: different.source.clone(),
            target_version: different.target_version.get(),
            target: different.target.clone(),
        }
    }
}

impl Display for Upcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Wrote {} to {}. It holds {} for the {} of this store, up to position {}.\n",
            count(self.written, "event"),
            self.target,
            self.target_events,
            self.source_events,
            self.until
        )?;
        let mut columns = Kind::COLUMNS.to_vec();
        columns.push(Column::Text("IN THE COPY"));
        let mut grid = Grid::new(&columns);
        for ty in &self.types {
            let fate = match ty.needs {
                None => ty.text.clone(),
                Some(attribute) => format!("{}: `{attribute}` is still needed", ty.text),
            };
            grid.row(ty.kind.cells().into_iter().chain([fate]));
        }
        writeln!(f, "{grid}\n")?;
        if self.is_renumbered {
            writeln!(
                f,
                "Positions and versions are new: consumers start anew, and the versions that clients remember are void.\n"
            )?;
        }
        if self.is_same {
            return write!(
                f,
                "All {} have the same state in both stores.",
                count(self.streams, "aggregate")
            );
        }
        write!(
            f,
            "{} of {} are not the same in the copy. Do not use it.",
            self.differing,
            count(self.streams, "aggregate")
        )?;
        for different in &self.different {
            write!(
                f,
                "\n  {}\n    here      at version {}  {}\n    the copy  at version {}  {}",
                plain(&different.stream),
                different.source_version,
                shown(&different.source),
                different.target_version,
                shown(&different.target)
            )?;
        }
        Ok(())
    }
}

/// A state, on one line of the terminal.
fn shown(state: &Value) -> String {
    beginning(&plain(&state.to_string()), LONGEST)
}
