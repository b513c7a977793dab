//! A store by its URL.

use std::sync::Arc;

use rehydrate::{EventStore, StoreError};

/// Opens the store that a URL names, such as `sqlite://payments.db`.
///
/// So that one program runs on whichever database its configuration says. The forms of a `sqlite:`
/// URL are those of [`SqliteOptions::from_url`](crate::SqliteOptions::from_url).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), rehydrate::StoreError> {
/// let store = rehydrate_sqlx::connect("sqlite::memory:").await?;
/// assert_eq!(store.watermark().await?, 0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`StoreError::CannotOpen`]: correct the URL, or build this crate with the database's feature.
/// Otherwise as for [`SqliteStore::connect`](crate::SqliteStore::connect).
pub async fn connect(url: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    match url.split_once(':') {
        #[cfg(feature = "sqlite")]
        Some(("sqlite", _)) => {
            let options = crate::SqliteOptions::from_url(url)?;
            Ok(Arc::new(crate::SqliteStore::connect(options).await?))
        }
        Some((scheme, _)) => Err(refused(scheme)),
        // The text may be anything, even a password.
        None => Err(StoreError::CannotOpen {
            store: "the event store".to_owned(),
            reason: format!("its address is not a URL; {SUPPORTED}"),
            source: None,
        }),
    }
}

const SUPPORTED: &str = if cfg!(feature = "sqlite") {
    "the supported schemes are: sqlite"
} else {
    "this build supports no scheme: enable the feature `sqlite` of rehydrate-sqlx"
};

/// Names the scheme only, because the rest of a URL may hold a password.
fn refused(scheme: &str) -> StoreError {
    let known = match scheme {
        "sqlite" => Some("SQLite"),
        "postgres" | "postgresql" => Some("PostgreSQL"),
        "mysql" | "mariadb" => Some("MySQL"),
        _ => None,
    };
    let plain = scheme
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    StoreError::CannotOpen {
        store: if plain {
            format!("{scheme}:…")
        } else {
            "the event store".to_owned()
        },
        reason: match known {
            Some(database) => format!("the {database} store is not built in; {SUPPORTED}"),
            None => format!("its scheme is unknown; {SUPPORTED}"),
        },
        source: None,
    }
}
