//! Stored events, as a store hands them over: many in one buffer, read in place.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::error::{DecodeError, DecodeProblem, EventAddress};
use crate::metadata::Metadata;
use crate::stream::{Position, SchemaVersion, Version};

/// One event as it is stored, borrowed from the [`Page`] that it was read with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StoredEvent<'a> {
    /// The aggregate's stored type name.
    pub category: &'a str,
    /// The aggregate's id.
    pub stream_id: &'a str,
    /// Its number within its stream.
    pub version: Version,
    /// Its number in the whole log.
    pub position: Position,
    /// The stored type.
    pub event_type: &'a str,
    /// The version of the payload's shape.
    pub schema_version: SchemaVersion,
    /// The content, as JSON text.
    pub payload: &'a str,
    /// The metadata, as JSON text; `None` when empty.
    pub metadata: Option<&'a str>,
    /// The event's own id, the same wherever it is sent.
    pub event_id: Uuid,
    /// When it was recorded; never earlier than the event before it in the stream.
    pub recorded_at: DateTime<Utc>,
    /// Its number among the events that the stored one was split into before it was published; 0 for
    /// one of the log.
    pub part: usize,
}

impl<'a> From<EventRow<'a>> for StoredEvent<'a> {
    #[inline]
    fn from(row: EventRow<'a>) -> Self {
        Self {
            category: row.category,
            stream_id: row.stream_id,
            version: row.version,
            position: row.position,
            event_type: row.event_type,
            schema_version: row.schema_version,
            payload: row.payload,
            metadata: row.metadata,
            event_id: row.event_id,
            recorded_at: row.recorded_at,
            part: 0,
        }
    }
}

impl<'a> StoredEvent<'a> {
    /// The event as a row, to be put into another page.
    #[must_use]
    pub fn row(&self) -> EventRow<'a> {
        EventRow {
            category: self.category,
            stream_id: self.stream_id,
            version: self.version,
            position: self.position,
            event_type: self.event_type,
            schema_version: self.schema_version,
            payload: self.payload,
            metadata: self.metadata,
            event_id: self.event_id,
            recorded_at: self.recorded_at,
        }
    }

    /// The metadata, decoded.
    ///
    /// # Errors
    /// The stored text is not what this library writes; repair the row's source.
    pub fn metadata(&self) -> Result<Metadata, DecodeError> {
        match self.metadata {
            None => Ok(Metadata::default()),
            Some(text) => serde_json::from_str(text)
                .map_err(|source| self.decode_error(DecodeProblem::Metadata(source))),
        }
    }

    /// The event's whereabouts, for errors and logs.
    #[must_use]
    pub fn address(&self) -> EventAddress {
        EventAddress {
            stream: format!("{}/{}", self.category, self.stream_id),
            version: self.version,
            position: self.position,
            event_type: self.event_type.to_owned(),
            schema_version: self.schema_version,
        }
    }

    /// An error about this event.
    #[must_use]
    pub fn decode_error(&self, problem: DecodeProblem) -> DecodeError {
        DecodeError {
            event: Box::new(self.address()),
            problem,
        }
    }
}

/// A row of the events table, for a store to put into a [`Page`].
#[derive(Clone, Copy, Debug)]
#[expect(
    missing_docs,
    reason = "the fields are those of StoredEvent, documented there"
)]
pub struct EventRow<'a> {
    pub category: &'a str,
    pub stream_id: &'a str,
    pub version: Version,
    pub position: Position,
    pub event_type: &'a str,
    pub schema_version: SchemaVersion,
    pub payload: &'a str,
    pub metadata: Option<&'a str>,
    pub event_id: Uuid,
    pub recorded_at: DateTime<Utc>,
}

/// Some stored events in order, in one buffer: reading one allocates nothing.
///
/// ```
/// # use rehydrate::Page;
/// # fn show(page: &Page) {
/// for event in page {
///     println!("{} {}", event.position, event.event_type);
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Page {
    text: String,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    category: Part,
    stream_id: Part,
    version: Version,
    position: Position,
    event_type: Part,
    schema_version: SchemaVersion,
    payload: Part,
    metadata: Option<Part>,
    event_id: Uuid,
    recorded_at: DateTime<Utc>,
}

/// A part of the text.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    start: usize,
    end: usize,
}

impl Page {
    /// A page without events.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A page without events and with room for so many, and for their text.
    #[must_use]
    pub fn with_capacity(events: usize, bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            rows: Vec::with_capacity(events),
        }
    }

    /// Adds an event at the end.
    pub fn push(&mut self, event: &EventRow<'_>) {
        let previous = self.rows.last();
        let [category, stream_id, event_type] = previous.map_or_else(Default::default, |row| {
            [row.category, row.stream_id, row.event_type]
        });
        let row = Row {
            category: self.reuse_or_add(category, event.category),
            stream_id: self.reuse_or_add(stream_id, event.stream_id),
            version: event.version,
            position: event.position,
            event_type: self.reuse_or_add(event_type, event.event_type),
            schema_version: event.schema_version,
            payload: self.add(event.payload),
            metadata: event.metadata.map(|text| self.add(text)),
            event_id: event.event_id,
            recorded_at: event.recorded_at,
        };
        self.rows.push(row);
    }

    /// The events, in order.
    #[inline]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = StoredEvent<'_>> + ExactSizeIterator {
        self.rows.iter().map(|row| self.view(row))
    }

    /// The first event.
    #[must_use]
    pub fn first(&self) -> Option<StoredEvent<'_>> {
        self.rows.first().map(|row| self.view(row))
    }

    /// The last event.
    #[must_use]
    pub fn last(&self) -> Option<StoredEvent<'_>> {
        self.rows.last().map(|row| self.view(row))
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How much text the page holds; a store ends a page on this or on its number of events.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    #[inline]
    fn view(&self, row: &Row) -> StoredEvent<'_> {
        StoredEvent::from(EventRow {
            category: self.text(row.category),
            stream_id: self.text(row.stream_id),
            version: row.version,
            position: row.position,
            event_type: self.text(row.event_type),
            schema_version: row.schema_version,
            payload: self.text(row.payload),
            metadata: row.metadata.map(|part| self.text(part)),
            event_id: row.event_id,
            recorded_at: row.recorded_at,
        })
    }

    #[inline]
    fn text(&self, part: Part) -> &str {
        &self.text[part.start..part.end]
    }

    fn reuse_or_add(&mut self, previous: Part, text: &str) -> Part {
        if self.text(previous) == text {
            previous
        } else {
            self.add(text)
        }
    }

    fn add(&mut self, text: &str) -> Part {
        let start = self.text.len();
        self.text.push_str(text);
        let end = self.text.len();
        Part { start, end }
    }
}

impl<'a> IntoIterator for &'a Page {
    type Item = StoredEvent<'a>;
    type IntoIter = Box<dyn Iterator<Item = StoredEvent<'a>> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

impl<'a> Extend<EventRow<'a>> for Page {
    fn extend<I: IntoIterator<Item = EventRow<'a>>>(&mut self, rows: I) {
        for row in rows {
            self.push(&row);
        }
    }
}
