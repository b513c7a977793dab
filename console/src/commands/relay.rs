//! `ops relay`.

use std::fmt::{self, Display};

use chrono::{DateTime, Utc};
use rehydrate::{BuildStatus, ConsumerKind, Rewind, Role};
use serde::Serialize;

use super::consumers::{self, Build};
use super::{Done, DryRun};
use crate::args::relay::{Relay, RelayRewind, RelayStatus};
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::Output;
use crate::table::{Column, Grid, count, or_dash, plain};
use crate::time;

pub(crate) async fn run(
    console: &Console,
    args: Relay,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    match args {
        Relay::Status(args) => status(console, &args, output).await,
        Relay::Rewind(args) => rewind(console, &args, output).await,
    }
}

#[derive(Serialize)]
struct Shown {
    name: String,
    /// Nothing of one that has not run with this version of the store.
    destination: Option<String>,
    /// Those whose events it sends; all of them if there are none.
    categories: Vec<String>,
    position: u64,
    lag_events: u64,
    lag_seconds: f64,
    condition: &'static str,
    error: Option<String>,
    retry_at: Option<DateTime<Utc>>,
    /// How many streams wait for a message that was not taken.
    parked: usize,
    parked_since: Option<DateTime<Utc>>,
    last_error: Option<LastError>,
    /// Whether the last error is still to be dealt with.
    is_last_error_present: bool,
    confirmed_at: Option<DateTime<Utc>>,
    event_at: Option<DateTime<Utc>>,
    changed_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct LastError {
    error: String,
    at: DateTime<Utc>,
}

#[derive(Serialize)]
struct List {
    relays: Vec<Shown>,
}

async fn status(
    console: &Console,
    args: &RelayStatus,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let mut relays = all(console).await?;
    if let Some(name) = &args.name {
        if !relays.iter().any(|relay| relay.name == *name) {
            return Err(unknown(name, &relays));
        }
        relays.retain(|relay| relay.name == *name);
    }
    let list = List { relays };
    output.show(&list)?;
    let is_well = list.relays.iter().all(Shown::is_well);
    Ok(Exit::attention_if(args.check && !is_well))
}

async fn all(console: &Console) -> Result<Vec<Shown>, OpsError> {
    let found = match console.store.consumers() {
        Some(_) => console.operations.status().await?,
        None => Vec::new(),
    };
    let relays = found
        .into_iter()
        .filter(|consumer| consumer.kind == ConsumerKind::Relay);
    let shown = relays.filter_map(|consumer| {
        let mut builds = consumer.builds.into_iter();
        let live = builds.find(|build| build.role == Role::Live)?;
        Some(show(consumer.name, live))
    });
    Ok(shown.collect())
}

fn show(name: String, found: BuildStatus) -> Shown {
    let relay = found.relay.clone();
    let parked_since = found.parked_since;
    let is_last_error_present = found.present_error().is_some();
    let build: Build = consumers::build(found);
    let (destination, categories, confirmed_at, last_error) = match relay {
        Some(it) => (
            it.destination,
            it.categories,
            it.confirmed_at,
            it.last_error,
        ),
        None => (None, Vec::new(), None, None),
    };
    Shown {
        name,
        destination,
        categories,
        position: build.position,
        lag_events: build.lag_events,
        lag_seconds: build.lag_seconds,
        condition: build.condition,
        error: build.error,
        retry_at: build.retry_at,
        parked: build.parked,
        parked_since,
        last_error: last_error.map(|(error, at)| LastError { error, at }),
        is_last_error_present,
        confirmed_at,
        event_at: build.event_at,
        changed_at: build.changed_at,
    }
}

fn unknown(name: &str, all: &[Shown]) -> OpsError {
    let known: Vec<&str> = all.iter().map(|relay| relay.name.as_str()).collect();
    OpsError::Usage(if known.is_empty() {
        format!("there is no relay {name}, nor any other")
    } else {
        format!("there is no relay {name}; there are: {}", known.join(", "))
    })
}

impl Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Column::{Number, Text};
        if self.relays.is_empty() {
            return f.write_str("No relay has run on this store.");
        }
        let mut grid = Grid::new(&[
            Text("NAME"),
            Text("DESTINATION"),
            Number("POSITION"),
            Number("EVENTS"),
            Number("LAG"),
            Text("CONDITION"),
            Number("PARKED"),
            Text("CONFIRMED"),
        ]);
        let mut notes = Vec::new();
        for relay in &self.relays {
            grid.row([
                relay.name.clone(),
                or_dash(relay.destination.as_ref()),
                relay.position.to_string(),
                relay.lag_events.to_string(),
                if relay.lag_events == 0 {
                    "-".to_owned()
                } else {
                    time::length(relay.lag_seconds)
                },
                relay.condition.to_owned(),
                relay.parked.to_string(),
                or_dash(relay.confirmed_at.map(time::moment)),
            ]);
            relay.note(&mut notes);
        }
        write!(f, "{grid}{}", notes.concat())
    }
}

impl Shown {
    fn is_well(&self) -> bool {
        self.error.is_none()
            && self.parked == 0
            && self.condition != "paused"
            && !self.is_last_error_present
    }

    /// What a cell is too small for.
    fn note(&self, notes: &mut Vec<String>) {
        let name = &self.name;
        if let Some(at) = self.retry_at {
            let at = time::moment(at);
            notes.push(format!("\n{name} is tried again at {at}"));
        }
        if let Some(since) = self.parked_since {
            let streams = count(u64::try_from(self.parked).unwrap_or(u64::MAX), "stream");
            let since = time::moment(since);
            notes.push(format!("\n{name}: parked since {since}: {streams}"));
        }
        if let Some(last) = &self.last_error {
            let (at, error) = (time::moment(last.at), plain(&last.error));
            notes.push(format!("\n{name}, last error at {at}: {error}"));
        }
    }
}

async fn rewind(
    console: &Console,
    args: &RelayRewind,
    output: &mut Output<'_>,
) -> Result<Exit, OpsError> {
    let name = &args.name;
    let to = args.place.rewind_to();
    let known = all(console).await?;
    if !known.iter().any(|relay| relay.name == *name) {
        // A reactor is told why it is none.
        consumers::one(console, name).await?;
    }
    if args.consent.yes {
        let done = console.operations.rewind(name, to).await?;
        let text = format!(
            "{name} publishes {}, in the program that runs it.",
            again(&done)
        );
        output.show(&Done::new(text, Details::of(&done)))?;
    } else {
        let plan = console.operations.plan_rewind(name, to).await?;
        let would = format!("have {name} publish {}", again(&plan));
        output.show(&DryRun::new(would, Details::of(&plan)))?;
    }
    Ok(Exit::Fine)
}

#[derive(Serialize)]
struct Details {
    relay: String,
    destination: Option<String>,
    from_position: u64,
    to_position: u64,
    events: u64,
    released: usize,
    skipped: usize,
}

impl Details {
    fn of(rewind: &Rewind) -> Self {
        Self {
            relay: rewind.relay.clone(),
            destination: rewind.destination.clone(),
            from_position: rewind.from.get(),
            to_position: rewind.to.get(),
            events: rewind.events,
            released: rewind.released,
            skipped: rewind.skipped,
        }
    }
}

fn again(rewind: &Rewind) -> String {
    let broker = rewind.destination.as_deref();
    let broker = broker.map_or_else(String::new, |broker| format!(" to {broker}"));
    let events = count(rewind.events, "event");
    let mut text = format!("{events} again{broker}, after position {}", rewind.to);
    if rewind.skipped > 0 {
        text += &format!("; {} of them stay skipped", rewind.skipped);
    }
    text
}
