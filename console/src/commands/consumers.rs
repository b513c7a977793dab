//! Projections, reactors and relays, as they are shown.

use chrono::{DateTime, Utc};
use rehydrate::{BuildStatus, Condition, ConsumerKind, ConsumerStatus, Role};
use serde::Serialize;

use crate::console::Console;
use crate::error::OpsError;
use crate::table::{Column, Grid, count, or_dash};
use crate::time;

#[derive(Serialize)]
pub(crate) struct Consumer {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    /// Those that this program has; empty for a reactor, which has none, and for a stranger.
    pub(crate) registered_versions: Vec<u32>,
    pub(crate) builds: Vec<Build>,
}

#[derive(Serialize)]
pub(crate) struct Build {
    pub(crate) build: u32,
    pub(crate) version: u32,
    pub(crate) role: &'static str,
    pub(crate) table: Option<String>,
    pub(crate) shards: usize,
    pub(crate) position: u64,
    pub(crate) lag_events: u64,
    pub(crate) lag_seconds: f64,
    pub(crate) condition: &'static str,
    pub(crate) error: Option<String>,
    pub(crate) retry_at: Option<DateTime<Utc>>,
    pub(crate) parked: usize,
    pub(crate) scheduled: usize,
    pub(crate) event_at: Option<DateTime<Utc>>,
    pub(crate) changed_at: DateTime<Utc>,
    /// What went wrong last with a relay, and when, if it is not over.
    #[serde(skip)]
    pub(crate) relay_error: Option<(String, DateTime<Utc>)>,
}

/// Those that have run on the store, and those that the program has and that have not.
pub(crate) async fn all(console: &Console) -> Result<Vec<Consumer>, OpsError> {
    let found = match console.store.consumers() {
        Some(_) => console.operations.status().await?,
        None => Vec::new(),
    };
    let mut all: Vec<Consumer> = found
        .into_iter()
        .map(|found| show(console, found))
        .collect();
    let projections = console.registry.projections.keys();
    let named = projections.map(|name| (*name, ConsumerKind::Projection));
    let reactors = console.registry.reactors.iter();
    for (name, kind) in named.chain(reactors.map(|name| (*name, ConsumerKind::Reactor))) {
        if !all.iter().any(|consumer| consumer.name == name) {
            all.push(Consumer {
                name: name.to_owned(),
                kind: kind_name(kind),
                registered_versions: versions(console, name),
                builds: Vec::new(),
            });
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// The consumer of this name.
pub(crate) async fn one(console: &Console, name: &str) -> Result<Consumer, OpsError> {
    let mut all = all(console).await?;
    match all.iter().position(|consumer| consumer.name == name) {
        Some(at) => Ok(all.swap_remove(at)),
        None => Err(unknown(name, &all)),
    }
}

pub(crate) fn unknown(name: &str, all: &[Consumer]) -> OpsError {
    let known: Vec<&str> = all.iter().map(|consumer| consumer.name.as_str()).collect();
    OpsError::Usage(if known.is_empty() {
        format!("there is no projection, reactor or relay {name}, nor any other")
    } else {
        let known = known.join(", ");
        format!("there is no projection, reactor or relay {name}; there are: {known}")
    })
}

impl Consumer {
    pub(crate) fn live(&self) -> Option<&Build> {
        self.builds.iter().find(|build| build.role == "live")
    }

    pub(crate) fn of_role(&self, role: &str) -> Vec<&Build> {
        let builds = self.builds.iter();
        builds.filter(|build| build.role == role).collect()
    }
}

impl Build {
    pub(crate) fn lag(&self) -> String {
        if self.lag_events == 0 {
            return "-".to_owned();
        }
        let events = count(self.lag_events, "event");
        format!("{events}, {}", time::length(self.lag_seconds))
    }
}

/// A table of all builds, then the errors, for which a cell is too small.
pub(crate) fn table(consumers: &[Consumer]) -> String {
    use Column::{Number, Text};
    let mut grid = Grid::new(&[
        Text("NAME"),
        Text("KIND"),
        Number("BUILD"),
        Number("VERSION"),
        Text("ROLE"),
        Number("POSITION"),
        Number("LAG"),
        Text("CONDITION"),
        Number("PARKED"),
        Number("SCHEDULED"),
    ]);
    let mut errors = Vec::new();
    for consumer in consumers {
        let head = |build: Option<&Build>| {
            let number = build.map(|build| build.build);
            [
                consumer.name.clone(),
                consumer.kind.to_owned(),
                or_dash(number),
            ]
        };
        if consumer.builds.is_empty() {
            let version = or_dash(consumer.registered_versions.last());
            let rest = [&version, "-", "-", "-", "never run", "-", "-"].map(str::to_owned);
            grid.row(head(None).into_iter().chain(rest));
        }
        for build in &consumer.builds {
            let is_retired = build.role == "retired";
            grid.row(head(Some(build)).into_iter().chain([
                build.version.to_string(),
                build.role.to_owned(),
                build.position.to_string(),
                if is_retired {
                    "-".to_owned()
                } else {
                    build.lag()
                },
                if is_retired { "-" } else { build.condition }.to_owned(),
                build.parked.to_string(),
                build.scheduled.to_string(),
            ]));
            if let Some(error) = &build.error {
                let at = build.retry_at.map(time::moment);
                let again = at.map_or_else(String::new, |at| format!(", tried again at {at}"));
                let name = &consumer.name;
                errors.push(format!("\n{name} {}{again}: {error}", build.condition));
            }
        }
    }
    format!("{grid}{}", errors.concat())
}

fn show(console: &Console, found: ConsumerStatus) -> Consumer {
    Consumer {
        registered_versions: versions(console, &found.name),
        name: found.name,
        kind: kind_name(found.kind),
        builds: found.builds.into_iter().map(build).collect(),
    }
}

pub(crate) fn build(found: BuildStatus) -> Build {
    let relay_error = found.present_error().cloned();
    let (condition, error, retry_at) = match found.condition {
        Condition::New => ("new", None, None),
        Condition::CatchingUp => ("catching up", None, None),
        Condition::Live => ("live", None, None),
        Condition::Paused => ("paused", None, None),
        Condition::Retrying { at, error, .. } => ("retrying", Some(error), Some(at)),
        Condition::Failed { error } => ("failed", Some(error), None),
    };
    Build {
        build: found.build,
        version: found.version,
        role: match found.role {
            Role::Live => "live",
            Role::Building => "building",
            Role::Retired => "retired",
        },
        table: found.table,
        shards: found.shards,
        position: found.position.get(),
        lag_events: found.behind,
        lag_seconds: found.lag.map_or(0.0, time::seconds),
        condition,
        error,
        retry_at,
        parked: found.parked,
        scheduled: found.scheduled,
        event_at: found.event_at,
        changed_at: found.changed_at,
        relay_error,
    }
}

fn versions(console: &Console, name: &str) -> Vec<u32> {
    let versions = console.registry.projections.get(name);
    let versions = versions.into_iter().flatten();
    versions
        .map(|registered| registered.rebuild.version())
        .collect()
}

fn kind_name(kind: ConsumerKind) -> &'static str {
    match kind {
        ConsumerKind::Projection => "projection",
        ConsumerKind::Reactor => "reactor",
        ConsumerKind::Feed => "feed",
        ConsumerKind::Relay => "relay",
    }
}
