//! How to reach a PostgreSQL store.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rehydrate_port::StoreError;
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use crate::dialect::pool::Limits;

/// PostgreSQL cuts longer names.
const LONGEST_NAME: usize = 63;

/// How to reach a [`PostgresStore`](crate::PostgresStore).
///
/// ```
/// use std::time::Duration;
/// use rehydrate_sqlx::PostgresOptions;
///
/// let options = PostgresOptions::from_url("postgres://app:secret@db.example.com/payments")?
///     .schema("ledger")
///     .max_connections(20)
///     .acquire_timeout(Duration::from_secs(2));
/// assert!(!format!("{options:?}").contains("secret"));
/// # Ok::<(), rehydrate::StoreError>(())
/// ```
#[derive(Clone)]
pub struct PostgresOptions {
    connect: PgConnectOptions,
    schema: Option<String>,
    limits: Limits,
    is_pooled_by_transaction: bool,
    wakes_others: bool,
}

impl PostgresOptions {
    /// The store that a URL names: `postgres://user:password@host:port/database`.
    ///
    /// `?schema=` may follow, for [`schema`](Self::schema), and what
    /// [sqlx](https://docs.rs/sqlx/latest/sqlx/postgres/struct.PgConnectOptions.html) understands,
    /// such as `sslmode=verify-full`, for which this crate needs its feature `tls`.
    ///
    /// # Errors
    /// [`StoreError::CannotOpen`]: correct the URL; the reason says how.
    pub fn from_url(url: &str) -> Result<Self, StoreError> {
        url.parse()
    }

    /// The driver's own options.
    #[must_use]
    pub fn new(connect: PgConnectOptions) -> Self {
        Self {
            connect,
            schema: None,
            limits: Limits::default(),
            is_pooled_by_transaction: false,
            wakes_others: true,
        }
    }

    /// The schema of the store's tables: letters, digits and underscores, in this case.
    ///
    /// If not set, the one in the connection's search path that has them.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// How many connections the store opens at most, beside one to wait for news. 10 if not set; at
    /// least 1. Each is opened when it is first needed, and closed when nobody has used it for ten
    /// minutes.
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

    /// Behind a pooler that gives each transaction another connection, such as PgBouncer with
    /// `pool_mode = transaction`. No if not set.
    ///
    /// Statements are not kept then, and each call is a transaction of its own in five round trips
    /// where it otherwise takes one. PgBouncer 1.21 and newer with `max_prepared_statements` keeps
    /// statements itself and does not need this. In neither case does a pooler pass on who waits for
    /// news, so other processes' appends are seen after a while only.
    #[must_use]
    pub fn transaction_pooling(mut self, is_pooled_by_transaction: bool) -> Self {
        self.is_pooled_by_transaction = is_pooled_by_transaction;
        self
    }

    /// Whether other processes that wait for news are woken, with a NOTIFY after an append, at most
    /// 40 a second. Yes if not set.
    #[must_use]
    pub fn wake_others(mut self, wakes_others: bool) -> Self {
        self.wakes_others = wakes_others;
        self
    }

    pub(super) fn is_pooled_by_transaction(&self) -> bool {
        self.is_pooled_by_transaction
    }

    pub(super) fn wakes_others(&self) -> bool {
        self.wakes_others
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits.clone()
    }

    /// The schema that was asked for, as a plain name.
    pub(super) fn checked_schema(&self) -> Result<Option<&str>, StoreError> {
        match self.schema.as_deref() {
            Some(schema) if !is_plain(schema) => Err(self.refused(format!(
                "{schema:?} cannot name its schema: use letters, digits and underscores"
            ))),
            schema => Ok(schema),
        }
    }

    /// The store without a user and without a password.
    pub(super) fn name(&self) -> String {
        let connect = &self.connect;
        let database = connect.get_database().unwrap_or(connect.get_username());
        let place = match connect.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", connect.get_host(), connect.get_port()),
        };
        match &self.schema {
            Some(schema) => format!("postgres://{place}/{database}?schema={schema}"),
            None => format!("postgres://{place}/{database}"),
        }
    }

    pub(super) fn connection(&self) -> PgConnectOptions {
        let connect = self.connect.clone().disable_statement_logging();
        let connect = match connect.get_application_name() {
            Some(_) => connect,
            None => connect.application_name("rehydrate"),
        };
        // A pooler refuses parameters that it does not know, and floats travel in binary.
        let connect = connect.extra_float_digits(None);
        if self.is_pooled_by_transaction {
            connect.statement_cache_capacity(0)
        } else {
            connect
        }
    }

    fn refused(&self, reason: String) -> StoreError {
        StoreError::CannotOpen {
            store: self.name(),
            reason,
            source: None,
        }
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("store", &self.name())
            .field("limits", &self.limits)
            .field("transaction_pooling", &self.is_pooled_by_transaction)
            .field("wake_others", &self.wakes_others)
            .finish_non_exhaustive()
    }
}

impl FromStr for PostgresOptions {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        let refused = |reason: &str| StoreError::CannotOpen {
            store: "the PostgreSQL store".to_owned(),
            reason: reason.to_owned(),
            source: None,
        };
        if !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
            return Err(refused("its URL does not begin with `postgres:`"));
        }
        let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
        let mut schema = None;
        let mut others = Vec::new();
        for parameter in parameters.split('&').filter(|text| !text.is_empty()) {
            match parameter.split_once('=') {
                Some(("schema", name)) => schema = Some(name),
                _ => others.push(parameter),
            }
        }
        let address = format!("{address}?{}", others.join("&"));
        // What the driver says may quote the URL, password and all.
        let connect = address
            .trim_end_matches('?')
            .parse()
            .map_err(|_| refused("its URL, or a parameter in it, cannot be understood"))?;
        let options = Self::new(connect);
        let options = match schema {
            Some(schema) => options.schema(schema),
            None => options,
        };
        options.checked_schema()?;
        Ok(options)
    }
}

fn is_plain(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|other| other.is_ascii_alphanumeric() || other == '_')
}

/// A name as it stands in a statement.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
