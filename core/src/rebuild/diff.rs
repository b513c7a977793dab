//! How the shadow differs from the live table.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rehydrate_port::{
    ChangedRow, Checkpoint, DiffQuery, Page, Position, Role, StoredEvent, Table, TableDiff, Wait,
};
use serde_json::{Map, Value};

use super::run::lowest;
use super::same::same;
use super::{Rebuild, RebuildError, of_role};
use crate::projection::{Held, shard_of};
use crate::runner::{consumers, consumers_of};

/// So often the two are looked at while events go on arriving, before the live one is held.
const LOOKS: u32 = 5;
/// So long a live table that is behind may take to catch up.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the shadow differs from the live table, both after the same events.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Diff {
    /// The live build, and how far it was.
    pub live: BuildPosition,
    /// The shadow, and how far it was. Where it was behind the live build, the events in between
    /// have been folded into its rows before they were compared.
    pub shadow: BuildPosition,
    /// How many rows the shadow has and the live table has not.
    pub added: u64,
    /// How many rows the live table has and the shadow has not.
    pub removed: u64,
    /// How many rows differ.
    pub changed: u64,
    /// The first of all these, by key.
    pub rows: Vec<DiffRow>,
}

impl Diff {
    /// Whether there is no difference.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added == 0 && self.removed == 0 && self.changed == 0
    }

    /// Whether both were compared after the same events. They were not if nobody keeps the live
    /// table up to date: then what it has not seen yet is part of the difference.
    #[must_use]
    pub fn is_level(&self) -> bool {
        self.live.position >= self.shadow.position
    }
}

/// How far a build was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildPosition {
    /// Its number.
    pub build: u32,
    /// The version of the definition that it was made with.
    pub version: u32,
    /// Everything up to here was in it.
    pub position: Position,
}

/// A row that differs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DiffRow {
    /// The columns of its key, as a JSON object.
    pub key: Value,
    /// The live row, as a JSON object, if there is one.
    pub live: Option<Value>,
    /// The row that would take its place, if there is one.
    pub shadow: Option<Value>,
}

impl Rebuild {
    /// Compares the shadow with the live table, and names the first `limit` rows that differ.
    ///
    /// The shadow catches up with the log first. Nobody is held up, unless events arrive so fast
    /// that the two cannot be seen level: then the live projection waits for the comparison, and
    /// nobody else does.
    ///
    /// # Errors
    /// [`RebuildError::NothingBuilt`]: rebuild first. Otherwise as for [`Rebuild::run`].
    pub async fn diff(&self, limit: usize) -> Result<Diff, RebuildError> {
        let built = self.go_on().await?;
        self.wait_for_live(built.position).await?;
        for _ in 0..LOOKS {
            if let Some(diff) = self.look(limit, Hold::Nobody).await? {
                return Ok(diff);
            }
        }
        self.look(limit, Hold::Live)
            .await?
            .ok_or_else(|| self.nothing_built())
    }

    /// Compares both; `None` if the live table has gone on meanwhile.
    async fn look(&self, limit: usize, hold: Hold) -> Result<Option<Diff>, RebuildError> {
        let all = self.checkpoints().await?;
        let live: Vec<Checkpoint> = of_role(&all, Role::Live).into_iter().cloned().collect();
        let mut transaction = self.store.begin().await?;
        let kept = consumers_of(&mut *transaction)?;
        let mut held = Vec::new();
        for shard in &live {
            if hold == Hold::Live {
                kept.lock(&shard.id, Wait::ForOthers).await?;
            }
            held.push(Held::read(kept, &shard.id).await?);
        }
        if hold == Hold::Live {
            let found = self.compare(limit, &held).await;
            transaction.rollback().await?;
            return found;
        }
        transaction.rollback().await?;
        // Several shards, or events that were taken ahead of them, are only level while they stand.
        if live.len() > 1 || held.iter().any(Held::has_ahead) {
            return Ok(None);
        }
        let found = self.compare(limit, &held).await?;
        // Nor are they if one was taken ahead meanwhile.
        let mut transaction = self.store.begin().await?;
        let kept = consumers_of(&mut *transaction)?;
        let mut has_ahead = false;
        for shard in &live {
            has_ahead |= Held::read(kept, &shard.id).await?.has_ahead();
        }
        transaction.rollback().await?;
        Ok(found.filter(|_| !has_ahead))
    }

    async fn compare(&self, limit: usize, held: &[Held]) -> Result<Option<Diff>, RebuildError> {
        let all = self.checkpoints().await?;
        let Some(next) = self.building(&all)? else {
            return Err(self.nothing_built());
        };
        let live: Vec<Checkpoint> = of_role(&all, Role::Live).into_iter().cloned().collect();
        // What the live table may have taken and the shadow has not.
        let recent = self.events_after(lowest(&next)).await?;
        let folder = self.projection.folder();
        let events: Vec<StoredEvent<'_>> = recent.events.iter().flat_map(Page::iter).collect();
        let live_table = live
            .first()
            .and_then(|live| live.table.clone())
            .unwrap_or_else(|| self.definition().table.clone());
        let keys = folder.keys(&events);
        let query = DiffQuery {
            consumer: self.definition().name.to_owned(),
            live: (live.first().map_or(0, |live| live.id.build), live_table),
            next: (next[0].id.build, self.definition().table.clone()),
            limit: limit.saturating_add(keys.len()),
            keys,
        };
        let found = consumers(&*self.store)?.diff(&query).await?;
        if found.live_position > recent.until || found.next_position != lowest(&next) {
            return Ok(None);
        }
        let missed = events.into_iter().filter(|event| {
            let taken_by = |shards: &[Checkpoint], alone: Position| match shards {
                [_] => event.position <= alone,
                shards => event.position <= shards[shard(event, shards)].position,
            };
            let is_ahead = held
                .get(shard(event, &live))
                .is_some_and(|held| held.is_ahead_of(event));
            !taken_by(&next, found.next_position)
                && (is_ahead || taken_by(&live, found.live_position))
        });
        let missed: Vec<StoredEvent<'_>> = missed.collect();
        let before: Vec<String> = found
            .asked
            .iter()
            .filter_map(|row| row.next.as_ref().map(Value::to_string))
            .collect();
        let after = folder
            .fold(&before, &missed)
            .map_err(|source| RebuildError::Event {
                event: "an event that is newer than the build".to_owned(),
                source,
            })?;
        let level = Level {
            after: after.into_iter().collect(),
            query: &query,
        };
        Ok(Some(level.diff(found, &live, &next, limit)))
    }

