//! The store on a MySQL or MariaDB server.

mod append;
mod cells;
mod consumers;
mod diagnose;
mod dialect;
mod error;
mod import;
mod log;
mod migrate;
mod options;
mod read;
mod server;
mod statements;
mod swap;
mod tables;
mod transaction;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rehydrate_port::{
    Appended, Batch, CensusEntry, ConsumerStore, Diagnosis, EventStore, Expected, Identity,
    LogPage, LogQuery, Page, Position, Snapshot, StoreError, StreamId, StreamQuery, StreamRead,
    Transaction,
};
use tokio::sync::Notify;
use tokio::time::Instant;

use self::append::Append;
use self::error::explain_write;
use self::server::{Server, is_lost};
use crate::dialect::pace::Pace;
use crate::dialect::rows;
use crate::dialect::usage::Usage;

pub use self::options::MySqlOptions;
pub use self::transaction::MySqlTransaction;

/// How often to look for what another process has appended.
const POLL: Duration = Duration::from_millis(500);

/// A log on a MySQL or MariaDB server. Cheap to clone; the clones are one store.
///
/// For MariaDB 10.6 and newer; tested with 10.11. It is written for MySQL 8.0 and newer, too, with
/// nothing that only MariaDB has, but its tests have not run there. It promises what [`EventStore`]
/// says. The application may keep tables of its own in the database; the store's begin with
/// `rehydrate_`.
///
/// ```no_run
/// # use rehydrate_sqlx::{MySqlOptions, MySqlStore};
/// # async fn example() -> Result<(), rehydrate::StoreError> {
/// let options = MySqlOptions::from_url("mysql://app:secret@db.example/payments")?;
/// MySqlStore::migrate(&options).await?;
/// let store = MySqlStore::connect(options).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Round trips
/// An append takes two: one hands it to the session, in constant text with binds, and one runs a
/// script of constant text on it, from its beginning to its commit. A repetition takes a third. A
/// load takes one, with the command, the snapshot and all events; so do a page of the log and the
/// watermark. A transaction takes three, and two more for each append. The first use of a statement
/// on a connection takes one more, and a new connection four.
///
/// # The order and what it costs
/// Positions come from a row that an append locks until it has committed. So the order of positions
/// is the order of commits, what is committed in that row is the watermark, and no reader ever
/// misses an event. Appends commit one after the other, whatever streams they go to. The row is
/// locked after the append has been compared with its stream and its key, which refuses what is
/// stale without waiting, and only while the server works: never while it waits for a client, so
/// that a client that is slow or dies holds nobody up. A [`MySqlTransaction`] does hold it from its
/// first append on.
///
/// On two busy cores shared with the server, appends of one event a second in two runs, and in a
/// third one with each request a few milliseconds on its way:
///
/// | | 1 writer | 8 writers | far away: 1 | 8 |
/// |---|---|---|---|---|
/// | this store | 1057, 1092 | 1582, 1495 | 123 | 782 |
/// | the same script with `AUTO_INCREMENT` and without the row, which loses events | 1102, 1235 | 1541, 2105 | | |
/// | the row, with a round trip for each statement | 1347, 1507 | 2121, 1843 | 61 | 100 |
///
/// So the row costs a tenth of the speed where nobody else writes and up to a third where eight do.
/// A script is parsed each time, which is why statements that were prepared and are sent one by one
/// win where a round trip takes no time; over a network they keep the row locked during three of
/// them. Measure your own with `cargo test --release -p rehydrate-sqlx --features mysql --test mysql
/// cost -- --ignored --nocapture --test-threads 1`.
///
/// # Cut short
/// An append whose future is dropped, or whose client dies, is there as a whole or not at all, and
/// keeps nothing locked: the server has all of it and ends it by itself. Use an idempotency key to
/// find out, as after [`StoreError::OutcomeUnknown`].
///
/// A server that flushes its log after it has made a commit visible, as InnoDB without a binary log
/// does, may show an event to a reader a moment before it survives the loss of power. What an append
/// has acknowledged survives it with `innodb_flush_log_at_trx_commit = 1`, the server's default.
///
/// # Waiting
/// An append in this process ends its waits at once; one in another process is seen within half a
/// second.
///
/// # Read models
/// What creates, drops or renames a table commits here, so none of that is a part of a transaction:
/// [`ConsumerTransaction::swap`](rehydrate_port::ConsumerTransaction::swap) commits what the transaction
/// has done, even if the swap itself is refused then, and releases what it has locked. A swap that is
/// cut short is completed by whoever opens the store, or reads or locks one of the checkpoints; until
/// then nobody takes events for either build, and readers of the live table find the old one or the
/// new one, with a position that is true of both. It waits two seconds for those who use the table,
/// who make others wait for as long, and is [`StoreError::Unavailable`] after that.
///
/// Texts are compared byte by byte, in `utf8mb4_nopad_bin` or `utf8mb4_0900_bin`. A key has at most
/// 3072 bytes, of which each column of text counts 1020. A row is not larger than
/// `max_allowed_packet`. Times and days have years up to 9999.
///
/// # Accounts
/// The account that migrates owns the tables. Others need what this gives them:
///
/// ```sql
#[doc = include_str!("../migrations/mysql/roles.sql")]
/// ```
///
/// To see the statement of whoever holds the watermark up, [`diagnose`](EventStore::diagnose) needs
/// the right `PROCESS`, too. Whoever keeps a read model needs `SELECT`, `INSERT`, `UPDATE`, `DELETE`,
/// `CREATE`, `ALTER`, `DROP` and `INDEX` on its table and on those of its builds, which are called
/// `<table>__build_<number>`; its readers need `SELECT` on the table of the live name. Nobody but the owner should be able to `DROP` or `TRUNCATE` the tables,
/// which no trigger prevents.
#[derive(Clone)]
pub struct MySqlStore(Arc<Inner>);

