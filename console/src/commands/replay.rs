//! `ops projections replay`.

use rehydrate::{LogQuery, Position, ReplayError, StoredEvent};
use serde_json::json;

use super::{Done, DryRun, consumers};
use crate::args::projections::Replay;
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::registry::Registered;
use crate::table::count;

pub(crate) async fn run(
    console: &Console,
    args: Replay,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let found = console
        .registry
        .find(&args.which.name, args.which.version)?;
    let name = args.which.name.clone();
    if !found.is_idempotent {
        return Err(ReplayError::NotIdempotent { consumer: name }.into());
    }
    if !args.consent.yes {
        let events = chosen(console, found, &args).await?;
        let would = format!(
            "apply {} to the live rows of {name} once more",
            count(events, "event")
        );
        let details = json!({ "projection": name, "events": events });
        output.show(&DryRun::new(would, details))?;
        return Ok(Exit::Fine);
    }
    let mut replay = found.rebuild.replay();
    if let Some(time) = args.since {
        replay = replay.since(time);
    }
    if let Some(time) = args.until {
        replay = replay.until(time);
    }
    if let Some(position) = args.after {
        replay = replay.after(Position(position));
    }
    if let Some(position) = args.up_to {
        replay = replay.up_to(Position(position));
    }
    let events = replay.of_types(args.types).run().await?;
    let text = format!("Replayed {} into {name}.", count(events, "event"));
    let details = json!({ "projection": name, "events": events });
    output.show(&Done::new(text, details))?;
    Ok(Exit::Fine)
}

/// How many events there are to replay.
async fn chosen(console: &Console, found: &Registered, args: &Replay) -> Result<u64, OpsError> {
    let consumer = consumers::one(console, &args.which.name).await?;
    let reached = consumer.live().map_or(0, |live| live.position);
    let end = Position(args.up_to.unwrap_or(reached).min(reached));
    let mut query = LogQuery::after(Position(args.after.unwrap_or(0)));
    query.categories = found
        .categories
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let is_chosen = |event: &StoredEvent<'_>| {
        event.position <= end
            && args.since.is_none_or(|since| event.recorded_at >= since)
            && args.until.is_none_or(|until| event.recorded_at <= until)
            && (args.types.is_empty() || args.types.iter().any(|name| name == event.event_type))
    };
    let mut events = 0;
    while query.after < end {
        let page = console.store.read_log(&query).await?;
        let count = page.events.iter().filter(is_chosen).count();
        events += u64::try_from(count).unwrap_or(u64::MAX);
        if page.read_to <= query.after {
            break;
        }
        query.after = page.read_to;
    }
    Ok(events)
}
