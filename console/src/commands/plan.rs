//! `ops projections plan`.

use std::fmt::{self, Display};

use serde::Serialize;

use crate::args::projections::Which;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::table::count;
use crate::time;

#[derive(Serialize)]
struct Plan {
    projection: String,
    live: Live,
    build: u32,
    version: u32,
    table: String,
    from: u64,
    until: u64,
    events: u64,
    estimate_seconds: f64,
}

#[derive(Serialize)]
struct Live {
    build: u32,
    version: u32,
    position: u64,
}

pub(crate) async fn run(
    console: &Console,
    args: &Which,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let found = console.registry.find(&args.name, args.version)?;
    let plan = found.rebuild.plan().await?;
    output.show(&Plan {
        projection: plan.consumer,
        live: Live {
            build: plan.live_build,
            version: plan.live_version,
            position: plan.live_position.get(),
        },
        build: plan.build,
        version: plan.version,
        table: plan.table,
        from: plan.from.get(),
        until: plan.until.get(),
        events: plan.events,
        estimate_seconds: plan.estimate.as_secs_f64(),
    })?;
    Ok(Exit::Fine)
}

impl Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Live {
            build,
            version,
            position,
        } = self.live;
        writeln!(f, "projection  {}", self.projection)?;
        writeln!(
            f,
            "live        build {build}, version {version}, at position {position}"
        )?;
        writeln!(
            f,
            "next        build {}, version {}, in {}{}",
            self.build,
            self.version,
            self.table,
            if self.from > 0 { ", begun before" } else { "" }
        )?;
        writeln!(f, "positions   after {} up to {}", self.from, self.until)?;
        writeln!(f, "to replay   {}", count(self.events, "event"))?;
        write!(
            f,
            "estimate    {} or more",
            time::length(self.estimate_seconds)
        )
    }
}
