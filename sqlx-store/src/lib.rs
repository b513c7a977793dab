//! SQL event stores for `rehydrate`.
//!
//! [`SqliteStore`] keeps a log in one file, inside the application's own process:
//!
//! ```
//! use rehydrate::{Batch, EventStore, Expected, NewEvent, RecordedTime, SchemaVersion, StreamId};
//! use rehydrate_sqlx::SqliteStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = SqliteStore::in_memory().await?;
//! let payment = StreamId::new("payment", 42)?;
//! let captured = NewEvent::new("captured", SchemaVersion::FIRST, r#"{"cents":1000}"#);
//! let batch = Batch::new(vec![captured], RecordedTime::Clock(chrono::Utc::now()));
//! let appended = store.append(&payment, Expected::NoStream, &batch).await?;
//! assert_eq!(appended.version, 1);
//! # Ok(())
//! # }
//! ```
//!
//! [`connect()`] picks a store by the scheme of its URL.

mod connect;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod dialect;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use connect::{connect, migrate};
#[cfg(feature = "mysql")]
pub use mysql::{MySqlOptions, MySqlStore, MySqlTransaction};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresStore, PostgresTransaction};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStats, SqliteStore, SqliteTransaction, Synchronous};
