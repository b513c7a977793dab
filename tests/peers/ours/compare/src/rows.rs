//! The rows of the table, and what each of them has to reach.

use crate::contestants::Backend;

/// A row: a workload on a database, and what is asked of it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) title: &'static str,
    pub(crate) backend: Backend,
    pub(crate) workload: &'static str,
    pub(crate) figure: Figure,
    pub(crate) against: Against,
    pub(crate) target: Target,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    Commands,
    Events,
    Milliseconds,
    Nanoseconds,
}

impl Figure {
    /// Its name in a measurement.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Commands => "ops_s",
            Self::Events => "events_s",
            Self::Milliseconds => "ms",
            Self::Nanoseconds => "ns",
        }
    }

    pub(crate) fn is_a_rate(self) -> bool {
        matches!(self, Self::Commands | Self::Events)
    }
}

/// What it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Against {
    /// The best by hand on sqlx with jsonb.
    Sqlx,
    /// The best by hand on sqlx, jsonb or json.
    SqlxOrJson,
    /// The same, for another workload of raw.
    SqlxAt(&'static str),
    /// By hand on rusqlite.
    Rusqlite,
}

/// How much of it is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// So much of its speed.
    AtLeast(f64),
    /// Faster than it.
    Ahead,
    /// So much of its time.
    AtMost(f64),
}

const fn row(title: &'static str, backend: Backend, workload: &'static str) -> Row {
    Row {
        title,
        backend,
        workload,
        figure: Figure::Commands,
        against: Against::Sqlx,
        target: Target::AtLeast(0.9),
    }
}

pub(crate) const ROWS: &[Row] = &[
    row("PostgreSQL W1: create, commands/s", Backend::Pg, "w1"),
    Row {
        target: Target::AtLeast(0.95),
        ..row("W1 by 8 writers, commands/s", Backend::Pg, "w1_writers")
    },
    row("W2: command on 10 events, commands/s", Backend::Pg, "w2_10"),
    row("W2 on 100 events, commands/s", Backend::Pg, "w2_100"),
    Row {
        target: Target::AtLeast(0.95),
        ..row("W2 on 1,000 events, commands/s", Backend::Pg, "w2_1000")
    },
    Row {
        target: Target::Ahead,
        ..row(
            "W2 on 1,000 with a snapshot, commands/s",
            Backend::Pg,
            "w2_1000_snapshot",
        )
    },
    Row {
        against: Against::SqlxAt("w1"),
        target: Target::AtLeast(0.85),
        ..row(
            "W2 from the cache (raw: W1), commands/s",
            Backend::Pg,
            "w2_10_cache",
        )
    },
    Row {
        figure: Figure::Events,
        ..row("W3: commit of 1,000 events, events/s", Backend::Pg, "w3")
    },
    Row {
        figure: Figure::Events,
        against: Against::SqlxOrJson,
        ..row("W4: load 10,000 events, events/s", Backend::Pg, "w4")
    },
    Row {
        figure: Figure::Milliseconds,
        target: Target::Ahead,
        ..row("W4 with a snapshot, ms", Backend::Pg, "w4_snapshot")
    },
    Row {
        figure: Figure::Events,
        target: Target::AtLeast(0.95),
        ..row("W5: replay 200,000 events, events/s", Backend::Pg, "w5")
    },
    row("SQLite W1, commands/s", Backend::Sqlite, "w1"),
    Row {
        target: Target::AtLeast(1.5),
        ..row(
            "SQLite W1 by 8 writers, commands/s",
            Backend::Sqlite,
            "w1_writers",
        )
    },
    Row {
        against: Against::Rusqlite,
        target: Target::AtLeast(0.6),
        ..row(
            "SQLite W2 on 100 events, commands/s",
            Backend::Sqlite,
            "w2_100",
        )
    },
    Row {
        against: Against::Rusqlite,
        target: Target::AtLeast(0.6),
        ..row(
            "SQLite W2 on 1,000 events, commands/s",
            Backend::Sqlite,
            "w2_1000",
        )
    },
    Row {
        figure: Figure::Events,
        against: Against::Rusqlite,
        target: Target::AtLeast(0.8),
        ..row("SQLite W3, events/s", Backend::Sqlite, "w3")
    },
    Row {
        figure: Figure::Events,
        against: Against::Rusqlite,
        target: Target::AtLeast(0.6),
        ..row("SQLite W4, events/s", Backend::Sqlite, "w4")
    },
    Row {
        figure: Figure::Events,
        against: Against::Rusqlite,
        target: Target::AtLeast(0.6),
        ..row("SQLite W5, events/s", Backend::Sqlite, "w5")
    },
    Row {
        figure: Figure::Nanoseconds,
        against: Against::SqlxAt("w6_typed"),
        target: Target::AtMost(1.05),
        ..row(
            "W6: decode and apply, ns an event (raw: typed)",
            Backend::Memory,
            "w6_borrowed",
        )
    },
];
