//! What stores keep for projections and reactors, over a database's statements.

mod deliveries;
mod diff;
mod feeds;
mod raw;
mod relays;
mod rows;

use std::collections::BTreeSet;
use std::time::Duration;

use rehydrate_port::{
    Checkpoint, CheckpointId, Leased, Locked, LogCount, Role, StoreError, Table, Wait,
    physical_name,
};

use super::rows::clamp;
use super::session::{Bind, Kept, Session, TableSql};
use super::tables;

pub(crate) use self::deliveries::{
    ahead, deliveries, forget_ahead, put_ahead, put_delivery, remove_delivery,
};
pub(crate) use self::diff::diff;
pub(crate) use self::feeds::{
    fed_further, feed, feeds, last_fed, put_feed, put_last_fed, put_waiting, remove_waiting,
    waiting,
};
pub(crate) use self::relays::{put_relay, relay, relays};
pub(crate) use self::rows::{read_rows, select_rows, total_rows, write_rows};

/// The methods of a `ConsumerTransaction`.
///
/// A transaction has a `session`, which refuses where nothing more may be done and breaks it for a
/// caller who drops the call before its end, and `settled`, which mends it if the call has come to
/// a good end. For each method this expands to:
///
/// ```ignore
/// async fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
///     let mut session = self.session()?;
///     let outcome = consumers::save(&mut session, checkpoint).await;
///     self.settled(outcome)
/// }
/// ```
macro_rules! consumer_transaction {
    ($transaction:ty {
        $(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*
    }) => {
        #[async_trait::async_trait]
        impl rehydrate_port::ConsumerTransaction for $transaction {
            $(async fn $name(&mut self, $($argument: $type),*) -> Result<$answer, StoreError> {
                let mut session = self.session()?;
                let outcome = $crate::dialect::consumers::$name(&mut session, $($argument),*).await;
                self.settled(outcome)
            })*
        }
    };
    ($transaction:ty) => {
        $crate::dialect::consumers::consumer_transaction!($transaction {
            fn lock(id: &rehydrate_port::CheckpointId, wait: rehydrate_port::Wait) -> rehydrate_port::Locked;
            fn save(checkpoint: &rehydrate_port::Checkpoint) -> ();
            fn deliveries(query: &rehydrate_port::DeliveryQuery) -> Vec<rehydrate_port::Delivery>;
            fn put_delivery(delivery: &rehydrate_port::Delivery) -> ();
            fn remove_delivery(consumer: &str, build: u32, position: rehydrate_port::Position) -> ();
            fn ahead(id: &rehydrate_port::CheckpointId) -> Vec<rehydrate_port::Ahead>;
            fn put_ahead(id: &rehydrate_port::CheckpointId, ahead: &rehydrate_port::Ahead) -> ();
            fn forget_ahead(id: &rehydrate_port::CheckpointId, up_to: rehydrate_port::Position) -> ();
            fn feed(consumer: &str, build: u32) -> Option<rehydrate_port::FeedPlace>;
            fn put_feed(place: &rehydrate_port::FeedPlace) -> ();
            fn relay(consumer: &str, build: u32) -> Option<rehydrate_port::RelayRecord>;
            fn put_relay(record: &rehydrate_port::RelayRecord) -> ();
            fn last_fed(consumer: &str, build: u32, streams: &[rehydrate_port::StreamId])
                -> Vec<rehydrate_port::LastFed>;
            fn put_last_fed(consumer: &str, build: u32, last: &[rehydrate_port::LastFed]) -> ();
            fn fed_further(consumer: &str, build: u32, than: u32) -> u64;
            fn waiting(
                consumer: &str,
                build: u32,
                stream: &rehydrate_port::StreamId,
                after: rehydrate_port::Position,
                limit: usize
            ) -> Vec<rehydrate_port::WaitingEvent>;
            fn put_waiting(consumer: &str, build: u32, event: &rehydrate_port::WaitingEvent) -> ();
            fn remove_waiting(consumer: &str, build: u32, position: rehydrate_port::Position) -> ();
            fn read_rows(table: &rehydrate_port::Table, physical: &str, keys: &[String]) -> Vec<String>;
            fn write_rows(
                table: &rehydrate_port::Table,
                physical: &str,
                rows: &[String],
                removed: &[String]
            ) -> ();
            fn swap(consumer: &str, table: &rehydrate_port::Table, live: u32, next: u32) -> ();
        });
    };
}
pub(crate) use consumer_transaction;

pub(crate) async fn checkpoints(
    session: &mut impl Session,
    consumer: Option<&str>,
) -> Result<Vec<Checkpoint>, StoreError> {
    let consumer = Bind::Name(consumer.map(ToOwned::to_owned));
    let answers = session
        .read("read checkpoints", Kept::ReadCheckpoints, vec![consumer])
        .await?;
    answers.iter().map(raw::checkpoint).collect()
}

/// Makes a build, in a transaction that somebody else ends.
pub(crate) async fn create_build(
    session: &mut impl Session,
    shards: &[Checkpoint],
) -> Result<(), StoreError> {
    session.lock_builds().await?;
    let there = checkpoints(session, None).await?;
    if is_there(&there, shards) {
        return Ok(());
    }
    let mut made = BTreeSet::new();
    for shard in shards {
        if let (Some(table), Some(physical)) = (&shard.table, shard.physical_table())
            && made.insert(physical.clone())
        {
            for sql in tables::create(&session.tables(), table, shard.id.build, &physical)? {
                session
                    .write_table("create the table of a read model", sql)
                    .await?;
            }
        }
    }
    session.begin_whole().await?;
    for shard in shards {
        let binds = raw::new_checkpoint(shard)?;
        session
            .write("create a checkpoint", Kept::CreateCheckpoint, binds)
            .await?;
    }
    session.end_whole().await
}

/// Whether the build of these shards has a checkpoint, of any of its shards.
pub(crate) fn is_there(there: &[Checkpoint], shards: &[Checkpoint]) -> bool {
    let build = |it: &Checkpoint| (it.id.consumer.clone(), it.id.build);
    let builds: BTreeSet<_> = there.iter().map(build).collect();
    shards.iter().any(|shard| builds.contains(&build(shard)))
}

/// Removes a build, in a transaction that somebody else ends.
pub(crate) async fn drop_build(
    session: &mut impl Session,
    consumer: &str,
    number: u32,
) -> Result<(), StoreError> {
    const ACTION: &str = "remove a build";
    session.lock_builds().await?;
    for shard in build(session, consumer, number).await? {
        // Whoever takes events or swaps builds has come to an end then.
        let Locked::Taken(shard) = lock(session, &shard.id, Wait::ForOthers).await? else {
            continue;
        };
        if shard.role == Role::Live {
            return Err(refused(
                ACTION,
                format!("build {number} of `{consumer}` is live"),
            ));
        }
        if let Some(physical) = shard.physical_table() {
            let sql = tables::drop(&session.tables(), &physical)?;
            session.write_table(ACTION, sql).await?;
        }
    }
    for kept in [
        Kept::RemoveAhead,
        Kept::RemoveFeed,
        Kept::RemoveLastFed,
        Kept::RemoveRelay,
        Kept::RemoveAllWaiting,
        Kept::RemoveDeliveries,
        Kept::RemoveCheckpoints,
    ] {
        let binds = vec![Bind::name(consumer), number.into()];
        session.write(ACTION, kept, binds).await?;
    }
    Ok(())
}

pub(crate) async fn count_log(
    session: &mut impl Session,
    count: &LogCount,
) -> Result<u64, StoreError> {
    let categories = if count.categories.is_empty() {
        String::new()
    } else {
        format!("/{}/", count.categories.join("/"))
    };
    let binds = vec![
        clamp(count.after.get()).into(),
        clamp(count.until.get()).into(),
        Bind::name(&categories),
        Bind::name(&categories),
    ];
    let answers = session
        .read("count the events of the log", Kept::CountLog, binds)
        .await?;
    let number = answers.first().and_then(|answer| answer.0).unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or(0))
}

