//! The log itself, single-threaded.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use rehydrate_port::{
    Appended, Batch, Command, CommittedCommand, Diagnosis, EventRow, Expected, LogCount, LogPage,
    LogQuery, NewEvent, Outcome, Page, Position, Snapshot, SnapshotRead, StoreError, StoredEvent,
    StreamId, StreamQuery, StreamRead, TableSize, Version,
};

use super::read_of;

const PAGE: usize = 1_000;

/// The log, or the continuation of one: a transaction appends to a continuation, which nobody else
/// sees, and adds it to the log when it commits.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The last position of the log that this one continues.
    continues: Position,
    events: Vec<Event>,
    /// The indices of each stream's events, in version order.
    streams: BTreeMap<StreamId, Vec<usize>>,
    snapshots: HashMap<StreamId, Snapshot>,
    commands: HashMap<String, CommittedCommand>,
}

#[derive(Clone, Debug)]
struct Event {
    position: Position,
    stream: StreamId,
    version: Version,
    new: NewEvent,
    metadata: Option<String>,
    recorded_at: DateTime<Utc>,
}

impl Log {
    /// An empty continuation.
    pub(super) fn continued(&self) -> Self {
        Self {
            continues: self.watermark(),
            ..Self::default()
        }
    }

    /// Appends to this log, which continues the one `below`.
    pub(super) fn append(
        &mut self,
        below: Option<&Self>,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        if !batch.events.is_empty()
            && let Some(command) = &batch.command
            && let Some(first) = self.command(below, command)
        {
            return first.clone().repeated(command, stream);
        }
        let last = self.last_of(stream).or_else(|| below?.last_of(stream));
        let version = last.map_or(Version::ZERO, |event| event.version);
        if !expected.is_met_by(version) {
            return Err(StoreError::Conflict {
                stream: stream.clone(),
                expected,
                actual: version,
            });
        }
        let last_time = last.map(|event| event.recorded_at);
        let recorded_at = batch.time.after(last_time, stream)?;
        let position = last.map_or(Position::ZERO, |event| event.position);
        let appended = self.push(stream, (version, position), batch, recorded_at);
        if let Some(command) = &batch.command
            && !batch.events.is_empty()
        {
            self.remember(command, stream, appended);
        }
        Ok(appended)
    }

