//! A part of a source, folded without a table.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rehydrate_port::{StreamId, Version};

use super::incoming::Incoming;
use super::{Feed, FeedError};
use crate::error::whole_text;
use crate::projection::{Definition, KeyOf, Prepared, Projection, RowMap, kept_key};
use crate::source::{Begin, Source};

/// So many messages are read at once.
const PAGE: usize = 1_000;
const WAIT: Duration = Duration::from_millis(500);

/// Where a replay of a source ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// With what is in the source when the replay begins.
    End,
    /// With what the broker got before this time, by its clock.
    Before(DateTime<Utc>),
}

/// The read model of a part of a source: rows in memory.
pub struct Window<P: Projection> {
    rows: RowMap<P>,
    parked: BTreeMap<String, String>,
    events: u64,
    duplicates: u64,
}

impl Feed {
    /// Replays a part of a source into rows in memory, each event once; nothing is stored.
    ///
    /// An event that the projection cannot take parks its stream, as in a table.
    ///
    /// # Errors
    /// [`FeedError::Source`]: see its kind. [`FeedError::Unreadable`]: a message is no event.
    pub async fn fold<P: Projection>(
        source: &(impl Source + ?Sized),
        projection: P,
        begin: Begin,
        until: Until,
    ) -> Result<Window<P>, FeedError> {
        let definition = Definition::of::<P>();
        let mut reader = source.open(&begin).await?;
        let mut window = Window {
            rows: RowMap::default(),
            parked: BTreeMap::new(),
            events: 0,
            duplicates: 0,
        };
        let mut last: HashMap<StreamId, (Version, u32)> = HashMap::new();
        loop {
            let received = reader.next(PAGE, WAIT).await?;
            for message in received.messages {
                if matches!(until, Until::Before(time) if message.sent_at >= time) {
                    continue;
                }
                let event = match message.event {
                    Ok(event) if !definition.categories.contains(&event.category) => continue,
                    Ok(event) => Incoming::new(event),
                    Err(error) => Err(error),
                };
                let event = event.map_err(|source| FeedError::Unreadable {
                    consumer: definition.name.to_owned(),
                    place: message.place,
                    source,
                })?;
                let order = event.order();
                if last.get(&event.stream).is_some_and(|last| order <= *last) {
                    window.duplicates += 1;
                    continue;
                }
                last.insert(event.stream.clone(), order);
                window.take(&projection, &event);
            }
            if received.is_at_end {
                return Ok(window);
            }
        }
    }
}

impl<P: Projection> Window<P> {
    fn take(&mut self, projection: &P, event: &Incoming) {
        self.events += 1;
        let stream = event.stream.to_string();
        if self.parked.contains_key(&stream) {
            return;
        }
        let taken = Prepared::new(projection, event.stored())
            .and_then(|event| self.rows.apply(projection, &event));
        if let Err(error) = taken {
            self.parked.insert(stream, whole_text(&*error));
        }
        self.rows.take_changed();
    }

    /// The row with this key.
    #[must_use]
    pub fn get(&self, key: &KeyOf<P>) -> Option<&P::Row> {
        let key = kept_key::<P>(key.clone()).ok()?;
        self.rows.get(&key)
    }

    /// All rows, by key.
    #[must_use]
    pub fn rows(&self) -> Vec<P::Row> {
        let sorted: BTreeMap<&KeyOf<P>, &P::Row> = self.rows.iter().collect();
        sorted.into_values().cloned().collect()
    }

    /// How many events there were, each counted once.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many were there once more.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// The streams that wait because one of their events has failed, with what was wrong.
    #[must_use]
    pub fn parked(&self) -> &BTreeMap<String, String> {
        &self.parked
    }
}

impl<P: Projection> fmt::Debug for Window<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("projection", &P::NAME)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}
