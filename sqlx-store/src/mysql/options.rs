//! How to open a store on a MySQL or MariaDB server.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rehydrate_port::StoreError;
use sqlx::ConnectOptions as _;
use sqlx::mysql::MySqlConnectOptions;

use crate::dialect::pool::Limits;

/// What a URL may say; anything else is refused, so that nothing is ignored in silence.
const PARAMETERS: [&str; 9] = [
    "ssl-mode", "sslmode", "ssl-ca", "sslca", "ssl-cert", "sslcert", "ssl-key", "sslkey", "socket",
];

/// How to open a [`MySqlStore`](crate::MySqlStore).
///
/// ```
/// use std::time::Duration;
/// use rehydrate_sqlx::MySqlOptions;
///
/// let options = MySqlOptions::from_url("mysql://app:secret@db.example/payments")?
///     .max_connections(20)
///     .lock_timeout(Duration::from_secs(2));
/// assert!(!format!("{options:?}").contains("secret"));
/// # Ok::<(), rehydrate::StoreError>(())
/// ```
#[derive(Clone)]
pub struct MySqlOptions {
    connection: MySqlConnectOptions,
    limits: Limits,
    lock_timeout: Duration,
}

impl MySqlOptions {
    /// The store that a URL names: `mysql://user:password@host:port/database`, with `mariadb:` for
    /// the same.
    ///
    /// The parameters `ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key` and `socket` may follow. Without
    /// the feature `tls` of this crate connections are not encrypted, and a mode that wants them to
    /// be is refused. A password may be percent-encoded.
    ///
    /// # Errors
    /// [`StoreError::CannotOpen`]: correct the URL; the reason says how.
    pub fn from_url(url: &str) -> Result<Self, StoreError> {
        url.parse()
    }

    /// How many connections there may be at once: appends, reads and transactions under way. 10 if
    /// not set; at least 1. A connection is opened when it is first needed.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.limits.max_connections = connections.max(1);
        self
    }

    /// How long to wait for a connection, before [`StoreError::Unavailable`]. 5 seconds if not set.
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.limits.acquire_timeout = timeout;
        self
    }

    /// How long to wait for another transaction's end, before [`StoreError::Unavailable`]. 5
    /// seconds if not set; whole seconds, at least 1. An append waits so long up to three times.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// The database, instead of the one in the URL.
    #[must_use]
    pub fn database(mut self, name: &str) -> Self {
        self.connection = self.connection.database(name);
        self
    }

    /// What the store is called in errors: everything of the address but the password.
    pub(super) fn name(&self) -> String {
        let connection = &self.connection;
        format!(
            "mysql://{}@{}:{}/{}",
            connection.get_username(),
            connection.get_host(),
            connection.get_port(),
            connection.get_database().unwrap_or_default()
        )
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.connection.get_database() {
            Some(database) if !database.is_empty() => Ok(()),
            _ => Err(StoreError::CannotOpen {
                store: self.name(),
                reason: "its URL names no database: add one, as in mysql://host/payments"
                    .to_owned(),
                source: None,
            }),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits.clone()
    }

    pub(super) fn lock_seconds(&self) -> i64 {
        // What the server takes for its longest.
        let longest = 1_073_741_824;
        i64::try_from(self.lock_timeout.as_secs())
            .map_or(longest, |seconds| seconds.clamp(1, longest))
    }

    pub(super) fn connection(&self) -> MySqlConnectOptions {
        self.connection.clone()
    }
}

impl fmt::Debug for MySqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MySqlOptions")
            .field("store", &self.name())
            .field("limits", &self.limits)
            .field("lock_timeout", &self.lock_timeout)
            .finish_non_exhaustive()
    }
}

impl FromStr for MySqlOptions {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        // Nothing of the URL is repeated, because it may hold a password.
        let refuse = |reason: String| StoreError::CannotOpen {
            store: "the MySQL store".to_owned(),
            reason,
            source: None,
        };
        if !url.starts_with("mysql:") && !url.starts_with("mariadb:") {
            let reason = "its URL begins neither with `mysql:` nor with `mariadb:`";
            return Err(refuse(reason.to_owned()));
        }
        let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
        for parameter in parameters.split('&').filter(|text| !text.is_empty()) {
            let name = parameter
                .split_once('=')
                .map_or(parameter, |(name, _)| name);
            if !PARAMETERS.contains(&name) {
                return Err(refuse(format!(
                    "`{name}` is not one of its URL's parameters ssl-mode, ssl-ca, ssl-cert, \
                     ssl-key and socket"
                )));
            }
        }
        let connection = MySqlConnectOptions::from_str(url)
            .map_err(|error| refuse(format!("its URL is not one: {error}")))?
            .disable_statement_logging();
        Ok(Self {
            connection,
            limits: Limits::default(),
            lock_timeout: Duration::from_secs(5),
        })
    }
}
