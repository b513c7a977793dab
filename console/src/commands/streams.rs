//! `ops streams`.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use rehydrate::{LogCount, Position};
use serde::Serialize;

use crate::args;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::table::{Column, Grid, count, plain};

pub(crate) async fn run(
    console: &Console,
    args: args::Streams,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    match args.category {
        Some(category) => {
            let store = &console.store;
            let after = args.after.as_deref();
            let streams = store.list_streams(&category, after, args.limit).await?;
            let last = streams.last().filter(|_| streams.len() == args.limit);
            output.show(&Streams {
                next_after: last.cloned(),
                category,
                streams,
            })?;
        }
        None => output.show(&categories(console).await?)?,
    }
    Ok(Exit::Fine)
}

#[derive(Serialize)]
struct Streams {
    category: String,
    streams: Vec<String>,
    /// There may be more, after this one.
    next_after: Option<String>,
}

impl Display for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let category = &self.category;
        if self.streams.is_empty() {
            return write!(f, "{category} has no streams here.");
        }
        let lines = self.streams.iter().map(|id| format!("{category}/{id}"));
        let lines: Vec<String> = lines.map(|line| plain(&line)).collect();
        write!(f, "{}", lines.join("\n"))?;
        match &self.next_after {
            Some(last) => write!(f, "\nThere may be more: --after {}", plain(last)),
            None => Ok(()),
        }
    }
}

#[derive(Serialize)]
struct Categories {
    categories: Vec<Category>,
    /// Events of categories that the program does not know, and that have none of the longest
    /// streams.
    other_events: u64,
}

#[derive(Serialize)]
struct Category {
    category: String,
    events: u64,
}

/// Those of the program's aggregates and projections, and those of the longest streams.
async fn categories(console: &Console) -> Result<Categories, OpsError> {
    let longest = console.store.diagnose().await?.longest_streams;
    let longest = longest
        .iter()
        .map(|(stream, _)| stream.category().to_owned());
    let known = console
        .registry
        .aggregates
        .keys()
        .map(|name| (*name).to_owned());
    let read = console.registry.projections.values().flatten();
    let read = read.flat_map(|registered| &registered.categories);
    let read = read.map(|name| (*name).to_owned());
    let names: BTreeSet<String> = longest.chain(known).chain(read).collect();
    let mut categories = Vec::new();
    let mut other_events = events_of(console, Vec::new()).await?;
    for category in names {
        let events = events_of(console, vec![category.clone()]).await?;
        other_events = other_events.saturating_sub(events);
        categories.push(Category { category, events });
    }
    Ok(Categories {
        categories,
        other_events,
    })
}

async fn events_of(console: &Console, categories: Vec<String>) -> Result<u64, OpsError> {
    let until = console.store.watermark().await?;
    let Some(consumers) = console.store.consumers() else {
        return Ok(0);
    };
    let count = LogCount {
        categories,
        after: Position::ZERO,
        until,
    };
    Ok(consumers.count_log(&count).await?)
}

impl Display for Categories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.categories.is_empty() {
            return write!(f, "The log is empty.");
        }
        let mut grid = Grid::new(&[Column::Text("CATEGORY"), Column::Number("EVENTS")]);
        for category in &self.categories {
            grid.row([category.category.clone(), category.events.to_string()]);
        }
        write!(f, "{grid}")?;
        match self.other_events {
            0 => Ok(()),
            other => write!(
                f,
                "\n{} more, of categories that this program does not know",
                count(other, "event")
            ),
        }
    }
}