    /// Reads a stream of the log `below` and of this one.
    pub(super) fn read(&self, below: Option<&Self>, query: &StreamQuery) -> StreamRead<'static> {
        if let Some(command) = &query.command
            && let Some(first) = self.command(below, command)
        {
            return StreamRead {
                command: Some(first.clone()),
                ..read_of(Vec::new())
            };
        }
        // Snapshots are written outside of transactions.
        let snapshot = below.unwrap_or(self).usable_snapshot(query);
        let after = match &snapshot {
            SnapshotRead::Found(snapshot) => snapshot.version,
            _ => query.after,
        };
        let wanted = below
            .into_iter()
            .chain([self])
            .flat_map(|log| log.events_of(&query.stream))
            .filter(|event| event.version > after)
            .filter(|event| query.until.is_none_or(|until| event.version <= until))
            .filter(|event| query.as_of.is_none_or(|time| event.recorded_at <= time))
            .take(query.limit.unwrap_or(usize::MAX));
        StreamRead {
            snapshot,
            ..read_of(pages(wanted))
        }
    }

    pub(super) fn page(&self, query: &LogQuery) -> LogPage {
        let begin = self
            .events
            .partition_point(|event| event.position <= query.after);
        let wanted = self.events[begin..]
            .iter()
            .filter(|event| {
                let wanted = &query.categories;
                wanted.is_empty() || wanted.iter().any(|name| name == event.stream.category())
            })
            .take(query.limit);
        let mut events = Page::new();
        wanted.for_each(|event| events.push(&event.row()));
        let watermark = self.watermark();
        LogPage {
            read_to: match events.last() {
                _ if query.limit == 0 => query.after,
                Some(last) if events.len() == query.limit => last.position,
                _ => watermark.max(query.after),
            },
            events,
            watermark,
        }
    }

    pub(super) fn watermark(&self) -> Position {
        self.events
            .last()
            .map_or(self.continues, |event| event.position)
    }

    pub(super) fn count(&self, count: &LogCount) -> u64 {
        let end = |position| {
            self.events
                .partition_point(|event| event.position <= position)
        };
        let events = self.events.get(end(count.after)..end(count.until));
        let is_wanted = |event: &&Event| {
            let wanted = &count.categories;
            wanted.is_empty() || wanted.iter().any(|name| name == event.stream.category())
        };
        events.unwrap_or_default().iter().filter(is_wanted).count() as u64
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

    /// Adds what was appended to a continuation.
    pub(super) fn take_over(&mut self, continuation: Self) {
        self.commands.extend(continuation.commands);
        let events = continuation.events.into_iter();
        events.for_each(|event| self.add(event));
    }

    /// Adds the events of a page as they are.
    pub(super) fn import(&mut self, page: &Page) -> Result<(), StoreError> {
        let watermark = self.watermark();
        match page.first() {
            Some(event) if event.position <= watermark => {
                return Err(StoreError::NotAfterTheLog {
                    first: event.position,
                    watermark,
                });
            }
            _ => {}
        }
        let events = page
            .iter()
            .map(Event::copied)
            .collect::<Result<Vec<_>, _>>()?;
        events.into_iter().for_each(|event| self.add(event));
        Ok(())
    }

    pub(super) fn diagnose(&self) -> Diagnosis {
        let mut longest: Vec<_> = self
            .streams
            .iter()
            .map(|(stream, indices)| (stream.clone(), Version(indices.len() as u64)))
            .collect();
        longest.sort_by_key(|(_, version)| std::cmp::Reverse(*version));
        longest.truncate(10);
        let table = |name: &str, rows: usize| TableSize {
            name: name.to_owned(),
            rows: rows as u64,
            bytes: 0,
        };
        let mut diagnosis = Diagnosis::of("memory");
        diagnosis.head = self.watermark();
        diagnosis.watermark = self.watermark();
        diagnosis.longest_streams = longest;
        diagnosis.tables = vec![
            table("events", self.events.len()),
            table("snapshots", self.snapshots.len()),
            table("commands", self.commands.len()),
        ];
        diagnosis
    }

    fn last_of(&self, stream: &StreamId) -> Option<&Event> {
        let index = *self.streams.get(stream)?.last()?;
        Some(&self.events[index])
    }

    fn events_of(&self, stream: &StreamId) -> impl Iterator<Item = &Event> {
        let indices = self.streams.get(stream).map_or(&[][..], |all| all);
        indices.iter().map(|&index| &self.events[index])
    }

    fn command<'a>(
        &'a self,
        below: Option<&'a Self>,
        command: &Command,
    ) -> Option<&'a CommittedCommand> {
        let own = self.commands.get(&command.key);
        own.or_else(|| below?.commands.get(&command.key))
    }

    fn add(&mut self, event: Event) {
        let indices = self.streams.entry(event.stream.clone()).or_default();
        indices.push(self.events.len());
        self.events.push(event);
    }

    fn push(
        &mut self,
        stream: &StreamId,
        (mut version, mut position): (Version, Position),
        batch: &Batch,
        recorded_at: DateTime<Utc>,
    ) -> Appended {
        for new in &batch.events {
            version = version.next();
            position = Position(self.watermark().0 + 1);
            self.add(Event {
                position,
                stream: stream.clone(),
                version,
                new: new.clone(),
                metadata: batch.metadata.clone(),
                recorded_at,
            });
        }
        Appended {
            version,
            position,
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
    fn copied(stored: StoredEvent<'_>) -> Result<Self, StoreError> {
        let stream = StreamId::new(stored.category.to_owned(), stored.stream_id);
        Ok(Self {
            position: stored.position,
            stream: stream.map_err(|error| StoreError::Backend {
                action: "import an event",
                source: error.into(),
            })?,
            version: stored.version,
            new: NewEvent {
                id: stored.event_id,
                event_type: stored.event_type.to_owned(),
                schema_version: stored.schema_version,
                payload: stored.payload.to_owned(),
            },
            metadata: stored.metadata.map(ToOwned::to_owned),
            recorded_at: stored.recorded_at,
        })
    }

    fn row(&self) -> EventRow<'_> {
        EventRow {
            category: self.stream.category(),
            stream_id: self.stream.id(),
            version: self.version,
            position: self.position,
            event_type: &self.new.event_type,
            schema_version: self.new.schema_version,
            payload: &self.new.payload,
            metadata: self.metadata.as_deref(),
            event_id: self.new.id,
            recorded_at: self.recorded_at,
        }
    }
}

fn pages<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut page = Page::new();
    for event in events {
        page.push(&event.row());
        if page.len() == PAGE {
            pages.push(std::mem::take(&mut page));
        }
    }
    if !page.is_empty() {
        pages.push(page);
    }
    pages
}
