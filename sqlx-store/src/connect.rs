//! A store by its URL.

use std::sync::Arc;

use rehydrate_port::{EventStore, StoreError};

/// Opens the store that a URL names, such as `sqlite://payments.db`.
///
/// So that one program runs on whichever database its configuration says. The forms of a URL are
/// those of `SqliteOptions::from_url`, `PostgresOptions::from_url` and `MySqlOptions::from_url`. The
/// tables in a SQLite file are made by the way; on a server, [`migrate`] makes them.
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
/// [`StoreError::SchemaMismatch`]: call [`migrate`]. [`StoreError::Unavailable`]: try again.
pub async fn connect(url: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    match scheme(url)? {
        #[cfg(feature = "sqlite")]
        "sqlite" => {
            let options = crate::SqliteOptions::from_url(url)?;
            Ok(Arc::new(crate::SqliteStore::connect(options).await?))
        }
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => {
            let options = crate::PostgresOptions::from_url(url)?;
            Ok(Arc::new(crate::PostgresStore::connect(options).await?))
        }
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => {
            let options = crate::MySqlOptions::from_url(url)?;
            Ok(Arc::new(crate::MySqlStore::connect(options).await?))
        }
        scheme => Err(refused(scheme)),
    }
}

/// Creates the tables of the store that a URL names, or brings them up to date; changes nothing if
/// they are.
///
/// For a program's installation, and for its start where its role may create tables.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), rehydrate::StoreError> {
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let url = format!("sqlite://{}", folder.path().join("payments.db").display());
/// rehydrate_sqlx::migrate(&url).await?;
/// let store = rehydrate_sqlx::connect(&url).await?;
/// # let _ = store;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As for [`connect`], but a store without tables gets them.
pub async fn migrate(url: &str) -> Result<(), StoreError> {
    match scheme(url)? {
        #[cfg(feature = "sqlite")]
        "sqlite" => {
            let options = crate::SqliteOptions::from_url(url)?;
            crate::SqliteStore::connect(options).await.map(drop)
        }
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => {
            let options = crate::PostgresOptions::from_url(url)?;
            crate::PostgresStore::migrate(&options).await
        }
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => {
            let options = crate::MySqlOptions::from_url(url)?;
            crate::MySqlStore::migrate(&options).await
        }
        scheme => Err(refused(scheme)),
    }
}

/// The schemes that are built in.
const SUPPORTED: &[&str] = &[
    #[cfg(feature = "sqlite")]
    "sqlite",
    #[cfg(feature = "postgres")]
    "postgres",
    #[cfg(feature = "mysql")]
    "mysql",
];

fn supported() -> String {
    if SUPPORTED.is_empty() {
        "this build supports no scheme: enable a feature of rehydrate-sqlx, such as `sqlite`"
            .to_owned()
    } else {
        format!("the supported schemes are: {}", SUPPORTED.join(", "))
    }
}

fn scheme(url: &str) -> Result<&str, StoreError> {
    match url.split_once(':') {
        Some((scheme, _)) => Ok(scheme),
        // The text may be anything, even a password.
        None => Err(StoreError::CannotOpen {
            store: "the event store".to_owned(),
            reason: format!("its address is not a URL; {}", supported()),
            source: None,
        }),
    }
}

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
            Some(database) => format!("the {database} store is not built in; {}", supported()),
            None => format!("its scheme is unknown; {}", supported()),
        },
        source: None,
    }
}