    /// The events after a position, up to the end of the log.
    pub(super) async fn events_after(&self, from: Position) -> Result<Recent, RebuildError> {
        let mut recent = Recent {
            events: Vec::new(),
            until: from,
        };
        loop {
            let query = self.definition().query(recent.until, self.batch);
            let page = self.store.read_log(&query).await?;
            recent.until = page.read_to;
            recent.events.push(page.events);
            if page.read_to >= page.watermark {
                return Ok(recent);
            }
        }
    }

    /// Gives whoever keeps the live table the time to come as far as the shadow.
    async fn wait_for_live(&self, position: Position) -> Result<(), RebuildError> {
        let begun = Instant::now();
        let mut last = None;
        loop {
            let all = self.checkpoints().await?;
            let live: Vec<Checkpoint> = of_role(&all, Role::Live).into_iter().cloned().collect();
            let reached = lowest(&live);
            // Nobody seems to be at work.
            let stands_still = last == Some(reached) && begun.elapsed() > PATIENCE / 4;
            if reached >= position || stands_still || begun.elapsed() > PATIENCE {
                return Ok(());
            }
            last = Some(reached);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    Nobody,
    Live,
}

/// The end of the log.
pub(super) struct Recent {
    pub(super) events: Vec<Page>,
    pub(super) until: Position,
}

/// Brings what a store has found level with the live table.
struct Level<'a> {
    /// The rows of the shadow after the events that the live table has seen and it has not.
    after: BTreeMap<String, Option<Value>>,
    query: &'a DiffQuery,
}

impl Level<'_> {
    fn diff(
        &self,
        found: TableDiff,
        live: &[Checkpoint],
        next: &[Checkpoint],
        limit: usize,
    ) -> Diff {
        let mut diff = Diff {
            live: at(live, found.live_position),
            shadow: at(next, found.next_position),
            added: found.added,
            removed: found.removed,
            changed: found.changed,
            rows: Vec::new(),
        };
        let mut rows: Vec<ChangedRow> = found
            .rows
            .into_iter()
            .filter(|row| !self.after.contains_key(&row.key.to_string()))
            .collect();
        for mut row in found.asked {
            let Some(now) = self.after.get(&row.key.to_string()) else {
                continue;
            };
            if let Some(count) = self.count(&mut diff, &row) {
                *count = count.saturating_sub(1);
            }
            row.next.clone_from(now);
            if let Some(count) = self.count(&mut diff, &row) {
                *count += 1;
                rows.push(row);
            }
        }
        rows.sort_by(|a, b| by_value(&a.key, &b.key));
        rows.truncate(limit);
        let table = &self.query.next.1;
        diff.rows = rows
            .into_iter()
            .map(|row| DiffRow {
                key: named(table, row.key),
                live: row.live,
                shadow: row.next,
            })
            .collect();
        diff
    }

    /// The number that a row is counted in, if it differs.
    fn count<'d>(&self, diff: &'d mut Diff, row: &ChangedRow) -> Option<&'d mut u64> {
        let (live, next) = (&self.query.live.1, &self.query.next.1);
        match (&row.live, &row.next) {
            (None, None) => None,
            (None, Some(_)) => Some(&mut diff.added),
            (Some(_), None) => Some(&mut diff.removed),
            (Some(a), Some(b)) if same(live, next, Some(a), Some(b)) => None,
            (Some(_), Some(_)) => Some(&mut diff.changed),
        }
    }
}

fn at(shards: &[Checkpoint], position: Position) -> BuildPosition {
    BuildPosition {
        build: shards.first().map_or(0, |shard| shard.id.build),
        version: shards.first().map_or(0, |shard| shard.definition),
        position,
    }
}

/// Which of a build's shards an event belongs to.
fn shard(event: &StoredEvent<'_>, shards: &[Checkpoint]) -> usize {
    let count = u32::try_from(shards.len()).unwrap_or(u32::MAX);
    shard_of(event.category, event.stream_id, count) as usize
}

/// The order of keys, as the databases have it.
fn by_value(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            let pairs = a.iter().zip(b).map(|(a, b)| by_value(a, b));
            pairs.fold(Ordering::Equal, Ordering::then)
        }
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => Ordering::Equal,
        },
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}

/// A key's values with the names of their columns.
fn named(table: &Table, key: Value) -> Value {
    let Value::Array(values) = key else {
        return key;
    };
    let names = table.key().map(|column| column.name.to_string());
    Value::Object(names.zip(values).collect::<Map<String, Value>>())
}
