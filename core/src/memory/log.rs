//! The log itself, single-threaded.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::read_of;
use crate::error::StoreError;
use crate::page::{EventRow, Page};
use crate::store::{
    Appended, Batch, Command, CommittedCommand, LogPage, LogQuery, NewEvent, Outcome, Snapshot,
    SnapshotRead, StreamQuery, StreamRead,
};
use crate::stream::{Expected, Position, StreamId, Version};

const PAGE: usize = 1_000;

/// A clone shares nothing: a transaction works on one and puts it back when it commits.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    events: Vec<Event>,
    /// The indices of each stream's events, in version order.
    streams: BTreeMap<StreamId, Vec<usize>>,
    snapshots: HashMap<StreamId, Snapshot>,
    commands: HashMap<String, CommittedCommand>,
}

#[derive(Clone, Debug)]
struct Event {
    stream: StreamId,
    version: Version,
    new: NewEvent,
    metadata: Option<String>,
    recorded_at: DateTime<Utc>,
}

impl Log {
    pub(super) fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        if !batch.events.is_empty()
            && let Some(command) = &batch.command
            && let Some(first) = self.commands.get(&command.key)
        {
            return first.clone().repeated(command, stream);
        }
        let last = self.last_of(stream);
        let version = last.map_or(Version::ZERO, |(_, event)| event.version);
        if !expected.is_met_by(version) {
            return Err(StoreError::Conflict {
                stream: stream.clone(),
                expected,
                actual: version,
            });
        }
        let last_time = last.map(|(_, event)| event.recorded_at);
        let recorded_at = batch.time.after(last_time, stream)?;
        let appended = self.push(stream, version, batch, recorded_at);
        if let Some(command) = &batch.command
            && !batch.events.is_empty()
        {
            self.remember(command, stream, appended);
        }
        Ok(appended)
    }

    pub(super) fn read(&self, query: &StreamQuery) -> StreamRead<'static> {
        if let Some(command) = &query.command
            && let Some(first) = self.commands.get(&command.key)
        {
            return StreamRead {
                command: Some(first.clone()),
                ..read_of(Vec::new())
            };
        }
        let snapshot = self.usable_snapshot(query);
        let after = match &snapshot {
            SnapshotRead::Found(snapshot) => snapshot.version,
            _ => query.after,
        };
        let events = self.streams.get(&query.stream).map_or(&[][..], |all| all);
        let wanted = events
            .iter()
            .map(|&index| (index, &self.events[index]))
            .filter(|(_, event)| event.version > after)
            .filter(|(_, event)| query.until.is_none_or(|until| event.version <= until))
            .filter(|(_, event)| query.as_of.is_none_or(|time| event.recorded_at <= time))
            .take(query.limit.unwrap_or(usize::MAX));
        StreamRead {
            snapshot,
            ..read_of(pages(wanted))
        }
    }

    pub(super) fn page(&self, query: &LogQuery) -> LogPage {
        let begin = usize::try_from(query.after.0).unwrap_or(usize::MAX);
        let wanted = self
            .events
            .iter()
            .enumerate()
            .skip(begin)
            .filter(|(_, event)| {
                let category = query.category.as_deref();
                category.is_none_or(|category| event.stream.category() == category)
            })
            .take(query.limit);
        let mut events = Page::new();
        for (index, event) in wanted {
            events.push(&event.row(index));
        }
        let watermark = self.watermark();
        LogPage {
            read_to: match events.last() {
                Some(last) if events.len() == query.limit => last.position,
                _ => watermark.max(query.after),
            },
            events,
            watermark,
        }
    }

    pub(super) fn watermark(&self) -> Position {
        match self.events.len() {
            0 => Position::ZERO,
            count => position(count - 1),
        }
    }

    pub(super) fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<String> {
        self.streams
            .keys()
            .filter(|stream| stream.category() == category)
            .map(StreamId::id)
            .filter(|id| after.is_none_or(|after| *id > after))
            .take(limit)
            .map(ToOwned::to_owned)
            .collect()
    }

    pub(super) fn write_snapshot(&mut self, stream: &StreamId, snapshot: &Snapshot) {
        let is_forward = self.snapshots.get(stream).is_none_or(|old| {
            old.version < snapshot.version
                || old.version == snapshot.version && old.fingerprint != snapshot.fingerprint
        });
        if is_forward {
            self.snapshots.insert(stream.clone(), snapshot.clone());
        }
    }

    /// Replaces everything but the snapshots, which are written outside of transactions.
    pub(super) fn take_over(&mut self, other: Self) {
        let snapshots = std::mem::take(&mut self.snapshots);
        *self = Self { snapshots, ..other };
    }

    fn last_of(&self, stream: &StreamId) -> Option<(usize, &Event)> {
        let index = *self.streams.get(stream)?.last()?;
        Some((index, &self.events[index]))
    }

    fn push(
        &mut self,
        stream: &StreamId,
        mut version: Version,
        batch: &Batch,
        recorded_at: DateTime<Utc>,
    ) -> Appended {
        for new in &batch.events {
            version = version.next();
            let indices = self.streams.entry(stream.clone()).or_default();
            indices.push(self.events.len());
            self.events.push(Event {
                stream: stream.clone(),
                version,
                new: new.clone(),
                metadata: batch.metadata.clone(),
                recorded_at,
            });
        }
        Appended {
            version,
            position: self
                .last_of(stream)
                .map_or(Position::ZERO, |(index, _)| position(index)),
            recorded_at,
            outcome: Outcome::Written,
        }
    }

    fn remember(&mut self, command: &Command, stream: &StreamId, appended: Appended) {
        self.commands.insert(
            command.key.clone(),
            CommittedCommand {
                command: command.clone(),
                stream: stream.clone(),
                version: appended.version,
                position: appended.position,
                recorded_at: appended.recorded_at,
            },
        );
    }

    fn usable_snapshot(&self, query: &StreamQuery) -> SnapshotRead {
        match (query.snapshot, self.snapshots.get(&query.stream)) {
            (Some(_), Some(kept)) if !query.admits(kept.version, kept.recorded_at) => {
                SnapshotRead::None
            }
            (Some(wanted), Some(kept)) if kept.fingerprint == wanted => {
                SnapshotRead::Found(kept.clone())
            }
            (Some(_), Some(kept)) => SnapshotRead::Unusable {
                fingerprint: kept.fingerprint,
                version: kept.version,
            },
            _ => SnapshotRead::None,
        }
    }
}

impl Event {
    fn row(&self, index: usize) -> EventRow<'_> {
        EventRow {
            category: self.stream.category(),
            stream_id: self.stream.id(),
            version: self.version,
            position: position(index),
            event_type: &self.new.event_type,
            schema_version: self.new.schema_version,
            payload: &self.new.payload,
            metadata: self.metadata.as_deref(),
            event_id: self.new.id,
            recorded_at: self.recorded_at,
        }
    }
}

fn position(index: usize) -> Position {
    Position(index as u64 + 1)
}

fn pages<'a>(events: impl Iterator<Item = (usize, &'a Event)>) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut page = Page::new();
    for (index, event) in events {
        page.push(&event.row(index));
        if page.len() == PAGE {
            pages.push(std::mem::take(&mut page));
        }
    }
    if !page.is_empty() {
        pages.push(page);
    }
    pages
}