pub(crate) async fn lease(
    session: &mut impl Session,
    id: &CheckpointId,
    owner: &str,
    duration: Duration,
) -> Result<Leased, StoreError> {
    const ACTION: &str = "take a lease";
    // A century is as good as for ever, and within what every database can add to a time.
    let duration = clamp(duration.as_micros()).min(100 * 365 * 24 * 3_600 * 1_000_000);
    let binds = vec![
        Bind::name(owner),
        duration.into(),
        Bind::name(&id.consumer),
        id.build.into(),
        id.shard.into(),
        Bind::name(owner),
    ];
    let given = session.write(ACTION, Kept::TakeLease, binds).await? > 0;
    Ok(match checkpoint(session, Kept::ReadCheckpoint, id).await? {
        None => Leased::Missing,
        Some(checkpoint) if given => Leased::Given(Box::new(checkpoint)),
        Some(checkpoint) => {
            // Given up in between, so it is free from when it was last written.
            let held = checkpoint.lease;
            let (owner, until) = held.unwrap_or((String::new(), checkpoint.changed_at));
            Leased::Held { owner, until }
        }
    })
}

pub(crate) async fn release(
    session: &mut impl Session,
    id: &CheckpointId,
    owner: &str,
) -> Result<(), StoreError> {
    let mut binds = named(id);
    binds.push(Bind::name(owner));
    session
        .write("give up a lease", Kept::ReleaseLease, binds)
        .await?;
    Ok(())
}