struct Inner {
    identity: Identity,
    server: Server,
    usage: Usage,
    pace: Pace,
    news: Notify,
}

/// Asks on a connection, and once more on a new one if that had been cut while nobody used it.
macro_rules! ask {
    ($store:expr, $connection:ident => $question:expr) => {{
        let mut $connection = $store.server().acquire().await?;
        let mut answer = $question.await;
        if $connection.is_reused() && is_lost(&answer) {
            drop($connection);
            $connection = $store.server().acquire_new().await?;
            answer = $question.await;
        }
        if !is_lost(&answer) {
            $connection.give_back();
        }
        answer
    }};
}
use ask;

impl MySqlStore {
    /// Opens the store, and sees that its tables are those of this program. It creates nothing.
    ///
    /// # Errors
    /// [`StoreError::SchemaMismatch`]: run [`MySqlStore::migrate`], or the newer program.
    /// [`StoreError::CannotOpen`]: the database is missing, or this account may not use it; the
    /// reason says what to do. [`StoreError::Unavailable`]: try again.
    pub async fn connect(options: MySqlOptions) -> Result<Self, StoreError> {
        options.check()?;
        let server = Server::new(&options);
        let mut connection = server.acquire().await?;
        migrate::check(&mut connection, server.name()).await?;
        let unfinished = server.learn_facts(&mut connection).await?;
        connection.give_back();
        let store = Self(Arc::new(Inner {
            identity: Identity::unique(),
            server,
            usage: Usage::default(),
            pace: Pace::default(),
            news: Notify::new(),
        }));
        if unfinished > 0
            && let Err(error) = swap::complete(&store).await
        {
            tracing::warn!(%error, "a swap that was cut short is not complete yet");
        }
        Ok(store)
    }

    /// Creates the tables, or brings them up to date. Changes nothing if they are.
    ///
    /// Any number of programs may do so at once. The account needs the rights of an owner of the
    /// database: to create tables and triggers.
    ///
    /// # Errors
    /// [`StoreError::SchemaMismatch`]: the tables are a newer program's. Otherwise as for
    /// [`MySqlStore::connect`].
    pub async fn migrate(options: &MySqlOptions) -> Result<(), StoreError> {
        migrate::migrate(options).await
    }

    /// The SQL that is missing for the tables to be those of this program, for somebody to read and
    /// to run; empty if nothing is. Changes nothing.
    ///
    /// # Errors
    /// As for [`MySqlStore::migrate`].
    pub async fn verify(options: &MySqlOptions) -> Result<String, StoreError> {
        migrate::missing_sql(options).await
    }

