//! Who takes part.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Where the events are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Backend {
    Pg,
    Sqlite,
    Memory,
}

/// What a contestant is to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// By hand on sqlx: the table's `raw`, the best of its variants.
    Sqlx,
    /// By hand on sqlx, with json in place of jsonb: `raw` where the table says so.
    SqlxJson,
    /// By hand on rusqlite.
    Rusqlite,
    /// By hand on something else: only in the details.
    OtherRaw,
    /// Another framework.
    Peer,
    /// This one.
    Rehydrate,
}

impl Group {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlx | Self::SqlxJson | Self::Rusqlite | Self::OtherRaw => "raw",
            Self::Peer => "peers",
            Self::Rehydrate => "rehydrate",
        }
    }
}

/// A program, and how it is called.
#[derive(Debug)]
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    /// The folder of its workspace.
    pub(crate) workspace: &'static str,
    pub(crate) program: &'static str,
    pub(crate) variant: &'static str,
    /// Whose database it uses: that of the first contestant of this name fills it.
    pub(crate) seed: &'static str,
    pub(crate) backends: &'static [Backend],
    /// How often it replays in each round; slow ones once.
    pub(crate) replays: u32,
    pub(crate) folds: bool,
}

impl Contestant {
    pub(crate) fn is_on(&self, backend: Backend) -> bool {
        self.backends.contains(&backend)
    }

    /// Whether its memory is measured over a long log, too.
    pub(crate) fn shows_memory(&self) -> bool {
        self.group == Group::Rehydrate || self.variant == "own"
    }
}

const BOTH: &[Backend] = &[Backend::Pg, Backend::Sqlite];
const PG: &[Backend] = &[Backend::Pg];
const SQLITE: &[Backend] = &[Backend::Sqlite];

const fn sqlx(name: &'static str, variant: &'static str) -> Contestant {
    Contestant {
        name,
        group: Group::Sqlx,
        workspace: "ours",
        program: "raw-sqlx",
        variant,
        seed: "raw",
        backends: BOTH,
        replays: 1,
        folds: false,
    }
}

const fn peer(
    name: &'static str,
    workspace: &'static str,
    program: &'static str,
    backends: &'static [Backend],
) -> Contestant {
    Contestant {
        name,
        group: Group::Peer,
        workspace,
        program,
        variant: "",
        seed: name,
        backends,
        replays: 1,
        folds: false,
    }
}

/// By hand on a table with the columns and indexes of Rehydrate's.
pub(crate) const SQLX_COLUMNS: &str = "sqlx columns";
pub(crate) const RUSQLITE_COLUMNS: &str = "rusqlite columns";

/// Whose macros ask a database about its tables.
pub(crate) const ES_ENTITY: &str = "peer-es-entity";

pub(crate) const ALL: &[Contestant] = &[
    Contestant {
        replays: 3,
        folds: true,
        ..sqlx("sqlx own", "own")
    },
    Contestant {
        name: "rehydrate",
        group: Group::Rehydrate,
        program: "peer-rehydrate",
        seed: "rehydrate",
        replays: 3,
        folds: true,
        ..sqlx("", "")
    },
    sqlx("sqlx noping", "noping"),
    sqlx("sqlx pool", "pool"),
    Contestant {
        group: Group::SqlxJson,
        backends: PG,
        ..sqlx("sqlx json", "json")
    },
    Contestant {
        group: Group::OtherRaw,
        backends: PG,
        ..sqlx(SQLX_COLUMNS, "columns")
    },
    Contestant {
        name: "tokio-postgres",
        group: Group::OtherRaw,
        program: "raw-tokio-postgres",
        backends: PG,
        ..sqlx("", "")
    },
    peer("cqrs-es", "sqlx-08", "peer-cqrs-es", BOTH),
    peer("disintegrate", "sqlx-08", "peer-disintegrate", PG),
    peer("es-entity", "sqlx-08", ES_ENTITY, PG),
    peer("esrs", "sqlx-08", "peer-esrs", PG),
    peer("eventcore", "sqlx-08", "peer-eventcore", BOTH),
    peer("eventually", "eventually", "peer-eventually", PG),
    peer("evento", "ours", "peer-evento", BOTH),
    Contestant {
        name: "rusqlite",
        group: Group::Rusqlite,
        program: "raw-rusqlite",
        backends: SQLITE,
        replays: 3,
        ..sqlx("", "")
    },
    Contestant {
        group: Group::OtherRaw,
        program: "raw-rusqlite",
        backends: SQLITE,
        ..sqlx(RUSQLITE_COLUMNS, "columns")
    },
    Contestant {
        name: "rusqlite thread",
        group: Group::OtherRaw,
        program: "raw-rusqlite",
        backends: SQLITE,
        ..sqlx("", "thread")
    },
];

/// The contestant of this name.
pub(crate) fn named(name: &str) -> Option<&'static Contestant> {
    ALL.iter().find(|contestant| contestant.name == name)
}
