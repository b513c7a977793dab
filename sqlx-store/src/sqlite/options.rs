//! How to open a SQLite store.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use rehydrate_port::StoreError;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};

use super::checkpoints::PAGES_FOR_A_COMMIT;
use super::direct::Opening;

/// SQLite counts milliseconds in 32 bits.
const LONGEST_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

/// How to open a [`SqliteStore`](crate::SqliteStore).
///
/// ```
/// use std::time::Duration;
/// use rehydrate_sqlx::{SqliteOptions, Synchronous};
///
/// let options = SqliteOptions::new("payments.db")
///     .busy_timeout(Duration::from_secs(1))
///     .synchronous(Synchronous::Normal)
///     .pragma("cache_size", "-65536");
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    place: Place,
    access: Access,
    busy_timeout: Duration,
    readers: usize,
    synchronous: Synchronous,
    pragmas: Vec<(String, String)>,
}

/// When an append counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// When it is on the disk: it survives the loss of power. The default.
    #[default]
    Full,
    /// When the operating system has it: it survives the end of the process, but the newest
    /// appends are lost, in order and without damage to the older ones, if the machine loses
    /// power. Much faster for appends that come one after the other: a small one that nobody else
    /// is in the way of is written by the calling task itself.
    Normal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    File(PathBuf),
    Temporary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Create,
    Write,
    Read,
}

impl SqliteOptions {
    /// The store in a file, which is created if it is missing; its folder is not.
    ///
    /// `:memory:` is the store of [`SqliteStore::in_memory`](crate::SqliteStore::in_memory).
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        if path == Path::new(":memory:") {
            Self::at(Place::Temporary)
        } else {
            Self::at(Place::File(path.to_owned()))
        }
    }

    pub(super) fn at(place: Place) -> Self {
        Self {
            place,
            access: Access::Create,
            busy_timeout: Duration::from_secs(5),
            readers: 4,
            synchronous: Synchronous::Full,
            pragmas: Vec::new(),
        }
    }

    /// The store that a URL names: `sqlite:path`, `sqlite://path` or `sqlite::memory:`.
    ///
    /// `?mode=` may follow: `rwc` reads, writes and creates, which is the default; `rw` wants the
    /// file to exist; `ro` only reads; `memory` is `sqlite::memory:`. A path may be
    /// percent-encoded, for a `?` in it.
    ///
    /// ```
    /// # use rehydrate_sqlx::SqliteOptions;
    /// let options = SqliteOptions::from_url("sqlite://payments.db?mode=ro")?;
    /// # let _ = options;
    /// # Ok::<(), rehydrate::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::CannotOpen`]: correct the URL; the reason says how.
    pub fn from_url(url: &str) -> Result<Self, StoreError> {
        url.parse()
    }

    /// How long to wait while somebody else writes, before
    /// [`StoreError::Unavailable`]. 5 seconds if not set; at most 24 days.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout.min(LONGEST_TIMEOUT);
        self
    }

    /// How many reads may be under way at once, each on a connection of its own. 4 if not set; at
    /// least 1. A connection is opened when it is first needed, and a stream takes none between two
    /// of its pages.
    #[must_use]
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// When an append counts as written. [`Synchronous::Full`] if not set.
    #[must_use]
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// Reads an existing store and refuses to write, with [`StoreError::ReadOnly`].
    ///
    /// Nothing is migrated: a store with an older schema is [`StoreError::SchemaMismatch`].
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.access = Access::Read;
        self
    }

    /// Sets a [PRAGMA](https://sqlite.org/pragma.html) on every connection.
    ///
    /// Both texts become part of a statement, so they must not come from a stranger. The store sets
    /// `journal_mode` (always WAL), `synchronous` and `recursive_triggers` itself, whatever is set
    /// here. It takes the WAL into the file on a thread of its own; with a `wal_autocheckpoint`
    /// that is set here, commits do it, as SQLite does without this store.
    #[must_use]
    pub fn pragma(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.pragmas.push((name.into(), value.into()));
        self
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn access(&self) -> Access {
        self.access
    }

    pub(super) fn patience(&self) -> Duration {
        self.busy_timeout
    }

    pub(super) fn max_readers(&self) -> usize {
        self.readers
    }

    /// The connection that writes to the file.
    pub(super) fn writer(&self, file: &Path) -> SqliteConnectOptions {
        let synchronous = match self.synchronous_text() {
            "OFF" => SqliteSynchronous::Off,
            "NORMAL" => SqliteSynchronous::Normal,
            _ => SqliteSynchronous::Full,
        };
        self.connection(file)
            .create_if_missing(self.access == Access::Create)
            .synchronous(synchronous)
            // Without it, INSERT OR REPLACE deletes events past the trigger that refuses it.
            .pragma("recursive_triggers", "ON")
            .pragma("wal_autocheckpoint", self.pages_for_a_commit())
    }

    /// The same for appends, to a file that is there.
    pub(super) fn direct_writer(&self, file: &Path) -> Opening {
        let ours = [
            ("foreign_keys", "ON"),
            ("synchronous", self.synchronous_text()),
            ("recursive_triggers", "ON"),
            ("wal_autocheckpoint", &self.pages_for_a_commit()),
        ];
        self.opening(file, false, &ours)
    }

    /// The length of the WAL at which a commit makes a checkpoint.
    fn pages_for_a_commit(&self) -> String {
        let given = self.callers_autocheckpoint().map(str::to_owned);
        given.unwrap_or_else(|| PAGES_FOR_A_COMMIT.to_owned())
    }

    /// Whether checkpoints are made beside the commits: a caller who says when commits make them
    /// wants them there.
    pub(super) fn has_checkpoints(&self) -> bool {
        self.callers_autocheckpoint().is_none()
    }

    fn callers_autocheckpoint(&self) -> Option<&str> {
        let mut given = self.callers_pragmas();
        let given = given.find(|(name, _)| name.eq_ignore_ascii_case("wal_autocheckpoint"));
        given.map(|(_, value)| value.as_str())
    }

    /// A connection that reads the file.
    pub(super) fn reader(&self, file: &Path) -> SqliteConnectOptions {
        self.connection(file)
            .read_only(self.access == Access::Read)
            .pragma("query_only", "ON")
    }

    /// The same for pages of events.
    pub(super) fn direct_reader(&self, file: &Path) -> Opening {
        self.opening(file, self.access == Access::Read, &[("query_only", "ON")])
    }

    /// Whether a commit waits until the disk has it.
    pub(super) fn waits_for_the_disk(&self) -> bool {
        self.synchronous_text() == "FULL"
    }

    fn synchronous_text(&self) -> &'static str {
        match (&self.place, self.synchronous) {
            (Place::Temporary, _) => "OFF",
            (Place::File(_), Synchronous::Full) => "FULL",
            (Place::File(_), Synchronous::Normal) => "NORMAL",
        }
    }

    fn connection(&self, file: &Path) -> SqliteConnectOptions {
        let options = SqliteConnectOptions::new()
            .filename(literal(file))
            .busy_timeout(self.busy_timeout)
            .disable_statement_logging();
        let pragmas = self.callers_pragmas();
        pragmas.fold(options, |options, (name, value)| {
            options.pragma(name.clone(), value.clone())
        })
    }

    fn opening(&self, file: &Path, is_read_only: bool, ours: &[(&str, &str)]) -> Opening {
        let ours = ours
            .iter()
            .map(|&(name, value)| (name.into(), value.into()));
        Opening {
            file: literal(file),
            is_read_only,
            pragmas: self.callers_pragmas().cloned().chain(ours).collect(),
            patience: self.busy_timeout,
        }
    }

    fn callers_pragmas(&self) -> impl Iterator<Item = &(String, String)> {
        let pragmas = self.pragmas.iter();
        pragmas.filter(|(name, _)| !name.eq_ignore_ascii_case("journal_mode"))
    }
}

