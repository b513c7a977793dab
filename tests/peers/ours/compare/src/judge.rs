//! Who is how fast, and whether that is enough.

use crate::contestants::{ALL, Backend, Contestant, Group, named};
use crate::results::{Results, median};
use crate::rows::{Against, Figure, Row, Target};

/// A contestant's figure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figured {
    pub(crate) who: &'static Contestant,
    pub(crate) value: f64,
}

/// What a row comes to; nothing for what was not measured.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// The best by hand on sqlx.
    pub(crate) sqlx: Option<Figured>,
    /// The one by hand that the row is compared with.
    pub(crate) raw: Option<Figured>,
    pub(crate) peer: Option<Figured>,
    pub(crate) ours: Option<Figured>,
    /// Our speed, or our time if the target is one, in proportion to raw: the median of the rounds.
    pub(crate) ratio: Option<f64>,
    /// Our speed in proportion to the peer's.
    pub(crate) to_peer: Option<f64>,
}

impl Verdict {
    pub(crate) fn of(row: &Row, results: &Results) -> Self {
        let best = |groups: &[Group], workload| best(results, row, groups, workload);
        let (groups, workload): (&[Group], _) = match row.against {
            Against::Sqlx | Against::Rusqlite => (&[Group::Sqlx], row.workload),
            Against::SqlxOrJson => (&[Group::Sqlx, Group::SqlxJson], row.workload),
            Against::SqlxAt(workload) => (&[Group::Sqlx], workload),
        };
        let sqlx = best(groups, workload);
        let raw = match row.against {
            Against::Rusqlite => best(&[Group::Rusqlite], workload),
            _ => sqlx,
        };
        let ours = best(&[Group::Rehydrate], row.workload);
        let peer = best(&[Group::Peer], row.workload);
        let speed_to = |other: Option<Figured>, workload| {
            let name = other?.who.name;
            speed(
                results,
                row,
                (ours?.who.name, row.workload),
                (name, workload),
            )
        };
        let mut ratio = speed_to(raw, workload);
        if row.backend == Backend::Memory {
            // Measured in turns with the typed decoding by hand, in one process.
            ratio = ours
                .and_then(|ours| results.figure(row.backend, ours.who.name, row.workload, "ratio"));
        }
        Self {
            sqlx,
            raw,
            ours,
            ratio,
            to_peer: speed_to(peer, row.workload),
            peer,
        }
    }

    /// Whether the target is reached, and no peer is ahead; nothing, if it cannot be said.
    pub(crate) fn is_reached(&self, target: Target) -> Option<bool> {
        let ratio = self.ratio?;
        let reaches = match target {
            Target::AtLeast(least) => ratio >= least,
            Target::Ahead => ratio > 1.0,
            Target::AtMost(most) => ratio <= most,
        };
        Some(reaches && self.is_ahead_of_peers())
    }

    pub(crate) fn is_ahead_of_peers(&self) -> bool {
        self.to_peer.is_none_or(|ratio| ratio > 1.0)
    }
}

/// The fastest of these groups, over all rounds.
fn best(results: &Results, row: &Row, groups: &[Group], workload: &str) -> Option<Figured> {
    ALL.iter()
        .filter(|one| groups.contains(&one.group))
        .filter_map(|who| {
            let value = results.figure(row.backend, who.name, workload, row.figure.name())?;
            let who = named(who.name)?;
            Some(Figured { who, value })
        })
        .reduce(|one, other| {
            let is_better = faster(row.figure, other.value, one.value) > 1.0;
            if is_better { other } else { one }
        })
}

/// One's speed in proportion to another's, in the same round: the median of the rounds.
pub(crate) fn speed(
    results: &Results,
    row: &Row,
    one: (&str, &str),
    other: (&str, &str),
) -> Option<f64> {
    let rounds = |(who, workload): (&str, &str)| {
        results.rounds(row.backend, who, workload, row.figure.name())
    };
    let others = rounds(other);
    let ratios = rounds(one)
        .into_iter()
        .filter_map(|(round, value)| Some(faster(row.figure, value, *others.get(&round)?)));
    median(ratios.collect())
}

fn faster(figure: Figure, one: f64, other: f64) -> f64 {
    if figure.is_a_rate() {
        one / other
    } else {
        other / one
    }
}
