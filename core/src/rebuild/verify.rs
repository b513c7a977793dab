//! Whether the live rows are what their events say.

use futures_util::TryStreamExt as _;
use rehydrate_port::{Page, Position, StoreError, StoredEvent, StreamId, StreamQuery};
use serde_json::Value;

use super::same::same;
use super::{Rebuild, RebuildError};
use crate::projection::{Held, RowScope};
use crate::runner::consumers_of;

const NAMES: usize = 1_000;

/// What a look at a sample of the live rows has found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Verified {
    /// How many streams were refolded.
    pub streams: usize,
    /// How many events that were.
    pub events: usize,
    /// The rows that are not what their events say.
    pub wrong: Vec<WrongRow>,
}

/// A live row that is not what its events say.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WrongRow {
    /// The stream.
    pub stream: StreamId,
    /// The row as it is, if there is one.
    pub live: Option<Value>,
    /// The row as its events say, if there is to be one.
    pub refolded: Option<Value>,
}

impl Rebuild {
    /// Refolds a sample of at most `sample` streams in memory, and compares the result with the
    /// live rows. Nothing is written. Streams that are parked are left out.
    ///
    /// # Errors
    /// [`RebuildError::SharedRows`]: rebuild it and look at the difference instead.
    /// [`RebuildError::NotLive`]: use the program of the live version.
    /// [`RebuildError::Event`]: an event cannot be applied, which is worth a look by itself.
    pub async fn verify(&self, sample: usize) -> Result<Verified, RebuildError> {
        let definition = self.definition();
        if definition.rows == RowScope::Shared {
            return Err(RebuildError::SharedRows {
                consumer: definition.name.to_owned(),
            });
        }
        self.live_of_ours().await?;
        let mut verified = Verified::default();
        for stream in self.sample(sample).await? {
            self.verify_stream(stream, &mut verified).await?;
        }
        Ok(verified)
    }

    /// Some streams of each category, evenly spread over their names.
    async fn sample(&self, count: usize) -> Result<Vec<StreamId>, RebuildError> {
        let mut names = Vec::new();
        for category in &self.definition().categories {
            let mut after: Option<String> = None;
            loop {
                let page = self
                    .store
                    .list_streams(category, after.as_deref(), NAMES)
                    .await?;
                let Some(last) = page.last() else { break };
                after = Some(last.clone());
                names.extend(page.into_iter().map(|id| (category.clone(), id)));
            }
        }
        let step = names.len().div_ceil(count.max(1)).max(1);
        let chosen = names.into_iter().step_by(step);
        let streams = chosen.map(|(category, id)| StreamId::new(category, &id));
        streams.collect::<Result<_, _>>().map_err(|source| {
            RebuildError::Store(StoreError::Backend {
                action: "name a stored stream",
                source: source.into(),
            })
        })
    }

    async fn verify_stream(
        &self,
        stream: StreamId,
        verified: &mut Verified,
    ) -> Result<(), RebuildError> {
        let query = StreamQuery::new(stream.clone());
        let pages: Vec<Page> = self.store.read(&query).await?.pages.try_collect().await?;
        let all: Vec<StoredEvent<'_>> = pages.iter().flat_map(Page::iter).collect();
        let folder = self.projection.folder();
        let found = self.live_rows(&stream, &folder.keys(&all)).await?;
        let Some((live, position, held)) = found else {
            return Ok(());
        };
        let events: Vec<StoredEvent<'_>> = all
            .into_iter()
            .take_while(|event| event.position <= position || held.is_ahead_of(event))
            .filter(|event| !held.is_skipped(event))
            .collect();
        let refolded = folder
            .fold(&[], &events)
            .map_err(|source| RebuildError::Event {
                event: format!("an event of {stream}"),
                source,
            })?;
        verified.streams += 1;
        verified.events += events.len();
        let table = &self.definition().table;
        for (key, row) in refolded {
            let found = live.iter().find(|(found, _)| *found == key);
            let found = found.map(|(_, row)| row);
            if !same(table, table, found, row.as_ref()) {
                verified.wrong.push(WrongRow {
                    stream: stream.clone(),
                    live: found.cloned(),
                    refolded: row,
                });
            }
        }
        Ok(())
    }

    /// The live rows with these keys, and the position that they are of; `None` if the stream
    /// waits.
    async fn live_rows(
        &self,
        stream: &StreamId,
        keys: &[String],
    ) -> Result<Option<(Vec<(String, Value)>, Position, Held)>, RebuildError> {
        let (build, shards) = self.live_of_ours().await?;
        let definition = self.definition();
        let id = definition.checkpoint_of(build, shards, stream);
        let mut transaction = self.store.begin().await?;
        let transaction_consumers = consumers_of(&mut *transaction)?;
        let checkpoint = self.lock_live(transaction_consumers, &id).await?;
        let held = Held::read(transaction_consumers, &id).await?;
        if held.waits(stream) {
            transaction.rollback().await?;
            return Ok(None);
        }
        let table = &definition.table;
        let rows = transaction_consumers
            .read_rows(table, &table.name, keys)
            .await?;
        transaction.rollback().await?;
        let rows = rows.iter().map(|text| {
            let row: Value = serde_json::from_str(text).map_err(|source| StoreError::BadRow {
                table: table.name.to_string(),
                source: source.into(),
            })?;
            let key: Vec<Value> = table
                .key()
                .map(|column| row.get(&*column.name).cloned().unwrap_or_default())
                .collect();
            Ok((Value::Array(key).to_string(), row))
        });
        let rows = rows.collect::<Result<_, StoreError>>()?;
        Ok(Some((rows, checkpoint.position, held)))
    }
}
