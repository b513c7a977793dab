//! `ops projections rebuild`.

use serde_json::json;

use super::projections::{listed, numbers};
use super::{Done, DryRun, consumers, stream};
use crate::args::projections::Rebuild;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::registry::Registered;
use crate::table::count;
use crate::time;

pub(crate) async fn run(
    console: &Console,
    args: &Rebuild,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let found = console
        .registry
        .find(&args.which.name, args.which.version)?;
    if let Some(stream) = &args.stream {
        return one_stream(console, found, stream, args, output).await;
    }
    if args.restart && !args.consent.yes {
        return dry_restart(console, found, args, output).await;
    }
    let mut rebuild = found.rebuild.clone();
    if let Some(events_per_second) = args.throttle {
        rebuild = rebuild.with_throttle(events_per_second);
    }
    if let Some(events) = args.batch {
        rebuild = rebuild.with_batch(events);
    }
    if args.restart {
        rebuild.discard().await?;
    }
    let bar = output.bar(0);
    let built = rebuild.run_with(|progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.events);
    });
    let built = built.await;
    bar.finish_and_clear();
    let built = built?;
    let seconds = built.elapsed.as_secs_f64();
    let name = rebuild.name();
    let text = format!(
        "Built: build {} of {name}, {} in {}, up to position {}.\nNext: `projections diff {name}`, then `projections swap {name}`.",
        built.build,
        count(built.events, "event"),
        time::length(seconds),
        built.position
    );
    let details = json!({
        "projection": name,
        "version": rebuild.version(),
        "build": built.build,
        "position": built.position,
        "events": built.events,
        "elapsed_seconds": seconds,
    });
    output.show(&Done::new(text, details))?;
    Ok(Exit::Fine)
}

async fn dry_restart(
    console: &Console,
    found: &Registered,
    args: &Rebuild,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let name = &args.which.name;
    let builds = numbers(&consumers::one(console, name).await?, "building");
    let version = found.rebuild.version();
    let discard = if builds.is_empty() {
        String::new()
    } else {
        format!("throw away {} of {name}, then ", listed(&builds))
    };
    let would = format!("{discard}build version {version} of {name} from the beginning of the log");
    let details = json!({ "projection": name, "version": version, "discarded_builds": builds });
    output.show(&DryRun::new(would, details))?;
    Ok(Exit::Fine)
}

async fn one_stream(
    console: &Console,
    found: &Registered,
    stream: &str,
    args: &Rebuild,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let stream = stream::named(console, stream)?;
    let name = &args.which.name;
    let details = json!({ "projection": name, "stream": stream.to_string() });
    if !args.consent.yes {
        let would = format!("remove the rows of {stream} from {name} and fold its events again");
        output.show(&DryRun::new(would, details))?;
        return Ok(Exit::Fine);
    }
    let refolded = found.rebuild.stream(&stream).await?;
    let events = u64::try_from(refolded.events).unwrap_or(u64::MAX);
    let text = format!(
        "Refolded {} of {stream} into {name}.",
        count(events, "event")
    );
    let details = json!({
        "projection": name,
        "stream": stream.to_string(),
        "events": refolded.events,
        "rows": refolded.rows,
    });
    output.show(&Done::new(text, details))?;
    Ok(Exit::Fine)
}
