//! Everybody's figures, memory, and how quiet the machine was.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::contestants::{ALL, Backend, Group, RUSQLITE_COLUMNS, SQLX_COLUMNS};
use crate::judge::speed;
use crate::probe::Probe;
use crate::results::{Record, Results, median};
use crate::rows::{Against, Figure, ROWS};
use crate::table::rounded;

pub(crate) fn of(results: &Results) -> String {
    let mut text = everybody(results);
    text.push_str(&columns(results));
    text.push_str(&memory(results));
    text.push_str(&folds(results));
    text.push_str(&noise(results));
    text
}

/// All contestants, in proportion to the first one by hand.
fn everybody(results: &Results) -> String {
    let mut text = String::from("Everybody (medians of the rounds):\n\n");
    for row in ROWS {
        let mut figures = Vec::new();
        for one in ALL {
            if let Some(value) =
                results.figure(row.backend, one.name, row.workload, row.figure.name())
            {
                let value = match row.figure {
                    Figure::Milliseconds => format!("{value:.3}"),
                    _ => rounded(value),
                };
                figures.push(format!("{} {value}", one.name));
            }
        }
        if !figures.is_empty() {
            let _ = writeln!(text, "- {}: {}", row.title, figures.join(", "));
        }
    }
    text.push('\n');
    text
}

/// What is left of the differences if by hand has the same columns and indexes.
fn columns(results: &Results) -> String {
    let mut text = String::new();
    for row in ROWS {
        let by_hand = match row.backend {
            Backend::Pg => SQLX_COLUMNS,
            Backend::Sqlite => RUSQLITE_COLUMNS,
            Backend::Memory => continue,
        };
        let workload = match row.against {
            Against::SqlxAt(workload) => workload,
            _ => row.workload,
        };
        let ours = ALL.iter().find(|one| one.group == Group::Rehydrate);
        let ratio = ours
            .and_then(|ours| speed(results, row, (ours.name, row.workload), (by_hand, workload)));
        if let Some(ratio) = ratio {
            let _ = writeln!(text, "| {} | {by_hand} | {ratio:.2} |", row.title);
        }
    }
    if text.is_empty() {
        return text;
    }
    format!(
        "| workload | by hand with the same columns | Rehydrate to it |\n|---|---|---|\n{text}\n"
    )
}

/// The peak of W5, over a short and a long log.
fn memory(results: &Results) -> String {
    let mut text = String::new();
    for backend in [Backend::Pg, Backend::Sqlite] {
        for one in ALL {
            let peak = |workload| results.figure(backend, one.name, workload, "mib_peak");
            let events = |workload| results.figure(backend, one.name, workload, "events");
            let sizes = ["w5", "w5_long"].map(|workload| {
                let (peak, events) = (peak(workload)?, events(workload)?);
                Some(format!("{peak:.0} MiB at {}", rounded(events)))
            });
            let sizes: Vec<_> = sizes.into_iter().flatten().collect();
            if !sizes.is_empty() {
                let name = one.name;
                let _ = writeln!(text, "| {backend:?} | {name} | {} |", sizes.join(", "));
            }
        }
    }
    if text.is_empty() {
        return text;
    }
    format!("| database | contestant | peak memory of W5, events |\n|---|---|---|\n{text}\n")
}

/// The ways to decode.
fn folds(results: &Results) -> String {
    let mut text = String::new();
    for one in ALL {
        for workload in ["w6_fold", "w6_typed", "w6_borrowed", "w6_value"] {
            let figure = |name| results.figure(Backend::Memory, one.name, workload, name);
            if let (Some(ns), Some(ratio)) = (figure("ns"), figure("ratio")) {
                let name = one.name;
                let _ = writeln!(text, "| {workload} | {name} | {ns:.0} | {ratio:.2} |");
            }
        }
    }
    if text.is_empty() {
        return text;
    }
    format!("| W6 | contestant | ns an event | of typed, by hand |\n|---|---|---|---|\n{text}\n")
}

/// What the machine did meanwhile, and what a difference is worth.
fn noise(results: &Results) -> String {
    let rounds: BTreeSet<_> = results.records.iter().map(|record| record.round).collect();
    let profiles: BTreeSet<_> = results.records.iter().map(|one| &*one.profile).collect();
    let profiles: Vec<_> = profiles.into_iter().collect();
    let mut text = format!(
        "Rounds: {}, profile {}.\n",
        rounds.len(),
        profiles.join(", ")
    );
    type Look = fn(&Probe) -> f64;
    let probes: [(&str, Look); 4] = [
        ("decoding an event, ns", |probe| probe.decode_ns),
        ("fdatasync of 8 KiB, µs", |probe| probe.sync_us),
        ("used by others before a turn, %", |probe| {
            probe.busy * 100.0
        }),
        ("stolen by the host, %", |probe| probe.stolen * 100.0),
    ];
    for (name, look) in probes {
        let values: Vec<_> = results.records.iter().map(|one| look(&one.probe)).collect();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        if let Some(middle) = median(values) {
            let _ = writeln!(
                text,
                "- {name}: {least:.1} to {most:.1}, median {middle:.1}"
            );
        }
    }
    let mut same = Vec::new();
    for one in ALL.iter().filter(|one| one.group == Group::Sqlx) {
        let again = format!("{} again", one.name);
        for row in ROWS {
            let ratio = speed(
                results,
                row,
                (&again, row.workload),
                (one.name, row.workload),
            );
            same.extend(ratio);
        }
    }
    if !same.is_empty() {
        let least = same.iter().copied().fold(f64::INFINITY, f64::min);
        let most = same.iter().copied().fold(0.0, f64::max);
        let _ = writeln!(
            text,
            "- the same contestant twice in a round: {least:.2} to {most:.2} of itself"
        );
    }
    let slowest = results.records.iter().filter_map(decode_speed);
    if let Some(middle) = median(slowest.collect()) {
        let _ = writeln!(
            text,
            "- decoding an event, in the contestants, ns: median {middle:.0}"
        );
    }
    text
}

fn decode_speed(record: &Record) -> Option<f64> {
    record.measured.value("decode_ns")
}