    /// Begins a transaction over any number of streams, and the caller's own tables.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: try again.
    pub async fn begin(&self) -> Result<MySqlTransaction, StoreError> {
        MySqlTransaction::begin(self.clone()).await
    }

    fn server(&self) -> &Server {
        &self.0.server
    }

    fn name(&self) -> &str {
        self.server().name()
    }

    /// Wakes those of this process who wait for something new.
    fn announce(&self) {
        self.0.news.notify_waiters();
    }
}

impl fmt::Debug for MySqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MySqlStore").field(&self.name()).finish()
    }
}

#[async_trait]
impl EventStore for MySqlStore {
    fn identity(&self) -> Identity {
        self.0.identity
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        if batch.events.is_empty() {
            let append = Append::new(stream, expected, batch)?;
            return ask!(self, connection => append.compare(&mut connection, self.name()));
        }
        let appended = writer::append(self.server(), stream, expected, batch).await?;
        self.announce();
        Ok(appended)
    }

    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        let connection = self.server().acquire().await?;
        let is_reused = connection.is_reused();
        let mut read = read::read_stream(connection, query, self.name()).await;
        if is_reused && is_lost(&read) {
            let connection = self.server().acquire_new().await?;
            read = read::read_stream(connection, query, self.name()).await;
        }
        let read = read?;
        self.0.usage.count(query, &read);
        Ok(read)
    }

    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        let mut connection = self.server().acquire().await?;
        let mut answer = log::read_log(&mut connection, query, self.name()).await;
        if connection.is_reused() && is_lost(&answer) {
            drop(connection);
            connection = self.server().acquire_new().await?;
            answer = log::read_log(&mut connection, query, self.name()).await;
        }
        let (page, is_whole) = answer?;
        if is_whole {
            connection.give_back();
        }
        self.0.pace.see(page.watermark);
        Ok(page)
    }

    async fn watermark(&self) -> Result<Position, StoreError> {
        ask!(self, connection => log::watermark(&mut connection, self.name()))
    }

    async fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        ask!(self, connection => {
            log::list_streams(&mut connection, category, after, limit, self.name())
        })
    }

    async fn census(&self) -> Result<Vec<CensusEntry>, StoreError> {
        ask!(self, connection => log::census(&mut connection, self.name()))
    }

    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        ask!(self, connection => async {
            sqlx::query(statements::WRITE_SNAPSHOT)
                .bind(stream.category().as_bytes())
                .bind(stream.id().as_bytes())
                .bind(rows::clamp(snapshot.version.get()))
                .bind(rows::clamp(snapshot.position.get()))
                .bind(snapshot.recorded_at.timestamp_micros())
                .bind(snapshot.fingerprint.0.cast_signed())
                .bind(snapshot.state.as_str())
                .execute(&mut *connection)
                .await
                .map(|_| ())
                .map_err(|error| explain_write(self.name(), "write a snapshot", error))
        })
    }

    async fn import(&self, page: &Page) -> Result<(), StoreError> {
        import::import(self, page).await
    }

    async fn wait_past(&self, position: Position, at_most: Duration) -> Result<(), StoreError> {
        // Too far away for a clock is as good as never.
        let deadline = Instant::now() + at_most.min(Duration::from_secs(1 << 30));
        if self.0.pace.gathered(position, at_most).await {
            return Ok(());
        }
        loop {
            // Before the question, so that nothing comes in between unheard.
            let news = self.0.news.notified();
            if self.watermark().await? > position || Instant::now() >= deadline {
                return Ok(());
            }
            // Whether it was woken or not, it asks again.
            let _ = tokio::time::timeout_at(deadline.min(Instant::now() + POLL), news).await;
        }
    }

    async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
        let mut diagnosis = ask!(self, connection => {
            diagnose::diagnose(&mut connection, self.name())
        })?;
        diagnosis.snapshots = self.0.usage.snapshots();
        Ok(diagnosis)
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(self.begin().await?))
    }

    fn consumers(&self) -> Option<&dyn ConsumerStore> {
        Some(self)
    }
}
