//! What a rebuild would do.

use std::time::{Duration, Instant};

use rehydrate_port::{LogCount, Position, Role, StoredEvent, physical_name};

use super::{Rebuild, RebuildError, of_role};
use crate::runner::consumers;

/// So many events are folded on trial, to see how long they take.
const SAMPLE: usize = 2_000;

/// What a rebuild would do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// The projection.
    pub consumer: String,
    /// The number of the live build.
    pub live_build: u32,
    /// The version of the definition that it was made with.
    pub live_version: u32,
    /// How far it is.
    pub live_position: Position,
    /// The number of the build that is to take its place.
    pub build: u32,
    /// The version of the definition that it is made with.
    pub version: u32,
    /// Its table, until it is swapped in.
    pub table: String,
    /// Where it begins: above 0, it goes on with what has been built before.
    pub from: Position,
    /// Where the log ends now.
    pub until: Position,
    /// How many events there are in between.
    pub events: u64,
    /// How long they will take, judged by the first of them; the database may make it longer.
    pub estimate: Duration,
}

impl Rebuild {
    /// What a rebuild would do. Nothing is written.
    ///
    /// # Errors
    /// [`RebuildError::NeverRun`], [`RebuildError::OtherBuild`] say what to do;
    /// [`RebuildError::Store`]: see its kind.
    pub async fn plan(&self) -> Result<Plan, RebuildError> {
        let checkpoints = self.checkpoints().await?;
        let building = self.building(&checkpoints)?;
        let definition = self.definition();
        let last = checkpoints.iter().map(|checkpoint| checkpoint.id.build);
        let build = match &building {
            Some(building) => building[0].id.build,
            None => last.max().unwrap_or(0) + 1,
        };
        let from = building.iter().flatten().map(|shard| shard.position);
        let from = from.min().unwrap_or(Position::ZERO);
        let until = self.store.watermark().await?;
        let events = self.count(from, until).await?;
        let live = of_role(&checkpoints, Role::Live);
        let position = live.iter().map(|shard| shard.position).min();
        Ok(Plan {
            consumer: definition.name.to_owned(),
            live_build: live.first().map_or(0, |live| live.id.build),
            live_version: live.first().map_or(0, |live| live.definition),
            live_position: position.unwrap_or(Position::ZERO),
            build,
            version: definition.version,
            table: physical_name(&definition.table.name, build, Role::Building),
            from,
            until,
            events,
            estimate: self.estimate(from, events).await?,
        })
    }

    pub(super) async fn count(
        &self,
        after: Position,
        until: Position,
    ) -> Result<u64, RebuildError> {
        let count = LogCount {
            categories: self.definition().categories.clone(),
            after,
            until,
        };
        Ok(consumers(&*self.store)?.count_log(&count).await?)
    }

    async fn estimate(&self, from: Position, events: u64) -> Result<Duration, RebuildError> {
        let begun = Instant::now();
        let page = self
            .store
            .read_log(&self.definition().query(from, SAMPLE))
            .await?;
        let sample: Vec<StoredEvent<'_>> = page.events.iter().collect();
        // An event that fails on trial fails in earnest, and is reported there.
        let _ = self.projection.folder().fold(&[], &sample);
        let folded = u32::try_from(sample.len()).unwrap_or(u32::MAX);
        if folded == 0 {
            return Ok(Duration::ZERO);
        }
        let each = begun.elapsed() / folded;
        let mut all = each * u32::try_from(events).unwrap_or(u32::MAX);
        if let Some(throttle) = self.events_per_second {
            all = all.max(Duration::from_secs(events / u64::from(throttle)));
        }
        Ok(all)
    }
}
