//! What a database does for consumers: the statements that are kept in files, and those that are
//! made of a table.

use async_trait::async_trait;
use rehydrate_port::StoreError;

use super::tables::TableDialect;

/// A statement of the bookkeeping, in the file of that name.
///
/// Those that read answer with a number and a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    CountFedFurther,
    CountLog,
    CreateCheckpoint,
    ForgetAhead,
    LockCheckpoint,
    /// As `LockCheckpoint`, but passes over one that somebody else has locked.
    LockFreeCheckpoint,
    PutAhead,
    PutDelivery,
    PutFeed,
    PutLastFed,
    PutRelay,
    PutWaiting,
    ReadAhead,
    ReadCheckpoint,
    ReadCheckpoints,
    ReadDeliveries,
    ReadFeeds,
    ReadLastFed,
    ReadOpenDeliveries,
    ReadRelays,
    ReadWaiting,
    ReleaseLease,
    RemoveAhead,
    RemoveAllWaiting,
    RemoveCheckpoints,
    RemoveDeliveries,
    RemoveDelivery,
    RemoveFeed,
    RemoveLastFed,
    RemoveRelay,
    RemoveWaiting,
    SaveCheckpoint,
    SwapRoles,
    TakeLease,
}

/// A value to bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bind {
    Integer(Option<i64>),
    /// What is compared byte by byte.
    Name(Option<String>),
    Text(Option<String>),
}

/// A row of an answer.
pub(crate) type Answer = (Option<i64>, Option<String>);

/// A statement over the table of a read model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableSql {
    /// For errors.
    pub(crate) table: String,
    pub(crate) text: String,
    pub(crate) binds: Vec<Bind>,
}

/// A connection, as far as consumers need it.
#[async_trait]
pub(crate) trait Session: Send {
    type Tables: TableDialect;

    /// How this database writes what is made of a table.
    fn tables(&self) -> Self::Tables;

    /// Runs a statement of the bookkeeping that reads.
    async fn read(
        &mut self,
        action: &'static str,
        kept: Kept,
        binds: Vec<Bind>,
    ) -> Result<Vec<Answer>, StoreError>;

    /// Runs a statement of the bookkeeping that writes, and says how many rows it has written.
    async fn write(
        &mut self,
        action: &'static str,
        kept: Kept,
        binds: Vec<Bind>,
    ) -> Result<u64, StoreError>;

    /// Runs a statement over a table that reads.
    async fn read_table(
        &mut self,
        action: &'static str,
        sql: TableSql,
    ) -> Result<Vec<Answer>, StoreError>;

    /// Runs a statement over a table that writes. What the table does not take is a
    /// [`StoreError::BadRow`].
    async fn write_table(&mut self, action: &'static str, sql: TableSql) -> Result<(), StoreError>;

    /// Sees to it that nobody else makes or removes a build before this transaction has ended.
    async fn lock_builds(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Begins what is to be there whole or not at all, where statements may commit by themselves.
    async fn begin_whole(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Ends what [`Session::begin_whole`] has begun.
    async fn end_whole(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Swaps the tables (the live name, that of the retired build, that of the next one) and the
    /// roles, for which are the binds of `SwapRoles`.
    async fn swap(
        &mut self,
        action: &'static str,
        [live, retired, next]: [&str; 3],
        roles: Vec<Bind>,
    ) -> Result<(), StoreError> {
        self.swap_tables(live, retired, next).await?;
        self.write(action, Kept::SwapRoles, roles).await?;
        Ok(())
    }

    /// Gives the table with the live name the name of a retired build, and the live name to the
    /// table of the next one. The views of the live table go with the live name.
    async fn swap_tables(
        &mut self,
        live: &str,
        retired: &str,
        next: &str,
    ) -> Result<(), StoreError>;
}

impl From<i64> for Bind {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<u32> for Bind {
    fn from(number: u32) -> Self {
        i64::from(number).into()
    }
}

impl Bind {
    pub(crate) fn name(name: &str) -> Self {
        Self::Name(Some(name.to_owned()))
    }

    pub(crate) fn text(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}
