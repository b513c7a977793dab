//! `ops projections`: which one, and the small ones.

use std::fmt::{self, Display};

use serde::Serialize;
use serde_json::json;

use super::consumers::{self, Consumer};
use super::{Done, DryRun, diff, plan, rebuild, replay, swap};
use crate::args::projections::{Changed, Projections};
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) async fn run(
    console: &Console,
    args: Projections,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    match args {
        Projections::List => list(console, output).await,
        Projections::Plan(which) => plan::run(console, &which, output).await,
        Projections::Rebuild(args) => rebuild::run(console, &args, output).await,
        Projections::Diff(args) => diff::run(console, &args, output).await,
        Projections::Swap(args) => swap::run(console, &args, output).await,
        Projections::Pause(args) => pause(console, &args.name, output).await,
        Projections::Resume(args) => resume(console, &args.name, output).await,
        Projections::Discard(args) => discard(console, &args, output).await,
        Projections::DropOld(args) => drop_old(console, &args, output).await,
        Projections::Replay(args) => replay::run(console, args, output).await,
    }
}

#[derive(Serialize)]
struct List {
    projections: Vec<Consumer>,
}

impl Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.projections.is_empty() {
            return f.write_str("There are no projections.");
        }
        f.write_str(&consumers::table(&self.projections))
    }
}

pub(crate) async fn list(console: &Console, output: &mut Output<'_>) -> Result<Exit, OpsError> {
    let mut projections = consumers::all(console).await?;
    projections.retain(|consumer| consumer.kind == "projection");
    output.show(&List { projections })?;
    Ok(Exit::Fine)
}

pub(crate) async fn pause(
    console: &Console,
    name: &str,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    consumers::one(console, name).await?;
    console.operations.pause(name).await?;
    let text = format!("{name} is paused: it stands still until it is resumed.");
    output.show(&Done::new(text, json!({ "paused": name })))?;
    Ok(Exit::Fine)
}

pub(crate) async fn resume(
    console: &Console,
    name: &str,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    consumers::one(console, name).await?;
    console.operations.resume(name).await?;
    let text = format!("{name} goes on, in the program that runs it.");
    output.show(&Done::new(text, json!({ "resumed": name })))?;
    Ok(Exit::Fine)
}

async fn discard(
    console: &Console,
    args: &Changed,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let name = &args.which.name;
    let found = console.registry.find(name, args.which.version)?;
    let builds = numbers(&consumers::one(console, name).await?, "building");
    let details = json!({ "projection": name, "builds": builds });
    if builds.is_empty() {
        let text = format!("{name} has no build beside the live one.");
        output.show(&Done::new(text, details))?;
    } else if args.consent.yes {
        found.rebuild.discard().await?;
        let text = format!("{} of {name} is gone.", listed(&builds));
        output.show(&Done::new(text, details))?;
    } else {
        let would = format!("throw away {} of {name}", listed(&builds));
        output.show(&DryRun::new(would, details))?;
    }
    Ok(Exit::Fine)
}

async fn drop_old(
    console: &Console,
    args: &Changed,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let name = &args.which.name;
    let found = console.registry.find(name, args.which.version)?;
    let consumer = consumers::one(console, name).await?;
    let builds = numbers(&consumer, "retired");
    let tables = consumer.of_role("retired").into_iter();
    let tables: Vec<String> = tables.filter_map(|build| build.table.clone()).collect();
    let details = json!({ "projection": name, "builds": builds, "tables": tables });
    if builds.is_empty() {
        let text = format!("{name} has no old tables.");
        output.show(&Done::new(text, details))?;
    } else if args.consent.yes {
        found.rebuild.drop_retired().await?;
        let text = format!("Dropped {}.", tables.join(", "));
        output.show(&Done::new(text, details))?;
    } else {
        let would = format!("drop {}", tables.join(", "));
        output.show(&DryRun::new(would, details))?;
    }
    Ok(Exit::Fine)
}

pub(crate) fn numbers(consumer: &Consumer, role: &str) -> Vec<u32> {
    let builds = consumer.of_role(role).into_iter();
    builds.map(|build| build.build).collect()
}

pub(crate) fn listed(builds: &[u32]) -> String {
    let builds: Vec<String> = builds.iter().map(u32::to_string).collect();
    format!("build {}", builds.join(", "))
}
