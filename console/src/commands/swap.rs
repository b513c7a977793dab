//! `ops projections swap`.

use rehydrate::Old;
use serde_json::json;

use super::projections::{listed, numbers};
use super::{Done, DryRun, consumers};
use crate::args::projections::Swap;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) async fn run(
    console: &Console,
    args: &Swap,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let name = &args.which.name;
    let found = console.registry.find(name, args.which.version)?;
    if args.drop_old && !args.consent.yes {
        // What would stop it is told now: nothing built, or of another version.
        found.rebuild.plan().await?;
        let consumer = consumers::one(console, name).await?;
        let building = numbers(&consumer, "building");
        let Some(live) = consumer.live().filter(|_| !building.is_empty()) else {
            return Err(rehydrate::RebuildError::NothingBuilt {
                consumer: name.clone(),
            }
            .into());
        };
        let would = format!(
            "put {} of {name} in the place of build {}, and drop the table of that",
            listed(&building),
            live.build
        );
        let details = json!({ "projection": name, "live_build": live.build, "builds": building });
        output.show(&DryRun::new(would, details))?;
        return Ok(Exit::Fine);
    }
    let old = if args.drop_old { Old::Drop } else { Old::Keep };
    let swapped = found.rebuild.swap(old).await?;
    let kept = match &swapped.old_table {
        Some(table) => format!("is kept as {table}; `projections drop-old {name}` drops it"),
        None => "is dropped".to_owned(),
    };
    let text = format!(
        "Build {} of {name} is live, at position {}. Build {} {kept}.",
        swapped.live_build, swapped.position, swapped.old_build
    );
    let details = json!({
        "projection": name,
        "live_build": swapped.live_build,
        "position": swapped.position,
        "old_build": swapped.old_build,
        "old_table": swapped.old_table,
    });
    output.show(&Done::new(text, details))?;
    Ok(Exit::Fine)
}
