//! What a doctor finds, and what to do about it.

use std::fmt::{self, Display};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rehydrate::{Checkpoint, Diagnosis, Role};
use serde::Serialize;

use super::super::consumers::{Build, Consumer};
use crate::console::Console;
use crate::table::{count, plain};
use crate::time;

/// An append that takes longer than this is stuck.
const STUCK: Duration = Duration::from_secs(30);
/// A consumer whose next event has waited longer than this is not being run, or cannot keep up.
const LATE: f64 = 60.0;
/// A stream of more events than this is slow to load without a snapshot.
const LONG: u64 = 1_000;

#[derive(Serialize)]
pub(super) struct Finding {
    /// Whether it cannot wait for the next time that somebody looks.
    pub(super) needs_person: bool,
    about: String,
    found: String,
    advice: String,
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.needs_person { "PROBLEM" } else { "note" };
        write!(f, "{mark}  {}: {}", plain(&self.about), plain(&self.found))?;
        write!(f, "\n  -> {}", plain(&self.advice))
    }
}

fn problem(about: &str, found: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding {
        needs_person: true,
        ..note(about, found, advice)
    }
}

fn note(about: &str, found: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding {
        needs_person: false,
        about: about.to_owned(),
        found: found.into(),
        advice: advice.into(),
    }
}

pub(super) fn of_store(console: &Console, diagnosis: &Diagnosis) -> Vec<Finding> {
    let mut findings = Vec::new();
    let held = diagnosis
        .head
        .get()
        .saturating_sub(diagnosis.watermark.get());
    for holder in &diagnosis.held_by {
        let found = format!(
            "{} cannot be read yet, because pid {} has been in a transaction for {}: {}",
            count(held, "position"),
            holder.pid,
            time::length(holder.age.as_secs_f64()),
            holder.query
        );
        let advice = if holder.pid == 0 {
            "commit or roll back the prepared transaction"
        } else {
            "see why it does not end; ending its connection on the server rolls it back, and nothing acknowledged is lost"
        };
        let advice = advice.to_owned();
        findings.push(if holder.age >= STUCK {
            problem("the watermark", found, advice)
        } else {
            note(
                "the watermark",
                found,
                format!("look again; if it stays, {advice}"),
            )
        });
    }
    for index in &diagnosis.missing_indexes {
        findings.push(problem(
            index,
            "this index has been dropped",
            "create it again, as the migrations of rehydrate-sqlx do: without it appends or reads are slow or not safe",
        ));
    }
    for (stream, version) in &diagnosis.longest_streams {
        let aggregate = console.registry.aggregates.get(stream.category());
        if version.get() > LONG && aggregate.is_some_and(|found| !found.has_snapshots()) {
            findings.push(note(
                &stream.to_string(),
                format!("it has {version} events, and its aggregate has no snapshots"),
                "declare `snapshot(every = …)`, or end streams earlier",
            ));
        }
    }
    findings
}

pub(super) fn of_consumers(console: &Console, consumers: &[Consumer]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let knows_some =
        !console.registry.projections.is_empty() || !console.registry.reactors.is_empty();
    for consumer in consumers {
        let name = &consumer.name[..];
        for build in &consumer.builds {
            findings.extend(of_build(name, build));
        }
        let is_known = console.registry.projections.contains_key(name)
            || console.registry.reactors.contains(&name);
        // Nobody tells a console of relays.
        if knows_some && !is_known && consumer.kind != "relay" {
            findings.push(note(
                name,
                "it has run on this store, and this program does not have it",
                "if another program runs it, all is well",
            ));
        }
        if consumer.builds.is_empty() {
            let advice = "start the program that runs it";
            findings.push(note(name, "it has never run on this store", advice));
        }
        let newest = consumer.registered_versions.last();
        if let (Some(live), Some(newest)) = (consumer.live(), newest)
            && live.version < *newest
            && consumer.of_role("building").is_empty()
        {
            findings.push(note(
                name,
                format!("version {} is live, and this program has version {newest}", live.version),
                format!("`projections rebuild {name}`, look at `projections diff {name}`, then `projections swap {name}`"),
            ));
        }
    }
    findings
}

fn of_build(name: &str, build: &Build) -> Vec<Finding> {
    let mut findings = Vec::new();
    let number = build.build;
    if build.role == "retired" {
        let table = build.table.as_deref().unwrap_or("its table");
        let found = format!("{table} of build {number} was live once, and is kept");
        let advice = format!("`projections drop-old {name}`, when nobody wants it back");
        return vec![note(name, found, advice)];
    }
    let error = build.error.as_deref().unwrap_or_default();
    match build.condition {
        "failed" => findings.push(problem(
            name,
            format!("build {number} has stopped: {error}"),
            format!("remove the cause, then `projections resume {name}`"),
        )),
        "retrying" => findings.push(problem(
            name,
            format!("build {number} cannot get on: {error}"),
            "it is tried again by itself; see what the database says, or the broker of a relay",
        )),
        "paused" => findings.push(note(
            name,
            format!("build {number} is paused"),
            format!("`projections resume {name}`, when it is to go on"),
        )),
        _ => {}
    }
    // What is retried, or has failed, was said above.
    if let Some((error, at)) = &build.relay_error
        && build.error.is_none()
    {
        let at = time::moment(*at);
        findings.push(problem(
            name,
            format!("its last error, at {at}, is not over: {error}"),
            "remove the cause, and run the program that publishes; it is over when the broker confirms something",
        ));
    }
    if build.parked > 0 {
        let streams = count(u64::try_from(build.parked).unwrap_or(u64::MAX), "stream");
        findings.push(problem(
            name,
            format!("in build {number} an event has failed, and waits, in {streams}"),
            format!("`dead-letters list {name}`, then retry or skip"),
        ));
    }
    if build.role == "building" {
        let found = format!(
            "build {number}, of version {}, is not live yet",
            build.version
        );
        let advice = format!(
            "`projections rebuild {name}` goes on with it, `projections swap {name}` makes it the live one, `projections discard {name}` throws it away"
        );
        findings.push(note(name, found, advice));
    } else if build.lag_seconds > LATE && !matches!(build.condition, "paused" | "failed") {
        findings.push(problem(
            name,
            format!("it is {} behind", build.lag()),
            "see whether the program that runs it is there; if it is, it cannot keep up",
        ));
    }
    findings
}

/// A reactor whose runner has gone away is taken over, if there is another one.
pub(super) fn of_leases(checkpoints: &[Checkpoint], now: DateTime<Utc>) -> Vec<Finding> {
    let live = checkpoints.iter().filter(|found| found.role == Role::Live);
    live.filter_map(|checkpoint| {
        let (owner, until) = checkpoint.lease.as_ref()?;
        (*until < now).then(|| {
            note(
                &checkpoint.id.consumer,
                format!("the lease of {owner} ran out at {}", time::moment(*until)),
                "see whether a program that runs it is there",
            )
        })
    })
    .collect()
}
