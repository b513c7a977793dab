//! `rehydrate tail`.

use std::fmt::{self, Display};
use std::time::Duration;

use rehydrate::{LogQuery, Position};
use serde::Serialize;

use super::events::Event;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;

/// So many positions before the end of the log it begins, unless told.
const LAST: u64 = 10;
const POLL: Duration = Duration::from_millis(500);

pub(crate) struct Tail {
    pub(crate) from: Option<u64>,
    pub(crate) category: Option<String>,
    pub(crate) follow: bool,
}

/// An event on a line of its own, as soon as it is there.
#[derive(Serialize)]
struct Line(Event);

impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.line())
    }
}

pub(crate) async fn run(
    console: &Console,
    args: Tail,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let end = console.store.watermark().await?;
    let from = args.from.unwrap_or_else(|| end.get().saturating_sub(LAST));
    let mut query = LogQuery::after(Position(from));
    query.categories.extend(args.category);
    loop {
        let page = console.store.read_log(&query).await?;
        for event in &page.events {
            output.show(&Line(Event::new(&event)))?;
        }
        let stands_still = page.read_to <= query.after;
        query.after = page.read_to;
        if page.read_to < page.watermark && !stands_still {
            continue;
        }
        if !args.follow {
            return Ok(Exit::Fine);
        }
        console.store.wait_past(query.after, POLL).await?;
    }
}