pub(crate) async fn lock(
    session: &mut impl Session,
    id: &CheckpointId,
    wait: Wait,
) -> Result<Locked, StoreError> {
    let kept = match wait {
        Wait::ForOthers => Kept::LockCheckpoint,
        Wait::ForNobody => Kept::LockFreeCheckpoint,
    };
    if let Some(checkpoint) = checkpoint(session, kept, id).await? {
        return Ok(Locked::Taken(Box::new(checkpoint)));
    }
    Ok(match wait {
        Wait::ForOthers => Locked::Missing,
        Wait::ForNobody => match checkpoint(session, Kept::ReadCheckpoint, id).await? {
            Some(_) => Locked::Busy,
            None => Locked::Missing,
        },
    })
}

pub(crate) async fn save(
    session: &mut impl Session,
    checkpoint: &Checkpoint,
) -> Result<(), StoreError> {
    const ACTION: &str = "write a checkpoint";
    let binds = raw::saved_checkpoint(checkpoint);
    let written = session.write(ACTION, Kept::SaveCheckpoint, binds).await?;
    if written == 0 {
        return Err(refused(ACTION, "there is no such checkpoint".to_owned()));
    }
    Ok(())
}

pub(crate) async fn swap(
    session: &mut impl Session,
    consumer: &str,
    table: &Table,
    live: u32,
    next: u32,
) -> Result<(), StoreError> {
    const ACTION: &str = "make a build the live one";
    for number in [live, next] {
        if build(session, consumer, number).await?.is_empty() {
            return Err(refused(
                ACTION,
                format!("`{consumer}` has no build {number}"),
            ));
        }
    }
    let retired = physical_name(&table.name, live, Role::Retired);
    let building = physical_name(&table.name, next, Role::Building);
    for name in [&*table.name, &retired, &building] {
        tables::check_name(name)?;
    }
    let roles = vec![live.into(), Bind::name(consumer), live.into(), next.into()];
    let names = [&*table.name, &*retired, &*building];
    session.swap(ACTION, names, roles).await
}

/// The checkpoints of a build's shards.
async fn build(
    session: &mut impl Session,
    consumer: &str,
    build: u32,
) -> Result<Vec<Checkpoint>, StoreError> {
    let mut shards = checkpoints(session, Some(consumer)).await?;
    shards.retain(|shard| shard.id.build == build);
    Ok(shards)
}

async fn checkpoint(
    session: &mut impl Session,
    kept: Kept,
    id: &CheckpointId,
) -> Result<Option<Checkpoint>, StoreError> {
    let answers = session.read("read a checkpoint", kept, named(id)).await?;
    answers.first().map(raw::checkpoint).transpose()
}

fn named(id: &CheckpointId) -> Vec<Bind> {
    vec![Bind::name(&id.consumer), id.build.into(), id.shard.into()]
}

fn refused(action: &'static str, reason: String) -> StoreError {
    StoreError::Backend {
        action,
        source: reason.into(),
    }
}

/// The documents of an answer.
async fn documents(
    session: &mut impl Session,
    action: &'static str,
    sql: TableSql,
) -> Result<Vec<String>, StoreError> {
    let answers = session.read_table(action, sql).await?;
    Ok(answers.into_iter().filter_map(|answer| answer.1).collect())
}