/// SQLite takes a name that begins with `file:` for a URI.
fn literal(file: &Path) -> PathBuf {
    if file.as_os_str().as_encoded_bytes().starts_with(b"file:") {
        Path::new(".").join(file)
    } else {
        file.to_owned()
    }
}

impl FromStr for SqliteOptions {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        let refuse = |reason: String| StoreError::CannotOpen {
            store: "the SQLite store".to_owned(),
            reason,
            source: None,
        };
        let Some(rest) = url.strip_prefix("sqlite:") else {
            return Err(refuse("its URL does not begin with `sqlite:`".to_owned()));
        };
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let mut access = Access::Create;
        let mut memory = path == ":memory:";
        for parameter in parameters.split('&').filter(|text| !text.is_empty()) {
            match parameter {
                "mode=rwc" => access = Access::Create,
                "mode=rw" => access = Access::Write,
                "mode=ro" => access = Access::Read,
                "mode=memory" => memory = true,
                _ => {
                    return Err(refuse(format!(
                        "`{parameter}` is not one of mode=rwc, mode=rw, mode=ro and mode=memory"
                    )));
                }
            }
        }
        if memory && access == Access::Read {
            return Err(refuse("a store in memory cannot be read-only".to_owned()));
        }
        let mut options = if memory {
            Self::at(Place::Temporary)
        } else if path.is_empty() {
            return Err(refuse("its URL names no file".to_owned()));
        } else {
            Self::at(Place::File(decoded(path).map_err(refuse)?))
        };
        options.access = access;
        Ok(options)
    }
}

fn decoded(path: &str) -> Result<PathBuf, String> {
    let options: SqliteConnectOptions = format!("sqlite:{path}")
        .parse()
        .map_err(|_| "the path in its URL is not UTF-8".to_owned())?;
    Ok(options.get_filename().to_owned())
}
