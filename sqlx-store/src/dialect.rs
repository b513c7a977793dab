//! What the databases do alike, over what each of them does in its own way.

pub(crate) mod census;
pub(crate) mod consumers;
pub(crate) mod migrations;
pub(crate) mod pace;
pub(crate) mod pages;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) mod pool;
pub(crate) mod rows;
pub(crate) mod session;
pub(crate) mod tables;
pub(crate) mod usage;

use rehydrate_port::StoreError;

use self::census::RawCensus;
use self::rows::RawEvent;

/// A database, as far as what is shared needs to know it.
///
/// Private, so sealed: a store of another database implements [`EventStore`](rehydrate_port::EventStore).
pub(crate) trait Dialect: sqlx::Database {
    /// The event in a row whose first columns are those of `read_stream.sql`.
    ///
    /// The text is borrowed from the row.
    fn event(row: &Self::Row) -> Result<RawEvent<'_>, sqlx::Error>;

    /// What is in a row of `census.sql`.
    fn census(row: &Self::Row) -> Result<RawCensus<'_>, sqlx::Error>;

    /// The error of a call on `store` that was about to `action`, by its code and never by its
    /// text.
    fn explain(store: &str, action: &'static str, error: sqlx::Error) -> StoreError;
}
