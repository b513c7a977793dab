//! The table of the README.

use std::fmt::Write;

use crate::judge::{Figured, Verdict};
use crate::results::Results;
use crate::rows::{Against, Figure, ROWS, Row, Target};

/// The table, as Markdown; rows of which nothing was measured are left out.
pub(crate) fn of(results: &Results) -> String {
    let mut table = String::from(
        "| workload | raw | best peer | rehydrate | ratio to raw | target | reached? |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for row in ROWS {
        let verdict = Verdict::of(row, results);
        if verdict.ours.is_none() && verdict.sqlx.is_none() && verdict.peer.is_none() {
            continue;
        }
        let ratio = match verdict.ratio {
            Some(ratio) => format!("{ratio:.2}"),
            None => "-".to_owned(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {ratio} | {} | {} |",
            row.title,
            raw(row, &verdict),
            with_name(row, verdict.peer),
            plain(row, verdict.ours),
            target(row),
            reached(row, &verdict),
        );
    }
    table
}

fn raw(row: &Row, verdict: &Verdict) -> String {
    let best = with_name(row, verdict.sqlx);
    if row.against == Against::Rusqlite {
        format!("{best}; {}", with_name(row, verdict.raw))
    } else {
        best
    }
}

fn target(row: &Row) -> String {
    let of = match row.against {
        Against::Rusqlite => "rusqlite",
        Against::SqlxAt("w1") => "raw W1",
        Against::Sqlx | Against::SqlxOrJson | Against::SqlxAt(_) => "raw",
    };
    match row.target {
        Target::AtLeast(least) => format!("≥ {least:.2} of {of}"),
        Target::Ahead => "ahead of both".to_owned(),
        Target::AtMost(most) => format!("≤ {most:.2} of {of}"),
    }
}

fn reached(row: &Row, verdict: &Verdict) -> String {
    match verdict.is_reached(row.target) {
        None => "-".to_owned(),
        Some(true) => "yes".to_owned(),
        Some(false) if !verdict.is_ahead_of_peers() => {
            let to_peer = verdict.to_peer.unwrap_or_default();
            format!("no: {to_peer:.2} of the peer")
        }
        Some(false) => "no".to_owned(),
    }
}

fn with_name(row: &Row, figured: Option<Figured>) -> String {
    match figured {
        Some(figured) => format!("{} ({})", number(row, figured.value), figured.who.name),
        None => "-".to_owned(),
    }
}

fn plain(row: &Row, figured: Option<Figured>) -> String {
    figured.map_or_else(|| "-".to_owned(), |figured| number(row, figured.value))
}

fn number(row: &Row, value: f64) -> String {
    match row.figure {
        Figure::Milliseconds => format!("{value:.3}"),
        Figure::Nanoseconds => format!("{value:.0}"),
        Figure::Commands | Figure::Events => rounded(value),
    }
}

/// Three digits and zeros, with commas: the others are noise.
pub(crate) fn rounded(value: f64) -> String {
    let digits = value.abs().max(1.0).log10().floor();
    let unit = 10_f64.powf((digits - 2.0).max(0.0));
    let text = format!("{:.0}", (value / unit).round() * unit);
    let mut grouped = String::new();
    for (at, digit) in text.chars().enumerate() {
        if at > 0 && (text.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn a_figure_has_three_digits() {
        assert_eq!(rounded(5_347.0), "5,350");
        assert_eq!(rounded(436_499.0), "436,000");
        assert_eq!(rounded(1_343_900.0), "1,340,000");
        assert_eq!(rounded(429.4), "429");
        assert_eq!(rounded(8.0), "8");
    }
}
