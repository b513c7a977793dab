//! Making and removing builds, which no transaction can do here: one at a time does, each step can
//! be done again, and what a crash has left behind is removed by whoever makes the build.

use rehydrate_port::{Checkpoint, ColumnKind, ConsumerStore as _, StoreError, Table};

use super::session::{MySqlSession, Within};
use crate::dialect::consumers;
use crate::dialect::session::Session as _;
use crate::dialect::tables::{self, refused};
use crate::mysql::{MySqlStore, swap};

/// The most bytes of a key, whatever the page size; see
/// <https://dev.mysql.com/doc/refman/8.0/en/innodb-limits.html>.
const LARGEST_KEY: usize = 3_072;

/// Runs statements that commit by themselves while nobody else makes, removes or swaps builds.
macro_rules! building {
    ($store:expr, |$session:ident| $call:expr) => {{
        let mut connection = $store.server().acquire().await?;
        let mut $session = MySqlSession::new(&mut connection, $store, Within::NoSwap);
        // After an error the connection is closed, and what it has locked is free.
        $session.begin_building().await?;
        let built = $call.await?;
        $session.end_building().await?;
        connection.give_back();
        Ok(built)
    }};
}

pub(super) async fn create(store: &MySqlStore, shards: &[Checkpoint]) -> Result<(), StoreError> {
    for table in shards.iter().filter_map(|shard| shard.table.as_ref()) {
        check_key(table)?;
    }
    // So as not to wait for those who have locked what is there already.
    let there = store.checkpoints(None).await?;
    if consumers::is_there(&there, shards) {
        return Ok(());
    }
    let created = create_locked(store, shards).await;
    if swap::is_unfinished(&created) {
        swap::complete(store).await?;
        return create_locked(store, shards).await;
    }
    created
}

async fn create_locked(store: &MySqlStore, shards: &[Checkpoint]) -> Result<(), StoreError> {
    building!(store, |session| async {
        let there = consumers::checkpoints(&mut session, None).await?;
        if !consumers::is_there(&there, shards) {
            remove_leftovers(&mut session, &there, shards).await?;
        }
        consumers::create_build(&mut session, shards).await
    })
}

pub(super) async fn drop(store: &MySqlStore, consumer: &str, build: u32) -> Result<(), StoreError> {
    let dropped = drop_locked(store, consumer, build).await;
    if swap::is_unfinished(&dropped) {
        swap::complete(store).await?;
        return drop_locked(store, consumer, build).await;
    }
    dropped
}

async fn drop_locked(store: &MySqlStore, consumer: &str, build: u32) -> Result<(), StoreError> {
    building!(store, |session| consumers::drop_build(
        &mut session,
        consumer,
        build
    ))
}

/// Removes the table of a new build, which has no checkpoint: that is what a crash leaves behind, as
/// the checkpoints come last and together. Never one that was not made here.
async fn remove_leftovers(
    session: &mut MySqlSession<'_>,
    there: &[Checkpoint],
    shards: &[Checkpoint],
) -> Result<(), StoreError> {
    for shard in shards {
        let Some(physical) = shard.physical_table() else {
            continue;
        };
        let owner = |it: &&Checkpoint| it.physical_table().as_ref() == Some(&physical);
        if let Some(owner) = there.iter().find(owner) {
            let consumer = &owner.id.consumer;
            return Err(refused(format!(
                "the table `{physical}` is that of `{consumer}`"
            )));
        }
        match session.is_own_table(&physical).await? {
            None => {}
            Some(true) => {
                let sql = tables::drop(&session.tables(), &physical)?;
                session.write_table("remove what is left", sql).await?;
            }
            Some(false) => {
                return Err(refused(format!(
                    "there is a table `{physical}` already, which is not that of a read model"
                )));
            }
        }
    }
    Ok(())
}

/// Refuses a key that has more bytes than the server takes.
fn check_key(table: &Table) -> Result<(), StoreError> {
    let bytes = |kind: ColumnKind| match kind {
        ColumnKind::Text => 255 * 4,
        ColumnKind::Uuid => 36,
        ColumnKind::Boolean => 1,
        ColumnKind::Date => 3,
        _ => 8,
    };
    let bytes: usize = table.key().map(|column| bytes(column.kind)).sum();
    if bytes > LARGEST_KEY {
        let table = &table.name;
        return Err(refused(format!(
            "the key of table `{table}` may have {bytes} bytes, and the server takes no more than \
             {LARGEST_KEY}: a column of text counts {}, so at most three of them fit",
            255 * 4
        )));
    }
    Ok(())
}
